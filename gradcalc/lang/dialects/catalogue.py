"""What a program can call: the functions of the libraries, by module and by the name alone."""

import builtins
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from gradcalc.lang import (
    bystanders,
    casts,
    constants,
    derivatives,
    einops,
    environment,
    facts,
    lax,
    managers,
    modules,
    poly1d,
    quadrature,
    thrown,
)
from gradcalc.lang.attributes import DATACLASSES
from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.dialects import (
    algebra_tables,
    chance_tables,
    copy_tables,
    deprecated_tables,
    element_tables,
    everyday_tables,
    index_tables,
    mapping_tables,
    masked_tables,
    other_tables,
    sequence_tables,
    series_tables,
    shape_tables,
    torch_table,
    writing_tables,
)
from gradcalc.lang.dialects.readings.losses import loss
from gradcalc.lang.dialects.spelling import Function, Overload, Table
from gradcalc.lang.joiners import Joiner
from gradcalc.lang.machine import Builtin
from gradcalc.lang.nets.containers import CONTAINERS
from gradcalc.lang.nets.functional import FUNCTIONAL_CALL
from gradcalc.lang.nets.initial import INIT
from gradcalc.lang.nets.layers import COMPOSED, LAYERS
from gradcalc.lang.nets.lazy import LAZY
from gradcalc.lang.nets.module import PARAMETER
from gradcalc.lang.nets.parametrize import PARAMETRIZE
from gradcalc.lang.program import JAX, MIXED, NUMPY, TORCH, Naming
from gradcalc.lang.written import NAMES, Written
from gradcalc.primitives import BY_NAME, PRIMITIVES, Primitive

USUAL: Mapping[str, str] = MappingProxyType(
    {
        "torch": "input, *, out: target = None",
        "torch.special": "input, *, out: target = None",
        "torch.Tensor": "input",
        "torch.nn.functional": "input",
        "scipy.special": "x, /, out: target = None",
        "jax.nn": "x: floats",
        "jax.scipy.special": "x: floats",
    }
)
"""How a function of one number is called of which a row says no more than where it is."""


def _whole(module: str, table: Table) -> Table:
    """A module's table with the functions of which the primitives' own rows say how it calls them.

    A class of arrays is a module of its methods. What has a `reduction` is a loss of torch's.
    """
    own: Table = {}
    also = torch_table.ALSO if module in ("torch", "torch.special", "torch.Tensor") else {}
    for row in PRIMITIVES:
        for call in row.calls:
            names, _, text = call.removesuffix(")").partition(" (")
            reduced = "reduction: str" in text
            for place, _, name in (full.rpartition(".") for full in names.split()):
                if place == module:
                    meaning = loss if reduced else row.name
                    overload = Overload(text or USUAL[module], meaning, also, (row.name,) * reduced)
                    own.setdefault(name, []).append(overload)
    found = {**table, **own}
    for name, rows in deprecated_tables.TABLES.get(module, {}).items():
        found[name] = [*found[name], *rows]
    return found


def _joined(*groups: Mapping[str, Table]) -> dict[str, Table]:
    """The modules of several files, a name from the last that has it."""
    found: dict[str, Table] = {}
    for group in groups:
        for module, table in group.items():
            found[module] = {**found.get(module, {}), **table}
    return found


NETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "torch.nn": {**LAYERS, **COMPOSED, **LAZY, **CONTAINERS, "Parameter": PARAMETER},
        "torch.nn.init": INIT,
        "torch.nn.parameter": {"Parameter": PARAMETER},
        "torch.nn.utils.parametrize": PARAMETRIZE,
        **dict.fromkeys(("torch.func", "torch.nn.utils.stateless"), FUNCTIONAL_CALL),
    }
)
"""The classes of torch's networks, and the functions that fill their parameters."""

NUMBERLESS = frozenset(
    {
        "dataclasses", "contextlib", constants.MODULE, *modules.OBJECTS, *bystanders.OBJECTS,
        *environment.OBJECTS,
    }
)  # fmt: skip
"""Python's modules whose functions are about any values, so that they say nothing of numbers."""

FURTHER: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **facts.OBJECTS,
        **modules.OBJECTS,
        **einops.OBJECTS,
        **lax.OBJECTS,
        **quadrature.OBJECTS,
        **derivatives.OBJECTS,
        **thrown.OBJECTS,
        **bystanders.OBJECTS,
        **managers.OBJECTS,
        **environment.OBJECTS,
    }
)
"""What is no function of tensors alone, by its module."""

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        module: _whole(module, table)
        for module, table in _joined(
            algebra_tables.TABLES,
            torch_table.TABLES,
            other_tables.TABLES,
            element_tables.TABLES,
            series_tables.TABLES,
            shape_tables.TABLES,
            index_tables.TABLES,
            mapping_tables.TABLES,
            writing_tables.TABLES,
            chance_tables.TABLES,
            {module: {} for module in (*NETS, *NAMES, "dataclasses", *FURTHER)},
            copy_tables.TABLES,
            masked_tables.TABLES,
            everyday_tables.TABLES,
            sequence_tables.TABLES,
        ).items()
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

NUMBERS: Mapping[str, float | None] = MappingProxyType(
    {
        "pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan,
        "newaxis": None,
    }
)  # fmt: skip
"""Names with a value of their own, unless the user gives such a variable."""

CONSTANTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        module: {
            **{name: NUMBERS[name] for name in names.split()},
            **casts.constants(module),
            **environment.VERSIONS.get(module, {}),
        }
        for module, names in {
            "torch": "pi e inf nan",
            "numpy": "pi e inf nan newaxis",
            "jax.numpy": "pi e inf nan newaxis",
            "math": "pi e inf nan tau",
            "cmath": "pi e inf nan tau",
            "scipy": "",
            "jax": "",
        }.items()
    }
)
"""The values that stand in a module."""

JOINERS: Mapping[str, Joiner] = MappingProxyType(
    {name: Joiner(name) for name in ("r_", "c_", "s_", "index_exp", "mgrid", "ogrid")}
)
"""What numpy has to be indexed. jax has no other."""

OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **{
            module: {
                **{name: Written(module, name) for name in NAMES.get(module, ())},
                **FURTHER.get(module, {}),
                **poly1d.OBJECTS.get(module, {}),
                **NETS.get(module, {}),
                **CONSTANTS.get(module, {}),
                **(JOINERS if module in ("numpy", "jax.numpy") else {}),
            }
            for module in (*NAMES, *FURTHER, *NETS, *CONSTANTS)
        },
        "dataclasses": {**DATACLASSES, **thrown.OBJECTS["dataclasses"]},
        constants.MODULE: constants.SCIPYS,
    }
)
"""What stands in a module and is not called."""

PLAIN = ("torch", "torch.nn.functional", "torch.linalg", "torch.special")
"""Where a name is looked up that stands alone, in a text without any library."""

UNLIKE_PLAIN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "torch": frozenset(
            """adaptive_max_pool1d alpha_dropout batch_norm binary_cross_entropy_with_logits
            cond cosine_embedding_loss dropout embedding embedding_bag feature_alpha_dropout
            group_norm hinge_embedding_loss instance_norm kl_div layer_norm lstsq
            margin_ranking_loss matrix_rank poisson_nll_loss solve triplet_margin_loss
            """.split()  # noqa: SIM905
        ),
    }
)
"""Names that a module has too, undocumented, for something else than the plain name is here."""

PYTHONS = frozenset(BUILTINS) & frozenset(vars(builtins)) | thrown.WORDS.keys()
"""Functions of Python's and its errors, which a program may pass to another one."""

OWN = frozenset({"sum", "max", "min", "norm", "range", "complex"})
"""Names that people mean now as Python's function, now as torch's: the language tells by the
arguments, and refuses where they do not tell."""

METHODS: Mapping[str, Table] = MappingProxyType(
    {
        TORCH: _whole(
            "torch.Tensor",
            torch_table.METHODS
            | chance_tables.TORCH_METHODS
            | algebra_tables.TORCH_METHODS
            | element_tables.TORCH_METHODS
            | series_tables.TORCH_METHODS
            | shape_tables.TORCH_METHODS
            | sequence_tables.TORCH_METHODS
            | index_tables.TORCH_METHODS
            | copy_tables.TORCH_METHODS,
        ),
        NUMPY: _whole(
            "numpy.ndarray",
            other_tables.NUMPY_METHODS
            | everyday_tables.NUMPY_METHODS
            | algebra_tables.NUMPY_METHODS
            | shape_tables.NUMPY_METHODS
            | index_tables.NUMPY_METHODS,
        ),
        JAX: _whole(
            "jax.Array",
            other_tables.JAX_METHODS
            | algebra_tables.NUMPY_METHODS
            | shape_tables.NUMPY_METHODS
            | index_tables.JAX_METHODS,
        ),
    }
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
def array_method(arrays: str, name: str) -> Function | None:
    """A method of a library's arrays, None if there is no such.

    Where a text works on no library's arrays they are torch's, and what the language has under
    that name takes the arguments that torch's method does not.
    """
    rows = METHODS[arrays or TORCH].get(name)
    core = None if arrays else in_language(name)
    if rows is None:
        return None
    return Function(name, arrays or TORCH, tuple(rows), method=True, core=core)


OTHERWISE = frozenset({("torch", "svd")})
"""Functions that a text without any library does not mean by the name alone: torch.linalg's svd has
its right vectors in rows, as everybody else's."""


@cache
def plain(name: str) -> Function | None:
    """What a name means that stands alone, in a text without any library.

    None where only the language has it, or where it has to look at the arguments itself.
    """
    core = in_language(name)
    if name in OWN:
        return None
    found = (function(module, name) for module in PLAIN if (module, name) not in OTHERWISE)
    first = next((one for one in found if one is not None), None)
    if first is None:
        return None
    # what Python's own function of that name takes besides, as round(x, 2)
    also = () if (pythons := function("builtins", name)) is None else pythons.overloads
    return replace(first, alone=True, core=core, overloads=(*first.overloads, *also))


def in_language(name: str) -> Builtin | Primitive | None:
    """The built-in or primitive of that name, None if there is none.

    A built-in of the same name stands in front of a primitive and may pass the call on to it.
    """
    return BUILTINS.get(name) or BY_NAME.get(name)


def plain_names() -> frozenset[str]:
    """All names that `plain` may know."""
    return frozenset(name for module in PLAIN for name in TABLES[module])


Callee = Function | Builtin | Primitive
"""What can be called, besides the functions of the program itself."""


def is_known(name: str) -> bool:
    """Whether a name alone has a meaning, as a function or as a constant."""
    if name in NUMBERS or name in thrown.WORDS:
        return True
    return in_language(name) is not None or plain(name) is not None


def module_of(naming: Naming, path: tuple[str, ...]) -> str | None:
    """The module that a dotted name is, None if it is none."""
    base = naming.modules.get(path[0]) if path else None
    full = None if base is None else ".".join((base, *path[1:]))
    return full if full in TABLES else None


def place(naming: Naming, path: tuple[str, ...]) -> tuple[str, str] | None:
    """The module and the name in it that a dotted name is, None without a module in front."""
    module = module_of(naming, path[:-1])
    return None if module is None else (module, path[-1])


def written_part(naming: Naming, path: tuple[str, ...]) -> int:
    """How many of the first parts of a dotted name are what a run has; 0 if none.

    It is written in the language, or asked of the machine; what is behind it is an attribute of it.
    """
    for count in range(2, len(path) + 1):
        module = module_of(naming, path[: count - 1])
        held = None if module is None else OBJECTS.get(module, {}).get(path[count - 1])
        if isinstance(held, Written | environment.Asked):
            return count
    return 0


def has(module: str, name: str) -> bool:
    """Whether a module has a function or a constant of that name."""
    return name in OBJECTS.get(module, {}) or function(module, name) is not None


def is_in(module: str, name: str) -> bool:
    """Whether a module, or one below it, has a function, a constant or a module of that name."""
    below = (full for full in TABLES if full == module or full.startswith(f"{module}."))
    return any(full.endswith(f".{name}") or has(full, name) for full in below)


def member(module: str, name: str) -> Any:
    """A constant or a function of a module, which has it."""
    objects = OBJECTS.get(module, {})
    return objects[name] if name in objects else function(module, name)


def named(naming: Naming, path: tuple[str, ...]) -> Any:
    """What a dotted name of a library, or an imported one, stands for; None for nothing."""
    if len(path) == 1:
        return bare(path[0], naming)
    found = place(naming, path)
    return member(*found) if found is not None and has(*found) else None


def bare(name: str, naming: Naming) -> Any:
    """The value of a name that stands alone, None where it has none.

    What the text imports comes first, then Python's own functions where it speaks a library, then
    torch's, then those of the language.
    """
    if naming.core:
        return NUMBERS[name] if name in NUMBERS else in_language(name)
    if name in naming.imported:
        module, own = naming.imported[name]
        return member(module, own) if has(module, own) else in_language(own)
    for module in reversed(naming.starred):
        if has(module, name):
            return member(module, name)
    if naming.library and (found := function("builtins", name)) is not None:
        return found
    if name in NUMBERS:
        return NUMBERS[name]
    if name in thrown.WORDS:
        return thrown.WORDS[name]
    return plain(name) or in_language(name)


def is_constant(name: str, naming: Naming) -> bool:
    """Whether a name alone is a number of a library."""
    if name in naming.imported:
        module, own = naming.imported[name]
        return own in CONSTANTS.get(module, {})
    return name in NUMBERS


def method(name: str, naming: Naming) -> Callee | None:
    """What a name means behind a dot, by whose arrays the text works on; None if nothing.

    Where it works on no library's, functions of the language are methods too.
    """
    if naming.core:
        return in_language(name)
    arrays = naming.arrays
    if arrays == MIXED:
        return array_method(TORCH, name) or array_method(NUMPY, name)
    return array_method(arrays, name) or (None if arrays else in_language(name))


def has_meaning(name: str) -> bool:
    """Whether a name that is not called may be left without a value.

    One letter is a variable, though `t(A)` transposes.
    """
    return name in NUMBERS or (len(name) > 1 and (name in BY_NAME or name in PYTHONS))


@cache
def names() -> frozenset[str]:
    """All names that can be called."""
    return frozenset(BUILTINS) | frozenset(BY_NAME) | plain_names()


@cache
def generator_method(kind: str, name: str) -> Function | None:
    """A method of a random generator, by the kind that it is of."""
    rows = chance_tables.GENERATORS[kind].get(name)
    return None if rows is None else Function(name, kind, tuple(rows), method=True)


@cache
def generators_methods() -> frozenset[str]:
    """All names that random generators have behind a dot."""
    return frozenset(name for table in chance_tables.GENERATORS.values() for name in table)


@cache
def methods() -> frozenset[str]:
    """All names that can be called behind a dot."""
    of_arrays = frozenset(name for table in METHODS.values() for name in table)
    built_in = {name for name, row in BUILTINS.items() if row.method}
    return frozenset(BY_NAME) | built_in | of_arrays
