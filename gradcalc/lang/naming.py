"""Which library each name of a text is from, and whose arrays the text works on."""

import ast
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.catalogue import ARRAYS
from gradcalc.lang.program import JAX, MIXED, NONE, NUMPY, TORCH

EMPTY: Mapping[str, str] = MappingProxyType({})


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
