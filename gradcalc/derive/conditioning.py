"""How strongly gradients react to their inputs and to rounding, in floats."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.magnitudes import magnitudes
from gradcalc.derive.points import distance, extent, moved
from gradcalc.derive.recording import Recording
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node

STEP = 2.0**-20
"""The relative distance at which the gradient is compared: far above the noise of floats."""

FEWER_DIGITS = 2.0**-29
"""What rounding is in float64 where it is 1 in float32."""

SEED = 20184

Array = Any


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What is known of a gradient's sensitivity, by input.

    `conditions` are the relative changes of the gradient over those of the inputs, `flows` what
    goes into each element, `rounding` the relative error that one rounding of it makes. `scales`
    are the largest effects on the total of a relative change of a number in between that bends.
    """

    conditions: Mapping[str, float]
    flows: Mapping[str, Array]
    rounding: Mapping[str, float]
    scales: Mapping[str, Any]


def conditioning(
    recording: Recording, nodes: Mapping[str, Node], gradients: Mapping[str, Array]
) -> Conditioning:
    """Evaluate the formula beside the point, and the sizes of all that is in the gradients."""
    inputs, dtype = recording.problem.inputs, recording.problem.dtype

    def apart(arithmetic: Floats, point: Mapping[str, Array]) -> dict[str, Any]:
        """How far the gradients are from those in another arithmetic or at another point."""
        others = recording.numbers(nodes, arithmetic, point)
        return {name: distance(others[name], gradients[name]) for name in gradients}

    beside = apart(Floats(), moved(inputs, STEP, SEED))
    # a formula may lose digits of its own, which shows with fewer of them
    short = apart(Floats("float32"), inputs) if dtype == "float64" else {}
    found = magnitudes(recording.derived, recording.values, Floats())
    epsilon = float(np.finfo(dtype).eps)
    conditions, rounding = {}, {}
    with np.errstate(all="ignore"):
        for name, gradient in gradients.items():
            size = extent(gradient)
            largest = beside[name] / STEP
            if size and largest < np.inf:
                conditions[name] = float(largest / size)
            flow = extent(found.flows[name])
            if size and flow < np.inf:
                rounding[name] = float(epsilon * flow / size)
            own = short.get(name, 0.0) * FEWER_DIGITS
            if size and own < np.inf:
                rounding[name] = max(rounding.get(name, 0.0), float(own / size))
    return Conditioning(conditions, found.flows, rounding, found.scales)
