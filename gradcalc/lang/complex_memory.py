"""The memory that complex numbers share with the real ones that they are viewed as."""

from functools import reduce
from typing import Any

from gradcalc.lang import memory, ops
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor, View


def viewed(machine: Machine, re: Tensor, im: Tensor) -> Tensor | None:
    """Both parts side by side along a last dimension, in their own memory.

    None where that is not known to be one memory.
    """
    parts = (re, im)
    owners = [part.owner for part in parts]
    if any(memory.is_unsure(part) for part in parts) or any(o.sealed or o.doubtful for o in owners):
        return None
    if any(owner.unwritten is not None for owner in owners):
        return None
    if owners[0] is not owners[1] and not _join(machine, *owners):
        return None
    source = re.owner
    views = [list(reversed(memory.views(part))) for part in parts]

    def read(held: Any) -> Any:
        found = [reduce(lambda v, view: view.read(v), chain, held) for chain in views]
        return machine.apply("stack", tensors=found, dim=-1)

    def find(places: Any) -> Any:
        found = [reduce(lambda p, view: view.find(p), chain, places) for chain in views]
        return memory.side_by_side(*found)

    every = [view for chain in views for view in chain]
    view = View(
        source, read, find,
        cut=any(v.cut for v in every), closed=any(v.closed for v in every),
        several=any(v.several for v in every),
    )  # fmt: skip
    value = ops.call(machine, "stack", [re, im], -1)
    return memory.viewed(source, machine.raw(value), value.shape, view, moved=False)


def _join(machine: Machine, re: Tensor, im: Tensor) -> bool:
    """Have two owners of memory stand in one, side by side. Says whether that can be done."""
    flows = machine.carries(re) or machine.carries(im)
    if re.shape != im.shape or (machine.frozen and flows):
        return False
    whole = ops.call(machine, "stack", [re, im], -1)
    whole.version = max(re.version, im.version)
    for place, part in enumerate((re, im)):
        if machine.watch is not None:
            machine.watch.moved(part, whole)
        key = (Ellipsis, place)
        part.view = View(
            whole,
            lambda held, key=key: machine.apply("index", x=held, key=key),  # type: ignore[misc]
            lambda places, key=key: places[key],  # type: ignore[misc]
        )
        part.ordered = False
    return True
