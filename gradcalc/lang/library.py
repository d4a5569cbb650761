"""What a program can call: the primitives, the built-ins, and the names that have a meaning."""

import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from gradcalc.lang.builtins import BUILTINS, Builtin
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.spelling import Function
from gradcalc.lang.program import MIXED, NUMPY, TORCH, Naming
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


Callee = Function | Builtin | Primitive
"""What can be called, besides the functions of the program itself."""


def is_known(name: str) -> bool:
    """Whether a name alone has a meaning, as a function or as a constant."""
    return (
        name in CONSTANTS
        or catalogue.in_language(name) is not None
        or catalogue.plain(name) is not None
    )


def module_of(naming: Naming, path: tuple[str, ...]) -> str | None:
    """The module that a dotted name is, None if it is none."""
    base = naming.modules.get(path[0]) if path else None
    full = None if base is None else ".".join((base, *path[1:]))
    return full if full in catalogue.TABLES else None


def place(naming: Naming, path: tuple[str, ...]) -> tuple[str, str] | None:
    """The module and the name in it that a dotted name is, None without a module in front."""
    module = module_of(naming, path[:-1])
    return None if module is None else (module, path[-1])


def has(module: str, name: str) -> bool:
    """Whether a module has a function or a constant of that name."""
    constants = catalogue.CONSTANTS.get(module, {})
    return name in constants or catalogue.function(module, name) is not None


def member(module: str, name: str) -> Any:
    """A constant or a function of a module, which has it."""
    constants = catalogue.CONSTANTS.get(module, {})
    return constants[name] if name in constants else catalogue.function(module, name)


def bare(name: str, naming: Naming) -> Any:
    """The value of a name that stands alone, None where it has none.

    What the text imports comes first, then Python's own functions where it speaks a library, then
    torch's, then those of the language.
    """
    if naming.core:
        return CONSTANTS[name] if name in CONSTANTS else catalogue.in_language(name)
    if name in naming.imported:
        module, own = naming.imported[name]
        return member(module, own) if has(module, own) else catalogue.in_language(own)
    for module in reversed(naming.starred):
        if has(module, name):
            return member(module, name)
    if naming.library and (found := catalogue.function("builtins", name)) is not None:
        return found
    if name in CONSTANTS:
        return CONSTANTS[name]
    return catalogue.plain(name) or catalogue.in_language(name)


def is_constant(name: str, naming: Naming) -> bool:
    """Whether a name alone is a number of a library."""
    if name in naming.imported:
        module, own = naming.imported[name]
        return own in catalogue.CONSTANTS.get(module, {})
    return name in CONSTANTS


def method(name: str, naming: Naming) -> Callee | None:
    """What a name means behind a dot, by whose arrays the text works on; None if nothing.

    Where it works on no library's, functions of the language are methods too.
    """
    if naming.core:
        return catalogue.in_language(name)
    arrays = naming.arrays
    if arrays == MIXED:
        return catalogue.method(TORCH, name) or catalogue.method(NUMPY, name)
    return catalogue.method(arrays, name) or (None if arrays else catalogue.in_language(name))


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
    return frozenset(BUILTINS) | frozenset(BY_NAME) | catalogue.plain_names()


@cache
def methods() -> frozenset[str]:
    """All names that can be called behind a dot."""
    of_arrays = frozenset(name for table in catalogue.METHODS.values() for name in table)
    built_in = {name for name, row in BUILTINS.items() if row.method}
    return frozenset(BY_NAME) | built_in | of_arrays
