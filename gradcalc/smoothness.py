"""Where a recorded calculation has values, and all derivatives, by its operations alone."""

from collections.abc import Iterable

from gradcalc.expr import ops
from gradcalc.expr.nodes import Node

SMOOTH = frozenset(
    """var literal sum matmul outer permute reshape broadcast index concat stack embed diagonal
    trace det logdet inv solve neg add sub mul div exp log expm1 log1p sigmoid logsigmoid
    tanh sin cos sinh cosh erf erfc square""".split()  # noqa: SIM905
)
"""Operations that have all derivatives wherever they have a value, and their primitives. Softplus
is none, which is its operand above a threshold."""


def is_smooth(nodes: Iterable[Node]) -> bool:
    """Whether what was recorded has all derivatives wherever it has a value.

    A root is not smooth at 0, but its square is.
    """
    nodes = list(nodes)
    roots = {n for n in nodes if n.title == "sqrt" and not _is_positive(n.operands[0])}
    for node in nodes:
        if node.title == "pow" and (power := _literal(node.operands[1])) is not None:
            of_root = node.operands[0] in roots
            if power == int(power) and (not of_root or power % 2 == 0):
                continue
            return False
        if node.title not in SMOOTH | {"sqrt"} or roots.intersection(node.operands):
            return False
    return not nodes or nodes[-1] not in roots


LIMITED = frozenset({"log", "log1p", "inv", "solve", "logdet", "sqrt"})
"""Operations that have no value everywhere."""


OF_POSITIVE = frozenset({"log", "log1p", "sqrt"})
"""Those of them that have one wherever their operand is positive."""


def is_everywhere(nodes: Iterable[Node]) -> bool:
    """Whether what was recorded has a value at every point."""
    for node in nodes:
        below = node.operands[1] if node.title == "div" else None
        if below is not None and below.op is not ops.LITERAL and not _is_positive(below):
            return False
        power = _literal(node.operands[1]) if node.title == "pow" else 0.0
        inner = node.operands[0] if node.operands else node
        defined = node.title in OF_POSITIVE and _is_positive(inner)
        limited = node.title in LIMITED and not (
            defined or (node.title == "sqrt" and _is_square(inner))
        )
        if limited or power is None or power < 0:
            return False
    return True


def _is_positive(node: Node) -> bool:
    """Whether no element can be 0 or less: an exponential, a sum with one."""
    number = _literal(node)
    if number is not None:
        return number > 0
    match node.title:
        case "exp" | "softplus" | "sigmoid" | "cosh" | "softmax":
            return True
        case "sum" | "mul" | "div" | "mean" | "amax":
            return all(map(_is_positive, node.operands))
        case "add":
            one, other = node.operands
            return any(
                _is_positive(a) and (_is_positive(b) or _is_square(b))
                for a, b in ((one, other), (other, one))
            )
        case "broadcast" | "index" | "permute" | "reshape":
            return _is_positive(node.operands[0])
    return False


def _is_square(node: Node) -> bool:
    """Whether no element can be less than 0."""
    match node.title:
        case "square" | "abs" | "norm":
            return True
        case "mul" | "matmul":
            one, other = node.operands
            return one is other and (node.title == "mul" or not node.shape)
        case "pow":
            power = _literal(node.operands[1])
            return power is not None and power % 2 == 0
        case "sum" | "broadcast" | "index" | "permute" | "reshape" | "mean":
            return _is_square(node.operands[0])
        case "add":
            return all(map(_is_square, node.operands))
    return _is_positive(node)


def _literal(node: Node) -> float | None:
    values = node["data"].array if node.op is ops.LITERAL else None
    return float(values) if values is not None and values.shape == () else None
