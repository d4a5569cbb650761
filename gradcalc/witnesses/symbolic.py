"""The symbolic witness: the tape of a run, swept backwards into formulas of whole tensors.

Its numbers come from the formula, in floats at any size, and in many digits where there are few.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from gradcalc.calculus import spoken
from gradcalc.derive.accuracy import digits_for
from gradcalc.derive.alarm import TimesUp, at_most
from gradcalc.derive.conditioning import Conditioning, conditioning
from gradcalc.derive.points import extent, is_finite
from gradcalc.derive.quick import is_wide, quick
from gradcalc.derive.recorder import Traced
from gradcalc.derive.recording import Recording, record
from gradcalc.derive.roundtrip import EXACT, Answer, RoundTrip
from gradcalc.derive.smoothness import events
from gradcalc.derive.wide import in_more_digits
from gradcalc.errors import GradcalcError
from gradcalc.expr.constants import Unprintable
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Node
from gradcalc.expr.reals import Reals
from gradcalc.expr.written import Written
from gradcalc.problem import Problem, claim_values
from gradcalc.testimony import LEFT_OUT, Formula, Reference

TRIES = 3
"""How often the digits are tried, each time twice as many, until two in a row agree."""

COUNTED = 20_000
"""Numbers up to which it is told how many digits they need."""

AGREED = 1e-16
"""The largest relative difference between runs that agree."""

DECAY = 1e-30
"""A gradient that shrinks so much with more digits is what rounding leaves of zero."""

UNREAD = "the formula does not read back to the gradient, so it is not shown"

UNTRIED = "the gradient is not defined at any point where the formula was tried"

TAKEN = "the formula loses its digits to rounding here"

LOST = f"{TAKEN}, and there is too much for many digits"

PATIENCE = 10.0
"""Seconds after which a formula that is still being simplified is given up."""

DIGITS_PATIENCE = 2.0
"""Seconds after which floats do for the gradients."""

SHOWN = 80
"""Characters of a formula that is cited although it does not hold."""

DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*|\.\d+|\d+e-?\d+)(?!\w)")


def testify(problem: Problem) -> Reference:
    """Record the program, sweep the tape, and give the gradients as formulas and as numbers.

    Where that cannot be done, the answer says so.
    """
    return testify_by(record, problem)


def testify_by(recorded: Callable[[Problem], Recording], problem: Problem) -> Reference:
    """The same of a program that is recorded in another way: one that knows it from before."""
    for name, values in problem.inputs.items():
        if not np.isfinite(values).all():
            return _absent(f"{name} is not finite")
    try:
        with np.errstate(all="ignore"):
            return _testify(recorded(problem))
    except (GradcalcError, MemoryError) as reason:
        return _absent(str(reason) or "the check does not fit into memory")
    # a mistake of this witness costs its testimony, not autograd's gradient
    except Exception as fault:
        failures = {name: Formula(failure=_fault(fault)) for name in problem.wrt}
        return Reference(witness="symbolic", absent=_fault(fault), formulas=failures)


def _absent(reason: str) -> Reference:
    return Reference(witness="symbolic", absent=reason)


def _testify(recording: Recording) -> Reference:
    problem, derived = recording.problem, recording.derived
    shown, failure = derived.once("formulas", lambda: _simplified(recording))
    nodes: Mapping[str, Node] = recording.derivation.gradients if shown is None else shown.gradients
    size = sum(np.size(value) for value in recording.values)
    found = _numbers(recording, nodes, size)
    gradients = found.gradients
    floats = {n: np.asarray(g, dtype=np.float64) for n, g in gradients.items()}
    # before there is more in memory
    formulas = _formulas(recording, gradients if problem.enclose else floats, shown, failure)
    beside = found.beside()
    output = recording.output
    total = float(np.sum(output * recording.weights))
    return Reference(
        witness="symbolic",
        absent=None if found.known else LOST if problem.enclose else f"{TAKEN}, and {LEFT_OUT}",
        value=np.asarray(output, dtype=np.float64),
        gradients=floats,
        path=recording.trace.path,
        claims=_claims(recording),
        exact=gradients,
        output=output,
        total=total,
        scales=dict.fromkeys(problem.wrt, beside.scale),
        flows={n: beside.flows.get(n, np.abs(g)) for n, g in gradients.items()},
        events=events(recording) if found.surveyed else (),
        surveyed=found.surveyed,
        conditions=beside.conditions,
        rounding=beside.rounding,
        formulas=formulas,
        size=size,
        digits=found.digits,
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The gradients, whether they are `known`, and whether corners are to be looked for.

    `beside` finds out how they react. `digits` are those that keep the numbers of the run apart, 0
    if that was not found out.
    """

    gradients: Mapping[str, Any]
    known: bool
    beside: Callable[[], Conditioning]
    surveyed: bool
    digits: int = 0


def _numbers(recording: Recording, nodes: Mapping[str, Node], size: int) -> _Numbers:
    problem = recording.problem
    if not problem.enclose and is_wide(recording):
        answer = quick(recording)
        if answer.gradients is not None:
            return _Numbers(answer.gradients, True, lambda: answer.conditioning, True)
        floats = recording.gradients(Floats(), problem.inputs)
        return _Numbers(floats, False, lambda: answer.conditioning, True)
    digits = digits_for(recording) if size <= COUNTED else 0
    exact = _in_time(recording, digits) if size <= EXACT else None
    if exact is not None and problem.enclose:
        return _Numbers(exact, True, lambda: Conditioning({}, {}, {}, 0.0), False, digits)
    if exact is not None:
        swept = recording.derivation.gradients
        near = {n: np.asarray(g, dtype=np.float64) for n, g in exact.items()}
        return _Numbers(exact, True, lambda: conditioning(recording, swept, near), True)
    floats = _in_floats(recording, nodes)
    wider = in_more_digits(recording, nodes, floats)
    gradients = floats if wider is None else wider
    return _Numbers(
        gradients,
        wider is not None,
        lambda: conditioning(recording, nodes, gradients),
        True,
        digits,
    )


def _simplified(recording: Recording) -> tuple[Formulas | None, str | None]:
    """The formulas, or why there are none."""
    problem = recording.problem
    shapes = {
        name: recording.tape.equations[number].shape
        for name, number in recording.tape.inputs.items()
    }
    taken = frozenset((*problem.inputs, *recording.trace.names, *problem.program.assigned))
    texts = (problem.program.source, *(program.source for _, program in problem.lets))
    try:
        with at_most(PATIENCE):
            return Formulas(
                recording.derivation.forms,
                recording.derivation.gradients,
                shapes,
                dtype=problem.dtype,
                taken=taken,
                decimals=any(DECIMAL.search(text) for text in texts),
                spoken=spoken(texts),
            ), None
    except TimesUp:
        return None, "there is no formula: it would take too long to be written out"
    except Unprintable as reason:
        return None, f"there is no formula: {reason}"
    except Exception as fault:
        return None, _fault(fault)


def _in_floats(recording: Recording, nodes: Mapping[str, Node]) -> dict[str, Any]:
    """The gradients by the simplified formula; by the sweep itself where that is undefined."""
    inputs = recording.problem.inputs
    gradients = recording.numbers(nodes, Floats(), inputs)
    if all(extent(gradient) < np.inf for gradient in gradients.values()):
        return gradients
    plain = recording.gradients(Floats(), inputs)
    return {n: np.where(np.isfinite(g), g, plain[n]) for n, g in gradients.items()}


def _in_time(recording: Recording, fewest: int) -> dict[str, Any] | None:
    """The gradients in many digits, unless some function thinks about them for too long."""
    try:
        with at_most(DIGITS_PATIENCE):
            return _in_many_digits(recording, fewest)
    except TimesUp:
        return None


def _in_many_digits(recording: Recording, fewest: int) -> dict[str, Any] | None:
    """The gradients by the sweep, in as many digits as it takes; None if no number does."""
    context = recording.derived.once("many digits", mpmath.MPContext)
    arithmetic = Reals(context)
    before: dict[str, Any] | None = None
    for digits in (fewest * 2**k for k in range(TRIES)):
        context.dps = digits
        try:
            now = recording.gradients(arithmetic, recording.problem.inputs)
        except (ArithmeticError, ValueError, TypeError, NotImplementedError, KeyError):
            return None
        if before is not None:
            settled = {name: _settled(before[name], now[name]) for name in now}
            if all(gradient is not None for gradient in settled.values()):
                return settled
        before = now
    return None


def _settled(first: Any, second: Any) -> Any | None:
    """The gradient in more digits if it agrees with that in fewer, noise replaced by zero."""
    finite = is_finite(second)
    if not np.array_equal(finite, is_finite(first)):
        return None
    one, other = first[finite], second[finite]
    size = np.max(np.abs(other), initial=0)
    if finite.all() and size <= DECAY * np.max(np.abs(one), initial=0):
        # numpy unwraps a single object
        return np.asarray(second * 0)
    return second if np.max(np.abs(one - other), initial=0) <= size * AGREED else None


def _claims(recording: Recording) -> dict[str, Any]:
    problem = recording.problem
    backend = recording.backend
    if not problem.claims or backend is None or recording.execution is None:
        return {}
    values = claim_values(problem, backend, recording.execution, backend.budget)
    return {
        name: np.array(value.value, dtype=np.float64)
        for name, value in values.items()
        if isinstance(value, Traced)
    }


def _formulas(
    recording: Recording,
    gradients: Mapping[str, Any],
    shown: Formulas | None,
    failure: str | None,
) -> dict[str, Formula]:
    """The texts that read back, and why the others are not shown."""
    names = recording.problem.wrt
    if shown is None:
        return {name: Formula(failure=failure) for name in names}
    trip = RoundTrip(recording, gradients)
    return {name: _read_back(trip, shown, name) for name in names}


def _read_back(trip: RoundTrip, shown: Formulas, name: str) -> Formula:
    once = trip.recording.derived.once

    def answer(written: Written) -> Answer:
        return trip.read(name, written.text, shown.gradients[name])

    try:
        usual = once(("text", name), lambda: shown.write(name))
        found = answer(usual)
        if found is Answer.HOLDS:
            return Formula(usual)
        if found is not Answer.ELSEWHERE:
            return Formula(failure=UNTRIED if found is Answer.UNTRIED else UNREAD)
        careful = once(("careful text", name), lambda: shown.write_carefully(name))
        if careful != usual and answer(careful) is Answer.HOLDS:
            return Formula(careful)
    except Unprintable as reason:
        return Formula(failure=f"there is no formula: {reason}")
    except Exception as fault:
        return Formula(failure=_fault(fault))
    text = f", {usual.text}," if len(usual.text) <= SHOWN else ""
    return Formula(failure=f"the formula{text} does not hold at this point")


def _fault(fault: Exception) -> str:
    return f"there is no formula: gradcalc has a fault, {type(fault).__name__}: {fault}"
