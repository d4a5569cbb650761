"""Arrays handed from one library to the other, put in order, and open meshes of places."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops, places, views
from gradcalc.lang.machine import Machine


def shared(machine: Machine, ndarray: Any) -> Any:
    """torch.from_numpy: the same memory."""
    if machine.carries(ndarray):
        raise UnsupportedError(
            "from_numpy takes numpy's arrays, by which torch has no gradient",
            hint="leave it out, or write it for what is data alone",
        )
    return ndarray


def in_order(machine: Machine, a: Any) -> Any:
    """np.ascontiguousarray, which gives one dimension at least."""
    tensor = ops.tensor(machine, a)
    if not machine.shape(tensor):
        return machine.mark_array(ops.reshape(machine, tensor, (1,)))
    return machine.mark_array(views.contiguous(machine, tensor))


def open_mesh(machine: Machine, args: Any) -> tuple[Any, ...]:
    """np.ix_: places along each dimension, of which each goes with each of the others."""
    found = []
    for number, part in enumerate(args):
        given = ops.tensor(machine, part)
        if len(machine.shape(given)) != 1:
            raise InvalidValueError("ix_ takes sequences of one dimension", python="ValueError")
        if machine.is_mask(given):
            at = np.flatnonzero(machine.elements(given))
        else:
            at = places.numbers(machine, given)
        shape = tuple(-1 if k == number else 1 for k in range(len(args)))
        along = machine.constant(np.asarray(at, float).reshape(shape))
        found.append(machine.mark_integer(along))
    return tuple(found)


RAISING = ("raise", "call", "log")
"""What numpy can be told to do about errors that changes what a program gives."""


def told_of_errors(machine: Machine, **kinds: Any) -> dict[str, str]:
    """np.seterr, where it changes no number: what was so before is what numpy begins with."""
    if any(kind in RAISING for kind in kinds.values()):
        raise UnsupportedError(
            "numpy is told to raise errors of numbers, which it does not here",
            hint="leave it out: the verdict says where numbers are not finite",
        )
    return dict.fromkeys(("divide", "over", "invalid"), "warn") | {"under": "ignore"}
