"""Numbers between two others: evenly spaced, or their powers, or of one ratio.

numpy's and jax's depend on their bounds, torch takes these as plain numbers.
"""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops, plain
from gradcalc.lang.backend import check_elements
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.readings import called, layout
from gradcalc.lang.machine import Machine


def _count(machine: Machine, num: Any) -> int:
    count = ops.integer(machine, num)
    if count < 0:
        raise InvalidValueError(f"there cannot be {count} numbers", python="ValueError")
    return count


def _is_fixed(machine: Machine, *bounds: Any) -> bool:
    """Whether bounds are numbers that no gradient flows back to."""
    return all(
        plain.is_number(v)
        or (machine.is_tensor(v) and not machine.shape(v) and not machine.carries(v))
        for v in bounds
    )


def _constants(machine: Machine, start: Any, stop: Any, count: int, endpoint: bool) -> Any:
    if endpoint:
        return BUILTINS["linspace"].call(machine, start, stop, count)
    points = BUILTINS["linspace"].call(machine, start, stop, count + 1)
    return ops.index(machine, points, (slice(0, count),))


def _between(machine: Machine, start: Any, stop: Any, count: int, endpoint: bool) -> Any:
    """The numbers along a first axis, and how far they are apart, None where that is left open."""
    first, last = (ops.as_floats(machine, ops.tensor(machine, v)) for v in (start, stop))
    apart = ops.binary(machine, "sub", last, first)
    shape = ops.shape(machine, apart)
    check_elements(called(machine), count * math.prod(shape), machine.limits.elements)
    parts = count - 1 if endpoint else count
    step = ops.binary(machine, "div", apart, float(parts)) if parts > 0 else None
    places = np.arange(float(count)).reshape(-1, *[1] * len(shape))
    steps = machine.constant(places)
    # of one number alone it is the first bound, though none to its last
    moved = ops.binary(machine, "mul", steps, apart if step is None else step)
    return ops.binary(machine, "add", moved, first), step


def _placed(machine: Machine, found: Any, axis: Any) -> Any:
    return found if axis == 0 else layout.moved(machine, a=found, source=0, destination=axis)


def spaced(
    machine: Machine, start: Any, stop: Any, num: Any, endpoint: Any, retstep: Any = False,
    axis: Any = 0,
) -> Any:  # fmt: skip
    """numpy's linspace, of numbers or of arrays, with its end or without it."""
    count = _count(machine, num)
    if _is_fixed(machine, start, stop) and not retstep and axis in (0, -1):
        return _constants(machine, start, stop, count, endpoint)
    found, step = _between(machine, start, stop, count, endpoint)
    found = machine.mark_array(_placed(machine, found, axis))
    if not retstep:
        return found
    return found, machine.constant(np.array(np.nan)) if step is None else step


def powers(
    machine: Machine, start: Any, stop: Any, num: Any, endpoint: Any, base: Any, axis: Any = 0
) -> Any:
    """numpy's logspace: powers of a base, their exponents evenly spaced."""
    return _raised(machine, base, spaced(machine, start, stop, num, endpoint, axis=axis))


def _raised(machine: Machine, base: Any, exponents: Any) -> Any:
    root = base if plain.is_number(base) else machine.number(base)
    if root <= 0:
        raise InvalidValueError(f"{called(machine)} of the base {root:g}")
    base = float(base) if plain.is_number(base) else base
    return ops.binary(machine, "pow", base, exponents)


def geometric(
    machine: Machine, start: Any, stop: Any, num: Any, endpoint: Any, axis: Any = 0
) -> Any:
    """numpy's geomspace: numbers of one ratio."""
    first, last = (ops.as_floats(machine, ops.tensor(machine, v)) for v in (start, stop))
    ratio = ops.binary(machine, "div", last, first)
    ends = [np.sign(machine.elements(v)) for v in (first, last)]
    if not bool(np.all(ends[0] * ends[1] > 0)):
        raise InvalidValueError(
            "geomspace needs bounds of one sign, and none that is 0",
            hint="np.linspace(a, b, n) has no such bounds",
        )
    count = _count(machine, num)
    if _is_fixed(machine, start, stop) and axis in (0, -1):
        check_elements(called(machine), count, machine.limits.elements)
        bounds = (machine.number(first), machine.number(last))
        return machine.constant(np.geomspace(*bounds, count, endpoint=bool(endpoint)))
    exponents, _ = _between(machine, 0.0, ops.call(machine, "log", ratio), count, endpoint)
    found = ops.binary(machine, "mul", first, ops.call(machine, "exp", exponents))
    return machine.mark_array(_placed(machine, found, axis))


def torch_spaced(machine: Machine, start: Any, end: Any, steps: Any) -> Any:
    """torch's linspace, which takes its bounds as plain numbers."""
    count = _count(machine, steps)
    if _is_fixed(machine, start, end):
        return _constants(machine, start, end, count, True)
    found, _ = _between(machine, start, end, count, True)
    return machine.cut_by(found, "linspace")


def torch_powers(machine: Machine, start: Any, end: Any, steps: Any, base: Any) -> Any:
    """torch's logspace, which takes its bounds as plain numbers."""
    if not plain.is_number(base):
        raise UnsupportedError("torch takes no tensor for a base", hint="write base**linspace(...)")
    count = _count(machine, steps)
    if _is_fixed(machine, start, end):
        return _raised(machine, base, _constants(machine, start, end, count, True))
    found, _ = _between(machine, start, end, count, True)
    return machine.cut_by(_raised(machine, base, found), "logspace")
