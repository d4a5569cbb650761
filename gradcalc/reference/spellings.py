"""What the libraries call a primitive, by the tables of their calls."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcalc.derive.runs import Runs
from gradcalc.errors import GradcalcError
from gradcalc.lang.dialects.catalogue import METHODS, TABLES
from gradcalc.lang.dialects.parameters import LEFT_OUT, REQUIRED, Parameter
from gradcalc.lang.dialects.spelling import Overload
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import TORCH
from gradcalc.primitives import BY_NAME, Primitive
from gradcalc.reference.examples import Example
from gradcalc.reference.further import further

Spellings = Mapping[str, tuple[str, ...]]
"""Calls by library."""

PYTHON = "builtins"


def spellings(row: Primitive | str, samples: Sequence[Example] = ()) -> Spellings:
    """How a primitive, or a function of the language by its name, is called in each library.

    Either a call means it by the table, or it has its name and gives the same for the samples. What
    has options is shown with them; a call that another one includes is not.
    """
    found: dict[str, list[str]] = {}
    for module, table in TABLES.items():
        library = "Python" if module == PYTHON else module.partition(".")[0]
        prefix = "" if module == PYTHON else f"{module}."
        for name, rows in table.items():
            meant = _meant(row, samples, name, rows, partial(_called, prefix))
            found.setdefault(library, []).extend(_calls(f"{prefix}{name}", meant, 0))
    for library, methods in METHODS.items():
        for name, rows in methods.items():
            # whose arrays they are a text has to say, if they are not torch's
            known = samples if library == TORCH else ()
            meant = _meant(row, known, name, rows, _behind)
            found.setdefault(library, []).extend(_calls(f"x.{name}", meant, 1))
    return {library: tuple(dict.fromkeys(calls)) for library, calls in found.items() if calls}


def by_name(name: str) -> Spellings:
    """How the libraries call what they have under a name."""
    found: dict[str, list[str]] = {}
    for module, table in TABLES.items():
        library = "Python" if module == PYTHON else module.partition(".")[0]
        prefix = "" if module == PYTHON else f"{module}."
        calls = _calls(f"{prefix}{name}", table.get(name, ()), 0)
        found.setdefault(library, []).extend(calls)
    for module, names in further().items():
        if name in names:
            found.setdefault(module.partition(".")[0], []).append(f"{module}.{names[name]}")
    for library, methods in METHODS.items():
        found.setdefault(library, []).extend(_calls(f"x.{name}", methods.get(name, ()), 1))
    return {library: tuple(dict.fromkeys(calls)) for library, calls in found.items() if calls}


def _means(overload: Overload, row: Primitive | str) -> bool:
    if overload.row is None or isinstance(row, str):
        return overload.row is not None and overload.row == row
    return BY_NAME.get(overload.row) is row


def _meant(
    row: Primitive | str,
    samples: Sequence[Example],
    name: str,
    rows: Sequence[Overload],
    spelled: Callable[[str, str], str | None],
) -> Sequence[Overload]:
    """The signatures of a name that mean the row; all, if its calls give the same numbers.

    They are `spelled` as the library has it.
    """
    meant = [overload for overload in rows if _means(overload, row)]
    if isinstance(row, str) or len(meant) == len(rows) or BY_NAME.get(name) is not row:
        return meant
    return rows if samples and _is_same(row, samples, name, spelled) else meant


def _is_same(
    row: Primitive,
    samples: Sequence[Example],
    name: str,
    spelled: Callable[[str, str], str | None],
) -> bool:
    for sample in samples:
        _, bracket, rest = sample.program.partition(f"{row.name}(")
        text = spelled(name, rest) if bracket else None
        if text is None:
            return False
        wanted = _value(sample, sample.program)
        # the values of a pair, or what gives them at once
        found = [_value(sample, one) for one in (text, text.removesuffix(".values"))]
        if not any(one is not None and np.array_equal(one, wanted) for one in found):
            return False
    return True


def _called(prefix: str, name: str, rest: str) -> str:
    return f"{prefix}{name}({rest}"


def _behind(name: str, rest: str) -> str | None:
    """The call of a method, of the first argument."""
    place = re.search(r"[,)]", rest)
    receiver = rest[: place.start()] if place else ""
    if not receiver.isidentifier():
        return None
    return f"{receiver}.{name}({rest[len(receiver) :].removeprefix(', ')}"


def _value(example: Example, program: str) -> Any:
    """What a program gives for the inputs of an example, None if it cannot be run."""
    try:
        return Runs(replace(example.problem, program=compile_program(program))).recording.output
    except GradcalcError:
        return None


def _calls(name: str, overloads: Sequence[Overload], skipped: int) -> Iterator[str]:
    """The calls that do not say less than another one."""
    shown = [
        [p for p in o.parameters if p.kind == "true" or p.kind not in LEFT_OUT][skipped:]
        for o in overloads
    ]
    names = [{p.name for p in parameters} for parameters in shown]
    for place, parameters in enumerate(shown):
        if any(names[place] < other for other in names) or names[place] in names[:place]:
            continue
        yield f"{name}({', '.join(map(_word, parameters))})"


def _word(parameter: Parameter) -> str:
    if parameter.kind == "true":
        return f"{parameter.name}=True"
    if parameter.default is REQUIRED:
        return f"{'*' * parameter.packed}{parameter.name}"
    return f"{parameter.name}={parameter.default!r}"
