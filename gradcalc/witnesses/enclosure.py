"""The enclosure witness: the run's graph in ball arithmetic, at the exact inputs.

Every primitive is its textbook definition, differentiated by sympy, and the chain rule joins them.
What the function is like around the point is found out by running it there too. What is too large
for that runs in a few directions only.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach, TooLarge
from gradcalc.derive.perturbations import directions_for, shifts, smallest
from gradcalc.derive.sensitivity import magnitudes
from gradcalc.enclosure.cells import Walk, walk
from gradcalc.enclosure.closed import closed
from gradcalc.enclosure.consistency import contradiction, misled
from gradcalc.enclosure.culprits import ranked, turned
from gradcalc.enclosure.experiment import (
    BESIDE,
    MORE,
    SAMPLES,
    TIE,
    Experiment,
    Samples,
    beside,
    conditions,
    run_beside,
    sway,
)
from gradcalc.enclosure.float_faults import faults
from gradcalc.enclosure.kinks import events_of
from gradcalc.enclosure.neighbourhood import RADII, around_rounding, explore, in_cells
from gradcalc.enclosure.rounding import noise, rounding
from gradcalc.enclosure.trial import FAR, Trial, reals
from gradcalc.errors import GradcalcError
from gradcalc.problem import claim_values
from gradcalc.testimony import (
    CONTRADICTION,
    Absence,
    Absent,
    Computed,
    Enclosed,
    Event,
    Nature,
    Neighbourhood,
    Sensitivity,
    Slopes,
)

EXPLORED = 300_000
"""Numbers in all runs around a special point together, which takes about a second."""

ROUNDINGS = 4
"""How far, in roundings of the inputs, a point may be from one that floats take for it."""

WIDEST = 32
"""Inputs up to which the cells around a point are gone through."""

DIAGNOSED = 50_000
"""Functions of elements in one run up to which causes are sought."""

WAYS = 4
"""Directions in which it is looked for what makes a point special."""

OFF = 1e-30
"""How far what is 0 is moved, in relation to the others, to leave a special point."""

ON = 1e-25
"""The margin below which a point is on a kink, not beside it."""

CLOSE = "1e-10"
"""How far apart two runs beside a special point are, in relation to how far they are from it."""

CLEAR = 1e-20
"""The margin from which on a kink is not between a point and one beside it."""

CHEAP = 100_000
"""Numbers in the runs that measure the conditioning, if it takes more than one."""


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
        return Absent(Absence.UNABLE, str(reason))


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
    return Slopes(Absence.TOO_LARGE, reason, found.probes, found.path)


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
            found = replace(exact.sensitivity, rounding=rounding(experiment, exact.exact))
            exact = replace(exact, sensitivity=found)
            if exact.size > DIAGNOSED:
                return exact
            told: Computed | Absent = autograd()
            return replace(
                exact,
                faults={}
                if isinstance(told, Absent)
                else faults(experiment, centre, told, exact.exact),
                closed=closed(centre, experiment.problem.dtype),
                sensitivity=replace(found, noise=noise(centre) if centre.finite else {}),
            )
    except (OutOfReach, GradcalcError):
        return exact


def _testify(experiment: Experiment) -> Enclosed | Absent:
    problem = experiment.problem
    view = _look(experiment)
    centre = view.centre
    exact, radii = dict(centre.gradients), centre.radii
    wrong = _own_mistake(experiment, view)
    if wrong is not None:
        return Absent(Absence.MISTAKEN, f"{CONTRADICTION}: {wrong}")
    if view.around is not None and view.around.limit is not None:
        exact, radii = problem.split(view.around.limit), {}
    with flint.ctx.workprec(centre.bits):
        sizes = magnitudes(centre.derived, centre.values, centre.arithmetic)
    samples = view.samples
    return Enclosed(
        value=to_floats(centre.output),
        gradients={name: to_floats(values) for name, values in exact.items()},
        path=centre.path,
        claims=_claims(experiment, centre),
        exact=exact,
        total=centre.total,
        sensitivity=Sensitivity(
            sizes.scales, sizes.flows, conditions(exact, samples) if samples else {}
        ),
        sway=sway(centre, samples) if samples else None,
        around=view.around,
        within=view.within,
        turned=view.turned,
        events=view.events,
        radii=radii,
        bits=centre.bits,
        size=experiment.size,
    )


def mistaken(experiment: Experiment) -> str | None:
    """The operation whose derivative is not that of its value to the check, None if all is well.

    Of what is too large only the functions of elements are looked at.
    """
    try:
        with np.errstate(all="ignore"):
            return _own_mistake(experiment, _look(experiment))
    except TooLarge:
        return misled(experiment.runs.recording)
    except (OutOfReach, GradcalcError):
        return None


def _own_mistake(experiment: Experiment, view: "_View") -> str | None:
    if view.around is None:
        return contradiction(view.centre, _alone(experiment, view))
    if not view.aside:
        return None
    return contradiction(view.aside[0], view.aside[1:])


def _alone(experiment: Experiment, view: "_View") -> list[Trial]:
    """Runs beside the point where nothing has moved but what is differentiated by."""
    problem, bits = experiment.problem, view.centre.bits + MORE
    if any(event.margin < CLEAR for event in view.events):
        return []
    if set(problem.wrt) == set(problem.inputs):
        return [trial for trial, _ in view.samples[:1]]
    size = sum(problem.inputs[name].size for name in problem.wrt)
    with flint.ctx.workprec(bits):
        moved = shifts(problem.inputs, problem.wrt, np.ones(size), flint.arb(OFF), 1.0)
    return [run_beside(experiment, bits, moved, view.centre.detached)]


@dataclass(frozen=True, slots=True)
class _View:
    """The run at the point and what lies around it.

    `aside` are two runs beside a point that is not smooth, next to each other, none where the
    function has no gradient there; `turned` are comparisons that come out at this point alone as
    they do.
    """

    centre: Trial
    events: tuple[Event, ...]
    samples: Samples
    around: Neighbourhood | None = None
    within: Neighbourhood | None = None
    aside: Sequence[Trial] = ()
    turned: tuple[Event, ...] = ()


def _look(experiment: Experiment) -> _View:
    centre = experiment.centre
    events = events_of(centre, experiment.epsilon)
    count = max(1, min(SAMPLES, CHEAP // max(experiment.size, 1)))
    if centre.finite and not events:
        return _View(centre, (), beside(experiment, centre, count))
    return _explored(experiment, centre, events, EXPLORED // max(experiment.size, 1))


def _explored(
    experiment: Experiment, centre: Trial, events: tuple[Event, ...], affordable: int
) -> _View:
    problem = experiment.problem
    size = sum(problem.inputs[name].size for name in problem.wrt)
    bits = centre.bits + MORE

    if not size:
        return _View(centre, events, [])
    at_zero = smallest(problem.inputs, problem.wrt)

    def sample(direction: Any, radius: Any) -> Trial:
        # floors of large numbers have steps nearer than a small part of them
        moved = shifts(problem.inputs, problem.wrt, direction, radius, at_zero, 1.0)
        return run_beside(experiment, bits, moved, centre.detached)

    around = within = None
    aside: list[Trial] = []
    alone: tuple[Event, ...] = ()
    if centre.finite and all(event.margin for event in events):
        # near something, but not on it
        samples = beside(experiment, centre, SAMPLES)
    else:
        still = shifts(problem.inputs, problem.wrt, np.zeros(size), flint.arb(1), 0.0)
        base = experiment.run(bits, still, centre.detached, forced=True)
        if base.guessed:
            raise OutOfReach(TIE)
        with flint.ctx.workprec(bits):
            around = explore(centre, base, sample, size, affordable)
            if around.nature is Nature.EDGE and not around.inside and not events:
                # nothing that is there says that it is not defined
                raise OutOfReach(FAR)
            if size <= WIDEST and around.nature in (Nature.SMOOTH, Nature.KINK):
                found = _walked(experiment, sample, at_zero, affordable)
                around = in_cells(around, base, found, sample)
            aside = _aside(sample, size)
            ways = directions_for(size, WAYS)
            near, far = (flint.arb(radius).mid() for radius in (RADII[1], RADII[0]))
            events = ranked(around.nature, events, sample, ways, (far, near))
            if any(event.condition and not event.margin for event in events):
                alone = turned(centre, _sides(sample, ways, near))
        samples = beside(experiment, centre, SAMPLES, OFF) if around.limit is not None else []
    if around is None or around.limit is not None:
        # rounding moves every input; but an exponent or a count may have to stay whole
        within = _within(experiment, centre, tuple(problem.inputs), bits)
        within = within or _within(experiment, centre, problem.wrt, bits)
    return _View(centre, events, samples, around, within, aside, alone)


def _sides(
    sample: Callable[[Any, Any], Trial], directions: Sequence[Any], radius: Any
) -> list[Trial]:
    """Runs beside the point, this way and that; none if one of them cannot be made."""
    try:
        return [sample(way, radius) for d in directions for way in (d, -d)]
    except (OutOfReach, GradcalcError):
        return []


def _walked(
    experiment: Experiment, sample: Callable[[Any, Any], Trial], at_zero: float, affordable: int
) -> Walk:
    problem, radius = experiment.problem, flint.arb(RADII[1]).mid()
    size = sum(problem.inputs[name].size for name in problem.wrt)
    moves = [
        shifts(problem.inputs, problem.wrt, part, flint.arb(1), at_zero, 1.0)
        for part in np.eye(size)
    ]
    (start,) = directions_for(size, 1)
    return walk(lambda d: sample(d, radius), moves, start, radius, affordable // (size + 2))


def _aside(sample: Callable[[Any, Any], Trial], size: int) -> list[Trial]:
    """Two runs next to each other on one side of the point, none where there is no gradient."""
    (direction,) = directions_for(size, 1)
    radius = flint.arb(BESIDE).mid()
    radii = (radius, (radius * (1 + flint.arb(CLOSE))).mid())
    for side in (direction, -direction):
        try:
            found = [sample(side, by) for by in radii]
        except (OutOfReach, GradcalcError):
            continue
        if all(trial.finite for trial in found):
            return found
    return []


def _within(
    experiment: Experiment, centre: Trial, names: tuple[str, ...], bits: int
) -> Neighbourhood | None:
    """The gradients at points that rounding of these inputs can take for this one."""
    inputs = experiment.problem.inputs

    def off_kinks(direction: Any, radius: Any) -> Trial | None:
        trial = run_beside(
            experiment, bits, shifts(inputs, names, direction, radius, 0.0), centre.detached
        )
        on_one = any(event.margin < ON for event in events_of(trial, experiment.epsilon))
        return None if on_one or not trial.finite else trial

    radius = flint.arb(ROUNDINGS * experiment.epsilon)
    with flint.ctx.workprec(bits):
        found = around_rounding(off_kinks, sum(inputs[name].size for name in names), radius)
    if found is None:
        return None
    columns = np.cumsum([0, *(inputs[name].size for name in names)])
    own = [range(columns[i], columns[i + 1]) for i in map(names.index, experiment.problem.wrt)]
    return replace(found, directions=found.directions[:, list(itertools.chain(*own))])


def _claims(experiment: Experiment, centre: Trial) -> dict[str, Any]:
    problem, run = experiment.problem, centre.recording
    if not problem.claims or run.backend is None or run.execution is None:
        return {}
    decisions = centre.arithmetic.decisions
    decisions.guessed = False
    with flint.ctx.workprec(centre.bits):
        values = claim_values(problem, run.backend, run.execution, run.backend.budget)
        found = {name: to_floats(reals(value.value)) for name, value in values.items()}
    # a claim with a tie in it is judged as floats have it
    return {} if decisions.guessed else found
