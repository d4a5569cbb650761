"""The tensor-expression language: nodes with shapes, each distinct one made once.

A node is an operation of `gradcalc.expr.ops` on other nodes. Equal nodes are one object, so a
shared part costs nothing however often it is used, and a formula is a graph, not a tree. It begins
with inputs, fixed numbers and detached values; and the functions of elements are operations too.
"""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Static = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """An operation on whole tensors: one row says all there is to know about it.

    All functions get the operands first and what is fixed (dimensions, keys) by name. `shape`
    gives the result's shape from the operands' shapes. `array(m, ...)` computes it on arrays of
    whatever numbers the arithmetic `m` has (`gradcalc.expr.protocols`). `vjp(f, g, y, ...)` gives
    the cotangent of each operand, None where none flows: the builder `f` makes them, `g` is the
    cotangent of the result `y`. `jvp(f, t, y, ...)` gives the tangent of the result from those of
    the operands, `t`, of which some are None where they do not move; instead of a function it says
    in which operands the operation is linear: "all" of them together, "each" by itself, or the
    "first" alone, the others of which pass nothing on. An operation without rules of its own has a
    `form(f, ...)`, the same in other operations, which is differentiated. `text(w, node, ...)`
    writes the operation in gradcalc's language; None where it has no spelling, and `why` says why.
    `moves` says that the operation only moves elements about.
    """

    name: str
    shape: Callable[..., Shape]
    array: Callable[..., Any]
    vjp: Callable[..., Sequence["Node | None"]] | None = None
    text: Callable[..., Any] | None = None
    why: str = ""
    moves: bool = False
    jvp: Callable[..., "Node | None"] | str | None = None
    form: Callable[..., "Node"] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operation on nodes. `order` is a serial number above those of its operands."""

    op: Op
    operands: tuple["Node", ...]
    static: Static
    shape: Shape
    order: int

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def source(self) -> Any | None:
        """The elementwise primitive, and its variant, that a scalar expression is, if it is one."""
        return dict(self.static).get("source")

    @property
    def title(self) -> str:
        """What the operation is called: a primitive by its own name."""
        return self.op.name if self.source is None else str(self.source[0].name)

    def __getitem__(self, name: str) -> Any:
        """What is fixed about the operation, by name."""
        return dict(self.static)[name]


@dataclass(frozen=True, slots=True)
class Data:
    """A numpy array as a value that can be compared and hashed."""

    raw: bytes
    dtype: str
    shape: Shape

    @classmethod
    def of(cls, array: Any) -> "Data":
        """The data of an array."""
        fixed = np.ascontiguousarray(array)
        return cls(fixed.tobytes(), fixed.dtype.str, np.shape(array))

    @property
    def array(self) -> Any:
        """The array, not to be written to."""
        return np.frombuffer(self.raw, dtype=self.dtype).reshape(self.shape)


class Forms:
    """Makes nodes, each distinct one once.

    `definition` gives the operand symbols and the body of an elementwise primitive by its name, and
    the primitive with its variant; `map_op` is the operation that applies a scalar expression to
    every element.
    """

    def __init__(self, definition: Callable[[str], tuple[Any, Any, Any]], map_op: Op) -> None:
        self._known: dict[tuple[Any, ...], Node] = {}
        self._definition = definition
        self._map = map_op

    def __call__(self, op: Op, *operands: Node, **static: Any) -> Node:
        fixed = tuple(sorted(static.items()))
        key = (op, fixed, *[operand.order for operand in operands])
        known = self._known.get(key)
        if known is None:
            shape = op.shape(*[operand.shape for operand in operands], **static)
            known = Node(op, operands, fixed, shape, len(self._known))
            self._known[key] = known
        return known

    def copy(self) -> "Forms":
        """The same nodes, with room for others."""
        forms = Forms(self._definition, self._map)
        forms._known = dict(self._known)
        return forms

    def scalar(self, name: str, *operands: Node) -> Node:
        """An elementwise primitive of nodes, by its name."""
        return self.map(*self._definition(name), operands)

    def map(
        self, symbols: tuple[Any, ...], body: Any, source: Any, operands: Sequence[Node]
    ) -> Node:
        """A scalar expression applied to every element of its operands; see `Node.source`."""
        shape = np.broadcast_shapes(*[operand.shape for operand in operands])
        return self(self._map, *operands, symbols=symbols, body=body, source=source, shape=shape)


def ancestry(roots: Iterable[Node], known: frozenset[int] = frozenset()) -> list[Node]:
    """The nodes that the roots are made of, the roots among them, operands first.

    Those of a `known` order are left out, and what they are made of.
    """
    seen: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.order not in seen and node.order not in known:
            seen[node.order] = node
            stack.extend(node.operands)
    return [seen[order] for order in sorted(seen)]


def uses(nodes: Sequence[Node]) -> Mapping[int, int]:
    """How often each of the nodes is an operand of another one, by order."""
    count = dict.fromkeys((node.order for node in nodes), 0)
    for node in nodes:
        for operand in node.operands:
            if operand.order in count:
                count[operand.order] += 1
    return count


SHOWN_ELEMENTS = 12
"""The largest tensor of fixed numbers that is written out."""


def _no_array(m: Any, *values: Any, **static: Any) -> Any:
    raise AssertionError("a leaf has a value, it is not computed")


def _detached_text(w: Any, node: Node, name: str | None) -> Any:
    (x,) = node.operands
    if name is None or (x.op is VAR and w.stands_undetached(x)):
        return w.call("detach", x)
    return w.atom(name)


def _literal_text(w: Any, node: Node, data: Data) -> Any:
    array = data.array
    if array.ndim == 0 or not array.size or (array == array.flat[0]).all():
        return w.uniform(float(array.flat[0]) if array.size else 0.0, array.shape)
    if array.ndim == 1 and array.size > 2 and (array == np.arange(array.size)).all():
        return w.call("arange", array.size)
    if array.ndim == 2 and (array == np.eye(*array.shape)).all():
        return w.call("eye", *(array.shape if array.shape[0] != array.shape[1] else [len(array)]))
    if array.size > SHOWN_ELEMENTS:
        raise w.unprintable(f"it holds {array.size:,} fixed numbers")
    return w.tensor(node, nested_text(array, w.number))


def nested_text(array: Any, text: Any) -> str:
    """Numbers as nested lists."""
    if array.ndim == 0:
        return str(text(float(array)))
    return f"[{', '.join(nested_text(part, text) for part in array)}]"


def _mapped(
    m: Any, *values: Any, symbols: Sequence[Any], body: Any, shape: Shape, source: Any = None
) -> Any:
    result = m.map(symbols, body, values)
    return result if np.shape(result) == shape else np.broadcast_to(result, shape)


def _chained(
    m: Any, g: Any, *values: Any, symbols: Sequence[Any], body: Any, written: Any, shape: Shape
) -> Any:
    return m.chain(g, symbols, body, values)


VAR = Op(
    "var", lambda name, shape: shape, _no_array, text=lambda w, node, name, shape: w.atom(name)
)
LITERAL = Op("literal", lambda data: data.shape, _no_array, text=_literal_text)
DETACH = Op("detach", lambda x, name: x, lambda m, x, name: x, text=_detached_text)

SAME = Op(
    "same",
    lambda x, key: x,
    lambda m, x, key: x,
    lambda f, g, y, x, key: (g,),
    text=lambda w, node, key: w(node.operands[0]),
    moves=True,
    jvp="all",
)
"""The same numbers as a node of its own, so that it can be told what depends on it."""

MAP = Op("map", lambda *shapes, symbols, body, shape, source=None: shape, _mapped)
"""A scalar expression `body` in `symbols`, one for each operand, broadcast to `shape`.

`source` is the elementwise primitive, and its variant, that it is, if it is one.
"""

CHAIN = Op("chain", lambda *shapes, symbols, body, written, shape: shape, _chained)
"""The chain rule: the first operand times a slope, which may be undefined where that is zero.

`written` is the slope in the form that a formula has.
"""
