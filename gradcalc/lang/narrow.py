"""Numbers of fewer bits than the calculation has: integers that wrap around, floats that round.

Everything is calculated in one dtype. Integers are exact as long as they fit theirs, and what does
not is refused. Floats are not rounded in between, which is said; but what a rounding could turn
over, as a comparison, is refused.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import plain
from gradcalc.lang.backend import LARGEST
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor
from gradcalc.lang.program import ASKED, JAX, NONE, TORCH
from gradcalc.primitives import Elementwise, Primitive

Range = tuple[float, float]
"""The least and the largest number of a kind of integers."""

RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "uint8": (0, 2**8 - 1),
        "int8": (-(2**7), 2**7 - 1),
        "int16": (-(2**15), 2**15 - 1),
        "int32": (-(2**31), 2**31 - 1),
    }
)
"""The integers of fewer bits than 64, the narrowest first."""

WIDTHS: Mapping[str, str] = MappingProxyType(
    {**{name: name for name in RANGES}, "byte": "uint8", "char": "int8", "short": "int16",
     "int": "int32"}
)  # fmt: skip
"""Which of them a name means that the libraries have."""

SHORTER: Mapping[int, str] = MappingProxyType({24: "float32", 11: "float16", 8: "bfloat16"})
"""The floats of fewer bits than 53, by these."""

LEAST: Mapping[int, int] = MappingProxyType({24: -126, 11: -14, 8: -126})
"""The power of 2 below which they lose bits, by their bits."""

FLOAT32, HALVES = 24, frozenset({11, 8})
"""The bits of the floats that hold those of both halves, and of these."""

ADDING = frozenset({"sum", "prod", "cumsum", "cumprod", "trace"})
"""Primitives that torch and numpy calculate in integers of 64 bits, whatever they are given."""

POSITIONS = frozenset({"argmax", "argmin", "argsort", "matrix_rank"})
"""Primitives whose results are positions, of 64 bits."""

ORDERING = frozenset(
    {"argmax", "argmin", "argsort", "sort", "topk", "kthvalue", "median", "mode", "max", "min",
     "amax", "amin"}
)  # fmt: skip
"""Primitives of whole tensors that compare their elements."""

STEPS = frozenset({"round", "floor", "ceil", "trunc", "sign"})
"""Primitives that give whole numbers, which are what they are once no rounding turns them over."""

LOGICAL = frozenset({"logical_and", "logical_or", "logical_not", "logical_xor"})
"""Primitives that ask whether numbers are 0."""

ARRAYS = SimpleNamespace(nint=np.rint, cos=np.cos, one=1.0, isint=lambda x: np.all(x == np.rint(x)))
"""Functions of arrays, for what says where a primitive has a kink."""

STEADY = frozenset(
    {"add", "sub", "neg", "abs", "maximum", "minimum", "logsumexp", "amax", "amin", "mean", "relu"}
)
"""Primitives that make what is wrong with an operand no larger."""

BENT = frozenset({"abs", "maximum", "minimum", "clamp", "relu"})
"""Primitives that have kinks and no jumps."""

SLACK = 16
"""How many roundings may have added up in what is compared."""


# -- integers ----------------------------------------------------------------------------------


def narrowed(machine: Machine, value: Any, name: str) -> Any:
    """A tensor of integers, as those of a name.

    Raises `InvalidValueError` where one does not fit.
    """
    width = WIDTHS.get(name, "")
    if width:
        _fits(machine, "a cast", width, value)
        machine.narrow = True
    value.width = width
    return value


def settle(machine: Machine, row: Primitive, operands: Sequence[Any], results: Any) -> None:
    """Give what is made of integers its width.

    Raises `InvalidValueError` where the library's integers would have wrapped around.
    """
    naming = machine.program.naming.arrays
    if row.name in POSITIONS or (row.name in ADDING and naming != JAX):
        return
    tensors = [value for value in operands if isinstance(value, Tensor) and value.integer]
    if naming in (TORCH, NONE):
        # of a tensor without dimensions torch takes the number, and not the kind
        tensors = [value for value in tensors if value.shape] or tensors
    width = _joined([value.width for value in tensors])
    if not width:
        return
    for part in results:
        if isinstance(part, Tensor) and part.integer:
            _fits(machine, row.name, width, part)
            part.width = width


def _joined(widths: Sequence[str]) -> str:
    """The integers that hold those of several kinds, as the libraries promote them."""
    if not widths or not all(widths):
        return ""
    low = min(RANGES[width][0] for width in widths)
    high = max(RANGES[width][1] for width in widths)
    return next(name for name, (a, b) in RANGES.items() if a <= low and high <= b)


def check_numbers(operands: Sequence[Any]) -> None:
    """Raises `InvalidValueError` for a number beside integers that do not hold it.

    torch lets it wrap around, be it only compared, and numpy raises an error.
    """
    widths = [v.width for v in operands if isinstance(v, Tensor) and v.width]
    for number in operands if widths else ():
        for low, high in (RANGES[width] for width in widths):
            if isinstance(number, int) and not low <= number <= high:
                raise InvalidValueError(
                    f"integers from {low} to {high} do not hold {number}",
                    hint="make wider ones of them before: .to(torch.int64), .astype(np.int64)",
                )


def check_written(machine: Machine, tensor: Tensor, value: Any) -> None:
    """See to what is written into a tensor of few bits, or has few bits.

    Raises `InvalidValueError` where it does not fit the integers of the tensor.
    """
    bits = roughness([value])
    if tensor.short and not machine.is_mask(value):
        bits = bits or rounds(machine, value, tensor.short)
    if bits:
        tensor.owner.rough = min(bits, tensor.owner.rough or bits)
    if tensor.owner.width:
        _fits(machine, "what is written", tensor.owner.width, value)


def _fits(machine: Machine, what: str, width: str, value: Any) -> None:
    if not machine.backend.at_hand or not math.prod(machine.shape(value)):
        return
    numbers = machine.elements(value) if isinstance(value, Tensor) else np.asarray(float(value))
    low, high = RANGES[width]
    beyond = numbers[(numbers < low) | (numbers > high)]
    if beyond.size:
        raise _wraps(what, float(beyond.flat[0]), width)


def _wraps(what: str, number: float, width: str) -> InvalidValueError:
    return InvalidValueError(
        f"{what} gives {number:.0f}, which {width} does not hold: integers wrap around there",
        hint="make wider ones of them before: .to(torch.int64), .astype(np.int64)",
    )


# -- floats ------------------------------------------------------------------------------------


def rounded(numbers: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Numbers to so many bits, however small or large they are; half goes to the even one."""
    parts, exponents = np.frexp(np.where(np.isfinite(numbers), numbers, 0.0))
    found = np.ldexp(np.round(np.ldexp(parts, bits)), exponents - bits)
    return np.where(np.isfinite(numbers), found, numbers)


def rounds(machine: Machine, value: Any, bits: int) -> int:
    """Remember that floats of so few bits round a value, where they do.

    These bits, 0 where each of its numbers is one of theirs and always is.
    Raises `InvalidValueError` where one is too large.
    """
    if not machine.backend.at_hand:
        return 0
    numbers = machine.elements(value) if isinstance(value, Tensor) else np.asarray(float(value))
    exact = np.array_equal(rounded(numbers, bits), numbers, equal_nan=True)
    check_range(numbers, bits)
    check_small(numbers, bits)
    if exact and not machine.carries(value):
        return 0
    machine.note_cast(SHORTER[bits])
    return bits


def keep(machine: Machine, tensor: Tensor, bits: int) -> None:
    """Remember that the library makes a tensor of floats of so few bits."""
    tensor.short = bits
    machine.short = machine.short or bits > 0


def roughness(values: Sequence[Any]) -> int:
    """The bits to which something was rounded that these are made of, 0 where nothing was."""
    found = [n for value in values for n in _rough(value)]
    return min(found, default=0)


def _rough(value: Any) -> Iterator[int]:
    for part in _tensors(value):
        yield from (bits for bits in (part.rough, part.owner.rough) if bits)


def spread(machine: Machine, row: Primitive, arguments: Mapping[str, Any], results: Any) -> None:
    """Remember what is made of rounded numbers.

    Raises `UnsupportedError` where a rounding could turn over what comes out.
    """
    bits, short = roughness(list(arguments.values())), _kept(machine, arguments.values())
    if short and not bits:
        bits = _rounds_numbers(machine, row, arguments, short)
    if bits and machine.backend.at_hand:
        _check_steady(machine, row, arguments, bits)
    for part in results if bits or short else ():
        if not isinstance(part, Tensor) or machine.is_mask(part):
            continue
        if short and not part.integer:
            part.short = short
        if bits and row.name in STEPS and _are_whole(machine, part):
            # which no rounding has turned over
            continue
        if bits:
            part.rough = bits
        elif not part.integer:
            part.rough = rounds(machine, part, short)
        if part.rough and machine.backend.at_hand:
            numbers = machine.elements(part)
            check_range(numbers, part.rough)
            _tell_small(machine, f"some of what {row.name} gives", numbers, part.rough)
            part.reach = _reach(machine, row, arguments, part)


def _are_whole(machine: Machine, part: Tensor) -> bool:
    if not machine.backend.at_hand:
        return False
    numbers = machine.elements(part)
    return bool(np.all(numbers == np.rint(numbers)))


def _kept(machine: Machine, values: Iterable[Any]) -> int:
    """The bits of the floats that a library makes of these operands, as it promotes them."""
    tensors = [part for value in values for part in _tensors(value)]
    floats = [part for part in tensors if not part.integer and not machine.is_mask(part)]
    if machine.program.naming.arrays in (TORCH, NONE):
        # of a tensor without dimensions torch takes the number, and not the kind
        floats = [part for part in floats if part.shape] or floats
    found = {part.short for part in floats}
    if not found or 0 in found:
        return 0
    return FLOAT32 if found == HALVES else max(found)


def _rounds_numbers(
    machine: Machine, row: Primitive, arguments: Mapping[str, Any], bits: int
) -> int:
    """The bits to which a number beside floats of so few is rounded, 0 where none is.

    Raises `InvalidValueError` for one that is too large for numpy, which makes it one of theirs.
    """
    if not isinstance(row, Elementwise):
        return 0
    given = [v for k, v in arguments.items() if k not in row.static and plain.is_number(v)]
    numbers = np.asarray([float(v) for v in given])
    if machine.program.naming.arrays not in (TORCH, NONE):
        check_range(numbers, bits)
        _tell_small(machine, "a number", numbers, bits)
    if np.array_equal(rounded(numbers, bits), numbers, equal_nan=True):
        return 0
    if machine.backend.at_hand:
        machine.note_cast(SHORTER[bits])
    return bits


def _tensors(value: Any) -> Iterator[Tensor]:
    for part in value if isinstance(value, list | tuple) else (value,):
        if isinstance(part, Tensor):
            yield part


def _largest(numbers: Any) -> float:
    found = np.abs(numbers[np.isfinite(numbers)])
    return float(found.max(initial=0.0))


def _reach(machine: Machine, row: Primitive, arguments: Mapping[str, Any], result: Tensor) -> float:
    """How large what was rounded is beside the result: a difference may be all rounding, and what
    it is multiplied by multiplies that too."""
    largest = found = _largest(machine.elements(result))
    for part in _parts(arguments.values()):
        own = _largest(machine.elements(part))
        grown = 1.0 if row.name in STEADY else _scale(row, arguments)
        if grown is None:
            grown = max(1.0, largest / own if own else 1.0)
        found = max(found, max(part.reach, part.owner.reach, own) * grown)
    return found


def _scale(row: Primitive, arguments: Mapping[str, Any]) -> float | None:
    """How many times larger a product with a number, or a quotient by one, makes all that is in
    the other operand; None for anything else."""
    x, y = (*arguments.values(), None, None)[:2]
    if row.name not in ("mul", "div"):
        return None
    number = x if row.name == "mul" and plain.is_number(x) else y
    if not plain.is_number(number) or (row.name == "div" and not number):
        return None
    return abs(float(number)) if row.name == "mul" else 1 / abs(float(number))


def _parts(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among arguments that something rounded is in."""
    for value in values:
        yield from (part for part in _tensors(value) if part.rough or part.owner.rough)


def is_rounded(machine: Machine, value: Any) -> bool:
    """Whether these are numbers, no truth values, that something rounded is in."""
    return isinstance(value, Tensor) and not machine.is_mask(value) and roughness([value]) > 0


def check_range(numbers: NDArray[np.float64], bits: int) -> None:
    """Raises `InvalidValueError` for numbers that floats of so few bits do not hold."""
    name = SHORTER[bits]
    if np.any(np.abs(numbers[np.isfinite(numbers)]) > LARGEST[name]):
        raise InvalidValueError(f"a number may be too large for {name}, in which it would be inf")


def check_small(numbers: NDArray[np.float64], bits: int) -> None:
    """Raises `UnsupportedError` for numbers of which floats of so few bits hold little or nothing,
    as they are next to 0."""
    small = _small(numbers, bits)
    if small.any():
        name, number = SHORTER[bits], numbers[small].flat[0]
        held = _held(np.asarray(number), bits)
        raise UnsupportedError(
            f"{number:.6g} is {held:.6g} in {name}, which is not done here",
            hint="--dtype calculates all in one of few digits; or leave the cast out",
        )


def _small(numbers: NDArray[np.float64], bits: int) -> NDArray[np.bool_]:
    """Which numbers lose far more to floats of so few bits than a rounding, next to 0."""
    return np.asarray(np.abs(_held(numbers, bits) - numbers) > SLACK * 2.0**-bits * np.abs(numbers))


def _held(numbers: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Numbers as multiples of the least one that floats of so few bits hold."""
    least = 2.0 ** (LEAST[bits] - bits + 1)
    # what is large is no such multiple to a float, and held well
    found = np.where(
        np.abs(numbers) < 2.0 ** LEAST[bits], np.rint(numbers / least) * least, numbers
    )
    return np.asarray(found)


def _tell_small(machine: Machine, what: str, numbers: NDArray[np.float64], bits: int) -> None:
    """Remember, once, that a library makes nearly nothing of numbers that are taken as they are."""
    if any(cast.kind.startswith(f"{ASKED}{SHORTER[bits]} ") for cast in machine.casts):
        return
    small = _small(numbers, bits)
    if machine.backend.at_hand and small.any():
        machine.note_cast(
            f"{ASKED}{SHORTER[bits]} holds little or nothing of {what}, as of"
            f" {numbers[small].flat[0]:.6g}, which is taken as it is"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray | int | float)


def _margins(row: Elementwise, given: Mapping[str, Any]) -> list[NDArray[np.float64]]:
    """How far operands are from where a primitive has a kink."""
    assert row.kinks is not None
    with np.errstate(all="ignore"):
        try:
            return [np.abs(margin) for margin in row.kinks(ARRAYS, **given)]
        except ValueError:
            # some ask about one number
            names = [name for name, value in given.items() if _is_number(value)]
            arrays = np.broadcast_arrays(*(np.asarray(given[name], float) for name in names))
            each = [
                row.kinks(ARRAYS, **{**given, **dict(zip(names, one, strict=True))})
                for one in zip(*(array.ravel() for array in arrays), strict=True)
            ]
            return [np.abs(margin) for margins in each for margin in margins]


def _check_steady(
    machine: Machine, row: Primitive, arguments: Mapping[str, Any], bits: int
) -> None:
    if row.name in BENT and not any(map(machine.carries, _parts(arguments.values()))):
        # what it gives bends there, and does not jump: a slope alone would
        return
    near, room = False, SLACK * 2.0**-bits
    beyond = max((max(p.reach, p.owner.reach) for p in _parts(arguments.values())), default=0.0)
    if isinstance(row, Elementwise) and row.kinks is not None:
        given = {
            key: machine.elements(v) if isinstance(v, Tensor) else v for key, v in arguments.items()
        }
        operands = [np.asarray(v, dtype=float) for v in given.values() if _is_number(v)]
        largest = max(_largest(v) for v in operands)
        room *= max(beyond, largest)
        margins = _margins(row, given)
        # a tie of numbers that are held exactly stays one, but not of what is all rounding
        held = beyond <= largest and all(np.array_equal(rounded(v, bits), v) for v in operands)
        close = [(m <= room) & ((m > 0) | (not held)) for m in margins]
        near = any(map(np.any, close))
    elif row.name in LOGICAL:
        rough = [p for p in _parts(arguments.values()) if not machine.is_mask(p)]
        near = any(np.any(np.abs(machine.elements(p)) <= room * beyond) for p in rough)
    elif row.name in ORDERING:
        numbers = np.sort(machine.elements(arguments["x"]).reshape(-1))
        near = bool(np.any(np.diff(numbers) <= room * np.maximum(np.abs(numbers[1:]), beyond)))
    if near:
        raise UnsupportedError(
            f"what {row.name} gives hangs on how its operands are rounded to fewer digits,"
            " which is not done here",
            hint="--dtype calculates all in one of few digits; or leave out what makes them"
            " of few, a cast or dtype=",
        )
