"""Discrete Fourier transforms, and shifts of frequencies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import complexes, ops
from gradcalc.lang.dialects.readings import called
from gradcalc.lang.machine import Complex, Machine
from gradcalc.primitives.shapes import axes, numbers
from gradcalc.primitives.shapes import axis as one_of

Pair = tuple[Any, Any | None]
"""The real and the imaginary part, None where that is 0."""

SPELLED = 4096
"""The most waves that are worked out each by itself, so that a formula can say what they are."""


def shifted(machine: Machine, sign: int, **values: Any) -> Any:
    """fftshift (sign 1) and ifftshift (sign 0): the middle of each dimension first, or back."""
    x, dims = values.values()
    if isinstance(x, Complex):
        given: Any = {"dims": dims}
        parts = (p if p is None else shifted(machine, sign, x=p, **given) for p in (x.re, x.im))
        return complexes.made(machine, *parts)
    x = ops.tensor(machine, x)
    shape = ops.shape(machine, x)
    along = axes(shape, None if dims is None else numbers(dims))
    moves = tuple(shape[k] // 2 if sign else -(shape[k] // 2) for k in along)
    return ops.call(machine, "roll", x, moves, along) if along else x


def along_one(machine: Machine, way: str, inverse: int, **values: Any) -> Any:
    """A transform along one dimension: fft of the `whole`, rfft of a `half`, irfft `from_half`."""
    x, n, dim, norm = values.values()
    sizes = None if n is None else (n,)
    return WAYS[way](machine, bool(inverse), x, sizes, (dim,), norm)


def along_several(machine: Machine, way: str, inverse: int, **values: Any) -> Any:
    """The same along several dimensions, of which the half is along the last."""
    x, sizes, dims, norm = values.values()
    return WAYS[way](machine, bool(inverse), x, sizes, _dims(machine, x, sizes, dims), norm)


def frequencies(machine: Machine, half: int, n: Any, d: Any) -> Any:
    """fftfreq and rfftfreq: the frequencies of a transform, d apart in time."""
    ops.refuse_gradient(machine, "the distance", d)
    count = ops.integer(machine, n)
    step = d if isinstance(d, int | float) else machine.number(d)
    make = np.fft.rfftfreq if half else np.fft.fftfreq
    return machine.constant(make(count, step))


def _dims(machine: Machine, x: Any, sizes: Any, dims: Any) -> tuple[int, ...]:
    """The dimensions that are transformed: the last ones, as many as there are sizes."""
    if dims is not None:
        return tuple(numbers(dims))
    rank = len(_shape(machine, x))
    count = rank if sizes is None else len(numbers(sizes))
    return tuple(range(rank - count, rank))


def _shape(machine: Machine, x: Any) -> tuple[int, ...]:
    return complexes.shape(x) if isinstance(x, Complex) else ops.shape(machine, x)


def _pair(machine: Machine, x: Any) -> Pair:
    """A value by its parts, the real one a tensor."""
    if not isinstance(x, Complex):
        return ops.as_floats(machine, ops.tensor(machine, x)), None
    return ops.call(machine, "zeros_like", x.im) if x.re is None else x.re, x.im


def _lengths(
    machine: Machine, x: Any, sizes: Any, dims: tuple[int, ...], halved: bool = False
) -> tuple[list[int], list[int]]:
    """The dimensions of a transform, and how long it is along each."""
    shape = _shape(machine, x)
    along = [one_of(shape, dim) for dim in dims]
    if not along or len(set(along)) < len(along):
        raise ShapeError("a transform is along some dimensions, each once")
    wanted = [None] * len(along) if sizes is None else list(numbers(sizes))
    if len(wanted) != len(along):
        raise ShapeError("a transform has a size for each of its dimensions")
    made = [shape[k] if n is None or n == -1 else n for k, n in zip(along, wanted, strict=True)]
    if halved and wanted[-1] in (None, -1):
        made[-1] = 2 * (shape[along[-1]] - 1)
    if min(made) < 1:
        raise ShapeError(f"a transform of {min(made)} elements")
    return along, made


def _whole(
    machine: Machine, inverse: bool, x: Any, sizes: Any, dims: tuple[int, ...], norm: Any
) -> Complex:
    along, made = _lengths(machine, x, sizes, dims)
    pair = _pair(machine, x)
    for dim, size in zip(along, made, strict=True):
        fitted = _sized(machine, pair, dim, size)
        pair = _transformed(machine, fitted, dim, size, 1 if inverse else -1)
    return _complex(machine, pair, made, norm, inverse)


def _half(
    machine: Machine, inverse: bool, x: Any, sizes: Any, dims: tuple[int, ...], norm: Any
) -> Complex:
    if isinstance(x, Complex):
        raise InvalidValueError(
            f"{called(machine)} is of real numbers", hint="fft is of complex ones",
            python="RuntimeError",
        )  # fmt: skip
    along, made = _lengths(machine, x, sizes, dims)
    last, size = along[-1], made[-1]
    sign = 1 if inverse else -1
    pair = _sized(machine, _pair(machine, x), last, size)
    pair = _transformed(machine, pair, last, size, sign, size // 2 + 1)
    for dim, length in zip(along[:-1], made[:-1], strict=True):
        pair = _transformed(machine, _sized(machine, pair, dim, length), dim, length, sign)
    found = _complex(machine, pair, made, norm, inverse)
    if not along[:-1] and not inverse:
        found.im.null = _real_frequencies(found.im.shape, last, size)
    return found


def _real_frequencies(shape: tuple[int, ...], dim: int, size: int) -> Any:
    """Which of the first half of the frequencies of real numbers are real by their form: the
    constant one, and the fastest of an even number."""
    frequencies = np.arange(shape[dim])
    marks = (2 * frequencies) % size == 0
    return np.broadcast_to(np.expand_dims(marks, tuple(range(1, len(shape) - dim))), shape)


def _complex(
    machine: Machine, pair: Pair, sizes: Sequence[int], norm: Any, inverse: bool
) -> Complex:
    parts = (p if p is None else _scaled(machine, p, sizes, norm, inverse) for p in pair)
    return complexes.made(machine, *parts)


def _from_half(
    machine: Machine, inverse: bool, x: Any, sizes: Any, dims: tuple[int, ...], norm: Any
) -> Any:
    along, made = _lengths(machine, x, sizes, dims, halved=True)
    sign = 1 if inverse else -1
    pair = _pair(machine, x)
    for dim, size in zip(along[:-1], made[:-1], strict=True):
        pair = _transformed(machine, _sized(machine, pair, dim, size), dim, size, sign)
    last, size = along[-1], made[-1]
    pair = _sized(machine, pair, last, size // 2 + 1)
    found = _mirrored(machine, pair, last, size, sign)
    return _scaled(machine, found, made, norm, inverse)


def _sized(machine: Machine, pair: Pair, dim: int, size: int) -> Pair:
    """The first elements along a dimension, or zeros behind them."""

    def fit(x: Any) -> Any:
        shape = ops.shape(machine, x)
        if shape[dim] >= size:
            return ops.index(machine, x, (*[slice(None)] * dim, slice(0, size)))
        behind = (0, 0) * (len(shape) - 1 - dim)
        return ops.call(machine, "pad", x, (*behind, 0, size - shape[dim]))

    return fit(pair[0]), None if pair[1] is None else fit(pair[1])


def _waves(machine: Machine, rows: int, columns: int, size: int, weights: Any) -> tuple[Any, Any]:
    """Cosines and sines of 2 pi j k / size, times a weight of each row.

    They are what no float is, but where they are 0, 1 or -1: with floats for them what comes to
    nothing would not, and a corner there would go unnoticed.
    """
    turns = np.outer(np.arange(rows), np.arange(columns)) % size
    near = np.minimum(turns, size - turns)
    signs = weights * np.where(turns == near, 1.0, -1.0)
    scales = np.broadcast_to(weights, turns.shape), signs
    quarter, left = np.divmod(4 * near, size)
    whole = [np.where(left, 0.0, np.array(w)[quarter]) for w in ([1.0, 0, -1], [0.0, 1, 0])]
    if not left.any():
        return machine.constant(whole[0] * scales[0]), machine.constant(whole[1] * scales[1])
    table = near if near.size <= SPELLED else np.arange(size // 2 + 1)
    eighth = ops.call(machine, "atan", machine.constant(np.array(1.0)))
    share = ops.binary(machine, "div", machine.constant(8.0 * table), size)
    angles = ops.binary(machine, "mul", share, eighth)
    waves = [ops.call(machine, name, angles) for name in ("cos", "sin")]
    if table is not near:
        waves = [ops.index(machine, wave, (near,)) for wave in waves]
    # 1 and 0 at angle 0 are exact by themselves
    masked = bool(((left == 0) & (near > 0)).any())
    pairs = zip(waves, scales, whole, strict=True)
    cosines, sines = (_scaled_where(machine, *given, left > 0, masked) for given in pairs)
    return cosines, sines


def _scaled_where(
    machine: Machine, wave: Any, scales: Any, whole: Any, inside: Any, masked: bool
) -> Any:
    """Waves times a scale each, those that are whole as they are."""
    factors = scales * inside if masked else scales
    found = wave
    if (factors != 1).any():
        found = ops.binary(machine, "mul", wave, machine.constant(factors * 1.0))
    return ops.binary(machine, "add", found, machine.constant(whole * scales)) if masked else found


def _times(machine: Machine, x: Any, dim: int, matrix: Any) -> Any:
    """A product with a constant matrix along a dimension."""
    rank = len(ops.shape(machine, x))
    turned = x if dim == rank - 1 else ops.call(machine, "transpose", x, dim, rank - 1)
    found = ops.binary(machine, "matmul", turned, matrix)
    return found if dim == rank - 1 else ops.call(machine, "transpose", found, dim, rank - 1)


def _transformed(
    machine: Machine, pair: Pair, dim: int, size: int, sign: int, count: int | None = None
) -> Pair:
    """The transform along a dimension, or its first `count` frequencies."""
    cosines, sines = _waves(machine, size, count or size, size, np.array(1.0))
    waves = cosines, ops.call(machine, "neg", sines) if sign < 0 else sines
    real, imaginary = pair
    parts = _spectrum(machine, real, dim, waves)
    if imaginary is None:
        return parts
    others = _spectrum(machine, imaginary, dim, waves)
    return (
        ops.binary(machine, "sub", parts[0], others[1]),
        ops.binary(machine, "add", parts[1], others[0]),
    )


def _spectrum(machine: Machine, x: Any, dim: int, waves: tuple[Any, Any]) -> tuple[Any, Any]:
    """The transform of real numbers by its parts."""
    last = len(ops.shape(machine, x)) - 1
    turned = x if dim == last else ops.call(machine, "transpose", x, dim, last)
    both = ops.call(machine, "spectrum", turned, *waves)
    real, imaginary = (ops.index(machine, both, (k,)) for k in (0, 1))
    if dim == last:
        return real, imaginary
    return (
        ops.call(machine, "transpose", real, dim, last),
        ops.call(machine, "transpose", imaginary, dim, last),
    )


def _mirrored(machine: Machine, pair: Pair, dim: int, size: int, sign: int) -> Any:
    """The real transform of frequencies of which all but the first, and the last of an even
    number, count twice."""
    half = size // 2 + 1
    twice = np.full((half, 1), 2.0)
    twice[0] = 1.0
    if size % 2 == 0:
        twice[-1] = 1.0
    cosines, sines = _waves(machine, half, size, size, twice)
    real, imaginary = pair
    found = _times(machine, real, dim, cosines)
    if imaginary is None:
        return found
    waves = ops.call(machine, "neg", sines) if sign > 0 else sines
    return ops.binary(machine, "add", found, _times(machine, imaginary, dim, waves))


def _scaled(machine: Machine, x: Any, sizes: Sequence[int], norm: Any, inverse: bool) -> Any:
    if norm not in (None, "backward", "ortho", "forward"):
        raise InvalidValueError(f"norm is 'backward', 'ortho' or 'forward', not {norm!r}")
    count = float(np.prod(sizes))
    if norm == "ortho":
        return ops.binary(machine, "div", x, float(np.sqrt(count)))
    divided = inverse if norm in (None, "backward") else not inverse
    return ops.binary(machine, "div", x, count) if divided else x


WAYS: Mapping[str, Callable[..., Any]] = {
    "whole": _whole, "half": _half, "from_half": _from_half,
}  # fmt: skip
"""Transforms of all frequencies, of the half that is not mirrored, and of that half back."""
