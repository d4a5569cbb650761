"""How much the runs of one problem may take, counted, so that it is the same each time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gradcalc.balls.numbers import TooLarge, beyond
from gradcalc.derive.derived import Derived
from gradcalc.expr import ops
from gradcalc.expr.functions import FUNCTIONS
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import closed

LARGEST = 450_000
"""Functions of elements in one run with its gradients, which takes about a second."""

MOST = 6 * LARGEST
"""The same in all runs together, those in more bits counting more."""

FASTEST, SLOWER = 192, 1.25
"""The bits up to which numbers take the same time, and with which power of them they take more."""

HANDLED = 2
"""Inputs and gradients that are moved, rounded and compared in the time of one function."""

LIGHT = 12
"""Numbers that are only added, multiplied or made from floats in the time of one function."""

PRODUCTS = 50
"""Multiplications in a product of matrices in that time."""

SLOWEST = tuple(function.sympy for function in FUNCTIONS if not function.arrays)
"""Functions such as gamma and its kin."""

LONG = 10
"""How many times as long these take."""

KEPT = 1024
"""Expressions of which that is remembered."""

COMPARED = 2
"""Comparisons in that time."""

ORDERED = (ops.SORT, ops.UNSORT, ops.REORDER)

SOLVERS = (ops.DET, ops.LOGDET, ops.INV, ops.SOLVE, ops.COFACTOR)


MANY = 100_000_000
"""Numbers in one pass forward over arrays of balls, which takes about five seconds."""

LEAST = 800
"""As many numbers take as long as the operation on an array that they are in."""

STEPS = 16
"""How many times an element of a running product is gone through."""

PRODUCTS_EACH = 16
"""Multiplications of a linear system in the time of one number."""

SLOWER_EACH = 16
"""Numbers of an array of balls in the time of one function of a single ball."""


def forward_cost(derived: Derived) -> int:
    """How much a run is with its slope in one direction, in functions of elements."""
    nodes = derived.derivation.values
    return derived.once("forward cost", lambda: math.ceil(2 * sum(map(_of_node, nodes))))


def numbers_of(nodes: Sequence[Node]) -> int:
    """How much one pass over arrays of balls is, in numbers."""
    return sum(max(LEAST, _numbers(node)) for node in nodes)


def _numbers(node: Node) -> int:
    size = math.prod(node.shape)
    if node.op is ops.MATMUL:
        return size + size * node.operands[0].shape[-1] // PRODUCTS
    if node.op in SOLVERS:
        rows = node.operands[0].shape[0]
        return rows**2 * max(rows, size // max(rows, 1)) // PRODUCTS_EACH
    if node.op in ORDERED:
        return int(size * math.log2(size + 2))
    return size * STEPS if node.op in (ops.PROD, ops.CUMPROD) else size


def cost(derived: Derived) -> int:
    """How much a run is with its gradients, in functions of elements."""
    nodes = [*derived.derivation.values, *derived.sweep.nodes]
    return derived.once("cost", lambda: math.ceil(sum(map(_of_node, nodes))))


@lru_cache(maxsize=KEPT)
def _takes_long(body: Any) -> bool:
    """Whether a function is in an expression that balls of many digits take long for."""
    return bool(closed(body).has(*SLOWEST))


def _of_node(node: Node) -> float:
    size = math.prod(node.shape)
    if node.op in (ops.MAP, ops.CHAIN):
        return size * (LONG if _takes_long(node["body"]) else 1)
    if node.op is ops.VAR:
        # there and back
        return 2 * size / HANDLED
    if node.op.moves:
        return 0
    if node.op is ops.MATMUL:
        return size / LIGHT + size * node.operands[0].shape[-1] / PRODUCTS
    if node.op in ORDERED:
        return size * math.log2(size + 2) / COMPARED
    if node.op in SOLVERS:
        rows = node.operands[0].shape[0]
        return float(rows**2 * max(rows, size // max(rows, 1)) / PRODUCTS)
    return max([size, *(math.prod(o.shape) for o in node.operands)]) / LIGHT


@dataclass(slots=True)
class Work:
    """What the runs may take together, and have taken so far."""

    most: float = MOST
    spent: float = 0.0

    def goes_on(self, size: int, bits: int) -> bool:
        """One more run of so many numbers, if that is not too much."""
        self.spent += size * max(1.0, (bits / FASTEST) ** SLOWER)
        return self.spent <= self.most

    def go_on(self, size: int, bits: int) -> None:
        """The same. Raises `TooLarge` where it would be too much."""
        if not self.goes_on(size, bits):
            raise TooLarge(beyond(LARGEST))
