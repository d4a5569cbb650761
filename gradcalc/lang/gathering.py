"""Calculating at places of which some may be named more than once."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.expr.nodes import Data
from gradcalc.lang import ops
from gradcalc.lang.indexing import check_key
from gradcalc.lang.machine import Machine
from gradcalc.primitives.indexing import index_places


def gathered(machine: Machine, tensor: Any, key: Sequence[Any], name: str, value: Any) -> Any:
    """The tensor, where each place of a key has become `name` of it and its value, in their order.

    Raises `ShapeError` for a value that does not fit, and for a key that is none.
    """
    shape = machine.shape(tensor)
    grid = np.arange(math.prod(shape)).reshape(shape)
    places = np.asarray(index_places(grid, check_key(tuple(key), shape)))
    made = ops.tensor(machine, value)
    if machine.shape(made) != places.shape:
        made = ops.call(machine, "broadcast_to", made, shape=places.shape)
    flat, values = places.reshape(-1), ops.reshape(machine, made, (-1,))
    turns = _turns(flat)
    result = ops.reshape(machine, tensor, (-1,))
    for turn in range(int(turns.max(initial=-1)) + 1):
        chosen = np.flatnonzero(turns == turn)
        where = Data.of(flat[chosen])
        before = ops.index(machine, result, (flat[chosen],))
        after = ops.binary(machine, name, before, ops.index(machine, values, (chosen,)))
        result = ops.call(machine, "index_put", result, [where], after)
    return ops.reshape(machine, result, shape)


def _turns(places: NDArray[Any]) -> NDArray[Any]:
    """How often each place was named before."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.searchsorted(ordered, ordered)
    turns = np.empty(len(places), dtype=np.int64)
    turns[order] = np.arange(len(places)) - first
    return turns
