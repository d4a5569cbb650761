"""What gradcalc can differentiate: one row for each primitive, in one plain tuple."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.primitives.arithmetic import ARITHMETIC, COMPARISONS, LOGIC, PIECEWISE
from gradcalc.primitives.composite import COMPOSITES
from gradcalc.primitives.elementwise import ACTIVATIONS, ELEMENTWISE
from gradcalc.primitives.linear import LINEAR
from gradcalc.primitives.reductions import REDUCTIONS
from gradcalc.primitives.row import Composite, Elementwise, Primitive, Structural
from gradcalc.primitives.shaping import JOINING, SHAPING

__all__ = ["BY_NAME", "PRIMITIVES", "Composite", "Elementwise", "Primitive", "Structural"]

PRIMITIVES: tuple[Primitive, ...] = (
    *ARITHMETIC, *COMPARISONS, *LOGIC, *ELEMENTWISE, *PIECEWISE, *ACTIVATIONS, *REDUCTIONS,
    *LINEAR, *SHAPING, *JOINING, *COMPOSITES,
)  # fmt: skip

BY_NAME: Mapping[str, Primitive] = MappingProxyType(
    {name: row for row in PRIMITIVES for name in (row.name, *row.aliases)}
)
