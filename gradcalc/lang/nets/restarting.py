"""What gives a layer of torch the numbers that it starts with: its constructor calls that, and
programs do, and a class made from the layer may have one of its own."""

from functools import partial

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets import initial
from gradcalc.lang.nets.row import Given, Layer
from gradcalc.lang.objects import TRAINED, Instance, attribute

PARAMETERS, STATISTICS, PADDING = (
    "reset_parameters", "reset_running_stats", "_fill_padding_idx_with_zero",
)  # fmt: skip
"""The methods of torch's that do so: of all numbers, of running statistics, and of the vector of a
table that stands for nothing."""


def methods(row: Layer) -> dict[str, Builtin]:
    """Those that a layer has."""
    found: dict[str, Builtin] = {}
    if row.weights:
        found[PARAMETERS] = Builtin(PARAMETERS, partial(_draw, row), "draws the parameters anew")
    if any(weight.buffer for weight in row.weights):
        found[STATISTICS] = Builtin(STATISTICS, partial(_forget, row), "as they start")
    if "padding_idx" in row.signature.parameters and row.weights:
        found[PADDING] = Builtin(PADDING, _padded, "the vector at padding_idx is zero")
    return found


def _draw(row: Layer, machine: Machine, layer: Instance) -> None:
    given = Given(**layer.values)
    if any(weight.buffer for weight in row.weights):
        machine.call(attribute(machine, layer, STATISTICS), ())
    for weight in row.weights:
        held = layer.values.get(weight.name)
        if isinstance(held, Tensor) and not weight.buffer:
            found = weight.start(given)(machine.nets.drawing, held.shape)
            initial.filled(machine, held, partial(np.asarray, found))
    if getattr(given, "padding_idx", None) is not None and PADDING in methods(row):
        machine.call(attribute(machine, layer, PADDING), ())


def _forget(row: Layer, machine: Machine, layer: Instance) -> None:
    """Running statistics as before any training."""
    given = Given(**layer.values)
    for weight in row.weights:
        held = layer.values.get(weight.name)
        if weight.buffer and isinstance(held, Tensor):
            start = weight.start(given)(machine.nets.drawing, held.shape)
            layer.values[weight.name] = machine.constant(start)
            layer.values.pop(TRAINED, None)


def _padded(machine: Machine, layer: Instance) -> None:
    place, held = layer.values["padding_idx"], layer.values["weight"]
    if place is None:
        return
    if not -held.shape[0] <= place < held.shape[0]:
        raise InvalidValueError(
            f"padding_idx {place} is outside of {held.shape[0]} vectors", python="AssertionError"
        )
    if machine.nets.keeps(held):
        return
    with machine.nets.renewing(held):
        values = np.array(machine.elements(held))
    values[place] = 0.0
    initial.filled(machine, held, lambda: values)
