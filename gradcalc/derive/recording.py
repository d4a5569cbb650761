"""A problem recorded and differentiated: everything that the symbolic witness works with."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcalc.derive.derived import Derivation, Derived
from gradcalc.derive.recorder import Recorder, RecordingBackend, Traced
from gradcalc.derive.trace import Trace
from gradcalc.expr.nodes import Node
from gradcalc.lang.program import Budget
from gradcalc.problem import Execution, Problem, execute, weights


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

    def derived_as(self, derived: Derived) -> "Recording":
        """The same run with what was derived from one of the same course."""
        return replace(self, derived=derived)

    @property
    def trace(self) -> Trace:
        """The course of the run."""
        return self.derived.trace

    @property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        return self.derived.derivation

    @property
    def weights(self) -> Any:
        """Those of the output's elements."""
        return self.trace.weights

    @property
    def output(self) -> Any:
        """The value of what is differentiated."""
        return self.values[self.trace.output.order]

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
    seconds = problem.limits.seconds
    return Budget(problem.limits.steps, None if seconds is None else time.monotonic() + seconds)


def record(
    problem: Problem,
    arithmetic: Any,
    inputs: Mapping[str, Any],
    limits: Budget,
    replay: Mapping[Any, Any] | None = None,
) -> Recording:
    """Run a problem on the recording backend, at some inputs in some arithmetic.

    `replay` are the values that `detach` gives. Raises `GradcalcError` for what is wrong with the
    program.
    """
    recorder = Recorder(problem.dtype, arithmetic, replay=replay)
    backend = RecordingBackend(recorder, limits)
    leaves = {
        name: recorder.input(name, inputs[name], name in problem.wrt) for name in order_of(problem)
    }
    execution = execute(problem, backend, leaves, backend.budget)
    trace = trace_of(problem, recorder, leaves, execution)
    return Recording(problem, Derived(trace), recorder.values, execution, backend)


def trace_of(
    problem: Problem, recorder: Recorder, inputs: Mapping[str, Traced], execution: Execution
) -> Trace:
    """The course of a run that was recorded."""
    bound = {n: v.node.order for n, v in execution.scope.items() if isinstance(v, Traced)}
    return Trace(
        # what is recorded later, for a claim, is not of this run
        forms=recorder.forms.copy(),
        nodes=tuple(recorder.nodes),
        notes=tuple(recorder.notes),
        inputs={name: traced.node for name, traced in inputs.items()},
        output=execution.target.node,
        wrt=problem.wrt,
        weights=weights(problem, execution.target.shape),
        bound=bound,
        names=frozenset(execution.scope),
        path=execution.run.path,
        observations=tuple(recorder.observations),
        detached=dict(recorder.detached),
        calls=tuple(recorder.calls),
    )


def order_of(problem: Problem) -> list[str]:
    """The inputs in the order in which the program uses them."""
    names = [name for name in problem.program.inputs if name in problem.inputs]
    return names + [name for name in problem.inputs if name not in names]
