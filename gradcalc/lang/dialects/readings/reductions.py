"""Sums, spreads, softmaxes and orders, as each library has them."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import operators, ops
from gradcalc.lang.dialects.readings import alike, folding
from gradcalc.lang.machine import Machine
from gradcalc.primitives.shapes import axis as one_of


def spread(machine: Machine, name: str, **values: Any) -> Any:
    """torch's std and var in their three signatures."""
    x, *_ = values.values()
    options = {k: v for k, v in values.items() if k in ("dim", "unbiased", "keepdim")}
    correction = values.get("correction", 1)
    if "unbiased" not in values:
        options["correction"] = 1 if correction is None else correction
    return ops.call(machine, name, x, **options)


def numpy_spread(
    machine: Machine, name: str, a: Any, axis: Any, ddof: Any, keepdims: Any, where: Any,
    mean: Any, correction: Any,
) -> Any:  # fmt: skip
    """numpy's std and var, whose divisor is the count less ddof."""
    divisor = ddof if correction is None else correction
    if mean is None and folding.is_open(where):
        return along(machine, name, a, axis, keepdims, correction=divisor)
    x = folding.kept(machine, "sum", ops.as_floats(machine, ops.tensor(machine, a)), where)
    ones = folding.count(machine, x, where)
    if mean is None:
        total = along(machine, "sum", x, axis, True)
        mean = ops.binary(machine, "div", total, along(machine, "sum", ones, axis, True))
    apart = ops.binary(machine, "sub", x, mean)
    if ops.shape(machine, apart) != ops.shape(machine, x):
        raise ShapeError(f"{name} takes one mean for all elements along its axis")
    squares = ops.call(machine, "square", folding.kept(machine, "sum", apart, where))
    left = ops.binary(machine, "sub", along(machine, "sum", ones, axis, keepdims), divisor)
    if bool(np.any(machine.elements(left) < 0)):
        raise InvalidValueError(f"{name} of fewer elements than ddof has none left")
    found = ops.binary(machine, "div", along(machine, "sum", squares, axis, keepdims), left)
    return ops.call(machine, "sqrt", found) if name == "std" else found


def along(machine: Machine, name: str, a: Any, axis: Any, keepdims: Any, **options: Any) -> Any:
    """A reduction as numpy has it: along no axis at all where the tuple of axes is empty."""
    a = ops.tensor(machine, a)
    if isinstance(axis, list | tuple) and not len(axis) and ops.shape(machine, a):
        raise UnsupportedError(f"{name} along no axis", hint="leave the axis out for all of them")
    return ops.call(machine, name, a, dim=axis, keepdim=keepdims, **options)


@alike
def reduced(
    machine: Machine, name: str, a: Any, axis: Any, keepdims: Any, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """A reduction of numpy that is a primitive, of all elements or some."""
    folding.check(machine, name, a, where, initial)
    if name == "mean":
        return _mean(machine, a, axis, keepdims, where)
    x = folding.kept(machine, name, a, where, initial)
    if initial is not None and not ops.size(machine, x) and name in ("amax", "amin"):
        # of no elements at all it is what it begins with
        return folding.begun(machine, "sum", along(machine, "sum", x, axis, keepdims), initial)
    return folding.begun(machine, name, along(machine, name, x, axis, keepdims), initial)


def _mean(machine: Machine, a: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    if folding.is_open(where):
        return along(machine, "mean", a, axis, keepdims)
    x = ops.tensor(machine, a)
    counted = folding.count(machine, x, where)
    total = along(machine, "sum", folding.kept(machine, "sum", x, where), axis, keepdims)
    return ops.binary(machine, "div", total, along(machine, "sum", counted, axis, keepdims))


def weighted(machine: Machine, a: Any, axis: Any, weights: Any, keepdims: Any) -> Any:
    """`np.average`: the mean, or that with weights."""
    if weights is None:
        return along(machine, "mean", a, axis, keepdims)
    a, weights = ops.tensor(machine, a), ops.tensor(machine, weights)
    if ops.shape(machine, a) != ops.shape(machine, weights):
        if (
            isinstance(axis, bool)
            or not isinstance(axis, int)
            or len(ops.shape(machine, weights)) != 1
        ):
            raise ShapeError("average needs a weight for each element, or for each place of axis")
        rank = len(ops.shape(machine, a))
        sizes = [1] * rank
        sizes[one_of(ops.shape(machine, a), axis)] = -1
        weights = ops.reshape(machine, weights, tuple(sizes))
    weights = ops.binary(machine, "mul", weights, ops.call(machine, "ones_like", a))
    total = along(machine, "sum", ops.binary(machine, "mul", a, weights), axis, keepdims)
    return ops.binary(machine, "div", total, along(machine, "sum", weights, axis, keepdims))


def truths(machine: Machine, name: str, where: Any = None, **values: Any) -> Any:
    """all or any along dimensions, as tensors of truth values."""
    keep = {"all": "amin", "any": "amax"}[name]
    x, *rest = values.values()
    x = ops.tensor(machine, x)
    if not folding.is_open(where):
        x = folding.kept(machine, name, ops.binary(machine, "ne", x, 0), where)
    dim, keepdim = rest if len(rest) > 1 else (None, False)
    if dim is None and not keepdim:
        return bool(operators.holds(machine, x, {"all": "logical_and", "any": "logical_or"}[name]))
    dim = tuple(range(len(ops.shape(machine, x)))) if dim is None else dim
    marks = ops.binary(machine, "ne", x, 0)
    if 0 in ops.shape(machine, x):
        raise UnsupportedError(f"{name} of a tensor without elements along a dimension")
    found = ops.call(machine, keep, marks, dim=dim, keepdim=bool(keepdim))
    return ops.binary(machine, "ne", found, 0)


def values_in_order(machine: Machine, a: Any, axis: Any) -> Any:
    """numpy's sort: the values only, of all elements in a row where the axis is None."""
    a = ops.tensor(machine, a)
    if axis is None:
        a, axis = ops.reshape(machine, a, (-1,)), 0
    if not ops.shape(machine, a):
        raise ShapeError("sort of one number")
    return ops.call(machine, "sort", a, dim=axis).values


def sorted_stably(machine: Machine, input: Any, stable: Any, dim: Any, descending: Any) -> Any:
    """torch's sort with its arguments by name: equal numbers have one order or the other."""
    return ops.call(machine, "sort", input, dim, descending)


def running(machine: Machine, name: str, a: Any, axis: Any) -> Any:
    """numpy's running sums and products: of all elements in a row without an axis."""
    a = ops.tensor(machine, a)
    if axis is None or not ops.shape(machine, a):
        a, axis = ops.reshape(machine, a, (-1,)), 0
    return ops.call(machine, name, a, dim=axis)


def scipy_softmax(machine: Machine, name: str, x: Any, axis: Any) -> Any:
    """scipy's softmax and log_softmax: over all elements where no axis is named."""
    x = ops.tensor(machine, x)
    if axis is not None:
        if isinstance(axis, list | tuple):
            raise UnsupportedError(f"{name} along several axes")
        return ops.call(machine, name, x, dim=axis)
    row = ops.call(machine, name, ops.reshape(machine, x, (-1,)), dim=0)
    return ops.reshape(machine, row, ops.shape(machine, x))


@alike
def implicit_softmax(machine: Machine, name: str, input: Any, dim: Any) -> Any:
    """torch.nn.functional's softmax: without dim along dimension 0 of ranks 0, 1 and 3, else 1."""
    if dim is None:
        dim = 0 if len(ops.shape(machine, input)) in (0, 1, 3) else 1
    return ops.call(machine, name, input, dim=dim)


def weighted_logsumexp(machine: Machine, a: Any, axis: Any, b: Any, keepdims: Any) -> Any:
    """scipy's logsumexp, whose terms may have factors b."""
    a = ops.tensor(machine, a)
    if keepdims and not ops.shape(machine, a):
        raise ShapeError("logsumexp of one number with kept dimensions")
    if b is None:
        return along(machine, "logsumexp", a, axis, keepdims)
    # shifted by the greatest, which changes nothing but what floats can hold
    greatest = machine.detach(ops.call(machine, "amax", a, dim=axis, keepdim=True), None)
    shifted = ops.call(machine, "exp", ops.binary(machine, "sub", a, greatest))
    terms = ops.binary(machine, "mul", ops.tensor(machine, b), shifted)
    total = ops.call(machine, "log", along(machine, "sum", terms, axis, keepdims))
    shape = ops.shape(machine, total)
    return ops.binary(machine, "add", total, ops.reshape(machine, greatest, shape))
