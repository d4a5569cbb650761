"""Whether numbers are finite: functions that are 1 where it is so, else 0. sympy has none."""

from typing import Any

import sympy


class Finiteness(sympy.Function):  # type: ignore[misc]
    """A function that is 1 or 0; a symbol may stand for anything."""

    nargs = 1
    kind = ""

    @classmethod
    def eval(cls, x: Any) -> Any:
        """What it is of a number, None to leave it open."""
        if not x.is_number:
            return None
        kind = "nan" if x is sympy.nan else "inf" if x.is_infinite else "finite"
        return sympy.Integer(int(kind == cls.kind))

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_derivative(self, symbol: Any) -> Any:
        return sympy.Integer(0)

    def _mpmathcode(self, printer: Any) -> str:
        return f"{type(self).__name__}({printer._print(self.args[0])})"


class isnan(Finiteness):  # noqa: N801
    """1 for what is not a number."""

    kind = "nan"


class isinf(Finiteness):  # noqa: N801
    """1 for what is infinite."""

    kind = "inf"


class isfinite(Finiteness):  # noqa: N801
    """1 for a finite number."""

    kind = "finite"
