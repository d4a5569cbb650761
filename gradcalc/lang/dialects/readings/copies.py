"""torch's functions whose results are copies, where those without `_copy` give views."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings import cutting, layout, shapes
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import numbers, show

READ: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "narrow": cutting.narrowed,
        "pieces": cutting.pieces,
        "select": cutting.selected,
        "t": shapes.matrix_transposed,
        "unbind": cutting.unbound,
        "unfold": layout.windows,
    }
)
"""Those that are readings, and not a primitive of that name."""


def copied(machine: Machine, name: str, **values: Any) -> Any:
    """What a function gives, in memory of its own."""
    if name == "itself":
        made = ops.tensor(machine, *values.values())
    elif name in READ:
        made = READ[name](machine, **values)
    else:
        made = ops.call(machine, name, *values.values())
    if isinstance(made, list | tuple):
        return tuple(machine.copy(part) for part in made)
    return machine.copy(made)


def summed_to(machine: Machine, self: Any, size: Any) -> Any:
    """torch's sum_to_size: the sum over what a smaller shape would be broadcast along."""
    shape, wanted = ops.shape(machine, self), tuple(numbers(size))
    lead = len(shape) - len(wanted)
    if lead < 0 or any(w not in (1, n) for n, w in zip(shape[lead:], wanted, strict=True)):
        raise ShapeError(f"shape {show(wanted)} cannot be broadcast to {show(shape)}")
    dims = [k for k, n in enumerate(shape) if k < lead or (wanted[k - lead] == 1 and n != 1)]
    if not dims:
        # of the shape that it has torch gives the tensor itself
        return self
    return ops.reshape(machine, ops.call(machine, "sum", self, tuple(dims), True), wanted)


def filled(machine: Machine, input: Any, value: Any) -> Any:
    """torch's fill: a tensor of one value in the shape of another."""
    return ops.call(machine, "broadcast_to", value, ops.shape(machine, input))


def padded_with(machine: Machine, input: Any, pad: Any, value: Any) -> Any:
    """torch's constant_pad_nd."""
    return layout.padded(machine, input, pad, "constant", value)
