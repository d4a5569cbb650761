"""Where a surprise is looked into at further points, a program that does not end there is not run
to its last step at each."""

import gradcalc
from gradcalc.calculate import FEW_STEPS, ask_here, calculate
from gradcalc.lang.program import Limits
from gradcalc.problem import Problem

STEPS = 2 * FEW_STEPS

PROGRAM = "u = x*s\nwhile u.sum() < 100:\n    u = where(x > 1, x, x.T)\nsum(u*x)"
"""It ends at once where x is large, and never elsewhere."""


def test_a_program_that_ends_at_the_point_alone() -> None:
    asked = []

    def ask(problem: Problem) -> object:
        asked.append(problem.limits.steps)
        return ask_here(problem)

    inputs = {"x": [1e300, 1e-300], "s": [[1.0, 2.0], [3.0, 4.0]]}
    problem = Problem(PROGRAM, inputs, limits=Limits(steps=STEPS))
    assert calculate(problem, ask=ask).verdict.outcome == "wrong"  # type: ignore[arg-type]
    # the point, once more with all its steps, and the first of those elsewhere
    assert asked.count(STEPS) <= 3
    assert {*asked} == {STEPS, FEW_STEPS}


def test_programs_that_end_are_not_hurried() -> None:
    asked = []

    def ask(problem: Problem) -> object:
        asked.append(problem.limits.steps)
        return ask_here(problem)

    problem = Problem("sum(x*x*x)", {"x": [1e200, 1.0]}, limits=Limits(steps=STEPS))
    assert calculate(problem, ask=ask).verdict.outcome == "wrong"  # type: ignore[arg-type]
    assert len(asked) > 2
    assert {*asked} == {STEPS}
    assert gradcalc.grad("sum(x*x*x)", x=[1.0, 2.0]).verdict.outcome == "verified"
