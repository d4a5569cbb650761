"""Calls put to the library that they name: a reading that gives another value is refused.

The tables of `gradcalc.lang.dialects` say what a call means; here the library itself is asked, at
the values of this run. What it refuses and gradcalc reads all the same is left alone, as are large
tensors: the meaning of a call does not hang on how large they are.
"""

import importlib
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradcalc.errors import UnsupportedError
from gradcalc.lang.dialects.catalogue import JAX, TORCH
from gradcalc.lang.dialects.spelling import Function

LARGEST = 4096
"""Elements of the tensors of a call that is put to its library."""

OFTEN = 4
"""How often one place of the text is."""

TOLERANCE: Mapping[torch.dtype, float] = {torch.float64: 1e-6, torch.float32: 1e-3}
"""How far kernels may lie apart, beside the greatest element: not by another meaning."""


class Fidelity:
    """Puts the calls of one run to the libraries that they name."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._tolerance = TOLERANCE.get(dtype)
        self._asked: Counter[int] = Counter()

    def __call__(
        self,
        machine: Any,
        function: Function,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        result: Any,
    ) -> None:
        """Raises `UnsupportedError` where the library gives another value than `result`."""
        library = function.module if function.method else function.module.split(".")[0]
        if self._tolerance is None or library in (JAX, "builtins"):
            return
        if max(_sizes(machine, (*args, *kwargs.values(), result)), default=0) > LARGEST:
            return
        place = id(machine.node)
        self._asked[place] += 1
        if self._asked[place] > OFTEN:
            return
        convert = _to_torch if library == TORCH else _to_numpy
        given = [convert(machine, value) for value in args]
        named = {key: convert(machine, value) for key, value in kwargs.items()}
        with warnings.catch_warnings(), np.errstate(all="ignore"), torch.no_grad():
            warnings.simplefilter("ignore")
            try:
                answer = _called(function, given, named)
            except Exception:  # whatever a library does not take, it says in its own way
                return
        expected, found = _numbers(answer), _numbers(result)
        if expected is not None and not _agree(expected, found, self._tolerance):
            raise UnsupportedError(
                f"gradcalc reads {function.shown} otherwise here than {library} does",
                hint=f"{library} gives {_shown(expected)}, its reading {_shown(found)}",
            )


def _called(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if function.method:
        return getattr(args[0], function.name)(*args[1:], **kwargs)
    return getattr(importlib.import_module(function.module), function.name)(*args, **kwargs)


def _sizes(machine: Any, values: Sequence[Any]) -> list[int]:
    sizes: list[int] = []
    stack = list(values)
    while stack:
        value = stack.pop()
        if len(stack) + len(sizes) > LARGEST:
            return [LARGEST + 1]
        if isinstance(value, torch.Tensor):
            sizes.append(value.numel())
        elif isinstance(value, list | tuple):
            sizes.append(len(value))
            stack += value[: LARGEST + 1]
        elif isinstance(value, range):
            sizes.append(max(0, value.stop - value.start))
    return sizes


def _to_torch(machine: Any, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        whole = machine.is_integer(value)
        return value.detach().long() if whole else value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(_to_torch(machine, item) for item in value)
    return value


def _to_numpy(machine: Any, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        array = value.detach().cpu().numpy()
        # the number of no dimensions is one of numpy's numbers
        return (array.astype(np.int64) if machine.is_integer(value) else array.copy())[()]
    if type(value) in (list, tuple):
        return type(value)(_to_numpy(machine, item) for item in value)
    return value


def _numbers(value: Any) -> Any:
    """A result as arrays of floats, in tuples where it is several; None if it is none."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", torch.float64).numpy()
    if isinstance(value, list | tuple):
        parts = [_numbers(part) for part in value]
        return None if any(part is None for part in parts) else tuple(parts)
    if isinstance(value, np.ndarray | np.generic | int | float):
        return np.asarray(value).astype(np.float64)
    return None


def _agree(expected: Any, found: Any, tolerance: float) -> bool:
    if isinstance(expected, tuple) or isinstance(found, tuple):
        return (
            isinstance(expected, tuple)
            and isinstance(found, tuple)
            and len(expected) == len(found)
            and all(_agree(*pair, tolerance) for pair in zip(expected, found, strict=True))
        )
    if found is None or expected.shape != found.shape:
        return False
    largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
    return np.allclose(found, expected, rtol=0, atol=tolerance * largest, equal_nan=True)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_shown(part) for part in value[:3])})"
    if value is None:
        return "no numbers"
    if value.size > 3:
        return f"numbers of shape {value.shape}"
    return np.array2string(value, precision=6, separator=", ").replace("\n", "")
