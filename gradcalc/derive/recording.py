"""A problem recorded and differentiated: everything that the symbolic witness works with."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.derive.recorder import Recorder, RecordingBackend, Traced
from gradcalc.derive.sweep import Derivation, derive
from gradcalc.expr.evaluate import evaluate as node_values
from gradcalc.expr.nodes import Node
from gradcalc.lang.budget import Budget
from gradcalc.problem import Execution, Problem, execute, weights
from gradcalc.tape import Tape

SECONDS = 20.0
"""The longest that recording may take, whatever the time limit."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A run with its tape, and the gradients as nodes, unsimplified.

    `values` are what the equations of the tape gave, `weights` those of the output's elements.
    """

    problem: Problem
    backend: RecordingBackend
    execution: Execution
    tape: Tape
    derivation: Derivation
    values: list[Any]
    weights: Any

    def gradients(self, arithmetic: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The gradients at a point, by the sweep as it is."""
        return self.numbers(self.derivation.gradients, arithmetic, inputs)

    @staticmethod
    def numbers(
        nodes: Mapping[str, Node], arithmetic: Any, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values of nodes at a point, by name."""
        return dict(zip(nodes, node_values(list(nodes.values()), arithmetic, inputs), strict=True))


def budget(problem: Problem) -> Budget:
    """Steps and time for one run."""
    seconds = min(problem.limits.seconds or SECONDS, SECONDS)
    return Budget(problem.limits.steps, time.monotonic() + seconds)


def record(problem: Problem) -> Recording:
    """Run a problem on the recording backend and sweep its tape.

    Raises `GradcalcError` for what is wrong with the program.
    """
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    names = [name for name in problem.program.inputs if name in problem.inputs]
    names += [name for name in problem.inputs if name not in names]
    inputs = {
        name: recorder.input(name, np.asarray(problem.inputs[name], float), name in problem.wrt)
        for name in names
    }
    execution = execute(problem, backend, inputs, backend.budget)
    tape = recorder.tape(inputs, execution.target)
    weighing = weights(problem, execution.target.shape)
    bound = {
        name: value.number for name, value in execution.scope.items() if isinstance(value, Traced)
    }
    return Recording(
        problem=problem,
        backend=backend,
        execution=execution,
        tape=tape,
        derivation=derive(tape, problem.wrt, weighing, bound),
        # what is recorded later, for a claim, is not of this tape
        values=list(recorder.values),
        weights=weighing,
    )
