"""The statement `with`: what lets gradients pass or not, and managers of the program's own."""

import ast
from collections.abc import Mapping
from typing import Any

from gradcalc.errors import GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.lang import grammar, objects, operators, targets, thrown
from gradcalc.lang.dialects.readings.everyday import RAISING
from gradcalc.lang.failing import Place
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.objects import Instance
from gradcalc.lang.program import dotted, text_of


def _with(machine: Machine, node: ast.With) -> Any:
    return _entered(machine, node, 0)


def _entered(machine: Machine, node: ast.With, number: int) -> Any:
    """Run the block inside of all managers but the first `number`."""
    if number == len(node.items):
        return machine.block(node.body)
    item = node.items[number]
    if not grammar.is_context(item):
        return _managed(machine, node, number)
    before = machine.frozen
    try:
        machine.frozen = _frozen(machine, item.context_expr)
        if machine.frozen > before:
            machine.note("no_grad", text_of(item, machine.source), item.context_expr)
        return _entered(machine, node, number + 1)
    finally:
        machine.frozen = before


def _managed(machine: Machine, node: ast.With, number: int) -> Any:
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
    place = Place(machine)
    try:
        left = _entered(machine, node, number + 1)
    except GradcalcError as error:
        value = thrown.value_of(machine, error)
        if value is None:
            raise
        place.restore(machine)
        if operators.truth(machine, machine.call(leave, (value.kind, value, None))):
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
    takes = {"no_grad": (0, 0), "enable_grad": (0, 0), "inference_mode": (0, 1)}.get(word, (1, 1))
    if not takes[0] <= len(given) <= takes[1] or not all(isinstance(v, bool) for v in given):
        raise InvalidValueError(f"{word} does not take these arguments")
    if word == "inference_mode" and False in given:
        return 0
    if word == "no_grad" or word == "inference_mode" or False in given:
        return machine.frozen + (SEALED if word == "inference_mode" else 1)
    if machine.frozen >= SEALED:
        raise UnsupportedError(
            f"{word}() inside of inference_mode() is left open by torch",
            hint="with torch.no_grad(): instead of inference_mode",
        )
    return 0


SEALED = 1000
"""By how much inference_mode keeps gradients from passing: nothing lets them pass inside."""


MANAGING: Mapping[type[ast.AST], Rule] = {ast.With: _with}
"""The meaning of `with`."""
