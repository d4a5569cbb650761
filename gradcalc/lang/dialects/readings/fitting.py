"""numpy's loops over places, and polynomials that are fitted to points."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings import series
from gradcalc.lang.machine import Machine, Once
from gradcalc.primitives.shapes import numbers


def places(machine: Machine, shape: Any) -> Once:
    """ndindex: all places of a shape, the last counted fastest."""
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        (shape,) = shape
    sizes = tuple(ops.integer(machine, size) for size in shape)
    if any(size < 0 for size in sizes):
        raise InvalidValueError("negative dimensions are not allowed", python="ValueError")
    return Once("ndindex", _counted(machine, sizes))


def enumerated(machine: Machine, arr: Any) -> Once:
    """ndenumerate: each place with what stands there."""
    x = ops.tensor(machine, arr)

    def pairs() -> Iterator[tuple[Any, Any]]:
        for place in _counted(machine, machine.shape(x)):
            yield place, ops.index(machine, x, place)

    return Once("ndenumerate", pairs())


def _counted(machine: Machine, sizes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for place in np.ndindex(*sizes):
        machine.budget.tick()
        yield tuple(map(int, place))


def polynomial(machine: Machine, x: Any, y: Any, deg: Any, w: Any) -> Any:
    """polyfit: the polynomial that is nearest to points, the highest power first."""
    x, y = ops.tensor(machine, x), ops.tensor(machine, y)
    across, up = machine.shape(x), machine.shape(y)
    if len(across) != 1 or len(up) not in (1, 2) or up[0] != across[0] or not across[0]:
        raise ShapeError(f"polyfit of shapes {across} and {up}", python="TypeError")
    (degree,) = numbers(deg)
    if degree < 0 or not float(degree).is_integer():
        raise InvalidValueError("the degree of a polynomial is 0, 1, 2, ...", python="ValueError")
    if degree >= across[0]:
        raise InvalidValueError(
            f"points as few as {across[0]} lie on many polynomials of degree {int(degree)}"
        )
    table = series.powers(machine, x, int(degree) + 1, increasing=False)
    if w is not None:
        w = ops.tensor(machine, w)
        if machine.shape(w) != across:
            raise ShapeError("polyfit has a weight for each point", python="TypeError")
        column = ops.call(machine, "unsqueeze", w, -1)
        table = ops.binary(machine, "mul", table, column)
        y = ops.binary(machine, "mul", y, w if len(up) == 1 else column)
    if len(up) == 2:
        return ops.call(machine, "lstsq", table, y)
    found = ops.call(machine, "lstsq", table, ops.call(machine, "unsqueeze", y, -1))
    return ops.call(machine, "squeeze", found, -1)
