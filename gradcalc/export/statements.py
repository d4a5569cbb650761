"""Operations that are statements of their own in loops: sums, products of matrices, factors."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gradcalc.export.elements import INLINE
from gradcalc.export.indices import Index, flat, plus, times
from gradcalc.export.loops import Loops, Rules
from gradcalc.export.syntaxes import Syntax
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Node, Shape
from gradcalc.expr.written import ATOM, COMPARISON, PRODUCT, SUM, Text


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
            total = w.number(begin.replace("inf", w.syntax.scalars.words["inf"]))
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
        places = w.places(shape, key)
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


def loops(syntax: Syntax, names: Mapping[str, str], taken: set[str]) -> Loops:
    """What writes loops of a language."""
    return Loops(syntax, names, taken, Rules(INLINE, STATEMENTS, REDUCTIONS.keys()))
