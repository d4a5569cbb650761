"""The backend of single numbers: tensors are numpy arrays of graph nodes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.calculus import named_arguments
from gradcalc.enclosure.balls import Undecided, is_tight
from gradcalc.enclosure.graph import Graph, Node
from gradcalc.errors import Span
from gradcalc.lang.composites import by_definition, round_to
from gradcalc.lang.machine import Budget
from gradcalc.primitives import Composite, Elementwise, Primitive

Detached = dict[tuple[Any, ...], Any]
"""Detached values by where, and for which time, `detach` met them."""


class ElementBackend:
    """Runs a program on arrays of nodes.

    `dtype` is that of the calculation: constants are rounded to it, as torch does. `replay` are
    the values that `detach` gave in an earlier run: around a point, detached values stay what
    they were at the point. Composites run by their definition, here and not in the machine, so
    that their numbers know where in the user's program they come from.
    """

    def __init__(
        self, graph: Graph, budget: Budget, dtype: str, replay: Detached | None = None
    ) -> None:
        self.graph = graph
        self.budget = budget
        self.dtype = dtype
        self.replay = replay or {}
        self.detached: Detached = {}
        self._met: Counter[tuple[Any, ...]] = Counter()

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, np.ndarray)

    def constant(self, values: NDArray[np.float64]) -> Any:
        rounded = round_to(np.asarray(values, dtype=np.float64), self.dtype)
        return as_objects(np.frompyfunc(lambda v: self.graph.constant(float(v)), 1, 1)(rounded))

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
            return self._wrapped(row.array(graph.apply_named, **arguments))
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

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Any:
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

    def memory(self, tensor: Any) -> int:
        return 0

    def carries(self, tensor: Any) -> bool:
        return any(node.active for node in tensor.flat)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        self.graph.looked = True
        return np.array([self._number(node) for node in tensor.flat]).reshape(tensor.shape)

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


def as_objects(values: Any) -> Any:
    """An object array, of no dimensions if numpy has unwrapped a single element."""
    if isinstance(values, np.ndarray) and values.dtype == object:
        return values
    result = np.empty(np.shape(values), dtype=object)
    result[...] = values
    return result
