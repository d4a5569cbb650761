"""What programs ask of kinds of numbers, of devices, and of the way that they are run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError, brief
from gradcalc.lang import casts, dtypes, modes, operators, ops, words
from gradcalc.lang.machine import Builtin, Machine


@dataclass(frozen=True, slots=True)
class Facts:
    """What a library says of a kind of numbers, as `finfo` and `iinfo` do."""

    values: Mapping[str, Any]


READ = "eps epsneg max min tiny smallest_normal smallest_subnormal resolution bits type index"
"""What stands behind the dot of a fact, or of a device."""

_BFLOAT16 = {
    "eps": 2.0**-7, "tiny": 2.0**-126, "smallest_normal": 2.0**-126, "resolution": 0.01,
    "max": (2 - 2.0**-7) * 2.0**127, "min": -(2 - 2.0**-7) * 2.0**127, "bits": 16,
}  # fmt: skip
"""Those of the one kind that numpy does not have."""

_LONG = {"short": "int16", "long": "int64", "int": "int64"}
"""The names of whole numbers of which numpy has no kind, or another one, by the same name."""


def _floats(machine: Machine, name: str) -> Mapping[str, Any]:
    """Those of a kind of floats; one without a name is that of the calculation."""
    name = casts.SHORT.get(name or machine.backend.precision, name or machine.backend.precision)
    if name == "bfloat16":
        return _BFLOAT16
    if name not in casts.BITS and name != "double":
        raise UnsupportedError(f"how exact {brief(name)} is hangs on the machine")
    info = np.finfo(name)
    words = [word for word in READ.split() if hasattr(info, word)]
    return {word: float(getattr(info, word)) for word in words} | {"bits": int(info.bits)}


def _of_floats(machine: Machine, kind: Any = None) -> Facts:
    found = casts.kind_of(machine, kind)
    if found is None:
        found = casts.NumberKind("float")
    if found.word != "float":
        raise InvalidValueError("finfo is of floats", hint="iinfo is of whole numbers")
    return Facts(_floats(machine, found.name))


def _of_integers(machine: Machine, kind: Any) -> Facts:
    found = casts.kind_of(machine, kind)
    if found is None or found.word != "int":
        raise InvalidValueError("iinfo is of whole numbers", hint="finfo is of floats")
    info = np.iinfo(_LONG.get(found.name, found.name or "int64"))
    return Facts({"min": int(info.min), "max": int(info.max), "bits": int(info.bits)})


def read(value: Facts | casts.Device, name: str) -> Any:
    """What stands behind the dot."""
    found: Mapping[str, Any] = (
        value.values if isinstance(value, Facts) else {"type": value.type, "index": None}
    )
    if name not in found:
        raise InvalidValueError(f"there is no .{brief(name)} of it", python="AttributeError")
    return found[name]


def _promoted(machine: Machine, first: Any, second: Any) -> casts.NumberKind:
    """The dtype of what is calculated with numbers of two kinds."""
    kinds = [_kind(machine, value) for value in (first, second)]
    words = ("bool", "int", "float")
    word = max((kind.word for kind in kinds), key=words.index)
    names = {casts.own_name(machine, kind) for kind in kinds if kind.word == word}
    given = all(kind.given for kind in kinds if kind.word == word)
    return casts.NumberKind(word, names.pop() if len(names) == 1 and not given else "", given)


def _kind(machine: Machine, value: Any) -> casts.NumberKind:
    found = value if isinstance(value, casts.NumberKind) else casts.kind_of(machine, value)
    if found is None:
        raise InvalidValueError("a dtype is needed here", python="TypeError")
    return found


@dataclass(frozen=True, slots=True)
class Family:
    """Dtypes that numpy has one name for, by the words of their kinds."""

    described: ClassVar[str] = "a family of dtypes"
    words: frozenset[str]
    name: str


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        name: Family(frozenset(words.split()), name)
        for name, words in (
            ("generic", "bool int float complex"), ("number", "int float complex"),
            ("inexact", "float complex"), ("complexfloating", "complex"),
            ("signedinteger", "int"), ("unsignedinteger", "int"),
        )
    }
)  # fmt: skip


def _is_kind_of(machine: Machine, arg1: Any, arg2: Any) -> bool:
    """numpy's `issubdtype`: whether a dtype is one, or of a family."""
    first = _kind(machine, arg1)
    whole = {"integer": "int", "floating": "float"}
    if isinstance(arg2, Family):
        unsigned = first.name.startswith("uint") or first.name == "byte"
        signs = {"signedinteger": not unsigned, "unsignedinteger": unsigned}
        return first.word in arg2.words and signs.get(arg2.name, True)
    second = _kind(machine, arg2)
    if second.name in whole:
        return first.word == whole[second.name]
    return dtypes.same(machine, first, second)


def _is_grad_enabled(machine: Machine) -> bool:
    return not machine.frozen


def _never(machine: Machine, device: Any = None) -> bool:
    return False


AUTOCAST = "get_autocast_dtype get_autocast_gpu_dtype get_autocast_cpu_dtype"


def _no_autocast(machine: Machine, *device: Any) -> Any:
    raise UnsupportedError(
        "the calculation has one dtype, and no other for autocast", hint="leave the call out"
    )


def _assert(machine: Machine, condition: Any, message: Any) -> None:
    """torch's own assertion, as a function."""
    if not operators.truth(machine, condition):
        said = words.text(machine, message)
        raise InvalidValueError(f"the assertion fails: {said}", python="AssertionError", said=said)


def _size(machine: Machine, values: Any = ()) -> tuple[int, ...]:
    return tuple(ops.integer(machine, value) for value in ops.items(machine, values))


BETWEEN = "all_reduce all_gather barrier broadcast reduce all_gather_into_tensor"


def _of_several(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    raise UnsupportedError(
        "the program is run in one process here, in which nothing is sent",
        hint="leave the call out",
    )


def _row(name: str, call: Callable[..., Any], doc: str) -> tuple[str, Builtin]:
    return name, Builtin(name, call, doc)


_FINFO = dict(
    (
        _row("finfo", _of_floats, "how exact a kind of floats is: finfo(x.dtype).eps"),
        _row("iinfo", _of_integers, "the smallest and the largest of a kind of whole numbers"),
    )
)


_FAMILIAR = dict(
    [_row("issubdtype", _is_kind_of, "whether a dtype is of a kind: issubdtype(a.dtype, integer)")]
)


def _flags(names: str) -> dict[str, Builtin]:
    return dict(
        _row(name, _never, "false: the program is run as it stands") for name in names.split()
    )


OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "torch": {
            **_FINFO,
            **dict([_row("device", casts.device, "where is calculated, which changes no value")]),
            **dict([_row("promote_types", _promoted, "the dtype of what is made of two kinds")]),
            **dict([_row("is_grad_enabled", _is_grad_enabled, "false in no_grad()")]),
            **modes.SWITCHES,
            **_flags("is_autocast_enabled is_autocast_cpu_enabled"),
            **_flags("is_deterministic_algorithms_warn_only_enabled"),
            **{name: Builtin(name, _no_autocast, "not here") for name in AUTOCAST.split()},
            **dict([_row("_assert", _assert, "assert condition, message")]),
            **dict([_row("Size", _size, "a shape")]),
        },
        "torch.autograd": modes.SWITCHES,
        "torch.jit": _flags("is_scripting is_tracing"),
        "torch.compiler": _flags("is_compiling is_dynamo_compiling is_exporting"),
        "torch._dynamo": _flags("is_compiling"),
        "torch.onnx": _flags("is_in_onnx_export"),
        "torch.cuda": {
            **_flags("is_available is_bf16_supported is_initialized"),
            **dict([_row("device_count", lambda machine: 0, "0: all is calculated on one device")]),
        },
        "torch.backends": {},
        "torch.backends.mps": _flags("is_available is_built"),
        "torch.distributed": {
            **_flags("is_available is_initialized"),
            "get_rank": Builtin("get_rank", lambda machine: 0, "0: there is one process"),
            "get_world_size": Builtin("get_world_size", lambda machine: 1, "there is one process"),
            **{name: Builtin(name, _of_several, "not here") for name in BETWEEN.split()},
        },
        # of these only what stands behind with
        **{name: {} for name in ("torch.amp", "torch.cuda.amp", "torch.profiler")},
        "numpy": {**_FINFO, **FAMILIES, **_FAMILIAR},
        "jax.numpy": {**_FINFO, **FAMILIES, **_FAMILIAR},
    }
)
"""What the libraries have of this, by their modules."""
