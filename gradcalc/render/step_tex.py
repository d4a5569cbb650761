"""Names and texts of steps as LaTeX takes them."""

import ast
import re
from collections.abc import Mapping
from typing import Any

from gradcalc.primitives import BY_NAME
from gradcalc.render.tex.names import name_table
from gradcalc.render.tex.shapes import Shape
from gradcalc.steps.data import Forward, Steps
from gradcalc.steps.rules import arrived
from gradcalc.steps.texts import MODULES

_NUMBERED = re.compile(r"(.+?)([₀-₉]+)")
_DETACHED = re.compile(r"detach\(([^\W\d]\w*)\)")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def arriving_names(step: Forward) -> list[str]:
    """What the cotangents of a step's results are called in its formulas."""
    return arrived([*step.operands], len(step.names))


class Names:
    """The names of tensors in LaTeX, and as names of Python's where they are none."""

    def __init__(self, steps: Steps) -> None:
        tensors = (name for step in steps.forward for name in (*step.names, *step.operands))
        known = [*steps.inputs, *(name for name in tensors if name[:1].isidentifier())]
        known = [name for name in known if _DETACHED.fullmatch(name) is None]
        bases = [self._parted(name)[0] for name in known]
        self._table = name_table(dict.fromkeys(bases))
        self._known = dict.fromkeys(known)
        self._taken = {*known}

    @staticmethod
    def _parted(name: str) -> tuple[str, str]:
        """A name and the number behind it, empty if it has none."""
        found = _NUMBERED.fullmatch(name)
        return (found[1], found[2].translate(_PLAIN)) if found else (name, "")

    def tex(self, name: str) -> str:
        """A name in mathematics."""
        detached = _DETACHED.fullmatch(name)
        if detached is not None:
            return rf"\operatorname{{detach}}({self.tex(detached[1])})"
        base, number = self._parted(name)
        found = self._table.get(base) or name_table([base])[base]
        return f"{found}^{{({number})}}" if number else found

    def spelled(
        self, text: str, shapes: Mapping[str, Shape]
    ) -> tuple[str, dict[str, str], dict[str, Shape]]:
        """A text in names of Python's, and what each is in mathematics, and its shape."""
        names = {name: self.tex(name) for name in self._known}
        found = dict(shapes)

        def one(name: str, own: str) -> str:
            while own in self._taken:
                own += "_"
            base = _DETACHED.fullmatch(name)
            names[own] = self.tex(name)
            found[own] = shapes.get(base[1] if base else name)
            return own

        text = _DETACHED.sub(lambda m: one(m[0], f"detached_{m[1].translate(_PLAIN)}"), text)
        text = _WORD.sub(
            lambda m: (
                one(m[0], m[0].translate(_PLAIN)) if _NUMBERED.fullmatch(m[0]) else m[0]
            ),
            text,
        )  # fmt: skip
        return text, names, found


class _Functions(ast.NodeTransformer):
    """Methods and functions of libraries as functions of the language."""

    def visit_Call(self, node: ast.Call) -> Any:
        """`x.exp()` and `torch.exp(x)` are `exp(x)`."""
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in BY_NAME:
            return node
        owner = function.value
        arguments = [] if _is_module(owner) else [owner]
        name = ast.Name(function.attr, ast.Load())
        return ast.Call(name, [*arguments, *node.args], node.keywords)


def _is_module(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES


def as_function(node: ast.expr) -> ast.expr:
    """A call in the words of formulas, whatever library's it is typed in."""
    found: ast.expr = _Functions().visit(node)
    return ast.fix_missing_locations(found)
