"""Where a name is looked up: the modules of the libraries, their constants, and Python's names."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from gradcalc.lang.builtins import BUILTINS, Builtin
from gradcalc.lang.dialects import other_tables, torch_table
from gradcalc.lang.dialects.spelling import Function, Overload, Table
from gradcalc.lang.program import JAX, NUMPY, TORCH
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise, Primitive

CALLED: Mapping[str, str] = MappingProxyType(
    {
        "torch": "input, *, out: unset = None",
        "torch.special": "input, *, out: unset = None",
        "scipy.special": "x, /, out: unset = None",
        "jax.scipy.special": "x: floats",
    }
)
"""How a function of one number that has nothing special about it is called in a module."""


def _whole(module: str, table: Table) -> Table:
    """A module's table with the functions of which nothing special is to be said."""
    plain: Table = {}
    for row in PRIMITIVES:
        if isinstance(row, Elementwise) and module in row.libraries:
            plain[row.name] = [Overload(CALLED[module], row.name, {})]
    return {**table, **plain}


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        module: _whole(module, table)
        for module, table in {
            "torch": torch_table.TORCH,
            "torch.nn": {},
            "torch.nn.functional": torch_table.FUNCTIONAL,
            "torch.linalg": torch_table.LINALG,
            "torch.special": torch_table.SPECIAL,
            "torch.autograd": {},
            "numpy": other_tables.NUMPY,
            "numpy.linalg": other_tables.NUMPY_LINALG,
            "math": other_tables.MATH,
            "scipy": {},
            "scipy.special": other_tables.SCIPY_SPECIAL,
            "scipy.linalg": other_tables.SCIPY_LINALG,
            "jax": {},
            "jax.numpy": other_tables.JAX_NUMPY,
            "jax.numpy.linalg": other_tables.JAX_LINALG,
            "jax.nn": other_tables.JAX_NN,
            "jax.lax": other_tables.JAX_LAX,
            "jax.scipy": {},
            "jax.scipy.special": other_tables.JAX_SPECIAL,
            "builtins": other_tables.PYTHON,
        }.items()
    }
)
"""The modules whose names a program may use or import, each with its functions."""

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "torch": "torch",
        "F": "torch.nn.functional",
        "nn": "torch.nn",
        "np": "numpy",
        "numpy": "numpy",
        "math": "math",
        "scipy": "scipy",
        "jax": "jax",
        "jnp": "jax.numpy",
    }
)
"""Names in front of a dot that mean a module without an import."""

ARRAYS: Mapping[str, str] = MappingProxyType(
    {"torch": TORCH, "numpy": NUMPY, "scipy": NUMPY, "jax": JAX}
)
"""Whose arrays the functions of a library take."""

_FINITE = {"pi": math.pi, "e": math.e}
_OTHERS = {"inf": math.inf, "nan": math.nan}
CONSTANTS: Mapping[str, Mapping[str, float | None]] = MappingProxyType(
    {
        "torch": _FINITE | _OTHERS,
        "numpy": _FINITE | _OTHERS | {"newaxis": None},
        "jax.numpy": _FINITE | _OTHERS | {"newaxis": None},
        "math": _FINITE | _OTHERS | {"tau": math.tau},
    }
)
"""The values that stand in a module."""

PLAIN = ("torch", "torch.nn.functional", "torch.linalg", "torch.special")
"""Where a name is looked up that stands alone, in a text without any library."""

UNLIKE_PLAIN: Mapping[str, frozenset[str]] = MappingProxyType(
    {"torch": frozenset({"binary_cross_entropy_with_logits", "layer_norm", "solve"})}
)
"""Names that a module has too, undocumented, for something else than the plain name is here."""

OWN = frozenset({"sum", "max", "min", "norm", "range"})
"""Names that people mean now as Python's function, now as torch's: the language tells by the
arguments, and refuses where they do not tell."""

METHODS: Mapping[str, Table] = MappingProxyType(
    {TORCH: torch_table.METHODS, NUMPY: other_tables.NUMPY_METHODS, JAX: other_tables.JAX_METHODS}
)
"""The methods of each library's arrays."""

UNLIKE = frozenset({"std", "var", "size", "sort", "transpose", "t", "cumsum", "cumprod", "repeat"})
"""Methods that mean one thing to torch and another to numpy, whatever their arguments."""

UNLIKE_ALONG = frozenset({"max", "min", "sum", "mean", "prod", "squeeze"})
"""Methods that do so with some arguments."""


@cache
def function(module: str, name: str) -> Function | None:
    """A function of a module, None if there is no such."""
    rows = TABLES.get(module, {}).get(name)
    alone = module == "builtins"
    return None if rows is None else Function(name, module, tuple(rows), alone=alone)


@cache
def method(arrays: str, name: str) -> Function | None:
    """A method of a library's arrays, None if there is no such.

    Where a text works on no library's arrays they are torch's, and what the language has under
    that name takes the arguments that torch's method does not.
    """
    rows = METHODS[arrays or TORCH].get(name)
    core = None if arrays else in_language(name)
    if rows is None:
        return None
    return Function(name, arrays or TORCH, tuple(rows), method=True, core=core)


@cache
def plain(name: str) -> Function | None:
    """What a name means that stands alone, in a text without any library.

    None where only the language has it, or where it has to look at the arguments itself.
    """
    core = in_language(name)
    if name in OWN:
        return None
    found = (function(module, name) for module in PLAIN)
    first = next((one for one in found if one is not None), None)
    return None if first is None else replace(first, alone=True, core=core)


def in_language(name: str) -> Builtin | Primitive | None:
    """The built-in or primitive of that name, None if there is none.

    A built-in of the same name stands in front of a primitive and may pass the call on to it.
    """
    return BUILTINS.get(name) or BY_NAME.get(name)


def plain_names() -> frozenset[str]:
    """All names that `plain` may know."""
    return frozenset(name for module in PLAIN for name in TABLES[module])
