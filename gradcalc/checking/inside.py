"""What own backwards call in their turn, as a checkpoint does, which runs its function again.

Each such call is written down by itself, with what went through its own backward.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gradcalc.checking.capture import Recorder
from gradcalc.checking.functions import References, applied
from gradcalc.checking.handing import Watched, instead
from gradcalc.checking.leaks import watched_leaks


@contextmanager
def gone_back(found: Watched, references: References, trust: frozenset[str]) -> Iterator[None]:
    """Have it told of each own backward what it calls, as long as this lasts."""
    found.within.clear()
    if not found.hooked:
        yield
        return
    busy = False

    def applying(cls: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        nonlocal busy
        given = {
            f"x{k}": value
            for k, value in enumerate(args)
            if isinstance(value, torch.Tensor) and value.requires_grad and torch.is_grad_enabled()
        }
        if busy or not found.within or not given:
            return call(*args, **kwargs)
        recorder = Recorder(given)
        busy = True
        try:
            with watched_leaks(recorder), recorder:
                return applied(
                    recorder, found, cls, call, (args, kwargs), references, trust, found.within[-1]
                )
        finally:
            busy = False

    with instead(applying):
        yield
