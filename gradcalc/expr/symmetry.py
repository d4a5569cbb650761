"""Matrices that are their own transpose by their form."""

from collections.abc import Callable, Sequence

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node

DEEPEST = 40
"""Operations within operations below which nothing is looked for."""

LARGEST = 10_000
"""Elements up to which a fixed matrix is looked at."""


def is_transposed(node: Node) -> bool:
    """Whether a node is the transpose of a matrix."""
    return node.op is ops.PERMUTE and node.ndim == 2 and tuple(node["order"]) == (1, 0)


class Symmetry:
    """Which nodes are symmetric: by their form, or because they are known to be."""

    def __init__(self, known: Callable[[Node], bool] = lambda node: False) -> None:
        self._known = known
        self._found: dict[int, bool] = {}

    def holds(self, node: Node, depth: int = 0) -> bool:
        """Whether a number, or a square matrix, is its own transpose."""
        if node.ndim != 2 or node.shape[0] != node.shape[1]:
            return node.ndim == 0
        if depth > DEEPEST:
            return False
        if node.order not in self._found:
            self._found[node.order] = self._is(node, depth + 1)
        return self._found[node.order]

    def _is(self, node: Node, depth: int) -> bool:
        if self._known(node) or node.op is ops.EYE:
            return True
        if node.op is ops.LITERAL:
            array = node["data"].array
            return array.size <= LARGEST and bool((array == array.T).all())
        if node.op is ops.EMBED:
            return not node["offset"]
        if node.op is ops.MAP:
            return self._is_map(node, depth)
        if node.op in (ops.INV, ops.BROADCAST) or is_transposed(node):
            return self.holds(node.operands[0], depth)
        if node.op is ops.OUTER:
            return node.operands[0] is node.operands[1]
        return node.op is ops.MATMUL and self._is_product(factors(node), depth)

    def _is_map(self, node: Node, depth: int) -> bool:
        """Whether a function of elements is the same of the transposes: `K + K.T` is."""
        turned = {}
        for symbol, operand in zip(node["symbols"], node.operands, strict=True):
            if self.holds(operand, depth):
                continue
            other = (
                s
                for s, o in zip(node["symbols"], node.operands, strict=True)
                if o.shape == operand.shape == node.shape and self._mirrored(o, operand, depth)
            )
            turned[symbol] = next(other, None)
            if turned[symbol] is None:
                return False
        return not turned or node["body"].xreplace(turned) == node["body"]

    def _is_product(self, parts: Sequence[Node], depth: int) -> bool:
        """Whether a product reads the same from behind: `M.T@M`, `S@S`, `M@S@M.T`."""
        both = zip(parts, reversed(parts), strict=True)
        return all(self._mirrored(one, other, depth) for one, other in both)

    def _mirrored(self, one: Node, other: Node, depth: int) -> bool:
        if one is other:
            return self.holds(one, depth)
        if is_transposed(one):
            return one.operands[0] is other
        return is_transposed(other) and other.operands[0] is one


def factors(node: Node) -> list[Node]:
    """The factors of a product of matrices."""
    if node.op is ops.MATMUL and node.ndim == 2:
        return [factor for operand in node.operands for factor in factors(operand)]
    return [node]
