"""What a program asks of whoever runs it: variables of the environment, versions, the platform.

A result hangs on the text and its inputs alone. So every variable is read as not set, unless the
program sets it itself, and what is read of versions and the platform is said in the report.
"""

import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import containers, words
from gradcalc.lang.machine import Builtin, Frame, Machine, Once
from gradcalc.lang.objects import NOT_IMPLEMENTED, Class, Instance
from gradcalc.lang.program import ASKED, NOT_SET


@dataclass(frozen=True, slots=True)
class Asked:
    """What a name of a module is in a run, by the machine of that run."""

    value: Callable[[Machine], Any]


# -- variables of the environment --------------------------------------------------------------


def _set_by_program(machine: Machine) -> dict[str, str]:
    """The variables that the program itself has set so far."""
    return machine.library.setdefault("os", Frame({})).values


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("names and values of the environment are texts", python="TypeError")
    found: str = words.told(value)
    return found


def _get(machine: Machine, environ: Instance, key: Any, default: Any = None) -> Any:
    known = _set_by_program(machine)
    if _text(key) in known:
        return known[key]
    machine.note_cast(NOT_SET)
    return default


def _getenv(machine: Machine, key: Any, default: Any = None) -> Any:
    return _get(machine, ENVIRON, key, default)


def _item(machine: Machine, environ: Instance, key: Any) -> Any:
    found = _get(machine, environ, key, ENVIRON)
    if found is ENVIRON:
        raise InvalidValueError(
            f"{key} is not set: a program has no variables here but those that it sets itself",
            python="KeyError", said=repr(key), about=(key,),
        )  # fmt: skip
    return found


def _contains(machine: Machine, environ: Instance, key: Any) -> bool:
    return _get(machine, environ, key, ENVIRON) is not ENVIRON


def _assign(machine: Machine, environ: Instance, key: Any, value: Any) -> None:
    _set_by_program(machine)[_text(key)] = _text(value)


def _set_default(machine: Machine, environ: Instance, key: Any, value: Any) -> Any:
    if not _contains(machine, environ, key):
        _assign(machine, environ, key, value)
    return _set_by_program(machine)[key]


def _pop(machine: Machine, environ: Instance, key: Any, *default: Any) -> Any:
    found = _get(machine, environ, key, *default) if default else _item(machine, environ, key)
    _set_by_program(machine).pop(key, None)
    return found


def _update(machine: Machine, environ: Instance, values: Any = (), **named: Any) -> None:
    for key, value in {**containers.mapping(machine, values), **named}.items():
        _assign(machine, environ, key, value)


def _copy(machine: Machine, environ: Instance) -> dict[str, str]:
    machine.note_cast(NOT_SET)
    return dict(_set_by_program(machine))


def _names(machine: Machine, environ: Instance) -> Any:
    return Once("iter", iter(_copy(machine, environ)))


ENVIRON = Instance(
    Class(
        "environ",
        (),
        {
            name: Builtin(name, call, doc)
            for name, call, doc in (
                ("get", _get, "a variable of the environment, which is not set"),
                ("__getitem__", _item, "a variable of the environment"),
                ("__contains__", _contains, "whether a variable is set"),
                ("__setitem__", _assign, "sets a variable for the program itself"),
                ("setdefault", _set_default, "sets a variable for the program itself"),
                ("pop", _pop, "a variable of the environment, which is set no more"),
                ("update", _update, "sets variables for the program itself"),
                ("copy", _copy, "the variables as a dictionary"),
                ("__iter__", _names, "the variables that the program has set"),
                ("__len__", lambda m, e: len(_copy(m, e)), "how many the program has set"),
                ("keys", lambda m, e: _copy(m, e).keys(), "the variables that the program has set"),
                ("values", lambda m, e: _copy(m, e).values(), "what the program has set them to"),
                ("items", lambda m, e: _copy(m, e).items(), "both"),
            )
        },
        library=True,
    )
)
"""`os.environ`, whose variables belong to the run."""


# -- versions and the platform -----------------------------------------------------------------


class Release(str):
    """A version of torch's, which compares by its numbers as torch's own does."""

    __slots__ = ()

    @property
    def key(self) -> tuple[list[int], bool]:
        """What it is compared by: its numbers, and whether it is more than these."""
        return _key(self)

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.key == _key(other)

    def __lt__(self, other: str) -> bool:
        return self.key < _key(other)

    def __le__(self, other: str) -> bool:
        return self.key <= _key(other)

    def __gt__(self, other: str) -> bool:
        return self.key > _key(other)

    def __ge__(self, other: str) -> bool:
        return self.key >= _key(other)


def _key(text: str) -> tuple[list[int], bool]:
    numbers, _, more = text.partition("+")
    parts = numbers.split(".")
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise UnsupportedError(
            f"{text} is no version of numbers alone, by which versions are compared here"
        )
    found = [int(part) for part in parts]
    while found and found[-1] == 0:
        found.pop()
    return found, bool(more)


@cache
def _version(package: str) -> str:
    # slow to import, and hardly ever needed
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _told(name: str, value: Callable[[], Any]) -> Asked:
    """A value that is said in the report where a program asks for it."""

    def ask(machine: Machine) -> Any:
        found = value()
        shown = ".".join(map(str, found[:3])) if isinstance(found, tuple) else found
        machine.note_cast(f"{ASKED}{name} is read as {shown}")
        return found

    return Asked(ask)


def _version_of(package: str, kind: type[str] = str) -> Callable[[], str]:
    def found() -> str:
        if not (text := _version(package)):
            raise UnsupportedError(f"which {package} the program would run with is not known here")
        return kind(text)

    return found


class VersionInfo(NamedTuple):
    """`sys.version_info`."""

    major: int
    minor: int
    micro: int
    releaselevel: str
    serial: int


class FloatInfo(NamedTuple):
    """`sys.float_info`."""

    max: float
    min: float
    epsilon: float
    dig: int
    mant_dig: int
    max_exp: int
    min_exp: int


def _python() -> VersionInfo:
    return VersionInfo(*sys.version_info)


def _floats(machine: Machine) -> FloatInfo:
    info = sys.float_info
    return FloatInfo(*(getattr(info, name) for name in FloatInfo._fields))


def _nothing(machine: Machine, limit: Any) -> None:
    return None


def _numbered(machine: Machine, one: Instance, text: Any) -> None:
    if not isinstance(text, str):
        raise InvalidValueError("a version is made of a text", python="TypeError")
    one.values["key"], one.values["text"] = _key(words.told(text)), text


def _compared(sign: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def call(machine: Machine, one: Instance, other: Any) -> Any:
        if not isinstance(other, Instance) or other.kind is not VERSION:
            return NOT_IMPLEMENTED
        return sign(one.values["key"], other.values["key"])

    return call


VERSION = Class(
    "Version",
    (),
    {
        "__init__": Builtin("__init__", _numbered, "a version of its text"),
        "__str__": Builtin("__str__", lambda machine, one: one.values["text"], "its text"),
        **{
            f"__{name}__": Builtin(name, _compared(getattr(operator, name)), "which is later")
            for name in ("lt", "le", "gt", "ge", "eq", "ne")
        },
    },
    library=True,
)
"""Versions as `packaging` compares them, of numbers alone."""


def _parsed(machine: Machine, version: Any) -> Any:
    return machine.call(VERSION, (version,))


VERSIONS: Mapping[str, Mapping[str, Asked]] = MappingProxyType(
    {
        package: {"__version__": _told(f"{package}.__version__", _version_of(package, kind))}
        for package, kind in (("torch", Release), ("numpy", str), ("scipy", str), ("jax", str))
    }
)
"""The versions of libraries, which are those that gradcalc runs with."""

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "os": {
            "environ": Asked(lambda machine: ENVIRON),
            "getenv": Builtin("getenv", _getenv, "a variable of the environment, which is not set"),
        },
        "sys": {
            "platform": _told("sys.platform", lambda: sys.platform),
            "version_info": _told("sys.version_info", _python),
            "float_info": Asked(_floats),
            "maxsize": sys.maxsize,
            "setrecursionlimit": Builtin("setrecursionlimit", _nothing, "nothing"),
        },
        "packaging": {},
        "packaging.version": {
            "Version": VERSION,
            "parse": Builtin("parse", _parsed, "a version of its text"),
        },
    }
)
"""What Python's modules have of this."""
