"""Derivations that are kept: a program is derived once for all points at which it does the same."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gradcalc.derive.derived import Derived, exactly
from gradcalc.derive.recording import Recording, order_of, record
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Data
from gradcalc.lang.program import Program
from gradcalc.problem import Problem

T = TypeVar("T")

PROGRAMS = 64
"""Programs whose derivations are kept, those that were asked for last."""

COURSES = 8
"""Courses of one program that are kept: it may take another way at another point."""

LARGEST = 20_000
"""Numbers in a run up to which its derivation is kept: with more, that is the least of the work."""


class Derivations:
    """The derivations of the programs that were asked for last, for `calculate` to use again.

    What comes out is the same as without. A run is only taken for one that is known if it would
    see all that this one was steered by: the program does nothing else with its numbers than
    compute with them. Not for several threads at once.
    """

    def __init__(self, programs: int = PROGRAMS) -> None:
        self._programs = programs
        self._known: OrderedDict[Any, list[Derived]] = OrderedDict()
        self._others: OrderedDict[Any, Any] = OrderedDict()

    def record(self, problem: Problem) -> Recording:
        """The same as a recording of the problem, derived before if possible.

        Raises `GradcalcError` for what is wrong with the program.
        """
        key = _key(problem)
        courses = self._known.get(key, [])
        if courses:
            self._known.move_to_end(key)
        # a claim is worked out from the names of the run itself
        recording = None if problem.claims else _replayed(problem, courses)
        if recording is None:
            recording = record(problem)
            if sum(np.size(value) for value in recording.values) > LARGEST:
                return recording
            known = [one for one in courses if one.trace.same_as(recording.trace)]
            if known:
                run = recording.execution, recording.backend
                recording = Recording(problem, known[0], recording.values, *run)
        self._keep(key, recording.derived)
        return recording

    def beside(self, problem: Problem, make: Callable[[], T]) -> T:
        """What somebody else keeps of the same program, made where there is nothing yet."""
        key = _key(problem)
        if key not in self._others:
            self._others[key] = make()
            if len(self._others) > self._programs:
                self._others.popitem(last=False)
        self._others.move_to_end(key)
        found: T = self._others[key]
        return found

    def _keep(self, key: Any, derived: Derived) -> None:
        """Put a derivation first among those of its program."""
        others = [one for one in self._known.get(key, []) if one is not derived]
        self._known[key] = [derived, *others][:COURSES]
        if len(self._known) > self._programs:
            self._known.popitem(last=False)


def _replayed(problem: Problem, courses: list[Derived]) -> Recording | None:
    """A recording by what is known, None where the program would not do the same."""
    inputs = {name: np.asarray(values, float) for name, values in problem.inputs.items()}
    for derived in courses:
        try:
            values = derived.values(Floats(), inputs)
        except (GradcalcError, ArithmeticError, ValueError, TypeError):
            # the run itself says what is wrong
            continue
        if all(observation.holds(values) for observation in derived.trace.observations):
            return Recording(problem, derived, values)
    return None


def _key(problem: Problem) -> Any:
    """All that a run depends on, but for the numbers of the inputs."""
    cotangent = None if problem.cotangent is None else Data.of(problem.cotangent)
    return (
        _program(problem.program),
        tuple((name, _program(program)) for name, program in problem.lets),
        problem.wrt,
        problem.detach,
        problem.of,
        problem.dtype,
        exactly(cotangent),
        problem.limits,
        tuple((name, np.shape(problem.inputs[name])) for name in problem.inputs),
        tuple(order_of(problem)),
    )


def _program(program: Program) -> Any:
    """What makes a program; its syntax tree is that of its source."""
    return (
        program.source,
        program.function,
        program.required,
        program.optional,
        program.assigned,
        program.parameters,
        program.naming.key,
    )
