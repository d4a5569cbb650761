"""The smooth functions of one or two numbers, and the activation functions of neural networks."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.primitives.arithmetic import at_zero, nearest
from gradcalc.primitives.row import Elementwise, Samples

ANY: Samples = ((0.7,), (-1.3,), (2.5,))
POSITIVE: Samples = ((0.3,), (1.7,), (12.5,))
INSIDE: Samples = ((0.7,), (-0.2,), (0.0,))
FED: Samples = ((0.7,), (-1.3,), (4.5,))
LEAKING: Samples = ((0.7,), (-1.3,), (-1.3, 0.25))


def _within_one(m: Any, x: Any) -> tuple[Any, ...]:
    """The domain from -1 to 1."""
    return 1 - x, 1 + x


def _atan2_kinks(m: Any, y: Any, x: Any) -> tuple[Any, ...]:
    # The angle jumps across the negative half of the x axis; the origin has none.
    return (y if x < 0 else max(abs(x), abs(y)),)


EXPONENTIAL: tuple[Elementwise, ...] = (
    Elementwise("exp", lambda s, x: s.exp(x), ANY, "exponential function", safe=(0, 0)),
    Elementwise("log", lambda s, x: s.log(x), POSITIVE, "natural logarithm",
                aliases=("ln",), domain=at_zero, safe=(0, 1)),
    Elementwise("log1p", lambda s, x: s.log(1 + x), ((0.3,), (-0.6,), (1e-9,)),
                "logarithm of 1 + x, accurate near 0", domain=lambda m, x: (1 + x,), safe=(0, 1)),
    Elementwise("expm1", lambda s, x: s.exp(x) - 1, ((0.7,), (-1.3,), (1e-9,)),
                "exponential minus 1, accurate near 0", safe=(0, 0), from_value=True),
    Elementwise("exp2", lambda s, x: s.Integer(2) ** x, ANY, "2 to the power of x", safe=(0, 0)),
    Elementwise("log2", lambda s, x: s.log(x) / s.log(2), POSITIVE, "logarithm to base 2",
                domain=at_zero, safe=(0, 1)),
    Elementwise("log10", lambda s, x: s.log(x) / s.log(10), POSITIVE, "logarithm to base 10",
                domain=at_zero, safe=(0, 1)),
    Elementwise("logaddexp", lambda s, x, y: s.log(s.exp(x) + s.exp(y)),
                ((0.7, -1.3), (30.0, 2.0)), "logarithm of the sum of two exponentials"),
    Elementwise("xlogy",
                lambda s, x, y: s.Piecewise((s.Integer(0), s.Eq(x, 0)), (x * s.log(y), True)),
                ((0.7, 1.3), (-2.0, 0.25), (0.0, 2.0)),
                "x times the logarithm of y, 0 where x is 0",
                partials=((0, lambda s, x, y: s.log(y)), (1, lambda s, x, y: x / y)),
                domain=lambda m, x, y: (y,), safe=(1, 1)),
    Elementwise("entr",
                lambda s, x: s.Piecewise((s.Integer(0), s.Eq(x, 0)), (-x * s.log(x), True)),
                ((0.7,), (2.5,), (0.125,)), "minus x times its logarithm, 0 where x is 0",
                "special.entr", partials=((0, lambda s, x: -s.log(x) - 1),),
                domain=lambda m, x: (x,), safe=(0, 1),
                calls=("torch.special.entr scipy.special.entr jax.scipy.special.entr",)),
)  # fmt: skip

POWERS: tuple[Elementwise, ...] = (
    Elementwise("sqrt", lambda s, x: s.sqrt(x), POSITIVE, "square root",
                domain=at_zero, safe=(0, 1)),
    Elementwise("rsqrt", lambda s, x: 1 / s.sqrt(x), POSITIVE, "one over the square root",
                domain=at_zero, safe=(0, 1)),
    Elementwise("square", lambda s, x: x**2, ANY, "square"),
    Elementwise("reciprocal", lambda s, x: 1 / x, ANY, "one over x", kinks=at_zero, safe=(0, 1)),
    Elementwise("hypot", lambda s, x, y: s.sqrt(x**2 + y**2), ((3.0, -4.0), (0.0, 1.5)),
                "length of the vector (x, y)",
                kinks=lambda m, x, y: (abs(x) + abs(y),), safe=(0, 1)),
)  # fmt: skip

TRIGONOMETRIC: tuple[Elementwise, ...] = (
    Elementwise("sin", lambda s, x: s.sin(x), ANY, "sine"),
    Elementwise("cos", lambda s, x: s.cos(x), ANY, "cosine"),
    Elementwise("tan", lambda s, x: s.tan(x), ANY, "tangent",
                kinks=lambda m, x: (m.cos(x),), safe=(0, 1)),
    Elementwise("asin", lambda s, x: s.asin(x), INSIDE, "inverse sine",
                aliases=("arcsin",), domain=_within_one, safe=(0, 0)),
    Elementwise("acos", lambda s, x: s.acos(x), INSIDE, "inverse cosine",
                aliases=("arccos",), domain=_within_one, safe=(0, 0)),
    Elementwise("atan", lambda s, x: s.atan(x), ANY, "inverse tangent", aliases=("arctan",)),
    Elementwise("atan2", lambda s, y, x: s.atan2(y, x),
                ((0.7, 1.5), (0.7, -1.5), (-0.7, -1.5), (2.0, 0.0)),
                "angle of the point (x, y), from -pi to pi",
                aliases=("arctan2",), kinks=_atan2_kinks, safe=(1, 1)),
    Elementwise("sinc",
                lambda s, x: s.Piecewise((s.Integer(1), s.Eq(x, 0)),
                                         (s.sin(s.pi * x) / (s.pi * x), True)),
                ((0.7,), (-1.3,), (0.0,)), "sin(pi x) / (pi x), as torch and numpy"),
    Elementwise("deg2rad", lambda s, x: x * s.pi / 180, ANY, "degrees to radians",
                aliases=("radians",)),
    Elementwise("rad2deg", lambda s, x: x * 180 / s.pi, ANY, "radians to degrees",
                aliases=("degrees",)),
)  # fmt: skip

HYPERBOLIC: tuple[Elementwise, ...] = (
    Elementwise("sinh", lambda s, x: s.sinh(x), ANY, "hyperbolic sine", safe=(0, 0)),
    Elementwise("cosh", lambda s, x: s.cosh(x), ANY, "hyperbolic cosine", safe=(0, 0)),
    Elementwise("tanh", lambda s, x: s.tanh(x), ANY, "hyperbolic tangent", from_value=True),
    Elementwise("asinh", lambda s, x: s.asinh(x), ANY, "inverse hyperbolic sine",
                aliases=("arcsinh",)),
    Elementwise("acosh", lambda s, x: s.acosh(x), ((1.3,), (4.5,)), "inverse hyperbolic cosine",
                aliases=("arccosh",), domain=lambda m, x: (x - 1,), safe=(0, 2)),
    Elementwise("atanh", lambda s, x: s.atanh(x), INSIDE, "inverse hyperbolic tangent",
                aliases=("arctanh",), domain=_within_one, safe=(0, 0)),
)  # fmt: skip

SPECIAL: tuple[Elementwise, ...] = (
    Elementwise("erf", lambda s, x: s.erf(x), ANY, "error function"),
    Elementwise("erfc", lambda s, x: s.erfc(x), ANY, "one minus the error function"),
    Elementwise("erfinv", lambda s, x: s.erfinv(x), ((0.7,), (-0.3,), (0.95,)),
                "the number whose error function is x", domain=_within_one,
                calls=("torch.erfinv torch.special.erfinv torch.Tensor.erfinv scipy.special.erfinv "
                       "jax.scipy.special.erfinv",)),
    Elementwise("logit", lambda s, x: s.log(x / (1 - x)), ((0.7,), (0.2,), (0.95,)),
                "logarithm of the odds, the inverse of the sigmoid",
                domain=lambda m, x: (x, 1 - x),
                calls=("scipy.special.logit jax.scipy.special.logit",)),
    Elementwise("ndtr", lambda s, x: s.erfc(-x / s.sqrt(2)) / 2, ANY,
                "normal distribution function", "special.ndtr",
                calls=("torch.special.ndtr scipy.special.ndtr jax.scipy.special.ndtr",)),
    Elementwise("lgamma",
                lambda s, x: s.Piecewise((s.loggamma(x), x > 0),
                                         (s.log(s.Abs(s.gamma(x))), True)),
                ((0.7,), (-1.3,), (12.5,)),
                "logarithm of the absolute value of the gamma function", aliases=("gammaln",),
                partials=((0, lambda s, x: s.digamma(x)),),
                kinks=lambda m, x: (nearest(m, x) if x < 0.5 else m.one,), safe=(0, 1)),
)  # fmt: skip


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


def _leaky_relu(s: Any, x: Any, negative_slope: Any = 0.01) -> Any:
    return s.Piecewise((x, x > 0), (exact(s, negative_slope) * x, True))


def _elu(s: Any, x: Any, alpha: Any = 1.0) -> Any:
    return s.Piecewise((x, x > 0), (exact(s, alpha) * (s.exp(x) - 1), True))


def _celu(s: Any, x: Any, alpha: Any = 1.0) -> Any:
    alpha = exact(s, alpha)
    return s.Piecewise((x, x > 0), (alpha * (s.exp(x / alpha) - 1), True))


def _gelu(s: Any, x: Any, approximate: Any = "none") -> Any:
    if approximate == "tanh":
        inner = s.sqrt(2 / s.pi) * (x + s.Rational("0.044715") * x**3)
        return x * (1 + s.tanh(inner)) / 2
    return x * (1 + s.erf(x / s.sqrt(2))) / 2


def _hardtanh(s: Any, x: Any, min_val: Any = -1.0, max_val: Any = 1.0) -> Any:
    lower, upper = exact(s, min_val), exact(s, max_val)
    return s.Piecewise((lower, x < lower), (upper, x > upper), (x, True))


ACTIVATIONS: tuple[Elementwise, ...] = (
    Elementwise("sigmoid", lambda s, x: 1 / (1 + s.exp(-x)), FED, "logistic function",
                aliases=("expit", "logistic"), from_value=True),
    Elementwise("logsigmoid", lambda s, x: -s.log(1 + s.exp(-x)), FED,
                "logarithm of the sigmoid", "nn.functional.logsigmoid", aliases=("log_sigmoid",)),
    Elementwise("softplus", _softplus_cases,
                ((0.7,), (-1.3,), (25.0,), (0.7, 2.5, 20.0), (0.05, 3.0, 0.2), (0.7, 3.0, 0.2)),
                "log(1 + exp(beta x)) / beta, and x itself where beta x > threshold, as torch",
                "nn.functional.softplus", static=("beta", "threshold"),
                kinks=lambda m, x, beta=1.0, threshold=20.0: (beta * x - threshold,),
                usual=(_is_below, _softplus)),
    Elementwise("relu", lambda s, x: s.Piecewise((x, x > 0), (s.Integer(0), True)), FED,
                "x where positive, else 0", "nn.functional.relu", kinks=at_zero),
    Elementwise("relu6",
                lambda s, x: s.Piecewise((s.Integer(0), x < 0), (s.Integer(6), x > 6), (x, True)),
                ((0.7,), (-1.3,), (7.5,)), "x limited to the range from 0 to 6",
                "nn.functional.relu6", kinks=lambda m, x: (x, x - 6)),
    Elementwise("leaky_relu", _leaky_relu, LEAKING, "x where positive, else x times a small slope",
                "nn.functional.leaky_relu", static=("negative_slope",),
                kinks=lambda m, x, negative_slope=0.01: (x,)),
    Elementwise("elu", _elu, LEAKING, "x where positive, else alpha (exp(x) - 1)",
                "nn.functional.elu", static=("alpha",),
                kinks=lambda m, x, alpha=1.0: (x,) if alpha != 1 else ()),
    Elementwise("celu", _celu, LEAKING, "x where positive, else alpha (exp(x / alpha) - 1)",
                "nn.functional.celu", static=("alpha",)),
    Elementwise("selu", _selu, FED,
                "scaled elu, with the two constants that keep mean 0 and variance 1",
                "nn.functional.selu", kinks=at_zero),
    Elementwise("gelu", _gelu, ((0.7,), (-1.3,), (0.7, "tanh"), (-1.3, "tanh")),
                "x times the normal distribution function of x", "nn.functional.gelu",
                static=("approximate",)),
    Elementwise("silu", lambda s, x: x / (1 + s.exp(-x)), FED, "x times the sigmoid of x",
                "nn.functional.silu", aliases=("swish",)),
    Elementwise("mish", lambda s, x: x * s.tanh(s.log(1 + s.exp(x))), FED,
                "x times the tanh of the softplus of x", "nn.functional.mish"),
    Elementwise("softsign", lambda s, x: x / (1 + s.Piecewise((x, x >= 0), (-x, True))), FED,
                "x / (1 + abs(x))", "nn.functional.softsign"),
    Elementwise("tanhshrink", lambda s, x: x - s.tanh(x), FED, "x minus its tanh",
                "nn.functional.tanhshrink"),
    Elementwise("hardtanh", _hardtanh, (*FED, (4.5, -2.0, 3.0)),
                "x limited to the range from -1 to 1", "nn.functional.hardtanh",
                static=("min_val", "max_val"),
                kinks=lambda m, x, min_val=-1.0, max_val=1.0: (x - min_val, x - max_val)),
)  # fmt: skip
