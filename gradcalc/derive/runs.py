"""Runs of one program at any point and in any arithmetic: recorded once for each way it takes."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.derived import Derived
from gradcalc.derive.recording import Recording, budget, record
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.protocols import Arithmetic
from gradcalc.lang.program import Budget
from gradcalc.problem import Problem

COURSES = 8
"""Courses of one program that are kept: it may take another way at another point."""

LARGEST = 20_000
"""Numbers in a run up to which its derivation is kept: with more, that is the least of the work."""


class Runs:
    """The runs of one problem.

    A run is only taken for one that is known if it would see all that this one was steered by: the
    program does nothing else with its numbers than compute with them. `courses` are those that are
    known, the last one first, which other problems of the same program may share.
    """

    def __init__(self, problem: Problem, courses: list[Derived] | None = None) -> None:
        self.problem = problem
        self._shared = [] if courses is None else courses
        self._own: list[Derived] = []

    @cached_property
    def recording(self) -> Recording:
        """The run at the point in float64.

        Raises `GradcalcError` for what is wrong with the program.
        """
        inputs = {n: np.asarray(values, float) for n, values in self.problem.inputs.items()}
        # a claim is worked out from the names of the run itself
        return self.at(Floats, inputs, fresh=bool(self.problem.claims))

    def at(
        self,
        arithmetic: Callable[[], Arithmetic],
        inputs: Mapping[str, Any],
        replay: Mapping[Any, Any] | None = None,
        *,
        fresh: bool = False,
        limits: Budget | None = None,
    ) -> Recording:
        """The run at any inputs, in a new arithmetic; with `fresh` the program itself is run.

        `replay` are the values that `detach` gives. Raises `GradcalcError` for what is wrong with
        the program, and what the arithmetic raises where it cannot decide.
        """
        for derived in () if fresh else (*self._own, *self._shared):
            values = _replayed(derived, arithmetic(), inputs, replay)
            if values is not None:
                self._keep(derived)
                return Recording(self.problem, derived, values)
        limits = limits or budget(self.problem)
        recording = record(self.problem, arithmetic(), inputs, limits, replay)
        known = [o for o in (*self._own, *self._shared) if o.trace.same_as(recording.trace)]
        if known:
            recording = recording.derived_as(known[0])
        self._keep(recording.derived)
        return recording

    def _keep(self, derived: Derived) -> None:
        """Put a course first among those that are known."""
        courses = self._shared if derived.trace.size <= LARGEST else self._own
        courses[:] = [derived, *(one for one in courses if one is not derived)][:COURSES]


def _replayed(
    derived: Derived,
    arithmetic: Arithmetic,
    inputs: Mapping[str, Any],
    replay: Mapping[Any, Any] | None,
) -> Sequence[Any] | None:
    """The values of a run that is known, None where the program would not do the same."""
    trace = derived.trace
    if replay is not None and not trace.detached.keys() <= replay.keys():
        return None
    held = {} if replay is None else {trace.detached[k]: replay[k] for k in trace.detached}
    try:
        values = derived.values(arithmetic, inputs, held)
        same = all(seen.holds(arithmetic, values) for seen in trace.observations)
    except (GradcalcError, OutOfReach, Undecided, ArithmeticError, ValueError, TypeError):
        # the run itself says what is wrong
        return None
    return values if same else None
