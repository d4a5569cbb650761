"""A graph as loops over numbers that lie row by row, for languages without arrays of their own.

What only moves elements about, and what is used once, is worked out where it is needed; the rest is
an array or a number with a name.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np

from gradcalc.export.arrays import is_total
from gradcalc.export.expressions import Expressions
from gradcalc.export.syntaxes import Syntax
from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes, numpy_key
from gradcalc.expr.nodes import Data, Node, Shape, ancestry, uses
from gradcalc.expr.scalars import Where, is_indicator, operations
from gradcalc.expr.written import ATOM, COMPARISON, PRODUCT, SUM, Text

Index = Sequence[str]
"""An index of texts, one for each dimension."""

LONG = 100
"""Characters of a number above which it gets a name."""


def plus(*parts: str) -> str:
    """A sum of whole numbers as text, those that are known added up."""
    fixed = sum(int(part) for part in parts if _is_whole(part))
    others = [part for part in parts if not _is_whole(part)]
    if not others:
        return str(fixed)
    text = " + ".join(others)
    return text if not fixed else f"{text} + {fixed}" if fixed > 0 else f"{text} - {-fixed}"


def times(part: str, factor: int) -> str:
    """A whole number times a fixed one."""
    if _is_whole(part):
        return str(int(part) * factor)
    if factor == 1:
        return part
    return f"{part}*{factor}" if part.isidentifier() else f"({part})*{factor}"


def _is_whole(part: str) -> bool:
    return part.lstrip("-").isdigit()


def flat(index: Index, shape: Shape) -> str:
    """The place of an element."""
    steps = [math.prod(shape[k + 1 :]) for k in range(len(shape))]
    return plus(*(times(i, step) for i, step in zip(index, steps, strict=True)), "0")


class Loops:
    """Writes the nodes of a plan as statements. `lines` are they, each with how deep it stands."""

    def __init__(self, syntax: Syntax, names: Mapping[str, str], taken: set[str]) -> None:
        self.syntax = syntax
        self.lines: list[tuple[int, str]] = []
        self.tables: list[str] = []
        self._names = names
        self._taken = {*taken, *names.values()}
        self._arrays: dict[int, str] = {}
        self._scalars: dict[int, Text] = {}
        self._depth = 0
        self._numbers = count(1)
        self._loops = count(1)
        self._uses: Mapping[int, int] = {}
        self._fixed: dict[Any, str] = {}

    # -- statements ------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """A statement."""
        self.lines.append((self._depth, text))

    def fresh(self, letter: str = "t") -> str:
        """A name that nothing has."""
        numbers = self._loops if letter == "i" else self._numbers
        return next(n for n in (f"{letter}{k}" for k in numbers) if n not in self._taken)

    @contextmanager
    def over(self, shape: Sequence[int]) -> Iterator[list[str]]:
        """Loops over the places of a shape; those of size 1 are none."""
        index, opened = [], 0
        for size in shape:
            if size == 1:
                index.append("0")
                continue
            index.append(self.fresh("i"))
            self.line(self.syntax.loop(index[-1], size))
            self._depth += 1
            opened += 1
        yield index
        for _ in range(opened):
            self._depth -= 1
            if self.syntax.end:
                self.line(self.syntax.end)

    def number(self, value: str) -> str:
        """A new variable."""
        name = self.fresh()
        self.line(self.syntax.number(name, value))
        return name

    def put(self, place: str, value: str, *, add: bool = False) -> None:
        """An assignment."""
        self.line(f"{place} {'+=' if add else '='} {value}{self.syntax.end_of}")

    def new(self, node: Node) -> str:
        """An array of zeros for a node."""
        name = self.fresh()
        self.line(self.syntax.array(name, max(math.prod(node.shape), 1)))
        self._arrays[node.order] = name
        return name

    def table(self, items: Sequence[Any], *, whole: bool) -> str:
        """Fixed numbers with a name."""
        key = (tuple(items), whole)
        if key not in self._fixed:
            name = self.fresh()
            texts = [str(int(i)) if whole else self.syntax.scalars.number(i).text for i in items]
            self.line(self.syntax.table(name, texts, whole))
            self._fixed[key] = name
        return self._fixed[key]

    # -- elements --------------------------------------------------------------------------------

    def array(self, node: Node) -> str:
        """A node as an array with a name."""
        if node.order not in self._arrays:
            name = self.new(node)
            with self.over(node.shape) as index:
                value = self._inline(node, index).text
                self.put(self.syntax.at(name, flat(index, node.shape)), value)
        return self._arrays[node.order]

    def element(self, node: Node, index: Index) -> Text:
        """An element of a node as an expression."""
        if node.order in self._scalars:
            return self._scalars[node.order]
        if node.order in self._arrays:
            return Text(self.syntax.at(self._arrays[node.order], flat(index, node.shape)))
        return self._inline(node, index)

    def aligned(self, node: Node, index: Index) -> Text:
        """An element of a node that is broadcast to more dimensions."""
        own = index[len(index) - node.ndim :]
        return self.element(
            node, ["0" if size == 1 else i for i, size in zip(own, node.shape, strict=True)]
        )

    def _inline(self, node: Node, index: Index) -> Text:
        if node.op is ops.VAR:
            name = self._names[node["name"]]
            return Text(self.syntax.at(name, flat(index, node.shape)) if node.shape else name)
        if node.op is ops.LITERAL:
            return self._literal(node, index)
        if node.op is ops.MAP:
            return self._map(node, index)
        if node.op is ops.CHAIN:
            return self._chain(node, index)
        rule = INLINE.get(node.op)
        assert rule is not None, node.op.name
        return rule(self, node, index)  # type: ignore[no-any-return]

    def _literal(self, node: Node, index: Index) -> Text:
        values = node["data"].array
        first = values.flat[0] if values.size else 0.0
        if (values == first).all():
            return self.syntax.scalars.number(first)
        return Text(self.syntax.at(self._arrays[node.order], flat(index, node.shape)))

    def _map(self, node: Node, index: Index) -> Text:
        return self.expression(node, node.operands, node["body"], index)

    def expression(self, node: Node, operands: Sequence[Node], body: Any, index: Index) -> Text:
        """A scalar expression of a node's symbols; what is in it several times gets a name."""
        env = dict(zip(node["symbols"], operands, strict=True))
        often = _often(body)
        known: dict[Any, Text] = {}

        def kept(part: Any, write: Callable[[], Text]) -> Text:
            if part in known:
                return known[part]
            text = write()
            if part in often:
                text = known[part] = Text(self.number(text.text))
            return text

        return Expressions(
            self.syntax.scalars, lambda symbol: self.aligned(env[symbol], index), kept
        )(body)

    def _chain(self, node: Node, index: Index) -> Text:
        factor, *operands = node.operands
        g = self.aligned(factor, index)
        slope = self.expression(node, operands, node["body"], index)
        product = Text(f"{g.within(PRODUCT)}*{slope.within(ATOM)}", PRODUCT)
        if is_total(node["body"]):
            return product
        scalars = self.syntax.scalars
        zero = scalars.number(0.0)
        return scalars.choice(Text(f"{g.within(PRODUCT)} == {zero.text}", COMPARISON), zero, product)

    # -- nodes -----------------------------------------------------------------------------------

    def write(self, roots: Sequence[Node], more: Sequence[Node] = ()) -> None:
        """All nodes that the roots are made of, in order, and those of more that are looked at."""
        nodes = ancestry([*roots, *more])
        held = {root.order for root in roots}
        self._uses = uses(nodes)
        for node in nodes:
            self._write(node, node.order in held)

    def _write(self, node: Node, is_root: bool) -> None:
        if node.op is ops.VAR:
            if node.shape:
                self._arrays[node.order] = self._names[node["name"]]
            return
        if node.op is ops.LITERAL:
            values = node["data"].array
            if values.size and not (values == values.flat[0]).all():
                self._arrays[node.order] = self.table(values.reshape(-1).tolist(), whole=False)
            return
        heavy = node.op not in INLINE and node.op not in (ops.MAP, ops.CHAIN)
        for operand in node.operands:
            more = math.prod(node.shape) > math.prod(operand.shape)
            spread = node.op in (ops.OUTER, ops.MATMUL) or more
            if _is_work(operand) and (spread or (heavy and node.op not in REDUCTIONS)):
                self._keep(operand)
        if heavy:
            rule = STATEMENTS.get(node.op)
            if rule is None:
                raise self.syntax.scalars.lacks(node.op.name.replace("_", " "))
            rule(self, node)
        elif node.op is ops.RESHAPE or node.op is ops.INDEX:
            self._prepare(node)
        if is_root or (self._uses.get(node.order, 0) > 1 and _is_work(node)):
            self._keep(node)

    def _keep(self, node: Node) -> None:
        """A node under a name: a number by itself, others as arrays."""
        if node.order in self._arrays or node.order in self._scalars:
            return
        if node.shape:
            self.array(node)
        else:
            self._scalars[node.order] = Text(self.number(self._inline(node, ()).text))

    def _prepare(self, node: Node) -> None:
        """What has to be an array before there are loops."""
        (x,) = node.operands
        if node.op is ops.RESHAPE:
            simple = _dropped(x.shape, node.shape) is not None or x.shape == node.shape
            if not simple and x.order not in self._arrays:
                self._keep(x) if x.shape else None
        elif any(isinstance(part, Data) for part in node["key"]):
            self.array(x)
            self._places(x.shape, node["key"])

    def _places(self, shape: Shape, key: Any) -> str:
        """Where the elements at an index lie."""
        places = np.arange(math.prod(shape)).reshape(shape)[numpy_key(key)]
        return self.table(places.reshape(-1).tolist(), whole=True)

    def stored(self, node: Node, value: str) -> None:
        """A number under its name."""
        self._scalars[node.order] = Text(value)


def _often(body: Any) -> frozenset[Any]:
    """The parts of an expression that are worked out several times, outside of choices."""
    times_of: dict[Any, int] = {}

    def visit(part: Any) -> None:
        times_of[part] = times_of.get(part, 0) + 1
        if times_of[part] == 1 and not isinstance(part, Where):
            if part.is_Mul and any(is_indicator(factor) for factor in part.args):
                return
            for arg in part.args:
                visit(arg)

    visit(body)
    return frozenset(
        part
        for part, often in times_of.items()
        if often > 1 and part.free_symbols and not part.is_Boolean
        and (part.is_Function or operations(part) > 1)
    )


def _is_work(node: Node) -> bool:
    """Whether an element of a node takes work, and not only a look."""
    if node.op in (ops.MAP, ops.CHAIN):
        return operations(node["body"]) > 0 or node.op is ops.CHAIN
    if node.op in INLINE:
        return any(map(_is_work, node.operands)) or node.op is ops.OUTER
    return False


def _dropped(old: Shape, new: Shape) -> tuple[bool, Shape] | None:
    """Whether dimensions of size 1 were put in, and where, or taken out."""
    axes = inserted_axes(old, new)
    if axes is not None:
        return True, axes
    axes = inserted_axes(new, old)
    return None if axes is None else (False, axes)


# -- elements that are worked out where they are needed -------------------------------------------


def _permuted(w: Loops, node: Node, index: Index) -> Text:
    own = [""] * len(index)
    for place, k in enumerate(node["order"]):
        own[k] = index[place]
    return w.element(node.operands[0], own)


def _reshaped(w: Loops, node: Node, index: Index) -> Text:
    (x,) = node.operands
    if x.shape == node.shape:
        return w.element(x, index)
    found = _dropped(x.shape, node.shape)
    if found is None:
        if not x.shape:
            return w.element(x, ())
        return Text(w.syntax.at(w.array(x), flat(index, node.shape)))
    inserted, axes = found
    if inserted:
        return w.element(x, [i for k, i in enumerate(index) if k not in axes])
    left = iter(index)
    return w.element(x, ["0" if k in axes else next(left) for k in range(x.ndim)])


def _flipped(w: Loops, node: Node, index: Index) -> Text:
    own = [
        f"({size - 1} - {i})" if k in node["axes"] and not _is_whole(i)
        else str(size - 1 - int(i)) if k in node["axes"] else i
        for k, (i, size) in enumerate(zip(index, node.shape, strict=True))
    ]  # fmt: skip
    return w.element(node.operands[0], own)


def _rolled(w: Loops, node: Node, index: Index) -> Text:
    own = list(index)
    for shift, axis in zip(node["shifts"], node["axes"], strict=True):
        size = node.shape[axis]
        own[axis] = f"({plus(own[axis], str(-shift % size))})%{size}"
    return w.element(node.operands[0], own)


def _indexed(w: Loops, node: Node, index: Index) -> Text:
    (x,) = node.operands
    key = node["key"]
    if any(isinstance(part, Data) for part in key):
        places = w._places(x.shape, key)
        place = w.syntax.at(places, flat(index, node.shape))
        return Text(w.syntax.at(w.array(x), place))
    left = iter(index)
    own = []
    for part in key:
        if isinstance(part, int):
            own.append(str(part))
        else:
            start, _, step = part
            own.append(plus(times(next(left), step), str(start)) if step > 0
                       else f"({start} - {times(next(left), -step)})")  # fmt: skip
    return w.element(x, [*own, *left])


def _on_diagonal(w: Loops, node: Node, index: Index) -> Text:
    offset, first, second = node["offset"], node["dim1"], node["dim2"]
    *rest, last = index
    left = iter(rest)
    own = []
    for k in range(node.operands[0].ndim):
        if k == first:
            own.append(plus(last, str(max(-offset, 0))))
        elif k == second:
            own.append(plus(last, str(max(offset, 0))))
        else:
            own.append(next(left))
    return w.element(node.operands[0], own)


def _triangle(sign: str) -> Any:
    def rule(w: Loops, node: Node, index: Index) -> Text:
        row, column = index[-2:]
        condition = Text(f"{column} {sign} {plus(row, str(node['diagonal']))}", COMPARISON)
        value = w.element(node.operands[0], index)
        return w.syntax.scalars.choice(condition, value, w.syntax.scalars.number(0.0))

    return rule


def _eye(w: Loops, node: Node, index: Index) -> Text:
    one, zero = w.syntax.scalars.number(1.0), w.syntax.scalars.number(0.0)
    row, column = index
    return w.syntax.scalars.choice(Text(f"{row} == {column}", COMPARISON), one, zero)


def _outer(w: Loops, node: Node, index: Index) -> Text:
    x, y = node.operands
    left, right = w.element(x, index[:1]), w.element(y, index[1:])
    return Text(f"{left.within(PRODUCT)}*{right.within(ATOM)}", PRODUCT)


def _one_hot(w: Loops, node: Node, index: Index) -> Text:
    axis = node["axis"]
    x = w.element(node.operands[0], [i for k, i in enumerate(index) if k != axis])
    one, zero = w.syntax.scalars.number(1.0), w.syntax.scalars.number(0.0)
    # of numbers a little beside whole ones
    half = w.syntax.scalars.called("floor", Text(f"{x.within(SUM)} + 0.5", SUM))
    return w.syntax.scalars.choice(Text(f"{half.text} == {index[axis]}", COMPARISON), one, zero)


INLINE: Mapping[ops.Op, Any] = {
    ops.DETACH: lambda w, n, i: w.element(n.operands[0], i),
    ops.SAME: lambda w, n, i: w.element(n.operands[0], i),
    ops.BROADCAST: lambda w, n, i: w.aligned(n.operands[0], i),
    ops.PERMUTE: _permuted, ops.RESHAPE: _reshaped, ops.FLIP: _flipped, ops.ROLL: _rolled,
    ops.INDEX: _indexed, ops.DIAGONAL: _on_diagonal, ops.TRIL: _triangle("<="),
    ops.TRIU: _triangle(">="), ops.EYE: _eye, ops.OUTER: _outer, ops.ONE_HOT: _one_hot,
}  # fmt: skip
"""Operations that are worked out element by element."""


# -- statements ----------------------------------------------------------------------------------


@contextmanager
def _along(w: Loops, index: Index, shape: Shape, axes: Sequence[int]) -> Iterator[list[str]]:
    """Loops along some dimensions; the whole index."""
    with w.over([shape[axis] for axis in axes]) as inner:
        left, along = iter(index), dict(zip(axes, inner, strict=True))
        yield [along[k] if k in along else next(left) for k in range(len(shape))]


def _reduced(begin: str, step: Any, end: Any = None) -> Any:
    """A reduction: where it begins, what an element does to it, and what is made of it."""

    def rule(w: Loops, node: Node) -> None:
        (x,) = node.operands
        axes = node["axes"]
        name = w.new(node) if node.shape else ""
        with w.over(node.shape) as index:
            total = w.number(begin if begin[0].isdigit() else w.syntax.scalars.words["inf"]
                             if begin == "inf" else f"-{w.syntax.scalars.words['inf']}")  # fmt: skip
            with _along(w, index, x.shape, axes) as whole:
                step(w, total, w.element(x, whole))
            if end is not None:
                many = math.prod(x.shape[axis] for axis in axes)
                w.put(total, end(w, total, many))
            if node.shape:
                w.put(w.syntax.at(name, flat(index, node.shape)), total)
            else:
                w.stored(node, total)

    return rule


def _best(sign: str) -> Any:
    def step(w: Loops, total: str, value: Text) -> None:
        own = w.number(value.text)
        better = Text(f"{own} {sign} {total}", COMPARISON)
        w.put(total, w.syntax.scalars.choice(better, Text(own), Text(total)).text)

    return step


def _add(w: Loops, total: str, value: Text) -> None:
    w.put(total, value.text, add=True)


def _square(w: Loops, total: str, value: Text) -> None:
    w.put(total, w.syntax.scalars.square(value).text, add=True)


def _multiply(w: Loops, total: str, value: Text) -> None:
    w.put(total, f"{total}*{value.within(ATOM)}")


def _root(w: Loops, total: str, many: int) -> str:
    return w.syntax.scalars.called("sqrt", Text(total)).text


def _scanned(begin: str, sign: str) -> Any:
    """A running sum or product."""

    def rule(w: Loops, node: Node) -> None:
        (x,) = node.operands
        axis = node["axis"]
        name = w.new(node)
        rest = [size for k, size in enumerate(node.shape) if k != axis]
        with w.over(rest) as index:
            total = w.number(begin)
            with _along(w, index, node.shape, [axis]) as whole:
                value = w.element(x, whole)
                w.put(total, f"{total} {sign} {value.within(ATOM)}")
                w.put(w.syntax.at(name, flat(whole, node.shape)), total)

    return rule


def _top(w: Loops, x: Node, index: Index, axes: Sequence[int]) -> str:
    """The largest element along dimensions."""
    top = w.number(f"-{w.syntax.scalars.words['inf']}")
    with _along(w, index, x.shape, axes) as whole:
        _best(">")(w, top, w.element(x, whole))
    return top


def _exponential_sum(w: Loops, x: Node, index: Index, axes: Sequence[int], top: str) -> str:
    total = w.number("0.0")
    with _along(w, index, x.shape, axes) as whole:
        value = Text(f"{w.element(x, whole).within(SUM)} - {top}", SUM)
        w.put(total, w.syntax.scalars.called("exp", value).text, add=True)
    return total


def _logsumexp(w: Loops, node: Node) -> None:
    (x,) = node.operands
    name = w.new(node) if node.shape else ""
    with w.over(node.shape) as index:
        top = _top(w, x, index, node["axes"])
        total = _exponential_sum(w, x, index, node["axes"], top)
        value = f"{top} + {w.syntax.scalars.called('log', Text(total)).text}"
        if node.shape:
            w.put(w.syntax.at(name, flat(index, node.shape)), value)
        else:
            w.stored(node, w.number(value))


def _softmax(w: Loops, node: Node) -> None:
    (x,) = node.operands
    axes = [node["axis"]]
    name = w.new(node)
    with w.over([size for k, size in enumerate(x.shape) if k not in axes]) as index:
        top = _top(w, x, index, axes)
        total = _exponential_sum(w, x, index, axes, top)
        with _along(w, index, x.shape, axes) as whole:
            value = Text(f"{w.element(x, whole).within(SUM)} - {top}", SUM)
            share = f"{w.syntax.scalars.called('exp', value).text}/{total}"
            w.put(w.syntax.at(name, flat(whole, x.shape)), share)


def _peaks(sign: str) -> Any:
    def rule(w: Loops, node: Node) -> None:
        (x,) = node.operands
        axes = node["axes"]
        name = w.new(node)
        one, zero = w.syntax.scalars.number(1.0), w.syntax.scalars.number(0.0)
        inf = w.syntax.scalars.words["inf"]
        with w.over([size for k, size in enumerate(x.shape) if k not in axes]) as index:
            best = w.number(f"-{inf}" if sign == ">" else inf)
            with _along(w, index, x.shape, axes) as whole:
                _best(sign)(w, best, w.element(x, whole))
            many = w.number("0.0")
            with _along(w, index, x.shape, axes) as whole:
                same = Text(f"{w.element(x, whole).within(SUM)} == {best}", COMPARISON)
                w.put(many, w.syntax.scalars.choice(same, one, zero).text, add=True)
            with _along(w, index, x.shape, axes) as whole:
                same = Text(f"{w.element(x, whole).within(SUM)} == {best}", COMPARISON)
                share = Text(f"{one.text}/{many}", PRODUCT)
                value = w.syntax.scalars.choice(same, share, zero).text
                w.put(w.syntax.at(name, flat(whole, x.shape)), value)

    return rule


def _matmul(w: Loops, node: Node) -> None:
    x, y = node.operands
    name = w.new(node) if node.shape else ""
    with w.over(node.shape) as index:
        free = list(index)
        column = [free.pop()] if y.ndim > 1 else []
        row = [free.pop()] if x.ndim > 1 else []
        total = w.number("0.0")
        with w.over([x.shape[-1]]) as (inner,):
            left = w.element(x, [*_front(free, x), *row, inner])
            right = w.element(y, [*_front(free, y), inner, *column])
            w.put(total, f"{left.within(PRODUCT)}*{right.within(ATOM)}", add=True)
        if node.shape:
            w.put(w.syntax.at(name, flat(index, node.shape)), total)
        else:
            w.stored(node, total)


def _front(free: Sequence[str], x: Node) -> list[str]:
    sizes = x.shape[:-2]
    own = free[len(free) - len(sizes) :] if sizes else []
    return ["0" if size == 1 else i for i, size in zip(own, sizes, strict=True)]


def _scattered(w: Loops, node: Node) -> None:
    (g,) = node.operands
    key, shape = node["key"], node.shape
    if any(isinstance(part, Data) for part in key):
        places = w._places(shape, key)
        name = w.new(node)
        with w.over(g.shape) as index:
            place = w.syntax.at(places, flat(index, g.shape))
            w.put(w.syntax.at(name, place), w.element(g, index).text, add=True)
        return
    name = w.new(node)
    with w.over(g.shape) as index:
        left = iter(index)
        own = [
            str(part) if isinstance(part, int)
            else plus(times(next(left), part[2]), str(part[0])) if part[2] > 0
            else f"({part[0]} - {times(next(left), -part[2])})"
            for part in key
        ]  # fmt: skip
        place = flat([*own, *left], shape)
        w.put(w.syntax.at(name, place), w.element(g, index).text)


def _joined(w: Loops, node: Node) -> None:
    axis, start = node["axis"], 0
    name = w.new(node)
    for part in node.operands:
        with w.over(part.shape) as index:
            whole = list(index)
            if node.op is ops.STACK:
                whole.insert(axis, str(start))
            else:
                whole[axis] = plus(whole[axis], str(start))
            value = w.element(part, index).text
            w.put(w.syntax.at(name, flat(whole, node.shape)), value)
        start += 1 if node.op is ops.STACK else part.shape[axis]


def _embedded(w: Loops, node: Node) -> None:
    (g,) = node.operands
    offset, first, second = node["offset"], node["dim1"], node["dim2"]
    name = w.new(node)
    with w.over(g.shape) as index:
        *rest, last = index
        left = iter(rest)
        whole = [
            plus(last, str(max(-offset, 0))) if k == first
            else plus(last, str(max(offset, 0))) if k == second else next(left)
            for k in range(node.ndim)
        ]  # fmt: skip
        w.put(w.syntax.at(name, flat(whole, node.shape)), w.element(g, index).text)


def _trace(w: Loops, node: Node) -> None:
    (x,) = node.operands
    total = w.number("0.0")
    with w.over([min(x.shape)]) as (i,):
        w.put(total, w.element(x, [i, i]).text, add=True)
    w.stored(node, total)


def _called(name: str) -> Any:
    """A function of one matrix, or of a matrix and right-hand sides, that stands in front."""

    def rule(w: Loops, node: Node) -> None:
        if node.operands[0].ndim != 2:
            raise w.syntax.scalars.lacks(f"{node.op.name} of several matrices at once")
        given = [w.array(x) for x in node.operands]
        sizes = [str(node.operands[0].shape[0])]
        if len(given) > 1:
            columns = node.operands[1].shape[1:]
            sizes.append(str(math.prod(columns)))
        result = w.new(node)
        w.line(w.syntax.call(name, result, [*given, *sizes]))
        if not node.shape:
            w.stored(node, w.syntax.at(result, "0"))

    return rule


def _ordered(kind: str) -> Any:
    """What is in the order of the elements of an array, or goes back to where they come from."""

    def rule(w: Loops, node: Node) -> None:
        *others, x = node.operands
        given = others[0] if others else x
        axis, falling = node["axis"], node["descending"]
        if w.syntax.name == "Julia":
            raise w.syntax.scalars.lacks("sort")
        source, name = w.array(x), w.new(node)
        size, step = x.shape[axis], math.prod(x.shape[axis + 1 :])
        with w.over([n for k, n in enumerate(x.shape) if k != axis]) as index:
            whole = list(index)
            whole.insert(axis, "0")
            first = flat(whole, x.shape)
            places = w.fresh()
            if w.syntax.name == "C":
                w.line(f"int {places}[{size}];")
                w.line(f"ordering({places}, {source} + {first}, {size}, {step}, {int(falling)});")
            else:
                w.line(f"{places} = ordering({source}[{first}:], {size}, {step}, {falling})")
            with w.over([size]) as (i,):
                moved = w.syntax.at(places, i)
                there, here = list(whole), list(whole)
                there[axis], here[axis] = moved, i
                if kind == "back":
                    here, there = there, here
                value = w.element(given, there).text
                w.put(w.syntax.at(name, flat(here, x.shape)), value)

    return rule


REDUCTIONS: Mapping[ops.Op, Any] = {
    ops.SUM: _reduced("0.0", _add), ops.PROD: _reduced("1.0", _multiply),
    ops.MEAN: _reduced("0.0", _add, lambda w, t, n: f"{t}/{w.syntax.scalars.number(n).text}"),
    ops.NORM: _reduced("0.0", _square, _root),
    ops.AMAX: _reduced("-inf", _best(">")), ops.AMIN: _reduced("inf", _best("<")),
}  # fmt: skip
"""Operations that look at each element once."""

STATEMENTS: Mapping[ops.Op, Any] = {
    **REDUCTIONS,
    ops.CUMSUM: _scanned("0.0", "+"), ops.CUMPROD: _scanned("1.0", "*"),
    ops.LOGSUMEXP: _logsumexp, ops.SOFTMAX: _softmax,
    ops.PEAKS["amax"]: _peaks(">"), ops.PEAKS["amin"]: _peaks("<"),
    ops.MATMUL: _matmul, ops.SCATTER: _scattered, ops.CONCAT: _joined, ops.STACK: _joined,
    ops.EMBED: _embedded, ops.TRACE: _trace, ops.DET: _called("determinant"),
    ops.LOGDET: _called("log_determinant"), ops.INV: _called("inverse"),
    ops.SOLVE: _called("solve"), ops.CHOLESKY: _called("cholesky"),
    ops.SORT: _ordered("there"), ops.REORDER: _ordered("there"), ops.UNSORT: _ordered("back"),
}  # fmt: skip
"""Operations that are statements of their own."""

KNOWN = (*INLINE, *STATEMENTS)
"""All that loops have."""
