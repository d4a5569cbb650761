"""Problem → Report: the map of the program."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from gradcalc import findings, verdict
from gradcalc.errors import GradcalcError
from gradcalc.problem import Problem
from gradcalc.report import InputGradient, Report
from gradcalc.testimony import LEFT_OUT, Absence, Array, Formula, Nature, Reference, Testimony
from gradcalc.verdict import Judgement

if TYPE_CHECKING:
    # it brings sympy with it, which an unchecked calculation does without
    from gradcalc.derive.derivations import Derivations

UNCHECKED = "--no-check leaves out the check"

MANY = 1000
"""Numbers of which two points are enough to tell two functions apart."""

STRANGER = "torch and the check do not mean the same by one of its functions"

Answer = Callable[[], Testimony]
"""Waits for autograd's testimony, and raises what is wrong with the program."""

Ask = Callable[[Problem], Answer]
"""Has a problem put to autograd, wherever that runs."""


def ask_here(problem: Problem) -> Answer:
    """Put a problem to autograd in this process, before anything else is done."""
    from gradcalc.witnesses import autograd

    testimony = autograd.testify(problem)
    return lambda: testimony


@dataclass(frozen=True, slots=True)
class Case:
    """What every witness says about a problem, and the judgement."""

    problem: Problem
    autograd: Testimony
    formula: Reference
    enclosure: Reference
    judgement: Judgement


def calculate(
    problem: Problem,
    command: str = "grad",
    ask: Ask = ask_here,
    *,
    derivations: "Derivations | None" = None,
) -> Report:
    """Ask every witness, weigh the answers, and report.

    With `derivations` a program that was derived before is not derived again.
    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    return report_of(weigh(problem, ask, derivations), command)


def weigh(problem: Problem, ask: Ask = ask_here, derivations: "Derivations | None" = None) -> Case:
    """Ask every witness and weigh the answers.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    answer = ask(problem)
    formula, exact, diagnose = _checked(problem, derivations)
    ours = answer()
    judgement = verdict.judge(problem, ours, formula, exact)
    if ours.absent is not None:
        return Case(problem, ours, formula, exact, judgement)
    if judgement.reference is exact and verdict.is_puzzling(problem, ours, judgement):
        exact = diagnose(exact)
        judgement = verdict.judge(problem, ours, formula, exact)
    if judgement.verdict.outcome is verdict.Outcome.WRONG and problem.check:
        stranger = _stranger(problem, ask)
        if stranger is not None:
            exact = replace(exact, absent=f"{STRANGER}: {stranger}")
            judgement = verdict.judge(problem, ours, formula, exact)
    formula = verdict.upheld(problem, formula, judgement.reference)
    return Case(problem, ours, formula, exact, judgement)


def _stranger(problem: Problem, ask: Ask) -> str | None:
    """The primitive that is another function to the library than to the check, if any is.

    A gradient is wrong where the library is, at this point; but not if the two differ at points
    that have nothing special. There either may be wrong.
    """
    from gradcalc.derive.points import landmarks
    from gradcalc.derive.runs import Runs
    from gradcalc.enclosure.experiment import Experiment
    from gradcalc.enclosure.rounding import stranger

    shapes = {name: np.shape(values) for name, values in problem.inputs.items()}
    # many numbers are many cases
    many = sum(np.size(values) for values in problem.inputs.values()) > MANY
    for point in islice(landmarks(shapes), 2 if many else None):
        moved = {n: v.astype(problem.dtype).astype(np.float64) for n, v in point.items()}
        asked = replace(problem, inputs=moved, claims={}, steps=True)
        try:
            found = stranger(Experiment(Runs(asked)), ask(asked)().steps)
        except GradcalcError:
            continue
        if found is not None:
            return found
    return None


Diagnose = Callable[[Reference], Reference]
"""Finds out what made floats go astray, and adds it to what the enclosure says."""


def _checked(
    problem: Problem, derivations: "Derivations | None"
) -> tuple[Reference, Reference, Diagnose]:
    """What the other witnesses say, where they are asked."""
    if not problem.check:
        return (
            Reference(witness="symbolic", absent=UNCHECKED),
            Reference(witness="enclosure", absent=UNCHECKED),
            lambda reference: reference,
        )
    from gradcalc.derive.runs import Runs
    from gradcalc.enclosure.experiment import Experiment
    from gradcalc.witnesses import enclosure, symbolic

    runs = Runs(problem) if derivations is None else derivations.runs(problem)
    experiment = Experiment(runs)
    exact = Reference(witness="enclosure", absent=LEFT_OUT, absence=Absence.LEFT_OUT)
    if problem.enclose:
        exact = enclosure.testify(experiment)
    formula = symbolic.testify(experiment)
    return formula, exact, lambda reference: enclosure.diagnose(experiment, reference)


def report_of(case: Case, command: str = "grad") -> Report:
    """The case as the data that is shown."""
    problem, ours, formula = case.problem, case.autograd, case.formula
    judgement = case.judgement
    witnesses = (ours, formula, case.enclosure)
    value = next((w.value for w in witnesses if w.value is not None), None)
    return Report(
        command=command,
        program=problem.program.source,
        dtype=problem.dtype,
        value=value,
        inputs=problem.inputs,
        gradients=tuple(_gradient(name, case) for name in problem.wrt),
        verdict=judgement.verdict,
        witnesses=tuple(
            w.witness
            for w in witnesses
            if w.absent is None or (w is case.enclosure and judgement.directions)
        ),
        summed=bool(np.ndim(0 if value is None else value)) and problem.cotangent is None,
        cotangent=problem.cotangent,
        of=problem.of,
        digits_possible=round(verdict.precision_of(problem.dtype).digits, 2),
        path=ours.path,
        detached=_detached(problem, ours),
        findings=() if ours.absent else findings.find(problem, ours, formula, judgement),
    )


def _gradient(name: str, case: Case) -> InputGradient:
    ours, formula, judgement = case.autograd, case.formula, case.judgement
    comparison = judgement.comparisons.get(name)
    reference = judgement.reference
    smooth = reference.around is None or reference.around.nature is Nature.SMOOTH
    # a formula is that of the way the program went
    same_way = ours.absent is not None or verdict.same_way(formula, ours)
    found = formula.formulas.get(name, Formula()) if same_way else Formula()
    return InputGradient(
        name=name,
        autograd=ours.gradients.get(name),
        symbolic=formula.gradients.get(name) if smooth and same_way else None,
        enclosure=_enclosed(case.problem, name, formula, reference) if smooth else None,
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
        input_shape=case.problem.inputs[name].shape,
    )  # fmt: skip


def _enclosed(
    problem: Problem, name: str, formula: Reference, reference: Reference
) -> Array | None:
    """The gradient that autograd was held to, where the formula does not give it."""
    if reference.witness == formula.witness or reference.absent is not None:
        return None
    return None if verdict.agree(problem, formula, reference) else reference.gradients.get(name)


def _detached(problem: Problem, ours: Testimony) -> tuple[str, ...]:
    stopped = (stop.source for stop in ours.stops if stop.kind == "detach")
    return tuple(dict.fromkeys((*problem.detach, *stopped)))
