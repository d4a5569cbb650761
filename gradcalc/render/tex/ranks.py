"""How many dimensions a piece of a formula has: 0 for a number, None where that is not known."""

import ast
from collections.abc import Mapping, Sequence
from types import EllipsisType

from gradcalc.primitives import PRIMITIVES, Elementwise

Rank = int | None
Ranks = Mapping[str, Rank]

CONSTANTS = frozenset({"pi", "e", "inf", "nan"})
"""Names that are numbers unless the program has given them to something else."""

_FIXED: Mapping[str, int] = {"trace": 0, "arange": 1, "linspace": 1, "outer": 2, "eye": 2}

_REDUCTIONS = frozenset({
    "sum", "prod", "mean", "std", "var", "norm", "logsumexp", "amax", "amin", "all", "any",
    "argmax", "argmin",
})  # fmt: skip

_ALIKE = frozenset({row.name for row in PRIMITIVES if isinstance(row, Elementwise)} | {
    "relu6", "hardtanh", "mish", "sort", "cumsum", "cumprod", "zeros_like", "ones_like",
    "full_like", "tril", "triu", "pad", "flip", "roll", "softmax", "log_softmax", "softmin", "inv",
    "detach",
})  # fmt: skip
"""Functions whose result has the dimensions of their arguments."""


def rank(node: ast.expr, known: Ranks) -> Rank:
    """The number of dimensions of what the node gives, from those of the names in it."""
    match node:
        case ast.Constant():
            return 0
        case ast.Name(id=name):
            return known.get(name, 0 if name in CONSTANTS else None)
        case ast.UnaryOp(operand=x) | ast.Attribute(value=x, attr="T" | "mT" | "values"):
            return rank(x, known)
        case ast.BinOp(left=x, op=ast.MatMult(), right=y):
            return _product(rank(x, known), rank(y, known))
        case ast.BinOp(left=x, right=y) | ast.IfExp(body=x, orelse=y):
            return _largest([x, y], known)
        case ast.Compare(left=x, comparators=others):
            return _largest([x, *others], known)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            inner = _largest(elements, known)
            return None if inner is None else 1 + inner
        case ast.Subscript(value=x, slice=key):
            return _indexed(rank(x, known), key.elts if isinstance(key, ast.Tuple) else [key])
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            named = {keyword.arg or "**": keyword.value for keyword in keywords}
            return _called(name, arguments, named, known)
    return None


def _largest(nodes: Sequence[ast.expr], known: Ranks) -> Rank:
    largest = 0
    for node in nodes:
        own = rank(node, known)
        if own is None:
            return None
        largest = max(largest, own)
    return largest


def _product(left: Rank, right: Rank) -> Rank:
    if not left or not right:
        return None
    if left == right == 1:
        return 0
    return max(left, right) - (1 in (left, right))


def _indexed(inner: Rank, items: Sequence[ast.expr]) -> Rank:
    """An integer takes a dimension away, None puts one in; what lists pick is not worked out."""
    if inner is None:
        return None
    for item in items:
        match item:
            case ast.Slice() | ast.Constant(value=EllipsisType()):
                pass
            case ast.Constant(value=None):
                inner += 1
            case ast.Constant(value=int()) | ast.UnaryOp(operand=ast.Constant(value=int())):
                inner -= 1
            case _:
                return None
    return inner if inner >= 0 else None


def _called(
    name: str, arguments: Sequence[ast.expr], named: Mapping[str, ast.expr], known: Ranks
) -> Rank:
    if name in _FIXED:
        return _FIXED[name]
    if name in _ALIKE and arguments:
        return _largest(arguments, known)
    match name, arguments:
        case _, [x] if name in _REDUCTIONS:
            return _reduced(rank(x, known), named)
        case "zeros" | "ones", [ast.Tuple(elts=sizes) | ast.List(elts=sizes)] | [*sizes]:
            return len(sizes)
        case "flatten", [_]:
            return 1
        case "det" | "logdet", [x]:
            whole = rank(x, known)
            return None if whole is None or whole < 2 else whole - 2
        case "dot" | "matmul", [x, y]:
            return _product(rank(x, known), rank(y, known))
        case "solve", [_, b]:
            return rank(b, known)
        case "reshape" | "broadcast_to" | "permute", [_, ast.Tuple(elts=sizes)]:
            return len(sizes)
        case "diag", [x, *_]:
            return {1: 2, 2: 1}.get(rank(x, known) or 0)
        case "stack", [x]:
            return rank(x, known)
        case "concat", [x]:
            whole = rank(x, known)
            return None if whole is None else whole - 1
    return None


def _reduced(inner: Rank, named: Mapping[str, ast.expr]) -> Rank:
    match named:
        case {"**": _}:
            return None
        case {"keepdims": ast.Constant(value=True)} | {"keepdim": ast.Constant(value=True)}:
            return inner
        case {"axis": ast.Constant(value=None)} | {"dim": ast.Constant(value=None)}:
            return 0
        case {"axis": axis} | {"dim": axis}:
            gone = len(axis.elts) if isinstance(axis, ast.Tuple) else 1
            return None if inner is None or inner < gone else inner - gone
    return 0
