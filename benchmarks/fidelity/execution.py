"""Running a text by Python itself."""

import ast
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

OUTPUT, TICK = "output_of_the_text", "tick_of_the_text"
ROUNDS, LARGEST, BITS = 500, 20_000, 20_000
"""The most rounds of loops, the longest list or array, and the longest whole number."""


class Endless(Exception):
    """A text that runs for too long, or whose values grow too large."""


def run_on(text: str, scope: dict[str, Any], values: Mapping[str, Any]) -> Any:
    """What a text gives in Python: the value of its last line, or of the function it ends in."""
    scope |= values
    scope[TICK] = _Watch(scope).tick
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            is_function = isinstance(tree.body[-1], ast.FunctionDef)
            exec(_compiled(tree), scope)
            found = scope[OUTPUT]
            if not is_function:
                return found
            code = found.__code__
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            return found(**{name: values[name] for name in names if name in values})
    finally:
        torch.set_default_dtype(default)


class _Watch:
    """Counts rounds of loops, and looks at the values in each."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        self.rounds = 0

    def tick(self) -> None:
        """Another round.

        Raises `Endless` if that is too much.
        """
        self.rounds += 1
        if self.rounds > ROUNDS or any(map(is_large, self.scope.values())):
            raise Endless


def is_large(value: Any) -> bool:
    """Whether a value has grown beyond all use."""
    if isinstance(value, list | tuple):
        return len(value) > LARGEST
    if isinstance(value, np.ndarray):
        return value.size > LARGEST
    if isinstance(value, torch.Tensor):
        return value.numel() > LARGEST
    return isinstance(value, int) and value.bit_length() > BITS


class _Ticking(ast.NodeTransformer):
    """Puts a tick into each loop."""

    def visit_For(self, node: ast.For) -> Any:
        return self._ticking(node)

    def visit_While(self, node: ast.While) -> Any:
        return self._ticking(node)

    def _ticking(self, node: ast.For | ast.While) -> Any:
        self.generic_visit(node)
        call = ast.Call(ast.Name(TICK, ast.Load()), [], [])
        node.body.insert(0, ast.Expr(call))
        return node


def _compiled(tree: ast.Module) -> Any:
    """The code of a text, its output bound to a name."""
    last = tree.body[-1]
    match last:
        case ast.Expr(value=value):
            tree.body[-1] = _bound(value)
        case (
            ast.FunctionDef(name=name)
            | ast.Assign(targets=[ast.Name(id=name)])
            | ast.AugAssign(target=ast.Name(id=name))
        ):
            tree.body.append(_bound(ast.Name(name, ast.Load())))
        case _:
            raise ValueError("a text ends in an expression, a name or a function")
    return compile(ast.fix_missing_locations(_Ticking().visit(tree)), "<text>", "exec")


def _bound(value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(OUTPUT, ast.Store())], value)
