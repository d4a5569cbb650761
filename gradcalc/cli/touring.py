"""The tour in a terminal: a lesson is told, a command is run or edited, what was seen is said."""

import gc
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Protocol

from gradcalc.cli.app import main
from gradcalc.cli.help import Paper
from gradcalc.cli.output import say, style_for, write
from gradcalc.cli.prompting import Warming, interruptible
from gradcalc.cli.tour import number_of
from gradcalc.codes import INTERRUPTED
from gradcalc.errors import UsageError
from gradcalc.tour.lessons import FURTHER, LESSONS, Step

KEYS = (
    "Enter runs the command that is shown, e lets you edit it first; you can also type one of your"
    " own. b goes back, s skips, a number goes to that lesson, ? says this again, q leaves."
)

PROMPT, FURTHER_PROMPT = "> ", ". "


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where something is typed: before the step of a lesson, or behind all of them."""

    lesson: int
    step: int | None

    @property
    def shown(self) -> Step | None:
        """The command that Enter runs, None where it goes on."""
        return None if self.step is None else LESSONS[self.lesson].steps[self.step]


class _Left(Exception):
    """Whoever takes the tour has had enough."""


class Reader(Protocol):
    """Where lines are typed. Both raise `EOFError` at the end."""

    def line(self, prompt: str) -> str:
        """What is typed behind a prompt."""

    def edited(self, prompt: str, text: str) -> str | None:
        """What is made of a text that stands there already, None where that cannot be."""

    def offer(self, text: str) -> None:
        """Have a text come up as the line before."""


def tour(first: int) -> None:
    """Take whoever types through the lessons, from one on."""
    # switched off for commands that answer once
    gc.enable()
    warming = Warming()
    warming.begin()
    with interruptible():
        Tour(Terminal(), partial(warming.wait, telling=True)).run(first)


class Tour:
    """The tour as it goes: where it stands, and what is done with each line.

    `ready` waits for what is imported meanwhile.
    """

    def __init__(self, reader: Reader, ready: Callable[[], None]) -> None:
        self._reader, self._ready = reader, ready
        self._stops = list(_stops())
        self._at = 0
        self._told: int | None = None

    def run(self, first: int) -> None:
        """Read and answer until the end, or until it is left."""
        self._say(KEYS)
        self._at = self._start(first - 1)
        try:
            while self._at < len(self._stops):
                self._once()
        except (EOFError, _Left):
            return
        self._say(FURTHER)

    def _once(self) -> None:
        """Tell where it stands, and do what the next line says; Ctrl-C takes the line back, or
        cancels its answer."""
        try:
            self._tell()
            self._do(self._reader.line(PROMPT).strip())
        except KeyboardInterrupt:
            write("\n", sys.stdout)

    # -- what is told ------------------------------------------------------------------------------

    def _tell(self) -> None:
        """The lesson, if it is not told yet, and the command."""
        stop = self._stops[self._at]
        paper = _paper()
        if self._told != stop.lesson:
            lesson = LESSONS[stop.lesson]
            title = f"{stop.lesson + 1} of {len(LESSONS)}  {lesson.title}"
            lines = [paper.heading(title), "", *paper.paragraph(_one_line(lesson.text))]
            write("\n" + "".join(f"{line}\n" for line in lines), sys.stdout)
            self._told = stop.lesson
        if stop.shown is None:
            following = stop.lesson + 1
            self._say(f"Enter goes on to {following + 1}: {LESSONS[following].title}.")
        else:
            typed = stop.shown.command.replace("\n", "\n> ")
            write(f"\n{paper.heading('$')} {typed}\n", sys.stdout)
            if "\n" not in typed:
                self._reader.offer(stop.shown.command)

    def _say(self, text: str) -> None:
        lines = _paper().paragraph(_one_line(text))
        write("\n" + "".join(f"{line}\n" for line in lines), sys.stdout)

    # -- what is typed -----------------------------------------------------------------------------

    def _do(self, line: str) -> None:
        shown = self._stops[self._at].shown
        match line:
            case "":
                self._enter(shown)
            case "q" | "quit" | "exit":
                raise _Left
            case "b":
                self._back()
            case "s":
                self._skip()
            case "?" | "h" | "help":
                self._say(KEYS)
            case "e" if shown is not None:
                self._edit(shown)
            case _ if line.isdigit():
                self._go(line)
            case _:
                self._typed(line)

    def _enter(self, shown: Step | None) -> None:
        if shown is not None:
            self._answer(shlex.split(shown.command))
        else:
            self._at += 1

    def _back(self) -> None:
        """Go to the command before; from the first of a lesson that is one of another."""
        before = (k for k in reversed(range(self._at)) if self._stops[k].shown is not None)
        self._at = next(before, self._at)

    def _skip(self) -> None:
        """Go to the command behind, or to the end."""
        behind = range(self._at + 1, len(self._stops))
        self._at = next((k for k in behind if self._stops[k].shown is not None), len(self._stops))

    def _go(self, number: str) -> None:
        try:
            self._at, self._told = self._start(number_of(number) - 1), None
        except UsageError as error:
            self._say(f"{error}: {error.hint}")

    def _start(self, lesson: int) -> int:
        return next(k for k, stop in enumerate(self._stops) if stop.lesson == lesson)

    def _edit(self, shown: Step) -> None:
        """Let the command be edited, line by line, and run it."""
        lines = []
        for k, text in enumerate(shown.command.split("\n")):
            line = self._reader.edited(FURTHER_PROMPT if k else PROMPT, text)
            if line is None:
                self._say("This Python has no readline to edit with: type the command anew.")
                return
            lines.append(line)
        if lines[0].strip():
            self._typed("\n".join(lines))

    def _typed(self, line: str) -> None:
        """Run a command line; as in a shell, quotes may go on in the next line."""
        line = line.removeprefix("$ ")
        while True:
            try:
                words = shlex.split(line)
                break
            except ValueError as reason:
                if "quotation" not in str(reason):
                    self._say("A backslash has nothing behind it.")
                    return
            line += "\n" + self._reader.line(FURTHER_PROMPT)
        if words[:1] != ["gradcalc"]:
            words = ["gradcalc", *words]
        if words[1:2] == ["tour"]:
            self._say("This is the tour: a number goes to that lesson.")
        else:
            self._answer(words)

    def _answer(self, words: Sequence[str]) -> None:
        """Run a command. If it is the one that is shown, say what was to be seen, and go on."""
        self._ready()
        write("\n", sys.stdout)
        code = main(words[1:])
        if code == INTERRUPTED:
            say("cancelled\n")
            return
        stop = self._stops[self._at]
        if stop.shown is not None and words == shlex.split(stop.shown.command):
            self._say(stop.shown.seen)
            self._at += 1


def _stops() -> Iterator[Stop]:
    for lesson, row in enumerate(LESSONS):
        yield from (Stop(lesson, step) for step in range(len(row.steps)))
        if lesson + 1 < len(LESSONS):
            yield Stop(lesson, None)


def _paper() -> Paper:
    return Paper(style_for(sys.stdout))


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Terminal:
    """Lines from a terminal, edited by readline where Python has that."""

    def __init__(self) -> None:
        self._readline: Any = None
        # some Pythons are built without it
        with suppress(ImportError):
            self._readline = import_module("readline")

    def line(self, prompt: str) -> str:
        """What is typed behind a prompt."""
        try:
            return input(prompt)
        except EOFError:
            write("\n", sys.stdout)
            raise

    def edited(self, prompt: str, text: str) -> str | None:
        """What is made of a text that stands there already, None without readline."""
        if self._readline is None:
            return None
        self._readline.set_startup_hook(lambda: self._readline.insert_text(text))
        try:
            return self.line(prompt)
        finally:
            self._readline.set_startup_hook(None)

    def offer(self, text: str) -> None:
        """Have the arrow up bring a text."""
        if self._readline is not None:
            self._readline.add_history(text)
