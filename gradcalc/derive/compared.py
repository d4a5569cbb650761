"""Inputs that a program only compares: labels, masks and lengths, which are data."""

import ast

import numpy as np

from gradcalc.derive.runs import budget, record
from gradcalc.derive.trace import is_boolean
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.lang.naming import every_node
from gradcalc.problem import Problem

COMPARING = frozenset(
    """eq ne lt le gt ge equal not_equal less less_equal greater greater_equal isclose allclose long
    int bool astype to masked_fill where isin floor trunc round sign logical_not logical_and
    logical_or""".split()  # noqa: SIM905
)
"""Functions that comparisons are made by, or what is compared is made whole by."""


def compared(problem: Problem) -> tuple[str, ...]:
    """The inputs that were given as truth values, and those of whole numbers that the program does
    nothing with but compare them, where there are others.

    Not those that it is explicitly differentiated by.
    """
    asked = problem.wrt if set(problem.wrt) < set(problem.inputs) else ()
    given = tuple(name for name in problem.truths if name not in asked)
    whole = [
        name
        for name, values in problem.inputs.items()
        if name not in (*asked, *given) and values.size and np.all(values == np.round(values))
    ]
    if not whole or len(problem.inputs) < 2 or not _compares(problem):
        return given
    try:
        recording = record(problem, Floats(), problem.inputs, budget(problem))
    except GradcalcError:
        return given
    trace = recording.derived.trace
    reached = _reached(trace.output)
    found = {name: trace.inputs[name].order in reached for name in problem.inputs}
    used = {name for name in whole if not found[name] and _is_used(trace.nodes, trace.inputs[name])}
    left = any(found[name] for name in problem.wrt)
    return (*given, *(name for name in whole if name in used and left))


def _compares(problem: Problem) -> bool:
    programs = (problem.program, *(program for _, program in problem.lets))
    return any(
        isinstance(node, ast.Compare)
        or (isinstance(node, ast.Attribute) and node.attr in COMPARING)
        or (isinstance(node, ast.Name) and node.id in COMPARING)
        for program in programs
        for node in every_node(program.body)
    )


def _reached(output: Node) -> set[int]:
    """The nodes that the output is made of, but for what is only compared."""
    found: set[int] = set()
    stack = [output]
    while stack:
        node = stack.pop()
        if node.order not in found and not is_boolean(node):
            found.add(node.order)
            stack.extend(node.operands)
    return found


def _is_used(nodes: tuple[Node, ...], leaf: Node) -> bool:
    return any(leaf.order == operand.order for node in nodes for operand in node.operands)
