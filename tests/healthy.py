"""Smooth, well-conditioned programs at random points: what every check has to accept.

Inputs are from 1e-3 to 1e3 in size, of either sign, and have 1 to 100 elements.
"""

import random
from typing import Any, NamedTuple

import numpy as np


class Healthy(NamedTuple):
    """A program at a point where its gradient is right and says so."""

    program: str
    dtype: str
    inputs: dict[str, Any]


# Slopes that neither overflow nor die out, wherever they are taken.
GENTLE = (
    "atan({})", "asinh({})", "sqrt(1 + ({})**2)", "log(2 + ({})**2)", "({})**2", "-({})", "({})/3",
    "hypot({}, 1.5)", "abs({}) + 1", "maximum({}, -0.7)", "where({0} > 0.1, {0}, 2*({0}))",
    "square({})", "leaky_relu({})", "sin(asinh({}))", "1/(3 + cos(asinh({})))",
)  # fmt: skip
# What oscillates, grows or saturates is taken of moderate numbers only.
BOUNDED = (
    "exp(sin(asinh({})))", "tanh(cos(asinh({})))", "sigmoid(atan({}))", "erf(atan({}))",
    "silu(atan({}))", "softplus(atan({}))", "gelu(atan({}))", "expm1(2 + atan({}))",
    "atan2({}, 3 + atan({}))", "logsigmoid(atan({}))", "elu(atan({}))", "cumsum(atan({}))",
)  # fmt: skip
PAIRS = ("({}) + 2*({})", "({})*({})", "({})/(4 + atan({}))", "hypot({}, 2 + ({})**2)")
WHOLES = ("sum({})", "mean({})", "norm({})", "dot({}, 2 + atan(x))", "({})")

VECTORS = (
    ("softmax(asinh({}))", "v"), ("log_softmax(atan({}))", "v"), ("flip({})", "v"),
    ("roll({}, 1)", "v"), ("sort({}).values", "v"), ("cumsum(asinh({}))", "v"),
    ("asinh({})/(2 + norm({}))", "vv"), ("B@atan({})", "v"), ("atan({})@B", "v"),
    ("({}).T@atan(w)", "M"), ("sum({}, axis=0)", "M"), ("mean({}, axis=0)", "M"),
    ("logsumexp(asinh({}), axis=0)", "M"), ("norm({}, axis=0)", "M"), ("({})[0]", "M"),
    ("amax({}, axis=0)", "M"), ("diag(B)*({})", "v"), ("concat([({})[:1], ({})[1:]])", "vv"),
    ("solve(atan(B) + 40*eye(#n), {})", "v"), ("cumprod(1 + 0.1*atan({}))", "v"),
    ("({})*logsumexp(atan({}))", "vv"), ("({})/std(concat([asinh({}), [4, -4]]))", "vv"),
)  # fmt: skip
MATRICES = (
    ("A", ""), ("A", ""), ("outer(asinh(w), {})", "v"), ("({})*atan({})", "Mv"),
    ("asinh({})@B", "M"), ("softmax(asinh({}), axis=1)", "M"),
    ("log_softmax(atan({}), axis=0)", "M"),
    ("atan({}) + w[:, None]", "M"), ("stack([asinh({})]*#m)*A", "v"), ("({}) + 3*atan({})", "MM"),
    ("exp(sin(asinh({})))", "M"), ("tril({}) + 0.5*({})", "MM"),
    ("({})/(1 + sum(abs({}), axis=1, keepdims=True))", "MM"),
)  # fmt: skip
SCALARS = (
    ("sum(({} + atan(y))**2)", "v"), ("norm({} + 0.5)", "v"), ("dot({}, 2 + atan(y))", "v"),
    ("mean(({})*sqrt(1 + y**2))", "v"), ("logsumexp(asinh({}))", "v"),
    ("sum(({})*(2 + atan(A)))", "M"),
    ("mean(({})**2)", "M"), ("norm({})", "M"),
    ("trace(({}).T@atan({}))", "MM"), ("prod(1 + 0.1*atan(({}) + y))", "v"),
    ("log(det(diag(1 + atan({})**2) + 0.5*ones(#n, #n)))", "v"), ("mse_loss({}, atan(y))", "v"),
    ("huber_loss(atan({}), y)", "v"), ("cross_entropy(asinh({}), softmax(atan(y)))", "v"),
)  # fmt: skip
STATEMENTS = (
    "u = {}\nfor i in range(3):\n    u = atan(u) + 0.5*x\nsum(u*u)",
    "f = lambda t: asinh(t)*2\nsum(f({}) + f(x))",
    "u = {}\nif sum(atan(u)) > 0.01:\n    u = 2*u\nelse:\n    u = u + x/2\nsum(u*(2 + atan(x)))",
    "u = {}\nk = 0\nwhile k < 4:\n    u = u/2 + atan(x)\n    k += 1\nnorm(u)",
    "s = 0\nfor t in {}:\n    s = s + asinh(t)**2\ns",
    "(u := {})*u + asinh(u)",
)  # fmt: skip

SIZES = (2, 2, 3, 3, 5, 5, 8, 8, 20, 100)
SIDES = (2, 2, 3, 5, 10)
"""Of matrices, not 1: along one element softmax and the like are constant."""


def healthy(seed: int) -> Healthy:
    """A program at a point: half of them of vectors element by element, the others of shapes."""
    rng = random.Random(seed)
    dtype = ("float64", "float32")[seed // 4 % 2]
    n = 1 if rng.random() < 0.1 else rng.choice(SIZES)
    if seed % 4 == 2:
        n, m = rng.choice(SIDES), rng.choice(SIDES)
        pattern, kinds = rng.choice(SCALARS)
        text = pattern.format(*(shaped(rng, kind, rng.randint(1, 2)) for kind in kinds))
        text = text.replace("#n", str(n)).replace("#m", str(m))
        shapes: dict[str, Any] = {"x": n, "y": n, "w": m, "A": (m, n), "B": (n, n)}
    else:
        text = elementwise(rng, rng.randint(1, 3))
        last = STATEMENTS if seed % 4 == 3 else WHOLES
        text = rng.choice(last).format(text)
        shapes = {"x": n, "y": n}
    return Healthy(text, dtype, point(text, shapes, seed))


def point(text: str, shapes: dict[str, Any], seed: int) -> dict[str, Any]:
    """Numbers of many sizes for the names that occur in a text."""
    import re

    draw = np.random.default_rng(seed)
    return {
        name: 10 ** draw.uniform(-3, 3, shape) * draw.choice([-1.0, 1.0], shape)
        for name, shape in shapes.items()
        if re.search(rf"\b{name}\b", text)
    }


def elementwise(rng: random.Random, depth: int) -> str:
    """A random expression in x and y."""
    if depth == 0:
        return rng.choice(("x", "x", "y", "(x + 2*y)", "0.1*x", "x*pi"))
    kind = rng.random()
    if kind < 0.45:
        return fill(rng.choice(GENTLE), elementwise(rng, depth - 1))
    if kind < 0.7:
        return fill(rng.choice(BOUNDED), elementwise(rng, depth - 1))
    return rng.choice(PAIRS).format(elementwise(rng, depth - 1), elementwise(rng, depth - 1))


def shaped(rng: random.Random, kind: str, depth: int) -> str:
    """A random expression that is a vector (v) of n or a matrix (M) of m by n elements."""
    if depth == 0:
        return "A" if kind == "M" else rng.choice(("x", "x", "y", "(x + 2*y)"))
    pattern, kinds = rng.choice(MATRICES if kind == "M" else VECTORS)
    return pattern.format(*(shaped(rng, inner, depth - 1) for inner in kinds))


def fill(pattern: str, inner: str) -> str:
    """The pattern with the same expression in every place."""
    return pattern.format(inner) if "{0}" in pattern else pattern.replace("{}", inner)
