"""Inputs that are lists and dictionaries of tensors.

Each tensor in one is an input of its own, called as a program would get it: `params[0]`,
`params[0][1]`, `params['w']`. A run puts them together under the name in front, so that a text that
has such a name in it means that tensor.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, UnknownNameError
from gradcalc.lang.paths import Path, path_of
from gradcalc.values.nesting import check_nesting

KEY = re.compile(r"""[^'"\\\[\],=]+""")
"""Keys that need no escapes in a name, and stand in a list of names."""

PART = r"""[^\W\d]\w*(?:\s*\[\s*(?:\d+|'[^'"\\\[\],=]+'|"[^'"\\\[\],=]+")\s*\])+"""
"""The name of a part, in any of its spellings, as a regular expression."""

_STEPS = re.compile(r"\s*([^\W\d]\w*)\s*(\[.*)", re.DOTALL)


def is_part(name: str) -> bool:
    """Whether a name is that of a part of an input."""
    return "[" in name


def root(name: str) -> str:
    """What the program calls the whole of which a name is a part; a plain name itself."""
    return name.partition("[")[0]


def roots(names: Iterable[str]) -> dict[str, None]:
    """The names by which programs know inputs, in their order."""
    return dict.fromkeys(map(root, names))


def is_parameter(name: str) -> bool:
    """Whether a name has dots, as those of parameters of networks have."""
    return "." in root(name)


def spelled(whole: str, path: Path) -> str:
    """The name of a part."""
    return whole + "".join(f"[{step!r}]" for step in path)


def normal(text: str) -> str | None:
    """The one spelling of the name of a part, None for what is none."""
    if re.fullmatch(rf"\s*{PART}\s*", text) is None:
        return None
    found = _STEPS.fullmatch(text)
    path = path_of(found[2]) if found else None
    return None if found is None or path is None else spelled(found[1], path)


def of_dots(name: str) -> str:
    """The part that is meant by `params.w`, or `params.0`, where that is no network's."""
    whole, *steps = name.split(".")
    return spelled(whole, tuple(int(step) if step.isdigit() else step for step in steps))


def parts_of(whole: str, names: Iterable[str]) -> list[str]:
    """The names of the inputs that a name stands for: its own, or those of its parts."""
    return [name for name in names if name == whole or name.startswith(f"{whole}[")]


def spread(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The parts of decoded JSON with their names; what one tensor can be is one.

    Lists are parts where they are not all alike, or hold values that are texts or objects.
    Raises `InvalidValueError` for keys that cannot stand in a name, `LimitError` for what is
    nested too deeply.
    """
    check_nesting(value, name)
    yield from _spread(value, name)


def _spread(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        items: Iterable[tuple[int | str, Any]] = value.items()
    elif isinstance(value, list | tuple) and _shape(value) is None:
        items = enumerate(value)
    else:
        yield name, value
        return
    if not value:
        raise InvalidValueError(f"{name} is empty: there is nothing to differentiate")
    for step, part in items:
        if isinstance(step, str) and not (KEY.fullmatch(step) and step.isprintable()):
            raise InvalidValueError(
                f"{name}: the key {step!r} cannot stand in a name",
                hint="use letters and digits",
            )
        yield from _spread(part, spelled(name, (step,)))


NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})
"""Texts that stand for numbers in JSON."""


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of the one tensor that decoded JSON is, None where it is none."""
    if isinstance(value, Mapping) or (isinstance(value, str) and value not in NUMBERS):
        return None
    if not isinstance(value, list | tuple):
        return getattr(value, "shape", ())
    # long rows of numbers are the usual case
    if all(type(item) in (int, float) for item in value):
        return (len(value),)
    shapes = {_shape(item) for item in value}
    (shape,) = shapes if len(shapes) == 1 else (None,)
    return None if shape is None else (len(value), *shape)


def check_whole(names: Collection[str]) -> None:
    """Raises `GradcalcError` for parts that are no list and no dictionary, or are given twice."""
    for name in names:
        if is_part(name) and root(name) in names:
            raise UnknownNameError(f"{root(name)} is given twice: as a whole and in parts")
    planted(dict.fromkeys(names))


def planted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names that programs know, parts put together where there is no whole.

    Raises `InvalidValueError` for parts that are no list and no dictionary.
    """
    if not any(map(is_part, values)):
        return dict(values)
    found: dict[str, Any] = {}
    parts: dict[str, list[tuple[Path, Any]]] = {}
    for name, value in values.items():
        whole = root(name)
        if whole == name:
            found[name] = value
        elif whole not in values:
            parts.setdefault(whole, []).append((path_of(name[len(whole) :]) or (), value))
            found.setdefault(whole, None)
    for whole, items in parts.items():
        found[whole] = _grown(whole, items)
    return found


def _grown(name: str, items: Sequence[tuple[Path, Any]]) -> Any:
    """What a name stands for, of the values at paths in it."""
    if len(items) == 1 and not items[0][0]:
        return items[0][1]
    if any(not path for path, _ in items):
        raise UnknownNameError(f"{name} is given twice: as a whole and in parts")
    below: dict[int | str, list[tuple[Path, Any]]] = {}
    for path, value in items:
        below.setdefault(path[0], []).append((path[1:], value))
    grown = {step: _grown(spelled(name, (step,)), rest) for step, rest in below.items()}
    if all(isinstance(step, str) for step in grown):
        return grown
    word = next((step for step in grown if isinstance(step, str)), None)
    if word is not None:
        raise InvalidValueError(
            f"{name} has parts of a list and of a dictionary:"
            f" {spelled(name, (next(step for step in grown if step != word),))} and"
            f" {spelled(name, (word,))}"
        )
    for number in range(len(grown)):
        if number not in grown:
            raise InvalidValueError(
                f"{spelled(name, (max(grown),))} is given, and {name}[{number}] is not",
                hint=f"the parts of a list are {name}[0], {name}[1] and so on",
            )
    return [grown[number] for number in range(len(grown))]
