"""A picture of braille dots for a terminal, by plotille, and in words what is special."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from gradcalc.plotting.data import Axis, Curve, Field, Special
from gradcalc.render import Style
from gradcalc.render.canvas import draw
from gradcalc.render.notes import Note
from gradcalc.render.plots.axes import limits, tick_texts
from gradcalc.render.plots.figure import (
    BAD,
    POLES,
    Number,
    curve_pieces,
    digits_look,
    name_of,
    place_text,
    title,
    told,
    trusted_slopes,
)
from gradcalc.render.table import notes_grid
from gradcalc.verdict.outcome import number_text

MARGIN, HEIGHT, LOW = 11, 12, 8
"""The columns of numbers at the side, the lines of the upper panel and of the lower one."""

WIDEST, NARROWEST = 110, 30
SHADES = "█▓▒░ "
"""How many digits are right, from all to none; without Unicode as digits of a scale."""


def render(found: Curve | Field, style: Style) -> str:
    """The picture, and below it what is special."""
    width = max(min(style.width, WIDEST) - MARGIN - 1, NARROWEST)
    lines = [title(found.program), ""]
    if isinstance(found, Field):
        lines += _plane(found, width, style)
        notes = [Note(a.outcome, f"{_spot(found, a.x, a.y)}: {a.message}") for a in found.odd()]
    else:
        lines += _curve(found, width, style)
        name = name_of(found.axis)
        notes = [
            Note(f"{k + 1} {s.kind}", f"{place_text(s, name)}: {told(s)}")
            for k, s in enumerate(found.specials)
        ]
    shown = notes if style.show_all else notes[:20]
    if len(notes) > len(shown):
        shown.append(Note("", f"and {len(notes) - len(shown)} more: --format csv has them all"))
    text = "\n".join(lines) + "\n"
    return text + ("\n" + draw(notes_grid(shown, style), style=style) if shown else "")


def _curve(curve: Curve, width: int, style: Style) -> Iterator[str]:
    steep = any(s.kind in POLES for s in curve.specials)
    values = limits([p.value for p in curve.points], clip=steep)
    slopes = limits(trusted_slopes(curve), clip=steep)
    yield " " * MARGIN + " " + _numbers(curve.specials, curve.axis, width)
    yield curve.quantity
    yield from _panel(curve, [("blue", lambda p: p.value)], HEIGHT, width, values, style)
    yield f"gradient by {curve.axis.name}: autograd's and the true one"
    lines: list[tuple[str, Number]] = [("green", lambda p: p.true), ("yellow", lambda p: p.slope)]
    yield from _panel(curve, lines, LOW, width, slopes, style)
    yield f"{'digits':>{MARGIN}} " + _strip(curve, width, style)
    yield _ends(curve.axis, width)


def _panel(
    curve: Curve,
    lines: Sequence[tuple[str, Number]],
    height: int,
    width: int,
    bounds: tuple[float, float],
    style: Style,
) -> Iterator[str]:
    import plotille

    low, high = bounds
    axis = curve.axis
    canvas = plotille.Canvas(
        width, height, xmin=axis.start, ymin=low, xmax=axis.stop, ymax=high, mode="names"
    )
    for color, number in lines:
        for piece in curve_pieces(curve, number):
            for k, (x, y) in enumerate(piece):
                before = piece[max(k - 1, 0)]
                _stroke(canvas, before, (x, y), bounds, color if style.color else None)
    yield from _framed(canvas, bounds, height)


def _stroke(
    canvas: Any,
    a: tuple[float, float],
    b: tuple[float, float],
    bounds: tuple[float, float],
    color: str | None,
) -> None:
    """A line as far as it is in bounds."""
    low, high = bounds
    if max(a[1], b[1]) < low or min(a[1], b[1]) > high:
        return
    ends = []
    for p, q in ((a, b), (b, a)):
        y = min(max(p[1], low), high)
        share = 0.0 if y == p[1] else (y - p[1]) / (q[1] - p[1])
        ends.append((p[0] + share * (q[0] - p[0]), y))
    canvas.line(*ends[0], *ends[1], color=color)


def _framed(canvas: Any, bounds: tuple[float, float], height: int) -> Iterator[str]:
    low, high = bounds
    at = {0: high, height // 2: (low + high) / 2, height - 1: low}
    texts = dict(zip(at, tick_texts([float(f"{y:.3g}") for y in at.values()]), strict=True))
    for k, line in enumerate(canvas.plot(linesep="\n").split("\n")[:height]):
        yield f"{texts.get(k, ''):>{MARGIN - 1}} {'┤' if k in texts else '│'}{line}"


def _numbers(specials: Sequence[Special], axis: Axis, width: int) -> str:
    """The numbers of what is special, where it is, as far as there is room."""
    row = [" "] * width
    for k, special in enumerate(specials):
        middle = special.at if special.end is None else (special.at + special.end) / 2
        column = _column(middle, axis, width)
        text = str(k + 1)
        if all(cell == " " for cell in row[max(column - 1, 0) : column + len(text) + 1]):
            row[column : column + len(text)] = text
    return "".join(row)[:width]


def _column(at: float, axis: Axis, width: int) -> int:
    return min(int((at - axis.start) / (axis.stop - axis.start) * width), width - 1)


def _strip(curve: Curve, width: int, style: Style) -> str:
    """For each column the fewest digits that are right in it."""
    worst: dict[int, float] = {}
    for point in curve.points:
        if point.digits is not None:
            column = _column(point.at, curve.axis, width)
            worst[column] = min(worst.get(column, math.inf), point.digits)
    shades = SHADES if style.unicode else "#+-. "
    known = 0.0
    cells = []
    columns = {_column(p.at, curve.axis, width) for p in curve.points}
    for column in range(width):
        if column in worst:
            known = worst[column]
        elif column in columns:
            known = math.nan
        look = digits_look(known / curve.possible)
        cells.append("·" if math.isnan(known) else shades[int(look[-1])])
    return "".join(cells)


def _ends(axis: Axis, width: int) -> str:
    first, last = number_text(axis.start), number_text(axis.stop)
    middle = axis.label
    room = width - len(first) - len(last)
    return " " * MARGIN + " " + first + middle.center(max(room, len(middle) + 2)) + last


def _plane(field: Field, width: int, style: Style) -> Iterator[str]:
    """Values as shades, the lightest the lowest, and arrows of the gradient."""
    from gradcalc.render.plots.contour import band, levels

    bounds = levels(field.values)
    height = max(min(width // 2, 24), 8)
    across, up = field.axes
    shades = " .:-=+*%#@" if not style.unicode else " ░░▒▒▓▓██"
    rows = []
    for r in range(height):
        row = field.values[round((height - 1 - r) / (height - 1) * (len(field.ys) - 1))]
        cells = []
        for c in range(width):
            value = row[round(c / (width - 1) * (len(field.xs) - 1))]
            known = math.isfinite(value)
            cells.append(shades[min(band(value, bounds), len(shades) - 1)] if known else "?")
        rows.append(cells)
    for arrow in field.arrows:
        c, r = _column(arrow.x, across, width), height - 1 - _column(arrow.y, up, height)
        rows[r][c] = _sign(arrow.slopes, arrow.outcome, style)
    ends = {0: up.stop, height // 2: (up.start + up.stop) / 2, height - 1: up.start}
    for r, cells in enumerate(rows):
        text = number_text(ends[r]) if r in ends else ""
        yield f"{text:>{MARGIN - 1}} {'┤' if r in ends else '│'}" + "".join(cells)
    yield _ends(across, width)
    texts = tick_texts(bounds)
    yield f"{up.name} upwards; shades from {texts[0]} to {texts[-1]}, arrows where it grows"


def _sign(slopes: tuple[float, float], outcome: str, style: Style) -> str:
    if outcome in BAD:
        return "✗" if style.unicode else "X"
    if not all(map(math.isfinite, slopes)):
        return "?"
    if slopes == (0.0, 0.0):
        return "·" if style.unicode else "o"
    way = round(math.atan2(slopes[1], slopes[0]) / (math.pi / 4)) % 8
    return ("→↗↑↖←↙↓↘" if style.unicode else ">/^\\</v\\")[way]


def _spot(field: Field, x: float, y: float) -> str:
    first, second = (axis.name for axis in field.axes)
    return f"{first} = {number_text(x)}, {second} = {number_text(y)}"
