"""What a check may be told beside the call, as it is typed in Python."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, brief
from gradcalc.values.nesting import check_nesting


@dataclass(frozen=True, slots=True)
class Told:
    """The options of a check, each of the kind that it is to have."""

    order: int
    seed: int
    timeout: float | None
    strict: bool
    leaves: Any
    reference: Any
    references: Mapping[Any, Any] | None
    trust: tuple[Any, ...]
    cotangent: Any


def read(given: Mapping[str, Any]) -> Told:
    """The options of those values.

    Raises `InvalidValueError` for what an option cannot be.
    """
    return Told(**{name: reader(given[name], name) for name, reader in READERS.items()})


def names_of(told: Told) -> tuple[str, ...] | None:
    """The names of parameters that are differentiated by, None for all of them.

    Raises `InvalidValueError` for tensors, which functions of arrays have none of.
    """
    if told.leaves is None:
        return None
    if not isinstance(told.leaves, tuple) or not all(isinstance(n, str) for n in told.leaves):
        raise InvalidValueError("leaves are names of parameters where grad= or hess= is given")
    return told.leaves


def _refused(value: Any, name: str, wanted: str) -> InvalidValueError:
    if value is None:
        what = "None"
    elif isinstance(value, str) or (isinstance(value, int | float) and abs(value) < 1e15):
        what = brief(repr(value))
    else:
        what = f"({type(value).__name__})"
    return InvalidValueError(f"{name}={what} is not {wanted}")


def _order(value: Any, name: str) -> int:
    if not _is_whole(value) or value not in (1, 2):
        raise _refused(value, name, "1, or 2 for second derivatives")
    return int(value)


def _seed(value: Any, name: str) -> int:
    if not _is_whole(value) or value < 0:
        raise _refused(value, name, "a whole number of at least 0")
    return int(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _timeout(value: Any, name: str) -> float | None:
    if value is None:
        return None
    try:
        seconds = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, RuntimeError):
        seconds = math.nan
    except OverflowError:
        return None
    if not seconds > 0:
        raise _refused(value, name, "a number of seconds above 0")
    return seconds


def _strict(value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise _refused(value, name, "True or False")
    return bool(value)


def _reference(value: Any, name: str) -> Any:
    if value is not None and not callable(value):
        raise _refused(value, name, "a function")
    return value


def _references(value: Any, name: str) -> Mapping[Any, Any] | None:
    try:
        found = None if value is None else dict(value)
    except (TypeError, ValueError):
        found = {"": value}
    if found is not None and not all(one is None or callable(one) for one in found.values()):
        raise _refused(value, name, "functions by the Functions that they stand for")
    return None if found is None else {key: one for key, one in found.items() if one is not None}


def _trust(value: Any, name: str) -> tuple[Any, ...]:
    found = (value,) if isinstance(value, str | type) else _several(value)
    if found is None or not all(isinstance(one, str | type) for one in found):
        raise _refused(value, name, "Functions, or their names")
    return found


def _leaves(value: Any, name: str) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and _is_tensor(one) for key, one in value.items()):
            return dict(value)
    else:
        found = (value,) if isinstance(value, str) or _is_tensor(value) else _several(value)
        if found is not None and all(isinstance(one, str) or _is_tensor(one) for one in found):
            return tuple(str(one) if isinstance(one, str) else one for one in found)
    raise _refused(value, name, "tensors, or their names")


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "requires_grad") and hasattr(value, "layout")


MANY = 100_000
"""Names or Functions that somebody may give."""


def _several(value: Any) -> tuple[Any, ...] | None:
    """What an iterable holds; None of what is none."""
    if not isinstance(value, Iterable) or isinstance(value, bytes | bytearray):
        return None
    try:
        found = tuple(islice(value, MANY + 1))
    # code of others may raise anything
    except Exception:
        return None
    return None if len(found) > MANY else found


def _cotangent(value: Any, name: str) -> Any:
    if value is None:
        return None
    check_nesting(value, name)
    parts = value if isinstance(value, tuple) else (value,)
    if not all(map(_are_weights, parts)):
        raise _refused(value, name, "numbers, or a tuple of them for several outputs")
    return value


def _are_weights(value: Any) -> bool:
    if _is_tensor(value):
        return str(value.layout) == "torch.strided"
    try:
        numbers = value is not None and not isinstance(value, str)
        return numbers and np.asarray(value, dtype=np.float64).dtype != object
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return False


READERS: Mapping[str, Any] = {
    "order": _order,
    "seed": _seed,
    "timeout": _timeout,
    "strict": _strict,
    "leaves": _leaves,
    "reference": _reference,
    "references": _references,
    "trust": _trust,
    "cotangent": _cotangent,
}
"""What reads each option."""
