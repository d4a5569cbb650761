"""What answers cost from the shell: whole processes beside the tools one would use instead.

The commands of a group take turns, so that whatever else the machine does is shared out fairly; the
ratios are of medians. Bytecode is cached, as it is for an installed package.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.timing import ratio, shown, timed

ROOT = Path(__file__).parent.parent
GRADCALC = (sys.executable, "-m", "gradcalc")
DOT = ("grad", "2*dot(x,x)", "--x", "0,1,2,3")

BY_HAND = """
import sympy
import torch

point = [0.0, 1.0, 2.0, 3.0]
x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
y = 2*torch.dot(x, x)
y.backward()
symbols = sympy.symbols("x0:4")
f = 2*sum(s*s for s in symbols)
there = dict(zip(symbols, point))
formulas = [sympy.diff(f, s) for s in symbols]
checked = [float(formula.subs(there)) for formula in formulas]
for row in zip(formulas, x.grad.tolist(), checked):
    print(*row)
assert x.grad.tolist() == checked
"""
"""torch's gradient and sympy's, written out for this one function."""

WITH_JAX = """
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
print(jax.grad(lambda x: 2*jnp.dot(x, x))(jnp.array([0.0, 1.0, 2.0, 3.0])))
"""
"""Just the gradient, unchecked."""

POINTS_UNCHECKED = """
import json
import sys

import torch

for line in open(sys.argv[1]):
    point = json.loads(line)["inputs"]["x"]
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    y = 2*torch.dot(x, x)
    y.backward()
    print(json.dumps({"value": y.item(), "gradients": {"x": x.grad.tolist()}}))
"""
"""Just torch's gradient at every point of a file."""

POINTS_BY_HAND = """
import json
import sys

import sympy
import torch

symbols = sympy.symbols("x0:4")
f = 2*sum(s*s for s in symbols)
gradient = sympy.lambdify(symbols, [sympy.diff(f, s) for s in symbols])
for line in open(sys.argv[1]):
    point = json.loads(line)["inputs"]["x"]
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    y = 2*torch.dot(x, x)
    y.backward()
    found, checked = x.grad.tolist(), gradient(*point)
    assert all(abs(a - b) <= 1e-12*abs(b) for a, b in zip(found, checked))
    print(json.dumps([y.item(), found, checked]))
"""
"""The same for every point of a file, derived once."""

PROGRAMS_BY_HAND = """
import json
import sys

import sympy
import torch

names = {"sin": torch.sin, "exp": torch.exp, "tanh": torch.tanh}
for line in open(sys.argv[1]):
    request = json.loads(line)
    point = request["inputs"]["x"]
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    y = eval(request["program"], {**names, "x": x})
    y.backward()
    formula = sympy.diff(sympy.sympify(request["program"]), sympy.Symbol("x"))
    checked = float(formula.evalf(20, subs={"x": point}))
    assert abs(x.grad.item() - checked) <= 1e-9*abs(checked)
    print(json.dumps([y.item(), x.grad.item(), str(formula), checked]))
"""
"""torch and sympy for another program on each line."""

OBJECTIVE = "2*(a^2+b^2+c^2+d^2)"
POINT = "a=0,b=1,c=2,d=3"


@dataclass(frozen=True, slots=True)
class Command:
    """A process to be timed. Those of the same `group` take turns; the ratio is to its `base`."""

    name: str
    argv: Sequence[str]
    group: str
    base: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run it once, and fail loudly: what does not work must not look fast."""
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            self.argv, cwd=ROOT, env={**kept, **self.environment}, capture_output=True, text=True
        )
        if done.returncode not in (0, 2):
            raise RuntimeError(f"{self.name} failed: {done.stderr}")


def cold() -> list[Command]:
    """A first answer, beside importing torch and the ways to do without gradcalc."""
    base = "python -c 'import torch'"

    def command(name: str, *argv: str) -> Command:
        return Command(name, argv, "a checked gradient, cold", base)

    commands = [
        command(base, sys.executable, "-c", "import torch"),
        command("gradcalc grad, table", *GRADCALC, *DOT, "--format", "table"),
        command("gradcalc grad, JSON", *GRADCALC, *DOT, "--json"),
        command("gradcalc why", *GRADCALC, "why", *DOT[1:]),
        command("script: torch and sympy", sys.executable, "-c", BY_HAND),
    ]
    if find_spec("jax"):
        commands.append(command("script: jax, unchecked", sys.executable, "-c", WITH_JAX))
    if shutil.which("maxima"):
        text = f"subst([{POINT}], map(lambda([v], diff({OBJECTIVE}, v)), [a,b,c,d]));"
        commands.append(
            command("maxima, unchecked", "maxima", "--very-quiet", f"--batch-string={text}")
        )
    if shutil.which("giac"):
        text = f"subst(grad({OBJECTIVE},[a,b,c,d]),[{POINT}])"
        commands.append(command("giac, unchecked", "giac", text))
    return commands


def light() -> list[Command]:
    """What needs no calculation."""
    base = "python -c pass"

    def command(name: str, *argv: str) -> Command:
        return Command(name, argv, "without a calculation", base)

    return [
        command(base, sys.executable, "-c", "pass"),
        command("gradcalc --version", *GRADCALC, "--version"),
        command("gradcalc --help", *GRADCALC, "--help"),
        command("gradcalc grad '2*(x'", *GRADCALC, "grad", "2*(x", "--x", "1"),
    ]


def warm(folder: str) -> list[Command]:
    """An answer by the daemon, whose socket is in this folder."""
    base = "gradcalc grad, cold"
    asking = {"XDG_RUNTIME_DIR": folder, "GRADCALC_DAEMON": "1"}

    def command(name: str, *argv: str, daemon: bool = False) -> Command:
        return Command(name, argv, "warm", base, asking if daemon else {})

    return [
        command(base, *GRADCALC, *DOT, "--format", "table"),
        command("gradcalc grad, warm", *GRADCALC, *DOT, "--format", "table", daemon=True),
        command("gradcalc why, warm", *GRADCALC, "why", *DOT[1:], daemon=True),
        command("python -c pass", sys.executable, "-c", "pass"),
    ]


def points(folder: Path, count: int) -> list[Command]:
    """Many points of one program, as requests and as a table, beside loops written for it."""
    file, rows = folder / "points.jsonl", folder / "points.csv"
    drawn = [[n / 7, n / 3 + 1, -n / 5 - 2, 0.5] for n in range(count)]
    with file.open("w") as out:
        for n, x in enumerate(drawn):
            request = {"id": n, "program": "2*dot(x,x)", "inputs": {"x": x}}
            out.write(json.dumps(request) + "\n")
    rows.write_text("x\n" + "".join(f'"{",".join(map(repr, x))}"\n' for x in drawn))
    base = "script: torch, unchecked"

    def command(name: str, *argv: str) -> Command:
        return Command(name, argv, f"{count:,} points", base)

    batch = (*GRADCALC, "batch", str(file), "--quiet", "--workers")
    return [
        command(base, sys.executable, "-c", POINTS_UNCHECKED, str(file)),
        command("script: torch and sympy", sys.executable, "-c", POINTS_BY_HAND, str(file)),
        command("batch --no-enclosure", *batch, "1", "--no-enclosure"),
        command("batch --no-enclosure, 2 workers", *batch, "2", "--no-enclosure"),
        command("batch", *batch, "1"),
        command("batch, 2 workers", *batch, "2"),
        command("batch --csv, 2 workers", *GRADCALC, "batch", "2*dot(x,x)", "--csv", str(rows),
                "--quiet", "--workers", "2"),
    ]  # fmt: skip


def programs(folder: Path, count: int) -> list[Command]:
    """Many programs, beside a loop that differentiates each."""
    file = folder / "programs.jsonl"
    with file.open("w") as out:
        for n in range(count):
            text = f"{n + 1}*sin({n % 7 + 2}*x) + exp(-x*x/{n + 3})*tanh(x + {n % 11})"
            out.write(json.dumps({"id": n, "program": text, "inputs": {"x": 0.7}}) + "\n")
    base = "script: torch and sympy, each derived"

    def command(name: str, *argv: str) -> Command:
        return Command(name, argv, f"{count:,} programs", base)

    batch = (*GRADCALC, "batch", str(file), "--quiet", "--workers")
    return [
        command(base, sys.executable, "-c", PROGRAMS_BY_HAND, str(file)),
        command("batch --no-enclosure, 2 workers", *batch, "2", "--no-enclosure"),
        command("batch, 2 workers", *batch, "2"),
    ]


def sizes() -> list[Command]:
    """The same command for longer and longer vectors."""
    base = "python -c 'import torch'"

    def command(name: str, *argv: str) -> Command:
        return Command(name, argv, "size", base)

    def grad(text: str, n: int) -> Command:
        argv = (*GRADCALC, "grad", text, "--x", f"randn({n})", "--format", "table")
        return command(f"grad {text}, n = {n:,}", *argv)

    lengths = (10, 1_000, 100_000, 1_000_000)
    commands = [grad(text, n) for text in ("2*dot(x,x)", "logsumexp(x)") for n in lengths]
    return [command(base, sys.executable, "-c", "import torch"), *commands]


def measured(commands: Sequence[Command], repetitions: int) -> dict[str, float]:
    """Each command's median; they take turns, after a round that does not count."""
    for command in commands:
        command.run()
    times: dict[str, list[float]] = {command.name: [] for command in commands}
    for _ in range(repetitions):
        for command in commands:
            times[command.name].append(timed(command.run)[0])
    return {name: statistics.median(found) for name, found in times.items()}


def rows(commands: Sequence[Command], repetitions: int, table: Table) -> None:
    """Measure one group and put it into the table."""
    found = measured(commands, repetitions)
    for number, command in enumerate(commands):
        seconds = found[command.name]
        group = "" if number else command.group
        table.add_row(group, command.name, shown(seconds), ratio(seconds, found[command.base]))
    table.add_section()


def with_daemon(repetitions: int, table: Table) -> None:
    """Measure the daemon, one of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder}

        def daemon(what: str) -> None:
            subprocess.run(
                [*GRADCALC, "daemon", what], env=environment, cwd=ROOT, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

        daemon("start")
        try:
            rows(warm(folder), repetitions, table)
        finally:
            daemon("stop")


def main(
    repetitions: Annotated[int, typer.Option(min=1, help="Runs of each command.")] = 15,
    only: Annotated[str, typer.Option(help="Just the groups with this word.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Once each: does it run?")] = False,
) -> None:
    """Time whole commands beside importing torch, scripts and other tools."""
    console = Console(width=100, highlight=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, justify in (("", "left"), ("command", "left"), ("median", "right"), ("×", "right")):
        table.add_column(title, justify=justify, no_wrap=True)
    times = 1 if quick else repetitions
    with tempfile.TemporaryDirectory() as folder:
        few = max(1, times // 3)
        many = (
            points(Path(folder), 10 if quick else 2_000),
            programs(Path(folder), 10 if quick else 300),
            sizes(),
        )
        for group in (cold(), light()):
            if only in group[0].group:
                rows(group, times, table)
        if only in "warm":
            with_daemon(times, table)
        for group in many:
            if only in group[0].group:
                rows(group, few, table)
    console.print(table)
    console.print("× is in relation to the first line of the group.")


if __name__ == "__main__":
    typer.run(main)
