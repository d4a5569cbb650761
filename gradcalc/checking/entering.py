"""How calls of own Functions are noticed, whatever name `apply` is called by."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any

import torch

from gradcalc.errors import UnsupportedError

Entered = Callable[[Any, Callable[..., Any], Any, Any], Any]
"""What is told of a call: the class, what makes the call, and its arguments."""

_WATCHING: list[Entered] = []
"""Who is told, the innermost last: of calls in any thread."""

_WITHIN: ContextVar[Any] = ContextVar("within", default=None)
"""The Function whose call is being told, where calls are told by name."""

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
    assert _ORIGINAL is not None
    call = MethodType(_ORIGINAL, cls)
    return _WATCHING[-1](cls, call, args, kwargs) if _WATCHING else call(*args, **kwargs)


class _Told:
    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        # as the method in whose place it comes, it has the class that this is in
        __class__  # type: ignore[name-defined]  # noqa: B018
        from gradcalc.checking.entering import enter

        return enter(cls, args, kwargs)


@contextmanager
def _by_code(watching: Entered) -> Iterator[None]:
    """By the code of the method, so that one which was taken from its class before is told too."""
    code = _WRITTEN.__code__
    _WATCHING.append(watching)
    try:
        _WRITTEN.__code__ = _Told.apply.__code__
        yield
    finally:
        _WRITTEN.__code__ = code
        _WATCHING.pop()


@contextmanager
def _by_name(watching: Entered) -> Iterator[None]:
    """By the name; one that was taken from its class before is refused, as nobody sees it."""
    base: Any = torch.autograd.Function
    before = vars(base)["apply"]
    _WATCHING.append(watching)
    with ExitStack() as stack:
        stack.callback(_WATCHING.pop)
        stack.callback(type.__setattr__, base, "apply", before)
        base.apply = classmethod(_apply)
        for cls in _below(base):
            for name in ("forward", "setup_context"):
                method = getattr_static(cls, name)
                if method is not getattr_static(base, name):
                    _put(stack, cls, name, _seen(cls, method.__get__(None, cls)))
        yield


def _put(stack: ExitStack, cls: Any, name: str, method: Any) -> None:
    """Give a class a method of its own, until the stack ends, whatever its metaclass says."""
    if name in vars(cls):
        stack.callback(type.__setattr__, cls, name, vars(cls)[name])
    else:
        stack.callback(type.__delattr__, cls, name)
    type.__setattr__(cls, name, method)


def _apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of a Function by its name, told to whoever watches."""
    call = _PLAIN.__get__(None, cls)
    if not _WATCHING:
        return call(*args, **kwargs)
    token = _WITHIN.set(cls)
    try:
        return _WATCHING[-1](cls, call, args, kwargs)
    finally:
        _WITHIN.reset(token)


def _seen(cls: Any, method: Callable[..., Any]) -> Any:
    """A method that torch calls with what it made for a call, which is to be one that was told."""

    @wraps(method)
    def told(*args: Any, **kwargs: Any) -> Any:
        made = args[0] if args else None
        applied = _applied(cls, made)
        if applied is not None:
            if not (applied is _WITHIN.get() or hasattr(made, _TOLD)):
                raise UnsupportedError(
                    f"{applied.__name__} is called by an apply that was taken from it before",
                    hint=f"{applied.__name__}.apply(...) is seen with this version of torch",
                )
            # a backward may call the forward again
            setattr(made, _TOLD, True)
        return method(*args, **kwargs)

    return staticmethod(told)


def _applied(cls: Any, made: Any) -> Any:
    """The Function that torch made something for, to hand it to a method of this one; None for
    what a program made."""
    inner = made
    while hasattr(inner, "_pt_inner_ctx"):
        inner = inner._pt_inner_ctx
    applied = getattr(type(inner), "_forward_cls", None)
    if not isinstance(applied, type):
        return None
    # a transform of torch.func puts a Function of its own in the place of this one
    stands_in = inner is not made or not issubclass(applied, torch.autograd.Function)
    return cls if stands_in else applied if issubclass(applied, cls) else None


def _below(cls: Any) -> Iterator[Any]:
    """The classes that are made of one, the one itself left out."""
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
