"""A graph as loops over numbers that lie row by row, for languages without arrays of their own.

What only moves elements about, and what is used once, is worked out where it is needed; the rest is
an array or a number with a name.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from gradcalc.export.expressions import Expressions
from gradcalc.export.indices import Index, dropped, flat
from gradcalc.export.syntaxes import Syntax
from gradcalc.expr import ops
from gradcalc.expr.moving import numpy_key
from gradcalc.expr.nodes import Data, Node, Shape, ancestry, uses
from gradcalc.expr.scalars import Where, is_indicator, is_total, operations
from gradcalc.expr.written import ATOM, COMPARISON, PRODUCT, SUM, Text


@dataclass(frozen=True, slots=True)
class Rules:
    """How operations are written: `inline` ones element by element, others as `statements`, of
    which those that look at each element `once` need no array of them."""

    inline: Mapping[ops.Op, Any]
    statements: Mapping[ops.Op, Any]
    once: Collection[ops.Op]


class Loops:
    """Writes the nodes of a plan as statements. `lines` are they, each with how deep it stands."""

    def __init__(
        self, syntax: Syntax, names: Mapping[str, str], taken: set[str], rules: Rules
    ) -> None:
        self.syntax = syntax
        self._rules = rules
        self.lines: list[tuple[int, str]] = []
        self.tables: list[str] = []
        self._names = names
        self._taken = {*taken, *names.values()}
        self._arrays: dict[int, str] = {}
        self._scalars: dict[int, Text] = {}
        self._depth = 0
        self._numbers = count(1)
        self._loops = count(1)
        self._uses: Mapping[int, int] = {}
        self._fixed: dict[Any, str] = {}

    # -- statements ------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """A statement."""
        self.lines.append((self._depth, text))

    def fresh(self, letter: str = "t") -> str:
        """A name that nothing has."""
        numbers = self._loops if letter == "i" else self._numbers
        return next(n for n in (f"{letter}{k}" for k in numbers) if n not in self._taken)

    @contextmanager
    def over(self, shape: Sequence[int]) -> Iterator[list[str]]:
        """Loops over the places of a shape; those of size 1 are none."""
        index, opened = [], 0
        for size in shape:
            if size == 1:
                index.append("0")
                continue
            index.append(self.fresh("i"))
            self.line(self.syntax.loop(index[-1], size))
            self._depth += 1
            opened += 1
        yield index
        for _ in range(opened):
            self._depth -= 1
            if self.syntax.end:
                self.line(self.syntax.end)

    def number(self, value: str) -> str:
        """A new variable."""
        name = self.fresh()
        self.line(self.syntax.number(name, value))
        return name

    def put(self, place: str, value: str, *, add: bool = False) -> None:
        """An assignment."""
        self.line(f"{place} {'+=' if add else '='} {value}{self.syntax.end_of}")

    def new(self, node: Node) -> str:
        """An array of zeros for a node."""
        name = self.fresh()
        self.line(self.syntax.array(name, max(math.prod(node.shape), 1)))
        self._arrays[node.order] = name
        return name

    def table(self, items: Sequence[Any], *, whole: bool) -> str:
        """Fixed numbers with a name."""
        key = (tuple(items), whole)
        if key not in self._fixed:
            name = self.fresh()
            texts = [str(int(i)) if whole else self.syntax.scalars.number(i).text for i in items]
            self.line(self.syntax.table(name, texts, whole))
            self._fixed[key] = name
        return self._fixed[key]

    # -- elements --------------------------------------------------------------------------------

    def array(self, node: Node) -> str:
        """A node as an array with a name."""
        if node.order not in self._arrays:
            name = self.new(node)
            with self.over(node.shape) as index:
                value = self._inline(node, index).text
                self.put(self.syntax.at(name, flat(index, node.shape)), value)
        return self._arrays[node.order]

    def element(self, node: Node, index: Index) -> Text:
        """An element of a node as an expression."""
        if node.order in self._scalars:
            return self._scalars[node.order]
        if node.order in self._arrays:
            return Text(self.syntax.at(self._arrays[node.order], flat(index, node.shape)))
        return self._inline(node, index)

    def aligned(self, node: Node, index: Index) -> Text:
        """An element of a node that is broadcast to more dimensions."""
        own = index[len(index) - node.ndim :]
        return self.element(
            node, ["0" if size == 1 else i for i, size in zip(own, node.shape, strict=True)]
        )

    def _inline(self, node: Node, index: Index) -> Text:
        if node.op is ops.VAR:
            name = self._names[node["name"]]
            return Text(self.syntax.at(name, flat(index, node.shape)) if node.shape else name)
        if node.op is ops.LITERAL:
            return self._literal(node, index)
        if node.op is ops.MAP:
            return self._map(node, index)
        if node.op is ops.CHAIN:
            return self._chain(node, index)
        rule = self._rules.inline.get(node.op)
        assert rule is not None, node.op.name
        return rule(self, node, index)  # type: ignore[no-any-return]

    def _literal(self, node: Node, index: Index) -> Text:
        values = node["data"].array
        first = values.flat[0] if values.size else 0.0
        if (values == first).all():
            return self.syntax.scalars.number(first)
        return Text(self.syntax.at(self._arrays[node.order], flat(index, node.shape)))

    def _map(self, node: Node, index: Index) -> Text:
        return self.expression(node, node.operands, node["body"], index)

    def expression(self, node: Node, operands: Sequence[Node], body: Any, index: Index) -> Text:
        """A scalar expression of a node's symbols; what is in it several times gets a name."""
        env = dict(zip(node["symbols"], operands, strict=True))
        often = _often(body)
        known: dict[Any, Text] = {}

        def kept(part: Any, write: Callable[[], Text]) -> Text:
            if part in known:
                return known[part]
            text = write()
            if part in often:
                text = known[part] = Text(self.number(text.text))
            return text

        return Expressions(
            self.syntax.scalars, lambda symbol: self.aligned(env[symbol], index), kept
        )(body)

    def _chain(self, node: Node, index: Index) -> Text:
        factor, *operands = node.operands
        g = self.aligned(factor, index)
        slope = self.expression(node, operands, node["body"], index)
        product = Text(f"{g.within(PRODUCT)}*{slope.within(ATOM)}", PRODUCT)
        fixed = factor.op is ops.LITERAL and factor["data"].array.all()
        if is_total(node["body"]) or fixed:
            return product
        scalars = self.syntax.scalars
        zero = scalars.number(0.0)
        return scalars.choice(
            Text(f"{g.within(PRODUCT)} == {zero.text}", COMPARISON), zero, product
        )

    # -- nodes -----------------------------------------------------------------------------------

    def write(self, roots: Sequence[Node], more: Sequence[Node] = ()) -> None:
        """All nodes that the roots are made of, in order, and those of more that are looked at."""
        nodes = ancestry([*roots, *more])
        held = {root.order for root in roots}
        self._uses = uses(nodes)
        for node in nodes:
            self._write(node, node.order in held)

    def _write(self, node: Node, is_root: bool) -> None:
        if node.op is ops.VAR:
            if node.shape:
                self._arrays[node.order] = self._names[node["name"]]
            return
        if node.op is ops.LITERAL:
            values = node["data"].array
            if values.size and not (values == values.flat[0]).all():
                self._arrays[node.order] = self.table(values.reshape(-1).tolist(), whole=False)
            return
        heavy = node.op not in self._rules.inline and node.op not in (ops.MAP, ops.CHAIN)
        for operand in node.operands:
            more = math.prod(node.shape) > math.prod(operand.shape)
            spread = node.op in (ops.OUTER, ops.MATMUL) or more
            if self._is_work(operand) and (spread or (heavy and node.op not in self._rules.once)):
                self._keep(operand)
        if heavy:
            rule = self._rules.statements.get(node.op)
            if rule is None:
                raise self.syntax.scalars.lacks(node.op.name.replace("_", " "))
            rule(self, node)
        elif node.op is ops.ONE_HOT:
            self._labelled(node)
        elif node.op is ops.RESHAPE or node.op is ops.INDEX:
            self._prepare(node)
        if is_root or (self._uses.get(node.order, 0) > 1 and self._is_work(node)):
            self._keep(node)

    def _is_work(self, node: Node) -> bool:
        """Whether an element of a node takes work, and not only a look."""
        if node.op in (ops.MAP, ops.CHAIN):
            return operations(node["body"]) > 0 or node.op is ops.CHAIN
        if node.op in self._rules.inline:
            return any(map(self._is_work, node.operands)) or node.op is ops.OUTER
        return False

    def _keep(self, node: Node) -> None:
        """A node under a name: a number by itself, others as arrays."""
        if node.order in self._arrays or node.order in self._scalars:
            return
        if node.shape:
            self.array(node)
        else:
            self._scalars[node.order] = Text(self.number(self._inline(node, ()).text))

    def _labelled(self, node: Node) -> None:
        """An assertion that labels are some."""
        (x,) = node.operands
        if x.op is ops.LITERAL:
            return
        if self._is_work(x):
            self._keep(x)
        scalars = self.syntax.scalars
        with self.over(x.shape) as index:
            label = self.element(x, index)
            whole = f"{scalars.called('floor', label).text} == {label.within(SUM)}"
            size = scalars.number(node["size"]).text
            known = (f"{label.within(SUM)} >= 0", f"{label.within(SUM)} < {size}", whole)
            self.line(self.syntax.certain(scalars.logic[0].join(known)))

    def _prepare(self, node: Node) -> None:
        """What has to be an array before there are loops."""
        (x,) = node.operands
        if node.op is ops.RESHAPE:
            simple = dropped(x.shape, node.shape) is not None or x.shape == node.shape
            if not simple and x.shape:
                self._keep(x)
        elif any(isinstance(part, Data) for part in node["key"]):
            self.array(x)
            self.places(x.shape, node["key"])

    def places(self, shape: Shape, key: Any) -> str:
        """Where the elements at an index lie."""
        places = np.arange(math.prod(shape)).reshape(shape)[numpy_key(key)]
        return self.table(places.reshape(-1).tolist(), whole=True)

    def stored(self, node: Node, value: str) -> None:
        """A number under its name."""
        self._scalars[node.order] = Text(value)


def _often(body: Any) -> frozenset[Any]:
    """The parts of an expression that are worked out several times, outside of choices."""
    times_of: dict[Any, int] = {}

    def visit(part: Any) -> None:
        times_of[part] = times_of.get(part, 0) + 1
        if times_of[part] == 1 and not isinstance(part, Where):
            if part.is_Mul and any(is_indicator(factor) for factor in part.args):
                return
            for arg in part.args:
                visit(arg)

    visit(body)
    return frozenset(
        part
        for part, often in times_of.items()
        if often > 1
        and part.free_symbols
        and not part.is_Boolean
        and (part.is_Function or operations(part) > 1)
    )
