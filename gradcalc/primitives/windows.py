"""Windows that slide over the last dimensions of a tensor: where they stand, and their elements."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.shapes import numbers, show

Sizes = tuple[int, ...]


def each(name: str, value: Any, rank: int) -> Sizes:
    """A number for each of so many dimensions."""
    found = tuple(int(number) for number in numbers(value))
    if len(found) == 1:
        return found * rank
    if len(found) != rank:
        raise ShapeError(f"{name} has a number for each of {rank} dimensions, not {len(found)}")
    return found


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows over dimensions of these `sizes`, which have been padded by so much `before`.

    `kernel` is how many elements a window has, `count` how many windows there are, one `stride`
    apart, elements of one `dilation` apart.
    """

    sizes: Sizes
    kernel: Sizes
    stride: Sizes
    before: Sizes
    dilation: Sizes
    count: Sizes

    @property
    def reach(self) -> Sizes:
        """How many elements are reached from the first to the last, those of the padding too."""
        return tuple(
            (n - 1) * s + (k - 1) * d + 1
            for n, s, k, d in zip(self.count, self.stride, self.kernel, self.dilation, strict=True)
        )

    @property
    def places(self) -> tuple[Any, ...]:
        """Of each dimension where elements stand: by the kernel's dimensions, then the windows'."""
        rank, found = len(self.sizes), []
        for axis in range(rank):
            first = np.arange(self.count[axis]) * self.stride[axis]
            inside = np.arange(self.kernel[axis]) * self.dilation[axis]
            shape = [1] * (2 * rank)
            shape[axis], shape[rank + axis] = self.kernel[axis], self.count[axis]
            found.append((inside[:, None] + first).reshape(shape))
        return tuple(found)

    @property
    def key(self) -> tuple[Any, ...]:
        """The places as the last parts of a key."""
        return tuple(ops.Data.of(place) for place in self.places)

    @property
    def inside(self) -> Any:
        """Which elements are no padding, by the kernel's dimensions and the windows'."""
        found: Any = True
        for place, before, size in zip(self.places, self.before, self.sizes, strict=True):
            found = found & (place >= before) & (place < before + size)
        return np.broadcast_to(found, (*self.kernel, *self.count))


def windows(
    name: str,
    sizes: Sequence[int],
    kernel: Sizes,
    stride: Sizes,
    padding: Sequence[Sequence[int]],
    dilation: Sizes,
    *,
    ceil: bool = False,
) -> Windows:
    """The windows over dimensions that are padded by pairs, before and behind.

    With `ceil` there is one more where it begins in the dimension or in front of it. Raises
    `ShapeError` where there are none.
    """
    if min((*kernel, *stride, *dilation), default=1) < 1 or min(map(min, padding), default=0) < 0:
        raise ShapeError(
            f"{name}: windows, strides and dilations are at least 1, padding at least 0"
        )
    count = []
    for size, k, s, (before, behind), d in zip(
        sizes, kernel, stride, padding, dilation, strict=True
    ):
        room = size + before + behind - d * (k - 1) - 1
        number = (math.ceil(room / s) if ceil else room // s) + 1
        if ceil and (number - 1) * s >= size + before:
            number -= 1
        if number < 1 or (room < 0 and not ceil):
            shown = show(sizes)
            raise ShapeError(f"{name}: no window of shape {show(kernel)} fits into shape {shown}")
        count.append(number)
    first = tuple(before for before, _ in padding)
    return Windows(tuple(sizes), kernel, stride, first, dilation, tuple(count))


def padded(f: Any, x: Any, place: Windows, value: float = 0.0) -> Any:
    """A tensor with what windows reach beyond its last dimensions."""
    behind = [
        max(0, reach - before - size)
        for reach, before, size in zip(place.reach, place.before, place.sizes, strict=True)
    ]
    pairs = zip(place.before[::-1], behind[::-1], strict=True)
    amounts = tuple(number for pair in pairs for number in pair)
    result = ops.pad(f, x, amounts)
    if value == 0 or not any(amounts):
        return result
    beyond = np.ones(result.shape)
    beyond[ops.numpy_key(ops.pad_key(x.shape, amounts))] = 0
    # a choice leaves the elements as they are, where a sum would round them
    return f.scalar("where", f.literal(beyond), f.literal(np.full(result.shape, value)), result)


def taken(f: Any, x: Any, place: Windows) -> Any:
    """The elements of all windows of a padded tensor: by the kernel's dimensions, then theirs."""
    lead = x.ndim - len(place.sizes)
    whole = tuple((0, size, 1) for size in x.shape[:lead])
    return f(ops.INDEX, x, key=(*whole, *place.key))
