"""Elements taken and put by an index or a mask, as each library calls it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.expr.nodes import Data
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import alike, apart, called
from gradcalc.lang.machine import Machine
from gradcalc.lang.plain import is_number
from gradcalc.lang.program import MIXED
from gradcalc.primitives.placing import checked
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import show

INDEXED = ("index", "indices")
"""Parameters that say where, in torch's functions."""


@alike
def indexed(machine: Machine, name: str, **values: Any) -> Any:
    """torch's functions whose index is data."""
    given = {k: places.numbers(machine, v) if k in INDEXED else v for k, v in values.items()}
    if "src" in given:
        _check_source(machine, name, given["index"], given["src"])
    _check_kinds(machine, name, given)
    made = ops.call(machine, name, *[_fixed(v) for v in given.values()])
    return _as_held(machine, name, next(iter(given.values())), made)


def _fixed(value: Any) -> Any:
    """Places and masks as a primitive takes them."""
    return Data.of(value) if isinstance(value, np.ndarray) else value


PUT = ("src", "source", "value", "values")
"""Parameters that say what is put somewhere."""


def _check_kinds(machine: Machine, name: str, given: Mapping[str, Any]) -> None:
    """Of what is put among integers or truth values, torch makes some, or refuses it."""
    x = next(iter(given.values()))
    whole = [isinstance(v, int) or machine.is_integer(v) for v in (x, *_put(given))]
    truths = [machine.is_mask(v) or (is_number(v) and v in (0, 1)) for v in (x, *_put(given))]
    truths[0] = machine.is_mask(x)
    if (whole[0] and not all(whole)) or (truths[0] and not all(truths)):
        kind = "truth values" if truths[0] else "integers"
        raise UnsupportedError(
            f"{name} puts other numbers among {kind}", hint="write the tensor with floats: 2.0"
        )


ADDING = frozenset({"scatter_add", "scatter_reduce", "index_add", "index_reduce"})
"""Functions that calculate with what they put."""


def _as_held(machine: Machine, name: str, x: Any, made: Any) -> Any:
    """What torch makes truth values again where it puts some among such."""
    if not machine.is_mask(x) or machine.is_mask(made):
        return made
    if name in ADDING:
        raise UnsupportedError(
            f"{name} of truth values is not known here", hint="write x.float() in front of it"
        )
    return ops.binary(machine, "ne", made, 0)


def _put(given: Mapping[str, Any]) -> list[Any]:
    return [given[key] for key in PUT if given.get(key) is not None]


def _check_source(machine: Machine, name: str, where: Any, src: Any) -> None:
    """Where more is given than is put somewhere, torch takes no gradient."""
    if machine.is_tensor(src) and machine.carries(src):
        shape = ops.shape(machine, src)
        if shape and shape != where.shape:
            raise UnsupportedError(
                f"torch has no gradient of {name} where src, of shape {show(shape)}, is larger "
                f"than the index, of shape {show(where.shape)}",
                hint="slice src to the shape of the index",
            )


@alike
def masked(machine: Machine, name: str, **values: Any) -> Any:
    """torch's functions of a mask; of numbers those that are not 0."""
    given = dict(values)
    _check_kinds(machine, name, given)
    if name != "masked_fill":
        given["mask"] = Data.of(places.truths(machine, given["mask"]))
    made = ops.call(machine, name, *given.values())
    return _as_held(machine, name, next(iter(values.values())), made)


def scattered(machine: Machine, **values: Any) -> Any:
    """torch's scatter of a tensor or of one value."""
    x, dim, index, src = values.values()
    where = places.numbers(machine, index)
    _check_source(machine, "scatter", where, src)
    _check_kinds(machine, "scatter", {"input": x, "src": src})
    made = ops.call(machine, "scatter", x, dim, Data.of(where), src)
    return _as_held(machine, "scatter", x, made)


def scattered_and_reduced(machine: Machine, **_: Any) -> Any:
    """scatter with reduce, of which torch has no gradient."""
    raise UnsupportedError(
        "torch has no gradient of scatter with reduce",
        hint="write scatter_add(dim, index, src), or scatter_reduce(dim, index, src, 'prod')",
    )


def put(machine: Machine, input: Any, indices: Any, values: Any, accumulate: Any) -> Any:
    """torch's index_put, of a tuple of indices or masks."""
    _check_kinds(machine, "index_put", {"input": input, "values": values})
    keys = []
    for part in ops.items(machine, indices):
        tensor = ops.tensor(machine, part)
        whole = not machine.is_mask(tensor)
        found = places.numbers(machine, part) if whole else places.truths(machine, part)
        keys.append(Data.of(found))
    made = ops.call(machine, "index_put", input, keys, values, accumulate)
    return _as_held(machine, "index_add" if accumulate else "index_put", input, made)


def taken_along(machine: Machine, input: Any, indices: Any, dim: Any) -> Any:
    """torch's take_along_dim, whose index is broadcast but for the dimension."""
    where = places.numbers(machine, indices)
    if dim is None:
        row = ops.reshape(machine, ops.tensor(machine, input), (-1,))
        return ops.call(machine, "gather", row, 0, Data.of(where.reshape(-1)))
    x = ops.tensor(machine, input)
    place = one_of(ops.shape(machine, x), ops.integer(machine, dim))
    size = ops.shape(machine, x)[place]
    where = checked("take_along_dim", where, size, negative=True)
    return _along(machine, "take_along_dim", x, where, place)


def taken_along_axis(machine: Machine, arr: Any, indices: Any, axis: Any) -> Any:
    """numpy's take_along_axis, whose index may count from the end."""
    x, where = ops.tensor(machine, arr), places.numbers(machine, indices)
    if axis is None:
        x, axis = ops.reshape(machine, x, (-1,)), 0
        where = where.reshape(-1)
    dim = one_of(ops.shape(machine, x), ops.integer(machine, axis))
    size = ops.shape(machine, x)[dim]
    return _along(machine, "take_along_axis", x, checked(called(machine), where, size,
                                                         negative=True), dim)  # fmt: skip


def _along(machine: Machine, name: str, input: Any, where: Any, dim: int) -> Any:
    x = ops.tensor(machine, input)
    shape = ops.shape(machine, x)
    if where.ndim != len(shape):
        raise ShapeError(f"{name} of shape {show(shape)} by an index of {show(where.shape)}")
    place = one_of(shape, dim)
    wide = [list(shape), list(where.shape)]
    for one in wide:
        one[place] = 1
    try:
        around = list(np.broadcast_shapes(*wide))
    except ValueError:
        raise ShapeError(
            f"{name} of shape {show(shape)} by an index of {show(where.shape)}"
        ) from None
    full = [n if k != place else shape[place] for k, n in enumerate(around)]
    index = [n if k != place else where.shape[place] for k, n in enumerate(around)]
    if tuple(full) != shape:
        x = ops.call(machine, "broadcast_to", x, shape=tuple(full))
    return ops.call(machine, "gather", x, place, Data.of(np.broadcast_to(where, index)))


MODES = {"raise": None, "wrap": "wrap", "clip": "clip"}
"""What numpy does with places that there are not."""


def within(name: str, where: Any, size: int, mode: str) -> Any:
    """Places as numpy takes those that there are not."""
    if mode not in MODES:
        raise InvalidValueError(f"mode is one of {', '.join(MODES)}, not {mode!r}")
    if mode == "wrap":
        return where % size
    if mode == "clip":
        return np.clip(where, 0, size - 1)
    return checked(name, where, size, negative=True)


def numpy_taken(machine: Machine, a: Any, indices: Any, axis: Any, mode: Any) -> Any:
    """numpy's take: along an axis, or of all elements in a row."""
    x, where = ops.tensor(machine, a), places.numbers(machine, indices)
    shape = ops.shape(machine, x)
    size = math.prod(shape) if axis is None else shape[one_of(shape, axis)]
    where = within("take", where, size, mode)
    if axis is None or not shape:
        return ops.call(machine, "take", x, Data.of(where))
    key = (*[slice(None)] * one_of(shape, axis), where if where.ndim else int(where))
    return machine.copy(ops.index(machine, x, key))


def jax_taken(machine: Machine, a: Any, indices: Any, axis: Any, mode: Any) -> Any:
    """jax's take, which has NaN where there is no such place."""
    return numpy_taken(machine, a, indices, axis, mode or "raise")


def compressed(machine: Machine, condition: Any, a: Any, axis: Any) -> Any:
    """numpy's compress: the places along an axis at which a condition holds."""
    marks = places.truths(machine, condition)
    x = ops.tensor(machine, a)
    if marks.ndim != 1:
        raise ShapeError("compress takes a condition of one dimension")
    if axis is None:
        x, axis = ops.reshape(machine, x, (-1,)), 0
    dim = one_of(ops.shape(machine, x), axis)
    where = np.flatnonzero(marks)
    checked("compress", where, ops.shape(machine, x)[dim])
    return ops.index(machine, x, (*[slice(None)] * dim, where))


def compressed_array(machine: Machine, a: Any, condition: Any, axis: Any) -> Any:
    """The same as a method."""
    return compressed(machine, condition, a, axis)


def extracted(machine: Machine, condition: Any, arr: Any) -> Any:
    """numpy's extract: of all elements in a row, those at which a condition holds."""
    marks = places.truths(machine, condition).reshape(-1)
    row = ops.reshape(machine, ops.tensor(machine, arr), (-1,))
    where = np.flatnonzero(marks)
    checked("extract", where, ops.size(machine, row))
    return ops.index(machine, row, (where,))


def several_chosen(machine: Machine, condlist: Any, choicelist: Any, default: Any) -> Any:
    """numpy's select: of the first condition that holds the choice."""
    marks, choices = ops.items(machine, condlist), ops.items(machine, choicelist)
    if len(marks) != len(choices) or not marks:
        raise ShapeError(f"select of {len(marks)} conditions and {len(choices)} choices")
    found = default
    for mark, choice in zip(reversed(marks), reversed(choices), strict=True):
        if not machine.is_mask(mark):
            raise InvalidValueError("select takes conditions of truth values", hint="write x > 0")
        found = ops.call(machine, "where", mark, choice, found)
    return machine.mark_array(found)


def one_chosen(machine: Machine, a: Any, choices: Any, mode: Any) -> Any:
    """numpy's choose: each element of a says from which of the choices."""
    where = places.numbers(machine, a)
    parts = [ops.tensor(machine, part) for part in ops.items(machine, choices)]
    where = checked("choose", where, len(parts)) if mode == "raise" else within(
        "choose", where, len(parts), mode)  # fmt: skip
    shapes = [ops.shape(machine, part) for part in parts]
    shape = tuple(np.broadcast_shapes(where.shape, *shapes))
    wide = [ops.call(machine, "broadcast_to", part, shape=shape) for part in parts]
    stacked = ops.call(machine, "stack", wide, dim=0)
    index = np.broadcast_to(where, shape)[None]
    found = ops.call(machine, "gather", stacked, 0, Data.of(index))
    return ops.reshape(machine, found, shape)


def nonzero_places(machine: Machine, **values: Any) -> Any:
    """torch's nonzero, argwhere, and numpy's argwhere: a row for each element that is not 0."""
    _check_whose(machine, values)
    x, *rest = values.values()
    marks = places.truths(machine, x)
    if rest and rest[0]:
        return nonzero_tuple(machine, x=x)
    return places.whole(machine, np.argwhere(marks))


@apart
def places_that_hold(machine: Machine, condition: Any) -> Any:
    """where of one argument."""
    return nonzero_tuple(machine, condition=condition)


def nonzero_tuple(machine: Machine, **values: Any) -> Any:
    """numpy's nonzero and where of one argument: places along each dimension."""
    _check_whose(machine, values)
    (x,) = values.values()
    marks = places.truths(machine, x)
    return tuple(places.whole(machine, part) for part in np.nonzero(np.atleast_1d(marks)))


def crossed(machine: Machine, args: Any) -> Any:
    """numpy's ix_: places along one dimension each, which cross one another."""
    found = []
    for number, given in enumerate(args):
        x = ops.tensor(machine, given) if ops.size(machine, given) else given
        if len(ops.shape(machine, x)) != 1:
            raise InvalidValueError("Cross index must be 1 dimensional", python="ValueError")
        along = np.nonzero(places.truths(machine, x))[0] if machine.is_mask(x) else (
            places.numbers(machine, x))  # fmt: skip
        size = [1] * len(args)
        size[number] = -1
        found.append(places.whole(machine, along.reshape(size)))
    return tuple(found)


def _check_whose(machine: Machine, values: Mapping[str, Any]) -> None:
    """numpy calls the method of a tensor of torch's, which gives rows of places."""
    if "a" in values and machine.program.naming.arrays == MIXED:
        raise UnsupportedError(
            f"numpy's {called(machine)} of a tensor may be torch's or its own here",
            hint=f"write torch.{called(machine)}(x), or np.where(x > 0)",
        )


def nonzero_in_row(machine: Machine, a: Any) -> Any:
    """numpy's flatnonzero."""
    return places.whole(machine, np.flatnonzero(places.truths(machine, a)))


def part_replaced(machine: Machine, name: str, **values: Any) -> Any:
    """select_scatter, slice_scatter and diagonal_scatter: x with another part."""
    x, src, *rest = values.values()
    shape = ops.shape(machine, x)
    grid = np.arange(math.prod(shape)).reshape(shape)
    if name == "diagonal_scatter":
        wanted = np.diagonal(grid, *[ops.integer(machine, n) for n in rest])
    else:
        dim = one_of(shape, ops.integer(machine, rest[0]))
        part = (
            ops.integer(machine, rest[1])
            if name == "select_scatter"
            else slice(*[None if n is None else ops.integer(machine, n) for n in rest[1:]])
        )
        if isinstance(part, int):
            checked(name, part, shape[dim], negative=True)
        wanted = grid[(*[slice(None)] * dim, part)]
    if ops.shape(machine, src) != wanted.shape:
        raise ShapeError(f"{name} takes a part of shape {show(wanted.shape)}, "
                         f"not {show(ops.shape(machine, src))}")  # fmt: skip
    key = [Data.of(np.asarray(part)) for part in np.unravel_index(wanted, shape)]
    _check_kinds(machine, name, {"input": x, "src": src})
    return _as_held(machine, name, x, ops.call(machine, "index_put", x, key, src))
