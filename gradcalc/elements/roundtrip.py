"""A printed formula is a claim: it is read back and evaluated before anybody sees it."""

from typing import Any

import numpy as np

from gradcalc.elements.experiment import Experiment, Trial
from gradcalc.elements.graph import OutOfReach
from gradcalc.errors import GradcalcError
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program


def reads_back(experiment: Experiment, centre: Trial, text: str, exact: Any) -> bool:
    """Whether the text, run as a program at the point, gives the gradient, in its shape.

    `centre` is the run that the formula was derived from, `exact` the gradient in many digits.
    """
    context = experiment.context
    scope = dict(centre.execution.scope)
    try:
        program = compile_program(text, known=tuple(scope))
        value = evaluate(program, centre.backend, scope).value
    except (GradcalcError, OutOfReach):
        return False
    if np.shape(value) != np.shape(exact):
        return False
    # constants are printed as floats, so a few digits beyond a float's are all that can agree
    size = max((abs(v) for v in np.ravel(exact)), default=0)
    return all(
        context.isfinite(node.value) and abs(node.value - true) <= size * 1e-12
        for node, true in zip(np.ravel(value), np.ravel(exact), strict=True)
    )
