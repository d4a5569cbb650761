"""What is exported: the value of a program and a derivative of it as nodes of one graph."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

import numpy as np

from gradcalc.calculus import spelled
from gradcalc.derive.modes import jvp, vjp
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Observation, named, truth
from gradcalc.errors import GradcalcError
from gradcalc.export.compressed import Cored, Units, cored
from gradcalc.export.gathering import gathered
from gradcalc.export.linear import spreader
from gradcalc.export.spread import Spread
from gradcalc.export.steering import steering
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate
from gradcalc.expr.floats import Floats
from gradcalc.expr.formula import Formulas
from gradcalc.expr.nodes import Data, Forms, Node, Shape, ancestry
from gradcalc.expr.protocols import Arithmetic
from gradcalc.expr.written import Unprintable
from gradcalc.primitives import BY_NAME, Elementwise

VALUE = ""
"""What the value is called among the results: as no input is."""


def asked_name(place: int) -> str:
    """What a condition is called among the nodes that are written: as no input is."""
    return f"condition {place}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a run was steered by: a node, the question, and the answer."""

    node: Node
    seen: Observation


@dataclass(frozen=True, slots=True)
class Plan:
    """A graph to be written: results made of inputs.

    `inputs` are the names and shapes of what the code is given, those of `extra` (a cotangent,
    tangents) last; `value` and `results` the nodes that it gives, the latter by the labels of the
    command's report. `conditions` are what the graph holds under. Of results that have `units` it
    is the core.
    """

    kind: str
    inputs: Mapping[str, Shape]
    extra: Mapping[str, str]
    wrt: tuple[str, ...]
    value: Node
    results: Mapping[str, Node]
    conditions: tuple[Condition, ...]
    forms: Forms
    units: Cored = field(default_factory=dict)

    def roots(self) -> dict[str, Node]:
        """All nodes that are written, by name."""
        asked = {asked_name(k): c.node for k, c in enumerate(self.conditions)}
        return {VALUE: self.value, **self.results, **asked}

    def with_roots(self, forms: Forms, roots: Mapping[str, Node]) -> "Plan":
        """The same with other nodes."""
        conditions = tuple(
            replace(c, node=roots[asked_name(k)]) for k, c in enumerate(self.conditions)
        )
        results = {name: roots[name] for name in self.results}
        return replace(
            self, forms=forms, value=roots[VALUE], results=results, conditions=conditions
        )

    def numbers(
        self, inputs: Mapping[str, Any], arithmetic: Arithmetic | None = None
    ) -> dict[str, Any]:
        """The value and the results in floats, or another arithmetic."""
        roots = {VALUE: self.value, **self.results}
        given = {name: np.asarray(value, dtype=np.float64) for name, value in inputs.items()}
        with np.errstate(all="ignore"):
            found = evaluate(list(roots.values()), arithmetic or Floats(), given)
        return dict(zip(roots, found, strict=True))


def planned(recording: Recording, kind: str, *, compressed: bool = False) -> Plan:
    """The graph of a run and of a derivative of a kind, as it comes; `compressed` without the unit
    matrices that are factors of it.

    Raises `UnsupportedError` for what has none.
    """
    trace = recording.trace
    forms = trace.forms.copy()
    nodes = named(forms, trace.nodes, trace.bound, {*trace.names, *trace.inputs})
    nodes = _in_full(forms, nodes)
    output = nodes[trace.output.order]
    leaves = {name: nodes[trace.inputs[name].order] for name in trace.wrt}
    shapes = {name: trace.inputs[name].shape for name in trace.inputs}
    taken = {*shapes, *trace.names, *trace.bound}
    extra: dict[str, str] = {}
    if kind == "vjp":
        (name,) = fresh(taken, "u")
        extra = {name: "cotangent"}
        cotangent = forms(ops.VAR, name=name, shape=output.shape)
        results = _pulled(forms, output, cotangent, leaves)
        shapes = {**shapes, name: output.shape}
    elif kind in ("grad", "hvp", "hessian"):
        weights = np.broadcast_to(np.asarray(trace.weights, dtype=np.float64), output.shape)
        results = _pulled(forms, output, forms(ops.LITERAL, data=Data.of(weights)), leaves)
    else:
        results = {}
    if kind == "hvp":
        names = fresh(taken, *(["v"] if len(leaves) == 1 else [f"v_{n}" for n in leaves]))
        extra = dict(zip(names, leaves, strict=True))
        tangents = {
            leaf.order: forms(ops.VAR, name=n, shape=leaf.shape)
            for n, leaf in zip(names, leaves.values(), strict=True)
        }
        results = _pushed(forms, results, tangents)
        shapes = {**shapes, **{n: leaves[name].shape for n, name in extra.items()}}
    units: dict[str, Units] = {}
    if kind == "jacobian":
        made = {name: _matrix(forms, output, leaf, compressed) for name, leaf in leaves.items()}
        results, units = _parted(made)
    if kind == "hessian":
        results, units = _parted(_second(forms, results, leaves, compressed))
    conditions = tuple(_conditions(forms, nodes, steering(recording)))
    return _folded(Plan(kind, shapes, extra, trace.wrt, output, results, conditions, forms, units))


def _parted(made: Mapping[str, "_Made"]) -> tuple[dict[str, Node], dict[str, Units]]:
    units = {label: unit for label, (_, unit) in made.items() if unit is not None}
    return {label: node for label, (node, _) in made.items()}, units


def _conditions(
    forms: Forms, nodes: Sequence[Node], observations: Sequence[Observation]
) -> list[Condition]:
    """What was asked about the inputs, each question once."""
    found: dict[Any, Condition] = {}
    for seen in observations:
        node = nodes[seen.number]
        node = gathered(forms, node) if seen.question is truth else node
        if any(part.op is ops.VAR for part in ancestry([node])):
            found.setdefault((node.order, seen.question, seen.seen), Condition(node, seen))
    return list(found.values())


def _in_full(forms: Forms, nodes: Sequence[Node]) -> list[Node]:
    """The nodes, primitives in their usual case as they are in any."""
    made: dict[int, Node] = {}
    for node in nodes:
        operands = [made.get(operand.order, operand) for operand in node.operands]
        static = dict(node.static)
        if node.source is not None:
            row, variant = node.source
            own = BY_NAME.get(row.name)
            if isinstance(own, Elementwise) and own.usual is not None and row.usual is None:
                symbols, body = spelled(own, variant)
                static |= {"symbols": symbols, "body": body, "source": (own, variant)}
        changed = operands != list(node.operands) or static != dict(node.static)
        made[node.order] = forms(node.op, *operands, **static) if changed else node
    return [made[node.order] for node in nodes]


def fresh(taken: set[str], *wanted: str) -> list[str]:
    """Names that nothing has."""
    found = []
    for name in wanted:
        numbered = chain([name], (f"{name}{k}" for k in count(1)))
        found.append(next(n for n in numbered if n not in taken))
        taken.add(found[-1])
    return found


def _zeros(forms: Forms, shape: Shape) -> Node:
    return forms(ops.LITERAL, data=Data.of(np.zeros(shape)))


def _pulled(
    forms: Forms, output: Node, cotangent: Node, leaves: Mapping[str, Node]
) -> dict[str, Node]:
    found = vjp(forms, output, cotangent, list(leaves.values()))
    return {
        name: found.get(leaf.order) or _zeros(forms, leaf.shape) for name, leaf in leaves.items()
    }


def _pushed(
    forms: Forms, roots: Mapping[str, Node], tangents: Mapping[int, Node]
) -> dict[str, Node]:
    nodes = ancestry(roots.values())
    found = jvp(forms, nodes, nodes, tangents)
    return {n: found.get(root.order) or _zeros(forms, root.shape) for n, root in roots.items()}


_Made = tuple[Node, Units | None]
"""A derivative, or its core and what that is of it."""


def _matrix(forms: Forms, output: Node, leaf: Node, compressed: bool) -> _Made:
    """The derivative of a node by an input, the dimensions of the input last."""
    f = spreader(forms)
    nodes = ancestry([output])
    found = jvp(f, nodes, nodes, {leaf.order: f.unit(leaf)}).get(output.order)
    if not isinstance(found, Spread):
        return _zeros(forms, (*output.shape, *leaf.shape)), None
    core = cored(f, found) if compressed else None
    return core or (f.dense(found), None)


def _second(
    forms: Forms, gradients: Mapping[str, Node], leaves: Mapping[str, Node], compressed: bool
) -> dict[str, _Made]:
    """The blocks of a Hessian; those below the diagonal are those above it, turned."""
    found: dict[str, _Made] = {}
    names = list(leaves)
    for k, row in enumerate(names):
        for column in names[k:]:
            label = row if len(names) == 1 else f"{row},{column}"
            found[label] = _matrix(forms, gradients[row], leaves[column], compressed)
    for k, row in enumerate(names):
        for column in names[:k]:
            other, units = found[f"{column},{row}"]
            first = leaves[column].ndim
            if units is None:
                order = (*range(first, other.ndim), *range(first))
                found[f"{row},{column}"] = forms(ops.PERMUTE, other, order=order), None
            else:
                found[f"{row},{column}"] = other, units.turned(first)
    labels = [f"{r},{c}" for r in names for c in names] if len(names) > 1 else names
    return {label: found[label] for label in labels}


FOLDED = (ops.MAP, ops.CHAIN, ops.BROADCAST, ops.RESHAPE)
"""Operations on fixed numbers that are worked out, if those are no more than so many."""

MOST_FOLDED = 1000


def _folded(plan: Plan) -> Plan:
    """The plan with what is made of fixed numbers as fixed numbers."""
    roots, forms = plan.roots(), plan.forms
    made: dict[int, Node] = {}
    for node in ancestry(roots.values()):
        operands = [made[operand.order] for operand in node.operands]
        found = forms(node.op, *operands, **dict(node.static))
        fixed = node.op in FOLDED and all(operand.op is ops.LITERAL for operand in operands)
        if fixed and math.prod(node.shape) <= MOST_FOLDED:
            with np.errstate(all="ignore"):
                (values,) = evaluate([found], Floats(), {})
            found = forms(ops.LITERAL, data=Data.of(values))
        made[node.order] = found
    return plan.with_roots(forms, {name: made[root.order] for name, root in roots.items()})


FINITE = ("isfinite", "isinf", "isnan")
"""Primitives that no formula says anything of."""


def shortened(plan: Plan) -> Plan | None:
    """The plan with its formulas simplified, as many as can be; None where that is none.

    Whether something is finite is no matter of its formula: such conditions stay as they are.
    """
    whole = plan.roots()
    asked = [
        asked_name(k)
        for k, condition in enumerate(plan.conditions)
        if not any(part.title in FINITE for part in ancestry([condition.node]))
    ]
    for names in ((VALUE, *plan.results, *asked), (VALUE, *plan.results), plan.results):
        roots = {name: whole[name] for name in names}
        try:
            found = Formulas(plan.forms, roots, plan.inputs, careful=True).gradients
        except (Unprintable, GradcalcError):
            continue
        return plan.with_roots(plan.forms, {**whole, **found})
    return None
