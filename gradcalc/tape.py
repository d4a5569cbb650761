"""A run of the program as a list of equations: plain data, checked when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import Span
from gradcalc.expr.nodes import Op, Shape, Static
from gradcalc.primitives import Elementwise


@dataclass(frozen=True, slots=True)
class Equation:
    """One value: an operation, or an elementwise primitive, of earlier values.

    `operands` are the numbers of the equations that they come from. `static` is what is fixed: the
    arguments of an operation, the variant of a primitive. `active` says that the value depends on
    an input which is differentiated by. `place` is where in the program it was made, `inside` the
    composite whose definition made it.
    """

    primitive: Op | Elementwise
    operands: tuple[int, ...]
    static: Static
    shape: Shape
    active: bool
    place: Span | None = None
    inside: str | None = None


@dataclass(frozen=True, slots=True)
class Tape:
    """The equations of one run, each after those that it needs.

    `inputs` are the numbers of the equations that hold the inputs, by name. `output` is the number
    of the value that is differentiated.
    """

    equations: tuple[Equation, ...]
    inputs: Mapping[str, int]
    output: int

    def __post_init__(self) -> None:
        for number, equation in enumerate(self.equations):
            if not all(0 <= operand < number for operand in equation.operands):
                raise ValueError(f"equation {number} needs a value that is not there yet")
            if isinstance(equation.primitive, Op) and not self._fits(equation):
                raise ValueError(f"equation {number} has not the shape of {equation.primitive}")
        numbers = (*self.inputs.values(), self.output)
        if not all(0 <= number < len(self.equations) for number in numbers):
            raise ValueError("an input or the output is no equation of the tape")

    def _fits(self, equation: Equation) -> bool:
        shapes = [self.equations[operand].shape for operand in equation.operands]
        static: dict[str, Any] = dict(equation.static)
        assert isinstance(equation.primitive, Op)
        return equation.primitive.shape(*shapes, **static) == equation.shape
