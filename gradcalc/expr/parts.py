"""What is known of the parts of a formula before they are written.

Where in the program they begin and in which order they come, which are truth values, what is worth
a name of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import VAR, Node, Shape, ancestry
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.written import Text, Written

WORD = re.compile(r"[^\W\d]\w*")


def written_nodes(root: Node) -> list[Node]:
    """What a node is made of, without the numbers that have a name and stand nowhere else."""
    nodes = ancestry([root])
    called = {n.operands[0].order for n in nodes if n.op is ops.DETACH and n["name"] is not None}
    apart = called - undetached(nodes) - {root.order}
    return [node for node in nodes if node.op is not ops.LITERAL or node.order not in apart]


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
                # numbers that have a name are not written
                if operand.order in count:
                    count[operand.order] += 1
    return count


NOWHERE = 10**9
"""The place of what is made of no input, behind all others."""


class Places:
    """The places of nodes, worked out once: inputs are made in the order of the program."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, node: Node) -> int:
        """The place of a node."""
        if node.order not in self._known:
            for part in ancestry([node]):
                if part.order not in self._known:
                    own = [part.order] if part.op is VAR else []
                    below = [self._known[operand.order] for operand in part.operands]
                    self._known[part.order] = min([*own, *below], default=NOWHERE)
        return self._known[node.order]


KEEPING = (ops.SCATTER, ops.EMBED, ops.TRIL, ops.TRIU)
"""Operations that put zeros beside truth values, which stay truth values."""

PEAKS = tuple(ops.PEAKS.values())
"""Operations that are written as comparisons where no elements tie."""


def is_truth(body: Any, nodes: Mapping[Any, Node]) -> bool:
    """Whether what is written for an expression may be a truth value, its sign aside.

    `nodes` are those that the symbols of the expression stand for.
    """
    if body in nodes:
        return _is_truth_node(nodes[body], nodes)
    factors = [factor for factor in sympy.Mul.make_args(body) if factor != -1]
    return bool(factors) and all(
        is_indicator(factor) or (factor in nodes and _is_truth_node(nodes[factor], nodes))
        for factor in factors
    )


def _is_truth_node(node: Node, nodes: Mapping[Any, Node]) -> bool:
    while (node.op.moves or node.op in KEEPING) and len(node.operands) == 1:
        (node,) = node.operands
    if node.op is not ops.MAP:
        return node.op in PEAKS
    # of another shape, the condition is written times ones
    own = np.broadcast_shapes(*[operand.shape for operand in node.operands])
    return own == node.shape and is_truth(node["body"], nodes)


class Ordering:
    """Terms in the order of the program, numbers and scalars in front of tensors.

    `nodes` are those that symbols stand for; `shapes` those of the inputs, in the order of the
    program.
    """

    def __init__(self, nodes: Mapping[Any, Node], shapes: Mapping[str, Shape]) -> None:
        self._nodes = nodes
        self._shapes = shapes
        self._places = Places()
        self._known: dict[Any, tuple[int, bool]] = {}
        # whether what is written first is named first
        self._in_turn = False

    def expression(self, body: Any) -> Text:
        """The text of a scalar expression; see `gradcalc.expr.spelling`."""
        raise NotImplementedError

    def _whereabouts(self, body: Any) -> tuple[int, bool]:
        """Where in the program an expression begins, and whether it has more than one element."""
        known = self._known.get(body)
        if known is None:
            nodes = [self._nodes[symbol] for symbol in body.free_symbols]
            first = min(map(self._places.of, nodes), default=NOWHERE)
            known = self._known[body] = first, any(node.shape != () for node in nodes)
        return known

    def _spread(self, body: Any) -> bool:
        return self._whereabouts(body)[1]

    def _in_order(self, terms: Iterable[Any]) -> list[Any]:
        """The terms of a sum: those of a high degree first, then short ones."""
        places = {term: (self._whereabouts(term)[0], -self._degree(term)) for term in terms}
        count = Counter(places.values())
        if self._in_turn:
            for term in places:
                self.expression(term)

        def key(term: Any) -> Any:
            if count[places[term]] == 1:
                return places[term]
            text = self.expression(term).text.removeprefix("-")
            return (*places[term], len(text), text)

        return sorted(places, key=key)

    def _degree(self, term: Any) -> float:
        powers: list[Any] = [
            f.args if f.is_Pow else (f, sympy.Integer(1)) for f in sympy.Mul.make_args(term)
        ]
        return sum(
            float(exponent)
            for base, exponent in powers
            if base in self._nodes and self._nodes[base].op is ops.VAR and exponent.is_Rational
        )

    def _factor_key(self, factor: Any) -> Any:
        base, exponent = factor.as_base_exp()
        if factor.is_number or (base in self._nodes and self._nodes[base].op is ops.LITERAL):
            return (False, -1, 0, 0, str(factor))
        leaf = (
            exponent.is_number
            and base in self._nodes
            and self._nodes[base].op in (ops.VAR, ops.DETACH)
        )
        text = self.expression(factor)
        rank = 0 if leaf else 2 if base.is_Add else 3 if text.matrix else 1
        first, spread = self._whereabouts(factor)
        return (spread, rank, first, len(text.text), text.text)


def is_negative(term: Any) -> bool:
    """Whether a term has a minus in front."""
    return bool(term.as_coeff_Mul()[0] < 0)
