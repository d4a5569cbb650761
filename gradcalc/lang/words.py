"""Text as data: f-strings, formatting, and what a value looks like in a text."""

import ast
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcalc.errors import GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.lang import objects
from gradcalc.lang.machine import Machine, Rule
from gradcalc.lang.program import JAX, NUMPY


def text(machine: Machine, value: Any) -> str:
    """A value as `str` shows it; a tensor by its number, or its shape where it has several."""
    if machine.is_tensor(value):
        plain = _plain(machine, value)
        return str(plain) if isinstance(plain, float) else plain
    if isinstance(value, GradcalcError):
        return value.said
    if isinstance(value, list | tuple | set | dict):
        return _nested(machine, value)
    if isinstance(value, str | int | float | range | None):
        return str(value)
    if isinstance(value, objects.Instance):
        found = objects.answered(machine, "str", (value,))
        if not isinstance(found, str):
            raise UnsupportedError(
                f"what {machine.describe(value)} looks like in a text is not known here",
                hint="give its class a __repr__",
            )
        return found
    return f"<{machine.describe(value)}>"


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


def _nested(machine: Machine, value: Any) -> str:
    def shown(part: Any) -> str:
        machine.budget.tick()
        if machine.printed is not None and machine.is_tensor(part):
            return _shown(machine, part, repr)
        return repr(part) if isinstance(part, str) else text(machine, part)

    if isinstance(value, dict):
        inside = ", ".join(f"{shown(k)}: {shown(v)}" for k, v in value.items())
        return f"{{{inside}}}"
    parts = ", ".join(map(shown, value))
    if isinstance(value, tuple):
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    return f"[{parts}]" if isinstance(value, list) else f"{{{parts}}}" if value else "set()"


def _plain(machine: Machine, value: Any) -> Any:
    if machine.is_tensor(value):
        if machine.shape(value):
            whole = machine.printed is not None
            return _shown(machine, value, str) if whole else f"<{machine.describe(value)}>"
        # text decides nothing about numbers: it is read without a trace
        return machine.number(value) if machine.backend.at_hand else "<a number>"
    return value


def formatted(machine: Machine, value: Any, spec: str, conversion: int = -1) -> str:
    """A value as a format has it."""
    if conversion == ord("r") and isinstance(value, str):
        value = repr(value)
    plain = _plain(machine, value)
    if isinstance(plain, str) and machine.is_tensor(value):
        return plain
    if not spec or conversion in (ord("s"), ord("r")):
        return format(text(machine, value), spec)
    try:
        return format(plain, spec)
    except (ValueError, TypeError) as error:
        raise InvalidValueError(f"{machine.describe(value)} has no format {spec!r}") from error


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
        return _Format(machine).vformat(template, values, named)
    except (IndexError, KeyError, ValueError) as error:
        raise InvalidValueError(f"the format does not fit its values: {error}") from None


def percent(machine: Machine, template: str, values: Any) -> str:
    """`template % values`."""
    given = values if isinstance(values, tuple) else (values,)
    plain = tuple([_plain(machine, value) for value in given])
    try:
        return template % plain
    except (TypeError, ValueError) as error:
        if any(machine.is_tensor(value) and machine.shape(value) for value in given):
            # a tensor of several numbers stands in the text by its shape
            return template
        raise InvalidValueError(
            f"the format does not fit its values: {error}", python=type(error).__name__
        ) from None


def _joined(machine: Machine, node: ast.JoinedStr) -> str:
    return "".join([machine.eval(part) for part in node.values])


def _value(machine: Machine, node: ast.FormattedValue) -> str:
    value = machine.eval(node.value)
    spec = machine.eval(node.format_spec) if node.format_spec is not None else ""
    return formatted(machine, value, spec, node.conversion)


WORDS: Mapping[type[ast.AST], Rule] = {ast.JoinedStr: _joined, ast.FormattedValue: _value}
"""The meaning of f-strings."""
