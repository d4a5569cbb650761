"""Sums, spreads, softmaxes and orders, as each library has them."""

from typing import Any

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang.dialects.readings.common import Node, call, like
from gradcalc.primitives.shapes import axis as one_of


def spread(name: str) -> Any:
    """torch's std and var in their three signatures."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        x, *_ = values.values()
        options = {k: v for k, v in values.items() if k in ("dim", "unbiased", "keepdim")}
        correction = values.get("correction", 1)
        if "unbiased" not in values:
            options["correction"] = 1 if correction is None else correction
        return call(machine, name, x, **options)

    return read


def numpy_spread(name: str) -> Any:
    """numpy's std and var, whose divisor is the count less ddof."""

    def read(
        machine: Any, node: Node, a: Any, axis: Any, ddof: Any, keepdims: Any, correction: Any
    ) -> Any:
        divisor = ddof if correction is None else correction
        return along(machine, name, a, axis, keepdims, correction=divisor)

    return read


def along(machine: Any, name: str, a: Any, axis: Any, keepdims: Any, **options: Any) -> Any:
    """A reduction as numpy has it: along no axis at all where the tuple of axes is empty."""
    a = machine.tensor(a)
    if isinstance(axis, list | tuple) and not len(axis) and machine.shape(a):
        raise UnsupportedError(f"{name} along no axis", hint="leave the axis out for all of them")
    return call(machine, name, a, dim=axis, keepdim=bool(keepdims), **options)


def reduced(name: str) -> Any:
    """A reduction of numpy that is a primitive."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        a, axis, keepdims = values.values()
        return along(machine, name, a, axis, keepdims)

    return like(name, read)


def weighted(machine: Any, node: Node, a: Any, axis: Any, weights: Any, keepdims: Any) -> Any:
    """`np.average`: the mean, or that with weights."""
    if weights is None:
        return along(machine, "mean", a, axis, keepdims)
    a, weights = machine.tensor(a), machine.tensor(weights)
    if machine.shape(a) != machine.shape(weights):
        if isinstance(axis, bool) or not isinstance(axis, int) or len(machine.shape(weights)) != 1:
            raise ShapeError("average needs a weight for each element, or for each place of axis")
        rank = len(machine.shape(a))
        sizes = [1] * rank
        sizes[one_of(machine.shape(a), axis)] = -1
        weights = machine.reshape(weights, tuple(sizes))
    weights = machine.binary("mul", weights, call(machine, "ones_like", a))
    total = along(machine, "sum", machine.binary("mul", a, weights), axis, keepdims)
    return machine.binary("div", total, along(machine, "sum", weights, axis, keepdims))


def truths(name: str) -> Any:
    """all or any along dimensions, as tensors of truth values."""
    keep = {"all": "amin", "any": "amax"}[name]

    def read(machine: Any, node: Node, **values: Any) -> Any:
        x, *rest = values.values()
        x = machine.tensor(x)
        if not rest or rest[0] is None:
            if len(rest) > 1 and rest[1]:
                raise UnsupportedError(f"{name} of all elements with kept dimensions")
            return bool(machine.holds(x, {"all": "logical_and", "any": "logical_or"}[name]))
        marks = machine.binary("ne", x, 0)
        if 0 in machine.shape(x):
            raise UnsupportedError(f"{name} of a tensor without elements along a dimension")
        found = call(machine, keep, marks, dim=rest[0], keepdim=bool(rest[1]))
        return machine.binary("ne", found, 0)

    return read


def values_in_order(machine: Any, node: Node, a: Any, axis: Any, stable: Any) -> Any:
    """numpy's sort: the values only, of all elements in a row where the axis is None."""
    a = machine.tensor(a)
    if axis is None:
        a, axis = machine.reshape(a, (-1,)), 0
    if not machine.shape(a):
        raise ShapeError("sort of one number")
    return call(machine, "sort", a, dim=axis).values


def sorted_stably(
    machine: Any, node: Node, input: Any, stable: Any, dim: Any, descending: Any
) -> Any:
    """torch's sort with its arguments by name: equal numbers have one order or the other."""
    return call(machine, "sort", input, dim, descending)


def position(name: str) -> Any:
    """numpy's argmax and argmin: the first of the greatest or least elements."""

    def read(machine: Any, node: Node, a: Any, axis: Any, keepdims: Any) -> Any:
        return call(machine, name, machine.tensor(a), axis, bool(keepdims))

    return read


def running(name: str) -> Any:
    """numpy's running sums and products: of all elements in a row without an axis."""

    def read(machine: Any, node: Node, a: Any, axis: Any) -> Any:
        a = machine.tensor(a)
        if axis is None or not machine.shape(a):
            a, axis = machine.reshape(a, (-1,)), 0
        return call(machine, name, a, dim=axis)

    return read


def scipy_softmax(name: str) -> Any:
    """scipy's softmax and log_softmax: over all elements where no axis is named."""

    def read(machine: Any, node: Node, x: Any, axis: Any) -> Any:
        x = machine.tensor(x)
        if axis is not None:
            if isinstance(axis, list | tuple):
                raise UnsupportedError(f"{name} along several axes")
            return call(machine, name, x, dim=axis)
        row = call(machine, name, machine.reshape(x, (-1,)), dim=0)
        return machine.reshape(row, machine.shape(x))

    return read


def implicit_softmax(name: str) -> Any:
    """torch.nn.functional's softmax: without dim along dimension 0 of ranks 0, 1 and 3, else 1."""

    def read(machine: Any, node: Node, input: Any, dim: Any) -> Any:
        if dim is None:
            dim = 0 if len(machine.shape(input)) in (0, 1, 3) else 1
        return call(machine, name, input, dim=dim)

    return like(name, read)


def of_axis(name: str) -> Any:
    """jax's softmax and log_softmax."""

    def read(machine: Any, node: Node, x: Any, axis: Any) -> Any:
        return call(machine, name, machine.tensor(x), axis)

    return like(name, read)


def weighted_logsumexp(machine: Any, node: Node, a: Any, axis: Any, b: Any, keepdims: Any) -> Any:
    """scipy's logsumexp, whose terms may have factors b."""
    a = machine.tensor(a)
    if keepdims and not machine.shape(a):
        raise ShapeError("logsumexp of one number with kept dimensions")
    if b is None:
        return along(machine, "logsumexp", a, axis, keepdims)
    # shifted by the greatest, which changes nothing but what floats can hold
    greatest = machine.detach(call(machine, "amax", a, dim=axis, keepdim=True), None)
    shifted = call(machine, "exp", machine.binary("sub", a, greatest))
    terms = machine.binary("mul", machine.tensor(b), shifted)
    total = call(machine, "log", along(machine, "sum", terms, axis, keepdims))
    shape = machine.shape(total)
    return machine.binary("add", total, machine.reshape(greatest, shape))
