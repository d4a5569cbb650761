"""What a call hands on to its operands, as a formula of `g`, the cotangent that has arrived."""

from collections.abc import Collection, Mapping, Sequence

from gradcalc.calculus import named_definition
from gradcalc.derive.modes import swept
from gradcalc.derive.trace import Call, Trace
from gradcalc.expr import ops
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.written import Unprintable
from gradcalc.primitives import BY_NAME, Elementwise, Structural

ARRIVED = "g"
"""What the cotangent is called that has arrived at a call."""

NAMED: Mapping[str, str] = {
    **dict.fromkeys(("add", "sub", "neg", "sum", "mean", "cumsum"), "sum rule"),
    **dict.fromkeys(("mul", "prod", "square"), "product rule"),
    "div": "quotient rule",
    **dict.fromkeys(("pow", "sqrt", "rsqrt", "reciprocal"), "power rule"),
    **dict.fromkeys(("matmul", "dot", "outer", "einsum", "tensordot"), "matrix product rule"),
    **dict.fromkeys(("max", "min", "amax", "amin", "maximum", "minimum"), "the largest takes all"),
    **dict.fromkeys(("min", "amin", "minimum"), "the smallest takes all"),
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
    if isinstance(row, Structural) and row.moves:
        return "back to where it was"
    return "chain rule" if isinstance(row, Elementwise) else f"rule of {primitive}"


class Rule:
    """A call alone: what it makes of its operands, and what it hands on to them, as texts.

    `names` are those of the operands, by their numbers. Where it is made of something else there
    are no texts.
    """

    def __init__(self, trace: Trace, call: Call, names: Mapping[int, str]) -> None:
        self._forms = Forms(named_definition, ops.MAP)
        self._names = frozenset(names.values())
        self._leaves = [trace.nodes[number] for number in dict.fromkeys(call.arguments)]
        self._results = [trace.nodes[number] for number in call.results]
        self._inside = ancestry(self._results, frozenset(leaf.order for leaf in self._leaves))
        self.known = not any(node.op is ops.VAR for node in self._inside)
        self._made: dict[int, Node] = {}
        for leaf in self._leaves if self.known else ():
            fixed = leaf.op is ops.LITERAL
            given = dict(leaf.static) if fixed else {"name": names[leaf.order], "shape": leaf.shape}
            self._made[leaf.order] = self._forms(leaf.op if fixed else ops.VAR, **given)
        for node in self._inside if self.known else ():
            below = [self._made[operand.order] for operand in node.operands]
            self._made[node.order] = self._forms(node.op, *below, **dict(node.static))

    @property
    def forward(self) -> str | None:
        """What it makes of its operands, None where that is several tensors."""
        if not self.known or len(self._results) > 1:
            return None
        return self._text(self._made[self._results[0].order])

    def backward(self, arriving: Sequence[bool]) -> dict[int, str]:
        """What it hands on, by the numbers of the operands; `arriving` are results with a
        cotangent."""
        if not self.known:
            return {}
        given: dict[int, Node] = {}
        names = arrived(self._names, len(self._results))
        for result, name, arrives in zip(self._results, names, arriving, strict=True):
            if arrives:
                given[result.order] = self._forms(ops.VAR, name=name, shape=result.shape)
        found = swept(
            self._forms, self._inside, given, self._leaves, lambda node: self._made[node.order]
        )
        texts = {leaf.order: self._text(found.get(leaf.order)) for leaf in self._leaves}
        return {number: text for number, text in texts.items() if text is not None}

    def _text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        shapes = {part["name"]: part.shape for part in ancestry([node]) if part.op is ops.VAR}
        try:
            return Formulas(self._forms, {"": node}, shapes).write("").text
        except Unprintable:
            return None


def arrived(taken: Collection[str], count: int) -> list[str]:
    """What the cotangents of so many results are called in formulas."""
    name = ARRIVED
    while name in taken:
        name += "_"
    return [name] if count == 1 else [f"{name}{k + 1}" for k in range(count)]
