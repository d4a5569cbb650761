"""In which order the terms of a sum and the factors of a product are written."""

from collections.abc import Mapping
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

    def expression(self, body: Any) -> Text:
        """The text of a scalar expression; see `gradcalc.expr.spelling`."""
        raise NotImplementedError

    def _spread(self, body: Any) -> bool:
        """Whether an expression has more than one element."""
        return any(self._nodes[symbol].shape != () for symbol in body.free_symbols)

    def _first(self, body: Any) -> int:
        return min((self._places.of(self._nodes[s]) for s in body.free_symbols), default=NOWHERE)

    def _term_key(self, term: Any) -> Any:
        powers = [f.as_base_exp() for f in sympy.Mul.make_args(term)]
        degree = sum(
            float(exponent)
            for base, exponent in powers
            if base in self._nodes and self._nodes[base].op is ops.VAR and exponent.is_Rational
        )
        text = self.expression(term).text.removeprefix("-")
        return (self._first(term), -degree, len(text), text)

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
        return (self._spread(factor), rank, self._first(factor), len(text.text), text.text)


def is_negative(term: Any) -> bool:
    """Whether a term has a minus in front."""
    return bool(term.as_coeff_Mul()[0] < 0)
