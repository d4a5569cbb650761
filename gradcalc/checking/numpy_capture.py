"""Arrays that are followed: they do what numpy's do, and a tape writes down what is done."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradcalc.checking.lines import NoRow
from gradcalc.checking.numpy_calls import (
    applied,
    constant,
    given,
    live_in,
    of_function,
    of_ufunc,
    raw_of,
    said,
)
from gradcalc.checking.numpy_tape import Followed, Tape
from gradcalc.checking.trace import Numbers

_np: Any = np
"""As it takes arrays that are followed."""


class Traced(NDArrayOperatorsMixin, Followed):
    """An array of numpy's, or a number of one, that is followed."""

    __slots__ = ()
    __array_priority__ = 1000.0

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # what asks whether this is an array has to go the way that it goes with one
        return self.raw.dtype.type if self.scalar else np.ndarray

    # -- numpy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return of_ufunc(self.tape, ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return of_function(self.tape, function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Numbers:
        if self._is_live and not self.tape.paused:
            self._out("compiled code")
            return self.raw.astype(dtype or self.raw.dtype)
        return self.raw if dtype is None else self.raw.astype(dtype, copy=bool(copy))

    def __array_namespace__(self, *, api_version: Any = None) -> Any:
        return np

    # -- what takes numbers out

    @property
    def _is_live(self) -> bool:
        return self.tape.is_live(self.raw)

    def _out(self, how: str) -> None:
        """A number leaves: a whole one is noted as what it is, others are out of sight."""
        if not self._is_live or self.tape.paused:
            return
        if self.raw.dtype.kind in "iub":
            self.tape.lock(self.raw, how)
        else:
            self.tape.leak(how)

    def __float__(self) -> float:
        found = float(self.raw)
        self._out("float()")
        self.tape.floats[id(found)] = found, self
        return found

    def __complex__(self) -> complex:
        self._out("complex()")
        return complex(self.raw)

    def __int__(self) -> int:
        if self._is_live and self.raw.dtype.kind == "f":
            self.tape.lock(self.raw, "int()", "np.trunc({})")
        else:
            self._out("int()")
        return int(self.raw)

    def __trunc__(self) -> int:
        return int(self)

    def __index__(self) -> int:
        found = operator.index(raw_of(self))
        self._out("an index")
        return found

    def __bool__(self) -> bool:
        answer = bool(self.raw)
        if self._is_live:
            try:
                name = self.tape.name(self.raw)
            except NoRow:
                self.tape.leak("a decision")
                return answer
            kind = self.raw.dtype.kind
            question = name if kind == "b" and self.raw.shape == () else f"np.all({name} != 0)"
            self.tape.decide(f"not {question}" if answer else question)
        return answer

    def __hash__(self) -> int:
        if not self.scalar:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        self._out("hash()")
        return hash(raw_of(self))

    def __str__(self) -> str:
        return str(raw_of(self))

    def __repr__(self) -> str:
        return repr(raw_of(self))

    def __format__(self, spec: str) -> str:
        return format(raw_of(self), spec)

    def __len__(self) -> int:
        return len(raw_of(self))

    def __iter__(self) -> Iterator[Any]:
        if not self.raw.ndim:
            iter(raw_of(self))
        for position in range(len(self.raw)):
            yield self[position]

    def __contains__(self, value: Any) -> bool:
        return bool(_np.any(self == value))

    def __round__(self, digits: int | None = None) -> Any:
        rounded = _np.round(self, digits or 0)
        return int(rounded) if digits is None else rounded

    def __floor__(self) -> int:
        return int(_np.floor(self))

    def __ceil__(self) -> int:
        return int(np.ceil(self))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    # -- reading and writing

    def __getitem__(self, key: Any) -> Any:
        tape = self.tape
        with tape.pause():
            found = self.raw[raw_of(key)]
        if not live_in(tape, (self, key)):
            return constant(tape, found)
        tape.operation = "an index"
        try:
            return given(tape, found, f"{tape.name(self.raw)}[{_key_text(tape, key)}]")
        except NoRow as reason:
            return given(tape, found, None, str(reason))

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.scalar:
            raise TypeError("'numpy.float64' object does not support item assignment")
        from gradcalc.checking.numpy_writes import write

        write(self.tape, self.raw, key, value)

    # -- attributes

    ndim = property(lambda self: self.raw.ndim)
    size = property(lambda self: self.raw.size)
    dtype = property(lambda self: self.raw.dtype)
    itemsize = property(lambda self: self.raw.itemsize)
    nbytes = property(lambda self: self.raw.nbytes)
    strides = property(lambda self: self.raw.strides)
    flags = property(lambda self: self.raw.flags)
    T = property(lambda self: _np.transpose(self))
    mT = property(lambda self: _np.matrix_transpose(self))  # noqa: N815
    flat = property(lambda self: _np.ravel(self) if self.raw.flags.c_contiguous else _unflat())
    device = property(lambda self: "cpu")
    base = property(
        lambda self: None if self.raw.base is None else Traced(self.tape, self.raw.base)
    )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, which may be written."""
        return self.raw.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        with self.tape.pause():
            self.raw = self.raw.view()
            self.raw.shape = raw_of(shape)

    @property
    def real(self) -> Any:
        """The real part; of real numbers it is they."""
        return self if self.raw.dtype.kind != "c" else _np.real(self)

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return _np.imag(self)

    # -- methods that are no functions

    def copy(self, order: str = "C") -> Any:
        return applied(self.tape, "np.copy", _copied, (self,), {})

    def astype(self, dtype: Any, *args: Any, copy: bool = True, **kwargs: Any) -> Any:
        """The numbers in another dtype."""
        wanted = np.dtype(dtype)
        if wanted == self.raw.dtype:
            return self.copy() if copy else self
        if not self._is_live:
            return constant(self.tape, raw_of(self).astype(wanted))
        found = raw_of(self).astype(wanted)
        self.tape.operation = "astype"
        try:
            text = f"{self.tape.name(self.raw)}.astype(np.{wanted.name})"
            return given(self.tape, found, text)
        except NoRow as reason:
            return given(self.tape, found, None, str(reason))

    def item(self, *where: Any) -> Any:
        """One number."""
        if where:
            place = where[0] if len(where) == 1 else where
            return (_np.ravel(self) if isinstance(place, int) else self)[place]
        found = raw_of(self).item()
        return self if self.scalar else _np.reshape(self, ())[()] if found is not None else None

    def tolist(self) -> Any:
        """Lists of the numbers."""
        return [part.tolist() for part in self] if self.raw.ndim else self.item()

    def flatten(self, order: str = "C") -> Any:
        return _np.ravel(self, order).copy()

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        return _np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return _np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def squeeze(self, axis: Any = None) -> Any:
        return _np.squeeze(self, axis)

    def view(self, *kind: Any) -> Any:
        if kind and kind[0] is not np.ndarray:
            raise TypeError("a view as another kind of numbers is not followed")
        return self[...]

    def fill(self, value: Any) -> None:
        self[...] = value

    def sort(self, axis: int = -1, **kwargs: Any) -> None:
        self[...] = _np.sort(self, axis)

    def is_integer(self) -> bool:
        return bool(self == _np.floor(self))

    def conjugate(self) -> Any:
        return _np.conjugate(self)

    conj = conjugate

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("memory that others read is not followed")


def _unflat() -> Any:
    raise TypeError("flat of an array that does not lie in one piece is not followed")


def _copied(raw: Any) -> Any:
    """A copy that lies in its own order, as the method gives it."""
    return raw if isinstance(raw, np.generic) else raw.copy()


def _key_text(tape: Tape, key: Any) -> str:
    parts = key if isinstance(key, tuple) and type(key) is tuple else (key,)
    return ", ".join(said(tape, part) for part in parts) or "()"


def _method(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(_np, name)(self, *args, **kwargs)

    call.__name__ = name
    return call


def _inplace(function: Any) -> Callable[[Any, Any], Any]:
    def call(self: Any, other: Any) -> Any:
        # a number is another one then, an array is written into
        return function(self, other) if self.scalar else function(self, other, out=(self,))

    return call


for _name in (
    "sum", "mean", "std", "var", "prod", "cumsum", "cumprod", "min", "max", "argmin", "argmax",
    "any", "all", "clip", "round", "dot", "trace", "ravel", "swapaxes", "take", "repeat",
    "diagonal", "nonzero", "argsort", "searchsorted", "compress", "put", "partition",
):  # fmt: skip
    setattr(Traced, _name, _method(_name))
for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift,
    "rshift": np.right_shift, "matmul": np.matmul,
}.items():  # fmt: skip
    setattr(Traced, f"__i{_name}__", _inplace(_ufunc))
