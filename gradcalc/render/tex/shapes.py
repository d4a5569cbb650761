"""The shape of a piece of a formula: a size is None where it is not known, and so is the whole."""

import ast
import math
from collections.abc import Mapping, Sequence
from types import EllipsisType

from gradcalc.primitives import PRIMITIVES, Elementwise

Size = int | None
Shape = tuple[Size, ...] | None
Shapes = Mapping[str, Shape]

CONSTANTS = frozenset({"pi", "e", "inf", "nan"})
"""Names that are numbers unless the program has given them to something else."""

ELEMENTWISE = frozenset(row.name for row in PRIMITIVES if isinstance(row, Elementwise)) | {
    "relu6", "hardtanh", "mish", "sqrt",
}  # fmt: skip
"""Functions of each element by itself."""

_REDUCTIONS = frozenset({
    "sum", "prod", "mean", "std", "var", "norm", "logsumexp", "amax", "amin", "all", "any",
    "argmax", "argmin",
})  # fmt: skip

_ALIKE = ELEMENTWISE | {
    "sort", "cumsum", "cumprod", "zeros_like", "ones_like", "full_like", "tril", "triu", "flip",
    "roll", "softmax", "log_softmax", "softmin", "inv", "detach",
}  # fmt: skip
"""Functions whose result has the shape of their arguments."""


def shape_of(node: ast.expr, known: Shapes) -> Shape:
    """The shape of what the node gives, from those of the names in it."""
    match node:
        case ast.Constant():
            return ()
        case ast.Name(id=name):
            return known.get(name, () if name in CONSTANTS else None)
        case ast.UnaryOp(operand=x) | ast.Attribute(value=x, attr="values"):
            return shape_of(x, known)
        case ast.Attribute(value=x, attr="T" | "mT" as name):
            inner = shape_of(x, known)
            if inner is None or len(inner) < 2:
                return inner
            return inner[::-1] if name == "T" else (*inner[:-2], inner[-1], inner[-2])
        case ast.BinOp(left=x, op=ast.MatMult(), right=y):
            return _product(shape_of(x, known), shape_of(y, known))
        case ast.BinOp(left=x, right=y) | ast.IfExp(body=x, orelse=y):
            return together([shape_of(x, known), shape_of(y, known)])
        case ast.Compare(left=x, comparators=others):
            return together([shape_of(side, known) for side in (x, *others)])
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            inner = together([shape_of(element, known) for element in elements])
            return None if inner is None else (len(elements), *inner)
        case ast.Subscript(value=x, slice=key):
            return _indexed(shape_of(x, known), items_of(key))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            named = {keyword.arg or "**": keyword.value for keyword in keywords}
            return _called(name, arguments, named, known)
    return None


def items_of(key: ast.expr) -> Sequence[ast.expr]:
    """What stands between the commas of an index."""
    return key.elts if isinstance(key, ast.Tuple) and key.elts else [key]


def together(shapes: Sequence[Shape]) -> Shape:
    """The shape that some are broadcast to."""
    rank = 0
    for shape in shapes:
        if shape is None:
            return None
        rank = max(rank, len(shape))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes if shape is not None]
    return tuple(_common(sizes) for sizes in zip(*padded, strict=True))


def _common(sizes: Sequence[Size]) -> Size:
    larger = {size for size in sizes if size != 1}
    return 1 if not larger else larger.pop() if len(larger) == 1 else None


def _product(left: Shape, right: Shape) -> Shape:
    if not left or not right:
        return None
    if len(left) == len(right) == 1:
        return ()
    if len(left) == 1:
        return (*right[:-2], right[-1])
    if len(right) == 1:
        return left[:-1]
    before = together([left[:-2], right[:-2]])
    return None if before is None else (*before, left[-2], right[-1])


def _indexed(inner: Shape, items: Sequence[ast.expr]) -> Shape:
    """An integer takes a dimension away, None puts one in; what lists pick is not worked out."""
    if inner is None:
        return None
    taken = len([i for i in items if not _is_constant(i, None, ...)])
    left, found = list(inner), list[Size]()
    for item in items:
        match item:
            case ast.Constant(value=None):
                found.append(1)
            case ast.Constant(value=EllipsisType()):
                count = len(inner) - taken
                found += left[:count]
                del left[:count]
            case ast.Slice() if left:
                found.append(_sliced(left.pop(0), item))
            case ast.Constant(value=int()) | ast.UnaryOp(operand=ast.Constant(value=int())) if left:
                del left[0]
            case _:
                return None
    return (*found, *left)


def _is_constant(node: ast.expr, *values: object) -> bool:
    return isinstance(node, ast.Constant) and any(node.value is value for value in values)


def bounds(size: Size, item: ast.Slice) -> tuple[int, int, int] | None:
    """The first place, the one behind the last, and the step; None if they are not known."""
    try:
        ends = [None if n is None else ast.literal_eval(n) for n in (item.lower, item.upper)]
        step = 1 if item.step is None else ast.literal_eval(item.step)
        return None if size is None else slice(ends[0], ends[1], step).indices(size)
    except (ValueError, TypeError):
        return None


def _sliced(size: Size, item: ast.Slice) -> Size:
    found = bounds(size, item)
    return None if found is None else len(range(*found))


def _called(
    name: str, arguments: Sequence[ast.expr], named: Mapping[str, ast.expr], known: Shapes
) -> Shape:
    own = [shape_of(argument, known) for argument in arguments]
    if name in _ALIKE and arguments:
        return together(own)
    match name, arguments:
        case _, [_] if name in _REDUCTIONS:
            return _reduced(own[0], named)
        case "trace", _:
            return ()
        case "arange" | "linspace", _:
            return (None,)
        case "eye", [size, *_]:
            return (_size(size),) * 2
        case "outer", [_, _]:
            left, right = own
            return (left[0] if left else None, right[0] if right else None)
        case "zeros" | "ones", [ast.Tuple(elts=sizes) | ast.List(elts=sizes)] | [*sizes]:
            return tuple(map(_size, sizes))
        case "norm", [_, _]:
            return _reduced(own[0], named)
        case "pad", [_, amounts, *_]:
            return _padded(own[0], padding(amounts))
        case "flatten", [_]:
            return (_count(own[0]),)
        case "tensor", [_]:
            return own[0]
        case "det" | "logdet", [_]:
            return None if own[0] is None or len(own[0]) < 2 else own[0][:-2]
        case "dot" | "matmul", [_, _]:
            return _product(*own)
        case "solve", [_, _]:
            return own[1]
        case "reshape" | "broadcast_to", [_, ast.Tuple(elts=sizes)]:
            return tuple(map(_size, sizes))
        case "permute", [_, ast.Tuple(elts=sizes)]:
            return (None,) * len(sizes)
        case "diag", [_, *_]:
            rank = None if own[0] is None else len(own[0])
            length = own[0][0] if own[0] and len(arguments) == 1 else None
            return (length, length) if rank == 1 else (length,) if rank == 2 else None
        case "stack", [_]:
            return None if own[0] is None else (None,) * len(own[0])
        case "concat", [_]:
            return None if own[0] is None else (None,) * (len(own[0]) - 1)
    return None


def padding(node: ast.expr) -> Sequence[int] | None:
    """How many zeros come before and behind each dimension, the last first; None if not known."""
    try:
        found = ast.literal_eval(node)
    except ValueError:
        return None
    plain = isinstance(found, tuple) and all(isinstance(n, int) and n >= 0 for n in found)
    return found if plain and len(found) % 2 == 0 else None


def _padded(inner: Shape, widths: Sequence[int] | None) -> Shape:
    if inner is None or widths is None or len(widths) > 2 * len(inner):
        return None if inner is None else (None,) * len(inner)
    more = [a + b for a, b in zip(widths[::2], widths[1::2], strict=True)][::-1]
    more = [0] * (len(inner) - len(more)) + more
    return tuple(None if n is None else n + m for n, m in zip(inner, more, strict=True))


def _size(node: ast.expr) -> Size:
    match node:
        case ast.Constant(value=int(size)) if not isinstance(size, bool):
            return size
    return None


def _count(shape: Shape) -> Size:
    return None if shape is None or None in shape else math.prod(size or 0 for size in shape)


def axes_of(shape: Shape, named: Mapping[str, ast.expr]) -> tuple[int, ...] | None:
    """The dimensions that a reduction is along, from the first; None where that is not known."""
    if shape is None or "**" in named:
        return None
    given = named.get("axis", named.get("dim"))
    try:
        axes = None if given is None else ast.literal_eval(given)
    except ValueError:
        return None
    if axes is None:
        return tuple(range(len(shape)))
    every = axes if isinstance(axes, tuple) else (axes,)
    if not all(isinstance(axis, int) and -len(shape) <= axis < len(shape) for axis in every):
        return None
    return tuple(sorted({axis % len(shape) for axis in every}))


def keeps(named: Mapping[str, ast.expr]) -> bool:
    """Whether a reduction keeps its dimensions with size 1."""
    kept = named.get("keepdims", named.get("keepdim"))
    return isinstance(kept, ast.Constant) and bool(kept.value)


def _reduced(inner: Shape, named: Mapping[str, ast.expr]) -> Shape:
    axes = axes_of(inner, named)
    if inner is None or axes is None:
        # a number, whatever it is of
        return () if not named else None
    if keeps(named):
        return tuple(1 if axis in axes else size for axis, size in enumerate(inner))
    return tuple(size for axis, size in enumerate(inner) if axis not in axes)
