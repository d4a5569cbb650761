"""The types that a program can ask for with `isinstance`, and what is of them.

What a value may be, as far as that is known, is told by examples: Python itself is asked of each.
"""

import builtins
import collections
import collections.abc
import numbers
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError, brief
from gradcalc.lang import casts, dtypes, ops
from gradcalc.lang.containers import Deque
from gradcalc.lang.defaulting import Counts, Frozen, Ordered, WithDefault
from gradcalc.lang.machine import Closure, Machine, Once
from gradcalc.lang.program import JAX, MIXED, NONE, NUMPY, TORCH


class Array:
    """Like the arrays of torch and jax, of which Python's abstract classes ask for methods."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, item: object) -> bool:
        return False

    def __reversed__(self) -> Iterator[Any]:
        return iter(())

    def __float__(self) -> float:
        return 0.0

    def __int__(self) -> int:
        return 0

    __index__ = __abs__ = __int__

    def __complex__(self) -> complex:
        return 0j


class Tensor(Array):
    """Like torch's tensors."""


class JaxArray(Array):
    """Like jax's arrays."""


class Size(tuple[int, ...]):
    """Like torch's shapes."""


class Nothing:
    """A type of nothing that a program can hold."""


STAND_INS: Mapping[str, type] = {
    "torch.Tensor": Tensor, "torch.autograd.Variable": Tensor, "torch.Size": Size,
    **dict.fromkeys(("jax.Array", "jax.numpy.ndarray"), JaxArray),
    **dict.fromkeys(
        (
            "torch.nn.Module", "torch.nn.Parameter", "torch.nn.modules.Module", "pandas.Series",
            "pandas.DataFrame", "scipy.sparse.spmatrix", "tensorflow.Tensor", "decimal.Decimal",
            "fractions.Fraction", "jax.core.Tracer",
        ),
        Nothing,
    ),
}  # fmt: skip
"""Types of packages that are not imported here."""

KINDS: Mapping[str, str] = {
    f"torch.{name}Tensor": kind
    for name, kind in (
        ("Half", "float16"), ("Float", "float32"), ("Double", "float64"), ("Bool", "bool"),
        ("Byte", "uint8"), ("Char", "int8"), ("Short", "int16"), ("Int", "int32"),
        ("Long", "int64"),
    )
}  # fmt: skip
"""Torch's types that say what kind of numbers a tensor holds."""

MODULES: Mapping[str, Any] = {
    "builtins": builtins, "collections": collections, "collections.abc": collections.abc,
    "numbers": numbers, "types": types,
    "typing": typing, "numpy": np, "numpy.ma": np.ma,
}  # fmt: skip
"""Modules whose types are asked themselves."""

NUMPYS = (1.0, 1, True, np.float64(1), np.int64(1), np.bool_(True), np.array(1.0))
"""What a single number can be in a text that works on numpy's arrays."""

PLAIN = (
    list, tuple, str, range, slice, dict, collections.abc.KeysView, collections.abc.ValuesView,
    collections.abc.ItemsView,
)  # fmt: skip
"""What is of the same type here as where Python runs the program."""

SINGLE = frozenset({"None", "bool", "int", "float", "str", "function", "range"})
"""What is no tuple."""

Examples = tuple[Any, ...]


def isinstance_of(
    machine: Machine, value: Any, words: Any, kinds: str = "", exact: bool = False
) -> bool:
    """Whether a value is of one of the types, whose words are separated by blanks.

    `kinds` are those of `gradcalc.lang.provenance`, `exact` says that the type itself is asked for.
    Raises `UnsupportedError` where that hangs on how the program would be called.
    """
    if not isinstance(words, str):
        raise UnsupportedError("isinstance takes the names of types here")
    if (of_kind := [word for word in words.split() if word in KINDS]) and not exact:
        rest = [word for word in words.split() if word not in KINDS]
        if rest and isinstance_of(machine, value, " ".join(rest), kinds):
            return True
        if not isinstance_of(machine, value, "torch.Tensor", kinds):
            return False
        own = casts.attribute(machine, ops.tensor(machine, value), "dtype")
        return any(dtypes.same(machine, own, casts.KINDS[KINDS[word]]) for word in of_kind)
    asked = tuple(_type(word) for word in words.split())
    if (found_out := _told_by_check(machine, value, asked, kinds)) is not None:
        return found_out

    def of_these(example: Any) -> bool:
        return type(example) in asked if exact else isinstance(example, asked)

    number = _is_called_with_number(machine, value, words, kinds)
    held = (1.0, np.float64(1)) if number else examples(machine, value, kinds)
    found = {of_these(example) for example in held}
    if found == {True}:
        return True
    if found == {False} and not any(map(of_these, _doubts(machine, value, kinds))):
        return False
    raise UnsupportedError(
        f"whether {machine.describe(value)} counts as {' or '.join(words.split())} is not known"
        " here",
        hint="leave the check out",
    )


def _told_by_check(machine: Machine, value: Any, asked: Examples, kinds: str) -> bool | None:
    """Of a text for torch's and numpy's arrays, whether an input is of these types: it is torch's
    where the text asks for torch's or calls its functions, else numpy's. None of all else.
    """
    naming = machine.program.naming
    if naming.arrays != MIXED or not machine.is_tensor(value):
        return None
    origins = {kind.partition(".")[0] for kind in kinds.split()}
    inputs = machine.given.values.values() if machine.program.function is not None else ()
    if origins != {"given"} and not any(value is held for held in inputs):
        return None
    if not {Tensor, np.ndarray} & {*asked} or not (machine.shape(value) or machine.carries(value)):
        return None
    if Tensor in asked:
        machine.touched.add((TORCH, True))
    return (Tensor if Tensor in asked or TORCH in naming.called else np.ndarray) in asked


def _type(word: str) -> Any:
    """The type that a word means. Raises `UnsupportedError` for what is none."""
    if word in STAND_INS:
        return STAND_INS[word]
    module, _, name = word.rpartition(".")
    found = type(None) if word == "None" else getattr(MODULES.get(module or "builtins"), name, None)
    try:
        isinstance(0, found)  # type: ignore[arg-type]
    except TypeError:
        raise UnsupportedError(
            f"the type {brief(word)} is not known here",
            hint="float, int, list, tuple, torch.Tensor, numpy.ndarray and their like are",
        ) from None
    return found


def examples(machine: Machine, value: Any, kinds: str) -> Examples:
    """Values of every type that a value may have where Python runs the program."""
    known = kinds.split()
    if machine.is_tensor(value):
        if machine.shape(value):
            return _arrays(machine, known)
        return _every(known, lambda kind: _single(machine, value, kind))
    if isinstance(value, bool | int | float):
        return _every(known, lambda kind: _number(machine, value, kind))
    if machine.is_spelled(value):
        return (type(value)(),)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        sequences = [kind for kind in known if kind not in SINGLE]
        if sequences != ["tuple"]:
            return _tuples(machine, sequences if known else known)
    if isinstance(value, Once):
        return (zip(),)
    if isinstance(value, Closure):
        return (lambda: None,)
    if (kept := _container(value)) is not None:
        return kept
    if isinstance(value, list | tuple) and not ({*known} & {"list", "tuple"}):
        return ([], ())
    plain = value is None or isinstance(value, PLAIN)
    # else it is a function of a library, made in whatever way
    return (value,) if plain else (lambda: None, len)


def _container(value: Any) -> Examples | None:
    """The containers of Python's that are others here."""
    match value:
        case Counts():
            return (collections.Counter(),)
        case WithDefault():
            return (collections.defaultdict(),)
        case Ordered():
            return (collections.OrderedDict(),)
        case Deque():
            return (collections.deque(),)
        case Frozen():
            return (frozenset(),)
        case set():
            return (set(),)
        case _:
            return None


def _doubts(machine: Machine, value: Any, kinds: str) -> Examples:
    """What a number that is given is no more than perhaps: whole, if it was typed so."""
    own = machine.numbers or machine.program.naming.arrays in (NUMPY, NONE)
    given = own and machine.is_tensor(value) and not machine.shape(value) and "given" in kinds
    return (1,) if given and not machine.is_mask(value) else ()


def _is_called_with_number(machine: Machine, value: Any, words: str, kinds: str) -> bool:
    """Whether an input is asked for Python's own types in a text that names no library."""
    roots = {word.rpartition(".")[0] for word in words.split()}
    plainly = machine.program.naming.arrays == NONE and roots <= {"", "numbers"}
    single = machine.is_tensor(value) and not machine.shape(value)
    given = {kind.partition(".")[0] for kind in kinds.split()} == {"given"}
    return plainly and single and given and not machine.is_mask(value)


def _every(kinds: Sequence[str], examples: Callable[[str], Examples]) -> Examples:
    return sum((examples(kind) for kind in kinds or ("",)), ())


def _tuples(machine: Machine, kinds: Sequence[str]) -> Examples:
    """A tuple, or one of torch's shapes."""
    arrays = machine.program.naming.arrays
    if arrays in (NUMPY, JAX):
        return ((),) if kinds else ((), [])
    if kinds and {*kinds} <= {"size", "shape"}:
        # of the arrays of a text that works on torch's a shape is torch's
        return (Size(),) if arrays == TORCH or "shape" not in kinds else ((), Size())
    return ((), Size(), [])


def _arrays(machine: Machine, kinds: Sequence[str]) -> Examples:
    """An array with dimensions."""
    own: Mapping[str, Examples] = {TORCH: (Tensor(),), NUMPY: (np.zeros(1),), JAX: (JaxArray(),)}
    origins = {kind.split(".")[0] for kind in kinds}
    if len(origins) == 1 and (origin := origins.pop()) in own:
        return own[origin]
    # a text that names no library may be given the arrays of any
    return own.get(machine.program.naming.arrays, (Tensor(), np.zeros(1)))


def _single(machine: Machine, value: Any, kind: str) -> Examples:
    """A single number that is a tensor here."""
    arrays = machine.program.naming.arrays
    whole, mask = machine.is_integer(value), machine.is_mask(value)
    origin, _, state = kind.partition(".")
    match origin:
        case "bool" | "int" | "float":
            return (
                (True,) if mask else (1,) if whole else ({"bool": True, "int": 1}.get(kind, 1.0),)
            )
        case "torch":
            return (Tensor(),)
        case "jax":
            return (JaxArray(),)
    if machine.numbers:
        # inputs are floats, which whole numbers that are typed may be or not
        return (True,) if mask else (1.0,) if origin == "given" and not whole else (1.0, 1, True)
    if origin == "given" or origin == "made":
        if arrays in (TORCH, JAX):
            own: Examples = (Tensor() if arrays == TORCH else JaxArray(),)
            fixed = origin == "given" and not machine.carries(value) and not mask
            return (*own, 1.0, 1) if fixed or state == "loose" else own
        if arrays == NUMPY and origin == "given":
            return (True, np.bool_(True)) if mask else (1.0, np.float64(1))
    if arrays == NUMPY and origin in ("made", "numpy"):
        return _numpys(machine, value, state)
    if origin == "numpy":
        return (*_numpys(machine, value, state), Tensor())
    return {
        TORCH: (Tensor(), 1.0, 1, True), NUMPY: NUMPYS, JAX: (JaxArray(), 1.0, 1, True),
    }.get(arrays, (*NUMPYS, Tensor(), JaxArray()))  # fmt: skip


def _numpys(machine: Machine, value: Any, state: str) -> Examples:
    """A number of numpy's, or an array without dimensions."""
    if machine.is_tensor(value) and machine.is_array(value):
        return (np.array(1.0), np.float64(1)) if state == "kept" else (np.array(1.0),)
    if machine.is_mask(value):
        found: Any = np.bool_(True)
    elif machine.is_tensor(value):
        found = np.int64(1) if machine.is_integer(value) else np.float64(1)
    else:
        found = np.float64(1)
    kept = (np.array(1.0), 1.0) if state == "kept" else ()
    return (found, *kept)


def _number(machine: Machine, value: Any, kind: str) -> Examples:
    """A number that is Python's own here."""
    origin, _, state = kind.partition(".")
    arrays = machine.program.naming.arrays
    match origin:
        case "bool" | "int" | "float":
            return ({"bool": True, "int": 1, "float": 1.0}[origin],)
        case "given":
            # what is given is a tensor here: a number is the default of what is not
            return (value,)
        case "torch":
            return (Tensor(),)
        case "jax":
            return (JaxArray(),)
        case "numpy" | "made":
            whole = (np.int64(1),) if isinstance(value, int) else ()
            return (np.bool_(True),) if isinstance(value, bool) else (
                *_numpys(machine, value, state), *whole)  # fmt: skip
    own: Examples = (value,)
    if arrays in (NUMPY, MIXED):
        return (*own, np.float64(1), np.int64(1))
    # of torch's numbers each is a tensor here too
    return (*own, JaxArray()) if arrays == JAX else own
