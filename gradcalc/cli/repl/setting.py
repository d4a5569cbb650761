"""Names and options that are set: a value, an expression, a function."""

import re
from typing import TYPE_CHECKING

from gradcalc.cli.options import rows, typed
from gradcalc.cli.readers import is_function, is_stdin
from gradcalc.cli.repl.lines import Definition, Setting
from gradcalc.cli.repl.needs import LIMITS, compiled_in, mentioned
from gradcalc.cli.repl.session import Session
from gradcalc.errors import GradcalcError, UnknownNameError, UsageError
from gradcalc.lang import syntax
from gradcalc.values import format_literal, parse_value

if TYPE_CHECKING:
    import numpy as np

STDIN = "standard input has the lines themselves"

_WORDY = re.compile(r"""\s*(?:"[^"]*"|'[^']*'|None|True|False)\s*""")
"""What is given to a parameter of a function that is no number."""


def set_name(session: Session, setting: Setting) -> None:
    """Give a name a value, or let it stand for an expression.

    Raises `GradcalcError` for what is neither.
    """
    name, text = setting.name, setting.text
    if not text:
        raise UsageError(f"{name} needs a value: {name} = 0,1,2", hint=f"forget {name}")
    if is_stdin(text):
        raise UsageError(f"{name} = {text}: {STDIN}")
    try:
        drawn = _read(session, text, name)
    except GradcalcError as error:
        if not _is_expression(session, text):
            raise error
        _check_circle(session, name, text)
        session.forget(name)
        session.lets[name] = text
        return
    session.forget(name)
    session.values[name], session.shown[name] = drawn, text


def _read(session: Session, text: str, name: str) -> str:
    """A value as a text that means the same each time."""
    if _WORDY.fullmatch(text):
        return text
    array = parse_value(text, random=lambda: _random(session), name=name)
    if re.search(r"\brandn?\b", text) and not text.startswith("@"):
        return format_literal(array)
    return text


def _random(session: Session) -> "np.random.Generator":
    if session.random is None:
        import numpy as np

        session.random = np.random.default_rng(int(session.kept.get("seed", 0)))
    return session.random


def _is_expression(session: Session, text: str) -> bool:
    """Whether a text that is no value says something of other names, or calls a function."""
    if text.startswith("@"):
        return False
    try:
        program = compiled_in(session, text)
    except GradcalcError:
        return False
    calls = re.search(r"[^\W\d]\w*\s*\(", text) is not None
    return bool(program.required) or is_function(text) or calls


def _check_circle(session: Session, name: str, text: str) -> None:
    """Refuse a name that would be made of itself."""
    seen, left = {name}, [text]
    while left:
        for inner in mentioned(session, left.pop()):
            if inner == name:
                raise UnknownNameError(
                    f"{name} would be made of itself", hint=f"{name} = 0,1,2 gives it a value"
                )
            if inner in session.lets and inner not in seen:
                seen.add(inner)
                left.append(session.lets[inner])


def define(session: Session, definition: Definition) -> None:
    """Keep a definition. Raises `GradcalcError` for what is no Python."""
    source = syntax.tidy(definition.text, LIMITS)
    try:
        syntax.parse(source, LIMITS)
    except GradcalcError as error:
        error.source = source
        raise
    for name in definition.names:
        session.forget(name)
    for name in definition.names:
        session.definitions[name] = definition


def keep(session: Session, word: str, rest: str) -> None:
    """Let an option hold from now on, or no longer. Raises `UsageError` for what it is not."""
    if not rest:
        session.kept.pop(word, None)
    else:
        options = rows("grad")
        field, default = next((f, d) for f, (row, d) in options.items() if row.flag == f"--{word}")
        typed("grad", (), {**dict.fromkeys(options), field: [rest] if default == () else rest})
        session.kept[word] = rest
    if word == "seed":
        session.random = None
