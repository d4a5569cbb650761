"""Special functions that sympy has in no form that floats could use.

Each is defined by sympy's own functions, which serve for many digits; what computes it with floats
is in `gradcalc.expr.functions`, as for sympy's. The derivatives are those of the textbooks.
"""

from typing import Any

import sympy

from gradcalc.expr.scipys import LARGEST

ROOT_PI = sympy.sqrt(sympy.pi)
ROOT_TWO = sympy.sqrt(2)


class Special(sympy.Function):  # type: ignore[misc]
    """A real function of real numbers, which stays as it is written."""

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """Itself: None leaves it open."""
        return None

    def _eval_is_extended_real(self) -> bool:
        return True

    def opened(self) -> Any:
        """The same in sympy's own functions."""
        raise NotImplementedError

    def _eval_evalf(self, prec: int) -> Any:
        return self.opened()._eval_evalf(prec)

    def _mpmathcode(self, printer: Any) -> str:
        return f"({printer._print(self.opened())})"


class erfcx(Special):  # noqa: N801
    """The complementary error function times exp(x**2)."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.exp(x**2) * sympy.erfc(x)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return 2 * x * self - 2 / ROOT_PI


class erfcinv(Special):  # noqa: N801
    """The number whose complementary error function is x."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.erfinv(1 - x)

    def fdiff(self, argindex: int = 1) -> Any:
        return -ROOT_PI * sympy.exp(self**2) / 2


class ndtri(Special):  # noqa: N801
    """The number at which the normal distribution function is x."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return ROOT_TWO * sympy.erfinv(2 * x - 1)

    def fdiff(self, argindex: int = 1) -> Any:
        return ROOT_TWO * ROOT_PI * sympy.exp(self**2 / 2)


class log_ndtr(Special):  # noqa: N801
    """The logarithm of the normal distribution function."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        # of a negative operand sympy would make a difference, which cancels
        return sympy.log(sympy.erfc(-x / ROOT_TWO, evaluate=False) / 2)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return sympy.exp(-(x**2) / 2 - self) / (ROOT_TWO * ROOT_PI)


class i0e(Special):  # noqa: N801
    """The modified Bessel function of order 0 times exp(-abs(x))."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.exp(-sympy.Abs(x)) * sympy.besseli(0, x)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return i1e(x) - sympy.sign(x) * self


class i1e(Special):  # noqa: N801
    """The modified Bessel function of order 1 times exp(-abs(x))."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.exp(-sympy.Abs(x)) * sympy.besseli(1, x)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return i0e(x) - self * (sympy.sign(x) + 1 / x)


class gammainc(Special):  # noqa: N801
    """The lower incomplete gamma function of order a over gamma(a)."""

    nargs = 2

    def opened(self) -> Any:
        a, x = self.args
        return sympy.lowergamma(a, x) / sympy.gamma(a)

    def fdiff(self, argindex: int = 1) -> Any:
        return _density(self, argindex)


class gammaincc(Special):  # noqa: N801
    """The upper incomplete gamma function of order a over gamma(a)."""

    nargs = 2

    def opened(self) -> Any:
        a, x = self.args
        return sympy.uppergamma(a, x) / sympy.gamma(a)

    def fdiff(self, argindex: int = 1) -> Any:
        return -_density(self, argindex)


def _density(function: Any, argindex: int) -> Any:
    """The density of the gamma distribution, which is the derivative by the second operand."""
    if argindex != 2:
        raise sympy.function.ArgumentIndexError(function, argindex)
    a, x = function.args
    if is_large(a):
        return sympy.exp((a - 1) * sympy.log(x) - x - log_gamma(a))
    return sympy.exp(-x) * x ** (a - 1) / sympy.gamma(a)


class log_gamma(Special):  # noqa: N801
    """The logarithm of gamma of a large number, which sympy would make an integer of all digits."""

    nargs = 1

    def _eval_evalf(self, prec: int) -> Any:
        (x,) = self.args
        return sympy.loggamma(x._eval_evalf(prec))

    def _mpmathcode(self, printer: Any) -> str:
        return f"loggamma({printer._print(self.args[0])})"

    def fdiff(self, argindex: int = 1) -> Any:
        return sympy.digamma(self.args[0])


def is_large(number: Any) -> bool:
    """Whether gamma of a number is better not written out."""
    return bool(number.is_number and number > LARGEST)
