"""What rounding makes of a gradient that somebody wrote: it is run with each number on the way
moved by about a unit of its last digit."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.numpy_answers import Question, weighed
from gradcalc.checking.numpy_calls import live_in, raw_of, said
from gradcalc.checking.numpy_capture import Traced
from gradcalc.checking.numpy_chance import State, restore
from gradcalc.checking.numpy_patches import patched
from gradcalc.checking.numpy_tape import Tape
from gradcalc.testimony import Array

DRAWS = 4
"""How many times it is run."""

SECONDS = 5.0
"""How long that may take: what takes longer is not told by it."""


def noise_of(
    asked: Question,
    gradients: Mapping[str, Array],
    value: Array,
    weights: Array | None,
    state: State,
) -> Mapping[str, Array] | None:
    """How far each element of the gradient moves by that, None where numbers go out of sight on the
    way, or it fails."""
    draw, began = np.random.default_rng(asked.seed + 4), perf_counter()
    found = {name: np.zeros(numbers.shape) for name, numbers in gradients.items()}
    for _ in range(DRAWS):
        restore(state)
        try:
            moved = _shaken(asked, draw, value, weights)
        # what is next to its numbers it may not take
        except Exception:
            return None
        if moved is None or perf_counter() - began > SECONDS:
            return None
        for name, numbers in gradients.items():
            found[name] = np.maximum(found[name], np.abs(moved[name] - numbers))
    return found


def _shaken(
    asked: Question, draw: np.random.Generator, value: Array, weights: Array | None
) -> Mapping[str, Array] | None:
    tape = Tape(Traced, draw)
    data = {name: values for name, values in asked.data.items() if values.dtype == np.float64}
    given = {**asked.leaves, **data}
    there = {name: tape.shaken(np.array(values, np.float64)) for name, values in given.items()}
    made: Any = None
    # what the function keeps to itself its gradient may go by
    for one in (asked.function, asked.gradient):
        if one is not None:
            with patched(tape, one):
                made = asked.call(one, _inputs(tape, there))
    made = made[1] if asked.paired else made
    try:
        said(tape, made)
    except NoRow:
        return None
    if tape.leaks or not live_in(tape, made):
        return None
    return weighed(asked, raw_of(_plain(made)), value, weights)


def _inputs(tape: Tape, there: Mapping[str, Array]) -> dict[str, Any]:
    """Arrays that are followed, of their own, as a function may write into them."""
    found: dict[str, Any] = {}
    for position, (name, values) in enumerate(there.items()):
        raw = np.array(values)
        tape.put(raw, f"x{position}")
        found[name] = Traced(tape, raw, scalar=raw.ndim == 0)
    return found


def _plain(made: Any) -> Any:
    if type(made) in (list, tuple):
        return type(made)(map(_plain, made))
    return made.tolist() if type(made) is np.ndarray and made.dtype.kind == "O" else made
