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


def hidden(
    asked: Asked, trace: Trace, known: Callable[[str], bool], state: Any
) -> Iterator[tuple[Call, bool]]:
    """The operations that are given a constant which moves with the inputs, and whether that is a
    tensor.

    None of a constant that is another one each time. Where the function does something else in the
    same place nobody can tell, from there on.
    """
    with moved(asked.leaves, np.random.default_rng(asked.seed + 3), FAR, 1.0):
        away = way(asked, known, state)
    # three, for what takes turns
    here = [way(asked, known, state) for _ in range(3)]
    if away is None or any(one is None for one in here):
        return
    calls = ([e for e in t.events if isinstance(e, Call)] for t in (trace, away, *here) if t)
    for first, other, *others in zip(*calls, strict=False):
        if any(one.name != first.name for one in (other, *others)):
            return
        if all(_is_same(first.arguments, one.arguments) for one in others):
            numbers, tensors = _apart(first.arguments, other.arguments)
            if numbers or tensors:
                yield first, tensors


def _apart(one: Any, other: Any) -> tuple[bool, bool]:
    """Whether a number of Python's, and whether a tensor among constants is another."""
    return not _is_same(one, other, float), not _is_same(one, other, Data)


def _is_same(one: Any, other: Any, kinds: Any = (float, Data)) -> bool:
    """Whether the constants of some kinds among arguments are the same numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[k], other[k], kinds) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_is_same(a, b, kinds) for a, b in pairs)
    if not (isinstance(one, kinds) and isinstance(other, kinds)):
        return True
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
