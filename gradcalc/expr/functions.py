"""The scalar functions that sympy has, and what each is to everybody else: one row for each.

Whoever computes, writes or reads a function looks it up here, so that one more is one more row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import finite, hypergeometric, special
from gradcalc.expr.scipys import of_scipy


@dataclass(frozen=True, slots=True)
class Function:
    """One of sympy's functions.

    `name` is gradcalc's, "" where formulas have none, and `why` says why not. `floats` computes it
    on arrays of floats. `ball` is what does it with balls: a method of python-flint's `arb`, one of
    `Decisions` behind "decide.", `abs`; "" where nothing does. `wide` says that there is something
    that computes it in long doubles; `arrays` that there is a bound of its slope for arrays of
    balls (`gradcalc.arrays.special`), which otherwise are enclosed one by one; `plain` that
    formulas may write sympy's function as it is, for it means what gradcalc's does. `orders` are
    the names of functions that are this one of a first operand that is fixed, `usual` the last
    operands that sympy leaves out where they are these.
    """

    sympy: Any
    name: str
    ball: str
    floats: Callable[..., Any] | None = None
    why: str = ""
    wide: bool = True
    arrays: bool = True
    plain: bool = True
    orders: Mapping[int, str] = field(default_factory=dict)
    usual: tuple[int, ...] = ()


def scipys(name: str) -> Callable[..., Any]:
    """A function of `scipy.special`, which knows no wider floats than float64."""

    def call(*values: Any) -> Any:
        function = of_scipy(name)
        if any(np.asarray(value).dtype == np.longdouble for value in values):
            return np.asarray(function(*map(narrow, values)), dtype=np.longdouble)
        return function(*values)

    return call


def narrow(values: Any) -> Any:
    """Numbers as libraries take them that know no wider floats."""
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype == np.longdouble else array


RELATIONS: Mapping[Any, tuple[str, Callable[..., Any]]] = {
    sympy.Gt: (">", np.greater), sympy.Ge: (">=", np.greater_equal),
    sympy.Lt: ("<", np.less), sympy.Le: ("<=", np.less_equal),
    sympy.Eq: ("==", np.equal), sympy.Ne: ("!=", np.not_equal),
}  # fmt: skip
"""sympy's relations: how they are written, and what decides them on arrays."""

NO_ORDER = "Bessel functions of that order have no name in gradcalc"


def _bessel(order: float, x: Any) -> Any:
    """The modified Bessel function, those of orders 0 and 1 by functions of their own."""
    own = {0: "i0", 1: "i1"}.get(int(order))
    return scipys(own)(x) if own else scipys("iv")(order, x)


def _part(name: str, place: int) -> Callable[..., Any]:
    """One of the several numbers that a function of scipy's gives."""
    return lambda x: scipys(name)(x)[place]


def _lambert(x: Any, branch: Any = 0) -> Any:
    from scipy import special

    found = np.real(special.lambertw(narrow(x), int(branch)))
    return np.asarray(found, dtype=np.asarray(x).dtype)


FUNCTIONS: tuple[Function, ...] = (
    Function(sympy.exp, "exp", "exp", np.exp),
    # of a sum with 1 it is computed otherwise
    Function(sympy.log, "log", "log"),
    Function(sympy.sin, "sin", "sin", np.sin),
    Function(sympy.cos, "cos", "cos", np.cos),
    Function(sympy.tan, "tan", "tan", np.tan),
    Function(sympy.asin, "asin", "decide.asin", np.arcsin),
    Function(sympy.acos, "acos", "decide.acos", np.arccos),
    Function(sympy.atan, "atan", "atan", np.arctan),
    # a number has no signed zero
    Function(sympy.atan2, "atan2", "atan2", lambda y, x: np.arctan2(y + 0.0, x + 0.0)),
    Function(sympy.sinh, "sinh", "sinh", np.sinh),
    Function(sympy.cosh, "cosh", "cosh", np.cosh),
    Function(sympy.tanh, "tanh", "tanh", np.tanh),
    Function(sympy.asinh, "asinh", "asinh", np.arcsinh),
    Function(sympy.acosh, "acosh", "decide.acosh", np.arccosh),
    Function(sympy.atanh, "atanh", "atanh", np.arctanh),
    Function(sympy.erf, "erf", "erf", scipys("erf"), wide=False),
    Function(sympy.erfc, "erfc", "erfc", scipys("erfc"), wide=False),
    Function(sympy.erfinv, "erfinv", "erfinv", scipys("erfinv"), wide=False, arrays=False),
    Function(sympy.sign, "sign", "decide.sign", np.sign),
    Function(sympy.floor, "floor", "decide.floor", np.floor),
    Function(sympy.ceiling, "ceil", "decide.ceil", np.ceil),
    Function(sympy.Abs, "abs", "abs", np.abs),
    Function(finite.isnan, "isnan", "decide.isnan", np.isnan),
    Function(finite.isinf, "isinf", "decide.isinf", np.isinf),
    Function(finite.isfinite, "isfinite", "decide.isfinite", np.isfinite),
    Function(sympy.loggamma, "lgamma", "lgamma", scipys("gammaln"), wide=False, arrays=False,
             plain=False),
    Function(special.log_gamma, "lgamma", "lgamma", scipys("gammaln"), wide=False, arrays=False),
    Function(sympy.gamma, "gamma", "gamma", scipys("gamma"), wide=False, arrays=False),
    Function(sympy.polygamma, "polygamma", "polygamma", scipys("polygamma"), wide=False,
             arrays=False, orders={0: "digamma"}),
    Function(sympy.zeta, "zeta", "zeta", scipys("zeta"), wide=False, arrays=False, usual=(1,)),
    Function(sympy.besseli, "", "bessel_i", _bessel, why=NO_ORDER, wide=False, arrays=False,
             orders={0: "i0", 1: "i1"}),
    Function(special.i0e, "i0e", "", scipys("i0e"), wide=False, arrays=False),
    Function(special.i1e, "i1e", "", scipys("i1e"), wide=False, arrays=False),
    Function(special.gammainc, "gammainc", "gamma_p", scipys("gammainc"), wide=False,
             arrays=False),
    Function(special.gammaincc, "gammaincc", "gamma_q", scipys("gammaincc"), wide=False,
             arrays=False),
    Function(special.erfcx, "erfcx", "", scipys("erfcx"), wide=False),
    Function(special.erfcinv, "erfcinv", "", scipys("erfcinv"), wide=False, arrays=False),
    Function(special.ndtri, "ndtri", "", scipys("ndtri"), wide=False, arrays=False),
    Function(special.log_ndtr, "log_ndtr", "", scipys("log_ndtr"), wide=False),
    *(
        Function(function, name, ball, scipys(of) if isinstance(of, str) else of, wide=False,
                 arrays=False)
        for function, name, ball, of in (
            (sympy.besselj, "besselj", "bessel_j", "jv"),
            (sympy.bessely, "bessely", "bessel_y", "yv"),
            (sympy.besselk, "besselk", "bessel_k", "kv"),
            (sympy.airyai, "airyai", "airy_ai", _part("airy", 0)),
            (hypergeometric.airyaiprime, "airyaiprime", "airy_ai_slope", _part("airy", 1)),
            # sympy's own slopes of both come of a second derivative
            (sympy.airyaiprime, "airyaiprime", "airy_ai_slope", _part("airy", 1)),
            (sympy.airybiprime, "airybiprime", "airy_bi_slope", _part("airy", 3)),
            (sympy.airybi, "airybi", "airy_bi", _part("airy", 2)),
            (hypergeometric.airybiprime, "airybiprime", "airy_bi_slope", _part("airy", 3)),
            (sympy.elliptic_k, "ellipk", "elliptic_k", "ellipk"),
            (sympy.elliptic_e, "ellipe", "elliptic_e", "ellipe"),
            (sympy.Ei, "expi", "ei", "expi"),
            (sympy.expint, "expn", "expint", "expn"),
            (sympy.Si, "sinint", "si", _part("sici", 0)),
            (sympy.Ci, "cosint", "ci", _part("sici", 1)),
            (sympy.Shi, "sinhint", "shi", _part("shichi", 0)),
            (sympy.Chi, "coshint", "chi", _part("shichi", 1)),
            (sympy.fresnels, "fresnels", "fresnel_s", _part("fresnel", 0)),
            (sympy.fresnelc, "fresnelc", "fresnel_c", _part("fresnel", 1)),
            (sympy.erfi, "erfi", "erfi", "erfi"),
            (sympy.LambertW, "lambertw", "lambertw", _lambert),
            (hypergeometric.hyp0f1, "hyp0f1", "hyp0f1", "hyp0f1"),
            (hypergeometric.hyp1f1, "hyp1f1", "hyp1f1", "hyp1f1"),
            (hypergeometric.hyp2f1, "hyp2f1", "hyp2f1", "hyp2f1"),
            (hypergeometric.betainc, "betainc", "beta_share", "betainc"),
            (hypergeometric.stdtr, "stdtr", "student", "stdtr"),
            (hypergeometric.dawsn, "dawsn", "", "dawsn"),
            (hypergeometric.spence, "spence", "dilog", "spence"),
        )
    ),
)  # fmt: skip
