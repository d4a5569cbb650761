"""Tensors as programs hold them, the memory that they share, and writing into it.

A backend's tensors never change. What a program holds is a `Tensor`: what stands in its memory now,
or a view of another's. Writing gives the owner of the memory another value, and its views are read
from it anew.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.primitives.indexing import index_places

Key = tuple[Any, ...]
"""An index that was checked: whole numbers, slices, None, arrays of numbers or truth values."""

Places = NDArray[np.int64]
"""Where in the flat memory of its owner each element of a view stands."""

SINGLY = 1024
"""So many elements at places in no order are written one by one, so that formulas show them."""


class Apply(Protocol):
    """Runs a primitive, by its name, on a backend's tensors."""

    def __call__(self, name: str, /, **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a tensor is read from another: `read` of its value; `find` says where its elements stand.

    `cut` says that no gradient passes, `unsure` that the library may have made a copy, `closed`
    that it lets nobody write into it, `several` that one call gave it with others.
    """

    source: "Tensor"
    read: Callable[[Any], Any]
    find: Callable[[Places], Places]
    cut: bool = False
    unsure: bool = False
    closed: bool = False
    several: bool = False


@dataclass(slots=True, eq=False)
class Unwritten:
    """The elements of a memory that nothing was written to yet, and the call that made it so."""

    where: NDArray[np.bool_]
    maker: str


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor of a program.

    `value` is the backend's, `shape` its sizes. `view` is None for the owner of its memory, which
    counts the times that it was written into (`version`); a view has the version that it was read
    at. `pending` are parts written since, by the flat number of their place in the first `lead`
    dimensions.

    `integer` says that its library would make it of integers, `array` that numpy has an array
    where it has no dimensions. `ordered` says that its elements are known to stand in memory in
    their order. `doubtful` is what was written into that may have been this memory too.
    `unwritten` are elements of an owner that hold nothing yet, None where all do.

    `width` names the integers that hold its numbers, where these have fewer bits than 64, and
    `rough` are the bits of floats to which its library rounds what it is made of, 0 where it
    rounds no more than the calculation does.

    `reach` is the largest number that what was rounded to `rough` bits had on its way. `short` are
    the bits of the floats that its library would make it of, 0 where these are the calculation's.
    `foreign` says that it is an array of numpy's in a text of torch, `sealed` that nobody may write
    into it, `usual` that torch made it of the dtype that it makes tensors of if none is named.

    `null` are elements of an owner that are 0 by the form of what they are made of, and no -0, for
    as long as nobody writes into it.

    `leaf` is the name of a parameter of a network, empty while it has none yet; `trains` says
    whether the program wants a gradient by it.
    """

    value: Any
    shape: tuple[int, ...]
    view: View | None = None
    version: int = 0
    pending: dict[int, Any] | None = None
    lead: int = 0
    integer: bool = False
    array: bool = False
    ordered: bool = True
    doubtful: bool = False
    leaf: str | None = None
    trains: bool = False
    unwritten: Unwritten | None = None
    width: str = ""
    rough: int = 0
    reach: float = 0.0
    short: int = 0
    foreign: bool = False
    sealed: bool = False
    usual: bool = False
    null: NDArray[np.bool_] | None = None

    @property
    def owner(self) -> "Tensor":
        """The tensor whose memory it stands in."""
        tensor = self
        while tensor.view is not None:
            tensor = tensor.view.source
        return tensor

    @property
    def is_cut(self) -> bool:
        """Whether it shares the memory of a tensor whose gradient it does not have."""
        return any(view.cut for view in views(self))

    @property
    def is_null(self) -> NDArray[np.bool_]:
        """Which of its elements are 0 by their form."""
        owner = self.owner
        if owner.null is None or owner.version:
            return np.zeros(self.shape, np.bool_)
        return np.asarray(owner.null.reshape(-1)[self.places()])

    def places(self) -> Places:
        """Where in the memory of its owner its elements stand."""
        owner = self.owner
        found = np.arange(math.prod(owner.shape)).reshape(owner.shape)
        for view in reversed(list(views(self))):
            found = view.find(found)
        return found


def _unknown() -> UnsupportedError:
    return UnsupportedError(
        "whether this shares its memory with what was written into is not known here",
        hint="make a copy before: x.clone(), or x.copy()",
    )


def views(tensor: Tensor) -> Sequence[View]:
    """How a tensor is read from another, that from a third, up to the owner of the memory."""
    found: list[View] = []
    while tensor.view is not None:
        found.append(tensor.view)
        tensor = tensor.view.source
    return found


def side_by_side(first: Places, second: Places) -> Places:
    """The places of two views of one memory along a last dimension, lying there as they do."""
    ends = [part.__array_interface__["data"][0] for part in (first, second)]
    if first.strides != second.strides:
        return np.stack([first, second], axis=-1)
    sizes, steps = (*first.shape, 2), (*first.strides, ends[1] - ends[0])
    return np.lib.stride_tricks.as_strided(first, sizes, steps)


def viewed(source: Tensor, value: Any, shape: tuple[int, ...], view: View, moved: bool) -> Tensor:
    """A tensor that is read from another one.

    `moved` says that the library copies where the elements do not stand in order: then it is
    found out whether it has, which is not known of memory whose order is not.
    """
    ordered = source.ordered and moved
    if moved and not source.ordered:
        if not source.owner.ordered or is_unsure(source):
            view = replace(view, unsure=True)
        else:
            places = source.places()
            if not np.shares_memory(view.find(places), places):
                return Tensor(value, shape)
    version = source.owner.version
    return Tensor(value, shape, view, version, ordered=ordered, short=source.short)


def of_numbers(source: Tensor, made: Tensor) -> Tensor:
    """A tensor that has been made of another's numbers, which its library would make it of too."""
    made.integer, made.width = source.integer, source.width
    made.rough, made.reach = source.rough, source.reach
    return made


def several(parts: Sequence[Tensor]) -> list[Tensor]:
    """Tensors that one call gives, of which none may be written into where a gradient flows."""
    for part in parts:
        if part.view is not None:
            part.view = replace(part.view, several=True)
    return list(parts)


def is_one_of_several(tensor: Tensor) -> bool:
    """Whether it is, or is read from, one of several views that one call has given."""
    return any(view.several for view in views(tensor))


def is_unsure(tensor: Tensor) -> bool:
    """Whether it may as well be a copy, or be read from one."""
    return any(view.unsure for view in views(tensor))


def refresh(tensor: Tensor, apply: Apply) -> None:
    """See to it that `value` is what stands in the memory.

    Raises `UnsupportedError` where that hangs on whether the library has copied.
    """
    if tensor.owner.doubtful:
        raise _unknown()
    if tensor.view is None:
        if tensor.pending:
            tensor.value = _settled(tensor, apply)
            tensor.pending = None
        return
    owner = tensor.owner
    if tensor.version != owner.version:
        if is_unsure(tensor):
            raise _unknown()
        refresh(tensor.view.source, apply)
        tensor.value = tensor.view.read(tensor.view.source.value)
        tensor.version = owner.version


def unfilled(tensor: Tensor, maker: str) -> Tensor:
    """A new tensor as memory that nothing was written to; `maker` is the call that gave it."""
    if math.prod(tensor.shape):
        tensor.unwritten = Unwritten(np.ones(tensor.shape, np.bool_), maker)
    return tensor


def is_written(value: Any) -> bool:
    """Whether all elements of what a program holds can be read."""
    return not isinstance(value, Tensor) or not (value.owner.doubtful or len(_empty(value)))


def _empty(tensor: Tensor) -> NDArray[np.int64]:
    """The places in the memory of the owner that belong to the tensor and hold nothing yet."""
    owner = tensor.owner
    if owner.unwritten is None:
        return np.zeros(0, np.int64)
    empty = owner.unwritten.where.reshape(-1)
    if owner is tensor:
        return np.flatnonzero(empty)
    places = tensor.places().reshape(-1)
    return places[empty[places]]


def still_unwritten(tensor: Tensor) -> Unwritten | None:
    """The elements of a tensor that hold nothing yet, for a copy of it."""
    unwritten = tensor.owner.unwritten
    if unwritten is None or is_written(tensor):
        return None
    where = unwritten.where.reshape(-1)[tensor.places().reshape(-1)].reshape(tensor.shape)
    return Unwritten(where, unwritten.maker)


def check_written(tensor: Tensor) -> None:
    """Raises `InvalidValueError` where an element is read that nothing was written to."""
    owner, empty = tensor.owner, _empty(tensor)
    if not len(empty) or owner.unwritten is None:
        return
    at = ", ".join(map(str, np.unravel_index(int(empty[0]), owner.shape)))
    raise InvalidValueError(
        f"element [{at}] of {owner.unwritten.maker} is read before it is written",
        hint="zeros makes a tensor whose elements are 0",
    )


def _written(tensor: Tensor, key: Key) -> None:
    """Remember that something stands at a key from now on."""
    owner = tensor.owner
    if owner.unwritten is None:
        return
    empty = owner.unwritten.where
    if owner is tensor:
        empty[key] = False
    else:
        empty.reshape(-1)[index_places(tensor.places(), key)] = False
    if not empty.any():
        owner.unwritten = None


def write(tensor: Tensor, key: Key, value: Any, apply: Apply) -> None:
    """Write a backend's tensor of the shape of what stands at the key.

    Into a view it goes by the places of its elements.
    Raises `InvalidValueError` where the library has the view for reading only.
    """
    if any(view.closed for view in views(tensor)):
        raise InvalidValueError(
            "this view of numpy's can only be read",
            hint="write into the array itself, or into a .copy()",
            python="ValueError",
        )
    if tensor.owner.sealed:
        raise UnsupportedError(
            "this is the memory of complex numbers that were viewed as real ones",
            hint="make a copy before: z.clone()",
        )
    if (apart := _perhaps_copied(tensor)) is not None:
        # a memory of its own from now on, and nobody may look at what may be the same
        check_written(apart)
        refresh(apart, apply)
        apart.owner.doubtful = True
        apart.view = None
    _written(tensor, key)
    owner = tensor.owner
    if owner is not tensor:
        places = index_places(tensor.places(), key)
        _write_places(owner, places, value, apply)
    elif (lead := _lead(key, tensor.shape)) is not None:
        _write_part(tensor, key[:lead], value, apply)
    else:
        refresh(tensor, apply)
        tensor.value = _put(tensor.value, tensor.shape, key, value, apply)
    owner.version += 1


def _perhaps_copied(tensor: Tensor) -> Tensor | None:
    """The first on the way to the owner of the memory that may have been made a copy."""
    while tensor.view is not None:
        if tensor.view.unsure:
            return tensor
        tensor = tensor.view.source
    return None


def pending_part(tensor: Tensor, key: Key) -> tuple[Any, Key] | None:
    """What was last written at the front of a key, and the rest of the key."""
    lead = tensor.lead
    if not tensor.pending or len(key) < lead or not all(type(k) is int for k in key[:lead]):
        return None
    number = _number(key[:lead], tensor.shape)
    return (tensor.pending[number], key[lead:]) if number in tensor.pending else None


def is_free(tensor: Tensor, key: Key) -> bool:
    """Whether nothing that is pending stands at a key."""
    lead = tensor.lead
    return (
        len(key) >= lead
        and all(type(k) is int for k in key[:lead])
        and _number(key[:lead], tensor.shape) not in (tensor.pending or {})
    )


def _number(key: Key, shape: tuple[int, ...]) -> int:
    number = 0
    for k, size in zip(key, shape, strict=False):
        number = number * size + k % size
    return number


def _lead(key: Key, shape: tuple[int, ...]) -> int | None:
    """How many numbers a key begins with, if it takes all that is behind them."""
    lead = 0
    while lead < len(key) and type(key[lead]) is int:
        lead += 1
    whole = all(
        isinstance(k, slice) and _is_whole(k, size)
        for k, size in zip(key[lead:], shape[lead:], strict=False)
    )
    return lead if lead and whole else None


def _is_whole(item: slice, size: int) -> bool:
    return range(*item.indices(size)) == range(size)


def _write_part(tensor: Tensor, key: Key, value: Any, apply: Apply) -> None:
    if tensor.pending and tensor.lead != len(key):
        refresh(tensor, apply)
    if not tensor.pending:
        tensor.pending, tensor.lead = {}, len(key)
    number = _number(key, tensor.shape)
    # the order is that of the places, whichever was written first
    tensor.pending[number] = value


def _settled(tensor: Tensor, apply: Apply) -> Any:
    """The whole value with what is pending in it: runs of parts, and what is left between them."""
    assert tensor.pending is not None
    count = math.prod(tensor.shape[: tensor.lead])
    parts = sorted(tensor.pending.items())
    if len(parts) == count:
        whole = apply("stack", tensors=[value for _, value in parts], dim=0)
        return _shaped(whole, (count, *tensor.shape[tensor.lead :]), tensor.shape, apply)
    behind = tensor.shape[tensor.lead :]
    rows = _shaped(tensor.value, tensor.shape, (count, *behind), apply)
    pieces: list[Any] = []
    at, position = 0, 0
    while position < len(parts):
        end = position
        while end + 1 < len(parts) and parts[end + 1][0] == parts[end][0] + 1:
            end += 1
        first, last = parts[position][0], parts[end][0] + 1
        if first > at:
            pieces.append(apply("index", x=rows, key=(slice(at, first),)))
        pieces.append(apply("stack", tensors=[v for _, v in parts[position : end + 1]], dim=0))
        at, position = last, end + 1
    if at < count:
        pieces.append(apply("index", x=rows, key=(slice(at, count),)))
    joined = apply("concat", tensors=pieces, dim=0)
    return _shaped(joined, (count, *behind), tensor.shape, apply)


def _shaped(value: Any, old: tuple[int, ...], new: tuple[int, ...], apply: Apply) -> Any:
    return value if old == new else apply("reshape", x=value, shape=new)


def _put(x: Any, shape: tuple[int, ...], key: Key, value: Any, apply: Apply) -> Any:
    """The tensor with another value at a key.

    Of numbers and slices it is joined from what stands around; else it is taken from the
    elements of both.
    """
    if all(k is None or type(k) is int or _goes_on(k) for k in key):
        spans: list[tuple[int, int]] = []
        for k in key:
            if k is not None:
                start, stop = _span(k, shape[len(spans)])
                spans.append((start, max(start, stop)))
        spans += [(0, size) for size in shape[len(spans) :]]
        if not all(map(_goes_on, key)):
            sizes = tuple(stop - start for start, stop in spans)
            value = apply("reshape", x=value, shape=sizes)
        return _join(x, shape, spans, value, 0, apply)
    places = index_places(np.arange(math.prod(shape)).reshape(shape), key)
    return _taken(x, shape, places, value, apply)


def _goes_on(item: Any) -> bool:
    return isinstance(item, slice) and item.step in (None, 1)


def _span(item: Any, size: int) -> tuple[int, int]:
    """The first place and that behind the last of a number or a slice."""
    if isinstance(item, slice):
        start, stop, _ = item.indices(size)
        return start, stop
    return item % size, item % size + 1


def _join(
    x: Any, shape: tuple[int, ...], spans: list[tuple[int, int]], value: Any, axis: int,
    apply: Apply,
) -> Any:  # fmt: skip
    """Along each dimension: what is before the span, the part with the value, what is behind."""
    while axis < len(shape) and spans[axis] == (0, shape[axis]):
        axis += 1
    if axis == len(shape):
        return value
    start, stop = spans[axis]
    if start == stop:
        return x

    def part(first: int, last: int) -> Any:
        return apply("index", x=x, key=(*[slice(None)] * axis, slice(first, last)))

    rest = [*spans[:axis], (0, stop - start), *spans[axis + 1 :]]
    inner_shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
    if all(span == (0, size) for span, size in zip(rest, inner_shape, strict=True)):
        inner = value
    else:
        inner = _join(part(start, stop), inner_shape, rest, value, axis + 1, apply)
    pieces = [part(0, start)] if start else []
    pieces.append(inner)
    if stop < shape[axis]:
        pieces.append(part(stop, shape[axis]))
    return apply("concat", tensors=pieces, dim=axis) if len(pieces) > 1 else inner


def _write_places(owner: Tensor, places: Places, value: Any, apply: Apply) -> None:
    """Write elements at places in the memory of the owner."""
    rank = len(owner.shape)
    if places.size <= SINGLY and (not owner.pending or owner.lead == rank) and rank:
        flat = apply("reshape", x=value, shape=(places.size,))
        for number, place in enumerate(places.reshape(-1)):
            key = tuple(int(k) for k in np.unravel_index(place, owner.shape))
            _write_part(owner, key, apply("index", x=flat, key=(number,)), apply)
        return
    refresh(owner, apply)
    owner.value = _taken(owner.value, owner.shape, places, value, apply)


def _taken(x: Any, shape: tuple[int, ...], places: Places, value: Any, apply: Apply) -> Any:
    """Each element from the tensor or, at the places, from the value: what was written last."""
    count = math.prod(shape)
    source = np.arange(count)
    source[places.reshape(-1)] = count + np.arange(places.size)
    flat = [apply("reshape", x=x, shape=(count,)), apply("reshape", x=value, shape=(places.size,))]
    both = apply("concat", tensors=flat, dim=0)
    return apply("index", x=both, key=(source.reshape(shape),))
