"""Values that are lists and dictionaries of tensors → the values of the tensors in them."""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gradcalc.cli.options import Options
from gradcalc.cli.readers import Value
from gradcalc.lang import trees
from gradcalc.lang.program import Program

MOST_NESTED = 50
"""Brackets in a dictionary of Python's that is read here; JSON has limits of its own."""


def apart(options: Options, programs: Sequence[Program]) -> Options:
    """The options with each tensor of a list or dictionary as a value of its own.

    `params.w` is `params['w']` where `params` is what one of the programs takes.

    Raises `InvalidValueError` for keys that cannot stand in a name.
    """
    takes = {name for program in programs for name in program.inputs}
    values: list[tuple[str, Value]] = []
    for name, value in options.values:
        whole = name.partition(".")[0]
        dotted = trees.is_parameter(name) and whole in takes
        values += _parts(trees.of_dots(name) if dotted else name, value)
    return replace(options, values=tuple(values))


def _parts(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    found = _decoded(value) if isinstance(value, str) else value
    parts = list(trees.spread(found, name)) if isinstance(found, list | dict) else []
    if [part for part, _ in parts] in ([], [name]):
        # one tensor, which is read as it was written
        yield name, value
    else:
        yield from parts


def _decoded(text: str) -> Any:
    """What a text is as JSON, or as a dictionary of Python's; None for what is neither."""
    text = text.strip()
    if text[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        pass
    if text[0] == "[" or text.count("[") + text.count("{") + text.count("(") > MOST_NESTED:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
