"""scipy's integrals of functions: the sum over the intervals that their choice of points ends with.

QUADPACK (Piessens et al., 1983) itself chooses, by the values alone; the points are numbers then as
those of a rule that the text names, and the function at them is the program's.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import operators, ops
from gradcalc.lang.machine import Builtin, Machine, Untold
from gradcalc.lang.program import ASKED

HALF_21 = (
    (0.995657163025808080735527280689003, 0.011694638867371874278064396062192),
    (0.973906528517171720077964012084452, 0.032558162307964727478818972459390),
    (0.930157491355708226001207180059508, 0.054755896574351996031381300244580),
    (0.865063366688984510732096688423493, 0.075039674810919952767043140916190),
    (0.780817726586416897063717578345042, 0.093125454583697605535065465083366),
    (0.679409568299024406234327365114874, 0.109387158802297641899210590325805),
    (0.562757134668604683339000099272694, 0.123491976262065851077958109831074),
    (0.433395394129247190799265943165784, 0.134709217311473325928054001771707),
    (0.294392862701460198131126603103866, 0.142775938577060080797094273138717),
    (0.148874338981631210884826001129720, 0.147739104901338491374841515972068),
    (0.0, 0.149445554002916905664936468389821),
)
HALF_15 = (
    (0.991455371120812639206854697526329, 0.022935322010529224963732008058970),
    (0.949107912342758524526189684047851, 0.063092092629978553290700663189204),
    (0.864864423359769072789712788640926, 0.104790010322250183839876322541518),
    (0.741531185599394439863864773280788, 0.140653259715525918745189590510238),
    (0.586087235467691130294144691693118, 0.169004726639267902826583426598550),
    (0.405845151377397166906606412076961, 0.190350578064785409913256402421014),
    (0.207784955007898467600689403773245, 0.204432940075298892414161999234649),
    (0.0, 0.209482141084727828012999174891714),
)
"""Points and weights of the rules of Kronrod, of 21 points between limits and of 15 without."""

LIMIT = 50
"""Intervals that scipy ends with at most unless it is told otherwise."""


@dataclass
class Integrand:
    """A function of a number between two limits, its values kept by where it was asked.

    Without a limit `t` goes from 0 to 1, and the function is taken at `bound ± (1 - t)/t`.
    """

    machine: Machine
    function: Callable[[Any], Any]
    limits: tuple[Any, Any]
    ends: tuple[float, float]
    kept: dict[float, Any] = field(default_factory=dict)

    def __call__(self, place: float) -> float:
        """The value alone, which is all that the choice of points asks for."""
        if place not in self.kept:
            self.kept[place] = self._checked(self.function(self.at(place)))
        return self.machine.number(self.kept[place])

    def at(self, place: float) -> Any:
        """A point as the program is given it, which moves with limits that the inputs move."""
        bound = next((i for i in (0, 1) if math.isfinite(self.ends[i])), None)
        if not any(map(math.isinf, self.ends)):
            low, high = self.limits
            if not any(map(self.machine.is_tensor, self.limits)):
                return place
            share = (place - self.ends[0]) / (self.ends[1] - self.ends[0])
            step = self._operated("mul", self._operated("sub", high, low), share)
            return self._operated("add", low, step)
        if bound is None or not self.machine.is_tensor(self.limits[bound]):
            return place
        return self._operated("add", self.limits[bound], place - self.ends[bound])

    def _operated(self, name: str, left: Any, right: Any) -> Any:
        return operators.named(self.machine, name, left, right)

    def _checked(self, value: Any) -> Any:
        found = ops.tensor(self.machine, value)
        if self.machine.shape(found):
            raise ShapeError(
                f"quad takes a function that gives one number, not {self.machine.describe(value)}"
            )
        return found


def integral(
    machine: Machine, function: Callable[[Any], Any], limits: Sequence[Any], **options: Any
) -> Any:
    """The sum that quad ends with. Raises `UnsupportedError` where it is none.

    What extrapolates from sums does so where the function is not smooth, or the limit is reached.
    """
    ends = [float(machine.number(v)) if machine.is_tensor(v) else float(v) for v in limits]
    if any(map(math.isnan, ends)):
        raise InvalidValueError("a limit of quad is no number")
    if ends[0] > ends[1]:
        turned = integral(machine, function, limits[::-1], **options)
        return operators.named(machine, "mul", turned, -1.0)
    if ends[0] == ends[1]:
        raise UnsupportedError("quad from a number to itself is not worked out here")
    integrand = Integrand(machine, function, (limits[0], limits[1]), (ends[0], ends[1]))
    cells = _cells(integrand, **options)
    count = f"the {len(cells)} intervals" if len(cells) > 1 else "the one interval"
    machine.note_cast(f"{ASKED}the gradient is that of the sum over {count} that quad ends with")
    return _sum(integrand, cells)


def _cells(integrand: Integrand, **options: Any) -> list[tuple[float, float]]:
    """The intervals that QUADPACK ends with, by the values alone."""
    # imported where it is used: few programs do
    from scipy.integrate import quad

    with warnings.catch_warnings():
        # what scipy warns of is found in what it gives
        warnings.simplefilter("ignore")
        found, _, told = quad(integrand, *integrand.ends, full_output=1, **options)[:3]
    parts = np.asarray(told["rlist"][: told["last"]])
    if not abs(found - parts.sum()) <= 1e-14 * np.abs(parts).sum():
        raise UnsupportedError(
            "quad extrapolates here, as it does where a function is not smooth or its integral"
            " goes on for long",
            hint="choose the points yourself, as fixed_quad does, or let quad end at the bend",
        )
    pairs = zip(told["alist"], told["blist"], strict=True)
    return [(float(low), float(high)) for low, high in list(pairs)[: told["last"]]]


def _sum(integrand: Integrand, cells: Sequence[tuple[float, float]]) -> Any:
    """The sum of the rule of Kronrod on each interval."""
    machine, (low, high) = integrand.machine, integrand.ends
    places, weights = _between(cells) if math.isfinite(high - low) else _beyond(cells, low, high)
    for place in places:
        integrand(place)
    values = ops.call(machine, "stack", [integrand.kept[place] for place in places])
    factors = machine.constant(np.array(weights))
    found = ops.call(machine, "sum", ops.binary(machine, "mul", values, factors))
    if not math.isfinite(high - low) or not any(map(machine.is_tensor, integrand.limits)):
        return found
    # the weights are shares of a length that the inputs change
    length = operators.named(machine, "sub", integrand.limits[1], integrand.limits[0])
    share = operators.named(machine, "div", length, high - low)
    return operators.named(machine, "mul", found, share)


def _points(
    cells: Sequence[tuple[float, float]], rule: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The points of a rule in each interval, worked out as QUADPACK does, with their weights."""
    found = []
    for low, high in cells:
        center, half = 0.5 * (low + high), 0.5 * (high - low)
        for point, weight in rule:
            signs = (-1, 1) if point else (1,)
            found += [(center + sign * (half * point), half * weight) for sign in signs]
    return found


def _between(cells: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    places, weights = zip(*_points(cells, HALF_21), strict=True)
    return list(places), list(weights)


def _beyond(
    cells: Sequence[tuple[float, float]], low: float, high: float
) -> tuple[list[float], list[float]]:
    """Points without a limit on one side, or on both, where they are at a number and its
    opposite."""
    both = math.isinf(low) and math.isinf(high)
    bound = 0.0 if both else low if math.isfinite(low) else high
    sign = 1.0 if both or math.isinf(high) else -1.0
    places, weights = [], []
    for t, weight in _points(cells, HALF_15):
        place = bound + sign * (1.0 - t) / t
        for one in (place, -place) if both else (place,):
            places.append(one)
            weights.append(weight / t / t)
    return places, weights


def _arguments(args: Any) -> tuple[Any, ...]:
    return tuple(args) if isinstance(args, tuple) else (args,)


def _check(machine: Machine, **given: Any) -> None:
    """Refuse what is not known here."""
    if told := [name for name, value in given.items() if value is not None and value is not False]:
        raise UnsupportedError(f"{told[0]} of quad is not known here", hint="leave it out")
    if machine.backend.precision == "float32":
        raise UnsupportedError("quad calculates in float64", hint="leave out --dtype float32")


def _quad(
    machine: Machine, func: Any, a: Any, b: Any, args: Any = (), full_output: Any = 0,
    epsabs: Any = 1.49e-8, epsrel: Any = 1.49e-8, limit: Any = LIMIT, points: Any = None,
    weight: Any = None, wvar: Any = None, wopts: Any = None, maxp1: Any = 50, limlst: Any = 50,
    complex_func: Any = False,
) -> Any:  # fmt: skip
    _check(machine, points=points, weight=weight, wvar=wvar, wopts=wopts,
           complex_func=complex_func, full_output=full_output or None)  # fmt: skip
    more = _arguments(args)
    found = integral(
        machine, lambda t: machine.call(func, (t, *more)), (a, b),
        epsabs=epsabs, epsrel=epsrel, limit=limit,
    )  # fmt: skip
    return found, Untold("the error that quad tells")


def _dblquad(
    machine: Machine, func: Any, a: Any, b: Any, gfun: Any, hfun: Any, args: Any = (),
    epsabs: Any = 1.49e-8, epsrel: Any = 1.49e-8,
) -> Any:  # fmt: skip
    _check(machine)
    more = _arguments(args)

    def limit(given: Any, x: Any) -> Any:
        number = machine.is_tensor(given) or isinstance(given, int | float)
        return given if number else machine.call(given, (x,))

    def inner(x: Any) -> Any:
        return integral(
            machine, lambda y: machine.call(func, (y, x, *more)), (limit(gfun, x), limit(hfun, x)),
            epsabs=epsabs, epsrel=epsrel,
        )  # fmt: skip

    found = integral(machine, inner, (a, b), epsabs=epsabs, epsrel=epsrel)
    return found, Untold("the error that dblquad tells")


OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "scipy.integrate": {
            name: Builtin(name, call, usage)
            for name, call, usage in (
                ("quad", _quad, "quad(func, a, b, args=())"),
                ("dblquad", _dblquad, "dblquad(func, a, b, gfun, hfun, args=())"),
            )
        }
    }
)
"""scipy's functions of functions, by their module."""
