"""What a call hands on to its operands, as a formula of `g`, the cotangent that has arrived."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain

from gradcalc.calculus import named_definition
from gradcalc.derive.modes import swept
from gradcalc.derive.trace import Call, Trace
from gradcalc.expr import ops
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.written import Unprintable
from gradcalc.primitives import BY_NAME, Elementwise, Structural
from gradcalc.primitives.arithmetic import is_step

ARRIVED = "g"
"""What the cotangent is called that has arrived at a call."""

NAMED: Mapping[str, str] = {
    **dict.fromkeys(("add", "sub", "neg", "sum", "mean", "cumsum"), "sum rule"),
    **dict.fromkeys(("mul", "prod", "square"), "product rule"),
    "div": "quotient rule",
    **dict.fromkeys(("pow", "sqrt", "rsqrt", "reciprocal"), "power rule"),
    **dict.fromkeys(("matmul", "dot", "outer", "einsum", "tensordot"), "matrix product rule"),
    **dict.fromkeys(("max", "amax", "maximum"), "to the largest"),
    **dict.fromkeys(("min", "amin", "minimum"), "to the smallest"),
    **dict.fromkeys(("where", "clamp"), "the branch that was taken"),
    **dict.fromkeys(("inv", "solve"), "rule of the inverse"),
    **dict.fromkeys(("det", "logdet", "slogdet"), "Jacobi's formula"),
}
"""What textbooks call the rule of a primitive."""


def rule_name(call: Call, trace: Trace) -> str:
    """What the rule of a call is called."""
    primitive = call.primitive
    row = BY_NAME.get(primitive)
    node = trace.nodes[call.results[0]]
    others = node.operands[1:] if primitive == "div" else node.operands
    if primitive in ("mul", "div") and any(o.op is ops.LITERAL for o in others):
        return "constant factor"
    if primitive in NAMED:
        return NAMED[primitive]
    if isinstance(row, Elementwise) and not row.boolean and is_step(row):
        return "a step: its slope is 0"
    if isinstance(row, Structural) and row.moves:
        return "back to where it was"
    return "chain rule" if isinstance(row, Elementwise) else f"rule of {primitive}"


class Rule:
    """A call alone: what it makes of its operands, and what it hands on to them, as texts.

    `names` are those of its arguments, in their order; those of one name are one operand. Where it
    is made of something else there are no texts.
    """

    def __init__(self, trace: Trace, call: Call, names: Sequence[str]) -> None:
        self._forms = Forms(named_definition, ops.MAP)
        nodes = [trace.nodes[number] for number in call.arguments]
        self._results = [trace.nodes[number] for number in call.results]
        self._leaves: dict[str, Node] = {}
        for node, name in zip(nodes, names, strict=True):
            fixed = node.op is ops.LITERAL
            given = dict(node.static) if fixed else {"name": name, "shape": node.shape}
            self._leaves.setdefault(name, self._forms(node.op if fixed else ops.VAR, **given))
        leaves = [self._leaves[name] for name in names]
        self._made = self._rebuilt(nodes, leaves)

    def _rebuilt(self, nodes: Sequence[Node], leaves: Sequence[Node]) -> list[Node] | None:
        """The results of leaves in place of the arguments, None where they are of something else.

        What is equal by chance is told apart where a call is one operation on its arguments.
        """
        last = self._results[0]
        if len(self._results) == 1 and list(last.operands) == list(nodes):
            return [self._forms(last.op, *leaves, **dict(last.static))]
        made = {node.order: leaf for node, leaf in zip(nodes, leaves, strict=True)}
        if len(made) < len(set(leaves)):
            return None
        inside = ancestry(self._results, frozenset(made))
        if any(node.op is ops.VAR for node in inside):
            return None
        for node in inside:
            below = [made[operand.order] for operand in node.operands]
            made[node.order] = self._forms(node.op, *below, **dict(node.static))
        return [made[result.order] for result in self._results]

    @property
    def forward(self) -> str | None:
        """What it makes of its operands, None where that is several tensors."""
        if self._made is None or len(self._made) > 1:
            return None
        return self._text(self._made[0])

    def backward(self, arriving: Sequence[bool]) -> dict[str, Iterator[str]]:
        """What it hands on, by the names of the operands, each in its usual form and in one that
        also holds at zeros of products; `arriving` are results with a cotangent."""
        if self._made is None:
            return {}
        given: dict[int, Node] = {}
        names = arrived(self._leaves, len(self._made))
        for result, name, arrives in zip(self._made, names, arriving, strict=True):
            if arrives:
                given[result.order] = self._forms(ops.VAR, name=name, shape=result.shape)
        leaves = list(self._leaves.values())
        found = swept(self._forms, ancestry(self._made), given, leaves, lambda node: node)
        return {
            name: chain(self._textbook(leaf, names[0]), self._texts(found[leaf.order]))
            for name, leaf in self._leaves.items()
            if leaf.order in found
        }

    def _textbook(self, leaf: Node, arrived: str) -> Iterator[str]:
        """The usual form of what is handed on where that is another than calculus finds."""
        made = self._made[0] if self._made else None
        if made is None or made.title != "where" or len(made.operands) != 3:
            return
        condition, one, other = made.operands
        if condition.op is ops.VAR and leaf in (one, other) and one is not other:
            parts = (arrived, "0") if leaf is one else ("0", arrived)
            yield f"where({condition['name']}, {', '.join(parts)})"

    def _text(self, node: Node) -> str | None:
        return next(self._texts(node), None)

    def _texts(self, node: Node) -> Iterator[str]:
        shapes = {part["name"]: part.shape for part in ancestry([node]) if part.op is ops.VAR}
        for careful in (False, True):
            with suppress(Unprintable):
                yield Formulas(self._forms, {"": node}, shapes, careful=careful).write("").text


def arrived(taken: Collection[str], count: int) -> list[str]:
    """What the cotangents of so many results are called in formulas."""
    name = ARRIVED
    while name in taken:
        name += "_"
    return [name] if count == 1 else [f"{name}{k + 1}" for k in range(count)]
