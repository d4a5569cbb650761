"""What people pass in Python to numbers: lists, arrays and tensors of whatever library."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import InvalidValueError
from gradcalc.values.context import is_counted
from gradcalc.values.nesting import MOST, check_nesting, too_many

Array = NDArray[np.float64]

WANTED = "a number, lists of numbers, a numpy array or a torch tensor"

DTYPES = ("float64", "float32", "float16")
"""What a calculation can be in."""


def plain(value: Any, name: str) -> Any:
    """A value as decoded JSON: numbers, texts, and lists and objects of them; and arrays of
    integers, whose dtype is known.

    Raises `InvalidValueError` for what holds no numbers, `LimitError` for what is nested
    too deeply or too large.
    """
    check_nesting(value, name)
    return _plain(value, name)


def _plain(value: Any, name: str) -> Any:
    if type(value) is np.ndarray and value.dtype == np.float64 and np.isfinite(value).all():
        # each by itself takes long
        return value.tolist()
    if (whole := _integers(value)) is not None:
        return whole
    value = _listed(value, name)
    if isinstance(value, Mapping):
        return {str(key): _plain(part, f"{name}: {key}") for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(part, name) for part in value]
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Real | Decimal | np.longdouble):
        return _written(float(value))
    raise _no_value(value, name)


def numbers(value: Any, name: str) -> Array:
    """A value as an array of floats, or of truth values, or of integers whose dtype is known.

    Raises `InvalidValueError` for what is none.
    """
    whole: Array | None = _integers(value)
    if whole is not None:
        return whole
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and type(value) is np.ndarray:
        return value
    try:
        array = np.asarray(_listed(value, name))
    except ValueError:
        array = np.array("lists of different lengths")
    if array.dtype == object:
        parts = [_listed(part, name) for part in array.flat]
        if all(isinstance(part, Real | Decimal | np.longdouble) for part in parts):
            array = np.array([float(part) for part in parts]).reshape(array.shape)
    if array.dtype.kind not in "biuf":
        raise _no_value(value, name)
    return array if array.dtype == np.bool_ else array.astype(np.float64)


def rounded(value: Array, name: str, dtype: str) -> Array:
    """The numbers that the dtype has, as float64; truth values and integers are what they are.

    Raises `InvalidValueError` for one that is too large for it.
    """
    if value.dtype.kind in "biu":
        return value
    with np.errstate(all="ignore"):
        found: Array = np.asarray(value, dtype=dtype).astype(np.float64)
    lost = np.isinf(found) & np.isfinite(value)
    if lost.any():
        largest = float(np.finfo(dtype).max)
        raise InvalidValueError(
            f"{name}: {value[lost].flat[0]:g} is too large for {dtype}",
            hint=f"its largest number is {largest:g}",
        )
    return found


def dtype_name(value: Any) -> str:
    """A dtype by its name: torch.float32, np.float32 and np.dtype("float32") are as "float32".

    Raises `InvalidValueError` for what is none.
    """
    if isinstance(value, str):
        return value.rpartition(".")[2]
    if isinstance(value, type):
        # that of Python, which torch and numpy both read so
        return "float64" if value is float else value.__name__
    # torch's have no class of a public name that is there without torch
    is_one = isinstance(value, np.dtype) or type(value).__name__ == "dtype"
    name = str(value).rpartition(".")[2] if is_one else ""
    if not name.isidentifier():
        raise InvalidValueError(
            f"dtype is of type {type(value).__name__}", hint=f"one of {', '.join(DTYPES)}"
        )
    return name


def _integers(value: Any) -> Any:
    """The numbers of an array, or of a tensor, of integers; None of all else."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        try:
            # torch's own name of the dtype says enough, and sparse tensors become lists below
            found = _stored(value.detach().cpu()).numpy()
        except (NotImplementedError, RuntimeError, TypeError):
            return None
    else:
        found = value
    if isinstance(found, np.ma.MaskedArray) or not isinstance(found, np.ndarray | np.integer):
        return None
    array = np.asarray(found)
    return array if array.size and is_counted(array) else None


def _stored(tensor: Any) -> Any:
    """A tensor with its numbers: those of slopes that are 0 for good come without storage."""
    return tensor.clone() if getattr(tensor, "_is_zerotensor", bool)() else tensor


def _listed(value: Any, name: str) -> Any:
    """Arrays and tensors as lists."""
    if isinstance(value, np.ma.MaskedArray):
        raise InvalidValueError(
            f"{name}: a masked array has no numbers where it is masked",
            hint=f"{name}.filled(0) fills them in",
        )
    try:
        if hasattr(value, "detach") and hasattr(value, "cpu"):
            value = _stored(value.detach().cpu())
            value = value.to_dense()
        elif hasattr(value, "toarray"):
            value = value.toarray()
        elif hasattr(value, "__array__") and not hasattr(value, "tolist"):
            # a table of pandas
            value = np.asarray(value)
            if value.size > MOST:
                raise too_many(name)
        return value.tolist() if hasattr(value, "tolist") else value
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise InvalidValueError(
            f"{name}: this {type(value).__name__} holds no numbers that can be read", hint=WANTED
        ) from error


def _written(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _no_value(value: Any, name: str) -> InvalidValueError:
    what = "None" if value is None else f"a {type(value).__name__}"
    return InvalidValueError(f"{name}: {what} is no value", hint=WANTED)
