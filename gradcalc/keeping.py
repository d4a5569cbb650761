"""What torch keeps of a program's tensors for its backward pass, and whether they changed since.

torch's operations keep operands or results that their derivatives need, and torch refuses to
differentiate where one of those was written into. gradcalc's calculation, whose tensors never
change, differentiates it all the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import torch

from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import FREED, TORCH, Stop, text_of


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory that the backward pass of an operation needs, as it was at some version.

    `node` is torch's node of the graph of gradients, `held` what the operation had of the memory.
    """

    owner: Tensor
    version: int
    name: str
    node: Any
    held: Tensor


class Keeping:
    """Watches one run of a program for what is kept and written over."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._refused: Stop | None = None
        # of every memory that was written into: the version it had then, and the place
        self._writes: dict[int, list[tuple[int, Stop]]] = {}
        # where what a node of the graph of gradients had kept was given back
        self._freed: dict[Any, Stop] = {}

    def made(
        self, machine: Any, name: str, arguments: Mapping[str, Any], run: Callable[[], Any]
    ) -> tuple[Any, Callable[[Any], None]]:
        """What an operation gives, and who is to be told what the program holds of it."""
        if machine.program.naming.arrays != TORCH:
            return run(), lambda result: None
        saved: set[int] = set()

        def pack(tensor: Any) -> Any:
            saved.add(_memory(tensor))
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            made = run()
        nodes = [t.grad_fn for t in _each(made, torch.Tensor) if t.grad_fn is not None]

        def hold(result: Any) -> None:
            held = (*_each(list(arguments.values()), Tensor), *_each(result, Tensor))
            for tensor in held:
                if isinstance(tensor.value, torch.Tensor) and _memory(tensor.value) in saved:
                    owner = tensor.owner
                    self._kept += [Kept(owner, owner.version, name, n, tensor) for n in nodes]

        return made, hold if saved and nodes else lambda result: None

    def refused(self, machine: Any, kind: str) -> None:
        """A write of a kind that torch refuses by itself."""
        if self._refused is None and machine.program.naming.arrays == TORCH:
            self._refused = _here(machine, kind)

    def wrote(self, machine: Any, owner: Tensor) -> None:
        """A memory is written into now."""
        writes = self._writes.setdefault(id(owner), [])
        writes.append((owner.version, _here(machine, "write")))

    def moved(self, owner: Tensor, whole: Tensor) -> None:
        """What was the owner of a memory is a view of another one from now on."""
        off = whole.version - owner.version
        for k, kept in enumerate(self._kept):
            if kept.owner is owner:
                self._kept[k] = replace(kept, owner=whole, version=kept.version + off)
        writes = self._writes.pop(id(owner), [])
        joined = self._writes.setdefault(id(whole), [])
        joined += [(version + off, stop) for version, stop in writes]

    def parted(self, owner: Tensor, apart: Tensor) -> None:
        """What may have been a copy of a memory counts as one from the last write on."""
        for k, kept in enumerate(self._kept):
            if kept.owner is owner and kept.held.owner is apart:
                self._kept[k] = replace(kept, owner=apart)
        writes = self._writes[id(owner)]
        self._writes[id(apart)] = [*writes]
        writes.pop()

    @property
    def count(self) -> int:
        """How much was kept so far."""
        return len(self._kept)

    def replaced(self, tensor: Tensor, value: Any, since: int, others: Sequence[Any]) -> None:
        """An operation has written its result over its operand, of which torch keeps a copy."""
        owner = tensor.owner
        twice = any(part.owner is owner for part in _each(list(others), Tensor))
        found, self._kept[since:] = self._kept[since:], []
        for kept in found:
            if kept.owner is not owner or twice:
                self._kept.append(kept)
            if isinstance(value, Tensor) and kept.owner is value.owner:
                self._kept.append(Kept(owner, owner.version, kept.name, kept.node, tensor))

    def differentiated(
        self, machine: Any, outputs: Sequence[Tensor], wrt: Sequence[Tensor], *, keeps: bool
    ) -> None:
        """The program takes a derivative, after which torch keeps nothing for another one but
        where it is told to."""
        roots = [tensor.value.grad_fn for tensor in outputs]
        passed = _passed(roots, [_node(tensor.value) for tensor in wrt])
        before = next((self._freed[node] for node in passed if node in self._freed), None)
        if before is not None and self._refused is None:
            self._refused = before
        if not keeps:
            place = _here(machine, FREED)
            self._freed |= {node: place for node in passed if _keeps(node)}

    def overwritten(self, output: Any) -> Stop | None:
        """The first place for which torch would refuse to differentiate an output.

        Its kind is the name of the operation whose backward pass needs what was there before a
        write, `SEVERAL` or `LEAF` where torch refuses the write itself, `FREED` where a derivative
        was taken that left nothing for another one.
        """
        if self._refused is not None:
            return self._refused
        if self._freed:
            twice = _reached(output.grad_fn) & self._freed.keys()
            for node, place in self._freed.items():
                if node in twice:
                    return place
        changed = [kept for kept in self._kept if kept.owner.version != kept.version]
        reached = _reached(output.grad_fn) if changed else frozenset()
        for kept in changed:
            if kept.node in reached:
                writes = self._writes[id(kept.owner)]
                write = next(write for version, write in writes if version >= kept.version)
                return replace(write, kind=kept.name)
        return None


def _here(machine: Any, kind: str) -> Stop:
    place, text = machine.anchor or (machine.place, text_of(machine.node, machine.source))
    return Stop(kind, text, place)


def _node(tensor: Any) -> Any:
    """Torch's node where the gradient by a tensor arrives."""
    return torch.autograd.graph.get_gradient_edge(tensor).node


def _keeps(node: Any) -> bool:
    """Whether a node of the graph of gradients has kept a tensor, or several."""
    for name in (name for name in dir(node) if name.startswith("_saved_")):
        try:
            saved = getattr(node, name)
        except RuntimeError:
            # it was written over since
            return True
        parts = saved if isinstance(saved, tuple) else (saved,)
        if any(isinstance(part, torch.Tensor) for part in parts):
            return True
    return False


def _passed(roots: Sequence[Any], ends: Sequence[Any]) -> list[Any]:
    """The nodes that a gradient passes on its way to others: those before one of them."""
    before: dict[Any, list[Any]] = {}
    for node in _reached(*roots):
        for following, _ in node.next_functions:
            before.setdefault(following, []).append(node)
    found: dict[Any, None] = {}
    left = list(ends)
    while left:
        for node in before.get(left.pop(), ()):
            if node not in found:
                found[node] = None
                left.append(node)
    return list(found)


def _memory(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _each(value: Any, kind: type) -> Iterator[Any]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _each(part, kind)


def _reached(*roots: Any) -> AbstractSet[Any]:
    """Everything that the backward pass comes to."""
    found: set[Any] = set()
    left = [*roots]
    while left:
        node = left.pop()
        if node is None or node in found:
            continue
        found.add(node)
        left += [following for following, _ in node.next_functions]
    return found
