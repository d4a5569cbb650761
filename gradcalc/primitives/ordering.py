"""Elements in order, and running sums and products."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.expr import ops
from gradcalc.primitives.row import Structural
from gradcalc.primitives.structural import MATRIX, VECTOR, Extremes, one_axis

Call = Callable[..., Any]


def _torch_sort(t: Any, x: Any, dim: int = -1, descending: bool = False) -> Extremes:
    return Extremes(*t.sort(x, one_axis(dim, x) if x.ndim else 0, descending))


def _torch_running(name: str) -> Call:
    def torch(t: Any, x: Any, dim: int | None = None) -> Any:
        if not x.ndim:
            return x
        function = getattr(t, name)
        return function(x.reshape(-1), 0) if dim is None else function(x, one_axis(dim, x))

    return torch


def _sort_form(f: Any, x: Any, dim: int = -1, descending: bool = False) -> Extremes:
    if not x.ndim:
        return Extremes(x, f.literal(np.zeros(())))
    number, wanted = one_axis(dim, x), bool(descending)
    values = f(ops.SORT, x, axis=number, descending=wanted)
    return Extremes(values, f.literal(f.positions(x, "order", number, descending=wanted)))


def _running_form(op: Any) -> Call:
    def form(f: Any, x: Any, dim: int | None = None) -> Any:
        if not x.ndim:
            return x
        if dim is None and x.ndim > 1:
            return f(op, f(ops.RESHAPE, x, shape=(int(np.prod(x.shape)),)), axis=0)
        return f(op, x, axis=0 if dim is None else one_axis(dim, x))

    return form


RUNNING: tuple[tuple[Any, ...], ...] = (
    (VECTOR,),
    (MATRIX,),
    (MATRIX, {"dim": 0}),
    (MATRIX, {"dim": -1}),
    (2.5, {"dim": 0}),
)

ORDERING: tuple[Structural, ...] = (
    Structural(
        name="sort",
        form=_sort_form,
        torch=_torch_sort,
        samples=(
            (VECTOR,),
            (MATRIX, {"dim": 0}),
            (MATRIX, {"descending": True}),
            (2.5,),
        ),
        doc="elements in order along dim: a pair (values, positions) as torch (numpy: values)",
    ),
    Structural(
        name="cumsum",
        form=_running_form(ops.CUMSUM),
        torch=_torch_running("cumsum"),
        samples=RUNNING,
        doc="running sum along dim; without dim of all elements in a row, as numpy",
    ),
    Structural(
        name="cumprod",
        form=_running_form(ops.CUMPROD),
        torch=_torch_running("cumprod"),
        samples=RUNNING,
        doc="running product along dim; without dim of all elements in a row, as numpy",
    ),
)
