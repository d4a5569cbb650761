"""What a program can call: the primitives, the built-ins, and the names that have a meaning."""

import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from gradcalc.lang.builtins import BUILTINS, Builtin
from gradcalc.primitives import BY_NAME, Primitive

CONSTANTS: Mapping[str, float | None] = MappingProxyType(
    {
        "pi": math.pi,
        "e": math.e,
        "tau": math.tau,
        "inf": math.inf,
        "nan": math.nan,
        "newaxis": None,
    }
)
"""Names with a value of their own, unless the user gives such a variable."""


def find(name: str) -> Primitive | Builtin | None:
    """The primitive or built-in of that name, None if there is none.

    A built-in of the same name stands in front of a primitive and may pass the call on to it.
    """
    return BUILTINS.get(name) or BY_NAME.get(name)


def is_known(name: str) -> bool:
    """Whether a name has a meaning in the library, as a function or as a constant."""
    return name in CONSTANTS or find(name) is not None


def meaning(name: str) -> Any:
    """The value of a known name: a constant, or a function to be passed on."""
    return CONSTANTS[name] if name in CONSTANTS else find(name)


def has_meaning(name: str) -> bool:
    """Whether a name that is not called may be left without a value.

    One letter is a variable, though `t(A)` transposes.
    """
    return name in CONSTANTS or (name in BY_NAME and len(name) > 1)


def is_method(name: str) -> bool:
    """Whether a name can be called behind a dot: `x.sum()`."""
    return name in methods()


@cache
def names() -> frozenset[str]:
    """All names that can be called."""
    return frozenset(BUILTINS) | frozenset(BY_NAME)


@cache
def methods() -> frozenset[str]:
    """All names that can be called behind a dot."""
    return frozenset(BY_NAME) | {name for name, row in BUILTINS.items() if row.method}
