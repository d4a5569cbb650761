"""Expressions as text in gradcalc's own language."""

from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

SPELLED = frozenset(
    {
        "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
        "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sign", "floor",
    }
)  # fmt: skip
"""sympy's functions that are called the same in gradcalc."""

RENAMED = {"Abs": "abs", "ceiling": "ceil", "loggamma": "lgamma", "Where": "where"}
"""sympy's functions that are called something else."""


class Unprintable(Exception):
    """An expression has no text in gradcalc's language."""


class _Printer(StrPrinter):  # type: ignore[misc]
    """Expressions in gradcalc's language. What has no spelling there raises `Unprintable`."""

    def emptyPrinter(self, expr: Any) -> str:  # noqa: N802
        raise Unprintable(type(expr).__name__)

    def _print_Float(self, expr: Any) -> str:  # noqa: N802
        return repr(float(expr))

    def _print_Function(self, expr: Any) -> str:  # noqa: N802
        name = type(expr).__name__
        if not isinstance(expr, AppliedUndef) and name not in SPELLED and name not in RENAMED:
            raise Unprintable(name)
        arguments = ", ".join(self._print(a) for a in expr.args)
        return f"{RENAMED.get(name, name)}({arguments})"

    def _print_Abs(self, expr: Any) -> str:  # noqa: N802
        return self._print_Function(expr)

    def _print_floor(self, expr: Any) -> str:
        return self._print_Function(expr)

    def _print_ceiling(self, expr: Any) -> str:
        return self._print_Function(expr)

    def _print_log(self, expr: Any) -> str:
        return self._print_Function(expr)

    def _print_Relational(self, expr: Any) -> str:  # noqa: N802
        sign = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[expr.rel_op]
        return f"{self.parenthesize(expr.lhs, 36)} {sign} {self.parenthesize(expr.rhs, 36)}"

    def _print_And(self, expr: Any) -> str:  # noqa: N802
        return " & ".join(f"({self._print(a)})" for a in expr.args)

    def _print_Or(self, expr: Any) -> str:  # noqa: N802
        return " | ".join(f"({self._print(a)})" for a in expr.args)

    def _print_Exp1(self, expr: Any) -> str:  # noqa: N802
        return "exp(1)"


def _with_decimals(expression: Any, decimals: bool) -> Any:
    def long(value: Any) -> bool:
        if not value.is_Rational or value.is_Integer:
            return False
        return bool(value.q > 1000 or (decimals and len(repr(float(value))) <= 8))

    if expression.is_Pow and expression.exp.is_Rational and expression.exp.q <= 1000:
        return sympy.Pow(_with_decimals(expression.base, decimals), expression.exp)
    if long(expression):
        return sympy.Float(repr(float(expression)), 17)
    if expression.is_Atom:
        return expression
    return expression.func(*(_with_decimals(part, decimals) for part in expression.args))


def write(expression: Any, decimals: bool = False) -> str:
    """The text of an expression in gradcalc's language. Raises `Unprintable`.

    With `decimals`, fractions that are short decimals are written as such.
    """
    text: str = _Printer().doprint(_with_decimals(expression, decimals))
    if "zoo" in text or "oo" in text.replace("floor", "") or "nan" in text:
        raise Unprintable("a value that is not finite")
    return text


def write_nested(texts: Any) -> str:
    """The texts of all elements as nested lists, which is a value in gradcalc's language."""
    if np.ndim(texts) == 0:
        return str(texts[()] if isinstance(texts, np.ndarray) else texts)
    return f"[{', '.join(write_nested(part) for part in texts)}]"
