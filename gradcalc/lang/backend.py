"""What the machine asks of a backend, and what it sees to before and after.

How large a result would be is worked out before anything is computed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import (
    GradcalcError,
    InvalidValueError,
    LimitError,
    ShapeError,
    Span,
    UnsupportedError,
)
from gradcalc.lang.program import amount
from gradcalc.primitives import Elementwise, Primitive
from gradcalc.primitives.contraction import pairs, read
from gradcalc.primitives.shapes import expanded, numbers


class Backend(Protocol):
    """One way to compute.

    Tensors are whatever the backend makes of them; the machine only passes them around. `at_hand`
    says that it runs on floats whose values may be asked for, which leaves no trace in the run.
    """

    @property
    def at_hand(self) -> bool: ...

    @property
    def precision(self) -> str:
        """The dtype of the calculation."""

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is one of this backend's tensors."""

    def constant(self, values: NDArray[np.float64]) -> Any:
        """A tensor of the calculation's dtype that depends on nothing."""

    def drawn(self, values: NDArray[np.float64]) -> Any:
        """The same of random numbers, which formulas call by the name that they are given."""

    def shape(self, tensor: Any) -> tuple[int, ...]:
        """The sizes of a tensor."""

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        """The primitive of the row, its arguments by name."""

    def detach(self, tensor: Any, name: str | None, by: str | None = None) -> Any:
        """The same values, which pass no gradient back; `name` is what the user calls them, `by`
        the primitive that does so of its own accord."""

    def copy(self, tensor: Any) -> Any:
        """The same values, and the same gradient, in memory of their own."""

    def carries(self, tensor: Any) -> bool:
        """Whether a gradient could flow back through the tensor."""

    def behind(self, tensor: Any) -> frozenset[str]:
        """The inputs that a gradient could flow back to from it, where the backend knows them."""

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        """The tensor's values, rounded to float64."""

    def checked(self, tensor: Any) -> NDArray[np.float64]:
        """The same for a check alone: whatever passes it, the program goes on as it does."""

    def is_mask(self, tensor: Any) -> bool:
        """Whether the elements are truth values."""

    def truth(self, tensor: Any) -> bool:
        """The truth of a tensor of one element, which decides where the program goes."""

    def variable(self, tensor: Any) -> Any:
        """The same values as a tensor of its own, which gradients are asked by."""

    def gradients(self, output: Any, wrt: Sequence[Any], cotangent: Any) -> list[Any]:
        """The gradients of an output, weighted by a cotangent, None where none flows."""

    @property
    def largest(self) -> float:
        """The largest number of the calculation's dtype."""


FAILURES = (
    MemoryError, ArithmeticError, RuntimeError, ValueError, IndexError, TypeError, AssertionError,
)  # fmt: skip
"""What a library raises where it cannot compute something (`NotImplementedError` among them)."""


def explained(row: Primitive, shapes: Sequence[tuple[int, ...]], error: Exception) -> GradcalcError:
    """What a library's exception means to the user."""
    reason = next(iter(str(error).strip().splitlines()), "").rstrip(".") or None
    if isinstance(error, RecursionError):
        return LimitError("the program recurses too deeply")
    if isinstance(error, MemoryError) or (reason and "allocate memory" in reason):
        return LimitError(f"{row.name} needs more memory than there is")
    if isinstance(error, OverflowError):
        return InvalidValueError("a number is too large for a float")
    if isinstance(error, AssertionError) and reason:
        return InvalidValueError(f"{row.name}: {reason}", python="AssertionError")
    if isinstance(error, TypeError | NotImplementedError):
        return UnsupportedError(f"{row.name} cannot be computed here", hint=reason)
    shown = " and ".join(map(str, shapes[:3])) or "of its operands"
    return ShapeError(f"{row.name} does not fit the shape {shown}", hint=reason)


def round_to(values: Any, dtype: str) -> Any:
    """Numbers as the dtype has them; those beyond its range as they are."""
    if dtype == "float64":
        return np.asarray(values)
    with np.errstate(over="ignore"):
        rounded = np.asarray(values).astype(dtype).astype(np.float64)
    return np.where(np.isinf(rounded), values, rounded)


LARGEST: Mapping[str, float] = MappingProxyType(
    {
        "float64": (2 - 2.0**-52) * 2.0**1023,
        "float32": (2 - 2.0**-23) * 2.0**127,
        "bfloat16": (2 - 2.0**-7) * 2.0**127,
        "float16": (2 - 2.0**-10) * 2.0**15,
    }
)
"""The largest number of each dtype."""


class TensorShape(tuple[int, ...]):
    """The shape of a tensor, where other tuples may stand beside it."""

    __slots__ = ()


Sizes = Mapping[str, Any]
"""The arguments of a primitive by name, with shapes in place of tensors."""


def check_elements(name: str, count: int, limit: int) -> None:
    """Raises `LimitError` where a result would be too large."""
    if count > limit:
        raise LimitError(f"{name} would make {amount(count)} elements; the limit is {limit:,}")


def check_result(row: Primitive, sizes: Sizes, limit: int) -> None:
    """Raises `LimitError` where a primitive would make too much of its arguments.

    Raises `ShapeError` where the operands of an elementwise primitive do not fit each other; for
    all others it is the primitive itself that says what is wrong with the shapes.
    """
    growth = GROWING.get(row.name, _broadcast)
    try:
        count = growth(sizes)
    except ValueError:
        if not isinstance(row, Elementwise):
            return
        shapes = " and ".join(str(tuple(shape)) for shape in _shapes(sizes))
        raise ShapeError(
            f"the shapes {shapes} do not fit each other in {row.operator or row.name}",
            hint="sizes, compared from the right, must be equal or 1",
        ) from None
    check_elements(row.name, count, limit)


def _shapes(sizes: Sizes) -> list[TensorShape]:
    return [value for value in sizes.values() if isinstance(value, TensorShape)]


def _broadcast(sizes: Sizes) -> int:
    shapes = _shapes(sizes)
    if len(set(shapes)) == 1:
        return math.prod(shapes[0])
    return math.prod(np.broadcast_shapes(*shapes))


def _product(sizes: Sizes) -> int:
    return math.prod(math.prod(shape) for shape in _shapes(sizes))


def _matmul(sizes: Sizes) -> int:
    left, right = _shapes(sizes)
    if len(left) < 2 or len(right) < 2:
        return 0
    batch = math.prod(np.broadcast_shapes(left[:-2], right[:-2]))
    return batch * int(left[-2]) * int(right[-1])


def _joined(sizes: Sizes) -> int:
    return sum(math.prod(shape) for shape in sizes["tensors"])


def _diagonal(sizes: Sizes) -> int:
    shape = sizes["x"]
    return int(shape[0] + abs(sizes["diagonal"])) ** 2 if len(shape) == 1 else 0


def _expanded(sizes: Sizes) -> int:
    return math.prod(expanded(sizes["x"], sizes["shape"]))


def _indexed(sizes: Sizes) -> int:
    shape = sizes["x"]
    arrays: list[tuple[int, ...]] = []
    rest, position = 1, 0
    for item in sizes["key"]:
        if isinstance(item, np.ndarray):
            mask = item.dtype == np.bool_
            arrays.append((int(np.count_nonzero(item)),) if mask else item.shape)
            position += item.ndim if mask else 1
        elif item is not None:
            rest *= shape[position] if isinstance(item, slice) else 1
            position += 1
    rest *= math.prod(shape[position:])
    return math.prod(np.broadcast_shapes(*arrays)) * int(rest)


def _summed(sizes: Sizes) -> int:
    plan = read(sizes["equation"], sizes["operands"])
    return math.prod(plan.sizes[label] for label in plan.result)


def _paired(sizes: Sizes) -> int:
    plan = pairs("tensordot", sizes["x"], sizes["y"], sizes["dims"])
    return math.prod(plan.sizes[label] for label in plan.result)


def _tiled(sizes: Sizes) -> int:
    return math.prod(sizes["x"]) * math.prod(max(0, n) for n in numbers(sizes["reps"]))


def _interleaved(sizes: Sizes) -> int:
    shape, counts, dim = sizes["x"], numbers(sizes["repeats"]), sizes["dim"]
    if len(counts) == 1:
        return math.prod(shape) * max(0, int(counts[0]))
    size = math.prod(shape) if dim is None or not shape else shape[dim]
    return int(math.prod(shape) // max(size, 1) * sum(counts))


def _windows(sizes: Sizes) -> int:
    return math.prod(sizes["x"]) * max(0, int(sizes["size"]))


def _diagonals(sizes: Sizes) -> int:
    shape = sizes["x"]
    size = int(shape[-1]) if shape else 1
    return int(math.prod(shape[:-1]) * (size + abs(sizes["offset"])) ** 2)


def _padded(sizes: Sizes) -> int:
    shape, amounts = list(sizes["x"]), numbers(sizes["pad"])
    for place, width in enumerate(amounts[: 2 * len(shape)]):
        shape[-1 - place // 2] += max(0, width)
    return math.prod(shape)


GROWING: Mapping[str, Callable[[Sizes], int]] = MappingProxyType(
    {
        "outer": _product,
        "kron": _product,
        "matmul": _matmul,
        "dot": _matmul,
        "einsum": _summed,
        "tensordot": _paired,
        "inner": _product,
        "addr": lambda sizes: math.prod(sizes["vec1"]) * math.prod(sizes["vec2"]),
        "stack": _joined,
        "concat": _joined,
        "diag": _diagonal,
        "broadcast_to": _expanded,
        "index": _indexed,
        "tile": _tiled,
        "repeat_interleave": _interleaved,
        "sliding_windows": _windows,
        "diag_embed": _diagonals,
        "pad": _padded,
    }
)
"""The primitives whose result can be larger than their operands broadcast to each other."""
