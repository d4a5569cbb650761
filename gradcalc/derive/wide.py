"""Large formulas in floats of a few more digits: what they lose to cancellation shows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.derive.points import distance, extent
from gradcalc.derive.recording import Recording
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry

MOST_PRODUCTS = 50_000_000
"""Multiplications in products of matrices up to which they are worth while: no library helps."""

LOST = 1e-9
"""Relative differences above which neither evaluation can be taken for the gradient."""

NOISE = 2.0**-45
"""Relative changes of all that is computed of single elements, which rounding cannot hide."""

SHAKEN = 1e-6
"""Relative differences above which they show that digits cancel in both evaluations."""


def in_more_digits(
    recording: Recording, nodes: Mapping[str, Node], gradients: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The gradients at the point, rounded later than `gradients`; None if digits are lost there.

    Where there are no such floats, or it would take too long, `gradients` themselves.
    """
    same = np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps
    if same or _products(list(nodes.values())) > MOST_PRODUCTS:
        return dict(gradients)
    inputs = recording.problem.inputs
    shaken = recording.numbers(nodes, Floats(noise=NOISE), inputs)
    if any(distance(shaken[n], g) > SHAKEN * extent(g) for n, g in gradients.items()):
        return None
    wide = recording.numbers(nodes, Floats("longdouble"), inputs)
    found = {}
    for name, gradient in gradients.items():
        apart, size = distance(wide[name], gradient), extent(wide[name])
        if apart > LOST * max(size, extent(gradient)):
            return None
        # a NaN is not larger: where the wider floats fail, the others stand
        sound = apart <= LOST * size and size < np.inf
        found[name] = np.asarray(wide[name], dtype=np.float64) if sound else gradient
    return found


def _products(roots: Sequence[Node]) -> int:
    """How many numbers are multiplied in products of matrices."""
    return sum(
        math.prod(node.shape) * node.operands[0].shape[-1]
        for node in ancestry(roots)
        if node.op is ops.MATMUL
    )
