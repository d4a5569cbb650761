"""The program as a graph of single numbers, each a ball that encloses the true one."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import flint

from gradcalc.calculus import Variant
from gradcalc.enclosure.balls import NAN, Ball, Calculus, OutOfReach, TooLarge, Undecided, beyond
from gradcalc.errors import Span
from gradcalc.primitives import BY_NAME, Elementwise

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
