"""Functions of elements on large arrays of balls, in blocks that the processor's cache holds."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcalc.enclosure.arrays import NONE, ArrayBall
from gradcalc.enclosure.tensors import moved

BLOCK = 8192
"""Elements computed at a time."""


def in_blocks(
    apply: Callable[..., tuple[ArrayBall, list[ArrayBall | None]]],
    operands: Sequence[ArrayBall],
    tangents: Sequence[Sequence[ArrayBall | None]],
    check: Callable[[], None],
) -> tuple[ArrayBall, list[ArrayBall | None]]:
    """A function of elements and their tangents, a block of them at a time.

    `check` is called between the blocks.
    """
    shape = np.broadcast_shapes(*[ball.shape for ball in operands])
    size = int(np.prod(shape, dtype=np.int64))
    if size <= BLOCK:
        value, found = apply(operands, tangents)
        return full(value, shape), [None if t is None else full(t, shape) for t in found]
    given = [*operands, *(t for row in tangents for t in row if t is not None)]
    plain = all(ball.mid.size == 1 or ball.shape == shape for ball in given)
    rows = (size,) if plain else shape
    collected: list[_Collected | None] | None = None
    for start, stop in _spans(rows):
        check()

        def part(ball: ArrayBall | None, i: int = start, j: int = stop) -> ArrayBall | None:
            return None if ball is None else _block(ball, shape, rows, i, j)

        pieces = [_block(ball, shape, rows, start, stop) for ball in operands]
        value, found = apply(pieces, [[part(t) for t in row] for row in tangents])
        results = [value, *found]
        if collected is None:
            collected = [None if r is None else _Collected(rows) for r in results]
        for keeper, result in zip(collected, results, strict=True):
            if keeper is not None and result is not None:
                keeper.put(start, stop, result)
    assert collected is not None
    first, *rest = [None if keeper is None else keeper.ball(shape) for keeper in collected]
    assert first is not None
    return first, rest


def full(ball: ArrayBall, shape: tuple[int, ...]) -> ArrayBall:
    """The ball in the shape of the result, though one number may stand for all."""
    if ball.shape == shape:
        return ball
    return moved(ball, lambda v: np.broadcast_to(v, shape))


def _spans(rows: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """The blocks along the first dimension."""
    step = max(1, BLOCK * rows[0] // int(np.prod(rows, dtype=np.int64)))
    return ((start, min(start + step, rows[0])) for start in range(0, rows[0], step))


def _block(
    ball: ArrayBall, shape: tuple[int, ...], rows: tuple[int, ...], start: int, stop: int
) -> ArrayBall:
    def cut(array: Any) -> Any:
        if array.size == 1:
            return array.reshape(())
        if array.shape != rows:
            array = array.reshape(rows) if len(rows) == 1 else np.broadcast_to(array, shape)
        return array[start:stop]

    return ArrayBall(cut(ball.mid), cut(ball.rad))


class _Collected:
    """A result that is filled in block by block; exact as long as every block is."""

    def __init__(self, rows: tuple[int, ...]) -> None:
        self.mid = np.empty(rows, dtype=np.longdouble)
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
