"""Right gradients written by hand, at points where they cancel, level off or are small beside
others: rounding takes digits of single elements there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

Pair = tuple[Callable[[Any], Any], Callable[[Any], Any], Any]


@dataclass
class Drawn:
    """What a case is made of."""

    draw: np.random.Generator

    def scales(self, count: int, low: float = -14, high: float = 3) -> Any:
        return 10.0 ** self.draw.uniform(low, high, count) * self.draw.choice((-1, 1), count)

    def table(self, rows: int, columns: int) -> Any:
        return self.draw.normal(size=(rows, columns)) * np.abs(self.scales(columns, -6, 3))


def least_squares(d: Drawn) -> Pair:
    X = d.table(7, 3)
    y = X @ d.draw.normal(size=3) + d.draw.choice((0, 1e-3)) * d.draw.normal(size=7)
    w = np.linalg.lstsq(X, y, rcond=None)[0] * (1 + d.scales(3, -15, -1))
    return lambda w: 0.5 * np.sum((X @ w - y) ** 2), lambda w: X.T @ (X @ w - y), w


def by_gram(d: Drawn) -> Pair:
    X = d.table(7, 3)
    y = X @ d.draw.normal(size=3)
    gram, right = X.T @ X, X.T @ y
    w = np.linalg.solve(gram, right) * (1 + d.scales(3, -15, -1))
    return lambda w: 0.5 * np.sum((X @ w - y) ** 2), lambda w: gram @ w - right, w


def ridge(d: Drawn) -> Pair:
    X, y, lam = d.table(6, 4), d.draw.normal(size=6), 10 ** d.draw.uniform(-8, 0)
    w = np.linalg.solve(X.T @ X + lam * np.eye(4), X.T @ y)
    return (
        lambda w: np.sum((X @ w - y) ** 2) + lam * w @ w,
        lambda w: 2 * (X.T @ (X @ w - y) + lam * w),
        w,
    )


def logistic(d: Drawn) -> Pair:
    X, y = d.table(8, 3), d.draw.integers(0, 2, 8).astype(float)
    w = d.draw.normal(size=3) * 10 ** d.draw.uniform(0, 2) / np.abs(X).max(0)

    def f(w):
        z = X @ w
        return np.sum(np.logaddexp(0, z) - y * z)

    return f, lambda w: X.T @ (1 / (1 + np.exp(-(X @ w))) - y), w


def cross_entropy(d: Drawn) -> Pair:
    z, label = d.draw.normal(size=5) * 10 ** d.draw.uniform(0, 2.3), int(d.draw.integers(5))

    def f(z):
        top = np.max(z)
        return top + np.log(np.sum(np.exp(z - top))) - z[label]

    def df(z):
        p = np.exp(z - z.max())
        p /= p.sum()
        p[label] -= 1
        return p

    return f, df, z


def saturated(d: Drawn) -> Pair:
    return (
        lambda x: np.sum(np.tanh(x)),
        lambda x: 1 - np.tanh(x) ** 2,
        d.draw.uniform(-22, 22, 5) * d.draw.choice((1, 1, 0.1), 5),
    )


def sigmoids(d: Drawn) -> Pair:
    def df(x):
        s = 1 / (1 + np.exp(-x))
        return s * (1 - s)

    return lambda x: np.sum(scipy.special.expit(x)), df, d.draw.uniform(-40, 40, 5)


def logcosh(d: Drawn) -> Pair:
    return lambda x: np.sum(np.log(np.cosh(x))), np.tanh, d.scales(5, -16, 2)


def differences_of_exps(d: Drawn) -> Pair:
    return lambda x: np.sum(np.exp(x) - x), lambda x: np.exp(x) - 1, d.scales(5, -17, 0.5)


def cancelling_terms(d: Drawn) -> Pair:
    a, b = d.scales(4), d.scales(4)
    x = b / a * (1 + d.scales(4, -17, -10))
    return lambda x: np.sum(a * x**2 / 2 - b * x), lambda x: a * x - b, x


def rosenbrock(d: Drawn) -> Pair:
    k = 10 ** d.draw.uniform(0, 8)

    def df(x):
        back = -4 * k * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
        return np.array([back, 2 * k * (x[1] - x[0] ** 2)])

    a = 1 + d.scales(1, -16, 0)[0]
    x = np.array([a, a * a * (1 + d.scales(1, -17, -2)[0])])
    return lambda x: k * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, df, x


def gaussian(d: Drawn) -> Pair:
    data = 10 ** d.draw.uniform(0, 6) + d.draw.normal(size=9)

    def f(t):
        return np.sum((data - t[0]) ** 2) / (2 * t[1] ** 2) + len(data) * np.log(t[1])

    def df(t):
        r = data - t[0]
        return np.array([-np.sum(r) / t[1] ** 2, -np.sum(r**2) / t[1] ** 3 + len(data) / t[1]])

    return f, df, np.array([np.mean(data), np.std(data)])


def solved(d: Drawn) -> Pair:
    b, scale = d.draw.normal(size=4), np.abs(d.scales(4, -5, 2))
    A = np.diag(scale) @ (np.eye(4) + 0.1 * d.draw.normal(size=(4, 4))) @ np.diag(scale)
    return (
        lambda x: b @ np.linalg.solve(A, x),
        lambda x: np.linalg.solve(A.T, b),
        d.scales(4, -3, 3),
    )


def log_determinant(d: Drawn) -> Pair:
    A = d.draw.normal(size=(4, 4))
    A = A @ A.T + np.eye(4)
    return (
        lambda x: np.linalg.slogdet(A + np.diag(x))[1],
        lambda x: np.diag(np.linalg.inv(A + np.diag(x))).copy(),
        np.abs(d.scales(4, -6, 12)),
    )


def spectrum(d: Drawn) -> Pair:
    k = np.abs(d.scales(8, -8, 1))
    return (
        lambda x: np.sum(k * np.abs(np.fft.fft(x)) ** 2),
        lambda x: 2 * np.real(np.fft.fft(k * np.conj(np.fft.fft(x)))),
        d.scales(8, -10, 2),
    )


def running_sums(d: Drawn) -> Pair:
    a = d.scales(6, -8, 3)
    return (
        lambda x: np.sum((np.cumsum(x) - a) ** 2),
        lambda x: 2 * np.cumsum((np.cumsum(x) - a)[::-1])[::-1],
        np.diff(a, prepend=0.0) * (1 + d.scales(6, -17, -13)),
    )


def products(d: Drawn) -> Pair:
    return lambda x: np.prod(x), lambda x: np.prod(x) / x, d.scales(4, -8, 8)


def complex_steps(d: Drawn) -> Pair:
    def f(x):
        return np.exp(x[0]) + x[1] ** 2 * x[2]

    def df(x):
        found = np.zeros(3)
        for k in range(3):
            z = x.astype(complex)
            z[k] += 1e-30j
            found[k] = np.imag(f(z)) / 1e-30
        return found

    return f, df, d.scales(3, -9, 0.5)


def in_a_loop(d: Drawn) -> Pair:
    X, y = d.table(6, 3), d.draw.normal(size=6)

    def f(w):
        total = 0.0
        for row, t in zip(X, y, strict=True):
            total += (row @ w - t) ** 2
        return total

    def df(w):
        found = np.zeros(3)
        for row, t in zip(X, y, strict=True):
            found += 2 * (row @ w - t) * row
        return found

    return f, df, np.linalg.lstsq(X, y, rcond=None)[0]


def normalized(d: Drawn) -> Pair:
    def df(x):
        n = np.sqrt(np.sum(x**2))
        return np.ones(4) / n - x * np.sum(x) / n**3

    x = np.ones(4) + d.scales(4, -16, -1)
    return lambda x: np.sum(x) / np.sqrt(np.sum(x**2)), df, x


def entropy(d: Drawn) -> Pair:
    x = np.exp(-1) * (1 + d.scales(4, -17, -1))
    return lambda p: np.sum(p * np.log(p)), lambda p: np.log(p) + 1, x


RIGHT = {
    family.__name__: family
    for family in (
        least_squares, by_gram, ridge, logistic, cross_entropy, saturated, sigmoids, logcosh,
        differences_of_exps, cancelling_terms, rosenbrock, gaussian, solved, log_determinant,
        spectrum, running_sums, products, complex_steps, in_a_loop, normalized, entropy,
    )
}  # fmt: skip
"""Families of cases, each of which is made of what is drawn."""
