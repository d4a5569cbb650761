"""What a whole check costs where there is much to check: time, slopes and memory by n.

For textbook objectives and n = 10**2 ... 10**6 numbers it measures the check and the
table of its report, as the first calculation of a process whose imports are done, beside torch's
run forward and backward on the same numbers. Each is measured in a process of its own, so that the
most memory that it had is its own too.
"""

import json
import math
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.families import FAMILIES, THIN, Inputs
from benchmarks.timing import ratio, shown, timed
from gradcalc.calculate import report_of, weigh
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.render import Style, renderer
from gradcalc.testimony import Absent, Slopes
from gradcalc.witnesses import autograd, enclosure, symbolic  # noqa: F401

FURTHER = (
    "sum(relu(x))",
    "softmax(x)",
    "x.sigmoid().log().sum()",
    "sum(cumsum(x)**2)",
    "max(x)",
    "sum(where(x > 0, sqrt(where(x > 0, x, 1)), 0))",
    "sum(sin(x)*exp(-x**2))",
)
"""Programs beside the ten families: kinks, running sums, an extreme, a masked root."""

STYLE = Style(width=100, color=False, unicode=True, show_all=False)

SMALL = 2**20
"""Bytes of data below which memory says nothing."""

RUNS = 3
"""How often a measurement is repeated, each time in a new process; the quickest counts."""

NOTES = """\
n: numbers in all inputs of a family (x alone for a program of vectors). check: the report and its
table, imports done. torch: forward and backward, the same inputs. slopes: directions in which the
enclosure testifies; all: every element by itself. memory: the most that the check held beyond the
imports and the inputs, in multiples of the data, which are all inputs and their gradients; torch's
own beside it. Quickest of {runs} processes each, on one thread."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program, and its inputs with n numbers."""

    name: str
    program: str
    inputs: Callable[[int], Inputs]

    def problem(self, n: int, *, check: bool = True) -> Problem:
        """The gradient by every input."""
        inputs = {k: np.asarray(v, dtype=np.float64) for k, v in self.inputs(n).items()}
        return Problem(compile_program(self.program), inputs, tuple(inputs), check=check)


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds, and bytes beyond those at the start."""

    seconds: float
    memory: int
    data: int
    slopes: str = ""
    outcome: str = ""


def cases() -> list[Case]:
    """The ten families by their names, then the further programs."""

    def sized(family: Any, n: int) -> Inputs:
        shapes = [np.shape(value) for value in family.inputs(THIN + 1).values()]
        square = (THIN + 1, THIN + 1) in shapes
        thin = any(len(shape) == 2 for shape in shapes)
        inputs: Inputs = family.inputs(math.isqrt(n) if square else n // THIN if thin else n)
        return inputs

    def vector(n: int) -> Inputs:
        return {"x": np.random.default_rng(n).normal(size=n)}

    known = [Case(f.name, f.program, lambda n, f=f: sized(f, n)) for f in FAMILIES]
    return known + [Case(program, program, vector) for program in FURTHER]


def checked(case: Case, n: int) -> Measured:
    """A whole check, and the table of its report."""
    problem = case.problem(n)
    before = _most_memory()

    def answer() -> Any:
        found = weigh(problem)
        report = report_of(found)
        renderer("table")([report], STYLE)
        return found.enclosure, report

    seconds, (exact, report) = timed(answer)
    memory = _most_memory() - before
    slopes = "0" if isinstance(exact, Absent) else "all"
    if isinstance(exact, Slopes):
        slopes = str(len(exact.probes))
    return Measured(seconds, memory, data_of(problem), slopes, report.verdict.outcome.value)


def torch_alone(case: Case, n: int) -> Measured:
    """torch's forward and backward."""
    problem = case.problem(n, check=False)
    before = _most_memory()
    seconds, _ = timed(lambda: autograd.testify(problem))
    return Measured(seconds, _most_memory() - before, data_of(problem))


def data_of(problem: Problem) -> int:
    """The bytes of every input and of its gradient."""
    return 2 * sum(values.nbytes for values in problem.inputs.values())


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_a_process(action: Callable[[], Measured]) -> Measured:
    """What an action gives in a child of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            with os.fdopen(writing, "w") as stream:
                json.dump(asdict(action()), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    if not text:
        raise RuntimeError("a measurement's process ended without an answer")
    return Measured(**json.loads(text))


def quickest(action: Callable[[], Measured], runs: int) -> Measured:
    """The run that took the least time."""
    return min((in_a_process(action) for _ in range(runs)), key=lambda found: found.seconds)


def table() -> Table:
    """An empty one."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    made.add_column("program", overflow="fold", max_width=34)
    for column in ("n", "check", "torch", "check/torch", "slopes", "memory", "torch's", "outcome"):
        made.add_column(column, justify="right", no_wrap=True)
    return made


def add_row(made: Table, case: Case, n: int, runs: int) -> None:
    """Measure a program at one n."""
    ours = quickest(lambda: checked(case, n), runs)
    other = quickest(lambda: torch_alone(case, n), runs)
    large = ours.data >= SMALL
    made.add_row(
        case.name,
        f"{n:,}",
        shown(ours.seconds),
        shown(other.seconds),
        ratio(ours.seconds, other.seconds),
        ours.slopes,
        ratio(ours.memory, ours.data) if large else "",
        ratio(other.memory, ours.data) if large else "",
        ours.outcome,
    )


def main(
    largest: Annotated[int, typer.Option(min=100, help="The largest n.")] = 10**6,
    program: Annotated[list[str] | None, typer.Option(help="Part of a name; repeatable.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small n, once: does it run?")] = False,
) -> None:
    """Time whole checks of large inputs, and what memory they take."""
    largest, runs = (min(largest, 10**3), 1) if quick else (largest, RUNS)
    torch.set_num_threads(1)
    wanted = [c for c in cases() if not program or any(part in c.name for part in program)]
    if not wanted:
        raise typer.BadParameter(f"the programs are {', '.join(c.name for c in cases())}")
    console = Console(width=120, highlight=False, markup=False)
    console.print(NOTES.format(runs=runs))
    start = time.perf_counter()
    for case in wanted:
        made = table()
        for n in (10**k for k in range(2, 7) if 10**k <= largest):
            add_row(made, case, n, runs)
        console.print(made)
    console.print(f"{shown(time.perf_counter() - start)} in all")


if __name__ == "__main__":
    typer.run(main)
