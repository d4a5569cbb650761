"""Code for all sizes: what about a graph is a size, found by recording the program at two of them.

Where both graphs are the same but for numbers, each of which is the same expression of the sizes of
the inputs in both, these are written in place of the numbers. It is run at the other sizes, too,
and held to what gradcalc has there; else the sizes stay what they are.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import sympy

from gradcalc.export.names import LETTERS
from gradcalc.export.plan import Plan
from gradcalc.expr import ops
from gradcalc.expr.moving import Key
from gradcalc.expr.nodes import Node, Shape, ancestry

TIMES, MORE = 2, 3
"""How much larger the other sizes are: in the same order, so that the same product is cheapest."""


class Differs(Exception):
    """The graphs differ in more than in sizes."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size by its name, as it is here and as it is elsewhere."""

    name: str
    here: int
    there: int


def sizes_of(shapes: Mapping[str, Shape], taken: set[str]) -> tuple[Size, ...]:
    """The sizes of inputs, equal ones as one; 1 stays what it is."""
    known = dict.fromkeys(size for shape in shapes.values() for size in shape if size > 1)
    letters = [letter for letter in LETTERS if letter not in taken]
    if 0 in {size for shape in shapes.values() for size in shape} or len(known) > len(letters):
        return ()
    there = {size: TIMES * size + MORE + k for k, size in enumerate(sorted(known))}
    return tuple(
        Size(letter, size, there[size]) for letter, size in zip(letters, known, strict=False)
    )


FURTHER = ((1, 2, 3, 4, 5, 6, 7, 8), (2, 4, 6, 8, 10, 12, 14, 16), (4, 3, 2, 6, 8, 5, 9, 7))
"""Sizes that code is tried at as well: few elements, and even numbers of them."""


def further(sizes: Sequence[Size]) -> Iterator[tuple[Size, ...]]:
    """The sizes with others in the place of the other ones."""
    for row in FURTHER:
        places = zip(sizes, row, strict=False)
        yield tuple(replace(size, there=number) for size, number in places)


def elsewhere(values: Any, sizes: Sequence[Size]) -> Any:
    """Numbers like those of an input, of other sizes."""
    there = {size.here: size.there for size in sizes}
    return resized(values, tuple(there.get(size, size) for size in np.shape(values)))


def resized(values: Any, shape: Shape) -> Any:
    """Numbers like others, of another shape."""
    values = np.asarray(values, dtype=np.float64)
    if shape == values.shape:
        return values
    whole = np.resize(values, shape)
    if (values == np.round(values)).all() and values.ndim < 2:
        return whole
    wave = np.cos(np.arange(whole.size)).reshape(shape)
    if values.ndim == 2 and shape[0] == shape[1]:
        found = np.eye(shape[0]) * max(float(np.abs(np.diag(values)).mean()), 1.0) + 0.1 * wave
        is_symmetric = np.array_equal(values, values.T)
        return (found + found.T) / 2 if is_symmetric else found
    return whole * (1 + 0.05 * wave)


class Matching:
    """Two graphs that are the same but for sizes; what is written in their place."""

    def __init__(self, sizes: Sequence[Size]) -> None:
        self._sizes = sizes
        self._known = {1: [(size.name, size.here, size.there) for size in sizes]}
        for count in (2, 3):
            self._known[count] = [
                (
                    "*".join(s.name for s in chosen),
                    math.prod(s.here for s in chosen),
                    math.prod(s.there for s in chosen),
                )
                for chosen in combinations_with_replacement(sizes, count)
            ]

    def matched(self, plan: Plan, other: Plan) -> tuple[Plan, dict[Any, Any], dict[str, Any]]:
        """The plan, the texts of its sizes, and those of its inputs. Raises `Differs`."""
        roots, others = plan.roots(), other.roots()
        nodes, twins = ancestry(roots.values()), ancestry(others.values())
        if len(nodes) != len(twins) or roots.keys() != others.keys():
            raise Differs
        places = {twin.order: k for k, twin in enumerate(twins)}
        own = {node.order: k for k, node in enumerate(nodes)}
        if any(own[roots[n].order] != places[others[n].order] for n in roots):
            raise Differs
        forms = plan.forms.copy()
        made: list[Node] = []
        texts: dict[Any, Any] = {}
        for node, twin in zip(nodes, twins, strict=True):
            same = [own[x.order] for x in node.operands] == [places[x.order] for x in twin.operands]
            if node.op is not twin.op or not same:
                raise Differs
            found, body = self._node(node, twin)
            static = dict(node.static)
            if body is not None:
                static |= {"body": body, "source": None}
            operands = [made[own[x.order]] for x in node.operands]
            made.append(forms(node.op, *operands, **static))
            for name, text in found.items():
                texts[made[-1].order, name] = text
        dims = {
            name: tuple(map(self.text, plan.inputs[name], other.inputs[name]))
            for name in plan.inputs
        }
        changed = plan.with_roots(forms, {n: made[own[root.order]] for n, root in roots.items()})
        return changed, texts, dims

    def text(self, here: int, there: int) -> str:
        """A whole number as what it is of the sizes. Raises `Differs`."""
        found = next(self._texts(here, there), None)
        if found is None:
            raise Differs
        return found

    def _texts(self, here: int, there: int) -> Iterator[str]:
        if here == there:
            yield str(here)
        for count in (1, 2, 3):
            for name, one, other in self._known[count]:
                more = here - one
                if more == there - other and abs(more) <= 2:
                    yield name if not more else f"{name} {'+' if more > 0 else '-'} {abs(more)}"
        for name, one, other in self._known[1]:
            if (2 * one, 2 * other) == (here, there):
                yield f"2*{name}"
            for name2, one2, other2 in self._known[1]:
                if (one + one2, other + other2) == (here, there):
                    yield f"{name} + {name2}"

    def _node(self, node: Node, twin: Node) -> tuple[dict[str, Any], Any]:
        """The texts of what is fixed about a node, and its scalar expression in sizes."""
        here, there = dict(node.static), dict(twin.static)
        found: dict[str, Any] = {"shape": tuple(map(self.text, node.shape, twin.shape))}
        if node.ndim != twin.ndim:
            raise Differs
        body = None
        if node.op is ops.LITERAL:
            found |= self._literal(here["data"].array, there["data"].array)
        elif node.op in (ops.MAP, ops.CHAIN):
            body = self._body(node, twin)
        elif "key" in here:
            found["key"] = self._key(node, twin)
        elif node.op in (ops.EYE, ops.ONE_HOT):
            found["size"] = (self.text(here["size"], there["size"]),)
        rest = {"shape", "key", "size", "data", "body", "symbols", "source", "written"}
        if {k: v for k, v in here.items() if k not in rest} != {
            k: v for k, v in there.items() if k not in rest
        }:
            raise Differs
        return found, body

    def _literal(self, here: Any, there: Any) -> dict[str, Any]:
        if np.array_equal(here, there):
            return {}
        if not here.size or not there.size:
            raise Differs
        one, other = here.flat[0], there.flat[0]
        if (here == one).all() and (there == other).all():
            if one == other:
                return {}
            if one == int(one) and other == int(other):
                return {"value": self.text(int(one), int(other))}
            shares = [round(1 / share) if share else 0 for share in (one, other)]
            if all(k and share == 1 / k for k, share in zip(shares, (one, other), strict=True)):
                return {"value": f"1/({self.text(*shares)})"}
        if here.ndim == 2 and all(
            np.array_equal(array, np.eye(len(array))) for array in (here, there)
        ):
            return {}
        raise Differs

    def _key(self, node: Node, twin: Node) -> dict[int, tuple[str, ...]]:
        shapes = [x.shape if node.op is ops.SCATTER else x.operands[0].shape for x in (node, twin)]
        found: dict[int, tuple[str, ...]] = {}
        here: Key = node["key"]
        there: Key = twin["key"]
        if len(here) != len(there):
            raise Differs
        for place, (one, other) in enumerate(zip(here, there, strict=True)):
            if isinstance(one, int) and isinstance(other, int):
                found[place] = (self.text(one, other),)
            elif isinstance(one, tuple) and isinstance(other, tuple) and one[2] == other[2] == 1:
                ends = [start + size for start, size, _ in (one, other)]
                whole = [end == shape[place] for end, shape in zip(ends, shapes, strict=True)]
                first = self.text(one[0], other[0])
                last = "" if all(whole) else self.text(*ends)
                found[place] = ("" if first == "0" else first, last)
            elif one != other:
                raise Differs
        return found

    def _body(self, node: Node, twin: Node) -> Any:
        """A scalar expression in sizes, None where it has none."""
        turned = dict(zip(twin["symbols"], node["symbols"], strict=True))
        here, there = node["body"], twin["body"].xreplace(turned)
        # a product that was not multiplied out is, where symbols are put in
        if there in (here, here.xreplace({symbol: symbol for symbol in node["symbols"]})):
            return None
        ones, others = (part.atoms(sympy.Rational) for part in (here, there))
        given = {}
        for one in ones - others:
            fits = [e for other in others - ones for e in self._rationals(one, other)]
            if not fits:
                raise Differs
            given[one] = fits[0]
        found = here.xreplace(given)
        values = {sympy.Symbol(size.name, positive=True): size.there for size in self._sizes}
        if node.op is ops.CHAIN or found.subs(values) != there:
            raise Differs
        return found

    def _rationals(self, here: Any, there: Any) -> Iterator[Any]:
        """Numbers as a number times or over an expression of sizes."""
        for count in (1, 2):
            for name, one, other in self._known[count]:
                letters = [sympy.Symbol(part, positive=True) for part in name.split("*")]
                for more in (0, -1):
                    size = sympy.Mul(*letters) + more
                    for expression, a, b in (
                        (1 / size, sympy.Rational(1, max(one + more, 1)),
                         sympy.Rational(1, max(other + more, 1))),
                        (size, sympy.Integer(one + more), sympy.Integer(other + more)),
                    ):  # fmt: skip
                        if a and b and here / a == there / b:
                            yield here / a * expression


def generalised(plan: Plan, other: Plan, sizes: Sequence[Size]) -> Any:
    """The plan, the texts of its sizes and of those of its inputs; None where it has no others."""
    try:
        return Matching(sizes).matched(plan, other)
    except Differs:
        return None
