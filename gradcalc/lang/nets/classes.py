"""The layers of torch as classes that programs make objects of."""

from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang.arguments import bind_own
from gradcalc.lang.casts import NumberKind
from gradcalc.lang.fence import compile_program
from gradcalc.lang.machine import Builtin, Frame, Machine
from gradcalc.lang.memory import Tensor, unfilled
from gradcalc.lang.nets import restarting
from gradcalc.lang.nets.helpers import text_of
from gradcalc.lang.nets.module import MODULE
from gradcalc.lang.nets.row import Composed, Given, Kind, Layer, Lazy, Weight
from gradcalc.lang.nets.state import PLACE, name, name_at_call
from gradcalc.lang.objects import Class, Instance, attribute
from gradcalc.lang.ops import integer

_MADE: dict[str, Class] = {}


def class_of(machine: Machine, row: Kind) -> Class:
    """The class of a layer, whose forward is a function of the language."""
    if isinstance(row, Composed):
        if row.name not in _MADE:
            _MADE[row.name] = _composed(machine, row)
        return _MADE[row.name]
    if isinstance(row, Lazy):
        if row.name not in _MADE:
            _MADE[row.name] = _lazy(machine, row)
        return _MADE[row.name]
    if row.name not in _MADE:
        made = Class(row.name, (MODULE,), {}, runs="forward", library=True)
        methods = {"forward": row.forward, **row.methods}
        made.members = {
            "__init__": Builtin("__init__", _starting(row), f"nn.{row.name}({row.call})"),
            **{name: _method(machine, name, text, made) for name, text in methods.items()},
            **restarting.methods(row),
        }
        _MADE[row.name] = made
    return _MADE[row.name]


def _method(machine: Machine, name: str, text: str, owner: Class) -> Any:
    return replace(_defined(machine, text_of(name, text), name), owner=owner)


def _composed(machine: Machine, row: Composed) -> Class:
    found: Class = _defined(machine, row.text, row.name)
    for one in found.line:
        one.library = True
    return found


def _defined(machine: Machine, text: str, name: str) -> Any:
    """What a text of the language defines under a name; that takes none of the user's steps."""
    program = compile_program(text, library=True)
    outer = machine.frame, machine.program, machine.node, machine.budget.steps
    machine.frame, machine.program = Frame({}), program
    try:
        machine.block(program.body)
        return machine.frame.values[name]
    finally:
        machine.frame, machine.program, machine.node, machine.budget.steps = outer


def _lazy(machine: Machine, row: Lazy) -> Class:
    """A class whose objects make themselves ones of another class when they are called."""
    becomes = class_of(machine, row.becomes)

    def start(machine: Machine, layer: Instance, *args: Any, **kwargs: Any) -> None:
        layer.values[GIVEN] = bind_own(f"nn.{row.name}", row.signature, args, kwargs)

    def forward(machine: Machine, layer: Instance, input: Any, *rest: Any) -> Any:
        shape = machine.shape(input)
        place = row.place % len(shape) if -len(shape) <= row.place < len(shape) else None
        if place is None or (row.ranks and len(shape) not in row.ranks):
            raise InvalidValueError(
                f"nn.{row.name} of an input of shape {shape}", python="RuntimeError"
            )
        layer.kind = becomes
        _starting(row.becomes)(machine, layer, shape[place], **layer.values.pop(GIVEN))
        called = layer.values.pop(PLACE, None)
        if called is None:
            name_at_call(machine, layer)
        else:
            name(machine, layer, called)
        return machine.call(layer, (input, *rest))

    members = {
        "__init__": Builtin("__init__", start, f"nn.{row.name}({row.call})"),
        "forward": Builtin("forward", forward, "makes the parameters, and calls the layer"),
    }
    return Class(row.name, (becomes,), members, runs="forward", library=True, lazy=True)


GIVEN = "_given"
"""The attribute that holds the arguments of a constructor until the size is known."""


def _starting(row: Layer) -> Any:
    signature = row.signature

    def start(machine: Machine, layer: Instance, *args: Any, **kwargs: Any) -> None:
        bound = bind_own(f"nn.{row.name}", signature, args, kwargs)
        given = Given(**bound)
        kind = bound.get("dtype")
        if isinstance(kind, NumberKind) and kind.word != "float":
            raise InvalidValueError(f"nn.{row.name} has parameters of floats", python="TypeError")
        try:
            wrong = row.prepare(given)
            if wrong is not None:
                raise UnsupportedError(f"nn.{row.name}: {wrong}", python="ValueError")
            weights = [_made(machine, weight, given, row) for weight in row.weights]
        except (TypeError, AttributeError, ZeroDivisionError, ValueError) as error:
            shown = " and ".join(machine.describe(value) for value in args[:3]) or "these arguments"
            raise InvalidValueError(
                f"nn.{row.name} cannot be made of {shown}", hint=f"nn.{row.name}({row.call})"
            ) from error
        own = {weight.name for weight, _ in weights}
        layer.values |= {key: value for key, value in vars(given).items() if key not in own}
        layer.values |= {weight.name: value for weight, value in weights}
        if weights:
            # that of a class of the program's own, where it has one
            machine.call(attribute(machine, layer, restarting.PARAMETERS), ())

    return start


def _made(
    machine: Machine, weight: Weight, given: Given, row: Layer
) -> tuple[Weight, Tensor | None]:
    """A parameter that holds nothing yet, or a buffer with what it starts with."""
    if not weight.when(given):
        return weight, None
    sizes = tuple(integer(machine, size) for size in weight.sizes(given))
    if any(size < 0 for size in sizes):
        raise ValueError("a negative size")
    machine.count(sizes)
    if weight.buffer:
        return weight, machine.constant(weight.start(given)(machine.nets.drawing, sizes))
    made: Tensor = unfilled(
        machine.constant(np.zeros(sizes)), f"the {weight.name} of nn.{row.name}"
    )
    made.leaf, made.trains = "", True
    return weight, made
