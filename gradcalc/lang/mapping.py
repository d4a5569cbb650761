"""Functions run for each of many items: vmap, numpy's vectorize, apply_along_axis and piecewise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.expr.nodes import Data
from gradcalc.lang import ops, places, plain
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import show

Run = Callable[[Machine, Any, tuple[Any, ...], dict[str, Any]], Any]
"""What calls a function of the language with arguments."""


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A function that runs another one for each item: `way` says how it takes and gives them.

    `inward` and `outward` are the dimensions along which items stand, of arguments and results.
    """

    way: str
    function: Any
    inward: Any = 0
    outward: Any = 0


def call(
    machine: Machine, mapped: Mapped, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    """The results for all items, put together."""
    if mapped.way == "vectorize":
        return _vectorized(machine, mapped, args, kwargs, run)
    return _vmapped(machine, mapped, args, kwargs, run)


# -- vmap --------------------------------------------------------------------------------------


def _vmapped(
    machine: Machine, mapped: Mapped, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    dims = mapped.inward
    if isinstance(dims, list | tuple):
        if len(dims) != len(args):
            raise InvalidValueError(
                f"vmap is told {len(dims)} dimensions for {len(args)} arguments"
            )
        inward = list(dims)
    else:
        inward = [dims] * len(args)
    # jax goes through what is given by name along the first dimension, torch through none of it
    named = 0 if mapped.way == "jax" else None
    sizes = {
        size
        for value, dim in (*zip(args, inward, strict=True), *((v, named) for v in kwargs.values()))
        for size in _sizes(machine, value, dim)
    }
    if len(sizes) != 1:
        shown = " and ".join(map(str, sorted(sizes))) or "none"
        raise ShapeError(f"vmap goes through items of one number, not {shown}")
    (count,) = sizes
    machine.count_items(count)
    if not count:
        raise ShapeError("vmap of no items")
    results = []
    machine.mapped += 1
    try:
        for k in range(count):
            given = tuple(_item(machine, v, dim, k) for v, dim in zip(args, inward, strict=True))
            by_name = {key: _item(machine, v, named, k) for key, v in kwargs.items()}
            results.append(run(machine, mapped.function, given, by_name))
    finally:
        machine.mapped -= 1
    return _together(machine, results, mapped.outward, mapped.way)


def _sizes(machine: Machine, value: Any, dim: Any) -> list[int]:
    """How many items there are along the dimensions of an argument, or of those in it."""
    if dim is None:
        return []
    if isinstance(value, list | tuple):
        dims = dim if isinstance(dim, list | tuple) else [dim] * len(value)
        pairs = zip(value, dims, strict=True)
        return [size for part, own in pairs for size in _sizes(machine, part, own)]
    shape = ops.shape(machine, value)
    if not shape or not machine.is_tensor(value):
        raise ShapeError(
            f"vmap cannot go through {machine.describe(value)}",
            hint="None leaves an argument whole",
        )
    return [shape[one_of(shape, ops.integer(machine, dim))]]


def _item(machine: Machine, value: Any, dim: Any, k: int) -> Any:
    if dim is None:
        return value
    if isinstance(value, list | tuple):
        dims = dim if isinstance(dim, list | tuple) else [dim] * len(value)
        parts = [_item(machine, part, own, k) for part, own in zip(value, dims, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    place = one_of(ops.shape(machine, value), ops.integer(machine, dim))
    return ops.index(machine, value, (*[slice(None)] * place, k))


def _together(machine: Machine, results: Sequence[Any], dim: Any, way: str) -> Any:
    """Results of one structure, each part of it stacked."""
    first = results[0]
    if isinstance(first, list | tuple):
        dims = dim if isinstance(dim, list | tuple) else [dim] * len(first)
        if len(dims) != len(first):
            raise InvalidValueError(f"vmap is told {len(dims)} dimensions for {len(first)} results")
        parts = [
            _together(machine, [result[k] for result in results], own, way)
            for k, own in enumerate(dims)
        ]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if not machine.is_tensor(first) and (way != "jax" or not plain.is_number(first)):
        raise InvalidValueError(f"what vmap runs gives {machine.describe(first)}, not a tensor")
    if dim is None:
        raise UnsupportedError("vmap of what is not stacked is not known here")
    parts = [ops.tensor(machine, result) for result in results]
    return ops.call(machine, "stack", parts, dim=ops.integer(machine, dim))


# -- numpy -------------------------------------------------------------------------------------


def _vectorized(
    machine: Machine, mapped: Mapped, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    if kwargs or not args:
        raise UnsupportedError("vectorize takes its arguments by their place here")
    tensors = [ops.tensor(machine, value) for value in args]
    try:
        shape = tuple(np.broadcast_shapes(*[ops.shape(machine, x) for x in tensors]))
    except ValueError:
        shown = " and ".join(show(ops.shape(machine, x)) for x in tensors)
        raise ShapeError(f"the shapes {shown} do not fit each other in vectorize") from None
    rows = [
        ops.reshape(machine, ops.call(machine, "broadcast_to", x, shape=shape), (-1,))
        for x in tensors
    ]
    count = ops.size(machine, rows[0])
    machine.count_items(count)
    if not count:
        raise ShapeError("vectorize of no elements")
    results = [
        run(machine, mapped.function, tuple(ops.index(machine, row, (k,)) for row in rows), {})
        for k in range(count)
    ]
    if isinstance(results[0], tuple):
        lists = zip(*results, strict=True)
        return tuple(_laid(machine, "vectorize", list(part), shape) for part in lists)
    return _laid(machine, "vectorize", results, shape)


def _laid(machine: Machine, name: str, results: list[Any], shape: tuple[int, ...]) -> Any:
    """Numbers in an array, of the kind of the first: numpy makes integers of floats behind one."""
    _check_kinds(machine, name, results)
    parts = [ops.tensor(machine, result) for result in results]
    if any(ops.shape(machine, part) for part in parts):
        raise ShapeError(f"{name} runs a function that gives single numbers")
    return ops.reshape(machine, ops.call(machine, "stack", parts), shape)


def _check_kinds(machine: Machine, name: str, results: Sequence[Any]) -> None:
    whole = [isinstance(v, int) or machine.is_integer(v) or machine.is_mask(v) for v in results]
    if whole[0] and not all(whole):
        raise UnsupportedError(
            f"{name} makes integers of all, because its first result is one",
            hint="give a float there: 0.0",
        )


def along_axis(
    machine: Machine, run: Run, function: Any, axis: Any, arr: Any, args: tuple[Any, ...]
) -> Any:
    """apply_along_axis: a function of vectors, for each along an axis."""
    x = ops.tensor(machine, arr)
    shape = ops.shape(machine, x)
    if not shape:
        raise ShapeError("apply_along_axis of one number")
    place = one_of(shape, ops.integer(machine, axis))
    front = [*shape[:place], *shape[place + 1 :]]
    results: list[Any] = []
    for where in np.ndindex(*front):
        machine.count_items(len(results) + 1)
        key = (*where[:place], slice(None), *where[place:])
        results.append(run(machine, function, (ops.index(machine, x, key), *args), {}))
    if not results:
        raise ShapeError("apply_along_axis of no vectors")
    _check_kinds(machine, "apply_along_axis", results)
    parts = [ops.tensor(machine, result) for result in results]
    own = ops.shape(machine, parts[0])
    stacked = ops.reshape(machine, ops.call(machine, "stack", parts), (*front, *own))
    # what the function gives stands where the axis was
    order = [*range(place), *range(len(front), len(front) + len(own)), *range(place, len(front))]
    return ops.call(machine, "permute", stacked, tuple(order)) if len(order) > 1 else stacked


def in_pieces(
    machine: Machine, run: Run, x: Any, conditions: Any, functions: Any, args: tuple[Any, ...]
) -> Any:
    """piecewise: each function of the elements at which its condition holds."""
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    given = ops.items(machine, conditions) if not machine.is_mask(conditions) else [conditions]
    marks = [places.truths(machine, mark) for mark in given]
    choices = list(ops.items(machine, functions))
    if len(choices) == len(marks) + 1:
        marks.append(~np.any(marks, axis=0))
    if len(choices) != len(marks) or any(mark.shape != shape for mark in marks):
        raise ShapeError("piecewise takes a function for each condition, or one more")
    result = ops.call(machine, "zeros_like", x)
    whole = machine.is_integer(x)
    for mark, choice in zip(marks, choices, strict=True):
        if not mark.any():
            continue
        number = plain.is_number(choice)
        made = (
            choice if number else run(machine, choice, (ops.index(machine, x, (mark,)), *args), {})
        )
        made = ops.tensor(machine, made)
        if whole and not machine.is_integer(made):
            raise UnsupportedError("piecewise makes integers of all, because its elements are some")
        count = int(mark.sum())
        if ops.shape(machine, made) != (count,):
            made = ops.call(machine, "broadcast_to", made, shape=(count,))
        result = ops.call(machine, "masked_scatter", result, Data.of(mark), made)
    return result
