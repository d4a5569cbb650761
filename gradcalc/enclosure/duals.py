"""The backend of whole arrays of balls, with their tangents in a few directions: forward mode."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.calculus import named_arguments
from gradcalc.enclosure import tensors
from gradcalc.enclosure.arrays import ArrayBall, eq, exactly, number, select
from gradcalc.enclosure.balls import OutOfReach, TooLarge
from gradcalc.enclosure.blocks import in_blocks
from gradcalc.enclosure.formulas import rule
from gradcalc.errors import Span
from gradcalc.lang.composites import by_definition, round_to
from gradcalc.lang.machine import Budget
from gradcalc.primitives import Composite, Elementwise, Primitive, Structural
from gradcalc.primitives.shapes import axes
from gradcalc.primitives.structural import Extremes

RECENT = 4
"""Results that are kept: definitions say `exp(x)` or `mean(x)` twice in a row."""

Tangents = tuple[ArrayBall | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dual:
    """A tensor with its tangents, None where a direction does not move it.

    `active` says that it depends on what is differentiated by, `mask` that it holds truth values.
    """

    value: ArrayBall
    tangents: Tangents
    active: bool = False
    mask: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the tensor."""
        return self.value.shape


class DualBackend:
    """Runs a program on arrays of balls, with tangents in so many directions.

    Composites run by their definition. Raises `TooLarge` once the deadline has passed.
    """

    def __init__(self, count: int, budget: Budget, dtype: str, deadline: float) -> None:
        self.still: Tangents = (None,) * count
        self.budget = budget
        self.dtype = dtype
        self.deadline = deadline
        self.place: Span | None = None
        self.inside: str | None = None
        self._recent: dict[Any, tuple[Any, Any]] = {}

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Dual)

    def constant(self, values: NDArray[np.float64]) -> Dual:
        rounded = round_to(np.asarray(values, dtype=np.float64), self.dtype)
        return Dual(exactly(rounded), self.still)

    def shape(self, tensor: Any) -> tuple[int, ...]:
        shape: tuple[int, ...] = tensor.shape
        return shape

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        self.check()
        if isinstance(row, Composite):
            return by_definition(row, arguments, self, self, span, self.budget)
        key = _key(row, arguments)
        if key is not None and key in self._recent:
            return self._recent[key][0]
        if isinstance(row, Structural):
            result = self._structural(row, arguments)
        else:
            result = self._elementwise(row, arguments)
        # with its operands, whose identities would be given to others else
        self._recent[key] = (result, arguments)
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        return result

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Dual:
        return Dual(tensor.value, self.still)

    def carries(self, tensor: Any) -> bool:
        return bool(tensor.active)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        values = tensor.value.mid.astype(np.float64)
        if not (tensor.value.exact and np.array_equal(values, tensor.value.mid)):
            # a float beside the true number would be no enclosure of it
            raise OutOfReach("a number taken out of its tensor is not enclosed at this size")
        return np.asarray(values)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.mask) and bool(tensor.value.mid.size)

    def truth(self, tensor: Any) -> bool:
        return not bool(np.all(eq(tensor.value, number(0))))

    def check(self) -> None:
        """Raise `TooLarge` once the deadline has passed."""
        if time.monotonic() > self.deadline:
            raise TooLarge("more time than the check may take")

    # -- elements ----------------------------------------------------------------------------

    def _elementwise(self, row: Elementwise, arguments: Mapping[str, Any]) -> Dual:
        names, variant = named_arguments(row, arguments)
        given = (arguments[name] for name in names)
        operands = [
            a if isinstance(a, Dual) else self.constant(np.asarray(float(a))) for a in given
        ]
        if row.name == "where":
            return self._chosen(*operands)
        live = tuple(i for i, o in enumerate(operands) if any(t is not None for t in o.tangents))
        found = rule(row, variant, live)
        tangents = [[o.tangents[k] for o in operands] for k in range(len(self.still))]
        values = [operand.value for operand in operands]
        value, moved = in_blocks(found.apply, values, tangents, self.check)
        return Dual(value, tuple(moved), any(o.active for o in operands), row.boolean)

    def _chosen(self, condition: Dual, first: Dual, second: Dual) -> Dual:
        """Lazy: what is not chosen may be undefined."""
        shape = np.broadcast_shapes(condition.shape, first.shape, second.shape)
        asked = np.broadcast_to(~np.asarray(eq(condition.value, number(0))), shape)

        def choose(a: ArrayBall | None, b: ArrayBall | None) -> ArrayBall | None:
            if a is None and b is None:
                return None
            left, right = (exactly(0) if x is None else x for x in (a, b))
            found = select(asked, left, right)
            return tensors.moved(found, lambda v: np.broadcast_to(v, shape))

        pairs = zip(first.tangents, second.tangents, strict=True)
        value = choose(first.value, second.value)
        assert value is not None
        active = any(operand.active for operand in (condition, first, second))
        return Dual(value, tuple(choose(a, b) for a, b in pairs), active)

    # -- whole tensors -----------------------------------------------------------------------

    def _structural(self, row: Structural, arguments: Mapping[str, Any]) -> Any:
        if not tensors.is_enclosed(row):
            raise OutOfReach(f"{row.name} is not enclosed at this size")
        if row.lists:
            return self._joined(row, arguments)
        if row.name in tensors.BILINEAR:
            return self._product(tensors.BILINEAR[row.name], *arguments.values())
        x, given = arguments["x"], {k: v for k, v in arguments.items() if k != "x"}
        if row.name in tensors.FIXED:
            return self.constant(row.array(None, x.value.mid, **given).astype(np.float64))
        if row.name in tensors.EXTREME:
            return self._extreme(row.name, x, **given)
        if row.name in tensors.LINEAR:
            own = tensors.LINEAR[row.name]
            return self._mapped(x, lambda ball: own(ball, **given))
        # what is put between the elements does not move, and is exact
        still = {k: v for k, v in given.items() if k != "value"}
        moved = self._mapped(
            x, lambda ball: tensors.moved(ball, lambda v: row.array(None, v, **still))
        )
        if given.get("value"):
            frame = row.array(None, np.zeros(x.shape), pad=given["pad"], value=1.0)
            filling = exactly(frame * round_to(np.float64(given["value"]), self.dtype))
            moved = Dual(select(frame != 0, filling, moved.value), moved.tangents, moved.active)
        return Dual(moved.value, moved.tangents, x.active, x.mask and row.moves)

    def _mapped(self, x: Dual, function: Callable[[ArrayBall], ArrayBall]) -> Dual:
        tangents = tuple(None if t is None else function(t) for t in x.tangents)
        return Dual(function(x.value), tangents, x.active)

    def _product(
        self, multiply: Callable[[ArrayBall, ArrayBall], ArrayBall], x: Dual, y: Dual
    ) -> Dual:
        tangents = []
        for left, right in zip(x.tangents, y.tangents, strict=True):
            self.check()
            one = None if left is None else multiply(left, y.value)
            other = None if right is None else multiply(x.value, right)
            tangents.append(_plus(one, other))
        return Dual(multiply(x.value, y.value), tuple(tangents), x.active or y.active)

    def _joined(self, row: Structural, arguments: Mapping[str, Any]) -> Dual:
        (name,) = row.lists
        parts: list[Dual] = arguments[name]
        given = {k: v for k, v in arguments.items() if k != name}
        shapes = [part.shape for part in parts]

        def join(balls: Sequence[ArrayBall | None]) -> ArrayBall:
            return tensors.joined(balls, shapes, lambda arrays: row.array(None, arrays, **given))

        tangents = tuple(
            join(moved) if any(t is not None for t in moved) else None
            for moved in ([part.tangents[k] for part in parts] for k in range(len(self.still)))
        )
        active, mask = any(part.active for part in parts), all(part.mask for part in parts)
        return Dual(join([part.value for part in parts]), tangents, active, mask)

    def _extreme(self, name: str, x: Dual, dim: Any = None, keepdim: bool = False) -> Any:
        sign, values, positions = tensors.EXTREME[name]
        along = axes(x.shape, dim)
        kept = tuple(1 if k in along else size for k, size in enumerate(x.shape))
        places = tensors.winners(x.value, along, sign)

        def shaped(ball: ArrayBall) -> ArrayBall:
            return tensors.moved(ball, lambda v: v.reshape(kept)) if keepdim else ball

        winner = self._mapped(x, lambda ball: shaped(tensors.taken(ball, along, places)))
        indices = Dual(shaped(exactly(places)), self.still)
        if not values:
            return indices
        return Extremes(winner, indices) if positions and dim is not None else winner


def _key(row: Primitive, arguments: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What tells a call from others, None for arguments of other kinds."""
    values = tuple(id(v) if isinstance(v, Dual) else v for v in arguments.values())
    plain = all(isinstance(v, Dual | int | float | str | None) for v in arguments.values())
    kinds = tuple(map(type, arguments.values()))
    return (row, values, kinds) if plain else None


def _plus(a: ArrayBall | None, b: ArrayBall | None) -> ArrayBall | None:
    """A sum, whose parts may not be there."""
    return b if a is None else a if b is None else a + b
