"""The sizes, signs left out, of what flows into each gradient: rounding is in proportion to them.

The sweep is evaluated once more. Beside its value every cotangent gets a magnitude: that of the
same operation on the magnitudes of what it is made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.calculus import is_linear
from gradcalc.derive.points import extent
from gradcalc.derive.recording import Recording
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry, uses
from gradcalc.primitives import Elementwise

Array = Any

SIGNED = (ops.SOLVE, ops.UNSORT, ops.CUMPROD_BACK)
"""Operations whose other operand decides what they do, its sign with it."""

WHOLE = (ops.SOLVE, ops.INV)
"""Operations whose rounding is that of their largest element, in all of them."""


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """What flows into each gradient, by input, and the largest effect on the total of a relative
    change of a number in between that bends."""

    flows: Mapping[str, Array]
    scale: float


def magnitudes(recording: Recording) -> Magnitudes:
    """Sweep the sizes of a recorded run."""
    derivation = recording.derivation
    once = recording.derived.once
    bending = once("bending", lambda: _bending(recording))
    nodes = once("swept", lambda: _swept(recording))
    known = dict(zip((n.order for n in derivation.values), recording.values, strict=True))
    left = dict(uses(nodes))
    for root in derivation.gradients.values():
        left[root.order] += 1
    sizes: dict[int, Array] = {}
    scale = 0.0
    with np.errstate(all="ignore"):
        for node in nodes:
            if node.order not in known:
                sizes[node.order] = _size(node, sizes, known)
                for number in bending.get(node.order, ()):
                    effect = extent(recording.values[number]) * extent(sizes[node.order])
                    scale = max(scale, float(effect)) if effect < np.inf else scale
            for operand in (node, *node.operands):
                left[operand.order] -= operand is not node
                if not left[operand.order]:
                    sizes.pop(operand.order, None)
    flows = {
        name: sizes[root.order] if root.order in sizes else _own_size(root, known)
        for name, root in derivation.gradients.items()
    }
    return Magnitudes(flows, scale)


def _swept(recording: Recording) -> list[Node]:
    derivation = recording.derivation
    return ancestry([*derivation.gradients.values(), *derivation.cotangents.values()])


def _bending(recording: Recording) -> dict[int, list[int]]:
    """The equations whose rounding bends a gradient, by the order of their cotangents."""
    found: dict[int, list[int]] = {}
    for number, node in recording.derivation.cotangents.items():
        equation = recording.tape.equations[number]
        row = equation.primitive
        if not isinstance(row, Elementwise):
            continue
        live = tuple(
            position
            for position, operand in enumerate(equation.operands)
            if recording.tape.equations[operand].active
        )
        if not is_linear(row, equation.static, live):
            found.setdefault(node.order, []).append(number)
    return found


def _size(node: Node, sizes: Mapping[int, Array], known: Mapping[int, Array]) -> Array:
    m = Floats()
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
    found = np.abs(np.asarray(node.op.array(m, *operands, **static)))
    return np.full(found.shape, extent(found)) if node.op in WHOLE else found


def _own_size(node: Node, known: Mapping[int, Array]) -> Array:
    found = np.abs(known[node.order])
    return np.full(found.shape, extent(found)) if node.op in WHOLE else found
