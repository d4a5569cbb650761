"""Points as a table of comma-separated values."""

import csv
import io
import math

from gradcalc.plotting.data import Curve, Field
from gradcalc.render import Style, printable
from gradcalc.render.delimited import as_text


def render(found: Curve | Field, style: Style) -> str:
    """A row for each point, and for each place between them that is special."""
    del style
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if isinstance(found, Field):
        _field(found, writer)
    else:
        _curve(found, writer)
    return stream.getvalue()


def _curve(curve: Curve, writer: "csv._writer") -> None:  # type: ignore[name-defined]
    name = curve.axis.name if curve.axis.direction is None else "t"
    writer.writerow((name, "value", "autograd", "true", "digits", "outcome", "message"))
    known = {point.at for point in curve.points}
    rows = [
        (
            p.at,
            p.value,
            p.slope,
            p.true,
            p.digits,
            p.outcome or "",
            _odd(p.outcome, p.message),
        )
        for p in curve.points
    ]
    rows += [
        (s.at, s.value, s.slope, s.true, s.digits, s.kind, printable(s.message))
        for s in curve.specials
        if s.at not in known and not s.is_stretch
    ]
    for row in sorted(rows, key=lambda row: row[0]):
        writer.writerow([_cell(cell) for cell in row])


def _field(field: Field, writer: "csv._writer") -> None:  # type: ignore[name-defined]
    names = [axis.name for axis in field.axes]
    head = [f"{kind} {name}" for kind in ("autograd", "true") for name in names]
    writer.writerow((*names, "value", *head, "digits", "outcome", "message"))
    arrows = {(arrow.x, arrow.y): arrow for arrow in field.arrows}
    for y, row in zip(field.ys, field.values, strict=True):
        for x, value in zip(field.xs, row, strict=True):
            arrow = arrows.get((x, y))
            rest: tuple[float | str | None, ...] = ("",) * 7
            if arrow is not None:
                rest = (
                    *arrow.slopes, *arrow.true, arrow.digits, arrow.outcome,
                    _odd(arrow.outcome, arrow.message),
                )  # fmt: skip
            writer.writerow([_cell(cell) for cell in (x, y, value, *rest)])


def _odd(outcome: str | None, message: str) -> str:
    return "" if outcome in (None, "verified") else printable(message)


def _cell(value: float | str | None) -> str:
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value).removesuffix(".0")
    return "" if value is None else as_text(str(value))
