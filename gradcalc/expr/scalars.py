"""Scalar expressions: the sympy side of a function of elements, written as people write it."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sympy
from sympy.core.relational import Relational

GREATER = (sympy.Gt, sympy.Ge, sympy.Eq)

LARGEST_OPERATIONS = 60
"""Operations in an expression above which it is not rewritten."""

LARGEST_EXPANSION = 60
"""Terms above which an expression is not multiplied out."""

MULTIPLIED_OUT = 1.3
"""How many times shorter an expression must become for its being multiplied out."""

LARGEST_POWER = 20
"""Powers above which an expression is not multiplied out."""


class Head(sympy.Function):  # type: ignore[misc]
    """A function that formulas call by its gradcalc name, sympy knowing nothing of it.

    Each has a class of its own, made by `head`: `spelled` is the name, `keywords` the names that
    operands need in front of them (or None), `words` are the fixed arguments by name, `symbols`
    and `body` its definition.
    """

    spelled: str = ""
    keywords: tuple[str | None, ...] = ()
    words: tuple[tuple[str, Any], ...] = ()
    symbols: tuple[Any, ...] = ()
    body: Any = None

    def _eval_is_extended_real(self) -> bool:
        return True

    def opened(self) -> Any:
        """The definition with the arguments filled in."""
        return self.body.xreplace(dict(zip(self.symbols, self.args, strict=True)))


@cache
def head(
    name: str,
    keywords: tuple[str | None, ...],
    words: tuple[tuple[str, Any], ...],
    symbols: tuple[Any, ...],
    body: Any,
) -> type[Head]:
    """The function of that name, fixed arguments and definition."""
    known = {"keywords": keywords, "words": words, "symbols": symbols, "body": body}
    return type(name, (Head,), {**known, "spelled": name, "nargs": len(symbols)})


_X = sympy.Symbol("_x", real=True)
sigmoid = head("sigmoid", (None,), (), (_X,), 1 / (1 + sympy.exp(-_X)))


class Where(sympy.Function):  # type: ignore[misc]
    """A choice by a condition. sympy's own thinks long about its conditions; this one does not."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Any, yes: Any, no: Any) -> Any:
        """The choice itself where there is one, None to leave it open."""
        plain = plain_condition(condition)
        if plain == sympy.true or yes == no:
            return yes
        if (yes, no) == (0, 1):
            return cls(plain_condition(sympy.Not(plain)), no, yes)
        if plain == sympy.false:
            return no
        return None if plain == condition else cls(plain, yes, no)

    def _eval_is_extended_real(self) -> bool:
        return True


def is_indicator(factor: Any) -> bool:
    """Whether a factor is a condition as 1 or 0."""
    return isinstance(factor, Where) and factor.args[1:] == (1, 0)


def plain_condition(condition: Any) -> Any:
    """A condition on truth values as a condition on what they come from."""
    if isinstance(condition, sympy.Ne | sympy.Eq) and is_indicator(condition.lhs):
        if condition.rhs != 0:
            return condition
        inner = condition.lhs.args[0]
        return inner if isinstance(condition, sympy.Ne) else sympy.Not(inner)
    if isinstance(condition, sympy.Not) and isinstance(condition.args[0], sympy.And | sympy.Or):
        inner = condition.args[0]
        other = sympy.Or if isinstance(inner, sympy.And) else sympy.And
        return other(*[plain_condition(sympy.Not(part)) for part in inner.args])
    if isinstance(condition, sympy.And | sympy.Or | sympy.Not):
        return condition.func(*map(plain_condition, condition.args))
    return condition


@cache
def opened(template: Any) -> Any:
    """A primitive's definition with its cases as choices."""

    def choices(*cases: Any) -> Any:
        *first, last = cases
        result = last.expr
        for case in reversed(first):
            result = Where(case.cond, case.expr, result)
        return result

    return template.replace(sympy.Piecewise, choices)


def closed(expression: Any) -> Any:
    """The expression in sympy's own functions alone: choices as cases, heads by definition."""

    def cases(condition: Any, yes: Any, no: Any) -> Any:
        return sympy.Piecewise((yes, condition), (no, True), evaluate=False)

    while heads := expression.atoms(Head):
        expression = expression.xreplace({call: opened(call.opened()) for call in heads})
    return expression.replace(Where, cases)


# -- what people write in place of exponentials and cases ---------------------------------------


def recognised(expression: Any) -> Any:
    """`1/(1 + exp(-u))` and what comes of it as sigmoids."""
    if not expression.has(sympy.exp):
        return expression
    return _bottom_up(expression, _as_sigmoids)


def _bottom_up(expression: Any, rewrite: Any) -> Any:
    if expression.is_Atom:
        return expression
    parts = [_bottom_up(part, rewrite) for part in expression.args]
    if any(new is not old for new, old in zip(parts, expression.args, strict=True)):
        expression = expression.func(*parts)
    return rewrite(expression)


def _as_sigmoids(expression: Any) -> Any:
    if expression.is_Pow and not expression.base.is_Atom:
        return _as_sigmoids_of(sympy.Integer(1), [expression], expression)
    if expression.is_Mul:
        plain = [f for f in expression.args if not (f.is_Pow and f.base.is_Add)]
        powers = [f for f in expression.args if f.is_Pow and f.base.is_Add]
        if powers:
            expression = _as_sigmoids_of(sympy.Mul(*plain), powers, expression)
        return _paired(_met(expression))
    return expression


def _as_sigmoids_of(rest: Any, powers: Sequence[Any], expression: Any) -> Any:
    """A product with `(1 + exp(w))**-k` in it: `exp(w)` taken along makes sigmoid(w)."""
    found = False
    for power in powers:
        inner = _logistic(power)
        if inner is None:
            rest *= power
            continue
        found = True
        count = int(-power.exp)
        for _ in range(int(-power.exp)):
            less = _without_exponential(rest, inner)
            if less is None:
                break
            rest, count = less * sigmoid(inner), count - 1
        rest *= sigmoid(-inner) ** count
    return _paired(rest) if found else expression


def _logistic(power: Any) -> Any | None:
    """The w of `(1 + exp(w))**-k`."""
    base, exponent = power.as_base_exp()
    if not (exponent.is_Integer and exponent < 0 and base.is_Add and len(base.args) == 2):
        return None
    one, other = base.args
    if one == 1 and isinstance(other, sympy.exp):
        return other.args[0]
    return None


def _without_exponential(product: Any, inner: Any) -> Any | None:
    """The product without a factor `exp(inner)`, None if there is none in it."""
    factors = list(sympy.Mul.make_args(product))
    for position, factor in enumerate(factors):
        if not isinstance(factor, sympy.exp):
            continue
        left = factor.args[0] - inner
        if left == 0 or len(sympy.Add.make_args(left)) < len(sympy.Add.make_args(factor.args[0])):
            return sympy.Mul(*factors[:position], sympy.exp(left), *factors[position + 1 :])
    return None


def _met(product: Any) -> Any:
    """`exp(u)*sigmoid(-u)` as `sigmoid(u)`."""
    for factor in sympy.Mul.make_args(product):
        call, power = factor.as_base_exp()
        if isinstance(call, sigmoid) and power.is_Integer and power > 0:
            less = _without_exponential(product / call, -call.args[0])
            if less is not None:
                return _met(less * sigmoid(-call.args[0]))
    return product


def _paired(product: Any) -> Any:
    """`sigmoid(u)*sigmoid(-u)` as `sigmoid(u)*(1 - sigmoid(u))`."""
    calls = [f for f in sympy.Mul.make_args(product) if isinstance(f, sigmoid)]
    for call in calls:
        other = sigmoid(-call.args[0])
        if other in calls and not call.args[0].could_extract_minus_sign():
            return product.xreplace({other: 1 - call})
    return product


def gathered(expression: Any) -> Any:
    """`2*x*[x > 0] + 3*[x <= 0]` as one choice between 2*x and 3."""
    chosen: dict[Any, Any] = {}
    rest = sympy.Integer(0)
    for term in sympy.Add.make_args(expression):
        factors = sympy.Mul.make_args(term)
        conditions = [factor.args[0] for factor in factors if is_indicator(factor)]
        if len(conditions) != 1:
            rest += term
            continue
        others = sympy.Mul(*(factor for factor in factors if not is_indicator(factor)))
        chosen[conditions[0]] = chosen.get(conditions[0], 0) + others
    # the side that a condition with > speaks of comes first, as people write it
    for condition in sorted(chosen, key=lambda c: (not isinstance(c, GREATER), str(c))):
        if condition in chosen:
            opposite = sympy.Not(condition)
            two_sided = opposite in chosen
            otherwise = assumed(chosen.pop(opposite, sympy.Integer(0)), opposite)
            inside = assumed(chosen.pop(condition), condition)
            if two_sided:
                common, first, second = _shared(inside, otherwise)
                rest += common * Where(condition, first, second)
            else:
                rest += inside * Where(condition, 1, 0)
    return rest


def _shared(first: Any, second: Any) -> tuple[Any, Any, Any]:
    """The factors that two products have in common, and what is left of each."""
    both = [f for f in sympy.Mul.make_args(first) if f in sympy.Mul.make_args(second)]
    common = sympy.Mul(*[factor for factor in both if not factor.is_number])
    return common, first / common, second / common


def _gathered_sum(expression: Any) -> Any:
    return gathered(expression) if expression.is_Add else expression


def assumed(expression: Any, condition: Any) -> Any:
    """The expression where a condition holds: functions by cases become one of their cases."""
    facts = condition.args if isinstance(condition, sympy.And) else (condition,)
    if not all(isinstance(fact, Relational) for fact in facts):
        return expression
    known: dict[Any, bool] = {}
    for fact in facts:
        known |= {fact.canonical: True, sympy.Not(fact).canonical: False}
    for call in expression.atoms(Head):
        if call.body.has(sympy.Piecewise):
            decided = _decided(opened(call.opened()), known)
            if not decided.has(Where):
                expression = expression.xreplace({call: decided})
    expression = _decided(expression, known)
    for fact in facts:
        expression = expression.xreplace(_sides(fact))
    return expression


def _decided(expression: Any, known: Mapping[Any, bool]) -> Any:
    """The expression with all choices made about whose conditions something is known."""
    if isinstance(expression, Where):
        holds = _truth(expression.args[0], known)
        if holds is not None:
            return _decided(expression.args[1 if holds else 2], known)
    if expression.is_Atom or not expression.has(Where):
        return expression
    return expression.func(*[_decided(part, known) for part in expression.args])


def _truth(condition: Any, known: Mapping[Any, bool]) -> bool | None:
    if isinstance(condition, Relational):
        return known.get(condition.canonical)
    if isinstance(condition, sympy.And | sympy.Or):
        parts = [_truth(part, known) for part in condition.args]
        decisive = isinstance(condition, sympy.Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    return None


def _sides(fact: Any) -> dict[Any, Any]:
    """What abs and sign are on one side of zero."""
    inner, positive = fact.lhs, isinstance(fact, sympy.Gt | sympy.Ge)
    if fact.rhs != 0 or not (positive or isinstance(fact, sympy.Lt | sympy.Le)):
        return {}
    return {
        sympy.Abs(inner): inner if positive else -inner,
        sympy.sign(inner): sympy.Integer(1 if positive else -1),
    }


# -- the shortest of equal forms ----------------------------------------------------------------


def remade(expression: Any) -> Any:
    """A product as sympy makes it by itself, but for a number in front of a sum."""
    if not expression.is_Mul:
        return expression
    number, rest = expression.as_coeff_Mul()
    extra, rest = sympy.Mul(*_flat(rest)).as_coeff_Mul()
    return times(number * extra, rest)


def _flat(product: Any) -> list[Any]:
    """The factors of a product, those of products in it among them."""
    if not product.is_Mul:
        return [product]
    return [part for factor in product.args for part in _flat(factor)]


def times(number: Any, rest: Any) -> Any:
    """A number times an expression; sympy by itself would put it into each term of a sum."""
    return sympy.Mul(number, rest, evaluate=not rest.is_Add or number == 1)


def tidy(expression: Any, length: Any = None) -> Any:
    """The shortest of a few equal forms, measured by `length` (of sympy's text, if None)."""
    if expression.is_Atom or sympy.count_ops(expression) > LARGEST_OPERATIONS:
        return expression
    expression = recognised(_bottom_up(expression, lambda part: part.func(*part.args)))
    if expression.has(Where):
        expression = _bottom_up(expression, _gathered_sum)
    # sympy is to leave cases alone: each is a symbol meanwhile
    cases = {
        case: sympy.Dummy(real=True) for case in _outermost(expression) if not is_indicator(case)
    }
    expression = expression.xreplace(cases)
    forms = [expression]
    rewrites = [sympy.factor_terms] if expression.is_Add or expression.is_Mul else []
    if _terms(expression) <= LARGEST_EXPANSION and expression.has(sympy.Add):
        rewrites.append(sympy.expand)
        if _divides(expression):
            rewrites.append(sympy.cancel)
    for rewrite in rewrites:
        try:
            forms.append(remade(rewrite(expression)))
        except (sympy.PolynomialError, NotImplementedError):
            continue
    back = {
        symbol: Where(case.args[0], tidy(case.args[1], length), tidy(case.args[2], length))
        for case, symbol in cases.items()
    }
    measure = length or (lambda form: len(str(form)))
    kept = len(dict.fromkeys(forms[: 1 + len(rewrites[:1])]))
    finished = [form.xreplace(back) for form in dict.fromkeys(forms)]

    def worth(form: Any) -> tuple[float, bool, int]:
        # what the user has factored is multiplied out only where that saves much
        position = finished.index(form)
        size = measure(form) * (1.0 if position < kept else MULTIPLIED_OUT)
        # of equally short forms the product: what is common to all terms stands in front
        return (size - brackets(form), form.is_Add, position)

    return min(finished, key=worth)


def brackets(form: Any) -> int:
    """What the brackets of a number times a sum are worth: `2*(x - 3)` rather than `2*x - 6`.

    Around other brackets they are worth nothing: `2*X.T@(X@w - b) + 2*w`.
    """
    number, rest = form.as_coeff_Mul()
    if number == 1 or not rest.is_Add:
        return 0
    if number == -1:
        return -3
    return 2 if all(term.as_coeff_Mul()[1].is_Atom for term in rest.args) else -1


def _divides(expression: Any) -> bool:
    return any(
        power.exp.could_extract_minus_sign() and power.base.is_Add
        for power in expression.atoms(sympy.Pow)
    )


def _outermost(expression: Any) -> list[Any]:
    """The choices in an expression that are in no other."""
    if isinstance(expression, Where):
        return [expression]
    return [case for part in expression.args for case in _outermost(part)]


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
