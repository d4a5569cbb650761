"""Torch's older ways to memory that is filled afterwards: classes of tensors, `new`, `resize_`."""

import ast
import math
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import casts, ops
from gradcalc.lang.dialects.readings import making, shapes
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor


def of_class(machine: Machine, word: str, data: Any) -> Any:
    """torch's classes of tensors, called: numbers of a list, or memory for so many."""
    return _made(machine, casts.KINDS[word], data)


def new(machine: Machine, self: Any, data: Any) -> Any:
    """The same of the class that a tensor has."""
    if data and machine.is_tensor(data[0]):
        raise UnsupportedError(
            "what is made of a tensor by .new shares its memory", hint="write x.clone()"
        )
    return _made(machine, casts.dtype_of(machine, ops.tensor(machine, self)), data)


def _made(machine: Machine, kind: Any, data: Any) -> Any:
    if len(data) == 1 and isinstance(data[0], tuple) and _is_shape(machine, data[0]):
        return making.unfilled(machine, data[0], kind)
    if all(type(value) is int for value in data):
        # of nothing there is no element, and not one of no dimensions
        return making.unfilled(machine, data or (0,), kind)
    if len(data) > 1:
        raise InvalidValueError("a class of tensors takes sizes, or one list")
    if machine.is_tensor(data[0]) and machine.carries(data[0]):
        raise UnsupportedError(
            "whether a gradient passes through such a call is left open",
            hint="write x itself, x.detach() or x.clone()",
        )
    return casts.to(machine, shapes.copied(machine, data[0]), kind)


def _is_shape(machine: Machine, value: tuple[Any, ...]) -> bool:
    """Whether a tuple is one of torch's shapes, which says how many there are; else its numbers
    are what stands in the tensor."""
    if machine.is_spelled(value) or not all(type(part) is int for part in value):
        return False
    given = machine.node.args if isinstance(machine.node, ast.Call) else []
    held = given[0] if len(given) == 1 else None
    if isinstance(held, ast.Tuple):
        return False
    match held.value if isinstance(held, ast.Subscript) else held:
        case ast.Call(func=ast.Attribute(attr="size"), args=[], keywords=[]):
            return True
        case ast.Attribute(attr="shape"):
            return True
    raise UnsupportedError(
        "whether this tuple is one of torch's shapes is not known here: of another one its numbers"
        " would be taken",
        hint="torch.empty(size) is of a shape, torch.tensor(numbers) of numbers",
    )


def resized(machine: Machine, held: Any, *sizes: Any) -> Any:
    """`resize_`, which gives a tensor of no elements memory, to be written before it is read."""
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
    wanted = tuple(ops.integer(machine, size) for size in shape)
    if not isinstance(held, Tensor):
        raise InvalidValueError(
            f"{machine.describe(held)} cannot be resized", python="AttributeError"
        )
    if wanted == held.shape:
        return held
    if math.prod(held.shape) or held.view is not None or held.owner.leaf is not None:
        raise UnsupportedError(
            "a tensor that has elements is not resized here",
            hint="x.reshape(...) has the same elements, x[:n] the first of them",
        )
    made = making.unfilled(machine, wanted, casts.dtype_of(machine, held))
    held.value, held.shape, held.pending = made.value, made.shape, None
    held.unwritten = made.unwritten
    held.version += 1
    return held


def resized_as(machine: Machine, held: Any, other: Any) -> Any:
    """`resize_as_`: the same, to the sizes of another tensor."""
    return resized(machine, held, ops.shape(machine, other))


RESIZING = {"resize_": resized, "resize_as_": resized_as}
