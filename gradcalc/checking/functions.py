"""Functions with a backward of their own, as they are called while a recorder watches.

Their forward is taken at face value: what is recorded of it are its operations, and autograd goes
back by the backward that was written.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gradcalc.checking.capture import Recorder, place_here
from gradcalc.checking.handing import Watched, hook, instead
from gradcalc.checking.ran import Hand, Inner
from gradcalc.checking.tensors import tensors_in, to_array
from gradcalc.checking.trace import NOWHERE, Applied, Call, Meant, Place, Same, Trace

References = Mapping[Any, Callable[..., Any]]
"""Plain functions by the Function, or its name, that they mean the same as."""


@contextmanager
def watched(
    recorder: Recorder, references: References, trusted: frozenset[str]
) -> Iterator[Watched]:
    """Have every call of an own Function told to the recorder.

    Of those that are `trusted` the backward is what is meant, whatever it is: what is recorded is
    the forward, and the trace says that it is trusted.
    """
    found = Watched()

    def applying(cls: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if recorder.inside is not None or recorder.paused:
            return call(*args, **kwargs)
        number = len(recorder.trace.functions)
        if any(differentiated):
            found.differentiated.add(number)
        if not kwargs:
            found.kept[number] = call, _kept(recorder, args)
        return applied(recorder, found, cls, call, (args, kwargs), references, trusted)

    with instead(applying) as differentiated:
        yield found


def _keeping(inside: list[Inner], trace: Trace) -> Callable[[Hand], None]:
    return lambda hand: inside.append(Inner(trace, hand))


def _kept(recorder: Recorder, args: Any) -> tuple[Any, ...]:
    """Arguments as they are now, which nothing is recorded of."""
    recorder.paused = True
    try:
        return tuple(map(_copy, args))
    finally:
        recorder.paused = False


def _copy(value: Any) -> Any:
    """An argument as it is now."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().clone().requires_grad_(value.requires_grad)


def applied(
    recorder: Recorder,
    found: Watched,
    cls: Any,
    call: Callable[..., Any],
    arguments: tuple[Any, Any],
    references: References,
    trusted: frozenset[str],
    inside: list[Inner] | None = None,
) -> Any:
    """What a call gives, written down with its forward; what goes back through it is kept.

    That of a call which a backward makes is kept `inside` of what goes back through that one.
    """
    args, kwargs = arguments
    trace, number, called = recorder.trace, len(recorder.trace.functions), place_here()
    positions = [k for k, value in enumerate(args) if isinstance(value, torch.Tensor)]
    given = tuple(recorder.value(args[k]) if k in positions else None for k in range(len(args)))
    numbers = tuple(to_array(v) if isinstance(v, torch.Tensor) else None for v in args)
    for k in positions:
        if recorder.is_active(args[k]) and not recorder.is_live(args[k]):
            recorder.kill(args[k])
    reference = references.get(cls) or references.get(cls.__name__)
    first = len(trace.events)
    meant = bool(trusted & {cls.__name__, f"{cls.__module__}.{cls.__qualname__}"})
    recorder.inside, recorder.paused = number, meant or reference is not None
    try:
        made = call(*args, **kwargs)
    finally:
        recorder.inside, recorder.paused = None, False
    opaque = False
    went = list(tensors_in(made))
    if meant:
        made = _apart(recorder, made)
        recorder.add(Meant(number, given, tuple(map(recorder.result, tensors_in(made)))))
    elif reference is not None:
        _refer(recorder, number, made, lambda: reference(*args, **kwargs))
    active = any(recorder.is_active(args[k]) for k in positions)
    outs = list(tensors_in(made))
    for out in outs:
        opaque = opaque or (active and out.requires_grad and not recorder.is_active(out))
    results = tuple(
        recorder.result(out) if recorder.is_active(out) or opaque else None for out in outs
    )
    trace.functions.append(
        Applied(
            name=cls.__name__,
            names=_parameters(cls),
            given=given,
            numbers=numbers,
            made=results,
            first=first,
            last=len(trace.events),
            place=_place(cls),
            called=called,
            opaque=opaque or (number in recorder.blind and reference is None),
            trusted=meant,
            asks=_asks(trace, first),
            draws=number in recorder.drawing,
            of_torch=cls.__module__.startswith("torch."),
        )
    )
    hook(found, found.keep(number) if inside is None else _keeping(inside, trace), went)
    return made


def _apart(recorder: Recorder, made: Any) -> Any:
    """What a call gave, in a place of its own where it lies where an argument does."""
    if isinstance(made, tuple):
        return tuple(_apart(recorder, part) for part in made)
    if not isinstance(made, torch.Tensor) or not recorder.is_active(made):
        return made
    recorder.paused = True
    try:
        return made.clone()
    finally:
        recorder.paused = False


def _asks(trace: Trace, first: int) -> bool:
    """Whether numbers were taken out of tensors since an event, and no truth values."""
    since = (e for e in trace.events[first:] if isinstance(e, Call))
    return any(e.name == "aten._local_scalar_dense" and e.answer is None for e in since)


def _refer(recorder: Recorder, number: int, made: Any, plainly: Callable[[], Any]) -> None:
    """Record a plain function in place of what nobody can see into."""
    recorder.inside = number
    try:
        with torch.no_grad():
            meant = plainly()
    finally:
        recorder.inside = None
    recorder.inside = number
    try:
        for value, out in zip(tensors_in(meant), tensors_in(made), strict=False):
            recorder.add(Same(recorder.value(value), recorder.result(out)))
    finally:
        recorder.inside = None


def _parameters(cls: Any) -> tuple[str, ...]:
    """The names of the arguments, without that of the context."""
    try:
        names = list(inspect.signature(cls.forward).parameters)
    except (TypeError, ValueError):
        return ()
    separate = cls.setup_context is not torch.autograd.Function.setup_context
    return tuple(names if separate else names[1:])


def _place(cls: Any) -> Place:
    """Where its backward is written."""
    for name in ("backward", "vjp"):
        written = cls.__dict__.get(name) or getattr(cls, name, None)
        written = getattr(written, "__func__", written)
        code = getattr(inspect.unwrap(written), "__code__", None) if callable(written) else None
        if code is not None:
            line = code.co_firstlineno
            return Place(code.co_filename, line + _decorators(code.co_filename, line))
    return NOWHERE


def _decorators(file: str, line: int) -> int:
    """How many lines of decorators stand before a definition."""
    try:
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    for count, text in enumerate(lines[line - 1 : line + 9]):
        if text.lstrip().startswith(("def ", "async def ")):
            return count
    return 0
