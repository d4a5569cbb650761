"""In which order the terms of a sum and the factors of a product are written."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.places import NOWHERE, Places
from gradcalc.expr.text import Text


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
        powers = (f.args if f.is_Pow else (f, 1) for f in sympy.Mul.make_args(term))
        return sum(
            float(exponent)
            for base, exponent in powers
            if base in self._nodes
            and self._nodes[base].op is ops.VAR
            and (exponent == 1 or exponent.is_Rational)
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
