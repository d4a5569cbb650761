"""Errors of a program's own: `raise`, `assert`, `try`."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import LINALG, GradcalcError, InvalidValueError
from gradcalc.lang import operators, thrown, words
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.program import dotted, text_of
from gradcalc.lang.raising import NUMERIC

LINALGS = (thrown.NUMPYS[LINALG], thrown.TORCHS[LINALG])
"""What the libraries raise where a matrix has no inverse or no factor."""


def _raise(machine: Machine, node: ast.Raise) -> None:
    if node.exc is None:
        if machine.caught:
            raise machine.caught[-1]
        raise InvalidValueError("raise without an error to be raised again", python="RuntimeError")
    value = _thrown(machine, node.exc)
    machine.node = node
    raise thrown.error_of(machine, value)


def _thrown(machine: Machine, node: ast.expr) -> Any:
    """What is raised: of an error that nothing but its name is known of, one that is called so."""
    call = node.func if isinstance(node, ast.Call) else node
    path = dotted(call)
    if path is None or _is_known(machine, path):
        return machine.eval(node)
    args = [machine.eval(part) for part in node.args] if isinstance(node, ast.Call) else []
    return Instance(thrown.foreign(path[-1]), {"args": tuple(args)})


def _is_known(machine: Machine, path: tuple[str, ...]) -> bool:
    if machine.frame.find(path[0]) is not None:
        return True
    return catalogue.named(machine.program.naming, path) is not None


def _assert(machine: Machine, node: ast.Assert) -> None:
    if not operators.truth(machine, machine.eval(node.test)):
        about = (machine.eval(node.msg),) if node.msg is not None else ()
        said = words.text(machine, about[0]) if about else ""
        machine.node = node
        shown = f": {said}" if said else ""
        raise InvalidValueError(
            f"the assertion {text_of(node.test, machine.source)} does not hold{shown}",
            python="AssertionError",
            said=said,
            about=about,
        )


class Place:
    """Where in the program a machine is, to go on from there when an error was handled."""

    def __init__(self, machine: Machine) -> None:
        self._scope = machine.frame, machine.program, machine.frozen
        self._depth = len(machine.callers)

    def restore(self, machine: Machine) -> None:
        """Have the machine there again."""
        machine.frame, machine.program, machine.frozen = self._scope
        del machine.callers[self._depth :]


def _try(machine: Machine, node: ast.Try) -> Any:
    place = Place(machine)
    left = None
    kinds = [kind for handler in node.handlers for kind in _kinds_before(machine, handler)]
    handles = any(_takes(kind, own) for kind in kinds for own in LINALGS)
    numeric = any(_takes(kind, thrown.EXCEPTIONS[name]) for kind in kinds for name in NUMERIC)
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
            value = thrown.value_of(machine, error)
            if value is None:
                raise
            place.restore(machine)
            handler = _handler(machine, value, node.handlers)
            if handler is None:
                raise
            left = _handled(machine, handler, error, value)
        else:
            if left is None:
                left = machine.block(node.orelse)
    finally:
        ended = machine.block(node.finalbody)
    return left if ended is None else ended


def _handled(
    machine: Machine, handler: ast.ExceptHandler, error: GradcalcError, value: Instance
) -> Any:
    if handler.name is not None:
        machine.bind(handler.name, value)
    machine.caught.append(error)
    try:
        return machine.block(handler.body)
    finally:
        machine.caught.pop()
        if handler.name is not None:
            machine.frame.values.pop(handler.name, None)


def _handler(
    machine: Machine, value: Instance, handlers: Sequence[ast.ExceptHandler]
) -> ast.ExceptHandler | None:
    """The first that takes an error, None where none does."""
    for handler in handlers:
        if any(_takes(kind, value.kind) for kind in _kinds(machine, handler)):
            return handler
    return None


def _takes(kind: Class, own: Class) -> bool:
    return kind in own.line


def _kinds_before(machine: Machine, handler: ast.ExceptHandler) -> list[Class]:
    """The classes that a handler takes, as far as they are known before anything is raised."""
    try:
        return _kinds(machine, handler)
    except GradcalcError:
        return [thrown.ROOT]


def _kinds(machine: Machine, handler: ast.ExceptHandler) -> list[Class]:
    """The classes of errors that a handler takes."""
    return [thrown.ROOT] if handler.type is None else _classes(machine, handler.type)


def _classes(machine: Machine, node: ast.expr) -> list[Class]:
    if isinstance(node, ast.Tuple):
        return [kind for part in node.elts for kind in _classes(machine, part)]
    path = dotted(node)
    if path is not None and not _is_known(machine, path):
        return [thrown.foreign(path[-1])]
    value = machine.eval(node)
    found = list(value) if isinstance(value, tuple) else [value]
    if not all(isinstance(kind, Class) and thrown.is_error(kind) for kind in found):
        raise InvalidValueError(
            "except takes classes of errors",
            python="TypeError",
            said="catching classes that do not inherit from BaseException is not allowed",
        )
    return found


FAILING: Mapping[type[ast.AST], Rule] = {
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Try: _try,
}
"""The meaning of statements about errors."""
