"""Nodes as text in gradcalc's own language.

What has no spelling raises `Unprintable`; nothing else is ever printed in its place.
"""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape
from gradcalc.expr.parts import appearances, repeated, undetached, used, written_nodes
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.spelling import Spelling
from gradcalc.expr.written import (
    ATOM,
    LONGEST,
    NEGATIVE,
    PRODUCT,
    Text,
    TooLong,
    Unprintable,
    Written,
)

SHORT = 100
"""Characters up to which a formula is written in one piece, whatever is in it twice."""

MANY = 200
"""Nodes of a formula that is not worth trying to write in one piece."""

LONG = 120
"""Characters of a part above which it gets a name of its own."""

MADE = 5 * LONGEST
"""Characters of all parts of a formula above which it is written no further: not all are used."""

WRITTEN_OUT = 6
"""The largest vector of one element and zeros that is written out."""

MEASURED = 5_000
"""Characters above which it does not matter how long a part is."""

KEEPING = (ops.SUM, ops.MEAN, ops.NORM, ops.LOGSUMEXP, ops.AMAX, ops.AMIN, ops.PROD)
"""Reductions that may keep their dimensions with size 1."""

WORTH = 8
"""Characters of a part that is there twice, above which a name is worth while."""


class Writer(Spelling):
    """Writes nodes. Its instances are what `Op.text` gets as `w`.

    `shapes` are those of the inputs, in the order of the program; `taken` the names that parts may
    not have; `decimals` are the decimals that the user has written; `wrt` is the
    input that is differentiated by; `careful` chooses forms that also hold where the usual one
    does not: at zeros of a product, where several elements are the largest.
    """

    def __init__(
        self,
        nodes: Mapping[Any, Node],
        shapes: Mapping[str, Shape],
        taken: frozenset[str] = frozenset(),
        *,
        decimals: frozenset[float] = frozenset(),
        wrt: str | None = None,
        careful: bool = False,
    ) -> None:
        super().__init__(nodes, shapes, taken, decimals=decimals)
        self.careful = careful
        self._wrt = wrt
        self._texts: dict[int, Text] = {}
        self._root: Node | None = None
        self._undetached: frozenset[int] = frozenset()
        self._parts: dict[str, str] = {}
        self._length = 0
        self._repeated: frozenset[Any] = frozenset()

    unprintable = Unprintable

    def write(self, root: Node) -> Written:
        """A node as a formula, its parts named where that is shorter.

        Raises `TooLong` as soon as it is.
        """
        nodes = written_nodes(root)
        if len(nodes) < MANY:
            with suppress(TooLong):
                written = self._written(root, nodes, {})
                if not written.parts and len(written.body) <= SHORT:
                    return written
        count = appearances(nodes, self._nodes)
        written = self._written(root, nodes, count)
        if len(written.text) > LONGEST:
            raise TooLong
        return written

    def prepare(self, node: Node) -> None:
        """Write the nodes that a node is made of, itself too, so that expressions can name it."""
        for part in written_nodes(node):
            if part.order not in self._texts:
                try:
                    text = self._text(part, top=False)
                except Unprintable:
                    text = Text("u" * WORTH)
                # what is there again and again would grow without end
                long = len(text.text) > MEASURED
                self._texts[part.order] = Text("u" * MEASURED) if long else text

    def stands(self, node: Node, text: Text) -> None:
        """A node is written as that text."""
        self._texts[node.order] = text

    def length(self, body: Any) -> int:
        """How long an expression is when it is written."""
        for symbol in body.free_symbols:
            self.prepare(self._nodes[symbol])
        try:
            return len(self.expression(body).text)
        except Unprintable:
            return MEASURED + int(body.count_ops())

    def _written(self, root: Node, nodes: Sequence[Node], count: Mapping[int, int]) -> Written:
        self._texts.clear()
        self._expressions.clear()
        self._root = root
        self._undetached = undetached(nodes)
        self._parts, self._length = {}, 0
        self._repeated = repeated(nodes, self._nodes) if count else frozenset()
        self._in_turn = bool(self._repeated)
        for node in nodes:
            text = self._text(node, top=node is root)
            twice = count.get(node.order, 0) > 1 and len(text.text) > WORTH
            # an input has a name already, however long
            apart = node is not root and node.op is not ops.VAR
            if apart and (twice or len(text.text) > LONG):
                text = self._part(text)
            self._texts[node.order] = text
        return used(Written(tuple(self._parts.items()), self._texts[root.order].text))

    def _named(self, body: Any, text: Text) -> Text:
        worth = body in self._repeated and len(text.text) > WORTH
        return self._part(text) if worth else text

    def _part(self, text: Text) -> Text:
        """The name of a new part of the formula."""
        self._length += len(text.text)
        if self._length > MADE:
            raise TooLong
        names = (f"t{k}" for k in itertools.count(len(self._parts) + 1))
        name = next(name for name in names if name not in self._parts and name not in self._taken)
        self._parts[name] = text.text
        return Text(name)

    # -- nodes -------------------------------------------------------------------------

    def __call__(self, node: Node) -> Text:
        """The text of a node whose operands are written."""
        return self._texts[node.order]

    def _text(self, node: Node, *, top: bool) -> Text:
        if node.op is ops.MAP:
            return self._map(node, top=top)
        if node.op.text is None:
            raise Unprintable(node.op.why or f"{node.op.name} has no spelling")
        text: Text = node.op.text(self, node, **dict(node.static))
        return text

    def _map(self, node: Node, *, top: bool) -> Text:
        body = node["body"]
        own = np.broadcast_shapes(*[operand.shape for operand in node.operands])
        if own == node.shape:
            if top and is_indicator(body):
                return self._call("where", [self.expression(arg) for arg in body.args])
            return self.expression(body)
        like = self._like(node.shape)
        if body == 0 or body == 1:
            word = "ones" if body == 1 else "zeros"
            if like is not None:
                return Text(f"{word}_like({like})")
            return Text(f"{word}({', '.join(map(str, node.shape))})")
        sizes = ", ".join(map(str, node.shape))
        filled = Text(f"ones_like({like})" if like is not None else f"ones({sizes})")
        if body == -1:
            return Text(f"-{filled.text}", NEGATIVE)
        return Text(f"{self.expression(body).within(PRODUCT)}*{filled.text}", PRODUCT)

    def _like(self, shape: Shape) -> str | None:
        """An input of that shape, preferably the one that is differentiated by."""
        if self._wrt is not None and self._shapes[self._wrt] == shape:
            return self._wrt
        return next((name for name, other in self._shapes.items() if other == shape), None)

    # -- what operations are written with ------------------------------------------------

    def is_root(self, node: Node) -> bool:
        """Whether a node is the whole that is written."""
        return node is self._root

    def stands_undetached(self, leaf: Node) -> bool:
        """Whether an input is also there as itself, not only detached."""
        return leaf.order in self._undetached

    def atom(self, text: str) -> Text:
        """A text that holds together."""
        return Text(text)

    def number(self, value: float) -> str:
        """A plain number."""
        if np.isnan(value):
            raise Unprintable("a constant in it is not finite")
        if np.isinf(value):
            return "inf" if value > 0 else "-inf"
        whole = value == int(value) and abs(value) < 1e15
        return repr(int(value)) if whole else self._decimal(value)

    def one_number(self, node: Node) -> float | None:
        """The number that all elements are, None if they differ or are not known."""
        known = node.op is ops.MAP and node["body"].is_Rational
        return float(node["body"]) if known else None

    def uniform(self, value: float, shape: Shape) -> Text:
        """One number in all places."""
        sizes = ", ".join(map(str, shape))
        text = self.number(value)
        if not shape:
            return Text(text, NEGATIVE if value < 0 else ATOM)
        if value in (0, 1):
            return Text(f"{'ones' if value else 'zeros'}({sizes})")
        return Text(f"{text}*ones({sizes})", PRODUCT)

    def call(self, name: str, *arguments: Any, **named: Any) -> Text:
        """A function's name and its arguments."""
        texts = [self.argument(argument) for argument in arguments]
        texts += [f"{key}={self.argument(value)}" for key, value in named.items()]
        return Text(f"{name}({', '.join(texts)})")

    def argument(self, value: Any) -> str:
        """An argument: a node, several, numbers or truth values."""
        if isinstance(value, Node):
            return self(value).text
        if isinstance(value, Text):
            return value.text
        if isinstance(value, tuple) and value and isinstance(value[0], Node):
            return f"[{', '.join(self(node).text for node in value)}]"
        return str(value)

    def listed(self, node: Node) -> Text:
        """Scalars side by side; with a list Python would calculate in its own way."""
        return self.tensor(node, self._items(node))

    def tensor(self, node: Node, items: str) -> Text:
        """A node that is written as a list."""
        return Text(items if node is self._root else f"tensor({items})")

    def _items(self, node: Node) -> str:
        if not node.ndim:
            return self(node).text
        return f"[{', '.join(map(self._items, node.operands))}]"

    def attribute(self, value: Node | Text, name: str) -> Text:
        """What stands behind a dot."""
        text = value if isinstance(value, Text) else self(value)
        return Text(f"{text.within(ATOM)}.{name}")

    def part(self, text: Text, place: int) -> Text:
        """One of several things that a function gives."""
        return Text(f"{text.within(ATOM)}[{place}]")

    def subscript(self, x: Node, items: Sequence[str]) -> Text:
        """What stands in square brackets."""
        if "" in items:
            raise Unprintable("it takes elements from places that a long array holds")
        return Text(f"{self(x).within(ATOM)}[{', '.join(items)}]")

    def unsqueezed(self, x: Node, axes: Shape) -> Text:
        """A tensor with dimensions of size 1 put in."""
        if x.op in KEEPING and axes == x["axes"] and self(x).text not in self._parts:
            return self.reduction(x.op.name, x.operands[0], axes, keep=True)
        rank = x.ndim + len(axes)
        items = ["None" if axis in axes else ":" for axis in range(rank)]
        return Text(f"{self(x).within(ATOM)}[{', '.join(items)}]")

    def reduction(self, name: str, x: Node, axes: Shape, *, keep: bool = False) -> Text:
        """A reduction along dimensions, which are not named where they are all."""
        named: dict[str, Any] = {}
        if len(axes) < x.ndim or (name == "logsumexp" and x.ndim > 1):
            named["axis"] = axes[0] if len(axes) == 1 else axes
        return self.call(name, x, **named, **({"keepdims": True} if keep else {}))

    def padded(self, g: Node, lost: Shape, amounts: Shape) -> Text:
        """Zeros around a tensor, some of whose dimensions were taken by an integer."""
        rank = g.ndim + len(lost)
        text = self(g).text
        if rank == 1 and lost and sum(amounts) < WRITTEN_OUT:
            before, behind = amounts or (0, 0)
            return Text(f"tensor([{', '.join(['0'] * before + [text] + ['0'] * behind)}])")
        if lost and not g.ndim:
            text = "[" * rank + text + "]" * rank
        elif lost:
            items = ["None" if axis in lost else ":" for axis in range(rank)]
            text = f"{self(g).within(ATOM)}[{', '.join(items)}]"
        return Text(f"pad({text}, ({', '.join(map(str, amounts))}))") if any(amounts) else Text(
            text)  # fmt: skip
