"""Calls that are not one primitive: what they mean, put together from primitives.

Each reading takes the machine, the syntax node of the call and the arguments of its signature by
name; some are made for a name.
"""

import ast
from typing import Any

Node = ast.Call


def like(name: str, read: Any) -> Any:
    """A reading of calls that differ from the language's function in nothing but their words."""
    read.row = name
    return read


def node_name(node: Node) -> str:
    """What is called, for a sentence."""
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "it")
