"""What is typed for an option, or stands in a request for it, to what it means.

A reader takes what was given and what the user calls the option: `--seed`, or in a request `seed`.
All raise `UsageError` for what makes no sense.
"""

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gradcalc.errors import UsageError, did_you_mean
from gradcalc.render import ALL_DIGITS

DTYPES: Mapping[str, str] = {name: name for name in ("float64", "float32", "float16")}

EVERY_DTYPE = (*DTYPES, "bfloat16")
"""Those of real code, bfloat16 among them."""

_SPELLINGS = {**DTYPES, "double": "float64", "float": "float32", "single": "float32",
              "half": "float16"}  # fmt: skip
_NUMBER = r"[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)"
_ROWS = re.compile(rf"(?:[\s,;]*(?:{_NUMBER})(?=[\s,;]|$))+[\s,;]*")

_NAMED = r"\s*({part}|[^\W\d]\w*(?:\.\w+)*)\s*=(?!=)(.*)"

NONFINITE: Mapping[str, str] = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
"""How numbers that JSON does not have are written in it, and in a program."""

Named = tuple[str, str]

Value = object
"""A value as it was given: a text as typed, or decoded JSON."""

Reader = Callable[[Any, str], Any]


# -- names -------------------------------------------------------------------------------------


def normalized(name: str) -> str:
    """A name as Python reads it, which makes one of the several spellings of a character.

    `lambda`, which is a word of Python, is λ, as mathematics has it.
    """
    plain = unicodedata.normalize("NFKC", name)
    return "λ" if plain.strip() == "lambda" else plain


def check_name(name: str, option: str) -> str:
    """A name typed in an option's value, as Python reads it."""
    clean = normalized(name.strip())
    if keyword.iskeyword(clean):
        raise UsageError(
            f"{option}: {clean} is a word of Python and cannot be a name", hint=f"{clean}_ can"
        )
    part = _part(clean) if "[" in clean else None
    if part is None and not is_dotted(clean):
        raise UsageError(f"{option}: {clean!r} is not a name")
    return part or clean


def _part(text: str) -> str | None:
    """The name of a part of an input, in its one spelling."""
    # what only shows help does without the language
    from gradcalc.lang.trees import normal

    return normal(text)


def check_part(text: str, option: str) -> str:
    """A name, or a part of the output: `[1]`, `["loss"]`, `1`."""
    # what only shows help does without the language
    from gradcalc.lang.paths import path_of

    return text.strip() if path_of(text) is not None else check_name(text, option)


def names(texts: Sequence[str], option: str) -> tuple[str, ...]:
    """Names from an option that may be repeated and may hold several with commas."""
    found = (check_name(name, option) for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(found))


def is_name(token: str) -> bool:
    """Whether a token is `--` and a name."""
    return token.startswith("--") and is_dotted(normalized(token[2:]))


def is_dotted(name: str) -> bool:
    """Whether a text is a name, or that of a parameter of a network: `layers.0.weight`."""
    first, *rest = name.split(".")
    counted = first.isdigit() and bool(rest) and rest[-1].isidentifier()
    return (first.isidentifier() or counted) and all(f"_{part}".isidentifier() for part in rest)


# -- texts -------------------------------------------------------------------------------------


def is_stdin(value: Value | None) -> bool:
    """Whether a value is to be read from standard input."""
    return isinstance(value, str) and value.strip() == "@-"


def pairs(what: str) -> Reader:
    """Reads texts that are `NAME=` and something."""

    def read(texts: Sequence[str], option: str) -> tuple[Named, ...]:
        return tuple(_pair(text, option, f"write {option} NAME={what}") for text in texts)

    return read


def _pair(text: str, option: str, hint: str) -> Named:
    name, equals, rest = text.partition("=")
    if not equals or rest.startswith("="):
        raise UsageError(f"{option} {text}: there is no name in front of a =", hint=hint)
    return check_name(name, option), rest


def claimed(text: str | Named, inputs: Iterable[str]) -> tuple[str | None, str]:
    """The input that a claim is about, if it says so, and the claim.

    `w=2*x` names w; `w==2*x` is a claim without a name, and so is `u = x*x; 2*u`.
    """
    if not isinstance(text, str):
        return text
    from gradcalc.lang.trees import PART

    found = re.fullmatch(_NAMED.format(part=PART), text, re.DOTALL)
    if found is None:
        return None, text
    name = check_name(found[1], "--expect")
    if name not in set(inputs) and re.search(r"[;\n]", found[2].strip()):
        return None, text
    return name, found[2].strip()


def rows(text: str) -> str:
    """A matrix as `--x` has it, `1,2;3,4`, as the list of its rows; any other text as it is."""
    if ";" not in text or not _ROWS.fullmatch(text):
        return text
    lines = [line.strip().strip(",").replace(",", " ").split() for line in text.split(";")]
    inside = ", ".join(f"[{', '.join(line)}]" for line in lines if line)
    return Exact(f"[{inside}]") if isinstance(text, Exact) else f"[{inside}]"


def is_function(text: str) -> bool:
    """Whether a text is a function, `lambda t: t**2`, and not the value of one."""
    return re.match(r"\s*lambda\b", text) is not None


def dtype(text: str, option: str) -> str:
    """A dtype by its own name or one of torch's and numpy's spellings."""
    bare = text.strip().lower()
    for prefix in ("torch.", "np.", "numpy."):
        bare = bare.removeprefix(prefix)
    if bare not in _SPELLINGS:
        raise _no_such_choice("--dtype", text, DTYPES)
    return _SPELLINGS[bare]


def choice(choices: Iterable[str]) -> Reader:
    """Reads one of several words."""

    def read(text: str, option: str) -> str:
        if text not in choices:
            raise _no_such_choice(option, text, choices)
        return text

    return read


def digits(text: str, option: str) -> int:
    """Reads how many digits to show."""
    if text.lower() in ("full", "all", "max"):
        return ALL_DIGITS
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= ALL_DIGITS:
        raise UsageError(f"{option} {text}: 1 to {ALL_DIGITS}, or full")
    return number


def whole(least: int, most: int | None = None) -> Reader:
    """Reads an integer of at least `least`, and at most `most`."""

    def read(text: str, option: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise UsageError(f"{option} {text}: a whole number is needed") from None
        if number < least:
            raise UsageError(f"{option} {text}: a whole number of at least {least} is needed")
        if most is not None and number > most:
            raise UsageError(f"{option} {text}: a whole number of at most {most} is needed")
        return number

    return read


def page(text: str, option: str) -> str:
    """The name of a file that a page is written to."""
    if text == "-":
        raise UsageError(
            f"{option} -: a page is written to a file", hint=f"{option} page.html, and open it"
        )
    return text


def tolerance(text: str, option: str) -> float:
    """How far numbers may be off, in relation to them."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        raise UsageError(f"{option} {text}: a number from 0 to 1 is needed", hint=f"{option} 1e-6")
    return number


def seconds(text: str, option: str) -> float | None:
    """A positive time; None for one without an end."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise UsageError(f"{option} {text}: a number of seconds above 0 is needed")
    return number if math.isfinite(number) else None


def _no_such_choice(option: str, text: str, choices: Iterable[str]) -> UsageError:
    hint = did_you_mean(text, choices) or f"{option} is one of {', '.join(choices)}"
    return UsageError(f"{option} {text}: there is no such choice", hint=hint)


# -- decoded JSON ------------------------------------------------------------------------------


def what(value: Any) -> str:
    """What kind of JSON a value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _is_not(value: Any, key: str, needed: str) -> UsageError:
    return UsageError(f"{key} is {what(value)}; {needed} is needed")


def json_text(value: Any, key: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise _is_not(value, key, "a text")
    return value


def json_texts(value: Any, key: str) -> list[str]:
    """A text, or a list of them."""
    return [json_text(text, key) for text in (value if isinstance(value, list) else [value])]


def json_flag(value: Any, key: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _is_not(value, key, "true or false")
    return value


def json_number(value: Any, key: str) -> str:
    """A number, as it would be typed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _is_not(value, key, "a number")
    return str(value)


def json_value(value: Any, key: str) -> Value:
    """A value of an input, which standard input cannot give."""
    if is_stdin(value):
        raise UsageError(f"{key}: standard input holds the requests")
    return value


def json_tangents(value: Any, key: str) -> tuple[Any, ...]:
    """A tangent, or several by the name of their input."""
    if isinstance(value, dict):
        return tuple((check_name(name, key), part) for name, part in value.items())
    return (json_value(value, key),)


def tangent(given: Any) -> tuple[str | None, Value]:
    """The input that a tangent is of, if it says so, and its value."""
    if isinstance(given, tuple):
        return given
    found = re.fullmatch(r"([^\W\d]\w*)=(.*)", given, re.DOTALL) if isinstance(given, str) else None
    return (None, given) if found is None else (found[1], found[2])


def json_values(value: Any, key: str) -> tuple[tuple[str, Value], ...]:
    """Names with their values."""
    if not isinstance(value, dict):
        raise _is_not(value, key, 'an object such as {"x": [0, 1]}')
    return tuple((check_name(name, key), json_value(given, name)) for name, given in value.items())


def json_lets(value: Any, key: str) -> tuple[Named, ...]:
    """Names with their expressions, as an object or as on the command line."""
    if isinstance(value, dict):
        return tuple((check_name(name, key), json_text(text, key)) for name, text in value.items())
    return tuple(_pair(text, key, "write NAME=EXPR") for text in json_texts(value, key))


def json_claims(value: Any, key: str) -> tuple[str | Named, ...]:
    """A claim, several by input, or a list of both; one that is numbers as a program."""
    claims: list[str | Named] = []
    for claim in value if isinstance(value, list) and not _is_numbers(value) else [value]:
        if isinstance(claim, dict):
            claims += [(check_name(n, key), _claim(text, key)) for n, text in claim.items()]
        else:
            claims.append(_claim(claim, key))
    return tuple(claims)


def _is_numbers(value: list[Any]) -> bool:
    """Whether a list is a gradient rather than a list of claims."""
    return any(isinstance(item, int | float | list) or str(item) in NONFINITE for item in value)


class Exact(str):
    """Numbers that were not typed, all of whose digits are meant."""


def _claim(value: Any, key: str) -> str:
    return value if isinstance(value, str) else Exact(_word(value, key))


def _word(item: Any, key: str) -> str:
    """A number, or lists of them, as they are written in a program."""
    if isinstance(item, list):
        return f"[{', '.join(_word(part, key) for part in item)}]"
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        raise _is_not(item, key, "a gradient in numbers or as a program")
    return NONFINITE.get(str(item), str(item))
