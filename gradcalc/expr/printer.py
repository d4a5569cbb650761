"""Nodes as text in gradcalc's own language.

What has no spelling raises `Unprintable`; nothing else is ever printed in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, Shape, ancestry
from gradcalc.expr.scalars import Head, Where, is_indicator, remade
from gradcalc.expr.simplify import Unprintable
from gradcalc.expr.written import Written

COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(1, 7)
"""How tightly a text holds together, as Python's operators do."""

SHORT = 100
"""Characters up to which a formula is written in one piece, whatever is in it twice."""

MANY = 200
"""Nodes of a formula that is not worth trying to write in one piece."""

LONG = 120
"""Characters of a part above which it gets a name of its own."""

LONGEST = 50_000
"""Characters above which a formula is not written at all."""

LONGEST_NUMBER = 200
"""Bits of a numerator or denominator that is written as such."""

WRITTEN_OUT = 6
"""The largest vector of one element and zeros that is written out."""

WORTH = 8
"""Characters of a part that is there twice, above which a name is worth while."""

NAMES: Mapping[Any, str] = {
    sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.asin: "asin", sympy.acos: "acos", sympy.atan: "atan", sympy.atan2: "atan2",
    sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.asinh: "asinh",
    sympy.acosh: "acosh", sympy.atanh: "atanh", sympy.erf: "erf", sympy.erfc: "erfc",
    sympy.sign: "sign", sympy.floor: "floor", sympy.ceiling: "ceil", sympy.Abs: "abs",
    sympy.loggamma: "lgamma",
}  # fmt: skip
"""sympy's functions by their names in gradcalc."""

OPERATORS: Mapping[str, str] = {"floordiv": "//", "mod": "%"}
"""Functions that are written as operators."""

SIGNS: Mapping[Any, str] = {
    sympy.Gt: ">", sympy.Ge: ">=", sympy.Lt: "<", sympy.Le: "<=", sympy.Eq: "==", sympy.Ne: "!=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a formula, and how tightly it holds together. `matrix` marks a product by @."""

    text: str
    level: int = ATOM
    matrix: bool = False

    def within(self, level: int) -> str:
        """The text in brackets, unless it holds together at that level."""
        return self.text if self.level >= level else f"({self.text})"


class Writer:
    """Writes nodes. Its instances are what `Op.text` gets as `w`.

    `shapes` are those of the inputs, in the order of the program; `taken` the names that parts may
    not have; `decimals` says that the user writes decimals rather than fractions; `wrt` is the
    input that is differentiated by.
    """

    def __init__(
        self,
        nodes: Mapping[Any, Node],
        shapes: Mapping[str, Shape],
        taken: frozenset[str] = frozenset(),
        *,
        decimals: bool = False,
        wrt: str | None = None,
    ) -> None:
        self._wrt = wrt
        self._nodes = nodes
        self._shapes = shapes
        self._taken = taken
        self._decimals = decimals
        self._texts: dict[int, Text] = {}
        self._expressions: dict[Any, Text] = {}
        self._places: dict[int, tuple[float, ...]] = {}
        self._root: Node | None = None
        self._order = {name: position for position, name in enumerate(shapes)}

    unprintable = Unprintable

    def write(self, root: Node) -> Written:
        """A node as a formula, its parts named where that is shorter."""
        nodes = ancestry([root])
        if len(nodes) < MANY:
            written = self._written(root, nodes, {})
            if not written.parts and len(written.body) <= SHORT:
                return written
        count = self._appearances(nodes)
        return self._written(root, nodes, count)

    def prepare(self, node: Node) -> None:
        """Write the nodes that a node is made of, itself too, so that expressions can name it."""
        for part in ancestry([node]):
            if part.order not in self._texts:
                try:
                    self._texts[part.order] = self._text(part, top=False)
                except Unprintable:
                    self._texts[part.order] = Text("u" * WORTH)

    def length(self, body: Any) -> int:
        """How long an expression is when it is written."""
        for symbol in body.free_symbols:
            self.prepare(self._nodes[symbol])
        try:
            return len(self.expression(body).text)
        except Unprintable:
            return len(str(body))

    def _appearances(self, nodes: Sequence[Node]) -> dict[int, int]:
        """How often each node is written if nothing else is written twice."""
        count = dict.fromkeys((node.order for node in nodes), 0)
        for node in nodes:
            if node.op is ops.MAP:
                for part in sympy.preorder_traversal(node["body"]):
                    if part in self._nodes:
                        count[self._nodes[part].order] += 1
            else:
                for operand in node.operands:
                    count[operand.order] += 1
        return count

    def _written(self, root: Node, nodes: Sequence[Node], count: Mapping[int, int]) -> Written:
        self._texts.clear()
        self._expressions.clear()
        self._root = root
        total = 0
        parts: list[tuple[str, str]] = []
        names = (name for k in range(1, len(nodes) + 2 + len(self._taken))
                 if (name := f"t{k}") not in self._taken)  # fmt: skip
        for node in nodes:
            text = self._text(node, top=node is root)
            twice = count.get(node.order, 0) > 1 and len(text.text) > WORTH
            if node is not root and (twice or len(text.text) > LONG):
                name = next(names)
                parts.append((name, text.text))
                total += len(text.text)
                if total > LONGEST:
                    raise Unprintable(f"it has more than {LONGEST:,} characters")
                text = Text(name)
            self._texts[node.order] = text
        return Written(tuple(parts), self._texts[root.order].text)

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
        return Text(f"{self.expression(body).within(PRODUCT)}*{filled.text}", PRODUCT)

    def _like(self, shape: Shape) -> str | None:
        """An input of that shape, preferably the one that is differentiated by."""
        if self._wrt is not None and self._shapes[self._wrt] == shape:
            return self._wrt
        return next((name for name, other in self._shapes.items() if other == shape), None)

    # -- what operations are written with ------------------------------------------------

    def atom(self, text: str) -> Text:
        """A text that holds together."""
        return Text(text)

    def name(self, name: str) -> Text:
        """An input."""
        return Text(name)

    def number(self, value: float) -> str:
        """A plain number."""
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)

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

    def subscript(self, x: Node, items: Sequence[str]) -> Text:
        """What stands in square brackets."""
        if "" in items:
            raise Unprintable("it takes elements from places that a long array holds")
        return Text(f"{self(x).within(ATOM)}[{', '.join(items)}]")

    def unsqueezed(self, x: Node, axes: Shape) -> Text:
        """A tensor with dimensions of size 1 put in."""
        keeps = {ops.SUM: "sum", ops.MEAN: "mean", ops.NORM: "norm", ops.LOGSUMEXP: "logsumexp",
                 ops.AMAX: "amax", ops.AMIN: "amin", ops.PROD: "prod"}  # fmt: skip
        inner = x.operands[0] if x.op in keeps else x
        if x.op in keeps and axes == x["axes"] and not self(x).text.startswith("t"):
            return self.reduction(keeps[x.op], inner, axes, keep=True)
        rank = x.ndim + len(axes)
        items = ["None" if axis in axes else ":" for axis in range(rank)]
        return Text(f"{self(x).within(ATOM)}[{', '.join(items)}]")

    def reduction(self, name: str, x: Node, axes: Shape, *, keep: bool = False) -> Text:
        """A reduction along dimensions, which are not named where they are all."""
        named: dict[str, Any] = {}
        if len(axes) < x.ndim or (name == "logsumexp" and x.ndim > 1):
            named["axis"] = axes[0] if len(axes) == 1 else axes
        return self.call(name, x, **named, **({"keepdims": True} if keep else {}))

    def peaks(self, node: Node, name: str, axes: Shape) -> Text:
        """A tensor compared with its extreme."""
        (x,) = node.operands
        keep = len(axes) < x.ndim
        same = f"{self(x).within(SUM)} == {self.reduction(name, x, axes, keep=keep).text}"
        return Text(f"where({same}, 1, 0)" if node is self._root else f"({same})")

    def quotient(self, above: Text, below: Node) -> Text:
        """One text divided by another."""
        return Text(f"{above.within(PRODUCT)}/{self(below).within(POWER)}", PRODUCT)

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

    def matmul(self, x: Node, y: Node) -> Text:
        """A product of matrices, without the brackets that associativity makes superfluous."""
        left, right = self(x), self(y)
        first = left.text if left.matrix else left.within(POWER)
        loose = right.matrix and y.op is ops.MATMUL and y.operands[0].ndim == 2
        second = right.text if loose else right.within(POWER)
        return Text(f"{first}@{second}", PRODUCT, matrix=True)

    # -- scalar expressions --------------------------------------------------------------

    def expression(self, body: Any) -> Text:
        """A scalar expression in the symbols of nodes."""
        known = self._expressions.get(body)
        if known is None:
            known = self._expressions[body] = self._expression(body)
        return known

    def _expression(self, body: Any) -> Text:
        if body in self._nodes:
            return self(self._nodes[body])
        if body.is_Rational:
            return self._rational(body)
        if body.is_Float:
            return Text(repr(float(body)), ATOM if body >= 0 else NEGATIVE)
        if body.is_Add:
            return self._add(body)
        if body.is_Mul:
            return self._mul(body)
        if body.is_Pow:
            return self._pow(body)
        if body is sympy.pi:
            return Text("3.141592653589793" if "pi" in self._taken else "pi")
        if body is sympy.E:
            return Text("exp(1)")
        return self._function(body)

    def _function(self, body: Any) -> Text:
        if isinstance(body, Where):
            if is_indicator(body):
                return Text(f"({self.expression(body.args[0]).text})")
            return self._call("where", [self.expression(arg) for arg in body.args])
        if type(body) in SIGNS:
            # what is compared stands on the left, a plain number on the right
            body = body.reversed if body.lhs.is_number else body
            left, right = (self.expression(arg).within(SUM) for arg in body.args)
            return Text(f"{left} {SIGNS[type(body)]} {right}", COMPARISON)
        if isinstance(body, sympy.And | sympy.Or):
            sign = " & " if isinstance(body, sympy.And) else " | "
            texts = sorted((self.expression(a).text for a in body.args), key=_bound_first)
            return Text(sign.join(f"({text})" for text in texts), COMPARISON)
        if isinstance(body, sympy.Not):
            return Text(f"~({self.expression(body.args[0]).text})", NEGATIVE)
        if isinstance(body, Head):
            return self._head(body)
        name = NAMES.get(type(body))
        if name is None:
            raise Unprintable(f"{type(body).__name__} is no function of gradcalc")
        return self._call(name, [self.expression(arg) for arg in body.args])

    def _head(self, body: Any) -> Text:
        arguments = [self.expression(arg) for arg in body.args]
        sign = OPERATORS.get(body.spelled)
        if sign is not None:
            return Text(f"{arguments[0].within(POWER)}{sign}{arguments[1].within(POWER)}", PRODUCT)
        texts = [
            argument.text if key is None else f"{key}={argument.text}"
            for argument, key in zip(arguments, body.keywords, strict=True)
        ]
        words = [f"{key}={value!r}" for key, value in body.words]
        return Text(f"{body.spelled}({', '.join([*texts, *words])})")

    def _call(self, name: str, arguments: Sequence[Text]) -> Text:
        return Text(f"{name}({', '.join(argument.text for argument in arguments)})")

    def _rational(self, value: Any) -> Text:
        long = max(abs(value.p), value.q).bit_length() > LONGEST_NUMBER
        if value.is_Integer and not long:
            text = str(value)
        else:
            text = repr(float(value))
            fraction = text + "?" if long else f"{value.p}/{value.q}"
            if not (self._decimals and len(text) <= 8) and len(fraction) <= len(text):
                return Text(fraction, PRODUCT)
        return Text(text, NEGATIVE if value < 0 else ATOM)

    def _pow(self, body: Any) -> Text:
        base, exponent = body.args
        if exponent == sympy.Rational(1, 2):
            return self._call("sqrt", [self.expression(base)])
        if exponent.is_Rational and exponent < 0:
            return self._mul(body)
        power = self.expression(exponent)
        raised = power.text if power.level >= ATOM else f"({power.text})"
        return Text(f"{self.expression(base).within(ATOM)}**{raised}", POWER)

    def _add(self, body: Any) -> Text:
        terms = sorted(body.args, key=self._term_key)
        signs = [_is_negative(term) for term in terms]
        if signs[0] and not all(signs):
            terms.insert(0, terms.pop(signs.index(False)))
        pieces = [self.expression(terms[0]).within(SUM)]
        for term in terms[1:]:
            negative = _is_negative(term)
            text = self.expression(-term if negative else term)
            pieces.append(f" - {text.within(PRODUCT)}" if negative else f" + {text.within(SUM)}")
        return Text("".join(pieces), SUM)

    def _mul(self, body: Any) -> Text:
        if body.is_Mul and not (body := remade(body)).is_Mul:
            return self.expression(body)
        masked = self._masked(body)
        if masked is not None:
            return masked
        coefficient, above, below = self._fraction(_with_one_root(body))
        negative = coefficient < 0
        above_texts = self._factors(above, coefficient)
        below_texts = [self.expression(factor) for factor in below]
        if coefficient.q != 1 and not self._as_decimal(coefficient):
            below_texts.insert(0, Text(str(coefficient.q)))
        text = "*".join(above_texts)
        if len(below_texts) == 1:
            text += f"/{below_texts[0].within(POWER)}"
        elif below_texts:
            text += f"/({'*'.join(part.within(POWER) for part in below_texts)})"
        matrix = len(above) == 1 and not below_texts and abs(coefficient) == 1
        matrix = matrix and self.expression(above[0]).matrix
        return Text(f"-{text}" if negative else text, PRODUCT, matrix and not negative)

    def _masked(self, body: Any) -> Text | None:
        """A product with a condition as a choice, if it may be undefined where that is false."""
        factors = sympy.Mul.make_args(body)
        conditions = [factor for factor in factors if is_indicator(factor)]
        rest = sympy.Mul(*[factor for factor in factors if not is_indicator(factor)])
        if not conditions or _is_total(rest):
            return None
        condition = sympy.And(*[factor.args[0] for factor in conditions])
        return self._call(
            "where", [self.expression(a) for a in (condition, rest, sympy.Integer(0))]
        )

    def _as_decimal(self, value: Any) -> bool:
        return bool(value.q != 1) and self._rational(value).level != PRODUCT

    def _fraction(self, body: Any) -> tuple[Any, list[Any], list[Any]]:
        """A rational number, the factors above the line and those below it."""
        coefficient, above, below = sympy.Integer(1), [], []
        for factor in sympy.Mul.make_args(body):
            if factor.is_Rational:
                coefficient *= factor
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                # sympy would take the root of a product of numbers apart
                whole = factor.exp == -1 or not factor.base.is_number
                below.append(sympy.Pow(factor.base, -factor.exp, evaluate=whole))
            else:
                above.append(factor)
        return coefficient, sorted(above, key=self._factor_key), sorted(below, key=self._factor_key)

    def _factors(self, factors: Sequence[Any], coefficient: Any) -> list[str]:
        """The texts above the line; last a product of matrices, where it needs no brackets."""
        size = abs(coefficient)
        front = []
        if self._as_decimal(size):
            front.append(self._rational(size).text)
        elif size.p != 1 or not factors:
            front.append(str(size.p))
        texts = [(factor, self.expression(factor)) for factor in factors]
        loose = [pair for pair in texts if pair[1].matrix and self._spread(pair[0])]
        scalars = all(not self._spread(factor) for factor, text in texts if not text.matrix)
        if len(loose) == 1 and scalars and len([t for t in texts if t[1].matrix]) == 1:
            texts = [pair for pair in texts if pair is not loose[0]]
            return [*front, *(text.within(POWER) for _, text in texts), loose[0][1].text]
        if len(texts) == 1 and not front and texts[0][1].matrix:
            return [texts[0][1].text]
        return [*front, *(text.within(POWER) for _, text in texts)]

    # -- order -----------------------------------------------------------------------------

    def _spread(self, body: Any) -> bool:
        """Whether an expression has more than one element."""
        return any(self._nodes[symbol].shape != () for symbol in body.free_symbols)

    def _place(self, node: Node) -> float:
        """Where in the program the first of its inputs is."""
        known = self._places.get(node.order)
        if known is None:
            stack = [node]
            while stack:
                top = stack[-1]
                missing = [o for o in top.operands if o.order not in self._places]
                if missing:
                    stack.extend(missing)
                    continue
                stack.pop()
                own = self._order.get(top["name"], 0) if top.op is ops.VAR else np.inf
                inner = (self._places[o.order][0] for o in top.operands)
                self._places[top.order] = (min([own, *inner]),)
            known = self._places[node.order]
        return known[0]

    def _first(self, body: Any) -> float:
        return min((self._place(self._nodes[s]) for s in body.free_symbols), default=np.inf)

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


def _bound_first(text: str) -> tuple[bool, str]:
    """Lower bounds before upper ones."""
    return (" >" not in text, text)


def _is_total(body: Any) -> bool:
    """Whether an expression is defined wherever its parts are."""
    safe = (sympy.sign, sympy.Abs, sympy.tanh, sympy.sin, sympy.cos, sympy.atan, Head, Where)
    for part in sympy.preorder_traversal(body):
        if part.is_Pow and not (part.exp.is_Integer and part.exp > 0):
            return False
        if isinstance(part, sympy.Function) and not isinstance(part, safe):
            return False
    return True


def _with_one_root(body: Any) -> Any:
    """`sqrt(2)/(2*sqrt(pi))` as `1/sqrt(2*pi)`."""
    if not body.is_Mul:
        return body
    roots = [f for f in body.args if f.is_Pow and f.base.is_number and abs(f.exp) * 2 == 1]
    if not roots:
        return body
    others = [f for f in body.args if f not in roots and not f.is_Rational]
    factor = body.func(*[f for f in body.args if f in roots or f.is_Rational])
    under = 1 / factor**2
    if not (under.as_coeff_Mul()[0].is_Integer and under.is_positive):
        return body
    sign = sympy.Integer(-1 if factor.is_negative else 1)
    root = sympy.Pow(under, sympy.Rational(-1, 2), evaluate=False)
    return sympy.Mul(sign, root, *others, evaluate=False)


def _is_negative(term: Any) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)
