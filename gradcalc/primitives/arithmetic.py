"""What Python has operators for: arithmetic, comparisons and logic."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import operator
from typing import Any

from gradcalc.primitives.row import Elementwise


def nearest(m: Any, x: Any) -> Any:
    """The distance of x to the nearest integer, signed."""
    return x - m.nint(x)


def zero(s: Any, *operands: Any, **static: Any) -> Any:
    """The slope of a step function, off its steps."""
    return s.Integer(0)


def indicator(s: Any, condition: Any) -> Any:
    """A truth value as 1 or 0, which is what it is to the calculation."""
    return s.Piecewise((s.Integer(1), condition), (s.Integer(0), True))


def _quotient_steps(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return (nearest(m, x / y), y) if y != 0 else (y,)


def _lifted_remainder(t: Any, x: Any, y: Any) -> Any:
    # remainder(number, tensor) has no backward in torch; with two tensors it has.
    return t.remainder(x if t.is_tensor(x) else t.as_tensor(x, dtype=y.dtype, device=y.device), y)


def _pow_slope(s: Any, x: Any, y: Any) -> Any:
    # x**0 is constant at 0 too, where 0*0**-1 is undefined.
    return s.Piecewise((s.Integer(0), s.Eq(y, 0)), (y * x ** (y - 1), True))


def _pow_exponent_slope(s: Any, x: Any, y: Any) -> Any:
    return s.Piecewise((s.Integer(0), s.And(s.Eq(x, 0), y > 0)), (x**y * s.log(x), True))


def _pow_kinks(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return (x,) if m.isint(y) and y < 0 else ()


def _pow_domain(m: Any, x: Any, y: Any) -> tuple[Any, ...]:
    return () if m.isint(y) else (x,)


def _comparison(
    name: str, sign: str, python: Any, define: Any, doc: str, aliases: tuple[str, ...] = ()
) -> Elementwise:
    return Elementwise(
        name=name,
        define=define,
        torch=lambda t, x, y: python(x, y),
        samples=((1.5, 2.5), (2.5, 1.5), (-1.0, 0.25)),
        doc=doc,
        aliases=aliases,
        partials=((0, zero), (1, zero)),
        kinks=lambda m, x, y: (x - y,),
        numbers=python,
        boolean=True,
        operator=sign,
    )


def _logic(
    name: str,
    define: Any,
    torch: Any,
    numbers: Any,
    doc: str,
    sign: str | None = None,
    *,
    unary: bool = False,
) -> Elementwise:
    pairs = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (2.0, 1.0))
    return Elementwise(
        name=name,
        define=define,
        torch=torch,
        samples=((0.0,), (1.0,), (2.0,)) if unary else pairs,
        doc=doc,
        partials=((0, zero),) if unary else ((0, zero), (1, zero)),
        numbers=numbers,
        boolean=True,
        operator=sign,
    )


ARITHMETIC: tuple[Elementwise, ...] = (
    Elementwise(
        name="add",
        define=lambda s, x, y: x + y,
        torch=lambda t, x, y: x + y,
        samples=((1.5, -2.25), (0.0, 3.0)),
        doc="sum of two operands",
        numbers=operator.add,
        operator="+",
    ),
    Elementwise(
        name="sub",
        define=lambda s, x, y: x - y,
        torch=lambda t, x, y: x - y,
        samples=((1.5, -2.25), (0.0, 3.0)),
        doc="difference of two operands",
        aliases=("subtract",),
        numbers=operator.sub,
        operator="-",
    ),
    Elementwise(
        name="mul",
        define=lambda s, x, y: x * y,
        torch=lambda t, x, y: x * y,
        samples=((1.5, -2.25), (0.0, 3.0)),
        doc="product of two operands, element by element",
        aliases=("multiply",),
        numbers=operator.mul,
        operator="*",
    ),
    Elementwise(
        name="div",
        define=lambda s, x, y: x / y,
        torch=lambda t, x, y: x / y,
        samples=((1.5, -2.25), (0.0, 3.0)),
        doc="quotient of two operands",
        aliases=("divide", "true_divide"),
        kinks=lambda m, x, y: (y,),
        numbers=operator.truediv,
        operator="/",
    ),
    Elementwise(
        name="floordiv",
        define=lambda s, x, y: s.floor(x / y),
        # torch.floor_divide has no backward at all; div with a rounding mode has slope 0.
        torch=lambda t, x, y: t.div(x, y, rounding_mode="floor"),
        samples=((7.5, 2.0), (-7.5, 2.0), (5.5, -1.25)),
        doc="quotient rounded down",
        aliases=("floor_divide",),
        partials=((0, zero), (1, zero)),
        kinks=_quotient_steps,
        numbers=operator.floordiv,
        operator="//",
    ),
    Elementwise(
        name="mod",
        define=lambda s, x, y: x - y * s.floor(x / y),
        torch=_lifted_remainder,
        samples=((7.5, 2.0), (-7.5, 2.0), (5.5, -1.25)),
        doc="remainder with the sign of the divisor, as Python's % (fmod differs)",
        aliases=("remainder",),
        partials=((0, lambda s, x, y: s.Integer(1)), (1, lambda s, x, y: -s.floor(x / y))),
        kinks=_quotient_steps,
        numbers=operator.mod,
        operator="%",
    ),
    Elementwise(
        name="pow",
        define=lambda s, x, y: x**y,
        torch=lambda t, x, y: x**y,
        samples=((1.5, 2.5), (0.25, -1.5), (3.0, 0.0), (2.0, 3.0)),
        doc="first operand to the power of the second",
        aliases=("power",),
        partials=((0, _pow_slope), (1, _pow_exponent_slope)),
        kinks=_pow_kinks,
        domain=_pow_domain,
        # An exponent that moves is not an integer next door, so the base must be positive.
        varying=((1, lambda m, x, y: (x,)),),
        numbers=operator.pow,
        operator="**",
    ),
    Elementwise(
        name="neg",
        define=lambda s, x: -x,
        torch=lambda t, x: -x,
        samples=((1.5,), (-0.25,)),
        doc="negative",
        aliases=("negative",),
        numbers=operator.neg,
        operator="-",
    ),
    Elementwise(
        name="pos",
        define=lambda s, x: x,
        torch=lambda t, x: +x,
        samples=((1.5,), (-0.25,)),
        doc="the operand itself",
        aliases=("positive",),
        numbers=operator.pos,
        operator="+",
    ),
)

COMPARISONS: tuple[Elementwise, ...] = (
    _comparison(
        "gt",
        ">",
        operator.gt,
        lambda s, x, y: indicator(s, x > y),
        "true where the first operand is greater",
        ("greater",),
    ),
    _comparison(
        "ge",
        ">=",
        operator.ge,
        lambda s, x, y: indicator(s, x >= y),
        "true where the first operand is greater or equal",
        ("greater_equal",),
    ),
    _comparison(
        "lt",
        "<",
        operator.lt,
        lambda s, x, y: indicator(s, x < y),
        "true where the first operand is less",
        ("less",),
    ),
    _comparison(
        "le",
        "<=",
        operator.le,
        lambda s, x, y: indicator(s, x <= y),
        "true where the first operand is less or equal",
        ("less_equal",),
    ),
    _comparison(
        "eq",
        "==",
        operator.eq,
        lambda s, x, y: indicator(s, s.Eq(x, y)),
        "true where the operands are equal",
    ),
    _comparison(
        "ne",
        "!=",
        operator.ne,
        lambda s, x, y: indicator(s, s.Ne(x, y)),
        "true where the operands differ",
        ("not_equal",),
    ),
)

LOGIC: tuple[Elementwise, ...] = (
    _logic(
        "logical_and",
        lambda s, x, y: indicator(s, s.And(s.Ne(x, 0), s.Ne(y, 0))),
        # An operator's operand may be a plain True.
        lambda t, x, y: t.logical_and(t.as_tensor(x), t.as_tensor(y)),
        lambda x, y: bool(x) and bool(y),
        "true where both operands are nonzero",
        "&",
    ),
    _logic(
        "logical_or",
        lambda s, x, y: indicator(s, s.Or(s.Ne(x, 0), s.Ne(y, 0))),
        lambda t, x, y: t.logical_or(t.as_tensor(x), t.as_tensor(y)),
        lambda x, y: bool(x) or bool(y),
        "true where an operand is nonzero",
        "|",
    ),
    _logic(
        "logical_xor",
        lambda s, x, y: indicator(s, s.Xor(s.Ne(x, 0), s.Ne(y, 0))),
        lambda t, x, y: t.logical_xor(x, y),
        lambda x, y: bool(x) != bool(y),
        "true where exactly one operand is nonzero",
    ),
    _logic(
        "logical_not",
        lambda s, x: indicator(s, s.Eq(x, 0)),
        lambda t, x: t.logical_not(x),
        operator.not_,
        "true where the operand is zero",
        "~",
        unary=True,
    ),
)
