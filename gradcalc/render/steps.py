"""The steps of a calculation as tables for a terminal: there, and back."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from gradcalc.render import Style
from gradcalc.render.canvas import draw, formula_lines
from gradcalc.render.step_lines import (
    MARKS,
    Line,
    backward,
    begins,
    closing,
    forward,
    numbers_text,
    opening,
    title,
)
from gradcalc.render.table import notes_grid
from gradcalc.steps.data import Mark, Steps

COLORS = {
    Mark.RIGHT: "green", Mark.INEXACT: "yellow", Mark.WRONG: "bold red", Mark.LOST: "bold magenta",
    Mark.CHOICE: "cyan", Mark.UNKNOWN: "",
}  # fmt: skip


def render(walks: Sequence[Steps], style: Style) -> str:
    """Calculations step by step, one under the other."""
    return "\n".join(_walk(steps, style) for steps in walks)


def _walk(steps: Steps, style: Style) -> str:
    above = opening(steps, style)
    parts = [draw(notes_grid(above, style), style=style)] if above else []
    there, back = list(forward(steps, style)), list(backward(steps, style))
    parts.append(_table("forward", there, style))
    if back:
        parts.append(_table(begins(steps, style), back, style))
    parts += [_result(steps, name, style) for name in steps.report.gradient]
    notes = closing(steps, (line.mark for line in (*there, *back)), style)
    parts.append(draw(notes_grid(notes, style), style=style))
    return "\n".join(parts)


def _result(steps: Steps, name: str, style: Style) -> str:
    """The formula of a gradient, and the numbers that have come back."""
    report = steps.report
    gradient = next(g for g in report.gradients if g.name == name)
    left = title(steps, name, style)
    lines = [] if gradient.formula is None else formula_lines(gradient.formula, f"{left} = ", style)
    if not steps.points:
        lines.append(f"{left} = {numbers_text(gradient.best, report, style)}")
    return draw(*(Text(line, "bold") for line in lines), style=style)


def _table(title: str, lines: Sequence[Line], style: Style) -> str:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    for _ in range(5):
        table.add_column(overflow="fold")
    for line in lines:
        mark = Text(MARKS[style.unicode][line.mark], COLORS[line.mark])
        table.add_row(
            line.number, line.what, line.formula, line.value, mark, Text(line.rule, "dim")
        )
    return draw(Text(title, "bold"), table, style=style)
