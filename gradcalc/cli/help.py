"""The help as text: `-h` fits one screen, `--help` has everything, in any width."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

import typer

from gradcalc.cli.pages import Entry, Page, Section, page
from gradcalc.cli.reference import EXAMPLES, Rows
from gradcalc.render import Style

HELPS = ("--help", "-h")
"""What asks for help: for all of it, or for the short one."""

START = "gradcalc takes the gradient of a function and checks it."

_READABLE = 100
"""No line of text is longer, however wide the terminal is: the eye loses its way back."""

_TERM = 24
"""What is longer than that is a line of its own above its text."""

_TEXT = 36
"""The fewest characters in which text reads well beside a term; with less it goes below."""

_INDENT = "  "
_USUAL_EXAMPLES = 3
_FIRST_EXAMPLES = 5
_WORD = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""
_WORDS = re.compile(rf"--{_WORD} (?!-){_WORD}|{_WORD}")
"""The words of a command, an option with its value as one."""

_TOGETHER = re.compile(r"\[[^]]*\]")
_NO_BREAK = "\N{NO-BREAK SPACE}"


def whole(path: Sequence[str], style: Style) -> str:
    """All there is to say of a command, by its words."""
    found = page(*path)
    paper = Paper(style, column_of(e for section in found.sections for e in section.entries))
    return _joined(
        paper.usage(found),
        *(paper.paragraph(text) for text in found.about),
        *(paper.section(section) for section in found.sections),
        paper.examples(found.examples),
    )


def short(path: Sequence[str], style: Style) -> str:
    """What is needed at first: the usual options and three examples."""
    found = page(*path)
    entries = [e for s in found.sections for e in s.entries if e.usual and e.name not in HELPS]
    paper = Paper(style, column_of(entries))
    count = len(found.options)
    more = f"all {count} options" if count > max(len(entries), 1) else "everything"
    return _joined(
        paper.usage(found),
        paper.paragraph(found.about[0]),
        paper.entries([Entry(e.name, e.value, in_short(e.text)) for e in entries]),
        [paper.heading("Examples"), *paper.beside(found.examples[:_USUAL_EXAMPLES])],
        paper.paragraph(f"{found.name} --help shows {more}."),
    )


def start(style: Style) -> str:
    """What to type first."""
    paper = Paper(style)
    end = (
        "gradcalc -h lists the commands, gradcalc grad -h the usual options, gradcalc tour shows"
        " around."
    )
    examples = paper.beside(EXAMPLES[:_FIRST_EXAMPLES])
    return _joined(paper.paragraph(START), examples, paper.paragraph(end))


def _joined(*parts: Sequence[str]) -> str:
    """The parts with an empty line between two."""
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts if part)


def in_short(text: str) -> str:
    """The first sentence, or what stands before a semicolon."""
    return re.split(r"[.;](?: |$)", text)[0] + "."


def column_of(entries: Iterable[Entry]) -> int:
    """Where texts begin that stand beside their terms."""
    terms = (len(f"{e.name} {e.value}".rstrip()) for e in entries)
    return len(_INDENT) + 2 + max((n for n in terms if n <= _TERM), default=_TERM)


@dataclass(frozen=True, slots=True)
class Paper:
    """Lays out text in the width of a style, and paints it in its colours.

    Texts beside terms begin at `column`.
    """

    style: Style
    column: int = 0

    @property
    def width(self) -> int:
        """The characters of a line."""
        return min(self.style.width, _READABLE)

    def paragraph(self, text: str, first: str = "", later: str = "") -> list[str]:
        """Text in lines, with what they begin with."""
        return wrap(
            text, self.width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
        )

    def usage(self, page: Page) -> list[str]:
        """How a command is called."""
        lines = []
        for usage, head in zip(page.usage, ("Usage: ", *[" " * 7] * len(page.usage)), strict=False):
            kept = _TOGETHER.sub(lambda found: found[0].replace(" ", _NO_BREAK), usage)
            lines += self.paragraph(kept, head, " " * 9)
        lines[0] = lines[0].replace("Usage:", self.heading("Usage:"))
        return [line.replace(_NO_BREAK, " ") for line in lines]

    def section(self, section: Section) -> list[str]:
        """A heading and what stands under it."""
        return [self.heading(section.heading), *self.entries(section.entries)]

    def heading(self, text: str) -> str:
        """What stands above other lines."""
        return self._paint(text, bold=True)

    def entries(self, entries: Sequence[Entry]) -> list[str]:
        """Each with its text beside it, or below it where that would be a narrow column."""
        column = self.column if self.width - self.column >= _TEXT else 2 * len(_INDENT)
        return [line for entry in entries for line in self._entry(entry, column)]

    def _entry(self, entry: Entry, column: int) -> Iterator[str]:
        value = f" {entry.value}" if entry.value else ""
        length = len(_INDENT) + len(entry.name) + len(value)
        term = _INDENT + self._paint(entry.name, fg="cyan", bold=True) + value
        text = self.paragraph(entry.text, " " * column, " " * column)
        if text and length + 2 <= column:
            yield term + text.pop(0)[length:]
        else:
            yield term
        yield from text

    def examples(self, examples: Rows) -> list[str]:
        """Commands with what they are for above them."""
        lines = [self.heading("Examples")]
        for command, purpose in examples:
            comment = self.paragraph(purpose, f"{_INDENT}# ", f"{_INDENT}# ")
            lines += [self._paint(line, dim=True) for line in comment]
            lines += self.command(command)
        return lines

    def beside(self, examples: Rows) -> list[str]:
        """Commands with what they are for behind them, if there is room for that."""
        column = 2 * len(_INDENT) + max(len(command) for command, _ in examples)
        if self.width < column + max(len(purpose) for _, purpose in examples):
            return self.examples(examples)[1:]
        return [
            f"{_INDENT}{command}".ljust(column) + self._paint(purpose, dim=True)
            for command, purpose in examples
        ]

    def command(self, command: str) -> list[str]:
        """A command as it can be pasted: lines end between its words, with a backslash."""
        lines = [_INDENT]
        for word in _WORDS.findall(command):
            room = self.width - len(" \\")
            if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > room:
                lines[-1] += " \\"
                lines.append(3 * _INDENT)
            lines[-1] += word if not lines[-1].strip() else f" {word}"
        return lines

    def _paint(self, text: str, **how: str | bool) -> str:
        return typer.style(text, **how) if self.style.color else text  # type: ignore[arg-type]
