"""How many digits it takes: two runs with different ones must agree.

A run at the point with fifty digits and one beside it with a hundred do, if neither rounding nor
the distance matters; so the runs that tell the conditioning confirm the digits too. Only where
they do not is the point run with more and more.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.calculus import is_saturating
from gradcalc.elements.backend import as_objects
from gradcalc.elements.calculus import OutOfReach
from gradcalc.elements.experiment import Experiment, Trial
from gradcalc.elements.graph import Node
from gradcalc.elements.neighbourhood import shifts
from gradcalc.errors import GradcalcError

Reals = Any

DIGITS = (50, 100, 200, 400, 800)
"""Decimal digits tried until two in a row agree."""

DEEPEST = 2200.0
"""The smallest number inside a primitive that matters, in powers of 2: any float is larger."""

SPARE = 25
"""Digits beyond twice the distance between the sizes of numbers."""

MOST = 3000
"""The most digits that a run is begun with."""

AGREED = "1e-20"
"""The largest relative difference between runs that agree."""

DECAY = "1e-30"
"""A gradient that shrinks so much with more digits is what rounding leaves of zero."""

BESIDE = "1e-30"
"""The relative distance at which the conditioning is measured."""

SAMPLES = 3
"""Directions in which the conditioning is measured."""

ROUNDED = 3
"""Runs with as few bits as the dtype has, which round differently."""

Samples = list[tuple[Trial, Any]]


def enough(experiment: Experiment) -> Trial:
    """The first run at the point, with digits for the numbers that it meets.

    What is lost when numbers far apart in size are added shows in no number of digits below their
    distance: 1 + x is 1 for a small x whether there are fifty or a hundred.
    """
    trial = experiment.run(DIGITS[0])
    for _ in range(3):
        distance = max(map(_distance, trial.backend.graph.nodes), default=0)
        digits = min(SPARE + math.ceil(2 * math.log10(2) * distance), MOST)
        if digits <= trial.digits:
            break
        trial = experiment.run(digits)
    return trial


def _distance(node: Node) -> float:
    """How far from 1 a number is in size, in powers of 2, and what went into it."""
    _, mantissa, exponent, bits = node.value._mpf_
    own = abs(exponent + bits) if mantissa else 0
    if node.row is None or not is_saturating(node.row, node.variant):
        return own
    # exp(-2x) is in tanh(x), where no number of its own shows it; erf goes by the square
    widest = max(abs(float(operand.value)) for operand in node.operands)
    inner = min(3.0 * widest, DEEPEST) if math.isfinite(widest) else DEEPEST
    return max(own, inner, min(1.5 * widest**2, 1100.0) if widest < 30 else 0.0)


def settle(experiment: Experiment, first: Trial) -> Trial:
    """The run at the point with enough digits: more of them change nothing."""
    before = first
    for digits in (first.digits * 2**k for k in range(1, len(DIGITS))):
        trial = experiment.run(digits)
        gradients = _agreed(before, trial)
        if gradients is not None:
            return replace(trial, gradients=gradients)
        before = trial
    raise OutOfReach(f"{before.digits} digits are not enough to tell the gradient")


def confirmed(centre: Trial, samples: Samples) -> Trial | None:
    """The run at the point, if those beside it with more digits confirm it."""
    gradients = dict(centre.gradients)
    for sample, _ in samples:
        agreed = _agreed(centre, sample)
        if agreed is None:
            return None
        gradients |= {name: values for name, values in agreed.items() if not values.any()}
    return replace(centre, gradients=gradients)


def beside(experiment: Experiment, centre: Trial, digits: int, count: int) -> Samples:
    """Runs a little beside the point, all inputs moved in relation to their size."""
    inputs = experiment.problem.inputs
    radius = experiment.context.mpf(BESIDE)

    def moved(names: tuple[str, ...]) -> Samples:
        size = sum(inputs[name].size for name in names)
        return [
            (experiment.run(digits, shifts(inputs, names, d, radius, 0.0), centre.detached), radius)
            for d in _directions(size)[:count]
        ]

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
    dtype's. Nothing where such a run goes another way or meets a number that is not finite.
    """
    bits = int(np.finfo(experiment.problem.dtype).nmant) + 1
    worst: dict[str, float] = {}
    for more in range(ROUNDED):
        trial = experiment.run(DIGITS[0], bits=bits + more)
        for name, true in exact.items():
            size = max(map(abs, np.ravel(true)), default=0)
            error = max(map(abs, np.ravel(trial.gradients[name] - true)), default=0)
            if not size or not experiment.context.isfinite(error):
                continue
            worst[name] = max(worst.get(name, 0.0), float(error / size) * 2.0**more)
    return worst


def _directions(size: int) -> Any:
    """Changes of up to once the size of each input; the second with every other sign turned."""
    random = np.random.default_rng(20181)
    lengths = random.uniform(0.5, 1.0, (SAMPLES, size))
    signs = random.choice([-1.0, 1.0], (SAMPLES, size))
    signs[1] = signs[0] * (-1.0) ** np.arange(size)
    return lengths * signs


def _agreed(first: Trial, second: Trial) -> Mapping[str, Reals] | None:
    """The gradients of the second run if they agree with the first's, noise replaced by zero."""
    context = second.backend.graph.context
    if [b.taken for b in first.path] != [b.taken for b in second.path]:
        return None
    if _settled(np.array(first.total), np.array(second.total), context) is None:
        return None
    result = {}
    for name, values in second.gradients.items():
        agreed = _settled(first.gradients[name], values, context)
        if agreed is None:
            return None
        result[name] = agreed
    return result


def _settled(first: Reals, second: Reals, context: Any) -> Reals | None:
    pairs = list(zip(first.flat, second.flat, strict=True))
    if any(str(a) != str(b) for a, b in pairs if not (context.isfinite(a) and context.isfinite(b))):
        return None
    finite = [(a, b) for a, b in pairs if context.isfinite(a)]
    before = max((abs(a) for a, _ in finite), default=0)
    after = max((abs(b) for _, b in finite), default=0)
    if after <= before * context.mpf(DECAY):
        return as_objects(second * 0) if len(finite) == len(pairs) else second
    tolerance = after * context.mpf(AGREED)
    return second if all(abs(a - b) <= tolerance for a, b in finite) else None
