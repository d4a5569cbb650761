"""The recording backend: the program on numpy's floats, and the tape of what it did."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from gradcalc.calculus import Variant, is_usual, named_arguments, spelled, usual_case
from gradcalc.derive.derived import Observation, Usual
from gradcalc.errors import Span
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Data
from gradcalc.lang.budget import Budget
from gradcalc.lang.composites import by_definition, round_to
from gradcalc.primitives import BY_NAME, Composite, Elementwise, Primitive, Structural
from gradcalc.tape import Equation, Tape


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Traced:
    """A tensor of the recording backend: its equation's number, and what it is in this run."""

    number: int
    value: Any
    active: bool
    mask: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def ndim(self) -> int:
        return int(self.value.ndim)

    @property
    def size(self) -> int:
        return int(self.value.size)


class Recorder:
    """Runs operations and notes them down, each distinct one once.

    One that does not `keep` lets the values go that nobody needs any longer.
    """

    def __init__(self, dtype: str, arithmetic: Any = None, *, keep: bool = True) -> None:
        self.dtype = dtype
        self.arithmetic = arithmetic or Floats()
        self.place: Span | None = None
        self.inside: str | None = None
        self.equations: list[Equation] = []
        self.values: list[Any] = []
        self._keep = keep
        self._known: MutableMapping[tuple[Any, ...], Traced] = {} if keep else WeakValueDictionary()
        self.observations: list[Observation] = []

    # -- what a row's form needs -------------------------------------------------------

    def __call__(self, op: ops.Op, *operands: Traced, **static: Any) -> Traced:
        fixed = tuple(sorted(static.items()))
        mask = bool(operands) and op.moves and all(operand.mask for operand in operands)

        def compute() -> Any:
            return op.array(self.arithmetic, *[operand.value for operand in operands], **static)

        return self._noted(op, operands, fixed, compute, mask)

    def scalar(self, name: str, *operands: Traced) -> Traced:
        """An elementwise primitive of tensors, by its name."""
        row = BY_NAME[name]
        assert isinstance(row, Elementwise)
        return self.elementwise(row, (), operands)

    def literal(self, array: Any) -> Traced:
        """Fixed numbers, as they are."""
        values = np.asarray(array, dtype=np.float64)
        fixed = (("data", ops.Data.of(values)),)
        return self._noted(ops.LITERAL, (), fixed, lambda: self.arithmetic.asarray(values))

    def value(self, x: Traced) -> Any:
        """What a tensor is in this run, for what is decided by it."""
        self.observations.append(Observation(x.number, Data.of(x.value)))
        return x.value

    def truth(self, x: Traced) -> bool:
        """Whether a tensor of one element is true in this run."""
        holds = bool(x.value.reshape(())[()])
        self.observations.append(Observation(x.number, holds))
        return holds

    # -- what the backend needs --------------------------------------------------------

    def elementwise(
        self, row: Elementwise, variant: Variant, operands: tuple[Traced, ...]
    ) -> Traced:
        """A primitive of every element."""
        if row.usual is not None:
            (x,) = operands
            held = is_usual(row, variant, x.value)
            self.observations.append(Observation(x.number, Usual(row, variant, held)))
            row = usual_case(row) if held else row
        symbols, body = spelled(row, variant)
        values = [operand.value for operand in operands]

        def compute() -> Any:
            result = self.arithmetic.map(symbols, body, values)
            shapes = {np.shape(value) for value in values}
            if shapes == {np.shape(result)}:
                return result
            return np.broadcast_to(result, np.broadcast_shapes(*shapes))

        return self._noted(row, operands, variant, compute, row.boolean)

    def input(self, name: str, value: Any, active: bool) -> Traced:
        """An input of the program."""
        fixed = (("name", name), ("shape", value.shape))
        return self._noted(ops.VAR, (), fixed, lambda: value, active=active)

    def detach(self, x: Traced, name: str | None) -> Traced:
        """The same values, which pass no gradient back."""
        return self._noted(ops.DETACH, (x,), (("name", name),), lambda: x.value, active=False)

    def tape(self, inputs: Mapping[str, Traced], output: Traced) -> Tape:
        """All that was noted."""
        numbers = {name: traced.number for name, traced in inputs.items()}
        return Tape(tuple(self.equations), numbers, output.number)

    def _noted(
        self,
        primitive: ops.Op | Elementwise,
        operands: tuple[Traced, ...],
        static: Any,
        compute: Any,
        mask: bool = False,
        active: bool | None = None,
    ) -> Traced:
        numbers = tuple(operand.number for operand in operands)
        known = self._known.get(key := (primitive, numbers, static))
        if known is not None:
            return known
        with np.errstate(all="ignore"):
            value = compute()
        if not isinstance(value, np.ndarray):
            value = self.arithmetic.asarray(value)
        flows = any(operand.active for operand in operands) if active is None else active
        equation = Equation(
            primitive, numbers, static, tuple(value.shape), flows, self.place, self.inside
        )
        self.equations.append(equation)
        if self._keep:
            self.values.append(value)
        traced = Traced(len(self.equations) - 1, value, flows, mask)
        self._known[key] = traced
        return traced


class RecordingBackend:
    """Runs a program on numpy arrays and records it. Composites run by their definition."""

    def __init__(self, recorder: Recorder, budget: Budget) -> None:
        self.recorder = recorder
        self.budget = budget

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Traced)

    def constant(self, values: NDArray[np.float64]) -> Any:
        return self.recorder.literal(round_to(values, self.recorder.dtype))

    def shape(self, tensor: Any) -> tuple[int, ...]:
        shape: tuple[int, ...] = tensor.shape
        return shape

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        recorder = self.recorder
        if isinstance(row, Composite):
            return by_definition(row, arguments, self, recorder, span, self.budget)
        if recorder.inside is None:
            recorder.place = span
        if isinstance(row, Structural):
            return row.form(recorder, **arguments)
        names, variant = named_arguments(row, arguments)
        operands = [
            a if isinstance(a, Traced) else self.constant(np.asarray(float(a)))
            for a in (arguments[name] for name in names)
        ]
        return recorder.elementwise(row, variant, tuple(operands))

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Any:
        return self.recorder.detach(tensor, name)

    def copy(self, tensor: Any) -> Any:
        return tensor

    def memory(self, tensor: Any) -> int:
        return 0

    def carries(self, tensor: Any) -> bool:
        return bool(tensor.active)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        return np.array(self.recorder.value(tensor), dtype=np.float64)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.mask) and bool(tensor.size)

    def truth(self, tensor: Any) -> bool:
        return self.recorder.truth(tensor)
