"""The oracle of the tests: a program on single numbers, each a ball, and the chain rule in reverse.

It shares the rows' definitions with the program, and nothing of its graph of whole tensors: their
`array` sides run here, element by element.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import flint
import numpy as np
import sympy
from numpy.typing import NDArray

from gradcalc.balls.arithmetic import boxed as as_objects
from gradcalc.balls.numbers import (
    NAN,
    Ball,
    Decisions,
    OutOfReach,
    TooLarge,
    Undecided,
    beyond,
    compiled,
    is_tight,
)
from gradcalc.calculus import Variant, definition, named_arguments, partial
from gradcalc.errors import Span
from gradcalc.lang.backend import LARGEST, round_to
from gradcalc.lang.evaluate import by_definition
from gradcalc.lang.program import Budget
from gradcalc.primitives import BY_NAME, Composite, Elementwise, Primitive
from gradcalc.problem import Problem, execute, weights
from tests.array_side import ARRAYS


@cache
def _body(
    row: Elementwise, variant: Variant, position: int | None, second: int | None
) -> tuple[Any, Any]:
    """The symbols of a definition, and it or a derivative of it."""
    symbols, expression = definition(row, variant)
    if position is not None:
        expression = partial(row, variant, position)
    if second is not None:
        # x**2/x is nothing at 0
        expression = sympy.powsimp(sympy.diff(expression, symbols[second]), deep=True)
    return symbols, expression


class Calculus:
    """The functions of all primitives, with one way to decide comparisons."""

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions
        self._functions: dict[Any, Callable[..., Ball]] = {}

    def function(
        self,
        row: Elementwise,
        variant: Variant,
        position: int | None = None,
        second: int | None = None,
    ) -> Callable[..., Ball]:
        """The definition, or the derivative by one or two operands by position, of balls.

        It gives NaN where there is no real value.
        """
        key = (row, variant, position, second)
        known = self._functions.get(key)
        if known is None:
            found = compiled(*_body(row, variant, position, second))
            known = self._functions[key] = found(self.decisions)
        return known


ZERO = flint.arb(0)


class Node:
    """One number: an input, a constant, a detached value, or a primitive of other numbers.

    `active` says that it depends on an input which is differentiated by. `live` are the positions
    of the operands that it passes a gradient to. `label` is what to call a leaf in a formula: the
    name and index of an input or of a detached value. `place` is where in the program it was
    made, `inside` the composite whose definition made it, `maker` the primitive of whole tensors
    that did.
    """

    __slots__ = (
        "active", "graph", "inside", "label", "live", "maker", "operands", "order", "origin",
        "place", "row", "value", "variant",
    )  # fmt: skip

    def __init__(
        self,
        graph: "Graph",
        value: Any,
        *,
        active: bool = False,
        label: str | None = None,
        origin: "Node | None" = None,
    ) -> None:
        self.graph = graph
        self.value = value
        self.row: Elementwise | None = None
        self.variant: Variant = ()
        self.operands: tuple[Node, ...] = ()
        self.live: tuple[int, ...] = ()
        self.active = active
        self.label = label
        self.origin = origin
        self.place = graph.place
        self.inside = graph.inside
        self.maker = graph.maker
        self.order = graph.register(self)

    @property
    def title(self) -> str:
        """What the user knows the primitive by: `abs`, `sort`, `sqrt in norm`."""
        own = self.maker or (self.row.name if self.row is not None else "")
        return own if self.inside is None else f"{own} in {self.inside}"

    def __add__(self, other: Any) -> "Node":
        return self.graph.apply_named("add", self, other)

    def __radd__(self, other: Any) -> "Node":
        return self.graph.apply_named("add", other, self)

    def __sub__(self, other: Any) -> "Node":
        return self.graph.apply_named("sub", self, other)

    def __rsub__(self, other: Any) -> "Node":
        return self.graph.apply_named("sub", other, self)

    def __mul__(self, other: Any) -> "Node":
        return self.graph.apply_named("mul", self, other)

    def __rmul__(self, other: Any) -> "Node":
        return self.graph.apply_named("mul", other, self)

    def __truediv__(self, other: Any) -> "Node":
        return self.graph.apply_named("div", self, other)

    def __rtruediv__(self, other: Any) -> "Node":
        return self.graph.apply_named("div", other, self)

    def __pow__(self, other: Any) -> "Node":
        return self.graph.apply_named("pow", self, other)

    def __neg__(self) -> "Node":
        return self.graph.apply_named("neg", self)

    def __float__(self) -> float:
        """The float next to it, for choices that change nothing."""
        self.graph.looked = True
        return float(self.value)

    def __bool__(self) -> bool:
        """The truth of a condition; asking for it decides where the program goes."""
        if not self.value.is_finite():
            if not self.graph.calculus.decisions.forced:
                raise Undecided
            raise OutOfReach("a condition compares with a number that is not defined")
        graph = self.graph
        condition = graph.condition(self)
        graph.decisions.append(condition)
        holds = not graph.calculus.decisions.eq(self.value, ZERO)
        graph.asked.append(Asked(graph.size, self.order, condition.order, holds))
        return holds


@dataclass(frozen=True, slots=True)
class Asked:
    """A number that was asked for its truth when there were `size` numbers, and what it was."""

    size: int
    order: int
    condition: int
    held: bool

    def holds_in(self, graph: "Graph") -> bool:
        """Whether it is the same in another graph, which takes note of it."""
        value = graph.nodes[self.order].value
        if not value.is_finite():
            return False
        graph.decisions.append(graph.nodes[self.condition])
        graph.asked.append(self)
        return graph.calculus.decisions.eq(value, ZERO) is not self.held


class Graph:
    """All numbers of one run of the program.

    With `rounded` every number goes through it. `decisions` are the numbers that decided where it
    went, as `asked` tells; `looked` says that some were looked at otherwise.
    """

    def __init__(
        self,
        calculus: Calculus,
        largest: int,
        deadline: float | None = None,
        rounded: Callable[[Ball], Ball] | None = None,
    ) -> None:
        self.calculus = calculus
        self.rounded = rounded
        self.largest = largest
        self.deadline = deadline
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.calculus.decisions.guessed = False
        self.place: Span | None = None
        self.inside: str | None = None
        self.maker: str | None = None
        self.nodes: list[Node] = []
        self.decisions: list[Node] = []
        self.asked: list[Asked] = []
        self.looked = False

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.nodes)

    def register(self, node: Node) -> int:
        """Take a new node in and give it its serial number."""
        size = len(self.nodes)
        if size >= self.largest:
            raise TooLarge(beyond(self.largest))
        if self.deadline is not None and size % 64 == 0 and time.monotonic() > self.deadline:
            raise TooLarge("more time than the check may take")
        self.nodes.append(node)
        return size

    def constant(self, value: float) -> Node:
        """A number that depends on nothing, exactly."""
        return Node(self, flint.arb(value if isinstance(value, int) else float(value)))

    def leaf(self, value: Any, label: str, active: bool) -> Node:
        """An input, given exactly."""
        return Node(self, value, active=active, label=label)

    def apply_named(self, name: str, *operands: Any) -> Node:
        """A primitive by its name, on nodes and plain numbers."""
        row = BY_NAME[name]
        assert isinstance(row, Elementwise)
        nodes = tuple(o if isinstance(o, Node) else self.constant(o) for o in operands)
        return self.apply(row, (), nodes)

    def condition(self, node: Node) -> Node:
        """A number that is asked for its truth, as the comparison with zero that this is."""
        if not node.active or (node.row is not None and node.row.boolean):
            return node
        return self.apply_named("ne", node, 0)

    def apply(self, row: Elementwise, variant: Variant, operands: tuple[Node, ...]) -> Node:
        """A primitive of nodes."""
        if row.name == "where":
            operands = (self.condition(operands[0]), *operands[1:])
        elif row.boolean and row.kinks is None:
            operands = tuple(self.condition(operand) for operand in operands)
        live = tuple(i for i, operand in enumerate(operands) if operand.active)
        if row.name == "where":
            value, chosen = self._chosen(operands)
            # lazy: what is not chosen does not take part, be it undefined
            live = tuple(i for i in live if i in (0, chosen))
        else:
            value = self._value(row, variant, operands)
        node = Node(self, value, active=bool(live))
        node.row, node.variant, node.operands, node.live = row, variant, operands, live
        return node

    def _value(self, row: Elementwise, variant: Variant, operands: tuple[Node, ...]) -> Any:
        values = [operand.value for operand in operands]
        value = self.calculus.function(row, variant)(*values)
        return value if self.rounded is None else self.rounded(value)

    def _chosen(self, operands: tuple[Node, ...]) -> tuple[Ball, int]:
        condition = operands[0].value
        if condition.is_nan():
            return NAN, 0
        chosen = 2 if self.calculus.decisions.eq(condition, ZERO) else 1
        return operands[chosen].value, chosen


def ancestry(roots: Iterable[Node]) -> list[Node]:
    """The active nodes that the roots depend on, the roots among them, latest first."""
    seen: dict[int, Node] = {}
    stack = [node for node in roots if node.active]
    while stack:
        node = stack.pop()
        if node.order in seen:
            continue
        seen[node.order] = node
        stack.extend(o for o in (node.operands[i] for i in node.live) if o.active)
    return [seen[order] for order in sorted(seen, reverse=True)]


def sweep(
    outputs: Sequence[tuple[Node, Any]],
    partial: Callable[[Node, int], Any],
    nodes: Sequence[Node],
) -> dict[int, Any]:
    """Reverse mode: the derivative of the weighted sum of the outputs by every node, by order.

    `partial(node, i)` is the derivative of a node by its operand i, in whatever kind of number
    the weights are, or None where nothing flows.
    """
    adjoints: dict[int, Any] = {}
    for node, weight in outputs:
        if node.active:
            adjoints[node.order] = adjoints.get(node.order, 0) + weight
    for node in nodes:
        adjoint = adjoints.get(node.order)
        if adjoint is None:
            continue
        operands = node.operands
        for position in node.live:
            operand = operands[position]
            slope = partial(node, position)
            if slope is None or not operand.active:
                continue
            term = adjoint * slope
            earlier = adjoints.get(operand.order)
            adjoints[operand.order] = term if earlier is None else earlier + term
    return adjoints


Detached = dict[tuple[Any, ...], Any]
"""Detached values by where, and for which time, `detach` met them."""


class ElementBackend:
    """Runs a program on arrays of nodes.

    `dtype` is that of the calculation: constants are rounded to it, as torch does. `replay` are
    the values that `detach` gave in an earlier run: around a point, detached values stay what
    they were at the point. Composites run by their definition, here and not in the machine, so
    that their numbers know where in the user's program they come from.
    """

    at_hand = False

    def __init__(
        self, graph: Graph, budget: Budget, dtype: str, replay: Detached | None = None
    ) -> None:
        self.graph = graph
        self.budget = budget
        self.dtype = dtype
        self.replay = replay or {}
        self.detached: Detached = {}
        self._met: Counter[tuple[Any, ...]] = Counter()

    @property
    def precision(self) -> str:
        return self.dtype

    @property
    def largest(self) -> float:
        return LARGEST[self.dtype]

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, np.ndarray)

    def constant(self, values: NDArray[np.float64]) -> Any:
        rounded = round_to(np.asarray(values, dtype=np.float64), self.dtype)
        return as_objects(np.frompyfunc(lambda v: self.graph.constant(float(v)), 1, 1)(rounded))

    def drawn(self, values: NDArray[np.float64]) -> Any:
        return self.constant(values)

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return tuple(tensor.shape)

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        graph = self.graph
        if isinstance(row, Composite):
            return by_definition(row, arguments, self, graph, span, self.budget)
        if graph.inside is None:
            graph.place = span
        if isinstance(row, Elementwise):
            return self._elementwise(row, arguments)
        outer, graph.maker = graph.maker, row.name
        try:
            return self._wrapped(ARRAYS[row.name](graph.apply_named, **arguments))
        finally:
            graph.maker = outer

    def _elementwise(self, row: Elementwise, arguments: Mapping[str, Any]) -> Any:
        names, variant = named_arguments(row, arguments)
        operands = [
            a if isinstance(a, np.ndarray) else self.constant(np.asarray(float(a)))
            for a in (arguments[name] for name in names)
        ]
        graph = self.graph

        def element(*nodes: Node) -> Node:
            return graph.apply(row, variant, nodes)

        return as_objects(np.frompyfunc(element, len(operands), 1)(*operands))

    def _wrapped(self, result: Any) -> Any:
        """What a row made, plain numbers in it made constants."""
        if isinstance(result, tuple):
            parts = [self._wrapped(part) for part in result]
            return result._make(parts) if hasattr(result, "_make") else tuple(parts)
        array = as_objects(result)
        if all(isinstance(item, Node) for item in array.flat):
            return array
        return as_objects(np.frompyfunc(self._lifted, 1, 1)(array))

    def _lifted(self, value: Any) -> Node:
        if isinstance(value, Node):
            return value
        return self.graph.constant(float(round_to(np.float64(value), self.dtype)))

    def detach(self, tensor: Any, name: str | None, by: str | None = None) -> Any:
        where = (name, self.graph.place, tensor.shape)
        key = (*where, self._met[where])
        self._met[where] += 1
        values = self.replay.get(key)
        if values is None:
            values = as_objects(np.frompyfunc(lambda node: node.value, 1, 1)(tensor))
        self.detached[key] = as_objects(np.frompyfunc(lambda value: value.mid(), 1, 1)(values))
        result = np.empty(tensor.shape, dtype=object)
        for index in np.ndindex(*tensor.shape):
            label = None if name is None else label_of(name, index)
            result[index] = Node(self.graph, values[index], label=label, origin=tensor[index])
        return result

    def copy(self, tensor: Any) -> Any:
        return tensor

    def carries(self, tensor: Any) -> bool:
        return any(node.active for node in tensor.flat)

    def behind(self, tensor: Any) -> frozenset[str]:
        return frozenset()

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        self.graph.looked = True
        return np.array([self._number(node) for node in tensor.flat]).reshape(tensor.shape)

    def checked(self, tensor: Any) -> NDArray[np.float64]:
        return self.numbers(tensor)

    def _number(self, node: Node) -> float:
        if not is_tight(node.value) and not self.graph.calculus.decisions.forced:
            raise Undecided
        return float(node.value)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.size) and all(
            node.row is not None and node.row.boolean for node in tensor.flat
        )

    def truth(self, tensor: Any) -> bool:
        return bool(tensor.reshape(())[()])


def label_of(name: str, index: tuple[int, ...]) -> str:
    """What an element is called in a formula: `x[0]`, `A[1, 2]`, or `a` for a scalar."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def partial_of(node: Node, position: int) -> Ball:
    """The derivative of a node by one of its operands."""
    assert node.row is not None
    values = [operand.value for operand in node.operands]
    if node.row.name == "where" and position:
        # what is not chosen may be undefined
        values[3 - position] = ZERO
    return node.graph.calculus.function(node.row, node.variant, position)(*values)


@dataclass(frozen=True)
class Elements:
    """A run with its gradients, as balls; `outputs` are the output's nodes with their weights."""

    graph: Graph
    leaves: Mapping[str, Any]
    outputs: list[tuple[Node, Ball]]
    output: Any
    gradients: Mapping[str, Any]


def run(
    problem: Problem, bits: int = 192, largest: int = 50_000, *, forced: bool = True
) -> Elements:
    """Run a problem element by element and differentiate it in reverse."""
    with flint.ctx.workprec(bits):
        graph = Graph(Calculus(Decisions(forced)), largest)
        backend = ElementBackend(graph, Budget(problem.limits.steps), problem.dtype)
        leaves = {name: _leaves(graph, problem, name) for name in problem.inputs}
        target = execute(problem, backend, leaves, backend.budget).target
        weighing = weights(problem, target.shape).flat
        outputs = [(n, flint.arb(float(w))) for n, w in zip(target.flat, weighing, strict=True)]
        adjoints = sweep(outputs, partial_of, ancestry([node for node, _ in outputs]))
        find = np.frompyfunc(lambda leaf: adjoints.get(leaf.order, ZERO), 1, 1)
        gradients = {name: as_objects(find(leaves[name])) for name in problem.wrt}
        values = as_objects(np.frompyfunc(lambda node: node.value, 1, 1)(target))
        return Elements(graph, leaves, outputs, values, gradients)


def _leaves(graph: Graph, problem: Problem, name: str) -> Any:
    values = problem.inputs[name]
    result = np.empty(values.shape, dtype=object)
    for index, number in np.ndenumerate(values):
        label = label_of(name, index)
        result[index] = graph.leaf(flint.arb(float(number)), label, name in problem.wrt)
    return result
