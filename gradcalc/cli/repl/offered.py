"""What can stand where somebody types: names, functions, commands and options."""

import re
from collections.abc import Iterator

from gradcalc.cli.options import rows
from gradcalc.cli.repl.lines import KEPT, OWN, REPEATED
from gradcalc.cli.repl.session import Session
from gradcalc.codes import COMMANDS

_LAST = re.compile(r"(?:--)?[^\W\d]?[\w-]*$|\w*$")
_NAME = re.compile(r"[^\W\d]\w*$")


def word_of(before: str) -> str:
    """The word in front of the cursor that is being typed."""
    option = re.search(r"(?:^|\s)(--[\w-]*)$", before)
    if option is not None:
        return option[1]
    found = _NAME.search(before)
    return found[0] if found else ""


def offered(session: Session, before: str, *, warm: bool = True) -> list[str]:
    """What a word may become, what is nearest first.

    Functions are looked up only where everything is imported: nobody waits for a letter.
    """
    word = word_of(before)
    found = _candidates(session, before[: len(before) - len(word)], word, warm=warm)
    return [text for text in dict.fromkeys(found) if text.startswith(word) and text != word]


def _candidates(session: Session, front: str, word: str, *, warm: bool) -> Iterator[str]:
    first = front.split()[0].lstrip(":") if front.split() else ""
    if word.startswith("--"):
        command = first if first in COMMANDS else "grad"
        yield from (row.flag for row, _ in rows(command).values())
        return
    yield from session.names
    if first in ("detach", "wrt", "forget", "declare"):
        return
    if not front.strip(" :"):
        yield from (*OWN, *KEPT, *REPEATED)
        yield from (n for n, c in COMMANDS.items() if c.takes_program or n == "functions")
    if first == "help":
        yield from COMMANDS
    if warm and word and not word.startswith("_"):
        from gradcalc.reference.catalogue import catalogue

        for entry in catalogue():
            yield from (name for name in (entry.name, *entry.aliases) if name.isidentifier())
