"""What readings of random numbers have in common."""

import math
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.lang import ops, writing
from gradcalc.lang.backend import check_elements
from gradcalc.lang.chance import Source
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import text_of


def sizes_of(machine: Machine, given: Any) -> tuple[int, ...]:
    """The shape that is asked for, by one number or several. Raises `InvalidValueError`."""
    sizes = tuple(given) if isinstance(given, list | tuple) else (given,)
    found = tuple(ops.integer(machine, size) for size in sizes)
    if min(found, default=0) < 0:
        raise InvalidValueError(f"a size cannot be negative: {min(found)}")
    check_elements(called(machine), math.prod(found), machine.limits.elements)
    return found


def noted(machine: Machine, source: Source) -> Any:
    """What draws, once it is remembered that it does."""
    machine.dice.note(source, text_of(machine.node, machine.source), machine.place)
    return source.engine


def data_of(machine: Machine, value: Any, what: str) -> Any:
    """Numbers on which a draw hangs, as numpy or Python has them."""
    ops.refuse_gradient(machine, what, value)
    if machine.is_tensor(value):
        found = machine.elements(value)
        found = found.astype(np.int64) if machine.is_integer(value) else found
        return found if found.ndim else found.item()
    if isinstance(value, list | tuple | range):
        return [data_of(machine, item, what) for item in value]
    return value


def held(machine: Machine, found: Any) -> Any:
    """What was drawn, as a program holds it."""
    if isinstance(found, np.ndarray):
        made = machine.drawn(found.astype(np.float64))
        return machine.mark_integer(made) if found.dtype.kind in "iu" else made
    return found.item() if isinstance(found, np.generic) else found


def seed_of(machine: Machine, value: Any) -> Any:
    """A seed as the text gives it."""
    found = data_of(machine, value, "a seed")
    whole = found if isinstance(found, list) else [found]
    if found is None or not all(type(part) is int for part in whole):
        raise InvalidValueError(
            f"{called(machine)} takes a whole number for its seed",
            hint="without one leave the call out: --seed says what the numbers are drawn from",
        )
    return found


def order_of(engine: Any, name: str, count: int, rank: int) -> Any:
    """In which order a generator puts so many items, each of a rank of its own."""
    rows = np.arange(count).reshape(count, *[1] * (rank - 1))
    found = getattr(engine, name)(rows)
    return (rows if found is None else found).reshape(count)


def shuffled(machine: Machine, x: Any, source: Source) -> None:
    """Put the items of a list, or of a tensor along its first dimension, in a drawn order."""
    if isinstance(x, list):
        places = list(range(len(x)))
        noted(machine, source).shuffle(places)
        x[:] = [x[place] for place in places]
        return
    if not isinstance(x, Tensor) or not x.shape:
        raise InvalidValueError(f"{machine.describe(x)} cannot be shuffled")
    order = order_of(noted(machine, source), "shuffle", x.shape[0], len(x.shape))
    writing.over(machine, x, ops.index(machine, x, (order,)))
