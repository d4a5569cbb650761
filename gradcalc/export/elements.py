"""Operations that loops work out element by element, where the elements are needed."""

from collections.abc import Mapping
from typing import Any

from gradcalc.export.indices import Index, dropped, flat, is_whole, plus, times
from gradcalc.export.loops import Loops
from gradcalc.expr import ops
from gradcalc.expr.nodes import Data, Node
from gradcalc.expr.written import ATOM, COMPARISON, PRODUCT, SUM, Text


def _permuted(w: Loops, node: Node, index: Index) -> Text:
    own = [""] * len(index)
    for place, k in enumerate(node["order"]):
        own[k] = index[place]
    return w.element(node.operands[0], own)


def _reshaped(w: Loops, node: Node, index: Index) -> Text:
    (x,) = node.operands
    if x.shape == node.shape:
        return w.element(x, index)
    found = dropped(x.shape, node.shape)
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
        f"({size - 1} - {i})" if k in node["axes"] and not is_whole(i)
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
        places = w.places(x.shape, key)
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
