"""Problem → Report: the map of the program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from gradcalc import findings
from gradcalc.errors import EndlessError, GradcalcError
from gradcalc.lang.program import Program
from gradcalc.problem import Problem
from gradcalc.report import InputGradient, Report
from gradcalc.testimony import (
    CONTRADICTION,
    LEAST_FLOAT,
    LEFT_OUT,
    UNASKED,
    Absence,
    Absent,
    Array,
    Claimed,
    Computed,
    Derived,
    Enclosed,
    Formula,
    Nature,
    Piece,
    Reference,
    Testimony,
    trusted,
)
from gradcalc.verdict.case import Case, is_ailing
from gradcalc.verdict.claims import is_formula
from gradcalc.verdict.comparing import is_told, value_holds
from gradcalc.verdict.elements import Element, elements
from gradcalc.verdict.judge import Judgement, is_puzzling, judge
from gradcalc.verdict.outcome import UNCOMPARED, Outcome, precision_of
from gradcalc.verdict.pieces import pieces_of
from gradcalc.verdict.references import same_numbers, same_way, upheld
from gradcalc.verdict.rough import wanted

if TYPE_CHECKING:
    # it brings sympy with it, which an unchecked calculation does without
    from gradcalc.derive.derivations import Derivations
    from gradcalc.enclosure.experiment import Experiment

MANY = 1000
"""Numbers of which two points are enough to tell two functions apart."""

FEW_STEPS = 10_000
"""Steps that a program may take at further points, once it did not end at one."""

NEAR, ELSEWHERE, BESIDE = 1e-3, 2, 8
"""How far from the point things are looked at, in relation to the inputs; at how many points
elsewhere the check is looked at for mistakes, and for a value at how many beside."""

STRANGER = "torch and the check do not mean the same by one of its functions"

Awaited = Callable[[], Computed | Absent]
"""Waits for autograd's testimony, and raises what is wrong with the program."""

Ask = Callable[[Problem], Awaited]
"""Has a problem put to autograd, wherever that runs."""


def ask_here(problem: Problem) -> Awaited:
    """Put a problem to autograd in this process, before anything else is done."""
    from gradcalc.witnesses import autograd

    testimony = autograd.testify(problem)
    return lambda: testimony


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
    return cured_report(weigh(problem, ask, derivations), command, ask)


def cured_report(case: Case, command: str = "grad", ask: Ask = ask_here) -> Report:
    """The case as the data that is shown, with a better program where one is needed and found."""
    report = report_of(case, command)
    if not is_ailing(case):
        return report
    from gradcalc import remedies

    cured = remedies.find(
        case,
        lambda problem: ask(problem)(),
        lambda problem: weigh(problem, ask),
        lambda found: report_of(found, command),
    )
    return replace(report, cured=cured)


def weigh(problem: Problem, ask: Ask = ask_here, derivations: "Derivations | None" = None) -> Case:
    """Ask every witness and weigh the answers.

    Raises `GradcalcError` for whatever is wrong with the program or its inputs.
    """
    return weighed(problem, ask, derivations)[0]


def weighed(
    problem: Problem, ask: Ask = ask_here, derivations: "Derivations | None" = None
) -> "tuple[Case, Experiment | None]":
    """The same, with the runs of the check, for who wants to know more of them."""
    problem, ends = _with_data(settled(problem.rounded()))
    answer = ask(problem)
    problem = replace(problem, prints=False)
    if not ends:
        # torch says so after as many steps, and the check would take them once more
        answer()
    check = _checked(problem, derivations)
    formula, exact = _withheld(check.formula, check.exact), check.exact
    ours = answer()
    if isinstance(exact, Enclosed) and not isinstance(ours, Absent):
        for number, given, room in wanted(problem, ours, exact):
            exact = check.seek(exact, number, given, room)
    beside = cache(lambda: _has_value_beside(problem))
    judged = partial(judge, problem, ours, has_value_beside=beside)
    judgement = judged(formula, exact)
    if isinstance(ours, Absent):
        return Case(problem, ours, formula, exact, judgement), check.experiment
    if isinstance(exact, Enclosed) and is_puzzling(problem, ours, exact, judgement):
        steps = replace(problem, steps=True, check=False, claims={})
        exact = check.diagnose(exact, lambda: ask(steps)())
        judgement = judged(formula, exact)
    tried = _tried(problem, check, formula, judgement)
    judgement = judged(formula, exact, tried) if tried else judgement
    if problem.check and _is_surprising(problem, ours, exact, judgement):
        agree = judgement.verdict.outcome is not Outcome.WRONG
        formula, exact = _doubted(problem, ask, formula, exact, inexact=agree)
        judgement = judged(formula, exact, tried)
    formula = upheld(problem, formula, judgement.reference)
    return Case(problem, ours, formula, exact, judgement), check.experiment


def _has_value_beside(problem: Problem) -> bool:
    """Whether a function has a value at some point next to this one."""
    from gradcalc.derive.elsewhere import labels
    from gradcalc.derive.perturbations import moved
    from gradcalc.derive.runs import budget, record
    from gradcalc.expr.floats import Floats

    for seed in range(BESIDE):
        point = moved(problem.inputs, NEAR, seed) | labels(problem)
        try:
            with np.errstate(all="ignore"):
                value = record(problem, Floats(), point, budget(problem)).output
        except GradcalcError:
            continue
        if not np.isnan(value).any():
            return True
    return False


def _with_data(problem: Problem) -> tuple[Problem, bool]:
    """The problem, with the inputs that it only compares as data, and integers as such; and False
    where it was seen not to end."""
    if problem.data or len(problem.inputs) < 2:
        return problem, True
    from gradcalc.derive import whole
    from gradcalc.derive.compared import compared

    try:
        found = compared(problem)
        return whole.settled(replace(problem, data=found) if found else problem), True
    except EndlessError:
        return problem, False


def settled(problem: Problem) -> Problem:
    """The problem with its mathematics as Python, whatever hangs on shapes in it.

    Raises `GradcalcError` for what has two readings.
    """
    if not problem.is_open:
        return problem
    from gradcalc.derive import meaning

    return meaning.settled(problem)


def _is_surprising(
    problem: Problem, autograd: Computed, exact: Enclosed | Absent, found: Judgement
) -> bool:
    """Whether autograd and the check differ so that either may be mistaken."""
    if found.verdict.outcome is Outcome.WRONG:
        return True
    if not isinstance(exact, Enclosed) or found.reference is not exact:
        return False
    return found.verdict.exit_code == 0 and not value_holds(problem, autograd, exact)


def _doubted(
    problem: Problem,
    ask: Ask,
    formula: Derived | Absent,
    exact: Enclosed | Absent,
    *,
    inexact: bool,
) -> tuple[Derived | Absent, Enclosed | Absent]:
    """The same testimonies, in doubt where the check is at odds with itself or with torch.

    Where the gradients agree a kernel may be `inexact`: that one is the derivative of the other
    says that both are meant.
    """
    own = _own_mistake(problem)
    stranger = None if own else _stranger(problem, ask, inexact=inexact)
    if own is None and stranger is None:
        return formula, exact
    if own is not None:
        found = Absent(Absence.MISTAKEN, f"{CONTRADICTION}: {own}")
        return _withheld(formula, found), found
    doubt = f"{STRANGER}: {stranger}"
    return replace(formula, doubt=doubt), replace(exact, doubt=doubt)


def _withheld(formula: Derived | Absent, exact: Enclosed | Absent) -> Derived | Absent:
    """The formula's testimony, without its texts where the check is at odds with itself."""
    mistaken = isinstance(exact, Absent) and exact.reason is Absence.MISTAKEN
    if not mistaken or isinstance(formula, Absent):
        return formula
    texts = {name: Formula(failure=exact.doubt) for name in formula.formulas}
    return replace(formula, formulas=texts, doubt=exact.doubt)


def _own_mistake(problem: Problem) -> str | None:
    """The operation that the check differentiates in two ways, if any is.

    Looked for near the point, where the program does the same but nothing is special, and at
    points that have nothing to do with it.
    """
    from gradcalc.derive.elsewhere import elsewhere, labels
    from gradcalc.derive.perturbations import moved
    from gradcalc.derive.runs import Runs
    from gradcalc.enclosure.experiment import Experiment
    from gradcalc.witnesses import enclosure

    near = moved(problem.inputs, NEAR, 0) | labels(problem)
    for point in (near, *islice(elsewhere(problem), ELSEWHERE)):
        try:
            found = enclosure.mistaken(Experiment(Runs(replace(problem, inputs=point, claims={}))))
        except GradcalcError as error:
            problem = _after(problem, error)
            continue
        if found is not None:
            return found
    return None


def _stranger(problem: Problem, ask: Ask, *, inexact: bool) -> str | None:
    """The primitive that is another function to the library than to the check, if any is.

    A gradient is wrong where the library is, at this point; but not if the two differ at points
    that have nothing special. There either may be wrong.
    """
    from gradcalc.derive.elsewhere import elsewhere
    from gradcalc.derive.runs import Runs
    from gradcalc.enclosure.experiment import Experiment
    from gradcalc.enclosure.strangers import stranger

    # many numbers are many cases
    many = sum(np.size(values) for values in problem.inputs.values()) > MANY
    for point in islice(elsewhere(problem), 2 if many else None):
        moved = {n: v.astype(problem.dtype).astype(np.float64) for n, v in point.items()}
        asked = replace(problem, inputs=moved, claims={}, steps=True)
        try:
            experiment, answer = Experiment(Runs(asked)), ask(asked)()
            found = (
                None
                if isinstance(answer, Absent)
                else stranger(experiment, answer, inexact=inexact)
            )
        except GradcalcError as error:
            problem = _after(problem, error)
            continue
        if found is not None:
            return found
    return None


def _after(problem: Problem, error: GradcalcError) -> Problem:
    """The problem for the next point: where a program did not end, it may not elsewhere either."""
    if not isinstance(error, EndlessError):
        return problem
    steps = min(problem.limits.steps, FEW_STEPS)
    return replace(problem, limits=replace(problem.limits, steps=steps))


def _tried(
    problem: Problem, check: "Check", formula: Derived | Absent, judgement: Judgement
) -> dict[str, Claimed]:
    """The formulas among the claims, at other points: whether they hold there, or what is wrong."""
    known = trusted(judgement.reference)
    if known is None or any(part.nature is not Nature.KINK for part in known.rough):
        return {}
    rough = isinstance(known, Enclosed) and bool(known.around)
    told = [n for n, claim in judgement.claims.items() if claim.holds or not known.rough]
    found: dict[str, Claimed] = {}
    for name in (name for name in told if is_formula(problem, name)):
        pieces: Mapping[Piece, Program] | None = None
        if judgement.claims[name].holds is False:
            known_as = None if isinstance(formula, Absent) else formula.formulas[name].written
            pieces = pieces_of(problem, name, known_as)
        found[name] = check.around(name, rough, pieces)
    return found


@dataclass(frozen=True, slots=True)
class Check:
    """What the other witnesses say, and what can be asked further.

    `diagnose` finds out what made floats go astray, from autograd's answer with all steps, and adds
    it to what the enclosure says;
    `seek` looks for more gradients around a kink, to hold one to them (`enclosure.seek`); `around`
    works out the claim about an input at points around, of a corner or another point, and with
    pieces also what one that fails has to do with the gradient. `experiment` are its runs.
    """

    formula: Derived | Absent
    exact: Enclosed | Absent
    diagnose: Callable[[Enclosed, Awaited], Enclosed]
    seek: Callable[[Enclosed, int, Array, float], Enclosed]
    around: Callable[[str, bool, Mapping[Piece, Program] | None], Claimed]
    experiment: "Experiment | None" = None


def _checked(problem: Problem, derivations: "Derivations | None") -> Check:
    """What the other witnesses say, where they are asked."""
    if not problem.check:
        return Check(
            UNASKED, UNASKED, lambda exact, _: exact, lambda exact, *_: exact, lambda *_: Claimed()
        )
    from gradcalc.derive.runs import Runs
    from gradcalc.enclosure import claims
    from gradcalc.enclosure.experiment import Experiment
    from gradcalc.witnesses import enclosure, symbolic

    runs = Runs(problem) if derivations is None else derivations.runs(problem)
    experiment = Experiment(runs)
    exact = enclosure.testify(experiment) if problem.enclose else LEFT_OUT
    formula = symbolic.testify(experiment)
    return Check(
        formula,
        exact,
        lambda exact, answer: enclosure.diagnose(experiment, exact, answer),
        lambda exact, *asked: enclosure.seek(experiment, exact, *asked),
        lambda name, rough, pieces: claims.around(experiment, name, rough=rough, pieces=pieces),
        experiment,
    )


def report_of(case: Case, command: str = "grad") -> Report:
    """The case as the data that is shown."""
    problem, ours, formula, judgement = case.problem, case.autograd, case.formula, case.judgement
    values = [w.value for w in (ours, formula, case.enclosure) if isinstance(w, Testimony)]
    value = values[0] if values else None
    odd = {} if isinstance(ours, Absent) else elements(problem, ours, judgement)
    testifying = {
        "autograd": not isinstance(ours, Absent),
        "symbolic": trusted(formula) is not None,
        "enclosure": trusted(case.enclosure) is not None or judgement.directions > 0,
    }
    return Report(
        command=command,
        program=problem.program.typed or problem.program.source,
        read_as=problem.program.typed and problem.program.source,
        dtype=problem.dtype,
        value=value,
        inputs={
            name: value.astype(np.bool_) if name in problem.truths else value
            for name, value in problem.inputs.items()
        },
        gradients=tuple(_gradient(name, case, odd.get(name, ())) for name in problem.wrt),
        verdict=judgement.verdict,
        witnesses=tuple(name for name, testifies in testifying.items() if testifies),
        summed=bool(np.ndim(0 if value is None else value)) and problem.cotangent is None,
        cotangent=problem.cotangent,
        of=problem.of,
        digits_possible=round(precision_of(problem.dtype).digits, 2),
        path=() if isinstance(ours, Absent) else ours.path,
        detached=_detached(problem, ours),
        findings=()
        if isinstance(ours, Absent)
        else findings.find(problem, ours, formula, judgement),
        printed="" if isinstance(ours, Absent) else ours.printed,
    )


def _gradient(name: str, case: Case, elements: tuple[Element, ...]) -> InputGradient:
    ours, formula, judgement = case.autograd, case.formula, case.judgement
    comparison = judgement.comparisons.get(name, UNCOMPARED)
    reference = None if isinstance(judgement.reference, Absent) else judgement.reference
    told = None if reference is None else is_told(reference.exact[name])
    whole = told is None or bool(told.all())
    shown = None if isinstance(formula, Absent) else formula
    # a formula is that of the way the program went
    if shown and not isinstance(ours, Absent) and not same_way(shown, ours):
        shown = None
    found = InputGradient(
        name=name,
        autograd=None if isinstance(ours, Absent) else ours.gradients.get(name),
        formula=None if shown is None else shown.formulas.get(name, Formula()).written,
        digits=None if comparison.digits is None or not whole else round(comparison.digits, 2),
        differs=comparison.differs,
        worst=comparison.worst,
        claim=judgement.claims.get(name),
        elements=elements,
        input_shape=case.problem.inputs[name].shape,
    )
    if told is not None and told.size and not told.any():
        return found
    return replace(
        found,
        told=None if whole else told,
        symbolic=None if shown is None else shown.gradients.get(name),
        enclosure=_enclosed(case.problem, name, formula, judgement.reference),
        condition=None if reference is None else reference.sensitivity.conditions.get(name),
        radius=None if reference is None else _radius(reference, name),
    )


def _radius(reference: Reference, name: str) -> float | None:
    """How far off a gradient is at the most, as it is shown, but for the rounding of its digits."""
    if name not in reference.radii:
        return None
    radius = max(map(float, reference.radii[name].flat), default=0.0)
    # a 0 that is none shows no digit
    hidden = np.asarray(reference.exact[name] != 0, np.bool_) & (reference.gradients[name] == 0)
    return max(radius, LEAST_FLOAT) if hidden.any() else radius


def _enclosed(
    problem: Problem, name: str, formula: Derived | Absent, reference: Reference | Absent
) -> Array | None:
    """The gradient that autograd was held to, where the formula does not give it."""
    exact = trusted(reference)
    known = trusted(formula)
    if not isinstance(exact, Enclosed) or (known and same_numbers(problem, known, exact)):
        return None
    return exact.gradients.get(name)


def _detached(problem: Problem, ours: Computed | Absent) -> tuple[str, ...]:
    stops = () if isinstance(ours, Absent) else ours.stops
    stopped = (stop.source for stop in stops if stop.kind == "detach")
    return tuple(dict.fromkeys((*problem.detach, *stopped)))
