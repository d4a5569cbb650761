"""At a smooth point: autograd's gradient by one input against the true one."""

from typing import Any

import numpy as np

from gradcalc.problem import Problem
from gradcalc.testimony import Array, Reference, Testimony
from gradcalc.verdict.outcome import (
    EXCUSED,
    FACTOR,
    Comparison,
    Outcome,
    Precision,
    number_text,
    numbers_apart,
    precision_of,
)


def compare(problem: Problem, name: str, autograd: Testimony, reference: Reference) -> Comparison:
    precision = precision_of(problem.dtype)
    given, true = autograd.gradients[name], reference.exact[name]
    finite = np.isfinite(given)
    if not finite.all():
        return Comparison(
            Outcome.WRONG, 0.0, ~finite, _why_not_finite(name, given, true, precision)
        )
    errors = _errors(given, true)
    error, size = max(errors.flat, default=0), max(map(abs, np.ravel(true)), default=0)
    condition = (reference.conditions or {}).get(name)
    relative = float(error / size) if size else (np.inf if error else 0.0)
    digits = _digits(relative, precision)
    plain = FACTOR * precision.epsilon
    excused = condition is not None and not problem.strict
    allowed = plain * (1 + (condition or 0.0)) if excused else plain
    accepted = max(min(allowed, EXCUSED), plain)
    if relative <= accepted:
        why = "" if relative <= plain else "as far as the inputs allow"
        return Comparison(Outcome.VERIFIED, digits, np.zeros(given.shape, dtype=np.bool_), why)
    if not problem.strict and _has_vanished(problem, name, error, size, reference, precision):
        return Comparison(Outcome.VANISHED, digits, np.zeros(given.shape, dtype=np.bool_), "")
    differs = np.array(errors > plain * size, dtype=np.bool_).reshape(given.shape)
    if condition is None and relative < EXCUSED and not problem.strict:
        why = "the witnesses differ by more than rounding, and the conditioning is not known"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    if relative <= allowed:
        why = "the gradient is too ill-conditioned here for its digits to be told"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    why = _why_wrong(name, given, true, errors)
    if digits >= 1:
        why += f" ({digits:.1f} of {precision.digits:.1f} digits are right)"
    return Comparison(Outcome.WRONG, digits, differs, why)


def _why_not_finite(name: str, given: Array, true: Any, precision: Precision) -> str:
    if np.isnan(given).any():
        return (
            f"autograd's gradient by {name} is NaN; the true one is {number_text(_largest(true))}"
        )
    beyond = max(map(abs, np.ravel(true)), default=0) > precision.largest
    range_of = f", beyond {precision.name}'s range" if beyond else ""
    return (
        f"autograd's gradient by {name} is infinite; the true one is {number_text(_largest(true))}"
        f"{range_of}"
    )


def _why_wrong(name: str, given: Array, true: Any, errors: Any) -> str:
    worst = np.unravel_index(max(range(errors.size), key=errors.flat.__getitem__), given.shape)
    where = f"{name}[{', '.join(map(str, worst))}]" if given.shape else name
    ours, truth = numbers_apart(float(given[worst]), true[worst])
    return f"autograd says {ours} for {where}; the true gradient is {truth}"


def _errors(given: Array, true: Any) -> Any:
    difference = np.frompyfunc(lambda g, t: abs(t - float(g)), 2, 1)(given, true)
    return np.asarray(difference, dtype=object).reshape(given.shape)


def _largest(true: Any) -> Any:
    return max(np.ravel(true), key=abs, default=0)


def _digits(relative: float, precision: Precision) -> float:
    if relative == 0:
        return precision.digits
    return float(min(precision.digits, max(0.0, -np.log10(relative))))


def _has_vanished(
    problem: Problem, name: str, error: Any, size: Any, reference: Reference, precision: Precision
) -> bool:
    """Whether the error is below what rounding leaves of the function itself."""
    if error <= precision.smallest and size <= precision.smallest / precision.epsilon:
        return True
    # where a gradient is zero because everything cancels, so may the function itself
    scale = abs(reference.total) if size else reference.scale
    largest = np.abs(problem.inputs[name]).max(initial=0)
    noise = FACTOR * precision.epsilon * scale / max(1.0, largest)
    return bool(error <= noise)
