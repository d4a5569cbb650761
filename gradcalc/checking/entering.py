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
    within = [0]

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        within[0] += 1
        try:
            return watching(cls, _PLAIN.__get__(None, cls), args, kwargs)
        finally:
            within[0] -= 1

    def seen(cls: Any, forward: Callable[..., Any]) -> Any:
        @wraps(forward)
        def told(*args: Any, **kwargs: Any) -> Any:
            if not within[0]:
                raise UnsupportedError(
                    f"{cls.__name__} is called by an apply that was taken from it before",
                    hint=f"{cls.__name__}.apply(...) is seen with this version of torch",
                )
            return forward(*args, **kwargs)

        return staticmethod(told)

    classes = [cls for cls in _below(base) if isinstance(vars(cls).get("forward"), staticmethod)]
    plain = {cls: vars(cls)["forward"] for cls in classes}
    base.apply = classmethod(apply)
    for cls, forward in plain.items():
        cls.forward = seen(cls, forward.__func__)
    try:
        yield
    finally:
        base.apply = _PLAIN
        for cls, forward in plain.items():
            cls.forward = forward


def _below(cls: Any) -> Iterator[Any]:
    """The classes that are made of one, the one itself left out."""
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
