"""A program over a plane as a picture: bands and lines of equal value, arrows of the gradient."""

import math
from collections.abc import Iterator
from itertools import groupby

from gradcalc.plotting.data import HARMLESS, Arrow, Field
from gradcalc.render import printable
from gradcalc.render.plots.axes import Panel, tick_texts, ticks
from gradcalc.render.plots.contour import Corner, Triangle, band, levels, lines, part, triangles
from gradcalc.render.plots.figure import BAD, LETTERS, LINE, NOTES, title
from gradcalc.render.plots.scene import Box, Circle, Line, Scene, Shape, Text
from gradcalc.verdict.outcome import number_text

WIDTH, LEFT, TOP, SIDE = 820.0, 84.0, 62.0, 560.0
LONGEST = 0.9
"""The longest arrow, as a share of the room between two."""


def plane(field: Field) -> Scene:
    """The picture of a plane."""
    notes = list(_notes(field))
    height = TOP + SIDE + 58 + LINE * len(notes) + (18 if notes else 0)
    scene = Scene(WIDTH, height, title(field.program), _summary(field))
    across, up = field.axes
    panel = Panel(LEFT, TOP, SIDE, SIDE, up.start, up.stop, across.start, across.stop)
    bounds = levels(field.values)
    add = scene.shapes.extend
    scene.shapes.append(Text("title", (LEFT, 30), title(field.program)))
    scene.shapes.append(Box("none", (LEFT, TOP), SIDE, SIDE, "no value"))
    add(_bands(field, panel, bounds))
    add(_axes(field, panel))
    add(_arrows(field, panel))
    add(_key(field, panel, bounds))
    for k, (look, text) in enumerate(notes):
        y = TOP + SIDE + 76 + LINE * k
        scene.shapes.append(Circle(look, (LEFT + 8, y - 4.5), 4.5))
        scene.shapes.append(Text("note", (LEFT + 24, y), text))
    return scene


def _summary(field: Field) -> str:
    across, up = (
        f"{axis.name} from {number_text(axis.start)} to {number_text(axis.stop)}"
        for axis in field.axes
    )
    odd = len(list(field.odd()))
    told = f"{odd} of them special" if odd else "all of them verified"
    return (
        f"{title(field.program)} over {across} and {up}, with its gradient at"
        f" {len(field.arrows)} points, {told}"
    )


def _bands(field: Field, panel: Panel, bounds: list[float]) -> Iterator[Shape]:
    """Areas in the colour of their band, several cells of one band in a row as one box; and the
    lines between bands."""
    lines_: list[Shape] = []
    for j in range(len(field.ys) - 1):
        cells = [_cell(field, panel, i, j) for i in range(len(field.xs) - 1)]
        for level, run in groupby(cells, lambda cell: _level(cell, bounds)):
            row = list(run)
            if level is not None:
                (left, bottom, _), (right, top) = row[0][0], row[-1][2][:2]
                yield Box(_look(level, bounds), (left, top), right - left, bottom - top)
                continue
            for triangle in (t for cell in row for t in triangles(cell)):
                yield from _filled(triangle, bounds)
                lines_ += [
                    Line("contour", spots)
                    for bound in bounds
                    if len(spots := lines(triangle, bound)) == 2
                ]
    yield from lines_


def _cell(field: Field, panel: Panel, i: int, j: int) -> list[Corner]:
    """The corners of a cell on the sheet, and their numbers, from the lower left one around."""
    return [
        (panel.x(field.xs[i + a]), panel.y(field.ys[j + b]), field.values[j + b][i + a])
        for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]


def _level(cell: list[Corner], bounds: list[float]) -> int | None:
    """The band that all of a cell is in, None where it is in several or lacks a value."""
    if not all(math.isfinite(corner[2]) for corner in cell):
        return None
    found = {band(corner[2], bounds) for corner in cell}
    return found.pop() if len(found) == 1 else None


def _look(level: int, bounds: list[float]) -> str:
    """The colour of a band: the first and the last one are always those at the ends."""
    return f"level{round(level * 8 / max(len(bounds), 1))}"


def _filled(triangle: Triangle, bounds: list[float]) -> Iterator[Shape]:
    """A triangle, cut into the parts that are in each band."""
    low = band(min(corner[2] for corner in triangle), bounds)
    high = band(max(corner[2] for corner in triangle), bounds)
    for level in range(low, high + 1):
        area: list[Corner] = list(triangle)
        if level > low:
            area = part(area, bounds[level - 1], 1)
        if level < high:
            area = part(area, bounds[level], -1)
        if len(area) > 2:
            yield Line(_look(level, bounds), [(x, y) for x, y, _ in area], filled=True)


def _axes(field: Field, panel: Panel) -> Iterator[Shape]:
    xs, ys = ticks(panel.first, panel.last, 8), ticks(panel.low, panel.high, 8)
    for x, text in zip(xs, tick_texts(xs), strict=True):
        yield Text("tick", (panel.x(x), panel.bottom + 18), text, "middle")
        yield Line("frame", [(panel.x(x), panel.bottom), (panel.x(x), panel.bottom + 4)])
    for y, text in zip(ys, tick_texts(ys), strict=True):
        yield Text("tick", (panel.left - 8, panel.y(y) + 4), text, "end")
        yield Line("frame", [(panel.left - 4, panel.y(y)), (panel.left, panel.y(y))])
    across, up = (printable(axis.name) for axis in field.axes)
    yield Text("label", ((panel.left + panel.right) / 2, panel.bottom + 40), across, "middle")
    yield Text("label", (panel.left, panel.top - 9), up, "end")


def _arrows(field: Field, panel: Panel) -> Iterator[Shape]:
    """An arrow at each point, as long as the root of the gradient's length, so that short ones are
    seen beside long ones; a disc where the gradient is not verified."""
    count = max(round(math.sqrt(len(field.arrows))), 1)
    known = [_length(arrow, panel) for arrow in field.arrows]
    longest = max((length for length in known if math.isfinite(length)), default=0.0)
    for arrow, length in zip(field.arrows, known, strict=True):
        x, y = panel.x(arrow.x), panel.y(arrow.y)
        odd = arrow.outcome not in HARMLESS
        bad = arrow.outcome in BAD
        if length and longest and math.isfinite(length) and math.isfinite(arrow.value):
            size = LONGEST * SIDE / (count + 1) * math.sqrt(length / longest)
            yield from _arrow((x, y), _ahead(arrow, panel), size, bad=bad)
        if odd:
            yield Circle("bad" if bad else "mark", (x, y), 4.5, f"{arrow.outcome}: {arrow.message}")


def _ahead(arrow: Arrow, panel: Panel) -> tuple[float, float]:
    """The gradient on the sheet, on which the axes have scales of their own."""
    return (
        arrow.slopes[0] * (panel.last - panel.first) / SIDE,
        -arrow.slopes[1] * (panel.high - panel.low) / SIDE,
    )


def _length(arrow: Arrow, panel: Panel) -> float:
    return math.hypot(*_ahead(arrow, panel))


def _arrow(
    middle: tuple[float, float], ahead: tuple[float, float], size: float, *, bad: bool
) -> Iterator[Shape]:
    norm = math.hypot(*ahead)
    dx, dy = ahead[0] / norm, ahead[1] / norm
    end = middle[0] + dx * size / 2, middle[1] + dy * size / 2
    start = middle[0] - dx * size / 2, middle[1] - dy * size / 2
    head = min(7.0, size * 0.5)
    neck = end[0] - dx * head * 0.8, end[1] - dy * head * 0.8
    yield Line("badarrow" if bad else "arrow", [start, neck])
    sides = [(end[0] - dx * head - dy * k * head * 0.45, end[1] - dy * head + dx * k * head * 0.45)
             for k in (1, -1)]  # fmt: skip
    yield Line("bad" if bad else "head", [end, *sides], filled=True)


def _key(field: Field, panel: Panel, bounds: list[float]) -> Iterator[Shape]:
    """What the colours mean."""
    x, height = panel.right + 24, 26.0
    yield Text("label", (x, panel.top + 10), field.quantity)
    texts = tick_texts(bounds)
    for k in range(len(bounds) + 1):
        y = panel.top + 22 + height * (len(bounds) - k)
        yield Box(_look(k, bounds), (x, y), 20, height)
        if k < len(bounds):
            yield Text("tick", (x + 28, y + 4), texts[k])
    y = panel.top + 22 + height * (len(bounds) + 1) + 26
    yield from _arrow((x + 14, y - 4), (1.0, 0.0), 26, bad=False)
    yield Text("label", (x + 34, y), "gradient")


def _notes(field: Field) -> Iterator[tuple[str, str]]:
    across, up = (axis.name for axis in field.axes)
    odd = list(field.odd())
    for arrow in odd[: NOTES - 2]:
        look = "bad" if arrow.outcome in BAD else "mark"
        where = f"{across} = {number_text(arrow.x)}, {up} = {number_text(arrow.y)}"
        text = printable(f"{where}  {arrow.outcome}: {arrow.message}")
        most = LETTERS - 20
        yield look, text if len(text) <= most else f"{text[: most - 1]}…"
    if len(odd) > NOTES - 2:
        yield "mark", f"and {len(odd) - NOTES + 2} more: --format csv has them all"
