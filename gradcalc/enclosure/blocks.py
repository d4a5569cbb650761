"""Functions of elements on large arrays of balls, in blocks that the processor's cache holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.enclosure.arrays import NONE, ArrayBall
from gradcalc.enclosure.tensors import moved

BLOCK = 8192
"""Elements computed at a time."""

Tangents = tuple[ArrayBall | None, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some elements with their tangents, or all of them; None where nothing moves."""

    value: ArrayBall
    tangents: Tangents

    @property
    def balls(self) -> tuple[ArrayBall | None, ...]:
        """The value first."""
        return (self.value, *self.tangents)


Function = Callable[[Sequence[Block]], Block]


def block_of(balls: Sequence[ArrayBall | None]) -> Block:
    """A block of a value, which is there, and tangents."""
    value, *tangents = balls
    assert value is not None
    return Block(value, tuple(tangents))


def each(block: Block, function: Callable[[ArrayBall], ArrayBall]) -> Block:
    """A function, linear in them all, of the value and of every tangent."""
    return block_of([None if ball is None else function(ball) for ball in block.balls])


def in_blocks(
    function: Function, operands: Sequence[Block], shape: tuple[int, ...], check: Callable[[], None]
) -> Block:
    """A function of elements, a block of them at a time, of tensors that give this shape.

    `check` is called between the blocks.
    """
    size = int(np.prod(shape, dtype=np.int64))
    if size <= BLOCK:
        return each(function(operands), lambda ball: full(ball, shape))
    gathered = Gathered(shape)
    step = max(1, BLOCK * shape[0] // size)
    for start, stop in spans(shape[0], step):
        check()
        pieces = [each(block, lambda ball: _cut(ball, shape, start, stop)) for block in operands]  # noqa: B023
        gathered.put(start, stop, function(pieces))
    return gathered.block(shape)


def full(ball: ArrayBall, shape: tuple[int, ...]) -> ArrayBall:
    """The ball in the shape of the result, though one number may stand for all."""
    if ball.shape == shape:
        return ball
    return moved(ball, lambda v: np.broadcast_to(v, shape))


def spans(size: int, step: int) -> Iterator[tuple[int, int]]:
    """Where blocks begin and end."""
    return ((start, min(start + step, size)) for start in range(0, size, step))


def _cut(ball: ArrayBall, shape: tuple[int, ...], start: int, stop: int) -> ArrayBall:
    def cut(array: Any) -> Any:
        if array.size == 1:
            return array.reshape(())
        return np.broadcast_to(array, shape)[start:stop]

    return ArrayBall(cut(ball.mid), cut(ball.rad))


class Gathered:
    """A value and its tangents that are filled in block by block."""

    def __init__(self, rows: tuple[int, ...]) -> None:
        self._rows = rows
        self._keepers: list[_Collected | None] = []

    def put(self, start: int, stop: int, block: Block) -> None:
        """One block."""
        self._keepers = self._keepers or [None] * len(block.balls)
        for k, ball in enumerate(block.balls):
            if ball is not None:
                keeper = self._keepers[k] = self._keepers[k] or _Collected(self._rows)
                keeper.put(start, stop, ball)

    def block(self, shape: tuple[int, ...]) -> Block:
        """All of them, in the shape of the result."""
        return block_of([None if k is None else k.ball(shape) for k in self._keepers])


class _Collected:
    """A result that is filled in block by block; exact as long as every block is."""

    def __init__(self, rows: tuple[int, ...]) -> None:
        # what no block is put into does not move
        self.mid = np.zeros(rows, dtype=np.longdouble)
        self.rad: Any = None

    def put(self, start: int, stop: int, part: ArrayBall) -> None:
        """One block."""
        self.mid[start:stop] = part.mid
        if self.rad is None and not part.exact:
            self.rad = np.zeros(self.mid.shape)
        if self.rad is not None:
            self.rad[start:stop] = part.rad

    def ball(self, shape: tuple[int, ...]) -> ArrayBall:
        """All blocks in the shape of the result."""
        rad = NONE if self.rad is None else self.rad.reshape(shape)
        return ArrayBall(self.mid.reshape(shape), rad)
