"""What autograd's own run shows: where no gradient flows, losses that torch broadcasts with a
warning, whose functions were taken, and float32's range."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from gradcalc.errors import brief
from gradcalc.lang.chance import RANDOM, Draw
from gradcalc.lang.program import ASKED, FREED, HELD, LEAF, NOT_SET, SEVERAL, UNDERIVED, Stop
from gradcalc.primitives import BY_NAME, Composite
from gradcalc.problem import Problem
from gradcalc.reruns import COPIES
from gradcalc.testimony import (
    Absent,
    Broadcast,
    Closed,
    Computed,
    Derived,
    Enclosed,
    Reference,
    Stray,
    trusted,
)
from gradcalc.values.passed import DTYPES
from gradcalc.verdict.outcome import Finding, Outcome, at_text, element_text, names_text

KEPT = "stack([...]) of the parts keeps their gradient"
FUNCTION = "torch has the function for tensors"
GRAPH = "create_graph=True lets the gradient through"
SPACED = "a + (b - a)*torch.linspace(0, 1, n) keeps the gradient of a and b"

NUMBERS = ("item", "float", "int", "index")
"""The kinds of stops that take a plain number out of a tensor by themselves."""

REFUSED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        SEVERAL: (
            "one of several views that one call gave, where a gradient flows",
            "write into the whole tensor, by an index: y[0] = ...",
        ),
        LEAF: ("an input that has a gradient", "make a copy before: y = x.clone()"),
    }
)
"""What writes that torch refuses by themselves write into, and what to do, by their kind."""

INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "floor_divide": "torch.div(x, y, rounding_mode='floor') has a slope, which is 0",
        "vander": "torch.linalg.vander(x) has a backward, its powers the other way round",
        "cond": "norm(A, p)*norm(inv(A), p) of torch.linalg has a backward",
    }
)
"""What to write instead of what torch has no backward of."""

LEAVABLE = ("detach", "no_grad", "item", "float", "int")
"""Kinds of stops that a program may do without: an index is needed."""

MOST = 3
"""Findings of a kind at the most."""

_NAME, _ITS, _THEM = "\0", "\1", "\2"
_ZERO = f"the gradient by {_NAME} is 0"
_ZERO_ALONE = "the gradient is 0"
_NOTHING = f"no gradient flows back to {_NAME}"
_SEVERAL = (
    (_ZERO, f"the gradients by {_NAME} are 0"),
    (_ZERO_ALONE, "the gradients by them are 0"),
)
"""Sentences in which inputs are left open, and what is said of several."""

# -- no gradient flows -------------------------------------------------------------------------


def cut(autograd: Computed) -> Iterator[Finding]:
    """What alone keeps a gradient at 0, where it is a plain number taken out of a tensor."""
    if autograd.cut is None:
        return
    stop = autograd.cut.stop
    what, hint = _stopping(stop)
    if stop.kind in COPIES:
        why = f"it {what}"
    elif stop.kind == "math":
        why = f"math {what}"
    else:
        why = "a plain number passes no gradient back"
        hint = (
            "without float(), int(), .item() and copies into new tensors the program has a gradient"
        )
        if not autograd.cut.same:
            hint = None
        elif autograd.cut.alone:
            how = ".item()" if stop.kind == "item" else f"{stop.kind}()"
            hint = f"leave {how} out: the program without it has a gradient"
    yield Finding("stopped", f"nothing flows through {stop.source}: {why}", hint, stop.span)


def _stopping(stop: Stop) -> tuple[str | None, str | None]:
    """What a call that passes no gradient back does to a tensor, and what to do instead."""
    if stop.kind in COPIES:
        return "copies the numbers of a tensor", KEPT
    if stop.kind == "grad":
        return "keeps no graph of what it gives", GRAPH
    if stop.kind == "math":
        return "makes a plain number of a tensor", FUNCTION
    if stop.kind in ("linspace", "logspace"):
        return "takes its bounds as plain numbers", SPACED if stop.kind == "linspace" else None
    if stop.kind == "data":
        return "takes numbers as data", None
    if stop.kind == "index":
        return "takes whole numbers out of a tensor", None
    if stop.kind in NUMBERS:
        # a whole number is another one than the tensor, and has slope 0 anyway
        hint = "use the tensor itself" if stop.kind != "int" else None
        return "takes a plain number out of a tensor", hint
    return None, None


def zeros(
    problem: Problem, autograd: Computed, reference: Reference | Absent, outcome: Outcome
) -> Iterator[Finding]:
    """Why a gradient is 0, and what passes none back."""
    exact = trusted(reference) if isinstance(reference, Enclosed) else None
    # at a special point the slope of a primitive says little
    special = exact is not None and bool(exact.around)
    ends = {} if exact is None else {end.wrt: end for end in exact.closed}
    found: list[tuple[str, Finding]] = []
    for name in problem.wrt:
        if autograd.gradients[name].any() or outcome is Outcome.WRONG:
            continue
        end = ends.get(name)
        if special and (end is None or end.kind not in ("unused", "compared", "numbers")):
            end = None
        if name not in autograd.carrying:
            dead = _dead(problem, autograd, name, end, special=special)
            found += [] if dead is None else [(name, dead)]
        elif end is not None:
            found.append(
                (name, Finding("dead", f"{_ZERO}: {_flat(problem, end)}", None, end.place))
            )
    yield from _together(found)
    said = set() if autograd.cut is None else {autograd.cut.stop}
    told = {finding.span for _, finding in found}
    texts = {(stop.kind, stop.source) for stop in autograd.stops if stop.span in told}
    left = (stop for stop in autograd.stops if (stop.kind, stop.source) not in texts)
    yield from _stopped([stop for stop in left if stop not in said])


def _stopped(stops: Sequence[Stop]) -> Iterator[Finding]:
    """What passes no gradient back, each text once, however often the program comes by."""
    times = Counter((stop.kind, stop.source) for stop in stops if _stopping(stop)[0] is not None)
    first = {(stop.kind, stop.source): stop for stop in reversed(stops)}
    for number, (key, count) in enumerate(list(times.items())[:MOST]):
        stop = first[key]
        what, hint = _stopping(stop)
        which = ", which pass" if stop.kind == "index" else " and passes"
        text = f"{brief(stop.source)} {what}{which} no gradient back"
        text += f" ({count} times)" if count > 1 else ""
        rest = len(times) - MOST
        if number == MOST - 1 and rest > 0:
            text += f"; {rest} more place{'s do' if rest > 1 else ' does'} so"
        yield Finding("stopped", text, hint, stop.span)


def _flat(problem: Problem, end: Closed) -> str:
    """What lets nothing by, in words."""
    what = at_text(end.primitive, end.at)
    inner, _, whole = end.primitive.partition(" in ")
    row = BY_NAME.get(whole)
    if end.kind == "flat" and isinstance(row, Composite) and inner in dict(row.flat):
        return f"{whole} {dict(row.flat)[inner]}"
    if end.then is not None:
        how = {"zero": "is 0", "false": "is false", "faded": "underflows to 0"}[end.kind]
        return f"{what} {how}, and {at_text(*end.then)} takes its slope from that"
    by = f" ({end.primitive})" if end.primitive else ""
    return {
        "step": f"{end.primitive} has slope 0 wherever it has one",
        "flat": f"{what} is flat",
        "saturated": f"{what} is saturated: its slope there is lost",
        "underflow": f"the slope of {what} underflows to 0",
        "unchosen": f"{what} takes what does not depend on {_THEM}",
        "numbers": f"only whole numbers are made of it{by}, which have no slope",
        "unused": f"{_differentiated(problem)} does not depend on {end.wrt}",
        "compared": f"{end.wrt} is only compared ({what}), and comparisons have no slope",
    }[end.kind]


def _differentiated(problem: Problem) -> str:
    return "a lower derivative" if problem.before else "the output"


def _dead(
    problem: Problem, autograd: Computed, name: str, end: Closed | None, *, special: bool
) -> Finding | None:
    """Why nothing flows back to an input at all; at a `special` point that says little."""
    stop = next((s for s in autograd.stops if name in s.behind), None)
    if name in problem.integers and name not in problem.truths:
        many = "integers, which have" if problem.inputs[name].shape else "an integer, which has"
        why = f"{name} is taken as {many} no slope: the program tells them from real numbers"
        real = f"--wrt {name} takes real numbers, where the program runs with such"
        return Finding("dead", why, real)
    if name in problem.data and name not in problem.truths:
        why = (
            f"{name} is compared, or says how many: its whole numbers are taken as data, which have"
            " no slope"
        )
        return Finding(
            "dead",
            why,
            f"--wrt {name} takes them as real numbers, where the program runs with such",
        )
    if name in problem.truths:
        return Finding("dead", f"{name} holds truth values, which have no slope")
    if name in problem.detach:
        why = f"{name} is detached (--detach {name}), so no gradient flows back to it"
        return Finding("dead", why)
    if autograd.cut is not None:
        return None
    if stop is not None:
        return _stopped_at(autograd, stop)
    if end is not None and end.kind != "unused":
        return Finding("dead", f"{_ZERO}: {_flat(problem, end)}", None, end.place)
    if problem.detach:
        return Finding("dead", f"{_NOTHING}: {', '.join(problem.detach)} is detached")
    if end is not None or name not in _used(problem):
        steered = autograd.path or any(stop.kind in NUMBERS for stop in autograd.stops)
        # another way of the program may well use it
        here = " as the program goes here" if steered and name in _used(problem) else ""
        alone = f"{_differentiated(problem)} does not depend on {_NAME}{here}"
        return Finding("dead", f"{alone}, so {_ZERO_ALONE}")
    return None if special else Finding("dead", _NOTHING)


def _stopped_at(autograd: Computed, stop: Stop) -> Finding:
    """What holds back the gradient by an input."""
    source = brief(stop.source)
    if stop.kind in ("data", "index"):
        return Finding("dead", f"{_ZERO}: {source} takes {_ITS} numbers as data", None, stop.span)
    _, hint = _stopping(stop)
    if hint is None and len(set(autograd.stops)) == 1 and stop.kind in LEAVABLE:
        hint = "leave it out where the gradient should flow through it"
    how = "is detached" if stop.kind == "detach" else "stops it"
    return Finding("dead", f"{_NOTHING}: {source} {how}", hint, stop.span)


def _together(found: Iterable[tuple[str, Finding]]) -> Iterator[Finding]:
    """Findings in whose sentences inputs are left open: one for all inputs that it holds for."""
    groups: dict[Finding, list[str]] = {}
    for name, finding in found:
        groups.setdefault(finding, []).append(name)
    for finding, names in groups.items():
        message = finding.message
        if len(names) > 1:
            for one, several in _SEVERAL:
                message = message.replace(one, several)
        its = "its" if len(names) == 1 else "their"
        them = names[0] if len(names) == 1 else "them"
        for blank, word in ((_NAME, names_text(names)), (_ITS, its), (_THEM, them)):
            message = message.replace(blank, word)
        yield replace(finding, message=message)


def _used(problem: Problem) -> set[str]:
    """The names in the program and what it is given, and what is differentiated."""
    bodies = (problem.program.body, *(program.body for _, program in problem.lets))
    return {str(problem.of), *(name for body in bodies for name in _names(body))}


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


# -- what the libraries do ---------------------------------------------------------------------


def readings(autograd: Computed) -> Iterator[Finding]:
    """Calls that torch and numpy mean differently, where the text does not say whose it means."""
    for found in autograd.taken[:MOST]:
        ours, theirs = found.gives
        which = f"{brief(found.text)} is read as {found.reader} does, {ours}"
        message = f"{which}: in {found.library} it is {theirs}"
        hint = f"write {found.other} for that of {found.library}"
        yield Finding("reading", message, hint, found.place)


def casts(problem: Problem, autograd: Computed) -> Iterator[Finding]:
    """What the libraries would round, where everything is calculated in one dtype."""
    found: dict[str, list[Stop]] = {}
    for cast in autograd.casts:
        found.setdefault(cast.kind, []).append(cast)
    for dtype, places in list(found.items())[:MOST]:
        texts = list(dict.fromkeys(brief(place.source) for place in places))
        more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
        if dtype == NOT_SET:
            are = "are" if more else "is"
            message = f"{texts[0]}{more} {are} read as not set: nothing is read of the environment"
            yield Finding("reading", message, "write the value itself", places[0].span)
            continue
        if dtype.startswith(ASKED):
            yield Finding("reading", f"{dtype.removeprefix(ASKED)} here", None, places[0].span)
            continue
        if dtype.startswith(UNDERIVED):
            name = dtype.removeprefix(UNDERIVED)
            message = (
                f"{texts[0]}{more}: torch stops with an error where a gradient flows back to"
                f" {name}; here it has the slope of what it calculates"
            )
            yield Finding("underived", message, INSTEAD[name], places[0].span)
            continue
        if dtype.startswith(HELD):
            which = "hold numbers" if more else "holds its numbers"
            held = dtype.removeprefix(HELD)
            message = f"{texts[0]}{more} {which} as {held} has them; all is calculated in"
            yield Finding("cast", f"{message} {problem.dtype}", None, places[0].span)
            continue
        message = (
            f"{texts[0]}{more} is taken as {problem.dtype}, in which everything is calculated:"
            f" there it would be rounded to {dtype}"
        )
        hint = f"--dtype {dtype} calculates in it" if dtype in DTYPES else None
        yield Finding("cast", message, hint, places[0].span)


def overwritten(autograd: Computed) -> Iterator[Finding]:
    """What torch would stop at, which writes in place; here no tensor ever changes."""
    write = autograd.overwritten
    if write is None:
        return
    if write.kind == FREED:
        message = (
            f"{brief(write.source)} frees what torch keeps to go this way back, and it is gone a"
            " second time: torch itself refuses that"
        )
        yield Finding("overwritten", message, "retain_graph=True keeps it", write.span)
        return
    if write.kind in REFUSED:
        what, hint = REFUSED[write.kind]
        message = f"{brief(write.source)} writes into {what}: torch itself refuses that"
        yield Finding("overwritten", message, hint, write.span)
        return
    message = (
        f"{brief(write.source)} writes over what the backward pass of {write.kind} needs:"
        " torch itself refuses to differentiate the program as it is written"
    )
    hint = "a new tensor keeps what was there: y = y + 1, or torch.stack of a list of the parts"
    yield Finding("overwritten", message, hint, write.span)


def random(autograd: Computed, formula: Derived | Absent) -> Iterator[Finding]:
    """What was drawn at random, and from which seeds."""
    written = () if isinstance(formula, Absent) else formula.formulas.values()
    texts = [found.written.text for found in written if found.written is not None]
    called = re.findall(rf"\b{RANDOM}\d+\b", " ".join(texts))
    named = f" ({', '.join(dict.fromkeys(called))} in the formula)" if called else ""
    found: dict[tuple[str, bool], list[Draw]] = {}
    for draw in autograd.draws:
        found.setdefault((draw.seed, draw.own), []).append(draw)
    for (seed, own), draws in list(found.items())[:MOST]:
        texts = list(dict.fromkeys(brief(draw.source) for draw in draws))
        more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
        whose = f"the program's seed {seed}" if own else f"seed {seed}"
        message = f"{texts[0]}{more} drew random numbers from {whose}: they are data{named}"
        yield Finding("random", message, None if own else "--seed draws others", draws[0].span)


def broadcasts(autograd: Computed) -> Iterator[Finding]:
    """Losses of tensors of different shapes."""
    for found in autograd.broadcasts[:MOST]:
        (one, other), (first, second) = found.names, found.shapes
        message = (
            f"{found.primitive} broadcasts {one} of shape {first} and {other} of shape"
            f" {second}, as torch warns: {_outcome(found)}"
        )
        yield Finding("broadcast", message, _reshaped(found), found.place)


def _outcome(found: Broadcast) -> str:
    count = f"{found.count:,} element{'' if found.count == 1 else 's'}"
    if found.reduction == "none":
        return f"it gives {count}"
    return f"it {'adds up' if found.reduction == 'sum' else 'averages'} {count}"


def _reshaped(found: Broadcast) -> str:
    one, other = found.names
    first, second = found.shapes
    if np.prod(first) == np.prod(second):
        return f"reshape {other} to the shape of {one}, {first}"
    return f"give {one} and {other} the same shape"


def narrow(autograd: Computed) -> Iterator[Finding]:
    """What is finite here, and is not in float32."""
    found = autograd.narrow
    if found is None:
        return
    value = [stray for stray in found.strays if stray.name is None]
    gradients = [stray for stray in found.strays if stray.name is not None]
    parts = " and ".join(map(_text, (*value[:1], *gradients[:1])))
    where = ""
    if found.vanished is not None and found.vanished.name is not None:
        element = element_text(found.vanished.name, found.vanished.index)
        where = f", where {element} = {found.vanished.number:g} is 0,"
    tip = "--dtype float32 shows it"
    if found.better is not None:
        before, after = (" ".join(text.split()) for text in found.better)
        tip = f"{after} for {before} stays finite in float32"
    yield Finding("float32", f"in float32{where} {parts}", tip)


def _text(stray: Stray) -> str:
    number = "NaN" if np.isnan(stray.number) else f"{stray.number:g}"
    what = "the value" if stray.name is None else f"the gradient by {stray.name}"
    return f"{element_text(what, stray.index)} is {number}"
