"""A program over a plane: values on a grid, and gradients with verdicts on a coarser one."""

from collections.abc import Callable, Sequence

from gradcalc.plotting.curve import Tell
from gradcalc.plotting.data import ERROR, Arrow, Axis, Field
from gradcalc.plotting.probing import Prober
from gradcalc.plotting.ranges import places

ARROWS = 13
"""Gradients that are checked on each side of a plane."""


def field_of(
    prober: Prober,
    axes: tuple[Axis, Axis],
    program: str,
    rounded: Callable[[float], float],
    tell: Tell,
) -> Field:
    """The program over two axes.

    Raises the program's own error where it cannot be run at any point.
    """
    xs, ys = (places(axis, rounded) for axis in axes)
    values = []
    for k, y in enumerate(ys):
        tell(f"running the program: row {k + 1:,} of {len(ys):,}")
        values.append(tuple(prober.quick(x, y).value for x in xs))
    some = [(x, y) for y in _some(ys) for x in _some(xs)]
    arrows = []
    for k, (x, y) in enumerate(some):
        tell(f"checking gradient {k + 1:,} of {len(some):,}")
        arrows.append(_arrow(prober, x, y))
    if prober.failure is not None and all(arrow.outcome == ERROR for arrow in arrows):
        raise prober.failure
    known = next((f for f in (prober.full(*place) for place in some) if f.possible), None)
    return Field(
        program, axes, tuple(xs), tuple(ys), tuple(values), tuple(arrows),
        15.95 if known is None else known.possible, prober.quantity,
    )  # fmt: skip


def _some(ats: Sequence[float]) -> list[float]:
    """Places spread evenly, one of them in the middle, none at the border if others are left."""
    count = min(ARROWS, len(ats))
    if count == len(ats):
        return list(ats)
    step = (len(ats) - 1) / (count + 1)
    return [ats[round(step * (k + 1))] for k in range(count)]


def _arrow(prober: Prober, x: float, y: float) -> Arrow:
    found = prober.full(x, y)
    return Arrow(
        x, y, (found.slopes[0], found.slopes[1]), (found.true[0], found.true[1]),
        found.outcome or ERROR, found.message, found.digits, found.value,
    )  # fmt: skip
