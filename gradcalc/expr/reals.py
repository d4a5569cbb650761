"""Arithmetic of mpmath's reals: scalar expressions as functions of numbers of many digits."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.printing.pycode import MpmathPrinter

from gradcalc.expr.scalars import Where, closed

FAILURES = (ArithmeticError, ValueError, TypeError, NotImplementedError, mpmath.libmp.NoConvergence)
"""What mpmath raises at poles and where a result is not real."""


LARGEST_OPERAND = 20_000
"""Powers of 2 beyond which functions take too long."""

CHEAP = (sympy.log, sympy.Abs, sympy.sign, Where)
"""Functions that take numbers of any size in their stride."""

KEPT = 4096
"""Functions that are kept for the next point."""

MINORS = 10
"""Rows of a singular matrix up to which its cofactors are worked out one by one."""


class _Printer(MpmathPrinter):  # type: ignore[misc]
    """The source of a function that is given the context as `mpmath`."""

    def _print_polygamma(self, expr: Any) -> str:
        order, value = expr.args
        return f"mpmath.psi({self._print(order)}, {self._print(value)})"


@lru_cache(maxsize=KEPT)
def compiled(symbols: tuple[Any, ...], expression: Any) -> Callable[..., Any]:
    """A function of an mpmath context and its reals.

    Raises `NotImplementedError` or `KeyError` for what mpmath has no function for.
    """
    # the printer writes `mpmath.exp(_x)`: a context that is called so stands in for the module
    printer = _Printer({"fully_qualified_modules": True, "inline": True})
    context = sympy.Symbol("mpmath")
    function: Callable[..., Any] = sympy.lambdify(
        [context, *symbols], closed(expression), modules=[], printer=printer
    )
    return function


@lru_cache(maxsize=KEPT)
def _kernel(symbols: tuple[Any, ...], body: Any) -> tuple[Any, Sequence[int] | None, bool]:
    """The function of an expression, and what `real_valued` has to know of it."""
    # what is not chosen may be undefined
    conditions = {part for choice in body.atoms(Where) for part in choice.args[0].free_symbols}
    deciding = [k for k, symbol in enumerate(symbols) if symbol in conditions]
    bounded = any(not isinstance(call, CHEAP) for call in body.atoms(sympy.Function))
    return compiled(symbols, body), deciding if conditions else None, bounded


def real_valued(
    function: Callable[..., Any],
    context: mpmath.MPContext,
    deciding: Sequence[int] | None = None,
    *,
    bounded: bool = False,
) -> Callable[..., Any]:
    """The function with NaN in place of poles and complex results, and for NaN.

    So it is, if it is `bounded`, for numbers that it would think about for ever.

    A definition by cases would take its last case for a NaN, every comparison being false.
    `deciding` are the positions of the operands that cases depend on, all of them if None.
    """
    mpf, nan, convert = context.mpf, context.nan, context.convert
    undefined = nan._mpf_

    def call(*values: Any) -> Any:
        for value in values if deciding is None else [values[k] for k in deciding]:
            if value._mpf_ == undefined:
                return nan
        if bounded and any(_is_out_of_reach(value) for value in values):
            return nan
        try:
            result = function(context, *values)
        except FAILURES:
            return nan
        if type(result) is mpf:
            return result
        result = convert(result)
        return result if isinstance(result, mpf) else nan

    return call


def _is_out_of_reach(value: Any) -> bool:
    _, mantissa, exponent, bits = value._mpf_
    return bool(mantissa) and exponent + bits > LARGEST_OPERAND


class Reals:
    """Numbers of as many digits as the context has: what `Op.array` gets as `m`."""

    def __init__(self, context: mpmath.MPContext) -> None:
        self.context = context

    def asarray(self, values: Any) -> Any:
        """Values as an object array of reals, floats exactly."""
        if isinstance(values, np.ndarray) and values.dtype == object:
            return values
        if np.ndim(values) == 0:
            return _boxed(self._real(values))
        return np.frompyfunc(self._real, 1, 1)(values)

    def _real(self, value: Any) -> Any:
        return value if isinstance(value, self.context.mpf) else self.context.mpf(float(value))

    def _exact(self, values: Any) -> Any:
        # numpy's sum of nothing is a plain 0
        if all(isinstance(value, self.context.mpf) for value in np.ravel(values)):
            return values
        return self.asarray(np.frompyfunc(self._real, 1, 1)(values))

    def number(self, value: float) -> Any:
        """One number."""
        return self.context.mpf(value)

    def zeros(self, shape: Any) -> Any:
        return np.full(shape, self.context.zero, dtype=object)

    def ones(self, shape: Any) -> Any:
        return np.full(shape, self.context.one, dtype=object)

    def eye(self, size: int) -> Any:
        return self.asarray(np.eye(size))

    def sqrt(self, x: Any) -> Any:
        return self._each(self.context.sqrt)(x)

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        """A scalar expression of arrays."""
        function, deciding, bounded = _kernel(tuple(symbols), body)
        function = real_valued(function, self.context, deciding, bounded=bounded)
        values = [self._exact(value) for value in values]
        if not values:
            return self.asarray(function())
        return _boxed(np.frompyfunc(function, len(values), 1)(*values))

    def held(self, values: Any) -> Any:
        """Values as they are kept until they are needed."""
        return self.asarray(values)

    def chain(self, g: Any, symbols: Any, body: Any, values: Any) -> Any:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""
        slope = self.map(symbols, body, values)
        return _boxed(np.frompyfunc(lambda a, b: a if a == 0 else a * b, 2, 1)(g, slope))

    def logsumexp(self, x: Any, axes: Any) -> Any:
        return self._each(self.context.log)(np.sum(self._each(self.context.exp)(x), axis=axes))

    def softmax(self, x: Any, axis: int) -> Any:
        powers = self._each(self.context.exp)(x)
        return powers / np.sum(powers, axis=axis, keepdims=True)

    def det(self, x: Any) -> Any:
        try:
            return self.context.det(self.context.matrix(x.tolist()))
        # mpmath finds no pivot among numbers that are not defined
        except TypeError:
            return self.context.nan

    def logdet(self, x: Any) -> Any:
        return self._each(self.context.log)(_boxed(self.det(x)))

    def inv(self, x: Any) -> Any:
        return self._matrix(lambda: self.context.inverse(self.context.matrix(x.tolist())), x.shape)

    def solve(self, a: Any, b: Any) -> Any:
        right = b.reshape(len(b), -1)
        columns = [self.inv(a) @ right[:, k] for k in range(right.shape[1])]
        return np.stack(columns, -1).reshape(b.shape) if columns else b

    def cofactor(self, x: Any) -> Any:
        """By the inverse; by minors where the matrix is as good as singular."""
        det = self.det(x)
        size = np.max(np.abs(x), initial=0) ** len(x)
        if abs(det) > size * self.context.mpf(10) ** (-self.context.dps // 2):
            return det * self.inv(x).T
        if len(x) > MINORS:
            return np.full(x.shape, self.context.nan, dtype=object)
        result = np.empty(x.shape, dtype=object)
        for i, j in np.ndindex(*x.shape):
            minor = np.delete(np.delete(x, i, axis=0), j, axis=1)
            result[i, j] = (self.det(minor) if minor.size else self.context.one) * (-1) ** (i + j)
        return result

    def _each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        safe = real_valued(lambda context, value: function(value), self.context)
        return lambda x: _boxed(np.frompyfunc(safe, 1, 1)(x))

    def _matrix(self, make: Callable[[], Any], shape: Any) -> Any:
        try:
            return np.array(make().tolist(), dtype=object).reshape(shape)
        except (ZeroDivisionError, TypeError):
            return np.full(shape, self.context.nan, dtype=object)


def _boxed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result
