"""Statements whose blocks may rest where the program yields, and the same where none does."""

import ast
from collections.abc import Callable, Generator, Sequence
from typing import Any

from gradcalc.lang.machine import Machine, Rule

Steps = Generator[Any, Any, Any]
"""Gives what is yielded, takes what is sent, and returns how the block was left, None at its end.
"""

Run = Callable[[Machine, Sequence[ast.stmt]], Steps]
"""Runs a block."""

Resting = Callable[[Machine, Any, Run], Steps]
"""What a statement means, whose blocks are run so."""


def _plainly(machine: Machine, body: Sequence[ast.stmt]) -> Steps:
    return machine.block(body)
    yield


def at_once(rule: Resting) -> Rule:
    """The meaning of a statement in which nothing is yielded."""

    def run(machine: Machine, node: ast.AST) -> Any:
        steps = rule(machine, node, _plainly)
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        raise AssertionError("no block of it rests")

    return run
