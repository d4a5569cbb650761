"""Activation functions of neural networks, as torch.nn.functional has them."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.primitives.row import Elementwise


def exact(s: Any, value: Any) -> Any:
    """A plain number as the rational number which a float is."""
    # sympy takes an infinite float for the rational 0.
    return s.Rational(value) if math.isfinite(value) else s.sympify(value)


def _selu(s: Any, x: Any) -> Any:
    scale = s.Rational("1.0507009873554804934193349852946")
    alpha = s.Rational("1.6732632423543772848170429916717")
    return scale * s.Piecewise((x, x > 0), (alpha * (s.exp(x) - 1), True))


def _softplus(s: Any, x: Any, beta: Any = 1.0, threshold: Any = 20.0) -> Any:
    beta = exact(s, beta)
    return s.log(1 + s.exp(beta * x)) / beta


def _softplus_cases(s: Any, x: Any, beta: Any = 1.0, threshold: Any = 20.0) -> Any:
    beyond = exact(s, beta) * x > exact(s, threshold)
    return s.Piecewise((x, beyond), (_softplus(s, x, beta), True))


def _is_below(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    # where a formula is tried elsewhere, what is above the threshold must hardly differ
    return (beta * x <= threshold) & (threshold >= 20)


def _gelu(s: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        inner = s.sqrt(2 / s.pi) * (x + s.Rational("0.044715") * x**3)
        return x * (1 + s.tanh(inner)) / 2
    return x * (1 + s.erf(x / s.sqrt(2))) / 2


def _hardtanh(s: Any, x: Any, lower: Any, upper: Any) -> Any:
    return s.Piecewise((lower, x < lower), (upper, x > upper), (x, True))


ACTIVATIONS: tuple[Elementwise, ...] = (
    Elementwise(
        name="sigmoid",
        define=lambda s, x: 1 / (1 + s.exp(-x)),
        torch=lambda t, x: t.sigmoid(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="logistic function",
        from_value=True,
        aliases=("expit", "logistic"),
    ),
    Elementwise(
        name="logsigmoid",
        define=lambda s, x: -s.log(1 + s.exp(-x)),
        torch=lambda t, x: t.nn.functional.logsigmoid(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="logarithm of the sigmoid",
        aliases=("log_sigmoid",),
    ),
    Elementwise(
        name="softplus",
        define=_softplus_cases,
        torch=lambda t, x, beta=1.0, threshold=20.0: t.nn.functional.softplus(x, beta, threshold),
        samples=((0.7,), (-1.3,), (25.0,), (0.7, 2.5, 20.0), (0.05, 3.0, 0.2), (0.7, 3.0, 0.2)),
        doc="log(1 + exp(beta x)) / beta, and x itself where beta x > threshold, as torch",
        static=("beta", "threshold"),
        kinks=lambda m, x, beta=1.0, threshold=20.0: (beta * x - threshold,),
        usual=(_is_below, _softplus),
    ),
    Elementwise(
        name="relu",
        define=lambda s, x: s.Piecewise((x, x > 0), (s.Integer(0), True)),
        torch=lambda t, x: t.nn.functional.relu(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="x where positive, else 0",
        kinks=lambda m, x: (x,),
    ),
    Elementwise(
        name="relu6",
        define=lambda s, x: s.Piecewise((s.Integer(0), x < 0), (s.Integer(6), x > 6), (x, True)),
        torch=lambda t, x: t.nn.functional.relu6(x),
        samples=((0.7,), (-1.3,), (7.5,)),
        doc="x limited to the range from 0 to 6",
        kinks=lambda m, x: (x, x - 6),
    ),
    Elementwise(
        name="leaky_relu",
        define=lambda s, x, negative_slope=0.01: s.Piecewise(
            (x, x > 0), (exact(s, negative_slope) * x, True)
        ),
        torch=lambda t, x, negative_slope=0.01: t.nn.functional.leaky_relu(x, negative_slope),
        samples=((0.7,), (-1.3,), (-1.3, 0.25)),
        doc="x where positive, else x times a small slope",
        static=("negative_slope",),
        kinks=lambda m, x, negative_slope=0.01: (x,),
    ),
    Elementwise(
        name="elu",
        define=lambda s, x, alpha=1.0: s.Piecewise(
            (x, x > 0), (exact(s, alpha) * (s.exp(x) - 1), True)
        ),
        torch=lambda t, x, alpha=1.0: t.nn.functional.elu(x, alpha),
        samples=((0.7,), (-1.3,), (-1.3, 0.25)),
        doc="x where positive, else alpha (exp(x) - 1)",
        static=("alpha",),
        kinks=lambda m, x, alpha=1.0: (x,) if alpha != 1 else (),
    ),
    Elementwise(
        name="celu",
        define=lambda s, x, alpha=1.0: s.Piecewise(
            (x, x > 0), (exact(s, alpha) * (s.exp(x / exact(s, alpha)) - 1), True)
        ),
        torch=lambda t, x, alpha=1.0: t.nn.functional.celu(x, alpha),
        samples=((0.7,), (-1.3,), (-1.3, 0.25)),
        doc="x where positive, else alpha (exp(x / alpha) - 1)",
        static=("alpha",),
    ),
    Elementwise(
        name="selu",
        define=lambda s, x: _selu(s, x),
        torch=lambda t, x: t.nn.functional.selu(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="scaled elu, with the two constants that keep mean 0 and variance 1",
        kinks=lambda m, x: (x,),
    ),
    Elementwise(
        name="gelu",
        define=lambda s, x, approximate="none": _gelu(s, x, approximate),
        torch=lambda t, x, approximate="none": t.nn.functional.gelu(x, approximate=approximate),
        samples=((0.7,), (-1.3,), (0.7, "tanh"), (-1.3, "tanh")),
        doc="x times the normal distribution function of x",
        static=("approximate",),
    ),
    Elementwise(
        name="silu",
        define=lambda s, x: x / (1 + s.exp(-x)),
        torch=lambda t, x: t.nn.functional.silu(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="x times the sigmoid of x",
        aliases=("swish",),
    ),
    Elementwise(
        name="mish",
        define=lambda s, x: x * s.tanh(s.log(1 + s.exp(x))),
        torch=lambda t, x: t.nn.functional.mish(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="x times the tanh of the softplus of x",
    ),
    Elementwise(
        name="softsign",
        define=lambda s, x: x / (1 + s.Piecewise((x, x >= 0), (-x, True))),
        torch=lambda t, x: t.nn.functional.softsign(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="x / (1 + abs(x))",
    ),
    Elementwise(
        name="tanhshrink",
        define=lambda s, x: x - s.tanh(x),
        torch=lambda t, x: t.nn.functional.tanhshrink(x),
        samples=((0.7,), (-1.3,), (4.5,)),
        doc="x minus its tanh",
    ),
    Elementwise(
        name="hardtanh",
        define=lambda s, x, min_val=-1.0, max_val=1.0: _hardtanh(
            s, x, exact(s, min_val), exact(s, max_val)
        ),
        torch=lambda t, x, min_val=-1.0, max_val=1.0: t.nn.functional.hardtanh(x, min_val, max_val),
        samples=((0.7,), (-1.3,), (4.5,), (4.5, -2.0, 3.0)),
        doc="x limited to the range from -1 to 1",
        static=("min_val", "max_val"),
        kinks=lambda m, x, min_val=-1.0, max_val=1.0: (x - min_val, x - max_val),
    ),
)
