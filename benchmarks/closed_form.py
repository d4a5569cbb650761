"""What a checked formula costs: gradcalc beside torch and beside the tools that derive formulas.

For ten families of objectives and n = 10 ... 10**6 it measures how long gradcalc takes to derive
the gradient's formula, to evaluate it and to check it, next to torch's run forward and backward
and to sympy and CasADi, all in one run, all on one thread. Every gradient is compared with torch's;
one that is off is marked WRONG.
"""

import os
import platform
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import sympy
import torch
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from sympy.core.cache import clear_cache

from benchmarks import peers
from benchmarks.families import FAMILIES, Family, Inputs
from benchmarks.peers import PEERS, Derived, Peer
from benchmarks.timing import Pace, medians, ratio, shown, timed
from gradcalc.derive.runs import Recording, Runs
from gradcalc.derive.trace import derive
from gradcalc.enclosure.experiment import Experiment
from gradcalc.expr.floats import Floats
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.readback.alarm import TimesUp, at_most
from gradcalc.readback.roundtrip import EXACT
from gradcalc.testimony import Absent
from gradcalc.witnesses import symbolic

SMALL = 4
"""The n at which the peers' formulas are printed and their values compared."""

WARM = 7
"""The n of the call that comes first and is not measured with the others."""

ROOM = 1e-8
"""How far a right gradient may be from torch's, in relation to its largest element."""

REPEATED = 1.0
"""Seconds above which a peer derives but once."""

CUT = 100
"""Characters of a peer's formula that are printed."""

MEMORY = 0.7
"""The part of the machine's memory that the run may take; what needs more fails cleanly."""

NOTES = f"""\
derive: the program recorded, swept, simplified and written, sympy imported and warm; symbols: the
same without the run of the program on numbers. evaluate: the formula at the point. check: all that
the symbolic witness does, in many digits up to {EXACT:,} numbers on the tape, in floats above.
torch: forward and backward, tensors ready. Medians of runs that take turns.
Peers: × is in relation to gradcalc in the same row. sympy per element is run once, its cache
cleared; "> 60 s" is one that was ended, or projected from its first part or smaller n. CasADi's
derive includes making its function; its inputs are ready. –: sympy writes no numpy that runs.
WRONG: off torch's gradient, for sympy's derivations at n = {SMALL}."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is to do."""

    largest: int
    seconds: float
    repetitions: int

    def sizes(self, family: Family) -> list[int]:
        """Powers of ten."""
        last = min(self.largest, family.largest)
        return [10**k for k in range(1, 7) if 10**k <= last]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a peer took at one n: a time, or a word for why there is none."""

    seconds: float | None = None
    word: str = ""

    def text(self, beside: float) -> str:
        if self.seconds is None:
            return self.word or "–"
        return f"{shown(self.seconds)} {ratio(self.seconds, beside)} {self.word}".rstrip()


@dataclass(frozen=True, slots=True)
class Row:
    """All that was measured at one n. `times` has gradcalc's, and torch's."""

    n: int
    times: dict[str, float]
    right: bool
    derived: dict[str, Cell]
    evaluated: dict[str, Cell]


@dataclass
class Standing:
    """What is known of a peer in one family: its formula, what is wrong with it, its pace."""

    peer: Peer
    pace: Pace
    text: str = ""
    word: str = ""
    able: bool = True
    evaluates: bool = True


@dataclass(frozen=True, slots=True)
class Results:
    """One family's."""

    family: Family
    first: float
    rows: list[Row] = field(default_factory=list)
    formulas: dict[str, str] = field(default_factory=dict)


# -- gradcalc --------------------------------------------------------------------------------


def problem(family: Family, inputs: Inputs) -> Problem:
    """A family at a point, as gradcalc is asked."""
    return Problem(
        program=compile_program(family.program),
        inputs={name: np.asarray(values, dtype=np.float64) for name, values in inputs.items()},
        wrt=(family.wrt,),
    )


def written(asked: Problem) -> str:
    """From a problem to the text of its gradient, unchecked."""
    return _text(asked, Runs(asked).recording)


def _text(asked: Problem, recording: Recording) -> str:
    shown_, failure = symbolic._simplified(recording)
    return failure or "" if shown_ is None else shown_.write(asked.wrt[0]).text


def gradcalc_actions(asked: Problem) -> dict[str, Callable[[], Any]]:
    """The parts of gradcalc's work, each to be timed by itself."""
    recording = Runs(asked).recording
    shown_, _ = symbolic._simplified(recording)
    nodes = recording.derivation.gradients if shown_ is None else shown_.gradients

    def symbols() -> str:
        # sweeping again makes the same nodes as in the recording
        derive(recording.trace)
        return _text(asked, recording)

    return {
        "derive": lambda: written(asked),
        "symbols": symbols,
        "evaluate": lambda: recording.numbers(nodes, Floats(), asked.inputs),
        "check": lambda: symbolic.testify(Experiment(Runs(asked))),
    }


def checked(asked: Problem, expected: Any) -> tuple[bool, str]:
    """Whether gradcalc's gradient, and that of its formula, is torch's; and its formula."""
    name = asked.wrt[0]
    answer = symbolic.testify(Experiment(Runs(asked)))
    if isinstance(answer, Absent):
        return False, answer.doubt
    formula = answer.formulas[name]
    if formula.written is None:
        return False, answer.doubt or formula.failure or "no formula"
    nodes = gradcalc_actions(asked)["evaluate"]()
    right = all(close(g, expected) for g in (answer.gradients[name], nodes[name]))
    return right, formula.written.text


def close(given: Any, expected: Any) -> bool:
    """Whether two gradients are the same, as far as floats go."""
    one, other = np.ravel(np.asarray(given, dtype=np.float64)), np.ravel(expected)
    if one.shape != other.shape:
        return False
    return bool(np.max(np.abs(one - other)) <= ROOM * np.max(np.abs(other)))


# -- peers -----------------------------------------------------------------------------------


def standing(peer: Peer, family: Family, settings: Settings) -> Standing:
    """A peer's formula at a small n, and whether it is right."""
    found = Standing(peer, Pace(settings.seconds))
    if peer.absent is not None:
        found.able, found.word = False, peer.absent
        return found
    inputs = family.inputs(SMALL)
    try:
        with at_most(min(settings.seconds, 10)):
            derived = peer.derive(family, inputs)
            found.text = derived.text()
            right = close(derived.numbers(), peers.torch_gradient(family, inputs)())
            found.word = "" if right else "WRONG"
    except TimesUp:
        found.word = "unverified"
    except Exception as error:
        found.able, found.word = False, "cannot"
        found.text = found.text or f"{type(error).__name__}: {error}".rstrip(": ")
    return found


def tried(
    found: Standing, family: Family, n: int, inputs: Inputs, seconds: float
) -> tuple[Cell, Derived | None]:
    """A peer's first derivation at an n, unless it is known to take too long."""
    over = Cell(word=f"> {seconds:g} s")
    if not found.able:
        return Cell(word=found.word), None
    if found.pace.hopeless(n):
        return over, None
    clear_cache()
    try:
        with at_most(seconds):
            taken, derived = timed(lambda: found.peer.derive(family, inputs, seconds))
    except TimesUp:
        found.pace.times.append((n, 2 * seconds))
        return over, None
    except Exception as error:
        return Cell(word=type(error).__name__), None
    found.pace.times.append((n, taken))
    return Cell(taken, found.word), derived


def evaluation(found: Standing, derived: Derived, expected: Any, seconds: float) -> Cell | None:
    """Whether a peer's fast evaluation works and is right; None where it has none."""
    if derived.evaluate is None or not found.evaluates:
        return None
    try:
        with at_most(seconds):
            return Cell(0.0, "" if close(derived.evaluate(), expected) else "WRONG")
    except (TimesUp, MemoryError) as reason:
        word = "memory" if isinstance(reason, MemoryError) else f"> {seconds:g} s"
        return Cell(word=word)
    except Exception:
        # sympy prints code that numpy cannot run for most derivatives by arrays
        found.evaluates = False
        return None


# -- measuring -------------------------------------------------------------------------------


def row(
    family: Family, n: int, standings: Sequence[Standing], settings: Settings
) -> tuple[Row, str]:
    """Everything at one n, and gradcalc's formula."""
    inputs = family.inputs(n)
    asked, run = problem(family, inputs), peers.torch_gradient(family, inputs)
    expected = run()
    derived, evaluated = {}, {}
    actions: dict[str, Callable[[], Any]] = {"torch": run}
    for found in standings:
        name = found.peer.name
        derived[name], gradient = tried(found, family, n, inputs, settings.seconds)
        if gradient is None:
            continue
        if not found.peer.once and (derived[name].seconds or 0) < REPEATED:
            actions[f"derive {name}"] = lambda peer=found.peer: peer.derive(family, inputs)
        cell = evaluation(found, gradient, expected, settings.seconds)
        evaluated[name] = cell or Cell()
        if cell is not None and cell.seconds is not None:
            actions[f"evaluate {name}"] = gradient.evaluate
    right, text = checked(asked, expected)
    times = medians({**gradcalc_actions(asked), **actions}, settings.repetitions)
    for kind, cells in (("derive", derived), ("evaluate", evaluated)):
        for name, cell in cells.items():
            cells[name] = Cell(times.get(f"{kind} {name}", cell.seconds), cell.word)
    return Row(n, times, right, derived, evaluated), text


def measured(family: Family, settings: Settings) -> Results:
    """A family at every n."""
    first, _ = timed(
        lambda: symbolic.testify(Experiment(Runs(problem(family, family.inputs(WARM)))))
    )
    results = Results(family, first)
    standings = [standing(peer, family, settings) for peer in PEERS]
    for n in settings.sizes(family):
        found, text = row(family, n, standings, settings)
        results.rows.append(found)
        if text not in results.formulas.values():
            results.formulas[f"gradcalc, n = {n:,}"] = text
    for found in standings:
        note = f" ({found.word})" if found.word else ""
        results.formulas[found.peer.name + note] = _cut(found.text)
    return results


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CUT else f"{line[:CUT]}… ({len(line):,} characters)"


# -- tables ----------------------------------------------------------------------------------


def table(*columns: str) -> Table:
    """An empty one, with numbers to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in columns:
        made.add_column(column, justify="right", no_wrap=True)
    return made


def beside_torch(results: Results) -> Table:
    """gradcalc's times, and what they are in relation to torch's."""
    made = table(
        "n", "derive", "symbols", "evaluate", "check", "torch", "check/torch", "eval/torch"
    )
    for found in results.rows:
        t = found.times
        wrong = "" if found.right else " WRONG"
        made.add_row(
            f"{found.n:,}",
            *(shown(t[name]) for name in ("derive", "symbols", "evaluate")),
            shown(t["check"]) + wrong,
            shown(t["torch"]),
            ratio(t["check"], t["torch"]),
            ratio(t["evaluate"], t["torch"]),
        )
    return made


def beside_peers(results: Results) -> Table:
    """The same n by n for those that derive formulas."""
    names = [peer.name for peer in PEERS]
    fast = names[1:]
    made = table(
        "n",
        *(f"derive\n{name}" for name in ("gradcalc", *names)),
        *(f"evaluate\n{name}" for name in ("gradcalc", *fast)),
    )
    for found in results.rows:
        t = found.times
        made.add_row(
            f"{found.n:,}",
            shown(t["derive"]),
            *(found.derived[name].text(t["derive"]) for name in names),
            shown(t["evaluate"]),
            *(found.evaluated.get(name, Cell()).text(t["evaluate"]) for name in fast),
        )
    return made


def formulas(results: Results) -> Table:
    """What each tool gives as the gradient."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in results.formulas.items():
        made.add_row(name, text)
    return made


def summary(every: Sequence[Results]) -> Table:
    """The families at their largest n."""
    made = table(
        "family", "n", "derive, n = 10", "derive", "symbols", "evaluate", "check", "torch",
        "check/torch",
    )  # fmt: skip
    for results in every:
        last = results.rows[-1]
        t = last.times
        made.add_row(
            results.family.name,
            f"{last.n:,}",
            shown(results.rows[0].times["derive"]),
            *(shown(t[name]) for name in ("derive", "symbols", "evaluate", "check", "torch")),
            ratio(t["check"], t["torch"]),
        )
    return made


def header() -> str:
    """The machine and the versions."""
    absent = [peer.name for peer in PEERS if peer.absent]
    versions = [
        f"Python {platform.python_version()}",
        *(f"{m.__name__} {m.__version__}" for m in (torch, sympy, np, peers.casadi) if m),
        *(f"{name}: not installed" for name in absent),
    ]
    machine = f"{os.cpu_count()} cores ({platform.system()}, {platform.machine()}), "
    return f"{machine}one thread is used; {', '.join(versions)}"


def confine() -> None:
    """One thread, and no more memory than the machine has."""
    torch.set_num_threads(1)
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(size * MEMORY), hard))


def chosen(names: Sequence[str]) -> list[Family]:
    """The families whose name contains one of the names; all without any."""
    found = [f for f in FAMILIES if not names or any(name in f.name for name in names)]
    if not found:
        raise typer.BadParameter(f"the families are {', '.join(f.name for f in FAMILIES)}")
    return found


def main(
    largest: Annotated[int, typer.Option(min=10, help="The largest n.")] = 10**6,
    seconds: Annotated[float, typer.Option(min=0.1, help="The peers' limit.")] = 60,
    family: Annotated[list[str] | None, typer.Option(help="Part of a name; repeatable.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small n, once: does it run?")] = False,
) -> None:
    """Time gradcalc's formulas beside torch, sympy and CasADi."""
    settings = Settings(min(largest, 100), 0.3, 1) if quick else Settings(largest, seconds, 5)
    wanted = chosen(family or ())
    confine()
    console = Console(width=150, highlight=False, markup=False)
    console.print(header())
    console.print(NOTES)
    every = []
    for one in wanted:
        results = measured(one, settings)
        every.append(results)
        console.print(f"\n{one.name}: {one.program} by {one.wrt}", style="bold")
        console.print(f"gradcalc's first call, at n = {WARM}: {shown(results.first)}")
        console.print(beside_torch(results), beside_peers(results), formulas(results))
    console.print("\nAt the largest n", style="bold")
    console.print(summary(every))
    if not all(found.right for results in every for found in results.rows):
        console.print("gradcalc has WRONG gradients or no formula, see above")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
