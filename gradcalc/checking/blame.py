"""Whose fault a wrong gradient is: the calls of own Functions, each held to what it does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcalc.calculate import Ask, weigh
from gradcalc.checking.lines import NoRow
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.ran import Hand, Inner, Ran
from gradcalc.checking.replaying import way_of
from gradcalc.checking.trace import FLOATS, Applied, Data, Trace, Use, View
from gradcalc.errors import GradcalcError
from gradcalc.lang.lines import compile_lines
from gradcalc.lang.program import Limits
from gradcalc.problem import Problem
from gradcalc.targets import Gradient
from gradcalc.testimony import Array, Computed, trusted
from gradcalc.verdict.case import Case
from gradcalc.verdict.outcome import Outcome

FAR = 1e-3
SURE = 100.0
"""How far a backward is from what was measured, in relation to both, and to how far off that may
be, where it is another one."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a backward hands to one argument, and what is right.

    `true` is by all arguments. With `second` it is not what it hands out, but the derivative of
    that; an argument behind all others is the gradient that the backward itself is given.
    """

    applied: Applied
    argument: int
    said: Array
    true: Mapping[int, Array]
    index: tuple[int, ...]
    second: bool = False

    @property
    def name(self) -> str:
        """The argument in words."""
        names = self.applied.names
        if self.argument >= len(self.applied.given):
            return "the gradient that it is given"
        return names[self.argument] if self.argument < len(names) else f"argument {self.argument}"


def blamed(ran: Ran, row: Callable[[str], Row | None], limits: Limits, ask: Ask) -> Iterator[Wrong]:
    """The calls whose backward is not that of their forward, the last one first.

    Where all are that, those whose backward has another derivative than it should.
    """
    none = True
    for second in (False, True):
        for number in range(len(ran.functions) - 1, -1, -1):
            applied = ran.functions[number]
            if applied.opaque or applied.trusted:
                continue
            told = _told(ran, number, applied, second=second)
            found = None if told is None else _held(ran.own, told, row, limits, ask)
            if found is not None and told is not None:
                none = False
                inside = list(_inside(told.inside, row, limits, ask))
                yield from inside
                if not (inside and applied.of_torch):
                    yield found
        if not none:
            return


@dataclass(frozen=True, slots=True)
class Off:
    """What the backward of a call that nobody can see into gives of one argument along a drawn
    direction, and what was measured."""

    applied: Applied
    argument: int
    said: float
    measured: float

    @property
    def name(self) -> str:
        """The argument in words."""
        names = self.applied.names
        return names[self.argument] if self.argument < len(names) else f"argument {self.argument}"


def _inside(
    calls: tuple[Inner, ...], row: Callable[[str], Row | None], limits: Limits, ask: Ask
) -> Iterator[Wrong]:
    """What is wrong with the calls that a wrong backward made."""
    for call in calls:
        (applied,) = call.trace.functions
        if applied.opaque or applied.trusted:
            continue
        told = _of_hand(applied, call.hand)
        found = _held(call.trace, told, row, limits, ask)
        if found is not None:
            inside = list(_inside(call.hand.inside, row, limits, ask))
            yield from inside
            if not (inside and applied.of_torch):
                yield found


def off(ran: Ran) -> Iterator[Off]:
    """The calls whose backward is not what was measured of their forward, the last one first."""
    for number in sorted(ran.slopes, reverse=True):
        told = _told(ran, number, ran.functions[number], second=False)
        if told is None:
            continue
        for place, slope in ran.slopes[number].items():
            handed = told.handed.get(place)
            said = 0.0 if handed is None else float(np.sum(handed * slope.direction))
            pairs = [(w, slope.moves[k], slope.off[k]) for k, w in told.weights.items()]
            measured = sum(float(np.sum(w * moves)) for w, moves, _ in pairs)
            size = sum(float(np.sum(np.abs(w * moves))) for w, moves, _ in pairs)
            room = sum(float(np.sum(np.abs(w) * apart)) for w, _, apart in pairs)
            if abs(said - measured) > FAR * (abs(said) + size) + SURE * room:
                yield Off(ran.functions[number], place, said, measured)
                break


def suspects(ran: Ran) -> Iterator[Applied]:
    """The calls on the way back that nobody can tell anything about, each Function once."""
    named: dict[str, Applied] = {}
    for number in sorted(ran.hands):
        if number < len(ran.functions):
            applied = ran.functions[number]
            if applied.opaque and not applied.trusted:
                named.setdefault(applied.name, applied)
    yield from named.values()


def within(
    ran: Ran, row: Callable[[str], Row | None], limits: Limits, ask: Ask
) -> Iterator[Wrong | Applied]:
    """The calls that the function itself went back through and whose backward is not that of their
    forward, as far as somebody can tell, and those of which nobody can.

    Where all are that, those whose backward has another derivative than it should.
    """
    none = True
    for second in (False, True):
        for number, hand in sorted(ran.passed.items()):
            applied = ran.functions[number] if number < len(ran.functions) else None
            if applied is None or applied.trusted or applied.of_torch:
                continue
            told = _told(ran, number, applied, second=True) if second else _of_hand(applied, hand)
            if told is None:
                continue
            case = None if applied.opaque else _case(ran.own, told, row, limits, ask)
            wrong = None if case is None else _wrong(told, *case)
            if wrong is not None:
                none = False
                yield wrong
            elif not second and (case is None or case[0].judgement.verdict.exit_code != 0):
                yield applied
        if not none:
            return


def writing(ran: Ran) -> Iterator[Applied]:
    """The calls whose backward writes over the gradient that it is given, each Function once."""
    named: dict[str, Applied] = {}
    for number, hand in ran.hands.items():
        if hand.written and number < len(ran.functions):
            applied = ran.functions[number]
            named.setdefault(applied.name, applied)
    yield from named.values()


@dataclass(frozen=True, slots=True)
class _Told:
    """What a call has to answer for: what it was handed for its results, and what it gave.

    With `tangents` that is what is handed out along them, differentiated by the arguments and by
    what it was handed.
    """

    applied: Applied
    weights: Mapping[int, Array]
    handed: Mapping[int, Array | None]
    tangents: Mapping[int, Array] | None = None
    weighed: Mapping[int, Array] = field(default_factory=dict)
    inside: tuple[Inner, ...] = ()


def _told(ran: Ran, number: int, applied: Applied, *, second: bool) -> _Told | None:
    if second:
        twice = ran.seconds.get(number)
        if twice is None:
            return None
        return _Told(applied, twice.weights, twice.handed, twice.tangents, twice.weighed)
    hand = ran.hands.get(number)
    return None if hand is None else _of_hand(applied, hand)


def _of_hand(applied: Applied, hand: Hand) -> _Told:
    order = [k for k, value in enumerate(applied.given) if value is not None]
    given = {k: w for k, w in enumerate(hand.given) if w is not None}
    handed = dict(zip(order, hand.handed, strict=False))
    return _Told(applied, given, handed, inside=hand.inside)


def _held(
    trace: Trace, told: _Told, row: Callable[[str], Row | None], limits: Limits, ask: Ask
) -> Wrong | None:
    """What is wrong with one call, None where nothing is or nobody can tell."""
    case = _case(trace, told, row, limits, ask)
    return None if case is None else _wrong(told, *case)


Places = dict[str, list[int]]
"""The arguments that an input of a problem stands for."""


def _case(
    trace: Trace, told: _Told, row: Callable[[str], Row | None], limits: Limits, ask: Ask
) -> tuple[Case, Mapping[str, Array], Places] | None:
    """A call by itself as a case, and what its backward handed to each input of that."""
    try:
        problem, places = _alone(trace, told, row, limits)
        if problem is None:
            return None
        gradients = _handed(told, places, problem)
        testimony = Computed(
            np.zeros(()), gradients, way_of(problem), carrying=frozenset(gradients)
        )
        return weigh(problem, once(testimony, ask)), gradients, places
    except (GradcalcError, NoRow):
        return None


def _wrong(told: _Told, case: Case, gradients: Mapping[str, Array], places: Places) -> Wrong | None:
    """What is wrong in a case."""
    problem = case.problem
    reference = trusted(case.judgement.reference)
    if case.judgement.verdict.outcome is not Outcome.WRONG or reference is None:
        return None
    true = {places[name][0]: reference.gradients[name] for name in problem.wrt}
    for name in problem.wrt:
        found = case.judgement.comparisons.get(name)
        if found is not None and found.outcome is Outcome.WRONG:
            index = tuple(found.worst.index) if found.worst is not None else ()
            second = told.tangents is not None
            return Wrong(told.applied, places[name][0], gradients[name], true, index, second)
    return None


def once(testimony: Computed, ask: Ask) -> Ask:
    """Asks for what was said once, and from then on anew."""
    said = [testimony]

    def given(problem: Problem) -> Any:
        if said:
            answer = said.pop()
            return lambda: answer
        return ask(problem)

    return given


def _alone(
    trace: Trace, told: _Told, row: Callable[[str], Row | None], limits: Limits
) -> tuple[Problem | None, dict[str, list[int]]]:
    """A call by itself as a problem, and the places of the arguments that its inputs are."""
    applied = told.applied
    writer = Writer(row)
    inputs, places = _inputs(writer, applied)
    wrt = tuple(n for n, at in places.items() if _is_live(applied.given[at[0]]))
    events = list(enumerate(trace.events))[applied.first : applied.last]
    writer.write(trace, events)
    terms = []
    for position, made in enumerate(applied.made):
        weight = told.weights.get(position)
        if made is None or weight is None:
            continue
        name = f"w{position}"
        if position in told.weighed:
            inputs[name], places[name] = weight, [len(applied.given) + position]
        else:
            name = writer.constant(weight)
        terms.append(f"torch.sum({writer.text(Use(made.view, True))}*{name})")
    if not terms or not wrt:
        return None, places
    text = "\n".join([writer.listing.source.rstrip(), " + ".join(terms)])
    names = {*inputs, *writer.listing.data}
    program = compile_lines(text, names)
    everything = inputs | writer.listing.data
    before: tuple[Gradient, ...] = ()
    if told.tangents is not None:
        if {places[name][0] for name in wrt} != told.tangents.keys():
            # one tensor in several places, or one that autograd does not see
            return None, places
        before = (Gradient(wrt, {name: told.tangents[places[name][0]] for name in wrt}),)
        wrt = (*wrt, *(f"w{k}" for k in told.weighed if f"w{k}" in inputs))
    data = tuple(name for name in everything if name not in wrt)
    problem = Problem(program, everything, wrt=wrt, data=data, limits=limits, before=before)
    return replace(problem, computed_in=_precision(applied), unseen=True), places


def _inputs(writer: Writer, applied: Applied) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The arguments of a call as inputs, and the places of each."""
    views: dict[View, str] = {}
    places: dict[str, list[int]] = {}
    inputs: dict[str, Any] = {}
    for place, (value, numbers) in enumerate(zip(applied.given, applied.numbers, strict=True)):
        if not isinstance(value, Use) or value.dtype not in FLOATS:
            if isinstance(value, Use) and numbers is not None:
                writer.memory.write(value.view, writer.constant(numbers))
            continue
        if value.view in views:
            places[views[value.view]].append(place)
            continue
        name = f"a{place}"
        views[value.view] = name
        inputs[name] = np.asarray(numbers, np.float64)
        places[name] = [place]
        writer.memory.write(value.view, name)
    return inputs, places


def _precision(applied: Applied) -> str:
    dtypes = [v.dtype for v in applied.given if v is not None and v.dtype in FLOATS]
    return max(dtypes, key=FLOATS.index, default=FLOATS[0])


def _is_live(value: Use | Data | None) -> bool:
    return isinstance(value, Use) and value.live


def _handed(told: _Told, places: Mapping[str, list[int]], problem: Problem) -> dict[str, Array]:
    """What the backward handed to each input; to one that is given twice, the sum."""
    count = len(told.applied.given)
    everything = {**told.handed, **{count + k: g for k, g in told.weighed.items()}}
    found = {}
    for name in problem.wrt:
        total = np.zeros(problem.inputs[name].shape)
        for place in places[name]:
            part = everything[place]
            total = np.asarray(total + (0.0 if part is None else part))
        found[name] = total
    return found
