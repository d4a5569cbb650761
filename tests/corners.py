"""Corners with known answers: of planes, against linear programs over all signs; of norms; ties."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog

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


@dataclass(frozen=True, slots=True)
class Corner:
    """A program at a point where it is special to some of its operations, and its outcome there."""

    kind: str
    program: str
    inputs: dict[str, Any]
    wrt: tuple[str, ...]
    outcome: str


def of_planes(seed: int, torchs: Any) -> Corner:
    """A corner of planes; `torchs` gives torch's choice there."""
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 6))
    text, given, pieces = FORMS[seed % len(FORMS)](random, size)
    inputs = {**given, "x": np.zeros(size)}
    different = len(np.unique(np.round(pieces, 6), axis=0)) > 1
    valid = mixed(np.ravel(torchs(text, inputs, ("x",))), np.array(pieces))
    outcome = ("kink" if different else "verified") if valid else "wrong"
    return Corner("planes", text, inputs, ("x",), outcome)


VERTICES = (
    "{a}*norm(x)", "-{a}*norm(x)", "{a}*norm(x) + {b}*sum(abs(x))", "amax(abs(x))*{a} - norm(x)",
    "norm(A@x)*{a}", "norm(x[:1])*{a} + norm(x[1:])",
)  # fmt: skip
"""Functions that are steep on all sides of 0, of which torch chooses 0 or a mixture."""


def of_norms(seed: int) -> Corner:
    """The vertex of a norm."""
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 7))
    text = VERTICES[seed % len(VERTICES)]
    text = text.format(a=int(random.integers(1, 5)), b=int(random.integers(1, 5)))
    inputs: dict[str, Any] = {"x": np.zeros(size)}
    if "A" in text:
        inputs["A"] = drawn(random, size, size)
    return Corner("vertices", text, inputs, ("x",), "kink")


BENT = ("x/3", "exp(x)", "0.7*x", "sqrt(x)", "softmax(x)", "log(x)", "sigmoid(x)/7")
"""Functions whose values are known to be equal where their operands are, not by their numbers."""

MATTERING = ("amax({0})", "sort({0}).values[-1]", "sort({0}).values@w", "relu(({0})[0] - ({0})[1])")
"""What equal elements at the top are a corner of."""

IDLE = ("sum(sort({0}).values)", "amin({0})", "relu(({0})[0] - ({0})[1])**2", "sort({0}).values[0]")
"""What equal elements at the top are none of."""


def of_ties(seed: int) -> Corner:
    """Computed numbers that are equal, which matters or does not."""
    random = np.random.default_rng(seed)
    size = int(random.integers(3, 6))
    x = random.permutation(random.choice(np.arange(1, 30), size, replace=False)).astype(float) / 10
    x[:2] = 3.1
    matters = bool(seed % 2)
    forms = MATTERING if matters else IDLE
    text = forms[int(random.integers(len(forms)))].format(BENT[int(random.integers(len(BENT)))])
    inputs = {"x": x}
    if "@w" in text:
        inputs["w"] = np.arange(1.0, size + 1)
    return Corner("ties", text, inputs, ("x",), "kink" if matters else "verified")
