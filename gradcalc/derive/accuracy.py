"""How many digits a recorded run needs: as many as its numbers are apart in size."""

import math
from typing import Any

import numpy as np

from gradcalc.calculus import is_saturating
from gradcalc.derive.recording import Recording
from gradcalc.primitives import Elementwise
from gradcalc.tape import Equation

FEWEST = 50
"""Decimal digits at the least."""

SPARE = 25
"""Digits beyond twice the distance between the sizes of numbers."""

MOST = 1500
"""The most digits that a run is begun with."""

DEEPEST = 2200.0
"""The smallest number inside a primitive that matters, in powers of 2: any float is larger."""


def digits_for(recording: Recording) -> int:
    """Decimal digits in which no addition of the run loses the smaller number.

    What is lost when numbers far apart in size are added shows in no number of digits below their
    distance: 1 + x is 1 for a small x whether there are fifty or a hundred.
    """
    with np.errstate(all="ignore"):
        distance = max(
            (_distance(recording, number) for number in range(len(recording.values))), default=0.0
        )
    return max(FEWEST, min(SPARE + math.ceil(2 * math.log10(2) * distance), MOST))


def _distance(recording: Recording, number: int) -> float:
    """How far from 1 the numbers of a value are in size, in powers of 2, or what is in them."""
    equation = recording.tape.equations[number]
    own = _farthest(recording.values[number])
    row = equation.primitive
    if not isinstance(row, Elementwise) or not is_saturating(row, equation.static):
        return own
    # exp(-2x) is in tanh(x), where no number of its own shows it; erf goes by the square
    widest = max(map(_largest, _operands(recording, equation)), default=0.0)
    inner = min(3.0 * widest, DEEPEST) if math.isfinite(widest) else DEEPEST
    return max(own, inner, min(1.5 * widest**2, 1100.0) if widest < 30 else 0.0)


def _operands(recording: Recording, equation: Equation) -> list[Any]:
    return [recording.values[operand] for operand in equation.operands]


def _farthest(values: Any) -> float:
    sizes = np.abs(np.ravel(values))
    sizes = sizes[sizes > 0]
    if not np.isfinite(sizes).all():
        return DEEPEST
    return float(np.max(np.abs(np.log2(sizes)), initial=0))


def _largest(values: Any) -> float:
    return float(np.max(np.abs(values), initial=0))
