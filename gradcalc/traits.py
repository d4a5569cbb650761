"""What may be known of an input beside its numbers: symmetric, orthogonal, on a simplex."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError, UsageError, did_you_mean

Array = NDArray[np.float64]

SYMMETRIC, POSITIVE, DIAGONAL, ORTHOGONAL, SIMPLEX, SEMIDEFINITE, DEFINITE = (
    "symmetric", "positive", "diagonal", "orthogonal", "simplex", "psd", "spd",
)  # fmt: skip

TRAITS: Mapping[str, tuple[int | None, tuple[str, ...]]] = MappingProxyType(
    {
        SYMMETRIC: (2, (SYMMETRIC,)),
        SEMIDEFINITE: (2, (SYMMETRIC, SEMIDEFINITE)),
        DEFINITE: (2, (SYMMETRIC, SEMIDEFINITE, DEFINITE)),
        DIAGONAL: (2, (SYMMETRIC, DIAGONAL)),
        ORTHOGONAL: (2, (ORTHOGONAL,)),
        SIMPLEX: (1, (SIMPLEX,)),
        POSITIVE: (None, (POSITIVE,)),
    }
)
"""Words that say it: how many dimensions there are then, and what follows."""

ROOM = 1e-9
"""How far numbers may be off what they are said to be, beside the largest: they were rounded."""

Traits = Mapping[str, frozenset[str]]
"""What is known of inputs, by their names."""


def traits_of(name: str, text: str) -> frozenset[str]:
    """What follows from the words that are said of an input, `symmetric` or `psd positive`.

    Raises `UsageError` for a word that says nothing.
    """
    found: set[str] = set()
    for word in text.replace(",", " ").split():
        if word not in TRAITS:
            raise UsageError(
                f"--declare {name}={text}: {word} says nothing of a value",
                hint=did_you_mean(word, TRAITS) or f"the words are {', '.join(TRAITS)}",
            )
        found |= {*TRAITS[word][1]}
    if not found:
        raise UsageError(f"--declare {name}: nothing is said", hint=f"--declare {name}=symmetric")
    return frozenset(found)


def check(name: str, value: Array, traits: frozenset[str]) -> None:
    """Raises `InvalidValueError` where the numbers of an input are not what is said of it."""
    # what says more is told before what follows from it
    for trait in (word for word in reversed(tuple(TRAITS)) if word in traits):
        rank = TRAITS[trait][0]
        if rank is not None and value.ndim != rank:
            what = "a matrix" if rank == 2 else "a vector"
            raise InvalidValueError(f"{name} has shape {value.shape}: what is {trait} is {what}")
        if rank == 2 and value.shape[0] != value.shape[1]:
            raise InvalidValueError(
                f"{name} has shape {value.shape}: what is {trait} is a square matrix"
            )
        if value.size and (why := _BREACHES[trait](value)):
            raise InvalidValueError(
                f"{name} is not {trait}: {why}", hint="leave out what does not hold of the value"
            )


def _room(value: Array) -> float:
    return float(ROOM * np.max(np.abs(value), initial=0.0))


def _asymmetry(value: Array) -> str:
    i, j = _worst(value - value.T)
    if abs(value[i, j] - value[j, i]) <= _room(value):
        return ""
    return f"[{i}, {j}] is {value[i, j]:.6g}, [{j}, {i}] {value[j, i]:.6g}"


def _indefinite(value: Array) -> str:
    if why := _asymmetry(value):
        return why
    least = _least_eigenvalue(value)
    return "" if least >= -_room(value) else f"its least eigenvalue is {least:.6g}"


def _not_definite(value: Array) -> str:
    if why := _asymmetry(value):
        return why
    least = _least_eigenvalue(value)
    # as far as float64 tells it from 0
    if least > len(value) * np.finfo(np.float64).eps * np.max(np.abs(value)):
        return ""
    return f"its least eigenvalue is {least:.6g}{', which may be 0' if least > 0 else ''}"


def _least_eigenvalue(value: Array) -> float:
    return float(np.linalg.eigvalsh(value).min())


def _beside_diagonal(value: Array) -> str:
    i, j = _worst(value - np.diag(np.diag(value)))
    return "" if i == j or not value[i, j] else f"[{i}, {j}] is {value[i, j]:.6g}"


def _skewness(value: Array) -> str:
    off = value.T @ value - np.eye(len(value))
    largest = float(np.max(np.abs(off)))
    return "" if largest <= ROOM else f"its transpose times it is off the identity by {largest:.2g}"


def _off_simplex(value: Array) -> str:
    if (value < 0).any():
        return f"[{int(np.argmin(value))}] is {value.min():.6g}"
    total = float(value.sum())
    return "" if abs(total - 1) <= ROOM else f"its sum is {total:.10g}"


def _not_positive(value: Array) -> str:
    return "" if (value > 0).all() else f"{float(value.min()):.6g} is among its numbers"


def _worst(value: Array) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.argmax(np.abs(value))), value.shape)
    return int(row), int(column)


_BREACHES: Mapping[str, Callable[[Array], str]] = MappingProxyType(
    {
        SYMMETRIC: _asymmetry, SEMIDEFINITE: _indefinite, DEFINITE: _not_definite,
        DIAGONAL: _beside_diagonal, ORTHOGONAL: _skewness,
        SIMPLEX: _off_simplex, POSITIVE: _not_positive,
    }
)  # fmt: skip
"""What tells that numbers are not what is said of them, in words; nothing where they are."""
