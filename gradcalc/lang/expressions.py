"""The expressions of the language: each kind of syntax node with its meaning."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcalc.errors import (
    JOIN,
    InvalidValueError,
    UnknownNameError,
    UnsupportedError,
    brief,
    did_you_mean,
)
from gradcalc.lang import (
    casts,
    complexes,
    containers,
    dtypes,
    grammar,
    members,
    objects,
    operators,
    ops,
    updates,
    words,
    written,
)
from gradcalc.lang.defaulting import WithDefault
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.facts import Facts, read
from gradcalc.lang.joiners import Joiner, subscript
from gradcalc.lang.keys import Single, checked_key
from gradcalc.lang.machine import Closure, Complex, Machine, Module, Once, Rule
from gradcalc.lang.nets.classes import class_of
from gradcalc.lang.nets.row import Kind
from gradcalc.lang.objects import Class, Instance, Super
from gradcalc.lang.program import JAX, NUMPY, TORCH, dotted, span_of, text_of
from gradcalc.lang.updates import At


def load(machine: Machine, node: ast.Name) -> Any:
    """The value of a name."""
    frame = machine.frame.find(node.id)
    if frame is not None:
        value = frame.values[node.id]
        return machine.detach(value, node.id) if node.id in machine.detached else value
    naming = machine.program.naming
    if node.id in naming.handed and node.id not in machine.frame.unbound:
        return Module(naming.handed[node.id])
    known = catalogue.has_meaning(node.id) or node.id in naming.imported
    if known and node.id not in machine.frame.unbound:
        return written.value(machine, catalogue.bare(node.id, naming))
    machine.node = node
    raise UnknownNameError(
        f"{brief(node.id)} has no value here", hint=did_you_mean(node.id, machine.frame.values)
    )


def test(machine: Machine, node: ast.If | ast.While | ast.IfExp, kind: str) -> bool:
    """Whether a branch is taken, which is remembered."""
    value = machine.eval(node.test)
    machine.node = node.test
    if machine.mapped and machine.is_tensor(value) and machine.carries(value):
        raise UnsupportedError(
            "under vmap the libraries know no single item to decide by",
            hint="choose with where(condition, a, b)",
        )
    taken = operators.truth(machine, value)
    if machine.anchor is not None:
        # how a library decides is not the program's own way
        return taken
    if id(node) not in machine.path:
        text = text_of(node.test, machine.source)
        machine.path[id(node)] = (span_of(node, machine.source), kind, text, [])
    machine.path[id(node)][-1].append(taken)
    return taken


def closure(
    machine: Machine, name: str, arguments: ast.arguments, body: Any, owner: Any = None
) -> Closure:
    """A function made here, its defaults worked out; `owner` is the class whose method it is."""
    positional = [*arguments.posonlyargs, *arguments.args]
    given = positional[len(positional) - len(arguments.defaults) :]
    pairs = [
        *zip(given, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    defaults = {a.arg: machine.eval(value) for a, value in pairs if value is not None}
    return Closure(
        name.rpartition(JOIN)[2], arguments, body, defaults, machine.frame, machine.program, owner
    )


def member(machine: Machine, path: tuple[str, ...]) -> Any:
    """A constant or a function of a module."""
    naming = machine.program.naming
    known = catalogue.written_part(naming, path)
    found = catalogue.place(naming, path[:known] if known else path)
    kind = catalogue.named(naming, path[:-1]) if found is None else None
    if isinstance(kind, Kind):
        kind = class_of(machine, kind)
    if isinstance(kind, Class):
        return objects.attribute(machine, kind, path[-1])
    if (full := naming.handed.get(".".join(path))) is not None and full != "torch.nn":
        return Module(full)
    if path[-1] in grammar.CONTEXTS and not (found and catalogue.has(*found)):
        raise UnsupportedError(
            f"{brief('.'.join(path))} stands behind with here", hint="with torch.no_grad():"
        )
    if found is None or not catalogue.has(*found):
        raise UnsupportedError(f"{brief('.'.join(path))} is no value")
    value = written.value(machine, catalogue.member(*found))
    for name in path[known:] if known else ():
        value = attribute(machine, value, _dot(machine, name))
    return value


def _dot(machine: Machine, name: str) -> ast.Attribute:
    """What stands behind a dot where the run is, whatever is in front of it."""
    return ast.copy_location(ast.Attribute(ast.Constant(None), name, ast.Load()), machine.node)


def _of_module(machine: Machine, module: Module, name: str) -> Any:
    """A constant, a function or a module of a module that is a value."""
    full = f"{module.full}.{name}"
    if name == "__name__":
        return module.full
    if full in catalogue.TABLES and not catalogue.has(module.full, name) and full != "torch.nn":
        return Module(full)
    if not catalogue.has(module.full, name):
        raise UnknownNameError(
            f"{module.full} has no {brief(name)} here",
            hint="write the module in front of each of its functions",
        )
    value = written.value(machine, catalogue.member(module.full, name))
    if isinstance(value, Kind):
        raise UnsupportedError(
            f"{brief(full)} is taken of a module that is a value",
            hint="write torch.nn in front of it",
        )
    return value


def attribute(machine: Machine, value: Any, node: ast.Attribute) -> Any:
    """What a value has behind a dot that is not called."""
    name = node.attr
    if isinstance(value, Module):
        return _of_module(machine, value, name)
    if isinstance(value, Kind):
        value = class_of(machine, value)
    if isinstance(value, Instance | Class | Super):
        return objects.attribute(machine, value, name)
    if isinstance(value, tuple) and name in (*getattr(value, "_fields", ()), "_fields"):
        return getattr(value, name)
    if isinstance(value, Closure) and (value.values or name in ("__name__", "__doc__")):
        return objects.attribute(machine, value, name)
    if isinstance(value, WithDefault) and name == "default_factory":
        return value.factory
    if isinstance(value, Facts | casts.Device):
        return read(value, name)
    if (
        isinstance(value, Complex)
        and (found := complexes.attribute(machine, value, name)) is not None
    ):
        return found
    if machine.is_tensor(value):
        match name:
            case "shape":
                return machine.shape(value)
            case "ndim":
                return len(machine.shape(value))
            case "size":
                return ops.size(machine, value)
            case "data":
                machine.note("detach", text_of(node.value, machine.source), node, value)
                return machine.detach(value, None)
            case "dtype" | "device" | "requires_grad" | "is_cuda" | "is_leaf":
                return casts.attribute(machine, value, name)
            case "real":
                return value
            case "imag" if machine.program.naming.arrays == TORCH:
                raise InvalidValueError(
                    "torch has .imag of complex numbers only", python="RuntimeError"
                )
            case "imag":
                return complexes.no_part(machine, value)
            case "flat":
                # read from; what is written into it would change the array as well
                return casts.unsure(machine, ops.reshape(machine, value, (-1,)))
            case "at" if machine.program.naming.arrays == JAX:
                return At(value)
            case "T" | "H":
                return ops.call(machine, "transpose", value)
            case "mT" | "mH":
                return ops.call(machine, "transpose", value, -2, -1)
    if isinstance(value, casts.NumberKind):
        found = dtypes.attribute(machine, value, name)
        if found is not None:
            return found
    if isinstance(value, At):
        return updates.way(value, name)
    if isinstance(value, Once):
        return members.method_of_items(machine, value, name)
    if name in members.NAMES:
        return members.method(machine, value, name)
    raise UnknownNameError(
        f"{machine.describe(value)} has no .{name} to be read",
        hint=f"call it: .{name}()" if name in catalogue.methods() else None,
    )


def _named(machine: Machine, node: ast.NamedExpr) -> Any:
    value = machine.eval(node.value)
    frame = machine.frame
    while frame.parent is not None and frame.passing:
        frame = frame.parent
    frame.keeper(node.target.id).values[node.target.id] = value
    return load(machine, node.target)


def binary(operate: Callable[[Machine, ast.BinOp, Any, Any], Any]) -> Rule:
    """The meaning of operators between two values, of which `operate` works out one.

    Long sums lean to the left, and are gone through without going deeper.
    """

    def chain(machine: Machine, node: ast.BinOp) -> Any:
        spine: list[ast.BinOp] = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        value = machine.eval(spine[-1].left)
        for part in reversed(spine):
            right = machine.eval(part.right)
            machine.node = part
            value = operate(machine, part, value, right)
        return value

    return chain


def _operated(machine: Machine, node: ast.BinOp, left: Any, right: Any) -> Any:
    return operators.apply(machine, type(node.op), left, right)


def _unary(machine: Machine, node: ast.UnaryOp) -> Any:
    value = machine.eval(node.operand)
    machine.node = node
    if isinstance(node.op, ast.Not):
        return not operators.truth(machine, value)
    return operators.unary(machine, type(node.op), value)


def _bool(machine: Machine, node: ast.BoolOp) -> Any:
    stop_at = isinstance(node.op, ast.Or)
    for part in node.values[:-1]:
        value = machine.eval(part)
        machine.node = part
        if operators.truth(machine, value) is stop_at:
            return value
    return machine.eval(node.values[-1])


def _compare(machine: Machine, node: ast.Compare) -> Any:
    left = machine.eval(node.left)
    result: Any = True
    for position, (op, right_node) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = machine.eval(right_node)
        machine.node = node
        if isinstance(op, ast.In | ast.NotIn):
            result = containers.contains(machine, left, right) is isinstance(op, ast.In)
        else:
            result = operators.compare(machine, type(op), left, right)
        if position < len(node.ops) - 1 and not operators.truth(machine, result):
            return result
        left = right
    return result


def _choice(machine: Machine, node: ast.IfExp) -> Any:
    return machine.eval(node.body if test(machine, node, "if") else node.orelse)


def _attribute(machine: Machine, node: ast.Attribute) -> Any:
    name = dotted(node)
    if name and name[0] in machine.program.naming.modules:
        machine.node = node
        return member(machine, name)
    value = machine.eval(node.value)
    machine.node = node
    return attribute(machine, value, node)


def _subscript(machine: Machine, node: ast.Subscript) -> Any:
    value = machine.eval(node.value)
    if isinstance(value, Joiner):
        return subscript(machine, value, node)
    if isinstance(value, At):
        given = key_of(machine, value.tensor, node)
        return At(value.tensor, checked_key(machine, value.tensor, given))
    if isinstance(value, Class) and value.generic:
        return value
    key = key_of(machine, value, node)
    machine.node = node
    return item(machine, value, checked_key(machine, value, key))


def key_of(machine: Machine, held: Any, node: ast.Subscript) -> list[Any]:
    """What stands in the square brackets behind a value, as values of the program."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    given = containers.spread(machine, parts)
    numpys = machine.program.naming.arrays in (NUMPY, JAX)
    if isinstance(held, dict):
        return given if not isinstance(node.slice, ast.Tuple) else [tuple(given)]
    if not isinstance(node.slice, ast.Tuple):
        nested = isinstance(given[0], list) and any(isinstance(k, list | tuple) for k in given[0])
        if nested and not numpys:
            raise UnsupportedError(
                "torch and numpy read a list of lists as an index each in its own way",
                hint="write x[[0, 1], [1, 0]] for single elements, or tensor([[0, 1], [1, 0]])",
            )
        if isinstance(given[0], tuple):
            # a tuple under a name is a key of several parts too
            given = list(given[0])
    return given


def item(machine: Machine, value: Any, key: tuple[Any, ...]) -> Any:
    """What stands at a key that was read."""
    if isinstance(value, Instance):
        return machine.call(objects.special(machine, value, "__getitem__"), (_whole(key),))
    if isinstance(value, Class) and value.listed is not None:
        return containers.item(machine, value.listed, _whole(key))
    if isinstance(value, dict):
        return containers.item(machine, value, _whole(key))
    if isinstance(value, Complex):
        return complexes.indexed(machine, value, key)
    if key and isinstance(key[0], Single):
        taken = np.zeros(int(key[0].true), dtype=np.int64)
        return ops.index(machine, ops.index(machine, value, (None,)), (taken,))
    return ops.index(machine, value, key)


def _whole(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else key


def _constant(machine: Machine, node: ast.Constant) -> Any:
    value = node.value
    if isinstance(value, str):
        return words.literal(value)
    return complexes.of(machine, value) if isinstance(value, complex) else value


def _slice(machine: Machine, node: ast.Slice) -> slice:
    ends = (node.lower, node.upper, node.step)
    parts = [None if end is None else machine.eval(end) for end in ends]
    machine.node = node
    return slice(*(None if part is None else ops.integer(machine, part) for part in parts))


EXPRESSIONS: Mapping[type[ast.AST], Rule] = {
    ast.Constant: _constant,
    ast.Name: load,
    ast.NamedExpr: _named,
    ast.BinOp: binary(_operated),
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Lambda: lambda machine, node: closure(machine, "lambda", node.args, node.body),
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Attribute: _attribute,
}
"""The meaning of each kind of expression but calls."""
