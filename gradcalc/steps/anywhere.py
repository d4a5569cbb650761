"""The derivation of a program without values: that at random points of several sizes, for all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcalc.calculate import Ask
from gradcalc.errors import UnsupportedError
from gradcalc.expr.written import Written
from gradcalc.family import WORST
from gradcalc.general.answer import General
from gradcalc.general.sizes import Numbers, general
from gradcalc.report import Outcome, Verdict
from gradcalc.steps.data import Backward, Forward, Handed, Steps
from gradcalc.steps.names import apart
from gradcalc.steps.walk import steps_of


def derivation(answer: General, ask: Ask) -> Steps:
    """The steps that lead to the formulas of a gradient, in the letters of its sizes.

    A program that asks for numbers is derived for the way that it goes at the first of the random
    points, and held to those where it goes the same way. Raises `UnsupportedError` where the steps
    are others for other sizes.
    """
    first = steps_of(answer.samples[0][1], ask, symbolic=True)
    path, letters = first.report.path, answer.reading.letters
    samples = answer.samples if path or letters else answer.samples[:1]
    walks = [first, *(steps_of(problem, ask, symbolic=True) for _, problem in samples[1:])]
    alike = [walk for walk in walks if walk.report.path == path and _is_like(first, walk)]
    if letters and len(alike) < len(walks):
        raise UnsupportedError(
            "how many steps there are hangs on the sizes of the inputs"
            + (", or on their numbers" if path else ""),
            hint='give them values, as in --x "randn(3)"',
        )
    formulas = {one.name: one.formula for one in first.report.gradients}
    if letters or not path:
        formulas = {one.by[0]: one.formula for one in answer.derivatives}
    found = _together(alike, [numbers for numbers, _ in samples[: len(alike)]], formulas)
    known = {f"this is where {branch.way}" for branch in path}
    return replace(
        found,
        report=replace(found.report, verdict=_on_path(alike) if path else _verdict(answer)),
        points=len(alike) if path else answer.points,
        notes=tuple(note for note in answer.notes if note not in known),
    )


def _verdict(answer: General) -> Verdict:
    """That of all points, with the sizes that the formulas are for."""
    only = "; ".join(dict.fromkeys(one.only for one in answer.derivatives if one.only))
    said = f"{answer.verdict.message}; the formula is that for {only}"
    return replace(answer.verdict, message=said) if only else answer.verdict


def _on_path(walks: Sequence[Steps]) -> Verdict:
    """The worst verdict of the points at which the program goes the same way."""
    worst = max((walk.report.verdict for walk in walks), key=lambda v: WORST.index(v.outcome))
    message = f"at {len(walks)} random point{'s' if len(walks) > 1 else ''} on this path"
    if worst.outcome is not Outcome.VERIFIED:
        message = f"{message}: {worst.message}"
    return replace(worst, message=message)


def _is_like(one: Steps, other: Steps) -> bool:
    """Whether two walks are of the same calls, there and back."""
    first, second = ([step.primitive for step in walk.forward] for walk in (one, other))
    return first == second and [s.step for s in one.backward] == [s.step for s in other.backward]


def _together(
    walks: Sequence[Steps], sizes: Sequence[Numbers], formulas: Mapping[str, Written | None]
) -> Steps:
    """The first of some walks, its texts those of all."""
    first = walks[0]
    taken = [name for step in first.forward for name in step.names]
    gradients = tuple(
        replace(one, formula=(found := formulas.get(one.name)) and apart(found, taken))
        for one in first.report.gradients
    )
    return replace(
        first,
        report=replace(first.report, gradients=gradients),
        forward=tuple(
            _forward([walk.forward[k] for walk in walks], sizes) for k in range(len(first.forward))
        ),
        backward=tuple(
            _backward([walk.backward[k] for walk in walks], sizes)
            for k in range(len(first.backward))
        ),
    )


def _forward(steps: Sequence[Forward], sizes: Sequence[Numbers]) -> Forward:
    return replace(steps[0], text=_text([step.text for step in steps], sizes) or steps[0].text)


def _backward(steps: Sequence[Backward], sizes: Sequence[Numbers]) -> Backward:
    handed = zip(*(step.handed for step in steps), strict=True)
    return replace(steps[0], handed=tuple(_handed(parts, sizes) for parts in handed))


def _handed(parts: Sequence[Handed], sizes: Sequence[Numbers]) -> Handed:
    return replace(
        parts[0],
        formula=_text([part.formula for part in parts], sizes),
        derived=_text([part.derived for part in parts], sizes),
        summed=_text([part.summed for part in parts], sizes),
    )


def _text(texts: Sequence[str | None], sizes: Sequence[Numbers]) -> str | None:
    """One text for all sizes, None where there is none."""
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        return None
    if len(set(known)) == 1:
        return known[0]
    if any(";" in text for text in known):
        return None
    found = general([Written((), text) for text in known], sizes)
    return None if found is None else found.text
