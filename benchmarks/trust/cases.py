"""The cases: what is judged, and what each judge said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.trust.judges import Word, judged_by_gradcalc, passed, peers, torch_gradients
from gradcalc.expr.ops import OPS
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise
from gradcalc.problem import Problem
from gradcalc.report import Outcome, Report
from tests import planting, planting_check
from tests.corners import Corner, of_norms, of_planes, of_ties
from tests.healthy import healthy
from tests.trust_cases import TRAPS, problem, report

VARIANTS: Mapping[str, tuple[str, ...]] = {
    "scaled": ("both",),
    "sign": ("sign",),
    "shifted": ("rolled", "moved", "swapped", "offset"),
}
"""The mistakes on torch's side; of several names the first that changes the gradient."""

RIGHT = (Outcome.VERIFIED, Outcome.VANISHED)
FACTOR = 64
"""The rounding that gradcalc accepts, in units of the dtype's epsilon."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the judges said in a case.

    `group` and `kind` name the line of the table in which it counts. `odd` says why gradcalc's
    answer is to be looked at, if it is. A case that is `idle` changes nothing and does not count.
    """

    group: str
    kind: str
    case: str
    words: Mapping[str, Word] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    odd: str | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Cases that are judged together, by the worker's function of that name."""

    task: str
    arguments: tuple[Any, ...]


def jobs(count: int, seed: int) -> list[Job]:
    """All there is to do, the longest first."""
    rows = [row.name for row in PRIMITIVES]
    samples = [(name, n) for name in rows for n in range(len(BY_NAME[name].samples))]
    return [
        *(Job("rows", (name,)) for name in rows),
        *(Job("vjps", (name,)) for name in planting_check.PROGRAMS_BY_OP),
        *(Job("torch", (*s, dtype)) for s in samples for dtype in ("float64", "float32")),
        *(Job("trap", (number,)) for number in range(len(TRAPS))),
        *(Job("corner", (kind, k)) for kind in CORNERS for k in range(count // 10)),
        *(Job("healthy", (seed * 1_000_003 + k,)) for k in range(count)),
    ]


def results(job: Job) -> list[Result]:
    """Judge the cases of a job; what gradcalc must never raise becomes a result of its own."""
    try:
        return list(TASKS[job.task](*job.arguments))
    except Exception as error:
        fault = f"a fault: {type(error).__name__}: {error}"
        return [Result("faults", "", f"{job.task} {job.arguments}", odd=fault)]


def judged_healthy(seed: int) -> Iterator[Result]:
    """A random program, which gradcalc has to verify."""
    case = healthy(seed)
    asked = problem(case.program, case.dtype, **case.inputs)
    answer, said, seconds = judged_by_gradcalc(asked)
    word = passed(answer, Outcome.VERIFIED)
    found = peers(asked, None, own=True)
    yield Result(
        "healthy",
        case.dtype,
        f"{case.program!r} in {case.dtype}, seed {seed}, at {shown(case.inputs)}",
        {"gradcalc": word, **found.words},
        {"gradcalc": seconds, **found.seconds},
        None if word is Word.PASS else said,
    )


def judged_trap(number: int) -> Iterator[Result]:
    """A program at an awkward point."""
    trap = TRAPS[number]
    asked = problem(trap.program, trap.dtype, **trap.inputs)
    answer, said, _ = judged_by_gradcalc(asked)
    kinds = {"wrong": "wrong", "verified": "right", "vanished": "right"}
    kind = next((kinds[o] for o in trap.outcomes if o in kinds), "neither")
    if kind == "right" and Outcome.UNRESOLVED in trap.outcomes:
        kind = "open"
    expected = answer is not None and answer.verdict.outcome in trap.outcomes
    yield Result(
        "traps",
        kind,
        f"{trap.name}: {trap.program!r} in {trap.dtype} at {shown(trap.inputs)}",
        {"gradcalc": passed(answer, *RIGHT), **peers(asked, None, own=False).words},
        odd=None if expected else f"{said}, not {' or '.join(trap.outcomes)}",
    )


def judged_corner(kind: str, seed: int) -> Iterator[Result]:
    """A random corner of a kind, with torch's gradient."""
    corner = CORNERS[kind](seed)
    asked = problem(corner.program, wrt=corner.wrt, **corner.inputs)
    answer, said, _ = judged_by_gradcalc(asked)
    told = {"verified": "right", "wrong": "wrong"}.get(corner.outcome, "neither")
    yield Result(
        "corners",
        f"{kind}, {told}",
        f"{corner.program!r} at {shown(corner.inputs)}",
        {"gradcalc": passed(answer, *RIGHT), **peers(asked, None, own=False).words},
        odd=None
        if answer is not None and answer.verdict.outcome == corner.outcome
        else f"{said}, not {corner.outcome}",
    )


def _torchs_choice(program: str, inputs: Mapping[str, Any], wrt: tuple[str, ...]) -> Any:
    return torch_gradients(problem(program, wrt=wrt, **inputs))[wrt[0]]


CORNERS: Mapping[str, Callable[[int], Corner]] = {
    "planes": lambda seed: of_planes(seed, _torchs_choice),
    "vertices": of_norms,
    "ties": of_ties,
}
"""Corners by kind, from a seed."""


def judged_torch(name: str, number: int, dtype: str) -> Iterator[Result]:
    """A primitive at one of its samples with each mistake on torch's side."""
    call = planting.call(BY_NAME[name], number, dtype)
    if call is None:
        return
    right = call.report()
    for variant, ways in VARIANTS.items():
        idle = Result("planted in torch", dtype, f"{variant} {name}", idle=True)
        yield next((r for w in ways if (r := _planted(call, right, variant, w)) is not None), idle)


def _planted(call: planting.Call, right: Report, variant: str, way: str) -> Result | None:
    """A mistake judged; None if it changes nothing."""
    asked = call.problem
    with planting.in_torch(call.row.name, way):
        answer, said, _ = judged_by_gradcalc(asked)
    assert answer is not None, said
    room = FACTOR * float(np.finfo(asked.dtype).eps)
    gradients = {g.name: g.autograd for g in answer.gradients}
    finite = all(np.all(np.isfinite(g)) for g in gradients.values())
    if not finite or planting.same_gradients(answer, right, room):
        return None
    word = passed(answer, *RIGHT)
    return Result(
        "planted in torch",
        asked.dtype,
        f"{variant} ({way}) in {asked.program.source!r} in {asked.dtype} at {shown(asked.inputs)}",
        {"gradcalc": word, **peers(asked, gradients, own=False).words},
        odd=said if word is Word.PASS else None,
    )


def judged_rows(name: str) -> Iterator[Result]:
    """A primitive's meaning with each mistake."""
    row = BY_NAME[name]
    call = planting.healthy_call(row)
    if call is None:
        return
    if not isinstance(row, Elementwise):
        for wrong in planting_check.SPOILED:
            planted = planting_check.in_results(name, wrong)
            yield _misled(call.problem, f"{wrong} result of {name}", planted)
        return
    for what in planting_check.ELEMENTWISE:
        for wrong in planting_check.SPOILED:
            worse = planting_check.worse_row(row, what, wrong)
            if worse is not None:
                planted = planting_check.in_a_row(row, worse)
                yield _misled(call.problem, f"{wrong} {what} of {name}", planted)


def _misled(asked: Problem, mistake: str, planted: AbstractContextManager[Any]) -> Result:
    """The check misled."""
    with planted:
        answer, said, _ = judged_by_gradcalc(asked)
    if answer is not None and not _changed(answer):
        return Result("planted in the check", "", mistake, idle=True)
    word = passed(answer, *RIGHT)
    case = f"{mistake}: {asked.program.source!r} at {shown(asked.inputs)}"
    odd = said if word is Word.PASS else None
    return Result("planted in the check", "", case, {"gradcalc": word}, odd=odd)


def _changed(answer: Report) -> bool:
    """Whether the gradient of the misled check is not torch's."""
    pairs = [(g.symbolic, g.autograd) for g in answer.gradients]
    return any(s is None or not np.allclose(s, a, rtol=1e-9, atol=0) for s, a in pairs)


def judged_vjps(name: str) -> Iterator[Result]:
    """What an operation of the formulas passes back, with each mistake."""
    op = next(op for op in OPS if op.name == name)
    text = planting_check.PROGRAMS_BY_OP[name]
    for wrong in planting_check.SPOILED:
        with planting_check.in_a_vjp(op, wrong):
            answer = report(text, **planting_check.POINT)
        word = passed(answer, *RIGHT)
        odd = answer.verdict.message if word is Word.PASS else None
        case = f"{wrong} vjp of {name}: {text!r}"
        yield Result("planted in the check", "", case, {"gradcalc": word}, odd=odd)


TASKS: Mapping[str, Any] = {
    "healthy": judged_healthy,
    "trap": judged_trap,
    "corner": judged_corner,
    "torch": judged_torch,
    "rows": judged_rows,
    "vjps": judged_vjps,
}


def shown(inputs: Mapping[str, Any]) -> str:
    """Inputs in a line, in full."""
    return ", ".join(f"{name} = {np.asarray(v).tolist()}" for name, v in inputs.items())


def odd_ones(found: Sequence[Result], group: str) -> list[Result]:
    """The results of a group that are to be looked at."""
    return [result for result in found if result.group == group and result.odd is not None]
