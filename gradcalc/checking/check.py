"""Ran → Report: what real code gives, held to the witnesses that know nothing of torch."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcalc.calculate import Ask, report_of, weigh
from gradcalc.checking import blame
from gradcalc.checking.listing import OTHER_WAY, Line, Listing, Row, listing, spelled
from gradcalc.checking.places import span_of, text_of
from gradcalc.checking.ran import Ran
from gradcalc.checking.trace import FLOATS, NOWHERE, Call, Note, Place
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.derive.runs import budget
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.lines import compile_lines
from gradcalc.lang.program import Branch, Limits
from gradcalc.problem import Problem, execute
from gradcalc.report import InputGradient, Report
from gradcalc.targets import Gradient
from gradcalc.testimony import Absence, Absent, Computed, Enclosed, trusted
from gradcalc.values.precision import Precision, precision_of
from gradcalc.verdict.case import Case
from gradcalc.verdict.judge import Judgement, judge
from gradcalc.verdict.outcome import Finding, Outcome, Verdict

APART = 4.0
"""How far a value may be off from torch's, in roots of the dtype's rounding: a row that means
something else is further off, and what rounding has piled up on the way is not."""

SHORT = 200
"""Lines of a program up to which its formula is looked for."""

FINER = "it is run in float64, with digits that tell"
"""The way to a gradient that has more digits than were asked for."""

FEW = 2
"""How many Functions are blamed at the most."""


@dataclass(frozen=True, slots=True)
class How:
    """How it is checked: the rows of operations, limits, who answers for torch elsewhere, what
    the function is called, and whether no lost digits are excused."""

    row: Callable[[str], Row | None]
    limits: Limits
    ask: Ask
    name: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A case about a recorded function, and the program that it is about.

    `odd` is the first line that is another number to the check than to torch, `blamed` what is
    wrong with backwards that somebody wrote, `entries` what is wrong in a Hessian, `way` that to
    the gradient that is judged, None where it is the ordinary one.
    """

    case: Case
    listing: Listing
    ran: Ran
    odd: Line | None = None
    blamed: tuple[blame.Wrong, ...] = ()
    entries: tuple[Finding, ...] = ()
    way: str | None = None


def checked(ran: Ran, how: How) -> Checked:
    """The verdict on what torch gave, and whose fault it is where that is wrong."""
    found = _in_any_way(ran, how)
    if ran.hidden is not None:
        why = "a number that hangs on the inputs comes back where nobody sees it"
        return _doubted(found, f"{why} ({ran.hidden})")
    if not _is_wrong(found):
        return found
    rewritten = next((note for note in ran.trace.notes if note.kind == "rewritten"), None)
    if rewritten is not None:
        at = f" ({rewritten.place.told})" if rewritten.place.line else ""
        why = f"{rewritten.text} is written over where autograd does not see it{at}"
        return _doubted(found, f"{why}: the gradient is by what it is then")
    strays = ran.strays or found.ran.strays
    if strays is not None:
        return _doubted(found, f"beside this point it does something else ({strays})")
    asking = [a.name for a in ran.trace.functions if a.asks]
    wrong: list[blame.Wrong] = []
    for one in blame.blamed(found.ran, how.row, how.limits, how.ask):
        if one.applied.name in asking:
            why = f"the forward of {one.applied.name} takes numbers out of tensors"
            return _doubted(found, why)
        wrong.append(one)
        if len(wrong) == FEW:
            break
    if not wrong and _is_at_kinks(found) and _is_torchs(found, how):
        return _doubted(found, "rounding cannot tell this point from several kinks at once")
    return replace(found, blamed=tuple(wrong))


def _is_at_kinks(found: Checked) -> bool:
    """Whether several operations are at kinks as far as rounding can tell, each by itself."""
    known = trusted(found.case.judgement.reference)
    if not isinstance(known, Enclosed):
        return False
    events = [*known.events, *(event for part in known.rough for event in part.events)]
    return len(events) > 1 and any(event.margin > 0 for event in events)


def _is_torchs(found: Checked, how: How) -> bool:
    """Whether torch by itself gives the same for the operations of the function: then they are as
    they stand, and nothing that somebody wrote is in it."""
    ours, case = how.ask(replace(found.case.problem, check=False))(), found.case
    if isinstance(ours, Absent) or isinstance(case.autograd, Absent):
        return False
    pairs = ((g, case.autograd.gradients[name]) for name, g in ours.gradients.items())
    room = APART * precision_of(found.ran.dtype).epsilon ** 0.5
    return all(_near(one, other, room, room * _largest(other)) for one, other in pairs)


def _in_any_way(ran: Ran, how: How) -> Checked:
    """The verdict on the gradient, and where that is right on those that torch gives otherwise."""
    found = judged(ran, how)
    for way, other in ran.otherwise.items():
        if _is_wrong(found):
            break
        so = judged(replace(ran, gradients=other.gradients, hands=other.hands), how)
        if _is_wrong(so):
            found = replace(so, way=way)
    if ran.finer is not None and not _is_wrong(found):
        so = _in_any_way(ran.finer, how)
        if _is_wrong(so):
            found = replace(so, way=so.way or FINER)
    return found


def _is_wrong(found: Checked) -> bool:
    return found.case.judgement.verdict.outcome is Outcome.WRONG


def judged(ran: Ran, how: How) -> Checked:
    """The verdict on what torch gave."""
    found = ran.listing or listing(ran.trace, how.row, ran.hands)
    _add_cotangent(found, ran)
    blind = next((a for a in ran.trace.functions if a.opaque and not a.trusted), None)
    if blind is not None:
        return _untold(ran, found, how, f"nobody can see into the forward of {blind.name}")
    if ran.untold is not None:
        return _untold(ran, found, how, ran.untold)
    if found.lost is not None:
        what, place = found.lost
        at = f" ({place.told})" if place.line else ""
        return _untold(ran, found, how, f"nobody can see into {what}{at}")
    try:
        problem = _problem(ran, found, how)
        odd, path = _replayed(problem, found, ran)
    except GradcalcError as error:
        place = NOWHERE if error.span is None else _place(found, error.span.line)
        at = f" ({place.told})" if place.line else ""
        return _untold(ran, found, how, f"{error}{at}")
    if odd is not None:
        at = f" ({odd.place.told})" if odd.place.line else ""
        why = f"{odd.operation}{at} has another value to the check than to {found.library.told}"
        return _untold(ran, found, how, why, odd)
    if np.isnan(ran.value).all() and ran.second:
        ran = replace(ran, value=_float_value(problem))
    testimony = _testimony(ran, found, path)
    if isinstance(testimony, Absent):
        return _untold(ran, found, how, testimony.doubt)
    case = weigh(problem, blame.once(testimony, how.ask))
    checked = Checked(case, found, ran)
    if ran.strays is not None and ran.rounded:
        return _doubted(checked, f"rounding decides what it does ({ran.strays})")
    return checked


def _add_cotangent(found: Listing, ran: Ran) -> None:
    """Weigh the output in the program itself, where its gradient is differentiated again."""
    if ran.weights is not None and _is_weighed(ran, found):
        weights = spelled(ran.weights)
        if weights is None:
            found.data["cotangent"], weights = ran.weights, "cotangent"
        found.output = f"{found.library.name}.sum({found.output}*{weights})"
    found.output = " + ".join([found.output, *found.terms])


def _is_weighed(ran: Ran, found: Listing) -> bool:
    """Whether the weights of the output stand in the program."""
    return ran.tangents is not None or bool(found.meant)


def _problem(ran: Ran, found: Listing, how: How) -> Problem:
    """What the recorded function is asked, as a problem of the language."""
    values = (numbers for _, numbers in ran.trace.inputs.values())
    inputs: dict[str, Any] = dict(zip(found.names, values, strict=True))
    inputs |= {name: numbers for name, (numbers, _) in found.meant.items()}
    wrt, twice = tuple(inputs), ran.tangents is not None
    tangents = ran.tangents and {n: ran.tangents[name] for n, name in found.names.items()}
    program = compile_lines(found.source, {*inputs, *found.data})
    inputs = {n: np.asarray(v, np.float64) for n, v in inputs.items()} | found.data
    return Problem(
        program=replace(program, typed=_shown(how, found)), inputs=inputs, wrt=wrt,
        data=tuple(found.data), limits=how.limits, strict=how.strict,
        cotangent=None if _is_weighed(ran, found) else ran.weights,
        before=(Gradient(wrt, tangents),) if twice else (), computed_in=ran.dtype,
        unseen=len(found.lines) > SHORT,
    )  # fmt: skip


def _shown(how: How, found: Listing) -> str:
    return f"{how.name}({', '.join(found.names.values())})"


def _testimony(ran: Ran, found: Listing, path: tuple[Branch, ...] = ()) -> Computed | Absent:
    """What torch said."""
    if ran.failure is not None:
        return Absent(Absence.UNABLE, f"going back fails: {ran.failure}")
    shapes = {name: values.shape for name, (_, values) in ran.trace.inputs.items()}
    own = {inside: ran.gradients[name] for inside, name in found.names.items()}
    own |= {name: given for name, (_, given) in found.meant.items()}
    value = ran.value
    if found.meant and ran.weights is not None:
        value = np.asarray(np.sum(value * ran.weights))
    return Computed(
        value=value,
        gradients={n: np.zeros(shapes[found.names[n]]) if g is None else g for n, g in own.items()},
        carrying=frozenset(name for name, g in own.items() if g is not None),
        path=path,
    )


def _untold(ran: Ran, found: Listing, how: How, why: str, odd: Line | None = None) -> Checked:
    """A case that nobody can decide."""
    numbers = (np.asarray(values, np.float64) for _, values in ran.trace.inputs.values())
    inputs = dict(zip(found.names, numbers, strict=True))
    program = compile_program(next(iter(inputs)), numbers=frozenset(inputs))
    problem = Problem(
        program=replace(program, typed=_shown(how, found)), inputs=inputs,
        wrt=tuple(inputs), cotangent=ran.weights, limits=how.limits, computed_in=ran.dtype,
    )  # fmt: skip
    absent, testimony = Absent(Absence.UNABLE, why), _testimony(ran, found)
    judgement = judge(problem, testimony, absent, absent)
    return Checked(Case(problem, testimony, absent, absent, judgement), found, ran, odd)


def _doubted(found: Checked, why: str) -> Checked:
    """The same, with a verdict that says no more than that nobody can tell."""
    verdict = Verdict(Outcome.UNRESOLVED, f"not checked: {why}")
    old = found.case.judgement
    judgement = Judgement(verdict, old.comparisons, old.claims, old.reference)
    return replace(found, case=replace(found.case, judgement=judgement))


# -- the values --------------------------------------------------------------------------------


def _replayed(problem: Problem, found: Listing, ran: Ran) -> tuple[Line | None, tuple[Branch, ...]]:
    """The first line whose value is not the one that torch had, and the way that the run took."""
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    given = {
        name: recorder.input(name, np.asarray(value, np.float64), name in problem.wrt)
        for name, value in problem.inputs.items()
    }
    execution = execute(replace(problem, before=()), backend, given, backend.budget)
    precision = precision_of(ran.dtype)
    return next(_unlike(backend, execution.run.names, found, precision), None), execution.run.path


def _float_value(problem: Problem) -> Any:
    """What the witnesses differentiate, where nobody else says what that is."""
    recorder = Recorder(problem.dtype)
    backend = RecordingBackend(recorder, budget(problem))
    given = {
        name: recorder.input(name, np.asarray(value, np.float64), name in problem.wrt)
        for name, value in problem.inputs.items()
    }
    return np.asarray(backend.numbers(execute(problem, backend, given, backend.budget).target))


def _unlike(
    backend: RecordingBackend, names: Mapping[str, Any], found: Listing, precision: Precision
) -> Iterator[Line]:
    room, least = APART * precision.epsilon**0.5, precision.smallest
    sizes: dict[str, float] = {}
    for line in found.lines:
        value = names.get(line.name)
        if not backend.is_tensor(value):
            continue
        ours = np.asarray(backend.numbers(value), np.float64)
        operands = [
            sizes[word] for word in dict.fromkeys(_BOUND.findall(line.text)) if word in sizes
        ]
        sizes[line.name] = _largest(ours)
        if line.made is None or line.made.dtype.kind != "f":
            continue
        theirs = np.asarray(line.made, np.float64)
        # of what cancels, rounding leaves something in proportion to what it was
        beside = max((*operands, _largest(theirs)), default=0.0)
        if ours.shape != theirs.shape or not _near(ours, theirs, room, room * beside + least):
            yield line


_BOUND = re.compile(r"\bt\d+\b")


def _largest(numbers: Any) -> float:
    return float(np.max(np.abs(numbers), initial=0, where=np.isfinite(numbers)))


def _near(ours: Any, theirs: Any, room: float, least: float) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(ours, theirs, rtol=room, atol=least, equal_nan=True))


# -- what is shown -----------------------------------------------------------------------------


def report(found: Checked) -> Report:
    """The case as the data that is shown, its names and places those of the user's own code."""
    made, listed = report_of(found.case, "check"), found.listing
    known = {**listed.names, **listed.others}
    own = [_located(finding, listed) for finding in made.findings]
    verdict = made.verdict
    if OTHER_WAY in verdict.message:
        why = "which way it goes is decided here, and only the one that it went was recorded"
        verdict = Verdict(Outcome.UNRESOLVED, f"not checked: {why}")
    told = [replace(f, message=_worded(f.message, found)) for f in (*_findings(found), *own)]
    findings = [finding for finding in told if _is_own(finding, found)]
    return replace(
        made,
        inputs={known[n]: v for n, v in made.inputs.items() if n in known},
        gradients=tuple(
            _renamed(_readable(g, listed), found) for g in made.gradients if g.name in listed.names
        ),
        read_as=None,
        verdict=replace(verdict, message=_worded(verdict.message, found)),
        dtype=found.ran.dtype,
        digits_possible=round(precision_of(found.ran.dtype).digits, 2),
        path=(),
        findings=tuple(findings),
        sources=text_of(f.span.file for f in findings if f.span is not None and f.span.file),
    )


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
    place = _place(found, finding.span.line)
    return replace(finding, span=span_of(place))


def _place(found: Listing, line: int) -> Place:
    # the first line imports torch
    position = line - 2
    return found.lines[position].place if 0 <= position < len(found.lines) else NOWHERE


NOTES: Mapping[str, tuple[str, str]] = {
    "hidden write": (
        "autograd does not see this write: it goes back as if it were not there",
        "write it so that autograd sees it, or let it be given by reference=",
    ),
    "hook": (
        "a hook may change the gradient on its way back",
        "what is checked is the gradient that autograd gives with it",
    ),
    "used number": (
        "a number is taken out of a tensor and calculated with: no gradient flows through it",
        "calculate with the tensor itself, or write .detach() to say that it is meant",
    ),
    "decomposed": (
        "{text} is taken for what torch says it is made of",
        "the verdict rests on that",
    ),
    "opaque": ("nobody can see into {text}", "reference= takes a plain function for it"),
}
"""What is said of notes of the recorder, with a tip."""


def _findings(found: Checked) -> Iterator[Finding]:
    yield from found.entries
    for wrong in found.blamed:
        yield blame.finding(wrong)
    if found.way is not None:
        said = f"the gradient is another one where {found.way}"
        yield Finding("otherwise", said, "that one is judged here", None)
    outcome = found.case.judgement.verdict.outcome
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
                "opaque", f"nobody can see into the forward of {applied.name}",
                "reference= takes a plain function that means the same", span_of(applied.place),
            )  # fmt: skip
    fewer = _fewer(found.ran)
    if fewer is not None:
        text = f"{fewer[0]} has fewer digits than the inputs have: the gradient has no more"
        yield Finding("precision", text, "keep the dtype of the inputs", span_of(fewer[1]))
    for note in found.ran.trace.notes:
        if note.kind == "hook" and outcome is not Outcome.WRONG:
            continue
        if note.kind in NOTES:
            yield _noted(note)


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
    return Finding(note.kind, message.format(text=note.text), hint, span_of(note.place))
