"""What a run knows of its networks: the parameters that are inputs, and their names."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import ShapeError, UnsupportedError
from gradcalc.lang import casts
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets.drawing import Drawing
from gradcalc.lang.nets.module import is_module, is_parameter, modules, parameters
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import text_of


@dataclass(slots=True)
class Nets:
    """The networks of a run.

    `given` are the backend's tensors of the parameters that are inputs, by name, and `taken` the
    names of the program's other inputs. `drawing` is where the numbers of the others are from.
    `named` are the parameters that have a name by now.
    While a module is being made, which `making` counts, those inside it have none yet. `target` is
    what the program calls the network that it is. `loaded` are those which the program gives plain
    numbers. `used` are the parameters that are inputs and were read, outside of what makes
    networks, but for one that is `renewed`, of which only its own new numbers are made. `running`
    counts the forwards of its own that run: what they write is none of the numbers that a parameter
    starts with.
    """

    given: Mapping[str, Any]
    taken: frozenset[str]
    drawing: Drawing
    named: dict[str, Tensor] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    making: int = 0
    used: dict[int, Tensor] = field(default_factory=dict)
    renewed: Tensor | None = None
    running: int = 0
    target: str | None = None

    def keeps(self, owner: Tensor) -> bool:
        """Whether a parameter keeps the numbers that it was given, whatever it would start with.

        Raises `UnsupportedError` for one that has others from now on.
        """
        if owner.leaf not in self.given:
            return False
        used = id(owner) in self.used
        if used or self.running:
            raise UnsupportedError(
                f"a parameter is changed {'after it was used' if used else 'by a forward'}",
                hint="this calculates one gradient: give the parameters that it is at as inputs",
            )
        return True

    def read(self, machine: Machine, owner: Tensor) -> None:
        """The numbers of a parameter are read; one that is no input yet is something to
        differentiate by too."""
        if self.making or owner is self.renewed:
            return
        if owner.leaf in self.given:
            self.used[id(owner)] = owner
        elif owner.trains and not owner.pending and not machine.carries(owner):
            owner.value = machine.backend.variable(owner.value)

    @contextmanager
    def renewing(self, tensor: Any) -> Iterator[None]:
        """While that lasts, numbers are made that are written over a tensor's own."""
        before, self.renewed = self.renewed, getattr(tensor, "owner", None)
        try:
            yield
        finally:
            self.renewed = before

    def replace(self, machine: Machine, old: Any, new: Any) -> None:
        """Have what is put in the place of a parameter take its name and its value."""
        if is_parameter(old) and old.leaf and is_parameter(new) and not new.leaf:
            # which asks whether it may be another one from here on
            self.keeps(old)
            full = old.leaf
            del self.named[full]
            old.leaf = ""
            _name(machine, full, new)


PLACE = "_place"
"""The attribute that says of a module without parameters what these will be called."""


def name(machine: Machine, value: Any, called: str) -> None:
    """Give the parameters of what a program calls by a name theirs, and the values for them."""
    if is_parameter(value):
        found = [(called, value)]
    elif is_module(value):
        found = list(parameters(value, called))
        for path, one in modules(value, called):
            if one.kind.lazy:
                one.values.setdefault(PLACE, path)
    else:
        return
    for full, tensor in found:
        if not tensor.leaf:
            _name(machine, full, tensor)


def _name(machine: Machine, full: str, tensor: Tensor) -> None:
    nets: Nets = machine.nets
    number, free = 1, full
    while free in nets.named or free in nets.taken:
        # another of the same name, or an input that is no parameter
        number += 1
        head, dot, rest = full.partition(".")
        free = f"{head}_{number}{dot}{rest}"
    tensor.leaf = free
    nets.named[free] = tensor
    given = nets.given.get(free)
    if given is None:
        return
    shape = machine.backend.shape(given)
    if shape != tensor.shape:
        raise ShapeError(
            f"{free} is given with shape {shape}, and the program's has {tensor.shape}"
        )
    tensor.value, tensor.pending = given, None
    tensor.unwritten = None
    tensor.version += 1


def name_at_method(machine: Machine, module: Instance) -> None:
    """Name a module of which a function calls a method before it has a name: as
    `named_parameters()` does."""
    nets: Nets = machine.nets
    inside = machine.frame.parent is not None and machine.anchor is None
    if inside and not nets.making and any(not held.leaf for _, held in parameters(module)):
        name(machine, module, "")


def name_at_call(machine: Machine, module: Instance) -> None:
    """Name a module that is called before the program has a name for it.

    It is what a name of the scope holds, else its class says what it is called.
    """
    nets: Nets = machine.nets
    if nets.making or not any(not tensor.leaf for _, tensor in parameters(module)):
        return
    held = [key for key, value in machine.frame.values.items() if value is module]
    name(machine, module, held[0] if held else module.kind.name.lower())


def assign(machine: Machine, tensor: Tensor, attribute: str, value: Any) -> None:
    """`p.data = values` and `p.requires_grad = False` of a parameter."""
    if attribute == "requires_grad" and isinstance(value, bool):
        tensor.trains = value
    elif attribute == "data" and isinstance(value, Tensor) and is_parameter(tensor):
        if machine.nets.keeps(tensor):
            return
        tensor.value, tensor.pending = machine.raw(machine.copy(value)), None
        tensor.unwritten = None
        tensor.shape = value.shape
        tensor.version += 1
    elif attribute == "requires_grad" and value is True:
        casts.asked(machine, tensor)
    elif attribute == "data" and isinstance(value, Tensor) and not machine.carries(tensor):
        _give_data(machine, tensor, value)
    else:
        raise UnsupportedError(f"attributes of {machine.describe(tensor)} cannot be assigned to")


def _give_data(machine: Machine, tensor: Tensor, value: Tensor) -> None:
    """`v.data = values` of a tensor that passes no gradient back: other numbers in its memory."""
    if tensor.shape != value.shape:
        raise UnsupportedError(
            "whose memory this is from then on is not known here",
            hint="give the name another value",
        )
    if machine.carries(value):
        machine.note("detach", text_of(machine.node, machine.source), machine.node, value)
    held = casts.unsure_of(value, machine.fixed(value, None))
    tensor.value, tensor.view, tensor.version = machine.raw(held), held.view, held.version
    tensor.pending = tensor.unwritten = None
