"""How gradients react to their inputs and to rounding, and gradients in floats of more digits.

Rounding is in proportion to the sizes, signs left out, of what flows into a gradient. So the sweep
is evaluated once more: beside its value every cotangent gets a magnitude, that of the same
operation on the magnitudes of what it is made of. Where there is no enclosure, the sweep is also
evaluated with every number changed, by less than the dtype rounds it but by more than the
evaluation does; what the two have in common is known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcalc.calculus import is_linear
from gradcalc.derive.modes import dependents
from gradcalc.derive.perturbations import distance, extent, moved, signed
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Derived
from gradcalc.expr import ops
from gradcalc.expr.elementwise import is_narrow
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry, uses

STEP, BESIDE = 2.0**-20, 20184
"""The relative distance at which gradients are compared, far above the noise of floats, and the
seed of the direction."""

FEWER_DIGITS = 2.0**-29
"""What rounding is in float64 where it is 1 in float32."""

LOST = 1e-9
"""The relative difference between two evaluations from which on a gradient is not known."""

NOISE, SEED = 2.0**-58, 20186
"""Relative changes of all that is computed in long doubles, at the most, and their seed."""

COARSE, SHAKEN = 2.0**-45, 1e-6
"""Relative changes of all that is computed of single elements in float64, which rounding cannot
hide, and relative differences above which they show that digits cancel."""

MOST_PRODUCTS = 50_000_000
"""Multiplications in products of matrices up to which long doubles are worth while: no library
helps."""

SIGNED = (ops.SOLVE, ops.COFACTOR, ops.UNSORT, ops.CUMPROD_BACK, *ops.DECOMPOSED)
"""Operations that need the signs of an operand to do what they do."""

WHOLE = (ops.SOLVE, ops.INV, ops.COFACTOR, *ops.DECOMPOSED)
"""Operations whose rounding is that of their largest element, in all of them."""

BENT = (ops.PROD, ops.CUMPROD, ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, *ops.DECOMPOSED)
"""Operations of whole tensors that are linear in nothing."""

SOLVERS = (ops.INV, ops.SOLVE, ops.DET, ops.LOGDET, ops.COFACTOR, *ops.DECOMPOSED)
"""Operations that no library computes in wide floats."""

EXACT = (ops.VAR, ops.LITERAL, ops.DETACH, ops.EYE, ops.BROADCAST)
"""Operations that round nothing, beside those that move elements about."""

Array = Any


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What is known of a gradient's sensitivity, by input.

    `flows` are what goes into each element, `scales` the largest effects on the total of a relative
    change of a number in between that bends, and depends on the input. `conditions` are the
    relative changes of the gradient over those of the inputs, `rounding` the relative error that
    one rounding of it makes, both empty where nobody asked.
    """

    flows: Mapping[str, Array] = field(default_factory=dict)
    scales: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, float] = field(default_factory=dict)
    rounding: Mapping[str, float] = field(default_factory=dict)


def conditioning(
    recording: Recording, nodes: Mapping[str, Node], gradients: Mapping[str, Array]
) -> Conditioning:
    """Evaluate the formula beside the point, and the sizes of all that is in the gradients."""
    inputs, dtype = recording.problem.inputs, recording.problem.dtype
    beside = recording.numbers(nodes, Floats(), moved(inputs, STEP, BESIDE))
    found = magnitudes(recording.derived, recording.values, Floats())
    epsilon = float(np.finfo(dtype).eps)
    errors = {name: [epsilon * extent(found.flows[name])] for name in gradients}
    if dtype == "float64":
        # a formula may lose digits of its own, which shows with fewer of them
        short = recording.numbers(nodes, Floats("float32"), inputs)
        for name, gradient in gradients.items():
            errors[name].append(distance(short[name], gradient) * FEWER_DIGITS)
    return _related(found, gradients, beside, errors)


def _related(
    found: Conditioning,
    gradients: Mapping[str, Array],
    beside: Mapping[str, Array],
    errors: Mapping[str, Sequence[Any]],
) -> Conditioning:
    """Gradients' changes beside the point, and their errors, in relation to their sizes."""
    conditions, rounding = {}, {}
    with np.errstate(all="ignore"):
        for name, gradient in gradients.items():
            size, change = extent(gradient), distance(beside[name], gradient) / STEP
            known = [error for error in errors[name] if error < np.inf]
            if size and change < np.inf:
                conditions[name] = float(change / size)
            if size and known:
                rounding[name] = max(float(error / size) for error in known)
    return replace(found, conditions=conditions, rounding=rounding)


# -- in floats of more digits ------------------------------------------------------------------


def is_wide(recording: Recording) -> bool:
    """Whether a derivation can be evaluated in floats wider than float64."""
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps / 1024:
        return False
    derivation = recording.derivation
    output = derivation.values[recording.trace.output.order]
    nodes = [*derivation.gradients.values(), output]
    return recording.derived.once("wide", lambda: not any(map(_is_narrow, ancestry(nodes))))


def _is_narrow(node: Node) -> bool:
    if node.op not in (ops.MAP, ops.CHAIN):
        return node.op in SOLVERS
    return is_narrow(node["body"])


def quick(recording: Recording) -> tuple[Mapping[str, Any] | None, Conditioning]:
    """The gradients in wide floats, None if one lost its digits, and how they react."""
    problem, derived = recording.problem, recording.derived
    names = list(recording.derivation.gradients)
    plan = derived.plan(list(recording.derivation.gradients.values()))
    noise = derived.once("noise", lambda: _noise(plan))

    def at(point: Mapping[str, Any], noise: float = 0.0, **further: Any) -> dict[str, Any]:
        found = plan(Floats("longdouble", noise), point, **further)
        return dict(zip(names, found, strict=True))

    sizes = magnitudes(derived, recording.values, Floats())
    try:
        # what underflows or overflows even here may have been a large part of something
        found = at(problem.inputs, under="raise")
    except FloatingPointError:
        return None, sizes
    shaken = at(problem.inputs, NOISE, changed=noise)
    apart = {name: distance(shaken[name], gradient) for name, gradient in found.items()}
    epsilon = float(np.finfo(problem.dtype).eps)
    errors = {n: [epsilon * max(extent(sizes.flows[n]), apart[n] / NOISE)] for n in names}
    known = all(apart[name] <= LOST * extent(gradient) for name, gradient in found.items())
    beside = at(moved(problem.inputs, STEP, BESIDE))
    return found if known else None, _related(sizes, found, beside, errors)


def _noise(plan: Plan) -> list[Any]:
    """For each step of a plan what its result is multiplied by, None where that is exact."""
    random = np.random.default_rng(SEED)

    def factor(node: Node) -> Any:
        if node.op in EXACT or node.op.moves:
            return None
        return 1 + np.asarray(signed(random, 0.5, 1.0, node.shape) * NOISE, dtype=np.longdouble)

    return [factor(node) for node in plan.nodes]


def in_more_digits(
    recording: Recording, nodes: Mapping[str, Node], gradients: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The gradients at the point, rounded later than `gradients`; None if digits are lost there.

    Where there are no such floats, or it would take too long, `gradients` themselves.
    """
    same = np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps
    products = sum(
        math.prod(node.shape) * node.operands[0].shape[-1]
        for node in ancestry(list(nodes.values()))
        if node.op is ops.MATMUL
    )
    if same or products > MOST_PRODUCTS:
        return dict(gradients)
    inputs = recording.problem.inputs
    shaken = recording.numbers(nodes, Floats(noise=COARSE), inputs)
    if any(distance(shaken[n], g) > SHAKEN * extent(g) for n, g in gradients.items()):
        return None
    wide = recording.numbers(nodes, Floats("longdouble"), inputs)
    found = {}
    for name, gradient in gradients.items():
        apart, size = distance(wide[name], gradient), extent(wide[name])
        if apart > LOST * max(size, extent(gradient)):
            return None
        # a NaN is not larger: where the wider floats fail, the others stand
        sound = apart <= LOST * size and size < np.inf
        found[name] = np.asarray(wide[name], dtype=np.float64) if sound else gradient
    return found


# -- what flows into gradients -----------------------------------------------------------------


def magnitudes(derived: Derived, values: Sequence[Any], arithmetic: Any) -> Conditioning:
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
    return Conditioning(flows, scales)


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
        # what the sweep itself made has no sign here
        values = [known.get(operand.order, sizes.get(operand.order)) for operand in rest]
        return np.abs(m.chain(size(first), static["symbols"], static["body"], values))
    operands = [
        known[operand.order] if node.op in SIGNED and operand.order in known else size(operand)
        for operand in node.operands
    ]
    found = np.abs(m.asarray(node.op.array(m, *map(m.asarray, operands), **static)))
    return _evened(node, found)


def _own_size(node: Node, known: Mapping[int, Array]) -> Array:
    return _evened(node, np.abs(known[node.order]))


def _evened(node: Node, sizes: Array) -> Array:
    """The sizes of a node's elements, where rounding is that of the largest: of each matrix."""
    if node.op not in WHOLE:
        return sizes
    axes = (-1,) if node.op in ops.SPECTRAL else (-2, -1)
    if sizes.ndim <= len(axes) or not sizes.size:
        return np.full(sizes.shape, extent(sizes))
    return np.broadcast_to(np.max(sizes, axis=axes, keepdims=True), sizes.shape)
