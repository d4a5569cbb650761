"""Messages between processes as bytes: a pickle in which syntax trees lie flat."""

import ast
import io
import pickle
from typing import Any

Flat = list[tuple[type[ast.AST], dict[str, Any], dict[str, int | list[int]]]]
"""The nodes of a tree: the class of each, what it says of itself, and the places of those below
it, -1 where a list has None."""


def pack(message: Any) -> bytes:
    """The bytes of a message, however deep the trees in it are: a sum of thousands is as deep."""
    data = io.BytesIO()
    _Pickler(data, pickle.HIGHEST_PROTOCOL).dump(message)
    return data.getvalue()


def unpack(data: bytes | bytearray) -> Any:
    """The message that was packed. Raises `MemoryError` and what `pickle.loads` does."""
    return pickle.loads(data)


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        return (_tree, (_flat(thing),)) if isinstance(thing, ast.AST) else NotImplemented


def _flat(root: ast.AST) -> Flat:
    nodes, places = [root], {id(root): 0}
    found: Flat = []

    def place(node: ast.AST | None) -> int:
        if node is None:
            return -1
        if id(node) not in places:
            places[id(node)] = len(nodes)
            nodes.append(node)
        return places[id(node)]

    # it grows meanwhile
    for node in nodes:
        plain: dict[str, Any] = {}
        below: dict[str, int | list[int]] = {}
        for name, value in vars(node).items():
            if isinstance(value, ast.AST):
                below[name] = place(value)
            elif isinstance(value, list) and any(isinstance(item, ast.AST) for item in value):
                below[name] = [place(item) for item in value]
            else:
                plain[name] = value
        found.append((type(node), plain, below))
    return found


def _tree(flat: Flat) -> ast.AST:
    nodes = [kind() for kind, _, _ in flat]
    for node, (_, plain, below) in zip(nodes, flat, strict=True):
        vars(node).update(plain)
        for name, places in below.items():
            if isinstance(places, int):
                setattr(node, name, nodes[places])
            else:
                setattr(node, name, [nodes[k] if k >= 0 else None for k in places])
    return nodes[0]
