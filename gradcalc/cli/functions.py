"""`gradcalc functions`: what a program can call."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from gradcalc.cli.arguments import PlainCommand
from gradcalc.errors import UnknownNameError, did_you_mean

_KINDS = {"Elementwise": "elementwise", "Structural": "tensors", "Composite": "composite"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One function of the catalogue."""

    name: str
    kind: str
    aliases: tuple[str, ...]
    doc: str
    signature: str = ""
    operator: str | None = None
    definition: str | None = None


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, cls=PlainCommand)(_functions)


def _functions(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]..."),
    ] = None,
) -> None:
    from gradcalc.cli.output import write

    entries = catalogue()
    found = [_shown(name, entries) for name in names] if names else [_listed(entries)]
    write("\n".join(found), sys.stdout)


def _shown(name: str, entries: Sequence[Entry]) -> str:
    """One function in full, or a list of those whose names have that part.

    Raises `UnknownNameError` where there is none.
    """
    entry = next((e for e in entries if name in (e.name, *e.aliases)), None)
    if entry is not None:
        return "".join(f"{line}\n" for line in _description(entry))
    part = name.lower()
    alike = [e for e in entries if any(part in known.lower() for known in (e.name, *e.aliases))]
    if alike and len(part) > 1:
        return _listed(alike)
    known = [known for entry in entries for known in (entry.name, *entry.aliases)]
    raise UnknownNameError(
        f"there is no function called {name}",
        hint=did_you_mean(name, known) or "gradcalc functions lists them all",
    )


def _listed(entries: Sequence[Entry]) -> str:
    from gradcalc.cli.output import is_terminal

    return _table(entries) if is_terminal(sys.stdout) else _tsv(entries)


def catalogue() -> tuple[Entry, ...]:
    """Every primitive, then the functions of the language and the constants."""
    from gradcalc.lang.builtins import BUILTINS
    from gradcalc.lang.dialects.catalogue import NUMBERS
    from gradcalc.primitives import BY_NAME, PRIMITIVES

    entries = []
    for row in PRIMITIVES:
        more = str(row.signature), getattr(row, "operator", None), getattr(row, "definition", None)
        entries.append(Entry(row.name, _KINDS[type(row).__name__], row.aliases, row.doc, *more))
    for builtin in BUILTINS.values():
        if builtin.name not in BY_NAME:
            entries.append(Entry(builtin.name, "language", (), builtin.doc))
    for name, value in NUMBERS.items():
        entries.append(Entry(name, "constant", (), "None" if value is None else repr(value)))
    return tuple(entries)


def _description(entry: Entry) -> Iterator[str]:
    yield f"{entry.name}{entry.signature}"
    yield entry.doc
    if entry.aliases:
        yield f"also called {', '.join(entry.aliases)}"
    if entry.operator:
        yield f"written {entry.operator}"
    if entry.definition:
        yield ""
        yield entry.definition.strip("\n")


def _tsv(entries: Sequence[Entry]) -> str:
    rows = [("name", "kind", "aliases", "meaning")]
    rows += [(e.name, e.kind, ",".join(e.aliases), e.doc) for e in entries]
    return "".join("\t".join(row) + "\n" for row in rows)


def _table(entries: Sequence[Entry]) -> str:
    from rich.table import Table

    from gradcalc.cli.output import style_for
    from gradcalc.render.canvas import draw

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="dim")
    table.add_column()
    for entry in entries:
        table.add_row(entry.name, ", ".join(entry.aliases), entry.doc)
    return draw(table, style=style_for(sys.stdout))
