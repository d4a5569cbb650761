"""What a whole check costs in a process that has imported everything."""

import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np

from benchmarks.timing import timed
from gradcalc.calculate import calculate
from tests.trust_cases import LOOP, problem

PROCESSES = 3
AGAIN = 5
WARM = ("x*x", {"x": [1.0, 2.0]})
"""What is calculated beforehand, so that everything is imported."""


def programs() -> dict[str, tuple[str, dict[str, Any]]]:
    """Programs of the size that people type, and some of 1,000 elements, with their inputs."""
    draw = np.random.default_rng(0)
    matrix, long = draw.normal(size=(3, 2)), draw.normal(size=1000)
    return {
        "2*dot(x,x)": ("2*dot(x,x)", {"x": [0, 1, 2, 3]}),
        "logsumexp(x)": ("logsumexp(x)", {"x": [0.5, 1, 2]}),
        "softmax(x)": ("softmax(x)@x", {"x": [0.5, 1, 2]}),
        "the loop": (LOOP, {"a": [0.3, 0.4]}),
        "least squares, 3 by 2": (
            "sum((X@w - b)**2)",
            {"X": matrix, "w": [0.5, -1], "b": [1, 2, 3]},
        ),
        "tanh(W@x)": ("sum(tanh(W@x))", {"W": matrix, "x": [0.5, -1]}),
        "2*dot(x,x), n = 1,000": ("2*dot(x,x)", {"x": long}),
        "logsumexp(x), n = 1,000": ("logsumexp(x)", {"x": long}),
        "tanh(x)@x, n = 1,000": ("tanh(x)@x", {"x": long}),
    }


def costs(context: BaseContext) -> Iterator[str]:
    """For each program the median of its first checks in fresh processes, and of further ones."""
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        for name in programs():
            found = list(pool.map(_measured, [name] * PROCESSES))
            first, again = (statistics.median(times) * 1e3 for times in zip(*found, strict=True))
            yield f"{name:26}{first:8.1f} ms the first time{again:8.1f} ms again"


def _measured(name: str) -> tuple[float, float]:
    """The first check's seconds, and the median of those after it."""
    import torch

    torch.set_num_threads(1)
    calculate(problem(WARM[0], **WARM[1]))
    text, inputs = programs()[name]
    asked = problem(text, **inputs)
    first, _ = timed(lambda: calculate(asked))
    rest = [timed(lambda: calculate(asked))[0] for _ in range(AGAIN)]
    return first, statistics.median(rest)
