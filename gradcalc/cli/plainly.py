"""Texts, lists of them and None as arguments of a function: they are data, and stand in its text
as defaults."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gradcalc.cli.options import Options
from gradcalc.cli.programs import Source
from gradcalc.cli.readers import Value
from gradcalc.errors import InvalidValueError
from gradcalc.lang.pointed import called, pointed
from gradcalc.lang.program import Limits
from gradcalc.values.passed import WANTED

NUMBERS = frozenset({"pi", "e", "tau", "inf", "nan", "infinity", "true", "false", "i", "j"})
"""Words that are numbers, in small letters."""

NONE = frozenset({"None", "null"})

MISSING = object()
"""What stands where a value is none of these."""


def worded(
    options: Options, texts: Sequence[Source], limits: Limits
) -> tuple[Options, tuple[Source, ...]]:
    """The options without what is text or None, which the functions have as defaults instead.

    Raises `InvalidValueError` for None where a function takes none of that name.
    """
    values: list[tuple[str, Value]] = []
    found = tuple(texts)
    for name, value in options.values:
        given = [_with(source, name, value, limits) for source in found]
        if all(source is None for source in given):
            if value is None:
                raise InvalidValueError(f"{name}: None is no value", hint=WANTED)
            values.append((name, list(value) if isinstance(value, tuple) else value))
        else:
            found = tuple(new or old for new, old in zip(given, found, strict=True))
    return replace(options, values=tuple(values)), found


def _with(source: Source, name: str, value: Value, limits: Limits) -> Source | None:
    """The text whose function has the value as its default; None where it is none for that."""
    if not _may_be_word(value) or name not in source.text:
        return None
    node, made = _function(source), False
    if node is None and source.function is not None:
        # a method, or what else is called by a function of its own
        text, function = pointed(source.text, source.function, limits)
        source = replace(source, text=text, function=function)
        node, made = _function(source), True
    if node is None or name not in (defaults := _defaults(node)):
        return None
    word = _word(value, defaults[name])
    if word is MISSING:
        return None
    if node.decorator_list or _is_used(source, node):
        # what the program has of it elsewhere keeps the defaults that it has
        text, function = called(source.text, node)
        source = replace(source, text=text, function=function)
        node, made = _function(source) or node, True
    if made and word is None and _stands_for_default(name, node):
        raise InvalidValueError(
            f"{name}: None cannot be given to what is made by a call",
            hint="write a function that gives it: def g(x): return f(x, None)",
        )
    found = _given(source.text, node, name, word)
    return None if found is None else replace(source, text=found)


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr | None]:
    """The parameters of a function with their defaults, None where one has none."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    needed: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults = [*needed, *arguments.defaults, *arguments.kw_defaults]
    names = [arg.arg for arg in (*positional, *arguments.kwonlyargs)]
    return dict(zip(names, defaults, strict=True))


def _given(text: str, function: ast.FunctionDef, name: str, word: Any) -> str | None:
    """The text with a word as a parameter's default, None where it can have none there."""
    arguments, default = function.args, _defaults(function)[name]
    if default is not None:
        return _put(text, (default.lineno, default.col_offset), _end(default), repr(word))
    positional = [*arguments.posonlyargs, *arguments.args]
    arg = next(a for a in (*positional, *arguments.kwonlyargs) if a.arg == name)
    found = _put(text, _end(arg), _end(arg), f"={word!r}")
    if arg not in positional[: len(positional) - len(arguments.defaults) - 1]:
        return found
    if arguments.vararg or arguments.kwonlyargs or arg in arguments.posonlyargs:
        return None
    # given by its name, it needs none of those behind it to have a default
    start = arg.lineno, arg.col_offset
    return _put(found, start, start, "*, ")


def _end(node: ast.expr | ast.arg) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _stands_for_default(name: str, function: ast.FunctionDef) -> bool:
    """Whether None as a parameter leaves what is called to its own default."""
    match function.body:
        case [ast.Return(value=ast.IfExp() as value)]:
            tests = (n.test for n in ast.walk(value) if isinstance(n, ast.IfExp))
            return any(ast.unparse(test) == f"{name} is None" for test in tests)
        case _:
            return False


def _is_used(source: Source, function: ast.FunctionDef) -> bool:
    """Whether a program has its function elsewhere too, where its default would be another one."""
    return any(
        isinstance(node, ast.Name) and node.id == function.name and isinstance(node.ctx, ast.Load)
        for node in ast.walk(ast.parse(source.text))
    )


def _may_be_word(value: Value) -> bool:
    if isinstance(value, str):
        start = value.strip()
        return start[:1].isalpha() or re.match(r"""[\[(]*["']""", start) is not None
    return value is None or _is_texts(value)


def _is_texts(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(part, str) for part in value)
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
    if isinstance(value, str) and value.strip()[:1] in ("[", "("):
        try:
            value = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            return MISSING
    if value is not None and not isinstance(value, str):
        return _texts(value, default)
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
    if isinstance(default, ast.List | ast.Tuple) and re.fullmatch(r"[\w,. -]+", text):
        return _texts([part.strip() for part in text.split(",")], default)
    return MISSING


def _texts(value: Any, default: ast.expr | None) -> Any:
    """A list of texts; `MISSING` of what may be numbers, if these are no texts as they are."""
    usual = default.elts if isinstance(default, ast.List | ast.Tuple) else []
    texts = bool(usual) and all(isinstance(part, ast.Constant) and isinstance(part.value, str)
                                for part in usual)  # fmt: skip
    words = _is_texts(value) and all(
        texts or (part.isidentifier() and part.lower() not in NUMBERS) for part in value
    )
    if not words:
        return MISSING
    # what came as JSON was a list, whatever it was before
    return tuple(value) if isinstance(default, ast.Tuple) else value


def _put(text: str, start: tuple[int, int], end: tuple[int, int], new: str) -> str:
    """The text with something else at a place, which Python counts in bytes."""
    lines = text.split("\n")
    head = lines[start[0] - 1].encode()[: start[1]].decode()
    tail = lines[end[0] - 1].encode()[end[1] :].decode()
    return "\n".join((*lines[: start[0] - 1], f"{head}{new}{tail}", *lines[end[0] :]))
