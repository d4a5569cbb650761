"""Runs on both sides of a point, compared: what arrives at each node, and what of it matters."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np

from gradcalc.derive.modes import Eager, swept
from gradcalc.enclosure.trial import Trial, largest
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.nodes import Node

Sample = Callable[[Any, Any], Trial]
"""A run beside the point, that far in a direction."""

SHRUNK = 1e-5
"""What is left, where the distance is far smaller, of what draws to 0."""


@dataclass(frozen=True)
class Sides:
    """Runs on both sides of the point that do the same, near to it and further away."""

    near: tuple[Trial, Trial]
    far: tuple[Trial, Trial]

    @classmethod
    def of(cls, sample: Sample, direction: Any, radii: tuple[Any, Any]) -> "Sides | None":
        """Those in a direction, None where there are none that can be compared."""
        far, near = ((sample(direction, by), sample(-direction, by)) for by in radii)
        first = near[0]
        same = all(run.finite and alike(first, run) for run in (*near, *far))
        return cls(near, far) if same else None

    @cached_property
    def adjoints(self) -> list[tuple[dict[int, Any], dict[int, Any]]]:
        """Those of all nodes on either side, further away and near."""
        return [(arriving(a), arriving(b)) for a, b in zip(self.far, self.near, strict=True)]

    def is_idle(self, node: Node) -> bool:
        """Whether nothing arrives at a node, or what it adds to the gradients draws to 0."""
        if not all(node.order in found for pair in self.adjoints for found in pair):
            return False
        if all(largest(near[node.order]) == 0 for _, near in self.adjoints):
            return True
        return all(
            _draws_to_0(far_adjoints[node.order], adjoints[node.order])
            and _draws_to_0(
                share(far, node, far_adjoints[node.order]),
                share(near, node, adjoints[node.order]),
            )
            for far, near, (far_adjoints, adjoints) in zip(
                self.far, self.near, self.adjoints, strict=True
            )
        )


def _draws_to_0(far: Any, near: Any) -> bool:
    """Whether of two sizes that nearer to the point is next to nothing beside the other."""
    return bool(largest(near) <= largest(far) * SHRUNK)


def share(trial: Trial, node: Node, cotangent: Any) -> Any:
    """All that a cotangent at one node adds to the gradients, in a row."""
    nodes, leaves = trial.trace.nodes, [trial.trace.inputs[name] for name in trial.balls]
    with flint.ctx.workprec(trial.bits):
        below = [n for n in nodes[: node.order + 1] if n not in leaves]
        found = swept(
            Eager(trial.arithmetic), below, {node.order: cotangent}, leaves,
            lambda n: trial.values[n.order],
        )  # fmt: skip
    zeros = trial.arithmetic.zeros
    return np.concatenate([np.ravel(found.get(x.order, zeros(x.shape))) for x in leaves])


def arriving(trial: Trial) -> dict[int, Any]:
    """The adjoints of all nodes, by number."""
    derivation = trial.derived.derivation
    with flint.ctx.workprec(trial.bits):
        plan = Plan(list(derivation.cotangents.values()), derivation.values)
        found = plan(trial.arithmetic, trial.inputs, trial.values)
    return dict(zip(derivation.cotangents, found, strict=True))


def alike(one: Trial, other: Trial) -> bool:
    """Whether two runs did the same, be it to other elements."""
    pairs = zip(one.trace.nodes, other.trace.nodes, strict=False)
    return len(one.trace.nodes) == len(other.trace.nodes) and all(
        a.op is b.op and a.shape == b.shape and _orders(a) == _orders(b) for a, b in pairs
    )


def _orders(node: Node) -> list[int]:
    return [operand.order for operand in node.operands]
