"""Ten textbook objectives, each in gradcalc's language and as a peer would spell it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

Inputs = dict[str, Any]

THIN = 8
"""The short side of a matrix whose other side is n."""


@dataclass(frozen=True, slots=True)
class Family:
    """An objective that grows with n.

    `spelled` takes the functions of a tool (see `benchmarks.peers`) and the inputs; `matrices` the
    inputs as sympy's `MatrixSymbol`s, vectors being columns. `largest` is the n at which it ends.
    """

    name: str
    program: str
    wrt: str
    draw: Callable[[np.random.Generator, int], Inputs]
    spelled: Callable[[Any, Any], Any]
    matrices: Callable[[Any], Any]
    largest: int = 10**6

    def inputs(self, n: int) -> Inputs:
        """The same numbers each time."""
        return self.draw(np.random.default_rng(n), n)


class Given:
    """Inputs by name: `given.x`."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.__dict__.update(inputs)


def _vector(random: np.random.Generator, n: int) -> Inputs:
    return {"x": random.normal(size=n)}


def _two(random: np.random.Generator, n: int) -> Inputs:
    return {"x": random.normal(size=n), "v": random.normal(size=n)}


def _square(random: np.random.Generator, n: int) -> Inputs:
    return {"x": random.normal(size=n), "A": random.normal(size=(n, n))}


def _rows(random: np.random.Generator, n: int) -> Inputs:
    """Many rows, few unknowns."""
    x, w = random.normal(size=(n, THIN)), random.normal(size=THIN)
    return {"X": x, "w": w, "b": random.normal(size=n)}


def _labelled(random: np.random.Generator, n: int) -> Inputs:
    return _rows(random, n) | {"b": random.integers(0, 2, size=n).astype(np.float64)}


def _unknowns(random: np.random.Generator, n: int) -> Inputs:
    """Few rows, many unknowns."""
    x, w = random.normal(size=(THIN, n)), random.normal(size=n)
    return {"X": x, "w": w, "b": random.normal(size=THIN), "lam": np.asarray(0.5)}


def _network(random: np.random.Generator, n: int) -> Inputs:
    w, x = random.normal(size=(n, THIN)), random.normal(size=THIN)
    return {"W": w, "x": x, "a": random.normal(size=n)}


# -- as matrices of sympy ------------------------------------------------------------------

T = sympy.Symbol("t")


def _ones(x: Any) -> Any:
    return sympy.OneMatrix(1, x.shape[0])


def _residual(g: Any) -> Any:
    return (g.X * g.w - g.b).T * (g.X * g.w - g.b)


def _softmax(g: Any) -> Any:
    powers = g.x.applyfunc(sympy.exp)
    return (g.v.T * powers) * (_ones(g.x) * powers).inv()


def _logistic(g: Any) -> Any:
    logs = (g.X * g.w).applyfunc(sympy.Lambda(T, sympy.log(1 + sympy.exp(T))))
    return _ones(g.b) * logs - g.b.T * g.X * g.w


def _variance(g: Any) -> Any:
    n = g.x.shape[0]
    apart = g.x - _ones(g.x).T * (_ones(g.x) * g.x) / n
    return apart.T * apart / (n - 1)


FAMILIES = (
    Family(
        "dot",
        "2*dot(x,x)",
        "x",
        _vector,
        lambda m, g: 2 * m.dot(g.x, g.x),
        lambda g: 2 * g.x.T * g.x,
    ),
    Family(
        "quadratic form",
        "x@A@x",
        "x",
        _square,
        lambda m, g: m.dot(g.x, g.A @ g.x),
        lambda g: g.x.T * g.A * g.x,
        largest=1000,
    ),
    Family(
        "least squares",
        "sum((X@w - b)**2)",
        "w",
        _rows,
        lambda m, g: m.sum((g.X @ g.w - g.b) ** 2),
        _residual,
    ),
    Family(
        "ridge",
        "sum((X@w - b)**2) + lam*dot(w, w)",
        "w",
        _unknowns,
        lambda m, g: m.sum((g.X @ g.w - g.b) ** 2) + g.lam * m.dot(g.w, g.w),
        lambda g: _residual(g) + g.lam * g.w.T * g.w,
    ),
    Family(
        "logsumexp",
        "logsumexp(x)",
        "x",
        _vector,
        lambda m, g: m.logsumexp(g.x),
        lambda g: sympy.log((_ones(g.x) * g.x.applyfunc(sympy.exp))[0, 0]),
    ),
    Family(
        "softmax",
        "v@softmax(x)",
        "x",
        _two,
        lambda m, g: m.dot(g.v, m.softmax(g.x)),
        _softmax,
    ),
    Family(
        "logistic regression",
        "sum(log(1 + exp(X@w)) - b*(X@w))",
        "w",
        _labelled,
        lambda m, g: m.sum(m.log(1 + m.exp(g.X @ g.w)) - g.b * (g.X @ g.w)),
        _logistic,
    ),
    Family(
        "norm",
        "norm(x)",
        "x",
        _vector,
        lambda m, g: m.norm(g.x),
        lambda g: (g.x.T * g.x) ** sympy.Rational(1, 2),
    ),
    Family(
        "tanh network",
        "a@tanh(W@x)",
        "W",
        _network,
        lambda m, g: m.dot(g.a, m.tanh(g.W @ g.x)),
        lambda g: g.a.T * (g.W * g.x).applyfunc(sympy.tanh),
    ),
    Family(
        "variance",
        "var(x)",
        "x",
        _vector,
        lambda m, g: m.var(g.x),
        _variance,
    ),
)
