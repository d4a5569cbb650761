"""What a dtype is called in a text, and what it equals."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang import casts
from gradcalc.lang.casts import NumberKind
from gradcalc.lang.machine import Builtin, Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import JAX, NUMPY, TORCH
from gradcalc.lang.words import Untold, told

WHOLE = MappingProxyType(
    {
        "long": "int64", "int": "int32", "short": "int16", "char": "int8", "byte": "uint8",
        "int_": "int64", "intp": "int64", "bool_": "bool", "half": "float16", "float": "float32",
        "double": "float64",
    }
)  # fmt: skip
"""The names of dtypes that have others."""

TENSORS = MappingProxyType(
    {
        "float16": "Half", "float32": "Float", "float64": "Double", "bfloat16": "BFloat16",
        "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int",
        "int64": "Long",
    }
)  # fmt: skip
"""What torch calls its types of tensors by their dtypes."""


class TypeName(str):
    """What torch's `type()` gives, with the dtype that it is of."""

    kind: NumberKind

    def __new__(cls, name: str, kind: NumberKind) -> "TypeName":
        made = super().__new__(cls, name)
        made.kind = kind
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Key(NumberKind):
    """A dtype that things are found by: torch has one of each name."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.name == other.name

    def __hash__(self) -> int:
        return hash((Key, self.name))


class UntoldName(Untold):
    """The name of a dtype that the program's own run may not have."""

    kind: NumberKind | None
    why = "the dtype of the program's own run is not known here", "compare two dtypes"

    def __new__(cls, name: str, kind: NumberKind | None = None) -> "UntoldName":
        made = super().__new__(cls, name)
        made.kind = kind
        return made


_NAMES = (TypeName, UntoldName)


def name_of(machine: Machine, kind: NumberKind) -> str:
    """The whole name of a dtype, empty where the program's own run may have another one."""
    name = "bool" if kind.word == "bool" else casts.own_name(machine, kind)
    return WHOLE.get(name, name)


def text(machine: Machine, kind: NumberKind, *, shown: bool = False) -> str:
    """A dtype as `str` has it, or as `repr` does."""
    name = name_of(machine, kind)
    torchs = machine.program.naming.arrays == TORCH
    if not name or not (torchs or machine.program.naming.arrays in (NUMPY, JAX)):
        return UntoldName("<a dtype>", kind)
    return f"torch.{name}" if torchs else f"dtype({name!r})" if shown else name


def type_name(machine: Machine, held: Tensor) -> str:
    """What torch's `type()` says of a tensor."""
    kind = casts.dtype_of(machine, held)
    known = TENSORS.get(name_of(machine, kind))
    if known is None:
        return UntoldName("<a type of tensors>", kind)
    return TypeName(f"torch.{known}Tensor", kind)


def equal(machine: Machine, left: Any, right: Any) -> bool | None:
    """Whether two values are equal of which one is a dtype, or the name of a type; None if none is.

    numpy's and jax's dtypes equal their names and Python's types, torch's do not. Raises
    `UnsupportedError` where whose dtype it is is not known, or which one.
    """
    if isinstance(left, _NAMES) or isinstance(right, _NAMES):
        kinds: list[Any] = [getattr(value, "kind", None) for value in (left, right)]
        if all(isinstance(value, _NAMES) for value in (left, right)) and None not in kinds:
            return same(machine, *kinds)
        words = [told(value) for value in (left, right)]
        return all(isinstance(word, str) for word in words) and str(words[0]) == str(words[1])
    if isinstance(right, NumberKind):
        left, right = right, left
    if not isinstance(left, NumberKind):
        return None
    if isinstance(right, NumberKind):
        return same(machine, left, right)
    if not isinstance(right, str) and not (
        isinstance(right, Builtin) and right.name in casts.PYTHONS
    ):
        return False
    arrays = machine.program.naming.arrays
    if arrays not in (TORCH, NUMPY, JAX):
        raise UnsupportedError(
            "whose dtype this is, and so what it equals, is not known here",
            hint="compare it with a dtype: x.dtype == torch.float64",
        )
    named = left.word != "bool" and any(left is one for one in casts.KINDS.values())
    if arrays == TORCH or named:
        # numpy's own names of kinds are types, which equal nothing else
        return False
    found = casts.kind_of(machine, right)
    return found is not None and same(machine, left, found)


def identical(machine: Machine, left: Any, right: Any) -> bool | None:
    """Whether two values are one object, where both are dtypes; None where they are not.

    Torch has one of each; of numpy's names of dtypes some are dtypes, others types.
    """
    if not (isinstance(left, NumberKind) and isinstance(right, NumberKind)):
        return None
    if machine.program.naming.arrays != TORCH:
        raise UnsupportedError("whether these are one object is not known here", hint="use ==")
    return same(machine, left, right)


def same(machine: Machine, first: NumberKind, second: NumberKind) -> bool:
    """Whether two dtypes are one. Raises `UnsupportedError` where that is not known."""
    names = name_of(machine, first), name_of(machine, second)
    return names[0] == names[1] if all(names) else casts.alike(machine, first, second)


def key(machine: Machine, kind: NumberKind) -> Key:
    """A dtype as a key of a dictionary. Raises `UnsupportedError` where it is not known which."""
    if machine.program.naming.arrays != TORCH:
        raise UnsupportedError(
            "only torch's dtypes are keys here", hint="write its name: 'float64'"
        )
    if not (name := name_of(machine, kind)):
        raise UnsupportedError(
            "the dtype of the program's own run is not known here", hint="name the dtype itself"
        )
    return Key(kind.word, name)


def attribute(machine: Machine, kind: NumberKind, name: str) -> Any:
    """What stands behind the dot of a dtype, None where nothing is known to."""
    match name:
        case "type":
            # numpy's own kind of numbers of a dtype
            return kind
        case "is_floating_point" | "is_complex":
            return kind.word == ("float" if name == "is_floating_point" else "complex")
        case "kind":
            letters = {"float": "f", "int": "i", "bool": "b", "complex": "c"}
            return (
                "u" if kind.name.startswith("uint") or kind.name == "byte" else letters[kind.word]
            )
        case "name":
            return name_of(machine, kind) or UntoldName("<a dtype>", kind)
        case _:
            return None
