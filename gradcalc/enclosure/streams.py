"""Large tensors with their tangents, computed a block at a time and only when they are needed.

What is done to single elements is put off until a sum, or another operation on whole tensors, asks
for them. Then each block goes through all of it while the processor's cache holds it, and what is
made in between is never there as a whole.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradcalc.enclosure.arrays import ArrayBall, exactly
from gradcalc.enclosure.blocks import (
    BLOCK,
    Block,
    Function,
    Gathered,
    Tangents,
    block_of,
    each,
    full,
    spans,
)
from gradcalc.enclosure.tensors import running

CROWDED = 50_000
"""Numbers that have to be kept as a whole from which on there is room for one direction only."""

DEEP = 24
"""Operations on elements that are put off at the most before they are done."""

Check = Callable[[], None]


@dataclass(slots=True)
class Pass:
    """One way through the blocks, first to last: what this block has, and what is carried on.

    `carried` says too how far those that carry something have come.
    """

    seen: dict[int, Block] = field(default_factory=dict)
    carried: dict[int, tuple[Block, int]] = field(default_factory=dict)


class Cells(Protocol):
    """Where the elements of a tensor come from. `depth` counts what there is to do to get them."""

    shape: tuple[int, ...]
    depth: int

    def block(self, start: int, stop: int, way: Pass) -> Block:
        """The elements from `start` to `stop` in a row."""
        ...

    def whole(self) -> Block:
        """All of them, in their shape."""
        ...


@dataclass(slots=True, eq=False)
class Dual:
    """A tensor with its tangents, None where a direction does not move it.

    `active` says that it depends on what is differentiated by, `mask` that it holds truth values.
    """

    cells: Cells
    active: bool = False
    mask: bool = False
    asked: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the tensor."""
        return self.cells.shape

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    @property
    def value(self) -> ArrayBall:
        """All elements."""
        return self.whole().value

    @property
    def tangents(self) -> Tangents:
        """The tangents of all elements."""
        return self.whole().tangents

    def whole(self) -> Block:
        """All elements, which are kept."""
        found = self.cells.whole()
        if not isinstance(self.cells, Stored):
            self.cells = Stored(found)
        return found

    def block(self, start: int, stop: int, way: Pass) -> Block:
        """The elements from `start` to `stop` in a row; a single number stands for all."""
        if self.size == 1:
            return each(self.whole(), lambda ball: shaped(ball, ()))
        found = way.seen.get(id(self))
        if found is None:
            found = way.seen[id(self)] = self.cells.block(start, stop, way)
        return found


def stored(
    value: ArrayBall, tangents: Tangents = (), active: bool = False, mask: bool = False
) -> Dual:
    """A tensor that is there."""
    return Dual(Stored(Block(value, tangents)), active, mask)


class Stored:
    """Elements that are there."""

    depth = 0

    def __init__(self, block: Block) -> None:
        self.all = block
        self.shape = block.value.shape

    def whole(self) -> Block:
        return self.all

    def block(self, start: int, stop: int, way: Pass) -> Block:
        return each(self.all, lambda ball: cut(ball, start, stop))


class Reshaped:
    """The same elements in the same row, in another shape."""

    def __init__(self, dual: Dual, shape: tuple[int, ...]) -> None:
        self.dual, self.shape, self.depth = dual, shape, dual.cells.depth

    def whole(self) -> Block:
        return each(self.dual.whole(), lambda ball: shaped(ball, self.shape))

    def block(self, start: int, stop: int, way: Pass) -> Block:
        return self.dual.block(start, stop, way)


@dataclass(frozen=True, slots=True)
class Unit:
    """A direction in which only the element of that number moves."""

    number: int


@dataclass(slots=True)
class Patience:
    """Until when there is time for so many directions; others are given up half-way then."""

    ends: Sequence[tuple[float, int]] = ()
    left: float = math.inf
    crowded: bool = False

    def make_room(self, size: int) -> None:
        """Follow one direction only where so many numbers have to be kept for each."""
        if size > CROWDED:
            self.left, self.crowded = 1, True

    def wanted(self, count: int) -> int:
        """How many of so many directions are still to be followed."""
        now = time.monotonic()
        self.left = min([self.left, *(kept for end, kept in self.ends if now > end)])
        return int(min(count, self.left))


class Given:
    """Floats as they are, with directions: numbers for every element, or one that moves alone.

    A direction that is given up moves nothing from then on.
    """

    depth = 0

    def __init__(self, values: Any, moves: Sequence[Any], patience: Patience | None = None) -> None:
        self.values, self.moves = values, tuple(moves)
        self.patience = patience or Patience()
        self.shape: tuple[int, ...] = np.shape(values)

    def whole(self) -> Block:
        found = self.block(0, math.prod(self.shape), Pass())
        return each(found, lambda ball: shaped(ball, self.shape))

    def block(self, start: int, stop: int, way: Pass) -> Block:
        wanted = self.patience.wanted(len(self.moves))
        moved = tuple(
            _moves(move, start, stop) if number < wanted else None
            for number, move in enumerate(self.moves)
        )
        return Block(exactly(np.reshape(self.values, -1)[start:stop]), moved)


def _moves(move: Any, start: int, stop: int) -> ArrayBall | None:
    if move is None:
        return None
    if not isinstance(move, Unit):
        return exactly(np.reshape(move, -1)[start:stop])
    if not start <= move.number < stop:
        return None
    unit = np.zeros(stop - start)
    unit[move.number - start] = 1
    return exactly(unit)


class _Late:
    """Elements that are still to be made."""

    shape: tuple[int, ...]

    def __init__(self, check: Check) -> None:
        self.check = check

    def whole(self) -> Block:
        size = math.prod(self.shape)
        gathered = Gathered((size,))
        for start, stop, way in ways(size, self.check):
            gathered.put(start, stop, self.block(start, stop, way))
        return gathered.block(self.shape)

    def block(self, start: int, stop: int, way: Pass) -> Block:
        raise NotImplementedError


class Pending(_Late):
    """A function of elements, put off."""

    def __init__(
        self,
        shape: tuple[int, ...],
        function: Function,
        operands: Sequence[Dual],
        check: Check,
    ) -> None:
        super().__init__(check)
        self.shape, self.function, self.operands = shape, function, operands
        self.depth = 1 + max(operand.cells.depth for operand in operands)

    def block(self, start: int, stop: int, way: Pass) -> Block:
        found = self.function([operand.block(start, stop, way) for operand in self.operands])
        return each(found, lambda ball: full(ball, (stop - start,)))


class Running(_Late):
    """Running sums of all elements in a row."""

    def __init__(self, dual: Dual, check: Check) -> None:
        super().__init__(check)
        self.dual = dual
        self.shape, self.depth = (dual.size,), 1 + dual.cells.depth

    def block(self, start: int, stop: int, way: Pass) -> Block:
        before, reached = way.carried.get(id(self), (None, 0))
        if start != reached:
            # out of order, what came before is not known
            return each(self.whole(), lambda ball: cut(ball, start, stop))
        given = self.dual.block(start, stop, way)
        left = [None] * len(given.balls) if before is None else before.balls
        found = block_of(
            [self._on(*pair, stop - start) for pair in zip(given.balls, left, strict=True)]
        )
        last = each(found, lambda ball: cut(ball, stop - start - 1, None))
        way.carried[id(self)] = last, stop
        return found

    @staticmethod
    def _on(ball: ArrayBall | None, left: ArrayBall | None, size: int) -> ArrayBall | None:
        """The sums of a block on top of what the blocks before came to."""
        if ball is None:
            return None if left is None else full(left, (size,))
        sums = running(ball, 0)
        return sums if left is None else sums + left


def shaped(ball: ArrayBall, shape: tuple[int, ...]) -> ArrayBall:
    """The ball's elements in another shape."""
    return ArrayBall(
        ball.mid.reshape(shape), ball.rad.reshape(shape) if ball.rad.ndim else ball.rad
    )


def ways(size: int, check: Check) -> Iterator[tuple[int, int, Pass]]:
    """The blocks of one pass."""
    way = Pass()
    for start, stop in spans(size, BLOCK):
        check()
        way.seen = {}
        yield start, stop, way


def cut(ball: ArrayBall, start: int, stop: int | None) -> ArrayBall:
    """Some of a ball's elements in a row."""
    rad = ball.rad if ball.rad.ndim == 0 else ball.rad.reshape(-1)[start:stop]
    return ArrayBall(ball.mid.reshape(-1)[start:stop], rad)
