"""Which library each name of a text is from, and whose arrays the text works on."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import ARRAYS, JAX, MIXED, NONE, NUMPY, TORCH

EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Naming:
    """The libraries that a text names.

    `modules` are its names of modules, `imported` those of `from math import sin as s`, `starred`
    the modules of `from math import *`. `arrays` says whose arrays its inputs and methods are.
    `library` says that it imports or prefixes any library: then a bare `sum` is Python's.
    `core` marks definitions of gradcalc's own, in which every name is that of the language.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    imported: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    starred: tuple[str, ...] = ()
    arrays: str = NONE
    library: bool = False
    core: bool = False

    def module(self, path: tuple[str, ...]) -> str | None:
        """The module that a dotted name is, None if it is none."""
        base = self.modules.get(path[0]) if path else None
        full = None if base is None else ".".join((base, *path[1:]))
        return full if full in catalogue.TABLES else None

    def member(self, path: tuple[str, ...]) -> tuple[str, str] | None:
        """The module and the name in it that a dotted name is, None without a module in front."""
        base = self.module(path[:-1])
        return None if base is None else (base, path[-1])

    @property
    def numbers(self) -> bool:
        """Whether the text works on Python's own numbers: it names math, and no other library."""
        return self.library and self.arrays == NONE

    @property
    def key(self) -> tuple[object, ...]:
        """What texts of one meaning have in common."""
        return (
            tuple(sorted(self.modules.items())),
            tuple(sorted(self.imported.items())),
            self.starred,
            self.arrays,
            self.library,
        )


CORE = Naming(core=True)
"""How gradcalc's own definitions are read."""


def spoken(members: Iterable[tuple[str, str]], modules: Iterable[str]) -> str:
    """Whose arrays a text works on, by the functions that it calls; else by what it imports.

    A constant such as `np.pi` decides only where nothing else does.
    """
    called, mentioned = set[str](), set[str]()
    for module, name in members:
        arrays = ARRAYS.get(module.split(".")[0])
        if arrays is not None:
            constant = name in catalogue.CONSTANTS.get(module, EMPTY)
            (mentioned if constant else called).add(arrays)
    imported = {ARRAYS[m.split(".")[0]] for m in modules if m.split(".")[0] in ARRAYS}
    if called and TORCH not in called and TORCH in imported:
        # numpy's functions may be of its own numbers only
        return MIXED
    for found in (called, mentioned, imported):
        if found:
            return _one_of(found)
    return NONE


def _one_of(found: set[str]) -> str:
    if len(found) == 1:
        return found.pop()
    # jax's arrays have the methods of numpy's
    return MIXED if TORCH in found else (JAX if JAX in found else NUMPY)


def text_names(body: Iterable[ast.stmt]) -> Iterable[tuple[str, ...]]:
    """Every dotted name of a text, as long as it goes."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if parts and isinstance(inner, ast.Name):
            yield (inner.id, *reversed(parts))
        else:
            stack.extend(ast.iter_child_nodes(node))
