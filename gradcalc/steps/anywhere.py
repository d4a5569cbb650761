"""The derivation of a program without values: that at random points of several sizes, for all."""

from collections.abc import Sequence
from dataclasses import replace

from gradcalc.calculate import Ask
from gradcalc.errors import UnsupportedError
from gradcalc.expr.written import Written
from gradcalc.general.answer import General
from gradcalc.general.sizes import Numbers, general
from gradcalc.steps.data import Backward, Forward, Handed, Steps
from gradcalc.steps.names import apart
from gradcalc.steps.walk import steps_of


def derivation(answer: General, ask: Ask) -> Steps:
    """The steps that lead to the formulas of a gradient, in the letters of its sizes.

    Raises `UnsupportedError` where the steps are others for other sizes.
    """
    samples = answer.samples if answer.reading.letters else answer.samples[:1]
    walks = [steps_of(problem, ask, symbolic=True) for _, problem in samples]
    sizes = [numbers for numbers, _ in samples]
    first = walks[0]
    if any(len(walk.forward) != len(first.forward) for walk in walks) or any(
        [step.step for step in walk.backward] != [step.step for step in first.backward]
        for walk in walks
    ):
        raise UnsupportedError(
            "how many steps there are hangs on the sizes of the inputs",
            hint='give them values, as in --x "randn(3)"',
        )
    taken = [name for step in first.forward for name in step.names]
    formulas = {one.by[0]: one.formula and apart(one.formula, taken) for one in answer.derivatives}
    only = "; ".join(dict.fromkeys(one.only for one in answer.derivatives if one.only))
    said = f"{answer.verdict.message}; the formula is that for {only}" if only else None
    verdict = answer.verdict if said is None else replace(answer.verdict, message=said)
    gradients = tuple(
        replace(gradient, formula=formulas.get(gradient.name))
        for gradient in first.report.gradients
    )
    return replace(
        first,
        report=replace(first.report, gradients=gradients, verdict=verdict),
        forward=tuple(
            _forward([walk.forward[k] for walk in walks], sizes) for k in range(len(first.forward))
        ),
        backward=tuple(
            _backward([walk.backward[k] for walk in walks], sizes)
            for k in range(len(first.backward))
        ),
        points=answer.points,
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
