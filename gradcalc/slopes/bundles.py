"""A large tensor with its tangents in a few directions, whole or a block of its elements."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arrays.along import total
from gradcalc.arrays.numbers import NONE, ArrayBall, exactly

Tangents = tuple[ArrayBall | None, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A value and its tangents, None where a direction does not move it."""

    value: ArrayBall
    tangents: Tangents

    @property
    def balls(self) -> Tangents:
        """The value first."""
        return (self.value, *self.tangents)

    def each(self, function: Callable[[ArrayBall], ArrayBall]) -> "Bundle":
        """A function, linear in them all, of the value and of every tangent."""
        return bundle_of([None if ball is None else function(ball) for ball in self.balls])

    def whole(self) -> "Bundle":
        """All elements."""
        return self

    def cut(self, start: int, stop: int) -> "Bundle":
        """Some of the elements in a row."""
        # of what is laid out by numpy's strides only the part is copied
        return self.each(
            lambda ball: ball.moved(lambda v: v.flat[start:stop] if v.ndim > 1 else v[start:stop])
        )

    def total(self) -> "Bundle":
        """The sums of all elements."""
        return self.each(lambda ball: total(ball, tuple(range(ball.ndim))))


def bundle_of(balls: Sequence[ArrayBall | None]) -> Bundle:
    """A bundle of a value, which is there, and tangents."""
    value, *tangents = balls
    assert value is not None
    return Bundle(value, tuple(tangents))


@dataclass(frozen=True, slots=True)
class Unit:
    """A direction in which only the element of that number moves."""

    number: int


@dataclass(frozen=True, slots=True)
class Given:
    """Floats as they are, with directions: numbers for every element, a `Unit`, or None."""

    values: Any
    moves: Sequence[Any]

    def whole(self) -> Bundle:
        """All elements."""
        shape = np.shape(self.values)
        return self.cut(0, math.prod(shape)).each(lambda ball: ball.reshape(shape))

    def cut(self, start: int, stop: int) -> Bundle:
        """Some of the elements in a row."""
        moved = tuple(_moves(move, start, stop) for move in self.moves)
        return Bundle(exactly(np.reshape(self.values, -1)[start:stop]), moved)


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


def summed(parts: Sequence[Bundle]) -> Bundle:
    """The sum of bundles of one number each."""

    def added(balls: Sequence[Any]) -> ArrayBall | None:
        rows: Any = np.stack(balls) if balls else None
        return total(rows, (0,)) if balls else None

    columns = zip(*(part.balls for part in parts), strict=True)
    return bundle_of([added([ball for ball in column if ball is not None]) for column in columns])


class Gathered:
    """A bundle that is filled in block by block; a ball is exact as long as every block is."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: list[Any] = []

    def put(self, start: int, stop: int, part: Bundle) -> None:
        """One block."""
        self._found = self._found or [None] * len(part.balls)
        for k, ball in enumerate(part.balls):
            if ball is None:
                continue
            # what no block is put into does not move
            mid, rad = self._found[k] or (np.zeros(self._size, dtype=np.longdouble), None)
            if rad is None and not ball.exact:
                rad = np.zeros(self._size)
            mid[start:stop] = ball.mid
            if rad is not None:
                rad[start:stop] = ball.rad
            self._found[k] = mid, rad

    def bundle(self, shape: tuple[int, ...]) -> Bundle:
        """All blocks, in the shape of the result."""

        def joint(mid: Any, rad: Any) -> ArrayBall:
            return ArrayBall(mid.reshape(shape), NONE if rad is None else rad.reshape(shape))

        return bundle_of([None if parts is None else joint(*parts) for parts in self._found])
