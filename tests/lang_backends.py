"""Running a program on both backends, for the tests of the language."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradcalc.balls.numbers import Decisions
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Budget, Limits, Program, Run
from gradcalc.problem import Problem
from gradcalc.witnesses import autograd
from tests.elements import Calculus, ElementBackend, Graph

Answer = tuple[Any, dict[str, Any]]
"""A value, and its gradients by name."""

LIMITS = Limits(steps=20_000)
CALCULUS = Calculus(Decisions(forced=True))


def problem(
    text: str, inputs: Mapping[str, Any], *, function: str | None = None, **options: Any
) -> Problem:
    """The problem of a program text with plain lists as inputs."""
    lets = tuple((n, compile_program(t)) for n, t in options.pop("lets", {}).items())
    program = compile_program(text, function=function, known=[name for name, _ in lets])
    values = {name: np.asarray(value, dtype=np.float64) for name, value in inputs.items()}
    options = {"wrt": tuple(values), "limits": LIMITS} | options
    return Problem(program=program, inputs=values, lets=lets, **options)


def answers(asked: Problem) -> dict[str, Answer]:
    """What each side says."""
    ours = autograd.testify(asked)
    trial = Experiment(Runs(asked)).run(192, forced=True)
    numbers = {name: floats(values) for name, values in trial.gradients.items()}
    return {
        "torch": (ours.value, dict(ours.gradients)),
        "enclosure": (floats(trial.output), numbers),
    }


def floats(values: Any) -> Any:
    """An array of nodes or reals as float64."""
    flat = [float(getattr(value, "value", value)) for value in np.ravel(values)]
    return np.array(flat).reshape(np.shape(values))


def torch_run(program: Program, inputs: Mapping[str, Any], limits: Limits = LIMITS) -> Run:
    """Run a program on torch."""
    backend = autograd.TorchBackend(torch.float64, torch.device("cpu"))
    values = {n: backend.constant(np.asarray(v, dtype=float)) for n, v in inputs.items()}
    for value in values.values():
        value.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate(program, backend, values, limits=limits)


def element_run(program: Program, inputs: Mapping[str, Any], limits: Limits = LIMITS) -> Run:
    """Run a program element by element."""
    graph = Graph(CALCULUS, 20_000)
    backend = ElementBackend(graph, Budget(limits.steps), "float64")
    values = {n: backend.constant(np.asarray(v, dtype=float)) for n, v in inputs.items()}
    return evaluate(program, backend, values, limits=limits)


SIDES = {"torch": torch_run, "enclosure": element_run}


def numbers_of(value: Any) -> Any:
    """A backend's tensor as float64."""
    return autograd.to_numpy(value) if isinstance(value, torch.Tensor) else floats(value)


def marked(error: GradcalcError) -> str:
    """The text under the span of an error, up to the end of its first line."""
    assert error.span is not None
    assert error.source is not None
    span, lines = error.span, error.source.split("\n")
    assert 1 <= span.line <= span.end_line <= len(lines)
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1
    assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 2
    end = span.end_column - 1 if span.line == span.end_line else None
    return lines[span.line - 1][span.column - 1 : end]


def well_formed(error: GradcalcError) -> None:
    """A message is one sentence on one line, a span lies in its source."""
    assert error.message
    assert error.message.strip() == error.message
    for text in (error.message, error.hint or "-"):
        assert "\n" not in text
        assert not text.endswith(".") or text.endswith("...")
    if error.span is not None:
        marked(error)


def close(found: Any, wanted: Any) -> bool:
    """Whether two arrays have one shape and agree as far as floats can."""
    same = np.shape(found) == np.shape(wanted)
    return same and np.allclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True)


def lines(*parts: str) -> str:
    """A program of several lines."""
    return "\n".join(parts)


def ids(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Short names for the rows of a table: their first columns."""
    return [str(row[0]).replace("\n", "; ")[:60] for row in rows]
