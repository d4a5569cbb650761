"""Pages for a browser: one file that asks for nothing else, in light and dark, read aloud well.

Every text is escaped; there are no scripts.
"""

import html
from collections.abc import Iterable, Iterator, Sequence

from gradcalc.render import Style
from gradcalc.render.labels import label
from gradcalc.render.notes import (
    Note,
    closing_notes,
    formula_text,
    opening_notes,
    title_text,
    value_text,
)
from gradcalc.render.step_lines import (
    MARKS,
    Line,
    backward,
    begins,
    closing,
    forward,
    opening,
    title,
)
from gradcalc.render.text import gradient_rows, hidden_text, visible
from gradcalc.report import Explanation, InputGradient, Report, WitnessAnswer
from gradcalc.steps.data import Mark, Steps

CSS = """
:root { color-scheme: light dark; --fore: #1b1f24; --back: #ffffff; --soft: #59636e;
  --line: #d1d9e0; --right: #1a7f37; --off: #9a6700; --wrong: #cf222e; --code: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --fore: #e6edf3; --back: #0d1117; --soft: #9198a1;
  --line: #3d444d; --right: #3fb950; --off: #d29922; --wrong: #f85149; --code: #151b23; } }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--fore);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
code, td, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9rem; }
pre, .formula { background: var(--code); border-radius: .4rem; padding: .6rem .8rem;
  overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; }
caption { text-align: left; color: var(--soft); padding: .3rem 0; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.right, .verified { color: var(--right); } .inexact, .vanished { color: var(--off); }
.wrong, .lost { color: var(--wrong); font-weight: 600; }
.rule, .hidden { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.verdict { border-left: .3rem solid var(--line); padding: .5rem 1rem; background: var(--code); }
.verdict.verified { border-color: var(--right); } .verdict.wrong { border-color: var(--wrong); }
.verdict p { color: var(--fore); font-weight: 400; margin: 0; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print { body { margin: 0; max-width: none; } .scroll { overflow: visible; }
  tr, .verdict { break-inside: avoid; } }
"""


def render(reports: Sequence[Report], style: Style) -> str:
    """A page of reports."""
    return page([(title_text(r), _report(r, style)) for r in reports])


def render_explanations(explanations: Sequence[Explanation], style: Style) -> str:
    """A page of reports with what each witness says."""
    return page(
        [
            (title_text(e.report), [*_report(e.report, style), *_answers(e, style)])
            for e in explanations
        ]
    )  # fmt: skip


def render_steps(walks: Sequence[Steps], style: Style) -> str:
    """A page of calculations step by step."""
    return page([(title_text(steps.report), _steps(steps, style)) for steps in walks])


def page(sections: Sequence[tuple[str, Iterable[str]]]) -> str:
    """A whole page, each section under its title."""
    title = sections[0][0] if len(sections) == 1 else f"{len(sections)} gradients"
    body = "\n".join(
        f"<section>\n<h1><code>{text(name)}</code></h1>\n" + "\n".join(parts) + "\n</section>"
        for name, parts in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)} · gradcalc</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n<footer>Made by gradcalc.</footer>\n</body>\n</html>\n"
    )


def text(value: str) -> str:
    """A text in which nothing is markup, nor steers anything."""
    shown = "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in value)
    return html.escape(shown)


def _report(report: Report, style: Style) -> Iterator[str]:
    yield from program(report)
    yield notes(list(opening_notes(report, style)))
    for gradient in report.gradients:
        yield from _gradient(report, gradient, style)
    yield notes(list(closing_notes(report)))
    yield verdict(report)


def program(report: Report) -> Iterator[str]:
    """A program of several lines as it is written."""
    if "\n" in report.program.strip():
        yield f"<pre><code>{text(report.program.strip())}</code></pre>"


def verdict(report: Report) -> str:
    """What is to be known at once."""
    outcome = report.verdict.outcome.value
    words = f"<strong>{outcome}</strong><p>{text(report.verdict.message)}</p>"
    return f'<div class="verdict {outcome}" role="status">{words}</div>'


def _gradient(report: Report, gradient: InputGradient, style: Style) -> Iterator[str]:
    title = text(label(report.command, gradient.name, style))
    yield f"<h2>{title}</h2>"
    if gradient.formula is not None:
        formula = text(formula_text(gradient.formula, style))
        yield f'<div class="formula"><code>{title} = {formula}</code></div>'
    if not gradient.size:
        return
    shown = visible(gradient, show_all=style.show_all)
    rows = gradient_rows(report, gradient, shown, style.digits)
    heads = [rows.title(key, gradient.name) for key in rows.columns]
    cells = [
        [(value, "number") for value in row] + [_mark(ok, style)]
        for *row, ok in zip(*rows.columns.values(), rows.ok, strict=True)
    ]
    yield table(f"the gradient by {gradient.name}", [(h, "number") for h in heads], cells)
    hidden = hidden_text(gradient, shown)
    if hidden:
        yield f'<p class="hidden">{text(hidden)}</p>'


def _mark(ok: bool | None, style: Style) -> tuple[str, str]:
    return style.marks[ok], {True: "right", False: "wrong", None: ""}[ok]


def _answers(explanation: Explanation, style: Style) -> Iterator[str]:
    yield "<h2>witnesses</h2>"
    yield notes([Note(a.witness, _said(a, explanation.report, style)) for a in explanation.answers])


def _said(answer: WitnessAnswer, report: Report, style: Style) -> str:
    """What a witness says of each input, as bounds where it has some that differ."""
    if answer.absent is not None:
        return answer.absent
    parts = []
    for name, low in answer.low.items():
        bounds = [value_text(v, report.dtype, style) for v in (low, answer.high[name])]
        text = bounds[0] if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"
        parts.append(f"{name}: {text}" if len(answer.low) > 1 else text)
    return "; ".join([*parts, answer.note] if answer.note else parts)


def _steps(steps: Steps, style: Style) -> Iterator[str]:
    yield from program(steps.report)
    yield notes(opening(steps, style))
    there, back = list(forward(steps, style)), list(backward(steps, style))
    yield "<h2>forward</h2>"
    yield _lines("what is worked out", there, style, formula="")
    if back:
        yield "<h2>backward</h2>"
        yield _lines(
            begins(steps, style).removeprefix("backward: "), back, style, formula="formula"
        )
    for gradient in steps.report.gradients:
        left = text(title(steps, gradient.name, style))
        formula = "" if gradient.formula is None else formula_text(gradient.formula, style)
        if formula:
            yield f'<div class="formula"><code>{left} = {text(formula)}</code></div>'
    *said, _ = closing(steps, (line.mark for line in (*there, *back)), style)
    yield notes(said)
    yield verdict(steps.report)


def _lines(caption: str, lines: Sequence[Line], style: Style, *, formula: str) -> str:
    heads = [("", "number"), ("step", ""), *([(formula, "")] if formula else ()), ("value", ""),
             ("", ""), ("", "")]  # fmt: skip
    rows = []
    for line in lines:
        mark = MARKS[style.unicode][line.mark], "" if line.mark is Mark.UNKNOWN else line.mark.value
        middle = [(line.formula, "")] if formula else []
        rows.append(
            [(line.number, "number"), (line.what, ""), *middle, (line.value, ""), mark,
             (line.rule, "rule")]
        )  # fmt: skip
    return table(caption, heads, rows)


def table(
    caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[tuple[str, str]]]
) -> str:
    """A table: its heads and cells, each with what it is."""
    top = "".join(f'<th scope="col"{_class(kind)}>{text(head)}</th>' for head, kind in heads)
    body = "\n".join(
        "<tr>" + "".join(f"<td{_class(kind)}>{text(cell)}</td>" for cell, kind in row) + "</tr>"
        for row in rows
    )
    more = "<th></th>" if rows and len(next(iter(rows), ())) > len(heads) else ""
    return (
        f'<div class="scroll"><table><caption>{text(caption)}</caption>'
        f"<thead><tr>{top}{more}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def notes(given: Sequence[Note]) -> str:
    """Sentences behind their labels."""
    if not given:
        return ""
    found = "\n".join(f"<dt>{text(n.label)}</dt><dd>{text(n.text)}</dd>" for n in given)
    return f"<dl>\n{found}\n</dl>"
