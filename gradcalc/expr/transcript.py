"""Long gradients as they were swept: each operation on its line, nothing rewritten.

What a loop of many rounds leaves is too much to be simplified. It is written down in time
proportional to its length: how a scalar expression is written is found out once for all its uses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape, uses
from gradcalc.expr.parts import undetached, written_nodes
from gradcalc.expr.printer import Writer
from gradcalc.expr.written import ATOM, LONGEST, PRODUCT, Text, TooLong, Written

INLINE = 40
"""Characters up to which what is used once stands where it is used."""

PLACE = re.compile("((?<!\\w)\\(\0\\d+\0\\)|\0\\d+\0)")
"""Where an operand stands in a template, in brackets if a product would need them there."""

COTANGENT = sympy.Symbol("_cotangent", real=True)


class Transcript(Writer):
    """Writes a swept gradient down. The arguments are those of `Writer`, but for its nodes."""

    def __init__(self, shapes: Mapping[str, Shape], **options: Any) -> None:
        super().__init__({}, shapes, **options)
        self._options = options
        self._templates: dict[tuple[Any, ...], _Template] = {}

    def write(self, root: Node) -> Written:
        """A node as a formula whose parts are its operations. Raises `Unprintable`."""
        nodes = written_nodes(root)
        count = uses(nodes)
        self._undetached = undetached(nodes)
        parts: list[tuple[str, str]] = []
        total, number = 0, 0
        for node in nodes:
            text = self._text(node, top=node is root)
            often = count[node.order] > 1 and text.level < ATOM
            if node is not root and (often or len(text.text) > INLINE):
                number += 1
                while f"t{number}" in self._taken:
                    number += 1
                parts.append((f"t{number}", text.text))
                total += len(text.text)
                if total > LONGEST:
                    raise TooLong
                text = Text(f"t{number}")
            self._texts[node.order] = text
        written = Written(tuple(parts), self._texts[root.order].text)
        if len(written.text) > LONGEST:
            raise TooLong
        return written

    def _text(self, node: Node, *, top: bool) -> Text:
        if node.op is ops.MAP:
            return self._filled(node["symbols"], node["body"], node.operands)
        if node.op is ops.CHAIN:
            cotangent, *operands = node.operands
            if cotangent.op is ops.LITERAL and self(cotangent).text == "1":
                return self._filled(node["symbols"], node["written"], operands)
            symbols = (COTANGENT, *node["symbols"])
            return self._filled(symbols, COTANGENT * node["written"], node.operands)
        number = self._number(node)
        return (
            self.uniform(number, node.shape) if number is not None else super()._text(node, top=top)
        )

    def _number(self, node: Node) -> float | None:
        """The one number that all elements are: what is laid out anew is still the same."""
        while node.op in (ops.RESHAPE, ops.BROADCAST):
            (node,) = node.operands
        if node.op is not ops.LITERAL:
            return None
        array = node["data"].array
        return float(array.flat[0]) if array.size and np.all(array == array.flat[0]) else None

    def _filled(self, symbols: tuple[Any, ...], body: Any, operands: Any) -> Text:
        """A scalar expression, the texts of the operands put into its template."""
        key = (symbols, body, *[operand.shape for operand in operands])
        known = self._templates.get(key)
        if known is None:
            known = self._templates[key] = self._template(symbols, body, operands)
        return known.filled([self(operand) for operand in operands])

    def _template(self, symbols: tuple[Any, ...], body: Any, operands: Any) -> "_Template":
        places = {
            symbol: _place(k, operand.shape)
            for k, (symbol, operand) in enumerate(zip(symbols, operands, strict=True))
        }
        writer = Writer(places, self._shapes, **self._options)
        for place in places.values():
            writer.stands(place, Text(place["name"], PRODUCT))
        text = writer.expression(body)
        plain, *rest = PLACE.split(text.text)
        return _Template(
            plain,
            tuple(
                (int(place.strip("(\0)")), place.startswith("("), behind)
                for place, behind in zip(rest[::2], rest[1::2], strict=True)
            ),
            text.level,
        )


@dataclass(frozen=True, slots=True)
class _Template:
    """A text with places for operands: their numbers, whether in brackets, what follows."""

    begin: str
    places: tuple[tuple[int, bool, str], ...]
    level: int

    def filled(self, texts: Sequence[Text]) -> Text:
        pieces = [
            texts[number].within(ATOM if bracketed else PRODUCT) + behind
            for number, bracketed, behind in self.places
        ]
        return Text(self.begin + "".join(pieces), self.level)


def _place(number: int, shape: Shape) -> Node:
    """An input whose name says which operand is to stand there."""
    static = (("name", f"\0{number}\0"), ("shape", shape))
    return Node(ops.VAR, (), static, shape, number)
