"""Corners: every piece that meets at a point is found, against linear programs over all signs."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from gradcalc.report import Report
from gradcalc.testimony import Enclosed
from tests.sweeps import share
from tests.trust_cases import enclosed, problem, report

ROOM = 1e-9
"""How wide a cell is, at least, that counts in the cases here: none is near it."""


def width(walls: Any) -> float:
    """How far from all of these planes, through the origin, a direction can be in front of them."""
    unit = walls / np.linalg.norm(walls, axis=1, keepdims=True)
    rows, size = unit.shape
    found = linprog(
        [*np.zeros(size), -1.0],
        A_ub=np.hstack([-unit, np.ones((rows, 1))]), b_ub=np.zeros(rows),
        bounds=[*[(-1.0, 1.0)] * size, (None, 1.0)],
    )  # fmt: skip
    return float(found.x[-1])


def mixed(given: Any, pieces: Any) -> bool:
    """Whether a gradient is a mixture of those of the pieces."""
    one = np.ones((given.size, 1))
    found = linprog(
        [*np.zeros(len(pieces)), 1.0],
        A_ub=np.block([[pieces.T, -one], [-pieces.T, -one]]), b_ub=np.concatenate([given, -given]),
        A_eq=[[*np.ones(len(pieces)), 0.0]], b_eq=[1.0],
    )  # fmt: skip
    return bool(found.fun < 1e-6)


def signs(rows: Any) -> Iterator[Any]:
    """The signs that linear functions may have together."""
    for pattern in itertools.product((1.0, -1.0), repeat=len(rows)):
        if width(rows * np.array(pattern)[:, None]) > ROOM:
            yield np.array(pattern)


def drawn(random: np.random.Generator, *shape: int) -> Any:
    return random.integers(-9, 10, shape).astype(float) + random.uniform(0.1, 0.2, shape)


def cone(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """Positive in a cone that may be thin."""
    a, b = drawn(random, 2, size)
    pieces = [np.zeros(size)]
    pieces += [a] if width(np.array([a, b - a])) > ROOM else []
    pieces += [b] if width(np.array([b, a - b])) > ROOM else []
    return "relu(minimum(dot(a, x), dot(b, x)))", {"a": a, "b": b}, pieces


def largest(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """The largest of several."""
    rows = drawn(random, 4, size)
    pieces = [r for k, r in enumerate(rows) if width(r - np.delete(rows, k, axis=0)) > ROOM]
    return "amax(W@x)", {"W": rows}, pieces


def middle(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """The median of three."""
    rows = drawn(random, 3, size)
    orders = itertools.permutations(rows)
    pieces = [b for a, b, c in orders if width(np.array([a - b, b - c])) > ROOM]
    return "sort(W@x).values[1]", {"W": rows}, pieces


def sizes(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """A sum of sizes, some of them taken away."""
    rows, v = drawn(random, 3, size), drawn(random, 3)
    return "dot(v, abs(W@x))", {"W": rows, "v": v}, [(v * s) @ rows for s in signs(rows)]


def nested(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """Kinks that there are on one side of another only."""
    rows, v, u = drawn(random, 2, size), drawn(random, 2), drawn(random, size)
    pieces = []
    for s in signs(rows):
        inner = (v * (s > 0)) @ rows
        here = rows * s[:, None]
        pieces += [inner] if width(np.vstack([here, inner - u])) > ROOM else []
        pieces += [u] if width(np.vstack([here, u - inner])) > ROOM else []
    return "maximum(dot(v, relu(W@x)), dot(u, x))", {"W": rows, "v": v, "u": u}, pieces


def branched(random: np.random.Generator, size: int) -> tuple[str, dict[str, Any], Any]:
    """The same by `if`, which is another program on each side."""
    a, b = drawn(random, 2, size)
    text = "s = dot(a, x)\nif s > 0:\n    y = relu(dot(b, x)) + s\nelse:\n    y = -s\ny"
    pieces = [-a]
    pieces += [a + b] if width(np.array([a, b])) > ROOM else []
    pieces += [a] if width(np.array([a, -b])) > ROOM else []
    return text, {"a": a, "b": b}, pieces


FORMS = (cone, largest, middle, sizes, nested, branched)


def judged(text: str, given: Any, size: int, claim: Any = None) -> Report:
    return report(text, x=np.zeros(size), wrt=("x",), **given)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(share(24)))
def test_a_corner_of_planes(form: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 6))
    text, given, pieces = form(random, size)
    answer = judged(text, given, size)
    (gradient,) = answer.gradients
    different = len(np.unique(np.round(pieces, 6), axis=0)) > 1
    valid = mixed(np.ravel(gradient.autograd), np.array(pieces))
    expected = ("kink" if different else "verified") if valid else "wrong"
    assert answer.verdict.outcome == expected, (text, given, answer.verdict.message)


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("relu(minimum(2*y - x, 3*x - 4*y))", {"x": 0.0, "y": 0.0}, "kink"),
        ("max(-2*x - 3*y, maximum(-2*x - 2*y, -8*y))", {"x": 0.0, "y": 0.0}, "kink"),
        ("x + 1e-50*floor(x)", {"x": 1.0}, "jump"),
        ("sqrt(relu(minimum(2*y - x, 3*x - 4*y)))", {"x": 0.0, "y": 0.0}, "singular"),
        ("1/(1 - sign(relu(minimum(2*y - x, 3*x - 4*y))))", {"x": 0.0, "y": 0.0}, "edge"),
        ("floor(1 + relu(minimum(2*y - x, 3*x - 4*y))) - 1 + minimum(2*y - x, 0)",
         {"x": 0.0, "y": 0.0}, "kink"),
        ("sign(relu(minimum(2*y - x, 3*x - 4*y)))", {"x": 0.0, "y": 0.0}, "jump"),
        ("relu(minimum(2*y - x, 3*x - 4*y))**2", {"x": 0.0, "y": 0.0}, "verified"),
        ("x*abs(x) + y*abs(y)", {"x": 0.0, "y": 0.0}, "verified"),
        ("x*abs(x) + abs(y)", {"x": 0.0, "y": 0.0}, "kink"),
        ("norm(x)", {"x": [0.0, 0.0]}, "kink"),
        ("amax(x)", {"x": [1.0] * 20}, "kink"),
        ("sum(relu(x))", {"x": [0.0] * 10}, "kink"),
    ],
)  # fmt: skip
def test_a_corner(text: str, inputs: Any, outcome: str) -> None:
    assert report(text, **inputs).verdict.outcome == outcome


@pytest.mark.parametrize(
    ("text", "inputs", "whole"),
    [
        ("abs(x) + abs(y)", {"x": 0.0, "y": 0.0}, True),
        ("amax(x)", {"x": [1.0, 1.0, 1.0]}, True),
        ("x*abs(x) + exp(abs(y))", {"x": 0.0, "y": 0.0}, True),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}, False),
        ("hypot(x, y) + relu(x)", {"x": 0.0, "y": 0.0}, False),
        ("norm(x) + abs(x[0])", {"x": [0.0, 0.0]}, False),
        ("sum(relu(x))", {"x": [0.0] * 10}, True),
        ("norm(relu(x))", {"x": [0.0] * 10}, False),
    ],
)
def test_pieces_are_all_where_each_has_one_gradient(text: str, inputs: Any, whole: bool) -> None:
    found = enclosed(problem(text, **inputs))
    assert isinstance(found, Enclosed)
    assert all(part.whole is whole for part in found.rough)
    assert found.rough


SAMPLED = "what lies around this point was sampled"


@pytest.mark.parametrize(
    ("text", "inputs", "outcome", "sampled"),
    [
        ("where((y > 0) & (y < x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > x**2) & (y < 2*x**2), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > 0) & (y < x**3), 1, 0)", {"x": 0.0, "y": 0.0}, "jump", False),
        ("where((y > 1) & (y - 1 < (x - 2)**2), 1, 0)", {"x": 2.0, "y": 1.0}, "jump", False),
        ("where((y > 0) & (y < x**2 + z**2), 1, 0)", {"x": 0.0, "y": 0.0, "z": 0.0}, "jump", False),
        ("where((y > 0) & (y < x**2), x, 0)", {"x": 0.0, "y": 0.0}, "kink", False),
        ("relu(minimum(y, x**2 - y))", {"x": 0.0, "y": 0.0}, "kink", False),
        ("relu(y)**2 + relu(y - x**2)**2", {"x": 0.0, "y": 0.0}, "verified", True),
        ("relu(x*y)", {"x": 0.0, "y": 0.0}, "verified", True),
        ("relu(y)**2 + relu(x)**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("relu(y)**2 + relu(sin(y))**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("relu(y)**2 + relu(2*y)**2", {"x": 0.0, "y": 0.0}, "verified", False),
        ("sum(x*abs(x))", {"x": [0.0] * 40}, "verified", False),
        ("sum(x)*sum(x*abs(x))", {"x": [0.0] * 40}, "verified", True),
    ],
)  # fmt: skip
def test_borders_that_touch(text: str, inputs: Any, outcome: str, sampled: bool) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == outcome
    assert sampled == any(SAMPLED in finding.message for finding in answer.findings)
