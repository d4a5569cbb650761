"""The values of a program: tensors of one backend, plain numbers, lists of them, functions."""

import ast
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import LimitError
from gradcalc.lang import plain
from gradcalc.lang.backend import Backend
from gradcalc.lang.budget import Budget
from gradcalc.lang.program import Limits, Program, Stop, amount, span_of, text_of
from gradcalc.lang.scope import Once

EXTREMES = ("values", "indices")
"""The fields of what `max(x, dim)` gives."""


class Values:
    """What is known about a run's values, and where it is.

    `scalars` says that every input is one number. `arrays` are tensors of no dimensions that numpy
    has as arrays, not as numbers; `turned` are views of numpy that are copies here, by their
    memory, each with that of what it is a view of. `iterated` is what loops go through, `snapshots`
    the lists that enumerate and zip go through.
    """

    def __init__(self, program: Program, backend: Backend, limits: Limits, budget: Budget) -> None:
        self.program = program
        self.backend = backend
        self.limits = limits
        self.budget = budget
        self.stops: list[Stop] = []
        self.node: ast.AST = program.body[0]
        self._frozen = 0
        self.scalars = False
        self._integers: dict[int, Any] = {}
        self.arrays: list[Any] = []
        self.turned: dict[int, tuple[int, Any]] = {}
        self.iterated: list[Any] = []
        self.snapshots: list[Any] = []

    @property
    def source(self) -> str:
        """The text that is being run: that of the program, or of a function from elsewhere."""
        return self.program.source

    @property
    def place(self) -> Any:
        """Where in the text the machine is."""
        return span_of(self.node, self.source)

    @property
    def numbers(self) -> bool:
        """Whether single numbers are Python's own, not arrays of a library."""
        return self.scalars and self.program.naming.numbers

    def is_tensor(self, value: Any) -> bool:
        return self.backend.is_tensor(value)

    def is_mask(self, value: Any) -> bool:
        """Whether the elements are truth values."""
        if self.is_tensor(value):
            return self.backend.is_mask(value)
        return isinstance(value, bool)

    def is_integer(self, value: Any) -> bool:
        """Whether a tensor holds whole numbers as its library counts them, not floats."""
        return id(value) in self._integers

    def mark_integer(self, value: Any) -> Any:
        """Remember of a tensor that the library would make it of integers."""
        if self.is_tensor(value) and not self.is_mask(value):
            # the tensor is kept, so that no other takes its place in memory
            self._integers[id(value)] = value
        return value

    def carries(self, value: Any) -> bool:
        return self.backend.carries(value)

    def copy(self, value: Any) -> Any:
        """The tensor in memory of its own."""
        copied = self.backend.copy(value) if self.is_tensor(value) else value
        if self._frozen:
            copied = self.detach(copied, None)
        return self.mark_integer(copied) if self.is_integer(value) else copied

    def memory(self, value: Any) -> int:
        """Where the elements of a tensor stand, 0 if the backend does not know."""
        place = self.backend.memory(value)
        while place in self.turned:
            place = self.turned[place][0]
        return place

    def turn(self, view: Any, source: Any) -> None:
        """Remember what is a view in numpy and a copy here, and keep it, so that it stays there."""
        place, origin = self.backend.memory(view), self.memory(source)
        if place and place != origin:
            self.turned[place] = (origin, view)

    def shares(self, left: Any, right: Any) -> bool:
        """Whether two tensors have memory in common."""
        return left is right or self.memory(left) == self.memory(right) != 0

    def cut_by(self, value: Any, word: str) -> Any:
        """The numbers of a tensor as something new, through which no gradient passes."""
        if self.carries(value):
            self.note(word, text_of(self.node, self.source), self.node)
        copied = self.detach(self.copy(value), None)
        return self.mark_integer(copied) if self.is_integer(value) else copied

    def describe(self, value: Any) -> str:
        """A value in the words of an error message."""
        if self.is_tensor(value):
            shape = self.backend.shape(value)
            return f"a tensor of shape {shape}" if shape else "a scalar tensor"
        if plain.is_number(value):
            return plain.show(value)
        names = {
            list: "a list", tuple: "a tuple", str: "text", range: "a range", slice: "a slice",
            type(None): "None", type(Ellipsis): "an ellipsis",
        }  # fmt: skip
        if getattr(value, "_fields", None) == EXTREMES:
            return "a pair of values and indices"
        if isinstance(value, Once):
            return f"what {value.word} gives"
        return names.get(type(value), "a function")

    def constant(self, values: NDArray[np.float64]) -> Any:
        result = self.backend.constant(values)
        self.count(result)
        return result

    def count(self, result: Any) -> None:
        """Every tensor may be kept until the gradient is there."""
        for part in result if isinstance(result, tuple) else (result,):
            shape = self.backend.shape(part)
            if len(shape) > self.limits.rank:
                raise LimitError(f"a tensor of more than {self.limits.rank} dimensions")
            self.budget.made += math.prod(shape)
        if self.budget.made > self.limits.total:
            raise LimitError(
                f"the program makes more than {self.limits.total:,} elements in all",
                hint="is there a loop without an end? use smaller inputs",
            )

    def check_length(self, count: int) -> None:
        """Raises `LimitError` where a list would be too long."""
        if count > self.limits.items:
            raise LimitError(
                f"a list of {amount(count)} items; the limit is {self.limits.items:,}",
                hint="zeros(n), ones(n) and arange(n) make long tensors",
            )

    def detach(self, value: Any, name: str | None, source: str | None = None) -> Any:
        """A value that passes no gradient back; numbers, masks and lists of them stay."""
        if isinstance(value, list | tuple):
            parts = [self.detach(item, None) for item in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if not self.is_tensor(value) or self.is_mask(value):
            return value
        return self.backend.detach(value, name, source)

    def note(self, kind: str, source: str, node: ast.AST) -> None:
        """Remember a place that passes no gradient back."""
        self.stops.append(Stop(kind, source, span_of(node, self.source)))

    @property
    def frozen_now(self) -> bool:
        """Whether results pass no gradient back here."""
        return self._frozen > 0

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, results of primitives pass no gradient back."""
        self._frozen += 1
        try:
            yield
        finally:
            self._frozen -= 1
