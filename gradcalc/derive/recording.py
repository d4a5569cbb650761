"""A problem recorded and differentiated: everything that the symbolic witness works with."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.derived import Derived, Trace
from gradcalc.derive.recorder import Recorder, RecordingBackend, Traced
from gradcalc.derive.sweep import Derivation
from gradcalc.expr.nodes import Node
from gradcalc.lang.budget import Budget
from gradcalc.problem import Execution, Problem, execute, weights
from gradcalc.tape import Tape

SECONDS = 20.0
"""The longest that recording may take, whatever the time limit."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A run with its tape, and the gradients as nodes, unsimplified.

    `values` are what the equations of the tape gave. `execution` is the run itself, on `backend`;
    both None where the run was not made, because it would have been one that is known.
    """

    problem: Problem
    derived: Derived
    values: list[Any]
    execution: Execution | None = None
    backend: RecordingBackend | None = None

    @property
    def trace(self) -> Trace:
        """The course of the run."""
        return self.derived.trace

    @property
    def tape(self) -> Tape:
        """What was done."""
        return self.derived.trace.tape

    @property
    def derivation(self) -> Derivation:
        """The gradients as nodes."""
        return self.derived.derivation

    @property
    def weights(self) -> Any:
        """Those of the output's elements."""
        return self.derived.trace.weights

    @property
    def output(self) -> Any:
        """The value of what is differentiated."""
        return self.values[self.tape.output]

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
    seconds = min(problem.limits.seconds or SECONDS, SECONDS)
    return Budget(problem.limits.steps, time.monotonic() + seconds)


def record(problem: Problem) -> Recording:
    """Run a problem on the recording backend.

    Raises `GradcalcError` for what is wrong with the program.
    """
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    inputs = {
        name: recorder.input(name, np.asarray(problem.inputs[name], float), name in problem.wrt)
        for name in order_of(problem)
    }
    execution = execute(problem, backend, inputs, backend.budget)
    traced = {n: v.number for n, v in execution.scope.items() if isinstance(v, Traced)}
    trace = Trace(
        tape=recorder.tape(inputs, execution.target),
        wrt=problem.wrt,
        weights=weights(problem, execution.target.shape),
        bound=traced,
        names=frozenset(execution.scope),
        path=execution.run.path,
        observations=tuple(recorder.observations),
    )
    # what is recorded later, for a claim, is not of this tape
    return Recording(problem, Derived(trace), list(recorder.values), execution, backend)


def order_of(problem: Problem) -> list[str]:
    """The inputs in the order in which the program uses them."""
    names = [name for name in problem.program.inputs if name in problem.inputs]
    return names + [name for name in problem.inputs if name not in names]
