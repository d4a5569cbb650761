"""Products of all elements, running sums and products."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from typing import Any

import numpy as np

from gradcalc.expr.joining import CONCAT, TRIU
from gradcalc.expr.linear import MATMUL
from gradcalc.expr.moving import FLIP, INDEX, PERMUTE, RESHAPE, inverse_order
from gradcalc.expr.nodes import LITERAL, Data, Node, Op, Shape
from gradcalc.expr.reducing import BROADCAST, SUM, expanded, reduced, reduction_text
from gradcalc.expr.written import POWER, PRODUCT, Text

FEW = 64
"""Elements up to which a recurrence is gone through one after the other."""


UNWRITTEN = "the derivative of a running product is not written out"

LARGEST_EYE = 1000
"""The largest identity matrix that is written into a formula."""


def _others(m: Any, x: Any, axes: Shape) -> Any:
    """The product of all other elements: exclusive running products from both sides."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose([*rest, *axes])
    flat = rows.reshape([*rows.shape[: len(rest)], math.prod(rows.shape[len(rest) :])])
    before, behind = _before(m, flat), _before(m, flat[..., ::-1])[..., ::-1]
    return (before * behind).reshape(rows.shape).transpose(np.argsort([*rest, *axes]))


def _before(m: Any, rows: Any) -> Any:
    """The products of what stands before each element, along the last dimension."""
    one = m.ones((*rows.shape[:-1], 1))
    return np.concatenate([one, np.cumprod(rows[..., :-1], -1)], -1)[..., : rows.shape[-1]]


def _others_form(f: Any, x: Any, axes: Shape) -> Any:
    """The product of all other elements: what stands before each, and what stands behind."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = f(PERMUTE, x, order=(*rest, *axes))
    shape = rows.shape
    flat = f(RESHAPE, rows, shape=(*shape[: len(rest)], math.prod(shape[len(rest) :])))
    before = _exclusive(f, flat)
    last = (flat.ndim - 1,)
    behind = f(FLIP, _exclusive(f, f(FLIP, flat, axes=last)), axes=last)
    found = f(RESHAPE, f.scalar("mul", before, behind), shape=shape)
    return f(PERMUTE, found, order=inverse_order((*rest, *axes)))


def _exclusive(f: Any, rows: Any) -> Any:
    """The running products of rows, each without its own element."""
    size = rows.shape[-1]
    if not size:
        return rows
    one = f(LITERAL, data=Data.of(np.ones((*rows.shape[:-1], 1))))
    key = (*[(0, n, 1) for n in rows.shape[:-1]], (0, size - 1, 1))
    running = f(CUMPROD, f(INDEX, rows, key=key), axis=rows.ndim - 1)
    return f(CONCAT, one, running, axis=rows.ndim - 1)


def _others_text(w: Any, node: Node, axes: Shape) -> Any:
    (x,) = node.operands
    if not w.careful:
        product = w.reduction("prod", x, axes, keep=len(axes) < x.ndim)
        return Text(f"{product.text}/{w(x).within(POWER)}", PRODUCT)
    size = math.prod(x.shape)
    if len(axes) < x.ndim or size > LARGEST_EYE:
        raise w.unprintable("it would divide by a factor that is zero here")
    row = w(x).text if x.ndim == 1 else f"flatten({w(x).text})"
    product = w.call("prod", Text(f"where(eye({size}) == 1, 1, {row})"), axis=1)
    return product if x.ndim == 1 else w.call("reshape", product, x.shape)


def recurrence(factors: Any, terms: Any) -> Any:
    """r[k] = factors[k] r[k-1] + terms[k] along the last dimension, from 0 on.

    In blocks side by side, so that there are as many steps as the root of the size: a block that
    does not begin with 0 has what it begins with times its factors so far on top.
    """
    size = factors.shape[-1]
    if not math.prod(factors.shape):
        return terms
    width = size if size <= FEW else math.isqrt(size - 1) + 1
    if width < size:
        short = (*factors.shape[:-1], -size % width)
        blocks = (*factors.shape[:-1], -1, width)
        products, sums = (
            np.concatenate([x, np.zeros_like(x, shape=short)], -1).reshape(blocks).copy()
            for x in (factors, terms)
        )
    else:
        products, sums = factors[..., None, :].copy(), terms[..., None, :].copy()
    for k in range(1, width):
        sums[..., k] = products[..., k] * sums[..., k - 1] + sums[..., k]
        if width < size:
            products[..., k] = products[..., k] * products[..., k - 1]
    for k in range(1, sums.shape[-2]):
        sums[..., k, :] = products[..., k, :] * sums[..., k - 1, -1:] + sums[..., k, :]
    return sums.reshape((*factors.shape[:-1], -1))[..., :size]


def _cumprod_back(m: Any, g: Any, x: Any, axis: int) -> Any:
    """The cotangent of a running product: r[i] = g[i] + x[i+1] r[i+1], times what stands before."""
    rows, weights = (np.flip(np.moveaxis(z, axis, -1), -1) for z in (x, g))
    one = m.ones((*rows.shape[:-1], 1))
    # from the end, the factor of the last is of no matter
    rest = recurrence(np.concatenate([one, rows[..., :-1]], -1)[..., : rows.shape[-1]], weights)
    return np.moveaxis(_before(m, np.flip(rows, -1)) * np.flip(rest, -1), -1, axis)


def _cumprod_along(m: Any, t: Any, x: Any, axis: int) -> Any:
    """The tangent of a running product: d[i] = d[i-1] x[i] + p[i-1] t[i]."""
    rows, moves = np.moveaxis(x, axis, -1), np.moveaxis(t, axis, -1)
    return np.moveaxis(recurrence(rows, _before(m, rows) * moves), -1, axis)


def _by_factors(f: Any, g: Any, x: Any, axis: int, *, back: bool) -> Any:
    """The derivative of running products by every factor, times a tangent or a cotangent."""
    rank, size = x.ndim, x.shape[axis]
    order = (*[k for k in range(rank) if k != axis], axis)
    rows, given = (f(PERMUTE, z, order=order) for z in (x, g))
    front = rows.shape[:-1]
    square = f(BROADCAST, f(RESHAPE, rows, shape=(*front, 1, size)), shape=(*front, size, size))
    eye = np.eye(size)
    others, ones = (f(LITERAL, data=Data.of(array)) for array in (1 - eye, eye))
    # in each row k the factor k is left out
    left_out = f.scalar("add", f.scalar("mul", square, others), ones)
    slopes = f(TRIU, f(CUMPROD, left_out, axis=rank), diagonal=0)
    if back:
        column = f(RESHAPE, given, shape=(*front, size, 1))
        found = f(MATMUL, slopes, column)
    else:
        found = f(MATMUL, f(RESHAPE, given, shape=(*front, 1, size)), slopes)
    return f(PERMUTE, f(RESHAPE, found, shape=(*front, size)), order=inverse_order(order))


def _running_text(name: str) -> Any:
    def text(w: Any, node: Node, axis: int) -> Any:
        (x,) = node.operands
        return w.call(name, x, **({} if x.ndim == 1 else {"axis": axis}))

    return text


OTHERS: Op = Op("others", lambda x, axes: x, _others, text=_others_text, form=_others_form)
PROD: Op = Op(
    "prod",
    reduced,
    lambda m, x, axes: m.asarray(np.prod(x, axis=axes)),
    lambda f, g, y, x, axes: [
        f.scalar("mul", expanded(f, g, x.shape, axes), f(OTHERS, x, axes=axes))
    ],
    reduction_text("prod"),
    jvp=lambda f, t, y, x, axes: f(SUM, f.scalar("mul", t[0], _others_form(f, x, axes)), axes=axes),
)
CUMSUM: Op = Op(
    "cumsum",
    lambda x, axis: x,
    lambda m, x, axis: np.cumsum(x, axis),
    lambda f, g, y, x, axis: [
        f(FLIP, f(CUMSUM, f(FLIP, g, axes=(axis,)), axis=axis), axes=(axis,))
    ],
    _running_text("cumsum"),
    jvp="all",
)
CUMPROD: Op = Op(
    "cumprod",
    lambda x, axis: x,
    lambda m, x, axis: np.cumprod(x, axis),
    lambda f, g, y, x, axis: [f(CUMPROD_BACK, g, x, axis=axis)],
    _running_text("cumprod"),
    jvp=lambda f, t, y, x, axis: f(CUMPROD_ALONG, t[0], x, axis=axis),
)
CUMPROD_BACK: Op = Op(
    "cumprod_back",
    lambda g, x, axis: x,
    _cumprod_back,
    why=UNWRITTEN,
    form=lambda f, g, x, axis: _by_factors(f, g, x, axis, back=True),
)
CUMPROD_ALONG: Op = Op(
    "cumprod_along",
    lambda t, x, axis: x,
    _cumprod_along,
    why=UNWRITTEN,
    form=lambda f, t, x, axis: _by_factors(f, t, x, axis, back=False),
)
