"""Decorators that are run: worked out before what they decorate is made, called once it is."""

import ast
from collections.abc import Sequence
from typing import Any

from gradcalc.lang.bindings import is_accessor, is_idle
from gradcalc.lang.machine import Machine


def decorators_of(
    machine: Machine, node: ast.FunctionDef | ast.ClassDef
) -> list[tuple[ast.expr, Any]]:
    """What the decorators of a function or class are, those left out that are words here."""
    left = [d for d in node.decorator_list if not (is_idle(d) or is_accessor(d))]
    return [(decorator, machine.eval(decorator)) for decorator in left]


def decorated(machine: Machine, made: Any, wrappers: Sequence[tuple[ast.expr, Any]]) -> Any:
    """What decorators make of a function or class, the one next to it first."""
    for decorator, wrapper in reversed(wrappers):
        machine.node = decorator
        made = machine.call(wrapper, (made,))
    return made
