"""The prompt that prompt_toolkit draws: history, completion, functions of several lines.

It is imported where it is used, as it may not be there.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradcalc.cli.repl.lines import is_open
from gradcalc.cli.repl.offered import offered, word_of
from gradcalc.cli.repl.readers import FURTHER, PROMPT, history_file

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from gradcalc.cli.prompting import Warming
    from gradcalc.cli.repl.session import Session

_INDENT = "    "


class Rich:
    """Statements from a prompt that knows what has been set."""

    def __init__(self, session: "Session", warming: "Warming") -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, History, InMemoryHistory

        path = history_file()
        history: History = InMemoryHistory() if path is None else FileHistory(str(path))
        self._prompt: PromptSession[str] = PromptSession(
            PROMPT,
            history=history,
            completer=_completer(session, warming),
            complete_while_typing=False,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation=FURTHER,
        )

    def read(self) -> str:
        """What is typed next. Raises `EOFError` at the end, `KeyboardInterrupt` at Ctrl-C."""
        return self._prompt.prompt()


def _completer(session: "Session", warming: "Warming") -> "Completer":
    from prompt_toolkit.completion import Completer, Completion

    class Offered(Completer):
        def get_completions(
            self, document: "Document", event: "CompleteEvent"
        ) -> "Iterator[Completion]":
            before = document.current_line_before_cursor
            try:
                found = offered(session, before, warm=warming.is_done)
            # whoever presses a key has not asked what is wrong
            except Exception:
                return
            length = len(word_of(before))
            yield from (Completion(text, start_position=-length) for text in found)

    return Offered()


def _keys() -> "KeyBindings":
    """Enter ends a statement that is whole, and begins a line in one that is not."""
    from prompt_toolkit.filters import has_selection
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter", filter=~has_selection)
    def enter(event: "KeyPressEvent") -> Any:
        buffer = event.current_buffer
        if is_open(buffer.text) and buffer.document.is_cursor_at_the_end:
            buffer.insert_text(f"\n{_indent(buffer)}")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def newline(event: "KeyPressEvent") -> Any:
        event.current_buffer.insert_text("\n")

    return keys


def _indent(buffer: "Buffer") -> str:
    """How far in the next line is."""
    line = buffer.document.current_line_before_cursor
    indent = line[: len(line) - len(line.lstrip())]
    return indent + _INDENT if line.rstrip().endswith(":") else indent
