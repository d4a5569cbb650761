"""The shortest of a few equal forms of a scalar expression."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import sympy

from gradcalc.expr.polynomials import cancelled, factored, led, multiplied_out
from gradcalc.expr.rewriting import gathered_sums, recognised, with_sizes
from gradcalc.expr.scalars import (
    Where,
    everywhere,
    is_indicator,
    negative,
    operations,
    remade,
    sigmoid,
    times,
)

LARGEST_OPERATIONS = 60
"""Operations in an expression above which it is not rewritten."""

FEW_TERMS = 6
"""Terms of a sum that is not rewritten, up to which common factors are taken out of it."""

LARGEST_EXPANSION = 60
"""Terms above which an expression is not multiplied out."""

MULTIPLIED_OUT = 1.15
"""How many times shorter an expression must become for its being multiplied out."""

TANGENTS = ((sympy.sinh, sympy.cosh, sympy.tanh), (sympy.sin, sympy.cos, sympy.tan))
"""Functions whose quotient has a name of its own."""

LARGEST_POWER = 20
"""Powers above which an expression is not multiplied out."""


def tidy(expression: Any, length: Callable[[Any], int]) -> Any:
    """The shortest of a few equal forms, measured by `length`."""
    if expression.is_Atom:
        return expression
    if operations(expression) > LARGEST_OPERATIONS:
        return expression if expression.has(Where) else _led(expression)
    expression = gathered_sums(_with_sizes(recognised(_made_again(expression))))
    # sympy is to leave cases alone: each is a symbol meanwhile
    cases = {
        case: sympy.Dummy(real=True) for case in _outermost(expression) if not is_indicator(case)
    }
    expression = expression.xreplace(cases)
    back = {
        symbol: Where(case.args[0], tidy(case.args[1], length), tidy(case.args[2], length))
        for case, symbol in cases.items()
    }
    forms: dict[Any, float] = {}
    for form, cost in _forms(expression).items():
        forms.setdefault(_with_sizes(form.xreplace(back)), cost)

    def worth(form: Any) -> tuple[float, bool]:
        # of equally short forms the product: what is common to all terms stands in front
        return (length(form) * forms[form] - brackets(form), form.is_Add)

    return min(forms, key=worth)


def _in_front(total: Any) -> Any:
    """A sum of few terms with what they have in common in front."""
    if not total.is_Add or len(total.args) > FEW_TERMS:
        return total
    common, *others = (sympy.Mul.make_args(term) for term in total.args)
    shared = [f for f in common if not f.is_Rational and all(f in rest for rest in others)]
    if not shared:
        return total
    terms = (sympy.Mul(*[f for f in rest if f not in shared]) for rest in (common, *others))
    return sympy.Mul(*shared, sympy.Add(*terms))


def _forms(expression: Any) -> dict[Any, float]:
    """Equal forms, and what their length is multiplied by in comparing them.

    What the user has factored is multiplied out only where that saves much.
    """
    rewrites: list[tuple[Callable[[Any], Any], float]] = []
    if expression.has(sigmoid):
        rewrites.append((in_sigmoids, 1.0))
    if expression.is_Add or expression.is_Mul:
        rewrites.append((led, 1.0))
    if _terms(expression) <= LARGEST_EXPANSION and expression.has(sympy.Add):
        rewrites.append((multiplied_out, MULTIPLIED_OUT))
        if _divides(expression):
            rewrites += [(cancelled, MULTIPLIED_OUT), (_one_fraction, 1.0)]
    if expression.is_Mul:
        rewrites.append((_number_inside, 1.0))
    if expression.is_Add and len(expression.atoms(sympy.exp)) > 1:
        rewrites.append((_exponentials_in_front, 1.0))
    if expression.has(sympy.cosh, sympy.cos):
        rewrites.append((_with_tangents, 1.0))
    if any(not power.exp.is_number for power in expression.atoms(sympy.Pow)):
        rewrites.append((_powers_met, 1.0))
    forms = {expression: 1.0}
    for rewrite, cost in rewrites:
        try:
            forms.setdefault(remade(rewrite(expression)), cost)
        except (sympy.PolynomialError, NotImplementedError):
            continue
    return forms


def _one_fraction(expression: Any) -> Any:
    """The sum of fractions as one, in factors: `(p - y)/(p*(1 - p))`."""
    factors = list(sympy.Mul.make_args(factored(expression)))
    below = next((k for k, f in enumerate(factors) if _is_led_by_one(f)), None)
    if below is None:
        return sympy.Mul(*factors)
    base, exponent = factors[below].as_base_exp()
    turned = [*factors[:below], negative(base) ** exponent, *factors[below + 1 :]]
    if factors[0].is_Rational and factors[0] < 0:
        return times(-turned[0], sympy.Mul(*turned[1:]))
    above = next((k for k, f in enumerate(factors) if f.is_Add), None)
    if above is None:
        return sympy.Mul(*factors)
    turned[above] = negative(factors[above])
    return sympy.Mul(*turned)


def _is_led_by_one(factor: Any) -> bool:
    """Whether a factor is an odd power of `x - 1`, below the line."""
    base, exponent = factor.as_base_exp()
    return bool(
        exponent.is_Integer
        and exponent.is_odd
        and exponent < 0
        and base.is_Add
        and base.as_coeff_Add()[0] < 0
    )


def _number_inside(product: Any) -> Any:
    """`0.1*(6*x + 7)` as `0.6*x + 0.7`."""
    number, rest = product.as_coeff_Mul()
    if number.is_Integer or not rest.is_Add:
        return product
    return sympy.Add(*[number * term for term in rest.args])


def _exponentials_in_front(total: Any) -> Any:
    """`exp(2*u) + c*exp(u)` as `exp(u)*(exp(u) + c)`."""
    first, *others = (call.args[0] for call in total.atoms(sympy.exp))
    ratios = [cancelled(other / first) for other in others]
    if not all(
        ratio.is_Rational and max(abs(ratio.p), ratio.q) < LARGEST_POWER for ratio in ratios
    ):
        return total
    unit = first / sympy.ilcm(*[ratio.q for ratio in ratios], 1)
    base = sympy.Dummy(positive=True)
    powers = {call: base ** cancelled(call.args[0] / unit) for call in total.atoms(sympy.exp)}
    found = led(total.xreplace(powers))
    return found.replace(base, sympy.exp(unit))


def _powers_met(expression: Any) -> Any:
    """`x*x**(x - 1)` as `x**x`."""
    return led(sympy.powsimp(expression, combine="exp"))


def _as_tangents(product: Any) -> Any:
    """`sinh(u)/cosh(u)` as `tanh(u)`, `sin(u)/cos(u)` as `tan(u)`."""
    if not product.is_Mul:
        return product
    powers = dict(factor.as_base_exp() for factor in product.args)
    for call, power in powers.items():
        for above, below, ratio in TANGENTS:
            if isinstance(call, above) and powers.get(below(*call.args)) == -power:
                rest = product / call**power * below(*call.args) ** power
                return _as_tangents(rest * ratio(*call.args) ** power)
    return product


def in_sigmoids(expression: Any) -> Any:
    """Exponentials and sigmoids of the same argument in terms of the sigmoid, in factors."""
    for argument in {_upright(call.args[0]) for call in expression.atoms(sigmoid)}:
        s = sympy.Dummy(real=True)
        known = {
            sigmoid(argument): s,
            sigmoid(-argument): 1 - s,
            sympy.exp(argument): s / (1 - s),
            sympy.exp(-argument): (1 - s) / s,
        }
        rational = expression.xreplace(known)
        if rational == expression.xreplace({sigmoid(argument): s}) and not _meet(rational, s):
            continue
        factors = sympy.Mul.make_args(factored(rational))
        sign, turned = _led_by_one(factors, s)
        expression = times(sign, sympy.Mul(*turned).xreplace({s: sigmoid(argument)}))
    return expression


def _meet(product: Any, s: Any) -> bool:
    """Whether several factors are in s alone, so that they may come to less."""
    factors = sympy.Mul.make_args(product)
    return len([f for f in factors if f.free_symbols == {s} and f.has(sympy.Add)]) > 1


def _upright(argument: Any) -> Any:
    return -argument if argument.could_extract_minus_sign() else argument


def _led_by_one(factors: Sequence[Any], s: Any) -> tuple[Any, list[Any]]:
    """The factors with `1 - s` for `s - 1`, and the sign that this makes."""
    sign, turned = sympy.Integer(1), []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if base.is_Add and base.has(s) and base.as_coeff_Add()[0] < 0 and exponent.is_Integer:
            sign *= (-1) ** exponent
            factor = negative(base) ** exponent
        turned.append(factor)
    return sign, turned


def brackets(form: Any) -> int:
    """What the brackets of a number times a sum are worth: `2*(x - 3)` rather than `2*x - 6`.

    Around other brackets they are worth nothing: `2*X.T@(X@w - b) + 2*w`.
    """
    number, rest = form.as_coeff_Mul()
    if number == 1 or not rest.is_Add:
        return 0
    if number == -1:
        return -3
    plain = all(term.as_coeff_Mul()[1].is_Atom for term in rest.args)
    if not number.is_Integer:
        return 0 if plain else -3
    return 2 if plain else -1


def _divides(expression: Any) -> bool:
    """Whether there is a sum above or below the line of a fraction in a sum."""
    powers = [p for p in expression.atoms(sympy.Pow) if p.exp.could_extract_minus_sign()]
    if any(power.base.is_Add for power in powers):
        return True
    return any(
        factor in powers
        for product in expression.atoms(sympy.Mul)
        if any(factor.is_Add for factor in product.args)
        for factor in product.args
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


_made_again = everywhere(lambda part: part.func(*part.args))
_with_sizes = everywhere(with_sizes)
_with_tangents = everywhere(_as_tangents)
_led = everywhere(_in_front)
