"""A printed formula is a claim: its text is read back and run before anybody sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls, to_floats
from gradcalc.balls.numbers import Decisions
from gradcalc.derive.perturbations import Point, distance, extent, is_finite, landmarks, moved
from gradcalc.derive.runs import Recording
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node
from gradcalc.readback.reader import Reader, read
from gradcalc.testimony import ROUNDINGS

EXACT = 1500
"""Numbers on a tape up to which the two sides are compared in many digits."""

WRITTEN = 20 * EXACT
"""Numbers that a text makes up to which that is so: it may spread out what a run does at once."""

BITS, MORE_BITS = 192, 2560
"""The bits of these digits, in balls, and those that tell whatever floats do at the point:
what levels off there may be written as a difference."""

ROOM = {True: 1e-10, False: 1e-6}
"""How far the two sides may be apart, in relation to the largest element: in many digits, where
only constants have been rounded, and in floats; no less than `ROUNDINGS` of the dtype."""

NOISE = {True: 1e-35, False: 1e-14}
"""What may be left of a gradient that is zero, in relation to the numbers of the run."""

DISTANCES = (0.5, 0.1, 1e-3, 1e-6)
"""How far from the user's point the two sides are compared too, in relation to the inputs."""

FAR = 2.5
"""The same where elements are to change their signs: an extra point, if all is defined there."""

ELSEWHERE = {True: 2, False: 1}
"""At how many points besides the user's."""


BESIDE = (0.1, 1e-3, 1e-6)
"""How far from the user's point, where the two sides are also compared at points of their own."""

FEWEST = 2
"""Points of their own that are enough."""

Scale = Callable[[], float]
"""Finds the size of the largest number of a run, which is asked for where the room is tight."""


class ReadBack(StrEnum):
    """What came of reading a formula back."""

    HOLDS = "it gives the gradient wherever it was tried"
    ELSEWHERE = "it gives the gradient at other points but not at the user's"
    UNDEFINED = "it gives the gradient at other points and no number at the user's"
    FAILS = "it is not the gradient"
    UNTRIED = "the gradient has no value anywhere to compare it with"


class RoundTrip:
    """Reads formulas of one recording back, at the user's point and at others.

    Up to `EXACT` numbers the others are points that have nothing to do with the user's, so that
    what they say of a text holds for all of its points, and one beside the user's.
    """

    def __init__(
        self,
        recording: Recording,
        gradients: Mapping[str, Any],
        guessed: bool = False,
        bits: int = BITS,
    ) -> None:
        """`guessed` says that midpoints decided what the gradients are at the user's point, `bits`
        how many it took to tell them."""
        self.recording = recording
        self._guessed = guessed
        self._needed = max(BITS, bits)
        self._bits = sorted({BITS, MORE_BITS, self._needed})
        self.exact = sum(np.size(value) for value in recording.values) <= EXACT
        self._arithmetic: Any = Floats()
        if self.exact:
            self._arithmetic = recording.derived.once(
                "balls", lambda: Balls(Decisions(forced=True))
            )
        self._scale: Scale = cache(lambda: _largest(recording.values))
        self._inputs = recording.problem.inputs
        self._gradients = gradients
        # where floats overflow, zeros in the gradient may be what is left of others
        self._sound = self.exact or all(np.isfinite(value).all() for value in recording.values)
        self._elsewhere: list[Place] | None = None

    def read(self, name: str, text: str, shown: Node) -> ReadBack:
        """Whether a text gives what the sweep gives for the gradient by an input.

        `shown` is the simplified node that was written: its detached values have names.
        """
        with flint.ctx.workprec(BITS):
            return self._read(name, text, shown)

    def value(self, name: str, text: str, shown: Node, arithmetic: Any, inputs: Point) -> Any:
        """What a text gives at the point in some arithmetic, None where it fails or is too much."""
        reader = self._reader(name, text, shown)
        if reader is None or not self._is_cheap(reader):
            return None
        return reader.run(self.recording.problem, arithmetic, inputs)

    def floats(self, name: str, text: str, shown: Node) -> Any:
        """What a text gives at the point in floats, None where it fails."""
        reader = self._reader(name, text, shown)
        return (
            None if reader is None else reader.run(self.recording.problem, Floats(), self._inputs)
        )

    def _is_cheap(self, reader: Reader) -> bool:
        return reader.size(self.recording.problem) <= WRITTEN

    def _reader(self, name: str, text: str, shown: Node) -> Reader | None:
        derived = self.recording.derived
        return derived.once(
            ("reader", name, text), lambda: read(text, tuple(self._inputs), derived, shown)
        )

    def _read(self, name: str, text: str, shown: Node) -> ReadBack:
        reader = self._reader(name, text, shown)
        if reader is None:
            return ReadBack.FAILS
        answers = self._elsewhere_holds(name, reader)
        here = None
        if self._sound:
            here = self._holds_here(reader, self._gradients[name])
        if False in answers or (here is False and True not in answers):
            return ReadBack.FAILS
        if here is False:
            return ReadBack.ELSEWHERE if self._has_numbers(reader) else ReadBack.UNDEFINED
        return ReadBack.HOLDS if here or True in answers else ReadBack.UNTRIED

    def _elsewhere_holds(self, name: str, reader: Reader) -> list[bool | None]:
        """Whether the text gives the gradient at other points."""
        marks = self._landmarks() if self.exact else []
        if len(marks) < FEWEST:
            return [self._holds_at(place, name, reader) for place in self._other_points()]
        found = self.recording.derived.once(
            ("landmarks", reader), lambda: [self._holds_at(mark, name, reader) for mark in marks]
        )
        return [*found, self._holds_beside(name, reader)]

    def _landmarks(self) -> list["Place"]:
        """Points that depend on the shapes of the inputs alone, where the gradient is defined."""
        return self.recording.derived.once("landmarks", self._found_landmarks)

    def _found_landmarks(self) -> list["Place"]:
        found: list[Place] = []
        shapes = {name: values.shape for name, values in self._inputs.items()}
        for point in landmarks(shapes, self.recording.derived.labels):
            gradients = self._defined(point)
            if gradients is not None:
                found.append(Place(point, gradients, partial(self._scale_at, point)))
            if len(found) > FEWEST:
                break
        return found

    def _scale_at(self, point: Point) -> float:
        return _largest(self.recording.derived.values(Floats(), point))

    def _holds_here(self, reader: Reader, expected: Any) -> bool | None:
        exact = self.exact and self._is_cheap(reader)
        if exact and self._is_near(reader, self._inputs, expected):
            return True
        if not exact:
            return self._is(reader, self._inputs, expected, self._scale)
        decisions = self._arithmetic.decisions
        decisions.guessed = False
        holds = None
        for bits in self._bits:
            with flint.ctx.workprec(bits):
                holds = self._is(reader, self._inputs, expected, self._scale)
                # a divisor may be told from 0 by more digits, as the gradient is
                enough = bits >= self._needed and not self._has_numbers(reader)
            if holds is not False or enough:
                break
        # at a tie that no precision decides the two sides may have been taken to differ
        return None if not holds and (self._guessed or decisions.guessed) else holds

    def _has_numbers(self, reader: Reader) -> bool:
        """Whether a text gives numbers at the point, of which more digits may be told."""
        arithmetic = self._arithmetic if self._is_cheap(reader) else Floats()
        given = reader.run(self.recording.problem, arithmetic, self._inputs)
        return given is not None and bool(is_finite(np.asarray(given)).all())

    def _holds_beside(self, name: str, reader: Reader) -> bool | None:
        """The same a little beside the user's point: in floats, and in many digits in doubt."""
        for seed, step in enumerate(BESIDE):
            point = self._moved(self._inputs, step, seed)
            given = self.recording.gradients(Floats(), point)[name]
            if extent(given) < np.inf and self._is_near(reader, point, given):
                return True
            gradients = self._defined(point)
            if gradients is not None:
                return self._holds_at(Place(point, gradients, self._scale), name, reader)
        return None

    def _is_near(self, reader: Reader, point: Point, expected: Any) -> bool:
        """Whether the text gives these numbers in floats, so closely that nobody need ask more."""
        expected = np.asarray(expected, dtype=np.float64)
        size = extent(expected)
        if not size < np.inf:
            return False
        given = reader.run(self.recording.problem, Floats(), point)
        if given is None or np.shape(given) != expected.shape:
            return False
        return bool(distance(given, expected) <= self._room(size, self.exact))

    def _holds_at(self, place: "Place", name: str, reader: Reader) -> bool | None:
        return self._is(reader, place.point, place.gradients[name], place.scale)

    def _is(self, reader: Reader, point: Point, expected: Any, scale: Scale) -> bool | None:
        """Whether the text gives the gradient at a point; None where there is none at all."""
        size = extent(expected)
        finite = None if size < np.inf else is_finite(expected)
        if finite is not None and not finite.any():
            return None
        exact = self.exact and self._is_cheap(reader)
        if self.exact and not exact:
            expected = to_floats(expected)
        arithmetic = self._arithmetic if exact else Floats()
        given = reader.run(self.recording.problem, arithmetic, point)
        if given is None or np.shape(given) != np.shape(expected):
            return False
        if finite is not None:
            given, expected = given[finite], expected[finite]
            size = extent(expected)
        # a NaN is neither larger nor smaller, so it never agrees
        apart, room = distance(_middles(given), _middles(expected)), self._room(size, exact)
        return bool(apart <= room or apart <= room + NOISE[exact] * scale())

    def _other_points(self) -> list["Place"]:
        """Points where the gradient is defined everywhere, with what the sweep gives there."""
        if self._elsewhere is None:
            self._elsewhere = []
            far = self._moved(self._inputs, FAR, len(DISTANCES))
            gradients = self._defined(far) if self.exact else None
            if gradients is not None:
                self._elsewhere.append(Place(far, gradients, self._scale))
            enough = len(self._elsewhere) + ELSEWHERE[self.exact]
            tries = [(self._inputs, step) for step in DISTANCES]
            # what overflows at the user's point may be defined at a smaller one
            tries += [(_unit(self._inputs), step) for step in DISTANCES[:2]]
            for seed, (start, step) in enumerate(tries):
                point = self._moved(start, step, seed)
                gradients = self._defined(point)
                if gradients is not None:
                    self._elsewhere.append(Place(point, gradients, self._scale))
                if len(self._elsewhere) == enough:
                    break
        return self._elsewhere

    def _moved(self, start: Point, step: float, seed: int) -> Point:
        """A point so far from another; what labels something goes on to say the same."""
        labels = {name: self._inputs[name] for name in self.recording.derived.labels}
        return {**moved(start, step, seed), **labels}

    def _defined(self, point: Point) -> Mapping[str, Any] | None:
        """The gradients at a point, if they and the value are defined everywhere."""
        derivation = self.recording.derivation
        output = derivation.values[self.recording.trace.output.order]
        nodes = [*derivation.gradients.values(), output]
        *gradients, value = self.recording.derived.plan(nodes)(self._arithmetic, point)
        if not all(extent(found) < np.inf for found in (*gradients, value)):
            return None
        return dict(zip(derivation.gradients, gradients, strict=True))

    def _room(self, size: Any, exact: bool) -> Any:
        epsilon = float(np.finfo(self.recording.problem.dtype).eps)
        return size * max(ROOM[exact], ROUNDINGS * epsilon)


@dataclass(frozen=True, slots=True)
class Place:
    """A point with the gradients there, by input, and what finds the size of the numbers there."""

    point: Point
    gradients: Mapping[str, Any]
    scale: Scale


def _middles(values: Any) -> Any:
    """Numbers without what is known of their errors."""
    if values.dtype != object:
        return values
    return np.asarray(np.frompyfunc(lambda ball: ball.mid(), 1, 1)(values), dtype=object)


def _unit(inputs: Point) -> Point:
    """The inputs with no element larger than 1."""
    return {name: values / max(1.0, float(extent(values))) for name, values in inputs.items()}


def _largest(values: Sequence[Any]) -> float:
    """The size of the largest number, at least 1, those that are not finite left out."""
    sizes = [extent(value) for value in values]
    sizes = [
        size if size < np.inf else extent(value[np.isfinite(value)])
        for size, value in zip(sizes, values, strict=True)
    ]
    return max(1.0, *map(float, sizes)) if sizes else 1.0
