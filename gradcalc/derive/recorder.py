"""The recording backend: the program in some arithmetic, and the graph of what it did."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from gradcalc.calculus import Variant, named_arguments, named_definition, spelled, usual_case
from gradcalc.derive import trace
from gradcalc.derive.modes import swept
from gradcalc.derive.trace import Call, Note, Observation, Question
from gradcalc.errors import Span
from gradcalc.expr import ops
from gradcalc.expr.floats import Floats
from gradcalc.expr.nodes import Forms, Node, ancestry
from gradcalc.expr.protocols import Arithmetic
from gradcalc.lang.backend import LARGEST, round_to
from gradcalc.lang.evaluate import by_definition
from gradcalc.lang.program import Budget, Stop
from gradcalc.primitives import BY_NAME, Composite, Elementwise, Primitive, Structural


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Traced:
    """A tensor of the recording backend: its node, and what it is in this run."""

    node: Node
    value: Any
    active: bool
    mask: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.node.shape

    @property
    def ndim(self) -> int:
        return self.node.ndim

    @property
    def size(self) -> int:
        return int(self.value.size)


class Recorder:
    """Runs operations and notes them down, each distinct one once.

    One that does not `keep` lets the values go that nobody needs any longer. `replay` are the
    values that `detach` gave in an earlier run, by where and for which time: around a point,
    detached values stay what they were at the point.
    """

    def __init__(
        self,
        dtype: str,
        arithmetic: Arithmetic | None = None,
        *,
        keep: bool = True,
        replay: Mapping[Any, Any] | None = None,
    ) -> None:
        self.dtype = dtype
        self.arithmetic = arithmetic or Floats()
        self.forms = Forms(named_definition, ops.MAP)
        self.place: Span | None = None
        self.inside: str | None = None
        self.maker: str | None = None
        self.nodes: list[Node] = []
        self.notes: list[Note] = []
        self.observations: list[Observation] = []
        self.detached: dict[Any, int] = {}
        self.conventions: dict[int, Stop] = {}
        self.calls: list[Call] = []
        self._replay = replay or {}
        self._met: Counter[Any] = Counter()
        self._known: MutableMapping[int, Traced] = {} if keep else WeakValueDictionary()
        self._squares: dict[int, Traced] = {}

    @property
    def values(self) -> list[Any]:
        """What the nodes are in this run, as far as they are kept."""
        known = (self._known.get(node.order) for node in self.nodes)
        return [traced.value for traced in known if traced is not None]

    # -- what a row's form needs -------------------------------------------------------

    def __call__(self, op: ops.Op, *operands: Traced, **static: Any) -> Traced:
        node = self.forms(op, *[operand.node for operand in operands], **static)
        mask = bool(operands) and op.moves and all(operand.mask for operand in operands)
        values = [operand.value for operand in operands]
        return self._noted(
            node, operands, lambda: op.array(self.arithmetic, *values, **static), mask
        )

    def scalar(self, name: str, *operands: Traced) -> Traced:
        """An elementwise primitive of tensors, by its name."""
        row = BY_NAME[name]
        assert isinstance(row, Elementwise)
        return self.elementwise(row, (), operands)

    def literal(self, array: Any) -> Traced:
        """Fixed numbers, as they are."""
        values = np.asarray(array, dtype=np.float64)
        node = self.forms(ops.LITERAL, data=ops.Data.of(values))
        return self._noted(node, (), lambda: self.arithmetic.asarray(values))

    def exact(self, number: Any) -> Traced:
        """A fixed number that need not be a float, as sympy has it."""
        node = self.forms.map((), number, None, [])
        return self._noted(node, (), lambda: self.arithmetic.map((), number, ()))

    def value(self, x: Traced, *, checked: bool = False) -> Any:
        """What a tensor is in this run, in floats, for what is decided by it, or only `checked`."""
        return self._observed(x, trace.numbers, checked).array

    def zeros(self, x: Traced) -> Any:
        """Where a tensor is 0 in this run."""
        return self._observed(x, trace.zeros).array

    def positions(self, x: Traced, name: str, axis: int, **static: Any) -> Any:
        """Where elements stand: `order` or `argmax` along a dimension, as the arithmetic has it."""
        return self._observed(x, trace.positions(name, axis, **static)).array

    def truth(self, x: Traced) -> bool:
        """Whether a tensor of one element is true in this run."""
        return bool(self._observed(self._condition(x), trace.truth))

    def _observed(self, x: Traced, question: Question, checked: bool = False) -> Any:
        seen = question(self.arithmetic, x.value)
        inside = self.inside or self.maker
        self.observations.append(Observation(x.node.order, question, seen, inside, checked))
        return seen

    # -- what the backend needs --------------------------------------------------------

    def elementwise(
        self, row: Elementwise, variant: Variant, operands: tuple[Traced, ...]
    ) -> Traced:
        """A primitive of every element."""
        if row.name == "where":
            operands = (self._condition(operands[0]), *operands[1:])
        elif row.boolean and row.kinks is None:
            operands = tuple(map(self._condition, operands))
        if (found := self._unrooted(row, operands)) is not None:
            return found
        if row.usual is not None:
            (x,) = operands
            row = usual_case(row) if self._observed(x, trace.usual(row, variant)) else row
        symbols, body = spelled(row, variant)
        node = self.forms.map(symbols, body, (row, variant), [o.node for o in operands])
        values = [operand.value for operand in operands]

        def compute() -> Any:
            result = self.arithmetic.map(symbols, body, values)
            return result if np.shape(result) == node.shape else np.broadcast_to(result, node.shape)

        made = self._noted(node, operands, compute, row.boolean)
        if row.name == "sqrt" and self.inside == "norm":
            self._squares[node.order] = operands[0]
        return made

    def _unrooted(self, row: Elementwise, operands: tuple[Traced, ...]) -> Traced | None:
        """An even power of a norm that is 0 as one of its square, which is smooth there."""
        x, power = operands[0], 0.0
        if row.name == "square" or (row.name == "mul" and x.node is operands[1].node):
            power = 2.0
        elif row.name == "pow" and not operands[1].active and not operands[1].shape:
            power = float(self.arithmetic.floats(operands[1].value))
        found = self._squares.get(x.node.order)
        if found is None or power < 2 or power % 2 or found.shape != x.shape:
            return None
        if not self._observed(x, trace.vanishing):
            return None
        return found if power == 2 else self.scalar("pow", found, self.literal(power / 2))

    def _condition(self, x: Traced) -> Traced:
        """A number that is asked for its truth, as the comparison with zero that this is."""
        if x.mask or not x.active:
            return x
        return self.scalar("ne", x, self.literal(0.0))

    def input(self, name: str, value: Any, active: bool) -> Traced:
        """An input of the program."""
        node = self.forms(ops.VAR, name=name, shape=np.shape(value))
        return self._noted(node, (), lambda: value, active=active)

    def variable(self, x: Traced) -> Traced:
        """The same values as a node that nothing else is, which the program differentiates by."""
        return replace(self(ops.SAME, x, key=len(self.nodes)), active=True)

    def node_of(self, node: Node) -> Traced:
        """What a node is in this run."""
        return self._known[node.order]

    def detach(self, x: Traced, name: str | None, by: str | None = None) -> Traced:
        """The same values, which pass no gradient back; where none could it is left as it is.

        What a primitive does so `by` convention is noted, be it in its definition.
        """
        if _is_held(x.node):
            return x
        node = self.forms(ops.DETACH, x.node, name=name)
        where = (name, self.place, x.shape)
        key = (*where, self._met[where])
        self._met[where] += 1
        self.detached[key] = node.order
        by = by or self.inside
        if by is not None and x.active and self.place is not None:
            self.conventions[node.order] = Stop("convention", by, self.place)
        return self._noted(node, (x,), lambda: self._replay.get(key, x.value), active=False)

    def drawn(self, x: Traced) -> Traced:
        """Random numbers as values that a formula may call by their name."""
        node = self.forms(ops.DETACH, x.node, name=None)
        return self._noted(node, (x,), lambda: x.value, active=False)

    def _noted(
        self,
        node: Node,
        operands: tuple[Traced, ...],
        compute: Callable[[], Any],
        mask: bool = False,
        active: bool | None = None,
    ) -> Traced:
        known = self._known.get(node.order)
        if known is not None:
            return known
        with np.errstate(all="ignore"):
            value = compute()
        if not isinstance(value, np.ndarray):
            value = self.arithmetic.asarray(value)
        if value.shape != node.shape:
            raise ValueError(f"{node.title} gives the shape {value.shape}, not {node.shape}")
        flows = any(operand.active for operand in operands) if active is None else active
        if node.order == len(self.nodes):
            self.nodes.append(node)
            self.notes.append(Note(flows, self.place, self.inside, self.maker))
        traced = self._known[node.order] = Traced(node, value, flows, mask)
        return traced


def _is_held(node: Node) -> bool:
    """Whether whatever a node is made of is fixed, or passes no gradient back."""
    left, seen = [node], {node.order}
    while left:
        part = left.pop()
        if part.op is ops.VAR:
            return False
        if part.op is not ops.DETACH:
            left += [operand for operand in part.operands if operand.order not in seen]
            seen |= {operand.order for operand in part.operands}
    return True


class RecordingBackend:
    """Runs a program on numpy arrays and records it. Composites run by their definition."""

    at_hand = False

    def __init__(self, recorder: Recorder, budget: Budget) -> None:
        self.recorder = recorder
        self.budget = budget

    @property
    def precision(self) -> str:
        return self.recorder.dtype

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Traced)

    def constant(self, values: NDArray[np.float64]) -> Any:
        return self.recorder.literal(round_to(values, self.recorder.dtype))

    def shape(self, tensor: Any) -> tuple[int, ...]:
        shape: tuple[int, ...] = tensor.shape
        return shape

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        outermost = self.recorder.inside is None
        result = self._applied(row, arguments, span)
        made = _numbers([result])
        if outermost and made:
            given = _numbers(arguments.values())
            self.recorder.calls.append(Call(row.name, span, given, made))
        return result

    def _applied(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        recorder = self.recorder
        if isinstance(row, Composite):
            return by_definition(row, arguments, self, recorder, span, self.budget)
        if recorder.inside is None:
            recorder.place = span
        if isinstance(row, Structural):
            recorder.maker = row.name
            try:
                return row.form(recorder, **arguments)
            finally:
                recorder.maker = None
        names, variant = named_arguments(row, arguments)
        operands = [
            a if isinstance(a, Traced) else self.constant(np.asarray(float(a)))
            for a in (arguments[name] for name in names)
        ]
        return recorder.elementwise(row, variant, tuple(operands))

    def detach(self, tensor: Any, name: str | None, by: str | None = None) -> Any:
        return self.recorder.detach(tensor, name, by)

    def drawn(self, values: NDArray[np.float64]) -> Any:
        return self.recorder.drawn(self.constant(values))

    def copy(self, tensor: Any) -> Any:
        return tensor

    def carries(self, tensor: Any) -> bool:
        return bool(tensor.active)

    def behind(self, tensor: Any) -> frozenset[str]:
        return frozenset()

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        return np.array(self.recorder.value(tensor), dtype=np.float64)

    def checked(self, tensor: Any) -> NDArray[np.float64]:
        return np.array(self.recorder.value(tensor, checked=True), dtype=np.float64)

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.mask) and bool(tensor.size)

    def truth(self, tensor: Any) -> bool:
        return self.recorder.truth(tensor)

    def variable(self, tensor: Any) -> Any:
        return self.recorder.variable(tensor)

    def gradients(self, output: Any, wrt: Sequence[Any], cotangent: Any) -> list[Any]:
        # imported where it is used: it runs texts of the language on this backend
        from gradcalc.derive.emitting import Emitter

        nodes = ancestry([output.node])
        given = {output.node.order: cotangent}
        leaves = [x.node for x in wrt]
        found = swept(Emitter(self), nodes, given, leaves, self.recorder.node_of)
        return [found.get(leaf.order) for leaf in leaves]

    @property
    def largest(self) -> float:
        return LARGEST[self.recorder.dtype]


def _numbers(values: Iterable[Any]) -> tuple[int, ...]:
    """The numbers of tensors, and of those in lists."""
    lists = (v if isinstance(v, list | tuple) else [v] for v in values)
    return tuple(v.node.order for part in lists for v in part if isinstance(v, Traced))
