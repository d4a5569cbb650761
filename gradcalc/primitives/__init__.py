"""What gradcalc can differentiate: one row for each primitive, in plain tuples by family."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.primitives import (
    arithmetic,
    composite,
    elementwise,
    layout,
    linear,
    ordering,
    reductions,
    shaping,
    taking,
)
from gradcalc.primitives.row import Composite, Elementwise, Primitive, Structural

__all__ = ["BY_NAME", "FAMILIES", "PRIMITIVES", "Composite", "Elementwise", "Primitive",
           "Structural"]  # fmt: skip

FAMILIES: Mapping[str, tuple[Primitive, ...]] = MappingProxyType(
    {
        "arithmetic": arithmetic.ARITHMETIC,
        "powers and roots": elementwise.POWERS,
        "exponentials and logarithms": elementwise.EXPONENTIAL,
        "trigonometric": elementwise.TRIGONOMETRIC,
        "hyperbolic": elementwise.HYPERBOLIC,
        "special functions": elementwise.SPECIAL,
        "absolute value, limits, choice": arithmetic.CHOICE,
        "rounding and remainders": arithmetic.ROUNDING,
        "comparison and logic": (*arithmetic.COMPARISONS, *arithmetic.LOGIC),
        "activations": elementwise.ACTIVATIONS,
        "reductions and statistics": (*reductions.REDUCTIONS, *composite.STATISTICS),
        "sorting and running totals": (*reductions.ORDERED, *ordering.PLACED),
        "softmax and normalization": composite.NORMALIZATION,
        "losses": composite.LOSSES,
        "linear algebra": (*linear.LINEAR, *composite.DETERMINANTS),
        "shape": shaping.SHAPING,
        "joining, filling, parts": (*shaping.JOINING, *layout.LAYOUT),
        "taking and putting by an index": (*taking.PICKED, *taking.PUT),
    }
)
"""Every primitive, in the families by which they are listed."""

PRIMITIVES: tuple[Primitive, ...] = tuple(row for rows in FAMILIES.values() for row in rows)

BY_NAME: Mapping[str, Primitive] = MappingProxyType(
    {name: row for row in PRIMITIVES for name in (row.name, *row.aliases)}
)
