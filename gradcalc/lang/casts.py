"""Kinds of numbers and devices, as programs name them, and casts between the kinds.

The whole calculation has one dtype and one device. Of a cast to floats nothing is left but that
truth values and integers become floats; integers and truth values stay data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError, brief
from gradcalc.lang import memory, narrow, ops, plain
from gradcalc.lang.machine import Builtin, Complex, Machine
from gradcalc.lang.memory import Tensor, View
from gradcalc.lang.program import ASKED, HELD, MIXED, NUMPY, TORCH


@dataclass(frozen=True, slots=True)
class NumberKind:
    """What a library calls a dtype: floats, integers (`int`) or truth values (`bool`).

    `name` is the very one, where it matters how exact it is. `given` says that it is that of an
    input, which has the dtype of the calculation.
    """

    described: ClassVar[str] = "a dtype"
    word: str
    name: str = field(default="", compare=False)
    given: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a library calculates: here it is said with --device, and changes no value."""

    described: ClassVar[str] = "a device"
    type: str = "cpu"


@dataclass(frozen=True, slots=True)
class Layout:
    """How numbers lie in memory, which changes none of them."""

    described: ClassVar[str] = "a layout of memory"


LAYOUTS = "contiguous_format preserve_format channels_last channels_last_3d strided"
"""torch's layouts that are not of sparse tensors."""

FLOATS = "float double half float16 float32 float64 bfloat16 longdouble float128 floating"
INTEGERS = "int long short int8 int16 int32 int64 uint8 intp int_ integer"
TRUTHS = "bool bool_"
COMPLEXES = "complex complex64 complex128 cfloat cdouble"

KINDS: Mapping[str, NumberKind] = MappingProxyType(
    {
        name: NumberKind(word, name)
        for word, names in (
            ("float", FLOATS),
            ("int", INTEGERS),
            ("bool", TRUTHS),
            ("complex", COMPLEXES),
        )
        for name in names.split()
    }
)
"""The kinds of numbers by their names."""

PYTHONS: Mapping[str, NumberKind] = MappingProxyType(
    {
        "float": NumberKind("float", "float64"),
        "int": NumberKind("int", "int64"),
        "bool": NumberKind("bool", "bool"),
        "complex": NumberKind("complex", "complex128"),
    }
)
"""Python's own types, where a library takes them for kinds of numbers."""

CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "FloatTensor": "float", "DoubleTensor": "double", "HalfTensor": "half",
        "LongTensor": "long", "IntTensor": "int", "ShortTensor": "short", "BoolTensor": "bool",
    }
)  # fmt: skip
"""The kinds of numbers of torch's classes of tensors."""

TORCHS = """float double half float16 float32 float64 bfloat16 int long short int8 int16 int32 int64
    uint8 bool cfloat cdouble complex64 complex128"""
NUMPYS = """double half float16 float32 float64 longdouble floating long short int8 int16 int32
    int64 uint8 intp int_ integer bool_ bool complex64 complex128"""
JAXS = (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool_ int_ complex64 complex128"
)
NAMED: Mapping[str, str] = MappingProxyType({"torch": TORCHS, "numpy": NUMPYS, "jax.numpy": JAXS})
"""The kinds of numbers that a library names."""


def constants(module: str) -> Mapping[str, Any]:
    """The kinds of numbers by the names that a library has for them, and torch's layouts."""
    layouts = dict.fromkeys(LAYOUTS.split(), Layout()) if module == "torch" else {}
    return {name: KINDS[name] for name in NAMED.get(module, "").split()} | layouts


ASKED_FOR = "requires_grad"
"""What is in a text that may differentiate by tensors of its own."""

MEANINGLESS = frozenset({
    "device", "requires_grad", "non_blocking", "memory_format", "pin_memory", "layout", "casting",
    "order", "subok",
})  # fmt: skip
"""Arguments that change no number."""

USUAL = frozenset({"empty", "ones", "zeros"})
"""Functions of torch's that make floats of its own dtype, where they are told none."""

MAKERS = frozenset({
    "tensor", "as_tensor", "array", "asarray", "zeros", "ones", "full", "empty", "eye", "identity",
    "zeros_like", "ones_like", "full_like", "empty_like", "arange", "new_zeros", "new_ones",
    "new_full", "new_empty", "new_tensor",
})  # fmt: skip
"""Functions that make numbers, of any kind."""

FOLDS = frozenset({"prod", "sum"})
"""Functions that are of truth values whether all, or any, are true."""

PASSING = frozenset({"as_tensor", "asarray", "asarray_chkfinite", "ascontiguousarray"})
"""Functions that give the very tensor that they are given, if it is of that kind."""

CASTS: Mapping[str, str | None] = MappingProxyType(
    {
        **dict.fromkeys(("float", "double", "half", "bfloat16"), "float"),
        **dict.fromkeys(("long", "int", "short", "char", "byte"), "int"),
        "bool": "bool",
        **dict.fromkeys(("to", "type", "astype", "type_as")),
        **dict.fromkeys(
            ("cpu", "cuda", "numpy", "requires_grad_", "retain_grad", "pin_memory"), "same"
        ),
    }
)
"""Methods that are casts, with the kind that they cast to; None where their argument says it."""

OPEN = ("device", "dtype", "requires_grad", "is_cuda", "is_leaf")
"""What stands behind a tensor's dot and is of its dtype and device."""


def kind_of(machine: Machine, value: Any) -> NumberKind | None:
    """The kind of numbers that a value names, None where it names a device or another tensor."""
    if isinstance(value, NumberKind):
        return value
    if isinstance(held := getattr(value, "kind", None), NumberKind):
        # the name of a type, of which its dtype is known
        return held
    if isinstance(value, Builtin) and value.name in PYTHONS:
        return PYTHONS[value.name]
    if isinstance(value, Builtin):
        value = value.name
    if getattr(value, "module", None) == "torch" and getattr(value, "name", None) in CLASSES:
        return KINDS[CLASSES[value.name]]
    if isinstance(value, str):
        name = value.rpartition(".")[2]
        if name in CLASSES:
            return KINDS[CLASSES[name]]
        if name in PYTHONS:
            # as numpy's users write it
            return PYTHONS[name]
        if name in KINDS:
            return KINDS[name]
        if name.split(":")[0] in ("cpu", "cuda", "mps"):
            return None
        if name in ("f", "d", "f4", "f8", "i", "i4", "i8", "l"):
            word = "float" if name[0] in "fd" else "int"
            return NumberKind(
                word, {"f": "float32", "f4": "float32", "i": "int32", "i4": "int32"}.get(name, "")
            )
    if value is None or isinstance(value, Device | Tensor):
        return None
    shown = value if isinstance(value, str) else machine.describe(value)
    raise UnsupportedError(
        f"{brief(shown)} is no kind of numbers here",
        hint="the calculation is of real numbers: --dtype float64, float32 or float16",
    )


def dtype_of(machine: Machine, value: Tensor) -> NumberKind:
    """What stands behind `.dtype`."""
    if machine.is_mask(value):
        return KINDS["bool"]
    if value.integer:
        # of so many bits if of no fewer, but to jax, which may have been told to count in fewer
        wide = machine.program.naming.arrays in (TORCH, NUMPY)
        return NumberKind("int", value.width or "int64" * wide)
    if value.short:
        return NumberKind("float", narrow.SHORTER[value.short])
    # by no name: that of floats is the calculation's
    given = any(value is held for held in machine.given.values.values())
    return NumberKind("float", given=given)


def given(machine: Machine, value: Tensor, kind: str) -> Any:
    """An input of integers of a kind, or one of Python's own numbers."""
    if kind in PYTHONS:
        number = machine.number(value)
        return bool(number) if kind == "bool" else int(number)
    return narrow.narrowed(machine, machine.mark_integer(value), kind)


def to(
    machine: Machine,
    value: Any,
    kind: NumberKind,
    *,
    copies: bool = False,
    fresh: bool = False,
    written: bool = False,
) -> Any:
    """A tensor, or a number, as that kind of numbers.

    `fresh` says that nobody else has it, `written` that its numbers stand in the text.
    """
    if not isinstance(value, Tensor):
        written = plain.is_number(value)
        value = ops.tensor(machine, value)
    if kind.word == "complex":
        return _complex(machine, value, kind)
    same = dtype_of(machine, value) == kind
    if not same and value.unwritten is not None:
        made: Tensor = to(machine, machine.constant(np.zeros(value.shape)), kind)
        made.unwritten = value.unwritten
        return made
    if kind.word == "float":
        bits = _bits(machine, kind)
        held = _rounded(machine, value, bits) if same and written else None
        if held is None and same:
            held = _of_bits(machine, value, bits, copies=copies, fresh=fresh)
        elif held is None and machine.is_mask(value):
            held = ops.call(machine, "where", value, 1.0, 0.0)
        elif held is None:
            held = ops.as_floats(machine, value)
            held.rough = _notice(machine, held, bits)
        narrow.keep(machine, held, bits)
        return held
    if same:
        copied = machine.copy(value)
        return narrow.narrowed(machine, copied, kind.name) if kind.word == "int" else copied
    if kind.word == "bool":
        return ops.binary(machine, "ne", value, 0)
    if machine.is_mask(value):
        counted = machine.mark_integer(ops.call(machine, "where", value, 1, 0))
        return narrow.narrowed(machine, counted, kind.name)
    if not np.isfinite(machine.checked(value)).all():
        raise InvalidValueError("which integer is made of what is not finite is left open")
    counted = machine.mark_integer(ops.call(machine, "trunc", value))
    return narrow.narrowed(machine, counted, kind.name)


def _complex(machine: Machine, value: Tensor, kind: NumberKind) -> Complex:
    """Real numbers as complex ones, which are new."""
    parts = KINDS["float32" if kind.name in ("complex64", "cfloat") else "float64"]
    re = machine.copy(to(machine, value, parts))
    machine.imaginary = True
    return Complex(re, ops.call(machine, "zeros_like", re))


BITS: Mapping[str, int] = MappingProxyType(
    {
        "float64": 53, "double": 53, "float32": 24, "float": 24, "float16": 11, "half": 11,
        "bfloat16": 8,
    }
)  # fmt: skip
"""How many bits floats of a name have, by the names that torch has for them."""

SHORT: Mapping[str, str] = MappingProxyType({"float": "float32", "half": "float16"})
"""Names of dtypes that have another one."""


def _bits(machine: Machine, kind: NumberKind) -> int:
    """The bits of floats of that kind, 0 where these are as many as the calculation has."""
    bits = BITS.get(kind.name, BITS["float64"])
    return bits if bits < BITS.get(machine.backend.precision, bits) else 0


def _rounded(machine: Machine, value: Tensor, bits: int) -> Tensor | None:
    """Numbers of the text as floats of so few bits hold them, None where that is what they are."""
    if not bits or value.unwritten is not None:
        return None
    numbers = machine.elements(value)
    found = narrow.rounded(numbers, bits)
    if np.array_equal(found, numbers, equal_nan=True):
        return None
    narrow.check_range(numbers, bits)
    narrow.check_small(numbers, bits)
    if machine.backend.at_hand:
        machine.note_cast(f"{HELD}{narrow.SHORTER[bits]}")
    made: Tensor = machine.constant(found)
    made.array, made.rough = value.array, bits
    return made


def _of_bits(machine: Machine, value: Tensor, bits: int, *, copies: bool, fresh: bool) -> Tensor:
    """Floats as floats of another kind, which are calculated in as those are."""
    found = value
    # what nothing is calculated in is a copy of what the calculation has
    shorter = 0 < bits <= BITS["float16"]
    if copies or (not fresh and value.short != bits and (value.short or shorter)):
        found = machine.mark_array(machine.copy(value))
    elif not fresh and not value.short:
        found = unsure(machine, value)
    # floats of more bits hold what they are given
    noticed = 0 if 0 < value.short <= bits else _notice(machine, value, bits)
    found.rough = min(filter(None, (noticed, value.rough)), default=0)
    return found


def _notice(machine: Machine, value: Tensor, bits: int) -> int:
    """The bits to which a cast rounds, which is remembered, 0 where it does not."""
    return narrow.rounds(machine, value, bits) if bits and value.unwritten is None else 0


def unsure(machine: Machine, value: Tensor) -> Tensor:
    """The tensor, which may have been copied, as where that hangs on the dtype that it came in."""
    same = Tensor(machine.unread(value), value.shape)
    found = unsure_of(value, same)
    found.array, found.ordered = value.array, value.ordered
    return found


def unsure_of(source: Tensor, result: Tensor, *, closed: bool = False) -> Tensor:
    """A result that may share the memory of what it was made of, which nobody may find out."""
    view = View(source, lambda held: held, lambda places: places, unsure=True, closed=closed)
    found = memory.viewed(source, result.value, result.shape, view, moved=False)
    return memory.of_numbers(result, found)


def alike(machine: Machine, first: NumberKind, second: NumberKind) -> bool:
    """Whether two dtypes are one; of two kinds of floats, or of integers, that may not be known."""
    if not first.word == second.word != "bool":
        return first.word == second.word
    names = {own_name(machine, kind) for kind in (first, second)}
    if first.word == "float" and "" not in names:
        return len(names) == 1
    if first.word == "float" and (names == {""} or first.given or second.given):
        # neither is named, and all is calculated in one
        machine.note_cast(f"{ASKED}the dtype of one tensor is read as that of the other")
        return True
    raise UnsupportedError(
        "the dtype of the program's own run is not known here", hint="leave the comparison out"
    )


def own_name(machine: Machine, kind: NumberKind) -> str:
    """The name of a kind of floats, empty where the program's own run may have another one."""
    name = machine.backend.precision if kind.given else kind.name
    return {**SHORT, "double": "float64"}.get(name, name)


def method(machine: Machine, name: str) -> Builtin | None:
    """A method that is a cast, None where there is none of that name."""
    if name not in CASTS:
        return None
    word = CASTS[name]

    if name == "requires_grad_":
        return Builtin(name, _training, "requires_grad_(requires_grad=True)", users=True)

    def call(machine: Machine, held: Any, *args: Any, **kwargs: Any) -> Any:
        if word == "same":
            return _same(machine, held, name)
        if name == "type" and not (args or kwargs):
            # imported where it is used: what a dtype is called is told of these
            from gradcalc.lang.dtypes import type_name

            return type_name(machine, held)
        if word is not None:
            return to(machine, held, NumberKind(word, name))
        given = [*args, *(v for key, v in kwargs.items() if key in ("dtype", "other"))]
        kinds = [kind_of(machine, value) for value in given if not isinstance(value, bool)]
        like = [dtype_of(machine, value) for value in given if isinstance(value, Tensor)]
        copies = name == "astype" and kwargs.get("copy", True) is not False
        for kind in (*[k for k in kinds if k is not None], *like):
            return to(machine, held, kind, copies=copies)
        return held

    return Builtin(name, call, "a cast: integers and truth values become floats, or the other way")


def _same(machine: Machine, held: Any, name: str) -> Any:
    if name == "numpy" and machine.carries(held):
        raise UnsupportedError(
            "torch makes no array of numpy's of a tensor that has a gradient",
            hint="write x.detach().numpy(), which passes none back, or leave it out",
        )
    if name == "numpy" and machine.program.naming.arrays != NUMPY:
        view = View(held, lambda value: value, lambda places: places)
        found = memory.viewed(held, machine.unread(held), held.shape, view, moved=False)
        found.ordered, found.width, found.rough = held.ordered, held.width, held.rough
        found.foreign = machine.foreign = True
        return found
    return held


def _training(machine: Machine, held: Any, requires_grad: Any = True) -> Any:
    """`requires_grad_`: of a parameter it says whether it is differentiated by."""
    if isinstance(held, Tensor) and held.leaf is not None:
        held.trains = bool(requires_grad)
        return held
    if not requires_grad and machine.carries(held):
        raise UnsupportedError(
            "whether a gradient flows back is not turned off by requires_grad_(False) here",
            hint="write x.detach(), or say with --wrt what is differentiated by",
        )
    return asked(machine, held) if requires_grad is True else held


def asked(machine: Machine, value: Any) -> Any:
    """A tensor as one that torch counts what is made of it, to differentiate by it."""
    torchs = machine.program.naming.arrays in (TORCH, MIXED)
    if torchs and isinstance(value, Tensor) and not machine.carries(value) and not value.integer:
        value.value = machine.backend.variable(machine.raw(value))
    return value


def attribute(machine: Machine, value: Tensor, name: str) -> Any:
    """What stands behind `.dtype`, `.device` and their like."""
    if name == "dtype":
        return dtype_of(machine, value)
    if name == "device":
        return Device()
    carries = machine.carries(value)
    if name == "is_leaf":
        given = any(value is held for held in machine.given.values.values())
        if carries and not given and value.leaf is None and ASKED_FOR in machine.program.source:
            raise UnsupportedError(
                "whether torch made this tensor of others is not known here",
                hint="leave the question out",
            )
        return not carries or given or value.leaf is not None
    return carries if name == "requires_grad" else False


def split(
    machine: Machine, kwargs: dict[str, Any], order: str | None = None
) -> tuple[dict[str, Any], NumberKind | None]:
    """The arguments of a call without those of kind and device, and the kind that they ask for.

    `order` is what kind of parameter the function has of that name: "order" where it matters to it
    how the elements lie in memory, None where it has none.
    """
    gone = MEANINGLESS - {"order"} if order == "order" else MEANINGLESS
    if not kwargs.keys() & ({"dtype"} | gone):
        return kwargs, None
    usual = (None, "C") if order is None else (None, "C", "K", "A")
    if order != "order" and kwargs.get("order") not in usual:
        raise UnsupportedError(
            f"order={kwargs['order']!r} is not known here: it is about how elements lie in memory",
            hint="leave it out"
            if order
            else "in a text of numpy's it is: np.reshape(x, shape, 'F')",
        )
    kind = kind_of(machine, kwargs["dtype"]) if "dtype" in kwargs else None
    return {k: v for k, v in kwargs.items() if k not in gone | {"dtype"}}, kind


def check(name: str, kind: NumberKind) -> None:
    """Refuse what is calculated in integers or truth values, not only made of them."""
    if kind.word != "float" and name not in MAKERS:
        raise UnsupportedError(
            f"{name} calculates with dtype={kind.word} otherwise",
            hint="leave dtype out, or make integers of the result: .long(), .astype(int)",
        )


def device(machine: Machine, *values: Any) -> Device:
    """torch.device, of its name or of another one."""
    first = values[0] if values else "cpu"
    if isinstance(first, Device):
        return first
    if not isinstance(first, str):
        return Device("cuda")
    return Device(first.partition(":")[0])


def is_method(name: str) -> bool:
    """Whether some cast has this name."""
    return name in CASTS or name in OPEN
