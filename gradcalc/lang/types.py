"""The types that a program can ask for with `isinstance`, and what is of them."""

from collections.abc import Callable
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang.machine import Closure, Machine, Once
from gradcalc.lang.program import JAX, NONE, NUMPY, brief

_NUMBERS = ("numbers.Number", "numbers.Complex", "numbers.Real", "typing.SupportsFloat")
_WHOLE = ("numbers.Rational", "numbers.Integral", "typing.SupportsInt")
_MANY = tuple(
    f"{module}.{name}"
    for module in ("collections.abc", "typing", "collections")
    for name in ("Sequence", "Iterable", "Collection", "Sized", "Container")
)
_CALLED = ("collections.abc.Callable", "typing.Callable", "types.FunctionType", "types.LambdaType")
_TORCHS = ("torch.Tensor", "torch.autograd.Variable")
_NUMPYS = ("numpy.ndarray",)
_JAXS = ("jax.Array", "jax.numpy.ndarray", "jaxlib.xla_extension.ArrayImpl")
_SINGLE = ("numpy.generic", "numpy.number", "numpy.inexact", "numpy.floating", "numpy.float64")

PLAIN: tuple[tuple[type, frozenset[str]], ...] = (
    (bool, frozenset({"bool", "int", *_NUMBERS, *_WHOLE})),
    (int, frozenset({"int", *_NUMBERS, *_WHOLE})),
    (float, frozenset({"float", *_NUMBERS})),
    (list, frozenset({"list", "typing.List", "collections.abc.MutableSequence", *_MANY})),
    (tuple, frozenset({"tuple", "typing.Tuple", *_MANY})),
    (range, frozenset({"range", *_MANY})),
    (str, frozenset({"str", *_MANY})),
    (type(None), frozenset({"None", "NoneType", "types.NoneType"})),
)
"""The types of values that are Python's own."""

NEVER = frozenset({
    "complex", "dict", "set", "frozenset", "bytes", "slice", "typing.Dict", "typing.Mapping",
    "collections.abc.Mapping", "torch.nn.Module", "torch.nn.Parameter", "torch.nn.modules.Module",
    "torch.Size", "numpy.matrix", "numpy.ma.MaskedArray", "pandas.Series",
    "pandas.DataFrame", "scipy.sparse.spmatrix", "tensorflow.Tensor", "decimal.Decimal",
    "fractions.Fraction", "jax.core.Tracer", "torch.sparse.Tensor",
})  # fmt: skip
"""Types of nothing that a program can hold."""

KNOWN = (
    frozenset().union(*(names for _, names in PLAIN))
    | {*_CALLED, *_TORCHS, *_NUMPYS, *_JAXS, *_SINGLE, "object", "typing.Any"}
    | {"numpy.integer", "numpy.int64", "numpy.bool_", "numpy.bool"}
    | NEVER
)
"""All types that can be asked for."""


def isinstance_of(machine: Machine, value: Any, words: Any) -> bool:
    """Whether a value is of one of the types, whose words are separated by blanks.

    Raises `UnsupportedError` where that hangs on how the program would be called.
    """
    if not isinstance(words, str):
        raise UnsupportedError("isinstance takes the names of types here")
    unsure: list[str] = []
    for word in words.split():
        if word not in KNOWN:
            raise UnsupportedError(
                f"the type {brief(word)} is not known here",
                hint="float, int, list, tuple, torch.Tensor, numpy.ndarray and their like are",
            )
        known = word in ("object", "typing.Any") or _is(machine, value, word)
        if known:
            return True
        unsure += [word] if known is None else []
    if unsure:
        raise UnsupportedError(
            f"whether {machine.describe(value)} counts as {unsure[0]} is not known here",
            hint="leave the check out",
        )
    return False


def _is(machine: Machine, value: Any, word: str) -> bool | None:
    """Whether a value is of a type, None where it may be or not."""
    if machine.is_tensor(value):
        return _array(machine, value)(word)
    for kind, names in PLAIN:
        if isinstance(value, kind):
            return word in names
    if isinstance(value, Once):
        return word.endswith("Iterable")
    return word in _CALLED if isinstance(value, Closure) or callable(value) else False


def _array(machine: Machine, value: Any) -> Callable[[str], bool | None]:
    arrays, single = machine.program.naming.arrays, not machine.shape(value)
    if single and arrays == NONE and not machine.numbers:
        # one of Python's own as well as a tensor
        plain = ("float", "int", *_NUMBERS, *_WHOLE, *_TORCHS, *_NUMPYS, *_JAXS)
        return lambda word: None if word in plain or word.startswith("numpy.") else False
    if machine.numbers:
        # a number of Python's own, whole or not as it is typed
        return lambda word: None if word in ("int", *_WHOLE) else word in ("float", *_NUMBERS)
    if arrays == NUMPY and single and not machine.is_array(value):
        return _number
    own = {NUMPY: _NUMPYS, JAX: _JAXS}.get(arrays, _TORCHS)
    return lambda word: word in own or (word in _MANY and not word.endswith("Sequence"))


def _number(word: str) -> bool | None:
    """Of a single number of numpy's, which may be given as one of Python's."""
    if word in ("float", *_NUMBERS):
        return True
    if word in _NUMPYS:
        return False
    return None if word == "int" or word in _WHOLE or word.startswith("numpy.") else False
