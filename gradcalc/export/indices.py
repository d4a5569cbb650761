"""Indexes as text: sums and products of whole numbers, those that are known worked out."""

import math
from collections.abc import Sequence

from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Shape

Index = Sequence[str]
"""An index of texts, one for each dimension."""


def plus(*parts: str) -> str:
    """A sum of whole numbers as text, those that are known added up."""
    fixed = sum(int(part) for part in parts if is_whole(part))
    others = [part for part in parts if not is_whole(part)]
    if not others:
        return str(fixed)
    text = " + ".join(others)
    return text if not fixed else f"{text} + {fixed}" if fixed > 0 else f"{text} - {-fixed}"


def times(part: str, factor: int) -> str:
    """A whole number times a fixed one."""
    if is_whole(part):
        return str(int(part) * factor)
    if factor == 1:
        return part
    return f"{part}*{factor}" if part.isidentifier() else f"({part})*{factor}"


def is_whole(part: str) -> bool:
    """Whether a text is a whole number."""
    return part.lstrip("-").isdigit()


def flat(index: Index, shape: Shape) -> str:
    """The place of an element."""
    steps = [math.prod(shape[k + 1 :]) for k in range(len(shape))]
    return plus(*(times(i, step) for i, step in zip(index, steps, strict=True)), "0")


def dropped(old: Shape, new: Shape) -> tuple[bool, Shape] | None:
    """Whether dimensions of size 1 were put in, and where, or taken out."""
    axes = inserted_axes(old, new)
    if axes is not None:
        return True, axes
    axes = inserted_axes(new, old)
    return None if axes is None else (False, axes)
