"""What a network is given at once: the numbers of a dictionary of parameters."""

from collections.abc import Mapping
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.nets import initial
from gradcalc.lang.objects import Instance


def load(machine: Machine, module: Instance, state: Any, strict: Any = True, **given: Any) -> None:
    """`load_state_dict`: parameters and buffers as a dictionary has them; inputs stay theirs."""
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise InvalidValueError(
            f"load_state_dict takes a dictionary, not {machine.describe(state)}", python="TypeError"
        )
    own = machine.call(module.kind.find("state_dict"), (module,))
    if strict and own.keys() != state.keys():
        odd = min(own.keys() ^ state.keys())
        what = "is missing in what is loaded" if odd in own else "is nothing of the module's"
        raise InvalidValueError(f"{odd} {what}", python="RuntimeError")
    for name in own.keys() & state.keys():
        _fill(machine, name, own[name], state[name])


def _fill(machine: Machine, name: str, held: Tensor, given: Any) -> None:
    if not isinstance(given, Tensor):
        raise InvalidValueError(
            f"{name} is loaded from {machine.describe(given)}", python="RuntimeError"
        )
    if given.shape != held.shape:
        raise InvalidValueError(
            f"{name} has shape {held.shape}, and what is loaded {given.shape}",
            python="RuntimeError",
        )
    if held.leaf is None:
        raise UnsupportedError(
            f"{name} is a buffer, which is not loaded here", hint="assign it: m.name = tensor"
        )
    # as torch reads it: no gradient passes, and nothing has been calculated with it
    machine.frozen += 1
    try:
        numbers = machine.elements(given)
    finally:
        machine.frozen -= 1
    initial.filled(machine, held, lambda: numbers)
    if held.leaf and (given.owner.leaf is None or given.owner.leaf in machine.nets.loaded):
        machine.nets.loaded.add(held.leaf)


METHODS: Mapping[str, Builtin] = {
    "load_state_dict": Builtin("load_state_dict", load, "load_state_dict(dictionary)"),
}  # fmt: skip
"""The methods of modules by their names."""
