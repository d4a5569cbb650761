"""Scopes and the functions of a program."""

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.lang.program import Program


@dataclass(slots=True)
class Frame:
    """The names of one scope and the scope around it."""

    values: dict[str, Any]
    parent: "Frame | None" = None
    local: frozenset[str] = frozenset()

    def find(self, name: str) -> "Frame | None":
        """The innermost scope in which the name is bound."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.values:
                return frame
            if name in frame.local:
                return None
            frame = frame.parent
        return None


@dataclass(slots=True, eq=False)
class Once:
    """What Python's `zip` and `enumerate` give: items that can be gone through once."""

    word: str
    items: Sequence[Any]
    used: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function with the scope and the program it was made in."""

    name: str
    arguments: ast.arguments
    body: Sequence[ast.stmt] | ast.expr
    defaults: Mapping[str, Any]
    frame: Frame
    program: Program

    @property
    def signature(self) -> inspect.Signature:
        """Its parameters, with their defaults."""
        kinds = (
            (self.arguments.posonlyargs, inspect.Parameter.POSITIONAL_ONLY),
            (self.arguments.args, inspect.Parameter.POSITIONAL_OR_KEYWORD),
            (self.arguments.kwonlyargs, inspect.Parameter.KEYWORD_ONLY),
        )
        empty = inspect.Parameter.empty
        return inspect.Signature(
            [
                inspect.Parameter(a.arg, kind, default=self.defaults.get(a.arg, empty))
                for arguments, kind in kinds
                for a in arguments
            ]
        )


@dataclass(slots=True)
class Trace:
    """One branching place and the ways it went so far."""

    line: int
    kind: str
    text: str
    taken: list[bool] = field(default_factory=list)


class Break(Exception):
    """Leaves the innermost loop."""


class Continue(Exception):
    """Goes on with the innermost loop."""


class Return(Exception):
    """Leaves a function with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value
