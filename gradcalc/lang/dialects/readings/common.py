"""What readings have in common."""

import ast
from typing import Any

from gradcalc.lang.builtins import BUILTINS
from gradcalc.lang.machine import Machine

Node = ast.Call


def like(name: str, read: Any) -> Any:
    """A reading of calls that differ from the language's function in nothing but their words."""
    read.row = name
    return read


def language(name: str) -> Any:
    """A function of the language, its arguments in the order of the signature."""

    def read(machine: Machine, node: Node, **values: Any) -> Any:
        return BUILTINS[name].call(machine, node, *values.values())

    return like(name, read)


def node_name(node: Node) -> str:
    """What is called, for a sentence."""
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "it")
