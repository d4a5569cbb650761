"""Problem → Explanation: the verdict at length, and the cure if there is one."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcalc.calculate import Ask, Case, ask_here, report_of, weigh
from gradcalc.cures import Cure, cures
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.report import Answer, Array, Cured, Explanation, Outcome
from gradcalc.testimony import Nature, Reference
from gradcalc.witnesses import enclosure

TRIED = 40
"""Programs that are tried as a cure at the most."""

WORK = 2_000_000
"""Functions of elements in all of them together."""

EACH = 20_000
"""As many take as long as a program does that is small."""

STEPS = 3
"""Replacements in a row that make one cure, at the most."""

AGREED = 1e-9
"""The relative difference up to which two true gradients are the same."""

LEAST = 2
"""Further points at which two programs must be seen to agree."""

MOVES = (0.01, 0.3, 2.0)
"""How far from the point, in relation to it, two programs are compared too."""

BETTER = (Outcome.VERIFIED, Outcome.VANISHED, Outcome.KINK)
"""What a cure may come to, the best first."""


def explain(problem: Problem, command: str = "why", ask: Ask = ask_here) -> Explanation:
    """Ask every witness, and look for a form of the program that does better.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    case = weigh(problem, ask)
    cure = None if case.autograd.absent is not None else _cure(case, command, ask)
    return Explanation(report_of(case, command), _answers(case), cure)


def _answers(case: Case) -> tuple[Answer, ...]:
    given = dict(case.autograd.gradients)
    formula = case.formula
    return (
        Answer("autograd", given, given, absent=case.autograd.absent),
        Answer("symbolic", absent=formula.absent)
        if formula.absent is not None
        else Answer("symbolic", dict(formula.gradients), dict(formula.gradients)),
        _enclosed(case.problem, case.enclosure),
    )


def _enclosed(problem: Problem, reference: Reference) -> Answer:
    if reference.absent is not None and reference.probes:
        count = len(reference.probes)
        slopes = f"slopes in {count} directions" if count > 1 else "the slope in one direction"
        return Answer("enclosure", note=f"too large for every element: {slopes} enclosed")
    if reference.absent is not None:
        return Answer("enclosure", absent=reference.absent)
    around = reference.around
    if around is not None and around.nature is Nature.KINK:
        low = _split(around.gradients.min(axis=0), problem)
        high = _split(around.gradients.max(axis=0), problem)
        return Answer("enclosure", low, high, "the slopes around this kink")
    if around is not None and around.nature is not Nature.SMOOTH:
        return Answer("enclosure", absent=f"no gradient here: {around.nature}")
    low, high = {}, {}
    for name, values in reference.gradients.items():
        # the midpoints were rounded to floats, by at most half a step
        radius = reference.radii.get(name, np.zeros(values.shape))
        with np.errstate(all="ignore"):
            low[name] = np.nextafter(values - radius, -np.inf)
            high[name] = np.nextafter(values + radius, np.inf)
    return Answer("enclosure", low, high, f"{reference.bits:,} bits")


def _split(flat: Array, problem: Problem) -> dict[str, Array]:
    sizes = [problem.inputs[name].size for name in problem.wrt]
    parts = np.split(flat, np.cumsum(sizes)[:-1]) if sizes else []
    shaped = zip(problem.wrt, parts, strict=True)
    return {name: part.reshape(problem.inputs[name].shape) for name, part in shaped}


def _cure(case: Case, command: str, ask: Ask) -> Cured | None:
    """The first form found that is verified; else the best that beats the program itself."""
    if case.judgement.verdict.outcome is Outcome.VERIFIED and _right_value(case):
        return None
    best: tuple[int, Cured] | None = None
    for replacements, found in _forms(case, ask):
        rank = _rank(found)
        if rank < _rank(case) and (best is None or rank < best[0]) and _is_same(case, found):
            best = rank, Cured(replacements, report_of(found, command))
            if not rank:
                break
    return None if best is None else best[1]


def _rank(case: Case) -> int:
    outcome = case.judgement.verdict.outcome
    if outcome not in BETTER:
        return 2 * len(BETTER)
    return 2 * BETTER.index(outcome) + (not _right_value(case))


def _right_value(case: Case) -> bool:
    return not any(finding.kind == "value" for finding in report_of(case).findings)


def _forms(case: Case, ask: Ask) -> Iterator[tuple[tuple[Cure, ...], Case]]:
    """Programs that a few replacements lead to, those of fewer first."""
    left = WORK
    problem = replace(case.problem, claims={})
    known = [name for name, _ in problem.lets]
    queue: deque[tuple[tuple[Cure, ...], Problem]] = deque([((), problem)])
    seen = {problem.program.source}
    while queue:
        steps, current = queue.popleft()
        for cure in cures(current.program, known):
            if len(seen) > TRIED or left < 0:
                return
            if cure.source in seen:
                continue
            seen.add(cure.source)
            try:
                function = current.program.function
                program = compile_program(cure.source, function=function, known=known)
                found = weigh(replace(current, program=program), ask)
            except GradcalcError:
                continue
            left -= max(EACH, found.enclosure.size, found.formula.size)
            yield (*steps, cure), found
            if len(steps) + 1 < STEPS:
                queue.append(((*steps, cure), found.problem))


def _is_same(case: Case, other: Case) -> bool:
    """Whether two programs are the same function, as far as their true values tell.

    They must be at the point, and so at others around it: at one point two functions may agree.
    """
    if not _agree(case.problem, case.enclosure, other.enclosure):
        return False
    agreed = 0
    for inputs in _elsewhere(case.problem):
        asked = (replace(c.problem, inputs=inputs, claims={}) for c in (case, other))
        first, second = (enclosure.testify(Experiment(Runs(problem))) for problem in asked)
        if first.absent is not None:
            continue
        if second.absent is not None:
            return False
        if not _agree(case.problem, first, second):
            return False
        agreed += 1
    return agreed >= LEAST


def _elsewhere(problem: Problem) -> Iterator[dict[str, Array]]:
    """The inputs moved, further and further, and points of ordinary size of either sign.

    At an extreme point two functions may agree to any number of digits.
    """
    random = np.random.default_rng(20261)

    def rounded(values: Array) -> Array:
        return np.asarray(values.astype(problem.dtype), dtype=np.float64)

    def drawn(value: Array) -> Array:
        return np.asarray(random.standard_normal(value.shape))

    inputs = problem.inputs
    for scale in MOVES:
        sizes = {name: scale * (0.5 + np.abs(value)) for name, value in inputs.items()}
        yield {name: rounded(v + sizes[name] * drawn(v)) for name, v in inputs.items()}
    yield {name: rounded(drawn(value)) for name, value in inputs.items()}
    for sign in (1, -1):
        yield {n: rounded(sign * (0.1 + np.abs(drawn(v)))) for n, v in inputs.items()}


def _agree(problem: Problem, first: Reference, second: Reference) -> bool:
    """Whether the true gradients, or the slopes around a kink, and the true values agree."""
    if first.absent is not None or second.absent is not None:
        return False
    slopes = [_around(reference) for reference in (first, second)]
    if all(around is None for around in slopes):
        slopes = [
            np.concatenate([np.ravel(reference.gradients[name]) for name in problem.wrt])
            for reference in (first, second)
        ]
    return _close(first.value, second.value) and _close(*slopes)


def _around(reference: Reference) -> Array | None:
    """The slopes around a kink, in the order in which all programs are looked at."""
    around = reference.around
    rough = around is not None and around.nature is not Nature.SMOOTH
    return around.gradients if around is not None and rough else None


def _close(first: Array | None, second: Array | None) -> bool:
    if first is None or second is None or first.shape != second.shape:
        return False
    room = AGREED * np.max(np.abs(np.ravel(first)), initial=0)
    with np.errstate(all="ignore"):
        return bool(np.all((np.abs(first - second) <= room) | (first == second)))
