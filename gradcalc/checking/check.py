"""Ran → Checked: what real code gives, held to the witnesses that know nothing of torch."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcalc.calculate import Ask, weigh
from gradcalc.checking import blame, coarse
from gradcalc.checking.lines import OTHER_WAY, Line, Listing, Said, spelled
from gradcalc.checking.listing import Row, listing
from gradcalc.checking.memory import TORCH
from gradcalc.checking.ran import Ran
from gradcalc.checking.replaying import APART, float_value, largest, near, replayed
from gradcalc.checking.trace import NOWHERE, Applied
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.lines import compile_lines
from gradcalc.lang.program import Branch, Limits
from gradcalc.problem import Problem
from gradcalc.targets import Gradient
from gradcalc.testimony import Absence, Absent, Computed, Enclosed, trusted
from gradcalc.values.precision import precision_of
from gradcalc.verdict.case import Case
from gradcalc.verdict.comparing import value_holds
from gradcalc.verdict.judge import Judgement, judge
from gradcalc.verdict.outcome import Finding, Outcome, Verdict

SHORT = 200
"""Lines of a program up to which its formula is looked for."""

COTANGENT = "cotangent"
"""What weighs the output in a program."""

ALONE = "only small outputs are gone back from"
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
    wrong with backwards that somebody wrote, `off` what is by measuring, `taken` which are a part
    of the function and nobody can tell, `entries` what is wrong in a Hessian, `way` that to the
    gradient that is judged, None where it is the ordinary one.
    """

    case: Case
    listing: Listing
    ran: Ran
    odd: Line | None = None
    blamed: tuple[blame.Wrong, ...] = ()
    off: tuple[blame.Off, ...] = ()
    taken: tuple[Applied, ...] = ()
    entries: tuple[Finding, ...] = ()
    way: str | None = None


def checked(ran: Ran, how: How) -> Checked:
    """The verdict on what torch gave, and whose fault it is where that is wrong."""
    if ran.first is not None:
        # of a gradient that is wrong there is no derivative to speak of
        found = checked(ran.first, how)
        if _is_wrong(found):
            return found
    found = _in_any_way(ran, how)
    if ran.hidden is not None:
        why = "a number that hangs on the inputs comes back where nobody sees it"
        return _doubted(found, f"{why} ({ran.hidden})")
    if not _is_wrong(found):
        return _with_passed(found, how)
    rewritten = next((note for note in ran.trace.notes if note.kind == "rewritten"), None)
    if rewritten is not None:
        at = f" ({rewritten.place.told})" if rewritten.place.line else ""
        why = f"{rewritten.text} is written over where autograd does not see it{at}"
        return _doubted(found, f"{why}: the gradient is by what it is then")
    strays = ran.strays or found.ran.strays
    if strays is not None:
        return _doubted(found, f"beside this point it does something else ({strays})")
    # where it was looked for numbers that come back, those that do not are only compared
    asking = [] if ran.looked else [a.name for a in ran.functions if a.asks]
    wrong: list[blame.Wrong] = []
    for one in blame.blamed(found.ran, how.row, how.limits, how.ask):
        if one.applied.name in asking:
            why = f"the forward of {one.applied.name} takes numbers out of tensors"
            return _doubted(found, why)
        wrong.append(one)
        if len(wrong) == FEW:
            break
    off = tuple(blame.off(found.ran))[: FEW - len(wrong)]
    if not wrong and not off and _is_at_kinks(found) and _is_torchs(found, how):
        return _doubted(found, "rounding cannot tell this point from several kinks at once")
    return replace(found, blamed=tuple(wrong), off=off)


def _with_passed(found: Checked, how: How) -> Checked:
    """The same, with what is wrong with backwards that are a part of the function."""
    if found.case.judgement.verdict.exit_code != 0 or not found.ran.passed:
        return found
    wrong: list[blame.Wrong] = []
    taken: dict[str, Applied] = {}
    for one in blame.within(found.ran, how.row, how.limits, how.ask):
        if isinstance(one, Applied) or one.applied.asks:
            applied = one if isinstance(one, Applied) else one.applied
            taken.setdefault(applied.name, applied)
            continue
        wrong.append(one)
        if len(wrong) == FEW:
            break
    found = replace(found, blamed=tuple(wrong), taken=tuple(taken.values()))
    if not wrong:
        return found
    name = wrong[0].applied.name
    if wrong[0].second:
        why = f"the backward of {name} is a part of the function, and loses its own derivative"
        return _doubted(found, why)
    why = f"the function goes back through {name}, whose backward is wrong"
    return _with_verdict(found, Verdict(Outcome.WRONG, why))


def _is_at_kinks(found: Checked) -> bool:
    """Whether several operations are at kinks as far as rounding can tell, each by itself."""
    case = found.case
    known = trusted(case.judgement.reference)
    if not isinstance(known, Enclosed) or isinstance(case.autograd, Absent):
        return False
    # what is not finite, or has another value, no side of a kink gives
    finite = all(np.isfinite(g).all() for g in case.autograd.gradients.values())
    if not finite or not value_holds(case.problem, case.autograd, known):
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
    return all(near(one, other, room, room * largest(other)) for one, other in pairs)


def _in_any_way(ran: Ran, how: How, *, finer: bool = False) -> Checked:
    """The verdict on the gradient, and where that is right on those that torch gives otherwise.

    A `finer` run is held to no more than the digits that it says.
    """
    found = judged(ran, how)
    found = found if finer else _by_its_digits(found, ran, how)
    for way, other in ran.otherwise.items():
        if _is_wrong(found):
            break
        weights = ran.weights if other.weights is None else other.weights
        ways = replace(ran, gradients=other.gradients, hands=other.hands, weights=weights)
        so = judged(ways, how)
        if _is_wrong(so):
            found = replace(so, way=way)
    if ran.small is not None and not _is_wrong(found):
        so = judged(ran.small, how)
        found = replace(so, way=ALONE) if _is_wrong(so) else found
    if ran.finer is not None and not _is_wrong(found):
        so = _in_any_way(ran.finer, how, finer=True)
        if _is_wrong(so):
            found = replace(so, way=so.way or FINER)
    return found


def _by_its_digits(found: Checked, ran: Ran, how: How) -> Checked:
    """The verdict where some operations have fewer digits than the inputs: these excuse what they
    explain, and nothing else."""
    given = coarse.given_dtype(ran)
    accepted = found.case.judgement.verdict.exit_code == 0
    if given == ran.dtype or not accepted or ran.tangents is not None or found.listing.meant:
        return found
    fine = judged(ran, how, given)
    ours = found.case.autograd
    if not _is_wrong(fine) or isinstance(ours, Absent):
        return fine if fine.case.judgement.verdict.exit_code == 0 else found
    explained = coarse.explains(found.case.problem, found.listing, ran, ours.gradients, how.ask)
    return found if explained else fine


def _is_wrong(found: Checked) -> bool:
    return found.case.judgement.verdict.outcome is Outcome.WRONG


def judged(ran: Ran, how: How, held_to: str | None = None) -> Checked:
    """The verdict on what torch gave, held to the digits of a dtype, if not those of the run."""
    hands = ran.hands if ran.behind is None else {}
    found = ran.listing or listing(ran.trace, how.row, hands)
    _add_cotangent(found, ran)
    unseen = next((note for note in ran.trace.notes if note.kind == "unseen"), None)
    if unseen is not None:
        at = f" ({unseen.place.told})" if unseen.place.line else ""
        return _untold(ran, found, how, f"nobody can see into what {unseen.text} goes back to{at}")
    blind = next((a for a in ran.trace.functions if a.opaque and not a.trusted), None)
    if blind is not None:
        return _untold(ran, found, how, blind.told)
    if ran.untold is not None:
        return _untold(ran, found, how, ran.untold)
    if found.lost is not None:
        what, place = found.lost
        at = f" ({place.told})" if place.line else ""
        said = what if isinstance(what, Said) else f"nobody can see into {what}"
        return _untold(ran, found, how, f"{said}{at}")
    try:
        problem = replace(_problem(ran, found, how), computed_in=held_to or ran.dtype)
        odd, path = replayed(problem, found, ran)
    except GradcalcError as error:
        place = NOWHERE if error.span is None else found.place(error.span.line)
        at = f" ({place.told})" if place.line else ""
        return _untold(ran, found, how, f"{error}{at}")
    if odd is not None:
        at = f" ({odd.place.told})" if odd.place.line else ""
        why = f"{odd.operation}{at} has another value to the check than to {found.library.told}"
        return _untold(ran, found, how, why, odd)
    if np.isnan(ran.value).all() and ran.second:
        ran = replace(ran, value=float_value(problem))
    testimony = _testimony(ran, found, path)
    if isinstance(testimony, Absent):
        return _untold(ran, found, how, testimony.doubt)
    case = weigh(problem, blame.once(testimony, how.ask))
    checked = Checked(case, found, ran)
    if ran.strays is not None and ran.rounded:
        return _doubted(checked, f"rounding decides what it does ({ran.strays})")
    if OTHER_WAY in case.judgement.verdict.message:
        why = "which way it goes is decided here, and only the one that it went was recorded"
        return _doubted(checked, why)
    return checked


def _add_cotangent(found: Listing, ran: Ran) -> None:
    """Weigh the output in the program itself, where its gradient is differentiated again, or terms
    are added to it."""
    if not _is_weighed(ran, found):
        return
    weights = np.ones(ran.value.shape) if ran.weights is None else ran.weights
    written = spelled(weights) if found.library is TORCH and ran.slope is None else None
    if ran.slope is not None:
        # by itself an input, by which what is differentiated twice has a slope too
        found.meant[COTANGENT] = weights if ran.weights is not None else np.ones(()), ran.slope
    elif written is None:
        found.data[COTANGENT] = weights
    total = f"{found.library.name}.sum({found.output}*{written or COTANGENT})"
    found.output = " + ".join([total, *found.terms])


def _is_weighed(ran: Ran, found: Listing) -> bool:
    """Whether the weights of the output stand in the program."""
    return ran.tangents is not None or bool(found.meant)


def _problem(ran: Ran, found: Listing, how: How) -> Problem:
    """What the recorded function is asked, as a problem of the language."""
    values = (numbers for _, numbers in ran.trace.inputs.values())
    inputs: dict[str, Any] = dict(zip(found.names, values, strict=True))
    inputs |= {name: numbers for name, (numbers, _) in found.meant.items()}
    wrt, twice = tuple(inputs), ran.tangents is not None
    firsts = tuple(name for name in wrt if name != COTANGENT)
    tangents = ran.tangents and {n: ran.tangents[name] for n, name in found.names.items()}
    program = compile_lines(found.source, {*inputs, *found.data})
    inputs = {n: np.asarray(v, np.float64) for n, v in inputs.items()} | found.data
    return Problem(
        program=replace(program, typed=_shown(how, found)), inputs=inputs, wrt=wrt,
        data=tuple(found.data), limits=how.limits, strict=how.strict,
        cotangent=None if _is_weighed(ran, found) else ran.weights,
        before=(Gradient(firsts, tangents),) if twice else (), computed_in=ran.dtype,
        unseen=len(found.lines) > SHORT,
    )  # fmt: skip


def _shown(how: How, found: Listing) -> str:
    return f"{how.name}({', '.join(found.names.values())})"


def _testimony(ran: Ran, found: Listing, path: tuple[Branch, ...] = ()) -> Computed | Absent:
    """What torch said."""
    if ran.failure is not None:
        return Absent(Absence.UNABLE, f"going back fails: {ran.failure.said}")
    shapes = {name: values.shape for name, (_, values) in ran.trace.inputs.items()}
    own = {inside: ran.gradients[name] for inside, name in found.names.items()}
    own |= {name: given for name, (_, given) in found.meant.items()}
    value = ran.value
    if found.meant and ran.weights is not None and ran.tangents is None:
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
    """The same, saying no more than that nobody can tell."""
    verdict, absent = (
        Verdict(Outcome.UNRESOLVED, f"not checked: {why}"),
        Absent(Absence.UNABLE, why),
    )
    # what was found is about another function, or another point: no number of it holds here
    judgement = Judgement(verdict, {}, {}, absent)
    case = replace(found.case, formula=absent, enclosure=absent, judgement=judgement)
    return replace(found, case=case)


def _with_verdict(found: Checked, verdict: Verdict) -> Checked:
    """The same, with another verdict."""
    old = found.case.judgement
    # digits that are right of what is wrong say nothing
    judgement = Judgement(verdict, {}, {}, old.reference)
    return replace(found, case=replace(found.case, judgement=judgement))
