"""The element-wise backend: tensors are numpy arrays of graph nodes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.elements.calculus import named_arguments
from gradcalc.elements.graph import Graph, Node
from gradcalc.errors import Span
from gradcalc.primitives import Elementwise, Primitive, Structural


class ElementBackend:
    """Runs a program on arrays of nodes.

    `replay` are the values that `detach` gave in an earlier run, in order: around a point,
    detached values stay what they were at the point.
    """

    fused = False

    def __init__(self, graph: Graph, replay: list[Any] | None = None) -> None:
        self.graph = graph
        self.replay = replay
        self.detached: list[Any] = []

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, np.ndarray)

    def constant(self, values: NDArray[np.float64]) -> Any:
        return as_objects(np.frompyfunc(self.graph.constant, 1, 1)(np.asarray(values)))

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return tuple(tensor.shape)

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        self.graph.place = span
        if isinstance(row, Elementwise):
            return self._elementwise(row, arguments)
        assert isinstance(row, Structural)
        return self._wrapped(row.array(self.graph.apply_named, **arguments))

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
        lift = np.frompyfunc(lambda v: v if isinstance(v, Node) else self.graph.constant(v), 1, 1)
        return as_objects(lift(array))

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Any:
        earlier = None
        if self.replay is not None and len(self.detached) < len(self.replay):
            earlier = self.replay[len(self.detached)]
        if earlier is None or earlier.shape != tensor.shape:
            earlier = np.frompyfunc(lambda node: node.value, 1, 1)(tensor)
        values = as_objects(earlier)
        self.detached.append(values)
        result = np.empty(tensor.shape, dtype=object)
        for index in np.ndindex(*tensor.shape):
            label = None if name is None else label_of(name, index)
            node = Node(self.graph, values[index], label=label, origin=tensor[index])
            result[index] = node
        return result

    def carries(self, tensor: Any) -> bool:
        return any(node.active for node in tensor.flat)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        return np.array([float(node.value) for node in tensor.flat]).reshape(tensor.shape)

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
