"""What code asserts of its arguments: that a program would go the same way with them."""

from collections.abc import Sequence
from typing import Any

from gradcalc.derive.trace import Positions, numbers, truth
from gradcalc.errors import LimitError
from gradcalc.export.arrays import MOST_FIXED, Lines, numbers_text
from gradcalc.export.indices import flat, plus
from gradcalc.export.loops import Loops
from gradcalc.export.plan import Condition
from gradcalc.export.steering import full_rank
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_indicator
from gradcalc.expr.written import SUM

RANK = '"the matrix has full rank"'
TOLD = '"the program would go another way here"'


def _few(condition: Condition) -> Any:
    """The numbers that are asserted. Raises `LimitError` for too many."""
    array = condition.seen.seen.array
    if array.size > MOST_FIXED:
        raise LimitError(
            f"the program hangs on {array.size:,} numbers, which the code would have to assert;"
            f" the limit is {MOST_FIXED:,}",
            hint="export it with smaller inputs",
        )
    return array


# -- libraries of arrays -------------------------------------------------------------------------


def in_arrays(condition: Condition, w: Lines, text: str) -> str:
    """The line of a condition on what has a text. Raises `LimitError`."""
    node, seen = condition.node, condition.seen
    if seen.question is truth:
        plain = _condition(node, w) or f"{text} != 0"
        return f"assert {'' if seen.seen else 'not '}({plain}), {TOLD}"
    m = {"numpy": "np", "jax": "jnp", "torch": "torch"}[w.library.name]
    if seen.question is full_rank:
        return f"assert ({m}.linalg.matrix_rank({text}) == min({text}.shape[-2:])).all(), {RANK}"
    array = _few(condition)
    if seen.question is numbers:
        same = w.library.array(numbers_text(array, lambda x: w.library.scalars.number(x).text))
        return f"assert {_equal(m, text, same)}, {TOLD}"
    assert isinstance(seen.question, Positions)
    found = _places(seen.question, node, m, text)
    if array.size == 1:
        return f"assert {found}.item() == {array.item()}, {TOLD}"
    made = f"{'torch.tensor' if m == 'torch' else f'{m}.array'}({array.tolist()})"
    return f"assert {_equal(m, found, made)}, {TOLD}"


def _equal(m: str, one: str, other: str) -> str:
    return f"{m}.{'equal' if m == 'torch' else 'array_equal'}({one}, {other})"


def _places(question: Positions, node: Node, m: str, text: str) -> str:
    """Where elements stand, in the shape of the answer but for dimensions of size 1."""
    options, axis = dict(question.options), question.axis
    if question.name == "order":
        return f"ordering({text}, {axis}, {options['descending']})"
    words = ("dim", "keepdim") if m == "torch" else ("axis", "keepdims")
    if len(axis) == 1:
        return f"{m}.{question.name}({text}, {words[0]}={axis[0]}, {words[1]}=True)"
    if tuple(axis) == tuple(range(node.ndim)):
        return f"{m}.{question.name}({text})"
    raise LimitError(f"{question.name} over some of several dimensions is not asserted")


def _condition(node: Node, w: Lines) -> str | None:
    """The condition that a truth value is."""
    if node.op is not ops.MAP or not is_indicator(node["body"]):
        return None
    env = dict(zip(node["symbols"], node.operands, strict=True))
    return w.condition(node["body"].args[0], env)


# -- loops ---------------------------------------------------------------------------------------


def in_loops(condition: Condition, w: Loops) -> None:
    """Write the statements of a condition. Raises `LimitError`."""
    node, seen, scalars = condition.node, condition.seen, w.syntax.scalars
    if seen.question is truth:
        text = _truth(w, node)
        w.line(w.syntax.certain(text if seen.seen else f"{scalars.logic[2]}({text})"))
        return
    if seen.question is full_rank:
        if node.ndim != 2:
            raise scalars.lacks("the rank of several matrices at once")
        rows, columns = node.shape
        call = w.syntax.call("has_full_rank", "", [w.array(node), str(rows), str(columns)])
        w.line(w.syntax.certain(call.removesuffix(";").replace("(, ", "(")))
        return
    array = _few(condition)
    if isinstance(seen.question, Positions):
        _stand(seen.question, node, array, w)
    elif node.ndim == 0:
        value = scalars.number(array).text
        w.line(w.syntax.certain(f"{w.element(node, ()).text} == {value}"))
    else:
        known = w.table(array.reshape(-1).tolist(), whole=False)
        with w.over(node.shape) as index:
            own = w.syntax.at(known, flat(index, node.shape))
            w.line(w.syntax.certain(f"{w.element(node, index).within(SUM)} == {own}"))


def _truth(w: Loops, node: Node) -> str:
    """A truth value as a condition."""
    index = ["0"] * node.ndim
    if node.op is ops.MAP and is_indicator(node["body"]):
        return w.expression(node, node.operands, node["body"].args[0], index).text
    zero = w.syntax.scalars.number(0.0).text
    return f"{w.element(node, index).text} != {zero}"


def _stand(question: Positions, node: Node, array: Any, w: Loops) -> None:
    """Each element beside the next one in order, or the extreme one beside all others."""
    axes = question.axis if isinstance(question.axis, tuple) else (question.axis,)
    places = w.table(array.reshape(-1).tolist(), whole=True)
    held = w.array(node)
    is_order = question.name == "order"
    largest = question.name == "argmax" if not is_order else dict(question.options)["descending"]
    if len(axes) > 1 and axes != tuple(range(node.ndim)):
        raise LimitError(f"{question.name} over some of several dimensions is not asserted")
    sizes = [n - (is_order and k in axes) for k, n in enumerate(node.shape)]
    with w.over(sizes) as index:
        along = tuple(node.shape[k] for k in axes)
        own = flat([index[k] for k in axes], along)
        rest = ["0" if k in axes else i for k, i in enumerate(index)]
        if is_order:
            before = w.syntax.at(places, flat(index, node.shape))
            behind = w.syntax.at(places, flat(_put(index, axes, plus(own, "1")), node.shape))
        else:
            shape = tuple(1 if k in axes else n for k, n in enumerate(node.shape))
            before, behind = w.syntax.at(places, flat(rest, shape)), own
        first, second = (_element(w, held, node, index, axes, k) for k in (before, behind))
        # equal ones stand as they are
        both, either, _ = w.syntax.scalars.logic
        tie = f"{first} == {second}{both}{before} {'<' if is_order else '<='} {behind}"
        line = f"{first} {'>' if largest else '<'} {second}{either}({tie})"
        w.line(w.syntax.certain(line))


def _put(index: Sequence[str], axes: Sequence[int], place: str) -> list[str]:
    return [place if k in axes else i for k, i in enumerate(index)]


def _element(
    w: Loops, held: str, node: Node, index: Sequence[str], axes: Sequence[int], place: str
) -> str:
    """The element at a place along dimensions."""
    whole = place if len(axes) > 1 or node.ndim == 1 else flat(_put(index, axes, place), node.shape)
    return w.syntax.at(held, whole)
