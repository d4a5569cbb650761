"""The machine that a program runs on: tensors and plain numbers on one backend."""

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    ShapeError,
    UnsupportedError,
)
from gradcalc.lang import kinds, plain
from gradcalc.lang.arguments import PACKED, bind
from gradcalc.lang.backend import FAILURES, explained
from gradcalc.lang.budget import Budget as Budget
from gradcalc.lang.data import EXTREMES, Values
from gradcalc.lang.dialects.catalogue import NONE, TORCH
from gradcalc.lang.indexing import Key, check_key, sequence_item
from gradcalc.lang.kinds import takes_tensors
from gradcalc.lang.scope import Once
from gradcalc.lang.sizes import TensorShape, check_result
from gradcalc.primitives import BY_NAME, Elementwise, Primitive, Structural

INTEGERS = (
    "dim", "shape", "dims", "dim0", "dim1", "dim2", "shifts", "sizes", "diagonal", "offset",
    "start_dim", "end_dim", "pad",
)  # fmt: skip
"""Parameters of primitives that take whole numbers."""

LIKE = frozenset({"zeros_like", "ones_like", "full_like"})
"""Primitives that make an array of no dimensions where numpy's others make a number."""

LARGEST_INTEGER = 2**31
"""No dimension, shift or offset can be beyond; the libraries count in so many bits."""


class Confirm(Protocol):
    """Is told every call of a library's function, and what it gave."""

    def __call__(
        self,
        machine: Any,
        function: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        result: Any,
    ) -> None: ...


def _unconfirmed(
    machine: Any, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any
) -> None:
    pass


class Machine(Values):
    """Operations on the values of a program, whatever the backend."""

    confirm: Confirm = staticmethod(_unconfirmed)

    def shape(self, value: Any) -> tuple[int, ...]:
        if self.is_tensor(value):
            return self.backend.shape(value)
        if isinstance(value, list | tuple | range):
            return self.backend.shape(self.tensor(value))
        if plain.is_number(value):
            return ()
        raise InvalidValueError(f"{self.describe(value)} has no shape")

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
        shown = self.describe(value) if number is value else repr(number)
        raise InvalidValueError(f"{shown} is not a whole number")

    def truth(self, value: Any) -> bool:
        """Whether a condition holds. Raises `ShapeError` for a tensor of several elements."""
        if not self.is_tensor(value):
            return isinstance(value, Once) or bool(value)
        if self.size(value) != 1:
            raise ShapeError(
                f"a tensor of shape {self.shape(value)} is neither true nor false",
                hint="reduce it first: (x > 0).all(), or choose by element: where(x > 0, a, b)",
            )
        return self.backend.truth(value)

    def holds(self, value: Any, join: str) -> bool:
        """Whether all elements are true, or any: `join` is `logical_and` or `logical_or`.

        Joined in halves, so that the backend sees one decision that hangs on every element.
        """
        value = self.reshape(self.tensor(value), (-1,))
        while (size := self.size(value)) > 1:
            half = size // 2
            pair = [self.index(value, (slice(k * half, (k + 1) * half),)) for k in (0, 1)]
            joined = self.binary(join, *pair)
            odd = [self.index(value, (slice(2 * half, None),))] if size % 2 else []
            value = self.apply(BY_NAME["concat"], {"tensors": [joined, *odd], "dim": 0})
        return self.truth(value) if size else join == "logical_and"

    def items(self, value: Any) -> Sequence[Any]:
        """The items that a loop or an unpacking goes through."""
        if self.is_tensor(value):
            shape = self.shape(value)
            if not shape:
                raise ShapeError("a scalar has no items to go through")
            return [self.index(value, (i,)) for i in range(shape[0])]
        if isinstance(value, list | tuple | range):
            return value
        if isinstance(value, Once):
            if value.used:
                raise UnsupportedError(
                    f"what {value.word} gives can be gone through once",
                    hint=f"write {value.word}(...) again where its items are needed",
                )
            value.used = True
            return value.items
        raise InvalidValueError(f"{self.describe(value)} has no items to go through")

    def tensor(self, value: Any) -> Any:
        """A tensor of a number, or of tensors and numbers in lists of equal lengths."""
        if self.is_tensor(value):
            return value
        if plain.is_number(value):
            number = self.constant(np.array(plain.as_float(value)))
            if isinstance(value, bool):
                return self.binary("ne", number, 0)
            return self.mark_integer(number) if isinstance(value, int) else number
        if not isinstance(value, list | tuple | range):
            raise InvalidValueError(f"{self.describe(value)} cannot be made a tensor")
        if getattr(value, "_fields", None) == EXTREMES:
            raise UnsupportedError(
                "this is a pair of values and indices", hint="write .values, or use amax or amin"
            )
        self.check_length(plain.length(value))
        # lists may hold one another many times over, so every item counts
        self.budget.tick(len(value))
        if all(plain.is_number(item) for item in value):
            numbers = self.constant(np.array([plain.as_float(item) for item in value]))
            if len(value) and all(isinstance(item, bool) for item in value):
                return self.binary("ne", numbers, 0)
            whole = len(value) and all(isinstance(item, int) for item in value)
            return self.mark_integer(numbers) if whole else numbers
        parts = [self.tensor(item) for item in value]
        shapes = [self.shape(part) for part in parts]
        for number, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ShapeError(
                    f"items of a list have different shapes: {shapes[0]} and {shape}"
                    f" (item {number})"
                )
        return self.apply(BY_NAME["stack"], {"tensors": parts, "dim": 0})

    def sequences(self, name: str, left: Any, right: Any) -> Any:
        """Lists joined and repeated, and compared, as Python does."""
        if name == "add" and type(left) is type(right):
            self.check_length(len(left) + len(right))
            self.budget.tick(len(left) + len(right))
            return left + right
        count, items = (right, left) if isinstance(left, list | tuple) else (left, right)
        if name == "mul" and isinstance(count, int):
            self.check_length(len(items) * count)
            self.budget.tick(max(len(items) * count, 0))
            return items * count
        if name in ("eq", "ne"):
            return self._same(left, right) is (name == "eq")
        raise InvalidValueError(
            f"{self.describe(left)} and {self.describe(right)} do not fit {name}",
            hint="tensor([...]) makes a tensor of a list",
        )

    def _same(self, left: Any, right: Any) -> bool:
        """Whether two lists are equal, item by item."""
        self.budget.tick()
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            if type(left) is not type(right) or len(left) != len(right):
                return False
            # no generator: lists may be nested deeper than C code can go
            answers = [self._same(*pair) for pair in zip(left, right, strict=True)]
            return all(answers)
        if self.is_tensor(left) or self.is_tensor(right):
            raise InvalidValueError(
                "lists of tensors are not compared", hint="compare the tensors themselves"
            )
        return bool(left == right)

    # -- primitives --------------------------------------------------------------------

    def reshape(self, value: Any, shape: tuple[int, ...]) -> Any:
        return self.apply(BY_NAME["reshape"], {"x": value, "shape": shape})

    def index(self, value: Any, key: Key) -> Any:
        if not self.is_tensor(value):
            return sequence_item(value, key)
        checked = check_key(key, self.shape(value))
        result = self.apply(BY_NAME["index"], {"x": value, "key": checked})
        if any(item is Ellipsis for item in key) and not self.shape(result):
            self.arrays.append(result)
        return result

    def product(self, left: Any, right: Any) -> Any:
        """The matrix product of two tensors."""
        return self.binary("matmul", left, right)

    def as_floats(self, value: Any) -> Any:
        """A tensor whose integers count as floats."""
        return self.binary("mul", value, 1.0) if self.is_integer(value) else value

    def binary(self, name: str, left: Any, right: Any) -> Any:
        """A primitive of two operands, by name."""
        row = BY_NAME[name]
        return self.operate(
            row, dict(zip(signature_of(row).parameters, (left, right), strict=True))
        )

    def call_primitive(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A primitive called as a function, its arguments still to be fitted."""
        row = BY_NAME[name]
        names = _plain(row)
        if names and not kwargs and len(args) == len(names):
            # most calls are of this kind, and the other way takes long
            return self.operate(row, dict(zip(names, args, strict=True)))
        return self.operate(row, bind(name, signature_of(row), args, kwargs))

    def operate(self, row: Primitive, arguments: dict[str, Any]) -> Any:
        """A primitive on fitted arguments: plain numbers stay plain, lists become tensors."""
        parameters = signature_of(row).parameters
        lists = row.lists if isinstance(row, Structural) else ()
        operands = [
            key
            for key, value in arguments.items()
            if takes_tensors(row, key)
            and (value is not None or parameters[key].default is not None)
        ]
        numbers = row.numbers if isinstance(row, Elementwise) else None
        if row.name in kinds.TRUTHS:
            for key in operands:
                if isinstance(arguments[key], list | tuple | range):
                    arguments[key] = self.tensor(arguments[key])
        given = tuple([arguments[key] for key in operands])
        if kinds.are_truths(self, row, given):
            return kinds.of_truths(self, row, arguments)
        if numbers is not None and all(plain.is_number(value) for value in given):
            return plain.compute(row.name, numbers, given, self.limits.bits)
        kinds.check(self, row, given)
        for key, value in arguments.items():
            if key in operands:
                arguments[key] = self._operand(row, value)
            elif key in lists:
                arguments[key] = [self.tensor(self._operand(row, v)) for v in self.items(value)]
            else:
                arguments[key] = self._static(row, key, value)
        return self.apply(row, arguments)

    def apply(self, row: Primitive, arguments: Mapping[str, Any]) -> Any:
        """A primitive on arguments that are of the right kind."""
        self.budget.tick()
        try:
            check_result(row, self._sizes(arguments), self.limits.elements)
            result = self.backend.apply(row, arguments, self.place)
        except GradcalcError:
            raise
        except FAILURES as error:
            shapes = [self.shape(value) for value in arguments.values() if self.is_tensor(value)]
            raise explained(row, shapes, error) from error
        self.count(result)
        if self._frozen:
            result = self.detach(result, None)
        result = kinds.mark(self, row, arguments, result)
        self._remember(row, arguments, result)
        return result

    def _remember(self, row: Primitive, arguments: Mapping[str, Any], result: Any) -> None:
        """Remember what numpy has as an array, or as a view, where the backend does not."""
        if row.name in LIKE and not self.shape(result):
            self.arrays.append(result)
        if not isinstance(row, Structural) or not row.moves:
            return
        key = arguments.get("key", ())
        flipped = row.name == "flip" and self.program.naming.arrays not in (TORCH, NONE)
        if flipped or any(isinstance(k, slice) and (k.step or 1) < 0 for k in key):
            self.turn(result, arguments["x"])
        if not self.shape(result) and not (key and all(isinstance(k, int) for k in key)):
            self.arrays.append(result)

    def _operand(self, row: Primitive, value: Any) -> Any:
        """A tensor, or a number where the primitive works on elements."""
        if self.is_tensor(value):
            return value
        if plain.is_number(value) and isinstance(row, Elementwise):
            return _small(value)
        if plain.is_number(value) or isinstance(value, list | tuple | range):
            return self.tensor(value)
        raise InvalidValueError(f"{row.name} does not take {self.describe(value)}")

    def _static(self, row: Primitive, key: str, value: Any) -> Any:
        """An argument that is no operand: a number, several of them, a word or None."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, list | tuple):
            return tuple([self._static(row, key, item) for item in value])
        if key in INTEGERS:
            if isinstance(value, bool):
                raise InvalidValueError(
                    f"{row.name} does not take {value} for {key}", hint=f"write {key}=0 or {key}=1"
                )
            number = self.integer(value)
            if abs(number) >= LARGEST_INTEGER:
                raise LimitError(f"{row.name}: {plain.show(number)} is too large for {key}")
            return number
        if self.is_tensor(value) and self.size(value) == 1:
            if self.carries(value):
                self.refuse_fixed(key)
            return self.number(value)
        if plain.is_number(value):
            return value if isinstance(value, bool) else _small(value)
        raise InvalidValueError(f"{row.name} does not take {self.describe(value)} for {key}")

    def refuse_fixed(self, what: str) -> None:
        """Refuse a number with a gradient where only fixed ones go. Raises `UnsupportedError`."""
        raise UnsupportedError(
            f"{what} that depends on an input has no gradient here",
            hint="detach(...) makes a fixed number of it",
        )

    def _sizes(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        def size(value: Any) -> Any:
            return TensorShape(self.shape(value)) if self.is_tensor(value) else value

        return {
            key: [size(item) for item in value] if isinstance(value, list) else size(value)
            for key, value in arguments.items()
        }


def _small(value: int | float) -> int | float:
    """The number, as a float where it is too large for torch's integers of 64 bits."""
    if isinstance(value, float) or abs(value) >= LARGEST_INTEGER:
        return plain.as_float(value)
    # torch refuses to subtract truth values
    return int(value)


@cache
def _plain(row: Primitive) -> tuple[str, ...]:
    """The parameters of a row that is called with all of them in order, () where it may not be."""
    parameters = signature_of(row).parameters
    plain = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
    return tuple(parameters) if plain and not PACKED & {*parameters} else ()


@cache
def signature_of(row: Primitive) -> inspect.Signature:
    """The signature of a row, worked out once."""
    return row.signature
