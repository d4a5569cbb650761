"""How strongly gradients react to their inputs and to rounding, by the formula at other points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.recording import Recording
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node

STEP = 2.0**-20
"""The relative distance at which the gradient is compared: far above the noise of floats."""

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
    signs = np.random.default_rng(20184)
    beside = {name: _moved(np.asarray(values), signs) for name, values in inputs.items()}
    moved = recording.numbers(nodes, Floats(), beside)
    short = recording.numbers(nodes, Floats("float32"), inputs)
    scale = 1.0 if recording.problem.dtype == "float32" else 2.0**-29
    conditions, flows, rounding = {}, {}, {}
    with np.errstate(all="ignore"):
        for name, gradient in gradients.items():
            size = np.max(np.abs(gradient), initial=0)
            change = np.abs(moved[name] - gradient) / STEP
            if size and np.isfinite(change).all():
                conditions[name] = float(np.max(change, initial=0) / size)
                flows[name] = np.abs(gradient) + change
            error = np.max(np.abs(short[name].astype(np.float64) - gradient), initial=0)
            if size and np.isfinite(error):
                rounding[name] = float(error / size) * scale
    return Conditioning(conditions, flows, rounding)


def _moved(values: Array, random: np.random.Generator) -> Array:
    # bits are the cheapest signs that there are
    bits = np.unpackbits(np.frombuffer(random.bytes(values.size // 8 + 1), dtype=np.uint8))
    signs = bits[: values.size].reshape(values.shape).astype(np.float64) * 2 - 1
    return values * (1 + STEP * signs)
