"""Python's errors as values of a program: their classes, what they hold, and what they say."""

import builtins
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from gradcalc.errors import (
    AXIS,
    LINALG,
    GradcalcError,
    InvalidValueError,
    ShapeError,
    UnsupportedError,
)
from gradcalc.lang import words
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.objects import NOT_IMPLEMENTED, Class, Instance
from gradcalc.lang.program import MIXED, TORCH


def _init(machine: Machine, error: Instance, *args: Any) -> None:
    error.values["args"] = args


def _init_system(machine: Machine, error: Instance, *args: Any) -> None:
    if len(args) > 1:
        raise UnsupportedError(
            f"which kind of {error.kind.name} this makes hangs on its number",
            hint="give it one text",
        )
    error.values["args"] = args


def _str(machine: Machine, error: Instance) -> str:
    held = error.values["args"]
    if len(held) != 1:
        return words.text(machine, held) if held else ""
    if EXCEPTIONS["KeyError"] in error.kind.line and not isinstance(held[0], words.Untold):
        return words.shown(machine, held[0])
    return words.text(machine, held[0])


def _repr(machine: Machine, error: Instance) -> str:
    parts = [words.shown(machine, value) for value in error.values["args"]]
    return words.of_parts([error.kind.name, "(", ", ".join(parts), ")"], like=parts)


def _same(machine: Machine, error: Instance, *args: Any) -> Instance:
    return error


ROOT = Class(
    "BaseException",
    (),
    {
        "__init__": Builtin("__init__", _init, "an error with what it is about"),
        "__str__": Builtin("__str__", _str, "what an error says"),
        "__repr__": Builtin("__repr__", _repr, "an error as it was made"),
        "with_traceback": Builtin("with_traceback", _same, "the error itself"),
    },
    library=True,
    error=True,
)
"""What every error is."""


def _tree() -> dict[str, Class]:
    found = {"BaseException": ROOT}

    def class_of(kind: type) -> Class:
        name = kind.__name__
        if name not in found:
            bases = tuple(class_of(base) for base in kind.__bases__)
            found[name] = Class(name, bases, {}, library=True)
        return found[name]

    own = {
        name: kind
        for name, kind in vars(builtins).items()
        if isinstance(kind, type)
        and issubclass(kind, BaseException)
        # groups are for except*, and those of texts and bytes are made of five parts
        and not issubclass(kind, BaseExceptionGroup)
        and kind.__bases__ != (UnicodeError,)
    }
    classes = {name: class_of(kind) for name, kind in own.items()}
    start = Builtin("__init__", _init_system, "an error of the system")
    classes["OSError"].members["__init__"] = start
    return classes


EXCEPTIONS: Mapping[str, Class] = MappingProxyType(_tree())
"""Python's own errors by their names."""


WORDS: Mapping[str, Any] = MappingProxyType({**EXCEPTIONS, "NotImplemented": NOT_IMPLEMENTED})
"""Python's own names that are values: its errors, and what an operator has no answer by."""


def _kind(name: str, *bases: str) -> Class:
    return Class(name, tuple(EXCEPTIONS[base] for base in bases), {}, library=True)


NUMPYS = {LINALG: _kind(LINALG, "ValueError"), AXIS: _kind(AXIS, "ValueError", "IndexError")}
TORCHS = {LINALG: _kind(LINALG, "RuntimeError"), AXIS: EXCEPTIONS["IndexError"]}

EITHER = {
    LINALG: Class(LINALG, (NUMPYS[LINALG], TORCHS[LINALG]), {}, library=True),
    AXIS: NUMPYS[AXIS],
}
"""What a text that works on both libraries' arrays may have to do with."""

FROZEN = _kind("FrozenInstanceError", "AttributeError")
"""What is raised where something is assigned to an object of a frozen dataclass."""

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "numpy.linalg": {LINALG: NUMPYS[LINALG]},
        "scipy.linalg": {
            LINALG: NUMPYS[LINALG],
            "LinAlgWarning": _kind("LinAlgWarning", "Warning"),
        },
        "numpy.exceptions": {AXIS: NUMPYS[AXIS]},
        "dataclasses": {FROZEN.name: FROZEN},
        "torch.linalg": {LINALG: TORCHS[LINALG]},
    }
)
"""Errors of libraries, by the modules that have them."""


@cache
def foreign(name: str) -> Class:
    """The class of an error that only a name is known of."""
    return Class(name, (EXCEPTIONS["Exception"],), {}, library=True)


UNNAMED = Class("error", (EXCEPTIONS["Exception"],), {}, library=True)
"""What a library raises of shapes that do not fit, where it is not known which error that is."""


def is_error(value: Any) -> bool:
    """Whether a value is an error or a class of errors."""
    kind = value.kind if isinstance(value, Instance) else value
    return isinstance(kind, Class) and kind.error


def error_of(machine: Machine, value: Any) -> GradcalcError:
    """What a program raises: an error, or a class of which one is made."""
    if not is_error(value):
        return InvalidValueError(
            f"exceptions must derive from BaseException: {machine.describe(value)} is raised",
            python="TypeError",
            said="exceptions must derive from BaseException",
        )
    if isinstance(value, Class):
        value = machine.call(value, ())
    if (known := next((e for e in machine.caught if e.value is value), None)) is not None:
        return known
    name, said = value.kind.name, words.text(machine, value)
    if machine.program.library and name == "NotImplementedError":
        # the library has it, and its text here has not
        return UnsupportedError(said)
    shown = f"{name}: {said}" if said else name
    found = InvalidValueError(f"the program raises {shown}", python=name, said=said)
    found.value = value
    return found


def value_of(machine: Machine, error: GradcalcError) -> Instance | None:
    """The error that a program can handle, None for one that is not Python's."""
    if error.value is None and error.python is not None:
        said = words.Untold(error.message) if error.said is None else error.said
        about = (said,) if error.about is None else error.about
        error.value = Instance(_class_of(machine, error.python), {"args": about})
    if error.value is None and isinstance(error, ShapeError):
        error.value = Instance(UNNAMED, {"args": (words.Untold(error.message),)})
    found: Instance | None = error.value
    return found


def _class_of(machine: Machine, name: str) -> Class:
    arrays = machine.program.naming.arrays
    own = TORCHS if arrays == TORCH else EITHER if arrays == MIXED else NUMPYS
    further = {FROZEN.name: FROZEN}
    if (found := own.get(name) or EXCEPTIONS.get(name) or further.get(name)) is None:
        raise UnsupportedError(f"whether this raises {name} is not known here")
    return found
