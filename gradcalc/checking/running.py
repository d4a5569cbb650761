"""Runs of a user's function by torch: recorded, gone back by autograd, and tried in other ways."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gradcalc.checking.backwards import Asked, Back, output_of, returned
from gradcalc.checking.beside import strays
from gradcalc.checking.capture import Recorder
from gradcalc.checking.chance import restore, state_now
from gradcalc.checking.functions import watched
from gradcalc.checking.handing import Watched
from gradcalc.checking.held import is_opaque
from gradcalc.checking.hidden import hidden
from gradcalc.checking.hooks import watched_saving
from gradcalc.checking.kernels import plain_kernels
from gradcalc.checking.leaks import watched_leaks
from gradcalc.checking.measured import slopes
from gradcalc.checking.ran import Failed, Ran, Way
from gradcalc.checking.seconds import seconds
from gradcalc.checking.tensors import dtype_of, to_array
from gradcalc.checking.trace import Note, Trace
from gradcalc.checking.ways import APART, otherwise
from gradcalc.checking.within import passed
from gradcalc.errors import InvalidValueError, UnknownNameError
from gradcalc.testimony import Array
from gradcalc.values.precision import precision_of

SMALL = 2.0**-12
"""The size of outputs, beside the largest one, that are also gone back from by themselves."""

COARSE = ("bfloat16", "float16")
"""Dtypes in which a mistake may be as large as what rounding does."""

MANY = 20_000
"""Operations of a run that is not made again, to try it in other ways."""


def run(asked: Asked, known: Callable[[str], bool], *, wide: bool = True) -> Ran:
    """Run the function, write down what it does, and ask autograd.

    With `wide` it is also run in a dtype of more digits where its own tell little.

    Raises `InvalidValueError` for an output that nothing can be differentiated of.
    """
    count = 1 if asked.reference is None else 2
    recorders = [Recorder(asked.leaves, known, asked.others, asked.given) for _ in range(count)]

    def back() -> None:
        for recorder in recorders:
            recorder.restore()

    try:
        return _run(asked, known, recorders, state_now(back), wide=wide)
    finally:
        back()


def _run(
    asked: Asked,
    known: Callable[[str], bool],
    recorders: Sequence[Recorder],
    state: Any,
    *,
    wide: bool,
) -> Ran:
    recorder, *more = recorders
    meant = asked if asked.reference is None else replace(asked, call=asked.reference)
    output, weights, found = _recorded(meant, recorder)
    trace = recorder.trace
    trace.output = recorder.value(output)
    unknown = asked.trust - {f.name for f in trace.functions if f.trusted}
    if unknown:
        called = ", ".join(dict.fromkeys(f.name for f in trace.functions)) or "none"
        raise UnknownNameError(
            f"nothing that is called is a Function {min(unknown)}",
            hint=f"those that are: {called}",
        )
    for name, leaf in asked.leaves.items():
        if recorder.view(leaf) != trace.inputs[name][0]:
            trace.notes.append(Note("rewritten", name))
    for own in more:
        restore(state)
        theirs = output
        output, weights, found = _recorded(asked, own)
        _hold(asked, output, theirs)
    inner, again = passed(found, asked.seed)
    back = Back(asked, output, weights, found)
    gradients, failure = back.gradients()
    ran = Ran(
        trace=trace,
        value=back.value,
        weights=weights,
        gradients=gradients,
        hands=dict(found.hands),
        dtype=trace.precision,
        tangents=back.tangents,
        slope=back.slope,
        failure=failure,
        behind=more[0].trace if more else None,
        passed=inner,
        seconds=again,
    )
    if failure is not None:
        return ran
    if back.first is not None:
        value, firsts = back.first
        gradients = dict.fromkeys(asked.leaves) | firsts
        plain = replace(ran, value=value, gradients=gradients, tangents=None, slope=None)
        ran = replace(ran, first=plain)
    if len(trace.events) > MANY:
        trace.notes.append(Note("skipped", f"{len(trace.events):,}"))
        return ran
    with _quietly():
        # before anything is moved that the way back goes through
        small = _of_small(ran, back, found)
        others = list(otherwise(asked, ran, back, found, state, known))
        place, rounded = strays(meant, ran, known, state)
        trace, unseen = _with_hidden(meant, trace, known, state)
        behind = ran.behind and _with_hidden(asked, ran.behind, known, state)[0]
        twice = seconds(found.kept, asked.seed) if asked.order > 1 else again
        trace.notes.extend(note for note in found.changing if note not in trace.notes)
        measured = {}
        if behind is not None:
            measured = slopes(found, behind.functions, lambda: restore(state), asked.seed)
        finer = _finer(asked, known, state) if ran.dtype in COARSE and wide else None
    return replace(
        ran, trace=trace, otherwise={way: one for way, one in others if isinstance(one, Way)},
        refused={way: one for way, one in others if isinstance(one, Failed)},
        layouts={way: one for way, one in others if isinstance(one, int)},
        seconds=twice, strays=place, rounded=rounded, finer=finer, hidden=unseen, looked=True,
        behind=behind, slopes=measured,
        small=small and replace(small, trace=trace, behind=behind),
        first=ran.first and replace(ran.first, trace=trace, behind=behind),
    )  # fmt: skip


def _of_small(ran: Ran, back: Back, found: Watched) -> Ran | None:
    """The way back from outputs beside which others are large: what is wrong in them alone does not
    show beside those. None where there are no such, or nothing that somebody wrote."""
    if ran.weights is None or ran.tangents is not None or not ran.functions:
        return None
    sizes = np.abs(ran.value)
    weights = np.where(sizes > np.max(sizes, initial=0) * SMALL, 0.0, ran.weights)
    if not np.any(weights):
        return None
    gradients, failed = back.gradients(back.seed_of(weights))
    if failed is not None:
        return None
    return replace(ran, weights=weights, gradients=gradients, hands=dict(found.hands))


def _with_hidden(
    asked: Asked, trace: Trace, known: Callable[[str], bool], state: Any
) -> tuple[Trace, str | None]:
    """The trace, in which Functions are opaque where numbers come back that nobody has seen, and
    where one does outside of them, unless it is told as one that was taken out."""
    place = None
    told = {note.place for note in trace.notes if note.kind == "used number"}
    blind: set[int] = set()
    for call, is_tensor in hidden(asked, trace, known, state):
        if call.inside is not None:
            blind.add(call.inside)
        elif is_tensor or call.place not in told:
            place = place or call.place.told
    functions = [
        replace(applied, opaque=True) if number in blind else applied
        for number, applied in enumerate(trace.functions)
    ]
    return replace(trace, functions=functions), place


def _finer(asked: Asked, known: Callable[[str], bool], state: Any) -> Ran | None:
    """The same run of numbers of 64 bits, to be held to those of 32.

    What is meant for coarse numbers may well work in 32 bits inside. None where it does not run so,
    or is still coarse.
    """
    so = None
    # it may be such that nobody can copy it
    with suppress(Exception):
        so = asked.wide() if asked.wide is not None else None
    if so is None:
        return None
    restore(state)
    # it may not take them
    with suppress(Exception):
        found = run(so, known, wide=False)
        if found.dtype not in COARSE and found.failure is None:
            return replace(found, dtype="float32")
    return None


def _recorded(asked: Asked, recorder: Recorder) -> tuple[torch.Tensor, Array | None, Watched]:
    """The output of a first run, its weights, and what goes through own backwards from then on."""
    watching = watched(recorder, asked.references, asked.trust)
    seeing = watched_leaks(recorder), watched_saving(recorder)
    with _quietly(), plain_kernels(), seeing[0], seeing[1], watching as found, recorder:
        given = asked.call({})
        output, weights = output_of(asked, given)
    for where, part in returned(asked, given):
        if is_opaque(part):
            recorder.note("kept aside", f"{where} is of type {type(part).__name__}")
    return output, weights, found


def _hold(asked: Asked, output: torch.Tensor, meant: torch.Tensor) -> None:
    """Hold the function's own output to that of its reference.

    Raises `InvalidValueError` where the two have other values.
    """
    ours, theirs = to_array(output).astype(float), to_array(meant).astype(float)
    room = APART * precision_of(dtype_of(output)).epsilon ** 0.5
    size = float(np.max(np.abs(theirs), initial=0))
    if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=room, atol=room * size):
        raise InvalidValueError(
            f"the reference gives another value than {asked.name}",
            hint="it has to mean the same function",
        )


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
