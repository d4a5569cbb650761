"""How calls of own Functions are noticed, whatever name `apply` is called by."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from types import FunctionType, MethodType
from typing import Any

import torch

from gradcalc.errors import UnsupportedError

Entered = Callable[[Any, Callable[..., Any], Any, Any], Any]
"""What is told of a call: the class, what makes the call, and its arguments."""

_WATCHING: ContextVar[Entered | None] = ContextVar("watching", default=None)

_WITHIN: ContextVar[Any] = ContextVar("within", default=None)
"""The Function whose call is being made, where calls are told by name."""

_TOLD = "_gradcalc_told"

_PLAIN: Any = torch.autograd.Function.__dict__["apply"]
_WRITTEN: Any = getattr(_PLAIN, "__func__", None)
"""The method as Python has it; None where torch has it in C, as from 2.14 on."""

_ORIGINAL = None if _WRITTEN is None else FunctionType(
    _WRITTEN.__code__, _WRITTEN.__globals__, "apply", _WRITTEN.__defaults__, _WRITTEN.__closure__
)  # fmt: skip


def entered(watching: Entered) -> AbstractContextManager[None]:
    """Have all calls of Functions told, as long as this lasts."""
    return _by_name(watching) if _WRITTEN is None else _by_code(watching)


def enter(cls: Any, args: Any, kwargs: Any) -> Any:
    """A call of a Function, told to whoever watches."""
    watching = _WATCHING.get()
    assert _ORIGINAL is not None
    call = MethodType(_ORIGINAL, cls)
    return call(*args, **kwargs) if watching is None else watching(cls, call, args, kwargs)


class _Told:
    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        # as the method in whose place it comes, it has the class that this is in
        __class__  # type: ignore[name-defined]  # noqa: B018
        from gradcalc.checking.entering import enter

        return enter(cls, args, kwargs)


@contextmanager
def _by_code(watching: Entered) -> Iterator[None]:
    """By the code of the method, so that one which was taken from its class before is told too."""
    code, token = _WRITTEN.__code__, _WATCHING.set(watching)
    _WRITTEN.__code__ = _Told.apply.__code__
    try:
        yield
    finally:
        _WRITTEN.__code__ = code
        _WATCHING.reset(token)


@contextmanager
def _by_name(watching: Entered) -> Iterator[None]:
    """By the name; one that was taken from its class before is refused, as nobody sees it."""
    base: Any = torch.autograd.Function
    written = {
        (cls, name): vars(cls)[name]
        for cls in _below(base)
        for name in ("forward", "setup_context")
        if isinstance(vars(cls).get(name), staticmethod)
    }
    token = _WATCHING.set(watching)
    base.apply = classmethod(_apply)
    for (cls, name), method in written.items():
        setattr(cls, name, _seen(cls, method.__func__))
    try:
        yield
    finally:
        base.apply = _PLAIN
        for (cls, name), method in written.items():
            setattr(cls, name, method)
        _WATCHING.reset(token)


def _apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of a Function by its name, told to whoever watches."""
    watching, call = _WATCHING.get(), _PLAIN.__get__(None, cls)
    token = _WITHIN.set(cls)
    try:
        return call(*args, **kwargs) if watching is None else watching(cls, call, args, kwargs)
    finally:
        _WITHIN.reset(token)


def _seen(cls: Any, method: Callable[..., Any]) -> Any:
    """A method that torch calls with what it made for a call, which is to be one that was told."""

    @wraps(method)
    def told(*args: Any, **kwargs: Any) -> Any:
        made = args[0] if args else None
        applied = getattr(type(made), "_forward_cls", None)
        if isinstance(applied, type) and issubclass(applied, cls):
            if not (applied is _WITHIN.get() or hasattr(made, _TOLD)):
                raise UnsupportedError(
                    f"{applied.__name__} is called by an apply that was taken from it before",
                    hint=f"{applied.__name__}.apply(...) is seen with this version of torch",
                )
            # a backward may call the forward again
            setattr(made, _TOLD, True)
        return method(*args, **kwargs)

    return staticmethod(told)


def _below(cls: Any) -> Iterator[Any]:
    """The classes that are made of one, the one itself left out."""
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
