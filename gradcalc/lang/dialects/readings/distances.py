"""scipy's distances between two vectors, put together from primitives."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.machine import Machine


class _Pair:
    """Two vectors, and what is done with them and their elements."""

    def __init__(self, machine: Machine, u: Any, v: Any, w: Any = None) -> None:
        self.machine = machine
        self.u, self.v = ops.tensor(machine, u), ops.tensor(machine, v)
        shapes = ops.shape(machine, self.u), ops.shape(machine, self.v)
        if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
            raise ShapeError(
                f"a distance of vectors of one length, not {shapes[0]} and {shapes[1]}"
            )
        self.w = None if w is None else ops.tensor(machine, w)

    def of(self, name: str, *operands: Any) -> Any:
        """A primitive of some numbers."""
        return ops.call(self.machine, name, *operands)

    @property
    def apart(self) -> Any:
        """The difference."""
        return self.of("sub", self.u, self.v)

    def total(self, x: Any) -> Any:
        """The sum of elements, by their weights."""
        return self.of("sum", x if self.w is None else self.of("mul", self.w, x))

    def cosine(self, u: Any, v: Any) -> Any:
        """The cosine between two vectors, by the weights."""
        both = self.total(self.of("mul", u, v))
        squares = [self.total(self.of("square", x)) for x in (u, v)]
        return self.of("div", both, self.of("sqrt", self.of("mul", *squares)))


def euclidean(machine: Machine, u: Any, v: Any, w: Any) -> Any:
    """The root of the sum of squares."""
    return ops.call(machine, "sqrt", squared(machine, u, v, w))


def squared(machine: Machine, u: Any, v: Any, w: Any) -> Any:
    """The sum of squares."""
    pair = _Pair(machine, u, v, w)
    return pair.total(pair.of("square", pair.apart))


def cityblock(machine: Machine, u: Any, v: Any, w: Any) -> Any:
    """The sum of absolute differences."""
    pair = _Pair(machine, u, v, w)
    return pair.total(pair.of("abs", pair.apart))


def chebyshev(machine: Machine, u: Any, v: Any) -> Any:
    """The greatest absolute difference."""
    pair = _Pair(machine, u, v)
    return pair.of("amax", pair.of("abs", pair.apart))


def minkowski(machine: Machine, u: Any, v: Any, p: Any, w: Any) -> Any:
    """The p-norm of the difference."""
    pair = _Pair(machine, u, v, w)
    if w is None:
        return pair.of("norm", pair.apart, p)
    if not p < float("inf"):
        raise UnsupportedError("minkowski with weights for p=inf", hint="write max(abs(u - v))")
    if p == 1:
        return cityblock(machine, u, v, w)
    if p == 2:
        return euclidean(machine, u, v, w)
    return pair.of("pow", pair.total(pair.of("pow", pair.of("abs", pair.apart), p)), 1 / p)


def cosine(machine: Machine, u: Any, v: Any, w: Any) -> Any:
    """1 less the cosine."""
    pair = _Pair(machine, u, v, w)
    return pair.of("sub", 1, pair.cosine(pair.u, pair.v))


def correlation(machine: Machine, u: Any, v: Any, w: Any, centered: Any) -> Any:
    """1 less the correlation."""
    pair = _Pair(machine, u, v, w)
    sides = [pair.u, pair.v]
    if centered:
        share = ops.shape(machine, pair.u)[0] if w is None else pair.of("sum", pair.w)
        sides = [pair.of("sub", x, pair.of("div", pair.total(x), share)) for x in sides]
    return pair.of("sub", 1, pair.cosine(*sides))


def braycurtis(machine: Machine, u: Any, v: Any, w: Any) -> Any:
    """The sum of absolute differences over that of absolute sums."""
    pair = _Pair(machine, u, v, w)
    sums = pair.of("abs", pair.of("add", pair.u, pair.v))
    return pair.of("div", pair.total(pair.of("abs", pair.apart)), pair.total(sums))


def mahalanobis(machine: Machine, u: Any, v: Any, **inverse: Any) -> Any:
    """The length of the difference by the matrix of an inner product."""
    pair = _Pair(machine, u, v)
    (matrix,) = inverse.values()
    row = pair.of("matmul", pair.apart, ops.tensor(machine, matrix))
    return pair.of("sqrt", pair.of("matmul", row, pair.apart))


ORDERS = {"euclidean": 2.0, "cityblock": 1.0, "chebyshev": float("inf")}
"""The metrics of scipy's cdist and pdist that are norms."""


def between(machine: Machine, name: str, metric: Any, p: Any = 2.0, **rows: Any) -> Any:
    """scipy's cdist and pdist, by a norm of differences or its square."""
    points = [ops.tensor(machine, value) for value in rows.values()]
    if metric == "sqeuclidean":
        return ops.call(machine, "square", ops.call(machine, name, *points))
    if metric == "minkowski":
        return ops.call(machine, name, *points, p)
    if metric not in ORDERS:
        raise UnsupportedError(
            f"{name} by the metric {metric!r} is not here",
            hint="there are 'euclidean', 'sqeuclidean', 'cityblock', 'chebyshev', 'minkowski'",
        )
    return ops.call(machine, name, *points, ORDERS[metric])


def square_form(machine: Machine, **values: Any) -> Any:
    """squareform: the distances in a row as a symmetric matrix, or such a matrix as a row."""
    (x,) = (ops.tensor(machine, value) for value in values.values())
    shape = ops.shape(machine, x)
    if len(shape) == 2 and shape[0] == shape[1]:
        above = np.triu_indices(shape[0], 1)
        return machine.copy(ops.index(machine, x, above))
    sides = 1 + math.isqrt(2 * shape[0]) if len(shape) == 1 else 0
    if len(shape) != 1 or sides * (sides - 1) != 2 * shape[0]:
        raise ShapeError(f"squareform takes the distances of all pairs, not shape {shape}")
    places = np.zeros((sides, sides), int)
    places[np.triu_indices(sides, 1)] = np.arange(1, shape[0] + 1)
    row = ops.call(machine, "concat", [machine.constant(np.zeros(1)), x], dim=0)
    return machine.copy(ops.index(machine, row, (places + places.T,)))
