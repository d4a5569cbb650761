"""Where floats went astray: what made a gradient NaN, lost its digits, or the value wrong."""

import ast
from collections.abc import Iterator

import numpy as np

from gradcalc.lang.program import Program
from gradcalc.primitives import BY_NAME, Elementwise
from gradcalc.problem import Problem
from gradcalc.testimony import Absent, Computed, Enclosed, Fault, Reference, trusted
from gradcalc.verdict.comparing import is_told, total_of, value_holds
from gradcalc.verdict.judge import Judgement
from gradcalc.verdict.outcome import (
    TAKEN,
    Finding,
    Outcome,
    at_text,
    digits_text,
    number_text,
    numbers_apart,
    precision_of,
)
from gradcalc.verdict.references import same_way

KINDS = {
    "undefined": "masked-nan", "value": "inexact", "slope": "inexact", "parts": "cancellation",
    "sum": "overflow", "faded": "underflow", "rounded": "branch", "outside": "masked-nan",
    "grown": "overflow", "stepped": "inexact", "asked": "branch",
}  # fmt: skip
"""What findings of a kind of fault are called, where that is another name."""

MOST = 3
"""Comparisons that rounding decided, of which each has a finding."""


def failures(
    problem: Problem, autograd: Computed, reference: Reference | Absent, judgement: Judgement
) -> Iterator[Finding]:
    """Why autograd's gradients or its value are wrong, and claims that lose digits as written."""
    exact = trusted(reference) if isinstance(reference, Enclosed) else None
    wrong = judgement.verdict.outcome is Outcome.WRONG
    known = trusted(reference)
    if wrong and known is not None:
        yield from _not_finite(problem, autograd, known)
    if exact is not None and wrong:
        yield from _lost_digits(problem, exact, judgement)
        yield from _corners(exact, judgement)
    for fault in exact.decided[:MOST] if exact is not None else ():
        yield Finding(
            KINDS.get(fault.kind, fault.kind), fault_text(problem, fault), None, fault.place
        )
    if exact is not None and same_way(autograd, exact):
        yield from _value(problem, autograd, exact, judgement)
    yield from _claims(problem, judgement)


def _fault_of(reference: Reference, name: str | None) -> Fault | None:
    return reference.faults.get(name) if isinstance(reference, Enclosed) else None


def _not_finite(problem: Problem, autograd: Computed, reference: Reference) -> Iterator[Finding]:
    """Gradients that are NaN or infinite, those of one cause together."""
    causes: dict[object, list[str]] = {}
    for name in problem.wrt:
        if not np.isfinite(autograd.gradients[name]).all():
            cause = _fault_of(reference, name)
            key = None if cause is None else (cause.kind, cause.primitive, cause.place)
            causes.setdefault(key, []).append(name)
    for names in causes.values():
        words = {n: "NaN" if np.isnan(autograd.gradients[n]).any() else "infinite" for n in names}
        each = [
            f"by {', '.join(n for n in names if words[n] == word)} is {word}"
            for word in dict.fromkeys(words.values())
        ]
        ones = "the true one is" if len(names) == 1 else "the true ones are"
        told = any(
            (is_told(reference.exact[n]) & ~np.isfinite(autograd.gradients[n])).any() for n in names
        )
        around = "the slopes around are" if not told else ones
        message = f"autograd's gradient {' and '.join(each)} where {around} finite"
        cause = _fault_of(reference, names[0])
        if cause is None:
            yield Finding("nonfinite", message)
            continue
        text = fault_text(problem, cause)
        yield Finding(KINDS.get(cause.kind, cause.kind), f"{message}: {text}", None, cause.place)


def _called(program: Program) -> set[str]:
    """The names of the functions and methods that a program calls."""
    calls = (n.func for s in program.body for n in ast.walk(s) if isinstance(n, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def _lost_digits(problem: Problem, exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    """What made a finite gradient wrong."""
    said = set()
    for name, comparison in judgement.comparisons.items():
        worst, cause = comparison.worst, exact.faults.get(name)
        if comparison.outcome is not Outcome.WRONG or worst is None or cause is None:
            continue
        if not np.isfinite(worst.autograd):
            continue
        text = fault_text(problem, cause)
        if text not in said:
            said.add(text)
            kind = KINDS.get(cause.kind, cause.kind)
            yield Finding(kind, text, None, cause.place)


def _corners(exact: Enclosed, judgement: Judgement) -> Iterator[Finding]:
    """A gradient that is put together wrongly where corners come to nothing."""
    worst = [c.worst for c in judgement.comparisons.values() if c.outcome is Outcome.WRONG]
    if not exact.around or not worst or exact.turned or exact.faults.keys() - {None}:
        return
    if not all(w is not None and np.isfinite(w.autograd) for w in worst):
        return
    corners = exact.cancelling
    if corners:
        names = ", ".join(dict.fromkeys(event.primitive for event in corners))
        text = f"the corners of {names} cancel here: torch adds up what it takes for each"
        yield Finding("kinks", text, None, corners[0].place)


def fault_text(problem: Problem, fault: Fault) -> str:
    """What an operation did wrong, in words."""
    what = at_text(fault.primitive, fault.at)
    said, true = numbers_apart(fault.said, fault.true)
    if fault.kind == "overflow":
        text = f"{what} overflows {problem.dtype}"
    elif fault.kind == "underflow":
        text = f"{what} underflows to 0"
    elif fault.kind == "undefined":
        text = f"{what} has no finite value or slope"
    elif fault.kind == "outside":
        of = "" if said == true else f" for {true}"
        text = f"rounding gives {fault.primitive} {said}{of}, where it has no finite value or slope"
    elif fault.kind == "cancellation":
        text = f"{what} loses {_lost(problem, fault)} digits to rounding, {said} for {true}"
    elif fault.kind == "rounded":
        said, true = (str(number != 0).lower() for number in (fault.said, fault.true))
        text = f"{what} is {said} by rounding, and {true} exactly"
    elif fault.kind == "asked" and fault.then is not None:
        verb = "true" if fault.said != 0 else "false"
        whole = at_text(*fault.then)
        return f"{what} is {verb} here: {whole} is no number in exact arithmetic"
    elif fault.kind == "stepped":
        off = number_text(abs(fault.true - fault.said), 2)
        more = "more" if fault.said > fault.true else "less"
        text = f"{what} is {number_text(fault.said)} by rounding, {off} {more} than exactly"
    elif fault.kind == "parts":
        parts = " and ".join(number_text(part) for part in fault.at[:2])
        rest = f" and {len(fault.at) - 2} more" if len(fault.at) > 2 else ""
        text = (
            f"what flows back to {fault.primitive} cancels: {parts}{rest} leave {said} for {true}"
        )
    elif fault.kind == "sum":
        text = f"what flows back to {fault.primitive} adds up beyond the range of {problem.dtype}"
    elif fault.kind == "grown":
        text = f"what torch hands back through {what} overflows {problem.dtype}: {true}"
    elif fault.kind == "faded":
        text = f"what torch hands back through {what} underflows to 0"
    elif fault.kind == "slope":
        text = f"torch hands {said} back through {what} where {true} is right"
    else:
        text = f"torch gives {said} for {what}, which is {true}"
    if fault.then is None:
        return text
    row = BY_NAME.get(fault.then[0])
    how = "takes its slope from"
    if fault.kind == "stepped":
        how = "steps up or down by"
    elif isinstance(row, Elementwise) and row.boolean:
        how = "is decided by"
    elif row is not None and row.name == "where":
        how = "chooses by"
    return f"{text}, and {at_text(*fault.then)} {how} that"


def _lost(problem: Problem, fault: Fault) -> str:
    possible = precision_of(problem.precision).digits
    error = abs(fault.true - fault.said) / abs(fault.true) if fault.true != 0 else 1.0
    left = -float(np.log10(float(error))) if error != 0 else possible
    return f"{min(possible, possible - left):.0f}"


def _value(
    problem: Problem, autograd: Computed, exact: Enclosed, judgement: Judgement
) -> Iterator[Finding]:
    """Whether the value is off by more than rounding and the inputs' conditioning allow.

    Of what exact arithmetic has no number for it cannot tell what the program makes of it.
    """
    cause = exact.faults.get(None)
    met = exact.decided if cause is None else (*exact.decided, cause)
    asked = any(fault.kind == "asked" for fault in met)
    if asked or value_holds(problem, autograd, exact):
        return
    total, true = total_of(problem, autograd), exact.total
    shown, truth = numbers_apart(total, true)
    right = judgement.verdict.outcome is Outcome.VERIFIED
    though = " though the gradient is right" if right else ""
    few = abs(true - total) > abs(true) * precision_of(problem.precision).epsilon ** TAKEN
    what = "is wrong" if few or not np.isfinite(total) else "has lost digits"
    whose = "the derivative of one order less" if problem.before else "the value"
    yield Finding(
        "value",
        f"{whose} {what}{though}, {shown} for {truth}"
        + ("" if cause is None else f": {fault_text(problem, cause)}"),
        None,
        None if cause is None else cause.place,
    )


def _claims(problem: Problem, judgement: Judgement) -> Iterator[Finding]:
    """Claims that are right, but not as floats compute them."""
    possible = precision_of(problem.precision)
    for claim in judgement.claims.values():
        if claim.digits is not None:
            yield Finding(
                "claim",
                f"{claim.text} is right, but ill-conditioned as it is written: in {problem.dtype}"
                f" {digits_text(claim.digits, possible)} digits of it are left",
            )
