"""The commands shown in the documentation: finding them, running them, writing their output.

A block that starts with ```console holds commands behind `$ ` (continued behind `> `), each with
its output below. All blocks of a page run in one empty directory, in order. `python -m
tests.examples` writes what the commands print now into the pages.
"""

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from gradcalc.cli.app import main
from gradcalc.reference.document import document
from gradcalc.tour.page import page
from tests.processes import HANGS, PATIENT

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TERMINAL = {"COLUMNS": "88", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
LONG_NUMBER = re.compile(r"-?\d*\.\d{13,}(e[+-]\d+)?|-?\d{16,}")
SECONDS = re.compile(r" in \d+\.\d s$", re.MULTILINE)
LAST_DIGITS = re.compile(r"1[4-6]\.\d of 15\.9")
SHELL = re.compile(r"[|<>;&`$]|\\\n")


@dataclass(frozen=True)
class Example:
    """One command of a page and the output shown below it."""

    command: str
    shown: str


class Screen(io.StringIO):
    """A terminal without colours."""

    def isatty(self) -> bool:
        return True


def blocks(text: str) -> list[list[Example]]:
    """The examples of a page, block by block."""
    return [list(_examples(match.group(1))) for match in BLOCK.finditer(text)]


def _examples(block: str) -> Iterator[Example]:
    command, shown = "", ""
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield Example(command, shown)
            command, shown = line[2:].rstrip("\n"), ""
        elif line.startswith("> ") and not shown:
            command += "\n" + line[2:].rstrip("\n")
        else:
            shown += line
    if command:
        yield Example(command, shown)


class Session:
    """Runs commands one after the other, remembering the last exit code.

    `variables` are further ones of the environment that commands of the shell get.
    """

    def __init__(self, **variables: str) -> None:
        self.code = 0
        self._variables = variables

    def run(self, command: str) -> str:
        """What the command prints, standard error included."""
        if command == "echo $?":
            return f"{self.code}\n"
        if command.startswith("gradcalc ") and not SHELL.search(_unquoted(command)):
            screen = Screen()
            with redirect_stdout(screen), redirect_stderr(screen):
                self.code = main(shlex.split(command)[1:])
            return screen.getvalue()
        # this checkout answers, whatever is installed
        here = f'gradcalc() {{ "{sys.executable}" -m gradcalc "$@"; }}\n'
        result = subprocess.run(
            ["bash", "-c", here + command],
            env={**os.environ, **PATIENT, **TERMINAL, **self._variables, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=HANGS,
            check=False,
        )
        self.code = result.returncode
        return result.stdout


def _unquoted(command: str) -> str:
    return re.sub(r'"[^"$`]*"|\'[^\']*\'', "", command)


@contextmanager
def page_directory() -> Iterator[None]:
    """An empty directory, with the environment of a plain terminal."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, TERMINAL):
        os.environ.pop("FORCE_COLOR", None)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def tidy(output: str) -> str:
    """Output without spaces at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in output.splitlines())


def portable(output: str) -> str:
    """Output without what differs: times, rounded last digits and widths of columns."""
    shorter = LONG_NUMBER.sub(lambda match: f"{float(match.group()):.12g}", tidy(output))
    shorter = SECONDS.sub(" in a while", LAST_DIGITS.sub("all digits", shorter))
    return re.sub(r"(?<=\S)[ ─]{2,}", " ", shorter)


def rewritten(text: str) -> str:
    """The page with the output that its commands give now."""
    session = Session()

    def fresh(match: re.Match[str]) -> str:
        parts = []
        for example in _examples(match.group(1)):
            command = example.command.replace("\n", "\n> ")
            parts.append(f"$ {command}\n{tidy(session.run(example.command))}")
        return f"```console\n{''.join(parts)}```"

    with page_directory():
        return BLOCK.sub(fresh, text)


FUNCTIONS = ROOT / "docs" / "functions.md"
TOUR = ROOT / "docs" / "tour.md"

if __name__ == "__main__":
    FUNCTIONS.write_text(document(), encoding="utf-8")
    TOUR.write_text("".join(page(lambda command: "")), encoding="utf-8")
    for page in PAGES:
        page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
