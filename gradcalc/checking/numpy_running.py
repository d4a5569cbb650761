"""Runs of a user's function of numpy arrays: followed, next to the point, and what its own gradient
says there."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from time import perf_counter
from traceback import walk_tb
from typing import Any

import numpy as np

from gradcalc.checking.lines import OTHER_WAY, Listing, NoRow, name_inside
from gradcalc.checking.masks import Mask, repeated, turned
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
from gradcalc.checking.numpy_chance import State, has_drawn, restore, state_of
from gradcalc.checking.numpy_patches import patched
from gradcalc.checking.numpy_shaken import noise_of
from gradcalc.checking.numpy_tape import IMPORTS, Followed, Tape, where_from
from gradcalc.checking.ran import Ran
from gradcalc.checking.trace import NOWHERE, Place, Trace, View
from gradcalc.testimony import Array

AGAIN = "it does not do the same when it is run again"
CHANCE = "it draws random numbers, and is another function each time it is run"
LOST_TIP = "give what it gives to the function as an argument, or write it in numpy"
CHANCE_TIP = "draw them outside of it, or from np.random.default_rng(0) that is made in it"

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
    """A run that was followed: its program, its value, and where numbers were taken out, or drawn
    without a seed; `through` are functions of scipy's, by the lines that call them."""

    listing: Listing
    value: Array
    leaks: Sequence[tuple[str, Place]]
    lowest: str
    through: Mapping[Place, str]
    drawn: Place | None = None


def run(asked: Question) -> Ran:
    """Run the function, write down what it does, and ask its own gradient.

    Raises `InvalidValueError` for what cannot be differentiated, or is no gradient of it.
    """
    state = state_of(asked.function)
    with _quietly():
        ran, output = _answered(asked)
        if has_drawn(state) and _is_another(asked, state):
            return replace(ran, listing=_nothing(asked), untold=CHANCE, tip=CHANCE_TIP)
        restore(state)
        try:
            found = followed(asked, asked.leaves)
        # it did not raise by itself: it is what follows it that it does not take
        except Exception as error:
            return replace(ran, listing=_nothing(asked), **_unfollowed(error))
        ran = replace(ran, listing=found.listing, dtype=found.lowest)
        doubts = _doubts(asked, found, output, state)
        if asked.hessian is None and "untold" not in doubts:
            gradients = {n: g for n, g in ran.gradients.items() if g is not None}
            doubts["noise"] = noise_of(asked, gradients, output, ran.weights, state)
        return replace(ran, **doubts)


def _is_another(asked: Question, state: State) -> bool:
    """Whether the function gives another value with the random numbers that come next."""
    restore(state)
    first, second = (
        value_of(asked, main_of(asked, asked.call(asked.function, fresh(asked.leaves))))
        for _ in range(2)
    )
    return not np.array_equal(first, second, equal_nan=True)


def _unfollowed(error: Exception) -> dict[str, Any]:
    """That something does not take what is followed."""
    place, through = where_from(reversed(list(walk_tb(error.__traceback__))))
    said = (str(error).strip().splitlines() or [""])[0]
    what = f"{type(error).__name__}: {said}"
    at = f" ({place.told})" if place.line else ""
    if not through:
        return {"untold": f"it cannot be followed: {what}{at}"}
    return {"untold": f"nobody can see into {through}{at}", "tip": LOST_TIP}


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
    tape.given = asked.data
    inputs: dict[str, Any] = {}
    for position, (name, values) in enumerate(leaves.items()):
        inside = name_inside(name, position)
        tape.listing.names[inside] = name
        raw = np.array(values, np.float64)
        tape.put(raw, inside)
        inputs[name] = Traced(tape, raw, scalar=raw.ndim == 0)
    # methods of arrays are compiled, and know none that are followed
    inputs |= {name: Traced(tape, values) for name, values in asked.data.items() if values.ndim}
    with patched(tape, asked.function):
        made = main_of(asked, asked.call(asked.function, inputs))
    listing, value = _ended(tape, made)
    lowest = tape.lowest.name
    return Course(listing, value, tuple(tape.leaks), lowest, tape.through, tape.drawn)


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


def _doubts(asked: Question, first: Course, value: Array, state: State) -> dict[str, Any]:
    """Why the program may not be what the function does, if it may not."""
    if first.value.shape != value.shape or not np.allclose(
        first.value, value, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(value), initial=0)),
        equal_nan=True,
    ):  # fmt: skip
        plain = asked.call(asked.function, fresh(asked.leaves))
        if not np.array_equal(value_of(asked, main_of(asked, plain)), value, equal_nan=True):
            return _again_another(first)
        return {"untold": "it gives another value where it is followed than by itself"}
    began = perf_counter()
    again = _again(asked, asked.leaves, state)
    other_way = None if again is None else parting(first.listing, again.listing)
    if other_way is not None:
        _, place = other_way
        return _taken(first, place) if place in first.through else _again_another(first)
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
                if other is not None and far == BESIDE[1] and "strays" not in found:
                    found = _turned(first, other)
                continue
            kind, place = part
            if kind == "constant":
                return _taken(first, place)
            if far != FAR / epsilon and "strays" not in found:
                found = {"strays": place.told, "rounded": far == BESIDE[0]}
    if not tried:
        return {"untold": "it does not run beside this point"}
    return found


def _turned(first: Course, other: Course) -> dict[str, Any]:
    """What a mask of a loop chooses otherwise beside the point, as in a bisection by `where`."""
    masks, others = ([*_masks(course.listing)] for course in (first, other))
    place = turned(masks, others, repeated(masks))
    return {} if place is None else {"strays": place}


def _masks(listing: Listing) -> Iterator[Mask]:
    for line in listing.lines:
        if line.made is not None and line.made.dtype == np.bool_:
            yield line.operation, line.place, line.made


def _again_another(first: Course) -> dict[str, Any]:
    return {"untold": AGAIN} if first.drawn is None else {"untold": CHANCE, "tip": CHANCE_TIP}


def _taken(first: Course, place: Place) -> dict[str, Any]:
    """That a number got into the program as a constant which is none."""
    how = first.through.get(place, "")
    if first.leaks:
        how, place = first.leaks[0]
    at = f" ({place.told})" if place.line else ""
    if how:
        found = {"untold": f"{how} takes numbers out{at}, and nobody can see what becomes of them"}
        return found | ({"tip": LOST_TIP} if place in first.through else {})
    return {"untold": f"a number that hangs on the inputs comes in as a constant{at}"}


def _moved(values: Array, draw: np.random.Generator, room: float) -> Array:
    size = np.where(values == 0, 1.0, np.abs(values))
    return np.asarray(values + room * size * draw.choice((-1.0, 1.0), values.shape))


def _again(asked: Question, leaves: Mapping[str, Array], state: State) -> Course | None:
    """Another run, None where it fails."""
    restore(state)
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


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
