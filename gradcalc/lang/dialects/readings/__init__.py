"""Calls that are not one primitive: what they mean, put together from primitives.

Each reading takes the machine and the arguments of its signature by name; some are made for a name.
"""

import ast
from typing import Any

from gradcalc.lang.machine import Machine


def like(name: str, read: Any) -> Any:
    """A reading of calls that differ from the language's function in nothing but their words."""
    read.row = name
    return read


def called(machine: Machine) -> str:
    """What is called, for a sentence."""
    func = getattr(machine.node, "func", None)
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "it")
