"""An error drawn for a person: the sentence, the source line with a caret, and a tip."""

import bisect
import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from gradcalc.errors import GradcalcError, Span
from gradcalc.render.canvas import draw
from gradcalc.render.printable import printable
from gradcalc.render.style import Style

_TAB = 4
# Enough for the dots and the longest spelling of a character, `\U0010ffff`, whatever the width.
_LEAST_ROOM = 32


def render_error(error: GradcalcError, style: Style) -> str:
    """The error in lines; only the source line is cropped to the width, sentences are not."""

    def safe(text: str) -> str:
        return printable(text, unicode=style.unicode)

    lines = [Text.assemble(("error: ", "bold red"), (safe(error.message), "bold"))]
    if error.span is not None and error.source is not None:
        lines.extend(excerpt(error.source, error.span, style))
    if error.hint:
        lines.append(Text.assemble(("tip: ", "bold cyan"), safe(error.hint)))
    return draw(*lines, style=style, wrap=False)


def excerpt(source: str, span: Span, style: Style) -> list[Text]:
    """The line where the span begins, and carets under it."""
    lines = re.split(r"\r\n|\r|\n", source)
    if not 1 <= span.line <= len(lines):
        return []
    gutter = f"{span.line} | "
    room = max(style.width - len(gutter), _LEAST_ROOM)
    view = _view(lines[span.line - 1], span, room, style)
    below = f"{' ' * (len(gutter) - 2)}| "
    return [
        Text.assemble((gutter, "blue"), view.text),
        Text.assemble((below, "blue"), " " * view.start, ("^" * view.length, "bold red")),
    ]


@dataclass(frozen=True, slots=True)
class _View:
    """A part of a line as it is shown, and the terminal cells that the span takes in it."""

    text: str
    start: int
    length: int


def _view(line: str, span: Span, room: int, style: Style) -> _View:
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    first = min(max(span.column - 1, 0), len(line))
    last = min(max(end, first), len(line), first + room)
    # Beyond one width to either side nothing can be visible, however long the line is.
    low, high = max(first - room, 0), min(last + room, len(line))
    pieces, edges = _cells(line[low:high], style)
    start, stop = edges[first - low], max(edges[last - low], edges[first - low] + 1)
    dots = "…" if style.unicode else "..."
    begin, finish = 0, len(pieces)
    if low > 0 or high < len(line) or max(edges[-1], stop) > room:
        begin, finish = _window(edges, start, stop, room - 2 * len(dots), ends=high == len(line))
    before = dots if low + begin > 0 else ""
    after = dots if low + finish < len(line) else ""
    text = before + "".join(pieces[begin:finish]) + after
    length = max(min(stop, edges[finish]) - start, 1)
    return _View(text, start - edges[begin] + len(before), length)


def _window(edges: list[int], start: int, stop: int, room: int, *, ends: bool) -> tuple[int, int]:
    """The characters to keep so that the span is in the middle, or begins where it is too long."""
    left = start - max(room - (stop - start), 0) // 2
    if ends:
        left = min(left, max(edges[-1], stop) - room)
    left = max(left, 0)
    begin = bisect.bisect_left(edges, left)
    return begin, bisect.bisect_right(edges, left + room) - 1


def _cells(text: str, style: Style) -> tuple[list[str], list[int]]:
    """Each character as it is shown, and the cell where each begins, with the end of the last."""
    pieces: list[str] = []
    edges = [0]
    for char in text:
        blank = " " * (_TAB - edges[-1] % _TAB)
        piece = blank if char == "\t" else printable(char, unicode=style.unicode)
        pieces.append(piece)
        edges.append(edges[-1] + cell_len(piece))
    return pieces, edges
