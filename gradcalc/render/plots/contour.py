"""Level areas of numbers on a grid: each triangle of it cut at the levels."""

import math
from collections.abc import Iterator, Sequence

from gradcalc.render.plots.axes import limits, ticks

Corner = tuple[float, float, float]
"""Where a corner is, and its number."""

Triangle = tuple[Corner, Corner, Corner]


def levels(values: Sequence[Sequence[float]]) -> list[float]:
    """Plain numbers that divide what there is into up to nine bands."""
    flat = [value for row in values for value in row]
    low, high = limits(flat, clip=True)
    found = ticks(low, high, 7)
    return found[:8] if len(found) > 8 else found


def triangles(corners: Sequence[Corner]) -> Iterator[Triangle]:
    """A cell of the grid in triangles around its middle; of one that lacks a value at a corner the
    rest, of one that lacks more nothing."""
    known = [corner for corner in corners if math.isfinite(corner[2])]
    if len(known) == 3:
        yield known[0], known[1], known[2]
    if len(known) == 4:
        x, y = (sum(corner[k] / 4 for corner in corners) for k in (0, 1))
        middle = x, y, sum(corner[2] / 4 for corner in corners)
        for k in range(4):
            yield corners[k], corners[(k + 1) % 4], middle


def lines(triangle: Triangle, level: float) -> list[tuple[float, float]]:
    """Where a level crosses a triangle: two spots, or none."""
    found = []
    for k in range(3):
        a, b = triangle[k], triangle[(k + 1) % 3]
        if (a[2] < level) != (b[2] < level):
            share = (level - a[2]) / (b[2] - a[2])
            found.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
    return found


def part(corners: Sequence[Corner], bound: float, way: int) -> list[Corner]:
    """The part of an area whose numbers are above a bound, or with -1 below it."""
    found = []
    for k, b in enumerate(corners):
        a = corners[k - 1]
        inside = [(corner[2] - bound) * way >= 0 for corner in (a, b)]
        if inside[0] != inside[1]:
            share = (bound - a[2]) / (b[2] - a[2])
            found.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), bound))
        if inside[1]:
            found.append(b)
    return found


def band(value: float, bounds: Sequence[float]) -> int:
    """In which of the bands between levels a number is."""
    return sum(value >= bound for bound in bounds)
