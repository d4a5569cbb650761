"""Special functions that sympy has as series only, or prints in no form that can be computed."""

from typing import Any

import sympy

from gradcalc.expr.special import Special, is_large, log_gamma


def _of_last(function: Any, argindex: int) -> None:
    """Refuse a derivative by a parameter."""
    if argindex != len(function.args):
        raise sympy.function.ArgumentIndexError(function, argindex)


class hyp0f1(Special):  # noqa: N801
    """The confluent hypergeometric limit function of parameter b."""

    nargs = 2

    def opened(self) -> Any:
        b, x = self.args
        return sympy.hyper((), (b,), x)

    def fdiff(self, argindex: int = 1) -> Any:
        _of_last(self, argindex)
        b, x = self.args
        return hyp0f1(b + 1, x) / b


class hyp1f1(Special):  # noqa: N801
    """Kummer's confluent hypergeometric function of parameters a and b."""

    nargs = 3

    def opened(self) -> Any:
        a, b, x = self.args
        return sympy.hyper((a,), (b,), x)

    def fdiff(self, argindex: int = 1) -> Any:
        _of_last(self, argindex)
        a, b, x = self.args
        return a / b * hyp1f1(a + 1, b + 1, x)


class hyp2f1(Special):  # noqa: N801
    """Gauss' hypergeometric function of parameters a, b and c."""

    nargs = 4

    def opened(self) -> Any:
        a, b, c, x = self.args
        return sympy.hyper((a, b), (c,), x)

    def fdiff(self, argindex: int = 1) -> Any:
        _of_last(self, argindex)
        a, b, c, x = self.args
        return a * b / c * hyp2f1(a + 1, b + 1, c + 1, x)


class betainc(Special):  # noqa: N801
    """The regularized incomplete beta function of parameters a and b."""

    nargs = 3

    def opened(self) -> Any:
        a, b, x = self.args
        return sympy.betainc_regularized(a, b, 0, x)

    def _mpmathcode(self, printer: Any) -> str:
        a, b, x = map(printer._print, self.args)
        return f"betainc({a}, {b}, 0, {x}, regularized=True)"

    def fdiff(self, argindex: int = 1) -> Any:
        _of_last(self, argindex)
        a, b, x = self.args
        if is_large(a + b):
            powers = (a - 1) * sympy.log(x) + (b - 1) * sympy.log(1 - x)
            return sympy.exp(powers + log_gamma(a + b) - log_gamma(a) - log_gamma(b))
        scale = sympy.gamma(a) * sympy.gamma(b) / sympy.gamma(a + b)
        return x ** (a - 1) * (1 - x) ** (b - 1) / scale


class stdtr(Special):  # noqa: N801
    """The distribution function of Student's t, of df degrees of freedom."""

    nargs = 2

    def opened(self) -> Any:
        df, x = self.args
        scale = sympy.sqrt(sympy.pi * df) * sympy.gamma(df / 2) / sympy.gamma((df + 1) / 2)
        half = sympy.S.Half
        return half + x / scale * sympy.hyper((half, (df + 1) / 2), (3 * half,), -(x**2) / df)

    def fdiff(self, argindex: int = 1) -> Any:
        _of_last(self, argindex)
        df, x = self.args
        if is_large(df / 2):
            scale = log_gamma((df + 1) / 2) - log_gamma(df / 2) - sympy.log(sympy.pi * df) / 2
            return sympy.exp(scale - (df + 1) / 2 * sympy.log(1 + x**2 / df))
        scale = sympy.sqrt(sympy.pi * df) * sympy.gamma(df / 2) / sympy.gamma((df + 1) / 2)
        return (1 + x**2 / df) ** (-(df + 1) / 2) / scale


class _AirySlope(Special):
    """The derivative of an Airy function."""

    nargs = 1
    of: Any = None

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return x * self.of(x)

    def _mpmathcode(self, printer: Any) -> str:
        return f"{self.of.__name__}({printer._print(self.args[0])}, derivative=1)"


class airyaiprime(_AirySlope):  # noqa: N801
    """The derivative of the Airy function Ai."""

    of = sympy.airyai

    def opened(self) -> Any:
        return sympy.airyaiprime(*self.args)


class airybiprime(_AirySlope):  # noqa: N801
    """The derivative of the Airy function Bi."""

    of = sympy.airybi

    def opened(self) -> Any:
        return sympy.airybiprime(*self.args)


class dawsn(Special):  # noqa: N801
    """Dawson's integral."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.sqrt(sympy.pi) / 2 * sympy.exp(-(x**2)) * sympy.erfi(x)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        return 1 - 2 * x * self


class spence(Special):  # noqa: N801
    """The dilogarithm of 1 - x."""

    nargs = 1

    def opened(self) -> Any:
        (x,) = self.args
        return sympy.polylog(2, 1 - x)

    def fdiff(self, argindex: int = 1) -> Any:
        (x,) = self.args
        slope = sympy.log(x) / (1 - x)
        return sympy.Piecewise((sympy.Integer(-1), sympy.Eq(x, 1)), (slope, True))
