"""What the functions of an operation's row are given: an arithmetic as `m`, a builder as `f`."""

from collections.abc import Sequence
from typing import Any, Protocol

Numbers = Any
"""An array of the arithmetic's numbers, which numpy's functions that move elements about take."""


class Arithmetic(Protocol):
    """Numbers of one kind, in arrays: floats, balls, arrays of balls.

    `axes` are dimensions from the front. What an arithmetic cannot decide or compute it says by
    raising `OutOfReach` or `Undecided` (`gradcalc.balls.numbers`).
    """

    def asarray(self, values: Any) -> Numbers:
        """Values as an array, floats exactly or, if these are shorter, rounded."""

    def held(self, values: Any) -> Numbers:
        """Values as they are kept until they are needed."""

    def number(self, value: float) -> Any:
        """One number."""

    def zeros(self, shape: Any) -> Numbers:
        """An array of its own, to be written to."""

    def ones(self, shape: Any) -> Numbers: ...

    def eye(self, size: int) -> Numbers: ...

    def floats(self, values: Numbers) -> Any:
        """The numbers in float64, as a program gets them that takes them out of a tensor."""

    def truth(self, x: Numbers) -> bool:
        """Whether a number, in an array of no dimensions, is not 0."""

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Numbers:
        """A scalar expression of arrays, which are broadcast."""

    def chain(self, g: Any, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Numbers:
        """A cotangent times a slope, which may be undefined where the cotangent is zero."""

    def sqrt(self, x: Numbers) -> Numbers: ...

    def amax(self, x: Numbers, axes: Any) -> Numbers:
        """The greatest element along dimensions taken as one, which stay with size 1."""

    def amin(self, x: Numbers, axes: Any) -> Numbers:
        """The least one."""

    def argmax(self, x: Numbers, axes: Any) -> Any:
        """Its place, as whole numbers."""

    def argmin(self, x: Numbers, axes: Any) -> Any:
        """The place of the least one."""

    def order(self, x: Numbers, axis: int, descending: bool) -> Any:
        """The places of the elements in order along a dimension."""

    def equal(self, x: Numbers, y: Numbers) -> Any:
        """Where two arrays are equal, as truth values."""

    def logsumexp(self, x: Numbers, axes: Any) -> Numbers: ...

    def softmax(self, x: Numbers, axis: int) -> Numbers: ...

    def matmul(self, x: Numbers, y: Numbers) -> Numbers:
        """numpy's product of vectors and matrices, whatever stands in front."""

    def det(self, x: Numbers) -> Numbers: ...

    def logdet(self, x: Numbers) -> Numbers: ...

    def inv(self, x: Numbers) -> Numbers: ...

    def solve(self, a: Numbers, b: Numbers) -> Numbers: ...

    def cofactor(self, x: Numbers) -> Numbers: ...

    def cholesky(self, x: Numbers) -> Numbers:
        """The lower factor of the symmetric parts of matrices."""

    def triangle(self, x: Numbers) -> Numbers:
        """The upper triangular factor R of QR, of matrices with no more columns than rows."""

    def expm(self, x: Numbers) -> Numbers:
        """The exponential of matrices."""

    def eigh(self, x: Numbers) -> tuple[Numbers, Numbers]:
        """The eigenvalues of symmetric parts, rising, and a vector for each, in columns."""

    def svd(self, x: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Left singular vectors, in columns, the singular values, falling, and right vectors."""

    def polar(self, x: Numbers) -> Numbers:
        """The product of the left vectors and the right ones, each in its place."""


class Builder(Protocol):
    """Makes something of operations: nodes, numbers at once, a run with its record.

    What it makes has a `shape` and `ndim`.
    """

    def __call__(self, op: Any, *operands: Any, **static: Any) -> Any:
        """An operation of what has been made."""

    def scalar(self, name: str, *operands: Any) -> Any:
        """An elementwise primitive of what has been made, by its name."""
