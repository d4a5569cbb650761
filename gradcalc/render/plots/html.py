"""A page of its own: the picture, and a table of what is special for those who do not see it."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from gradcalc.plotting.data import Curve, Field
from gradcalc.render import Style, printable
from gradcalc.render.plots.figure import name_of, place_text, told
from gradcalc.render.plots.pictures import picture
from gradcalc.render.plots.svg import FONT, drawn
from gradcalc.verdict.outcome import number_text

RULES = f"""
:root{{color-scheme:light dark;--paper:#ffffff;--ink:#16191d;--soft:#5c6570;--rule:#d8dee4}}
@media (prefers-color-scheme:dark){{
:root{{--paper:#14171c;--ink:#e8ecf0;--soft:#9aa4af;--rule:#333a43}}}}
body{{margin:0 auto;padding:1.5rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 {FONT}}}
h1{{font-size:1.3rem;margin:0 0 .25rem;overflow-wrap:anywhere}}
h2{{font-size:1.05rem;margin:2rem 0 .5rem}}
p{{margin:.25rem 0 1rem;color:var(--soft)}}
svg{{width:100%;height:auto;display:block}}
.scroll{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-size:.92rem}}
caption{{text-align:left;color:var(--soft);padding-bottom:.4rem}}
th,td{{text-align:left;vertical-align:top;padding:.35rem .9rem .35rem 0;
border-bottom:1px solid var(--rule)}}
th{{font-weight:600;white-space:nowrap}}
td:last-child{{overflow-wrap:anywhere}}
"""


def render(found: Curve | Field, style: Style) -> str:
    """The page."""
    del style
    scene = picture(found)
    heads, rows = _table(found)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(_row(row) for row in rows)
    table = (
        f'<div class="scroll"><table><caption>{escape(_caption(found))}</caption><thead><tr>'
        f"{head}</tr></thead>"
        f"<tbody>\n{body}</tbody></table></div>\n"
        if rows
        else "<p>Nothing: every point is verified.</p>\n"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(scene.title)}</title>\n<style>{RULES}</style></head>\n<body><main>\n"
        f"<h1>{escape(printable(' '.join(found.program.split())))}</h1>\n"
        f"<p>{escape(scene.summary)}</p>\n{drawn(scene)}"
        f"<h2>What is special</h2>\n{table}</main></body></html>\n"
    )


def _caption(found: Curve | Field) -> str:
    if isinstance(found, Curve):
        return "Places and stretches, with the words of the verdict there."
    return "Points at which the gradient is not verified, with the words of the verdict there."


def _row(cells: Sequence[str]) -> str:
    first, *others = (escape(printable(cell)) for cell in cells)
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row">{first}</th>{rest}</tr>\n'


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
