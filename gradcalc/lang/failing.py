"""Errors of a program's own: `raise`, `assert`, `try`."""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gradcalc.errors import LINALG, GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.lang import operators, thrown, words
from gradcalc.lang.alternatives import ABSENT
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.objects import Class, Instance
from gradcalc.lang.program import ASKED, dotted, text_of
from gradcalc.lang.raising import NUMERIC
from gradcalc.lang.resting import Run, Steps, at_once

LINALGS = (thrown.NUMPYS[LINALG], thrown.TORCHS[LINALG])
"""What the libraries raise where a matrix has no inverse or no factor."""


def _raise(machine: Machine, node: ast.Raise) -> None:
    if node.exc is None:
        if machine.caught:
            raise machine.caught[-1]
        raise InvalidValueError("raise without an error to be raised again", python="RuntimeError")
    value = _thrown(machine, node.exc)
    machine.node = node
    if (library := getattr(node, ABSENT, None)) is not None:
        machine.note_cast(f"{ASKED}{library} is read as not installed")
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
        self._scope = machine.frame, machine.program, machine.frozen, machine.freezing
        self._depth = len(machine.callers)

    def restore(self, machine: Machine) -> None:
        """Have the machine there again."""
        machine.frame, machine.program, machine.frozen, machine.freezing = self._scope
        del machine.callers[self._depth :]


def trying(machine: Machine, node: ast.Try, run: Run) -> Steps:
    """`try`, its blocks run so."""
    try:
        left = yield from _tried(machine, node, run)
    except GeneratorExit:
        machine.abandoned |= bool(node.finalbody)
        raise
    except GradcalcError as error:
        if thrown.value_of(machine, error) is None:
            raise
        ended = yield from run(machine, node.finalbody)
        if ended is not None:
            return ended
        raise
    ended = yield from run(machine, node.finalbody)
    return left if ended is None else ended


def _tried(machine: Machine, node: ast.Try, run: Run) -> Steps:
    kinds = [kind for handler in node.handlers for kind in _kinds_before(machine, handler)]
    handles = any(_takes(kind, own) for kind in kinds for own in LINALGS)
    numeric = any(_takes(kind, thrown.EXCEPTIONS[name]) for kind in kinds for name in NUMERIC)
    try:
        left = yield from watched(machine, run(machine, node.body), handles, numeric)
    except GradcalcError as error:
        value = thrown.value_of(machine, error)
        handler = None if value is None else _handler(machine, value, node.handlers)
        if handler is None or value is None:
            raise
        return (yield from _handled(machine, handler, error, value, run))
    return left if left is not None else (yield from run(machine, node.orelse))


def watched(machine: Machine, steps: Steps, handles: bool = False, numeric: bool = False) -> Steps:
    """The steps of a block, of which errors leave the machine where the block stands.

    `handles` and `numeric` say which errors are handled, which is so only while the block runs.
    """
    resume: Callable[[], Any] = partial(next, steps)
    while True:
        place = Place(machine)
        machine.guarded += handles
        machine.careful += numeric
        try:
            item = resume()
        except StopIteration as end:
            return end.value
        except GradcalcError as error:
            if thrown.value_of(machine, error) is not None:
                place.restore(machine)
            raise
        finally:
            machine.guarded -= handles
            machine.careful -= numeric
        try:
            resume = partial(steps.send, (yield item))
        except GradcalcError as error:
            resume = partial(steps.throw, error)


def _handled(
    machine: Machine, handler: ast.ExceptHandler, error: GradcalcError, value: Instance, run: Run
) -> Steps:
    if handler.name is not None:
        machine.bind(handler.name, value)
    machine.caught.append(error)
    try:
        return (yield from run(machine, handler.body))
    finally:
        machine.caught.pop()
        if handler.name is not None:
            machine.frame.keeper(handler.name).values.pop(handler.name, None)


def _handler(
    machine: Machine, value: Instance, handlers: Sequence[ast.ExceptHandler]
) -> ast.ExceptHandler | None:
    """The first that takes an error, None where none does."""
    for handler in handlers:
        kinds = _kinds(machine, handler)
        if any(_takes(kind, value.kind) for kind in kinds):
            return handler
        if value.kind is thrown.UNNAMED:
            raise UnsupportedError(
                f"whether this raises {kinds[0].name} is not known here",
                hint="except Exception takes it, whatever it is",
            )
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
    ast.Try: at_once(trying),
}
"""The meaning of statements about errors."""
