"""Arguments as people type them: `-x 3`, `x=3`, `--x 1 2 3`, `-q`."""

import re
from collections.abc import Mapping, Sequence

from gradcalc.cli.readers import is_name

SHORT = {"-q": "--quiet", "-h": "--help"}
"""Short spellings of options."""

NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?,?")
"""A number that stands alone, as an item of a vector."""

CONSTANT = re.compile(
    r"(?!--)(?=.*(?:[\dπ∞½¼¾]|pi|inf|nan))(?:[-+*/%.√π∞½¼¾\d_]|pi|inf|nan|(?<=\d)[eE](?=[-+\d]))+,?"
)
"""What is no number that stands alone but says nothing of any name: `2pi`, `√2`, `50%`."""

NUMBERS = frozenset({"VALUE", "EXPR"})
"""What the values of options are called that may be several numbers."""

VALUE = re.compile(r"[-+−]?[.\d√π∞½¼¾]|[\[(@]|[-+]?(?:inf|nan|pi)\b|\w+\(")
"""What a value begins with."""

DASHED = re.compile(r"-([^\W\d]\w*)(?:=(.+))?", re.DOTALL)

NAME = re.compile(r"[^\W\d]\w*")

ASSIGNED_NOTHING = re.compile(r"[^\W\d]\w*\s*=\s*")

ABOUT = re.compile(r"(?:[^\W\d]\w*\s*=(?!=)\s*)?(.*)", re.DOTALL)
"""A claim, which may say what it is about."""

ASSIGNED = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*(.*)", re.DOTALL)


def spelled_out(args: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """The same arguments with the values of names as `--NAME=VALUE`, and options in full.

    `known` are the command's own options, each with what its value is, empty for one without.
    """
    end = args.index("--") if "--" in args else len(args)
    left, found, programs = _joined(args[:end]), list[str](), 0
    given = {word.partition("=")[0] for word in left}
    while left:
        word = left.pop(0)
        name, equals, text = word.partition("=")
        dashed, assigned = DASHED.fullmatch(word), ASSIGNED.fullmatch(word)
        if SHORT.get(word) in known and not _is_value(left):
            found.append(SHORT[word])
        elif name in known:
            value = text if equals else left.pop(0) if known[name] and left else None
            if value is not None and known[name] in NUMBERS:
                value = ",".join(_items(value, left))
            found += [word] if value is None else [f"{name}={value}"] if equals else [name, value]
        elif is_name(name) and (equals or (left and not _is_option(left[0], known))):
            found.append(_named(name, text if equals else left.pop(0), left))
        elif dashed and f"--{dashed[1]}" not in given and (dashed[2] or _is_value(left)):
            found.append(_named(f"--{dashed[1]}", dashed[2] or left.pop(0), left))
        elif assigned and programs and (VALUE.match(assigned[2]) or not assigned[2]):
            found.append(_named(f"--{assigned[1]}", assigned[2], left))
        else:
            found.append(word)
            programs += not is_name(name)
    return [*found, *args[end:]]


def _is_option(word: str, known: Mapping[str, str]) -> bool:
    name = word.partition("=")[0]
    return name in known or is_name(name)


def _is_value(left: Sequence[str]) -> bool:
    """Whether the next word can only be a value."""
    return bool(left and VALUE.match(left[0]))


def _named(name: str, value: str, left: list[str]) -> str:
    """A name with its value, of which the words behind it are the rest: `--x 1 2 3`."""
    if value == "-":
        return f"{name}=@-"
    return f"{name}={','.join(_items(value, left))}"


def _items(value: str, left: list[str]) -> list[str]:
    """A value, and the numbers behind it where it is a number."""
    items = [value]
    about = ABOUT.fullmatch(value)
    last = about[1] if about else value
    while _is_constant(last) and left and _is_constant(left[0]):
        last = left.pop(0)
        items.append(last)
    return [item.rstrip(",") for item in items] if items[1:] else items


def _is_constant(word: str) -> bool:
    return bool(NUMBER.fullmatch(word) or CONSTANT.fullmatch(word))


def _joined(words: Sequence[str]) -> list[str]:
    """The words, `x = 3` as one of them, in which nothing stands between the two but blanks."""
    found: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if found and NAME.fullmatch(found[-1]) and re.match(r"=(?!=)", word):
            rest = left.pop(0) if word == "=" and left else ""
            word = found.pop() + word + rest
        elif ASSIGNED_NOTHING.fullmatch(word) and _is_value(left):
            word += left.pop(0)
        found.append(word)
    return found
