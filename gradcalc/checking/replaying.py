"""The program of a trace, run on its numbers: each has to be the one that the library had."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.checking.lines import Line, Listing
from gradcalc.checking.ran import Ran
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.lang.program import Branch
from gradcalc.problem import Execution, Problem, execute
from gradcalc.values.precision import Precision, precision_of

APART = 4.0
"""How far a value may be off from torch's, in roots of the dtype's rounding: a row that means
something else is further off, and what rounding has piled up on the way is not."""


STEADY = frozenset({
    "abs", "absolute", "negative", "neg", "add", "sub", "subtract", "rsub", "sum", "mean",
    "amax", "amin", "max", "min", "maximum", "minimum", "clamp", "clip", "relu", "where",
    "view", "reshape", "transpose", "t", "permute", "squeeze", "unsqueeze", "select", "slice",
    "index", "expand", "cat", "concatenate", "stack", "flatten", "ravel", "clone", "copy",
    "norm", "linalg_vector_norm",
})  # fmt: skip
"""Operations that move or choose numbers, or add them up: roundings are no smaller after them."""


def replayed(problem: Problem, found: Listing, ran: Ran) -> tuple[Line | None, tuple[Branch, ...]]:
    """The first line whose value is not the one that torch had, and the way that the run took."""
    backend, execution = _run(replace(problem, before=()))
    precision = precision_of(ran.dtype)
    return next(_unlike(backend, execution.run.names, found, precision), None), execution.run.path


def float_value(problem: Problem) -> Any:
    """What the witnesses differentiate, where nobody else says what that is."""
    backend, execution = _run(problem)
    return np.asarray(backend.numbers(execution.target))


def way_of(problem: Problem) -> tuple[Branch, ...]:
    """The way that a program takes on its own numbers."""
    return _run(replace(problem, before=()))[1].run.path


def _run(problem: Problem) -> tuple[RecordingBackend, Execution]:
    """The program, worked out on its own numbers in floats."""
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    given = {
        name: recorder.input(name, np.asarray(value, np.float64), name in problem.wrt)
        for name, value in problem.inputs.items()
    }
    return backend, execute(problem, backend, given, backend.budget)


def _unlike(
    backend: RecordingBackend, names: Mapping[str, Any], found: Listing, precision: Precision
) -> Iterator[Line]:
    room, least = APART * precision.epsilon**0.5, precision.smallest
    sizes: dict[str, float] = {}
    for line in found.lines:
        value = names.get(line.name)
        if not backend.is_tensor(value):
            continue
        ours = np.asarray(backend.numbers(value), np.float64)
        operands = [
            sizes[word] for word in dict.fromkeys(_BOUND.findall(line.text)) if word in sizes
        ]
        sizes[line.name] = largest(ours)
        if operands and line.operation.rpartition(".")[2].rstrip("_") in STEADY:
            # what rounding has left of the numbers before is still there
            sizes[line.name] = max(sizes[line.name], *operands)
        if line.made is None or line.made.dtype.kind != "f":
            continue
        theirs = np.asarray(line.made, np.float64)
        # of what cancels, rounding leaves something in proportion to what it was
        beside = max((*operands, largest(theirs)), default=0.0)
        if ours.shape != theirs.shape or not near(ours, theirs, room, room * beside + least):
            yield line


_BOUND = re.compile(r"\bt\d+\b")


def largest(numbers: Any) -> float:
    return float(np.max(np.abs(numbers), initial=0, where=np.isfinite(numbers)))


def near(ours: Any, theirs: Any, room: float, least: float) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(ours, theirs, rtol=room, atol=least, equal_nan=True))
