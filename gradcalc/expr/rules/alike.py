"""Rules of what is done alike in every place: `[2*x[0], 2*x[1]]` is `2*x`, `x[0]**2 + x[1]**2` x@x.

One part is taken as the pattern. With its own index exchanged for each of the others it must give
the other parts; then the same operations of the whole dimension give all of them at once.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.rules.factors import split
from gradcalc.expr.scalars import times
from gradcalc.expr.simplify import UNREAL, Simplifier, Unreal

LARGEST_PATTERN = 16
"""Nodes of a part above which it is no pattern."""

LARGEST_SUM = 400
"""Terms of a sum in which patterns are looked for."""

GONE_THROUGH = 4 * LARGEST_SUM
"""Terms that are gone through for it, those of a sum that is in several others for each of them."""

PATTERNS = 3
"""Parts that are tried as patterns: an index may be there for another reason in one of them."""

REDUCTIONS = (ops.SUM, ops.MEAN, ops.NORM, ops.LOGSUMEXP, ops.PROD)


class Pattern:
    """What is made of the elements at one place of a dimension of some size."""

    def __init__(self, s: Simplifier, place: int, size: int) -> None:
        self._s = s
        self._place = place
        self.size = size
        self._touched: dict[int, bool] = {}
        self._lifted: dict[int, Node | None] = {}

    def touches(self, node: Node) -> bool:
        """Whether a node has anything to do with the place."""
        if node.order not in self._touched:
            own = self._axis(node) is not None
            self._touched[node.order] = own or any(map(self.touches, node.operands))
        return self._touched[node.order]

    def _axis(self, node: Node) -> int | None:
        """In which dimension a node takes what stands at the place, None if in none or several."""
        if node.op is not ops.INDEX or any(isinstance(i, ops.Data) for i in node["key"]):
            return None
        sizes = node.operands[0].shape
        found = [k for k, item in enumerate(node["key"])
                 if item == self._place and sizes[k] == self.size]  # fmt: skip
        return found[0] if len(found) == 1 else None

    def at(self, node: Node, place: int, made: dict[int, Node]) -> Node:
        """The same of another place; `made` are the parts that are known."""
        if not self.touches(node):
            return node
        if node.order not in made:
            axis = self._axis(node)
            if axis is not None:
                key = (*node["key"][:axis], place, *node["key"][axis + 1 :])
                made[node.order] = self._s(ops.INDEX, node.operands[0], key=key)
            elif node.op is ops.MAP:
                body = self.exchanged(node["body"], place, made)
                made[node.order] = self._s.map(body, node.shape)
            else:
                operands = [self.at(operand, place, made) for operand in node.operands]
                made[node.order] = self._s(node.op, *operands, **dict(node.static))
        return made[node.order]

    def exchanged(self, body: Any, place: int, made: dict[int, Node]) -> Any:
        """A scalar expression of another place.

        Raises `Unreal` where it is none: 1/(x[0] - x[1]) with 1 in the place of 0.
        """
        nodes = {symbol: self._s.node(symbol) for symbol in body.free_symbols}
        there = {
            symbol: self._s.body(self.at(node, place, made))
            for symbol, node in nodes.items() if self.touches(node)
        }  # fmt: skip
        try:
            found = body.xreplace(there)
        # sympy's word for comparisons with what is no real number
        except (TypeError, ValueError) as reason:
            raise Unreal(str(reason)) from reason
        if found.has(*UNREAL):
            raise Unreal("an element cannot stand in the place of another one")
        return found

    def along(self, node: Node) -> Node | None:
        """A node that touches the place, of all places: one more dimension in front."""
        if node.order not in self._lifted:
            self._lifted[node.order] = self._along(node)
        return self._lifted[node.order]

    def _along(self, node: Node) -> Node | None:
        s, axis = self._s, self._axis(node)
        if axis is not None:
            return self._taken(node, axis)
        if node.op is ops.MAP:
            return self._mapped(node)
        if node.op is ops.MATMUL and max(o.ndim for o in node.operands) < 3:
            return self._multiplied(*node.operands)
        if node.op in REDUCTIONS or node.op is ops.RESHAPE:
            (inner,) = map(self.along, node.operands)
            if inner is None:
                return None
            if node.op is ops.RESHAPE:
                return s(ops.RESHAPE, inner, shape=(self.size, *node.shape))
            return s(node.op, inner, axes=tuple(axis + 1 for axis in node["axes"]))
        return None

    def _taken(self, node: Node, axis: int) -> Node | None:
        (x,), key = node.operands, node["key"]
        if self.touches(x):
            return None
        whole = (0, self.size, 1)
        items = [*key[:axis], whole, *key[axis + 1 :]]
        while items and items[-1] == (0, x.shape[len(items) - 1], 1):
            items.pop()
        taken = self._s(ops.INDEX, x, key=tuple(items)) if items else x
        before = sum(not isinstance(item, int) for item in key[:axis])
        if not before:
            return taken
        order = (before, *(k for k in range(taken.ndim) if k != before))
        return self._s(ops.PERMUTE, taken, order=order)

    def _mapped(self, node: Node) -> Node | None:
        s, parts = self._s, {}
        outer = self._outer(node) if node.ndim == 1 else None
        if outer is not None:
            return outer
        for symbol, operand in zip(node["symbols"], node.operands, strict=True):
            if not self.touches(operand):
                continue
            inner = self.along(operand)
            if inner is None:
                return None
            if operand.ndim < node.ndim:
                new = (1,) * (node.ndim - operand.ndim)
                inner = s(ops.RESHAPE, inner, shape=(self.size, *new, *operand.shape))
            parts[symbol] = s.body(inner)
        return s.map(node["body"].xreplace(parts), (self.size, *node.shape))

    def _outer(self, node: Node) -> Node | None:
        """Numbers of every place times one vector."""
        s = self._s
        own, rest = split(s, node)
        if self.touches(rest) or (rest.op is ops.MAP and rest["body"].is_number) or own.is_number:
            return None
        numbers = self.along(s.map(own, ()))
        return None if numbers is None else s(ops.OUTER, numbers, rest)

    def _multiplied(self, x: Node, y: Node) -> Node | None:
        s, (first, second) = self._s, map(self.touches, (x, y))
        if first and second:
            left, right = self.along(x), self.along(y)
            if left is None or right is None or x.ndim > 1 or y.ndim > 1:
                return None
            return s(ops.SUM, s.map(s.body(left) * s.body(right), left.shape), axes=(1,))
        inner = self.along(x if first else y)
        if inner is None or inner.ndim != 2:
            return None
        if first:
            return s(ops.MATMUL, inner, y)
        return s(ops.MATMUL, inner, x if x.ndim == 1 else swapped(s, x))


def stacked(s: Simplifier, *parts: Node, axis: int) -> Node | None:
    """Parts that are alike, side by side, as one operation."""
    if axis or s.large or _small(parts[:1]) is None:
        return None
    first = parts[0]
    if len(parts) > 1 and all(part is first for part in parts) and first.op is not ops.VAR:
        plain = s.number_of(first) is not None
        return None if plain else s.map(s.body(first), (len(parts), *first.shape))
    for place in range(min(PATTERNS, len(parts))):
        pattern, part = Pattern(s, place, len(parts)), parts[place]
        if not pattern.touches(part):
            continue
        if _is_alike(pattern, part, parts, place):
            return pattern.along(part)
    return None


def _is_alike(pattern: Pattern, part: Node, parts: Sequence[Node], place: int) -> bool:
    """Whether the part at a place gives all other parts."""
    others = ((k, other) for k, other in enumerate(parts) if k != place)
    try:
        return all(pattern.at(part, k, {}) is other for k, other in others)
    except Unreal:
        return False


def summed(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Terms that are alike, of every place of a dimension, as one sum."""
    if not body.is_Add or s.large:
        return body
    terms = _terms(s, body, shape)
    for term, number in terms.items():
        for place, size in _places(s, term):
            if 1 < size <= len(terms):
                found = _summed(s, terms, term, Pattern(s, place, size))
                if found is not None:
                    others, total = found
                    return summed(s, sympy.Add(*others, times(number, total)), shape)
    return body


def _terms(s: Simplifier, body: Any, shape: Shape) -> dict[Any, Any]:
    """The terms of a sum and of the sums in it, with the numbers in front; none of very many."""
    found: dict[Any, Any] = {}
    stack = [(term, sympy.Integer(1)) for term in reversed(body.args)]
    seen = 0
    while stack:
        seen += 1
        term, outside = stack.pop()
        number, rest = term.as_coeff_Mul()
        inner = rest if rest.is_Add else _sum_in(s, rest, shape)
        if inner is not None:
            stack += [(part, outside * number) for part in reversed(inner.args)]
        else:
            found[rest] = found.get(rest, 0) + outside * number
        if len(found) + len(stack) > LARGEST_SUM or seen > GONE_THROUGH:
            return {}
    return found


def _sum_in(s: Simplifier, symbol: Any, shape: Shape) -> Any | None:
    """The sum that a symbol stands for, None if it stands for something else."""
    node = s.node(symbol) if symbol.is_Symbol else None
    if node is None or node.op is not ops.MAP or node.shape != shape:
        return None
    return node["body"] if node["body"].is_Add else None


def _places(s: Simplifier, term: Any) -> Iterable[tuple[int, int]]:
    """The places in a term at which elements are taken, each with the size of its dimension."""
    nodes = _small([s.node(symbol) for symbol in term.free_symbols])
    taken = [node for node in nodes or () if node.op is ops.INDEX]
    return dict.fromkeys(
        (item, size)
        for node in taken
        for item, size in zip(node["key"], node.operands[0].shape, strict=False)
        if isinstance(item, int)
    )


def _small(roots: Sequence[Node]) -> list[Node] | None:
    """The nodes that others are made of, operands first; None where these are many."""
    seen: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.order not in seen:
            seen[node.order] = node
            stack += node.operands
            if len(seen) > LARGEST_PATTERN:
                return None
    return [seen[order] for order in sorted(seen)]


def _summed(
    s: Simplifier, terms: dict[Any, Any], term: Any, pattern: Pattern
) -> tuple[list[Any], Any] | None:
    """The other terms, and the sum of what is like one of them at all places."""
    number, left = terms[term], dict(terms)
    for place in range(pattern.size):
        try:
            factor, other = pattern.exchanged(term, place, {}).as_coeff_Mul()
        except Unreal:
            return None
        taken = factor * number
        # of a square of what is in two of them there may be more
        if taken * left.get(other, 0) <= 0 or abs(taken) > abs(left[other]):
            return None
        left[other] -= taken
    part = s.map(term, s.spread_shape(term))
    total = _total(s, pattern, part) if pattern.touches(part) else None
    others = [times(factor, rest) for rest, factor in left.items() if factor != 0]
    return None if total is None else (others, s.body(total))


def _total(s: Simplifier, pattern: Pattern, part: Node) -> Node | None:
    """The sum of a part of all places."""
    if part.ndim == 1 and part.op is ops.MAP:
        own, rest = split(s, part)
        numbers = s.map(own, ())
        if pattern.touches(numbers) and pattern.touches(rest):
            left, right = pattern.along(rest), pattern.along(numbers)
            if left is not None and right is not None:
                return s(ops.MATMUL, swapped(s, left), right)
    whole = pattern.along(part)
    return None if whole is None else s(ops.SUM, whole, axes=(0,))


def in_rows(s: Simplifier, body: Any, shape: Shape) -> Any:
    """Parts put in all places of the first dimensions, as one operation where they are alike."""
    if not body.as_coeff_Mul()[1].is_Add or not shape or s.large:
        return body
    parts: dict[tuple[int, ...], Node] = {}
    for rest, number in _terms(s, sympy.Add(body, evaluate=False), shape).items():
        term = number * rest
        placed = [f for f in sympy.Mul.make_args(rest) if f.is_Symbol and s.node(f).shape == shape]
        node = s.node(placed[0]) if len(placed) == 1 else None
        if node is None or node.op is not ops.SCATTER or not s.is_scalar(term / placed[0]):
            return body
        key = _first_places(node["key"], shape)
        if not key or key in parts:
            return body
        parts[key] = s.scaled(term / placed[0], node.operands[0])
    count = len(next(iter(parts), ()))
    if any(len(key) != count for key in parts) or len(parts) != math.prod(shape[:count]):
        return body
    for axis in reversed(range(count)):
        rows: dict[tuple[int, ...], Node] = {}
        for key in np.ndindex(*shape[:axis]):
            row = stacked(s, *[parts[(*key, k)] for k in range(shape[axis])], axis=0)
            if row is None:
                return body
            rows[key] = row
        parts = rows
    return s.body(parts[()])


def _first_places(key: tuple[Any, ...], shape: Shape) -> tuple[int, ...] | None:
    """The places in the first dimensions, if the others are whole."""
    first = tuple(itertools.takewhile(lambda item: isinstance(item, int), key))
    rest = zip(key[len(first) :], shape[len(first) :], strict=False)
    return first if all(item == (0, size, 1) for item, size in rest) else None


def list_sample(f: Any, x: Node, a: Node) -> Node:
    parts = [f.map(2 * sympy.exp(f.symbol(f(ops.INDEX, x, key=(k,)))), ()) for k in range(3)]
    node: Node = f(ops.STACK, *parts, axis=0)
    return node


def sum_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    rows = [f(ops.INDEX, a, key=(k,)) for k in range(3)]
    each = [f.symbol(f(ops.MATMUL, row, x)) * f.symbol(row) for row in rows]
    return sympy.Add(*each, f.symbol(x)), (3,)


def rows_sample(f: Any, x: Node, a: Node) -> tuple[Any, Shape]:
    rows = [f(ops.SCATTER, f(ops.INDEX, a, key=((0, 3, 1), k)), key=(k,), shape=(3, 3))
            for k in range(3)]  # fmt: skip
    each = [f.symbol(f(ops.INDEX, x, key=(k,))) * f.symbol(row) for k, row in enumerate(rows)]
    return sympy.Add(*each), (3, 3)
