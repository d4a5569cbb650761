"""What follows from the course of a run alone, and so holds at every point with the same course."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from gradcalc.calculus import Variant, is_usual
from gradcalc.derive.sweep import Derivation, derive
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.nodes import Data, Node
from gradcalc.lang.program import Branch
from gradcalc.primitives import Elementwise
from gradcalc.tape import Tape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Usual:
    """Whether all elements were in the usual case of a primitive."""

    row: Elementwise
    variant: Variant
    held: bool

    def holds(self, value: Any) -> bool:
        """Whether the same is the case of other numbers."""
        return is_usual(self.row, self.variant, value) is self.held


@dataclass(frozen=True, slots=True)
class Observation:
    """Numbers of a run that decided what it did next: those of an equation, or what holds of them.

    A truth value is that of a single number.
    """

    number: int
    seen: Data | bool | Usual

    def holds(self, values: list[Any]) -> bool:
        """Whether another run of the same equations gives the same."""
        value = values[self.number]
        if isinstance(self.seen, Usual):
            return self.seen.holds(value)
        if isinstance(self.seen, bool):
            return bool(value.reshape(())[()]) is self.seen
        return Data.of(value) == self.seen


@dataclass(frozen=True, slots=True)
class Trace:
    """The course of a run: all but its numbers.

    `weights` are those of the output's elements; `bound` are the numbers of the equations that the
    names of the program stand for in the end, `names` all its names. `observations` are what the
    run was steered by: a program does the same wherever it sees the same.
    """

    tape: Tape
    wrt: tuple[str, ...]
    weights: Any
    bound: Mapping[str, int]
    names: frozenset[str]
    path: tuple[Branch, ...]
    observations: tuple[Observation, ...]

    def same_as(self, other: "Trace") -> bool:
        """Whether the same follows from both, what is equal but not the same told apart."""
        return bool(self._exact() == other._exact())

    def _exact(self) -> Any:
        equations = [
            (e.primitive, e.operands, exactly(e.static), e.shape, e.active, e.place, e.inside)
            for e in self.tape.equations
        ]
        inputs = tuple(self.tape.inputs.items())
        weights = Data.of(self.weights)
        rest = (inputs, self.tape.output, self.wrt, weights, dict(self.bound), self.names)
        return equations, rest, self.path


class Derived:
    """The derivation of one trace, and whatever else is worked out once for all its points."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._known: dict[Hashable, Any] = {}

    @cached_property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        trace = self.trace
        return derive(trace.tape, trace.wrt, trace.weights, trace.bound)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, which may depend on nothing but the trace, made at the first call."""
        if key not in self._known:
            self._known[key] = make()
        found: T = self._known[key]
        return found

    def plan(self, roots: list[Node]) -> Plan:
        """How to work out the values of nodes of the derivation."""
        return self.once(("plan", *roots), lambda: Plan(roots))

    def values(self, arithmetic: Any, inputs: Mapping[str, Any]) -> list[Any]:
        """What the equations give at other inputs."""
        return self.plan(list(self.derivation.values))(arithmetic, inputs)


def exactly(value: Any) -> Any:
    """A fixed argument so that only what is the same is equal: 1, 1.0 and True are not, nor are
    0.0 and -0.0."""
    if isinstance(value, float):
        return float, value.hex()
    if isinstance(value, tuple | list):
        return type(value), tuple(exactly(item) for item in value)
    if isinstance(value, slice):
        return slice, exactly((value.start, value.stop, value.step))
    if isinstance(value, np.ndarray):
        return Data.of(value)
    return type(value), value
