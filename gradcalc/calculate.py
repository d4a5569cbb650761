"""Problem → Report: the map of the program."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradcalc import findings, verdict
from gradcalc.problem import Problem
from gradcalc.report import InputGradient, Report
from gradcalc.testimony import LEFT_OUT, Array, Formula, Nature, Reference, Testimony
from gradcalc.verdict import Judgement

if TYPE_CHECKING:
    # it brings sympy with it, which an unchecked calculation does without
    from gradcalc.derive.derivations import Derivations

UNCHECKED = "--no-check leaves out the check"


@dataclass(frozen=True, slots=True)
class Case:
    """What every witness says about a problem, and the judgement."""

    problem: Problem
    autograd: Testimony
    formula: Reference
    enclosure: Reference
    judgement: Judgement


def calculate(
    problem: Problem, command: str = "grad", *, derivations: "Derivations | None" = None
) -> Report:
    """Ask every witness, weigh the answers, and report.

    With `derivations` a program that was derived before is not derived again.
    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    return report_of(weigh(problem, derivations), command)


def weigh(problem: Problem, derivations: "Derivations | None" = None) -> Case:
    """Ask every witness and weigh the answers.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    from gradcalc.witnesses import autograd

    ours = autograd.testify(problem)
    formula, exact = _checked(problem, derivations)
    judgement = verdict.judge(problem, ours, formula, exact)
    if judgement.reference is exact and verdict.is_puzzling(problem, ours, judgement):
        from gradcalc.witnesses import enclosure

        exact = enclosure.diagnose(problem, exact)
        judgement = verdict.judge(problem, ours, formula, exact)
    formula = verdict.upheld(formula, judgement.reference)
    return Case(problem, ours, formula, exact, judgement)


def _checked(problem: Problem, derivations: "Derivations | None") -> tuple[Reference, Reference]:
    """What the other witnesses say, where they are asked."""
    if not problem.check:
        return (
            Reference(witness="symbolic", absent=UNCHECKED),
            Reference(witness="enclosure", absent=UNCHECKED),
        )
    from gradcalc.enclosure.course import Memory
    from gradcalc.witnesses import enclosure, symbolic

    if derivations is None:
        formula, memory = symbolic.testify(problem), Memory()
    else:
        formula = symbolic.testify_by(derivations.record, problem)
        memory = derivations.beside(problem, Memory)
    if not problem.enclose:
        return formula, Reference(witness="enclosure", absent=LEFT_OUT, too_large=True)
    return formula, enclosure.testify(problem, formula.size, formula.digits, memory)


def report_of(case: Case, command: str = "grad") -> Report:
    """The case as the data that is shown."""
    problem, ours, formula = case.problem, case.autograd, case.formula
    judgement = case.judgement
    witnesses = (ours, formula, case.enclosure)
    assert ours.value is not None
    return Report(
        command=command,
        program=problem.program.source,
        dtype=problem.dtype,
        value=ours.value,
        inputs=problem.inputs,
        gradients=tuple(_gradient(name, ours, formula, judgement) for name in problem.wrt),
        verdict=judgement.verdict,
        witnesses=tuple(
            w.witness
            for w in witnesses
            if w.absent is None or (w is case.enclosure and judgement.directions)
        ),
        summed=bool(np.ndim(ours.value)) and problem.cotangent is None,
        cotangent=problem.cotangent,
        of=problem.of,
        digits_possible=round(verdict.precision_of(problem.dtype).digits, 2),
        path=ours.path,
        detached=_detached(problem, ours),
        findings=findings.find(problem, ours, formula, judgement),
    )


def _gradient(
    name: str, ours: Testimony, formula: Reference, judgement: Judgement
) -> InputGradient:
    comparison = judgement.comparisons.get(name)
    reference = judgement.reference
    smooth = reference.around is None or reference.around.nature is Nature.SMOOTH
    # a formula is that of the way the program went
    same_way = [b.taken for b in formula.path] == [b.taken for b in ours.path]
    found = formula.formulas.get(name, Formula()) if same_way else Formula()
    return InputGradient(
        name=name,
        autograd=ours.gradients[name],
        symbolic=formula.gradients.get(name) if smooth and same_way else None,
        enclosure=_enclosed(name, formula, reference) if smooth else None,
        formula=found.written,
        digits=None if comparison is None or comparison.digits is None
        else round(comparison.digits, 2),
        differs=None if comparison is None else comparison.differs,
        worst=None if comparison is None else comparison.worst,
        condition=(reference.conditions or {}).get(name) if smooth else None,
        radius=max(map(float, reference.radii[name].flat), default=0.0)
        if name in reference.radii and smooth
        else None,
        claim=judgement.claims.get(name),
    )  # fmt: skip


def _enclosed(name: str, formula: Reference, reference: Reference) -> Array | None:
    """The gradient that autograd was held to, where the formula does not give it."""
    if reference.witness == formula.witness or reference.absent is not None:
        return None
    return None if verdict.agree(formula, reference) else reference.gradients.get(name)


def _detached(problem: Problem, ours: Testimony) -> tuple[str, ...]:
    stopped = (stop.source for stop in ours.stops if stop.kind == "detach")
    return tuple(dict.fromkeys((*problem.detach, *stopped)))
