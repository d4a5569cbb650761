"""Sums of products over common dimensions: what `einsum` says, and `tensordot` and `inner` with it.

Dimensions have labels. Two tensors are joined by one product of matrices, so that a formula is one
of `@`, and not of sums over three dimensions.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.shapes import Shape, show

Labels = tuple[str, ...]

WRITTEN = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")
"""The dimensions of one tensor, in letters."""


@dataclass(frozen=True, slots=True)
class Contraction:
    """The labels of each tensor's dimensions and of the result's, and the size behind each."""

    operands: tuple[Labels, ...]
    result: Labels
    sizes: dict[str, int]


def read(equation: str, shapes: Sequence[Shape]) -> Contraction:
    """An equation of `einsum`, for tensors of these shapes."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    words = left.split(",")
    if len(words) != len(shapes):
        raise ShapeError(f"einsum of {equation!r} takes {len(words)} tensors, not {len(shapes)}")
    for word in (*words, right):
        if not WRITTEN.fullmatch(word):
            raise InvalidValueError(f"einsum does not know {equation!r}: {word!r} are no labels")
    operands = tuple(_labelled(*pair) for pair in zip(words, shapes, strict=True))
    hidden = max((sum(k.isdigit() for k in labels) for labels in operands), default=0)
    behind = tuple(str(k) for k in reversed(range(hidden)))
    if arrow:
        before, dots, rest = right.partition("...")
        result = (*before, *(behind if dots else ()), *rest)
    else:
        count = Counter(label for labels in operands for label in labels)
        result = (*behind, *sorted(k for k, n in count.items() if n == 1 and not k.isdigit()))
    sizes = _sizes(equation, operands, shapes)
    if len(set(result)) < len(result) or not sizes.keys() >= {k for k in result if k.isalpha()}:
        raise ShapeError(f"einsum of {equation!r}: the result repeats a label, or has a new one")
    return Contraction(operands, tuple(k for k in result if k in sizes), sizes)


def _labelled(word: str, shape: Shape) -> Labels:
    """A label for each dimension; those of an ellipsis are counted from the last one."""
    before, dots, after = word.partition("...")
    hidden = len(shape) - len(before) - len(after)
    if hidden < 0 or (hidden and not dots):
        raise ShapeError(f"einsum: {word!r} does not fit the shape {show(shape)}")
    return (*before, *(str(k) for k in reversed(range(hidden))), *after)


def _sizes(equation: str, operands: Sequence[Labels], shapes: Sequence[Shape]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for labels, shape in zip(operands, shapes, strict=True):
        for label, size in zip(labels, map(int, shape), strict=True):
            known = sizes.setdefault(label, size)
            if known == 1:
                sizes[label] = size
            elif size not in (1, known):
                raise ShapeError(
                    f"einsum of {equation!r}: two sizes, {known} and {size}, under one label"
                )
    return sizes


def contracted(f: Any, plan: Contraction, operands: Sequence[Any]) -> Any:
    """The sum of products, one tensor after the other."""
    parts = [_stretched(f, x, k, plan.sizes) for x, k in zip(operands, plan.operands, strict=True)]
    later = [frozenset(plan.result).union(*plan.operands[k + 1 :]) for k in range(len(parts))]
    found, labels = _single(f, *parts[0], later[0])
    for k in range(1, len(parts)):
        other = _single(f, *parts[k], later[k] | frozenset(labels))
        found, labels = joined(f, (found, labels), other, later[k])
    return _ordered(f, found, labels, plan.result)


def _stretched(f: Any, x: Any, labels: Labels, sizes: dict[str, int]) -> tuple[Any, Labels]:
    """A tensor whose sizes of 1 are as large as others under the same label."""
    shape = tuple(sizes[label] for label in labels)
    return (x if x.shape == shape else f(ops.BROADCAST, x, shape=shape)), labels


def _single(f: Any, x: Any, labels: Labels, kept: frozenset[str]) -> tuple[Any, Labels]:
    """A tensor with each label once, and none that nothing else asks for."""
    if len(labels) == 2 and labels[0] == labels[1] and labels[0] not in kept:
        return f(ops.TRACE, x), ()
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = f(ops.DIAGONAL, x, offset=0, dim1=first, dim2=second)
            rest = tuple(k for place, k in enumerate(labels) if place not in (first, second))
            labels = (*rest, label)
    axes = tuple(place for place, label in enumerate(labels) if label not in kept)
    return (f(ops.SUM, x, axes=axes) if axes else x), tuple(k for k in labels if k in kept)


def joined(
    f: Any, first: tuple[Any, Labels], second: tuple[Any, Labels], kept: frozenset[str]
) -> tuple[Any, Labels]:
    """The product of two tensors, summed over the labels of both that nothing else asks for."""
    (x, left), (y, right) = first, second
    common = [label for label in left if label in right]
    batch = tuple(label for label in common if label in kept)
    summed = tuple(label for label in common if label not in kept)
    rows = tuple(label for label in left if label not in common)
    columns = tuple(label for label in right if label not in common)
    if not summed or not (rows or columns):
        return _multiplied(f, x, left, y, right, summed)
    x = _grouped(f, _ordered(f, x, left, (*batch, *rows, *summed)), batch, (rows, summed))
    y = _grouped(f, _ordered(f, y, right, (*batch, *summed, *columns)), batch, (summed, columns))
    sizes = dict(zip((*left, *right), (*first[0].shape, *second[0].shape), strict=True))
    result = (*batch, *rows, *columns)
    product = f(ops.MATMUL, x, y)
    return _reshaped(f, product, tuple(sizes[label] for label in result)), result


def _multiplied(
    f: Any, x: Any, left: Labels, y: Any, right: Labels, summed: Labels
) -> tuple[Any, Labels]:
    """A product element by element."""
    if len(left) == len(right) == 1:
        if summed:
            return f(ops.MATMUL, x, y), ()
        if left != right:
            return f(ops.OUTER, x, y), (*left, *right)
    every = (*left, *(label for label in right if label not in left))
    first, second = _laid(f, x, left, every), _laid(f, y, right, every)
    product = f.scalar("mul", first, second)
    axes = tuple(every.index(label) for label in summed)
    rest = tuple(label for label in every if label not in summed)
    return (f(ops.SUM, product, axes=axes) if axes else product), rest


def _laid(f: Any, x: Any, labels: Labels, every: Labels) -> Any:
    """A tensor in the order of all labels, with a size of 1 behind those that it has not."""
    own = tuple(label for label in every if label in labels)
    x = _ordered(f, x, labels, own)
    sizes = dict(zip(own, x.shape, strict=True))
    shape = tuple(sizes.get(label, 1) for label in every)
    first = next((k for k, label in enumerate(every) if label in labels), len(every))
    # what stands in front is added by itself
    return _reshaped(f, x, shape[first:])


def _ordered(f: Any, x: Any, labels: Labels, wanted: Labels) -> Any:
    order = tuple(labels.index(label) for label in wanted)
    return x if order == tuple(range(len(order))) else f(ops.PERMUTE, x, order=order)


def _grouped(f: Any, x: Any, batch: Labels, groups: tuple[Labels, Labels]) -> Any:
    """A stack of matrices; what has no dimension but those that are summed is a vector."""
    front, shape = len(batch), x.shape
    split = front + len(groups[0])
    sizes = [math.prod(shape[front:split]), math.prod(shape[split:])]
    if not batch:
        sizes = [size for size, group in zip(sizes, groups, strict=True) if group]
    return _reshaped(f, x, (*shape[:front], *sizes))


def _reshaped(f: Any, x: Any, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else f(ops.RESHAPE, x, shape=shape)


def pairs(name: str, x: Shape, y: Shape, dims: Any) -> Contraction:
    """That of `tensordot`: of the last so many dimensions with the first, or of pairs of them."""
    if isinstance(dims, int):
        if dims < 0 or dims > min(len(x), len(y)):
            raise ShapeError(f"{name} of shapes {show(x)} and {show(y)} over {dims} dimensions")
        dims = (range(len(x) - dims, len(x)), range(dims))
    if len(dims) != 2:
        raise ShapeError(f"{name} needs the dimensions of both tensors, not {dims}")
    first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    own, other = ([d + len(s) if d < 0 else d for d in g] for g, s in ((first, x), (second, y)))
    for places, shape in ((own, x), (other, y)):
        if len(set(places)) < len(places) or not all(0 <= d < len(shape) for d in places):
            raise ShapeError(f"{name}: {dims} are not dimensions of {show(x)} and {show(y)}")
    if len(own) != len(other) or any(x[a] != y[b] for a, b in zip(own, other, strict=False)):
        raise ShapeError(f"{name} of shapes {show(x)} and {show(y)}: the sizes differ")
    left = tuple(f"x{k}" for k in range(len(x)))
    place = dict(zip(other, own, strict=True))
    right = tuple(f"x{place[k]}" if k in place else f"y{k}" for k in range(len(y)))
    result = (*(k for k in left if k not in right), *(k for k in right if k not in left))
    sizes = dict(zip((*right, *left), map(int, (*y, *x)), strict=True))
    return Contraction((left, right), result, sizes)
