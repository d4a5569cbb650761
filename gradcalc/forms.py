"""The forms that formulas have where more is known of the inputs, and what those show."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from gradcalc.certificates import certificates, convexity
from gradcalc.definiteness import Known
from gradcalc.derive.meaning import settled
from gradcalc.derive.runs import budget, record
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import ancestry
from gradcalc.expr.written import Written
from gradcalc.findings import Finding
from gradcalc.problem import Problem
from gradcalc.report import InputGradient, Outcome, Report
from gradcalc.smoothness import is_smooth
from gradcalc.structure import among_symmetric, structured
from gradcalc.traits import DIAGONAL, POSITIVE, SEMIDEFINITE, SIMPLEX, SYMMETRIC, Traits


def known_of(
    ranks: Mapping[str, int], traits: Traits, counts: Collection[str] = frozenset()
) -> Known:
    """What is known of inputs, and of letters that stand for how many there are of something."""

    def having(*words: str) -> frozenset[str]:
        return frozenset(name for name, own in traits.items() if own.intersection(words))

    return Known(
        ranks={**ranks, **dict.fromkeys(counts, 0)},
        nonnegative=having(POSITIVE, SIMPLEX) | frozenset(counts),
        symmetric=having(SYMMETRIC),
        definite=having(SEMIDEFINITE),
        diagonal=having(DIAGONAL),
        counts=frozenset(counts),
    )


NONE_THERE = (Outcome.KINK, Outcome.JUMP, Outcome.EDGE, Outcome.SINGULAR)
"""Where there is no Hessian."""


def shown(
    problem: Problem, formula: Written | None, by: str, known: Known
) -> tuple[tuple[str, ...], str | None]:
    """What the form of the Hessian by one input shows, in words, and what follows for the function;
    None where nothing does."""
    own = settled(problem)
    trace = record(own, Floats(), own.inputs, budget(own)).trace
    if trace.path:
        # elsewhere the program may go another way
        return (), None
    matrix = bool(problem.inputs[by].ndim)
    words = certificates(formula, problem.wrt, known, matrix=matrix)
    if formula is None or not words:
        return words, None
    nodes = ancestry([trace.output])
    if trace.output.shape or trace.detached or not is_smooth(nodes):
        return words, None
    return words, convexity(words, formula, by, known, nodes, matrix=matrix)


def with_forms(problem: Problem, kind: str, found: Report) -> Report:
    """The report with the forms that its formulas have for such inputs, and what those show."""
    made = tuple(_structured(problem, gradient) for gradient in found.gradients)
    told: list[Finding] = []
    if kind == "hessian" and len(problem.wrt) == 1 and found.verdict.outcome not in NONE_THERE:
        told.extend(_of_hessian(problem, made[0]))
    if kind == "grad":
        told.extend(f for gradient in made for f in _among_symmetric(problem, gradient))
    return replace(found, gradients=made, findings=(*found.findings, *told))


def _structured(problem: Problem, found: InputGradient) -> InputGradient:
    """A derivative with its formula as it is for what is known of the inputs."""
    by = found.name.split(",")[0]
    if found.formula is None or by not in problem.inputs or not problem.traits:
        return found
    return replace(found, formula=structured(found.formula, by, problem, problem.traits))


def _among_symmetric(problem: Problem, found: InputGradient) -> Iterator[Finding]:
    """What of a gradient counts among symmetric matrices, where an input is known to be one."""
    if found.formula is None or found.name not in problem.traits:
        return
    part = among_symmetric(found.formula, found.name, problem, problem.traits)
    if part is not None and part.text != found.formula.text:
        of = f"the gradient by {found.name} is that of all its elements, each by itself"
        yield Finding("form", f"{of}; among symmetric {found.name} it is {part.text}")


def _of_hessian(problem: Problem, block: InputGradient) -> Iterator[Finding]:
    """What a Hessian by one input shows."""
    known = known_of({n: value.ndim for n, value in problem.inputs.items()}, problem.traits)
    words, follows = shown(problem, block.formula, problem.wrt[0], known)
    if words:
        yield Finding("form", f"by its form the Hessian is {', '.join(words)}")
    if follows is not None:
        yield Finding("form", follows)
