"""Runs of one program at any point and in any arithmetic: recorded once for each way it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcalc.balls.numbers import OutOfReach, Undecided
from gradcalc.derive.recorder import Recorder, RecordingBackend, Traced
from gradcalc.derive.trace import Derivation, Derived, Observation, Trace
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.protocols import Arithmetic
from gradcalc.lang import trees
from gradcalc.lang.program import Budget
from gradcalc.problem import Execution, Problem, execute, weights

COURSES = 8
"""Courses of one program that are kept: it may take another way at another point."""

WAYS = 512
"""Courses that are kept for one point: around a corner there may be one in each cell."""

LARGEST = 20_000
"""Numbers in a run up to which its derivation is kept: with more, that is the least of the work."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A run with its graph, and the gradients as nodes, unsimplified.

    `values` are what the nodes of the run gave. `execution` is the run itself, on `backend`;
    both None where the run was not made, because it would have been one that is known.
    """

    problem: Problem
    derived: Derived
    values: Sequence[Any]
    execution: Execution | None = None
    backend: RecordingBackend | None = None

    @property
    def trace(self) -> Trace:
        """The course of the run."""
        return self.derived.trace

    @property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        return self.derived.derivation

    @property
    def output(self) -> Any:
        """The value of what is differentiated."""
        return self.values[self.trace.output.order]

    def swept(self, arithmetic: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The gradients of this run, from its values."""
        found = self.derived.sweep(arithmetic, inputs, self.values)
        return dict(zip(self.derivation.gradients, found, strict=True))

    def gradients(self, arithmetic: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The gradients at a point, by the sweep as it is."""
        return self.numbers(self.derivation.gradients, arithmetic, inputs)

    def numbers(
        self, nodes: Mapping[str, Node], arithmetic: Any, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values of nodes at a point, by name."""
        plan = self.derived.plan(list(nodes.values()))
        return dict(zip(nodes, plan(arithmetic, inputs), strict=True))


def budget(problem: Problem) -> Budget:
    """Steps and time for one run."""
    return Budget.of(problem.limits)


def record(
    problem: Problem,
    arithmetic: Any,
    inputs: Mapping[str, Any],
    limits: Budget,
    replay: Mapping[Any, Any] | None = None,
    *,
    recorder: Recorder | None = None,
) -> Recording:
    """Run a problem on the recording backend, at some inputs in some arithmetic.

    `replay` are the values that `detach` gives; `recorder` is another one than the usual. Raises
    `GradcalcError` for what is wrong with the program.
    """
    recorder = recorder or Recorder(problem.dtype, arithmetic, replay=replay)
    backend = RecordingBackend(recorder, limits)
    leaves = {
        name: recorder.input(name, inputs[name], name in problem.wrt) for name in order_of(problem)
    }
    before = limits.steps
    execution = execute(problem, backend, leaves, backend.budget)
    reached = {node.order for node in ancestry([execution.target.node])}
    bound = {n: v.node.order for n, v in execution.scope.items() if isinstance(v, Traced)}
    trace = Trace(
        # what is recorded later, for a claim, is not of this run
        forms=recorder.forms.copy(),
        nodes=tuple(recorder.nodes),
        notes=tuple(recorder.notes),
        inputs={name: traced.node for name, traced in leaves.items()},
        output=execution.target.node,
        wrt=problem.wrt,
        weights=weights(problem, execution.target.shape),
        bound=bound,
        names=frozenset(execution.scope),
        path=execution.run.path,
        observations=tuple(recorder.observations),
        detached=dict(recorder.detached),
        conventions=tuple(s for k, s in recorder.conventions.items() if k in reached),
        calls=tuple(recorder.calls),
        steps=before - limits.steps,
    )
    return Recording(problem, Derived(trace), recorder.values, execution, backend)


def order_of(problem: Problem) -> list[str]:
    """The inputs in the order in which the program uses them."""
    names = [n for own in problem.program.inputs for n in trees.parts_of(own, problem.inputs)]
    return names + [name for name in problem.inputs if name not in names]


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

    @property
    def _known(self) -> list[Derived]:
        """All courses that are known, the last one first."""
        own = {id(derived) for derived in self._own}
        return [*self._own, *(derived for derived in self._shared if id(derived) not in own)]

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
        left = [] if fresh else self._known
        while left:
            derived, *left = left
            found = _replayed(derived, arithmetic(), inputs, replay)
            if isinstance(found, Elsewhere):
                left = [other for other in left if found.leads_to(derived, other)]
            elif found is not None:
                self._keep(derived)
                return Recording(self.problem, derived, found)
        limits = limits or budget(self.problem)
        recording = record(self.problem, arithmetic(), inputs, limits, replay)
        known = [o for o in self._known if o.exact == recording.derived.exact]
        if known:
            seen = recording.trace.observations
            recording = replace(recording, derived=known[0].seen_otherwise(seen))
        self._keep(recording.derived)
        return recording

    def _keep(self, derived: Derived) -> None:
        """Put a course first among those that are known."""
        small = derived.trace.size <= LARGEST
        for courses, most in ((self._own, WAYS if small else COURSES), (self._shared, COURSES)):
            if courses is self._own or small:
                others = (other for other in courses if not other.shares_with(derived))
                courses[:] = [derived, *others][:most]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a run would leave a known course: at which of its questions, by which answer."""

    question: int
    answer: Any

    def leads_to(self, derived: Derived, other: Derived) -> bool:
        """Whether another course is the same up to there, and goes on with that answer.

        It only saves trying the others: what is tried has to see all that it saw.
        """
        left, taken = derived.trace.observations, other.trace.observations
        k = self.question
        return (
            len(taken) > k
            and all(map(Observation.is_alike, left[:k], taken))
            and bool(taken[k].number == left[k].number and taken[k].seen == self.answer)
        )


def _replayed(
    derived: Derived,
    arithmetic: Arithmetic,
    inputs: Mapping[str, Any],
    replay: Mapping[Any, Any] | None,
) -> Sequence[Any] | Elsewhere | None:
    """The values of a run that is known, or where the program would do something else.

    None where that is not known.
    """
    trace = derived.trace
    if replay is not None and not trace.detached.keys() <= replay.keys():
        return None
    held = {} if replay is None else {trace.detached[k]: replay[k] for k in trace.detached}
    try:
        values = derived.values(arithmetic, inputs, held)
        for k, seen in enumerate(trace.observations):
            answer = seen.question(arithmetic, values[seen.number])
            if not bool(answer == seen.seen):
                return Elsewhere(k, answer)
    except (GradcalcError, OutOfReach, Undecided, ArithmeticError, ValueError, TypeError):
        # the run itself says what is wrong
        return None
    return values
