"""Whose arrays the inputs are, what names a text finds, and what counts as numbers."""

import builtins
import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special
import torch

from benchmarks.fidelity.cases import Array

HAS_JAX = importlib.util.find_spec("jax") is not None

PYTHONS = frozenset({"bool", "float", "int", "range", "complex", "hash", "compile", "typename"})
"""Names that torch has too, but that mean Python's in a text without a library."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to make an input of an array, and the names that a text finds."""

    convert: Callable[[Array], Any]
    namespace: Callable[[], dict[str, Any]]


def _modules() -> dict[str, Any]:
    """The libraries under the names that need no import."""
    found: dict[str, Any] = {
        "__builtins__": builtins, "__name__": "text", "torch": torch, "np": np, "numpy": np,
        "math": math, "F": torch.nn.functional, "nn": torch.nn, "scipy": scipy,
        "linalg": torch.linalg, "special": torch.special,
    }  # fmt: skip
    return found


def _jax_modules() -> dict[str, Any]:
    return _modules() | {"jax": jax_module(), "jnp": jax_module().numpy}


def _numpy_modules() -> dict[str, Any]:
    return _modules() | {"linalg": np.linalg, "special": scipy.special}


@cache
def jax_module() -> Any:
    """jax with float64, every module of it that a text may name imported."""
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    for name in ("jax.numpy", "jax.nn", "jax.lax", "jax.scipy.special"):
        importlib.import_module(name)
    return jax


def bare_namespace() -> dict[str, Any]:
    """Plain names are torch's: torch, then torch.nn.functional, linalg and special."""
    return _modules() | dict(_bare())


@cache
def _bare() -> MappingProxyType[str, Any]:
    found: dict[str, Any] = {}
    for module in (torch.special, torch.linalg, torch.nn.functional, torch):
        for name in dir(module):
            value = getattr(module, name)
            if module is torch and value.__doc__ is None and name in found:
                # what torch does not document is the inside of a function that it does
                continue
            public = not name.startswith("_") and name not in PYTHONS and len(name) > 1
            if public and callable(value) and not isinstance(value, type):
                found[name] = value
    found |= {name: _of_numbers(name, found[name]) for name in ("max", "min")}
    found |= {"t": torch.t, "pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
    return MappingProxyType(found)


def _of_numbers(name: str, library: Callable[..., Any]) -> Callable[..., Any]:
    """torch's max or min, and the larger or smaller of a single number and a plain one: nobody
    means the pair of values and indices along a dimension that the number does not have."""
    elementwise = {"max": torch.maximum, "min": torch.minimum}[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        numbers = len(args) == 2 and not kwargs and all(np.ndim(value) == 0 for value in args)
        if numbers and not all(isinstance(value, torch.Tensor) for value in args):
            return elementwise(*(torch.as_tensor(value, dtype=torch.float64) for value in args))
        return library(*args, **kwargs)

    return call


def _torch_tensor(value: Array) -> Any:
    return torch.tensor(value, dtype=torch.float64)


def _numpy_array(value: Array) -> Any:
    return value.copy() if value.ndim else np.float64(value)


def _float_or_array(value: Array) -> Any:
    return value.copy() if value.ndim else float(value)


def _float_or_tensor(value: Array) -> Any:
    return _torch_tensor(value) if value.ndim else float(value)


def _jax_array(value: Array) -> Any:
    return jax_module().numpy.asarray(value)


READINGS = MappingProxyType(
    {
        "torch": Reading(_torch_tensor, _modules),
        "bare": Reading(_torch_tensor, bare_namespace),
        "numpy": Reading(_numpy_array, _numpy_modules),
        "float": Reading(_float_or_array, _modules),
        "float-torch": Reading(_float_or_tensor, _modules),
        "jax": Reading(_jax_array, _jax_modules),
    }
)


def as_numbers(value: Any) -> Any:
    """A value as numbers in float64 (complex ones if they are), lists stacked; None for others."""
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided:
            return None
        value = value.detach().resolve_conj().resolve_neg().cpu()
        value = value.to(torch.float64) if value.dtype is torch.bfloat16 else value
        return _numeric(value.numpy())
    if isinstance(value, bool | int | float | complex | np.generic | np.ndarray):
        return _numeric(np.asarray(value))
    if isinstance(value, list | tuple | range):
        parts = [as_numbers(item) for item in value]
        if any(part is None for part in parts) or len({np.shape(part) for part in parts}) > 1:
            return None
        return np.stack(parts) if parts else np.zeros(0)
    if "jax" in sys.modules and isinstance(value, jax_module().Array):
        return _numeric(np.asarray(value))
    return None


def _numeric(array: Any) -> Any:
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    return array.astype(np.complex128) if array.dtype.kind == "c" else None
