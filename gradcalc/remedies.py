"""The cure of a case: a form of its program that was run at the point and is right there."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.derive.derivations import Derivations
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.limits import Limits, Seen, see
from gradcalc.problem import Problem
from gradcalc.report import Array, Cured, Outcome, Report
from gradcalc.rewrites import Cure, cures
from gradcalc.testimony import Absent, Computed, Enclosed, Nature, is_close, trusted
from gradcalc.verdict.case import Case, own_outcome
from gradcalc.verdict.comparing import compare, value_holds
from gradcalc.verdict.outcome import precision_of

Weigh = Callable[[Problem], Case]
"""Puts a problem to every witness."""

Try = Callable[[Problem], Computed | Absent]
"""Puts a problem to autograd alone."""

TRIED = 40
"""Programs that autograd is asked about at the most."""

LETTERS = 60_000
"""Characters of all of them together: forms of forms have a multiple of the program's."""

WEIGHED, FEW = 6, 2
"""Those of them that every witness is asked about, and where that takes long."""

PIECES = 32
"""Gradients around a corner from which on it does."""

WORK = 2_000_000
"""Functions of elements in all of them together."""

EACH = 20_000
"""As many take as long as a program does that is small."""

STEPS = 4
"""Replacements in a row that make one cure, at the most."""

LEAST = 2
"""Further points at which two programs must be seen to agree."""

MOVES = (1e-9, 0.01, 0.3, 2.0)
"""How far from the point, in relation to it, two programs are compared too."""

FAR = 1e30
"""A number that stands for infinity there."""


def find(case: Case, attempt: Try, weigh: Weigh, report: Callable[[Case], Report]) -> Cured | None:
    """The first form of the program that is right at the point, None if there is none.

    It is another way to write the same function, or goes on where the program has no value, or is
    a row of the table that says itself where it differs.
    """
    doctor = _Doctor(case)
    weighed, most = 0, doctor.patience
    for steps, problem, answer in _forms(case, attempt):
        changes = next((step.changes for step in steps if step.changes is not None), None)
        changed, apart = changes is not None, any(step.apart for step in steps)
        if not doctor.is_promising(answer, changed=changed, apart=apart):
            continue
        weighed += 1
        if weighed > most:
            return None
        try:
            found = weigh(problem)
        except GradcalcError:
            continue
        if doctor.accepts(found, changed=changed, apart=apart):
            return Cured(steps, report(found), changes)
    return None


def _forms(case: Case, attempt: Try) -> Iterator[tuple[tuple[Cure, ...], Problem, Computed]]:
    """Programs that a few replacements lead to, those of fewer first, and what torch makes of
    them."""
    size = 0 if isinstance(case.enclosure, Absent) else case.enclosure.size
    left = min(TRIED, WORK // max(EACH, size))
    problem = replace(case.problem, claims={})
    known = [name for name, _ in problem.lets]
    queue: deque[tuple[tuple[Cure, ...], Problem]] = deque([((), problem)])
    seen = {(problem.program.source, False)}
    letters = 0
    while queue:
        steps, current = queue.popleft()
        for cure in (*cures(current.program, known), *cures(current.program, known, last=True)):
            key = cure.source, cure.apart
            if key in seen:
                continue
            letters += len(cure.source)
            if len(seen) > left or letters > LETTERS:
                return
            seen.add(key)
            try:
                function = current.program.function
                program = compile_program(cure.source, function=function, known=known)
                other = replace(current, program=program)
                answer = attempt(other)
            except GradcalcError:
                continue
            taken = (*steps, cure)
            if isinstance(answer, Computed):
                yield taken, other, answer
            if len(taken) < STEPS:
                queue.append((taken, other))


class _Doctor:
    """Holds other programs to what is true of one case."""

    def __init__(self, case: Case) -> None:
        exact = trusted(case.enclosure)
        assert isinstance(exact, Enclosed)
        self._problem, self._exact = replace(case.problem, claims={}), exact
        self._derivations = Derivations()
        self._outcome = own_outcome(case)
        rough = exact.rough
        # what has a gradient or all slopes of a kink needs no limits
        known = all(part.nature is Nature.KINK for part in rough)
        self._limits = None if known else Limits(self._problem, exact, self._derivations)

    @property
    def patience(self) -> int:
        """How many programs every witness is asked about."""
        pieces = sum(len(part.gradients) for part in self._exact.rough)
        return FEW if pieces > PIECES else WEIGHED

    def is_promising(self, answer: Computed, *, changed: bool, apart: bool) -> bool:
        """Whether what torch makes of a program can be right."""
        problem, exact = self._problem, self._exact
        if self._limits is not None:
            # without a value to keep only another function can be right
            return (changed or self._limits.has_value) and self._limits.allow(answer)
        numbers = (answer.value, *answer.gradients.values())
        finite = all(bool(np.isfinite(array).all()) for array in numbers)
        if apart:
            return finite
        if exact.rough and not finite:
            return False
        found = (compare(problem, name, answer, exact).outcome for name in problem.wrt)
        return Outcome.WRONG not in found and value_holds(problem, answer, exact)

    def accepts(self, found: Case, *, changed: bool, apart: bool) -> bool:
        """Whether a program is right at the point, and the same function at others.

        One that is `changed` on purpose has to be right as what it is, where the old one has no
        value or the two are `apart`.
        """
        answer, exact = found.autograd, trusted(found.enclosure)
        outcome = found.judgement.verdict.outcome
        if isinstance(answer, Absent) or not isinstance(exact, Enclosed):
            return False
        if apart and self._limits is None:
            fine = outcome is Outcome.VERIFIED
        elif self._limits is None:
            vanished = outcome is Outcome.VANISHED and _is_nearest(found.problem, answer, exact)
            fine = vanished or outcome in (Outcome.VERIFIED, Outcome.KINK)
            fine = fine and _agree(self._problem, self._exact, exact)
        elif changed and not self._limits.has_value:
            fine = outcome is Outcome.VERIFIED
        else:
            fine = self._limits.has_value and self._is_better(outcome)
        fine = fine and value_holds(found.problem, answer, exact)
        return fine and self._same_elsewhere(found, changed=changed, apart=apart)

    def _is_better(self, outcome: Outcome) -> bool:
        """Whether what a program comes to says more than what the old one came to.

        Where neither has a gradient the new one's slopes are those of a side, which is worth
        something if the value is the same from every side.
        """
        assert self._limits is not None
        if outcome in (Outcome.WRONG, Outcome.UNRESOLVED, Outcome.VANISHED):
            return False
        known = outcome in (Outcome.VERIFIED, Outcome.KINK)
        return known or self._outcome is Outcome.WRONG or self._limits.is_reached

    def _same_elsewhere(self, other: Case, *, changed: bool, apart: bool) -> bool:
        """Whether two programs agree around the point: at one alone two functions may.

        One that is `changed` may have no value where the other has one; what is `apart` at the
        point is compared far from it.
        """
        agreed = 0
        for inputs in _ordinary(self._problem) if apart else _elsewhere(self._problem):
            first = see(self._problem, inputs, self._derivations)
            if first is None:
                continue
            second = see(other.problem, inputs, self._derivations)
            if second is None and changed:
                continue
            if second is None or not _is_same(first, second):
                return False
            agreed += 1
        return agreed >= LEAST


def _elsewhere(problem: Problem) -> Iterator[dict[str, Array]]:
    """The inputs moved, further and further, and points of ordinary size of either sign.

    At an extreme point two functions may agree to any number of digits.
    """
    random, inputs = np.random.default_rng(20261), problem.inputs
    # where single inputs are 0 two functions may part
    for name in inputs if len(inputs) > 1 else ():
        drawn = {
            n: 0 * v if n == name else random.standard_normal(v.shape) for n, v in inputs.items()
        }
        yield _rounded(problem, drawn)
    # what is infinite moves where it is as good as that
    near = {name: np.clip(value, -FAR, FAR) for name, value in inputs.items()}
    for scale in MOVES:
        yield _rounded(problem, {
            name: value + scale * (0.5 + np.abs(value)) * random.standard_normal(value.shape)
            for name, value in near.items()
        })  # fmt: skip
    yield from _ordinary(problem)


def _ordinary(problem: Problem) -> Iterator[dict[str, Array]]:
    """Points of ordinary size, which have nothing to do with the inputs."""
    random = np.random.default_rng(20263)

    def drawn() -> dict[str, Array]:
        return {n: random.standard_normal(v.shape) for n, v in problem.inputs.items()}

    yield _rounded(problem, drawn())
    for sign in (1, -1):
        yield _rounded(problem, {n: sign * (0.1 + np.abs(v)) for n, v in drawn().items()})
    # shares and probabilities
    for _ in range(LEAST):
        yield _rounded(
            problem, {n: random.uniform(0.1, 0.9, v.shape) for n, v in problem.inputs.items()}
        )


def _rounded(problem: Problem, values: Mapping[str, Any]) -> dict[str, Array]:
    """Inputs as numbers of the dtype."""
    dtype = problem.dtype
    return {n: np.asarray(np.asarray(v).astype(dtype), np.float64) for n, v in values.items()}


def _is_same(first: Seen, second: Seen) -> bool:
    """Whether two functions have the same value, and the same slopes as far as both are known.

    Where all that one has is known, so must be what the other has.
    """
    if first.is_smooth and not second.is_smooth:
        return False
    known = np.isfinite(first.slopes) & np.isfinite(second.slopes)
    near = is_close(first.slopes[known], second.slopes[known])
    return is_close(first.value, second.value) and near


def _agree(problem: Problem, first: Enclosed, second: Enclosed) -> bool:
    """Whether the true values agree, and the true gradients where both have one.

    Around a kink they do if they do at the points beside it.
    """
    slopes = [problem.joined(exact.gradients) for exact in (first, second)]
    told = np.isfinite(slopes).all(axis=0)
    near = is_close(*(slope[told] for slope in slopes))
    return is_close(first.value, second.value) and near


def _is_nearest(problem: Problem, answer: Computed, exact: Enclosed) -> bool:
    """Whether autograd's gradients are as near to the true ones as the dtype's range lets them."""
    precision = precision_of(problem.precision)
    given, true = problem.joined(answer.gradients), problem.joined(exact.gradients)
    room = precision.room * np.abs(true) + precision.smallest
    return bool(np.all(np.abs(given - true) <= room))
