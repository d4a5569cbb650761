"""Formulas in lines: broken where there is a blank, and cut short where they are long."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from gradcalc.expr.written import Written
from gradcalc.render.canvas import NARROWEST
from gradcalc.render.printable import printable
from gradcalc.render.style import Style

_MOST_LINES = 12
_HANGING = 4
# What is only torn apart when it is longer than a line: names, numbers, signs.
_PIECE = re.compile(r"[\w.]+|\*\*|//|[<>=!]=|.")


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
    return [
        *shown,
        f"{'…' if style.unicode else '...'} {count:,} more characters; --all shows them",
    ]


def _texts(formula: Written, title: str, style: Style) -> Iterator[tuple[str, str]]:
    yield title, printable(formula.body, unicode=style.unicode)
    for position, (name, text) in enumerate(formula.parts):
        word = "     " if position else "where"
        safe = printable(name, unicode=style.unicode)
        yield f"  {word} {safe} = ", printable(text, unicode=style.unicode)


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
