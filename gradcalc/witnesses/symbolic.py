"""The symbolic witness: the graph of a run, swept backwards into formulas of whole tensors.

Its numbers come from the formula: in balls, and in floats where that would be too much.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats as in_floats
from gradcalc.balls.numbers import OutOfReach, is_tight
from gradcalc.calculus import spoken
from gradcalc.derive.perturbations import extent, is_finite
from gradcalc.derive.recorder import Traced
from gradcalc.derive.runs import Recording
from gradcalc.derive.sensitivity import (
    Conditioning,
    conditioning,
    in_more_digits,
    is_wide,
    quick,
)
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.kinks import events
from gradcalc.enclosure.trial import Trial, reals
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Node
from gradcalc.expr.written import Unprintable, Written
from gradcalc.problem import Problem, claim_values
from gradcalc.readback.alarm import TimesUp, at_most
from gradcalc.readback.roundtrip import BITS, MORE_BITS, ReadBack, RoundTrip
from gradcalc.testimony import (
    AGREED,
    LEFT_OUT,
    ROUNDINGS,
    Absence,
    Absent,
    Derived,
    Formula,
    Sensitivity,
)

UNREAD = "the formula does not read back to the gradient, so it is not shown"

UNTRIED = "the gradient is not defined at any point where the formula was tried"

LEAST = 1e-300
"""What is below this is nothing."""

TAKEN = "the formula loses its digits to rounding here"

LOST = f"{TAKEN}, and there is too much for many digits"

UNASKED = Conditioning()
"""Where the enclosure finds out how gradients react."""

SHOWN = 80
"""Characters of a formula that is cited although it does not hold."""

DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*|\.\d+|\d+e-?\d+)(?!\w)")


def testify(experiment: Experiment) -> Derived | Absent:
    """Differentiate the run, and give the gradients as formulas and as numbers.

    Where that cannot be done, the answer says so.
    """
    try:
        with np.errstate(all="ignore"):
            if experiment.wild is not None and not _is_told(experiment):
                return Absent(Absence.UNABLE, experiment.wild)
            return _testify(experiment)
    except (GradcalcError, MemoryError) as reason:
        return Absent(Absence.UNABLE, str(reason) or "the check does not fit into memory")
    # a mistake of this witness costs its testimony, not autograd's gradient
    except Exception as fault:
        return Absent(Absence.FAULT, _fault(fault))


def _testify(experiment: Experiment) -> Derived:
    problem, recording = experiment.problem, experiment.runs.recording
    try:
        # not kept where the time was over: another point may have more of it
        shown, failure = recording.derived.once(
            "formulas", lambda: _simplified(recording, experiment.left)
        )
    except TimesUp:
        shown, failure = None, "there is no formula: it would take too long to be written out"
    nodes: Mapping[str, Node] = recording.derivation.gradients if shown is None else shown.gradients
    found = _numbers(experiment, recording, nodes)
    guessed = found.centre is not None and found.centre.guessed
    bits = BITS if found.centre is None else found.centre.bits
    trip = RoundTrip(recording, found.gradients, guessed, bits)
    # before there is more in memory
    formulas = _formulas(trip, shown, failure)
    gradients = dict(found.gradients)
    if found.centre is not None and shown is not None and not guessed:
        for name, value in _written(trip, found.centre, shown, formulas).items():
            if not _is_near(problem, value, gradients[name]):
                formulas[name] = Formula(failure=UNREAD, holds=False)
            elif problem.dtype == "float64":
                gradients[name] = value
            # in fewer digits a text has the dtype's pi, which is not that of the formula
    beside = found.beside()
    output = recording.output
    lost = LOST if problem.enclose else f"{TAKEN}, and {LEFT_OUT.doubt}"
    return Derived(
        value=np.asarray(output, dtype=np.float64),
        gradients={name: in_floats(gradient) for name, gradient in gradients.items()},
        path=recording.trace.path,
        claims=_claims(recording),
        exact=gradients,
        total=float(np.sum(output * recording.trace.weights)),
        sensitivity=Sensitivity(
            beside.scales or dict.fromkeys(problem.wrt, 0.0),
            {n: beside.flows.get(n, np.abs(g)) for n, g in gradients.items()},
            beside.conditions,
            beside.rounding,
        ),
        events=events(recording) if found.surveyed else (),
        surveyed=found.surveyed,
        formulas=formulas,
        conventions=recording.trace.conventions,
        size=recording.trace.size,
        doubt=None if found.known else lost,
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The gradients by the sweep, and whether they are `known`.

    `beside` finds out how they react; `surveyed` says that corners are to be looked for. `centre`
    is the run in balls that they come from, if they do.
    """

    gradients: Mapping[str, Any]
    known: bool
    beside: Callable[[], Conditioning]
    surveyed: bool
    centre: Trial | None = None


def _numbers(experiment: Experiment, recording: Recording, nodes: Mapping[str, Node]) -> _Numbers:
    problem = experiment.problem
    if not problem.enclose and is_wide(recording):
        wide, reacting = quick(recording)
        found = wide or recording.gradients(Floats(), problem.inputs)
        return _Numbers(found, wide is not None, lambda: reacting, True)
    centre = _centre(experiment)
    if centre is not None and centre.recording.derived is recording.derived:
        exact = centre.gradients
        if problem.enclose:
            return _Numbers(exact, True, lambda: UNASKED, False, centre)
        swept = recording.derivation.gradients
        near = {n: in_floats(g) for n, g in exact.items()}
        return _Numbers(exact, True, lambda: conditioning(recording, swept, near), True, centre)
    floats = _in_floats(recording, nodes)
    wider = in_more_digits(recording, nodes, floats)
    gradients = floats if wider is None else wider
    known = wider is not None
    return _Numbers(gradients, known, lambda: conditioning(recording, nodes, gradients), True)


def _is_told(experiment: Experiment) -> bool:
    """Whether the gradient is a number all the same where an input is none."""
    centre = _centre(experiment)
    return centre is not None and centre.finite


def _centre(experiment: Experiment) -> Trial | None:
    """The run at the point in balls, None where there is none with numbers that can be told."""
    if experiment.too_large:
        return None
    try:
        centre = experiment.centre
        # they are read here, where it does not matter that they are too large
        return centre if centre.gradients is not None else None
    except (OutOfReach, GradcalcError):
        return None


def _is_near(problem: Problem, given: Any, true: Any) -> bool:
    """Whether a text gives the gradient, but for the rounding of its numbers."""
    room = max(AGREED, ROUNDINGS * float(np.finfo(problem.dtype).eps))
    given, true = np.ravel(given), np.ravel(true)
    told = is_finite(true)
    return not extent(given[told] - true[told]) > room * extent(true[told]) + LEAST


def _written(
    trip: RoundTrip, centre: Trial, shown: Formulas, formulas: Mapping[str, Formula]
) -> dict[str, Any]:
    """The gradients by the formulas that are shown, as they are written, where they are defined."""
    found = {}
    for name, formula in formulas.items():
        if formula.written is None:
            continue
        text, node, swept = formula.written.text, shown.gradients[name], centre.gradients[name]
        for bits in sorted({centre.bits, max(centre.bits, MORE_BITS)}):
            with flint.ctx.workprec(bits):
                value = trip.value(name, text, node, centre.arithmetic, centre.inputs)
            if value is None or all(map(is_tight, np.ravel(value))):
                break
        if value is not None and np.shape(value) == swept.shape:
            given = reals(value)
            found[name] = np.asarray(np.where(is_finite(given), given, swept), dtype=object)
    return found


def _simplified(
    recording: Recording, seconds: float | None = None
) -> tuple[Formulas | None, str | None]:
    """The formulas, or why there are none.

    Raises `TimesUp` after so many seconds, if the user has set a limit.
    """
    problem = recording.problem
    shapes = {name: node.shape for name, node in recording.trace.inputs.items()}
    taken = frozenset((*problem.inputs, *recording.trace.names, *problem.program.assigned))
    texts = (problem.program.source, *(program.source for _, program in problem.lets))
    try:
        with at_most(seconds):
            return Formulas(
                recording.derivation.forms,
                recording.derivation.gradients,
                shapes,
                dtype=problem.dtype,
                taken=taken,
                decimals=frozenset(float(d) for text in texts for d in DECIMAL.findall(text)),
                spoken=spoken(texts),
                brief=problem.unseen,
            ), None
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


def _formulas(trip: RoundTrip, shown: Formulas | None, failure: str | None) -> dict[str, Formula]:
    """The texts that read back, and why the others are not shown."""
    names = trip.recording.problem.wrt
    if shown is None:
        return {name: Formula(failure=failure) for name in names}
    return {name: _read_back(trip, shown, name) for name in names}


def _read_back(trip: RoundTrip, shown: Formulas, name: str) -> Formula:
    once = trip.recording.derived.once

    def answer(written: Written) -> ReadBack:
        return trip.read(name, written.text, shown.gradients[name])

    try:
        usual = once(("text", name), lambda: shown.write(name))
        found = answer(usual)
        if found is ReadBack.HOLDS:
            return Formula(usual)
        if found not in (ReadBack.ELSEWHERE, ReadBack.UNDEFINED):
            why = UNTRIED if found is ReadBack.UNTRIED else UNREAD
            return Formula(failure=why, holds=False)
        careful = once(("careful text", name), lambda: shown.write_carefully(name))
        if careful != usual and answer(careful) is ReadBack.HOLDS:
            return Formula(careful)
    except Unprintable as reason:
        return Formula(failure=f"there is no formula: {reason}")
    except Exception as fault:
        return Formula(failure=_fault(fault))
    text = f", {usual.text}," if len(usual.text) <= SHOWN else ""
    what = "does not hold" if found is ReadBack.ELSEWHERE else "cannot be worked out"
    failure = f"the formula{text} {what} at this point"
    there = trip.floats(name, usual.text, shown.gradients[name])
    return Formula(failure=failure, holds=False, elsewhere=usual, there=there)


def _fault(fault: Exception) -> str:
    return f"there is no formula: gradcalc has a fault, {type(fault).__name__}: {fault}"
