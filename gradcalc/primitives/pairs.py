"""More functions of elements: sums with a factor, scales, signs, numbers that are not finite."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.primitives.arithmetic import FLAT, at_ties, at_zero, indicator
from gradcalc.primitives.elementwise import exact
from gradcalc.primitives.row import Composite, Elementwise, Samples

CHOSEN: Samples = ((0.7, -1.3), (-2.0, 0.5))
SCALED: Samples = ((0.7, 2.0), (-1.3, -3.0), (2.5, 0.0))
FACTORS: Samples = ((0.5, 1.5, -2.0), (0.5, 1.5, -2.0, 0.25))
MIXED: Samples = ((0.7, -1.3, 0.25), (-2.0, 0.5, 1.5))
FINITE: Samples = ((0.7,), (-1.3,), (0.0,))


def none(m: Any, x: Any) -> tuple[Any, ...]:
    """No kinks: at numbers that are finite nothing changes."""
    return ()


def _finiteness(name: str, what: str) -> Elementwise:
    """The row of what says of numbers whether they are finite, infinite or none."""

    def define(s: Any, x: Any) -> Any:
        # imported where it is used: rows can be listed without sympy
        from gradcalc.expr import finite

        return indicator(s, s.Ne(getattr(finite, name)(x), 0))

    return Elementwise(
        name, define, FINITE, f"true where x is {what}", partials=FLAT, kinks=none, boolean=True,
        numbers=getattr(math, name), calls=(f"torch.{name} torch.Tensor.{name} (input)",),
    )  # fmt: skip


def _copysign(s: Any, x: Any, y: Any) -> Any:
    return s.Piecewise((s.Abs(x), y >= 0), (-s.Abs(x), True))


def _toward(s: Any, y: Any) -> Any:
    """1 or -1, by the sign of y."""
    return s.Piecewise((s.Integer(1), y >= 0), (s.Integer(-1), True))


def _addcmul(s: Any, input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    return input + exact(s, value) * tensor1 * tensor2


def _addcdiv(s: Any, input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    return input + exact(s, value) * tensor1 / tensor2


def _cube_root(s: Any, x: Any) -> Any:
    third = s.Rational(1, 3)
    return s.Piecewise((x**third, x > 0), (-((-x) ** third), x < 0), (s.Integer(0), True))


def _torch_cube_root(t: Any, x: Any) -> Any:
    return t.sign(x) * t.abs(x) ** (1 / 3)


def _ldexp_lifted(t: Any, x: Any, y: Any) -> Any:
    return t.ldexp(x if t.is_tensor(x) else t.as_tensor(x, dtype=y.dtype, device=y.device), y)


WEIGHED: tuple[Elementwise, ...] = (
    Elementwise("addcmul", _addcmul, FACTORS, "input + value tensor1 tensor2", static=("value",),
                calls=("torch.addcmul torch.Tensor.addcmul "
                       "(input, tensor1, tensor2, *, value: number = 1, out: target = None)",)),
    Elementwise("addcdiv", _addcdiv, FACTORS, "input + value tensor1 / tensor2", static=("value",),
                kinks=lambda m, input, tensor1, tensor2, value=1: (tensor2,), safe=(2, 1),
                calls=("torch.addcdiv torch.Tensor.addcdiv "
                       "(input, tensor1, tensor2, *, value: number = 1, out: target = None)",)),
    Elementwise("lerp", lambda s, input, end, weight: input + weight * (end - input), MIXED,
                "weight of the way from input to end",
                calls=("torch.lerp torch.Tensor.lerp "
                       "(input, end, weight, *, out: target = None)",)),
)  # fmt: skip

POWERS: tuple[Elementwise, ...] = (
    Elementwise("cbrt", _cube_root, ((0.7,), (-1.3,), (12.5,)), "cube root, with the sign of x",
                _torch_cube_root, kinks=at_zero, safe=(0, 1), numbers=math.cbrt,
                calls=("scipy.special.cbrt",)),
    Elementwise("ldexp", lambda s, x, y: x * s.Integer(2) ** y, SCALED,
                "x times 2 to the power of y", _ldexp_lifted,
                calls=("torch.ldexp torch.Tensor.ldexp (input, other, *, out: target = None)",)),
)  # fmt: skip

EXPONENTIAL: tuple[Elementwise, ...] = (
    Elementwise("exp10", lambda s, x: s.Integer(10) ** x, ((0.7,), (-1.3,), (2.5,)),
                "10 to the power of x", lambda t, x: t.pow(10.0, x), safe=(0, 0),
                calls=("scipy.special.exp10",)),
    Elementwise("logaddexp2",
                lambda s, x, y: s.log(s.exp(x * s.log(2)) + s.exp(y * s.log(2))) / s.log(2),
                ((0.7, -1.3), (30.0, 2.0)), "logarithm to base 2 of the sum of two powers of 2",
                partials=((0, lambda s, x, y: 1 / (1 + s.Integer(2) ** (y - x))),
                          (1, lambda s, x, y: 1 / (1 + s.Integer(2) ** (x - y)))),
                calls=("torch.logaddexp2 torch.Tensor.logaddexp2 "
                       "(input, other, *, out: target = None)",)),
    Elementwise("xlog1py",
                lambda s, x, y: s.Piecewise((s.Integer(0), s.Eq(x, 0)), (x * s.log(1 + y), True)),
                ((0.7, 1.3), (-2.0, -0.25), (0.0, 2.0)),
                "x times the logarithm of 1 + y, 0 where x is 0", "special.xlog1py",
                partials=((0, lambda s, x, y: s.log(1 + y)), (1, lambda s, x, y: x / (1 + y))),
                domain=lambda m, x, y: (1 + y,), safe=(1, 1),
                calls=("torch.special.xlog1py (input, other, *, out: target = None)",
                       "scipy.special.xlog1py (x, y, /, out: target = None)",
                       "jax.scipy.special.xlog1py (x: floats, y: floats)")),
)  # fmt: skip

SIGNS: tuple[Elementwise, ...] = (
    Elementwise("copysign", _copysign, CHOSEN, "the size of x with the sign of y",
                partials=((0, lambda s, x, y: s.sign(x) * _toward(s, y)),
                          (1, lambda s, x, y: s.Integer(0))),
                kinks=lambda m, x, y: (x, y), numbers=math.copysign,
                calls=("torch.copysign torch.Tensor.copysign "
                       "(input, other, *, out: target = None)",)),
    Elementwise("fmax", lambda s, x, y: s.Piecewise((x, x >= y), (y, True)), CHOSEN,
                "greater of two operands (at a tie torch gives the first the slope)",
                kinks=at_ties,
                calls=("torch.fmax torch.Tensor.fmax (input, other, *, out: target = None)",)),
    Elementwise("fmin", lambda s, x, y: s.Piecewise((x, x <= y), (y, True)), CHOSEN,
                "lesser of two operands (at a tie torch gives the first the slope)",
                kinks=at_ties,
                calls=("torch.fmin torch.Tensor.fmin (input, other, *, out: target = None)",)),
)  # fmt: skip

FINITENESS: tuple[Elementwise | Composite, ...] = (
    _finiteness("isnan", "not a number"),
    _finiteness("isinf", "infinite"),
    _finiteness("isfinite", "a finite number"),
    Elementwise("signbit", lambda s, x: indicator(s, x < 0), ((0.7,), (-1.3,)),
                "true where x is negative", partials=FLAT, kinks=at_zero, boolean=True,
                calls=("torch.signbit torch.Tensor.signbit (input, *, out: target = None)",)),
    Composite("nan_to_num", """\
def nan_to_num(x, nan=0.0, posinf=1e999, neginf=-1e999):
    if all(isfinite(x)):
        return x
    number = where(isnan(x), nan, x)
    return where(isinf(number), where(number > 0, posinf, neginf), number)
""", (([0.7, -1.3],), ([0.5, float("nan"), -1.5],),
      ([0.5, float("inf"), float("-inf")], {"nan": 1.0, "posinf": 2.0, "neginf": -3.0})),
              "x, with numbers for what is not finite"),
)  # fmt: skip
