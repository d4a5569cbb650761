"""Gradients → verdict: who is right, by the rounding of the dtype and nothing else.

An error e, relative to the largest element of the true gradient and in units of the dtype's
epsilon, is accepted up to 64·(1 + κ), where κ is how strongly the true gradient reacts to a
relative change of the inputs. There are no tolerances to tune.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.problem import Problem
from gradcalc.testimony import Array, Event, Nature, Neighbourhood, Reference, Testimony

FACTOR = 64
"""Accepted error in units of epsilon, for a well-conditioned gradient."""

EXCUSED = 2.0**-6
"""The largest relative error that bad conditioning can excuse; beyond it nothing is proved."""


class Outcome(StrEnum):
    """What became of the check; the words of the JSON report."""

    VERIFIED = "verified"
    VANISHED = "vanished"
    WRONG = "wrong"
    KINK = "kink"
    EDGE = "edge"
    JUMP = "jump"
    SINGULAR = "singular"
    UNRESOLVED = "unresolved"

    @property
    def exit_code(self) -> int:
        """0 for a gradient that is right, 1 for a wrong one, 3 where there is none to verify."""
        if self in (Outcome.VERIFIED, Outcome.VANISHED):
            return 0
        return 1 if self is Outcome.WRONG else 3


NOTHING = 1e-40
"""What many digits leave of a gradient that is zero."""

SEVERITY = (
    Outcome.WRONG,
    Outcome.UNRESOLVED,
    Outcome.VANISHED,
    Outcome.VERIFIED,
)
"""Outcomes of single inputs at a smooth point, worst first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome with one sentence that says why."""

    outcome: Outcome
    message: str

    @property
    def exit_code(self) -> int:
        """The exit code that goes with the outcome."""
        return self.outcome.exit_code


@dataclass(frozen=True, slots=True)
class Precision:
    """A dtype's rounding: epsilon, decimal digits, smallest normal and largest number."""

    epsilon: float
    digits: float
    smallest: float
    largest: float


def precision_of(dtype: str) -> Precision:
    """The rounding of float16, float32 or float64."""
    info = np.finfo(dtype)
    digits = (info.nmant + 1) * float(np.log10(2))
    return Precision(float(info.eps), digits, float(info.tiny), float(info.max))


@dataclass(frozen=True, slots=True)
class Claim:
    """A gradient that the user expects, from `--expect`, and whether it holds.

    `differs` marks the elements that do not hold; None when the shapes do not even fit.
    """

    text: str
    value: Array
    holds: bool
    differs: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One input's gradient against the truth: its outcome, right digits and wrong elements."""

    outcome: Outcome
    digits: float | None
    differs: NDArray[np.bool_] | None
    why: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, with what it was reached from for each input."""

    verdict: Verdict
    comparisons: Mapping[str, Comparison]
    claims: Mapping[str, Claim]


def judge(problem: Problem, autograd: Testimony, reference: Reference) -> Judgement:
    """Weigh what the witnesses say."""
    precision = precision_of(problem.dtype)
    comparisons: dict[str, Comparison] = {}
    verdict = _before_comparing(autograd, reference)
    if verdict is None and _is_smooth(reference.around):
        comparisons = {n: _compare(problem, n, autograd, reference) for n in problem.wrt}
        verdict = _summed_up(problem, comparisons, precision)
    elif verdict is None:
        assert reference.around is not None
        verdict = _rough(reference.around, problem, autograd, reference, precision)
    settled = reference.absent is None and _is_smooth(reference.around)
    claims = {
        name: _check_claim(problem, name, autograd, reference if settled else None, precision)
        for name in problem.claims
    }
    failed = [name for name, claim in claims.items() if not claim.holds]
    if failed and verdict.outcome is not Outcome.WRONG:
        verdict = Verdict(Outcome.WRONG, _failed_claim(failed[0], claims[failed[0]], autograd))
    return Judgement(verdict, comparisons, claims)


def _is_smooth(around: Neighbourhood | None) -> bool:
    return around is None or around.nature is Nature.SMOOTH


def _before_comparing(autograd: Testimony, reference: Reference) -> Verdict | None:
    if reference.absent is not None:
        return Verdict(Outcome.UNRESOLVED, f"not checked: {reference.absent}")
    ways = [[(b.line, b.taken) for b in path] for path in (autograd.path, reference.path)]
    if ways[0] != ways[1]:
        return Verdict(
            Outcome.UNRESOLVED,
            "exact arithmetic takes another branch than the floats did: rounding chose this one",
        )
    return None


def _compare(problem: Problem, name: str, autograd: Testimony, reference: Reference) -> Comparison:
    precision = precision_of(problem.dtype)
    given, true = autograd.gradients[name], reference.exact[name]
    finite = np.isfinite(given)
    if not finite.all():
        word = "NaN" if np.isnan(given).any() else "infinite"
        return Comparison(
            Outcome.WRONG, 0.0, ~finite, f"autograd's gradient by {name} is {word}; the true one is"
            f" {_number(_largest(true))}",
        )  # fmt: skip
    errors = _errors(given, true)
    error, size = max(errors.flat, default=0), max(map(abs, np.ravel(true)), default=0)
    condition = (reference.conditions or {}).get(name)
    relative = float(error / size) if size else (np.inf if error else 0.0)
    digits = _digits(relative, precision)
    plain = FACTOR * precision.epsilon
    allowed = plain if problem.strict or condition is None else plain * (1 + condition)
    differs = np.array(errors > max(min(allowed, EXCUSED), plain) * size, dtype=np.bool_).reshape(
        given.shape
    )
    if relative <= plain:
        return Comparison(Outcome.VERIFIED, digits, differs, "")
    if relative <= min(allowed, EXCUSED):
        return Comparison(Outcome.VERIFIED, digits, differs, "as far as the inputs allow")
    if not problem.strict and _has_vanished(problem, error, size, reference, precision):
        return Comparison(Outcome.VANISHED, digits, np.zeros_like(differs), "")
    differs = np.array(errors > plain * size, dtype=np.bool_).reshape(given.shape)
    if condition is None and relative < EXCUSED and not problem.strict:
        why = "the witnesses differ by more than rounding, and the conditioning is not known"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    if relative <= allowed:
        why = "the gradient is too ill-conditioned here for its digits to be told"
        return Comparison(Outcome.UNRESOLVED, digits, differs, why)
    worst = np.unravel_index(int(np.argmax(errors.astype(np.float64))), given.shape)
    where = f"{name}[{', '.join(map(str, worst))}]" if given.shape else name
    ours, truth = _apart(float(given[worst]), float(true[worst]))
    why = f"autograd says {ours} for {where}; the true gradient is {truth}"
    if digits >= 1:
        why += f" ({digits:.1f} of {precision.digits:.1f} digits are right)"
    return Comparison(Outcome.WRONG, digits, differs, why)


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
    problem: Problem, error: Any, size: Any, reference: Reference, precision: Precision
) -> bool:
    """Whether gradient and error are both below what rounding leaves of the function itself."""
    if error <= precision.smallest and size <= precision.smallest / precision.epsilon:
        return True
    values = [abs(problem.inputs[name]).max(initial=0) for name in problem.wrt]
    # where a gradient is zero because everything cancels, so may the function itself
    scale = abs(reference.total) if size > NOTHING else reference.scale
    noise = FACTOR * precision.epsilon * scale / max(1.0, *values)
    return bool(error <= noise and size <= noise)


def _summed_up(
    problem: Problem, comparisons: Mapping[str, Comparison], precision: Precision
) -> Verdict:
    worst = min(comparisons.values(), key=lambda c: SEVERITY.index(c.outcome))
    if worst.outcome in (Outcome.WRONG, Outcome.UNRESOLVED):
        return Verdict(worst.outcome, worst.why)
    if worst.outcome is Outcome.VANISHED:
        return Verdict(
            Outcome.VANISHED,
            "the gradient is lost in rounding on the function's own scale, which is right",
        )
    digits = min(c.digits or 0.0 for c in comparisons.values())
    excuse = next((f", {c.why}" for c in comparisons.values() if c.why), "")
    shown = f"{np.floor(digits * 10) / 10:.1f} of {np.floor(precision.digits * 10) / 10:.1f}"
    return Verdict(
        Outcome.VERIFIED, f"autograd and the symbolic check agree to {shown} digits{excuse}"
    )


def _rough(
    around: Neighbourhood,
    problem: Problem,
    autograd: Testimony,
    reference: Reference,
    precision: Precision,
) -> Verdict:
    culprit = _culprit(reference.events)
    if around.nature is Nature.EDGE:
        what = "on the border of" if around.inside else "outside"
        return Verdict(Outcome.EDGE, f"this point is {what} the domain{culprit}")
    if around.nature is Nature.JUMP:
        return Verdict(Outcome.JUMP, f"the function is discontinuous here{culprit}")
    if around.nature is Nature.SINGULAR:
        return Verdict(Outcome.SINGULAR, f"the gradient grows without bound here{culprit}")
    given = np.concatenate([autograd.gradients[name].ravel() for name in problem.wrt])
    if _in_hull(given, around, precision):
        return Verdict(
            Outcome.KINK, f"the function has a kink here{culprit}; autograd's choice is a valid one"
        )
    low, high = around.gradients.min(axis=0), around.gradients.max(axis=0)
    worst = int(np.argmax(~(np.isfinite(given) & (given >= low) & (given <= high))))
    return Verdict(
        Outcome.WRONG,
        f"the function has a kink here{culprit}, with gradients from {_number(low[worst])} to"
        f" {_number(high[worst])}; autograd says {_number(given[worst])}",
    )


def _in_hull(given: Array, around: Neighbourhood, precision: Precision) -> bool:
    """Whether a gradient is a mixture of those around the point.

    Along every sampled direction its slope must lie between the smallest and the largest slope
    of the samples, and so must each of its components.
    """
    if not np.isfinite(given).all():
        return False
    directions = np.concatenate([around.directions, np.eye(given.size)])
    slopes = around.gradients @ directions.T
    own = directions @ given
    room = FACTOR * precision.epsilon * max(np.abs(around.gradients).max(initial=0), 0.0)
    room = room * np.abs(directions).sum(axis=1)
    return bool(np.all((own >= slopes.min(axis=0) - room) & (own <= slopes.max(axis=0) + room)))


def _culprit(events: tuple[Event, ...]) -> str:
    if not events:
        return ""
    event = events[0]
    return f" ({event.primitive} at {', '.join(_number(v) for v in event.at)})"


def _check_claim(
    problem: Problem,
    name: str,
    autograd: Testimony,
    reference: Reference | None,
    precision: Precision,
) -> Claim:
    text = problem.claims[name].source
    value = (reference or autograd).claims[name]
    true: Any = autograd.gradients[name] if reference is None else reference.exact[name]
    shape = np.shape(true)
    if value.size != 1 and value.shape != shape:
        return Claim(text, value, False, None)
    spread = np.broadcast_to(value.reshape(()) if value.size == 1 else value, shape)
    size = max(map(abs, np.ravel(true)), default=0)
    condition = 0.0 if reference is None else (reference.conditions or {}).get(name, 0.0)
    allowed = min(FACTOR * precision.epsilon * (1 + condition), EXCUSED)
    finite = np.isfinite(spread)
    errors = _errors(np.where(finite, spread, 0.0), true)
    good = np.array([e <= allowed * size for e in errors.flat], dtype=np.bool_).reshape(shape)
    same = np.array(
        [str(float(t)) == str(v) for t, v in zip(np.ravel(true), spread.flat, strict=True)]
    )
    differs = ~((good & finite) | same.reshape(shape))
    return Claim(text, np.array(spread), not differs.any(), differs)


def _failed_claim(name: str, claim: Claim, autograd: Testimony) -> str:
    shape = autograd.gradients[name].shape
    if claim.differs is None:
        return (
            f"the claim {claim.text} does not hold: its shape is {claim.value.shape}, that of"
            f" the gradient by {name} {shape}"
        )
    worst = np.unravel_index(int(np.argmax(claim.differs)), shape)
    where = f"{name}[{', '.join(map(str, worst))}]" if shape else name
    given, truth = _number(claim.value[worst]), _number(autograd.gradients[name][worst])
    return f"the claim {claim.text} does not hold: it gives {given} for {where}, not {truth}"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _apart(first: float, second: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart."""
    for digits in range(6, 18):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
