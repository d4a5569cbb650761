"""One run in balls: what it gave, which of its elements take part in that, and how much it is."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from gradcalc.balls.arithmetic import ZERO, Balls, each, to_floats
from gradcalc.balls.numbers import NAN, NOTHING, TIGHT, Ball, OutOfReach, is_nothing, is_tight
from gradcalc.derive.modes import Eager, slopes_of
from gradcalc.derive.perturbations import is_finite
from gradcalc.derive.runs import Recording
from gradcalc.derive.trace import Derived, Trace, numbers, truth
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import closed
from gradcalc.lang.program import Branch
from gradcalc.testimony import LEAST_FLOAT

Reals = Any
"""A numpy array of exact balls."""

Mask = NDArray[np.bool_]

ORDINARY = 1e-300
"""Sizes of floats, from it to one over it, of which there is nothing special."""

LARGEST_EXPONENT = 2**60
"""Numbers beyond 2 to this power, either way, are out of reach."""

FAR = "numbers far beyond any float"

WHOLE = (ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, ops.SORT, *ops.DECOMPOSED)
"""Operations each element of whose result may come from any of their operands'."""

BESIDE = 2 * TIGHT
"""Bits of a total that what is only nearly 0 in it does not reach."""

HANDLED = 2
"""Inputs and gradients that are moved, rounded and compared in the time of one function."""

LIGHT = 12
"""Numbers that are only added, multiplied or made from floats in the time of one function."""

PRODUCTS = 50
"""Multiplications in a product of matrices in that time."""

COMPARED = 2
"""Comparisons in that time."""

SLOWEST, LONG = tuple(function.sympy for function in FUNCTIONS if not function.arrays), 10
"""Functions such as gamma and its kin, and how many times as long these take."""

KEPT = 1024
"""Expressions of which that is remembered."""

LEAST = 800
"""As many numbers of an array of balls take as long as the operation on it."""

ALONE = 150
"""Numbers of an array of balls in the time of one of which flint is asked for value and slope."""

STEPS = 16
"""How many times an element of a running product is gone through."""

PRODUCTS_EACH = 16
"""Multiplications of a linear system in the time of one number of an array of balls."""

ORDERED = (ops.SORT, ops.UNSORT, ops.REORDER)

SOLVERS = (ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, ops.COFACTOR, *ops.DECOMPOSED)

DECOMPOSING = 30
"""How many times as long eigenvalues take as a linear system."""

BESIDES = 50
"""What they take besides for each matrix, in the time of one function."""


@dataclass(frozen=True)
class Trial:
    """One run: the weighted sum of the output, its gradients, and what was met on the way.

    `bits` is the precision, `arithmetic` what it ran in. Balls are the `inputs`, the total as a
    `whole`, and the gradients as `balls`. `guessed` says that a comparison was decided by
    midpoints. `loose` is how far off the total may be where it is a limit.
    """

    bits: int
    recording: Recording
    arithmetic: Balls
    inputs: Mapping[str, Any]
    whole: Ball
    balls: Mapping[str, Any]
    guessed: bool
    # a plain default has to have a hash, which balls have in the newest release alone
    loose: Ball = field(default_factory=lambda: ZERO)

    @cached_property
    def tight(self) -> bool:
        """Whether no float is near enough to a total or gradient for its radius to matter."""
        return is_tight(self.whole) and all(map(is_tight, self._all()))

    @cached_property
    def told(self) -> bool:
        """The same of a total and of gradients that are finite."""
        return all(is_tight(ball) for ball in (self.whole, *self._all()) if ball.is_finite())

    @cached_property
    def finite(self) -> bool:
        """Whether the total and all gradients are finite numbers."""
        return bool(self.whole.is_finite()) and all(ball.is_finite() for ball in self._all())

    def tight_beside(self, all_of_it: Ball, mine: Ball) -> bool:
        """Whether this is tight as a part of what adds up to a total, its own being known as `mine`
        with more bits: what cancels in it may leave a radius that is nothing beside the others'."""
        if not all(map(is_tight, self._all())):
            return False
        room = abs(all_of_it) * flint.arb(2) ** -BESIDE
        return is_tight(self.whole) or bool(mine.rad() <= room)

    def meets(self, other: "Trial", *, gradients: bool) -> bool:
        """Whether another run may have the same total, and the same gradients."""
        pairs = [(self.whole, other.whole)]
        pairs += zip(self._all(), other._all(), strict=True) if gradients else ()
        return all(one.overlaps(two) for one, two in pairs)

    def _all(self) -> Iterator[Ball]:
        return (ball for balls in self.balls.values() for ball in balls.flat)

    @cached_property
    def total(self) -> Ball:
        """The midpoint of the total; see `real`."""
        return real(self.whole)

    @cached_property
    def output(self) -> Reals:
        """What the program gave."""
        return reals(self.recording.output)

    @cached_property
    def gradients(self) -> Mapping[str, Reals]:
        """The midpoints of the gradients."""
        return {name: reals(balls) for name, balls in self.balls.items()}

    @cached_property
    def radii(self) -> Mapping[str, NDArray[np.float64]]:
        """How far off they are at the most; below the least float, that."""
        return {n: to_floats(each(_radius, balls)) for n, balls in self.balls.items()}

    @property
    def derived(self) -> Derived:
        """What follows from the course of the run."""
        return self.recording.derived

    @property
    def values(self) -> Sequence[Any]:
        """The values of the run's nodes, as balls."""
        return self.recording.values

    @property
    def trace(self) -> Trace:
        """The course of the run."""
        return self.recording.trace

    def operands(self, node: Node) -> list[Any]:
        """The values of a node's operands."""
        return [self.values[operand.order] for operand in node.operands]

    def slope(self, node: Node, position: int, operands: Sequence[Any] = ()) -> Any:
        """The slopes of a primitive by one of its operands, at their values or at others."""
        slope, _ = slopes_of(node, position)
        return self.arithmetic.map(node["symbols"], slope, operands or self.operands(node))

    def steep(self, node: Node, operands: Sequence[Any] = ()) -> Mask:
        """Where a slope of a primitive by what moves is not finite, there or at others."""
        found = np.zeros(node.shape, np.bool_)
        for position, operand in enumerate(node.operands) if node.source is not None else ():
            if self.trace.is_active(operand):
                found = found | ~is_finite(self.slope(node, position, operands))
        return found

    @property
    def path(self) -> tuple[Branch, ...]:
        """The branches that the run took."""
        return self.trace.path

    @property
    def detached(self) -> Mapping[Any, Any]:
        """The values that were detached, as they stay around the point.

        Whole numbers that are made of what a gradient flows back to as well do not stay.
        """
        asked = {seen.number for seen in self.trace.observations if seen.question is numbers}
        counted = asked & self.derived.flowing if asked else asked
        return {
            k: middles(self.values[number])
            for k, number in self.trace.detached.items()
            if self.trace.nodes[number].operands[0].order not in counted
        }


def real(ball: Ball) -> Ball:
    """The midpoint of a ball, NaN if it is not finite, 0 if no float tells it from that."""
    if not ball.is_finite():
        return NAN
    middle = ball.mid()
    if ORDINARY < abs(float(middle)) < 1 / ORDINARY:
        return middle
    mantissa, exponent = middle.man_exp()
    power = int(exponent) + mantissa.bit_length()
    if mantissa and power > LARGEST_EXPONENT:
        raise OutOfReach(FAR)
    if mantissa and power < NOTHING and is_nothing(ball):
        far = power < -LARGEST_EXPONENT
        return ZERO if far or ball.rel_accuracy_bits() < TIGHT else middle
    return middle


def _radius(ball: Ball) -> float:
    radius = ball.rad().upper()
    return float(radius) or (LEAST_FLOAT if radius != 0 else 0.0)


def reals(balls: Any) -> Reals:
    """The midpoints of an array of balls."""
    return each(real, balls)


def middles(balls: Any) -> Reals:
    """An array of balls without what is known of their errors."""
    return each(lambda ball: ball.mid(), balls)


def largest(values: Any) -> Any:
    """The size of the largest of some numbers, 0 if there is none."""
    return max(map(abs, np.ravel(values)), default=0)


# -- what takes part ---------------------------------------------------------------------------


def taking_part(
    trial: Trial, terms: Sequence[tuple[int, Any, Any]] | None = None
) -> Mapping[int, Mask]:
    """The elements that take part, by the numbers of the run's nodes; no mask where none does.

    Of a part of the function, whose `terms` are given, those that it is made of.

    What `where` does not choose takes no part, be it undefined. What decides where the program goes
    does, and so does a whole number that is made of what a gradient flows back to as well; else it
    is a count.
    """
    nodes = trial.derived.derivation.values
    trace = trial.trace
    found: dict[int, Any] = {}

    def join(number: int, mask: Any) -> None:
        if trace.notes[number].active and mask.any():
            found[number] = found[number] | mask if number in found else mask

    for number, places, _ in terms or ():
        own = np.zeros(nodes[number].shape, np.bool_)
        own.reshape(-1)[places] = True
        join(number, own)
    if terms is None:
        join(trace.output.order, np.ones(trace.output.shape, np.bool_))
    flowing = trial.derived.flowing
    for seen in trace.observations:
        counted = seen.question is numbers and seen.number in flowing
        if seen.question is truth or counted:
            join(seen.number, np.ones(nodes[seen.number].shape, np.bool_))
    for number in range(len(nodes) - 1, -1, -1):
        if number in found:
            node = trace.nodes[number]
            for operand, mask in zip(node.operands, below(node, found[number], trial), strict=True):
                if mask is not None:
                    join(operand.order, mask)
    return found


def overflows(trial: Trial) -> bool:
    """Whether a number that takes part has an exponent too long even for balls."""
    return any(
        not ball.is_finite() and not ball.is_nan()
        for number, mask in taking_part(trial).items()
        for ball in trial.values[number][mask]
    )


def below(node: Node, mask: Mask, trial: Trial) -> Sequence[Mask | None]:
    """The elements of the operands from which those of a node are made."""
    if not node.operands or node.op is ops.DETACH:
        return [None] * len(node.operands)
    f = Eager(Floats())
    if node.op is ops.MAP:
        masks = [mask] * len(node.operands)
        if node.title == "where":
            chosen = each(lambda ball: not ball.is_zero(), trial.operands(node)[0]).astype(np.bool_)
            masks = [mask, mask & chosen, mask & ~chosen]
        # of elements that were spread, those from which one of a mask is made
        counts = (mask.astype(np.float64) for mask in masks)
        return [
            np.asarray(ops.unbroadcast(f, count, operand.shape) != 0)
            for count, operand in zip(counts, node.operands, strict=True)
        ]
    if node.op in WHOLE or node.op.vjp is None:
        return whole(node, mask)
    # with ones for all numbers nothing cancels
    ones = [np.ones(operand.shape) for operand in node.operands]
    handed: Sequence[Any] = node.op.vjp(
        f, mask.astype(np.float64), np.ones(node.shape), *ones, **dict(node.static)
    )
    return [None if part is None else np.asarray(part) != 0 for part in handed]


def whole(node: Node, mask: Mask) -> Sequence[Mask]:
    """The same for an operation on all of its operands, or on all of each matrix of a stack."""
    front = node.operands[0].shape[:-2] if node.op in SOLVERS else ()
    asked = mask.reshape(*front, math.prod(mask.shape[len(front) :])).any(axis=-1)
    return [
        np.broadcast_to(asked.reshape(*front, *(1,) * (o.ndim - len(front))), o.shape)
        for o in node.operands
    ]


# -- how much it is, counted, so that it is the same each time ---------------------------------


def cost(derived: Derived) -> int:
    """How much a run is with its gradients, in functions of elements."""
    nodes = [*derived.derivation.values, *derived.sweep.nodes]
    return derived.once("cost", lambda: math.ceil(sum(map(_functions, nodes))))


def forward_cost(derived: Derived) -> int:
    """How much a run is with its slope in one direction, in functions of elements."""
    nodes = derived.derivation.values
    return derived.once("forward cost", lambda: math.ceil(2 * sum(map(_functions, nodes))))


def numbers_of(nodes: Sequence[Node]) -> int:
    """How much one pass over arrays of balls is for each direction, in numbers."""
    return sum(max(LEAST, _numbers(node)) for node in nodes)


def numbers_alone(nodes: Sequence[Node]) -> int:
    """The same of what no bound for arrays is known of, once for all directions."""
    return sum(
        ALONE * math.prod(node.shape)
        for node in nodes
        if node.op in (ops.MAP, ops.CHAIN) and _takes_long(node["body"])
    )


def _functions(node: Node) -> float:
    size = math.prod(node.shape)
    if node.op in (ops.MAP, ops.CHAIN):
        return size * (LONG if _takes_long(node["body"]) else 1)
    if node.op is ops.VAR:
        # there and back
        return 2 * size / HANDLED
    if node.op.moves:
        return 0
    if node.op is ops.MATMUL:
        return size / LIGHT + _products(node) / PRODUCTS
    if node.op in ORDERED:
        return size * math.log2(size + 2) / COMPARED
    if node.op in ops.DECOMPOSED:
        matrices = math.prod(node.operands[0].shape[:-2])
        return BESIDES * matrices + DECOMPOSING * _products(node) / PRODUCTS
    if node.op in SOLVERS:
        return _products(node) / PRODUCTS
    return max([size, *(math.prod(o.shape) for o in node.operands)]) / LIGHT


def _numbers(node: Node) -> int:
    size = math.prod(node.shape)
    if node.op is ops.MATMUL:
        return size + _products(node) // PRODUCTS
    if node.op in SOLVERS:
        return _products(node) // PRODUCTS_EACH
    if node.op in ORDERED:
        return int(size * math.log2(size + 2))
    return size * STEPS if node.op in (ops.PROD, ops.CUMPROD) else size


def _products(node: Node) -> int:
    """The multiplications of a product of matrices, or of a linear system."""
    size, shape = math.prod(node.shape), node.operands[0].shape
    if node.op is ops.MATMUL:
        return size * shape[-1]
    rows, count = shape[-1], math.prod(shape[:-2])
    return int(count * rows**2 * max(rows, size // max(rows * count, 1)))


@lru_cache(maxsize=KEPT)
def _takes_long(body: Any) -> bool:
    """Whether a function is in an expression that balls of many digits take long for."""
    return bool(closed(body).has(*SLOWEST))
