"""Hooks that change a gradient on its way back, whatever they hang on: a tensor, a module, a node.

There is no list of them: they are seen where they are called, by torch's engine or by what torch
calls those of modules with. What is saved for the way back has hooks, too.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import CO_VARARGS
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch

from gradcalc.checking.capture import Recorder, is_users, is_users_file
from gradcalc.checking.tensors import tensors_in, to_array
from gradcalc.checking.trace import NOWHERE, Note, Place
from gradcalc.testimony import Array

_TORCH = Path(torch.__file__).parent
_CALLERS = {
    str(_TORCH / name) for name in ("autograd/graph.py", "autograd/__init__.py", "utils/hooks.py")
}
_DECORATED = str(_TORCH / "utils" / "_contextlib.py")
"""What stands between, where a hook is decorated with `no_grad`."""


@contextmanager
def watched_hooks(notes: list[Note]) -> Iterator[None]:
    """Have the hooks noted that change what they are given, as long as this lasts.

    Where somebody else watches calls, as a profiler does, they are left alone.
    """
    if sys.getprofile() is not None:
        yield
        return
    given: dict[FrameType, tuple[list[torch.Tensor], list[Array]]] = {}

    def watching(frame: FrameType, event: str, result: Any) -> None:
        if event == "call" and _is_hook(frame):
            tensors = _given(frame)
            given[frame] = tensors, [to_array(tensor) for tensor in tensors]
        elif event == "return" and frame in given:
            tensors, before = given.pop(frame)
            if _is_changed(before, tensors) or _is_changed(before, list(tensors_in(result))):
                _add(notes, "changing", frame.f_code)

    sys.setprofile(watching)
    try:
        yield
    finally:
        sys.setprofile(None)


@contextmanager
def watched_saving(recorder: Recorder) -> Iterator[None]:
    """Have it noted where what is saved for the way back comes out as other numbers, of what is
    saved as long as this lasts."""
    hooks: Any = torch.autograd.graph.saved_tensors_hooks
    plain = hooks.__init__

    def init(self: Any, pack: Callable[..., Any], unpack: Callable[..., Any]) -> None:
        def packed(tensor: torch.Tensor) -> Any:
            was, recorder.paused = recorder.paused, True
            try:
                numbers = to_array(tensor)
            finally:
                recorder.paused = was
            return pack(tensor), numbers

        def unpacked(kept: Any) -> Any:
            found = unpack(kept[0])
            if _is_changed([kept[1]], list(tensors_in(found))):
                _add(recorder.trace.notes, "saved", getattr(unpack, "__code__", None))
            return found

        plain(self, packed, unpacked)

    hooks.__init__ = init
    try:
        yield
    finally:
        hooks.__init__ = plain


def _add(notes: list[Note], kind: str, code: CodeType | None) -> None:
    """Note a hook of the user's."""
    place = NOWHERE
    if code is not None and is_users_file(code.co_filename):
        place = Place(code.co_filename, code.co_firstlineno)
    note = Note(kind, "" if code is None else code.co_name, place)
    if note not in notes:
        notes.append(note)


def _is_hook(frame: FrameType) -> bool:
    """Whether what is called now is a hook of a gradient that the user wrote."""
    if not is_users(frame):
        return False
    caller = frame.f_back
    while caller is not None and caller.f_code.co_filename == _DECORATED:
        caller = caller.f_back
    return caller is not None and caller.f_code.co_filename in _CALLERS


def _given(frame: FrameType) -> list[torch.Tensor]:
    """The gradients that a hook is given, and may give others for: the first of its arguments that
    has any, behind the module that it is of."""
    code = frame.f_code
    values = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & CO_VARARGS:
        values += frame.f_locals[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]]
    tensors = [list(tensors_in(value)) for value in values]
    return next((found for found in tensors if found), [])


def _is_changed(before: list[Array], after: list[torch.Tensor]) -> bool:
    """Whether gradients are others; where there are none, they are as before."""
    now = [to_array(tensor) for tensor in after]
    if not now or len(now) != len(before):
        return False
    pairs = zip(before, now, strict=True)
    return any(one.shape != other.shape or not _is_same(one, other) for one, other in pairs)


def _is_same(one: Array, other: Array) -> bool:
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
