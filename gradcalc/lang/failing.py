"""Errors of a program's own: `raise`, `assert`, `try`."""

import ast
import builtins
from collections.abc import Mapping
from typing import Any

from gradcalc.errors import LINALG, GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.lang import operators, words
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.program import dotted, text_of
from gradcalc.lang.raising import NUMERIC

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    # numpy's and torch's
    LINALG: ("ValueError", "RuntimeError"),
    "LinAlgWarning": ("Warning",),
}
"""Errors of libraries, and Python's that they are kinds of."""


def _raise(machine: Machine, node: ast.Raise) -> None:
    if node.exc is None:
        if machine.caught:
            raise machine.caught[-1]
        raise InvalidValueError("raise without an error to be raised again", python="RuntimeError")
    name, said = _error(machine, node.exc)
    machine.node = node
    shown = f"{name}: {said}" if said else name
    raise InvalidValueError(f"the program raises {shown}", python=name, said=said)


def _error(machine: Machine, node: ast.expr) -> tuple[str, str]:
    """The name of an error and what it says."""
    if isinstance(node, ast.Name) and (held := machine.frame.find(node.id)) is not None:
        value = held.values[node.id]
        if isinstance(value, GradcalcError):
            raise value
    call = node.func if isinstance(node, ast.Call) else node
    path = dotted(call)
    if path is None:
        raise UnsupportedError("what is raised must be an error by its name")
    if not isinstance(node, ast.Call):
        return path[-1], ""
    said = [words.text(machine, machine.eval(part)) for part in node.args]
    return path[-1], ", ".join(said)


def _assert(machine: Machine, node: ast.Assert) -> None:
    if not operators.truth(machine, machine.eval(node.test)):
        said = words.text(machine, machine.eval(node.msg)) if node.msg is not None else ""
        machine.node = node
        shown = f": {said}" if said else ""
        raise InvalidValueError(
            f"the assertion {text_of(node.test, machine.source)} does not hold{shown}",
            python="AssertionError",
            said=said,
        )


def _try(machine: Machine, node: ast.Try) -> Any:
    frame, program, frozen, depth = (
        machine.frame, machine.program, machine.frozen, len(machine.callers)
    )  # fmt: skip
    left = None
    handles = any(_handles(handler, LINALG) for handler in node.handlers)
    numeric = any(_handles(handler, name) for handler in node.handlers for name in NUMERIC)
    try:
        try:
            machine.guarded += handles
            machine.careful += numeric
            try:
                left = machine.block(node.body)
            finally:
                machine.guarded -= handles
                machine.careful -= numeric
        except GradcalcError as error:
            handler = _handler(error, node.handlers)
            if handler is None:
                raise
            machine.frame, machine.program, machine.frozen = frame, program, frozen
            del machine.callers[depth:]
            left = _handled(machine, handler, error)
        else:
            if left is None:
                left = machine.block(node.orelse)
    finally:
        ended = machine.block(node.finalbody)
    return left if ended is None else ended


def _handled(machine: Machine, handler: ast.ExceptHandler, error: GradcalcError) -> Any:
    if handler.name is not None:
        machine.bind(handler.name, error)
    machine.caught.append(error)
    try:
        return machine.block(handler.body)
    finally:
        machine.caught.pop()
        if handler.name is not None:
            machine.frame.values.pop(handler.name, None)


def _handler(error: GradcalcError, handlers: list[ast.ExceptHandler]) -> ast.ExceptHandler | None:
    """The first that takes an error, None where none does or the error is not one of Python's."""
    name = error.python
    if name is None:
        return None
    return next((handler for handler in handlers if _handles(handler, name)), None)


def _handles(handler: ast.ExceptHandler, name: str) -> bool:
    """Whether a handler takes an error of this name."""
    named = handler.type
    kinds = named.elts if isinstance(named, ast.Tuple) else [named]
    return any(kind is None or _is(name, dotted(kind)) for kind in kinds)


def _is(name: str, path: tuple[str, ...] | None) -> bool:
    if path is None:
        return False
    if path[-1] in (name, "Exception", "BaseException"):
        return True
    wanted = getattr(builtins, path[-1], None)
    owns = (getattr(builtins, own, None) for own in LIBRARIES.get(name, (name,)))
    return any(isinstance(own, type) and issubclass(own, wanted or ()) for own in owns)


FAILING: Mapping[type[ast.AST], Rule] = {
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Try: _try,
}
"""The meaning of statements about errors."""
