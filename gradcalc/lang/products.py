"""What the signs of mathematics mean for tensors of given shapes.

A vector has one dimension, so whether it is a column or a row is known from how it was written: a
name is a column unless something in front of a matrix, `xᵀ` is a row, `A x` a column.
"""

from dataclasses import dataclass
from enum import Enum, auto

from gradcalc.lang.signs import Sign

Shape = tuple[int, ...]


class Turn(Enum):
    """Which way a vector stands."""

    FREE = auto()
    """The vector itself, a column that may stand in front of a matrix as well."""
    COLUMN = auto()
    ROW = auto()
    UNCLEAR = auto()

    @property
    def flipped(self) -> "Turn":
        """That of the transpose."""
        flips = {Turn.FREE: Turn.ROW, Turn.COLUMN: Turn.ROW, Turn.ROW: Turn.COLUMN}
        return flips.get(self, self)

    def beside(self, other: "Turn") -> "Turn":
        """That of a sum, or of a product of elements."""
        if self is other or other is Turn.FREE:
            return self
        return other if self is Turn.FREE else Turn.UNCLEAR


class Operation(Enum):
    """What a product is, as Python has it."""

    TIMES = "{0}*{1}"
    MATMUL = "{0}@{1}"
    OUTER = "outer({0}, {1})"


@dataclass(frozen=True, slots=True)
class Operand:
    """The shape of an operand, and which way it stands if it is a vector."""

    shape: Shape
    turn: Turn = Turn.FREE

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.shape)

    def __str__(self) -> str:
        sizes = "×".join(map(str, self.shape))
        match self.rank:
            case 0:
                return "a number"
            case 1:
                row = "a row of" if self.turn is Turn.ROW else "a vector of"
                return f"{row} {sizes}"
            case 2:
                return f"a {sizes} matrix"
            case _:
                return f"a {sizes} tensor"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a product is, and which way it stands if it is a vector."""

    operation: Operation
    turn: Turn = Turn.FREE


@dataclass(frozen=True, slots=True)
class Doubt:
    """The operations that a product may be, none where its operands do not fit."""

    readings: tuple[Operation, ...]


EITHER = Doubt((Operation.TIMES, Operation.MATMUL))

STRAIGHT = (Turn.FREE, Turn.COLUMN)
"""How a vector stands that is a column."""


def product(sign: Sign, left: Operand, right: Operand) -> Meaning | Doubt:
    """What a product means that was typed with a sign, or none."""
    if not left.rank or not right.rank:
        return Meaning(Operation.TIMES, left.turn if left.rank else right.turn)
    if sign in (Sign.CROSS, Sign.STAR) or max(left.rank, right.rank) > 2:
        return EITHER
    if left.rank == right.rank == 1:
        return _of_vectors(sign, left, right)
    found = matrix_product(left, right)
    row, column = left.rank == 1, right.rank == 1
    if (row and left.turn not in (Turn.FREE, Turn.ROW)) or (column and right.turn not in STRAIGHT):
        return EITHER
    return found


def matrix_product(left: Operand, right: Operand) -> Meaning | Doubt:
    """The product of which at least one is a matrix, as `@` has it."""
    inner = right.shape[-2] if right.rank > 1 else right.shape[0]
    if left.shape[-1] != inner:
        return Doubt(())
    turn = Turn.ROW if left.rank == 1 else Turn.COLUMN if right.rank == 1 else Turn.FREE
    return Meaning(Operation.MATMUL, turn)


def _of_vectors(sign: Sign, left: Operand, right: Operand) -> Meaning | Doubt:
    column, row = left.turn in STRAIGHT, right.turn is Turn.ROW
    if column and row:
        readings = (Operation.MATMUL, Operation.OUTER)
        return Meaning(Operation.OUTER) if sign is Sign.BESIDE else Doubt(readings)
    stands = left.turn is Turn.ROW or (sign is Sign.DOT and column)
    if not stands or right.turn not in STRAIGHT:
        return EITHER
    return Meaning(Operation.MATMUL) if left.shape == right.shape else Doubt(())


def fits(operation: Operation, left: Operand, right: Operand) -> bool:
    """Whether the shapes allow an operation."""
    match operation:
        case Operation.MATMUL:
            return isinstance(matrix_product(left, right), Meaning)
        case Operation.TIMES:
            sizes = zip(left.shape[::-1], right.shape[::-1], strict=False)
            return all(a == b or 1 in (a, b) for a, b in sizes)
        case Operation.OUTER:
            return left.rank == right.rank == 1


def is_open_power(base: Operand, exponent: Operand, negative: bool) -> bool:
    """Whether a power may be one of matrices as well as one of each element."""
    if base.rank == 2 and not exponent.rank:
        return negative or _is_square(base)
    return not base.rank and exponent.rank == 2 and _is_square(exponent)


def _is_square(matrix: Operand) -> bool:
    return matrix.shape[0] == matrix.shape[1]
