"""Four judges of one gradient: gradcalc, and what torch, scipy and jax have."""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import torch
from scipy.optimize import check_grad

from benchmarks.trust.jax_backend import JaxBackend, Lacking
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from gradcalc.lang.program import Budget
from gradcalc.problem import Problem, execute, weights
from gradcalc.report import Outcome, Report
from gradcalc.witnesses.autograd import TorchBackend

ACCEPTED = 1e-5
"""scipy's error relative to the gradient's norm, where its user would say that it is right."""


LARGEST = 2_000
"""Numbers by which the peers are asked: they take the square of it in memory."""


class Word(StrEnum):
    """What a judge says."""

    PASS = "pass"
    REJECT = "reject"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Judged:
    """The word of each judge, and the seconds that it took."""

    words: Mapping[str, Word]
    seconds: Mapping[str, float]


Gradients = Mapping[str, Any]
"""Arrays by input."""


def peers(problem: Problem, gradients: Gradients | None, own: bool) -> Judged:
    """The words of the peers on gradients, on torch's own of the problem where None is given.

    With `own` jax judges its own gradient, otherwise the same as the others.
    """
    size = sum(np.size(problem.inputs[name]) for name in problem.wrt)
    if not problem.wrt or size > LARGEST:
        return Judged(dict.fromkeys(PEERS, Word.CANNOT), {})
    words, seconds = {}, {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        given = gradients if gradients is not None else torch_gradients(problem)
        for name, judge in PEERS.items():
            of_its_own = gradients is None and (own or name != "check_grads")
            start = time.perf_counter()
            words[name] = judge(problem, given, of_its_own)
            seconds[name] = time.perf_counter() - start
    return Judged(words, seconds)


def judged_by_gradcalc(problem: Problem) -> tuple[Report | None, str, float]:
    """gradcalc's report, or what it says instead, and the seconds that it took."""
    start = time.perf_counter()
    try:
        report = calculate(problem)
    except GradcalcError as error:
        return None, error.message, time.perf_counter() - start
    said = f"{report.verdict.outcome}: {report.verdict.message}"
    return report, said, time.perf_counter() - start


def passed(report: Report | None, *outcomes: Outcome) -> Word:
    """Whether a report has one of the outcomes."""
    fine = report is not None and report.verdict.outcome in outcomes
    return Word.PASS if fine else Word.REJECT


# -- the function that the peers judge -------------------------------------------------------


def objective(problem: Problem, backend: Any) -> Callable[..., Any]:
    """The weighted sum of the output's elements, as a function of the inputs by which it is
    differentiated."""

    def function(*variables: Any) -> Any:
        given = dict(zip(problem.wrt, variables, strict=True))
        inputs = {
            name: given[name] if name in given else backend.constant(values)
            for name, values in problem.inputs.items()
        }
        output = execute(problem, backend, inputs, Budget(problem.limits.steps)).target
        return (output * backend.constant(weights(problem, backend.shape(output)))).sum()

    return function


def _on_torch(problem: Problem) -> tuple[Callable[..., Any], list[Any]]:
    backend = TorchBackend(getattr(torch, problem.dtype), torch.device("cpu"))
    point = [backend.constant(problem.inputs[name]).requires_grad_() for name in problem.wrt]
    return objective(problem, backend), point


def torch_gradients(problem: Problem) -> dict[str, Any]:
    """Torch's gradient of the objective."""
    function, point = _on_torch(problem)
    output = function(*point)
    found: Any = [None] * len(point)
    if output.requires_grad:
        found = torch.autograd.grad(output, point, allow_unused=True)
    return {
        name: np.zeros(tuple(x.shape)) if g is None else g.to(torch.float64).numpy()
        for name, x, g in zip(problem.wrt, point, found, strict=True)
    }


# -- torch -----------------------------------------------------------------------------------


def gradcheck(problem: Problem, gradients: Gradients, own: bool) -> Word:
    """`torch.autograd.gradcheck`."""
    function, point = _on_torch(problem)
    fixed = [torch.tensor(gradients[name], dtype=point[0].dtype) for name in problem.wrt]

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *variables: Any) -> Any:
            return function(*variables).clone()

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            return tuple(cotangent * gradient for gradient in fixed)

    try:
        torch.autograd.gradcheck(function if own else Planted.apply, tuple(point))
    # gradcheck rejects by raising, of whatever kind
    except Exception:
        return Word.REJECT
    return Word.PASS


# -- scipy -----------------------------------------------------------------------------------


def check_gradient(problem: Problem, gradients: Gradients, own: bool) -> Word:
    """`scipy.optimize.check_grad`, the inputs put into one vector."""
    function, point = _on_torch(problem)
    sizes = [x.numel() for x in point]

    def value(flat: Any) -> float:
        parts = np.split(np.asarray(flat), np.cumsum(sizes)[:-1])
        tensors = [
            torch.tensor(part, dtype=x.dtype).reshape(x.shape)
            for part, x in zip(parts, point, strict=True)
        ]
        with torch.no_grad():
            return float(function(*tensors))

    claimed = np.concatenate([np.ravel(gradients[name]) for name in problem.wrt])
    start = np.concatenate([np.ravel(problem.inputs[name]) for name in problem.wrt])
    try:
        error = check_grad(value, lambda flat: claimed, start)
    # the function itself may fail at a point beside this one: no gradient is passed then
    except Exception:
        return Word.REJECT
    size = float(np.linalg.norm(claimed))
    return Word.PASS if error <= ACCEPTED * (size or 1.0) else Word.REJECT


# -- jax -------------------------------------------------------------------------------------


def check_gradients(problem: Problem, gradients: Gradients, own: bool) -> Word:
    """`jax.test_util.check_grads`."""
    backend = JaxBackend(problem.dtype)
    on_arrays = objective(problem, backend)
    point = tuple(backend.constant(problem.inputs[name]) for name in problem.wrt)

    def function(*variables: Any) -> Any:
        # check_grads moves its point by numpy
        return on_arrays(*map(jnp.asarray, variables))

    fixed = tuple(backend.constant(gradients[name]) for name in problem.wrt)
    planted = jax.custom_vjp(function)
    planted.defvjp(
        lambda *variables: (function(*variables), None),
        lambda _, cotangent: tuple(jnp.multiply(cotangent, g).astype(g.dtype) for g in fixed),
    )
    try:
        function(*point)
    # what jax cannot run at all says nothing about the gradient
    except Exception:
        return Word.CANNOT
    try:
        jax.test_util.check_grads(function if own else planted, point, order=1, modes=["rev"])
    except Lacking:
        return Word.CANNOT
    # check_grads rejects by raising, of whatever kind
    except Exception:
        return Word.REJECT
    return Word.PASS


PEERS: Mapping[str, Callable[[Problem, Gradients, bool], Word]] = {
    "gradcheck": gradcheck,
    "check_grad": check_gradient,
    "check_grads": check_gradients,
}
