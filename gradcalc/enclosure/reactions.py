"""How the gradients and the value react to small changes of the inputs: the conditioning."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.perturbations import is_finite, shifts, signed
from gradcalc.derive.trace import is_boolean
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.experiment import Experiment, run_beside, ways_of
from gradcalc.enclosure.trial import Reals, Trial, largest
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.primitives.arithmetic import is_step

KNOWN = 2.0**-20
"""How well a gradient must be known, in relation to how far runs beside the point are from it, for
the difference to tell anything."""

SAMPLES = 3
"""Directions in which the conditioning is measured."""

Samples = list[tuple[Trial, Any]]


def beside(
    experiment: Experiment,
    centre: Trial,
    count: int,
    depth: Depth,
    off: Any = 0.0,
    told: Any = None,
) -> Samples:
    """Runs a little beside the point, all inputs moved in relation to their size.

    What is 0 stays so, or is moved by next to nothing, `off`, where the point itself is special.
    Of what is differentiated by, only the elements that are `told` move, and must have a gradient.
    """
    problem, inputs = experiment.problem, experiment.problem.inputs
    bits = centre.bits + depth.more
    moving = {} if told is None else problem.split(told)
    # a count has nothing beside it
    counts = centre.derived.counts
    radius = depth.beside

    def has_all(trial: Trial) -> bool:
        if told is None:
            return trial.finite
        return bool(is_finite(problem.joined(trial.gradients))[told].all())

    def moved(names: tuple[str, ...]) -> Samples:
        size = sum(inputs[name].size for name in names)
        still = [
            np.ravel(moving.get(name, np.ones(inputs[name].shape))) * (name not in counts)
            for name in names
        ]
        with flint.ctx.workprec(bits):
            ways = _directions(size)[:count] * np.concatenate([np.empty(0), *still])
            steps = [shifts(inputs, names, way, radius, off) for way in ways]
        return [(run_beside(experiment, bits, step, centre.detached), radius) for step in steps]

    # an exponent or a count may have to stay whole; what is differentiated by varies anyway
    def kept(names: tuple[str, ...]) -> Samples:
        try:
            samples = moved(names)
        except (OutOfReach, GradcalcError):
            return []
        alike = all(has_all(trial) and _goes_as(trial, centre) for trial, _ in samples)
        return samples if alike else []

    if samples := kept(tuple(inputs)):
        return samples
    # labels and places are whole numbers that have nothing beside them
    free = tuple(name for name in inputs if kept((name,))) if len(inputs) > 1 else ()
    return (kept(free) if free else []) or moved(problem.wrt)


def _goes_as(trial: Trial, centre: Trial) -> bool:
    """Whether a run takes the branches of the one at the point, and what it compares comes out so.

    What is equal to a number that the text names, as a label is, is not so beside the point.
    """
    if ways_of(trial) != ways_of(centre):
        return False
    if not trial.derived.shares_with(centre.derived):
        # it takes other places, or another number of them
        return False
    compared = [node.order for node in centre.trace.nodes if _is_chosen(node)]
    return all(
        np.array_equal(to_floats(trial.values[k]), to_floats(centre.values[k])) for k in compared
    )


def _is_chosen(node: Node) -> bool:
    """Whether numbers are only chosen by what is here: comparisons, places, whole numbers."""
    row = None if node.source is None else node.source[0]
    return is_boolean(node) or node.op is ops.ONE_HOT or is_step(row)


@lru_cache(maxsize=64)
def _directions(size: int) -> Any:
    """Changes of up to once the size of each input; the second with every other sign turned."""
    random = np.random.default_rng(20181)
    drawn = signed(random, 0.5, 1.0, (SAMPLES, size))
    drawn[1] = abs(drawn[1]) * np.sign(drawn[0]) * (-1.0) ** np.arange(size)
    return drawn


def sharpened(experiment: Experiment, centre: Trial, others: Samples) -> Trial:
    """The run at the point in as many bits as those beside it, where its own tell no difference.

    Where digits cancel, what is tight may still be off by more than two points are apart.
    """
    if all(_is_sharp(centre.balls[name], others[0][1]) for name in centre.balls):
        return centre
    bits = max(trial.bits for trial, _ in others)
    try:
        found = experiment.run(bits, forced=centre.guessed)
    except (OutOfReach, Undecided, GradcalcError):
        return centre
    return found if found.derived.shares_with(centre.derived) else centre


def _is_sharp(balls: Any, radius: Any) -> bool:
    told = balls[is_finite(balls)]
    off = max((ball.rad() for ball in told.flat), default=0)
    return bool(off <= largest(told) * radius * KNOWN)


def conditions(exact: Mapping[str, Reals], others: Samples) -> dict[str, float]:
    """How strongly each gradient reacts to relative changes of the inputs (the κ of the verdict).

    The largest relative change of the gradient over that of the inputs, among the samples, each
    given with its radius; infinite for a gradient that is zero here and not beside. What is not a
    number in `exact` is left out.
    """
    result: dict[str, float] = {}
    for name, gradient in exact.items():
        told = np.asarray(gradient == gradient, np.bool_)
        own = gradient[told]
        size = largest(own)
        changes = (largest(trial.gradients[name][told] - own) / radius for trial, radius in others)
        change = max(changes, default=0)
        if size != 0:
            result[name] = float(change / size)
        else:
            result[name] = float("inf") if change != 0 else 0.0
    return result


def sway(centre: Trial, others: Samples) -> Any:
    """How much the total changes for a relative change of the inputs of one; None without one."""
    changes = [abs(trial.total - centre.total) / radius for trial, radius in others]
    return max(changes, default=0) if all(c < np.inf for c in changes) else None
