"""The whole calculation of a text: its value, its gradient and the verdict on it.

torch's autograd of the real text gives its gradient, central differences that of another
library's, where they are smooth.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.fidelity.cases import Array, Case
from benchmarks.fidelity.execution import run_on
from benchmarks.fidelity.oracle import Finding, Outcome, Said, equal, judge, truth
from benchmarks.fidelity.readings import READINGS
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from gradcalc.problem import Problem
from gradcalc.report import Report
from gradcalc.verdict.outcome import Outcome as Verdict

LIMITS = Limits(steps=20_000, seconds=30)
STEP = 1e-5
NOISE, SMOOTH, APART = 1e-5, 1e-4, 1e-3
"""What rounding may make of central differences, how near two of them must be, and how far a
gradient must be from them to be another one; each relative to 1 + the gradient."""

INEXACT = frozenset({"digamma", "psi", "polygamma", "hardsigmoid"})
"""Functions whose gradient torch's own kernels have to 7 to 10 digits, by 40 digits of it: of those
that are missing central differences say nothing."""

_STOPS = re.compile(r"\b(item|float|int|bool|tolist)\(")
"""What takes plain numbers out of arrays, and in gradcalc passes no gradient back."""

Gradients = Mapping[str, Array]


def judge_whole(case: Case) -> Finding:
    """Calculate a text and compare value and gradients with the library's."""
    wanted = _wanted(case)
    if not wanted:
        return judge(case)
    report = _report(case, wanted)
    if isinstance(report, Said):
        outcome = Outcome.CRASH if report.crashed else Outcome.REFUSED
        return Finding(case, outcome, report)
    ours = Said(report.value)
    theirs = {reading: truth(case, reading) for reading in case.readings}
    given = [reading for reading, said in theirs.items() if said.given]
    agreeing = [reading for reading in given if equal(report.value, theirs[reading].value)]
    if not agreeing:
        if report.verdict.outcome in (Verdict.WRONG, Verdict.UNRESOLVED) and given:
            reason = f"the verdict is {report.verdict.outcome}: {report.verdict.message}"
            return Finding(case, Outcome.REFUSED, Said(reason=reason))
        return judge(case) if given else Finding(case, Outcome.CONVENIENCE, ours)
    return _of_gradients(case, report, agreeing, ours)


def _wanted(case: Case) -> tuple[str, ...]:
    """The inputs that can be differentiated by, in the program's order."""
    try:
        program = compile_program(case.text)
    except Exception:  # then nothing is differentiated, and `judge` says why
        return ()
    return tuple(name for name in program.inputs if name in case.inputs)


def _report(case: Case, wanted: tuple[str, ...]) -> Report | Said:
    inputs = {name: case.inputs[name] for name in wanted}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = compile_program(case.text)
            return calculate(Problem(program, inputs, wanted, limits=LIMITS))
    except GradcalcError as error:
        return Said(reason=f"{type(error).__name__}: {error.message}")
    except Exception as error:
        return Said(reason=f"{type(error).__name__}: {error}", crashed=True)


def _of_gradients(case: Case, report: Report, readings: list[str], ours: Said) -> Finding:
    """The finding about a text whose value is right."""
    same = Finding(case, Outcome.SAME, ours)
    found = {g.name: g.autograd for g in report.gradients if g.autograd is not None}
    verdict = report.verdict.outcome
    note = f"{verdict}: {report.verdict.message}"
    if any(finding.kind == "cast" for finding in report.findings):
        # the library rounds to fewer digits there, as the report tells
        return same
    exact = next((r for r in readings if r in ("torch", "bare")), None)
    real = None if exact is None else torch_gradients(case, exact, tuple(found))
    if real is not None and not all(equal(found[name], real[name]) for name in found):
        return _different(case, found, real, f"torch's autograd; {note}")
    if not case.generic or report.detached or _STOPS.search(case.text):
        return same
    # what torch's own autograd gives is right, whatever it passes no gradient through, and of what
    # it cannot differentiate there is no gradient to compare with
    passes = exact is None and verdict in (Verdict.VERIFIED, Verdict.VANISHED)
    if not passes and verdict is not Verdict.WRONG:
        return same
    sloped = smooth_gradients(case, readings[0], tuple(found))
    if sloped is None or not all(np.isfinite(found[name]).all() for name in found):
        return same
    apart = any(_is_apart(found[name], sloped[name]) for name in found)
    if passes and apart:
        return _different(case, found, sloped, f"central differences; {note}")
    inexact = case.subject.rpartition(".")[2] in INEXACT
    if verdict is Verdict.WRONG and not apart and not inexact:
        return _different(case, found, sloped, f"central differences agree, but {note}")
    return same


def _different(case: Case, found: Gradients, real: Gradients, note: str) -> Finding:
    case = replace(case, subject=f"{case.subject} (gradient)")
    theirs = Said(reason=f"{_shown(real)} by {note}")
    return Finding(case, Outcome.DIFFERENT, Said(reason=_shown(found)), (theirs,))


def _shown(gradients: Gradients) -> str:
    return ", ".join(f"d/d{name} {value.tolist()}" for name, value in gradients.items())


def _is_apart(ours: Array, theirs: Array) -> bool:
    return bool(np.any(np.abs(ours - theirs) > APART * (1 + np.abs(theirs))))


def torch_gradients(case: Case, reading: str, names: tuple[str, ...]) -> Gradients | None:
    """What torch's autograd gives for the real text, None where it raises."""
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in case.inputs.items()}
    try:
        # a text may write into its inputs, which torch refuses for leaves
        values = {name: leaf * 1 for name, leaf in leaves.items()}
        total = _total(run_on(case.text, READINGS[reading].namespace(), values))
        if not total.requires_grad:
            return {name: np.zeros(case.inputs[name].shape) for name in names}
        asked = [leaves[name] for name in names]
        found = torch.autograd.grad(total, asked, allow_unused=True)
    except Exception:
        return None
    return {
        name: np.zeros(case.inputs[name].shape) if value is None else value.numpy(force=True)
        for name, value in zip(names, found, strict=True)
    }


def _total(value: Any) -> Any:
    """The sum of all numbers of an output."""
    if isinstance(value, list | tuple):
        return sum((_total(item) for item in value), torch.zeros((), dtype=torch.float64))
    return torch.as_tensor(value).to(torch.float64).sum()


def smooth_gradients(case: Case, reading: str, names: tuple[str, ...]) -> Gradients | None:
    """Central differences of the real text; None where they do not settle, or drown in noise."""
    found: dict[str, Array] = {}
    for name in names:
        slopes = np.zeros(case.inputs[name].shape)
        for index in np.ndindex(slopes.shape):
            slope = _slope(case, reading, name, index)
            if slope is None:
                return None
            slopes[index] = slope
        found[name] = slopes
    return found


def _slope(case: Case, reading: str, name: str, index: tuple[int, ...]) -> float | None:
    slopes: list[float] = []
    for step in (STEP, STEP / 3):
        sums: list[float] = []
        for sign in (1, -1):
            moved = case.inputs[name].copy()
            moved[index] += sign * step
            said = truth(case, reading, {**case.inputs, name: moved})
            if not said.given or np.iscomplexobj(said.value):
                return None
            sums.append(float(np.sum(said.value)))
            scale = float(np.sum(np.abs(said.value)))
        slope = (sums[0] - sums[1]) / (2 * step)
        if not np.isfinite(slope) or scale * 1e-16 / step > NOISE * (1 + abs(slope)):
            return None
        slopes.append(slope)
    settled = abs(slopes[0] - slopes[1]) <= SMOOTH * (1 + abs(slopes[1]))
    return slopes[1] if settled else None
