"""What the user asked for, as one value, and the small readers of option texts."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcalc.cli.arguments import check_name
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.render import FORMATS

DTYPES = ("float64", "float32", "float16")

_DTYPE_NAMES = {name: name for name in DTYPES} | {
    "double": "float64",
    "float": "float32",
    "single": "float32",
    "half": "float16",
}
_NAMED = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", re.DOTALL)

Named = tuple[str, str]

Value = object
"""A value as it was given: a text as typed, or decoded JSON."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line of a gradient, read but not yet resolved.

    `values` and `lets` are names with their texts, in the order typed; `expect` the claims as
    typed, or each with the input that it is about; `format` is None where the place of the output
    decides. A request of a stream comes as the same, its values as JSON.
    """

    programs: tuple[str, ...]
    values: tuple[tuple[str, Value], ...] = ()
    lets: tuple[Named, ...] = ()
    detach: tuple[str, ...] = ()
    wrt: tuple[str, ...] = ()
    of: str | None = None
    expect: tuple[str | Named, ...] = ()
    cotangent: Value | None = None
    accumulate: bool = False
    dtype: str = "float64"
    device: str = "cpu"
    seed: int | None = None
    format: str | None = None
    show_all: bool = False
    quiet: bool = False
    check: bool = True
    strict: bool = False
    enclose: bool = True
    max_steps: int | None = None
    timeout: float | None = None


def is_stdin(value: Value | None) -> bool:
    """Whether a value is to be read from standard input."""
    return isinstance(value, str) and value.strip() == "@-"


def named(text: str, option: str, what: str) -> Named:
    """The two sides of `NAME=...`."""
    name, equals, rest = text.partition("=")
    if not equals or rest.startswith("="):
        raise UsageError(f"{option} {text}: there is no name in front of a =", hint=what)
    return check_name(name, option), rest


def claimed(text: str | Named, inputs: Iterable[str]) -> tuple[str | None, str]:
    """The input that a claim is about, if it says so, and the claim.

    `w=2*x` names w; `w==2*x` is a claim without a name, and so is `u = x*x; 2*u`.
    """
    if not isinstance(text, str):
        return text
    found = _NAMED.fullmatch(text)
    if found is None:
        return None, text
    name = check_name(found[1], "--expect")
    if name not in set(inputs) and re.search(r"[;\n]", found[2].strip()):
        return None, text
    return name, found[2].strip()


def name_list(texts: Sequence[str] | None, option: str) -> tuple[str, ...]:
    """Names from an option that may be repeated and may hold several with commas."""
    names = (check_name(name, option) for text in texts or () for name in text.split(","))
    return tuple(dict.fromkeys(names))


def dtype_name(text: str) -> str:
    """A dtype by its own name or one of torch's and numpy's spellings."""
    bare = text.strip().lower()
    for prefix in ("torch.", "np.", "numpy."):
        bare = bare.removeprefix(prefix)
    if bare not in _DTYPE_NAMES:
        raise _no_such_choice("--dtype", text, DTYPES)
    return _DTYPE_NAMES[bare]


def format_name(text: str | None, json: bool) -> str | None:
    """The output format, which `--json` is short for."""
    if text is None:
        return "json" if json else None
    if text not in FORMATS:
        raise _no_such_choice("--format", text, tuple(FORMATS))
    if json and text != "json":
        raise UsageError(f"--json and --format {text} exclude each other")
    return text


def whole_number(text: str | None, option: str, least: int) -> int | None:
    """An integer of at least `least`."""
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"{option} {text}: a whole number is needed") from None
    if number < least:
        raise UsageError(f"{option} {text}: a whole number of at least {least} is needed")
    return number


def seconds(text: str | None, option: str) -> float | None:
    """A positive time."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise UsageError(f"{option} {text}: a number of seconds above 0 is needed")
    return number if math.isfinite(number) else None


def _no_such_choice(option: str, text: str, choices: Sequence[str]) -> UsageError:
    hint = did_you_mean(text, choices) or f"{option} is one of {', '.join(choices)}"
    return UsageError(f"{option} {text}: there is no such choice", hint=hint)
