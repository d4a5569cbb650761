"""Norms and products of complex numbers, along dimensions or of them all."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.lang import complexes, ops
from gradcalc.lang.complexes import Run
from gradcalc.lang.machine import Complex, Machine

NORMS = frozenset({"norm", "vector_norm", "matrix_norm"})

LIKE = frozenset({"zeros_like", "ones_like"})

NAMES = complexes.NAMES | NORMS | LIKE | {"prod", "equal"}
"""All functions that take complex values."""

OF_SQUARES = (None, 2, "fro")
"""Orders of norms that are the root of a sum of squares."""

SINGULAR = (2, -2, "nuc")
"""Orders of norms of matrices that are made of singular values."""


def called(
    machine: Machine, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    """What a function gives of complex values. Raises `UnsupportedError` for one that is not known.

    `run` calls one of real tensors.
    """
    name, root = function.name, getattr(function, "module", "").split(".")[0]
    first = args[0] if args else None
    if name in NORMS and isinstance(first, Complex) and "dtype" not in kwargs:
        return _norm(machine, function, args, kwargs, run)
    if name == "prod" and isinstance(first, Complex) and len(args) <= (3 if root == "torch" else 2):
        return _prod(machine, first, args[1:], kwargs)
    if name in LIKE and len(args) == 1 and not kwargs.keys() - {"dtype", "device"}:
        if "dtype" in kwargs:
            complexes.check_kind(machine, kwargs["dtype"])
        some = complexes.whole(machine, complexes.of(machine, first))[0]
        return complexes.made(
            machine, ops.call(machine, name, some), ops.call(machine, "zeros_like", some)
        )
    if name == "equal" and root != "torch" and len(args) == 2 and not kwargs:
        return complexes.compared(machine, "eq", *(complexes.of(machine, a) for a in args))
    return complexes.called(machine, function, args, kwargs, run)


def _given(
    names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any], default: Any
) -> Any:
    """An argument by any of its names, or the first of those by position."""
    return next((kwargs[n] for n in names if n in kwargs), args[0] if args else default)


def _norm(
    machine: Machine, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], run: Run
) -> Any:
    z, name = args[0], function.name
    rank = len(complexes.shape(z))
    order = _given(("p", "ord"), args[1:], kwargs, None)
    dims = _given(("dim", "axis"), args[2:], kwargs, None)
    linear = name == "norm" and "linalg" in getattr(function, "module", "")
    two = rank == 2 if dims is None else isinstance(dims, list | tuple) and len(dims) == 2
    matrices = name == "matrix_norm" or order == "nuc" or (linear and order is not None and two)
    if matrices and order in SINGULAR:
        raise UnsupportedError(
            "norms by singular values of complex matrices are not known here",
            hint="those of [[A.real, -A.imag], [A.imag, A.real]] are the same, each twice",
        )
    if order not in OF_SQUARES:
        return run(machine, function, (complexes.size(machine, z), *args[1:]), kwargs)
    if dims is None:
        dims = (-2, -1) if name == "matrix_norm" else tuple(range(rank))
    along = tuple(d % rank for d in (dims if isinstance(dims, list | tuple) else (dims,)))
    pair = ops.call(machine, "stack", list(complexes.whole(machine, z)), -1)
    keep = bool(_given(("keepdim", "keepdims"), args[3:], kwargs, default=False))
    found = ops.call(machine, "norm", pair, 2, (*along, rank), keep)
    return ops.index(machine, found, (Ellipsis, 0)) if keep else found


def _prod(machine: Machine, z: Complex, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Complex:
    rank = len(complexes.shape(z))
    left = kwargs.keys() - {"dim", "axis", "keepdim", "keepdims", "dtype"}
    if left:
        raise UnsupportedError(
            f"prod of complex numbers takes no {min(left)} here", hint=complexes.REAL
        )
    if "dtype" in kwargs:
        complexes.check_kind(machine, kwargs["dtype"])
    dims = _given(("dim", "axis"), args, kwargs, None)
    keep = bool(_given(("keepdim", "keepdims"), args[1:], kwargs, default=False))
    every = range(rank) if dims is None else dims if isinstance(dims, list | tuple) else (dims,)
    for axis in sorted((d % rank for d in every), reverse=True):
        z = _multiplied_along(machine, z, axis)
        z = z if keep else complexes.indexed(machine, z, (*[slice(None)] * axis, 0))
    return complexes.made(machine, *complexes.whole(machine, z))


def _multiplied_along(machine: Machine, z: Complex, axis: int) -> Complex:
    """The product along a dimension, which is left with one element: halves are multiplied."""
    count = complexes.shape(z)[axis]
    if not count:
        sizes = list(complexes.shape(z))
        sizes[axis] = 1
        return complexes.made(machine, ops.call(machine, "ones", *sizes), None)

    def part(start: int, end: int) -> Complex:
        return complexes.indexed(machine, z, (*[slice(None)] * axis, slice(start, end)))

    while count > 1:
        half = count // 2
        found = complexes.multiplied(machine, part(0, half), part(half, 2 * half))
        if count % 2:
            rest = complexes.whole(machine, part(2 * half, count))
            pairs = zip(complexes.whole(machine, found), rest, strict=True)
            found = Complex(*(ops.call(machine, "concat", list(p), axis) for p in pairs))
        z, count = found, half + count % 2
    return z
