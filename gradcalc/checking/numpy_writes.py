"""Writes into arrays that are followed: what is there afterwards, said in one line."""

from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.numpy_calls import followed_in, live_in, raw_of, said
from gradcalc.checking.numpy_tape import Followed, Tape
from gradcalc.checking.trace import Numbers


def write(tape: Tape, raw: Numbers, key: Any, value: Any) -> None:
    """Write a value to where a key points in an array."""
    place = raw_of(key)
    with tape.pause():
        numbers = np.asarray(raw_of(value))
    if not live_in(tape, (key, value)) and not tape.is_live(raw):
        raw[place] = numbers
        return
    tape.operation = "a write"
    text, why = None, ""
    try:
        text = said(tape, value)
        if isinstance(value, list | tuple):
            text = f"np.array({text})"
    except NoRow as reason:
        why = str(reason)
    if _is_basic(place):
        parts = place if isinstance(place, tuple) else (place,)
        full = parts if any(part is Ellipsis for part in parts) else (*parts, ...)
        tape.store(raw[full], numbers, text, why)
        return
    if text is not None and live_in(tape, (key,)):
        masked = _masked(tape, raw, key, numbers, text)
        if masked is not None:
            tape.store(raw, np.where(masked[0], numbers, raw), masked[1])
            return
        for one in followed_in(key):
            tape.lock(one.raw, "an index")
    made = raw.copy()
    made[place] = numbers
    if text is not None:
        try:
            text = _spread(tape, raw, place, numbers, text)
        except NoRow as reason:
            text, why = None, str(reason)
    tape.store(raw, made, text, why)


def _is_basic(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        part is None or part is Ellipsis or isinstance(part, slice)
        or (isinstance(part, int | np.integer) and not isinstance(part, bool))
        for part in parts
    )  # fmt: skip


def _masked(
    tape: Tape, raw: Numbers, key: Any, numbers: Numbers, text: str
) -> tuple[Numbers, str] | None:
    """One number written where a mask of the inputs is true."""
    if not isinstance(key, Followed) or key.raw.dtype.kind != "b" or numbers.ndim:
        return None
    if raw.dtype.kind != "f":
        return None
    shape = key.raw.shape + (1,) * (raw.ndim - key.raw.ndim)
    try:
        mask, old = tape.name(key.raw), tape.name(raw)
    except NoRow:
        return None
    spread = f"np.reshape({mask}, {list(shape)})" if shape != key.raw.shape else mask
    return key.raw.reshape(shape), f"np.where({spread}, {text}, {old})"


def _spread(tape: Tape, raw: Numbers, place: Any, numbers: Numbers, text: str) -> str:
    """All of an array in which values were written to known places."""
    where = np.arange(raw.size).reshape(raw.shape)[place]
    shape = numbers.shape
    while len(shape) > where.ndim and shape[0] == 1:
        shape = shape[1:]
    if shape != numbers.shape:
        text = f"np.reshape({text}, {list(shape)})"
    old = tape.name(raw)
    if not where.size:
        return old
    flat = tape.bind(f"np.reshape(np.broadcast_to({text}, {list(where.shape)}), [{where.size}])")
    source, mask = np.zeros(raw.size, np.int64), np.zeros(raw.size, np.bool_)
    # of what is written twice to one place the last stays
    source[where.ravel()], mask[where.ravel()] = np.arange(where.size), True
    picked = f"{flat}[{tape.constant(source.reshape(raw.shape))}]"
    return f"np.where({tape.constant(mask.reshape(raw.shape))}, {picked}, {old})"
