"""Problem → Explanation: the verdict at length, and the cure if there is one."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcalc.calculate import Ask, Case, ask_here, report_of, weigh
from gradcalc.derive.runs import Runs
from gradcalc.enclosure.experiment import Experiment
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.report import Answer, Array, Cured, Explanation, Outcome
from gradcalc.rewrites import Cure, cures
from gradcalc.testimony import Absent, Enclosed, Nature, Slopes, is_close, trusted
from gradcalc.verdict.rough import ends
from gradcalc.witnesses import enclosure

TRIED = 40
"""Programs that are tried as a cure at the most."""

WORK = 2_000_000
"""Functions of elements in all of them together."""

EACH = 20_000
"""As many take as long as a program does that is small."""

STEPS = 3
"""Replacements in a row that make one cure, at the most."""

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
    cure = None if isinstance(case.autograd, Absent) else _cure(case, command, ask)
    return Explanation(report_of(case, command), _answers(case), cure)


def _answers(case: Case) -> tuple[Answer, ...]:
    ours, formula = case.autograd, trusted(case.formula)
    return (
        Answer("autograd", absent=ours.doubt)
        if isinstance(ours, Absent)
        else Answer("autograd", dict(ours.gradients), dict(ours.gradients)),
        Answer("symbolic", absent=case.formula.doubt)
        if formula is None
        else Answer("symbolic", dict(formula.gradients), dict(formula.gradients)),
        _enclosed(case.problem, case.enclosure),
    )


def _enclosed(problem: Problem, exact: Enclosed | Absent) -> Answer:
    if isinstance(exact, Slopes):
        count = len(exact.probes)
        slopes = f"slopes in {count} directions" if count > 1 else "the slope in one direction"
        return Answer("enclosure", note=f"{exact.doubt}: {slopes} enclosed instead")
    if isinstance(exact, Absent) or exact.doubt is not None:
        return Answer("enclosure", absent=exact.doubt)
    if exact.rough:
        return _beside(problem, exact)
    low, high = {}, {}
    for name, values in exact.gradients.items():
        # the midpoints were rounded to floats, by at most half a step
        radius = exact.radii.get(name, np.zeros(values.shape))
        # beyond the range of floats it is the same for both bounds
        radius = np.where(np.isfinite(values), radius, 0.0)
        with np.errstate(all="ignore"):
            low[name] = np.nextafter(values - radius, -np.inf)
            high[name] = np.nextafter(values + radius, np.inf)
    return Answer("enclosure", low, high, f"{exact.bits:,} bits")


def _beside(problem: Problem, exact: Enclosed) -> Answer:
    """The slopes around a kink, beside the gradient of what has one."""
    others = [part.nature for part in exact.rough if part.nature is not Nature.KINK]
    if others:
        return Answer("enclosure", absent=f"no gradient here: {others[0]}")
    low = problem.joined(exact.gradients)
    high, whole = low.copy(), True
    for part in exact.rough:
        low[part.columns], high[part.columns] = ends(part)
        whole = whole and part.whole
    note = "the slopes around this kink" if whole else "slopes around this kink, sampled"
    return Answer("enclosure", problem.split(low), problem.split(high), note)


def _cure(case: Case, command: str, ask: Ask) -> Cured | None:
    """The first form found that is verified; else the best that beats the program itself."""
    least, best = _rank(case), None
    for replacements, found in _forms(case, ask) if least else ():
        rank = _rank(found)
        if rank < least and _is_same(case, found):
            least, best = rank, Cured(replacements, report_of(found, command))
            if not rank:
                break
    return best


def _rank(case: Case) -> int:
    """How far from the best a case is: verified, with the right value."""
    outcome = case.judgement.verdict.outcome
    if outcome not in BETTER:
        return 2 * len(BETTER)
    wrong = any(finding.kind == "value" for finding in report_of(case).findings)
    return 2 * BETTER.index(outcome) + wrong


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
            testified = (w for w in (found.enclosure, found.formula) if not isinstance(w, Absent))
            left -= max([EACH, *(reference.size for reference in testified)])
            yield (*steps, cure), found
            if len(steps) + 1 < STEPS:
                queue.append(((*steps, cure), found.problem))


def _is_same(case: Case, other: Case) -> bool:
    """Whether two programs are the same function, as far as their true values tell.

    They must be at the point, and so at others around it: at one point two functions may agree.
    """
    here = trusted(case.enclosure), trusted(other.enclosure)
    if here[0] is None or here[1] is None or not _agree(case.problem, here[0], here[1]):
        return False
    agreed = 0
    for inputs in _elsewhere(case.problem):
        asked = (replace(c.problem, inputs=inputs, claims={}) for c in (case, other))
        first, second = (enclosure.testify(Experiment(Runs(problem))) for problem in asked)
        if isinstance(first, Absent):
            continue
        if isinstance(second, Absent) or not _agree(case.problem, first, second):
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


def _agree(problem: Problem, first: Enclosed, second: Enclosed) -> bool:
    """Whether the true gradients, or the slopes around a kink, and the true values agree."""
    gradients = [problem.joined(exact.gradients) for exact in (first, second)]
    told = [gradient == gradient for gradient in gradients]
    if len(first.rough) != len(second.rough) or not np.array_equal(*told):
        return False
    # all programs are looked at in the same order of directions
    slopes = [
        (one.gradients, other.gradients)
        for one, other in zip(first.rough, second.rough, strict=True)
    ]
    pairs = [(first.value, second.value), tuple(g[told[0]] for g in gradients), *slopes]
    return all(is_close(one, other) for one, other in pairs)
