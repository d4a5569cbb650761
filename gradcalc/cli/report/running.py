"""What a block says, run: its command lines, and what they print as Markdown."""

import io
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from gradcalc.cli.options import rows
from gradcalc.cli.report.blocks import BEGIN, END
from gradcalc.codes import COMMANDS, INTERRUPTED, completed
from gradcalc.errors import GradcalcError, UsageError

WIDTH = "88"
"""The characters of a line: what is shown beside text without scrolling."""

_PAPER = {"COLUMNS": WIDTH, "NO_COLOR": "1"}

_LANGUAGES = {
    "json": "json", "latex": "latex", "csv": "csv", "numpy": "python", "torch": "python",
    "jax": "python", "python": "python", "c": "c", "julia": "julia", "mermaid": "mermaid",
}  # fmt: skip
"""What a block is called whose text is highlighted."""

_LISTING = "functions"


@dataclass(frozen=True, slots=True)
class Result:
    """What a command line printed, its exit code, and in which language it is."""

    command: str
    text: str
    code: int
    language: str | None


class _Screen(io.StringIO):
    """What takes the place of a terminal, so that a table is printed for people."""

    def isatty(self) -> bool:
        return True


class _Beside(io.StringIO):
    """What is written beside that, at its place."""

    def __init__(self, screen: _Screen) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str) -> int:
        return self._screen.write(text)


def results(text: str, *, run_code: bool) -> list[Result]:
    """What the command lines of a block print."""
    try:
        found = list(_commands(text))
    except UsageError as error:
        return [Result("", _told(error), error.exit_code, "text")]
    return [_result(command, words, run_code=run_code) for command, words in found]


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The command lines of a block, with the words of each, which may go on over lines.

    Raises `UsageError` where quotation marks are not closed.
    """
    held = ""
    for line in text.splitlines():
        if not held and (not line.strip() or line.lstrip().startswith("#")):
            continue
        held += ("\n" if held else "") + line
        if held.endswith("\\"):
            continue
        try:
            words = shlex.split(held.replace("\\\n", " "))
        except ValueError:
            continue
        words = words[1:] if words[:1] == ["$"] else words
        words = words[1:] if words[:1] == ["gradcalc"] else words
        if words:
            yield re.sub(r"^\s*\$\s+", "", held), words
        held = ""
    if held:
        raise UsageError("a quotation mark is not closed, or a line ends with \\")


def _result(command: str, words: Sequence[str], *, run_code: bool) -> Result:
    from gradcalc.cli.app import main

    argv = _seeded(completed(list(words)))
    try:
        _check(argv, run_code=run_code)
    except UsageError as error:
        return Result(command, _told(error), error.exit_code, "text")
    screen = _Screen()
    with _paper(), redirect_stdout(screen), redirect_stderr(_Beside(screen)):
        code = main(argv)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    text = "".join(f"{line.rstrip()}\n" for line in screen.getvalue().splitlines())
    return Result(command, text.strip("\n"), code, "text" if code == 2 else _language(argv))


def _check(argv: Sequence[str], *, run_code: bool) -> None:
    """Refuse what a text that anybody has written should not do."""
    name = argv[0]
    if name == "check" and not run_code:
        raise UsageError(
            "check runs the code that it checks, which a report does only if it is told to",
            hint="gradcalc report FILE.md --run-code, for one that you trust",
        )
    known = name in COMMANDS and (COMMANDS[name].takes_program or name in (_LISTING, "check"))
    if not known:
        raise UsageError(
            f"a report runs no {name}", hint="it runs grad, why, explain, formula and the like"
        )
    if any(word == "-" or "@-" in word for word in argv):
        raise UsageError("a report reads nothing from standard input")
    written = {row.flag for row, _ in rows(name).values() if row.writes}
    for word in argv:
        if word.partition("=")[0] in written:
            raise UsageError(
                f"a report writes no other file, so {word.partition('=')[0]} is refused in it"
            )


def _seeded(argv: list[str]) -> list[str]:
    """A command line whose random numbers are the same each time."""
    seeded = any(word.partition("=")[0] == "--seed" for word in argv)
    if seeded or not any("rand" in word for word in argv) or argv[0] not in COMMANDS:
        return argv
    return [argv[0], "--seed=0", *argv[1:]] if COMMANDS[argv[0]].takes_program else argv


@contextmanager
def _paper() -> Iterator[None]:
    """Let everything be drawn as wide, and without colours, wherever it is."""
    before = {name: os.environ.get(name) for name in _PAPER}
    os.environ.update(_PAPER)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _told(error: GradcalcError) -> str:
    from gradcalc.render import Style
    from gradcalc.render.canvas import render_error

    return render_error(error, Style(width=int(WIDTH), color=False)).rstrip("\n")


def _language(argv: Sequence[str]) -> str | None:
    """What a text is written in; None for Markdown, which is to be seen as that."""
    said = {"--json": "json"} if "--json" in argv else {}
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        flag, equals, text = word.partition("=")
        if flag in ("--format", "--to"):
            said[flag] = text if equals else following
    default = "numpy" if argv[0] == "export" else ""
    form = next(iter(said.values()), default)
    return None if form == "markdown" else _LANGUAGES.get(form, "text")


# -- as Markdown ----------------------------------------------------------------------------------


def written(found: Sequence[Result], indent: str) -> list[str]:
    """The lines of results between their marks; of several, each below its command."""
    lines = [BEGIN]
    for result in found:
        if len(found) > 1 and lines[-1] != BEGIN:
            lines.append("")
        lines += _written(result, named=len(found) > 1)
    return [f"{indent}{line}".rstrip() for line in (*lines, END)]


def _written(result: Result, *, named: bool) -> Iterator[str]:
    text = result.text.replace(END, END.replace("/", "/ ")).replace(BEGIN, BEGIN.replace(" g", "g"))
    if result.language is None:
        yield from ("", *text.split("\n"), "")
        return
    lines = text.split("\n") if text else []
    if named and result.command:
        lines = [*(f"$ {line}" if k == 0 else f"  {line}"
                   for k, line in enumerate(result.command.split("\n"))), *lines]  # fmt: skip
    if not lines:
        return
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", "\n".join(lines))), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}{'text' if named else result.language}"
    yield from lines
    yield fence
