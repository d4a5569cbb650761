"""Where the operands of what is bent would be zero: a way on which a function levels off or on."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.calculus import is_linear
from gradcalc.derive.modes import Eager, jvp, swept
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node

MOST = 4
"""Operands that are looked at, those next to the inputs first."""


def nearest_zeros(
    trial: Trial, point: Mapping[str, Any], ordinary: float
) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """Inputs at which an operand is zero, to first order, as near to the point as it can be.

    Each with the size that the operand has at the point, which is more than an ordinary one.
    """
    nodes = trial.derived.derivation.values
    values = [to_floats(value) for value in trial.values]
    leaves = [trial.trace.inputs[name] for name in point]
    if not all(np.isfinite(value).all() for value in values):
        return
    f = Eager(Floats())
    single = len(point) == 1
    for operand in _bent(trial)[:MOST]:
        given = values[operand.order]
        size = float(np.max(np.abs(given), initial=0))
        if size <= ordinary or (single and operand.op is ops.VAR):
            continue
        with np.errstate(all="ignore"):
            found = swept(f, nodes, {operand.order: given}, leaves, lambda n: values[n.order])
            way = {
                leaf.order: np.asarray(found.get(leaf.order, np.zeros(leaf.shape)))
                for leaf in leaves
            }
            moved = np.asarray(jvp(f, nodes, values, way).get(operand.order, 0.0))
            step = np.sum(given * moved) / np.sum(moved * moved)
        if np.isfinite(step):
            yield (
                size,
                {
                    name: point[name] - step * way[leaf.order]
                    for name, leaf in zip(point, leaves, strict=True)
                },
            )


def _bent(trial: Trial) -> list[Node]:
    """The operands that move of functions of one operand that bend, each once."""
    trace, found = trial.trace, {}
    for node in trace.nodes:
        if node.source is None or not trace.is_active(node):
            continue
        live = [k for k, operand in enumerate(node.operands) if trace.is_active(operand)]
        for k in live:
            if not is_linear(*node.source, (k,)):
                found[node.operands[k].order] = node.operands[k]
    return list(found.values())
