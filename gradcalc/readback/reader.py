"""A text in gradcalc's language as a function of the inputs, in any arithmetic."""

import math
from collections.abc import Mapping
from typing import Any

from gradcalc.balls.numbers import OutOfReach
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.derive.trace import Derived
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.expr.evaluate import Plan
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.written import LONGEST
from gradcalc.lang import trees
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits, Program
from gradcalc.problem import Problem

FAILURES = (GradcalcError, OutOfReach, ArithmeticError, ValueError, TypeError)
"""What is raised where a text cannot be worked out at a point."""

LIMITS = Limits(length=LONGEST)
"""A formula may be longer than what users type."""


class Reader:
    """Runs one text. `detached` are the nodes that its names of detached values stand for."""

    def __init__(self, program: Program, derived: Derived, detached: Mapping[str, Node]) -> None:
        self._program = program
        self._derived = derived
        self._detached = detached
        self._plan: Plan | None = None
        self._size: int | None = None

    def size(self, problem: Problem) -> int:
        """How many numbers the text makes on its way, as far as it goes at the problem's point."""
        if self._size is None:
            self._interpreted(problem, Floats(), self._given(Floats(), problem.inputs))
        return self._size or 0

    def run(self, problem: Problem, arithmetic: Any, point: Mapping[str, Any]) -> Any | None:
        """What the text gives at a point; None where it fails."""
        given = self._given(arithmetic, point)
        if self._plan is not None:
            try:
                return self._plan(arithmetic, given)[0]
            except FAILURES:
                # the text itself says whether it fails
                pass
        return self._interpreted(problem, arithmetic, given)

    def _given(self, arithmetic: Any, point: Mapping[str, Any]) -> dict[str, Any]:
        nodes = list(self._detached.values())
        named = self._derived.plan(nodes)(arithmetic, point) if nodes else []
        given = {name: arithmetic.asarray(value) for name, value in point.items()}
        return given | dict(zip(self._detached, named, strict=True))

    def _interpreted(self, problem: Problem, arithmetic: Any, given: dict[str, Any]) -> Any | None:
        recorder = Recorder(problem.dtype, arithmetic, keep=False)
        backend = RecordingBackend(recorder, budget(problem))
        scope = {name: recorder.input(name, value, False) for name, value in given.items()}
        try:
            value = evaluate(self._program, backend, scope, budget=backend.budget).value
        except (GradcalcError, OutOfReach):
            return None
        finally:
            self._size = sum(math.prod(node.shape) for node in recorder.nodes)
        if self._plan is None and not recorder.observations:
            self._plan = Plan([value.node])
        return value.value


def read(text: str, inputs: tuple[str, ...], derived: Derived, shown: Node) -> Reader | None:
    """A formula's text, None if it is none.

    `shown` is the simplified node that was written: its detached values have names.
    """
    detached = {
        node["name"]: node.operands[0]
        for node in ancestry([shown])
        if node.op is ops.DETACH and node["name"] is not None
    }
    known = tuple(trees.roots((*inputs, *detached)))
    try:
        program = compile_program(text, known=known, limits=LIMITS)
    except GradcalcError:
        return None
    if not set(program.required) <= set(known):
        return None
    return Reader(program, derived, detached)
