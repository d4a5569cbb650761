"""Whether the same input has the same bytes for an answer, however busy the machine is.

Each command runs again and again while other processes keep every core busy; counted are the
different answers, an answer being what is written to standard output and the exit code.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.speed import DOT, GRADCALC, ROOT

SPINNING = "while True: pass"
"""A program that needs a core for itself."""

BATCH = (
    ("2*dot(x,x)", "0,1,2,3"), ("logsumexp(x)", "1000,1001"), ("norm(x)", "0,0"),
    ("sum(relu(x))", "-1,0,2"), ("sum(softmax(x)*x)", "1,2,3"), ("sqrt(x)", "0"),
)  # fmt: skip
"""Programs with points, smooth and not."""

LARGE = "sum(sin(x)*exp(-x**2))"
ENDLESS = "while x > 0:\n    x = x + 1\nx"
LOOP = "b = a*2\nwhile b.norm() < 1000:\n    b = b*2\nb.sum()"


def commands(folder: Path) -> dict[str, Sequence[str]]:
    """What is asked, by name: answers of every kind, and what runs into a limit."""
    file = folder / "batch.jsonl"
    requests = [{"program": text, "inputs": {"x": point}} for text, point in BATCH]
    file.write_text("".join(json.dumps(request) + "\n" for request in requests))
    return {
        "table": (*DOT, "--format", "table"),
        "JSON": (*DOT, "--json"),
        "why": ("why", "log(sum(exp(x)))", "--x", "1000,1001"),
        "kinks": ("grad", "sum(abs(x)) + norm(y)", "--x", "0,-1,2", "--y", "0,0", "--json"),
        "loop": ("grad", LOOP, "--a", "0.3,0.5,-0.2", "--json"),
        "large": ("grad", LARGE, "--x", "randn(100000)", "--seed", "1", "--format", "table"),
        "unfinished": ("grad", ENDLESS, "--x", "1", "--max-steps", "1000", "--json"),
        "batch": ("batch", str(file), "--quiet", "--workers", "2"),
    }


@contextmanager
def load(count: int) -> Iterator[None]:
    """A machine with so many processes that never rest."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPINNING]) for _ in range(count)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def answer(argv: Sequence[str]) -> tuple[int, bytes]:
    """The exit code of a command, and what it writes."""
    environment = {**os.environ, "GRADCALC_DAEMON": "0"}
    done = subprocess.run(
        [*GRADCALC, *argv], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    return done.returncode, done.stdout


def main(
    times: Annotated[int, typer.Option(min=1, help="Runs of each command.")] = 20,
    busy: Annotated[int, typer.Option(min=0, help="Other processes; 0: one a core.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Twice each: does it run?")] = False,
) -> None:
    """Count the different answers to the same command on a loaded machine."""
    busy = busy or os.cpu_count() or 1
    runs = 2 if quick else times
    with tempfile.TemporaryDirectory() as folder, load(busy):
        print(f"{runs} runs of each, {busy} other processes at work")
        for name, argv in commands(Path(folder)).items():
            found = Counter(answer(argv) for _ in range(runs))
            codes = ", ".join(map(str, sorted({code for code, _ in found})))
            sizes = ", ".join(f"{len(text):,}" for _, text in found)
            print(f"{len(found):4} different  {name:12} exit {codes}, {sizes} bytes", flush=True)


if __name__ == "__main__":
    typer.run(main)
