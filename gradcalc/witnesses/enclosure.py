"""The enclosure witness: the run's graph in ball arithmetic, at the exact inputs.

Every primitive is its textbook definition, differentiated by sympy, and the chain rule joins them.
What the function is like around the point is found out by running it there too. What is too large
for that runs in a few directions only.
"""

from collections.abc import Callable
from dataclasses import replace

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, to_floats
from gradcalc.balls.numbers import NAN, OutOfReach, TooLarge
from gradcalc.derive.sensitivity import magnitudes
from gradcalc.enclosure.choices import chosen
from gradcalc.enclosure.claimed import claims_of
from gradcalc.enclosure.closed import closed
from gradcalc.enclosure.consistency import contradiction, misled
from gradcalc.enclosure.depth import USUAL
from gradcalc.enclosure.experiment import UNTIGHT_BESIDE, Experiment
from gradcalc.enclosure.float_faults import course_of, faults
from gradcalc.enclosure.kinks import events_of
from gradcalc.enclosure.reactions import SAMPLES, beside, conditions, sharpened, sway
from gradcalc.enclosure.rounding import noise, rounding
from gradcalc.enclosure.sampler import UNTIGHT
from gradcalc.enclosure.steepness import steepest
from gradcalc.enclosure.surroundings import View, alone, further, look
from gradcalc.enclosure.trial import Trial
from gradcalc.enclosure.turning import asked_of_undefined, cancelling
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.testimony import (
    CONTRADICTION,
    Absence,
    Absent,
    Array,
    Computed,
    Enclosed,
    Nature,
    Neighbourhood,
    Sensitivity,
    Slopes,
)

OPEN = (
    "equal eigenvalues or singular values leave their vectors open, which the gradient is made of"
)

NOISE = 64
"""Roundings that an element of a gradient at a corner may be off, as elsewhere."""

DIAGNOSED = 50_000
"""Functions of elements in one run up to which causes are sought."""


def testify(experiment: Experiment) -> Enclosed | Absent:
    """Run the program on balls and differentiate its definitions.

    Where that would take too long, it is done in a few directions; what meets what it does not know
    says so.
    """
    try:
        # numpy only carries the numbers about; what it warns of is found out from them
        with np.errstate(all="ignore"):
            return _testify(experiment)
    except TooLarge as reason:
        experiment.too_large = True
        return _in_directions(experiment, str(reason))
    except (OutOfReach, GradcalcError) as reason:
        return Absent(Absence.UNABLE, _reason(experiment, str(reason)))


def _reason(experiment: Experiment, reason: str) -> str:
    """Why there is no enclosure: where vectors are open, that, and not how many digits it takes."""
    if reason not in (UNTIGHT, UNTIGHT_BESIDE):
        return reason
    nodes = experiment.centre.trace.nodes
    met = events_of(experiment.centre, experiment.epsilon)
    return OPEN if any(nodes[one.number].op in ops.SPECTRAL for one in met) else reason


def _in_directions(experiment: Experiment, reason: str) -> Absent:
    """The slopes in as many directions as there is time for."""
    # imported where it is used: few calculations are so large
    from gradcalc.slopes.directions import sample

    try:
        wrong = misled(experiment.runs.recording)
        if wrong is not None:
            return Absent(Absence.MISTAKEN, f"{CONTRADICTION}: {wrong}")
        found = sample(experiment)
    except OutOfReach as further:
        return Absent(Absence.TOO_LARGE, f"{reason}, and {further}")
    if not found.probes:
        return Absent(Absence.TOO_LARGE, reason)
    conventions = experiment.runs.recording.trace.conventions
    return Slopes(Absence.TOO_LARGE, reason, found.probes, found.path, conventions)


def diagnose(
    experiment: Experiment, exact: Enclosed, autograd: Callable[[], Computed | Absent]
) -> Enclosed:
    """The same testimony with what makes floats go astray: the faults and the rounding.

    `autograd` gives its testimony with all steps, or is absent. It costs some more runs, so it is
    left for gradients about which something is wrong.
    """
    try:
        with np.errstate(all="ignore"):
            centre = experiment.centre
            slopes, ordinary = steepest(experiment) if centre.finite else ({}, {})
            found = replace(
                exact.sensitivity,
                rounding=rounding(experiment, exact.exact),
                noise=noise(centre) if centre.finite else {},
                slopes=slopes,
                ordinary=ordinary,
            )
            exact = replace(_with_sway(experiment, exact), sensitivity=found)
            view: View = experiment.once("view", lambda: look(experiment))
            if view.sampler is not None:
                corners = cancelling(view.sampler, view.around, view.sampler.base.bits)
                exact = replace(exact, cancelling=corners)
            if exact.size > DIAGNOSED:
                return exact
            told: Computed | Absent = autograd()
            course = None if isinstance(told, Absent) else course_of(experiment, centre, told)
            decided, gradients = ((), {}) if course is None else chosen(course)
            return replace(
                exact,
                faults={} if course is None else faults(course, exact.exact),
                decided=decided,
                chosen=gradients,
                closed=closed(centre, experiment.problem.dtype),
            )
    except (OutOfReach, GradcalcError):
        return exact


def _with_sway(experiment: Experiment, exact: Enclosed) -> Enclosed:
    """The same testimony with how the total reacts to all inputs at a kink, if that can be told."""
    natures = {part.nature for part in exact.around}
    centre = experiment.centre
    if exact.sway is not None or not natures <= {Nature.KINK, Nature.SMOOTH} or centre.guessed:
        return exact
    if exact.total is NAN:
        return exact
    try:
        with flint.ctx.workprec(centre.bits + USUAL.more):
            samples = beside(experiment, centre, SAMPLES, USUAL, USUAL.aside)
            near = sharpened(experiment, centre, samples)
            if not all(_moves_all(experiment, trial) for trial, _ in samples):
                return exact
            total = ZERO if near.whole.contains(0) else near.total
            return replace(exact, sway=sway(near, samples), total=total)
    except (OutOfReach, GradcalcError):
        return exact


def _moves_all(experiment: Experiment, trial: Trial) -> bool:
    """Whether no input of a run is where it is at the point, but what is 0."""
    inputs = experiment.problem.inputs.items()
    return all((trial.inputs[n] != values)[values != 0].all() for n, values in inputs)


def seek(
    experiment: Experiment, exact: Enclosed, number: int, given: Array, room: float
) -> Enclosed:
    """The same testimony with as many gradients around a kink as tell whether one is valid.

    It is given in the columns of the part of that number, and may be so much off.
    """
    view: View = experiment.once("view", lambda: look(experiment))
    around = list(exact.around)
    with np.errstate(all="ignore"):
        around[number] = further(view, around[number], given, room)
    return replace(exact, around=tuple(around))


def _testify(experiment: Experiment) -> Enclosed | Absent:
    problem = experiment.problem
    view = experiment.once("view", lambda: look(experiment))
    centre = view.centre
    wrong = _own_mistake(experiment, view)
    if wrong is not None:
        return Absent(Absence.MISTAKEN, f"{CONTRADICTION}: {wrong}")
    exact, radii = dict(centre.gradients), dict(centre.radii)
    if view.around:
        exact = problem.split(view.gradient(problem.joined(exact)))
        own = problem.joined(radii)
        own[np.concatenate([part.columns for part in view.around])] = 0.0
        radii = problem.split(own)
    with flint.ctx.workprec(centre.bits):
        sizes = magnitudes(centre.derived, centre.values, centre.arithmetic)
        samples = view.samples
        near = sharpened(experiment, centre, samples) if samples else centre
        beside = problem.split(view.sharp(problem.joined(near.gradients)))
    flows = to_floats(problem.joined(sizes.flows)) if view.around else np.empty(0)
    total = centre.total if view.total is None else view.total
    is_unknown = view.total is not None and view.total.is_nan()
    around = tuple(_with_noise(part, flows, experiment.epsilon) for part in view.around)
    return Enclosed(
        value=to_floats(centre.output),
        gradients={name: to_floats(values) for name, values in exact.items()},
        path=centre.path,
        claims=claims_of(experiment, centre),
        exact=exact,
        total=total,
        sensitivity=Sensitivity(
            sizes.scales, sizes.flows, conditions(beside, samples) if samples else {}
        ),
        # of a value that is not known nobody needs to know how it reacts
        sway=sway(near, samples) if samples and not is_unknown else None,
        around=around,
        within=view.within,
        turned=view.turned,
        asked=asked_of_undefined(centre),
        events=view.events,
        radii=radii,
        bits=centre.bits,
        conventions=centre.trace.conventions,
        size=experiment.size,
    )


def _with_noise(part: Neighbourhood, flows: Array, epsilon: float) -> Neighbourhood:
    """What lies around a part, with what rounding does to each element of its gradient."""
    largest = np.abs(part.gradients).max(initial=0)
    flow = np.nan_to_num(flows[part.columns], posinf=0.0)
    return replace(part, noise=NOISE * epsilon * np.maximum(flow, largest))


def mistaken(experiment: Experiment) -> str | None:
    """The operation whose derivative is not that of its value to the check, None if all is well.

    Of what is too large only the functions of elements are looked at.
    """
    try:
        with np.errstate(all="ignore"):
            return _own_mistake(experiment, experiment.once("view", lambda: look(experiment)))
    except TooLarge:
        return misled(experiment.runs.recording)
    except (OutOfReach, GradcalcError):
        return None


def _own_mistake(experiment: Experiment, view: View) -> str | None:
    if not view.around and view.centre.finite:
        return contradiction(view.centre, alone(experiment, view))
    if not view.aside:
        return None
    return contradiction(view.aside[0], view.aside[1:])
