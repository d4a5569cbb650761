"""Functions with corners and steps: absolute values, rounding, choices between operands."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

from gradcalc.primitives.arithmetic import indicator, nearest, zero
from gradcalc.primitives.row import Elementwise


def _round_half_even(s: Any, x: Any) -> Any:
    up = s.floor(x + s.Rational(1, 2))
    odd_half = s.And(s.Eq(x + s.Rational(1, 2), up), s.Ne(2 * s.floor(up / 2), up))
    return s.Piecewise((up - 1, odd_half), (up, True))


def _truncate(s: Any, x: Any) -> Any:
    return s.Piecewise((s.floor(x), x >= 0), (s.ceiling(x), True))


def _truncation_kinks(m: Any, x: Any) -> tuple[Any, ...]:
    # Both sides of 0 are rounded to 0: the only integer without a step.
    return (nearest(m, x),) if abs(x) >= 0.5 else ()


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


PIECEWISE: tuple[Elementwise, ...] = (
    Elementwise(
        name="abs",
        define=lambda s, x: s.Abs(x),
        torch=lambda t, x: t.abs(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="absolute value",
        aliases=("absolute", "fabs"),
        partials=((0, lambda s, x: s.sign(x)),),
        kinks=lambda m, x: (x,),
        numbers=abs,
    ),
    Elementwise(
        name="sign",
        define=lambda s, x: s.sign(x),
        torch=lambda t, x: t.sign(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="-1, 0 or 1, as x is negative, zero or positive",
        aliases=("sgn",),
        partials=((0, zero),),
        kinks=lambda m, x: (x,),
    ),
    Elementwise(
        name="floor",
        define=lambda s, x: s.floor(x),
        torch=lambda t, x: t.floor(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="rounded down",
        partials=((0, zero),),
        kinks=lambda m, x: (nearest(m, x),),
        numbers=math.floor,
    ),
    Elementwise(
        name="ceil",
        define=lambda s, x: s.ceiling(x),
        torch=lambda t, x: t.ceil(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="rounded up",
        partials=((0, zero),),
        kinks=lambda m, x: (nearest(m, x),),
        numbers=math.ceil,
    ),
    Elementwise(
        name="round",
        define=lambda s, x: _round_half_even(s, x),
        torch=lambda t, x: t.round(x),
        samples=((0.7,), (-1.3,), (2.6,), (3.4,)),
        doc="rounded to the nearest integer, halves to the even one",
        aliases=("rint",),
        partials=((0, zero),),
        kinks=lambda m, x: (nearest(m, x - 0.5),),
        numbers=round,
    ),
    Elementwise(
        name="trunc",
        define=lambda s, x: _truncate(s, x),
        torch=lambda t, x: t.trunc(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="rounded towards zero",
        aliases=("fix",),
        partials=((0, zero),),
        kinks=_truncation_kinks,
        numbers=math.trunc,
    ),
    Elementwise(
        name="frac",
        define=lambda s, x: x - _truncate(s, x),
        torch=lambda t, x: t.frac(x),
        samples=((0.7,), (-1.3,), (2.6,)),
        doc="fractional part, with the sign of x",
        partials=((0, lambda s, x: s.Integer(1)),),
        kinks=_truncation_kinks,
    ),
    Elementwise(
        name="maximum",
        define=lambda s, x, y: s.Piecewise((x, x >= y), (y, True)),
        torch=lambda t, x, y: t.maximum(x, y),
        samples=((0.7, -1.3), (-2.0, 0.5)),
        doc="greater of two operands (at a tie torch gives each half the slope)",
        kinks=lambda m, x, y: (x - y,),
        numbers=max,
    ),
    Elementwise(
        name="minimum",
        define=lambda s, x, y: s.Piecewise((x, x <= y), (y, True)),
        torch=lambda t, x, y: t.minimum(x, y),
        samples=((0.7, -1.3), (-2.0, 0.5)),
        doc="lesser of two operands (at a tie torch gives each half the slope)",
        kinks=lambda m, x, y: (x - y,),
        numbers=min,
    ),
    Elementwise(
        name="where",
        define=lambda s, condition, x, y: s.Piecewise((x, s.Ne(condition, 0)), (y, True)),
        torch=lambda t, condition, x, y: t.where(condition.bool(), x, y),
        samples=((1.0, 0.7, -1.3), (0.0, 0.7, -1.3)),
        doc="x where the condition is true, y elsewhere",
        partials=(
            (0, zero),
            (1, lambda s, condition, x, y: indicator(s, s.Ne(condition, 0))),
            (2, lambda s, condition, x, y: indicator(s, s.Eq(condition, 0))),
        ),
        numbers=lambda condition, x, y: x if condition else y,
    ),
    Elementwise(
        name="clamp",
        define=_clamp,
        torch=_torch_clamp,
        samples=(
            (0.7, -1.0, 1.0),
            (-1.3, -1.0, 1.0),
            (2.6, None, 1.0),
            (2.6, 0.0, None),
            (0.7, 3.0, 2.0),
        ),
        doc="limited to the range from min to max; max wins where they cross",
        aliases=("clip",),
        kinks=_clamp_kinks,
    ),
)
