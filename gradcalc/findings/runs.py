"""What the libraries' own runs show: whose functions were taken, losses that torch broadcasts with
a warning, and float32's range."""

from collections.abc import Iterator

import numpy as np

from gradcalc.findings.finding import Finding
from gradcalc.lang.program import brief
from gradcalc.testimony import Broadcast, Narrow, Stray, Testimony

MOST = 3
"""Findings of a kind at the most."""


def readings(autograd: Testimony) -> Iterator[Finding]:
    """Calls that torch and numpy mean differently, where the text does not say whose it means."""
    for found in autograd.taken[:MOST]:
        ours, theirs = found.gives
        which = f"{brief(found.text)} is read as {found.reader} does, {ours}"
        message = f"{which}: in {found.library} it is {theirs}"
        hint = f"write {found.other} for that of {found.library}"
        yield Finding("reading", message, hint, found.place)


def broadcasts(autograd: Testimony) -> Iterator[Finding]:
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


def narrow(autograd: Testimony) -> Iterator[Finding]:
    """What is finite here, and is not in float32."""
    found = autograd.narrow
    if found is None:
        return
    value = [stray for stray in found.strays if stray.name is None]
    gradients = [stray for stray in found.strays if stray.name is not None]
    parts = [_text(stray) for stray in (*value[:1], *gradients[:1])]
    message = f"in float32{_vanished(found)} {' and '.join(parts)}"
    yield Finding("float32", message, _tip(found))


def _text(stray: Stray) -> str:
    number = "NaN" if np.isnan(stray.number) else f"{stray.number:g}"
    what = "the value" if stray.name is None else f"the gradient by {stray.name}"
    return f"{what}{_index(stray.index)} is {number}"


def _vanished(found: Narrow) -> str:
    if found.vanished is None:
        return ""
    name, index, number = found.vanished.name, found.vanished.index, found.vanished.number
    return f", where {name}{_index(index)} = {number:g} is 0,"


def _tip(found: Narrow) -> str:
    if found.better is None:
        return "--dtype float32 shows it"
    before, after = (" ".join(text.split()) for text in found.better)
    return f"{after} for {before} stays finite in float32"


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
