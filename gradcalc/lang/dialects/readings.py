"""Calls that are not one primitive: what they mean, put together from primitives.

Each takes the machine, the syntax node of the call and the arguments of its signature by name.
"""

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError, UnsupportedError
from gradcalc.lang import plain
from gradcalc.lang.builtins import BUILTINS
from gradcalc.primitives import BY_NAME
from gradcalc.primitives.shapes import axis as one_of
from gradcalc.primitives.shapes import numbers as several

Node = ast.Call


def _call(machine: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    return machine.call_primitive(name, args, kwargs)


def _like(name: str, read: Any) -> Any:
    """A reading of calls that differ from the language's function in nothing but their words."""
    read.row = name
    return read


def language(name: str) -> Any:
    """A function of the language, its arguments in the order of the signature."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        return BUILTINS[name].call(machine, node, *values.values())

    return _like(name, read)


# -- arithmetic ------------------------------------------------------------------------


def scaled(name: str) -> Any:
    """torch's add and sub, whose second operand may be multiplied by alpha."""

    def read(machine: Any, node: Node, input: Any, other: Any, alpha: Any) -> Any:
        if alpha != 1:
            other = machine.binary("mul", other, alpha)
        return machine.binary(name, input, other)

    return _like(name, read)


def divided(machine: Any, node: Node, input: Any, other: Any, rounding_mode: Any) -> Any:
    """torch's div with its rounding modes."""
    if rounding_mode == "floor":
        return machine.binary("floordiv", input, other)
    quotient = machine.binary("div", input, other)
    if rounding_mode is None:
        return quotient
    if rounding_mode != "trunc":
        raise InvalidValueError(f"div rounds by 'floor' or 'trunc', not {rounding_mode!r}")
    return _call(machine, "trunc", quotient)


def ieee_remainder(machine: Any, node: Node, x: Any, y: Any) -> Any:
    """`math.remainder`: what is left of x beside the nearest multiple of y."""
    x, y = scalar(machine, x), scalar(machine, y)
    if all(plain.is_number(value) for value in (x, y)):
        return plain.compute("remainder", math.remainder, (x, y), machine.limits.bits)
    count = _call(machine, "round", machine.binary("div", x, y))
    return machine.binary("sub", x, machine.binary("mul", y, count))


def rounded(machine: Any, node: Node, **values: Any) -> Any:
    """Rounded to whole numbers; to decimals there is no primitive."""
    number, decimals = values.values()
    if decimals:
        raise UnsupportedError("rounding to decimals cannot be differentiated here")
    return _call(machine, "round", number)


def float_power(machine: Any, node: Node, x1: Any, x2: Any) -> Any:
    """numpy's float_power: a power of floats, whatever the operands."""
    return _call(machine, "pow", *[machine.as_floats(machine.tensor(v)) for v in (x1, x2)])


def binary_mask(name: str) -> Any:
    """`&`, `|`, `^` as functions: of truth values only."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        left, right = values.values()
        machine.check_masks(node_name(node), left, right)
        return machine.binary(name, left, right)

    return _like(name, read)


def inverted_mask(machine: Any, node: Node, **values: Any) -> Any:
    """`~` as a function."""
    (value,) = values.values()
    machine.check_masks(node_name(node), value)
    return machine.operate(BY_NAME["logical_not"], {"x": machine.tensor(value)})


def node_name(node: Node) -> str:
    """What is called, for a sentence."""
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "it")


def log_of_base(machine: Any, node: Node, x: Any, base: Any) -> Any:
    """`math.log`, to a base if one is given."""
    result = scalar_call(machine, "log", x)
    if base is None:
        return result
    return machine.binary("div", result, scalar_call(machine, "log", base))


def scalar(machine: Any, value: Any) -> Any:
    """An argument of a function of `math`: one number, as Python makes it of an array of one."""
    if not machine.is_tensor(value):
        return value
    if machine.shape(value):
        raise ShapeError(
            f"math's functions take one number, not a tensor of shape {machine.shape(value)}",
            hint="numpy and torch have them for tensors: np.exp(x), torch.exp(x)",
        )
    # of one of torch's tensors math makes a plain number, through which no gradient passes
    torchs = machine.program.naming.arrays == "torch"
    return machine.cut_by(value, "math") if torchs else value


def scalar_call(machine: Any, name: str, *args: Any) -> Any:
    """A primitive of single numbers, as `math` has it."""
    operands = [scalar(machine, value) for value in args]
    lifted = [machine.tensor(value) if plain.is_number(value) else value for value in operands]
    row = BY_NAME[name]
    own = getattr(row, "numbers", None)
    if own is not None and all(plain.is_number(value) for value in operands):
        return _call(machine, name, *operands)
    return _call(machine, name, *lifted)


def of_math(name: str) -> Any:
    """A function of `math` that is a primitive of single numbers."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        return scalar_call(machine, name, *values.values())

    return _like(name, read)


def length(machine: Any, node: Node, coordinates: Any) -> Any:
    """`math.hypot` of any number of coordinates."""
    parts = [scalar(machine, value) for value in coordinates]
    if len(parts) == 2:
        return scalar_call(machine, "hypot", *parts)
    return _call(machine, "norm", machine.tensor(list(parts))) if parts else 0.0


def added_up(machine: Any, node: Node, seq: Any) -> Any:
    """`math.fsum`."""
    return python_sum(machine, node, seq, 0)


def multiplied(machine: Any, node: Node, iterable: Any, start: Any) -> Any:
    """`math.prod`."""
    for item in machine.items(iterable):
        start = machine.operator_named("mul", start, item)
    return start


# -- Python's builtins -----------------------------------------------------------------


def python_sum(machine: Any, node: Node, iterable: Any, start: Any) -> Any:
    """Python's sum: the items one by one, which of a matrix are its rows."""
    for item in machine.items(iterable):
        start = machine.operator_named("add", start, item)
    return start


def python_extreme(name: str) -> Any:
    """Python's max or min: one of the values, chosen by comparing them in order."""
    comparison = {"max": "gt", "min": "lt"}[name]

    def read(machine: Any, node: Node, values: Any) -> Any:
        items = machine.items(values[0]) if len(values) == 1 else values
        if not len(items):
            raise InvalidValueError(f"{name} of nothing")
        best = items[0]
        for item in items[1:]:
            if machine.truth(machine.operator_named(comparison, item, best)):
                best = item
        return best

    return read


def python_round(machine: Any, node: Node, number: Any, ndigits: Any) -> Any:
    """Python's round of one number: arrays have none, and to digits there is no primitive."""
    if plain.is_number(number):
        return plain.compute("round", round, (number, ndigits), machine.limits.bits)
    if not machine.is_tensor(number) or machine.shape(number):
        raise InvalidValueError(
            f"round() takes one number, not {machine.describe(number)}",
            hint="torch.round(x) and np.round(x) round every element",
        )
    return rounded(machine, node, number=number, ndigits=ndigits)


# -- reductions ------------------------------------------------------------------------


def spread(name: str, **fixed: Any) -> Any:
    """torch's std and var in their three signatures."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        x, *_ = values.values()
        options = {k: v for k, v in values.items() if k in ("dim", "unbiased", "keepdim")}
        correction = values.get("correction", 1)
        if "unbiased" not in values:
            options["correction"] = 1 if correction is None else correction
        return _call(machine, name, x, **options)

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
    return _call(machine, name, a, dim=axis, keepdim=bool(keepdims), **options)


def reduced(name: str) -> Any:
    """A reduction of numpy that is a primitive."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        a, axis, keepdims = values.values()
        return along(machine, name, a, axis, keepdims)

    return _like(name, read)


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
    weights = machine.binary("mul", weights, _call(machine, "ones_like", a))
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
        found = _call(machine, keep, marks, dim=rest[0], keepdim=bool(rest[1]))
        return machine.binary("ne", found, 0)

    return read


def values_in_order(machine: Any, node: Node, a: Any, axis: Any, stable: Any) -> Any:
    """numpy's sort: the values only, of all elements in a row where the axis is None."""
    a = machine.tensor(a)
    if axis is None:
        a, axis = machine.reshape(a, (-1,)), 0
    if not machine.shape(a):
        raise ShapeError("sort of one number")
    return _call(machine, "sort", a, dim=axis).values


def sorted_stably(
    machine: Any, node: Node, input: Any, stable: Any, dim: Any, descending: Any
) -> Any:
    """torch's sort with its arguments by name: equal numbers have one order or the other."""
    return _call(machine, "sort", input, dim, descending)


def greater_of(name: str) -> Any:
    """torch's max and min of two tensors, element by element."""
    elementwise = {"max": "maximum", "min": "minimum"}[name]

    def read(machine: Any, node: Node, input: Any, other: Any) -> Any:
        return machine.binary(elementwise, input, other)

    return read


def position(name: str) -> Any:
    """numpy's argmax and argmin: the first of the greatest or least elements."""

    def read(machine: Any, node: Node, a: Any, axis: Any, keepdims: Any) -> Any:
        return _call(machine, name, machine.tensor(a), axis, bool(keepdims))

    return read


def running(name: str) -> Any:
    """numpy's running sums and products: of all elements in a row without an axis."""

    def read(machine: Any, node: Node, a: Any, axis: Any) -> Any:
        a = machine.tensor(a)
        if axis is None or not machine.shape(a):
            a, axis = machine.reshape(a, (-1,)), 0
        return _call(machine, name, a, dim=axis)

    return read


def scipy_softmax(name: str) -> Any:
    """scipy's softmax and log_softmax: over all elements where no axis is named."""

    def read(machine: Any, node: Node, x: Any, axis: Any) -> Any:
        x = machine.tensor(x)
        if axis is not None:
            if isinstance(axis, list | tuple):
                raise UnsupportedError(f"{name} along several axes")
            return _call(machine, name, x, dim=axis)
        row = _call(machine, name, machine.reshape(x, (-1,)), dim=0)
        return machine.reshape(row, machine.shape(x))

    return read


def implicit_softmax(name: str) -> Any:
    """torch.nn.functional's softmax: without dim along dimension 0 of ranks 0, 1 and 3, else 1."""

    def read(machine: Any, node: Node, input: Any, dim: Any) -> Any:
        if dim is None:
            dim = 0 if len(machine.shape(input)) in (0, 1, 3) else 1
        return _call(machine, name, input, dim=dim)

    return _like(name, read)


def weighted_logsumexp(machine: Any, node: Node, a: Any, axis: Any, b: Any, keepdims: Any) -> Any:
    """scipy's logsumexp, whose terms may have factors b."""
    if b is None:
        return along(machine, "logsumexp", a, axis, keepdims)
    terms = machine.binary("mul", machine.tensor(b), _call(machine, "exp", machine.tensor(a)))
    return _call(machine, "log", along(machine, "sum", terms, axis, keepdims))


# -- norms -----------------------------------------------------------------------------


def element_norm(machine: Any, node: Node, **values: Any) -> Any:
    """torch.norm: of the elements, whatever the rank."""
    x, p, dim, keepdim = values.values()
    if p == "nuc":
        raise _no_singular_values("the nuclear norm")
    if isinstance(p, str) and p != "fro":
        raise InvalidValueError(f"norm does not know p={p!r}")
    return _call(machine, "norm", x, 2 if p in (None, "fro") else p, dim, keepdim)


def vector_norm(machine: Any, node: Node, x: Any, ord: Any, dim: Any, keepdim: Any) -> Any:
    """torch.linalg.vector_norm."""
    return _call(machine, "norm", x, ord, dim, bool(keepdim))


def numpy_vector_norm(machine: Any, node: Node, x: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
    """numpy.linalg.vector_norm."""
    return _call(machine, "norm", x, ord, axis, bool(keepdims))


def matrix_norm(machine: Any, node: Node, **values: Any) -> Any:
    """torch.linalg.matrix_norm."""
    matrix, order, dim, keepdim = values.values()
    return _of_matrices(machine, matrix, order, tuple(dim), bool(keepdim))


def linalg_norm(machine: Any, node: Node, **values: Any) -> Any:
    """The norm of numpy's and torch's linalg: of vectors, or of matrices where the order says so.

    Without an order of all elements; with one of a vector, a matrix, or along axes.
    """
    x, order, axis, keepdims = values.values()
    x, keep = machine.tensor(x), bool(keepdims)
    rank = len(machine.shape(x))
    if order is None:
        return _call(machine, "norm", x, 2, axis, keep)
    if axis is None:
        if rank not in (1, 2):
            raise ShapeError(f"norm of order {order} needs a vector or a matrix, not rank {rank}")
        axis = tuple(range(rank))
    along_axes = several(axis)
    if len(along_axes) == 2:
        return _of_matrices(machine, x, order, along_axes, keep)
    if len(along_axes) != 1:
        raise ShapeError("norm goes along one axis or two")
    if isinstance(order, str):
        raise InvalidValueError(f"a vector has no norm {order!r}")
    return _call(machine, "norm", x, order, along_axes[0], keep)


def _of_matrices(machine: Any, x: Any, order: Any, axes: Sequence[int], keep: bool) -> Any:
    """A norm of matrices: Frobenius', or the largest or least sum of a column or row."""
    rank = len(machine.shape(x))
    if rank < 2:
        raise ShapeError(f"a matrix norm needs a matrix, not shape {machine.shape(x)}")
    rows, columns = (one_of(machine.shape(x), number) for number in axes)
    if rows == columns:
        raise ShapeError("a matrix norm needs two different axes")
    if order == "fro":
        return _call(machine, "norm", x, 2, (rows, columns), keep)
    if order in (2, -2, "nuc"):
        raise _no_singular_values(f"the matrix norm of order {order}")
    if order not in (1, -1, math.inf, -math.inf):
        raise InvalidValueError(f"a matrix has no norm of order {order}")
    summed, kept = (columns, rows) if order in (math.inf, -math.inf) else (rows, columns)
    sums = _call(machine, "sum", _call(machine, "abs", x), dim=summed, keepdim=True)
    found = _call(machine, "amax" if order > 0 else "amin", sums, dim=kept, keepdim=True)
    if keep:
        return found
    sizes = [s for k, s in enumerate(machine.shape(found)) if k not in (rows, columns)]
    return machine.reshape(found, tuple(sizes))


def _no_singular_values(what: str) -> UnsupportedError:
    return UnsupportedError(
        f"{what} needs singular values, which are not in the language",
        hint="ord='fro' is the root of the sum of squares",
    )


# -- products --------------------------------------------------------------------------


def of_ranks(name: str, *ranks: int) -> Any:
    """A product that takes operands of these ranks only, as torch has them."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        operands = [machine.tensor(value) for value in values.values()]
        given = [len(machine.shape(operand)) for operand in operands]
        if given != list(ranks):
            what = " and ".join(str(machine.shape(operand)) for operand in operands)
            wanted = " and ".join(str(rank) for rank in ranks)
            raise ShapeError(
                f"{node_name(node)} takes operands of rank {wanted}, not of shape {what}",
                hint="@ multiplies matrices and vectors",
            )
        return _call(machine, name, *operands)

    return _like(name, read)


def product(machine: Any, node: Node, **values: Any) -> Any:
    """The matrix product."""
    return machine.product(*[machine.tensor(value) for value in values.values()])


def numpy_dot(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's dot: a product where one is a scalar, else the matrix product up to rank 2."""
    a, b = (v if plain.is_number(v) else machine.tensor(v) for v in (a, b))
    if not machine.shape(a) or not machine.shape(b):
        return machine.operator_named("mul", a, b)
    return machine.product(a, b)


def numpy_inner(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's inner product, over the last axes."""
    a, b = machine.tensor(a), machine.tensor(b)
    if not machine.shape(a) or not machine.shape(b):
        return machine.operator_named("mul", a, b)
    if max(len(machine.shape(a)), len(machine.shape(b))) > 2:
        raise ShapeError("inner of more than two dimensions")
    return machine.product(a, _call(machine, "transpose", b))


def numpy_outer(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's outer product, of all elements in a row."""
    rows = [machine.reshape(machine.tensor(v), (-1,)) for v in (a, b)]
    return _call(machine, "outer", *rows)


def single(name: str) -> Any:
    """A function of one matrix, where the library takes stacks of them too."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        operands = [machine.tensor(value) for value in values.values()]
        if len(machine.shape(operands[0])) != 2:
            raise ShapeError(
                f"{name} takes one matrix here, not shape {machine.shape(operands[0])}"
            )
        return _call(machine, name, *operands)

    return _like(name, read)


# -- shapes ----------------------------------------------------------------------------


def numpy_transposed(machine: Any, node: Node, a: Any, axes: Any) -> Any:
    """numpy's transpose: the axes in another order, reversed where none is named."""
    a = machine.tensor(a)
    if axes is None or axes == () or axes == (None,):
        return _call(machine, "transpose", a)
    return _call(machine, "permute", a, axes)


def swapped(machine: Any, node: Node, a: Any, axis1: Any, axis2: Any) -> Any:
    """numpy's swapaxes."""
    return _call(machine, "transpose", a, axis1, axis2)


def numpy_diagonal(machine: Any, node: Node, a: Any, offset: Any, axis1: Any, axis2: Any) -> Any:
    """numpy's diagonal of any two axes."""
    return _call(machine, "diagonal", a, offset, axis1, axis2)


def numpy_last_diagonal(machine: Any, node: Node, x: Any, offset: Any) -> Any:
    """numpy.linalg.diagonal: of the last two axes."""
    return _call(machine, "diagonal", x, offset, -2, -1)


def matrix_transposed(machine: Any, node: Node, input: Any) -> Any:
    """torch's t: of at most two dimensions."""
    if len(machine.shape(input)) > 2:
        raise ShapeError(f"t() of more than two dimensions, of shape {machine.shape(input)}")
    return _call(machine, "transpose", input)


def numpy_squeezed(machine: Any, node: Node, a: Any, axis: Any) -> Any:
    """numpy's squeeze, which refuses an axis of another size than 1."""
    a = machine.tensor(a)
    shape = machine.shape(a)
    for number in () if axis is None else several(axis):
        if shape and shape[one_of(shape, number)] != 1:
            raise ShapeError(f"squeeze of axis {number}, whose size is not 1, of shape {shape}")
    return _call(machine, "squeeze", a, axis)


def with_axes(machine: Any, node: Node, a: Any, axis: Any) -> Any:
    """numpy's expand_dims, of one axis or several of the result."""
    a = machine.tensor(a)
    shape, places = list(machine.shape(a)), several(axis)
    rank = len(shape) + len(places)
    wanted = sorted(one_of([1] * rank, place) for place in places)
    if len(set(wanted)) < len(wanted):
        raise ShapeError(f"expand_dims names an axis twice: {tuple(places)}")
    for place in wanted:
        shape.insert(place, 1)
    return machine.reshape(a, tuple(shape))


def joined(machine: Any, node: Node, arrays: Any, axis: Any) -> Any:
    """numpy's concatenate: all elements in a row where the axis is None."""
    parts = [machine.tensor(part) for part in machine.items(arrays)]
    if axis is None:
        parts, axis = [machine.reshape(part, (-1,)) for part in parts], 0
    if any(not machine.shape(part) for part in parts):
        raise ShapeError("concatenate of single numbers", hint="write np.stack([a, b])")
    return _call(machine, "concat", parts, dim=axis)


def numpy_padded(
    machine: Any, node: Node, array: Any, pad_width: Any, mode: Any, constant_values: Any
) -> Any:
    """numpy's pad: one width for every side, one pair for every axis, or a pair for each."""
    x = machine.tensor(array)
    if mode != "constant":
        raise UnsupportedError(f"pad fills with constants only, not by {mode!r}")
    rank = len(machine.shape(x))
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (rank, 2))
    except ValueError:
        raise ShapeError(f"pad of shape {machine.shape(x)} by {pad_width}") from None
    amounts = tuple(int(n) for pair in widths[::-1] for n in pair)
    return _call(machine, "pad", x, amounts, value=constant_values)


def torch_padded(machine: Any, node: Node, input: Any, pad: Any, mode: Any, value: Any) -> Any:
    """torch's pad: pairs for the last dimension, the last but one, and so on."""
    if mode != "constant":
        raise UnsupportedError(f"pad fills with constants only, not by {mode!r}")
    return _call(machine, "pad", input, tuple(pad), value=0.0 if value is None else value)


def last_diagonal(machine: Any, node: Node, **values: Any) -> Any:
    """torch.linalg.diagonal: of the last two dimensions."""
    return _call(machine, "diagonal", *values.values())


def numpy_triangle(name: str) -> Any:
    """numpy's tril and triu, which refuse nothing but vectors here."""

    def read(machine: Any, node: Node, m: Any, k: Any) -> Any:
        return _call(machine, name, machine.tensor(m), diagonal=k)

    return _like(name, read)


def numpy_trace(machine: Any, node: Node, a: Any, offset: Any) -> Any:
    """numpy's trace of a matrix, of any of its diagonals."""
    a = machine.tensor(a)
    if len(machine.shape(a)) != 2:
        raise ShapeError(f"trace takes one matrix here, not shape {machine.shape(a)}")
    if not offset:
        return _call(machine, "trace", a)
    return _call(machine, "sum", _call(machine, "diagonal", a, offset))


def numpy_rolled(machine: Any, node: Node, a: Any, shift: Any, axis: Any) -> Any:
    """numpy's roll: of all elements in a row where no axis is named."""
    a = machine.tensor(a)
    if axis is None:
        return _call(machine, "roll", a, sum(several(shift)))
    shifts, axes = several(shift), several(axis)
    if len(shifts) == 1:
        shifts = shifts * len(axes)
    if len(axes) == 1:
        axes = axes * len(shifts)
    if len(shifts) != len(axes):
        raise ShapeError(f"roll by {len(shifts)} shifts along {len(axes)} axes")
    for count, place in zip(shifts, axes, strict=True):
        a = _call(machine, "roll", a, count, place)
    return a


# -- made anew -------------------------------------------------------------------------


def copied(machine: Any, node: Node, data: Any) -> Any:
    """torch.tensor: new numbers, through which no gradient passes."""
    return machine.cut_by(machine.tensor(data), node_name(node))


def copied_of_list(machine: Any, node: Node, data: Any) -> Any:
    """torch.as_tensor: a tensor is itself, a list is copied."""
    return data if machine.is_tensor(data) else copied(machine, node, data)


def arrayed(machine: Any, node: Node, **values: Any) -> Any:
    """np.array and np.asarray: a list as an array; an array itself, or a copy of it."""
    data, *_ = values.values()
    tensor = machine.tensor(data)
    return machine.copy(tensor) if values.get("copy") else tensor


def chosen_by_method(machine: Any, node: Node, self: Any, condition: Any, other: Any) -> Any:
    """torch's where as a method: the receiver where the condition holds."""
    return _call(machine, "where", condition, self, other)


def counted(machine: Any, node: Node, self: Any) -> Any:
    """torch's ndimension and nelement."""
    return machine.size(self) if node_name(node) == "nelement" else len(machine.shape(self))


def numpy_eye(machine: Any, node: Node, **values: Any) -> Any:
    """numpy's eye, with its ones on any diagonal."""
    rows, columns, diagonal = values.values()
    columns = rows if columns is None else columns
    # which says what is wrong with the sizes
    BUILTINS["eye"].call(machine, node, rows, columns)
    return machine.constant(np.eye(machine.integer(rows), machine.integer(columns), diagonal))


def numpy_linspace(machine: Any, node: Node, start: Any, stop: Any, num: Any, endpoint: Any) -> Any:
    """numpy's linspace of two numbers, with its end or without it."""
    if endpoint:
        return BUILTINS["linspace"].call(machine, node, start, stop, num)
    points = BUILTINS["linspace"].call(machine, node, start, stop, num + 1)
    return machine.index(points, (slice(0, num),))


def arranged(machine: Any, node: Node, bounds: Any) -> Any:
    """arange of one to three numbers."""
    if not 1 <= len(bounds) <= 3:
        raise InvalidValueError(f"arange takes one to three numbers, not {len(bounds)}")
    return BUILTINS["arange"].call(machine, node, *bounds)


def sized(machine: Any, node: Node, a: Any, axis: Any) -> Any:
    """numpy's size: how many elements there are, or places along an axis."""
    if axis is None:
        return machine.size(a)
    return BUILTINS["size"].call(machine, node, a, axis)


# -- losses ----------------------------------------------------------------------------


def loss(name: str) -> Any:
    """A loss, with the older words that torch takes for its reduction."""

    def read(
        machine: Any,
        node: Node,
        input: Any,
        target: Any,
        reduction: Any,
        size_average: Any = None,
        reduce: Any = None,
        **options: Any,
    ) -> Any:
        if size_average is not None or reduce is not None:
            average = size_average is None or machine.truth(size_average)
            wanted = reduce is None or machine.truth(reduce)
            reduction = ("mean" if average else "sum") if wanted else "none"
        if reduction not in ("mean", "sum", "none"):
            raise InvalidValueError(f"{name} is reduced by 'mean', 'sum' or 'none'")
        return _call(machine, name, input, target, reduction=reduction, **options)

    return _like(name, read)


def soft_plus(machine: Any, node: Node, x: Any) -> Any:
    """jax's softplus, which has no threshold."""
    x = machine.tensor(x)
    return machine.binary("logaddexp", x, machine.tensor(0.0))


def jax_gelu(machine: Any, node: Node, x: Any, approximate: Any) -> Any:
    """jax's gelu, which is the tanh form unless told otherwise."""
    return _call(machine, "gelu", machine.tensor(x), "tanh" if approximate else "none")


def single_plain(name: str) -> Any:
    """A function of one matrix, with options that say how it is computed."""

    def read(machine: Any, node: Node, a: Any, **options: Any) -> Any:
        return single(name)(machine, node, a=a)

    return read


def of_axis(name: str) -> Any:
    """jax's softmax and log_softmax."""

    def read(machine: Any, node: Node, x: Any, axis: Any) -> Any:
        return _call(machine, name, machine.tensor(x), axis)

    return _like(name, read)


def python_power(machine: Any, node: Node, base: Any, exp: Any) -> Any:
    """Python's pow, which is the operator."""
    return machine.operator_named("pow", base, exp)
