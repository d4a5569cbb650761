"""What a program takes of what has been set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradcalc.cli import files
from gradcalc.cli.inputs import compiled
from gradcalc.cli.programs import written
from gradcalc.cli.readers import is_function, rows
from gradcalc.cli.repl.lines import Definition
from gradcalc.cli.repl.session import Session
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import Limits, Program

LIMITS = Limits()

_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Needs:
    """A program with the definitions that it uses in front, the names with values and those with
    expressions that it takes, each behind those that it needs itself; and every name that means
    something in it."""

    text: str
    values: tuple[str, ...] = ()
    lets: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def needs(session: Session, text: str) -> Needs:
    """What a program takes."""
    bare = text.strip()
    before = "\n".join(definition.text for definition in _definitions(session, bare))
    own = "" if bare in session.definitions else text
    source = "\n".join(part for part in (before, own) if part)
    try:
        program = compiled_in(session, source)
    except GradcalcError:
        # which whoever calculates says, with the place
        found = [name for name in session.names if _mentions(source, name)]
        values = tuple(name for name in found if name in session.values)
        return Needs(source, values, (), frozenset(found))
    named = [*program.required, *program.optional, *_functions(session, source)]
    lets: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for name in named:
        _add(session, name, lets, numbers)
    known = frozenset((*named, *program.assigned, *lets, *numbers))
    return Needs(source, tuple(numbers), tuple(lets), known)


def _add(session: Session, name: str, lets: dict[str, None], values: dict[str, None]) -> None:
    """Note a name, an expression behind those that it needs."""
    root = re.split(r"[.\[]", name)[0]
    parts = (f"{root}.", f"{root}[")
    values |= dict.fromkeys(v for v in session.values if v in (name, root) or v.startswith(parts))
    if name in session.lets and name not in lets:
        for inner in mentioned(session, session.lets[name]):
            if inner != name:
                _add(session, inner, lets, values)
        lets[name] = None


def mentioned(session: Session, text: str) -> list[str]:
    """The names that an expression takes from outside."""
    try:
        program = compiled_in(session, text)
    except GradcalcError:
        return _WORD.findall(text)
    return [*program.required, *program.optional, *_functions(session, text)]


def _functions(session: Session, text: str) -> list[str]:
    """The names of functions, of one line, in a text."""
    return [n for n, t in session.lets.items() if is_function(t) and _mentions(text, n)]


def _definitions(session: Session, text: str) -> Iterator[Definition]:
    """The definitions that a text uses, and those that they use; one that is all of it last."""
    if not session.definitions or files.PROGRAM.fullmatch(text):
        return
    wanted: set[str] = set()
    left = [text]
    while left:
        words = set(_WORD.findall(left.pop()))
        new = [name for name in session.definitions if name in words and name not in wanted]
        wanted |= set(new)
        left += [session.definitions[name].text for name in new]
    found = dict.fromkeys(d for name, d in session.definitions.items() if name in wanted)
    last = session.definitions.get(text)
    yield from (definition for definition in found if definition is not last)
    if last is not None:
        yield last


def compiled_in(session: Session, text: str) -> Program:
    """The program of a text where these names are set. Raises `GradcalcError` for what is none."""
    source = written(text, LIMITS)
    functions = frozenset(n for n, t in session.lets.items() if is_function(t))
    numbers = frozenset((*session.values, *session.lets)) - functions
    return compiled(
        rows(source.text),
        LIMITS,
        functions,
        source.function,
        numbers if source.typed else None,
    )


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None
