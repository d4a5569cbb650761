"""Which elements of a run take part: those from which a way leads to what is differentiated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.derive.jvp import Eager
from gradcalc.derive.trace import Truth
from gradcalc.enclosure.experiment import Trial
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node

Mask = NDArray[np.bool_]

WHOLE = (ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, ops.SORT)
"""Operations each element of whose result may come from any of their operands'."""


def taking_part(trial: Trial) -> Mapping[int, Mask]:
    """The elements that take part, by the numbers of the run's nodes; no mask where none does.

    What `where` does not choose takes no part, be it undefined. What decides where the program goes
    does.
    """
    nodes = trial.derived.derivation.values
    trace = trial.recording.trace
    found: dict[int, Any] = {}

    def join(number: int, mask: Any) -> None:
        if trace.notes[number].active and mask.any():
            found[number] = found[number] | mask if number in found else mask

    join(trace.output.order, np.ones(trace.output.shape, np.bool_))
    for seen in trace.observations:
        if isinstance(seen.question, Truth):
            join(seen.number, np.ones(nodes[seen.number].shape, np.bool_))
    for number in range(len(nodes) - 1, -1, -1):
        if number in found:
            node = trace.nodes[number]
            for operand, mask in zip(
                node.operands, _below(node, found[number], trial), strict=True
            ):
                if mask is not None:
                    join(operand.order, mask)
    return found


def _below(node: Node, mask: Mask, trial: Trial) -> Sequence[Mask | None]:
    """The elements of the operands from which those of a node are made."""
    if not node.operands or node.op is ops.DETACH:
        return [None] * len(node.operands)
    if node.op is ops.MAP:
        masks = [mask] * len(node.operands)
        if node.title == "where":
            values = trial.values[node.operands[0].order]
            zero = np.frompyfunc(lambda ball: ball.is_zero(), 1, 1)(values)
            chosen = ~np.asarray(zero, dtype=np.bool_)
            masks = [mask, mask & chosen, mask & ~chosen]
        return [_narrowed(m, o.shape) for m, o in zip(masks, node.operands, strict=True)]
    if node.op in WHOLE:
        return [np.full(operand.shape, mask.any()) for operand in node.operands]
    # with ones for all numbers nothing cancels
    ones = [np.ones(operand.shape) for operand in node.operands]
    rule = node.op.vjp
    assert rule is not None
    f: Any = Eager(Floats())
    handed: Sequence[Any] = rule(
        f, mask.astype(np.float64), np.ones(node.shape), *ones, **dict(node.static)
    )
    return [None if part is None else np.asarray(part) != 0 for part in handed]


def _narrowed(mask: Any, shape: tuple[int, ...]) -> Mask:
    """The elements that were spread to those of a mask."""
    counts = ops.unbroadcast(Eager(Floats()), mask.astype(np.float64), shape)
    return np.asarray(counts != 0)
