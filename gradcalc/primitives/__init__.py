"""What gradcalc can differentiate: one row for each primitive, in one plain tuple."""

from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.primitives.activations import ACTIVATIONS
from gradcalc.primitives.arithmetic import ARITHMETIC, COMPARISONS, LOGIC
from gradcalc.primitives.composite import COMPOSITES
from gradcalc.primitives.elementwise import ELEMENTWISE
from gradcalc.primitives.joining import JOINING
from gradcalc.primitives.linear import LINEAR
from gradcalc.primitives.losses import LOSSES
from gradcalc.primitives.ordering import ORDERING
from gradcalc.primitives.piecewise import PIECEWISE
from gradcalc.primitives.row import Composite, Elementwise, Primitive, Structural
from gradcalc.primitives.shaping import SHAPING
from gradcalc.primitives.structural import REDUCTIONS

__all__ = ["BY_NAME", "PRIMITIVES", "Composite", "Elementwise", "Primitive", "Structural"]

PRIMITIVES: tuple[Primitive, ...] = (
    *ARITHMETIC,
    *COMPARISONS,
    *LOGIC,
    *ELEMENTWISE,
    *PIECEWISE,
    *ACTIVATIONS,
    *REDUCTIONS,
    *ORDERING,
    *LINEAR,
    *SHAPING,
    *JOINING,
    *COMPOSITES,
    *LOSSES,
)

BY_NAME: Mapping[str, Primitive] = MappingProxyType(
    {name: row for row in PRIMITIVES for name in (row.name, *row.aliases)}
)
