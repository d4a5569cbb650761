"""Formulas of a gradient, element by element, written in gradcalc's own language.

The same reverse sweep as for the numbers, on sympy expressions: every primitive contributes the
derivative of its definition.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy

from gradcalc.elements.backend import as_objects, label_of, round_to
from gradcalc.elements.calculus import definition, partial
from gradcalc.elements.experiment import Trial
from gradcalc.elements.graph import Node, ancestry, sweep
from gradcalc.elements.printer import Unprintable

GREATER = (sympy.Gt, sympy.Ge, sympy.Eq)

Formulas = Any
"""A numpy array of sympy expressions."""

DETACH = sympy.Function("detach", real=True)

LARGEST_NODES = 400
"""Numbers in a graph above which no formula is derived element by element."""

LARGEST_OPERATIONS = 60
"""Operations in an expression above which it is neither rewritten nor shown."""

LARGEST_RAW = 1200
"""Operations on the way to a formula above which it is given up."""

LARGEST_EXPANSION = 60
"""Terms above which an expression is not multiplied out."""

LARGEST_POWER = 20
"""Powers above which an expression is not multiplied out."""

LARGEST_CASES = 8
"""Choices in the operands of a primitive above which a formula is given up."""

BIGGEST = 10**60
"""Numbers above which a constant is not worked out."""


def derive(trial: Trial, wrt: Sequence[str]) -> dict[str, Formulas] | None:
    """The gradient by each input as sympy expressions, None if the graph is too large.

    Both sides of a `where` are written, for the formula speaks of other points too. Raises
    `Unprintable`.
    """
    nodes = ancestry([node for node, _ in trial.outputs], unchosen=True)
    if len(nodes) > LARGEST_NODES:
        return None
    writer = _Writer(trial.backend.dtype)
    weights = [(node, number(float(weight), writer.dtype)) for node, weight in trial.outputs]
    adjoints = sweep(weights, writer.partial, nodes, unchosen=True)
    scope = trial.execution.scope
    result = {}
    for name in wrt:
        leaf_adjoints = np.frompyfunc(
            lambda leaf: tidy(sympy.sympify(adjoints.get(leaf.order, 0))), 1, 1
        )
        result[name] = as_objects(leaf_adjoints(scope[name]))
    return result


class _Writer:
    """The expression of each node, shared where nodes are."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
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
            symbols, expression = definition(node.row, node.variant)
            return self._filled(expression, symbols, node)
        if node.label is not None:
            return sympy.Symbol(node.label, real=True)
        if node.origin is not None:
            inner = self.known[node.origin.order]
            return inner if inner.is_number else DETACH(inner)
        return number(float(node.value), self.dtype)

    def partial(self, node: Node, position: int) -> Any:
        """The derivative of a node by one of its operands."""
        assert node.row is not None
        symbols, _ = definition(node.row, node.variant)
        return self._filled(partial(node.row, node.variant, position), symbols, node)

    def _filled(self, template: Any, symbols: Sequence[Any], node: Node) -> Any:
        values = [self.expression(operand) for operand in node.operands]
        _check_powers(node, values)
        if sum(len(value.atoms(Where)) for value in values) > LARGEST_CASES:
            raise Unprintable("the formula has too many cases")
        result = _opened(template).xreplace(dict(zip(symbols, values, strict=True)))
        if sympy.count_ops(result) > LARGEST_RAW:
            raise Unprintable("the formula is too long")
        return result


def _check_powers(node: Node, values: Sequence[Any]) -> None:
    # sympy works out powers of numbers, however large
    if all(value.is_number for value in values) and not -BIGGEST < node.value < BIGGEST:
        raise Unprintable("a constant is too large")


def number(value: float, dtype: str = "float64") -> Any:
    """A float as the simplest fraction that the dtype rounds to it, if simple; else exactly."""
    if not np.isfinite(value):
        raise Unprintable("a constant is not finite")
    simple = Fraction(value).limit_denominator(10_000)
    same = float(round_to(np.float64(float(simple)), dtype)) == value
    fraction = simple if same else Fraction(repr(value))
    return sympy.Rational(fraction.numerator, fraction.denominator)


def is_short(formulas: Formulas) -> bool:
    """Whether all of them are short enough to be written."""
    return all(sympy.count_ops(f) <= LARGEST_OPERATIONS for f in np.ravel(formulas))


def tidy(expression: Any) -> Any:
    """The shortest of a few equal forms."""
    if expression.is_Atom or sympy.count_ops(expression) > LARGEST_OPERATIONS:
        return expression
    expression = _gathered(expression)
    # sympy is to leave cases alone: each is a symbol meanwhile
    cases = {case: sympy.Dummy(real=True) for case in _outermost(expression)}
    expression = expression.xreplace(cases)
    forms = [expression]
    rewrites = [sympy.factor_terms]
    if _terms(expression) <= LARGEST_EXPANSION:
        rewrites.append(sympy.expand)
        if _divides(expression):
            rewrites.append(sympy.cancel)
    for rewrite in rewrites:
        try:
            forms.append(rewrite(expression))
        except (sympy.PolynomialError, NotImplementedError):
            continue
    back = {
        symbol: Where(case.args[0], tidy(case.args[1]), tidy(case.args[2]))
        for case, symbol in cases.items()
    }
    return min(
        (form.xreplace(back) for form in dict.fromkeys(forms)),
        key=lambda form: (len(text := str(form)), text),
    )


def _divides(expression: Any) -> bool:
    return any(power.exp.could_extract_minus_sign() for power in expression.atoms(sympy.Pow))


def _outermost(expression: Any) -> list[Any]:
    """The choices in an expression that are in no other."""
    if isinstance(expression, Where):
        return [expression]
    return [case for part in expression.args for case in _outermost(part)]


def _gathered(expression: Any) -> Any:
    """`2*x*[x > 0] + 3*[x <= 0]` as one choice between 2*x and 3."""
    chosen: dict[Any, Any] = {}
    rest = sympy.Integer(0)
    for term in sympy.Add.make_args(expression):
        factors = sympy.Mul.make_args(term)
        conditions = [factor.args[0] for factor in factors if _is_indicator(factor)]
        if len(conditions) != 1:
            rest += term
            continue
        others = sympy.Mul(*(factor for factor in factors if not _is_indicator(factor)))
        chosen[conditions[0]] = chosen.get(conditions[0], 0) + others
    # the side that a condition with > speaks of comes first, as people write it
    for condition in sorted(chosen, key=lambda c: (not isinstance(c, GREATER), str(c))):
        if condition in chosen:
            otherwise = chosen.pop(sympy.Not(condition), sympy.Integer(0))
            rest += Where(condition, chosen.pop(condition), otherwise)
    return rest


def _is_indicator(factor: Any) -> bool:
    return isinstance(factor, Where) and factor.args[1:] == (1, 0)


class Where(sympy.Function):  # type: ignore[misc]
    """A choice by a condition. sympy's own thinks long about its conditions; this one does not."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Any, yes: Any, no: Any) -> Any:
        """The choice itself where there is one, None to leave it open."""
        plain = _plain(condition)
        if plain == sympy.true or yes == no:
            return yes
        if plain == sympy.false:
            return no
        return None if plain == condition else cls(plain, yes, no)

    def _eval_is_extended_real(self) -> bool:
        return True


def _plain(condition: Any) -> Any:
    """A condition on truth values as a condition on what they come from."""
    if isinstance(condition, sympy.Ne | sympy.Eq) and _is_indicator(condition.lhs):
        if condition.rhs != 0:
            return condition
        inner = condition.lhs.args[0]
        return inner if isinstance(condition, sympy.Ne) else sympy.Not(inner)
    if isinstance(condition, sympy.And | sympy.Or | sympy.Not):
        return condition.func(*map(_plain, condition.args))
    return condition


@cache
def _opened(template: Any) -> Any:
    """A primitive's definition with its cases as choices."""

    def choices(*cases: Any) -> Any:
        *first, last = cases
        result = last.expr
        for case in reversed(first):
            result = Where(case.cond, case.expr, result)
        return result

    return template.replace(sympy.Piecewise, choices)


def _terms(expression: Any) -> float:
    """About how many terms an expression has when it is multiplied out, everywhere in it."""
    if expression.is_Atom:
        return 1
    parts = [_terms(part) for part in expression.args]
    if expression.is_Mul:
        return math.prod(parts)
    if expression.is_Pow and expression.exp.is_Rational:
        power = min(abs(expression.exp), 1000)
        if power > LARGEST_POWER:
            return math.inf
        return float(parts[0] ** math.ceil(power))
    return float(sum(parts))


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
    if expression is None or not shape or whole in expression.free_symbols:
        return expression
    if any(shapes[str(symbol)] == shape for symbol in expression.free_symbols):
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
    return None if left else replaced
