"""Sums, products and extremes of large tensors with their tangents, in passes through blocks."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradcalc.balls.numbers import Undecided
from gradcalc.enclosure.arrays import DOWN, NONE, ArrayBall, number
from gradcalc.enclosure.blocks import BLOCK, Block, Gathered, block_of, each, spans
from gradcalc.enclosure.streams import Check, Dual, Pass, cut, shaped, ways
from gradcalc.enclosure.tensors import inner, total

OFTEN = 3
"""How often the same elements are asked for before they are kept."""

Multiply = Callable[[ArrayBall, ArrayBall], ArrayBall]


def streamed(duals: Sequence[Dual], function: Callable[..., Any], check: Check) -> list[Any]:
    """What a function makes of each block of tensors of one size, first to last."""
    for dual in duals:
        dual.asked += 1
        if dual.asked >= OFTEN and dual.cells.depth:
            dual.whole()
    size = max(dual.size for dual in duals)
    return [
        function(*[dual.block(start, stop, way) for dual in duals])
        for start, stop, way in ways(size, check)
    ]


def sum_of(x: Dual, check: Check) -> Block:
    """The sum of all elements."""

    def added(block: Block) -> Block:
        return each(block, lambda ball: total(ball, tuple(range(ball.mid.ndim))))

    return added(x.whole()) if x.size <= BLOCK else _summed(streamed([x], added, check))


def inner_product(x: Dual, y: Dual, check: Check) -> Block:
    """The inner product of the elements in a row."""

    def row(block: Block) -> Block:
        return each(block, lambda ball: shaped(ball, (-1,)))

    def added(a: Block, b: Block) -> Block:
        if a is not b:
            return multiplied(inner, row(a), row(b))
        square = row(a)
        twice = (None if t is None else inner(t, square.value) for t in square.tangents)
        tangents = (None if t is None else t * number(2) for t in twice)
        return Block(inner(square.value, square.value), tuple(tangents))

    return _summed(streamed([x, y], added, check))


def by_rows(multiply: Multiply, matrix: Dual, vector: Dual, check: Check) -> Block:
    """A matrix times a vector, some rows at a time."""
    count, width = matrix.shape
    right = vector.whole()
    gathered = Gathered((count,))
    for start, stop, rows in _slices(matrix, check):
        left = each(rows, lambda ball: shaped(ball, (-1, width)))
        gathered.put(start, stop, multiplied(multiply, left, right))
    return gathered.block((count,))


def by_columns(multiply: Multiply, vector: Dual, matrix: Dual, check: Check) -> Block:
    """A vector times a matrix, some rows of that at a time."""
    width = matrix.shape[1]
    left = vector.whole()
    found: Sequence[ArrayBall | None] = (None,) * (1 + len(left.tangents))
    for start, stop, rows in _slices(matrix, check):
        right = each(rows, lambda ball: shaped(ball, (-1, width)))
        part = multiplied(multiply, each(left, lambda ball: cut(ball, start, stop)), right)  # noqa: B023
        found = [_plus(*pair) for pair in zip(found, part.balls, strict=True)]
    return block_of(found)


def _slices(matrix: Dual, check: Check) -> Iterator[tuple[int, int, Block]]:
    """The rows of a matrix in one pass, some at a time, their elements in a row."""
    count, width = matrix.shape
    way = Pass()
    for start, stop in spans(count, max(1, BLOCK // width)):
        check()
        way.seen = {}
        yield start, stop, matrix.block(start * width, stop * width, way)


def multiplied(multiply: Multiply, x: Block, y: Block) -> Block:
    """A bilinear product with its tangents."""
    tangents = []
    for left, right in zip(x.tangents, y.tangents, strict=True):
        one = None if left is None else multiply(left, y.value)
        other = None if right is None else multiply(x.value, right)
        tangents.append(_plus(one, other))
    return Block(multiply(x.value, y.value), tuple(tangents))


def _plus(a: ArrayBall | None, b: ArrayBall | None) -> ArrayBall | None:
    """A sum, whose parts may not be there."""
    return b if a is None else a if b is None else a + b


def one_extreme(x: Dual, sign: int, check: Check) -> tuple[Any, Block]:
    """The position of the greatest (or least) of all elements, and the element.

    Raises `Undecided` where another one may be as great.
    """
    leaders = streamed([x], lambda block: _leader(block, sign), check)
    first = int(np.argmax([sign * leader.value.mid for _, leader in leaders]))
    place, leader = leaders[first]
    winner = leader.value
    number = first * BLOCK + place

    def not_behind(block: Block) -> int:
        ahead = (sign * (winner.mid - block.value.mid)) * DOWN * DOWN
        return int(np.count_nonzero(~(ahead > winner.rad + block.value.rad)))

    # the winner itself is not ahead of itself
    if sum(streamed([x], not_behind, check)) > 1:
        raise Undecided
    return np.asarray(number), leader


def _leader(block: Block, sign: int) -> tuple[int, Block]:
    place = int(np.argmax(sign * block.value.mid))

    def one(ball: ArrayBall) -> ArrayBall:
        rad = ball.rad if ball.rad.ndim == 0 else ball.rad[place]
        return ArrayBall(ball.mid[place], np.asarray(rad))

    return place, each(block, one)


def _summed(blocks: Sequence[Block]) -> Block:
    """The sum of blocks of one number each."""
    columns = zip(*(block.balls for block in blocks), strict=True)
    return block_of([_sum([ball for ball in column if ball is not None]) for column in columns])


def _sum(balls: Sequence[ArrayBall]) -> ArrayBall | None:
    if len(balls) < 2:
        return balls[0] if balls else None
    mid = np.array([ball.mid for ball in balls])
    rad = NONE if all(b.exact for b in balls) else np.array([float(ball.rad) for ball in balls])
    return total(ArrayBall(mid, rad), (0,))
