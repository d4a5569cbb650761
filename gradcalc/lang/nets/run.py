"""Running the module that a program is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang.machine import Closure, Machine
from gradcalc.lang.nets.module import is_module, modules
from gradcalc.lang.nets.state import Nets, name
from gradcalc.lang.objects import Bound, Class, Instance, called, instantiate

SURVEYED = 0.0
"""What a program gives of which only the parameters are asked for."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A parameter as a run has it: the backend's tensor, and whether a gradient is wanted by it.

    `seeds` are those behind which the program has drawn numbers for its parameters, each with
    whether it has set the seed itself; none where it has loaded this one.
    """

    value: Any
    trains: bool
    seeds: tuple[tuple[str, bool], ...]


def leaves(machine: Machine) -> Mapping[str, Leaf]:
    """The parameters of the networks of a run, by name."""
    nets: Nets = machine.nets
    return {
        full: Leaf(
            machine.raw(held),
            held.trains,
            () if full in nets.loaded else tuple(nets.drawing.seeds),
        )
        for full, held in nets.named.items()
    }


def named_when_bound(machine: Machine, called: str, value: Any) -> None:
    """What is told every name that a program binds: the first of a network names it."""
    nets: Nets = machine.nets
    if not nets.making and machine.anchor is None and called != nets.target:
        name(machine, value, called)


def forward(machine: Machine, held: Any, given: Mapping[str, Any], *, survey: bool) -> Any:
    """What the module gives that a program is, or an object of its class, of these inputs."""
    module = _made(machine, held) if isinstance(held, Class) else held
    if not is_module(module):
        raise UnsupportedError("the program is no function, and no module either")
    first = next(iter(module.values), "")
    name(machine, module, module.kind.name.lower() if first.isdigit() else "")
    if survey and not any(one.kind.lazy for _, one in modules(module)):
        return SURVEYED
    bound = called(machine, module)
    function = bound.function if isinstance(bound, Bound) else bound
    if isinstance(function, Closure):
        machine.main = function
        return machine.apply_function(machine, bound, (), dict(given))
    return machine.apply_function(machine, bound, tuple(given.values()), {})


def _made(machine: Machine, kind: Class) -> Instance:
    try:
        return instantiate(machine, kind, (), {})
    except GradcalcError as error:
        start = kind.find("__init__")
        if isinstance(start, Closure) and _needs(start):
            shown = ", ".join(_needs(start))
            raise UnsupportedError(
                f"{kind.name} needs {shown} to be made",
                hint=f"say what it is made of: file.py:{kind.name}({shown}), with values for these",
            ) from error
        raise


def _needs(start: Closure) -> list[str]:
    """The parameters of a constructor that have no default, but for the object itself."""
    parameters = list(start.signature.parameters.values())[1:]
    kinds = (parameters[0].VAR_POSITIONAL, parameters[0].VAR_KEYWORD) if parameters else ()
    return [p.name for p in parameters if p.default is p.empty and p.kind not in kinds]
