"""The machine that a program runs on: tensors and plain numbers on one backend."""

import ast
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    ShapeError,
    UnsupportedError,
)
from gradcalc.lang import plain
from gradcalc.lang.arguments import bind
from gradcalc.lang.backend import Backend
from gradcalc.lang.indexing import Key, check_key, sequence_item
from gradcalc.lang.program import Limits, Stop, span_of
from gradcalc.primitives import BY_NAME, Composite, Elementwise, Primitive, Structural


@dataclass(slots=True)
class Budget:
    """What a calculation may still use, shared by everything that runs for it."""

    steps: int
    deadline: float | None = None
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.total = self.steps

    def tick(self) -> None:
        """Count one step. Raises `LimitError` when steps or time are used up."""
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(
                f"the program did not end within {self.total:,} steps",
                hint="is there a loop without an end? --max-steps allows more",
            )
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitError("the time limit was reached", hint="--timeout allows more seconds")


class Machine:
    """Operations on the values of a program, whatever the backend."""

    def __init__(self, source: str, backend: Backend, limits: Limits, budget: Budget) -> None:
        self.source = source
        self.backend = backend
        self.limits = limits
        self.budget = budget
        self.stops: list[Stop] = []
        self._frozen = 0

    # -- what a value is ---------------------------------------------------------------

    def is_tensor(self, value: Any) -> bool:
        return self.backend.is_tensor(value)

    def shape(self, value: Any) -> tuple[int, ...]:
        if self.is_tensor(value):
            return self.backend.shape(value)
        return np.shape(value) if isinstance(value, list | tuple) else ()

    def size(self, value: Any) -> int:
        return int(np.prod(self.shape(value), dtype=np.int64))

    def number(self, value: Any) -> float:
        """The one number in a tensor."""
        return float(self.backend.numbers(value).reshape(()))

    def integer(self, value: Any) -> int:
        """A whole number. Raises `InvalidValueError` for anything else."""
        if isinstance(value, bool | int):
            return int(value)
        number = value
        if self.is_tensor(value) and self.size(value) == 1:
            number = self.number(value)
        if isinstance(number, float) and number.is_integer():
            return int(number)
        raise InvalidValueError(f"{self.describe(value)} is not a whole number")

    def truth(self, value: Any) -> bool:
        """Whether a condition holds. Raises `ShapeError` for a tensor of several elements."""
        if not self.is_tensor(value):
            return bool(value)
        if self.size(value) != 1:
            raise ShapeError(
                f"a tensor of shape {self.shape(value)} is neither true nor false",
                hint="reduce it first: (x > 0).all(), or choose by element: where(x > 0, a, b)",
            )
        return self.backend.truth(value)

    def carries(self, value: Any) -> bool:
        return self.backend.carries(value)

    def describe(self, value: Any) -> str:
        """A value in the words of an error message."""
        if self.is_tensor(value):
            shape = self.shape(value)
            return f"a tensor of shape {shape}" if shape else "a scalar tensor"
        if plain.is_number(value):
            return repr(value) if len(repr(value)) < 30 else "a number"
        names = {list: "a list", tuple: "a tuple", str: "text", range: "a range", slice: "a slice"}
        return "None" if value is None else names.get(type(value), "a function")

    def items(self, value: Any) -> Sequence[Any]:
        """The items that a loop or an unpacking goes through."""
        if self.is_tensor(value):
            shape = self.shape(value)
            if not shape:
                raise ShapeError("a scalar has no items to go through")
            return [self.index(value, (i,)) for i in range(shape[0])]
        if isinstance(value, list | tuple | range):
            return value
        raise InvalidValueError(f"{self.describe(value)} has no items to go through")

    def flat(self, value: Any) -> Sequence[Any]:
        """Every element of a tensor, or every item of a list."""
        return self.items(self.reshape(value, (-1,))) if self.is_tensor(value) else value

    # -- making values -----------------------------------------------------------------

    def constant(self, values: NDArray[np.float64]) -> Any:
        return self.backend.constant(values)

    def tensor(self, value: Any) -> Any:
        """A tensor of a number, or of tensors and numbers in lists of equal lengths."""
        if self.is_tensor(value):
            return value
        if plain.is_number(value):
            return self.constant(np.array(plain.as_float(value)))
        if isinstance(value, range):
            value = list(value)
        if not isinstance(value, list | tuple):
            raise InvalidValueError(f"{self.describe(value)} cannot be made a tensor")
        if len(value) > self.limits.elements:
            raise LimitError(f"a list of {len(value):,} items")
        if all(plain.is_number(item) for item in value):
            return self.constant(np.array([plain.as_float(item) for item in value]))
        parts = [self.tensor(item) for item in value]
        shapes = [self.shape(part) for part in parts]
        for number, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ShapeError(
                    f"items of a list have different shapes: {shapes[0]} and {shape}"
                    f" (item {number})"
                )
        return self.apply(BY_NAME["stack"], {"tensors": parts, "dim": 0})

    def detach(self, value: Any, name: str | None, source: str | None = None) -> Any:
        """A value that passes no gradient back; plain numbers and lists of them stay."""
        if isinstance(value, list | tuple):
            return type(value)(self.detach(item, None) for item in value)
        return self.backend.detach(value, name, source) if self.is_tensor(value) else value

    def note(self, kind: str, source: str, node: ast.AST) -> None:
        """Remember a place that passes no gradient back."""
        self.stops.append(Stop(kind, source, span_of(node, self.source)))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, results of primitives pass no gradient back."""
        self._frozen += 1
        try:
            yield
        finally:
            self._frozen -= 1

    # -- primitives --------------------------------------------------------------------

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return self.apply(BY_NAME["reshape"], {"x": value, "shape": shape})

    def index(self, value: Any, key: Key) -> Any:
        if not self.is_tensor(value):
            return sequence_item(value, key)
        key = check_key(key, self.shape(value))
        return self.apply(BY_NAME["index"], {"x": value, "key": key})

    def binary(self, name: str, left: Any, right: Any) -> Any:
        """A primitive of two operands, by name."""
        row = BY_NAME[name]
        parameters = list(row.signature.parameters)
        return self.operate(row, dict(zip(parameters, (left, right), strict=False)))

    def call_primitive(
        self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], node: ast.AST
    ) -> Any:
        """A primitive called as a function, its arguments still to be fitted."""
        row = BY_NAME[name]
        return self.operate(row, bind(name, signature_of(row), args, kwargs))

    def operate(self, row: Primitive, arguments: dict[str, Any]) -> Any:
        """A primitive on fitted arguments: plain numbers stay plain, lists become tensors."""
        if isinstance(row, Elementwise):
            operands = {k: v for k, v in arguments.items() if k not in row.static}
            given = [v for v in operands.values() if v is not None]
            if row.numbers is not None and all(plain.is_number(v) for v in given):
                return plain.compute(row.name, row.numbers, tuple(given), self.limits.bits)
            for key, value in operands.items():
                if value is not None and not plain.is_number(value):
                    arguments[key] = self._operand(row, value)
            self._check_broadcast(row, [v for k, v in arguments.items() if k in operands])
        else:
            lists: tuple[str, ...] = row.lists if isinstance(row, Structural) else ()
            given = [key for key in row.tensors if arguments.get(key) is not None]
            for key in given:
                arguments[key] = self._operand(row, arguments[key])
            for key in lists:
                arguments[key] = [self._operand(row, v) for v in self.items(arguments[key])]
            for key in ("dim", "shape", "dims", "dim0", "dim1", "shifts", "sizes"):
                if arguments.get(key) is not None:
                    arguments[key] = self._integers(arguments[key])
            self._check_size(row, arguments)
        return self.apply(row, arguments)

    def apply(self, row: Primitive, arguments: Mapping[str, Any]) -> Any:
        """A primitive on arguments that are of the right kind."""
        self.budget.tick()
        try:
            if isinstance(row, Composite) and not self.backend.fused:
                result = self.define(row, arguments)
            else:
                result = self.backend.apply(row, arguments, self.place)
        except GradcalcError:
            raise
        except MemoryError:
            raise LimitError(f"{row.name} needs more memory than there is") from None
        except OverflowError:
            raise InvalidValueError("a number is too large for a float") from None
        except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError) as error:
            raise self._explained(row, arguments, error) from error
        return self.detach(result, None) if self._frozen else result

    @property
    def place(self) -> Any:
        """Where in the text the machine is; the evaluator knows."""
        raise NotImplementedError

    def define(self, row: Composite, arguments: Mapping[str, Any]) -> Any:
        """A composite run by its definition; the evaluator knows how."""
        raise NotImplementedError

    def _operand(self, row: Primitive, value: Any) -> Any:
        if self.is_tensor(value):
            return value
        if plain.is_number(value) or isinstance(value, list | tuple | range):
            if isinstance(value, tuple) and getattr(value, "_fields", None) == EXTREMES:
                raise UnsupportedError(
                    f"{row.name} of a maximum with its indices", hint="write .values or use amax"
                )
            return self.tensor(value)
        raise InvalidValueError(f"{row.name} does not take {self.describe(value)}")

    def _integers(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(self.integer(item) for item in value)
        return self.integer(value)

    def _check_broadcast(self, row: Elementwise, operands: Sequence[Any]) -> None:
        shapes = [self.shape(v) for v in operands if self.is_tensor(v)]
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError:
            raise ShapeError(
                f"the shapes {' and '.join(map(str, shapes))} do not fit each other"
                f" in {row.operator or row.name}",
                hint="sizes, compared from the right, must be equal or 1",
            ) from None
        self._check_elements(row, int(np.prod(shape, dtype=np.float64)))

    def _check_size(self, row: Primitive, arguments: Mapping[str, Any]) -> None:
        shapes = [self.shape(v) for v in arguments.values() if self.is_tensor(v)]
        if row.name == "outer" and len(shapes) == 2:
            self._check_elements(row, int(np.prod([*shapes[0], *shapes[1]], dtype=np.float64)))
        elif row.name == "matmul" and len(shapes) == 2 and all(len(s) > 1 for s in shapes):
            self._check_elements(
                row, int(np.prod(shapes[0][:-1], dtype=np.float64)) * shapes[1][-1]
            )

    def _check_elements(self, row: Primitive, count: int) -> None:
        if count > self.limits.elements:
            raise LimitError(
                f"{row.name} would make {count:,} elements; the limit is {self.limits.elements:,}"
            )

    def _explained(
        self, row: Primitive, arguments: Mapping[str, Any], error: Exception
    ) -> GradcalcError:
        shapes = [str(self.shape(v)) for v in arguments.values() if self.is_tensor(v)]
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        if isinstance(error, TypeError | NotImplementedError):
            return UnsupportedError(f"{row.name} cannot be computed here", hint=reason or None)
        shown = " and ".join(shapes)
        return ShapeError(f"{row.name} does not fit the shape {shown}", hint=reason or None)


EXTREMES = ("values", "indices")
"""The fields of what `max(x, dim)` gives."""


@cache
def signature_of(row: Primitive) -> Any:
    """The signature of a row, worked out once."""
    return row.signature
