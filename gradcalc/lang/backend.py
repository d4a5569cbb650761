"""What the machine asks of a backend: torch tensors, arrays of elements, later balls."""

from collections.abc import Mapping, Sequence
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
from gradcalc.primitives import Primitive


class Backend(Protocol):
    """One way to compute.

    Tensors are whatever the backend makes of them; the machine only passes them around.
    """

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is one of this backend's tensors."""

    def constant(self, values: NDArray[np.float64]) -> Any:
        """A tensor of the calculation's dtype that depends on nothing."""

    def shape(self, tensor: Any) -> tuple[int, ...]:
        """The sizes of a tensor."""

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        """The primitive of the row, its arguments by name."""

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Any:
        """The same values, which pass no gradient back; `name` is what the user calls them."""

    def copy(self, tensor: Any) -> Any:
        """The same values, and the same gradient, in memory of their own."""

    def memory(self, tensor: Any) -> int:
        """Where the elements stand, the same for tensors that share them; 0 if there is no such."""

    def carries(self, tensor: Any) -> bool:
        """Whether a gradient could flow back through the tensor."""

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        """The tensor's values, rounded to float64."""

    def is_mask(self, tensor: Any) -> bool:
        """Whether the elements are truth values."""

    def truth(self, tensor: Any) -> bool:
        """The truth of a tensor of one element, which decides where the program goes."""


FAILURES = (
    MemoryError, OverflowError, RuntimeError, ValueError, IndexError, TypeError,
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
    if isinstance(error, TypeError | NotImplementedError):
        return UnsupportedError(f"{row.name} cannot be computed here", hint=reason)
    shown = " and ".join(map(str, shapes[:3])) or "of its operands"
    return ShapeError(f"{row.name} does not fit the shape {shown}", hint=reason)
