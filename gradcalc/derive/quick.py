"""Gradients in wide floats, and what rounding does to them: for when there is no enclosure.

The sweep is evaluated twice, the second time with every number changed by far more than wide floats
round it, and by far less than the dtype does. What the two have in common is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.conditioning import SEED as BESIDE
from gradcalc.derive.conditioning import STEP, Conditioning
from gradcalc.derive.magnitudes import magnitudes
from gradcalc.derive.points import extent, moved
from gradcalc.derive.recording import Recording
from gradcalc.expr import ops
from gradcalc.expr.elementwise import is_narrow
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry

NOISE = 2.0**-58
"""The relative changes at the most."""

LOST = 1e-9
"""The relative difference that they may make to a gradient that is known."""

SEED = 20186

SOLVERS = (ops.INV, ops.SOLVE, ops.DET, ops.LOGDET, ops.COFACTOR)
"""Operations that no library computes in wide floats."""

EXACT = (ops.VAR, ops.LITERAL, ops.DETACH, ops.EYE, ops.BROADCAST)
"""Operations that round nothing, beside those that move elements about."""


@dataclass(frozen=True, slots=True)
class Quick:
    """Gradients, by input, and how they react; None for a gradient that lost its digits."""

    gradients: Mapping[str, Any] | None
    conditioning: Conditioning


def is_wide(recording: Recording) -> bool:
    """Whether a derivation can be evaluated in floats wider than float64."""
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps / 1024:
        return False
    return recording.derived.once("wide", lambda: not any(map(_is_narrow, _nodes(recording))))


def quick(recording: Recording) -> Quick:
    """The gradients in wide floats, and what roundings and changes of the inputs do to them."""
    problem, derived = recording.problem, recording.derived
    names = list(recording.derivation.gradients)
    plan = derived.plan(list(recording.derivation.gradients.values()))
    wide = Floats("longdouble")
    noise = derived.once("noise", lambda: _noise(recording, plan))
    try:
        # what underflows or overflows even here may have been a large part of something
        found = dict(zip(names, plan(wide, problem.inputs, under="raise"), strict=True))
    except FloatingPointError:
        found = None
    beside = moved(problem.inputs, STEP, BESIDE)
    near = dict(zip(names, plan(wide, beside), strict=True))
    flows = magnitudes(recording.derived, recording.values, Floats())
    if found is None:
        return Quick(None, Conditioning({}, flows.flows, {}, flows.scales))
    moved_about = Floats("longdouble", NOISE)
    shaken = dict(zip(names, plan(moved_about, problem.inputs, changed=noise), strict=True))
    epsilon = float(np.finfo(problem.dtype).eps)
    conditions, rounding, lost = {}, {}, False
    for name, gradient in found.items():
        size, apart = extent(gradient), extent(shaken[name] - gradient)
        lost = lost or not apart <= LOST * size
        largest = extent(near[name] - gradient) / STEP
        if size and largest < np.inf:
            conditions[name] = float(largest / size)
        flow = max(extent(flows.flows[name]), apart / NOISE)
        if size and flow < np.inf:
            rounding[name] = float(epsilon * flow / size)
    return Quick(
        None if lost else found, Conditioning(conditions, flows.flows, rounding, flows.scales)
    )


def _noise(recording: Recording, plan: Plan) -> list[Any]:
    """For each step of a plan what its result is multiplied by, None where that is exact."""
    random = np.random.default_rng(SEED)

    def factor(node: Node) -> Any:
        if node.op in EXACT or node.op.moves:
            return None
        sizes = random.uniform(0.5, 1.0, node.shape) * random.choice([-NOISE, NOISE], node.shape)
        return 1 + np.asarray(sizes, dtype=np.longdouble)

    return [factor(node) for node in plan.nodes]


def _nodes(recording: Recording) -> list[Node]:
    derivation = recording.derivation
    return ancestry(
        [*derivation.gradients.values(), derivation.values[recording.trace.output.order]]
    )


def _is_narrow(node: Node) -> bool:
    if node.op not in (ops.MAP, ops.CHAIN):
        return node.op in SOLVERS
    return is_narrow(node["body"])
