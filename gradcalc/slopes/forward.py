"""Forward mode over a large graph: the value and its slopes in a few directions, in one pass.

What is done to single elements is put off until a sum, or another operation on whole tensors, asks
for it. Then each block of elements goes through all of it while the processor's cache holds it, and
what is made in between is never there as a whole.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.arrays.arithmetic import ArrayBalls, rule
from gradcalc.arrays.numbers import ArrayBall, eq, exactly, number, select
from gradcalc.balls.numbers import OutOfReach
from gradcalc.derive.modes import Eager, dependents, slopes_of, tangent_of
from gradcalc.derive.trace import Trace
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Node, ancestry
from gradcalc.slopes.bundles import Bundle, Gathered, Given, summed

BLOCK = 8192
"""Elements computed at a time."""

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Course:
    """How a trace is gone through.

    `root` is the weighed sum of the output, `nodes` all there is, in order. `puts_off` says for a
    node by its order at which later one it is worked out, block by block. `widest` is the most
    elements that move and have to be there as a whole.
    """

    trace: Trace
    root: Node
    nodes: tuple[Node, ...]
    puts_off: Mapping[int, int]
    widest: int

    @property
    def whole(self) -> Iterator[Node]:
        """The nodes that are worked out as a whole."""
        return (node for node in self.nodes if node.order not in self.puts_off)


def course_of(trace: Trace) -> Course:
    """The way through a trace: what steers it is kept, everything else where it pays."""
    forms = trace.forms.copy()
    output = trace.output
    weights = np.broadcast_to(np.asarray(trace.weights, dtype=np.float64), output.shape)
    if not np.all(weights == 1):
        output = forms.scalar("mul", output, forms(ops.LITERAL, data=Data.of(weights)))
    root = forms(ops.SUM, output, axes=tuple(range(output.ndim))) if output.ndim else output
    seen = [trace.nodes[observation.number] for observation in trace.observations]
    nodes = tuple(ancestry([root, *seen]))
    kept = frozenset(node.order for node in (root, *seen))
    puts_off: dict[int, int] = {}
    asked: dict[int, set[int | None]] = {}
    widest, moving = 0, dependents(nodes, [trace.inputs[name] for name in trace.wrt])
    for node in reversed(nodes):
        by = asked.get(node.order, set())
        alone = next(iter(by)) if len(by) == 1 else None
        if alone is not None and _by_elements(node) and node.order not in kept:
            # one later node alone asks for it, directly or by others, a block at a time
            puts_off[node.order] = alone
        elif node.order in moving and (node.operands or None in by):
            widest = max(widest, _size(node))
        for operand in node.operands:
            takes_blocks = _by_elements(node) or _is_total(node)
            blocks = takes_blocks and _size(operand) == _length(node)
            sink = puts_off.get(node.order, node.order) if blocks else None
            asked.setdefault(operand.order, set()).add(sink)
    return Course(trace, root, nodes, puts_off, widest)


def _size(node: Node) -> int:
    return math.prod(node.shape)


def _length(node: Node) -> int:
    """How many elements a node goes through where it takes them one by one."""
    return _size(node.operands[0]) if node.op in (ops.SUM, ops.MATMUL) else _size(node)


def _is_total(node: Node) -> bool:
    """Whether it is a sum over all elements of large tensors, or of their products."""
    if node.op is ops.SUM:
        return len(node["axes"]) == node.operands[0].ndim and _length(node) > BLOCK
    return (
        node.op is ops.MATMUL and {o.ndim for o in node.operands} == {1} and _length(node) > BLOCK
    )


def _by_elements(node: Node) -> bool:
    """Whether a large result has its elements from those in the same places of the operands."""
    return node.op in (ops.MAP, ops.DETACH, ops.RESHAPE) and _size(node) > BLOCK


class Pass:
    """One pass through a course, with tangents in some directions.

    `check` is called now and then, to raise what ends it.
    """

    def __init__(
        self, course: Course, leaves: Mapping[str, Given], directions: int, check: Check
    ) -> None:
        self.course, self.leaves, self.check = course, leaves, check
        self.still = (None,) * directions
        self.arithmetic = ArrayBalls()
        self._eager = Eager(self.arithmetic)
        self._known: dict[int, Any] = {}
        self._late: dict[int, list[Node]] = {}
        for node in course.nodes:
            if node.order in course.puts_off:
                self._late.setdefault(course.puts_off[node.order], []).append(node)

    def run(self) -> tuple[Bundle, dict[int, ArrayBall]]:
        """The weighed sum of the output, and the values of what steered the run, by number."""
        seen = {observation.number for observation in self.course.trace.observations}
        values: dict[int, ArrayBall] = {}
        last = self._last_uses()
        for node in self.course.whole:
            self.check()
            found = self._known[node.order] = self._worked_out(node)
            if node.order in seen:
                values[node.order] = found.whole().value
            for order in last.get(node.order, ()):
                del self._known[order]
        return self._known[self.course.root.order].whole(), values

    def _last_uses(self) -> dict[int, list[int]]:
        """After which node which others are no longer needed."""
        last: dict[int, int] = {}
        for node in self.course.nodes:
            at = self.course.puts_off.get(node.order, node.order)
            for order in (node.order, *(operand.order for operand in node.operands)):
                if order not in self.course.puts_off and order != self.course.root.order:
                    last[order] = max(last.get(order, 0), at)
        found: dict[int, list[int]] = {}
        for order, at in last.items():
            found.setdefault(at, []).append(order)
        return found

    def _worked_out(self, node: Node) -> Any:
        if node.op is ops.VAR:
            return self.leaves[node["name"]]
        if node.op is ops.LITERAL:
            return Given(node["data"].array, self.still)
        reshapes = node.op is ops.RESHAPE and node.operands[0].order in self._known
        if _by_elements(node) and not reshapes:
            gathered = Gathered(_size(node))
            for start, stop, found in self._blocks(node):
                gathered.put(start, stop, found[node.order])
            return gathered.bundle(node.shape)
        if _is_total(node):
            return summed([self._share(node, *block) for block in self._blocks(node)])
        operands = [self._known[operand.order].whole() for operand in node.operands]
        if node.op in (ops.MAP, ops.DETACH):
            return _spread(self._step(node, operands), node.shape)
        return self._as_a_whole(node, operands)

    def _share(self, node: Node, start: int, stop: int, found: Mapping[int, Bundle]) -> Bundle:
        """What some of the elements add to a sum."""
        parts = [
            found[o.order] if o.order in found else self._known[o.order].cut(start, stop)
            for o in node.operands
        ]
        return parts[0].total() if node.op is ops.SUM else self._as_a_whole(node, parts)

    # -- whole tensors -----------------------------------------------------------------------

    def _as_a_whole(self, node: Node, operands: Sequence[Bundle]) -> Bundle:
        values = [bundle.value for bundle in operands]
        value = self._eager(node.op, *values, **dict(node.static))
        tangents = []
        for k in range(len(self.still)):
            moves = [bundle.tangents[k] for bundle in operands]
            moved = any(move is not None for move in moves)
            self.check()
            tangents.append(tangent_of(self._eager, node, value, values, moves) if moved else None)
        return Bundle(value, tuple(tangents))

    # -- elements ----------------------------------------------------------------------------

    def _blocks(self, node: Node) -> Iterator[tuple[int, int, dict[int, Bundle]]]:
        """The blocks of all that was put off to a node, and of the node itself."""
        size = _length(node)
        steps = [*self._late.get(node.order, ()), *([node] if _by_elements(node) else [])]
        laid = {(o.order, step.shape): self._laid(o, step) for step in steps for o in step.operands
                if o.order in self._known}  # fmt: skip
        for start in range(0, size, BLOCK):
            self.check()
            stop = min(start + BLOCK, size)
            found: dict[int, Bundle] = {}
            for step in steps:
                parts = [
                    found[o.order] if o.order in found else laid[o.order, step.shape](start, stop)
                    for o in step.operands
                ]
                found[step.order] = _spread(self._step(step, parts), (stop - start,))
            yield start, stop, found

    def _laid(self, operand: Node, node: Node) -> Callable[[int, int], Bundle]:
        """What gives the elements of an operand in a row; one number stands for all."""
        known = self._known[operand.order]
        if _size(operand) == _size(node):
            cut: Callable[[int, int], Bundle] = known.cut
            return cut
        if _size(operand) == 1:
            one: Bundle = known.whole().each(lambda ball: ball.reshape(()))
            return lambda start, stop: one
        return _spread(known.whole(), node.shape).cut

    def _step(self, node: Node, operands: Sequence[Bundle]) -> Bundle:
        if node.op is ops.DETACH:
            return Bundle(operands[0].value, self.still)
        if node.op is ops.RESHAPE:
            return operands[0]
        if node.source is not None and node.source[0].name == "where":
            return _chosen(operands)
        live = [any(t is not None for t in bundle.tangents) for bundle in operands]
        slopes = tuple(slopes_of(node, k)[0] if lives else 0 for k, lives in enumerate(live))
        try:
            own = rule(node["symbols"], node["body"], slopes)
        except OutOfReach as reason:
            raise OutOfReach(f"{node.title} is not enclosed at this size") from reason
        values = [bundle.value for bundle in operands]
        rows = [[b.tangents[k] for b in operands] for k in range(len(self.still))]
        value, tangents = own.apply(values, rows)
        return Bundle(value, tuple(tangents))


def _spread(bundle: Bundle, shape: tuple[int, ...]) -> Bundle:
    return bundle.each(lambda ball: ball.moved(lambda v: np.broadcast_to(v, shape)))


def _chosen(operands: Sequence[Bundle]) -> Bundle:
    """Lazy: what is not chosen may be undefined."""
    condition, first, second = operands
    asked = ~np.asarray(eq(condition.value, number(0)))

    def choose(a: ArrayBall | None, b: ArrayBall | None) -> ArrayBall | None:
        if a is None and b is None:
            return None
        left, right = (exactly(0) if x is None else x for x in (a, b))
        return select(asked, left, right)

    value = choose(first.value, second.value)
    assert value is not None
    pairs = zip(first.tangents, second.tangents, strict=True)
    return Bundle(value, tuple(choose(a, b) for a, b in pairs))
