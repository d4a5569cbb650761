"""Inputs that a program only compares or counts by: labels, masks and sizes, which are data."""

import ast
import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from gradcalc.derive.modes import dependents
from gradcalc.derive.runs import budget, record
from gradcalc.derive.trace import Trace, is_boolean
from gradcalc.errors import EndlessError, GradcalcError, InvalidValueError
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.lang.naming import every_node
from gradcalc.problem import Problem

ORDERS, EQUAL = frozenset({"lt", "le", "gt", "ge"}), frozenset({"eq", "ne"})
WHOLE = frozenset({"trunc", "floor", "round"})
ORDERED = (ops.SORT, ops.UNSORT, ops.REORDER)

COMPARING = frozenset(
    """eq ne lt le gt ge equal not_equal less less_equal greater greater_equal isclose allclose long
    int bool astype to masked_fill where isin floor trunc round sign logical_not logical_and
    logical_or""".split()  # noqa: SIM905
)
"""Functions that comparisons are made by, or what is compared is made whole by."""


def compared(problem: Problem) -> tuple[str, ...]:
    """The inputs that were given as truth values, and those of whole numbers that the program does
    nothing with but compare them, or cannot be run with unless they are data, where there are
    others.

    Not those that it is explicitly differentiated by. Raises `EndlessError` for a program that
    takes all its steps.
    """
    asked = problem.asked
    given = tuple(name for name in problem.truths if name not in asked)
    whole = [
        name
        for name, values in problem.inputs.items()
        if name not in (*asked, *given) and values.size and np.all(values == np.round(values))
    ]
    if not whole or len(problem.inputs) < 2 or not (_compares(problem) or _hands(problem, whole)):
        return given
    try:
        recording = record(problem, Floats(), problem.inputs, budget(problem))
    except EndlessError:
        raise
    except InvalidValueError:
        return (*given, *_counted(problem, whole))
    except GradcalcError:
        return (*given, *_grouped(problem, whole))
    trace = recording.derived.trace
    reached = _reached(trace.output)
    found = {name: trace.inputs[name].order in reached for name in problem.inputs}
    used = {name for name in whole if not found[name] and _is_label(trace, trace.inputs[name])}
    left = any(found[name] for name in problem.wrt)
    return (*given, *(name for name in whole if name in used and left))


def _counted(problem: Problem, whole: Sequence[str]) -> tuple[str, ...]:
    """Those numbers that have to be data for the program to be run: sizes, and counts of things."""
    single = [name for name in whole if not problem.inputs[name].shape]
    if not single or not _runs(problem, single):
        return ()
    left = list(single)
    for name in single:
        fewer = [other for other in left if other != name]
        if fewer and _runs(problem, fewer):
            left = fewer
    return tuple(left)


def _grouped(problem: Problem, whole: Sequence[str]) -> tuple[str, ...]:
    """Those whose different numbers a program asks for, as labels of groups, if it runs with them
    as data."""
    calls = (n for n in every_node(problem.program.body) if isinstance(n, ast.Call) and n.args)
    asked = {
        call.args[0].id
        for call in calls
        if isinstance(call.args[0], ast.Name)
        and (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) == "unique"
    }
    found = tuple(name for name in whole if name in asked)
    return found if found and _runs(problem, found) else ()


def _runs(problem: Problem, data: Sequence[str]) -> bool:
    try:
        record(replace(problem, data=tuple(data)), Floats(), problem.inputs, budget(problem))
    except GradcalcError:
        return False
    return True


def _hands(problem: Problem, names: Sequence[str]) -> bool:
    """Whether a program calls something with one of some inputs."""
    calls = (n for n in every_node(problem.program.body) if isinstance(n, ast.Call))
    return any(
        isinstance(inner, ast.Name) and inner.id in names
        for call in calls
        for given in (*call.args, *(keyword.value for keyword in call.keywords))
        for inner in ast.walk(given)
    )


def _compares(problem: Problem) -> bool:
    programs = (problem.program, *(program for _, program in problem.lets))
    return any(
        isinstance(node, ast.Compare | ast.MatchValue)
        or (isinstance(node, ast.Attribute) and node.attr in COMPARING)
        or (isinstance(node, ast.Name) and node.id in COMPARING)
        for program in programs
        for node in every_node(program.body)
    )


def _reached(output: Node) -> set[int]:
    """The nodes that the output is made of, but for what is compared or says which of some."""
    found: set[int] = set()
    stack = [output]
    while stack:
        node = stack.pop()
        if node.order not in found and not is_boolean(node) and node.op is not ops.ONE_HOT:
            found.add(node.order)
            stack.extend(node.operands)
    return found


def _is_label(trace: Trace, leaf: Node) -> bool:
    """Whether an input says which, or how many.

    It is held equal to numbers or to labels, itself or less a whole number; or each of it to a row
    of numbers, as a length is to all places. What else is compared may be a score or a threshold,
    where a tie is one of many numbers.
    """
    hanging = _numbers_of(trace, leaf)
    own = _moved(trace, [leaf])
    compared = [
        node
        for node in trace.nodes
        if is_boolean(node) and any(o.order in hanging for o in node.operands)
    ]
    return bool(compared) and all(_is_told(trace, node, hanging, own) for node in compared)


def _numbers_of(trace: Trace, leaf: Node) -> frozenset[int]:
    """The nodes that hang on an input otherwise than by comparisons, and so change with it."""
    found = {leaf.order}
    for node in trace.nodes:
        passes = node.op is not ops.DETACH and not is_boolean(node)
        if passes and any(operand.order in found for operand in node.operands):
            found.add(node.order)
    return frozenset(found)


def _moved(trace: Trace, starts: Sequence[Node]) -> set[int]:
    """The nodes that are one of some in another layout, or made whole."""
    found = {start.order for start in starts}
    for node in trace.nodes:
        pure = (node.op.moves and node.op not in ORDERED) or _title(node) in WHOLE
        if pure and node.operands and all(o.order in found for o in node.operands):
            found.add(node.order)
    return found


def _is_told(trace: Trace, node: Node, hanging: AbstractSet[int], own: set[int]) -> bool:
    """Whether a comparison is one of labels or of lengths."""
    mine = [o for o in node.operands if o.order in hanging]
    others = [o for o in node.operands if o.order not in hanging]
    given = dependents(trace.nodes, list(trace.inputs.values()))
    if any(other.order in given and not _is_input(trace, other) for other in others):
        return False
    if _title(node) in EQUAL:
        return all(operand.order in own or _is_less(operand, own, given) for operand in mine)
    row = bool(others) and all(o.order not in given and math.prod(o.shape) > 1 for o in others)
    wider = all(math.prod(node.shape) > math.prod(o.shape) for o in mine)
    return _title(node) in ORDERS and row and wider and all(o.order in own for o in mine)


def _is_less(node: Node, own: set[int], given: AbstractSet[int]) -> bool:
    """Whether it is an input and numbers that are added to it or taken away, as a count is."""
    if node.order in own:
        return True
    parts = [o for o in node.operands if o.order in given]
    return _title(node) in ("add", "sub") and len(parts) == 1 and _is_less(parts[0], own, given)


def _is_input(trace: Trace, node: Node) -> bool:
    """Whether it is one of the inputs in another layout, which may be labels as well."""
    return any(node.order in _moved(trace, [leaf]) for leaf in trace.inputs.values())


def _title(node: Node) -> str:
    return "" if node.source is None else node.source[0].name
