"""A printed formula is a claim: its text is read back and run before anybody sees it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import mpmath
import numpy as np

from gradcalc.derive.points import Point, distance, extent, is_finite, moved
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.recording import Recording, budget
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.evaluate import evaluate as node_values
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.reals import Reals
from gradcalc.expr.transcript import LONGEST
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits, Program

EXACT = 1500
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

LONG = 100_000
"""Characters of a text above which it is compared at the user's point only, if it can be there."""

LIMITS = Limits(length=LONGEST)
"""A formula may be longer than what users type."""

DISTANCES = (0.5, 0.1, 1e-3, 1e-6)
"""How far from the user's point the two sides are compared too, in relation to the inputs."""

FAR = 2.5
"""The same where elements are to change their signs: an extra point, if all is defined there."""

ELSEWHERE = {True: 2, False: 1}
"""At how many points besides the user's."""


class Answer(StrEnum):
    """What came of reading a formula back."""

    HOLDS = "it gives the gradient wherever it was tried"
    ELSEWHERE = "it gives the gradient at other points but not at the user's"
    FAILS = "it is not the gradient"
    UNTRIED = "the gradient has no value anywhere to compare it with"


class RoundTrip:
    """Reads formulas of one recording back, at the user's point and at others."""

    def __init__(self, recording: Recording, gradients: Mapping[str, Any]) -> None:
        self.recording = recording
        self.exact = sum(np.size(value) for value in recording.values) <= EXACT
        self._arithmetic: Any = Floats()
        if self.exact:
            context = mpmath.MPContext()
            context.dps = DIGITS
            self._arithmetic = Reals(context)
        self._scale = _largest(recording.values)
        self._inputs = recording.problem.inputs
        self._gradients = gradients
        # where floats overflow, zeros in the gradient may be what is left of others
        self._sound = self.exact or all(np.isfinite(value).all() for value in recording.values)
        self._elsewhere: list[tuple[Point, Mapping[str, Any]]] | None = None

    def read(self, name: str, text: str, shown: Node) -> Answer:
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
            program = compile_program(text, known=known, limits=LIMITS)
        except GradcalcError:
            return Answer.FAILS
        if not set(program.required) <= set(known):
            return Answer.FAILS
        others = () if self._sound and len(text) > LONG else self._other_points()
        answers = [
            self._holds_at(point, gradients[name], program, detached) for point, gradients in others
        ]
        here = None
        if self._sound:
            here = self._holds_at(self._inputs, self._gradients[name], program, detached)
        if False in answers or (here is False and True not in answers):
            return Answer.FAILS
        if here is False:
            return Answer.ELSEWHERE
        return Answer.HOLDS if here or True in answers else Answer.UNTRIED

    def _holds_at(
        self, point: Point, expected: Any, program: Program, detached: Mapping[str, Node]
    ) -> bool | None:
        """Whether the program gives the gradient at a point; None where there is none at all."""
        whole = extent(expected) < np.inf
        finite = None if whole else is_finite(expected)
        if finite is not None and not finite.any():
            return None
        given = self._run(program, point, detached)
        if given is None or np.shape(given) != np.shape(expected):
            return False
        if finite is None:
            return self._agree(given, expected)
        return self._agree(given[finite], expected[finite])

    def _other_points(self) -> list[tuple[Point, Mapping[str, Any]]]:
        """Points where the gradient is defined everywhere, with what the sweep gives there."""
        if self._elsewhere is None:
            self._elsewhere = []
            far = moved(self._inputs, FAR, len(DISTANCES))
            gradients = self._defined(far) if self.exact else None
            if gradients is not None:
                self._elsewhere.append((far, gradients))
            enough = len(self._elsewhere) + ELSEWHERE[self.exact]
            tries = [(self._inputs, distance) for distance in DISTANCES]
            # what overflows at the user's point may be defined at a smaller one
            tries += [(_unit(self._inputs), distance) for distance in DISTANCES[:2]]
            for seed, (start, distance) in enumerate(tries):
                point = moved(start, distance, seed)
                gradients = self._defined(point)
                if gradients is not None:
                    self._elsewhere.append((point, gradients))
                if len(self._elsewhere) == enough:
                    break
        return self._elsewhere

    def _defined(self, point: Point) -> Mapping[str, Any] | None:
        """The gradients at a point, if they and the value are defined everywhere."""
        derivation = self.recording.derivation
        output = derivation.values[self.recording.tape.output]
        nodes = [*derivation.gradients.values(), output]
        *gradients, value = node_values(nodes, self._arithmetic, point)
        if not all(extent(found) < np.inf for found in (*gradients, value)):
            return None
        return dict(zip(derivation.gradients, gradients, strict=True))

    def _run(self, program: Program, point: Point, detached: Mapping[str, Node]) -> Any | None:
        problem = self.recording.problem
        recorder = Recorder(problem.dtype, self._arithmetic, keep=False)
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
        epsilon = float(np.finfo(self.recording.problem.dtype).eps)
        room = extent(expected) * max(ROOM[self.exact], ROUNDINGS * epsilon)
        # a NaN is neither larger nor smaller, so it never agrees
        return bool(distance(given, expected) <= room + NOISE[self.exact] * self._scale)


def _unit(inputs: Point) -> Point:
    """The inputs with no element larger than 1."""
    return {name: values / max(1.0, float(extent(values))) for name, values in inputs.items()}


def _largest(values: list[Any]) -> float:
    """The size of the largest number, at least 1, those that are not finite left out."""
    sizes = [extent(value) for value in values]
    sizes = [
        size if size < np.inf else extent(value[np.isfinite(value)])
        for size, value in zip(sizes, values, strict=True)
    ]
    return max(1.0, *map(float, sizes)) if sizes else 1.0
