"""Which statements of a file draw random numbers of the libraries' own generators, or seed them."""

import ast
from collections.abc import Callable, Mapping

from gradcalc.lang.dialects import catalogue
from gradcalc.lang.dialects.chance_tables import FILLING, MAKERS
from gradcalc.lang.imported import Body, full_name, meanings

CHANCE = "random numbers"
"""What those generators are called among the variables of a file; no variable is called so."""


def drawing(body: Body) -> Callable[[ast.AST], bool]:
    """Tells of a node whether it draws, by itself or in a function of the file that it names."""
    names = meanings(body)
    inside = {
        s.name: s for s in body if isinstance(s, ast.FunctionDef | ast.ClassDef)
    }  # fmt: skip
    drawn = {name for name, node in inside.items() if _draws(node, names, frozenset())}
    while more := {n for n in inside.keys() - drawn if _draws(inside[n], names, frozenset(drawn))}:
        drawn |= more
    return lambda node: _draws(node, names, frozenset(drawn))


def is_drawn(method: str, full: str | None) -> bool:
    """Whether a method of this name draws, or a function by its full name."""
    return method in FILLING or _is_drawing(full)


def _draws(node: ast.AST, names: Mapping[str, str], drawn: frozenset[str]) -> bool:
    return any(
        (isinstance(part, ast.Name) and part.id in drawn)
        or (isinstance(part, ast.Attribute) and part.attr in FILLING)
        or _is_drawing(full_name(part, names))
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    )


def _is_drawing(full: str | None) -> bool:
    if full is None:
        return False
    module, _, name = full.rpartition(".")
    found = catalogue.function(module, name)
    return found is not None and found.draws and name not in MAKERS
