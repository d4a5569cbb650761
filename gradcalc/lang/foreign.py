"""Arrays of numpy's in a text of torch: what `.numpy()` gives, and what is made of it."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.lang import memory
from gradcalc.lang.memory import Tensor, View

FOREIGN = frozenset(
    """std var max min median repeat sort argsort transpose copy take flatten ravel nonzero squeeze
    cumsum cumprod argmax argmin astype view swapaxes partition tile""".split()  # noqa: SIM905
)
"""Methods that numpy's arrays have in another way than torch's, or alone."""


def check_method(value: Any, name: str) -> None:
    """Refuse a method of an array of numpy's that torch's reading of it would get wrong."""
    if isinstance(value, Tensor) and value.foreign and name in FOREIGN:
        instead = f"write np.{name}(...), or " if hasattr(np, name) else ""
        raise UnsupportedError(
            f"behind .numpy() .{name}() is numpy's, and the text is one of torch",
            hint=f"{instead}leave out .numpy()",
        )


def spread(operands: Iterable[Any], results: Iterable[Any]) -> None:
    """Remember that what is calculated with an array of numpy's is one."""
    if any(isinstance(value, Tensor) and value.foreign for value in operands):
        for part in results:
            part.foreign = True


def handed(result: Any) -> Any:
    """What a function of torch gives: a tensor of torch's, be it in the memory of an array."""
    if not isinstance(result, Tensor) or not result.foreign:
        return result
    view = View(result, lambda value: value, lambda places: places)
    return memory.viewed(result, result.value, result.shape, view, moved=False)
