"""What rounding does to a gradient: runs in as few bits as floats have, and error analysis."""

from collections.abc import Mapping, Sequence
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO, Balls, boxed, each, to_floats
from gradcalc.balls.numbers import NAN, Ball, Decisions, OutOfReach
from gradcalc.calculus import partial
from gradcalc.derive.modes import Eager, tangent_of
from gradcalc.derive.trace import Derived
from gradcalc.enclosure.experiment import Experiment
from gradcalc.enclosure.trial import Reals, Trial, largest
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.testimony import Array
from gradcalc.values.precision import precision_of

ROUNDED = 3
"""Runs with as few bits as the dtype has, which round differently."""

FEW = 50_000
"""Functions of elements in a run up to which there is more than one of them."""

ADDED_UP = 1_000_000
"""Multiplications in a product of matrices up to which each is rounded by itself."""

PRECISE = 192
"""Bits with which a primitive of elements is computed before it is rounded."""

SIGNED = (
    ops.SOLVE, ops.INV, ops.UNSORT, ops.REORDER, *ops.ALONG.values(), *ops.DECOMPOSED,
)  # fmt: skip
"""Operations that do not do the same with the sizes of what they are given."""


SYSTEMS = (ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, *ops.SPECTRAL)
"""Operations whose rounding is that of the matrix."""


class Rounded(Balls):
    """Numbers of so many bits, of any exponent: each result is rounded to nearest.

    Each primitive of elements is computed as well as that allows, so what goes wrong is the
    program's doing and not that of a library; sums are added up as floats are. With `inside` a
    primitive is rounded at each step of its own definition, as it is where a program spells it out.
    What is smaller than `least` is 0.
    """

    def __init__(self, bits: int, *, inside: bool = False, least: float = 0.0) -> None:
        super().__init__(Decisions(forced=True))
        self.bits = bits
        self.inside = inside
        self.least = least

    def asarray(self, values: Any) -> Any:
        return each(self._rounded, super().asarray(values))

    def map(self, symbols: Sequence[Any], body: Any, values: Sequence[Any]) -> Any:
        with flint.ctx.workprec(self.bits if self.inside else PRECISE):
            found = super().map(symbols, body, values)
        if self.least and symbols:
            # what underflows on the way there is multiplied by no more than the operands
            sizes = np.maximum.reduce(np.broadcast_arrays(1.0, *(np.abs(v) for v in values)))
            found = each(lambda b, s: ZERO if abs(b.mid()) < s * self.least else b, found, sizes)
        return self.asarray(found)

    def matmul(self, x: Any, y: Any) -> Any:
        if np.size(x) * (1 if np.ndim(y) == 1 else np.shape(y)[-1]) > ADDED_UP:
            return super().matmul(x, y)
        # as a library adds up, one product after another
        return boxed(np.matmul(x, y))

    def _rounded(self, ball: Ball) -> Ball:
        if not ball.is_finite():
            return NAN
        if self.least and abs(ball.mid()) < self.least:
            return ZERO
        mantissa, exponent = ball.mid().man_exp()
        extra = int(mantissa).bit_length() - self.bits
        if extra <= 0:
            return ball.mid()
        half = 1 << (extra - 1)
        return flint.arb((int(mantissa) + half) >> extra) * flint.arb(2) ** (exponent + extra)


def rounding(experiment: Experiment, exact: Mapping[str, Reals]) -> dict[str, float]:
    """What the dtype's rounding alone does to each gradient of the program as it is written.

    The relative error of runs with as many bits as the dtype has and a few more, brought to the
    dtype's; of primitives as they are, and spelled out. Nothing where the gradient is 0, or such a
    run meets a number that is not finite. Of a gradient next to the smallest floats it is also what
    remains if what is smaller still is lost.
    """
    precision = precision_of(experiment.problem.precision)
    bits = precision.bits
    worst: dict[str, float] = {}
    times = ROUNDED if experiment.size <= FEW else 1
    tiny = precision.smallest
    runs = [(inside, more, 0.0) for inside in (False, True) for more in range(times)]
    if any(0 < largest(true) <= tiny / precision.epsilon for true in exact.values()):
        runs.append((False, 0, tiny))
    for inside, more, least in runs:
        gradients = _in_few_bits(experiment, bits + more, inside=inside, least=least)
        for name, true in exact.items():
            size = largest(true)
            if least and size > least / precision.epsilon:
                continue
            errors = [abs(part) for part in np.ravel(gradients[name] - true)]
            if size != 0 and all(error.is_finite() for error in errors):
                error = max(errors)
                worst[name] = max(worst.get(name, 0.0), float(error / size) * 2.0**more)
    return worst


def _in_few_bits(
    experiment: Experiment, bits: int, *, inside: bool, least: float
) -> dict[str, Reals]:
    with flint.ctx.workprec(bits):
        arithmetic = Rounded(bits, inside=inside, least=least)
        inputs = {n: arithmetic.asarray(v) for n, v in experiment.problem.inputs.items()}
        recording = experiment.runs.at(lambda: arithmetic, inputs)
        return recording.swept(arithmetic, inputs)


def noise(trial: Trial) -> dict[str, Array]:
    """What rounding of the values does to each element of a gradient, in units of epsilon.

    Running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3):
    each number is off by what its operands are, times its slope, and one rounding more, and each
    cotangent by what it is made of; a slope that is computed from the value (1 - y**2, y*(1 - y))
    has twice the value's rounding at the most.
    """
    derivation = trial.derived.derivation
    inputs = trial.trace.inputs
    with flint.ctx.workprec(trial.bits):
        errors = _errors(trial, [*derivation.values, *trial.derived.sweep.nodes])
    sizes = (abs(float(b)) for value in trial.values for b in value.flat if b.is_finite())
    largest = max(sizes, default=0.0)
    result = {}
    for name, gradient in derivation.gradients.items():
        left = to_floats(errors[gradient.order])
        values = trial.values[inputs[name].order]
        size = max((abs(float(ball)) for ball in values.flat), default=0.0)
        # a change of the input by its own size that outweighs all numbers is no rounding
        result[name] = np.minimum(left, largest / size) if size else left
    return result


def errors_of(trial: Trial, dtype: str) -> list[Any]:
    """How far off the values of a run's nodes are by rounding, in units of the dtype's epsilon.

    What a primitive's own definition loses in so many digits is part of it.
    """
    nodes = trial.derived.derivation.values
    errors = _errors(trial, nodes, Rounded(precision_of(dtype).bits, inside=True))
    return [errors[node.order] for node in nodes]


def _lost_inside(m: Rounded, node: Node, value: Any, operands: Sequence[Any]) -> Any:
    """What a primitive's own definition loses, in units of epsilon."""
    with flint.ctx.workprec(m.bits):
        given = m.map(node["symbols"], node["body"], list(map(m.asarray, operands)))
    return np.abs(given - value) * 2 ** (m.bits - 1)


def _errors(trial: Trial, nodes: Sequence[Node], spelled: Rounded | None = None) -> dict[int, Any]:
    """How far off values, and what is made of them, are by order, of nodes in order."""
    derived, m = trial.derived, trial.arithmetic
    f, plain = _Sizes(m), Eager(m)
    known = {
        node.order: value
        for node, value in zip(derived.derivation.values, trial.values, strict=True)
    }
    values = set(known)
    lossy = derived.once("lossy", lambda: _lossy(derived))
    errors: dict[int, Any] = {}
    for node in nodes:
        operands = [known[operand.order] for operand in node.operands]
        if node.order not in known:
            known[node.order] = plain(node.op, *operands, **dict(node.static))
        moves = [errors[operand.order] for operand in node.operands]
        found = m.zeros(node.shape)
        if node.op is ops.DETACH:
            found = moves[0]
        elif moves:
            tangent = tangent_of(f, node, known[node.order], operands, moves)
            found = found if tangent is None else tangent
        if node.order in values and node.operands and not node.op.moves:
            found = found + f.own(node, known[node.order], operands)
            if spelled is not None and node.op is ops.MAP:
                found = found + _lost_inside(spelled, node, known[node.order], operands)
        if node.order in lossy:
            value = known[lossy[node.order]]
            found = found + f.fine(abs(operands[0]) * (2 * abs(value)))
        errors[node.order] = f.fine(np.broadcast_to(found, node.shape))
    return errors


def _lossy(derived: Derived) -> dict[int, int]:
    """The cotangents that are made with a slope computed from a rounded value, and that value."""
    chains = {
        (n.operands[0].order, n["body"]): n.order for n in derived.sweep.nodes if n.op is ops.CHAIN
    }
    found = {}
    for number, cotangent in derived.derivation.cotangents.items():
        node = derived.derivation.values[number]
        if node.source is not None and node.source[0].from_value:
            for position in range(len(node.operands)):
                body = partial(*node.source, position)
                if (cotangent.order, body) in chains:
                    found[chains[cotangent.order, body]] = node.order
    return found


class _Sizes(Eager):
    """A builder whose results are sizes: terms are added up without their signs."""

    def __call__(self, op: ops.Op, *operands: Any, **static: Any) -> Any:
        if op not in SIGNED and op is not ops.CHAIN:
            operands = tuple(map(np.abs, map(self.arithmetic.asarray, operands)))
        try:
            return self.fine(np.abs(super().__call__(op, *operands, **static)))
        except OutOfReach:
            # sympy has no form for how the slope of a step bends
            return self.arithmetic.zeros(np.shape(operands[0]))

    def scalar(self, name: str, *operands: Any) -> Any:
        sizes = [np.abs(self.arithmetic.asarray(operand)) for operand in operands]
        if name == "neg":
            return sizes[0]
        return self.fine(super().scalar("add" if name == "sub" else name, *sizes))

    def own(self, node: Node, value: Any, operands: Sequence[Any]) -> Any:
        """One rounding of a value: of its terms where it is a sum.

        A linear system is solved as if each element of its matrix were off by a rounding of the
        largest for every row (Higham, section 9.3).
        """
        if node.op in (ops.SUM, ops.CUMSUM, ops.MATMUL, ops.TRACE):
            return self(node.op, *operands, **dict(node.static))
        if node.op in SYSTEMS and operands[0].size:
            matrix, *rest = operands
            largest = np.max(np.abs(matrix), axis=(-2, -1), keepdims=True) * matrix.shape[-1]
            off = np.broadcast_to(largest, matrix.shape)
            if node.op is ops.DET:
                # the matrix may be singular
                moved = np.sum(np.abs(self.arithmetic.cofactor(matrix)) * off, axis=(-2, -1))
            else:
                moved = tangent_of(self, node, value, operands, [off, *(None for _ in rest)])
            return self.fine(np.abs(value) + np.abs(moved))
        return self.fine(np.abs(value))

    def fine(self, sizes: Any) -> Any:
        """The middles, 0 for what is not known."""
        return each(lambda b: b.mid() if b.is_finite() else ZERO, sizes)
