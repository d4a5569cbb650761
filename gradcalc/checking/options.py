"""What a check may be told beside the call, as it is typed in Python."""

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_order(value: Any) -> bool:
    return _is_whole(value) and value in (1, 2)


def _is_seed(value: Any) -> bool:
    return _is_whole(value) and value >= 0


def _is_time(value: Any) -> bool:
    own = isinstance(value, Real) and not isinstance(value, bool)
    return value is None or (own and float(value) > 0 and not math.isnan(value))


def _is_yes_or_no(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def _is_function(value: Any) -> bool:
    return value is None or callable(value)


def _are_functions(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and all(map(callable, value.values())))


def _are_classes(value: Any) -> bool:
    several = value if isinstance(value, Sequence | set | frozenset) else (value,)
    own = isinstance(value, str) or all(isinstance(one, str | type) for one in several)
    return own and not isinstance(value, bytes)


def _are_leaves(value: Any) -> bool:
    several = value.values() if isinstance(value, Mapping) else value
    if value is None or _is_leaf(value):
        return True
    own = isinstance(several, Sequence | set | frozenset) or isinstance(value, Mapping)
    return own and all(map(_is_leaf, several))


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str) or (hasattr(value, "requires_grad") and hasattr(value, "layout"))


def _are_weights(value: Any) -> bool:
    if value is None or hasattr(value, "requires_grad"):
        return True
    if isinstance(value, tuple):
        return all(map(_are_weights, value))
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except ValueError:
        return False


WANTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "order": (_is_order, "1, or 2 for second derivatives"),
    "seed": (_is_seed, "a whole number of at least 0"),
    "timeout": (_is_time, "a number of seconds above 0"),
    "strict": (_is_yes_or_no, "True or False"),
    "reference": (_is_function, "a function"),
    "references": (_are_functions, "functions by the Functions that they stand for"),
    "trust": (_are_classes, "Functions, or their names"),
    "leaves": (_are_leaves, "tensors, or their names"),
    "cotangent": (_are_weights, "numbers, or a tuple of them for several outputs"),
}
"""What each option is, and whether a value is that."""


def check_options(given: Mapping[str, Any]) -> None:
    """Raise `InvalidValueError` for an option that is something else."""
    for name, value in given.items():
        is_it, wanted = WANTED[name]
        if not is_it(value):
            what = repr(value) if isinstance(value, int | float | str) else _kind(value)
            raise InvalidValueError(f"{name}={what} is not {wanted}")


def _kind(value: Any) -> str:
    return "None" if value is None else f"({type(value).__name__})"
