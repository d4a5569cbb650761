"""No false alarm: smooth, well-conditioned programs at random points are all verified."""

import random

import numpy as np
import pytest

from tests.trust_cases import report

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
CASES = 240


def program(rng: random.Random, depth: int) -> str:
    """A random expression in x and y."""
    if depth == 0:
        return rng.choice(("x", "x", "y", "(x + 2*y)", "0.1*x", "x*pi"))
    kind = rng.random()
    if kind < 0.45:
        return fill(rng.choice(GENTLE), program(rng, depth - 1))
    if kind < 0.7:
        return fill(rng.choice(BOUNDED), program(rng, depth - 1))
    return rng.choice(PAIRS).format(program(rng, depth - 1), program(rng, depth - 1))


def fill(pattern: str, inner: str) -> str:
    """The pattern with the same expression in every place."""
    return pattern.format(inner) if "{0}" in pattern else pattern.replace("{}", inner)


@pytest.mark.parametrize("seed", range(CASES))
def test_a_healthy_gradient_is_verified(seed: int) -> None:
    rng = random.Random(seed)
    text = rng.choice(WHOLES).format(program(rng, rng.randint(1, 3)))
    dtype = ("float64", "float32")[seed % 2]
    size = 1 if rng.random() < 0.1 else rng.choice((2, 3, 5, 8, 20))
    draw = np.random.default_rng(seed)
    inputs = {
        name: 10 ** draw.uniform(-3, 3, size) * draw.choice([-1.0, 1.0], size)
        for name in ("x", "y")
        if name in text
    }
    answer = report(text, dtype, **inputs)
    assert answer.verdict.outcome == "verified", f"{text} {dtype}: {answer.verdict.message}"
    assert not [f for f in answer.findings if f.kind in ("formula", "value")], text
