"""Tensors put together: side by side, below one another, in grids and blocks."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import ops
from gradcalc.lang.backend import check_elements
from gradcalc.lang.dialects.readings import alike
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import NONE, TORCH
from gradcalc.primitives.shapes import show


def _parts(machine: Machine, values: Any) -> list[Any]:
    parts = [ops.tensor(machine, part) for part in ops.items(machine, values)]
    if not parts:
        raise ShapeError("at least one tensor is needed")
    return parts


def raised(machine: Machine, x: Any, rank: int) -> Any:
    """A tensor of at least 1, 2 or 3 dimensions, as numpy and torch lay it."""
    shape = ops.shape(machine, x)
    if len(shape) >= rank:
        return x
    if rank == 3:
        sizes = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}[len(shape)]
    else:
        sizes = (*[1] * (rank - len(shape)), *shape)
    return ops.reshape(machine, x, sizes)


def at_least(machine: Machine, name: str, **values: Any) -> Any:
    """atleast_1d and the like: of one tensor a tensor, of several a tuple."""
    (given,) = values.values()
    rank = int(name[-2])
    if len(given) == 1 and isinstance(given[0], list | tuple) and values.get("tensors"):
        return tuple(raised(machine, ops.tensor(machine, x), rank) for x in given[0])
    found = tuple(raised(machine, ops.tensor(machine, x), rank) for x in given)
    return found[0] if len(found) == 1 else found


@alike
def end_to_end(machine: Machine, name: str, tensors: Any, dim: Any) -> Any:
    """torch's cat, to which an empty row is nothing beside what has more dimensions."""
    parts = _parts(machine, tensors)
    shapes = [ops.shape(machine, part) for part in parts]
    if any(len(shape) > 1 for shape in shapes):
        parts = [part for part, shape in zip(parts, shapes, strict=True) if shape != (0,)]
    return ops.call(machine, name, parts, dim=dim)


def stacked(machine: Machine, name: str, **values: Any) -> Any:
    """hstack, vstack, row_stack and dstack."""
    parts = _parts(machine, next(iter(values.values())))
    rank = {"hstack": 1, "vstack": 2, "row_stack": 2, "dstack": 3}[name]
    parts = [raised(machine, part, rank) for part in parts]
    flat = name == "hstack" and len(ops.shape(machine, parts[0])) == 1
    dim = {"vstack": 0, "row_stack": 0, "dstack": 2}.get(name, 0 if flat else 1)
    return ops.call(machine, "concat", parts, dim=dim)


def columns(machine: Machine, **values: Any) -> Any:
    """column_stack: vectors as columns beside matrices."""
    parts = _parts(machine, next(iter(values.values())))
    parts = [
        part if len(shape) > 1 else ops.reshape(machine, part, (math.prod(shape), 1))
        for part, shape in ((part, ops.shape(machine, part)) for part in parts)
    ]
    return ops.call(machine, "concat", parts, dim=1)


def _laid(machine: Machine, parts: Sequence[Any], sparse: bool = False) -> list[Any]:
    """Vectors each along a dimension of its own, repeated along the others."""
    sizes = tuple(math.prod(ops.shape(machine, part)) for part in parts)
    check_elements("a grid", math.prod(sizes), machine.limits.elements)
    found = []
    for place, part in enumerate(parts):
        own = [1] * len(parts)
        own[place] = sizes[place]
        column = ops.reshape(machine, part, tuple(own))
        found.append(column if sparse else ops.call(machine, "broadcast_to", column, shape=sizes))
    return found


def _vectors(machine: Machine, name: str, values: Any) -> list[Any]:
    parts = [ops.tensor(machine, part) for part in values]
    for part in parts:
        if len(ops.shape(machine, part)) > 1:
            raise ShapeError(f"{name} takes vectors, not shape {ops.shape(machine, part)}")
    return parts


def grid(machine: Machine, tensors: Any, indexing: Any) -> tuple[Any, ...]:
    """torch's meshgrid, which counts as in a matrix where nothing is said."""
    return _grid(machine, _vectors(machine, "meshgrid", tensors), indexing or "ij", False)


def numpy_grid(
    machine: Machine, xi: Any, sparse: Any, indexing: Any, copy: Any = True
) -> tuple[Any, ...]:
    """numpy's meshgrid, whose first two dimensions are swapped where nothing is said."""
    parts = [ops.reshape(machine, ops.tensor(machine, part), (-1,)) for part in xi]
    found = _grid(machine, parts, indexing, bool(sparse))
    return tuple(machine.copy(part) for part in found) if copy else found


def _grid(machine: Machine, parts: list[Any], indexing: str, sparse: bool) -> tuple[Any, ...]:
    if indexing not in ("ij", "xy"):
        raise InvalidValueError("meshgrid counts by indexing='ij' or indexing='xy'")
    swapped = indexing == "xy" and len(parts) > 1
    order = [1, 0, *range(2, len(parts))] if swapped else list(range(len(parts)))
    found = _laid(machine, [parts[k] for k in order], sparse)
    return tuple(found[k] for k in order)


def product(machine: Machine, tensors: Any) -> Any:
    """cartesian_prod: every choice of one element of each."""
    parts = _vectors(machine, "cartesian_prod", tensors)
    if any(len(ops.shape(machine, part)) != 1 for part in parts):
        raise ShapeError("cartesian_prod takes vectors")
    if len(parts) == 1:
        return parts[0]
    rows = [ops.reshape(machine, part, (-1,)) for part in _laid(machine, parts)]
    return ops.call(machine, "stack", rows, dim=1)


def chosen_several(machine: Machine, input: Any, r: Any, with_replacement: Any) -> Any:
    """combinations: every choice of r elements of a vector."""
    (size,) = _one_dimension(machine, "combinations", input)
    count = ops.integer(machine, r)
    if count < 1:
        raise InvalidValueError(f"combinations of {count} elements")
    number = math.comb(size + count - 1, count) if with_replacement else math.comb(size, count)
    check_elements("combinations", number * count, machine.limits.elements)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(size), count)), dtype=np.int64).reshape(-1, count)
    found = ops.index(machine, input, (places.reshape(-1),))
    return ops.reshape(machine, found, places.shape)


def _one_dimension(machine: Machine, name: str, x: Any) -> tuple[int, ...]:
    shape = ops.shape(machine, x)
    if len(shape) != 1:
        raise ShapeError(f"{name} takes a vector, not shape {show(shape)}")
    return shape


def blocks(machine: Machine, **values: Any) -> Any:
    """block_diag: matrices along the diagonal of one."""
    (given,) = values.values()
    parts = [raised(machine, ops.tensor(machine, part), 2) for part in given]
    if not parts:
        raise ShapeError("block_diag needs at least one matrix")
    shapes = [ops.shape(machine, part) for part in parts]
    for shape in shapes:
        if len(shape) != 2:
            raise ShapeError(f"block_diag takes matrices, not shape {show(shape)}")
    width = sum(columns for _, columns in shapes)
    check_elements("block_diag", width * sum(rows for rows, _ in shapes), machine.limits.elements)
    rows, before = [], 0
    for part, (_, own) in zip(parts, shapes, strict=True):
        rows.append(ops.call(machine, "pad", part, (before, width - before - own)))
        before += own
    return ops.call(machine, "concat", rows, dim=0)


def spread(machine: Machine, **values: Any) -> tuple[Any, ...]:
    """broadcast_tensors and broadcast_arrays: all in the shape that fits all."""
    (given,) = values.values()
    parts = [ops.tensor(machine, part) for part in given]
    shape = common(*[ops.shape(machine, part) for part in parts])
    check_elements("broadcast_tensors", math.prod(shape), machine.limits.elements)
    itself = machine.program.naming.arrays in (TORCH, NONE)
    return tuple(
        # torch gives what has the shape itself
        part
        if itself and ops.shape(machine, part) == shape
        else ops.call(machine, "broadcast_to", part, shape=shape)
        for part in parts
    )


def common(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that others are broadcast to."""
    try:
        return tuple(np.broadcast_shapes(*map(tuple, shapes)))
    except ValueError:
        shown = " and ".join(map(show, shapes))
        raise ShapeError(f"the shapes {shown} do not fit each other") from None


def common_shape(machine: Machine, shapes: Any) -> tuple[int, ...]:
    """broadcast_shapes, of shapes given as tuples or numbers."""
    sizes = [
        tuple(ops.integer(machine, n) for n in (s if isinstance(s, list | tuple) else (s,)))
        for s in shapes
    ]
    return common(*sizes)


def in_a_row(machine: Machine, parameters: Any) -> Any:
    """torch's parameters_to_vector: all elements of several tensors in a row."""
    rows = [ops.reshape(machine, part, (-1,)) for part in ops.items(machine, parameters)]
    if not rows:
        raise InvalidValueError("parameters_to_vector of nothing", python="RuntimeError")
    return ops.call(machine, "concat", rows, dim=0)
