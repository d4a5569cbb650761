"""What a report says beside its rows, as labelled sentences: laid out by each format.

The texts are raw: what the user typed is in them, and each format makes it harmless its own way.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcalc.expr.written import Written
from gradcalc.render import FEW_DIGITS, Style
from gradcalc.render.text import disagreeing, number_texts, rounded, shape_text
from gradcalc.report import Array, Branch, Cured, Finding, InputGradient, Outcome, Report
from gradcalc.values import format_literal
from gradcalc.verdict.outcome import Claim, element_text, one_decimal

_SHORT = 12
_MOST_RUNS = 6
_MOST_CHARACTERS = 4_000
_MOST_ELEMENTS = 6
_ROUNDING = 128
"""Units of the last digit that the largest element may be off by."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence and the word in front of it."""

    label: str
    text: str


def title_text(report: Report) -> str:
    """The program, or its first line: what tells several reports apart."""
    first, *more = report.program.strip().splitlines() or [""]
    return f"{first} ..." if more else first


def formula_text(formula: Written, style: Style) -> str:
    """A formula on one line, as the program that it is; beyond a length how much is left."""
    text = formula.text
    if style.show_all or len(text) <= _MOST_CHARACTERS:
        return text
    left = len(text) - _MOST_CHARACTERS
    return f"{text[:_MOST_CHARACTERS]}... {left:,} more characters; --all shows them"


def value_note(report: Report, style: Style, *, whole: bool = False) -> Note:
    """The value, cut short unless `whole`."""
    if report.value is None:
        return Note("value", "unknown")
    return Note("value", value_text(report.value, report.dtype, style, whole=whole))


def opening_notes(report: Report, style: Style, *, whole: bool = False) -> tuple[Note, ...]:
    """The value, cut short unless `whole`, and what exactly the gradient is the gradient of."""
    notes = [] if report.read_as is None else [Note("read as", report.read_as)]
    notes.append(value_note(report, style, whole=whole))
    shape = shape_text(np.shape(0.0 if report.value is None else report.value))
    if report.of is not None:
        notes.append(Note("of", f"{report.of}: this is the gradient of that part of the program"))
    if report.cotangent is not None:
        weights = value_text(report.cotangent, report.dtype, style, whole=whole)
        what = f"this is the gradient of its sum weighted by {weights}"
        notes.append(Note("note", f"the output has shape {shape}: {what}"))
    elif report.summed:
        what = "this is the gradient of its sum"
        notes.append(Note("note", f"the output has shape {shape}: {what}"))
    if report.tangents is not None:
        notes.append(Note("note", _along(report, style, whole=whole)))
    return (*notes, *_worst(report))


def _along(report: Report, style: Style, *, whole: bool) -> str:
    """That the value is a slope, and along what."""
    told = {
        name: value_text(values, report.dtype, style, whole=whole)
        for name, values in (report.tangents or {}).items()
    }
    way = "; ".join(f"{name} = {text}" if len(told) > 1 else text for name, text in told.items())
    dot, nabla = ("·", "∇") if style.unicode else ("*", "grad ")
    found = f"the value is {nabla}f{dot}v, and this the gradient of that, along a drawn v: {way}"
    if report.weighed is None:
        return found
    text = value_text(report.weighed, report.dtype, style, whole=whole)
    return f"{found}; f is the output, weighed by cotangent = {text}"


def _worst(report: Report) -> Iterator[Note]:
    """The element that is furthest off, where there are others and something is."""
    if report.verdict.outcome is Outcome.VERIFIED:
        return
    for gradient in report.gradients:
        worst = gradient.worst
        if gradient.claim is not None and (gradient.differs is None or not gradient.differs.any()):
            # it is the claim that is off
            continue
        if worst is not None and worst.index and gradient.size > 1:
            where = element_text(gradient.name, worst.index)
            yield Note("worst", f"{where}: {report.witness} {worst.said}, true {worst.truth}")


def value_text(value: Array, dtype: str, style: Style, *, whole: bool = False) -> str:
    """A number, an array as a literal, or the two ends of a long one."""
    if value.ndim == 0:
        return number_texts(value, dtype, style.digits)[0]
    if value.size and (whole or value.size <= _SHORT):
        literal = format_literal(rounded(value, style.digits), dtype)
        # a line may end between two numbers
        return literal if whole else literal.replace(",", ", ").replace(";", "; ")
    flat = value.ravel()
    ends = (
        number_texts(np.concatenate([flat[:3], flat[-1:]]), dtype, style.digits)
        if value.size
        else []
    )
    numbers = f"{', '.join(ends[:-1])}, ..., {ends[-1]} " if ends else ""
    return f"{numbers}of shape {shape_text(value.shape)}"


def closing_notes(report: Report) -> Iterator[Note]:
    """The path, what was detached, the claims, the digits, the findings, and what does better; not
    the verdict."""
    yield from (Note("path", _branch_text(branch)) for branch in report.path)
    if report.detached:
        yield Note("detached", ", ".join(report.detached))
    for gradient in report.gradients:
        if gradient.claim is not None:
            yield Note("expected", _prefix(report, gradient) + _claim_text(gradient))
    yield from _digits(report)
    yield from _on_its_scale(report)
    yield from _elements(report)
    for finding in report.findings:
        yield Note("finding", finding_text(finding))
        if finding.hint:
            yield Note("tip", finding.hint)
    if report.cured is not None:
        yield Note("instead", _instead(report.cured))


def _instead(cured: Cured) -> str:
    """The better program, of a longer one just the parts that are new."""
    text = cured.report.program.strip()
    if "\n" in text:
        text = ", ".join(f"{step.after} for {step.before}" for step in cured.replacements)
        text = " ".join(text.split())
        text += f" ({cured.replacements[0].span.told})"
    return text if cured.changes is None else f"{text}: {cured.changes}"


def _prefix(report: Report, gradient: InputGradient) -> str:
    return f"{gradient.name}: " if len(report.gradients) > 1 else ""


def _claim_text(gradient: InputGradient) -> str:
    claim = gradient.claim
    assert claim is not None
    if claim.holds:
        return f"{claim.text} holds{_trial(claim)}"
    if claim.holds is None:
        return f"{claim.text} cannot be judged: there is no gradient here to hold it to"
    if claim.failure is not None:
        return claim.failure
    why = "" if claim.diagnosis is None else f"; {claim.diagnosis}"
    if not gradient.shape:
        return f"{claim.text} does not hold{why}"
    count = int(np.broadcast_to(claim.differs, gradient.shape).sum())
    return f"{claim.text} does not hold: {count:,} of {gradient.size:,} elements differ{why}"


def _trial(claim: Claim) -> str:
    """How far a claim that holds was tried, where that is not all around the point."""
    if claim.within is not None:
        return f" {claim.within}"
    if claim.untried:
        return ", tried at this point only"
    same = [f"{', '.join(claim.kept)} as {'it is' if len(claim.kept) == 1 else 'they are'}"]
    parts = (same if claim.kept else []) + [f"{name} symmetric" for name in claim.symmetric]
    if not parts:
        return ""
    if claim.beside is None:
        return f", tried with {' and '.join(parts)}"
    return f" with {' and '.join(parts)}, not with others: {claim.beside}"


def _elements(report: Report) -> Iterator[Note]:
    """The elements that are not like the others, those of one cause together."""
    found: dict[str, list[str]] = {}
    for gradient in report.gradients:
        for element in gradient.elements:
            why = f"{element.outcome}, {element.cause}"
            found.setdefault(why, []).append(element_text(gradient.name, element.index))
    for why, names in itertools.islice(found.items(), _MOST_ELEMENTS):
        more = f" and {len(names) - _SHORT:,} more" if len(names) > _SHORT else ""
        yield Note("element", f"{', '.join(names[:_SHORT])}{more}: {why}")
    left = sum(map(len, itertools.islice(found.values(), _MOST_ELEMENTS, None)))
    if left:
        yield Note("element", f"{left:,} more; --json lists them")


def _on_its_scale(report: Report) -> Iterator[Note]:
    """Numbers that are right though they look different, as others are so much larger."""
    possible = 10.0**-report.digits_possible
    for gradient in report.gradients:
        reference = gradient.symbolic if gradient.symbolic is not None else gradient.enclosure
        differing = disagreeing(gradient)
        if gradient.autograd is None or reference is None or differing is None:
            continue
        ours, true = np.ravel(gradient.autograd), np.broadcast_to(reference, gradient.shape).ravel()
        largest = np.max(np.abs(true), initial=0.0, where=np.isfinite(true))
        with np.errstate(all="ignore"):
            off = np.abs(ours - true)
            apart = off > np.sqrt(possible) * np.maximum(np.abs(ours), np.abs(true))
        found = np.flatnonzero(apart & ~differing & (off <= _ROUNDING * possible * largest))
        if not len(found):
            continue
        first = found[0]
        name = element_text(gradient.name, np.unravel_index(first, gradient.shape))
        more = f", as {len(found) - 1:,} more are" if len(found) > 1 else ""
        numbers = np.array([ours[first], true[first], largest])
        said, truth, scale = number_texts(numbers, report.dtype, FEW_DIGITS)
        yield Note(
            "note",
            f"{name}: {said} beside {truth} is right on the gradient's scale, where the largest is"
            f" {scale}{more}",
        )


def _digits(report: Report) -> Iterator[Note]:
    known = [
        f"{_prefix(report, gradient)}{one_decimal(gradient.digits)}"
        for gradient in report.gradients
        if gradient.digits is not None and math.isfinite(gradient.digits)
    ]
    if known:
        text = f"{', '.join(known)} of {one_decimal(report.digits_possible)}"
        yield Note("digits right", text)


def finding_text(finding: Finding) -> str:
    """The sentence and its place in the program."""
    return finding.message + (f" ({finding.span.told})" if finding.span else "")


def _branch_text(branch: Branch) -> str:
    """`line 3  while b.norm() < 1000: 11 rounds`."""
    went = _rounds(branch.taken) if branch.kind == "while" else _ways(branch.taken)
    return f"{branch.told}  {branch.kind} {branch.source}: {went}"


def _rounds(taken: tuple[bool, ...]) -> str:
    count, ends = sum(taken), len(taken) - sum(taken)
    rounds = f"{count:,} round{'' if count == 1 else 's'}"
    return f"{rounds} in {ends:,} runs" if ends > 1 else rounds


def _ways(taken: tuple[bool, ...]) -> str:
    runs = [(way, len(list(same))) for way, same in itertools.groupby(taken)]
    if len(runs) > _MOST_RUNS:
        runs = [(True, sum(taken)), (False, len(taken) - sum(taken))]
    words = (
        f"{str(way).lower()}{f' {count:,} times' if count > 1 else ''}"
        for way, count in runs
        if count
    )
    return ", ".join(words) or "not reached"
