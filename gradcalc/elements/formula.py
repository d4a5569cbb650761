"""Formulas of a gradient, element by element, written in gradcalc's own language.

The same reverse sweep as for the numbers, on sympy expressions: every primitive contributes the
derivative of its definition.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

from gradcalc.elements.backend import as_objects, label_of
from gradcalc.elements.calculus import Calculus
from gradcalc.elements.experiment import Trial
from gradcalc.elements.graph import Node, sweep

Formulas = Any
"""A numpy array of sympy expressions."""

DETACH = sympy.Function("detach", real=True)

LARGEST_NODES = 400
"""Numbers in a graph above which no formula is derived element by element."""

LARGEST_OPERATIONS = 60
"""Operations in an expression above which it is neither rewritten nor shown."""


class Unprintable(Exception):
    """An expression has no text in gradcalc's language."""


def derive(trial: Trial, calculus: Calculus, wrt: Sequence[str]) -> dict[str, Formulas] | None:
    """The gradient by each input as sympy expressions, None if the graph is too large."""
    if len(trial.nodes) > LARGEST_NODES:
        return None
    writer = _Writer(calculus)
    weights = [(node, number(float(weight))) for node, weight in trial.outputs]
    adjoints = sweep(weights, writer.partial, trial.nodes)
    scope = trial.execution.scope
    result = {}
    for name in wrt:
        leaves = scope[name]
        leaf_adjoints = np.frompyfunc(
            lambda leaf: tidy(sympy.sympify(adjoints.get(leaf.order, 0))), 1, 1
        )
        result[name] = as_objects(leaf_adjoints(leaves))
    return result


class _Writer:
    """The expression of each node, shared where nodes are."""

    def __init__(self, calculus: Calculus) -> None:
        self.calculus = calculus
        self.known: dict[int, Any] = {}

    def expression(self, node: Node) -> Any:
        """The expression of a node in the names of the inputs."""
        stack = [node]
        while stack:
            top = stack[-1]
            if top.order in self.known:
                stack.pop()
                continue
            parts = top.operands if top.row else ((top.origin,) if self._unnamed(top) else ())
            missing = [p for p in parts if p is not None and p.order not in self.known]
            if missing:
                stack.extend(missing)
                continue
            self.known[top.order] = self._build(top)
            stack.pop()
        return self.known[node.order]

    @staticmethod
    def _unnamed(node: Node) -> bool:
        return node.label is None and node.origin is not None

    def _build(self, node: Node) -> Any:
        if node.row is not None:
            symbols, definition = self.calculus.definition(node.row, node.variant)
            return self._filled(definition, symbols, node)
        if node.label is not None:
            return sympy.Symbol(node.label, real=True)
        if node.origin is not None:
            inner = self.known[node.origin.order]
            return inner if inner.is_number else DETACH(inner)
        return number(float(node.value))

    def partial(self, node: Node, position: int) -> Any:
        """The derivative of a node by one of its operands."""
        assert node.row is not None
        symbols, _ = self.calculus.definition(node.row, node.variant)
        derivative = self.calculus.partial(node.row, node.variant, position)
        return self._filled(derivative, symbols, node)

    def _filled(self, template: Any, symbols: Sequence[Any], node: Node) -> Any:
        values = [self.expression(operand) for operand in node.operands]
        result = template.xreplace(dict(zip(symbols, values, strict=True)))
        if sympy.count_ops(result) > 20 * LARGEST_OPERATIONS:
            raise Unprintable("the formula is too long")
        return result


def number(value: float) -> Any:
    """A float as the simplest fraction that rounds to it, if that is simple; else exactly."""
    if not np.isfinite(value):
        raise Unprintable("a constant is not finite")
    simple = Fraction(value).limit_denominator(10_000)
    fraction = simple if float(simple) == value else Fraction(repr(value))
    return sympy.Rational(fraction.numerator, fraction.denominator)


def tidy(expression: Any) -> Any:
    """The shortest of a few equal forms."""
    if expression.is_Atom or sympy.count_ops(expression) > LARGEST_OPERATIONS:
        return expression
    forms = [expression]
    for rewrite in (sympy.factor_terms, sympy.expand, _cancelled):
        try:
            forms.append(rewrite(expression))
        except (sympy.PolynomialError, NotImplementedError):
            continue
    return min(forms, key=lambda form: (len(str(form)), str(form)))


def _cancelled(expression: Any) -> Any:
    return expression if expression.has(sympy.Piecewise) else sympy.cancel(expression)


def lift(formulas: Formulas, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Any | None:
    """One expression for all elements, when each is the same function of its own element.

    `4*x[0], 4*x[1]` becomes `4*x`; a number c becomes `c*ones_like(x)`. None if there is none.
    """
    shape = np.shape(formulas)
    whole = sympy.Symbol(name, real=True)
    lifted = {_whole(formulas[index], index, shape, shapes) for index in np.ndindex(*shape)}
    if len(lifted) != 1:
        return None
    (expression,) = lifted
    if expression is None or not shape or expression.free_symbols:
        return expression
    if expression.is_zero:
        return sympy.Function("zeros_like")(whole)
    return expression * sympy.Function("ones_like")(whole)


def _whole(
    expression: Any, index: tuple[int, ...], shape: Any, shapes: Mapping[str, tuple[int, ...]]
) -> Any:
    names = {
        sympy.Symbol(label_of(n, index), real=True): sympy.Symbol(n, real=True)
        for n, s in shapes.items()
        if s == shape
    }
    scalars = {sympy.Symbol(n, real=True) for n, s in shapes.items() if s == ()}
    replaced = expression.xreplace(names)
    left = replaced.free_symbols - set(names.values()) - scalars
    carried = replaced.free_symbols & set(names.values())
    return None if left or (shape and replaced.free_symbols and not carried) else replaced


class _Printer(StrPrinter):  # type: ignore[misc]
    """Expressions in gradcalc's language. What has no spelling there raises `Unprintable`."""

    def emptyPrinter(self, expr: Any) -> str:  # noqa: N802
        raise Unprintable(type(expr).__name__)

    def _print_Float(self, expr: Any) -> str:  # noqa: N802
        return repr(float(expr))

    def _print_Function(self, expr: Any) -> str:  # noqa: N802
        known = {"Abs": "abs", "ceiling": "ceil", "loggamma": "lgamma"}
        name = type(expr).__name__
        if not isinstance(expr, AppliedUndef) and name not in SPELLED and name not in known:
            raise Unprintable(name)
        arguments = ", ".join(self._print(a) for a in expr.args)
        return f"{known.get(name, name)}({arguments})"

    _print_Abs = _print_floor = _print_ceiling = _print_log = _print_Function

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802
        *cases, last = expr.args
        if last.cond is not sympy.true and last.cond != True:  # noqa: E712
            raise Unprintable("Piecewise")
        text = self._print(last.expr)
        for case in reversed(cases):
            text = f"where({self._print(case.cond)}, {self._print(case.expr)}, {text})"
        return text

    def _print_Relational(self, expr: Any) -> str:  # noqa: N802
        sign = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[expr.rel_op]
        return f"{self.parenthesize(expr.lhs, 36)} {sign} {self.parenthesize(expr.rhs, 36)}"

    def _print_And(self, expr: Any) -> str:  # noqa: N802
        return " & ".join(f"({self._print(a)})" for a in expr.args)

    def _print_Or(self, expr: Any) -> str:  # noqa: N802
        return " | ".join(f"({self._print(a)})" for a in expr.args)

    def _print_ITE(self, expr: Any) -> str:  # noqa: N802
        return self._print(expr.to_nnf())

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


SPELLED = frozenset(
    {
        "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
        "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sign", "floor",
    }
)  # fmt: skip
"""sympy's functions that are called the same in gradcalc."""


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
