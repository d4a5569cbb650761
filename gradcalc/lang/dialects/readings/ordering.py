"""Orders and counts, as each library calls them; positions are whole numbers."""

from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.expr.nodes import Data
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import TORCH


class Ends(NamedTuple):
    """What aminmax gives, under torch's names."""

    min: Any
    max: Any


def first_places(machine: Machine, **values: Any) -> Any:
    """torch's argsort, stable or not."""
    x, *rest = (values[name] for name in ("input", "dim", "descending", "stable"))
    return ops.call(machine, "argsort", x, *rest)


def numpy_places(machine: Machine, a: Any, axis: Any) -> Any:
    """numpy's argsort: of all elements in a row where the axis is None.

    Equal numbers keep their order, as they do in numpy where it is asked to or they are few.
    """
    a = ops.tensor(machine, a)
    if axis is None:
        a, axis = ops.reshape(machine, a, (-1,)), 0
    return ops.call(machine, "argsort", a, axis, stable=True)


def in_order(machine: Machine, **values: Any) -> Any:
    """msort: in order along the first dimension."""
    (x,) = values.values()
    x = ops.tensor(machine, x)
    return ops.call(machine, "sort", x, dim=0).values if ops.shape(machine, x) else x


def refused_partition(machine: Machine, **_: Any) -> Any:
    """partition leaves the order of most elements open."""
    whole = "argsort" if called(machine).startswith("arg") else "sort"
    raise UnsupportedError(
        f"{called(machine)} leaves the order within its parts open",
        hint=f"np.{whole} puts all in order",
    )


def both_ends(machine: Machine, input: Any, dim: Any, keepdim: Any) -> Ends:
    """torch's aminmax: the least and the greatest."""
    x = ops.tensor(machine, input)
    return Ends(*[ops.call(machine, name, x, dim, keepdim) for name in ("amin", "amax")])


def spread_and_mean(machine: Machine, name: str, **values: Any) -> tuple[Any, Any]:
    """torch's var_mean and std_mean."""
    x, *_ = values.values()
    dim, keep = values.get("dim"), values.get("keepdim", False)
    options = {k: v for k, v in values.items() if k in ("dim", "unbiased", "keepdim")}
    if "unbiased" not in values:
        options["correction"] = 1 if values.get("correction") is None else values["correction"]
    return ops.call(machine, name, x, **options), ops.call(machine, "mean", x, dim, keep)


# -- places in an order ------------------------------------------------------------------------


def _counted(machine: Machine, sorted_ones: Any, x: Any, right: bool) -> Any:
    """How many of the numbers in order each element is behind, by comparing it with all."""
    edges, x = ops.tensor(machine, sorted_ones), ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    rows = ops.shape(machine, edges)[:-1]
    if not ops.shape(machine, edges) or (rows and machine.program.naming.arrays != TORCH):
        raise ShapeError(
            f"{called(machine)} takes a vector of numbers in order", python="ValueError"
        )
    if rows and rows != shape[:-1]:
        raise ShapeError(f"{called(machine)} takes a row of numbers in order for each other row")
    if rows:
        edges = ops.call(machine, "unsqueeze", edges, -2)
    column = ops.reshape(machine, x, (*shape, 1))
    marks = ops.binary(machine, "le" if right else "lt", edges, column)
    ones = ops.call(machine, "where", marks, 1, 0)
    return machine.mark_integer(ops.call(machine, "sum", ones, dim=-1))


def _check_order(machine: Machine, edges: Any) -> None:
    numbers = machine.elements(ops.tensor(machine, edges))
    if numbers.ndim and np.any(np.diff(numbers) < 0):
        raise InvalidValueError(f"{called(machine)} takes numbers in order", hint="sort them first")


def searched(machine: Machine, right: Any = False, side: Any = None, **values: Any) -> Any:
    """searchsorted and bucketize: where elements would go among numbers in order."""
    edges, x = values.values()
    if called(machine) == "bucketize":
        edges, x = x, edges
    if side not in (None, "left", "right"):
        raise InvalidValueError(f"side is 'left' or 'right', not {side!r}")
    _check_order(machine, edges)
    return _counted(machine, edges, x, side == "right" or bool(right))


def binned(machine: Machine, x: Any, bins: Any, right: Any) -> Any:
    """numpy's digitize, of bins that rise or fall."""
    bins = ops.tensor(machine, bins)
    numbers = machine.elements(bins)
    if numbers.ndim == 1 and len(numbers) > 1 and numbers[0] > numbers[-1]:
        count = len(numbers)
        _check_order(machine, ops.call(machine, "neg", bins))
        found = _counted(machine, ops.call(machine, "flip", bins), x, bool(right))
        return machine.mark_integer(ops.binary(machine, "sub", count, found))
    _check_order(machine, bins)
    return _counted(machine, bins, x, not right)


# -- counts ------------------------------------------------------------------------------------


def counts(machine: Machine, minlength: Any, weights: Any = None, **values: Any) -> Any:
    """bincount: how often each whole number is there, or the sums of their weights."""
    (x,) = values.values()
    where = places.numbers(machine, x)
    if where.ndim != 1 or (where.size and where.min() < 0):
        raise InvalidValueError("bincount takes a vector of whole numbers that are not negative")
    size = max(int(where.max()) + 1 if where.size else 0, ops.integer(machine, minlength))
    if weights is None:
        return places.whole(machine, np.bincount(where, minlength=size))
    weights = ops.tensor(machine, weights)
    if "input" in values or "self" in values:
        ops.refuse_gradient(machine, "bincount by weights", weights)
    if ops.shape(machine, weights) != where.shape:
        raise ShapeError("bincount takes as many weights as numbers")
    return ops.call(
        machine, "index_add", machine.constant(np.zeros(size)), 0, Data.of(where), weights
    )


def different(machine: Machine, **values: Any) -> Any:
    """torch's unique: the different numbers in order, of which torch has no gradient."""
    x = ops.tensor(machine, values["input"])
    if machine.carries(x):
        raise UnsupportedError("torch has no gradient of unique", hint="write unique(x.detach())")
    if values.get("dim") is not None:
        raise UnsupportedError("unique along a dimension is not known here")
    parts = _unique(machine, x)
    wanted = [values.get("return_inverse"), values.get("return_counts")]
    rest = [parts[k] for k, is_wanted in ((2, wanted[0]), (3, wanted[1])) if is_wanted]
    return (parts[0], *rest) if rest else parts[0]


def numpy_different(
    machine: Machine, ar: Any, return_index: Any, return_inverse: Any, return_counts: Any
) -> Any:
    """numpy's unique: the different elements in order."""
    parts = _unique(machine, ops.tensor(machine, ar))
    wanted = (True, return_index, return_inverse, return_counts)
    found = tuple(part for part, is_wanted in zip(parts, wanted, strict=True) if is_wanted)
    return found if len(found) > 1 else found[0]


def _unique(machine: Machine, x: Any) -> tuple[Any, Any, Any, Any]:
    """Values, first places, which of them each is, and how often each is there."""
    shape = ops.shape(machine, x)
    row = ops.reshape(machine, x, (-1,))
    numbers = machine.elements(row)
    if np.isnan(numbers).any():
        raise InvalidValueError("unique of NaN")
    _, first, inverse, count = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True
    )
    if len(first) < len(numbers) and machine.carries(x):
        raise UnsupportedError(
            "unique of equal numbers that depend on an input is not known here",
            hint="they may differ a little beside the point; --wrt says what is differentiated by",
        )
    if machine.carries(x):
        # how many there are is the same around here; in which order says the sort
        return (
            ops.call(machine, "sort", row).values, places.whole(machine, first),
            places.whole(machine, inverse.reshape(shape)), places.whole(machine, count),
        )  # fmt: skip
    return (
        ops.index(machine, row, (first,)), places.whole(machine, first),
        places.whole(machine, inverse.reshape(shape)), places.whole(machine, count),
    )  # fmt: skip


def numpy_histogram(
    machine: Machine, a: Any, bins: Any, range: Any, density: Any
) -> tuple[Any, Any]:
    """numpy's histogram, of numbers that depend on no input or between given edges."""
    x = ops.reshape(machine, ops.tensor(machine, a), (-1,))
    edges = _edges(machine, x, bins, range)
    found = _in_bins(machine, x, edges)
    if density:
        widths = machine.constant(np.diff(edges))
        total = ops.call(machine, "sum", found)
        found = ops.binary(machine, "div", ops.binary(machine, "div", found, widths), total)
    return found, machine.constant(edges)


def histc(machine: Machine, input: Any, bins: Any, min: Any, max: Any) -> Any:
    """torch's histc: how many elements are in each of equal bins."""
    x = ops.reshape(machine, ops.tensor(machine, input), (-1,))
    low, high = (n if isinstance(n, int | float) else machine.number(n) for n in (min, max))
    given = None if low == high == 0 else (low, high)
    found = _in_bins(machine, x, _edges(machine, x, bins, given))
    return ops.binary(machine, "mul", found, 1.0)


def _edges(machine: Machine, x: Any, bins: Any, given: Any) -> Any:
    if isinstance(bins, str):
        raise UnsupportedError("histogram with edges that are estimated is not known here")
    if not isinstance(bins, int) and ops.shape(machine, bins):
        ops.refuse_gradient(machine, "an edge", ops.tensor(machine, bins))
        edges = machine.elements(ops.tensor(machine, bins))
        if np.any(np.diff(edges) < 0):
            raise InvalidValueError("the edges of bins are in order")
        return edges
    if given is None:
        if machine.carries(x):
            raise UnsupportedError(
                "a histogram whose edges depend on an input is not known here",
                hint="give the range, or the edges",
            )
        return np.histogram_bin_edges(machine.elements(x), ops.integer(machine, bins))
    low, high = (n if isinstance(n, int | float) else machine.number(n) for n in given)
    return np.histogram_bin_edges(np.zeros(0), ops.integer(machine, bins), (low, high))


def _in_bins(machine: Machine, x: Any, edges: Any) -> Any:
    """How many elements are from each edge to the next, the last among them."""
    made = machine.constant(edges)
    column = ops.reshape(machine, x, (-1, 1))
    # those below every edge, but for the last, which counts with its bin
    below = ops.call(machine, "where", ops.binary(machine, "lt", column, made), 1, 0)
    last = ops.call(machine, "where", ops.binary(machine, "le", column, made), 1, 0)
    under = ops.call(machine, "sum", below, dim=0)
    within = ops.call(machine, "sum", last, dim=0)
    count = len(edges) - 1
    above = [
        ops.index(machine, under, (slice(1, count),)),
        ops.index(machine, within, (slice(count, count + 1),)),
    ]
    ends = ops.call(machine, "concat", above, dim=0)
    found = ops.binary(machine, "sub", ends, ops.index(machine, under, (slice(0, count),)))
    return machine.mark_integer(found)
