"""Torch's numbers for every call of a run beside the exact ones, and what a call does in balls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, boxed, each, to_floats
from gradcalc.balls.numbers import Ball, OutOfReach
from gradcalc.derive.modes import Eager, handed_on, jvp, swept
from gradcalc.derive.perturbations import is_finite
from gradcalc.derive.trace import Call, is_boolean
from gradcalc.enclosure.trial import Trial
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.testimony import Computed, Origin, Step, place_of

Index = tuple[int, ...]

LOST = 2.0**10
"""Roundings by which a number must be off to have lost its digits."""

LEAST = 2.0**-1000
"""How far off a 0 may be, which no rounding makes of it."""

LINEAR = (ops.SUM, ops.BROADCAST, ops.TRACE)
"""Operations, beside those that move elements about, that show which elements hang together."""


OTHERWISE = "the check makes a result of something else than torch does"


class Unlike(Exception):
    """Torch's calls and those of the exact run are not the same."""


@dataclass(frozen=True, slots=True)
class Use:
    """A tensor as an operand of a call: the call's number and which operand it is."""

    call: int
    operand: int


@dataclass(frozen=True, slots=True)
class Slot:
    """An operand of a call, or several that are the same: what torch has for it and hands on."""

    number: int
    origin: Origin
    value: Any
    handed: Any | None


class Course:
    """The calls of a run, torch's numbers beside the exact ones."""

    def __init__(self, centre: Trial, autograd: Computed, epsilon: float, dtype: str) -> None:
        self.centre, self.autograd = centre, autograd
        self.calls, self.steps = centre.trace.calls, autograd.steps
        self.epsilon, self.range = epsilon, np.finfo(dtype)
        self.balls = Eager(centre.arithmetic)
        if [call.primitive for call in self.calls] != [step.primitive for step in self.steps]:
            raise Unlike
        for call, step in zip(self.calls, self.steps, strict=True):
            self._must_fit(call.arguments, step.given)
            self._must_fit(call.results, step.values)
        self.slots = [self._slots(*pair) for pair in zip(self.calls, self.steps, strict=True)]
        self.uses: dict[Origin, list[Use]] = {}
        for number, slots in enumerate(self.slots):
            for position, slot in enumerate(slots):
                if slot.handed is not None:
                    self.uses.setdefault(slot.origin, []).append(Use(number, position))

    def _must_fit(self, numbers: Sequence[int], values: Sequence[Any]) -> None:
        shapes = [self.centre.values[number].shape for number in numbers]
        if shapes != [value.shape for value in values]:
            raise Unlike

    def _slots(self, call: Call, step: Step) -> list[Slot]:
        """The operands of a call; one that stands there several times is one."""
        found: list[Slot] = []
        places: dict[int, int] = {}
        for number, value, origin, handed in zip(
            call.arguments, step.given, step.origins, step.handed, strict=True
        ):
            if number not in places or self.is_elementwise(call):
                places[number] = len(found)
                found.append(Slot(number, origin, value, handed))
                continue
            same = found[places[number]]
            if same.origin != origin:
                raise Unlike
            joint = handed if same.handed is None else np.asarray(same.handed + handed)
            found[places[number]] = replace(same, handed=joint)
        return found

    def is_elementwise(self, call: Call) -> bool:
        """Whether a call is one primitive of elements whose tensors are its operands."""
        node = self.centre.trace.nodes[call.results[0]]
        if len(call.results) > 1 or node.source is None or node.order in call.arguments:
            return False
        fixed = [o.order for o in node.operands if o.op is ops.LITERAL]
        return [o.order for o in node.operands if o.order not in fixed] == [*call.arguments]

    def _inside(self, number: int) -> tuple[list[Node], list[Node], list[int]]:
        """The nodes of a call, its operands as leaves, and the number of the leaf of each slot.

        Equal operands of a primitive of elements are leaves of their own.
        """
        call, nodes = self.calls[number], self.centre.trace.nodes
        leaves = [nodes[slot.number] for slot in self.slots[number]]
        cut = frozenset(leaf.order for leaf in leaves)
        inside = ancestry([nodes[r] for r in call.results], cut)
        if any(node.op is ops.VAR for node in inside):
            raise OutOfReach(OTHERWISE)
        return inside, leaves, [x.order for x in leaves]

    def given(self, number: int, *, exact: bool, room: float = 0.0) -> dict[int, Any]:
        """The values of all that is in a call, by number, from its exact operands or torch's.

        Those may be off by a `room`, in relation to themselves.
        """
        nodes, _, numbers = self._inside(number)
        if exact:
            inside = (*numbers, *(node.order for node in nodes))
            return {k: self.centre.values[k] for k in inside}
        values = {
            slot.number: self.around(slot.value, 0.0 if self._is_choice(slot) else room)
            for slot in self.slots[number]
        }
        for node in nodes:
            below = [values[operand.order] for operand in node.operands]
            values[node.order] = self.balls(node.op, *below, **dict(node.static))
        return values

    def inside(self, number: int) -> list[Node]:
        """The operations that a call is made of."""
        return self._inside(number)[0]

    def _is_choice(self, slot: Slot) -> bool:
        """Whether an operand is true or false, which no rounding takes elsewhere."""
        return is_boolean(self.centre.trace.nodes[slot.number])

    def around(self, values: Any, room: float) -> Any:
        """Torch's numbers as balls, as wide as that in relation to themselves."""
        found = self.centre.arithmetic.asarray(values)
        if not room:
            return found
        # what is 0 is a corner to some
        return boxed(each(lambda ball: flint.arb(ball, abs(ball) * room + LEAST), found))

    def handed(
        self, number: int, cotangents: Sequence[Any], *, exact: bool, room: float = 0.0
    ) -> list[Any]:
        """What a call hands on to its operands if these adjoints arrive, zeros where nothing does.

        At its exact operands, or at those that torch has, which may be off by a `room`.
        """
        nodes, leaves, numbers = self._inside(number)
        values = self.given(number, exact=exact, room=room)
        call = self.calls[number]
        given: dict[int, Any] = {}
        for result, cotangent in zip(call.results, cotangents, strict=True):
            if cotangent is not None:
                known = given.get(result)
                given[result] = cotangent if known is None else boxed(known + cotangent)
        if len(set(numbers)) < len(numbers):
            return self._apart(number, values, given[call.results[0]])
        found = swept(self.balls, nodes, given, leaves, lambda node: values[node.order])
        zeros = self.centre.arithmetic.zeros
        return [found.get(leaf.order, zeros(leaf.shape)) for leaf in leaves]

    def _apart(self, number: int, values: Mapping[int, Any], cotangent: Any) -> list[Any]:
        """What a primitive of elements hands on to operands that are equal, to each alone."""
        node = self.centre.trace.nodes[self.calls[number].results[0]]
        operands = [values[operand.order] for operand in node.operands]
        wanted = [operand.op is not ops.LITERAL for operand in node.operands]
        found = handed_on(self.balls, cotangent, node, values[node.order], operands, wanted)
        zeros = self.centre.arithmetic.zeros
        return [
            zeros(o.shape) if part is None else part
            for part, o, wants in zip(found, node.operands, wanted, strict=True)
            if wants
        ]

    def related(self, number: int, operand: int, index: Index) -> list[Any]:
        """Which elements of a call's results may depend on one element of an operand."""
        nodes, _, numbers = self._inside(number)
        shapes = [value.shape for value in self.steps[number].values]
        node = self.centre.trace.nodes[self.calls[number].results[0]]
        leaf = self.centre.trace.nodes[numbers[operand]]
        moved = np.zeros(leaf.shape)
        moved[index] = 1.0
        if self.is_elementwise(self.calls[number]):
            return [np.broadcast_to(moved, node.shape) != 0]
        if not all(n.op.moves or n.op in LINEAR for n in nodes):
            return [np.ones(shape, np.bool_) for shape in shapes]
        leaves = [self.centre.trace.nodes[k] for k in dict.fromkeys(numbers)]
        ones = [np.ones(n.shape) for n in (*leaves, *nodes)]
        still = {n.order: np.zeros(n.shape) for n in leaves}
        found = jvp(Eager(Floats()), [*leaves, *nodes], ones, {**still, leaf.order: moved})
        return [
            np.asarray(found[r]) != 0 if r in found else np.zeros(shape, np.bool_)
            for r, shape in zip(self.calls[number].results, shapes, strict=True)
        ]

    @cached_property
    def exact(self) -> tuple[dict[Origin, Any], dict[int, list[Any]]]:
        """The exact adjoints of all tensors, and what each call hands on."""
        weights = self.centre.arithmetic.asarray(self.centre.trace.weights)
        adjoints: dict[Origin, Any] = {self.autograd.target: weights}
        handed: dict[int, list[Any]] = {}
        for number in range(len(self.calls) - 1, -1, -1):
            results = range(len(self.calls[number].results))
            arriving = [adjoints.get((number, position)) for position in results]
            if all(part is None for part in arriving):
                continue
            handed[number] = self.handed(number, arriving, exact=True)
            for slot, part in zip(self.slots[number], handed[number], strict=True):
                # what no call made, as what a gradient gave, has no adjoint to be followed
                if slot.handed is not None and slot.origin is not None:
                    known = adjoints.get(slot.origin)
                    adjoints[slot.origin] = part if known is None else boxed(known + part)
        return adjoints, handed

    def furthest(self, given: Any, true: Any) -> Index | None:
        """The element that is off the most, one that is not finite before all others."""
        wild = ~np.isfinite(given)
        if wild.any():
            return place_of(wild, given.shape)
        errors = kept(is_finite(true), np.abs(true - given))
        index = place_of(to_floats(errors / (np.max(errors) or 1)), given.shape)
        return index if errors[index] > 0 else None

    def is_off(self, given: float, true: Ball) -> bool:
        """Whether a number has lost its digits, or is not finite where the true one is."""
        if not np.isfinite(given):
            return bool(true.is_finite())
        return bool(true.is_finite() and abs(true - given) > abs(true) * (LOST * self.epsilon))

    def is_lost(self, given: float, true: Ball) -> bool:
        """Whether nothing is left of a number."""
        near = np.isfinite(given) and abs(true - given) < abs(true) / 2
        return self.is_off(given, true) and not near

    def named(self, number: int) -> tuple[str, Any]:
        return self.calls[number].primitive, self.calls[number].place

    def at(self, number: int, operand: int, index: Index) -> tuple[float, ...]:
        """The operands of a primitive of elements, at the first element that one of them makes."""
        if not self.is_elementwise(self.calls[number]):
            return ()
        (related,) = self.related(number, operand, index)
        return self.operands(number, place_of(related, related.shape))

    def operands(self, number: int, index: Index) -> tuple[float, ...]:
        """What torch has for the operands of one element of a primitive, none of any other call."""
        if not self.is_elementwise(self.calls[number]):
            return ()
        node = self.centre.trace.nodes[self.calls[number].results[0]]
        given = {slot.number: slot.value for slot in self.slots[number]}
        values = [given.get(o.order, self.centre.values[o.order]) for o in node.operands]
        return tuple(float(np.broadcast_to(value, node.shape)[index]) for value in values)


def kept(mask: Any, balls: Any) -> Any:
    """Balls where a mask has it, 0 elsewhere."""
    return boxed(each(lambda keep, ball: ball if keep else ZERO, mask, balls))
