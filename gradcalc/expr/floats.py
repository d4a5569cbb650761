"""Arithmetic of float64: expressions on numpy arrays, computed so that few digits are lost."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from gradcalc.expr.pieces import in_pieces
from gradcalc.expr.scalars import Head, Where, is_indicator


def _special(name: str) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        # scipy is large, and few programs need it
        from scipy import special

        function = getattr(special, name)
        if any(np.asarray(value).dtype == np.longdouble for value in values):
            # it knows no wider floats
            return np.asarray(function(*map(_narrow, values)), dtype=np.longdouble)
        return function(*values)

    return call


FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    sympy.exp: np.exp, sympy.sin: np.sin, sympy.cos: np.cos, sympy.tan: np.tan,
    sympy.asin: np.arcsin, sympy.acos: np.arccos, sympy.atan: np.arctan, sympy.atan2: np.arctan2,
    sympy.sinh: np.sinh, sympy.cosh: np.cosh, sympy.tanh: np.tanh, sympy.asinh: np.arcsinh,
    sympy.acosh: np.arccosh, sympy.atanh: np.arctanh, sympy.Abs: np.abs, sympy.sign: np.sign,
    sympy.floor: np.floor, sympy.ceiling: np.ceil, sympy.erf: _special("erf"),
    sympy.erfc: _special("erfc"), sympy.loggamma: _special("gammaln"),
    sympy.gamma: _special("gamma"), sympy.digamma: _special("digamma"),
}  # fmt: skip
"""sympy's functions as numpy's."""

RELATIONS: Mapping[Any, Callable[..., Any]] = {
    sympy.Gt: np.greater, sympy.Ge: np.greater_equal, sympy.Lt: np.less, sympy.Le: np.less_equal,
    sympy.Eq: np.equal, sympy.Ne: np.not_equal,
}  # fmt: skip

LOGIC: Mapping[Any, Callable[..., Any]] = {
    sympy.And: np.logical_and, sympy.Or: np.logical_or, sympy.Xor: np.logical_xor,
}  # fmt: skip


class Floats:
    """Numbers of one float dtype: what `Op.array` gets as `m`."""

    def __init__(self, dtype: str = "float64") -> None:
        self.dtype: Any = np.dtype(dtype)

    def asarray(self, values: Any) -> Any:
        """Values as an array of these numbers."""
        return np.asarray(values, dtype=self.dtype)

    def held(self, values: Any) -> Any:
        """Values as they are kept until they are needed: in floats64 they take less memory."""
        return np.asarray(values) if self.dtype == np.longdouble else self.asarray(values)

    def number(self, value: float) -> Any:
        """One number."""
        return self.dtype.type(value)

    def zeros(self, shape: Any) -> Any:
        return np.zeros(shape, self.dtype)

    def ones(self, shape: Any) -> Any:
        return np.ones(shape, self.dtype)

    def eye(self, size: int) -> Any:
        return np.eye(size, dtype=self.dtype)

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(x)

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A scalar expression of arrays."""

        return in_pieces(lambda parts: self._walked(symbols, body, parts), values, self.dtype)

    def _walked(self, symbols: Sequence[Any], body: Any, parts: Sequence[Any]) -> Any:
        known = dict(zip(symbols, map(self.asarray, parts), strict=True))
        return self.asarray(_Walk(known).value(body))

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""

        def chained(parts: Sequence[Any]) -> Any:
            first, *rest = parts
            return self._times(self.asarray(first), self._walked(symbols, body, rest))

        return in_pieces(chained, [g, *values], self.dtype)

    def _times(self, g: Any, slope: Any) -> Any:
        result = g * slope
        if np.isfinite(result).all():
            return result
        return np.where(np.broadcast_to(g, np.shape(result)) == 0, self.zeros(()), result)

    def logsumexp(self, x: Any, axes: Any) -> Any:
        top = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0)
        powers = np.asarray(x - top)
        np.exp(powers, out=powers)
        return np.log(np.sum(powers, axis=axes)) + top.reshape(
            np.sum(x[..., :0] if not x.size else x, axis=axes).shape
        )

    def softmax(self, x: Any, axis: int) -> Any:
        powers = np.asarray(x - np.max(x, axis=axis, keepdims=True))
        np.exp(powers, out=powers)
        powers /= np.sum(powers, axis=axis, keepdims=True)
        return powers

    def det(self, x: Any) -> Any:
        return self.asarray(np.linalg.det(_narrow(x)))

    def logdet(self, x: Any) -> Any:
        sign, size = np.linalg.slogdet(_narrow(x))
        return size if sign > 0 else np.where(sign == 0, -np.inf, np.nan)

    def inv(self, x: Any) -> Any:
        return self.asarray(_unless_singular(np.linalg.inv, x.shape, _narrow(x)))

    def solve(self, a: Any, b: Any) -> Any:
        return self.asarray(_unless_singular(np.linalg.solve, b.shape, _narrow(a), _narrow(b)))

    def cofactor(self, x: Any) -> Any:
        """By singular values, so that the matrix may be singular."""
        return self.asarray(_unless_singular(_cofactor, x.shape, _narrow(x)))


def _narrow(values: Any) -> Any:
    """Numbers as libraries take them that know no wider floats."""
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype == np.longdouble else array


def _cofactor(x: Any) -> Any:
    left, values, right = np.linalg.svd(x)
    others = [np.prod(np.delete(values, k)) for k in range(len(values))]
    return np.linalg.det(left) * np.linalg.det(right) * (left * others) @ right


def _unless_singular(function: Callable[..., Any], shape: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except np.linalg.LinAlgError:
        return np.full(shape, np.nan)


class _Walk:
    """The value of one expression, each part of it computed once."""

    def __init__(self, known: dict[Any, Any]) -> None:
        self.known = known

    def value(self, part: Any) -> Any:
        known = self.known.get(part)
        if known is None:
            known = self.known[part] = self._compute(part)
        return known

    def _compute(self, part: Any) -> Any:
        if part.is_number and not part.has(Head, Where):
            return float(part)
        if part.is_Add:
            return self._sum(part)
        if part.is_Mul:
            return self._product(part)
        if part.is_Pow:
            return self._power(part.base, part.exp)
        if isinstance(part, sympy.log):
            return self._log(part.args[0])
        if isinstance(part, Where):
            return self._choice(*part.args)
        if isinstance(part, Head):
            values = map(self.value, part.args)
            return _Walk(dict(zip(part.symbols, values, strict=True))).value(part.body)
        return self._rare(part)

    def _rare(self, part: Any) -> Any:
        kind = type(part)
        if isinstance(part, sympy.Piecewise):
            result: Any = np.nan
            for value, condition in reversed(part.args):
                result = self._choice(condition, value, result)
            return result
        if part in (sympy.true, sympy.false):
            return part == sympy.true
        if isinstance(part, sympy.Not):
            return np.logical_not(self.value(part.args[0]))
        if kind in LOGIC:
            first, *rest = map(self.value, part.args)
            for other in rest:
                first = LOGIC[kind](first, other)
            return first
        if isinstance(part, sympy.polygamma):
            return _special("polygamma")(int(part.args[0]), self.value(part.args[1]))
        return {**FUNCTIONS, **RELATIONS}[kind](*map(self.value, part.args))

    def _choice(self, condition: Any, yes: Any, no: Any) -> Any:
        """One of two values by a condition; only that one where all elements have the same."""
        holds = self.value(condition)
        if np.ndim(holds) == 0:
            chosen = yes if holds else no
            return self.value(chosen) if isinstance(chosen, sympy.Basic) else chosen
        other = self.value(no) if isinstance(no, sympy.Basic) else no
        return np.where(holds, self.value(yes), other)

    def _sum(self, part: Any) -> Any:
        exact = _without_cancellation(part)
        if exact is not None:
            return self.value(exact)
        if sympy.Integer(-1) in part.args and len(part.args) == 2:
            (other,) = (a for a in part.args if a != -1)
            if isinstance(other, sympy.exp):
                return np.expm1(self.value(other.args[0]))
        first, *rest = part.args
        total = self.value(first)
        for term in rest:
            total = total + self.value(term)
        return total

    def _product(self, part: Any) -> Any:
        conditions = [factor.args[0] for factor in part.args if is_indicator(factor)]
        if conditions:
            rest = sympy.Mul(*[factor for factor in part.args if not is_indicator(factor)])
            return np.where(self.value(sympy.And(*conditions)), self.value(rest), 0.0)
        above: Any = None
        below: Any = None
        for factor in part.args:
            if factor.is_Rational:
                above = _times(above, _as_float(factor.p)) if factor.p != 1 else above
                below = _times(below, _as_float(factor.q)) if factor.q != 1 else below
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below = _times(below, self._power(factor.base, -factor.exp))
            else:
                above = _times(above, self.value(factor))
        if below is None:
            return above
        return (1.0 if above is None else above) / below

    def _power(self, base: Any, exponent: Any) -> Any:
        below = self.value(base)
        if exponent == 1:
            return below
        if exponent.is_Rational and exponent < 0:
            return 1.0 / self._power(base, -exponent)
        if exponent == 2:
            return below * below
        if exponent == sympy.Rational(1, 2):
            return np.sqrt(below)
        return np.power(below, float(exponent) if exponent.is_number else self.value(exponent))

    def _log(self, inner: Any) -> Any:
        if inner.is_Add and len(inner.args) == 2:
            logs = [_logarithm(a) for a in inner.args]
            if all(log is not None for log in logs) and not all(a.is_number for a in inner.args):
                return np.logaddexp(*[self.value(log) for log in logs])
        if inner.is_Add and sympy.Integer(1) in inner.args:
            return np.log1p(self.value(inner - 1))
        return np.log(self.value(inner))


def _logarithm(part: Any) -> Any | None:
    """What a part is the exponential of, if that is plain to see."""
    if isinstance(part, sympy.exp):
        return part.args[0]
    return sympy.Integer(0) if part == 1 else None


def _without_cancellation(part: Any) -> Any | None:
    """`1 - tanh(u)**2` and the like in a form that loses no digits."""
    if len(part.args) != 2 or sympy.Integer(1) not in part.args:
        return None
    (other,) = (a for a in part.args if a != 1)
    coefficient, rest = other.as_coeff_Mul()
    if isinstance(rest, sympy.erf):
        return sympy.erfc(-coefficient * rest.args[0]) if abs(coefficient) == 1 else None
    if coefficient != -1:
        return None
    if rest.is_Pow and rest.exp == 2 and isinstance(rest.base, sympy.tanh):
        return sympy.cosh(rest.base.args[0]) ** -2
    if isinstance(rest, Head) and rest.spelled == "sigmoid":
        return rest.func(-rest.args[0])
    return None


def _as_float(value: int) -> float:
    """A whole number as a float, infinite where it is beyond any."""
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _times(first: Any, second: Any) -> Any:
    return second if first is None else first * second


def exactly(value: Any) -> float:
    """A number of sympy's as the nearest float."""
    number = float(value)
    return number if not math.isnan(number) else math.nan
