"""Calls put to the library that they name: a reading that gives another value is refused.

The tables of `gradcalc.lang.dialects` say what a call means; here the library itself is asked, at
the values of this run. What it refuses and gradcalc reads all the same is left alone, as are large
tensors: the meaning of a call does not hang on how large they are. Of a name that no library stands
in front of, numpy is asked too: where it gives something else, it matters whose was taken.
"""

import math
import pkgutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from gradcalc.errors import UnsupportedError
from gradcalc.expr.scipys import of_scipy
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.machine import Complex, Untold
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import JAX, NONE, NUMPY, TORCH, stretch_of, text_of
from gradcalc.testimony import Taken

LARGEST = 4096
"""Elements of the tensors of a call that is put to its library."""

OFTEN = 4
"""How often one place of the text is."""

BY_CHANCE = frozenset({
    "empty", "empty_like", "new_empty", "new", "Tensor", "FloatTensor", "DoubleTensor",
    "HalfTensor", "LongTensor", "IntTensor", "ShortTensor", "BoolTensor",
})  # fmt: skip
"""Functions whose numbers are whatever stood in memory."""

AT_TIMES = frozenset({"scaled_dot_product_attention"})
"""Functions that draw where they are asked to, and else are asked as all others."""

NAMESAKES: Mapping[str, str] = MappingProxyType(
    {"softmax": "scipy.special", "log_softmax": "scipy.special"}
)
"""Where numpy's users have a function from that numpy itself does not have, and means otherwise."""

UNSIGNED = frozenset({"eigh", "qr", "svd"})
"""Functions whose vectors are known up to a sign, which each library chooses in its own way."""

ORDERING = frozenset({"argsort", "sort"})
"""Functions that leave the order of equal numbers open where they are not asked for it."""

STABLE: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {NUMPY: ("kind", "stable"), TORCH: ("stable", True)}
)
"""How a library is asked to keep that order."""

TOLERANCE: Mapping[torch.dtype, float] = {torch.float64: 1e-6, torch.float32: 1e-3}
"""How far kernels may lie apart, beside the greatest element: not by another meaning."""

ROUNDINGS = 16
"""How many of the operands' roundings may add up where a result cancels."""


class Fidelity:
    """Puts the calls of one run to the libraries that they name.

    `taken` are the calls that torch and numpy mean differently, where the text names neither.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        self._tolerance = TOLERANCE.get(dtype)
        self._dtype = dtype
        self._asked: Counter[int] = Counter()
        self.taken: dict[int, Taken] = {}
        # of torch's generator: its state, and how often it was drawn from, -1 once that is lost
        self._chance: Any = None
        self._followed = 1

    def __call__(
        self,
        machine: Any,
        function: Function,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        result: Any,
    ) -> None:
        """Raises `UnsupportedError` where the library gives another value than `result`."""
        library = function.module if function.method else function.module.split(".")[0]
        if self._tolerance is None or library in (JAX, "builtins") or function.name in BY_CHANCE:
            return
        if function.order == "order" and _by_memory((*args, *kwargs.values())):
            # the library is asked with copies
            return
        if max(_sizes((*args, *kwargs.values(), result)), default=0) > LARGEST:
            return
        if function.draws and (function.name not in AT_TIMES or self._has_drawn(machine)):
            self._drawn(machine, function, args, kwargs, result)
            return
        place = id(machine.node)
        self._asked[place] += 1
        if self._asked[place] > OFTEN:
            return
        expected = _answer(machine, function, library, args, kwargs)
        if expected is None and library == TORCH and not function.alone:
            _check_truths(machine, function, (*args, *kwargs.values()))
        found = _numbers(_plain(machine, result))
        partly = isinstance(result, tuple) and (
            hasattr(result, "_fields") or any(isinstance(part, Untold) for part in result)
        )
        if isinstance(expected, tuple) and isinstance(found, tuple) and partly:
            # what is read may be a part of what the library gives
            expected = expected[: len(found)]
        if function.name in UNSIGNED:
            expected, found = map(_sizes_of, (expected, found))
        noise = (
            ROUNDINGS * torch.finfo(self._dtype).eps * _scale(machine, (*args, *kwargs.values()))
        )
        if self._differ(expected, found, noise):
            asked = STABLE.get(library) if function.name in ORDERING else None
            if asked is not None:
                again = _answer(machine, function, library, args, {**kwargs, asked[0]: asked[1]})
                if again is not None and not self._differ(again, found, noise):
                    raise UnsupportedError(
                        f"{function.shown} leaves open which of equal numbers comes first, and some"
                        " are equal here",
                        hint=f"{asked[0]}={asked[1]!r} keeps them in order",
                    )
            raise UnsupportedError(
                f"gradcalc reads {function.shown} otherwise here than {library} does",
                hint=f"{library} gives {_shown(expected)}, its reading {_shown(found)}",
            )
        if library == TORCH and _anyones(machine, function):
            module = NAMESAKES.get(function.name, NUMPY)
            namesake = replace(function, module=module)
            other = _answer(machine, namesake, NUMPY, args, kwargs)
            by_name = isinstance(found, tuple) and _rest(machine).startswith(".")
            if self._differ(other, found, noise) and not by_name:
                reader = "gradcalc" if expected is None else TORCH
                self._take(machine, namesake, reader, (_shown(found), _shown(other)))

    def _has_drawn(self, machine: Any) -> bool:
        """Whether the program has drawn more than is followed."""
        chances = machine.chances
        return chances is not None and chances.torch.engine.drawn != self._followed

    def _drawn(
        self,
        machine: Any,
        function: Function,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        result: Any,
    ) -> None:
        """Raises `UnsupportedError` where torch's own generator gives other numbers.

        It draws along with the program for as long as it is told all that is drawn from it.
        """
        if machine.chances is None or not function.module.startswith(TORCH):
            return
        drawn = machine.chances.torch.engine.drawn
        if drawn == self._followed:
            return
        before, dtype = torch.get_rng_state(), torch.get_default_dtype()
        try:
            own = machine.backend.precision if machine.anchor else machine.nets.drawing.dtype
            torch.set_default_dtype(getattr(torch, own))
            if self._chance is None:
                torch.manual_seed(machine.dice.seed)
            else:
                torch.set_rng_state(self._chance)
            expected = _answer(machine, function, TORCH, args, kwargs)
            self._chance = torch.get_rng_state()
        finally:
            torch.set_default_dtype(dtype)
            torch.set_rng_state(before)
        told = drawn == self._followed + 1
        self._followed = drawn if told else -1
        # logarithms in float32 may differ in the last bits
        noise = 8 * torch.finfo(torch.float32).eps if own == "float32" else 0.0
        if told and self._differ(expected, _numbers(_plain(machine, result)), noise):
            raise UnsupportedError(
                f"{function.shown} draws other numbers here than torch does",
                hint="draw float32 or float64 numbers on the CPU, or give them as an input",
            )

    def _differ(self, expected: Any, found: Any, noise: float = 0.0) -> bool:
        """Whether an answer, which is None where there is none, is another one.

        `noise` is what the roundings of operands leave where all of them cancels.
        """
        assert self._tolerance is not None
        if expected is None:
            return False
        return not _agree(_kept(expected, self._dtype), found, self._tolerance, noise)

    def _take(self, machine: Any, namesake: Function, reader: str, gives: tuple[str, str]) -> None:
        """Remember that a name was not taken for numpy's, or refuse to where that is as likely."""
        name, theirs = namesake.name, namesake.module.split(".")[0]
        if machine.program.naming.arrays not in (NONE, TORCH):
            raise UnsupportedError(
                f"{name} may be torch's or {theirs}'s here, and they differ",
                hint=f"write torch.{name} or {_full(namesake)}",
            )
        text, other = text_of(machine.node, machine.source), _full(namesake)
        found = Taken(text, reader, theirs, other, gives, machine.place)
        self.taken.setdefault(id(machine.node), found)


def _by_memory(values: Iterable[Any]) -> bool:
    """Whether elements are read as they lie in memory."""
    return any(isinstance(value, str) and value.upper() in ("A", "K") for value in values)


def _check_truths(machine: Any, function: Function, values: Sequence[Any]) -> None:
    """Raises `UnsupportedError` where torch has refused what it was given, and that holds masks."""
    if any(machine.is_tensor(value) and machine.is_mask(value) for value in values):
        raise UnsupportedError(
            f"{function.shown} takes no truth values in torch", hint="m.double() makes numbers"
        )


def _rest(machine: Any) -> str:
    """What stands behind the call on its line: only torch's pairs have parts with names."""
    place = stretch_of(machine.node, machine.source)
    line: str = machine.source.split("\n")[place.end_line - 1]
    return line[place.end_column - 1 :].lstrip()


def _full(function: Function) -> str:
    """How a text names numpy's or scipy's function."""
    module = "np" if function.module == NUMPY else function.module
    return f"{module}.{function.name}"


def _anyones(machine: Any, function: Function) -> bool:
    """Whether the text does not say whose function it is."""
    naming = machine.program.naming
    return bool(function.alone or (function.method and naming.arrays == NONE))


def _answer(
    machine: Any, function: Function, library: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """What the library gives, None where it gives no numbers or does not take the arguments."""

    def to_torch(tensor: torch.Tensor, whole: bool) -> Any:
        return tensor.long() if whole else tensor.clone()

    def to_numpy(tensor: torch.Tensor, whole: bool) -> Any:
        array = tensor.cpu().numpy()
        # the number of no dimensions is one of numpy's numbers
        return (array.astype(np.int64) if whole else array.copy())[()]

    convert = to_torch if library == TORCH else to_numpy
    given = [_converted(value, machine, convert) for value in args]
    named = {key: _converted(value, machine, convert) for key, value in kwargs.items()}
    with warnings.catch_warnings(), np.errstate(all="ignore"), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            if function.method:
                return _numbers(getattr(given[0], function.name)(*given[1:], **named))
            return _numbers(_callable(function)(*given, **named))
        except Exception:  # whatever a library does not take, it says in its own way
            return None


def _callable(function: Function) -> Any:
    """The library's own, or what ends where that would not."""
    if function.module == SPECIAL:
        return of_scipy(function.name)
    return getattr(pkgutil.resolve_name(function.module), function.name)


SPECIAL = "scipy.special"
"""The module of whose functions some do not end."""


def _sizes(values: Sequence[Any]) -> list[int]:
    sizes: list[int] = []
    stack = list(values)
    while stack:
        value = stack.pop()
        if len(stack) + len(sizes) > LARGEST:
            return [LARGEST + 1]
        if isinstance(value, Complex):
            stack += [part for part in (value.re, value.im) if part is not None]
        elif isinstance(value, Tensor):
            sizes.append(math.prod(value.shape))
        elif isinstance(value, list | tuple):
            sizes.append(len(value))
            stack += value[: LARGEST + 1]
        elif isinstance(value, range):
            sizes.append(max(0, value.stop - value.start))
    return sizes


def _converted(value: Any, machine: Any, convert: Callable[[torch.Tensor, bool], Any]) -> Any:
    """The value with its tensors as the library takes them, those in lists and tuples too."""
    if isinstance(value, Complex):
        return convert(_imaginary(machine, value), False)
    if machine.is_tensor(value):
        return convert(machine.unread(value).detach(), machine.is_integer(value))
    if type(value) in (list, tuple):
        return type(value)(_converted(item, machine, convert) for item in value)
    return value


def _imaginary(machine: Any, value: Complex) -> torch.Tensor:
    """Complex numbers as torch has them."""
    parts = [p if p is None else machine.unread(p).detach() for p in (value.re, value.im)]
    some = next(p for p in parts if p is not None)
    return torch.complex(*(torch.zeros_like(some) if p is None else p for p in parts))


def _plain(machine: Any, result: Any) -> Any:
    """A result with torch's own tensors in it, its pairs as tuples."""
    if isinstance(result, Complex):
        return _imaginary(machine, result)
    if isinstance(result, list | tuple):
        return tuple(_plain(machine, part) for part in result if not isinstance(part, Untold))
    return machine.raw(result)


def _numbers(value: Any) -> Any:
    """A result as arrays of floats, in tuples where it is several; None if it is none."""
    if isinstance(value, torch.Tensor):
        value = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
        return value.detach().to("cpu", torch.float64).numpy()
    if isinstance(value, list | tuple):
        parts = [_numbers(part) for part in value]
        return None if any(part is None for part in parts) else tuple(parts)
    if isinstance(value, complex) or np.iscomplexobj(value):
        return np.stack([np.real(value), np.imag(value)], axis=-1)
    if isinstance(value, np.ndarray | np.generic | int | float):
        return np.asarray(value).astype(np.float64)
    return None


def _kept(value: Any, dtype: torch.dtype) -> Any:
    """Numbers as a dtype has them: what Python works out in doubles may be beyond its range."""
    if isinstance(value, tuple):
        return tuple(_kept(part, dtype) for part in value)
    return _numbers(torch.as_tensor(value).to(dtype))


def _sizes_of(value: Any) -> Any:
    """The sizes of numbers, in arrays and tuples of such."""
    if isinstance(value, tuple):
        return tuple(map(_sizes_of, value))
    return None if value is None else np.abs(value)


def _scale(machine: Any, values: Iterable[Any]) -> float:
    """How large a product of operands can be: of the sums of their sizes."""
    found = 1.0
    for value in values:
        if isinstance(value, list | tuple):
            found *= max(1.0, _scale(machine, value))
        elif isinstance(value, Complex):
            found *= max(1.0, _scale(machine, (value.re,)) + _scale(machine, (value.im,)))
        elif machine.is_tensor(value):
            sizes = np.abs(_numbers(machine.unread(value)))
            found *= float(np.sum(sizes[np.isfinite(sizes)]))
    return found if np.isfinite(found) else 0.0


def _agree(expected: Any, found: Any, tolerance: float, noise: float) -> bool:
    if isinstance(expected, tuple) and isinstance(found, tuple):
        pairs = zip(expected, found, strict=False)
        same = len(expected) == len(found)
        return same and all(_agree(*pair, tolerance, noise) for pair in pairs)
    if type(expected) is not type(found) or expected.shape != found.shape:
        return False
    largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
    room = max(tolerance * largest, noise)
    return np.allclose(found, expected, rtol=0, atol=room, equal_nan=True)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} results"
    if value is None:
        return "no numbers"
    if value.size > 3:
        largest = np.max(np.abs(value))
        return f"numbers of shape {value.shape} up to {largest:g}"
    numbers = [f"{number:g}" for number in value.flat]
    return numbers[0] if value.ndim == 0 else f"[{', '.join(numbers)}]"
