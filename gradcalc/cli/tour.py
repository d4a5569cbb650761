"""`gradcalc tour`: lessons of autograd in the terminal, or as Markdown where there is none."""

import io
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Annotated

import typer

from gradcalc.cli.arguments import PlainCommand
from gradcalc.cli.output import is_terminal, write
from gradcalc.errors import UsageError
from gradcalc.tour.lessons import LESSONS

_PAGE = {"COLUMNS": "88", "NO_COLOR": "1"}
"""The environment of commands whose output is to stand in a page."""


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, cls=PlainCommand)(_tour)


def _tour(
    lesson: Annotated[str | None, typer.Argument()] = None,
    listed: Annotated[bool, typer.Option("--list")] = False,
) -> None:
    first = number_of(lesson) if lesson is not None else 1
    if listed:
        write("".join(f"{line}\n" for line in _listing(first)), sys.stdout)
    elif is_terminal(sys.stdin) and is_terminal(sys.stdout):
        from gradcalc.cli.touring import tour

        tour(first)
    else:
        _print_page(first)


def number_of(text: str) -> int:
    """The number of a lesson that is typed. Raises `UsageError` where there is no such one."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= len(LESSONS)):
        raise UsageError(
            f"there is no lesson {text}",
            hint=f"they have the numbers 1 to {len(LESSONS)}: gradcalc tour --list",
        )
    return int(text)


def _listing(first: int) -> Iterator[str]:
    for number, lesson in enumerate(LESSONS[first - 1 :], first):
        yield f"{number:2}  {lesson.title}"


def _print_page(first: int) -> None:
    """Print the tour as Markdown, each lesson as soon as its commands are done."""
    from gradcalc.tour.page import page

    with _on_a_page():
        for part in page(_output, first):
            write(part, sys.stdout)


class _Paper(io.StringIO):
    """What looks like a terminal to a command, so that it prints what people read."""

    def isatty(self) -> bool:
        return True


def _output(command: str) -> str:
    """What a command prints, without blanks at the ends of lines."""
    from gradcalc.cli.app import main

    told = _Paper()
    # what takes its time is told to terminals alone
    with redirect_stdout(told), redirect_stderr(io.StringIO()) as errors:
        main(shlex.split(command)[1:])
    text = errors.getvalue() + told.getvalue()
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@contextmanager
def _on_a_page() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*_PAGE, "FORCE_COLOR")}
    os.environ.update(_PAGE)
    os.environ.pop("FORCE_COLOR", None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
