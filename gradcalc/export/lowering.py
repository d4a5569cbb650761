"""A graph in the operations that a target has: what it lacks is put together from others."""

from collections.abc import Collection
from typing import Any

from gradcalc.calculus import named_definition
from gradcalc.export.plan import Plan
from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node, ancestry


class _Lowering:
    """Builds with the operations that are `known` alone, as far as others have a form."""

    def __init__(self, known: Collection[ops.Op]) -> None:
        self.forms = Forms(named_definition, ops.MAP)
        self._known = known

    def __call__(self, op: ops.Op, *operands: Node, **static: Any) -> Node:
        if op.form is None or op in self._known:
            return self.forms(op, *operands, **static)
        return op.form(self, *operands, **static)

    def scalar(self, name: str, *operands: Node) -> Node:
        """A function of elements by its name."""
        return self.forms.scalar(name, *operands)


def lowered(plan: Plan, known: Collection[ops.Op]) -> Plan:
    """The plan in operations that are known, or that have no form."""
    nodes = ancestry(plan.roots().values())
    if all(node.op in known or node.op.form is None for node in nodes):
        return plan
    build = _Lowering(known)
    roots = plan.roots()
    made: dict[int, Node] = {}
    for node in nodes:
        operands = [made[operand.order] for operand in node.operands]
        made[node.order] = build(node.op, *operands, **dict(node.static))
    return plan.with_roots(build.forms, {name: made[root.order] for name, root in roots.items()})
