"""The course of a run as data: the graph of what was done, and what it was steered by."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradcalc.calculus import Variant, is_usual
from gradcalc.errors import Span
from gradcalc.expr.nodes import Data, Forms, Node
from gradcalc.expr.protocols import Arithmetic
from gradcalc.lang.program import Branch
from gradcalc.primitives import Elementwise


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a node beside what it is.

    `active` says that it depends on an input which is differentiated by. `place` is where in the
    program it was made, `inside` the composite whose definition made it, `maker` the primitive of
    whole tensors that did.
    """

    active: bool
    place: Span | None = None
    inside: str | None = None
    maker: str | None = None

    def title(self, node: Node) -> str:
        """What the user knows the operation by: `abs`, `sort`, `sqrt in norm`."""
        own = self.maker or node.title
        return own if self.inside is None else f"{own} in {self.inside}"


class Question(Protocol):
    """Something that a program asks of the numbers of a tensor, and does what the answer says."""

    def answer(self, arithmetic: Arithmetic, value: Any) -> Any:
        """The answer for these numbers: a truth value, or `Data`."""
        ...


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a tensor of one element is true."""

    def answer(self, arithmetic: Arithmetic, value: Any) -> bool:
        return bool(arithmetic.truth(value.reshape(())))


@dataclass(frozen=True, slots=True)
class Numbers:
    """All of its numbers, in float64."""

    def answer(self, arithmetic: Arithmetic, value: Any) -> Data:
        return Data.of(arithmetic.floats(value))


@dataclass(frozen=True, slots=True)
class Positions:
    """Where elements stand along a dimension: `order` or `argmax`, as the arithmetic has it."""

    name: str
    axis: int
    options: tuple[tuple[str, Any], ...] = ()

    def answer(self, arithmetic: Arithmetic, value: Any) -> Data:
        return Data.of(getattr(arithmetic, self.name)(value, self.axis, **dict(self.options)))


@dataclass(frozen=True, slots=True)
class Usual:
    """Whether all elements are in the usual case of a primitive."""

    row: Elementwise
    variant: Variant

    def answer(self, arithmetic: Arithmetic, value: Any) -> bool:
        return is_usual(self.row, self.variant, value)


@dataclass(frozen=True, slots=True)
class Observation:
    """A question that was asked of a node, by its number, and the answer."""

    number: int
    question: Question
    seen: Any

    def holds(self, arithmetic: Arithmetic, values: Sequence[Any] | Mapping[int, Any]) -> bool:
        """Whether another run of the same nodes, with these values by number, answers the same."""
        return bool(self.question.answer(arithmetic, values[self.number]) == self.seen)


@dataclass(frozen=True, slots=True)
class Trace:
    """The course of a run: all but its numbers.

    `nodes` are in the order of the run, each the one of its number, and `notes` beside them;
    `forms` is where more can be made of them. `inputs` are nodes by name, `output` is the one that
    is differentiated. `weights` are those of the output's elements; `bound` are the numbers of the
    nodes that the names of the program stand for in the end, `names` all its names. `observations`
    are what the run was steered by: a program does the same wherever it sees the same. `detached`
    are the numbers of detached values, by where and for which time `detach` met them. `calls` are
    the primitives that the program called, in order, with the numbers of what they gave.
    """

    forms: Forms
    nodes: tuple[Node, ...]
    notes: tuple[Note, ...]
    inputs: Mapping[str, Node]
    output: Node
    wrt: tuple[str, ...]
    weights: Any
    bound: Mapping[str, int]
    names: frozenset[str]
    path: tuple[Branch, ...]
    observations: tuple[Observation, ...]
    detached: Mapping[Any, int]
    calls: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        """How many numbers there are in the run."""
        return sum(math.prod(node.shape) for node in self.nodes)

    def is_active(self, node: Node) -> bool:
        """Whether a node of the run depends on an input that is differentiated by."""
        return self.notes[node.order].active

    def same_as(self, other: "Trace") -> bool:
        """Whether the same follows from both, what is equal but not the same told apart."""
        return bool(self._exact() == other._exact())

    def _exact(self) -> Any:
        nodes = [
            (n.op, tuple(o.order for o in n.operands), exactly(n.static), n.shape)
            for n in self.nodes
        ]
        inputs = tuple((name, node.order) for name, node in self.inputs.items())
        weights = Data.of(self.weights)
        rest = (inputs, self.output.order, self.wrt, weights, dict(self.bound), self.names)
        return nodes, self.notes, rest, self.path


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
