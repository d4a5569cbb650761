"""Inputs that a program only compares: labels, masks and lengths, which are data."""

import ast
import math

import numpy as np

from gradcalc.derive.modes import dependents
from gradcalc.derive.runs import budget, record
from gradcalc.derive.trace import Trace, is_boolean
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.lang.naming import every_node
from gradcalc.problem import Problem

ORDERS = frozenset({"lt", "le", "gt", "ge"})

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
    used = {name for name in whole if not found[name] and _is_label(trace, trace.inputs[name])}
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


def _is_label(trace: Trace, leaf: Node) -> bool:
    """Whether an input says which, or how many: it is held equal to numbers, or below a row of them
    as a length is. What is below one number, or above, may be a threshold.
    """
    hanging = dependents(trace.nodes, [leaf])
    compared = [
        node
        for node in trace.nodes
        if is_boolean(node) and any(operand.order in hanging for operand in node.operands)
    ]
    for node in compared:
        others = [operand for operand in node.operands if operand.order not in hanging]
        if _title(node) in ORDERS and any(math.prod(other.shape) == 1 for other in others):
            return False
    return bool(compared)


def _title(node: Node) -> str:
    return "" if node.source is None else node.source[0].name
