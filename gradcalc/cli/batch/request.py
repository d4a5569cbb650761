"""A line of JSON → the options that the command line would have had."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gradcalc.cli import options as read
from gradcalc.cli.arguments import check_name
from gradcalc.cli.options import Named, Options, Value, is_stdin
from gradcalc.errors import InvalidValueError, UsageError, did_you_mean

Object = Mapping[str, Any]

_NONFINITE = MappingProxyType({"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"})
"""How numbers that JSON does not have are written in it, and in a program."""


def decoded(text: bytes) -> Object:
    """The object that a line is.

    Raises `UsageError` for a line that is no JSON object, `InvalidValueError` for a number that is
    too large.
    """
    try:
        found = json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_in_range,
        )
    except UnicodeDecodeError:
        raise UsageError("the request is not a text in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.removesuffix(' at')} at column {error.colno}"
        raise UsageError(f"the request is not JSON: {where[:1].lower()}{where[1:]}") from None
    # Python reads no integers of more than some thousand digits.
    except ValueError:
        raise InvalidValueError("the request holds an integer that is too large") from None
    except RecursionError:
        raise UsageError("the request is nested too deeply") from None
    if not isinstance(found, dict):
        raise UsageError(
            f"the request is {_what(found)}, not an object",
            hint='a request is {"program": "2*dot(x,x)", "inputs": {"x": [0, 1]}}',
        )
    return found


def options_of(request: Object, defaults: Options) -> Options:
    """The options that a request means, those that it does not mention taken from `defaults`.

    Raises `GradcalcError` for an unknown key and for values that make no sense.
    """
    for key in request:
        if key not in _KEYS:
            known = ", ".join(("id", "program", *_READERS))
            raise UsageError(
                f"there is no key {key!r} in a request",
                hint=did_you_mean(key, _KEYS) or f"its keys are {known}",
            )
    program = _text(request.get("program"), "program")
    if program.strip() == "-":
        raise UsageError("program: standard input holds the requests")
    changes = {
        field: reader(request[key], key)
        for key, (field, reader) in _READERS.items()
        if request.get(key) is not None
    }
    return replace(defaults, programs=(program,), **changes)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UsageError(f"the request has {twice!r} twice")
    return found


def _no_constant(text: str) -> float:
    raise UsageError(f"JSON has no {text}", hint=f'write "{text}", as a string')


def _in_range(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidValueError(
            f"the request holds {_briefly(digits)}, which is too large for a float64",
            hint='write "Infinity" if infinity is meant',
        )
    return number


def _briefly(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _what(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def _is_not(value: Any, key: str, needed: str) -> UsageError:
    return UsageError(f"{key} is {_what(value)}; {needed} is needed")


def _text(value: Any, key: str) -> str:
    if value is None:
        raise UsageError(f"the request has no {key}")
    if not isinstance(value, str):
        raise _is_not(value, key, "a text")
    return value


def _flag(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise _is_not(value, key, "true or false")
    return value


def _number(value: Any, key: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _is_not(value, key, "a number")
    return str(value)


def _names(value: Any, key: str) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    return read.name_list([_text(text, key) for text in texts], key)


def _value(value: Any, key: str) -> Value:
    if is_stdin(value):
        raise UsageError(f"{key}: standard input holds the requests")
    return value


def _values(value: Any, key: str) -> tuple[tuple[str, Value], ...]:
    if not isinstance(value, dict):
        raise _is_not(value, key, 'an object such as {"x": [0, 1]}')
    return tuple((check_name(name, key), _value(given, name)) for name, given in value.items())


def _lets(value: Any, key: str) -> tuple[Named, ...]:
    if isinstance(value, dict):
        return tuple((check_name(name, key), _text(text, key)) for name, text in value.items())
    texts = value if isinstance(value, list) else [value]
    return tuple(read.named(_text(text, key), key, "write NAME=EXPR") for text in texts)


def _claims(value: Any, key: str) -> tuple[str | Named, ...]:
    claims: list[str | Named] = []
    for claim in value if isinstance(value, list) and not _is_numbers(value) else [value]:
        if isinstance(claim, dict):
            claims += [(check_name(n, key), _claim(text, key)) for n, text in claim.items()]
        else:
            claims.append(_claim(claim, key))
    return tuple(claims)


def _is_numbers(value: list[Any]) -> bool:
    """Whether a list is a gradient rather than a list of claims."""
    return any(isinstance(item, int | float | list) or str(item) in _NONFINITE for item in value)


def _claim(value: Any, key: str) -> str:
    """A claim as a program; one that was given in numbers as well."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_word(item, key) for item in value)}]"
    return _word(value, key)


def _word(item: Any, key: str) -> str:
    if isinstance(item, list):
        return _claim(item, key)
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        raise _is_not(item, key, "a gradient in numbers or as a program")
    return _NONFINITE.get(str(item), str(item))


Reader = Callable[[Any, str], Any]

_READERS: Mapping[str, tuple[str, Reader]] = MappingProxyType(
    {
        "inputs": ("values", _values),
        "let": ("lets", _lets),
        "detach": ("detach", _names),
        "wrt": ("wrt", _names),
        "of": ("of", lambda value, key: check_name(_text(value, key), key)),
        "expect": ("expect", _claims),
        "cotangent": ("cotangent", _value),
        "dtype": ("dtype", lambda value, key: read.dtype_name(_text(value, key))),
        "device": ("device", _text),
        "seed": ("seed", lambda value, key: read.whole_number(_number(value, key), key, 0)),
        "strict": ("strict", _flag),
        "check": ("check", _flag),
        "enclose": ("enclose", _flag),
        "max_steps": (
            "max_steps",
            lambda value, key: read.whole_number(_number(value, key), key, 1),
        ),
        "timeout": ("timeout", lambda value, key: read.seconds(_number(value, key), key)),
    }
)
"""Each key of a request: the field of `Options` that it sets, and what reads it."""

_KEYS = frozenset(("id", "program", *_READERS))
