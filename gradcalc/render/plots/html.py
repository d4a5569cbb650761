"""A page of its own: the picture, and a table of what is special for those who do not see it."""

from collections.abc import Iterator, Sequence

from gradcalc.plotting.data import Curve, Field
from gradcalc.render import Style
from gradcalc.render.html import page, text
from gradcalc.render.plots.figure import name_of, place_text, title, told
from gradcalc.render.plots.pictures import picture
from gradcalc.render.plots.svg import drawn
from gradcalc.verdict.outcome import number_text


def render(found: Curve | Field, style: Style) -> str:
    """The page."""
    del style
    scene = picture(found)
    heads, rows = _table(found)
    special = ["<p>Nothing: every point is verified.</p>"]
    if rows:
        head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
        special = [
            f'<div class="scroll">\n<table>\n<caption>{text(_caption(found))}</caption>',
            f"<thead><tr>{head}</tr></thead>\n<tbody>",
            *map(_row, rows),
            "</tbody>\n</table>\n</div>",
        ]
    parts = [
        f"<p>{text(scene.summary)}</p>",
        f'<div class="scroll">\n{drawn(scene)}</div>',
        "<h2>What is special</h2>",
        *special,
    ]
    return page([(title(found.program), parts)])


def _caption(found: Curve | Field) -> str:
    if isinstance(found, Curve):
        return "Places and stretches, with the words of the verdict there."
    return "Points at which the gradient is not verified, with the words of the verdict there."


def _row(cells: Sequence[str]) -> str:
    first, *others = (text(cell) for cell in cells)
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row">{first}</th>{rest}</tr>'


def _table(found: Curve | Field) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    if isinstance(found, Field):
        return ("where", "what", "why"), list(_points(found))
    name = name_of(found.axis)
    return ("", "where", "what", "why"), [
        (str(k + 1), place_text(special, name), special.kind, told(special))
        for k, special in enumerate(found.specials)
    ]


def _points(field: Field) -> Iterator[tuple[str, ...]]:
    first, second = (axis.name for axis in field.axes)
    for arrow in field.odd():
        where = f"{first} = {number_text(arrow.x)}, {second} = {number_text(arrow.y)}"
        yield where, arrow.outcome, arrow.message
