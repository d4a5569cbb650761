"""How much precision it takes: until every enclosure is tight.

The precision rises from run to run. A comparison of balls that overlap calls for more of it too;
at the ceiling the midpoints decide.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import flint
import numpy as np

from gradcalc.enclosure.balls import Ball, OutOfReach, Undecided
from gradcalc.enclosure.course import Trial
from gradcalc.enclosure.events import is_undefined
from gradcalc.enclosure.experiment import Experiment, partial_of
from gradcalc.enclosure.graph import ZERO, Node
from gradcalc.enclosure.moves import shifts
from gradcalc.errors import GradcalcError

Reals = Any

PRECISIONS = (192, 768, 2560, 8192)
"""Bits tried until the enclosure is tight."""

BESIDE = "1e-30"
"""The relative distance at which the conditioning is measured."""

MORE = 256
"""Bits on top of those at the point for a run beside it."""

TIE = "a comparison is a tie, or so close to one that no precision decides it"

FINER = (1, 4, 16)
"""How many times as many bits are tried beside the point."""

SAMPLES = 3
"""Directions in which the conditioning is measured."""

ROUNDED = 3
"""Runs with as few bits as the dtype has, which round differently."""

Samples = list[tuple[Trial, Any]]


def settle(experiment: Experiment) -> Trial:
    """The run at the point with a tight enclosure, or without one if there is no gradient.

    Raises `OutOfReach` if the ceiling is reached before.
    """
    for bits in PRECISIONS:
        try:
            trial = experiment.run(bits)
        except Undecided:
            continue
        if trial.tight or is_undefined(experiment, trial):
            return trial
    trial = experiment.run(PRECISIONS[-1], forced=True)
    if trial.guessed:
        raise OutOfReach(TIE)
    if trial.finite and not trial.tight:
        raise OutOfReach(f"{PRECISIONS[-1]:,} bits are not enough to tell the gradient")
    return trial


def run_beside(experiment: Experiment, bits: int, moved: Any, replay: Any) -> Trial:
    """A run at another point, tight as well.

    Raises `OutOfReach` where that takes too much precision, or a tie is not decided.
    """
    trial: Trial | None = None
    for more in FINER:
        try:
            trial = experiment.run(bits * more, moved, replay)
        except Undecided:
            continue
        if trial.tight or is_undefined(experiment, trial):
            return trial
    if trial is None or trial.finite:
        raise OutOfReach("beside the point no precision is enough to tell the gradient")
    return trial


def beside(experiment: Experiment, centre: Trial, count: int, off: float = 0.0) -> Samples:
    """Runs a little beside the point, all inputs moved in relation to their size.

    What is 0 stays so, or is moved by next to nothing, `off`, where the point itself is special.
    """
    inputs = experiment.problem.inputs
    bits = centre.bits + MORE
    experiment.context.prec = bits
    radius = experiment.context.mpf(BESIDE)

    def moved(names: tuple[str, ...]) -> Samples:
        size = sum(inputs[name].size for name in names)
        steps = (shifts(inputs, names, d, radius, off) for d in _directions(size)[:count])
        return [(run_beside(experiment, bits, step, centre.detached), radius) for step in steps]

    # an exponent or a count may have to stay whole; what is differentiated by varies anyway
    try:
        samples = moved(tuple(inputs))
    except (OutOfReach, GradcalcError):
        samples = []
    ways = [branch.taken for branch in centre.path]
    if all(t.finite and [b.taken for b in t.path] == ways for t, _ in samples) and samples:
        return samples
    return moved(experiment.problem.wrt)


def rounding(experiment: Experiment, exact: Mapping[str, Reals]) -> dict[str, float]:
    """What the dtype's rounding alone does to each gradient of the program as it is written.

    The relative error of runs with as many bits as the dtype has and a few more, brought to the
    dtype's. Nothing where the gradient is 0, or such a run meets a number that is not finite.
    """
    bits = int(np.finfo(experiment.problem.dtype).nmant) + 1
    worst: dict[str, float] = {}
    for more in range(ROUNDED):
        gradients = experiment.in_floats(bits + more)
        for name, true in exact.items():
            size = max(map(abs, np.ravel(true)), default=0)
            error = max(map(abs, np.ravel(gradients[name] - true)), default=0)
            if size and experiment.context.isfinite(error):
                worst[name] = max(worst.get(name, 0.0), float(error / size) * 2.0**more)
    return worst


def noise(trial: Trial) -> dict[str, float]:
    """What rounding of the values does to a gradient, in units of epsilon.

    Running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3):
    each number is off by what its operands are, times its slope, and one rounding more, and each
    slope by what its operands are, times its own slope; one that is computed from the value
    (1 - y**2, y*(1 - y)) has twice the value's rounding at the most.
    """
    nodes = trial.course.graph.nodes
    errors: list[Ball] = []
    with flint.ctx.workprec(trial.bits):
        for node in nodes:
            errors.append(_error(node, errors))
        handed = _handed_on(trial, errors)
    largest = max((abs(float(node.value)) for node in nodes if node.value.is_finite()), default=0)
    result = {}
    for name in trial.gradients:
        leaves = list(trial.course.leaves[name].flat)
        left = max((abs(float(handed.get(leaf.order, 0))) for leaf in leaves), default=0.0)
        size = max((abs(float(leaf.value)) for leaf in leaves), default=0.0)
        # a change of the input by its own size that outweighs all numbers is no rounding
        result[name] = min(left, largest / size) if size else left
    return result


def _error(node: Node, errors: list[Ball]) -> Ball:
    if node.row is None or not node.value.is_finite():
        return ZERO
    found = abs(node.value.mid())
    for position, operand in enumerate(node.operands):
        before = errors[operand.order]
        slope = partial_of(node, position)
        if not before.is_zero() and slope.is_finite():
            found += abs(slope.mid()) * before
    return found


def _handed_on(trial: Trial, errors: list[Ball]) -> dict[int, Ball]:
    """The errors of the derivatives by all nodes, by order."""
    found: dict[int, Ball] = {}
    for node in trial.course.nodes:
        own, adjoint = found.get(node.order, ZERO), trial.adjoints.get(node.order)
        if adjoint is None or not adjoint.is_finite():
            continue
        for position in node.live:
            operand = node.operands[position]
            slope = partial_of(node, position)
            if not operand.active or not slope.is_finite():
                continue
            off = own * abs(slope.mid()) + abs(adjoint.mid()) * _bent(node, position, errors)
            found[operand.order] = found.get(operand.order, ZERO) + off
    return found


def _bent(node: Node, position: int, errors: list[Ball]) -> Ball:
    """How far off the slope by an operand is, when all operands are as far off as they are."""
    assert node.row is not None
    values = [operand.value for operand in node.operands]
    calculus, found = node.graph.calculus, ZERO
    if node.row.from_value:
        found += abs(2 * node.value.mid())
    for second, operand in enumerate(node.operands):
        error = errors[operand.order]
        if error.is_zero() or node.row.name == "where":
            continue
        try:
            bend = calculus.function(node.row, node.variant, position, second)(*values)
        except OutOfReach:
            # sympy has no form for how the slope of a step bends
            continue
        if bend.is_finite():
            found += abs(bend.mid()) * error
    return found


@lru_cache(maxsize=64)
def _directions(size: int) -> Any:
    """Changes of up to once the size of each input; the second with every other sign turned."""
    random = np.random.default_rng(20181)
    lengths = random.uniform(0.5, 1.0, (SAMPLES, size))
    signs = random.choice([-1.0, 1.0], (SAMPLES, size))
    signs[1] = signs[0] * (-1.0) ** np.arange(size)
    return lengths * signs
