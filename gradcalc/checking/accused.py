"""What is wrong with own backwards, in words."""

import numpy as np

from gradcalc.checking.blame import Off, Wrong
from gradcalc.checking.places import span_of
from gradcalc.checking.trace import Applied
from gradcalc.testimony import Array
from gradcalc.verdict.outcome import Finding, numbers_apart

FORGOTTEN = 1000
"""The largest factor that is taken for one that was forgotten, of a single number."""

CLOSE = 1e-6
"""How far apart two gradients may be that are the same mistake."""


def finding(wrong: Wrong) -> Finding:
    """The blame as what is shown."""
    applied = wrong.applied
    said, true = wrong.said[wrong.index], wrong.true[wrong.argument][wrong.index]
    at = wrong.name
    if wrong.index:
        place = f"[{', '.join(map(str, wrong.index))}]"
        at = f"{place} of {at}" if " " in at else f"{at}{place}"
    shown, right = numbers_apart(float(said), true)
    message = (
        f"the backward of {applied.name} is wrong: of {at} it gives {shown}, and {right} is right"
    )
    if applied.of_torch:
        message = f"what is gone back through inside of {applied.name} is wrong: of {at} it gives"
        message = f"{message} {shown}, and {right} is right"
        return Finding(
            "blame", message, "check what runs inside by itself", span_of(applied.called)
        )
    if wrong.second:
        message = (
            f"the backward of {applied.name} is not differentiable as it should be: of {at} its"
            f" derivative is {shown}, and {right} is right"
        )
        hint = "write it in operations that autograd can go through, of saved tensors"
        return Finding("blame", message, hint, span_of(applied.place))
    near = applied.called.file == applied.place.file
    called = f"it was called in line {applied.called.line}" if near else None
    return Finding("blame", message, _likeness(wrong) or called, span_of(applied.place))


def measured(found: Off) -> Finding:
    """The blame by what was measured, as what is shown."""
    applied = found.applied
    said, right = numbers_apart(found.said, found.measured)
    message = (
        f"the backward of {applied.name} is wrong: along a drawn direction of {found.name} it gives"
        f" {said}, and its forward moves by {right}"
    )
    hint = "that is measured, as nobody can see into its forward"
    return Finding("blame", message, hint, span_of(applied.place))


def suspected(applied: Applied, *, alone: bool) -> Finding:
    """A call that nobody can tell anything about, where the gradient is wrong."""
    only = "the only backward on the way that somebody wrote is" if alone else "on the way is"
    message = f"{only} that of {applied.name}: nobody can see into its forward"
    hint = f"in Python references={{{applied.name}: ...}} holds it to what it means by itself"
    return Finding("suspect", message, hint, span_of(applied.place))


def _likeness(wrong: Wrong) -> str | None:
    """What the wrong gradient is like."""
    said = wrong.said
    true = np.asarray(wrong.true[wrong.argument], np.float64)
    if not np.any(said):
        return "it gives 0 everywhere"
    with np.errstate(all="ignore"):
        if said.ndim == 2 and said.shape[0] == said.shape[1] and _same(said.T, true):
            return "transposed it is right"
        for place, other in wrong.true.items():
            if place != wrong.argument and _same(said, np.asarray(other, np.float64)):
                names = wrong.applied.names
                name = names[place] if place < len(names) else f"argument {place}"
                return f"it is the gradient of {name}"
        ratios = said[true != 0] / true[true != 0]
    if (
        ratios.size
        and np.all(np.isfinite(ratios))
        and _same(ratios, np.full_like(ratios, ratios[0]))
    ):
        ratio = float(ratios[0])
        if _same(said, ratio * true) and (ratios.size > 1 or _is_short(ratio)):
            if abs(ratio + 1) < CLOSE:
                return "its sign is the wrong one"
            return f"it is {ratio:.6g} times what is right"
    return None


def _is_short(ratio: float) -> bool:
    """Whether a ratio is one that somebody forgets: a whole number, or one by that."""
    sizes = (abs(ratio), 1 / abs(ratio))
    return any(size < FORGOTTEN and abs(size - round(size)) < CLOSE for size in sizes)


def _same(first: Array, second: Array) -> bool:
    if first.shape != second.shape:
        return False
    return bool(
        np.allclose(first, second, rtol=CLOSE, atol=CLOSE * np.max(np.abs(second), initial=0))
    )
