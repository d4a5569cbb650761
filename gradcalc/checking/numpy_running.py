"""Runs of a user's function of numpy arrays: followed, next to the point, and what its own gradient
says there."""

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from time import perf_counter
from typing import Any

import numpy as np

from gradcalc.checking.lines import OTHER_WAY, Listing, NoRow, name_inside
from gradcalc.checking.memory import NUMPY
from gradcalc.checking.numpy_answers import (
    Question,
    blocks_of,
    fresh,
    gradients_of,
    main_of,
    moving,
    times,
    value_of,
)
from gradcalc.checking.numpy_calls import followed_in, raw_of, said
from gradcalc.checking.numpy_capture import Traced
from gradcalc.checking.numpy_patches import patched
from gradcalc.checking.numpy_tape import IMPORTS, Followed, Tape
from gradcalc.checking.ran import Ran
from gradcalc.checking.trace import NOWHERE, Place, Trace, View
from gradcalc.testimony import Array

AGAIN = "it does not do the same when it is run again"

BESIDE = (64.0, 2.0**20)
"""How far beside the point it is looked whether the function does the same, in roundings."""

FAR = 1e-3
"""How far it is looked whether a number that it takes for a constant is one."""

LONG = 10.0
"""Seconds of a run that is made again only once beside the point."""

DRAWS = 2
"""How many points are tried there."""


@dataclass(frozen=True, slots=True)
class Course:
    """A run that was followed: its program, its value, and where numbers were taken out."""

    listing: Listing
    value: Array
    leaks: Sequence[tuple[str, Place]]
    lowest: str


def run(asked: Question) -> Ran:
    """Run the function, write down what it does, and ask its own gradient.

    Raises `InvalidValueError` for what cannot be differentiated, or is no gradient of it.
    """
    state = _state()
    with _quietly():
        ran, output = _answered(asked)
        _restore(state)
        try:
            found = followed(asked, asked.leaves)
        # it did not raise by itself: it is what follows it that it does not take
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            return replace(ran, listing=_nothing(asked), untold=f"it cannot be followed: {what}")
        ran = replace(ran, listing=found.listing, dtype=found.lowest)
        return replace(ran, **_doubts(asked, found, output, state))


def _answered(asked: Question) -> tuple[Ran, Array]:
    """What the derivative that is judged says, and the output of the function."""
    plain = asked.call(asked.function, fresh(asked.leaves))
    output = value_of(asked, main_of(asked, plain))
    draw = np.random.default_rng(asked.seed)
    weights = _drawn(draw, output.shape) if output.ndim else None
    trace = Trace(inputs={n: _input(k, v) for k, (n, v) in enumerate(asked.leaves.items())})
    if asked.hessian is None:
        gradients = gradients_of(asked, plain, output, weights)
        return Ran(trace, output, weights, gradients, {}, "float64", witness=asked.witness), output
    tangents = {n: _drawn(draw, v.shape) for n, v in asked.leaves.items()}
    blocks = blocks_of(asked, output)
    ran = Ran(
        trace=trace, value=moving(asked, tangents), weights=None, gradients=times(blocks, tangents),
        hands={}, dtype="float64", tangents=tangents, witness=asked.witness, second=blocks,
    )  # fmt: skip
    return ran, output


def _drawn(draw: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Weights of which no two are alike: rows that are swapped make a difference."""
    return np.asarray(draw.uniform(0.5, 2.0, shape) * draw.choice((-1.0, 1.0), shape))


def _input(position: int, values: Array) -> tuple[View, Array]:
    strides = tuple(s // values.itemsize for s in np.empty(values.shape).strides)
    return View(position, 0, values.shape, strides, "float64"), values


def _nothing(asked: Question) -> Listing:
    names = {name_inside(name, k): name for k, name in enumerate(asked.leaves)}
    return Listing(names=names, imports=IMPORTS, library=NUMPY, output="0.0")


def followed(asked: Question, leaves: Mapping[str, Array]) -> Course:
    """A run of the function that a tape follows."""
    tape = Tape(Traced)
    inputs: dict[str, Any] = {}
    for position, (name, values) in enumerate(leaves.items()):
        inside = name_inside(name, position)
        tape.listing.names[inside] = name
        raw = np.array(values, np.float64)
        tape.put(raw, inside)
        inputs[name] = Traced(tape, raw, scalar=raw.ndim == 0)
    with patched(tape, asked.function):
        made = main_of(asked, asked.call(asked.function, inputs))
    listing, value = _ended(tape, made)
    return Course(listing, value, tuple(tape.leaks), tape.lowest.name)


def _ended(tape: Tape, made: Any) -> tuple[Listing, Array]:
    """The program of what a function gave back."""
    value = np.asarray(raw_of(_plain(made)), np.float64)
    try:
        text = said(tape, made)
        if isinstance(made, list | tuple):
            text = f"np.array({text})"
        if value.size == 1 and value.ndim:
            text, value = f"np.reshape({text}, [])", value.reshape(())
        elif not isinstance(made, Followed) and not value.ndim:
            text = f"np.array({text})"
    except NoRow as reason:
        listing = tape.ended("0.0")
        lost = next((tape.blind(one.raw) for one in followed_in(made)), NOWHERE)
        return replace(listing, lost=(str(reason), lost)), value
    return tape.ended(text), value


def _plain(made: Any) -> Any:
    return made.tolist() if type(made) is np.ndarray and made.dtype.kind == "O" else made


# -- whether it was followed -------------------------------------------------------------------


def _doubts(asked: Question, first: Course, value: Array, state: Any) -> dict[str, Any]:
    """Why the program may not be what the function does, if it may not."""
    if first.value.shape != value.shape or not np.allclose(
        first.value, value, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(value), initial=0)),
        equal_nan=True,
    ):  # fmt: skip
        plain = asked.call(asked.function, fresh(asked.leaves))
        if not np.array_equal(value_of(asked, main_of(asked, plain)), value, equal_nan=True):
            return {"untold": AGAIN}
        return {"untold": "it gives another value where it is followed than by itself"}
    began = perf_counter()
    again = _again(asked, asked.leaves, state)
    if again is not None and parting(first.listing, again.listing) is not None:
        return {"untold": AGAIN}
    draw, epsilon = np.random.default_rng(asked.seed + 2), float(np.finfo(first.lowest).eps)
    found: dict[str, Any] = {}
    tried = 0
    slow = perf_counter() - began > LONG
    for far in BESIDE[1:] if slow else (*BESIDE, FAR / epsilon):
        for _ in range(1 if slow else DRAWS):
            moved = {n: _moved(v, draw, far * epsilon) for n, v in asked.leaves.items()}
            other = _again(asked, moved, state)
            tried += other is not None
            part = None if other is None else parting(first.listing, other.listing)
            if part is None:
                continue
            kind, place = part
            if kind == "constant":
                return {"untold": _taken(first, place)}
            if far != FAR / epsilon and "strays" not in found:
                found = {"strays": place.told, "rounded": far == BESIDE[0]}
    if not tried:
        return {"untold": "it does not run beside this point"}
    return found


def _taken(first: Course, place: Place) -> str:
    """That a number got into the program as a constant which is none."""
    if first.leaks:
        how, place = first.leaks[0]
        at = f" ({place.told})" if place.line else ""
        return f"{how} takes numbers out{at}, and nobody can see what becomes of them"
    at = f" ({place.told})" if place.line else ""
    return f"a number that hangs on the inputs comes in as a constant{at}"


def _moved(values: Array, draw: np.random.Generator, room: float) -> Array:
    size = np.where(values == 0, 1.0, np.abs(values))
    return np.asarray(values + room * size * draw.choice((-1.0, 1.0), values.shape))


def _again(asked: Question, leaves: Mapping[str, Array], state: Any) -> Course | None:
    """Another run, None where it fails."""
    _restore(state)
    try:
        return followed(asked, leaves)
    # as it ran before, it is another point that it does not take
    except Exception:
        return None


def parting(first: Listing, second: Listing) -> tuple[str, Place] | None:
    """Where two programs part, and whether at a decision that is seen or at a `constant`."""
    for mine, theirs in zip_longest(first.lines, second.lines):
        if mine is None or theirs is None:
            return "constant", (mine or theirs).place
        if mine.text != theirs.text:
            both = OTHER_WAY in mine.text and OTHER_WAY in theirs.text
            return ("way" if both else "constant"), mine.place
    if first.output != second.output or first.data.keys() != second.data.keys():
        return "constant", first.lines[-1].place if first.lines else NOWHERE
    for name, numbers in first.data.items():
        if not np.array_equal(numbers, second.data[name], equal_nan=numbers.dtype.kind == "f"):
            where = (line.place for line in first.lines if name in line.text)
            return "constant", next(where, NOWHERE)
    return None


def _state() -> Any:
    return random.getstate(), np.random.get_state()


def _restore(state: Any) -> None:
    random.setstate(state[0])
    np.random.set_state(state[1])


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
