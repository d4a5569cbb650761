"""The derivative of one order less than is asked for: whether it is there at the point.

By the chain rule it may have no value there, or another one than its own, as that of
`sqrt(x**2)**2` at 0. But where a function is continuous and its derivative draws to a limit, that
is the derivative at the point. So the point is looked at for what is one order lower first, down to
the function itself, whose value is what it is. Where that has no derivative, none is higher.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO
from gradcalc.balls.numbers import NAN, OutOfReach, TooLarge
from gradcalc.derive.perturbations import directions_for
from gradcalc.derive.runs import Recording, Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.kinks import near_in_floats, special
from gradcalc.enclosure.parts import Part
from gradcalc.enclosure.sampler import Sampler
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError
from gradcalc.problem import Problem
from gradcalc.targets import Gradient
from gradcalc.testimony import Event, Nature, Neighbourhood
from gradcalc.values.precision import precision_of

DEEPER = (flint.arb(2) ** -280, flint.arb(2) ** -300)
"""How much nearer to the point than all other runs those are whose values stand for the limit, and
tell how far from it they are."""

PAIRS = 2
"""Pairs of opposite directions in which they are made."""

FURTHER = 3
"""How many times as many digits runs there have, at the least."""

SAME, SETTLED = flint.arb(2) ** -250, flint.arb(2) ** -20
"""How far off a limit may be, in relation to it, or to how far off values beside the point are."""

PLAIN, SHRUNK = 1e-9, 1e-20
"""How far the gradients around may be apart in an element that has a limit, in relation to its
size, and what is left of one that shrinks towards the point."""


@dataclass(frozen=True, slots=True)
class Lower:
    """What the derivative of one order less is like at a point that is special to it.

    `missing` are the elements, as columns of the gradient that is asked for, whose operands meet in
    what has no value; `events` are what is special about the point to that.
    """

    missing: Any
    events: tuple[Event, ...]


def below(experiment: Experiment, look: Callable[[Experiment], Any]) -> None:
    """Have `look` find out about the derivative of one order less, for all that follows here."""
    experiment.once("lower", lambda: _below(experiment, look))


def lower_of(experiment: Experiment) -> Lower | None:
    """What was found out.

    None where nothing is of one order less, where the point is not special to it, and where that is
    not known.
    """
    return experiment.once("lower", lambda: None)


def _below(experiment: Experiment, look: Callable[[Experiment], Any]) -> Lower | None:
    problem = experiment.problem
    step = problem.before[-1] if problem.before else None
    if not isinstance(step, Gradient) or not _is_special(experiment.runs.recording):
        return None
    lower = replace(
        problem, before=problem.before[:-1], wrt=step.by, cotangent=None, claims={}, rooms={}
    )
    try:
        inner = Experiment(Runs(lower))
        inner.deadline = experiment.deadline
        view = inner.once("view", lambda: look(inner))
    except (OutOfReach, GradcalcError):
        return None
    missing, weights = (
        np.zeros(len(problem.joined(problem.inputs)), np.bool_),
        _weights(problem, step),
    )
    events: list[Event] = []
    for part in view.around:
        if (weights[part.columns] != 0)[_unsettled(part)].any():
            missing |= _columns(problem, lower, part.columns)
            events += part.events
    return Lower(missing, tuple(events))


def _is_special(recording: Recording) -> bool:
    """Whether any operation of a run is at or near a corner or border, or has no finite value."""
    trace, values = recording.trace, recording.values
    epsilon = precision_of(recording.problem.precision).epsilon
    with np.errstate(all="ignore"):
        if not all(np.isfinite(value).all() for value in values):
            return True
        return any(
            near_in_floats(
                trace, node, [values[o.order] for o in node.operands], values[node.order], epsilon
            ).any()
            for node in special(trace)
        )


def _weights(problem: Problem, step: Gradient) -> Any:
    """How much of each element of the lower gradient there is in what is differentiated."""
    given = np.ones(()) if problem.cotangent is None else problem.cotangent
    inputs = problem.inputs
    if step.tangent is None:
        shape = inputs[step.wrt[0]].shape
        several = (sum(inputs[name].size for name in step.wrt),)
        return np.broadcast_to(given, shape if len(step.wrt) == 1 else several).ravel()
    ways = (inputs[way] if isinstance(way, str) else way for way in step.tangent.values())
    return np.concatenate([np.ravel(way) for way in ways]) * float(np.ravel(given)[0])


def _unsettled(part: Neighbourhood) -> Any:
    """Which elements of a lower gradient have no value at the point."""
    if part.nature is Nature.UNKNOWN:
        return np.zeros(len(part.columns), np.bool_)
    if part.nature is Nature.SMOOTH:
        return np.zeros(len(part.columns), np.bool_)
    if part.nature not in (Nature.KINK, Nature.SINGULAR) or not len(part.gradients):
        return np.ones(len(part.columns), np.bool_)
    apart, sizes = np.ptp(part.gradients, axis=0), np.abs(part.gradients).max(axis=0)
    return ~(apart <= PLAIN * sizes + SHRUNK)


def _columns(problem: Problem, lower: Problem, columns: Any) -> Any:
    """Elements of what the lower gradient is by, among those of what the higher one is by."""
    flat = np.zeros(len(lower.joined(lower.inputs)), np.bool_)
    flat[columns] = True
    marked = lower.split(flat)
    none = {name: np.zeros(problem.inputs[name].shape, np.bool_) for name in problem.wrt}
    return problem.joined({**none, **{n: v for n, v in marked.items() if n in none}})


# -- what stands for it -------------------------------------------------------------------------


def mended(sampler: Sampler, part: Part, trial: Trial) -> Trial:
    """A run at the point whose total is the lower derivative's own value, NaN if it has none."""
    lower = lower_of(sampler.experiment)
    if lower is None:
        return trial
    if lower.missing[part.columns].any():
        return replace(trial, whole=NAN)
    limit = _limit(sampler, part)
    if limit is None:
        return trial
    value, room = limit
    own = trial.whole
    if own.is_finite() and abs(own - value) <= room:
        return trial
    return replace(trial, whole=value, loose=room)


def _limit(sampler: Sampler, part: Part) -> tuple[Any, Any] | None:
    """What the total draws to, and how far off that may be; None where it is not defined.

    Raises `OutOfReach` where it draws to it too slowly.
    """
    half = directions_for(len(part.columns), PAIRS)[:PAIRS]
    # each order may lose as many digits once more
    times = FURTHER + len(sampler.experiment.problem.before)
    depth = sampler.depth

    def totals(radius: Any, times: int = 1) -> list[Any]:
        return [sampler(part, way, radius, times).whole for d in half for way in (d, -d)]

    try:
        around = totals(depth.near)
        close, closest = (totals((depth.closest * by).mid(), times) for by in DEEPER)
    except TooLarge:
        raise
    except (OutOfReach, GradcalcError):
        return None
    if not all(total.is_finite() for total in (*around, *close, *closest)):
        return None
    value = (sum(closest, ZERO) / len(closest)).mid()
    room = _furthest((*close, *closest), value) * 2
    if room > abs(value) * SAME and room > _furthest(around, value) * SETTLED:
        raise OutOfReach("the derivative of one order less settles too slowly to be told")
    return value, room


def _furthest(totals: Sequence[Any], value: Any) -> Any:
    return max(abs(total - value).upper() for total in totals)


def total_of(sampler: Sampler, centre: Trial) -> Any:
    """The value at the point, None where it is that of the run, NaN where it is not known."""
    found = None
    for part in sampler.special if lower_of(sampler.experiment) is not None else ():
        own = part.of(centre, sampler.base)
        try:
            total = mended(sampler, part, own).total
        except (OutOfReach, GradcalcError):
            return NAN
        if total is not own.total:
            found = total if part.terms is None else NAN
    return found


def missing(
    experiment: Experiment, around: tuple[Neighbourhood, ...], joined: Any
) -> Neighbourhood | None:
    """The elements that have no value at the point for want of a lower derivative alone."""
    lower = lower_of(experiment)
    if lower is None:
        return None
    left = lower.missing.copy()
    for part in around:
        left[part.columns] = False
    if not left.any():
        return None
    columns = np.flatnonzero(left)
    rows = np.array([[float(value) for value in joined[columns]]])
    return Neighbourhood(
        Nature.EDGE, rows, np.ones(rows.shape), hole=True, columns=columns, events=lower.events
    )
