"""What of a formula is worth a name of its own, and what is there several times."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.written import Written

WORD = re.compile(r"[^\W\d]\w*")


def undetached(nodes: Sequence[Node]) -> frozenset[int]:
    """The operands, by order, of all nodes that detach nothing."""
    return frozenset(
        operand.order for node in nodes if node.op is not ops.DETACH for operand in node.operands
    )


def repeated(nodes: Sequence[Node], by_symbol: Mapping[Any, Node]) -> frozenset[Any]:
    """The scalar expressions that are part of several others, or of one several times."""
    count: Counter[Any] = Counter()
    stack = [node["body"] for node in nodes if node.op is ops.MAP]
    while stack:
        parent = stack.pop()
        for part in parent.args:
            if part in by_symbol or part.is_Atom:
                continue
            count[part] += 1
            if count[part] == 1:
                stack.append(part)
    return frozenset(part for part, number in count.items() if number > 1 and _has_a_name(part))


def _has_a_name(part: Any) -> bool:
    """Whether an expression is something that one would give a name: no factor, no condition."""
    if not isinstance(part, sympy.Expr) or part.is_number or is_indicator(part):
        return False
    if part.is_Pow and part.exp.is_Rational:
        return bool(part.exp > 0)
    return not part.is_Mul or part.as_coeff_Mul()[0] == 1


def used(written: Written) -> Written:
    """A formula without the parts that nothing refers to."""
    parts: list[tuple[str, str]] = []
    words = set(WORD.findall(written.body))
    for name, text in reversed(written.parts):
        if name in words:
            parts.append((name, text))
            words.update(WORD.findall(text))
    return Written(tuple(reversed(parts)), written.body)


def appearances(nodes: Sequence[Node], by_symbol: Mapping[Any, Node]) -> dict[int, int]:
    """How often each node is written if nothing else is written twice, by order."""
    count = dict.fromkeys((node.order for node in nodes), 0)
    for node in nodes:
        if node.op is ops.MAP:
            for part in sympy.preorder_traversal(node["body"]):
                if part in by_symbol:
                    count[by_symbol[part].order] += 1
        else:
            for operand in node.operands:
                count[operand.order] += 1
    return count
