"""Gradients that the user expects, from `--expect`."""

import ast
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.lang import trees
from gradcalc.problem import Problem, Room
from gradcalc.testimony import (
    Absent,
    Array,
    Beside,
    Claimed,
    Computed,
    Nature,
    Reference,
    place_of,
    trusted,
)
from gradcalc.verdict.comparing import accepted_error, errors_of, is_told
from gradcalc.verdict.diagnosis import Pair, diagnosed, diagnosed_numbers
from gradcalc.verdict.outcome import (
    EXCUSED,
    Claim,
    Outcome,
    Precision,
    Verdict,
    element_text,
    number_text,
    numbers_apart,
    precision_of,
)
from gradcalc.verdict.rough import SAME, ends, is_valid, seen_by

NO = "and no mixture of the gradients around does"

CLAIMED = 0.75
"""The power of epsilon up to which a claim may be off at a kink: it is worked out, or typed."""

HALF = 0.5
"""A share up to which a number is said to agree with another at all."""

TOLD = 4
"""Numbers up to which a point is told."""


def check_claim(
    problem: Problem,
    name: str,
    autograd: Computed,
    reference: Reference | Absent,
    *,
    accepted: bool,
    tried: Claimed | None = None,
) -> Claim:
    """Hold a claim against the true gradient; where that is not known, against autograd's.

    A formula is judged in exact arithmetic, so that nothing is its inputs' fault; numbers may be
    as far off as autograd's, and be just those that autograd gives if these are `accepted`. A
    formula has to hold at points around as well, where it was `tried`.
    """
    found = _held_here(problem, name, autograd, reference, accepted=accepted)
    if found.holds is False:
        why = found.diagnosis or _diagnosed(problem, name, found, reference, tried)
        return replace(found, diagnosis=why)
    if not is_formula(problem, name) or found.holds is None:
        return found
    groups = () if tried is None else tried.groups
    failed = [next((b for b in group if b.apart.any()), None) for group in groups]
    if failed and None not in failed:
        only = all(beside.apart.any() for group in groups for beside in group)
        return replace(found, holds=False, beside=_said_beside(name, groups), only=only)
    otherwise = None if tried is None or not tried.otherwise else tried.otherwise
    return replace(
        found,
        untried=not failed,
        kept=_kept(problem, name, tried),
        symmetric=() if tried is None else tried.symmetric,
        beside=None if otherwise is None else _said_beside(name, otherwise),
    )


def _diagnosed(
    problem: Problem,
    name: str,
    claim: Claim,
    reference: Reference | Absent,
    tried: Claimed | None,
) -> str | None:
    """What a claim that fails has to do with the gradient, here and wherever it was tried."""
    known = trusted(reference)
    if known is None:
        return None
    # what has no gradient here is NaN, of which nothing is said
    here = Pair(claim.value, np.asarray(known.exact[name], dtype=np.float64))
    counts = {n for values in problem.inputs.values() for n in (values.size, *values.shape)}
    if not is_formula(problem, name):
        return diagnosed_numbers(here, sorted(counts))
    if tried is None:
        return None
    around, elsewhere = (
        [Pair(b.claimed, b.true, b.pieces) for b in besides]
        for besides in (itertools.chain(*tried.groups), tried.elsewhere.beside)
    )
    return diagnosed(
        [here, *around],
        elsewhere,
        sorted(counts),
        smooth=tried.elsewhere.smooth,
        symmetric=tried.elsewhere.symmetric,
    )


def _kept(problem: Problem, name: str, tried: Claimed | None) -> tuple[str, ...]:
    """The inputs that were the same wherever a claim was tried: those that it names or hangs on."""
    if tried is None or not tried.groups:
        return ()
    moved, others = (
        {n for group in groups for beside in group for n in beside.point}
        for groups in (tried.groups, tried.otherwise)
    )
    told = _names(problem, name)
    kept = (n for n in problem.inputs if trees.root(n) in told or n in others)
    return tuple(n for n in kept if n not in moved)


def _said_beside(name: str, groups: Sequence[Sequence[Beside]]) -> str:
    """Where a claim fails, and how."""
    beside = next(beside for group in groups for beside in group if beside.apart.any())
    worst = place_of(beside.apart, beside.true.shape)
    claimed = np.broadcast_to(beside.claimed, beside.true.shape)
    said, truth = numbers_apart(float(claimed[worst]), float(beside.true[worst]))
    numbers = [f"{n}={float(v)!r}" for n, v in beside.point.items() if v.ndim == 0]
    few = len(numbers) == len(beside.point) <= TOLD
    at = f"at {', '.join(numbers)}" if few else "at another point"
    return f"{at} it gives {said} for {element_text(name, worst)}, not {truth}"


def _held_here(
    problem: Problem,
    name: str,
    autograd: Computed,
    reference: Reference | Absent,
    *,
    accepted: bool,
) -> Claim:
    text = problem.claims[name].brief
    known = trusted(reference)
    written = autograd.claims[name]
    value = np.asarray((known or autograd).claims.get(name, written))
    # many digits do not tell one infinity from the other
    value = np.where(np.isfinite(value), value, written)
    settled = None if known is None or known.rough else known
    true: Any = autograd.gradients[name] if settled is None else settled.exact[name]
    shape = np.shape(true)
    spread = np.array(np.broadcast_to(value, shape))
    precision = precision_of(problem.precision)
    literal = not is_formula(problem, name)
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
    room = problem.rooms.get(name) if literal and differs.any() and not problem.strict else None
    few = _too_few(room, spread, true) if room and room.few and settled is not None else None
    room = None if room and room.few else room
    differs &= room is None or _beyond(room, spread, true)
    within = None if room is None or differs.any() else room.said
    holds: bool | None = not differs.any()
    if known is not None and settled is None:
        # there is no gradient here that a claim could be; a valid slope of a kink is one
        holds = _is_slope(problem, name, spread, autograd, known)
        differs = _off_at_corner(problem, name, spread, known, precision) & (not holds)
        if not differs.any() and _is_open(problem, name, known):
            holds = None
    elif known is None and _may_be_rough(name, autograd, reference):
        # nothing is told by what autograd says, but by saying just that
        same = np.array_equal(spread, true) or (holds and np.isfinite(true).all())
        holds, differs = (True if same else None), np.zeros(shape, dtype=np.bool_)
    if not holds or settled is None or literal:
        return Claim(text, spread, holds, differs, within=within, diagnosis=few)
    written = np.broadcast_to(written, shape)
    lost = differing(written, 0.0).any()
    return Claim(text, spread, holds, differs, _digits(written, true, precision) if lost else None)


def _beyond(room: Room, given: Array, true: Any) -> NDArray[np.bool_]:
    """The numbers that are further off than those that were rounded may be."""
    off = np.asarray(true - given, dtype=np.float64)
    cut = np.where(off * np.sign(given) >= 0, room.unit, room.unit / 2)
    # a NaN is within nothing
    return ~np.asarray(np.abs(off) <= np.maximum(cut, room.share * np.abs(true)), dtype=np.bool_)


def _too_few(room: Room, given: Array, true: Any) -> str | None:
    """That numbers agree to the few digits that they have, and how to have that accepted."""
    if _beyond(room, given, true).any():
        return None
    sizes = np.abs(np.asarray(true, dtype=np.float64))
    off = np.abs(np.asarray(true - given, dtype=np.float64))
    cut = np.where(off <= room.unit / 2, room.unit / 2, room.unit)
    with np.errstate(all="ignore"):
        share = float(np.max(np.where(off > 0, cut / sizes, 0.0), initial=0.0))
    if not 0 < share < HALF:
        return None
    power = int(np.floor(np.log10(share)))
    nice = next(n for n in (float(f"{m}e{power}") for m in (1, 2, 5, 10)) if n >= share)
    return f"it agrees {room.said}, which is too few to tell: --tol {nice:g}"


def is_formula(problem: Problem, name: str) -> bool:
    """Whether a claim says something of the inputs, and is not numbers alone."""
    named = {*trees.roots(problem.inputs), *problem.program.assigned, *(n for n, _ in problem.lets)}
    return bool(named & _names(problem, name))


def _names(problem: Problem, name: str) -> set[str]:
    nodes = (node for part in problem.claims[name].body for node in ast.walk(part))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _digits(given: Array, true: Any, precision: Precision) -> float:
    """How many digits of the largest element are right everywhere."""
    size = float(np.max(np.abs(np.ravel(true)), initial=0))
    error = float(np.max(np.abs(true.astype(np.float64) - given), initial=0))
    if not np.isfinite(error):
        return 0.0
    if not error:
        return precision.digits
    return float(min(precision.digits, max(0.0, -np.log10(error / size)))) if size else 0.0


def _claim_differs(
    given: Array, true: Any, condition: float, precision: Precision
) -> NDArray[np.bool_]:
    size = np.max(np.abs(np.ravel(true)), initial=0)
    plain = precision.room
    allowed = max(min(plain * (1 + condition), EXCUSED), plain)
    # rounding takes a true gradient that is beyond a float to infinity
    rounded = true.astype(np.float64) if true.dtype == object else true
    with np.errstate(all="ignore"):
        room = allowed * (np.abs(true) + precision.epsilon * size)
        near = np.asarray(errors_of(given, true) <= room, dtype=np.bool_).reshape(given.shape)
    return np.asarray(~near & (given != rounded), dtype=np.bool_)


def _is_open(problem: Problem, name: str, known: Reference) -> bool:
    """Whether an input has elements without a gradient, or slopes, that a claim could be."""
    marks = {n: np.full(np.shape(true), n == name) for n, true in known.exact.items()}
    own = problem.joined(marks).astype(np.bool_)
    return any(own[part.columns].any() for part in known.rough if part.nature is not Nature.KINK)


def _may_be_rough(name: str, autograd: Computed, reference: Reference | Absent) -> bool:
    """Whether there may be no gradient, where nothing is known of it."""
    # beside a kink autograd's choice is no measure of others
    special = isinstance(reference, Reference) and bool(reference.events)
    return special or not np.isfinite(autograd.gradients[name]).all()


def _is_slope(
    problem: Problem, name: str, claimed: Array, autograd: Computed, known: Reference
) -> bool:
    # nothing is said of the inputs that no claim is about
    given = {n: np.broadcast_to(known.claims.get(n, autograd.claims[n]), g.shape)
             for n, g in autograd.gradients.items() if n in problem.claims}  # fmt: skip
    precision = precision_of(problem.precision)
    exact = problem.joined(known.exact)

    def is_one(names: Collection[str]) -> bool:
        marks = {n: np.full(np.shape(g), n in names) for n, g in autograd.gradients.items()}
        kept = problem.joined(marks).astype(np.bool_)
        numbers = problem.joined({**autograd.gradients, **given, name: claimed})
        if not all(
            is_valid(numbers[part.columns][own], seen_by(part, own), precision, CLAIMED)
            for part in known.rough
            if part.nature is Nature.KINK and (own := kept[part.columns]).any()
        ):
            return False
        differs = _claim_differs(numbers, exact, 0.0, precision)
        return not (differs & is_told(exact) & kept).any()

    return is_one({name}) and is_one(given)


def _off_at_corner(
    problem: Problem, name: str, claimed: Array, known: Reference, precision: Precision
) -> NDArray[np.bool_]:
    """The elements of a claim that are off: from what is told, or from all slopes at a kink."""
    exact = problem.joined(known.exact)
    numbers = problem.joined(
        {n: claimed if n == name else np.zeros(np.shape(v)) for n, v in known.exact.items()}
    )
    told = is_told(exact)
    found = _claim_differs(np.where(told, numbers, 0.0), np.where(told, exact, 0), 0.0, precision)
    for part in known.rough:
        found[part.columns] = False
        if part.nature is Nature.KINK:
            low, high = ends(part)
            room = SAME * np.maximum(np.abs(low), np.abs(high))
            own = numbers[part.columns]
            found[part.columns] = ~((own >= low - room) & (own <= high + room))
    return np.asarray(problem.split(found)[name], dtype=np.bool_)


def with_failed_claim(
    verdict: Verdict, name: str, claim: Claim, autograd: Computed, reference: Reference | Absent
) -> Verdict:
    """The verdict when a claim fails."""
    known = trusted(reference)
    if known is not None and known.rough:
        told = is_told(known.exact[name])
        if claim.differs is not None and (claim.differs & told).any():
            return Verdict(Outcome.WRONG, _failed_claim(name, claim, autograd, known))
        if not all(part.complete for part in known.rough):
            why = f"too many pieces meet here to tell whether {claim.text} is a mixture of theirs"
            return Verdict(Outcome.UNRESOLVED, f"{verdict.message}; {why}")
    if claim.failure is not None:
        return Verdict(Outcome.WRONG, f"the claim {claim.failure}")
    right = ", as autograd says" if verdict.outcome is Outcome.VERIFIED else ""
    return Verdict(Outcome.WRONG, _failed_claim(name, claim, autograd, known) + right)


def with_open_claim(verdict: Verdict, claim: Claim) -> Verdict:
    """The verdict when there is no gradient that a claim could be."""
    why = "there is no gradient here to hold it to"
    return Verdict(verdict.outcome, f"{verdict.message}; {claim.text} cannot be judged: {why}")


def with_claims_beside(verdict: Verdict, claims: Mapping[str, Claim]) -> Verdict:
    """The verdict when autograd is wrong: whether the claims are, too."""
    failed = [claim.text for claim in claims.values() if claim.holds is False]
    open_ones = [claim for claim in claims.values() if claim.holds is None]
    if open_ones and not failed:
        return with_open_claim(verdict, open_ones[0])
    said = f"{', '.join(failed)} does not hold either" if failed else "the claim is right"
    return Verdict(verdict.outcome, f"{verdict.message}; {said}")


def _failed_claim(name: str, claim: Claim, autograd: Computed, known: Reference | None) -> str:
    given = autograd.gradients[name]
    if claim.differs is None or not claim.differs.any():
        return f"the claim {claim.text} fails: no mixture of the gradients around is that"
    worst = place_of(claim.differs, given.shape)
    if known is not None and known.rough and not is_told(known.exact[name])[worst]:
        said = number_text(float(claim.value[worst]))
        return (
            f"the claim {claim.text} fails: it gives {said} for {element_text(name, worst)}, {NO}"
        )
    true = given if known is None else known.exact[name]
    said, truth = numbers_apart(float(claim.value[worst]), true[worst])
    whose = " as autograd does" if known is None else ""
    where = element_text(name, worst)
    return f"the claim {claim.text} fails: it gives {said} for {where}, not {truth}{whose}"
