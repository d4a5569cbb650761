"""A graph in the operations that a target has: what it lacks is put together from others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sympy

from gradcalc.calculus import named_definition
from gradcalc.export.arrays import is_worth, part_key
from gradcalc.export.logistic import stable
from gradcalc.export.plan import Plan
from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.scalars import Where, is_indicator, with_parts


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


def parted(plan: Plan) -> Plan:
    """The plan with the parts that scalar expressions share as nodes of their own."""
    roots, forms = plan.roots(), plan.forms.copy()
    nodes = ancestry(roots.values())
    bodies = {node.order: stable(node["body"]) for node in nodes if node.op is ops.MAP}
    shared = _shared(nodes, bodies)
    made: dict[int, Node] = {}
    for node in nodes:
        operands = [made[operand.order] for operand in node.operands]
        if node.op is not ops.MAP:
            made[node.order] = forms(node.op, *operands, **dict(node.static))
            continue
        env = dict(zip(node["symbols"], node.operands, strict=True))
        new = dict(zip(node["symbols"], operands, strict=True))
        body = _rewritten(forms, bodies[node.order], env, new, shared)
        left = {symbol: new[symbol] for symbol in body.free_symbols if symbol in new}
        found = forms(
            ops.MAP, *left.values(), symbols=tuple(left), body=body, source=None, shape=node.shape
        )
        alone = left.get(body)
        made[node.order] = alone if alone is not None and alone.shape == node.shape else found
    return plan.with_roots(forms, {name: made[root.order] for name, root in roots.items()})


def _shared(nodes: Sequence[Node], bodies: Mapping[int, Any]) -> frozenset[Any]:
    """The parts that are worked out several times, outside of choices, with what they are of."""
    times: dict[Any, int] = {}

    def visit(part: Any, env: Mapping[Any, Node]) -> None:
        if not part.args:
            return
        key = part_key(part, env)
        times[key] = times.get(key, 0) + 1
        chosen = isinstance(part, Where) or (part.is_Mul and any(map(is_indicator, part.args)))
        if times[key] == 1 and not chosen:
            for arg in part.args:
                visit(arg, env)

    for node in nodes:
        if node.op is ops.MAP:
            visit(bodies[node.order], dict(zip(node["symbols"], node.operands, strict=True)))
    return frozenset(key for key, often in times.items() if often > 1 and is_worth(key[0]))


def _rewritten(
    forms: Forms,
    part: Any,
    env: Mapping[Any, Node],
    new: dict[Any, Node],
    shared: frozenset[Any],
) -> Any:
    """An expression with symbols for the parts that are shared; `new` gets what they stand for."""
    if not part.args or isinstance(part, Where):
        return part
    args = [_rewritten(forms, arg, env, new, shared) for arg in part.args]
    found = with_parts(part, args)
    if part_key(part, env) not in shared or not found.args:
        return found
    left = {symbol: new[symbol] for symbol in found.free_symbols if symbol in new}
    node = forms.map(tuple(left), found, None, tuple(left.values()))
    symbol = sympy.Symbol(f"part{node.order}", real=True)
    new[symbol] = node
    return symbol
