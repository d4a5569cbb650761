"""Derivations that are kept: a program is derived once for all points at which it does the same."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.derive.runs import Runs, order_of
from gradcalc.derive.trace import Derived, exactly
from gradcalc.expr.nodes import Data
from gradcalc.lang.program import Program
from gradcalc.problem import Problem

PROGRAMS = 64
"""Programs whose derivations are kept, those that were asked for last."""


class Derivations:
    """The derivations of the programs that were asked for last, for `calculate` to use again.

    What comes out is the same as without. Not for several threads at once.
    """

    def __init__(self, programs: int = PROGRAMS) -> None:
        self._programs = programs
        self._known: OrderedDict[Any, list[Derived]] = OrderedDict()

    def runs(self, problem: Problem) -> Runs:
        """The runs of a problem, which share what is known of its program."""
        key = _key(problem)
        courses = self._known.setdefault(key, [])
        self._known.move_to_end(key)
        if len(self._known) > self._programs:
            self._known.popitem(last=False)
        return Runs(problem, courses)


def _key(problem: Problem) -> Any:
    """All that a run depends on, but for the numbers of the inputs."""
    cotangent = None if problem.cotangent is None else Data.of(problem.cotangent)
    return (
        _program(problem.program),
        tuple((name, _program(program)) for name, program in problem.lets),
        problem.wrt,
        tuple((repr(step), _tangent(step.tangent)) for step in problem.before),
        _tangent(problem.along),
        problem.detach,
        problem.data,
        problem.truths,
        tuple(problem.integers.items()),
        problem.of,
        problem.dtype,
        exactly(cotangent),
        problem.limits,
        problem.seed,
        tuple((name, np.shape(problem.inputs[name])) for name in problem.inputs),
        tuple(order_of(problem)),
    )


def _tangent(tangent: Mapping[str, Any] | None) -> Any:
    return (
        None
        if tangent is None
        else tuple((n, v if isinstance(v, str) else Data.of(v)) for n, v in tangent.items())
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
