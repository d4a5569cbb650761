"""Everything that a program can call, by family, and the search in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import methodcaller

from gradcalc.errors import UnknownNameError, did_you_mean
from gradcalc.lang import grammar
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects.catalogue import METHODS, NUMBERS, PREFIXES, TABLES
from gradcalc.primitives import BY_NAME, FAMILIES, Primitive
from gradcalc.reference.further import further

_KINDS = {"Elementwise": "elementwise", "Structural": "tensors", "Composite": "composite"}


INSTEAD = {**grammar.MATHEMATICAL, **grammar.OTHERS}
"""What is there instead of functions that others have."""

LEAST = 4
"""Letters of a word that is looked for in meanings."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One function of the catalogue, or a constant; `row` is there if it is a primitive."""

    name: str
    kind: str
    aliases: tuple[str, ...]
    doc: str
    family: str
    row: Primitive | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All its names."""
        return self.name, *self.aliases


def catalogue() -> tuple[Entry, ...]:
    """Every primitive by family, then the functions of the language and the constants."""
    entries = [
        Entry(row.name, _KINDS[type(row).__name__], row.aliases, row.doc, family, row)
        for family, rows in FAMILIES.items()
        for row in rows
    ]
    for builtin in BUILTINS.values():
        if builtin.name not in BY_NAME:
            entries.append(Entry(builtin.name, "language", (), builtin.doc, "language"))
    for name, value in NUMBERS.items():
        shown = "None" if value is None else repr(value)
        entries.append(Entry(name, "constant", (), shown, "constants"))
    return tuple(entries)


def named(name: str, entries: Sequence[Entry]) -> Entry | None:
    """The function of that name, a library's in front of it or not; None if there is none.

    What only the libraries have under it is theirs, of which there is no more to say here.
    """
    whose, name = PREFIXES.get(name.partition(".")[0], ""), _alone(name)
    found = next((entry for entry in entries if name in entry.names), None)
    tables = (*TABLES.items(), *METHODS.items(), *further().items())
    if found is None and any(name in table for one, table in tables if one.startswith(whose)):
        return Entry(name, "library", (), "what the library means by it", "libraries")
    return found


def _alone(name: str) -> str:
    return name.rpartition(".")[2] if name.partition(".")[0] in PREFIXES else name


def matching(part: str, entries: Sequence[Entry]) -> list[Entry]:
    """The functions with that part in a name, or of a family of that name.

    Where there are none, those with a word of their meaning, or of their family's name, that begins
    so. Raises `UnknownNameError` where there are none either.
    """
    known = [name for entry in entries for name in entry.names]
    known += [name for names in further().values() for name in names]
    word = part.lower()
    is_begun = methodcaller("startswith", word)
    found = [
        entry
        for entry in entries
        if any(word in name.lower() for name in entry.names) or word in _words(entry.family)
    ]
    if not found and len(word) >= LEAST:
        found = [e for e in entries if any(map(is_begun, _words(f"{e.family} {e.doc}")))]
    if found and len(word) > 1:
        return found
    raise UnknownNameError(
        f"there is no function called {part}",
        hint=INSTEAD.get(_alone(part))
        or did_you_mean(part, known)
        or "gradcalc functions lists them all",
    )


def _words(text: str) -> list[str]:
    return text.lower().replace(",", " ").split()
