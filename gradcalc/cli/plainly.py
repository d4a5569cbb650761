"""Texts and None as arguments of a function: they are data, and stand in its text as defaults."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gradcalc.cli.options import Options
from gradcalc.cli.programs import Source
from gradcalc.cli.readers import Value
from gradcalc.errors import InvalidValueError
from gradcalc.values.passed import WANTED

NUMBERS = frozenset({"pi", "e", "tau", "inf", "nan", "infinity", "true", "false", "i", "j"})
"""Words that are numbers, in small letters."""

NONE = frozenset({"None", "null"})

MISSING = object()
"""What stands where a value is none of these."""


def worded(options: Options, texts: Sequence[Source]) -> tuple[Options, tuple[Source, ...]]:
    """The options without what is text or None, which the functions have as defaults instead.

    Raises `InvalidValueError` for None where a function takes none of that name.
    """
    values: list[tuple[str, Value]] = []
    found = tuple(texts)
    for name, value in options.values:
        given = [_with(source, name, value) for source in found]
        if all(source is None for source in given):
            if value is None:
                raise InvalidValueError(f"{name}: None is no value", hint=WANTED)
            values.append((name, value))
        else:
            found = tuple(new or old for new, old in zip(given, found, strict=True))
    return replace(options, values=tuple(values)), found


def _with(source: Source, name: str, value: Value) -> Source | None:
    """The text whose function has the value as its default; None where it is none for that."""
    if not _may_be_word(value) or name not in source.text:
        return None
    node = _function(source)
    if node is None:
        return None
    positional = [*node.args.posonlyargs, *node.args.args]
    needed: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults))
    defaults = [*needed, *node.args.defaults, *node.args.kw_defaults]
    names = [arg.arg for arg in (*positional, *node.args.kwonlyargs)]
    if name not in names:
        return None
    place = names.index(name)
    default = defaults[place]
    word = _word(value, default)
    if word is MISSING or (default is None and None in defaults[place + 1 : len(positional)]):
        return None
    if node.decorator_list or _is_used(source, node):
        raise InvalidValueError(
            f"{name} cannot be given a text: the program calls {node.name} itself, or decorates it",
            hint=f"write one that calls it: def g(x): return {node.name}(x, {name}={word!r})",
        )
    arg = (*positional, *node.args.kwonlyargs)[place]
    held: ast.expr | ast.arg = arg if default is None else default
    end = held.end_lineno or held.lineno, held.end_col_offset or held.col_offset
    start = end if default is None else (held.lineno, held.col_offset)
    return replace(source, text=_put(source.text, start, end, "=" * (default is None) + repr(word)))


def _is_used(source: Source, function: ast.FunctionDef) -> bool:
    """Whether a program has its function elsewhere too, where its default would be another one."""
    return any(
        isinstance(node, ast.Name) and node.id == function.name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(ast.parse(source.text))
    )


def _may_be_word(value: Value) -> bool:
    return (
        value is None
        or (isinstance(value, str) and value.strip()[:1].isalpha())
        or (isinstance(value, str) and value.strip()[:1] in ("'", '"'))
    )


def _function(source: Source) -> ast.FunctionDef | None:
    """The function that is the program, as far as that is plain."""
    try:
        body = ast.parse(source.text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    named = [s for s in body if isinstance(s, ast.FunctionDef) and s.name == source.function]
    if source.function is not None:
        return named[0] if len(named) == 1 else None
    last = body[-1] if body else None
    return last if isinstance(last, ast.FunctionDef) else None


def _word(value: Any, default: ast.expr | None) -> Any:
    """The text, or None, that a value means; `MISSING` of what may be a number."""
    text = None if value is None else value.strip()
    if text is None or text in NONE:
        return None
    if re.fullmatch(r"""(["'])[^"'\\\n]*\1""", text):
        return text[1:-1]
    usual = default.value if isinstance(default, ast.Constant) else MISSING
    wordy = re.fullmatch(r"[^\W\d][\w .:/-]*", text) is not None
    if isinstance(usual, str) and wordy:
        return text
    if usual is None and text.isidentifier() and text.lower() not in NUMBERS:
        return text
    return MISSING


def _put(text: str, start: tuple[int, int], end: tuple[int, int], new: str) -> str:
    """The text with something else at a place, which Python counts in bytes."""
    lines = text.split("\n")
    head = lines[start[0] - 1].encode()[: start[1]].decode()
    tail = lines[end[0] - 1].encode()[end[1] :].decode()
    return "\n".join((*lines[: start[0] - 1], f"{head}{new}{tail}", *lines[end[0] :]))
