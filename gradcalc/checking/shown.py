"""Checked → Report: the verdict with the names and places of the user's own code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradcalc.calculate import report_of
from gradcalc.checking import accused, blame
from gradcalc.checking.check import ALONE, COTANGENT, Checked
from gradcalc.checking.lines import Listing
from gradcalc.checking.places import span_of, text_of
from gradcalc.checking.ran import EXPANDED, STRIDED, Ran
from gradcalc.checking.trace import FLOATS, Call, Note, Place
from gradcalc.report import Array, InputGradient, Report
from gradcalc.values.precision import precision_of
from gradcalc.verdict.outcome import Finding, Outcome


def report(found: Checked) -> Report:
    """The case as the data that is shown, its names and places those of the user's own code."""
    made, listed = report_of(found.case, "check"), found.listing
    known = {**listed.names, **listed.others}
    own = [_located(finding, listed) for finding in made.findings]
    gradients = tuple(
        _renamed(_readable(g, listed), found) for g in made.gradients if g.name in listed.names
    )
    message = _worded(made.verdict.message, found)
    if not any(g.formula for g in gradients):
        # of one that nobody is shown it is not said that it agrees
        message = message.replace("autograd, enclosure and formula", "autograd and enclosure")
    told = [replace(f, message=_worded(f.message, found)) for f in (*_findings(found), *own)]
    findings = [f for f in told if _is_own(f, found) and not _is_of_fewer(f, found)]
    return replace(
        made,
        inputs={known[n]: v for n, v in made.inputs.items() if n in known},
        gradients=gradients,
        read_as=None,
        verdict=replace(made.verdict, message=message),
        dtype=found.case.problem.precision,
        digits_possible=round(precision_of(found.case.problem.precision).digits, 2),
        path=(),
        findings=tuple(findings),
        witness="autograd" if found.ran.witness == "autograd" else "yours",
        tangents=found.ran.tangents,
        weighed=_weighed(found),
        sources=text_of(f.span.file for f in findings if f.span is not None and f.span.file),
    )


def _weighed(found: Checked) -> Array | None:
    """What the output is weighed by, where second derivatives are by that, too."""
    ran = found.ran
    if ran.tangents is None:
        return None
    if COTANGENT in found.listing.meant:
        return found.listing.meant[COTANGENT][0]
    return ran.weights


def _worded(text: str, found: Checked) -> str:
    """A sentence about autograd where something else is judged."""
    witness = found.ran.witness
    text = renamed(text, found.listing)
    if witness == "autograd":
        return text
    text = re.sub(r"\bautograd gave no gradient: ", "", text)
    if found.ran.second:
        text = text.replace(" says ", " times a drawn vector says ")
        text = text.replace("the true gradient", "the true product")
    return re.sub(r"\b(autograd|torch(?= says\b))", witness, text)


def _is_of_fewer(finding: Finding, found: Checked) -> bool:
    """Whether it is about a value that has fewer digits than the gradient is held to."""
    return finding.kind == "value" and found.case.problem.precision != found.ran.dtype


def _is_own(finding: Finding, found: Checked) -> bool:
    """Whether a finding is about what is judged, and not about torch."""
    return found.ran.witness == "autograd" or not re.search(r"\btorch\b", finding.message)


_MEANT = re.compile(r"\bmeant\d+_\d+\b")


def renamed(text: str, found: Listing) -> str:
    """A text with the leaves called as the user calls them."""
    known = {**found.names, **found.others}
    text = _MEANT.sub("what is trusted gives", text)
    other = {inside: name for inside, name in known.items() if inside != name}
    if not other:
        return text
    return re.sub(r"\bleaf\d+\b", lambda told: other.get(told[0], told[0]), text)


def _renamed(gradient: InputGradient, checked: Checked) -> InputGradient:
    formula, found = gradient.formula, checked.listing
    if formula is not None:
        parts = tuple((name, renamed(text, found)) for name, text in formula.parts)
        formula = replace(formula, parts=parts, body=renamed(formula.body, found))
    elements = tuple(replace(e, cause=_worded(e.cause, checked)) for e in gradient.elements)
    name = found.names[gradient.name]
    return replace(gradient, name=name, formula=formula, elements=elements)


def _readable(gradient: InputGradient, found: Listing) -> InputGradient:
    """A gradient without a formula in which something stands that only the check has a name for."""
    text = gradient.closed_form
    unknown = found.data.keys() - found.others.keys()
    if text is None or not any(re.search(rf"\b{name}\b", text) for name in unknown):
        return gradient
    return replace(gradient, formula=None)


def _located(finding: Finding, found: Listing) -> Finding:
    """A finding about a line of the program, where that line is from."""
    if finding.span is None:
        return finding
    place = found.place(finding.span.line)
    return replace(finding, span=span_of(place))


NOTES: Mapping[str, tuple[str, str]] = {
    "hidden write": (
        "autograd does not see this write: it goes back as if it were not there",
        "write it so that autograd sees it, or let it be given by reference=",
    ),
    "skipped": (
        "{text} operations are too many to be done again: it was not tried in other ways",
        "check a smaller part",
    ),
    "hook": (
        "a hook may change the gradient on its way back",
        "what is checked is the gradient that autograd gives with it",
    ),
    "changing": (
        "{text} changes the gradient on its way back",
        "what is checked is the gradient that autograd gives with it",
    ),
    "saved": (
        "what is saved for the way back comes out of its hooks as other numbers",
        "the gradient has no more digits than these have",
    ),
    "used number": (
        "a number is taken out of a tensor and calculated with: no gradient flows through it",
        "calculate with the tensor itself, or write .detach() to say that it is meant",
    ),
    "decomposed": (
        "{text} is taken for what torch says it is made of",
        "the verdict rests on that",
    ),
    "drawn": (
        "{text} draws numbers: no gradient goes back to what they are drawn by",
        "rsample() of a distribution draws them so that one does, where that can be",
    ),
    "approximate": (
        "{text} draws numbers, and torch's slope of them is an approximation: it is taken as it is",
        "the verdict rests on that",
    ),
    "normalized": (
        "torch gives the gradient of ctc_loss for what log_softmax has made, and no other one",
        "take log_softmax in front of it",
    ),
    "aliased": (
        "{text} comes here in another way than as the argument: so it stays what it is",
        "the gradient is by the argument alone",
    ),
    "kept aside": (
        "{text}: nothing in it is judged",
        "give back the tensors that it holds, in a tuple or dict",
    ),
    "opaque": ("nobody can see into {text}", "reference= takes a plain function for it"),
}
"""What is said of notes of the recorder, with a tip."""


def _findings(found: Checked) -> Iterator[Finding]:
    yield from found.entries
    if found.ran.untold is not None and found.ran.tip is not None:
        yield Finding("untold", found.ran.untold, found.ran.tip, None)
    if found.ran.aside:
        (by,), aside = found.ran.trace.inputs, ", ".join(found.ran.aside)
        yield Finding(
            "unchecked",
            f"{found.ran.witness} is one array, held to that by {by};"
            f" nothing is checked by {aside}",
            f"a tuple gives an array for each; leaves={by} says that one is meant",
            None,
        )
    for wrong in found.blamed:
        yield accused.finding(wrong)
    yield from map(accused.measured, found.off)
    for applied in found.taken:
        text = f"the backward of {applied.name} is a part of the function, as it was written"
        hint = "whether it is the gradient of its forward nobody can tell here"
        yield Finding("taken", text, hint, span_of(applied.place))
    if found.way is not None:
        said = (
            f"the gradient is {'wrong' if found.way == ALONE else 'another one'} where {found.way}"
        )
        yield Finding("otherwise", said, "that one is judged here", None)
    yield from _refusals(found.ran)
    outcome = found.case.judgement.verdict.outcome
    if outcome is Outcome.WRONG and not found.blamed and not found.off:
        others = list(blame.suspects(found.ran))
        alone = len({applied.name for applied in found.ran.functions}) == 1
        for applied in others:
            yield accused.suspected(applied, alone=alone)
    for applied in blame.writing(found.ran):
        yield Finding(
            "blame" if outcome is Outcome.WRONG else "written",
            f"the backward of {applied.name} writes over the gradient that it is given",
            "others are given the same tensor: write the product as a new one",
            span_of(applied.place),
        )
    for applied in found.ran.trace.functions:
        if applied.opaque:
            yield Finding(
                "opaque", applied.told,
                "reference= takes a plain function that means the same", span_of(applied.place),
            )  # fmt: skip
    fewer = _fewer(found.ran)
    if fewer is not None:
        text = f"{fewer[0]} has fewer digits than the inputs have: the gradient has no more"
        yield Finding("precision", text, "keep the dtype of the inputs", span_of(fewer[1]))
    for note in dict.fromkeys(found.listing.notes):
        if note.kind != "normalized" or outcome is Outcome.WRONG:
            yield _noted(note)
    notes = found.ran.trace.notes
    changing = any(note.kind == "changing" for note in notes)
    for note in notes:
        if note.kind in ("hook", "changing") and outcome is not Outcome.WRONG:
            continue
        if note.kind == "hook" and changing:
            # that one is known
            continue
        if note.kind in NOTES:
            yield _noted(note)


LAYOUTS: Mapping[str, tuple[str, str]] = {
    STRIDED: (
        "what it is given is not contiguous in memory",
        "gradients lie so behind a transpose or a slice: .reshape() takes them, or .contiguous()",
    ),
    EXPANDED: (
        "what it is given is one number, expanded",
        "gradients lie so behind sum(): .contiguous() or .clone() makes them ordinary ones",
    ),
}
"""How a cotangent lies that a backward does not take, with a tip."""


def _refusals(ran: Ran) -> Iterator[Finding]:
    """What fails on a way back, and what is another gradient though the function's is right."""
    refused = {"": ran.failure} if ran.failure is not None else ran.refused
    for way, failed in refused.items():
        what = f"the backward of {failed.by} fails" if failed.by else "going back fails"
        how, hint = LAYOUTS.get(way, (way, None))
        where = f" where {how}" if way else ""
        yield Finding("raises", f"{what}{where}: {failed.said}", hint, span_of(failed.place))
    for way, number in ran.layouts.items():
        applied, (how, hint) = ran.functions[number], LAYOUTS[way]
        text = f"the backward of {applied.name} is another one where {how}"
        yield Finding("layout", text, hint, span_of(applied.place))


def _fewer(ran: Ran) -> tuple[str, Place] | None:
    """The first dtype on the way that has fewer digits than all inputs, and where that is."""
    given = max((FLOATS.index(view.dtype) for view, _ in ran.trace.inputs.values()), default=0)
    if FLOATS.index(ran.dtype) <= given:
        return None
    for event in ran.trace.events:
        if not isinstance(event, Call):
            continue
        for made in event.results:
            if made is not None and made.view.dtype == ran.dtype:
                return ran.dtype, event.place
    return None


def _noted(note: Note) -> Finding:
    message, hint = NOTES[note.kind]
    text = note.text
    if note.kind == "changing":
        text = "a hook" if text.startswith("<") else f"the hook {text}"
    return Finding(note.kind, message.format(text=text), hint, span_of(note.place))
