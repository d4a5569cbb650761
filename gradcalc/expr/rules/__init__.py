"""The rules of operations, in the order in which they are tried: each a named row."""

from gradcalc.expr.rules.factors import FACTORS
from gradcalc.expr.rules.moving import MOVING
from gradcalc.expr.rules.products import PRODUCTS
from gradcalc.expr.rules.scalars import SCALAR_RULES, ScalarRule
from gradcalc.expr.rules.spectral import SPECTRAL
from gradcalc.expr.rules.sums import SUMS
from gradcalc.expr.rules.taking import TAKING
from gradcalc.expr.simplify import Rule

__all__ = ["RULES", "SCALAR_RULES", "Rule", "ScalarRule"]

RULES: tuple[Rule, ...] = (*FACTORS, *MOVING, *TAKING, *SUMS, *PRODUCTS, *SPECTRAL)
