"""What Python has operators for, and what has corners and steps: rounding, limits, choices."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
import operator
from typing import Any

from gradcalc.primitives.row import Elementwise, Samples

PAIRS: Samples = ((1.5, -2.25), (0.0, 3.0))
DIVIDED: Samples = ((7.5, 2.0), (-7.5, 2.0), (5.5, -1.25))
COMPARED: Samples = ((1.5, 2.5), (2.5, 1.5), (-1.0, 0.25))
TRUTHS: Samples = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (2.0, 1.0))
BETWEEN: Samples = ((0.7,), (-1.3,), (2.6,))
CHOSEN: Samples = ((0.7, -1.3), (-2.0, 0.5))
LIMITED: Samples = (
    (0.7, -1.0, 1.0), (-1.3, -1.0, 1.0), (2.6, None, 1.0), (2.6, 0.0, None), (0.7, 3.0, 2.0),
)  # fmt: skip


def nearest(m: Any, x: Any) -> Any:
    """The distance of x to the nearest integer, signed."""
    return x - m.nint(x)


def zero(s: Any, *operands: Any, **static: Any) -> Any:
    """The slope of a step function, off its steps."""
    return s.Integer(0)


def is_step(row: Any) -> bool:
    """Whether a primitive has slope 0 wherever it has one, as `floor` and comparisons have."""
    own = isinstance(row, Elementwise) and bool(row.partials)
    return own and all(slope is zero for _, slope in row.partials)


FLAT = ((0, zero),)
FLAT_BY_BOTH = ((0, zero), (1, zero))


def at_zero(m: Any, x: Any) -> tuple[Any, ...]:
    """Kinks at 0, or a domain that ends there."""
    return (x,)


def at_integers(m: Any, x: Any) -> tuple[Any, ...]:
    """Kinks at the integers."""
    return (nearest(m, x),)


def at_ties(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    """Kinks where two operands are equal."""
    return (x - y,)


def indicator(s: Any, condition: Any) -> Any:
    """A truth value as 1 or 0, which is what it is to the calculation."""
    return s.Piecewise((s.Integer(1), condition), (s.Integer(0), True))


def _quotient_steps(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return (nearest(m, x / y), y) if y != 0 else (y,)


def _lifted_remainder(t: Any, x: Any, y: Any) -> Any:
    # remainder(number, tensor) has no backward in torch; with two tensors it has.
    return t.remainder(x if t.is_tensor(x) else t.as_tensor(x, dtype=y.dtype, device=y.device), y)


def _lifted_fmod(t: Any, x: Any, y: Any) -> Any:
    return t.fmod(x if t.is_tensor(x) else t.as_tensor(x, dtype=y.dtype, device=y.device), y)


def _pow_slope(s: Any, x: Any, y: Any) -> Any:
    # x**0 is constant at 0 too, where 0*0**-1 is undefined.
    return s.Piecewise((s.Integer(0), s.Eq(y, 0)), (y * x ** (y - 1), True))


def _pow_exponent_slope(s: Any, x: Any, y: Any) -> Any:
    return s.Piecewise((s.Integer(0), s.And(s.Eq(x, 0), y > 0)), (x**y * s.log(x), True))


def _operator(
    name: str, sign: str, python: Any, define: Any, samples: Samples, doc: str, *aliases: str,
    torch: Any = None, **facts: Any,
) -> Elementwise:  # fmt: skip
    """A row that torch computes by Python's operator, unless it says otherwise."""
    on_tensors = torch or (lambda t, *args, **given: python(*args, *given.values()))
    return Elementwise(
        name, define, samples, doc, on_tensors, aliases, numbers=python, operator=sign, **facts
    )


def _comparison(
    name: str, sign: str, python: Any, holds: Any, doc: str, *aliases: str
) -> Elementwise:
    return _operator(
        name, sign, python, lambda s, x, y: indicator(s, holds(s, x, y)), COMPARED,
        f"true where the {doc}", *aliases, partials=FLAT_BY_BOTH, kinks=at_ties, boolean=True,
    )  # fmt: skip


def _logic(name: str, holds: Any, python: Any, doc: str, **facts: Any) -> Elementwise:
    return Elementwise(
        name, lambda s, x, y: indicator(s, holds(s, s.Ne(x, 0), s.Ne(y, 0))), TRUTHS,
        f"true where {doc} nonzero", partials=FLAT_BY_BOTH, numbers=python, boolean=True, **facts,
    )  # fmt: skip


ARITHMETIC: tuple[Elementwise, ...] = (
    _operator("add", "+", operator.add, lambda s, x, y: x + y, PAIRS, "sum of two operands"),
    _operator("sub", "-", operator.sub, lambda s, x, y: x - y, PAIRS,
              "difference of two operands", "subtract"),
    _operator("mul", "*", operator.mul, lambda s, x, y: x * y, PAIRS,
              "product of two operands, element by element", "multiply"),
    _operator("div", "/", operator.truediv, lambda s, x, y: x / y, PAIRS,
              "quotient of two operands", "divide", "true_divide",
              kinks=lambda m, x, y: (y,), safe=(1, 1)),
    # torch.floor_divide has no backward at all; div with a rounding mode has slope 0.
    _operator("floordiv", "//", operator.floordiv, lambda s, x, y: s.floor(x / y), DIVIDED,
              "quotient rounded down", "floor_divide",
              torch=lambda t, x, y: t.div(x, y, rounding_mode="floor"),
              partials=FLAT_BY_BOTH, kinks=_quotient_steps),
    _operator("mod", "%", operator.mod, lambda s, x, y: x - y * s.floor(x / y), DIVIDED,
              "remainder with the sign of the divisor, as Python's % (fmod differs)", "remainder",
              torch=_lifted_remainder, kinks=_quotient_steps,
              partials=((0, lambda s, x, y: s.Integer(1)), (1, lambda s, x, y: -s.floor(x / y)))),
    # An exponent that moves is not an integer next door, so the base must be positive.
    _operator("pow", "**", operator.pow, lambda s, x, y: x**y,
              ((1.5, 2.5), (0.25, -1.5), (3.0, 0.0), (2.0, 3.0)),
              "first operand to the power of the second", "power",
              partials=((0, _pow_slope), (1, _pow_exponent_slope)),
              kinks=lambda m, x, y: (x,) if m.isint(y) and y < 0 else (),
              domain=lambda m, x, y: () if m.isint(y) else (x,),
              varying=((1, lambda m, x, y: (x,)),)),
    _operator("neg", "-", operator.neg, lambda s, x: -x, ((1.5,), (-0.25,)),
              "negative", "negative"),
    _operator("pos", "+", operator.pos, lambda s, x: x, ((1.5,), (-0.25,)),
              "the operand itself", "positive"),
)  # fmt: skip

COMPARISONS: tuple[Elementwise, ...] = (
    _comparison("gt", ">", operator.gt, lambda s, x, y: x > y,
                "first operand is greater", "greater"),
    _comparison("ge", ">=", operator.ge, lambda s, x, y: x >= y,
                "first operand is greater or equal", "greater_equal"),
    _comparison("lt", "<", operator.lt, lambda s, x, y: x < y, "first operand is less", "less"),
    _comparison("le", "<=", operator.le, lambda s, x, y: x <= y,
                "first operand is less or equal", "less_equal"),
    _comparison("eq", "==", operator.eq, lambda s, x, y: s.Eq(x, y), "operands are equal"),
    _comparison("ne", "!=", operator.ne, lambda s, x, y: s.Ne(x, y), "operands differ",
                "not_equal"),
)  # fmt: skip

# An operator's operand may be a plain True.
LOGIC: tuple[Elementwise, ...] = (
    _logic("logical_and", lambda s, x, y: s.And(x, y), lambda x, y: bool(x) and bool(y),
           "both operands are", operator="&",
           torch=lambda t, x, y: t.logical_and(t.as_tensor(x), t.as_tensor(y))),
    _logic("logical_or", lambda s, x, y: s.Or(x, y), lambda x, y: bool(x) or bool(y),
           "an operand is", operator="|",
           torch=lambda t, x, y: t.logical_or(t.as_tensor(x), t.as_tensor(y))),
    _logic("logical_xor", lambda s, x, y: s.Xor(x, y), lambda x, y: bool(x) != bool(y),
           "exactly one operand is"),
    Elementwise("logical_not", lambda s, x: indicator(s, s.Eq(x, 0)), ((0.0,), (1.0,), (2.0,)),
                "true where the operand is zero", partials=FLAT, numbers=operator.not_,
                boolean=True, operator="~"),
)  # fmt: skip


def _round_half_even(s: Any, x: Any) -> Any:
    up = s.floor(x + s.Rational(1, 2))
    odd_half = s.And(s.Eq(x + s.Rational(1, 2), up), s.Ne(2 * s.floor(up / 2), up))
    return s.Piecewise((up - 1, odd_half), (up, True))


def _truncate(s: Any, x: Any) -> Any:
    return s.Piecewise((s.floor(x), x >= 0), (s.ceiling(x), True))


def _truncation_kinks(m: Any, x: Any) -> tuple[Any, ...]:
    # Both sides of 0 are rounded to 0: the only integer without a step.
    return at_integers(m, x) if abs(x) >= 0.5 else ()


def _clamp(s: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    pieces = []
    if max is not None:
        crossed = s.false if min is None else min > max
        pieces.append((max, s.Or(x > max, crossed)))
    if min is not None:
        pieces.append((min, x < min))
    return s.Piecewise(*pieces, (x, True))


def _torch_clamp(t: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    # torch takes two numbers or two tensors, not one of each.
    if t.is_tensor(min) or t.is_tensor(max):
        min, max = (
            bound if bound is None else t.as_tensor(bound, dtype=x.dtype, device=x.device)
            for bound in (min, max)
        )
        x = t.broadcast_tensors(x, *[bound for bound in (min, max) if bound is not None])[0]
    return t.clamp(x, min, max)


def _clamp_kinks(m: Any, x: Any, min: Any = None, max: Any = None) -> tuple[Any, ...]:
    pairs = ((x, min), (x, max), (min, max))
    return tuple(a - b for a, b in pairs if a is not None and b is not None)


ROUNDING: tuple[Elementwise, ...] = (
    Elementwise("floor", lambda s, x: s.floor(x), BETWEEN, "rounded down",
                partials=FLAT, kinks=at_integers, numbers=math.floor),
    Elementwise("ceil", lambda s, x: s.ceiling(x), BETWEEN, "rounded up",
                partials=FLAT, kinks=at_integers, numbers=math.ceil),
    Elementwise("round", _round_half_even, (*BETWEEN, (3.4,)),
                "rounded to the nearest integer, halves to the even one", aliases=("rint",),
                partials=FLAT, kinks=lambda m, x: (nearest(m, x - 0.5),), numbers=round),
    Elementwise("trunc", _truncate, BETWEEN, "rounded towards zero", aliases=("fix",),
                partials=FLAT, kinks=_truncation_kinks, numbers=math.trunc),
    Elementwise("frac", lambda s, x: x - _truncate(s, x), BETWEEN,
                "fractional part, with the sign of x",
                partials=((0, lambda s, x: s.Integer(1)),), kinks=_truncation_kinks),
    Elementwise("fmod", lambda s, x, y: x - y * _truncate(s, x / y), DIVIDED,
                "remainder with the sign of the dividend, as C's (mod differs)",
                torch=_lifted_fmod, kinks=_quotient_steps,
                partials=((0, lambda s, x, y: s.Integer(1)),
                          (1, lambda s, x, y: -_truncate(s, x / y)))),
)  # fmt: skip

CHOICE: tuple[Elementwise, ...] = (
    Elementwise("abs", lambda s, x: s.Abs(x), BETWEEN, "absolute value",
                aliases=("absolute", "fabs"), partials=((0, lambda s, x: s.sign(x)),),
                kinks=at_zero, numbers=abs),
    Elementwise("sign", lambda s, x: s.sign(x), BETWEEN,
                "-1, 0 or 1, as x is negative, zero or positive", aliases=("sgn",),
                partials=FLAT, kinks=at_zero),
    Elementwise("maximum", lambda s, x, y: s.Piecewise((x, x >= y), (y, True)), CHOSEN,
                "greater of two operands (at a tie torch gives each half the slope)",
                kinks=at_ties, numbers=max),
    Elementwise("minimum", lambda s, x, y: s.Piecewise((x, x <= y), (y, True)), CHOSEN,
                "lesser of two operands (at a tie torch gives each half the slope)",
                kinks=at_ties, numbers=min),
    Elementwise("clamp", _clamp, LIMITED,
                "limited to the range from min to max; max wins where they cross", _torch_clamp,
                aliases=("clip",), kinks=_clamp_kinks),
    Elementwise("where", lambda s, condition, x, y: s.Piecewise((x, s.Ne(condition, 0)), (y, True)),
                ((1.0, 0.7, -1.3), (0.0, 0.7, -1.3)), "x where the condition is true, y elsewhere",
                lambda t, condition, x, y: t.where(condition.bool(), x, y),
                partials=((0, zero),
                          (1, lambda s, condition, x, y: indicator(s, s.Ne(condition, 0))),
                          (2, lambda s, condition, x, y: indicator(s, s.Eq(condition, 0)))),
                numbers=lambda condition, x, y: x if condition else y),
)  # fmt: skip
