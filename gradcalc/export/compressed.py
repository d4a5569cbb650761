"""Derivatives without the unit matrices that are factors of them.

The Hessian of `sum((R - U@V.T)**2)` by `U` is `2*V.T@V` times a unit matrix, however many rows `U`
has (Laue, Mitterreiter and Giesen, "Computing Higher Order Derivatives of Matrix and Tensor
Expressions", 2018). What it is beside those is its core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import Any

import numpy as np

from gradcalc.export.contraction import multiplied
from gradcalc.export.spread import Spread, Spreader, Term
from gradcalc.expr.nodes import Node

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Units:
    """How a tensor of a `rank` is made of a core: the dimension that each of the core's is, and the
    pairs of dimensions that a unit matrix lies along."""

    rank: int
    axes: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def formula(self) -> str:
        """The sum of Einstein's that the whole is, of the core and unit matrices."""
        parts = [self.axes, *self.pairs, range(self.rank)]
        *given, whole = ("".join(ascii_lowercase[axis] for axis in part) for part in parts)
        return f"{','.join(given)}->{whole}"

    def whole(self, core: Array, shape: Sequence[int]) -> Array:
        """The tensor of a shape that has a core."""
        eyes = [np.eye(shape[first]) for first, _ in self.pairs]
        return np.asarray(np.einsum(self.formula, core, *eyes))

    def core(self, whole: Array) -> Array:
        """The core of a tensor that is so."""
        heads = {second: first for first, second in self.pairs}
        letters = [ascii_lowercase[heads.get(axis, axis)] for axis in range(self.rank)]
        left = [first for first in dict.fromkeys(heads.values()) if first not in self.axes]
        order = "".join(ascii_lowercase[axis] for axis in (*left, *self.axes))
        found = np.einsum(f"{''.join(letters)}->{order}", whole)
        return np.asarray(found[(0,) * len(left)])

    def turned(self, first: int) -> "Units":
        """That of the tensor whose first so many dimensions are put behind the others."""
        place = {axis: (axis - first) % self.rank for axis in range(self.rank)}
        axes = tuple(place[axis] for axis in self.axes)
        return Units(self.rank, axes, tuple((place[a], place[b]) for a, b in self.pairs))


Cored = Mapping[str, Units]


def cored(f: Spreader, found: Spread) -> tuple[Node, Units] | None:
    """The core of a derivative; None where no unit matrix is a factor of all its terms."""
    names = [(*term.own, *term.across) for term in found.terms]
    pairs = [_twins(f, one) for one in names]
    common = set.intersection(*pairs) if pairs else set()
    heads: dict[int, int] = {}
    for first, second in sorted(common):
        if first not in heads:
            heads.setdefault(second, first)
    if not heads:
        return None
    rank = len(found.shape) + len(found.by)
    kept = {
        first
        for first in heads.values()
        if any(one[first] in _held(term) for term, one in zip(found.terms, names, strict=True))
    }
    axes = [k for k in range(rank) if k not in heads and (k in kept or k not in heads.values())]
    core: Node | None = None
    for term, one in zip(found.terms, names, strict=True):
        part = multiplied(f, replace(term, own=tuple(one[k] for k in axes), across=()))
        core = part if core is None else f.forms.scalar("add", core, part)
    assert core is not None
    return core, Units(rank, tuple(axes), tuple((head, own) for own, head in heads.items()))


def _twins(f: Spreader, names: Sequence[int]) -> set[tuple[int, int]]:
    """The places at which the same dimension stands twice."""
    return {
        (first, second)
        for second, name in enumerate(names)
        for first in range(second)
        if names[first] == name and f.sizes[name] != 1
    }


def _held(term: Term) -> set[int]:
    return {name for factor in term.factors for name in factor.names}
