"""The sizes, signs left out, of what flows into each gradient: rounding is in proportion to them.

The sweep is evaluated once more. Beside its value every cotangent gets a magnitude: that of the
same operation on the magnitudes of what it is made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.calculus import is_linear
from gradcalc.derive.derived import Derived
from gradcalc.derive.points import extent
from gradcalc.derive.vjp import dependents
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, uses

Array = Any

SIGNED = (ops.SOLVE, ops.UNSORT, ops.CUMPROD_BACK)
"""Operations whose other operand decides what they do, its sign with it."""

WHOLE = (ops.SOLVE, ops.INV)
"""Operations whose rounding is that of their largest element, in all of them."""

BENT = (ops.PROD, ops.CUMPROD, ops.DET, ops.LOGDET, ops.INV, ops.SOLVE)
"""Operations of whole tensors that are linear in nothing."""


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """What flows into each gradient, by input, and the largest effect on the total of a relative
    change of a number in between that bends, and depends on the input."""

    flows: Mapping[str, Array]
    scales: Mapping[str, Any]


def magnitudes(derived: Derived, values: Sequence[Any], arithmetic: Any) -> Magnitudes:
    """Sweep the sizes of a run, whose nodes have these values."""
    derivation = derived.derivation
    bending = derived.once("bending", lambda: _bending(derived))
    known = dict(zip((n.order for n in derivation.values), values, strict=True))
    nodes = derived.sweep.nodes
    left = dict(uses(nodes))
    for root in derivation.gradients.values():
        left[root.order] = left.get(root.order, 0) + 1
    sizes: dict[int, Array] = {}
    scales: dict[str, Any] = dict.fromkeys(derivation.gradients, 0.0)

    def weigh(order: int, size: Array) -> None:
        for number, names in bending.get(order, ()):
            effect = extent(_own(derivation.values[number], known, arithmetic) * size)
            for name in names if effect < np.inf else ():
                scales[name] = effect if effect > scales[name] else scales[name]

    with np.errstate(all="ignore"):
        for order in bending.keys() & known.keys():
            weigh(order, np.abs(known[order]))
        for node in nodes:
            sizes[node.order] = _size(node, sizes, known, arithmetic)
            weigh(node.order, sizes[node.order])
            for operand in (node, *node.operands):
                if operand.order in left:
                    left[operand.order] -= operand is not node
                    if not left[operand.order]:
                        sizes.pop(operand.order, None)
    flows = {
        name: sizes[root.order] if root.order in sizes else _own_size(root, known)
        for name, root in derivation.gradients.items()
    }
    return Magnitudes(flows, scales)


def _bending(derived: Derived) -> dict[int, list[tuple[int, list[str]]]]:
    """The values whose rounding bends a gradient, with the inputs that they depend on.

    By the order of their cotangents.
    """
    derivation, trace = derived.derivation, derived.trace
    of = {name: dependents(trace.nodes, [trace.inputs[name]]) for name in derivation.gradients}
    found: dict[int, list[tuple[int, list[str]]]] = {}
    for number, cotangent in derivation.cotangents.items():
        node = trace.nodes[number]
        live = tuple(k for k, o in enumerate(node.operands) if trace.is_active(o))
        bends = node.op in BENT or (node.op in (ops.MATMUL, ops.OUTER) and len(live) > 1)
        if node.source is not None:
            bends = not is_linear(*node.source, live)
        if bends:
            names = [name for name in of if number in of[name]]
            found.setdefault(cotangent.order, []).append((number, names))
    return found


def _own(node: Node, known: Mapping[int, Array], m: Any) -> Array:
    """The size of a value; of a sum of products, that of its terms."""
    if node.op is ops.MATMUL:
        return m.matmul(*(np.abs(m.asarray(known[operand.order])) for operand in node.operands))
    return np.abs(known[node.order])


def _size(node: Node, sizes: Mapping[int, Array], known: Mapping[int, Array], m: Any) -> Array:
    static = dict(node.static)
    if node.op is ops.LITERAL:
        return np.abs(m.asarray(static["data"].array))

    def size(operand: Node) -> Array:
        return sizes[operand.order] if operand.order in sizes else _own_size(operand, known)

    if node.op is ops.CHAIN:
        first, *rest = node.operands
        values = [known[operand.order] for operand in rest]
        return np.abs(m.chain(size(first), static["symbols"], static["body"], values))
    operands = [
        known[operand.order] if node.op in SIGNED and operand.order in known else size(operand)
        for operand in node.operands
    ]
    found = np.abs(m.asarray(node.op.array(m, *map(m.asarray, operands), **static)))
    return np.full(found.shape, extent(found)) if node.op in WHOLE else found


def _own_size(node: Node, known: Mapping[int, Array]) -> Array:
    found = np.abs(known[node.order])
    return np.full(found.shape, extent(found)) if node.op in WHOLE else found
