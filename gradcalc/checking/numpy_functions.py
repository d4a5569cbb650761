"""What stands in for functions that numpy's protocols do not reach, while a tape runs."""

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial, wraps
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.numpy_calls import (
    applied,
    constant,
    followed_in,
    given,
    live_in,
    of_function,
    raw_of,
    said,
)
from gradcalc.checking.numpy_orders import SAID_BY_OTHERS
from gradcalc.checking.numpy_tape import Followed, Tape, place_here

MAKERS = (
    "zeros", "ones", "empty", "full", "eye", "identity", "linspace", "arange", "zeros_like",
    "ones_like", "empty_like", "full_like", "copy", "diag", "tile", "repeat", "concatenate",
)  # fmt: skip
"""Functions whose arrays may be written into."""

READERS = (
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "asarray_chkfinite",
    "require",
)  # fmt: skip
"""Functions that make arrays of lists and arrays."""

OF_SCIPY = (
    ("scipy.special", ("logsumexp", "softmax", "log_softmax", "comb", "factorial", "multigammaln")),
    ("scipy.linalg", ("solve", "inv", "det", "norm", "expm", "cholesky", "solve_triangular",
                      "pinv", "lstsq", "eigh", "eigvalsh", "svdvals", "block_diag", "toeplitz",
                      "cho_solve", "cho_factor", "lu", "qr", "svd", "logm", "sqrtm")),
)  # fmt: skip
"""Functions of scipy's that would take numbers out, and have names in the language."""


def stand_ins(tape: Tape) -> Iterator[tuple[int, Any]]:
    """What stands in for a function, by the identity of that."""
    for space in (np.linalg, np):
        for name, value in list(vars(space).items()):
            if name.startswith("_") or isinstance(value, type) or not callable(value):
                continue
            if name in READERS:
                yield id(value), _reader(tape, value)
            elif space is np and name in SAID_BY_OTHERS:
                yield id(value), _said_by_others(tape, value, SAID_BY_OTHERS[name])
            elif isinstance(value, np.ufunc):
                yield id(value), _Ufunc(tape, value)
            elif _is_function(value):
                yield id(value), _function(tape, value, makes=name in MAKERS)
    yield id(np.random.default_rng), _drawing(tape, np.random.default_rng)
    yield id(np.ndenumerate), _enumerated
    yield id(np.vectorize), partial(_Vectorized, tape)
    yield id(np.apply_along_axis), _along(tape, np.apply_along_axis)
    yield id(np.r_), _Rows(tape, np.r_, 0)
    yield id(np.c_), _Rows(tape, np.c_, -1)
    for name, value in list(vars(math).items()):
        if isinstance(value, BuiltinFunctionType):
            yield id(value), _of_math(tape, name, value)
    for module, names in OF_SCIPY:
        for name in names:
            value = getattr(sys.modules.get(module), name, None)
            if value is not None:
                yield id(value), _plainly(tape, f"{module}.{name}", value)


def _is_function(value: Any) -> bool:
    kinds = (FunctionType, BuiltinFunctionType)
    return isinstance(value, kinds) or type(value).__name__ == "_ArrayFunctionDispatcher"


def _any(args: Any, kwargs: Mapping[str, Any]) -> bool:
    return next(followed_in((*args, *kwargs.values())), None) is not None


def _function(tape: Tape, original: Any, *, makes: bool) -> Callable[..., Any]:
    """A function of numpy's that follows lists of what is followed, too."""

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if tape.paused:
            return original(*args, **kwargs)
        if _any(args, kwargs):
            return of_function(tape, original, args, kwargs)
        made = original(*args, **kwargs)
        return constant(tape, made) if makes else made

    return call


def _said_by_others(tape: Tape, original: Any, instead: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numpy's that others say as well, which are followed."""

    @wraps(original)
    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        if tape.paused or not live_in(tape, (value, *args, *kwargs.values())):
            return constant(tape, original(*raw_of((value, *args)), **raw_of(kwargs)))
        return instead(tape, _as_array(tape, value), *args, **kwargs)

    return call


def _drawing(tape: Tape, original: Any) -> Callable[..., Any]:
    """`np.random.default_rng`, which has other numbers each time where it is given no seed."""

    @wraps(original)
    def call(seed: Any = None) -> Any:
        if seed is None and tape.drawn is None:
            tape.drawn = place_here()
        return original(raw_of(seed))

    return call


class _Ufunc:
    """A ufunc that follows lists of what is followed, too."""

    def __init__(self, tape: Tape, original: Any) -> None:
        self._tape, self._original = tape, original

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return np.ufunc

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._tape.paused or not any(type(value) in (list, tuple) for value in args):
            return self._original(*args, **kwargs)
        return self._original(*(_as_array(self._tape, value) for value in args), **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _enumerated(value: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """`np.ndenumerate`."""
    for place in np.ndindex(np.shape(value)):
        yield place, value[place]


class _Vectorized:
    """`np.vectorize`, whose function is called with the numbers that are followed."""

    def __init__(self, tape: Tape, function: Any = None, *args: Any, **kwargs: Any) -> None:
        self._tape, self._function = tape, function
        self._plain = bool(args or kwargs)
        self._original = np.vectorize(function, *args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._plain or kwargs or self._tape.paused or not live_in(self._tape, args):
            return self._original(*args, **kwargs)
        spread = [_as_array(self._tape, value) for value in args]
        shape = np.broadcast_shapes(*(np.shape(value) for value in spread))
        spread = [np.broadcast_to(value, shape) for value in spread]
        made = [self._function(*(value[p] for value in spread)) for p in np.ndindex(shape)]
        return np.reshape(_as_array(self._tape, made), shape)


def _along(tape: Tape, original: Any) -> Callable[..., Any]:
    """`np.apply_along_axis` of a function that gives one number."""

    @wraps(original)
    def call(function: Any, axis: int, value: Any, *args: Any, **kwargs: Any) -> Any:
        value = _as_array(tape, value)
        if tape.paused or not live_in(tape, (value,)):
            return original(function, axis, value, *args, **kwargs)
        moved = np.moveaxis(value, axis, -1)
        shape = moved.shape[:-1]
        made = [function(moved[place], *args, **kwargs) for place in np.ndindex(shape)]
        if any(np.ndim(one) for one in made):
            raise TypeError("np.apply_along_axis of arrays is not followed")
        return np.reshape(_as_array(tape, made), shape)

    return call


class _Rows:
    """`np.r_` and `np.c_`, which join arrays and numbers."""

    def __init__(self, tape: Tape, original: Any, axis: int) -> None:
        self._tape, self._original, self._axis = tape, original, axis

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if self._tape.paused or not live_in(self._tape, parts):
            return self._original[raw_of(key)]
        if any(isinstance(part, slice | str) for part in parts):
            raise TypeError("ranges between arrays in np.r_ are not followed")
        if self._axis:
            return np.column_stack([_as_array(self._tape, part) for part in parts])
        return np.concatenate([np.atleast_1d(_as_array(self._tape, part)) for part in parts])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _as_array(tape: Tape, value: Any) -> Any:
    """A list of what is followed as an array that is."""
    if type(value) not in (list, tuple) or next(followed_in(value), None) is None:
        return value
    with tape.pause():
        made = np.array(raw_of(value))
    return _made(tape, made, value, {})


def _made(tape: Tape, made: Any, value: Any, named: Mapping[str, Any]) -> Any:
    if made.dtype.kind == "O":
        return np.array(value, dtype=object)
    if not live_in(tape, (value,)):
        return constant(tape, made)
    tape.operation = "np.array"
    try:
        text = f"np.array({said(tape, value)})"
        if made.dtype != np.float64:
            text += f".astype(np.{made.dtype.name})"
        text = f"np.reshape({text}, {list(made.shape)})" if named.get("ndmin") else text
        return given(tape, made, text)
    except NoRow as reason:
        return given(tape, made, None, str(reason))


def _reader(tape: Tape, original: Any) -> Callable[..., Any]:
    """`np.array` and its like: an array that is followed may be the same array afterwards."""

    @wraps(original)
    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        if tape.paused:
            return original(value, *args, **kwargs)
        with tape.pause():
            made = original(raw_of(value), *args, **raw_of(kwargs))
        if isinstance(value, Followed):
            if made is value.raw:
                return value
            if not tape.is_live(value.raw) or made.dtype.kind == "O":
                return constant(tape, made)
            if np.may_share_memory(made, value.raw):
                return tape.kind(tape, made)
            if made.dtype == value.raw.dtype and made.shape == value.raw.shape:
                return _copied(tape, value, made)
            return _made(tape, made, value, kwargs)
        if type(value) is float and live_in(tape, (value,)):
            return _made(tape, made, value, kwargs)
        if next(followed_in(value), None) is not None:
            return _made(tape, made, value, kwargs)
        if made is value:
            return made
        return constant(tape, made) if made.base is None else made

    return call


def _copied(tape: Tape, value: Followed, made: Any) -> Any:
    tape.operation = "np.array"
    try:
        return given(tape, made, f"np.copy({tape.name(value.raw)})")
    except NoRow as reason:
        return given(tape, made, None, str(reason))


def _of_math(tape: Tape, name: str, original: Any) -> Callable[..., Any]:
    """A function of Python's own mathematics that follows what is followed."""

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if tape.paused or not live_in(tape, (*args, *kwargs.values())):
            return original(*raw_of(args), **raw_of(kwargs))
        return applied(tape, f"math.{name}", original, args, kwargs)

    return call


def _plainly(tape: Tape, name: str, original: Any) -> Callable[..., Any]:
    """A function of scipy's by its name."""

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if tape.paused or not _any(args, kwargs):
            return original(*args, **kwargs)
        return applied(tape, name, original, args, kwargs)

    return call


def float_of(tape: Tape) -> type:
    """`float` as the function sees it: it leaves a number that is followed as it is."""

    class Kind(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, float)

        def __subclasscheck__(cls, kind: Any) -> bool:
            return issubclass(kind, float)

        def __eq__(cls, other: Any) -> bool:
            return other is cls or other is float

        def __hash__(cls) -> int:
            return hash(float)

        def __call__(cls, *args: Any) -> Any:
            if args and isinstance(args[0], Followed) and tape.is_live(args[0].raw):
                found = args[0]
                float(found.raw)
                number = found.raw.dtype.kind == "f"
                return found if found.scalar and number else _number(tape, found)
            return float(*args)

    class Float(float, metaclass=Kind):
        dtype = np.dtype(float)
        __name__ = "float"

    return Float


def _number(tape: Tape, found: Followed) -> Any:
    tape.operation = "float()"
    made = np.float64(float(found.raw))
    try:
        text = f"np.reshape({tape.name(found.raw)}, [])"
        return given(tape, made, text if found.raw.dtype.kind == "f" else f"{text}*1.0")
    except NoRow as reason:
        return given(tape, made, None, str(reason))
