"""The prompt that prompt_toolkit draws: history, completion, functions of several lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import has_selection, is_done
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from gradcalc.cli.repl.lines import is_open
from gradcalc.cli.repl.offered import offered, word_of
from gradcalc.cli.repl.readers import FURTHER, PROMPT, history_file

if TYPE_CHECKING:
    from gradcalc.cli.repl.session import Session
    from gradcalc.cli.repl.warming import Warming

_INDENT = "    "


class _Offered(Completer):
    def __init__(self, session: "Session", warming: "Warming") -> None:
        self._session, self._warming = session, warming

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        """What the word at the cursor may become."""
        before = document.current_line_before_cursor
        try:
            found = offered(self._session, before, warm=self._warming.is_done)
        # whoever presses a key has not asked what is wrong
        except Exception:
            return
        length = len(word_of(before))
        yield from (Completion(text, start_position=-length) for text in found)


class Rich:
    """Statements from a prompt that knows what has been set."""

    def __init__(self, session: "Session", warming: "Warming") -> None:
        path = history_file()
        history: History = InMemoryHistory() if path is None else FileHistory(str(path))
        self._prompt: PromptSession[str] = PromptSession(
            PROMPT,
            history=history,
            completer=_Offered(session, warming),
            complete_while_typing=False,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation=FURTHER,
        )

    def read(self) -> str:
        """What is typed next. Raises `EOFError` at the end, `KeyboardInterrupt` at Ctrl-C."""
        return self._prompt.prompt()


def _keys() -> KeyBindings:
    """Enter ends a statement that is whole, and begins a line in one that is not."""
    keys = KeyBindings()

    @keys.add("enter", filter=~is_done & ~has_selection)
    def enter(event: KeyPressEvent) -> Any:
        buffer = event.current_buffer
        if not is_open(buffer.text) or (buffer.document.is_cursor_at_the_end is False
                                        and "\n" not in buffer.text):  # fmt: skip
            buffer.validate_and_handle()
            return
        line = buffer.document.current_line_before_cursor
        indent = line[: len(line) - len(line.lstrip())]
        if line.rstrip().endswith(":"):
            indent += _INDENT
        buffer.insert_text("\n" + indent)

    @keys.add("escape", "enter")
    def newline(event: KeyPressEvent) -> Any:
        event.current_buffer.insert_text("\n")

    return keys
