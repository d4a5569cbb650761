"""The backend of whole arrays of balls, with their tangents in a few directions: forward mode."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.balls.numbers import OutOfReach, TooLarge
from gradcalc.calculus import named_arguments
from gradcalc.enclosure import tensors
from gradcalc.enclosure.arrays import ArrayBall, eq, exactly, number, select
from gradcalc.enclosure.blocks import BLOCK, Block, Function, Tangents, each, full, in_blocks
from gradcalc.enclosure.formulas import rule
from gradcalc.enclosure.reductions import (
    by_columns,
    by_rows,
    inner_product,
    multiplied,
    one_extreme,
    sum_of,
)
from gradcalc.enclosure.streams import (
    DEEP,
    Dual,
    Patience,
    Pending,
    Reshaped,
    Running,
    shaped,
    stored,
)
from gradcalc.errors import Span
from gradcalc.lang.composites import by_definition, round_to
from gradcalc.lang.machine import Budget
from gradcalc.primitives import Composite, Elementwise, Primitive, Structural
from gradcalc.primitives.shapes import axes
from gradcalc.primitives.structural import Extremes

RECENT = 4
"""Results that are kept: definitions say `exp(x)` or `mean(x)` twice in a row."""

RESHAPING = frozenset({"reshape", "flatten", "squeeze", "unsqueeze"})
"""What leaves the elements where they are in a row."""


class DualBackend:
    """Runs a program on arrays of balls, with tangents in so many directions.

    Composites run by their definition. Raises `TooLarge` once the deadline has passed.
    """

    def __init__(
        self,
        count: int,
        budget: Budget,
        dtype: str,
        deadline: float,
        patience: Patience | None = None,
    ) -> None:
        self.still: Tangents = (None,) * count
        self.budget = budget
        self.dtype = dtype
        self.deadline = deadline
        self.patience = patience or Patience()
        self.place: Span | None = None
        self.inside: str | None = None
        self._recent: dict[Any, tuple[Any, Any]] = {}

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Dual)

    def constant(self, values: NDArray[np.float64]) -> Dual:
        rounded = round_to(np.asarray(values, dtype=np.float64), self.dtype)
        return stored(exactly(rounded), self.still)

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
        found = self._put_off(lambda given: Block(given[0].value, self.still), [tensor])
        return replace(found, active=False)

    def copy(self, tensor: Any) -> Any:
        return tensor

    def memory(self, tensor: Any) -> int:
        return 0

    def carries(self, tensor: Any) -> bool:
        return bool(tensor.active)

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        values = tensor.value.mid.astype(np.float64)
        if not (tensor.value.exact and np.array_equal(values, tensor.value.mid)):
            # a float beside the true number would be no enclosure of it
            raise OutOfReach("a number taken out of its tensor is not enclosed at this size")
        return np.asarray(values)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.mask) and bool(tensor.size)

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
            return self._put_off(_chosen, operands)

        def apply(blocks: Sequence[Block]) -> Block:
            live = tuple(k for k, b in enumerate(blocks) if any(t is not None for t in b.tangents))
            values = [block.value for block in blocks]
            tangents = [[block.tangents[k] for block in blocks] for k in range(len(self.still))]
            value, moved = rule(row, variant, live).apply(values, tangents)
            return Block(value, tuple(moved))

        # what is not known is found out at once
        rule(row, variant, tuple(k for k, o in enumerate(operands) if o.active))
        return self._put_off(apply, operands, row.boolean)

    def _put_off(
        self,
        function: Function,
        operands: Sequence[Dual],
        mask: bool = False,
    ) -> Dual:
        """A function of elements: of small tensors at once, of large ones when it is needed."""
        active = any(o.active for o in operands)
        shape = np.broadcast_shapes(*[o.shape for o in operands])
        size = math.prod(shape)
        if size > BLOCK and all(o.size in (1, size) for o in operands):
            for operand in operands:
                if operand.cells.depth >= DEEP:
                    self._whole(operand)
            return Dual(Pending(shape, function, operands, self.check), active, mask)
        self.patience.make_room(size)
        found = in_blocks(function, list(map(self._whole, operands)), shape, self.check)
        return stored(found.value, found.tangents, active, mask)

    def _whole(self, x: Dual) -> Block:
        """All elements at once, for what cannot be done to a block of them."""
        self.patience.make_room(x.size)
        return x.whole()

    # -- whole tensors -----------------------------------------------------------------------

    def _structural(self, row: Structural, arguments: Mapping[str, Any]) -> Any:
        if not tensors.is_enclosed(row):
            raise OutOfReach(f"{row.name} is not enclosed at this size")
        if row.lists:
            return self._joined(row, arguments)
        if row.name in tensors.BILINEAR:
            return self._product(row.name, *arguments.values())
        x, given = arguments["x"], {k: v for k, v in arguments.items() if k != "x"}
        if row.name in tensors.FIXED:
            return self.constant(row.array(None, np.zeros(x.shape), **given).astype(np.float64))
        if row.name in tensors.EXTREME:
            return self._extreme(row.name, x, **given)
        if row.name in tensors.LINEAR:
            late = self._late_sum(row.name, x, **given) if x.size > BLOCK else None
            own = tensors.LINEAR[row.name]
            return late or self._mapped(x, lambda ball: own(ball, **given))
        if row.name in RESHAPING and x.size > BLOCK:
            shape = row.array(None, np.broadcast_to(np.int8(0), x.shape), **given).shape
            return Dual(Reshaped(x, shape), x.active, x.mask)
        # what is put between the elements does not move, and is exact
        still = {k: v for k, v in given.items() if k != "value"}
        moved = self._mapped(
            x, lambda ball: tensors.moved(ball, lambda v: row.array(None, v, **still))
        )
        if given.get("value"):
            frame = row.array(None, np.zeros(x.shape), pad=given["pad"], value=1.0)
            filling = exactly(frame * round_to(np.float64(given["value"]), self.dtype))
            chosen = select(frame != 0, filling, moved.value)
            moved = stored(chosen, moved.tangents, moved.active)
        return stored(moved.value, moved.tangents, x.active, x.mask and row.moves)

    def _mapped(self, x: Dual, function: Callable[[ArrayBall], ArrayBall]) -> Dual:
        found = each(self._whole(x), function)
        return stored(found.value, found.tangents, x.active)

    def _late_sum(self, name: str, x: Dual, dim: Any = None, keepdim: bool = False) -> Dual | None:
        """The sum of all elements, or their running sums, block by block; else None."""
        if name == "cumsum" and (dim is None or len(x.shape) == 1):
            return Dual(Running(x, self.check), x.active)
        if name != "sum" or len(axes(x.shape, dim)) < len(x.shape):
            return None
        shape = (1,) * len(x.shape) if keepdim else ()
        found = each(sum_of(x, self.check), lambda ball: shaped(ball, shape))
        return stored(found.value, found.tangents, x.active)

    def _product(self, name: str, x: Dual, y: Dual) -> Dual:
        multiply = tensors.BILINEAR[name]
        large = max(x.size, y.size) > BLOCK and name in ("matmul", "dot")
        ranks = (len(x.shape), len(y.shape))
        active = x.active or y.active
        if large and ranks == (1, 1) and x.shape == y.shape:
            found = inner_product(x, y, self.check)
        elif large and ranks == (2, 1) and x.shape[1:] == y.shape:
            found = by_rows(multiply, x, y, self.check)
        elif large and ranks == (1, 2) and x.shape == y.shape[:1]:
            found = by_columns(multiply, x, y, self.check)
        else:
            self.check()
            found = multiplied(multiply, self._whole(x), self._whole(y))
        return stored(found.value, found.tangents, active)

    def _joined(self, row: Structural, arguments: Mapping[str, Any]) -> Dual:
        (name,) = row.lists
        parts: list[Dual] = arguments[name]
        given = {k: v for k, v in arguments.items() if k != name}
        shapes = [part.shape for part in parts]
        blocks = [self._whole(part) for part in parts]

        def join(balls: Sequence[ArrayBall | None]) -> ArrayBall:
            return tensors.joined(balls, shapes, lambda arrays: row.array(None, arrays, **given))

        value, *tangents = (
            join(balls) if any(ball is not None for ball in balls) else None
            for balls in zip(*(block.balls for block in blocks), strict=True)
        )
        active, mask = any(part.active for part in parts), all(part.mask for part in parts)
        assert value is not None
        return stored(value, tuple(tangents), active, mask)

    def _extreme(self, name: str, x: Dual, dim: Any = None, keepdim: bool = False) -> Any:
        sign, values, positions = tensors.EXTREME[name]
        along = axes(x.shape, dim)
        kept = tuple(1 if k in along else size for k, size in enumerate(x.shape))
        if x.size > BLOCK and len(along) == len(x.shape):
            places, found = one_extreme(x, sign, self.check)
        else:
            whole = self._whole(x)
            places = tensors.winners(whole.value, along, sign)
            found = each(whole, lambda ball: tensors.taken(ball, along, places))

        def in_shape(ball: ArrayBall) -> ArrayBall:
            return tensors.moved(ball, lambda v: v.reshape(kept)) if keepdim else ball

        indices = stored(in_shape(exactly(places)), self.still)
        if not values:
            return indices
        found = each(found, in_shape)
        winner = stored(found.value, found.tangents, x.active)
        return Extremes(winner, indices) if positions and dim is not None else winner


def _chosen(blocks: Sequence[Block]) -> Block:
    """Lazy: what is not chosen may be undefined."""
    condition, first, second = blocks
    shape = np.broadcast_shapes(*[block.value.shape for block in blocks])
    asked = np.broadcast_to(~np.asarray(eq(condition.value, number(0))), shape)

    def choose(a: ArrayBall | None, b: ArrayBall | None) -> ArrayBall | None:
        if a is None and b is None:
            return None
        left, right = (exactly(0) if x is None else x for x in (a, b))
        return full(select(asked, left, right), shape)

    value = choose(first.value, second.value)
    assert value is not None
    pairs = zip(first.tangents, second.tangents, strict=True)
    return Block(value, tuple(choose(a, b) for a, b in pairs))


def _key(row: Primitive, arguments: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What tells a call from others, None for arguments of other kinds."""
    values = tuple(id(v) if isinstance(v, Dual) else v for v in arguments.values())
    plain = all(isinstance(v, Dual | int | float | str | None) for v in arguments.values())
    kinds = tuple(map(type, arguments.values()))
    return (row, values, kinds) if plain else None
