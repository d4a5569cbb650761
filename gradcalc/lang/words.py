"""Text as data: f-strings, formatting, and what a value looks like in a text."""

import ast
import re
import string
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import objects
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.program import JAX, NUMPY, TORCH

NAMELIKE = re.compile("[A-Za-z0-9_]*")
"""Texts of which Python keeps one where they are written in a program."""


def literal(text: str) -> str:
    """A text that stands in a program, which Python has once if it could be a part of a name."""
    return sys.intern(text) if NAMELIKE.fullmatch(text) else text


def is_literal(text: str) -> bool:
    """Whether a text is the one of `literal` that is equal to it."""
    return type(text) is str and NAMELIKE.fullmatch(text) is not None and sys.intern(text) is text


class Untold(str):
    """What gradcalc says of an error, where the library that raises it says it in its own words.

    So is a text that it is a part of.
    """

    __slots__ = ()

    why: tuple[str, str | None] = (
        "what the library says of this error is not known here", "ask for its type alone",
    )  # fmt: skip

    def __add__(self, other: str) -> "Untold":
        return type(self)(str.__add__(self, other))

    def __radd__(self, other: str) -> "Untold":
        return type(self)(str.__add__(other, self))

    def __mul__(self, times: Any) -> "Untold":
        return type(self)(str.__mul__(self, times))

    __rmul__ = __mul__

    def __getitem__(self, key: Any) -> "Untold":
        return type(self)(str.__getitem__(self, key))

    def __iter__(self) -> Iterator[str]:
        return iter(str(told(self)))


class Digits(Untold):
    """A number in a text, where it is no float that has digits."""

    __slots__ = ()

    why = "what a program reads off the digits of a number in a text has no exact meaning", None


class Unseen(Untold):
    """What stands in a text for a value that Python shows in a way of its own."""

    __slots__ = ()

    why = "what this value looks like in a text is not known here", None


def told(value: Any) -> Any:
    """A text that may decide something. Raises `UnsupportedError` where its words are not known."""
    if isinstance(value, Untold):
        message, hint = value.why
        raise UnsupportedError(message, hint=hint)
    return value


def _as(found: str, values: Iterable[Any]) -> str:
    """A text that is made of texts, whose words are not known where those of one are not."""
    kind = next((type(value) for value in values if isinstance(value, Untold)), None)
    return found if kind is None else kind(found)


def text(machine: Machine, value: Any) -> str:
    """A value as `str` shows it; a tensor by its number, or its shape where it has several."""
    if machine.is_tensor(value):
        plain = _plain(machine, value)
        return str(plain) if isinstance(plain, float) else plain
    if isinstance(value, list | tuple | set | dict):
        return _nested(machine, value)
    if isinstance(value, str | int | float | range | None):
        return value if isinstance(value, Untold) else str(value)
    if isinstance(value, objects.Instance):
        found = objects.answered(machine, "str", (value,))
        if not isinstance(found, str):
            raise UnsupportedError(
                f"what {machine.describe(value)} looks like in a text is not known here",
                hint="give its class a __repr__",
            )
        return found
    return _other(machine, value)


def _other(machine: Machine, value: Any, *, shown: bool = False) -> str:
    """A dtype or a device as a text; that of anything else is not known."""
    # imported where they are used: what they are called is told in texts
    from gradcalc.lang import casts, dtypes

    if isinstance(value, casts.NumberKind):
        return dtypes.text(machine, value, shown=shown)
    if isinstance(value, casts.Device):
        return f"device(type={value.type!r})" if shown else value.type
    return Unseen(f"<{machine.describe(value)}>")


def printed(machine: Machine, value: Any) -> str:
    """A value as `print` shows it; of what is not shown only whether it can be."""
    if machine.printed is not None and machine.is_tensor(value):
        return _shown(machine, value, str)
    return text(machine, value)


def _shown(machine: Machine, value: Any, way: Callable[[Any], str]) -> str:
    """A tensor as its library shows it."""
    naming = machine.program.naming
    kind = bool if machine.is_mask(value) else int if machine.is_integer(value) else float
    if naming.numbers and not machine.shape(value):
        return str(kind(machine.number(value)))
    if naming.arrays in (NUMPY, JAX):
        array = machine.elements(value).astype(kind)
        return way(array if machine.shape(value) or value.array else array[()])
    raw = machine.backend.detach(machine.raw(value), None)
    return way(raw.long() if machine.is_integer(value) else raw)


def shown(machine: Machine, value: Any) -> str:
    """A value as `repr` shows it."""
    machine.budget.tick()
    if machine.printed is not None and machine.is_tensor(value):
        return _shown(machine, value, repr)
    if isinstance(value, objects.Instance):
        found = objects.answered(machine, "repr", (value,))
        return found if isinstance(found, str) else text(machine, value)
    if isinstance(value, str):
        return _as(repr(value), [value])
    if isinstance(value, list | tuple | set | dict | int | float | range | None):
        return text(machine, value)
    return text(machine, value) if machine.is_tensor(value) else _other(machine, value, shown=True)


def _nested(machine: Machine, value: Any) -> str:
    inner = [*value.items()] if isinstance(value, dict) else [(part,) for part in value]
    within = [[shown(machine, part) for part in item] for item in inner]
    machine.count_text(sum(len(part) + len(": ") for item in within for part in item))
    found = _bracketed(value, ", ".join(": ".join(item) for item in within))
    sizes = type(value) is tuple and all(type(part) is int for part in value)
    if sizes and machine.program.naming.arrays == TORCH:
        # it may be a shape, which torch shows in a way of its own
        return Unseen(found)
    return of_parts([found], like=[part for item in within for part in item])


def _bracketed(value: Any, parts: str) -> str:
    if isinstance(value, dict):
        return f"{{{parts}}}"
    if isinstance(value, tuple):
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    return f"[{parts}]" if isinstance(value, list) else f"{{{parts}}}" if value else "set()"


def _plain(machine: Machine, value: Any) -> Any:
    if machine.is_tensor(value):
        if machine.shape(value):
            whole = machine.printed is not None
            return _shown(machine, value, str) if whole else f"<{machine.describe(value)}>"
        # text decides nothing about numbers: it is read without a trace
        return machine.number(value) if machine.backend.at_hand else Digits("<a number>")
    if isinstance(value, objects.Instance):
        # a %s shows it as text does, a %f as no number
        return _Shown(text(machine, value))
    known = value is None or isinstance(
        value, str | int | float | list | tuple | set | dict | range
    )
    return value if known else _other(machine, value)


class _Shown(float):
    """An object between a text's percent signs."""

    def __new__(cls, shown: str) -> "_Shown":
        made = super().__new__(cls, "nan")
        made.shown = shown
        return made

    shown: str

    def __str__(self) -> str:
        return self.shown


SHOWING = (ord("r"), ord("a"))
"""Conversions to what `repr` shows."""


def in_ascii(machine: Machine, value: Any) -> str:
    """A value as `ascii` shows it."""
    return formatted(machine, value, "", ord("a"))


def formatted(machine: Machine, value: Any, spec: str, conversion: int = -1) -> str:
    """A value as a format has it."""
    machine.count_text(_width(spec))
    found = _formatted(machine, value, spec, conversion)
    machine.count_text(len(found))
    return found


def _formatted(machine: Machine, value: Any, spec: str, conversion: int) -> str:
    if conversion in SHOWING and not machine.is_tensor(value):
        value = shown(machine, value)
        value = _as(ascii(str(value))[1:-1], [value]) if conversion == ord("a") else value
    if isinstance(value, objects.Instance) and conversion == -1:
        found = objects.answered(machine, "format", (value, spec))
        if isinstance(found, str):
            return found
    plain = _plain(machine, value)
    if isinstance(plain, Untold) or (isinstance(plain, str) and machine.is_tensor(value)):
        return plain
    if not spec or conversion in (ord("s"), *SHOWING):
        plainly = text(machine, value)
        found = _as(format(str(plainly), spec), [plainly])
        return found if isinstance(found, Untold) else _like(machine, found, [value])
    try:
        return format(plain, spec)
    except (ValueError, TypeError) as error:
        raise InvalidValueError(f"{machine.describe(value)} has no format {spec!r}") from error


def _width(spec: str) -> int:
    """At least as much as a format fills a value up to: its digits are a width and a precision."""
    return sum(_whole(digits) for digits in re.findall(r"\d+", spec))


def _whole(digits: str) -> int:
    # Python reads no integers of some thousand digits
    return int(digits[:30]) if len(digits) <= 30 else 10**30


class _Format(string.Formatter):
    """`str.format` without what looks into values: attributes and items."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if not field_name.isidentifier() and not field_name.isdigit():
            raise InvalidValueError(f"the format {{{field_name}}} is not read here")
        return self.get_value(
            int(field_name) if field_name.isdigit() else field_name, args, kwargs
        ), 0

    def format_field(self, value: Any, format_spec: str) -> str:
        return formatted(self._machine, value, format_spec)

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion is None:
            return value
        return formatted(self._machine, value, "", ord(conversion))


def with_values(
    machine: Machine, template: str, values: Sequence[Any], named: Mapping[str, Any]
) -> str:
    """`template.format(...)`."""
    try:
        found = _Format(machine).vformat(template, values, named)
        machine.count_text(len(found))
        return _like(machine, found, [*values, *named.values()])
    except (IndexError, KeyError, ValueError) as error:
        raise InvalidValueError(f"the format does not fit its values: {error}") from None


def _like(machine: Machine, found: str, values: Iterable[Any]) -> str:
    """A text that is made of values, whose words are not known where those of one are not."""
    given = (v for v in values if isinstance(v, str | objects.Instance) or machine.is_tensor(v))
    return _as(found, [text(machine, value) for value in given])


def percent(machine: Machine, template: str, values: Any) -> str:
    """`template % values`."""
    _count_filled(machine, template, values)
    if isinstance(values, dict) and re.search(r"%\(", template):
        given: Sequence[Any] = list(values.values())
        plain: Any = {key: _plain(machine, value) for key, value in values.items()}
    else:
        given = values if isinstance(values, tuple) else (values,)
        plain = tuple([_plain(machine, value) for value in given])
    try:
        return _like(machine, template % plain, given)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        shown = (value for value in given if machine.is_tensor(value))
        if any(machine.shape(value) or not machine.backend.at_hand for value in shown):
            # a tensor of several numbers stands in the text by its shape, and one whose number
            # is not at hand by words
            return _like(machine, template, given)
        raise InvalidValueError(
            f"the format does not fit its values: {error}", python=type(error).__name__
        ) from None


_CONVERSION = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d+)?(?:\.(\*|\d+))?")
"""The width and the precision of what stands behind a percent sign."""


def _count_filled(machine: Machine, template: str, values: Any) -> None:
    """Count what a template fills its values up to, those of its stars being values."""
    pairs = _CONVERSION.findall(template)
    sizes = [size for pair in pairs for size in pair if size]
    # each value of a dictionary may stand in the text as often as there are places
    times = len(pairs) if isinstance(values, dict) else 1
    given = values.values() if isinstance(values, dict) else values
    given = given if isinstance(values, tuple | dict) else (values,)
    stars = [abs(v) for v in given if isinstance(v, int)] if "*" in sizes else []
    texts = [text(machine, v) for v in given if isinstance(v, str | list | tuple | set | dict)]
    length = len(template) + times * sum(map(len, texts)) + sum(stars)
    machine.count_text(length + sum(_whole(size) for size in sizes if size != "*"))


def _joined(machine: Machine, node: ast.JoinedStr) -> str:
    parts = [machine.eval(part) for part in node.values]
    machine.count_text(sum(map(len, parts)))
    return of_parts(parts)


def joined(machine: Machine, between: str, parts: Sequence[str]) -> str:
    """The parts with a text between each two, as `join` has them."""
    machine.count_text(sum(map(len, parts)) + len(between) * max(len(parts) - 1, 0))
    return _as(between.join(parts), [between, *parts])


def of_parts(parts: Sequence[str], like: Iterable[str] = ()) -> str:
    """The parts as one text, whose words are not known where those of one are not, or of `like`."""
    return _as("".join(parts), [*parts, *like])


def _value(machine: Machine, node: ast.FormattedValue) -> str:
    value = machine.eval(node.value)
    spec = machine.eval(node.format_spec) if node.format_spec is not None else ""
    return formatted(machine, value, spec, node.conversion)


WORDS: Mapping[type[ast.AST], Rule] = {ast.JoinedStr: _joined, ast.FormattedValue: _value}
"""The meaning of f-strings."""
