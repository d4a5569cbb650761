"""A gradient between two points, in balls around all that is between them."""

from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls
from gradcalc.balls.numbers import Decisions
from gradcalc.derive.derivations import Derivations
from gradcalc.derive.perturbations import is_finite
from gradcalc.enclosure.claimed import FAILURES
from gradcalc.lang.program import Budget
from gradcalc.problem import Array, Problem

BITS = 320
"""The precision of the balls, which loses nothing to the rounding of floats that are near."""


def is_bounded(derivations: Derivations, first: Problem, last: Problem) -> bool:
    """Whether it is proved that the gradient is finite, and has no jump, from one point to another
    of a program: balls that hold a corner have two slopes there, which no arithmetic decides."""
    made: list[Balls] = []

    def arithmetic() -> Balls:
        made.append(Balls(Decisions()))
        return made[-1]

    with flint.ctx.workprec(BITS):
        given = {n: _all_between(v, last.inputs[n]) for n, v in first.inputs.items()}
        try:
            run = derivations.runs(first).at(
                arithmetic, given, limits=Budget(first.limits.steps, None)
            )
            found = [run.output, *run.swept(made[-1], given).values()]
        except FAILURES:
            return False
        return all(is_finite(values).all() for values in found)


def _all_between(first: Array, last: Array) -> Any:
    """Balls that hold the numbers of two arrays, and what is between each two."""
    pairs = zip(np.ravel(first), np.ravel(last), strict=True)
    balls = [flint.arb(float(a)).union(flint.arb(float(b))) for a, b in pairs]
    found = np.empty(np.shape(first), dtype=object)
    found.flat[:] = balls
    return found
