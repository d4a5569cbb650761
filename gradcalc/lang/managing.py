"""The statement `with`: what lets gradients pass or not, and managers of the program's own."""

import ast
from collections.abc import Mapping
from typing import Any

from gradcalc.errors import GradcalcError, UnsupportedError
from gradcalc.lang import grammar, modes, objects, operators, targets, thrown
from gradcalc.lang.dialects.readings.everyday import RAISING
from gradcalc.lang.failing import watched
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import dotted, text_of
from gradcalc.lang.resting import Run, Steps, at_once


def entering(machine: Machine, node: ast.With, run: Run) -> Steps:
    """`with`, its block run so."""
    return (yield from _entered(machine, node, 0, run))


def _entered(machine: Machine, node: ast.With, number: int, run: Run) -> Steps:
    """Run the block inside of all managers but the first `number`."""
    if number == len(node.items):
        return (yield from run(machine, node.body))
    item = node.items[number]
    if not grammar.is_context(item):
        return (yield from _managed(machine, node, number, run))
    before, stop = machine.frozen, machine.freezing
    try:
        machine.frozen = _frozen(machine, item.context_expr)
        if machine.frozen > before:
            text = text_of(item, machine.source)
            machine.freezing = machine.note("no_grad", text, item.context_expr)
        return (yield from _entered(machine, node, number + 1, run))
    finally:
        machine.frozen, machine.freezing = before, stop


def _managed(machine: Machine, node: ast.With, number: int, run: Run) -> Steps:
    """The block inside of an object that is entered and left."""
    item = node.items[number]
    manager = machine.eval(item.context_expr)
    machine.node = item.context_expr
    if not isinstance(manager, Instance) or manager.kind.find("__enter__") is objects.MISSING:
        raise UnsupportedError(grammar.WITH, hint=grammar.WITH_TIP)
    leave = objects.special(machine, manager, "__exit__")
    entered = machine.call(objects.special(machine, manager, "__enter__"), ())
    if item.optional_vars is not None:
        targets.bind(machine, item.optional_vars, entered)
    try:
        left = yield from watched(machine, _entered(machine, node, number + 1, run))
    except GeneratorExit:
        machine.abandoned = True
        raise
    except GradcalcError as error:
        value = thrown.value_of(machine, error)
        if value is None:
            raise
        machine.caught.append(error)
        try:
            passed = machine.call(leave, (value.kind, value, None))
        finally:
            machine.caught.pop()
        if operators.truth(machine, passed):
            return None
        raise
    machine.call(leave, (None, None, None))
    return left


def _check_autocast(context: ast.Call, given: list[Any]) -> None:
    """Refuse what calculates in other dtypes, unless it is switched off."""
    words = ["" for _ in context.args] + [keyword.arg for keyword in context.keywords]
    if dict(zip(words, given, strict=True)).get("enabled") is not False:
        raise UnsupportedError(
            "autocast calculates some operations in fewer digits",
            hint="leave it out; --dtype float32 or float16 calculates all of them so",
        )


def _frozen(machine: Machine, context: ast.expr) -> int:
    """How much keeps gradients from passing inside a `with`."""
    assert isinstance(context, ast.Call)
    word = (dotted(context.func) or ("",))[-1]
    given = [machine.eval(a) for a in (*context.args, *(k.value for k in context.keywords))]
    machine.node = context
    if word == "autocast":
        _check_autocast(context, given)
    if word == "errstate" and any(kind in RAISING for kind in given):
        raise UnsupportedError(
            "numpy is told to raise errors of numbers, which it does not here",
            hint="leave it out: the verdict says where numbers are not finite",
        )
    if word not in ("no_grad", "inference_mode", "enable_grad", "set_grad_enabled"):
        return machine.frozen
    return modes.frozen_by(machine, word, given)


MANAGING: Mapping[type[ast.AST], Rule] = {ast.With: at_once(entering)}
"""The meaning of `with`."""
