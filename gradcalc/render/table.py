"""Tables for a terminal: the value, the rows of each gradient, the notes, and the verdict last."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gradcalc.render.canvas import draw
from gradcalc.render.formula import formula_lines
from gradcalc.render.layout import plain_lines, table, text_columns
from gradcalc.render.notes import Note, closing_notes, opening_notes, title_text
from gradcalc.render.printable import printable
from gradcalc.render.rows import gradient_rows, hidden_text, visible
from gradcalc.render.style import Style
from gradcalc.render.text import shape_text
from gradcalc.report import InputGradient, Outcome, Report

# rich takes 3 s for 10,000 rows.
_MOST_RICH_ROWS = 2_000
_BLANK = Text("")

_LABEL_COLORS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(Outcome, "bold yellow"),
        Outcome.VERIFIED: "bold green",
        Outcome.VANISHED: "bold green",
        Outcome.WRONG: "bold red",
        "finding": "yellow",
        "tip": "cyan",
    }
)


def render(reports: Sequence[Report], style: Style) -> str:
    """The reports one under the other, with their programs as titles where there are several."""
    return "\n".join(_report(report, style, titled=len(reports) > 1) for report in reports)


def _report(report: Report, style: Style, *, titled: bool) -> str:
    parts = []
    if titled:
        title = Text(printable(title_text(report), unicode=style.unicode), "bold", overflow="fold")
        parts.append(draw(title, style=style))
    opening = opening_notes(report)
    parts.append(draw(notes_grid(opening, style), _BLANK, style=style))
    parts.extend(_gradient(report, gradient, style) for gradient in report.gradients)
    verdict = Note(report.verdict.outcome, report.verdict.message)
    parts.append(draw(notes_grid([*closing_notes(report), verdict], style), style=style))
    return "".join(parts)


def notes_grid(notes: Sequence[Note], style: Style) -> Table:
    """Labels and sentences in two columns; a label that repeats is said once."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    previous = ""
    for note in notes:
        label = Text(
            "" if note.label == previous else note.label, _LABEL_COLORS.get(note.label, "dim")
        )
        text = Text(
            printable(note.text, unicode=style.unicode), "bold" if note.label == "value" else ""
        )
        grid.add_row(label, text)
        previous = note.label
    return grid


def _gradient(report: Report, gradient: InputGradient, style: Style) -> str:
    """The heading, the rows, and how many rows are hidden."""
    parts: list[RenderableType] = [*heading(gradient, style)]
    if not gradient.size:
        return draw(*parts, _BLANK, style=style)
    shown = visible(gradient, show_all=style.show_all)
    rows = gradient_rows(report, gradient, shown)
    columns = text_columns(gradient.name, rows, style)
    if len(shown) > _MOST_RICH_ROWS:
        lines = plain_lines(columns, rows.ok, style)
        return draw(*parts, style=style) + "".join(f"{line}\n" for line in lines) + "\n"
    parts.append(table(columns, rows, style))
    hidden = hidden_text(gradient, shown)
    if hidden:
        parts.append(Text(f"{'…' if style.unicode else '...'} {hidden}", "dim"))
    return draw(*parts, _BLANK, style=style)


def heading(gradient: InputGradient, style: Style) -> Iterator[Text]:
    """What the rows below are the gradient by, and its formula."""
    name = printable(gradient.name, unicode=style.unicode)
    title = f"∇{name} f" if style.unicode else f"gradient by {name}"
    line = Text(title, "bold", overflow="fold")
    if gradient.formula is None:
        if gradient.shape:
            line.append(f"  of shape {shape_text(gradient.shape)}", "not bold dim")
        yield line
        return
    first, *more = formula_lines(gradient.formula, f"{title} = ", style)
    line.append(" = ", "not bold dim")
    line.append(first[len(title) + 3 :], "not bold cyan")
    yield line
    yield from (Text(further, "cyan", overflow="fold") for further in more)
