"""A graph as lines of a language that has arrays: each shared part gets a name once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from gradcalc.errors import LimitError
from gradcalc.export.expressions import Expressions, Scalars
from gradcalc.export.plan import Plan
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node, ancestry
from gradcalc.expr.scalars import Head, is_total, operations
from gradcalc.expr.written import ATOM, PRODUCT, Text

LONG = 72
"""Characters above which a part gets a name although it is there once."""

MOST_FIXED = 1000
"""Fixed numbers that are written out."""

PLAIN = re.compile(r"-?[\w.]+(\.T|\.mT|\[[^\[\]]*\])*")
"""What is no work: names, numbers, transposes and parts of them."""


@dataclass(frozen=True, slots=True)
class Library:
    """How a library of arrays writes a graph.

    `scalars` writes functions of elements, `rows` an operation of whole tensors, given the writer
    and the node. `full` makes an array of a shape with one number, `array` one of given numbers.
    """

    name: str
    scalars: Scalars
    rows: Mapping[ops.Op, Callable[["Lines", Node], "Text | str"]]
    full: Callable[[str, str], str]
    array: Callable[[str], str]
    broadcast: str


@dataclass(frozen=True, slots=True)
class Line:
    """A name and what it stands for."""

    name: str
    text: str


class Lines:
    """Writes the nodes of a plan. Its instances are what a library's rows get as `w`.

    `names` are those of the inputs in the code, `taken` those that nothing else may have, `sizes`
    the texts of what is fixed about nodes and depends on the sizes of inputs: dimensions by node
    and name, whole numbers that stand in literals by node.
    """

    def __init__(
        self,
        library: Library,
        names: Mapping[str, str],
        taken: set[str],
        sizes: Mapping[Any, Any] | None = None,
    ) -> None:
        self.library = library
        self.lines: list[Line] = []
        self._names = names
        self._taken = {*taken, *names.values()}
        self._sizes = sizes or {}
        self._texts: dict[int, Text] = {}
        self._known: dict[Any, Text] = {}
        self._times: dict[Any, int] = {}
        self._numbers = count(1)

    # -- what rows need --------------------------------------------------------------------------

    def __call__(self, node: Node) -> Text:
        """The text of a node that has been written."""
        return self._texts[node.order]

    def tensor(self, node: Node) -> str:
        """A node as what is certainly an array."""
        text = self(node).text
        fixed = node.op is ops.LITERAL or (node.op is ops.MAP and not node.operands)
        return self.library.full("()", text) if fixed and not node.shape else text

    def dims(self, node: Node, name: str) -> list[str]:
        """What is fixed about a node, sizes or a size, as texts."""
        known = self._sizes.get((node.order, name))
        if known is not None:
            return list(known)
        value = node[name]
        return [str(value)] if isinstance(value, int) else [str(size) for size in value]

    def key_sizes(self, node: Node) -> Mapping[int, tuple[str, ...]]:
        """The parts of an index that depend on sizes, as texts by their place."""
        found: Mapping[int, tuple[str, ...]] = self._sizes.get((node.order, "key"), {})
        return found

    def shape(self, node: Node, name: str = "shape") -> str:
        """A shape as a tuple."""
        return tuple_text(self.dims(node, name))

    # -- writing ---------------------------------------------------------------------------------

    def write(self, plan: Plan, roots: Mapping[str, Node]) -> dict[str, Text]:
        """The lines of a plan; what its roots are in the end, by name."""
        nodes = ancestry(roots.values())
        self._count(nodes, list(roots.values()))
        for node in nodes:
            self._texts[node.order] = self._named(node, self._text(node))
        return {name: Text(self.tensor(root)) for name, root in roots.items()}

    def _named(self, node: Node, text: Text) -> Text:
        often = self._times.get(node.order, 0) > 1
        if PLAIN.fullmatch(text.text) or not (often or len(text.text) > LONG):
            return text
        return self._line(text)

    def _line(self, text: Text) -> Text:
        name = next(n for n in (f"t{k}" for k in self._numbers) if n not in self._taken)
        self.lines.append(Line(name, text.text))
        return Text(name)

    def _text(self, node: Node) -> Text:
        if node.op is ops.VAR:
            return Text(self._names[node["name"]])
        if node.op is ops.LITERAL:
            return self._literal(node)
        if node.op in (ops.DETACH, ops.SAME):
            return self(node.operands[0])
        if node.op is ops.MAP:
            return self._map(node)
        if node.op is ops.CHAIN:
            return self._chain(node)
        row = self.library.rows.get(node.op)
        if row is None:
            raise self.library.scalars.lacks(node.op.name.replace("_", " "))
        found = row(self, node)
        return found if isinstance(found, Text) else Text(found)

    def _literal(self, node: Node) -> Text:
        array, library = node["data"].array, self.library
        whole = self._sizes.get((node.order, "value"))
        shape = self.shape_of(node)
        if array.size and (array == array.flat[0]).all():
            number = Text(whole, PRODUCT) if whole else library.scalars.number(array.flat[0])
            return number if not array.shape else Text(library.full(shape, number.text))
        if not array.size:
            return Text(library.full(shape, "0"))
        if array.ndim == 2 and array.shape[0] == array.shape[1] and _is_eye(array):
            return Text(self.eye(self._sizes.get((node.order, "shape"), [str(len(array))])[0]))
        if array.size > MOST_FIXED:
            raise LimitError(
                f"the code would hold {array.size:,} fixed numbers; the limit is {MOST_FIXED:,}",
                hint="give them as an input of the program",
            )
        return Text(library.array(numbers_text(array, lambda x: library.scalars.number(x).text)))

    def eye(self, size: str) -> str:
        """The unit matrix of a size."""
        return self.library.rows[ops.EYE](self, size)  # type: ignore[arg-type, return-value]

    def condition(self, body: Any, env: Mapping[Any, Node]) -> str:
        """A condition on nodes that have been written."""
        return self._expression(body, env).text

    def shape_of(self, node: Node) -> str:
        """The shape that a node has."""
        known = self._sizes.get((node.order, "shape"))
        return tuple_text(known if known is not None else [str(size) for size in node.shape])

    def _map(self, node: Node) -> Text:
        body, symbols = node["body"], node["symbols"]
        env = dict(zip(symbols, node.operands, strict=True))
        text = self._expression(body, env)
        natural = np.broadcast_shapes(*[env[s].shape for s in body.free_symbols if s in env])
        if natural == node.shape:
            return text
        if body.is_number:
            return Text(self.library.full(self.shape_of(node), text.text))
        given = f"{self.library.full('()', text.text)}" if not env else text.text
        return Text(f"{self.library.broadcast}({given}, {self.shape_of(node)})")

    def _chain(self, node: Node) -> Text:
        factor, *operands = node.operands
        env = dict(zip(node["symbols"], operands, strict=True))
        slope, g = self._expression(node["body"], env), self(factor)
        product = Text(f"{g.within(PRODUCT)}*{slope.within(ATOM)}", PRODUCT)
        known = factor["data"].array if factor.op is ops.LITERAL else None
        if known is not None and (known == 1).all() and slope_shape(env) == node.shape:
            return slope
        if is_total(node["body"]) or (known is not None and known.all()):
            return product
        # a slope that is not defined does not matter where nothing asks for it
        scalars = self.library.scalars
        zero = scalars.number(0.0)
        return scalars.choice(Text(f"{g.within(PRODUCT)} == 0"), zero, product)

    def _expression(self, body: Any, env: Mapping[Any, Node]) -> Text:
        def symbol(name: Any) -> Text:
            return self(env[name]) if name in env else Text(str(name))

        def kept(part: Any, write: Callable[[], Text]) -> Text:
            key = part_key(part, env)
            known = self._known.get(key)
            if known is not None:
                return known
            text = write()
            if self._times.get(key, 0) > 1 and is_worth(part) and not PLAIN.fullmatch(text.text):
                text = self._known[key] = self._line(text)
            return text

        return Expressions(self.library.scalars, symbol, kept)(body)

    # -- counting --------------------------------------------------------------------------------

    def _count(self, nodes: Sequence[Node], roots: Sequence[Node]) -> None:
        """How often nodes and parts of expressions are used."""
        times = self._times

        def add(key: Any) -> bool:
            times[key] = times.get(key, 0) + 1
            return bool(times[key] == 1)

        def visit(part: Any, env: Mapping[Any, Node]) -> None:
            if part in env:
                add(env[part].order)
            elif part.args and add(part_key(part, env)):
                twice = (
                    isinstance(part, Head) and part.spelled not in self.library.scalars.functions
                )
                for arg in (*part.args, *(part.args if twice else ())):
                    visit(arg, env)

        for root in roots:
            add(root.order)
        for node in nodes:
            if node.op in (ops.MAP, ops.CHAIN):
                factors = len(node.operands) - len(node["symbols"])
                for operand in node.operands[:factors]:
                    add(operand.order)
                env = dict(zip(node["symbols"], node.operands[factors:], strict=True))
                visit(node["body"], env)
            else:
                for operand in node.operands:
                    add(operand.order)


def part_key(part: Any, env: Mapping[Any, Node]) -> Any:
    """What a part of an expression is, whatever its symbols are called."""
    names = sorted((s for s in part.free_symbols if s in env), key=str)
    return part, tuple(env[name].order for name in names)


def is_worth(part: Any) -> bool:
    """Whether a part is more than a number times something."""
    if not part.free_symbols or part.is_Boolean:
        return False
    return (
        part.is_Function
        or part.is_Add
        or operations(part) > 1
        or (part.is_Mul and len(part.free_symbols) > 1)
    )


def slope_shape(env: Mapping[Any, Node]) -> tuple[int, ...]:
    """The shape of an expression of nodes."""
    return tuple(np.broadcast_shapes(*[node.shape for node in env.values()]))


def _is_eye(array: Any) -> bool:
    return bool((array == np.eye(len(array))).all())


def tuple_text(sizes: Sequence[str]) -> str:
    """A tuple as Python writes it."""
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def numbers_text(array: Any, number: Callable[[Any], str]) -> str:
    """Numbers as nested lists."""
    if np.ndim(array) == 0:
        return number(float(array))
    return f"[{', '.join(numbers_text(part, number) for part in array)}]"
