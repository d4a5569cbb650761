"""Corners of one part with many inputs, with claims that are valid there and such that are not.

The answers are known by the form: a sum of bends has every share of each jump, what is largest a
mixture of what ties, a norm all that is no longer than 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog


@dataclass(frozen=True, slots=True)
class Wide:
    """A program at a corner by its only moving input `x`, a claim there, and if it is valid."""

    kind: str
    program: str
    inputs: dict[str, Any]
    claim: Any
    valid: bool


Made = tuple[str, dict[str, Any], Any, Any]
"""A program, its inputs, and two claims: a valid one, and one that is not."""


def rising(random: np.random.Generator, size: int) -> Made:
    """The total rise along a row of equal numbers."""
    ways = np.diff(np.eye(size), axis=0)
    inputs = {"x": np.full(size, 0.7)}
    return "sum(relu(x[1:] - x[:-1]))", inputs, *_shared(random, ways, np.zeros(size))


def variation(random: np.random.Generator, size: int) -> Made:
    """The total variation of a row of equal numbers, beside something smooth."""
    ways, at = np.diff(np.eye(size), axis=0), np.full(size, 1.0)
    program = "3*sum(abs(x[1:] - x[:-1])) - sum(x**2)"
    return program, {"x": at}, *_shared(random, 6 * ways, -2 * at - 3 * ways.sum(axis=0))


def hinges(random: np.random.Generator, size: int) -> Made:
    """Hinge losses, some rows of which are on the margin."""
    on, off = int(random.integers(3, 20)), 10
    rows = _drawn(random, on + off, size)
    rows[:, 0] = np.where(np.arange(on + off) < on, 1.0, 3.0)
    x = np.zeros(size)
    x[0] = 1.0
    return "sum(relu(1 - A@x))", {"A": rows, "x": x}, *_shared(random, -rows[:on], np.zeros(size))


def sizes(random: np.random.Generator, size: int) -> Made:
    """Sizes of fewer or more linear functions than there are inputs."""
    count = int(random.integers(size // 2, size + size // 3))
    rows = _drawn(random, count, size)
    inputs = {"A": rows, "x": np.zeros(size)}
    return "sum(abs(A@x))", inputs, *_shared(random, 2 * rows, -rows.sum(axis=0))


def opposed(random: np.random.Generator, size: int) -> Made:
    """Sizes some of which are taken away, of linear functions that are independent."""
    rows = _drawn(random, size // 2, size)
    v = random.choice([-2.0, -0.5, 1.0, 3.0], len(rows))
    inputs = {"A": rows, "v": v, "x": np.zeros(size)}
    ways = 2 * v[:, None] * rows
    return "dot(v, abs(A@x))", inputs, *_shared(random, ways, -ways.sum(axis=0) / 2)


def largest(random: np.random.Generator, size: int) -> Made:
    """The largest of equal numbers."""
    shares = random.dirichlet(np.ones(size))
    worse = shares.copy()
    worse[random.integers(size)] += 0.01
    return "amax(x)", {"x": np.full(size, -0.3)}, shares, worse


def margin(random: np.random.Generator, size: int) -> Made:
    """The largest of linear functions."""
    rows = _drawn(random, int(random.integers(4, 40)), size)
    claim = random.dirichlet(np.ones(len(rows))) @ rows
    worse = claim * 1.0
    worse[random.integers(size)] += 5.0
    return "amax(A@x)", {"A": rows, "x": np.zeros(size)}, claim, _outside(worse, rows, claim)


def length(random: np.random.Generator, size: int) -> Made:
    """The norm at its vertex."""
    way = random.standard_normal(size)
    way /= np.linalg.norm(way)
    return "norm(x)", {"x": np.zeros(size)}, way * random.uniform(0.3, 0.99), way * 1.01


def ordered(random: np.random.Generator, size: int) -> Made:
    """Equal numbers sorted, those behind counting for more."""
    v = np.sort(random.integers(1, 99, size) / 8.0)
    claim = random.permutation(v)
    worse = claim.copy()
    worse[np.argmax(worse)] += 0.5
    return "sort(x).values@v", {"x": np.zeros(size), "v": v}, claim, worse


def lowest(random: np.random.Generator, size: int) -> Made:
    """The smallest of equal numbers, and a hinge of another of them, taken away."""
    shares = random.dirichlet(np.ones(size))
    worse = shares.copy()
    worse[1] -= 2.1
    valid = shares.copy()
    valid[0] -= 0.5
    return "amin(x) - relu(x[0])", {"x": np.zeros(size)}, valid, worse


def _drawn(random: np.random.Generator, *shape: int) -> Any:
    return random.integers(-9, 10, shape) / 4 + random.uniform(0.01, 0.02, shape)


def _shared(random: np.random.Generator, jumps: Any, start: Any) -> tuple[Any, Any]:
    """A start with a share of each jump, and such that has more than all of one."""
    claim = start + random.uniform(0, 1, len(jumps)) @ jumps
    way = random.standard_normal(start.size)
    furthest = way @ start + np.maximum(jumps @ way, 0).sum()
    return claim, claim + way * (1.01 * (furthest - way @ claim) / (way @ way))


def _outside(given: Any, rows: Any, inside: Any) -> Any:
    """Numbers moved on from a mixture of rows until they are none."""
    one = np.ones((given.size, 1))
    for _ in range(20):
        found = linprog(
            [*np.zeros(len(rows)), 1.0],
            A_ub=np.block([[rows.T, -one], [-rows.T, -one]]),
            b_ub=np.concatenate([given, -given]),
            A_eq=[[*np.ones(len(rows)), 0.0]], b_eq=[1.0],
        )  # fmt: skip
        if found.fun > 1e-2:
            return given
        given = inside + 2 * (given - inside)
    raise AssertionError("every one is a mixture")


FORMS: tuple[Callable[[np.random.Generator, int], Made], ...] = (
    rising, variation, hinges, sizes, opposed, largest, margin, length, ordered, lowest,
)  # fmt: skip


def wide(seed: int, low: int = 33, high: int = 300) -> Wide:
    """A corner of many inputs; every other claim is valid."""
    random = np.random.default_rng(seed)
    form = FORMS[seed // 2 % len(FORMS)]
    text, inputs, claim, worse = form(random, int(random.integers(low, high + 1)))
    valid = not seed % 2
    return Wide(form.__name__, text, inputs, claim if valid else worse, valid)
