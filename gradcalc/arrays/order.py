"""Which elements of an array of balls are larger, where that holds for all numbers in them."""

from typing import Any

import numpy as np

from gradcalc.arrays.numbers import DOWN, ArrayBall
from gradcalc.arrays.sums import in_front
from gradcalc.balls.numbers import Undecided


def winners(ball: ArrayBall, along: tuple[int, ...], sign: int) -> Any:
    """The positions of the greatest (or least) elements along dimensions taken as one.

    Raises `Undecided` where another element may be as great.
    """
    rows, rest = in_front(sign * ball.mid, along)
    radii, _ = in_front(np.broadcast_to(ball.rad, ball.shape), along)
    rows, radii = (part.reshape(len(part), -1) for part in (rows, radii))
    first = np.argmax(rows, axis=0)
    columns = np.arange(rows.shape[1])
    ahead = (rows[first, columns] - rows) * DOWN * DOWN
    ahead[first, columns] = np.inf
    if not np.all(ahead > radii + radii[first, columns]):
        raise Undecided
    return first.reshape(rest)


def taken(ball: ArrayBall, along: tuple[int, ...], places: Any) -> ArrayBall:
    """The elements at the positions that `winners` gives."""

    def take(array: Any) -> Any:
        rows, _ = in_front(array, along)
        return np.take_along_axis(rows, places[None], 0)[0]

    return ball.moved(take)


def order(ball: ArrayBall, axis: int, descending: bool) -> Any:
    """The positions of the elements in order along a dimension.

    Raises `Undecided` where two that stand side by side may be equal.
    """
    places = np.argsort(ball.mid, axis, kind="stable")
    mid = np.take_along_axis(ball.mid, places, axis)
    rad = np.take_along_axis(np.broadcast_to(ball.rad, ball.shape), places, axis)
    front, back = (
        (slice(None),) * (axis % ball.ndim) + (part,) for part in (slice(1, None), slice(0, -1))
    )
    apart = (mid[front] - mid[back]) * DOWN * DOWN
    if not np.all(apart > rad[front] + rad[back]):
        raise Undecided
    return np.flip(places, axis) if descending else places
