"""Conditions that turn beside the point: a jump may reach the output through them alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradcalc.derive.recording import Recording
from gradcalc.expr.floats import Floats
from gradcalc.primitives import Elementwise
from gradcalc.tape import Equation
from gradcalc.testimony import Event

STEP = 64
"""How far beside, in roundings of the dtype."""

SEED = 20187


def steering(recording: Recording) -> Iterator[Event]:
    """The conditions that are not the same beside the point, or compare what is not finite."""
    asked = recording.derived.once("conditions", lambda: _conditions(recording))
    if not asked:
        return
    equations, values = recording.tape.equations, recording.values
    for number in asked:
        equation = equations[number]
        compared = [values[o] for o in equation.operands if equations[o].active]
        if _is_boolean(equation) and not all(np.isfinite(value).all() for value in compared):
            yield Event(_name(equation), equation.place, (), True)
            return
    for inputs in _beside(recording):
        there = recording.derived.values(Floats(), inputs)
        for number in asked:
            if not np.array_equal(there[number] != 0, values[number] != 0):
                yield Event(_name(equations[number]), equations[number].place, (), False)
                return


def _conditions(recording: Recording) -> tuple[int, ...]:
    """The equations whose values decide what is done with others."""
    equations = recording.tape.equations
    found = {number for number, one in enumerate(equations) if one.active and _is_boolean(one)}
    truths = (seen for seen in recording.trace.observations if isinstance(seen.seen, bool))
    found |= {seen.number for seen in truths if equations[seen.number].active}
    return tuple(sorted(found))


def _name(equation: Equation) -> str:
    return equation.primitive.name


def _is_boolean(equation: Equation) -> bool:
    return isinstance(equation.primitive, Elementwise) and equation.primitive.boolean


def _beside(recording: Recording) -> Iterator[Mapping[str, Any]]:
    """All inputs that are differentiated by a little larger, smaller, and this way and that."""
    problem = recording.problem
    step = STEP * float(np.finfo(problem.dtype).eps)
    random = np.random.default_rng(SEED)
    signs = {name: random.choice([-1.0, 1.0], problem.inputs[name].shape) for name in problem.wrt}
    for along in (1.0, -1.0):
        for pattern in (dict.fromkeys(problem.wrt, 1.0), signs):
            moved = {n: along * step * sign for n, sign in pattern.items()}
            yield {
                n: value + moved.get(n, 0.0) * np.where(value == 0, 1.0, np.abs(value))
                for n, value in problem.inputs.items()
            }
