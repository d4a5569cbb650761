"""A swept gradient → the form in which it is shown, and its text."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import sympy

from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node, Shape, ancestry
from gradcalc.expr.parts import is_negative
from gradcalc.expr.printer import MANY, SHORT, Writer
from gradcalc.expr.rules import RULES, SCALAR_RULES
from gradcalc.expr.rules.terms import written_out
from gradcalc.expr.scalars import negative, times
from gradcalc.expr.simplify import EFFORT, LARGE, Simplifier, TooMuch
from gradcalc.expr.transcript import Transcript
from gradcalc.expr.written import TooLong, Unprintable, Written

LARGEST = 3000
"""Nodes above which only what is mere arithmetic is simplified: it may be short in the end."""

BRIEFLY = 25_000
"""How much effort that may be."""

SHRUNK = 2
"""How many times as small a large graph must have become to be simplified once more."""

PASSES = 3
"""How often a graph is gone through, each time with what the last one has shortened."""


class Formulas:
    """The simplified gradients of one sweep, and their texts.

    `shapes` are those of the inputs, in the order of the program; `taken` the names that a part of
    a formula may not have; `decimals` are those that the user has written;
    `spoken` are the names that the user has called things by, None if that is not known; `careful`
    ones are made of forms that also hold at zeros of a product; `brief` ones are seen by nobody,
    and not made as short as can be.
    Raises `Unprintable` where a gradient has no formula at all.
    """

    def __init__(
        self,
        forms: Forms,
        gradients: Mapping[str, Node],
        shapes: Mapping[str, Shape],
        *,
        dtype: str = "float64",
        taken: frozenset[str] = frozenset(),
        decimals: frozenset[float] = frozenset(),
        spoken: frozenset[str] | None = None,
        careful: bool = False,
        brief: bool = False,
    ) -> None:
        self._shapes = shapes
        self._options: dict[str, Any] = {"taken": taken, "decimals": decimals}
        nodes = ancestry(list(gradients.values()))
        large = len(nodes) > LARGE
        self._simplifier: Simplifier | None = None
        self._texts: dict[tuple[str, Node], Written] = {}
        effort = EFFORT if len(nodes) <= LARGEST else BRIEFLY
        self._limits: dict[str, Any] = {"dtype": dtype, "effort": effort, "spoken": spoken}
        self.gradients: Mapping[str, Node] = gradients
        if len(nodes) > LARGEST and not all(map(_is_arithmetic, nodes)):
            return
        self._forms = forms
        self._swept = gradients
        for cheaply in dict.fromkeys((large, True)):
            try:
                self._simplifier, self.gradients = self._simplified(
                    gradients, large=cheaply, careful=careful
                )
                break
            except TooMuch:
                continue
        if self._simplifier is not None and large and not brief:
            self._simplify_the_rest(len(nodes) // SHRUNK, careful=careful)

    def _simplify_the_rest(self, most: int, *, careful: bool) -> None:
        """What is little after all, as what was put into places one by one, is simplified again."""
        assert self._simplifier is not None
        if len(ancestry(list(self.gradients.values()))) > min(most, LARGE):
            return
        swept, forms = self._swept, self._forms
        self._swept, self._forms = self.gradients, self._simplifier.forms
        try:
            self._simplifier, self.gradients = self._simplified(
                self._swept, large=False, careful=careful
            )
        except TooMuch:
            self._swept, self._forms = swept, forms

    def _simplified(
        self, gradients: Mapping[str, Node], *, large: bool, careful: bool = False
    ) -> tuple[Simplifier, dict[str, Node]]:
        # whatever else was asked for before, the nodes are made in the same order
        simplifier = Simplifier(
            self._forms.copy(), RULES, SCALAR_RULES, large=large, careful=careful, **self._limits
        )
        rebuilt = simplifier.rebuilt(list(gradients.values()))
        roots = dict(zip(gradients, rebuilt, strict=True))
        written = partial(self._written, simplifier)
        return simplifier, _polished(simplifier, roots, self._writer(simplifier), written)

    def write(self, name: str) -> Written:
        """The gradient by an input as text. Raises `Unprintable`."""
        if self._simplifier is None:
            return Transcript(self._shapes, wrt=name, **self._options).write(self.gradients[name])
        try:
            return self._written(self._simplifier, name, self.gradients[name])
        except TooLong:
            if self._simplifier.large:
                raise
            return self._written_cheaply(name)

    def _written_cheaply(self, name: str) -> Written:
        """The gradient with what is shared kept apart, which may be shorter."""
        try:
            simplifier, roots = self._simplified({name: self._swept[name]}, large=True)
        except TooMuch:
            raise TooLong from None
        return self._written(simplifier, name, roots[name])

    def _written(self, simplifier: Simplifier, name: str, root: Node) -> Written:
        key = name, root
        if key not in self._texts:
            wrt = name if name in self._shapes else None
            self._texts[key] = self._writer(simplifier, wrt=wrt).write(root)
        return self._texts[key]

    def write_carefully(self, name: str) -> Written:
        """The same in forms that also hold at zeros of a product and where several elements are
        the largest. Raises `Unprintable`."""
        if self._simplifier is None:
            return self.write(name)
        try:
            simplifier, roots = self._simplified(
                {name: self._swept[name]}, large=self._simplifier.large, careful=True
            )
        except TooMuch:
            return self.write(name)
        return self._writer(simplifier, wrt=name, careful=True).write(roots[name])

    def _writer(self, simplifier: Simplifier, **options: Any) -> Writer:
        return Writer(simplifier.nodes, self._shapes, **options, **self._options)


def _is_arithmetic(node: Node) -> bool:
    """Whether a node has nothing in it that keeps factors apart."""
    return node.op not in (ops.MAP, ops.CHAIN) or not node["body"].has(sympy.Function)


def _polished(
    simplifier: Simplifier,
    gradients: dict[str, Node],
    writer: Writer,
    written: Callable[[str, Node], Written],
) -> dict[str, Node]:
    """Gradients with each scalar expression in its shortest form, until nothing changes.

    `written` gives the text of one of them, by its name.
    """
    if simplifier.large:
        return gradients
    roots = list(gradients.values())
    for _ in range(PASSES):
        before, roots = roots, _passed(simplifier, roots, writer)
        if all(new is old for new, old in zip(roots, before, strict=True)):
            break
    if len(ancestry(roots)) < MANY:
        roots = [
            _alone(simplifier, root, writer, partial(written, name))
            for name, root in zip(gradients, roots, strict=True)
        ]
    roots = [_led_by_plus(simplifier, _elements(simplifier, root)) for root in roots]
    return dict(zip(gradients, roots, strict=True))


def _passed(
    simplifier: Simplifier, roots: list[Node], writer: Writer, *, shared: bool = True
) -> list[Node]:
    """The graph gone through once; what is there several times is kept together if `shared`."""
    simplifier.count(roots if shared else [])
    made: dict[int, Node] = {}
    for node in ancestry(roots):
        operands = [made[operand.order] for operand in node.operands]
        made[node.order] = _shortest(simplifier, writer, node, operands)
    return [made[root.order] for root in roots]


def _alone(
    simplifier: Simplifier, root: Node, writer: Writer, written: Callable[[Node], Written]
) -> Node:
    """One gradient by itself: what it shares with the others is no reason to keep it together.

    One that is short enough to be written in one piece has nothing that is kept together.
    """
    (found,) = _passed(simplifier, [root], writer, shared=False)
    if not _is_short(written, found):
        (found,) = _passed(simplifier, [root], writer)
    return found


def _is_short(written: Callable[[Node], Written], node: Node) -> bool:
    try:
        return len(written(node).text) <= SHORT
    except Unprintable:
        return False


def _elements(simplifier: Simplifier, root: Node) -> Node:
    """A single element in its place as a list."""
    body = simplifier.body(root)
    written = written_out(simplifier, body, root.shape)
    return root if written is body else simplifier.map(written, root.shape)


def _led_by_plus(simplifier: Simplifier, root: Node) -> Node:
    """`-X.T@(b - X@w)` as `X.T@(X@w - b)`."""
    if root.op is not ops.MAP or not root["body"].is_Mul:
        return root
    number, rest = root["body"].as_coeff_Mul()
    factors = list(sympy.Mul.make_args(rest))
    for position, factor in enumerate(factors):
        turned = _negative_of(simplifier, factor) if number < 0 else None
        if turned is not None:
            factors[position] = turned
            return simplifier.map(times(-number, sympy.Mul(*factors)), root.shape)
    return root


def _negative_of(simplifier: Simplifier, factor: Any) -> Any | None:
    """The negative of a factor with a difference in it, turned round; None if there is none."""
    if factor.is_Add:
        turned = negative(factor)
        return turned if any(is_negative(term) for term in factor.args) else None
    node = simplifier.nodes.get(factor)
    if node is None or node.op not in (ops.MATMUL, ops.OUTER) or not node.ndim:
        return None
    for position in (1, 0):
        part = node.operands[position]
        turned = _negative_of(simplifier, part["body"]) if part.op is ops.MAP else None
        if turned is not None:
            operands = list(node.operands)
            operands[position] = simplifier.map(turned, part.shape)
            return simplifier.symbol(simplifier.forms(node.op, *operands))
    return None


def _shortest(simplifier: Simplifier, writer: Writer, node: Node, operands: Sequence[Node]) -> Node:
    if node.op is not ops.MAP:
        if all(new is old for new, old in zip(operands, node.operands, strict=True)):
            return node
        return simplifier(node.op, *operands, **dict(node.static))
    parts = {
        symbol: simplifier.body(operand)
        for symbol, operand in zip(node["symbols"], operands, strict=True)
        if simplifier.body(operand) is not symbol
    }
    for operand in operands:
        writer.prepare(operand)
    return simplifier.tidied(node["body"].xreplace(parts), node.shape, writer.length)
