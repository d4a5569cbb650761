"""How strongly gradients react to their inputs and to rounding, by the formula at other points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.points import extent, moved
from gradcalc.derive.recording import Recording
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node

STEP = 2.0**-20
"""The relative distance at which the gradient is compared: far above the noise of floats."""

SEED = 20184

Array = Any


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What is known of a gradient's sensitivity, by input.

    `conditions` are the relative changes of the gradient over those of the inputs, `flows` what
    goes into each element, and `rounding` the relative error that the dtype's rounding makes.
    """

    conditions: Mapping[str, float]
    flows: Mapping[str, Array]
    rounding: Mapping[str, float]


def conditioning(
    recording: Recording, nodes: Mapping[str, Node], gradients: Mapping[str, Array]
) -> Conditioning:
    """Evaluate the formula beside the point, and in a shorter dtype."""
    inputs = recording.problem.inputs
    beside = recording.numbers(nodes, Floats(), moved(inputs, STEP, SEED))
    short = recording.numbers(nodes, Floats("float32"), inputs)
    scale = 1.0 if recording.problem.dtype == "float32" else 2.0**-29
    conditions, flows, rounding = {}, {}, {}
    with np.errstate(all="ignore"):
        for name, gradient in gradients.items():
            size = extent(gradient)
            change = np.asarray(beside[name] - gradient)
            largest = extent(change) / STEP
            if size and largest < np.inf:
                conditions[name] = float(largest / size)
                np.abs(change, out=change)
                change /= STEP
                change += np.abs(gradient)
                flows[name] = change
            error = extent(np.asarray(short[name] - gradient))
            if size and error < np.inf:
                rounding[name] = float(error / size) * scale
    return Conditioning(conditions, flows, rounding)
