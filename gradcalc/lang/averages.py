"""Python's statistics: means, medians and spreads of single numbers."""

import ast
import statistics
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import containers, members, operators, ops, plain, thrown
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.program import JAX, MIXED, TORCH

ERROR = Class("StatisticsError", (thrown.EXCEPTIONS["ValueError"],), {}, library=True)
"""What Python's statistics raises of data that it cannot be of."""


class LinearRegression(NamedTuple):
    """A straight line."""

    slope: Any
    intercept: Any


def _failure(said: str) -> InvalidValueError:
    error = InvalidValueError(said, python=ERROR.name, said=said)
    error.value = Instance(ERROR, {"args": (said,)})
    return error


def _numbers(machine: Machine, name: str, data: Any) -> list[Any]:
    """The data, each of which is one number of Python's or numpy's."""
    found = list(ops.iterated(machine, data))
    machine.count_items(len(found))
    machine.budget.tick(len(found))
    for value in found:
        if machine.is_tensor(value) and not machine.shape(value):
            _check_library(machine, name, value)
        elif not plain.is_number(value):
            raise InvalidValueError(
                f"statistics.{name} is of single numbers, not of {machine.describe(value)}",
                python="TypeError",
            )
    return found


def _check_library(machine: Machine, name: str, value: Any) -> None:
    arrays = machine.program.naming.arrays
    if arrays in (TORCH, JAX, MIXED) and machine.carries(value):
        of = "jax's arrays" if arrays == JAX else "torch's tensors"
        raise UnsupportedError(
            f"statistics.{name} does not take {of}, or makes plain numbers of them, through which"
            " no gradient passes",
            hint="the library has mean, median, std and var of its own",
        )


def _all_plain(*values: Sequence[Any]) -> bool:
    return all(plain.is_number(value) for part in values for value in part)


def _pythons(name: str, *args: Any, **options: Any) -> Any:
    """What Python's own function gives of plain numbers."""
    try:
        return getattr(statistics, name)(*args, **options)
    except statistics.StatisticsError as error:
        raise _failure(str(error)) from None
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidValueError(str(error), python=type(error).__name__) from None


def _is(machine: Machine, kind: type[ast.cmpop], left: Any, right: Any) -> bool:
    return operators.truth(machine, operators.compare(machine, kind, left, right))


def _total(machine: Machine, values: Sequence[Any]) -> Any:
    return ops.call(machine, "sum", ops.tensor(machine, list(values)))


def _mean_of(machine: Machine, values: Sequence[Any]) -> Any:
    return ops.call(machine, "mean", ops.as_floats(machine, ops.tensor(machine, list(values))))


def _products(machine: Machine, left: Sequence[Any], right: Sequence[Any]) -> Any:
    both = (ops.as_floats(machine, ops.tensor(machine, list(part))) for part in (left, right))
    return _times(machine, *both)


def _times(machine: Machine, left: Any, right: Any) -> Any:
    return ops.call(machine, "sum", ops.binary(machine, "mul", left, right))


def _centred(machine: Machine, values: Sequence[Any], centre: Any = None) -> Any:
    centre = _mean_of(machine, values) if centre is None else centre
    numbers = ops.as_floats(machine, ops.tensor(machine, list(values)))
    return ops.binary(machine, "sub", numbers, centre)


# -- means -----------------------------------------------------------------------------


def _mean(machine: Machine, data: Any) -> Any:
    values = _numbers(machine, "mean", data)
    return _pythons("mean", values) if _all_plain(values) else _mean_of(machine, values)


def _weighted(machine: Machine, data: Any, weights: Any = None) -> Any:
    values = _numbers(machine, "fmean", data)
    shares = None if weights is None else _numbers(machine, "fmean", weights)
    if _all_plain(values, shares or ()):
        return _pythons("fmean", values, shares)
    if shares is None:
        return _mean_of(machine, values)
    if len(shares) != len(values):
        raise _failure("data and weights must be the same length")
    whole = _total(machine, shares)
    if _is(machine, ast.Eq, whole, 0):
        raise _failure("sum of weights must be non-zero")
    return ops.binary(machine, "div", _products(machine, values, shares), whole)


def _geometric(machine: Machine, data: Any) -> Any:
    values = _numbers(machine, "geometric_mean", data)
    if _all_plain(values):
        return _pythons("geometric_mean", values)
    if any(_is(machine, ast.LtE, value, 0) for value in values):
        raise _failure("geometric mean requires a non-empty dataset containing positive numbers")
    logarithms = ops.call(machine, "log", ops.as_floats(machine, ops.tensor(machine, values)))
    return ops.call(machine, "exp", ops.call(machine, "mean", logarithms))


def _harmonic(machine: Machine, data: Any, weights: Any = None) -> Any:
    values = _numbers(machine, "harmonic_mean", data)
    shares = None if weights is None else _numbers(machine, "harmonic_mean", weights)
    if _all_plain(values, shares or ()):
        return _pythons("harmonic_mean", values, shares)
    if shares is not None and len(shares) != len(values):
        raise _failure("Number of weights does not match data size")
    if any(_is(machine, ast.Lt, value, 0) for value in (*(shares or ()), *values)):
        raise _failure("harmonic mean does not support negative values")
    if len(values) == 1 and shares is None:
        return values[0]
    parts, count = [], 0
    for number, value in enumerate(values):
        share = 1 if shares is None else shares[number]
        if shares is not None and not operators.truth(machine, share):
            continue
        if _is(machine, ast.Eq, value, 0):
            return 0
        parts.append(ops.binary(machine, "div", ops.tensor(machine, share), value))
        count += 1
    if not count:
        raise _failure("Weighted sum must be positive")
    whole = len(values) if shares is None else _total(machine, shares)
    return ops.binary(machine, "div", whole, _total(machine, parts))


# -- medians ---------------------------------------------------------------------------


def _in_order(machine: Machine, data: Any) -> list[Any]:
    """The data in order: what is compared and added here may be of any library."""
    values = members.ordered(machine, data)
    if not values:
        raise _failure("no median for empty data")
    return values


def _median(machine: Machine, data: Any) -> Any:
    values = _in_order(machine, data)
    half = len(values) // 2
    if len(values) % 2:
        return values[half]
    both = operators.named(machine, "add", values[half - 1], values[half])
    return operators.named(machine, "div", both, 2)


def _median_low(machine: Machine, data: Any) -> Any:
    values = _in_order(machine, data)
    return values[(len(values) - 1) // 2]


def _median_high(machine: Machine, data: Any) -> Any:
    values = _in_order(machine, data)
    return values[len(values) // 2]


def _quantiles(machine: Machine, data: Any, *, n: Any = 4, method: Any = "exclusive") -> list[Any]:
    count = ops.integer(machine, n)
    if count < 1:
        raise _failure("n must be at least 1")
    machine.count_items(count)
    values = members.ordered(machine, data)
    many = len(values)
    if many < 2:
        raise _failure("must have at least two data points")
    if method not in ("inclusive", "exclusive"):
        raise InvalidValueError(f"Unknown method: {method!r}", python="ValueError")
    found = []
    for i in range(1, count):
        # the value in front, and how far on it is, in parts of `count`
        if method == "inclusive":
            first, further = divmod(i * (many - 1), count)
        else:
            first = min(max(i * (many + 1) // count, 1), many - 1) - 1
            further = i * (many + 1) - (first + 1) * count
        ends = [
            operators.named(machine, "mul", values[first + k], share)
            for k, share in enumerate((count - further, further))
        ]
        found.append(operators.named(machine, "div", operators.named(machine, "add", *ends), count))
    return found


def _mode(name: str) -> Callable[[Machine, Any], Any]:
    def mode(machine: Machine, data: Any) -> Any:
        values = [containers.key_of(machine, value) for value in ops.iterated(machine, data)]
        return _pythons(name, values)

    return mode


# -- spreads ---------------------------------------------------------------------------


def _spread(name: str) -> Callable[..., Any]:
    """The mean square about a centre, or its root; of a sample or of all there is."""
    everything, root = name.startswith("p"), name.endswith("stdev")

    def spread(machine: Machine, data: Any, centre: Any = None) -> Any:
        values = _numbers(machine, name, data)
        if _all_plain(values, () if centre is None else (centre,)):
            return _pythons(name, values, centre)
        if len(values) < 2 - everything:
            count = "one data point" if everything else "two data points"
            raise _failure(f"{name} requires at least {count}")
        apart = _centred(machine, values, centre)
        squares = _times(machine, apart, apart)
        found = ops.binary(machine, "div", squares, len(values) - (not everything))
        return ops.call(machine, "sqrt", found) if root else found

    word = "mu" if everything else "xbar"

    def call(machine: Machine, *args: Any, **named: Any) -> Any:
        given = {("centre" if key == word else key): value for key, value in named.items()}
        if "centre" in named:
            raise InvalidValueError(f"{name} takes data and {word}", python="TypeError")
        return spread(machine, *args, **given)

    return call


# -- pairs -----------------------------------------------------------------------------


def _pairs(machine: Machine, name: str, x: Any, y: Any) -> tuple[list[Any], list[Any]]:
    both = _numbers(machine, name, x), _numbers(machine, name, y)
    what = name.replace("_", " ")
    if len(both[0]) != len(both[1]):
        raise _failure(f"{what} requires that both inputs have same number of data points")
    if len(both[0]) < 2:
        raise _failure(f"{what} requires at least two data points")
    return both


def _covariance(machine: Machine, x: Any, y: Any) -> Any:
    left, right = _pairs(machine, "covariance", x, y)
    if _all_plain(left, right):
        return _pythons("covariance", left, right)
    both = _times(machine, _centred(machine, left), _centred(machine, right))
    return ops.binary(machine, "div", both, len(left) - 1)


def _correlation(machine: Machine, x: Any, y: Any, *, method: Any = "linear") -> Any:
    left, right = _pairs(machine, "correlation", x, y)
    if method != "linear":
        raise UnsupportedError(
            f"correlation by {method!r} is not known here", hint="method='linear' is"
        )
    if _all_plain(left, right):
        return _pythons("correlation", left, right)
    one, other = _centred(machine, left), _centred(machine, right)
    squares = ops.binary(machine, "mul", _times(machine, one, one), _times(machine, other, other))
    if _is(machine, ast.Eq, squares, 0):
        raise _failure("at least one of the inputs is constant")
    root = ops.call(machine, "sqrt", squares)
    return ops.binary(machine, "div", _times(machine, one, other), root)


def _regression(machine: Machine, x: Any, y: Any, *, proportional: Any = False) -> LinearRegression:
    left, right = _pairs(machine, "linear_regression", x, y)
    through = operators.truth(machine, proportional)
    if _all_plain(left, right):
        line = _pythons("linear_regression", left, right, proportional=through)
        return LinearRegression(*line)
    centres: tuple[Any, Any] = (
        (0.0, 0.0) if through else (_mean_of(machine, left), _mean_of(machine, right))
    )
    one, other = _centred(machine, left, centres[0]), _centred(machine, right, centres[1])
    squares = _times(machine, one, one)
    if _is(machine, ast.Eq, squares, 0):
        raise _failure("x is constant")
    slope = ops.binary(machine, "div", _times(machine, one, other), squares)
    if through:
        return LinearRegression(slope, 0.0)
    step = ops.binary(machine, "mul", slope, centres[0])
    return LinearRegression(slope, ops.binary(machine, "sub", centres[1], step))


ROWS: tuple[tuple[str, Callable[..., Any], str], ...] = (
    ("mean", _mean, "the mean"),
    ("fmean", _weighted, "the mean, with weights if some are given"),
    ("geometric_mean", _geometric, "the geometric mean"),
    ("harmonic_mean", _harmonic, "the harmonic mean"),
    ("median", _median, "the middle, or the mean of the two there"),
    ("median_low", _median_low, "the middle, or the lower of the two there"),
    ("median_high", _median_high, "the middle, or the higher of the two there"),
    ("quantiles", _quantiles, "what cuts the data into parts of one size"),
    ("mode", _mode("mode"), "what is there most often"),
    ("multimode", _mode("multimode"), "all that is there most often"),
    *((name, _spread(name), "a spread") for name in ("variance", "stdev")),
    *((name, _spread(name), "a spread of all there is") for name in ("pvariance", "pstdev")),
    ("covariance", _covariance, "how two vary together"),
    ("correlation", _correlation, "how two vary together, between -1 and 1"),
    ("linear_regression", _regression, "the line by least squares"),
)
"""Name, meaning and a word on each."""

STATISTICS: Mapping[str, Any] = MappingProxyType(
    {"StatisticsError": ERROR, **{name: Builtin(name, call, doc) for name, call, doc in ROWS}}
)
"""Python's statistics."""
