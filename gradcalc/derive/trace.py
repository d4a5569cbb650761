"""The course of a run as data, and what follows from it: the gradients as nodes of its graph.

It is the graph of what was done, and what it was steered by; what follows from that alone holds at
every point with the same course.
"""

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

import numpy as np

from gradcalc.calculus import Variant, is_usual
from gradcalc.derive.modes import dependents, vjp
from gradcalc.errors import Span
from gradcalc.expr import ops
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.nodes import SHOWN_ELEMENTS, Data, Forms, Node, ancestry
from gradcalc.expr.protocols import Arithmetic
from gradcalc.lang.chance import RANDOM
from gradcalc.lang.program import Branch, Stop
from gradcalc.primitives import Elementwise

T = TypeVar("T")


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


Question = Callable[[Arithmetic, Any], Any]
"""Something that a program asks of the numbers of a tensor, and does what the answer says: a truth
value, or `Data`."""


def truth(arithmetic: Arithmetic, value: Any) -> bool:
    """Whether a tensor of one element is true."""
    return bool(arithmetic.truth(value.reshape(())))


def numbers(arithmetic: Arithmetic, value: Any) -> Data:
    """All of its numbers, in float64."""
    return Data.of(arithmetic.floats(value))


NOTHING = 1e-10
"""The share of the largest of some numbers below which one is next to nothing."""


def vanishing(arithmetic: Arithmetic, value: Any) -> bool:
    """Whether one of its numbers is next to nothing beside the others, or all are 0."""
    sizes = np.abs(arithmetic.floats(value))
    return bool((sizes <= NOTHING * np.max(sizes, initial=0.0)).any())


def zeros(arithmetic: Arithmetic, value: Any) -> Data:
    """Which of its numbers are 0."""
    return Data.of(arithmetic.floats(value) == 0)


@dataclass(frozen=True, slots=True)
class Positions:
    """Where elements stand along a dimension: `order` or `argmax`, as the arithmetic has it."""

    name: str
    axis: Any
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self, arithmetic: Arithmetic, value: Any) -> Data:
        return Data.of(getattr(arithmetic, self.name)(value, self.axis, **dict(self.options)))


def positions(name: str, axis: Any, **options: Any) -> Question:
    """The question where elements stand."""
    return Positions(name, axis, tuple(options.items()))


def usual(row: Elementwise, variant: Variant) -> Question:
    """Whether all elements are in the usual case of a primitive."""
    return lambda _, value: is_usual(row, variant, value)


@dataclass(frozen=True, slots=True)
class Observation:
    """A question that was asked of a node, by its number, and the answer.

    `inside` is the primitive that asked it, None for the program itself. What was only `checked`
    went on as it would with any other answer that passes.
    """

    number: int
    question: Question
    seen: Any
    inside: str | None = None
    checked: bool = False

    @property
    def steers(self) -> bool:
        """Whether the answer says what the program does, not how a primitive is computed."""
        return self.question in (truth, numbers) or isinstance(self.question, Positions)

    def is_alike(self, other: "Observation") -> bool:
        """Whether another run was asked of the same node, and answered the same."""
        return bool(self.number == other.number and self.seen == other.seen)

    def holds(self, arithmetic: Arithmetic, values: Sequence[Any] | Mapping[int, Any]) -> bool:
        """Whether another run of the same nodes, with these values by number, answers the same."""
        return bool(self.question(arithmetic, values[self.number]) == self.seen)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a primitive, its place, and the numbers of the tensors it was given and gave."""

    primitive: str
    place: Span
    arguments: tuple[int, ...]
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The course of a run: all but its numbers.

    `nodes` are in the order of the run, each the one of its number, and `notes` beside them;
    `forms` is where more can be made of them. `inputs` are nodes by name, `output` is the one that
    is differentiated. `weights` are those of the output's elements; `bound` are the numbers of the
    nodes that the names of the program stand for in the end, `names` all its names. `observations`
    are what the run was steered by: a program does the same wherever it sees the same. `detached`
    are the numbers of detached values, by where and for which time `detach` met them; `conventions`
    are the calls of primitives that have passed no gradient back, or another one than that of their
    value, to what the output is made of. `calls` are the primitives that the program called, in
    order. `steps` is how many it took.
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
    calls: tuple[Call, ...]
    conventions: tuple[Stop, ...] = ()
    steps: int = 0

    @property
    def size(self) -> int:
        """How many numbers there are in the run."""
        return sum(math.prod(node.shape) for node in self.nodes)

    def is_active(self, node: Node) -> bool:
        """Whether a node of the run depends on an input that is differentiated by."""
        return self.notes[node.order].active

    def is_guard(self, node: Node) -> bool:
        """Whether a composite has an operation for its border alone: it is multiplied by 0."""
        if self.notes[node.order].inside is None:
            return False
        users = [user for user in self.nodes if any(o is node for o in user.operands)]
        return bool(users) and all(map(_takes_none, users))

    def title(self, node: Node) -> str:
        """What the user knows the operation by; a guard by the composite that has it."""
        note = self.notes[node.order]
        guarded = note.inside is not None and self.is_guard(node)
        return str(note.inside) if guarded else note.title(node)

    def exactly(self) -> Any:
        """All that anything follows from, what is equal but not the same told apart.

        What was seen may differ where the same was done.
        """
        nodes = [
            (n.op, tuple(o.order for o in n.operands), exactly(n.static), n.shape)
            for n in self.nodes
        ]
        inputs = tuple((name, node.order) for name, node in self.inputs.items())
        weights = Data.of(self.weights)
        rest = (inputs, self.output.order, self.wrt, weights, dict(self.bound), self.names)
        return nodes, self.notes, rest, self.path


def _takes_none(node: Node) -> bool:
    """Whether a node is a product with 0."""
    factors = [o["data"].array for o in node.operands if o.op is ops.LITERAL]
    return node.title == "mul" and any(not factor.any() for factor in factors)


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


# -- what follows from it ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Derivation:
    """A gradient as nodes, by input, with the node of each value of the run.

    `cotangents` holds the node of the cotangent that arrived at each value, by its number.
    """

    forms: Forms
    gradients: Mapping[str, Node]
    values: Sequence[Node]
    cotangents: Mapping[int, Node]


def derive(trace: Trace) -> Derivation:
    """Differentiate the weighted sum of what a run gave."""
    forms = trace.forms.copy()
    values = named(forms, trace.nodes, trace.bound, {*trace.names, *trace.inputs})
    output = values[trace.output.order]
    seed = np.broadcast_to(np.asarray(trace.weights, dtype=np.float64), output.shape)
    leaves = {name: values[trace.inputs[name].order] for name in trace.wrt}
    cotangents = vjp(forms, output, forms(ops.LITERAL, data=Data.of(seed)), list(leaves.values()))
    gradients = {
        name: cotangents.get(leaf.order) or forms(ops.LITERAL, data=Data.of(np.zeros(leaf.shape)))
        for name, leaf in leaves.items()
    }
    by_number = {
        number: cotangents[node.order]
        for number, node in enumerate(values)
        if node.order in cotangents
    }
    return Derivation(forms, gradients, values, by_number)


def named(
    forms: Forms, nodes: Sequence[Node], bound: Mapping[str, int], taken: Collection[str] = ()
) -> list[Node]:
    """The nodes of a run, detached values called by the names that still stand for them.

    Random numbers without a name have one of their own, none of those that are `taken`, if they are
    too many to be written out.
    """
    names = {number: name for name, number in bound.items()}
    fresh = (f"{RANDOM}{k}" for k in count(1) if f"{RANDOM}{k}" not in taken)
    values: list[Node] = []
    for number, node in enumerate(nodes):
        operands = [values[operand.order] for operand in node.operands]
        if node.op is ops.SAME:
            values.append(operands[0])
            continue
        static = dict(node.static)
        if node.op is ops.DETACH and node.operands[0].op is ops.LITERAL:
            many = math.prod(node.shape) > SHOWN_ELEMENTS
            static["name"] = names.get(number) or (next(fresh) if many else None)
            if static["name"] is None:
                values.append(operands[0])
                continue
        elif node.op is ops.DETACH and bound.get(static["name"]) not in (
            number,
            node.operands[0].order,
        ):
            # u = detach(x*x) is called u
            static["name"] = names.get(number)
        elif all(new is old for new, old in zip(operands, node.operands, strict=True)):
            values.append(node)
            continue
        values.append(forms(node.op, *operands, **static))
    return values


def is_boolean(node: Node) -> bool:
    """Whether a node is a comparison, or what is made of such by logic."""
    return node.source is not None and bool(node.source[0].boolean)


class Derived:
    """The derivation of one trace, and whatever else is worked out once for all its points."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._known: dict[Hashable, Any] = {}

    def seen_otherwise(self, observations: tuple[Observation, ...]) -> "Derived":
        """The same where the run saw other numbers: nothing that is worked out depends on them."""
        other = Derived(replace(self.trace, observations=observations))
        other._known = self._known
        return other

    def shares_with(self, other: "Derived") -> bool:
        """Whether what is worked out for one is there for the other."""
        return self._known is other._known

    @property
    def exact(self) -> Any:
        """What is the same for traces from which the same follows."""
        return self.once("exact", self.trace.exactly)

    @property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        return self.once("derivation", lambda: derive(self.trace))

    @property
    def labels(self) -> Mapping[str, int]:
        """The inputs whose whole numbers stand for one of some things, and of how many."""

        def found() -> Mapping[str, int]:
            sizes: dict[str, int] = {}
            for node in self.trace.nodes:
                if node.op is ops.ONE_HOT:
                    for part in ancestry(node.operands):
                        if part.op is ops.VAR:
                            name, size = part["name"], node["size"]
                            sizes[name] = min(size, sizes.get(name, size))
            return sizes

        return self.once("labels", found)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call.

        It may depend on nothing but the trace without its observations.
        """
        if key not in self._known:
            self._known[key] = make()
        found: T = self._known[key]
        return found

    def plan(self, roots: list[Node]) -> Plan:
        """How to work out the values of nodes of the derivation."""
        return self.once(("plan", *roots), lambda: Plan(roots))

    def values(
        self,
        arithmetic: Arithmetic,
        inputs: Mapping[str, Any],
        held: Mapping[int, Any] | None = None,
    ) -> list[Any]:
        """What the nodes of the run give at other inputs, detached values `held` by number."""
        nodes = self.derivation.values
        fixed = {nodes[number].order: value for number, value in (held or {}).items()}
        return self.plan(list(nodes))(arithmetic, inputs, held=fixed)

    @property
    def flowing(self) -> frozenset[int]:
        """The numbers of the nodes that depend on an input to which a gradient flows."""

        def found() -> frozenset[int]:
            cotangents = self.derivation.cotangents
            leaves = [self.trace.inputs[name] for name in self.trace.wrt]
            return dependents(
                self.trace.nodes, [leaf for leaf in leaves if leaf.order in cotangents]
            )

        return self.once("flowing", found)

    @property
    def counts(self) -> frozenset[str]:
        """The inputs that are differentiated by and only count: whole numbers are made of them."""
        asked = {seen.number for seen in self.trace.observations if seen.question is numbers}
        return frozenset(
            name
            for name in self.trace.wrt
            if self.trace.inputs[name].order not in self.derivation.cotangents
            and asked & dependents(self.trace.nodes, [self.trace.inputs[name]])
        )

    @property
    def sweep(self) -> Plan:
        """How to get from the values to the gradients, in their order."""
        roots, given = self.derivation.gradients, self.derivation.values
        return self.once("sweep", lambda: Plan(list(roots.values()), given))
