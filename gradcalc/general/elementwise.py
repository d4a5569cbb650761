"""Whether `*` multiplies matrices element by element, which may not be meant."""

from gradcalc.derive.trace import Trace
from gradcalc.expr.nodes import Node
from gradcalc.expr.ops import DET, INV, LOGDET, SOLVE, TRACE

OF_MATRICES = (DET, INV, LOGDET, SOLVE, TRACE)
"""Operations on matrices, of which a product of elements is seldom taken."""

BY_ELEMENTS = "* multiplies elements here; A@x, or A x, is the product of matrices"
AS_MATRICES = "* is the product of matrices here; .* is that of elements"


def by_elements(trace: Trace) -> bool:
    """Whether a matrix and a vector are multiplied element by element, or two matrices where the
    determinant, the inverse or the trace of it is taken."""
    return any(
        _is_product(node, {1, 2})
        or (node.op in OF_MATRICES and any(_is_product(x, {2}) for x in _terms(node.operands[0])))
        for node in trace.nodes
    )


def _is_product(node: Node, ranks: set[int]) -> bool:
    return node.title == "mul" and {x.ndim for x in node.operands} == ranks


def _terms(node: Node) -> tuple[Node, ...]:
    return node.operands if node.title in ("add", "sub") else (node,)
