"""Tensors cut into several along a dimension, as each library counts the parts."""

from collections.abc import Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import memory, ops
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import show


def part(machine: Machine, x: Any, dim: int, start: int, stop: int) -> Any:
    """The places from one to another along a dimension."""
    return ops.index(machine, x, (*[slice(None)] * dim, slice(start, stop)))


def _cut(machine: Machine, x: Any, dim: int, ends: Sequence[int]) -> tuple[Any, ...]:
    """The parts between places, the first from the front and the last to the end."""
    size = ops.shape(machine, x)[dim]
    machine.count_items(len(ends) + 1)
    pairs = zip((0, *ends), (*ends, size), strict=True)
    # as in a slice, a place counts from the end where it is negative
    spans = [slice(start, stop).indices(size) for start, stop in pairs]
    return tuple(part(machine, x, dim, start, max(start, stop)) for start, stop, _ in spans)


def _several(machine: Machine, x: Any, dim: int, ends: Sequence[int]) -> tuple[Any, ...]:
    """The parts as views of one call, which tensor_split's and hsplit's are not."""
    return tuple(memory.several(_cut(machine, x, dim, ends)))


def _given(machine: Machine, name: str, x: Any, dim: Any) -> tuple[Any, int]:
    """The tensor, and the dimension counted from the front."""
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    if not shape:
        raise ShapeError(f"{name} of one number")
    return x, one_of(shape, ops.integer(machine, dim))


def _ends(machine: Machine, sizes: Sequence[Any]) -> list[int]:
    """Where parts of these sizes end, but for the last."""
    found, end = [], 0
    for size in sizes[:-1]:
        end += ops.integer(machine, size)
        found.append(end)
    return found


def pieces(machine: Machine, **values: Any) -> tuple[Any, ...]:
    """torch's split: parts of one size, or of each of several."""
    x, wanted, dim = values.values()
    x, dim = _given(machine, "split", x, dim)
    size = ops.shape(machine, x)[dim]
    if isinstance(wanted, list | tuple):
        sizes = [ops.integer(machine, n) for n in wanted]
        if sum(sizes) != size or min(sizes, default=0) < 0:
            raise ShapeError(f"split of {size} places into parts of {show(sizes)}")
        return _several(machine, x, dim, _ends(machine, sizes))
    each = ops.integer(machine, wanted)
    if each < 0 or (not each and size):
        raise InvalidValueError(f"split into parts of size {each}")
    return _several(machine, x, dim, range(each, size, each) if size else ())


def chunks(machine: Machine, input: Any, chunks: Any, dim: Any) -> tuple[Any, ...]:
    """torch's chunk: at most so many parts, all of one size but the last."""
    x, dim = _given(machine, "chunk", input, dim)
    count, size = ops.integer(machine, chunks), ops.shape(machine, x)[dim]
    if count < 1:
        raise InvalidValueError(f"chunk into {count} parts")
    if not size:
        return tuple(part(machine, x, dim, 0, 0) for _ in range(count))
    each = -(-size // count)
    return _several(machine, x, dim, range(each, size, each))


def sections(machine: Machine, **values: Any) -> tuple[Any, ...]:
    """torch's tensor_split: so many parts, the first larger by 1, or parts between places."""
    x, where, dim = values.values()
    x, dim = _given(machine, "tensor_split", x, dim)
    return _sections(machine, x, where, dim)


def _sections(machine: Machine, x: Any, where: Any, dim: int) -> tuple[Any, ...]:
    if isinstance(where, list | tuple | range):
        return _cut(machine, x, dim, [ops.integer(machine, n) for n in where])
    if machine.is_tensor(where) and ops.shape(machine, where):
        return _cut(machine, x, dim, [ops.integer(machine, n) for n in ops.items(machine, where)])
    count, size = ops.integer(machine, where), ops.shape(machine, x)[dim]
    if count < 1:
        raise InvalidValueError(f"a tensor cannot be cut into {count} parts")
    each, larger = divmod(size, count)
    sizes = [each + 1] * larger + [each] * (count - larger)
    return _cut(machine, x, dim, _ends(machine, sizes))


def _evenly(machine: Machine, x: Any, where: Any, dim: int) -> tuple[Any, ...]:
    single = not isinstance(where, list | tuple | range) and not ops.shape(machine, where)
    if single:
        count, size = ops.integer(machine, where), ops.shape(machine, x)[dim]
        if count < 1 or size % count:
            raise ShapeError(
                f"{size} places cannot be cut into {count} parts of one size",
                hint="np.array_split and torch.tensor_split make the first ones larger",
            )
    return _sections(machine, x, where, dim)


def numpy_split(machine: Machine, name: str, **values: Any) -> list[Any]:
    """numpy's split and array_split, of which the first wants parts of one size."""
    x, where, axis = values.values()
    x, dim = _given(machine, name, x, axis)
    cut = _evenly if name == "split" else _sections
    return list(cut(machine, x, where, dim))


def _along(machine: Machine, name: str, x: Any) -> tuple[Any, int]:
    """The dimension of hsplit, vsplit and dsplit."""
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    rank = len(shape)
    least = {"hsplit": 1, "vsplit": 2, "dsplit": 3}[name]
    if rank < least:
        raise ShapeError(f"{name} needs {least} dimensions, not shape {show(shape)}")
    return x, {"hsplit": min(1, rank - 1), "vsplit": 0, "dsplit": 2}[name]


def cut_along(machine: Machine, name: str, **values: Any) -> tuple[Any, ...]:
    """torch's hsplit, vsplit and dsplit."""
    x, where = values.values()
    x, dim = _along(machine, name, x)
    return _evenly(machine, x, where, dim)


def numpy_cut_along(machine: Machine, name: str, **values: Any) -> list[Any]:
    """numpy's, which are lists."""
    return list(cut_along(machine, name, **values))


def unbound(machine: Machine, **values: Any) -> tuple[Any, ...]:
    """torch's unbind and numpy's unstack: what stands at each place of a dimension."""
    x, dim = values.values()
    x, dim = _given(machine, "unbind", x, dim)
    size = ops.shape(machine, x)[dim]
    machine.count_items(size)
    parts = [ops.index(machine, x, (*[slice(None)] * dim, k)) for k in range(size)]
    return tuple(memory.several(parts))


def narrowed(machine: Machine, input: Any, dim: Any, start: Any, length: Any) -> Any:
    """torch's narrow: so many places from one on."""
    x, dim = _given(machine, "narrow", input, dim)
    size, count = ops.shape(machine, x)[dim], ops.integer(machine, length)
    first = ops.integer(machine, start)
    first += size if first < 0 else 0
    if not 0 <= first <= size or not 0 <= count <= size - first:
        raise ShapeError(f"narrow of {size} places from {first}, {count} of them")
    return part(machine, x, dim, first, first + count)


def selected(machine: Machine, input: Any, dim: Any, index: Any) -> Any:
    """torch's select: what stands at one place of a dimension."""
    x, dim = _given(machine, "select", input, dim)
    return ops.index(machine, x, (*[slice(None)] * dim, ops.integer(machine, index)))
