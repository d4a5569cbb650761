"""What is drawn for a person: errors with the place in the source, formulas in lines.

By rich, made pure: what it draws depends on the style and on nothing in the environment.
"""

import bisect
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from gradcalc.errors import GradcalcError, Span
from gradcalc.expr.written import Written
from gradcalc.lang.files import line_of
from gradcalc.render import Style

NARROWEST = 20

_TAB = 4
# Enough for the dots and the longest spelling of a character, `\U0010ffff`, whatever the width.
_LEAST_ROOM = 32

_MOST_LINES = 12
_HANGING = 4
# What is only torn apart when it is longer than a line: names, numbers, signs.
_PIECE = re.compile(r"[\w.]+|\*\*|//|[<>=!]=|.")


def draw(*parts: RenderableType, style: Style, wrap: bool = True) -> str:
    """The parts one under the other, without blanks at the ends of lines."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=max(style.width, NARROWEST),
        height=100,
        force_terminal=style.color,
        force_jupyter=False,
        force_interactive=False,
        color_system="standard" if style.color else None,
        no_color=not style.color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=not wrap)
    return "".join(f"{line.rstrip(' ')}\n" for line in file.getvalue().split("\n")[:-1])


# -- errors ------------------------------------------------------------------------------------


def render_error(error: GradcalcError, style: Style) -> str:
    """The error in lines; only the source line is cropped to the width, sentences are not."""

    lines = [Text.assemble(("error: ", "bold red"), (style.safe(error.message), "bold"))]
    if error.span is not None and error.source is not None:
        lines.extend(excerpt(error.source, error.span, style))
    if error.hint:
        lines.append(Text.assemble(("tip: ", "bold cyan"), style.safe(error.hint)))
    return draw(*lines, style=style, wrap=False)


def excerpt(source: str, span: Span, style: Style) -> list[Text]:
    """The line where the span begins, and carets under it."""
    lines = re.split(r"\r\n|\r|\n", source)
    place = line_of(source, span.file, span.line)
    if not 1 <= place <= len(lines):
        return []
    gutter = f"{span.line} | " if span.file is None else f"{span.file}, line {span.line} | "
    room = max(style.width - len(gutter), _LEAST_ROOM)
    view = _view(lines[place - 1], span, room, style)
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
    begin, finish, dots = 0, len(pieces), style.dots
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
        piece = blank if char == "\t" else style.safe(char)
        pieces.append(piece)
        edges.append(edges[-1] + cell_len(piece))
    return pieces, edges


# -- formulas ----------------------------------------------------------------------------------


def formula_lines(formula: Written, title: str, style: Style) -> list[str]:
    """A formula behind its title, its parts below; beyond some lines only how much is left.

    The first line begins with the title, however narrow the place is. No character of the formula
    is lost but the blanks at which a line ends.
    """
    lines = [
        line
        for beginning, text in _texts(formula, title, style)
        for line in _filled(beginning, text, max(style.width, NARROWEST))
    ]
    if style.show_all or len(lines) <= _MOST_LINES:
        return lines
    shown, hidden = lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1 :]
    count = sum(len(line.strip()) for line in hidden)
    return [*shown, f"{style.dots} {count:,} more characters; --all shows them"]


def _texts(formula: Written, title: str, style: Style) -> Iterator[tuple[str, str]]:
    yield title, style.safe(formula.body)
    for position, (name, text) in enumerate(formula.parts):
        word = "     " if position else "where"
        safe = style.safe(name)
        yield f"  {word} {safe} = ", style.safe(text)


def hung(text: str, width: int, indent: str = "") -> Iterator[str]:
    """A text in lines, all but the first indented; words are only torn that no line has room for.

    Two blanks are kept together, where no line ends.
    """
    words = text.lstrip(" ")
    line, begun = text[: len(text) - len(words)], False
    for word in words.split(" "):
        if cell_len(f"{line} {word}" if begun else f"{line}{word}") <= width:
            line, begun = f"{line} {word}" if begun else f"{line}{word}", True
            continue
        if begun:
            yield line.rstrip(" ")
            line = indent
        *full, line = _torn(line, word, width, indent)
        yield from full
        begun = bool(word)
    yield line


def _filled(beginning: str, text: str, width: int) -> Iterator[str]:
    """The text behind its beginning, in as few lines as it takes; all but the first hang."""
    inner = len(beginning) - len(beginning.lstrip()) + _HANGING
    indent = " " * min(inner, width // 2)
    line, begun = beginning, False
    for word in text.split(" "):
        blank = " " if begun else ""
        if cell_len(line + blank + word) <= width:
            line, begun = line + blank + word, True
            continue
        if begun:
            yield line
            line = indent
        *full, line = _torn(line, word, width, indent)
        yield from full
        begun = True
    yield line


def _torn(line: str, word: str, width: int, indent: str) -> Iterator[str]:
    """A word that does not fit the line, over several: between names and signs if that will do."""
    if line != indent and cell_len(indent + word) <= width:
        # Behind the beginning there is no room for it, but there is on a line of its own.
        yield line.rstrip(" ")
        yield indent + word
        return
    for piece in _PIECE.findall(word):
        if cell_len(line + piece) > width and line.strip():
            yield line.rstrip(" ")
            line = indent
        for char in piece if cell_len(line + piece) > width else (piece,):
            if cell_len(line + char) > width:
                yield line.rstrip(" ")
                line = indent
            line += char
    yield line
