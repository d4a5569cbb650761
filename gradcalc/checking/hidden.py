"""Numbers that hang on the inputs and come back where nobody sees it.

What leaves a tensor by numpy, a list, a file or another thread is a constant to whoever watches. It
is none where it moves as the inputs do.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradcalc.checking.backwards import Asked
from gradcalc.checking.beside import moved, way
from gradcalc.checking.trace import Call, Data, Trace

FAR = 2.0**-9
"""How far the inputs are moved for it, in relation to each."""


def hidden(asked: Asked, trace: Trace, known: Callable[[str], bool], state: Any) -> Iterator[Call]:
    """The operations that are given a constant which moves with the inputs.

    None of a function that does something else in the same place: nobody could tell.
    """
    again = way(asked, known, state)
    with moved(asked.leaves, np.random.default_rng(asked.seed + 3), FAR, 1.0):
        other = way(asked, known, state)
    if again is None or other is None:
        return
    calls = ([e for e in t.events if isinstance(e, Call)] for t in (trace, again, other))
    for first, second, third in zip(*calls, strict=False):
        if not first.name == second.name == third.name:
            return
        if not _is_same(first.arguments, second.arguments):
            return
        if not _is_same(first.arguments, third.arguments):
            yield first


def _is_same(one: Any, other: Any) -> bool:
    """Whether the constants among arguments are the same numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, Data) and isinstance(other, Data):
        return _is_equal(one.numbers, other.numbers)
    if isinstance(one, float) and isinstance(other, float):
        return _is_equal(np.asarray(one), np.asarray(other))
    return True


def _is_equal(one: Any, other: Any) -> bool:
    # positions and counts are told from the sides of what decides them
    if one.dtype.kind not in "fc" or one.shape != other.shape:
        return bool(one.dtype.kind not in "fc")
    return bool(np.allclose(one, other, rtol=1e-9, atol=0, equal_nan=True))
