"""The greatest and least elements, and the positions that put elements in order."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.expr import ops
from gradcalc.primitives.placing import slices
from gradcalc.primitives.reductions import Extremes
from gradcalc.primitives.row import Structural, fitted
from gradcalc.primitives.shapes import axis

VECTOR = [0.5, -1.5, 2.0]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]


def _topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    place = axis(x.shape, dim)
    size = x.shape[place] if x.shape else 1
    if not 0 <= k <= size:
        raise InvalidValueError(f"topk of {k} elements out of {size}")
    if not sorted:
        raise UnsupportedError("topk without an order leaves the order open", hint="sorted=True")
    return x, k, place, bool(largest)


def _topk_form(f: Any, x: Any, k: int, dim: int, largest: bool) -> Extremes:
    if not x.ndim:
        found = f(ops.RESHAPE, x, shape=(1,))
        values = f(ops.INDEX, found, key=((0, k, 1),))
        return Extremes(_scalar(f, values) if k else values, f.literal(np.zeros(() if k else (0,))))
    order = f(ops.SORT, x, axis=dim, descending=largest)
    values = f(ops.INDEX, order, key=(*slices(x.shape[:dim]), (0, k, 1)))
    places = f.positions(x, "order", dim, descending=largest)
    return Extremes(values, f.literal(np.take(places, np.arange(k), dim)))


def _scalar(f: Any, x: Any) -> Any:
    return f(ops.RESHAPE, x, shape=())


def _kth(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    place = axis(x.shape, dim)
    size = x.shape[place] if x.shape else 1
    if not 1 <= k <= size:
        raise InvalidValueError(f"kthvalue {k} out of {size}")
    return x, k, place, bool(keepdim)


def _kth_form(f: Any, x: Any, k: int, dim: int, keepdim: bool) -> Extremes:
    if not x.ndim:
        return Extremes(x, f.literal(np.zeros(())))
    order = f(ops.SORT, x, axis=dim, descending=False)
    values = f(ops.INDEX, order, key=(*slices(x.shape[:dim]), k - 1))
    places = np.take(f.positions(x, "order", dim, descending=False), k - 1, dim)
    if keepdim:
        values = ops.expanded(f, values, x.shape, (dim,))
        places = np.expand_dims(places, dim)
    return Extremes(values, f.literal(places))


def _argsort(x: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    return x, axis(x.shape, dim), bool(descending), bool(stable)


def _argsort_form(f: Any, x: Any, dim: int, descending: bool, stable: bool) -> Any:
    if not x.ndim:
        return f.literal(np.zeros(()))
    # where two elements tie, the positions jump
    f(ops.SORT, x, axis=dim, descending=descending)
    return f.literal(f.positions(x, "order", dim, descending=descending))


PLACED: tuple[Structural, ...] = (
    fitted("topk", _topk, _topk_form,
           ((VECTOR, {"k": 2}), (MATRIX, {"k": 2, "dim": 1}), (MATRIX, {"k": 1, "dim": 0}),
            (MATRIX, {"k": 2, "largest": False})),
           "the k greatest elements along dim, in order: a pair (values, positions)",
           lambda t, x, k, dim, largest: Extremes(*t.topk(x, k, dim, largest))),
    fitted("kthvalue", _kth, _kth_form,
           ((VECTOR, {"k": 2}), (MATRIX, {"k": 1, "dim": 1, "keepdim": True}),
            (MATRIX, {"k": 2, "dim": 0})),
           "the k-th element of those in order along dim: a pair (values, positions)",
           lambda t, x, k, dim, keepdim: Extremes(*t.kthvalue(x, k, dim, keepdim))),
    fitted("argsort", _argsort, _argsort_form,
           ((VECTOR,), (MATRIX, {"dim": 0}), (MATRIX, {"descending": True}),
            (VECTOR, {"stable": True})),
           "positions of the elements in order along dim, which have no gradient",
           lambda t, x, dim, descending, stable: t.argsort(
               x, dim=dim, descending=descending, stable=stable)),
)  # fmt: skip
