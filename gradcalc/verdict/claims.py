"""Gradients that the user expects, from `--expect`."""

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.problem import Problem
from gradcalc.testimony import Absent, Array, Computed, Nature, Reference, place_of, trusted
from gradcalc.verdict.comparing import accepted_error, errors_of, is_told
from gradcalc.verdict.outcome import (
    EXCUSED,
    FACTOR,
    Claim,
    Outcome,
    Precision,
    Verdict,
    element_text,
    numbers_apart,
    precision_of,
)
from gradcalc.verdict.rough import is_valid


def check_claim(
    problem: Problem,
    name: str,
    autograd: Computed,
    reference: Reference | Absent,
    *,
    accepted: bool,
) -> Claim:
    """Hold a claim against the true gradient; where that is not known, against autograd's.

    A formula is judged in exact arithmetic, so that nothing is its inputs' fault; numbers may be
    as far off as autograd's, and be just those that autograd gives if these are `accepted`.
    """
    text = problem.claims[name].source
    known = trusted(reference)
    value = np.asarray((known or autograd).claims.get(name, autograd.claims[name]))
    settled = None if known is None or known.rough else known
    true: Any = autograd.gradients[name] if settled is None else settled.exact[name]
    shape = np.shape(true)
    if value.size != 1 and value.shape != shape:
        return Claim(text, value, False, None)
    spread = np.array(np.broadcast_to(value.reshape(()) if value.size == 1 else value, shape))
    precision = precision_of(problem.dtype)
    literal = _is_literal(problem, name)
    excused = literal and settled is not None and not problem.strict
    condition = settled.sensitivity.conditions.get(name, 0.0) if settled and excused else 0.0

    def differing(given: Array, condition: float) -> NDArray[np.bool_]:
        found = _claim_differs(given, true, condition, precision)
        rounded = settled is not None and true.dtype != object and not problem.strict
        if settled is not None and rounded and found.any():
            # what it is held to is rounded itself; but no element has hardly a right digit
            room = accepted_error(problem, name, settled) * np.max(np.abs(true), initial=0)
            off = np.abs(true - given)
            found &= ~((off <= room) & (off <= EXCUSED * np.abs(true)))
        return found

    differs = differing(spread, condition)
    if literal and accepted and np.array_equal(spread, autograd.gradients[name]):
        differs = np.zeros(shape, dtype=np.bool_)
    holds = not differs.any()
    if known is not None and settled is None:
        # there is no gradient here that a claim could be; a valid slope of a kink is one
        holds = _is_slope(problem, name, spread, autograd, known)
        differs = differs & (not holds)
    if not holds or settled is None or literal:
        return Claim(text, spread, holds, differs)
    written = np.broadcast_to(np.reshape(autograd.claims[name], value.shape), shape)
    lost = differing(written, 0.0).any()
    return Claim(text, spread, holds, differs, _digits(written, true, precision) if lost else None)


def _is_literal(problem: Problem, name: str) -> bool:
    """Whether a claim is numbers, and says nothing of the inputs."""
    named = {*problem.inputs, *problem.program.assigned, *(n for n, _ in problem.lets)}
    nodes = (node for part in problem.claims[name].body for node in ast.walk(part))
    return not any(isinstance(node, ast.Name) and node.id in named for node in nodes)


def _digits(given: Array, true: Any, precision: Precision) -> float:
    """How many digits of the largest element are right everywhere."""
    size = float(np.max(np.abs(np.ravel(true)), initial=0))
    error = float(np.max(np.abs(true.astype(np.float64) - given), initial=0))
    if not np.isfinite(error):
        return 0.0
    if not error:
        return precision.digits
    return float(np.clip(-np.log10(error / size), 0.0, precision.digits)) if size else 0.0


def _claim_differs(
    given: Array, true: Any, condition: float, precision: Precision
) -> NDArray[np.bool_]:
    size = np.max(np.abs(np.ravel(true)), initial=0)
    plain = FACTOR * precision.epsilon
    allowed = max(min(plain * (1 + condition), EXCUSED), plain)
    # rounding takes a true gradient that is beyond a float to infinity
    rounded = true.astype(np.float64) if true.dtype == object else true
    with np.errstate(all="ignore"):
        room = allowed * (np.abs(true) + precision.epsilon * size)
        near = np.asarray(errors_of(given, true) <= room, dtype=np.bool_).reshape(given.shape)
    return np.asarray(~near & (given != rounded), dtype=np.bool_)


def _is_slope(
    problem: Problem, name: str, claimed: Array, autograd: Computed, known: Reference
) -> bool:
    if any(part.nature is not Nature.KINK for part in known.rough):
        return False
    given, precision = (
        problem.joined({**autograd.gradients, name: claimed}),
        precision_of(problem.dtype),
    )
    if not all(is_valid(given[part.columns], part, precision) for part in known.rough):
        return False
    differs = _claim_differs(given, problem.joined(known.exact), 0.0, precision)
    return not (differs & is_told(problem.joined(known.exact))).any()


def with_failed_claim(
    verdict: Verdict, name: str, claim: Claim, autograd: Computed, reference: Reference | Absent
) -> Verdict:
    """The verdict when a claim fails: wrong, unless there is no gradient for it to be."""
    known = trusted(reference)
    infinite = not np.isfinite(autograd.gradients[name]).all()
    rough = infinite if known is None else bool(known.rough)
    if rough and claim.differs is not None and verdict.outcome is not Outcome.KINK:
        message = f"{verdict.message}; the claim {claim.text} has nothing to be held against"
        return Verdict(verdict.outcome, message)
    right = ", as autograd says" if verdict.exit_code == 0 else ""
    return Verdict(Outcome.WRONG, _failed_claim(name, claim, autograd, known) + right)


def with_claims_beside(verdict: Verdict, claims: Mapping[str, Claim]) -> Verdict:
    """The verdict when autograd is wrong: whether the claims are, too."""
    failed = [claim.text for claim in claims.values() if not claim.holds]
    said = f"{', '.join(failed)} does not hold either" if failed else "the claim is right"
    return Verdict(verdict.outcome, f"{verdict.message}; {said}")


def _failed_claim(name: str, claim: Claim, autograd: Computed, known: Reference | None) -> str:
    given = autograd.gradients[name]
    if claim.differs is None:
        return (
            f"the claim {claim.text} does not hold: its shape is {claim.value.shape}, that of"
            f" the gradient by {name} {given.shape}"
        )
    worst = place_of(claim.differs, given.shape)
    true = given if known is None or known.rough else known.exact[name]
    said, truth = numbers_apart(float(claim.value[worst]), true[worst])
    whose = " as autograd does" if known is None else ""
    where = element_text(name, worst)
    return f"the claim {claim.text} fails: it gives {said} for {where}, not {truth}{whose}"
