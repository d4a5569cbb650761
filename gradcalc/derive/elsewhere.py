"""Points that have nothing to do with a problem's, but for what labels something there."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradcalc.derive.perturbations import landmarks
from gradcalc.derive.runs import Runs
from gradcalc.problem import Problem


def elsewhere(problem: Problem) -> Iterator[dict[str, Any]]:
    """The points, inputs by name."""
    shapes = {name: np.shape(values) for name, values in problem.inputs.items()}
    kept = labels(problem)
    for point in landmarks(shapes, {}):
        yield point | kept


def labels(problem: Problem) -> dict[str, Any]:
    """The inputs whose numbers stand for something, as they are."""
    found = Runs(problem).recording.derived.labels
    return {name: problem.inputs[name] for name in {*found, *problem.data}}
