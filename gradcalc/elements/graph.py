"""The program as a graph of single numbers, each known to many digits."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradcalc.elements.calculus import Calculus, Variant
from gradcalc.errors import Span
from gradcalc.primitives import BY_NAME, Elementwise

LARGEST_EXPONENT = 200_000
"""Numbers beyond 2 to this power, either way, are out of reach: their functions take too long."""


class OutOfReach(Exception):
    """The graph grew too large, took too long or met a number too large to go on."""


class Node:
    """One number: an input, a constant, a detached value, or a primitive of other numbers.

    `active` says that it depends on an input which is differentiated by. `label` is what to call
    a leaf in a formula: the name and index of an input or of a detached value.
    """

    __slots__ = (
        "active", "graph", "label", "operands", "order", "origin", "place", "row", "value",
        "variant",
    )  # fmt: skip

    def __init__(
        self,
        graph: "Graph",
        value: Any,
        *,
        row: Elementwise | None = None,
        variant: Variant = (),
        operands: tuple["Node", ...] = (),
        active: bool = False,
        label: str | None = None,
        origin: "Node | None" = None,
    ) -> None:
        self.graph = graph
        self.value = value
        self.row = row
        self.variant = variant
        self.operands = operands
        self.active = active
        self.label = label
        self.origin = origin
        self.order, self.place = graph.register()

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

    def __bool__(self) -> bool:
        """The truth of a condition; asking for it decides where the program goes."""
        self.graph.decisions.append(self)
        return bool(self.value != 0)


class Graph:
    """All numbers of one run of the program, at the precision that the context has then."""

    def __init__(self, calculus: Calculus, largest: int, deadline: float | None = None) -> None:
        self.calculus = calculus
        self.context = calculus.context
        self.largest = largest
        self.deadline = deadline
        self.place: Span | None = None
        self.size = 0
        self.decisions: list[Node] = []
        self._functions: dict[Any, Callable[..., Any]] = {}

    def register(self) -> tuple[int, Span | None]:
        """The serial number and the place in the source of a new node."""
        self.size += 1
        if self.size > self.largest:
            raise OutOfReach(f"more than {self.largest:,} numbers")
        if self.deadline is not None and self.size % 256 == 0 and time.monotonic() > self.deadline:
            raise OutOfReach("more time than the check may take")
        return self.size, self.place

    def constant(self, value: float) -> Node:
        """A number that depends on nothing, exactly."""
        return Node(self, self.context.mpf(value))

    def leaf(self, value: Any, label: str, active: bool) -> Node:
        """An input, given exactly."""
        return Node(self, value, active=active, label=label)

    def apply_named(self, name: str, *operands: Any) -> Node:
        """A primitive by its name, on nodes and plain numbers."""
        row = BY_NAME[name]
        assert isinstance(row, Elementwise)
        nodes = tuple(o if isinstance(o, Node) else self.constant(o) for o in operands)
        return self.apply(row, (), nodes)

    def apply(self, row: Elementwise, variant: Variant, operands: tuple[Node, ...]) -> Node:
        """A primitive of nodes."""
        key = (row.name, variant)
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = self.calculus.value_function(row, variant)
        value = function(*[operand.value for operand in operands])
        _, mantissa, exponent, bits = value._mpf_
        if mantissa and abs(exponent + bits) > LARGEST_EXPONENT:
            raise OutOfReach("numbers far beyond any float")
        if row.name == "where":
            # lazy: what is not chosen does not take part
            chosen = operands[1] if operands[0].value != 0 else operands[2]
            operands = tuple(
                o if o is chosen or i == 0 else self.constant(0) for i, o in enumerate(operands)
            )
        active = any(operand.active for operand in operands)
        return Node(self, value, row=row, variant=variant, operands=operands, active=active)


def ancestry(roots: Iterable[Node]) -> list[Node]:
    """The active nodes that the roots depend on, the roots among them, latest first."""
    seen: dict[int, Node] = {}
    stack = [node for node in roots if node.active]
    while stack:
        node = stack.pop()
        if node.order in seen:
            continue
        seen[node.order] = node
        stack.extend(operand for operand in node.operands if operand.active)
    return [seen[order] for order in sorted(seen, reverse=True)]


def sweep(
    outputs: Sequence[tuple[Node, Any]],
    partial: Callable[[Node, int], Any],
    nodes: Sequence[Node],
) -> dict[int, Any]:
    """Reverse mode: the derivative of the weighted sum of the outputs by every node, by order.

    `partial(node, i)` is the derivative of a node by its operand i, in whatever kind of number
    the weights are: mpmath reals for values, sympy expressions for formulas.
    """
    adjoints: dict[int, Any] = {}
    for node, weight in outputs:
        if node.active:
            adjoints[node.order] = adjoints.get(node.order, 0) + weight
    for node in nodes:
        adjoint = adjoints.get(node.order)
        if adjoint is None:
            continue
        for position, operand in enumerate(node.operands):
            if operand.active:
                term = adjoint * partial(node, position)
                if operand.order in adjoints:
                    term = adjoints[operand.order] + term
                adjoints[operand.order] = term
    return adjoints
