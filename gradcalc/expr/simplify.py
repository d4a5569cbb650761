"""The simplifier: the same gradient in the form in which people write it.

Nodes are rebuilt from the leaves up. Nested functions of elements are fused into one scalar
expression, whose symbols stand for nodes; everything else goes through the rules of its operation
(`gradcalc.expr.rules`), the first that fits. A rule never changes a shape.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Forms, Node, Op, Shape, ancestry, uses
from gradcalc.expr.parts import Places, appearances
from gradcalc.expr.scalars import filled, is_indicator, operations, remade
from gradcalc.expr.tidy import tidy
from gradcalc.expr.written import Unprintable

LARGE = 600
"""Nodes above which a graph is rebuilt by the cheapest means only."""

FUSED = 40
"""Operations up to which an expression goes into the only other one that it is in."""

SHARED = 8
"""The same where it is in several."""

FEW = 2
"""The same in a large graph."""

TIDYING = 20
"""How many times as much it is to look for the shortest form of an expression."""

EFFORT = 100_000
"""Parts of scalar expressions that a graph may be rewritten by, which takes some seconds."""

DEEPEST = 30
"""Rules within rules below which operations are made as they are."""

UNREAL = {
    sympy.nan: "finite", sympy.zoo: "finite", sympy.oo: "finite", -sympy.oo: "finite",
    sympy.I: "real",
}  # fmt: skip
"""Constants that are not written, and what they are not."""


class Unreal(Unprintable):
    """There is a constant in an expression that is no real number; the message says which."""


class TooMuch(Exception):
    """A graph is worth no more work than has been done."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rewriting of one operation.

    `apply(s, *operands, **static)` gives the node that takes its place, None where the rule does
    not fit. `sample(f, x, A)` makes a node that it fits, of a vector x of 3 and a matrix A of 3
    by 3, for the tests.
    """

    name: str
    op: Op
    apply: Callable[..., Node | None]
    sample: Callable[..., Node]


class Simplifier:
    """Rebuilds nodes by rules. Its instances are what rules get as `s`.

    `dtype` is that of the calculation: a constant is the simplest number that rounds to it.
    `spoken` are the names that the user has called things by, None if that is not known. After so
    much `effort` it gives up and raises `TooMuch`. `careful` keeps forms that hold wherever the
    gradient does: a product is not divided by its factors.
    """

    def __init__(
        self,
        forms: Forms,
        rules: Sequence[Rule],
        scalar_rules: Sequence[Any] = (),
        dtype: str = "float64",
        *,
        large: bool = False,
        careful: bool = False,
        effort: int = EFFORT,
        spoken: frozenset[str] | None = None,
    ) -> None:
        self.forms = forms
        self._spoken = spoken
        self.dtype = dtype
        self.large = large
        self.careful = careful
        self._rules: dict[Op, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.op, []).append(rule)
        self._scalar_rules = () if large else tuple(scalar_rules)
        self._nodes: dict[Any, Node] = {}
        self._symbols: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}
        self.places = Places()
        self._shared: set[int] = set()
        self._tidied: dict[Any, Node] = {}
        self._left = effort
        self._depth = 0

    # -- building ----------------------------------------------------------------------

    def __call__(self, op: Op, *operands: Node, **static: Any) -> Node:
        """An operation of simplified nodes, simplified."""
        if self._depth > DEEPEST:
            return self.forms(op, *operands, **static)
        self._depth += 1
        try:
            for rule in self._rules.get(op, ()):
                found = rule.apply(self, *operands, **static)
                if found is not None:
                    wanted = op.shape(*[operand.shape for operand in operands], **static)
                    assert found.shape == wanted, f"{rule.name} changes a shape"
                    return found
        finally:
            self._depth -= 1
        return self.forms(op, *operands, **static)

    def map(self, body: Any, shape: Shape) -> Node:
        """A scalar expression in the symbols of nodes, as a tensor of a shape."""
        if not self.large:
            body = remade(body)
        body, found = self._ruled(body, shape)
        if body.is_Symbol and self._nodes[body].shape == shape:
            return self._nodes[body]
        symbols = tuple(sorted(found, key=lambda s: self._nodes[s].order))
        operands = [self._nodes[symbol] for symbol in symbols]
        return self.forms(ops.MAP, *operands, symbols=symbols, body=body, shape=shape)

    def _ruled(self, body: Any, shape: Shape) -> tuple[Any, set[Any]]:
        """An expression rewritten by the scalar rules, and its symbols."""
        symbols, kinds = self._looked_through(body)
        for rule in self._scalar_rules:
            if rule.among is None or not rule.among.isdisjoint(kinds):
                found = rule.apply(self, body, shape)
                if found is not body:
                    body = found
                    symbols, kinds = self._looked_through(body)
        return body, symbols

    def _looked_through(self, body: Any) -> tuple[set[Any], set[Op]]:
        """The symbols in an expression, and the operations that they stand for.

        Raises `TooMuch` where that is more than is left, `Unreal` for constants that are no
        numbers.
        """
        symbols = set()
        count, stack = 0, [body]
        while stack:
            part = stack.pop()
            count += 1
            if part.args:
                stack += part.args
            elif part.is_Symbol:
                symbols.add(part)
            elif part in UNREAL:
                raise Unreal(f"a constant in it is not {UNREAL[part]}")
        self._spend(count)
        kinds = set()
        for symbol in symbols:
            node = self._nodes[symbol]
            while node.op is ops.RESHAPE:
                (node,) = node.operands
            kinds.add(node.op)
        return symbols, kinds

    def _spend(self, effort: int) -> None:
        self._left -= effort
        if self._left < 0:
            raise TooMuch

    def tidied(self, body: Any, shape: Shape, length: Callable[[Any], int]) -> Node:
        """A scalar expression in the shortest of a few forms, its text measured by `length`."""
        known = self._tidied.get((body, shape))
        if known is None:
            self._spend(TIDYING * operations(body))
            try:
                shortest = tidy(body, length)
            except RecursionError:
                # sympy goes in circles over cases of cases
                shortest = body
            known = self.map(shortest, shape)
            self._tidied[body, shape] = known
        return known

    def moved(self, x: Node, change: Callable[[Node], Node | None], shape: Shape) -> Node | None:
        """A function of elements with its operands changed, None if one of them cannot be."""
        changed = [change(node) for node in x.operands]
        bodies = [self.body(node) for node in changed if node is not None]
        if len(bodies) < len(changed):
            return None
        return self.map(x["body"].xreplace(dict(zip(x["symbols"], bodies, strict=True))), shape)

    def scaled(self, factor: Any, node: Node) -> Node:
        """A node times a scalar expression."""
        return node if factor == 1 else self.map(factor * self.body(node), node.shape)

    def symbol(self, node: Node) -> Any:
        """The symbol that stands for a node in scalar expressions."""
        known = self._symbols.get(node.order)
        if known is None:
            known = self._symbols[node.order] = sympy.Symbol(f"n{node.order}", real=True)
            self._nodes[known] = node
        return known

    @property
    def nodes(self) -> Mapping[Any, Node]:
        """The nodes by the symbols that stand for them."""
        return self._nodes

    def node(self, symbol: Any) -> Node:
        """The node that a symbol stands for."""
        return self._nodes[symbol]

    def body(self, node: Node) -> Any:
        """A node as part of a scalar expression: its own expression, or its symbol."""
        if node.op is ops.RESHAPE:
            (inner,) = node.operands
            added = len(node.shape) - len(inner.shape)
            # what broadcasting puts in front need not be said
            if added > 0 and node.shape == (1,) * added + inner.shape:
                return self.body(inner)
            pushed = self._pushed(inner, node.shape)
            if pushed is not None:
                return pushed
        if node.op is not ops.MAP:
            return self.symbol(node)
        body = node["body"]
        if node.order not in self._sizes:
            self._sizes[node.order] = operations(body)
        most = SHARED if node.order in self._shared else FUSED
        most = FEW if self.large else most
        if is_indicator(body) and not self.large:
            # a condition is to be seen by the choice that it decides
            return body
        return body if self._sizes[node.order] <= most else self.symbol(node)

    def _pushed(self, inner: Node, shape: Shape) -> Any | None:
        """A product with dimensions of size 1 put in, as a product of such."""
        if inner.op is not ops.MAP or inner["body"].is_Add:
            return None
        if inserted_axes(inner.shape, shape) is None:
            return None
        parts = {}
        for symbol, operand in zip(inner["symbols"], inner.operands, strict=True):
            if operand.shape == inner.shape:
                parts[symbol] = self.body(self(ops.RESHAPE, operand, shape=shape))
            elif operand.shape != ():
                return None
        return inner["body"].xreplace(parts)

    # -- looking -----------------------------------------------------------------------

    def spread_shape(self, body: Any) -> Shape:
        """The shape that an expression has of itself."""
        shapes = [self._nodes[symbol].shape for symbol in body.free_symbols]
        return tuple(np.broadcast_shapes(*shapes))

    def is_scalar(self, body: Any) -> bool:
        """Whether an expression is the same for all elements."""
        return all(self._nodes[symbol].shape == () for symbol in body.free_symbols)

    def speaks_of(self, name: str) -> bool:
        """Whether the user has called something by a name that is a matter of taste."""
        return self._spoken is None or name in self._spoken

    def number_of(self, node: Node) -> Any | None:
        """The one number that all elements are, None if they differ or are not known."""
        if node.op is ops.MAP and node["body"].is_number:
            return node["body"]
        return None

    # -- rebuilding --------------------------------------------------------------------

    def rebuilt(self, roots: Sequence[Node]) -> list[Node]:
        """Nodes of a sweep, simplified."""
        made: dict[int, Node] = {}
        nodes = ancestry(roots)
        count = uses(nodes)
        for node in nodes:
            operands = [made[operand.order] for operand in node.operands]
            made[node.order] = self._rebuilt(node, operands)
            if count[node.order] > 1:
                self._shared.add(made[node.order].order)
        return [made[root.order] for root in roots]

    def count(self, roots: Sequence[Node]) -> None:
        """Find out anew which nodes are there several times."""
        found = appearances(ancestry(roots), self._nodes)
        self._shared = {order for order, times in found.items() if times > 1}

    def _rebuilt(self, node: Node, operands: Sequence[Node]) -> Node:
        if node.op is ops.VAR:
            return node
        if node.op is ops.BROADCAST:
            return self.map(self.body(operands[0]), node.shape)
        if node.op is ops.MAP:
            return self._fused(node, node["body"], operands)
        if node.op is ops.CHAIN:
            first, *rest = operands
            return self._fused(node, node["written"], rest, self.body(first))
        return self(node.op, *operands, **dict(node.static))

    def _fused(self, node: Node, body: Any, operands: Sequence[Node], factor: Any = None) -> Node:
        parts = dict(zip(node["symbols"], map(self.body, operands), strict=True))
        body = filled(body, parts)
        return self.map(body if factor is None else factor * body, node.shape)
