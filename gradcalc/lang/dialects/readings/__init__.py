"""Calls that are not one primitive: what they mean, put together from primitives.

Each reading takes the machine, what its row of the table gives it, such as the name of a primitive,
and the arguments of its signature by name.
"""

import ast
from typing import Any

from gradcalc.lang.machine import Machine


def alike(read: Any) -> Any:
    """A reading of calls that differ from the function of that name in nothing but their words."""
    read.alike = True
    return read


def apart(read: Any) -> Any:
    """A reading of other arguments than all other signatures of the name take, and of another
    meaning, as that of `where(condition)`."""
    read.apart = True
    return read


def drawing(read: Any) -> Any:
    """A reading of calls that have to do with random numbers."""
    read.draws = True
    return read


def changing(read: Any) -> Any:
    """A reading of calls that write into what they are given, and not into a target."""
    read.changes = True
    return read


def called(machine: Machine) -> str:
    """What is called, for a sentence."""
    func = getattr(machine.node, "func", None)
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "it")
