"""Where statements come from: lines that are piped in, a plain prompt, or prompt_toolkit's."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcalc.cli.repl.lines import is_open, statements
from gradcalc.cli.repl.offered import offered, word_of
from gradcalc.errors import FileError
from gradcalc.located import located

if TYPE_CHECKING:
    from gradcalc.cli.prompting import Warming
    from gradcalc.cli.repl.session import Session

PROMPT, FURTHER = "> ", ". "

MISSING = (
    "prompt_toolkit is not installed, so lines are read plainly;"
    " pip install 'gradcalc[repl]' brings it\n"
)

_KEPT = 1000
"""Lines of the history that are kept without prompt_toolkit, which keeps all."""


def piped() -> Iterator[str]:
    """The statements on standard input, in UTF-8. Raises `FileError` for what is no text."""
    # whatever the locale says, as files are; what is no file of the system's is text already
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")
    try:
        yield from statements(sys.stdin)
    except UnicodeDecodeError:
        raise FileError("standard input is not a text in UTF-8") from None


def history_file() -> Path | None:
    """Where lines are remembered; None if nowhere."""
    named = os.environ.get("GRADCALC_HISTORY")
    if named is not None:
        return located(named) if named else None
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    with suppress(OSError, RuntimeError):
        path = located(state) / "gradcalc" / "history"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        if os.access(path, os.R_OK | os.W_OK):
            return path
    return None


def is_rich() -> bool:
    """Whether the terminal is one that prompt_toolkit can draw on."""
    return os.environ.get("TERM") != "dumb"


def is_there() -> bool:
    """Whether prompt_toolkit is installed."""
    return find_spec("prompt_toolkit") is not None


class Typed:
    """Statements from a plain prompt, with the history and completion of readline where it is."""

    def __init__(self, session: "Session", warming: "Warming") -> None:
        self._session, self._warming = session, warming
        self._readline = self._set_up()

    def _set_up(self) -> Any:
        try:
            import readline
        except ImportError:
            return None
        path = history_file()
        if path is not None:
            with suppress(OSError):
                readline.read_history_file(path)
        readline.set_history_length(_KEPT)
        readline.set_completer(self._complete)
        readline.set_completer_delims(" \t\n()[]{}+*/=,;@<>^|&%.:!~`\"'")
        readline.parse_and_bind("tab: complete")
        return readline

    def _complete(self, word: str, number: int) -> str | None:
        with suppress(Exception):
            before = self._readline.get_line_buffer()[: self._readline.get_endidx()]
            cut = len(word_of(before)) - len(word)
            found = offered(self._session, before, warm=self._warming.is_done)
            return found[number][cut:] if number < len(found) else None
        return None

    def read(self) -> str:
        """What is typed next. Raises `EOFError` at the end."""
        text = input(PROMPT)
        while is_open(text):
            text += "\n" + input(FURTHER)
        if self._readline is not None:
            path = history_file()
            with suppress(OSError):
                if path is not None:
                    self._readline.write_history_file(path)
        return text


def rich(session: "Session", warming: "Warming") -> Any:
    """A prompt of prompt_toolkit's: its `read` gives what is typed."""
    from gradcalc.cli.repl.prompt import Rich

    return Rich(session, warming)
