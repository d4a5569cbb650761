"""Where floats go astray: the program run once more, every number rounded to the dtype.

Each primitive is computed as well as the dtype allows from its rounded operands, and composites
as a whole, so that what goes wrong here is the program's doing and not that of a library.
"""

from collections.abc import Iterator

import flint
import numpy as np

from gradcalc.enclosure.balls import Ball, Calculus, Decisions
from gradcalc.enclosure.course import Trial
from gradcalc.enclosure.experiment import Experiment, partial_of
from gradcalc.enclosure.graph import Node
from gradcalc.primitives.arithmetic import zero
from gradcalc.testimony import Mishap

FLAT = 2.0**-50
"""A slope below this lets nothing by that a float could tell."""

LOST = 2.0**10
"""Roundings by which a number must be off to have lost its digits."""

SUDDEN = 2.0**7
"""How much worse than its operands."""


def mishaps(experiment: Experiment, centre: Trial) -> tuple[Mishap, ...]:
    """The first mishap of each kind, in the order of the program."""
    found: dict[str, Mishap] = {}
    with flint.ctx.workprec(centre.bits):
        for mishap in _Shadow(experiment, centre).walk():
            found.setdefault(mishap.kind, mishap)
    return tuple(found.values())


def flats(centre: Trial) -> tuple[Mishap, ...]:
    """For each input to which hardly anything flows back, the first primitive to let nothing by."""
    with flint.ctx.workprec(centre.bits):
        found = [_first_flat(centre, name) for name in centre.gradients]
    return tuple(mishap for mishap in found if mishap is not None)


def _first_flat(centre: Trial, name: str) -> Mishap | None:
    reached = {leaf.order for leaf in centre.course.leaves[name].flat}
    first: Mishap | None = None
    for node in centre.course.graph.nodes:
        ways = [i for i in node.live if node.operands[i].order in reached]
        through = [i for i in ways if not abs(partial_of(node, i)) < FLAT]
        if through:
            reached.add(node.order)
        elif ways and first is None:
            at = tuple(float(operand.value) for operand in node.operands)
            first = Mishap(_flatness(node, ways), node.title, node.place, at, wrt=name)
    ends = {node.order for node, _ in centre.course.outputs}
    return None if ends & reached else first


def _flatness(node: Node, ways: list[int]) -> str:
    assert node.row is not None
    if all(dict(node.row.partials).get(i) is zero for i in ways):
        return "step"
    return "flat" if all(partial_of(node, i).is_zero() for i in ways) else "saturated"


class _Shadow:
    """What the floats of a run are, next to its exact numbers."""

    def __init__(self, experiment: Experiment, centre: Trial) -> None:
        self.nodes = centre.course.graph.nodes
        self.calculus = Calculus(Decisions(forced=True))
        self.dtype = np.dtype(experiment.problem.dtype)
        self.epsilon = experiment.epsilon
        self.values: list[Ball] = []
        self.errors: list[float] = []

    def walk(self) -> Iterator[Mishap]:
        for node in self.nodes:
            if node.row is None:
                value = node.value if node.origin is None else self.values[node.origin.order]
                self._add(node, value)
                continue
            operands = [self._operand(o, node) for o in node.operands]
            self._add(node, self._computed(node, operands))
            if node.inside is None and all(operand.is_finite() for operand in operands):
                yield from self._judge(node, operands)

    def _operand(self, operand: Node, node: Node) -> Ball:
        value = self.values[operand.order]
        return value if node.inside is not None else self._rounded(value)

    def _rounded(self, value: Ball) -> Ball:
        with np.errstate(over="ignore", under="ignore"):
            return flint.arb(float(self.dtype.type(float(value))))

    def _computed(self, node: Node, operands: list[Ball]) -> Ball:
        assert node.row is not None
        if node.row.name == "where":
            value = operands[2] if operands[0].is_zero() else operands[1]
        else:
            value = self.calculus.function(node.row, node.variant)(*operands)
        return value if node.inside is not None else self._rounded(value)

    def _add(self, node: Node, value: Ball) -> None:
        self.values.append(value)
        fine = value.is_finite() and node.value.is_finite()
        if not fine:
            self.errors.append(np.inf)
            return
        error = abs(value - node.value)
        self.errors.append(float(error) if node.value.contains(0) else float(error / node.value))

    def _judge(self, node: Node, operands: list[Ball]) -> Iterator[Mishap]:
        assert node.row is not None
        value, error = self.values[node.order], abs(self.errors[node.order])

        def mishap(kind: str, lost: float = 0.0) -> Mishap:
            assert node.row is not None
            at = tuple(float(operand) for operand in operands)
            return Mishap(kind, node.row.name, node.place, at, lost)

        if not value.is_finite():
            yield mishap("overflow" if node.value.is_finite() else "undefined")
            return
        if value.is_zero() and 0 < abs(node.value) < float(np.finfo(self.dtype).tiny):
            yield mishap("underflow")
            return
        if node.row.name != "where" and any(
            operand.active
            and not self.calculus.function(node.row, node.variant, i)(*operands).is_finite()
            for i, operand in enumerate(node.operands)
        ):
            yield mishap("undefined")
        if node.row.boolean or any(slope is zero for _, slope in node.row.partials):
            # a step turns a small difference into a large one; it loses no digits
            return
        worst = max((abs(self.errors[o.order]) for o in node.operands), default=0)
        if error > LOST * self.epsilon and error > SUDDEN * worst:
            digits = -float(np.log10(self.epsilon))
            lost = digits + float(np.log10(error))
            yield mishap("cancellation", min(digits, lost))
