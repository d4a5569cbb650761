"""A printed formula is a claim: its text is read back and run before anybody sees it."""

from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
import numpy as np

from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.recording import Recording, budget
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate as node_values
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.reals import Reals
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program

EXACT = 4000
"""Numbers on a tape up to which the two sides are compared in many digits."""

DIGITS = 50
"""As many."""

ROOM = {True: 1e-10, False: 1e-6}
"""How far the two sides may be apart, in relation to the largest element: in many digits, where
only constants have been rounded, and in floats."""

NOISE = {True: 1e-35, False: 1e-14}
"""What may be left of a gradient that is zero, in relation to the numbers of the run."""

ROUNDINGS = 256
"""The same in roundings of the dtype: a number worked out from two may be rounded otherwise."""

DISTANCES = (0.5, 0.1, 1e-3, 1e-6)
"""How far from the user's point the two sides are compared too, in relation to the inputs."""

ELSEWHERE = {True: 2, False: 1}
"""At how many points besides the user's."""

Point = Mapping[str, Any]


class RoundTrip:
    """Reads formulas of one recording back, at the user's point and at others."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.exact = sum(np.size(value) for value in recording.values) <= EXACT
        self._arithmetic: Any = Floats()
        if self.exact:
            context = mpmath.MPContext()
            context.dps = DIGITS
            self._arithmetic = Reals(context)
        self._scale = _largest(recording.values)
        self._points: list[tuple[Point, Mapping[str, Any]]] | None = None

    def holds(self, name: str, text: str, shown: Node) -> bool:
        """Whether a text gives what the sweep gives for the gradient by an input.

        `shown` is the simplified node that was written: its detached values have names.
        """
        detached = {
            node["name"]: node.operands[0]
            for node in ancestry([shown])
            if node.op is ops.DETACH and node["name"] is not None
        }
        known = (*self.recording.problem.inputs, *detached)
        try:
            program = compile_program(text, known=known)
        except GradcalcError:
            return False
        if not set(program.required) <= set(known):
            return False
        compared = 0
        for point, gradients in self._known_points():
            expected = gradients[name]
            finite = is_finite(np.ravel(expected))
            if expected.size and not finite.any():
                continue
            given = self._run(program, point, detached)
            if given is None or np.shape(given) != np.shape(expected):
                return False
            if not self._agree(np.ravel(given)[finite], np.ravel(expected)[finite]):
                return False
            compared += 1
        return compared > 0

    def _known_points(self) -> list[tuple[Point, Mapping[str, Any]]]:
        if self._points is None:
            recording = self.recording
            self._points = []
            for distance, point in _points(recording.problem.inputs):
                gradients = recording.gradients(self._arithmetic, point)
                whole = all(is_finite(np.ravel(g)).all() for g in gradients.values())
                if whole or not distance:
                    self._points.append((point, gradients))
                if len(self._points) > ELSEWHERE[self.exact]:
                    break
        return self._points

    def _run(self, program: Program, point: Point, detached: Mapping[str, Node]) -> Any | None:
        problem = self.recording.problem
        recorder = Recorder(problem.dtype, self._arithmetic)
        backend = RecordingBackend(recorder, budget(problem))
        named = node_values(list(detached.values()), self._arithmetic, point)
        given = {name: self._arithmetic.asarray(value) for name, value in point.items()}
        given |= dict(zip(detached, named, strict=True))
        scope = {name: recorder.input(name, value, False) for name, value in given.items()}
        try:
            return evaluate(program, backend, scope, budget=backend.budget).value.value
        except GradcalcError:
            return None

    def _agree(self, given: Any, expected: Any) -> bool:
        if not len(expected):
            return True
        size = np.max(np.abs(expected))
        apart = np.abs(given - expected)
        epsilon = float(np.finfo(self.recording.problem.dtype).eps)
        # a NaN is neither larger nor smaller, so it never agrees
        room = size * max(ROOM[self.exact], ROUNDINGS * epsilon) + NOISE[self.exact] * self._scale
        return bool(np.all(apart <= room))


def _largest(values: list[Any]) -> float:
    """The size of the largest number, at least 1, those that are not finite left out."""
    sizes = [np.abs(np.ravel(value)) for value in values]
    return max([1.0, *(float(np.max(s[np.isfinite(s)], initial=0)) for s in sizes)])


def is_finite(values: Any) -> Any:
    """Which elements are finite numbers, floats or reals."""
    if values.dtype != object:
        return np.isfinite(values)
    return np.array([bool(abs(value) < np.inf) for value in values], dtype=np.bool_)


def _points(inputs: Mapping[str, Any]) -> Iterator[tuple[float, Point]]:
    """The user's point, then others, each with its distance."""
    yield 0.0, inputs
    random = np.random.default_rng(20183)
    for distance in DISTANCES:
        yield distance, {name: _moved(values, distance, random) for name, values in inputs.items()}


def _moved(values: Any, distance: float, random: np.random.Generator) -> Any:
    array = np.asarray(values, dtype=np.float64)
    step = random.uniform(0.3, 1.0, array.shape) * distance
    return array + np.where(array == 0, step, np.abs(array) * step * np.sign(step - 0.6 * distance))
