"""The man page, in roff, of the same pages as the help.

Nothing that is not Python's own is imported, as it is made where only that is installed.
"""

import re
from collections.abc import Iterable, Iterator

from gradcalc.cli.pages import HELP, Entry, Page, Section, page, paths, values
from gradcalc.cli.reference import FILES, Rows

_SPECIAL = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
)
"""What roff reads in a way of its own, or prints as another sign that a shell would not take."""


def man_page(version: str) -> str:
    """The page `gradcalc(1)`: every command with its options, and what is the same for all."""
    main = page()
    lines = [
        f'.TH GRADCALC 1 "" "gradcalc {escaped(version)}" "User Commands"',
        # names are not to be parted at the ends of lines, nor lines to be filled with blanks
        ".nh",
        ".ad l",
        *_part("NAME", [f"gradcalc \\- {escaped(_small(main.about[0]))}"]),
        *_part("SYNOPSIS", _usage(main)),
        *_part("DESCRIPTION", _paragraphs(main.about[1:])),
    ]
    commands, options, *more = main.sections
    lines += _part("COMMANDS", _entries(commands.entries))
    lines += _part("OPTIONS", _entries(options.entries))
    more = [values(), *more]
    for path in paths():
        lines += _command(page(*path), {section.heading for section in more})
    for section in more:
        lines += _part(_title(section), _entries(section.entries))
    files = [Entry(name, "", text) for name, text in FILES]
    lines += _part("FILES", _entries(files))
    lines += _part("EXAMPLES", _examples(main.examples))
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """A text as it will be read."""
    return re.sub(r"^(?=[.])", r"\\&", text.translate(_SPECIAL))


def _title(section: Section) -> str:
    return {"Exit codes": "EXIT STATUS", values().heading: "VALUES"}.get(
        section.heading, section.heading.upper()
    )


def _small(sentence: str) -> str:
    """A sentence as a part of another."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _command(found: Page, told: set[str]) -> Iterator[str]:
    """A command, without the sections that are `told` elsewhere."""
    yield f".SH {escaped(found.name.upper())}"
    yield from _usage(found)
    for text in found.about:
        yield ".PP"
        yield from _paragraphs([text])
    for section in found.sections:
        if section.heading not in told and section.entries[0].name != HELP:
            yield f".SS {escaped(section.heading)}"
            yield from _entries(section.entries)
    yield ".SS Examples"
    yield from _examples(found.examples)


def _usage(found: Page) -> Iterator[str]:
    for number, usage in enumerate(found.usage):
        if number:
            yield ".br"
        rest = usage.removeprefix(found.name)
        yield f"\\fB{escaped(found.name)}\\fR{escaped(rest)}"


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield escaped(text)


def _entries(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield ".TP"
        value = f" \\fI{escaped(entry.value)}\\fR" if entry.value else ""
        yield f"\\fB{escaped(entry.name)}\\fR{value}"
        yield escaped(entry.text)


def _examples(examples: Rows) -> Iterator[str]:
    for command, purpose in examples:
        yield ".PP"
        colon = "" if purpose.endswith("?") else ":"
        yield f"{escaped(purpose[0].upper() + purpose[1:])}{colon}"
        yield ".PP"
        yield ".RS 4"
        yield ".nf"
        yield escaped(command)
        yield ".fi"
        yield ".RE"
