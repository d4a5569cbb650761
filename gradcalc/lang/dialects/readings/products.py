"""Products of several tensors, as each library writes them."""

from string import ascii_letters
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.lang import casts, operators, ops, plain
from gradcalc.lang.dialects.readings import alike
from gradcalc.lang.dialects.spelling import RankError
from gradcalc.lang.machine import Machine

LABELS = sorted(ascii_letters)
"""What stands for the numbers of a list of dimensions, in the order of these."""


@alike
def einsum(machine: Machine, name: str, equation: Any, operands: Any) -> Any:
    """torch's einsum, of an equation or of tensors each with the numbers of its dimensions."""
    if not isinstance(equation, str):
        equation, operands = _written((equation, *operands))
    elif len(operands) == 1 and type(operands[0]) in (list, tuple):
        (operands,) = operands
    return _product(machine, name, equation, [ops.tensor(machine, x) for x in operands])


def _product(machine: Machine, name: str, equation: str, operands: list[Any]) -> Any:
    """Of one tensor whose dimensions only change places it is a view."""
    left, _, right = equation.replace(" ", "").partition("->")
    right = right if "->" in equation else "".join(sorted(left))
    moved = len(operands) == 1 and left.isalpha() and len({*left}) == len(left) == len(right)
    if moved and {*left} == {*right} and len(machine.shape(operands[0])) == len(left):
        return ops.call(machine, "permute", operands[0], tuple(map(left.index, right)))
    made = ops.call(machine, name, equation, operands)
    if len(operands) == 1 and {*left} == {*right} and len({*right}) == len(right) < len(left):
        # a diagonal is a view, whose places are not told here
        return casts.unsure_of(operands[0], made)
    return made


@alike
def numpy_einsum(machine: Machine, name: str, subscripts: Any, operands: Any, **_: Any) -> Any:
    """numpy's, whose result keeps the dimensions of an ellipsis."""
    if not isinstance(subscripts, str):
        subscripts, operands = _written((subscripts, *operands))
    left, arrow, right = subscripts.partition("->")
    if arrow and "..." in left and "..." not in right:
        raise ShapeError(
            f"einsum of {subscripts!r} does not say what becomes of the dimensions of ...",
            hint="write ... on the right as well, or sum over them",
        )
    return _product(machine, name, subscripts, [ops.tensor(machine, x) for x in operands])


def _written(items: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """An equation in letters, and its tensors, of tensors between lists of numbers."""
    paired = len(items) - len(items) % 2
    lists = [*items[1:paired:2], *items[paired:]]
    if not items or not all(isinstance(labels, list | tuple) for labels in lists):
        raise InvalidValueError(
            "einsum takes an equation, or tensors each with a list of numbers behind it",
            hint="write einsum('ij,jk->ik', A, B)",
        )
    words = ["".join(map(_letter, labels)) for labels in lists]
    tail = f"->{words.pop()}" if len(items) > paired else ""
    return ",".join(words) + tail, list(items[:paired:2])


def _letter(label: Any) -> str:
    if label is Ellipsis:
        return "..."
    if type(label) is not int or not 0 <= label < len(LABELS):
        raise InvalidValueError(f"einsum counts dimensions from 0 to {len(LABELS) - 1}")
    return LABELS[label]


def numpy_dot(machine: Machine, **values: Any) -> Any:
    """numpy's dot: a product where one is a number, else over the last dimension of the first and
    the last but one of the second."""
    a, b = (v if plain.is_number(v) else ops.tensor(machine, v) for v in values.values())
    ranks = [len(ops.shape(machine, v)) for v in (a, b)]
    if not min(ranks):
        return operators.named(machine, "mul", a, b)
    if max(ranks) <= 2:
        return ops.binary(machine, "matmul", a, b)
    return ops.call(machine, "tensordot", a, b, dims=((-1,), (-2 if ranks[1] > 1 else -1,)))


def numpy_vdot(machine: Machine, **values: Any) -> Any:
    """numpy's vdot, of all elements in a row."""
    rows = [ops.reshape(machine, ops.tensor(machine, v), (-1,)) for v in values.values()]
    return ops.call(machine, "dot", *rows)


def chained(machine: Machine, matrices: Any) -> Any:
    """torch's chain_matmul, of matrices only."""
    given = [ops.tensor(machine, x) for x in matrices]
    if any(len(ops.shape(machine, x)) != 2 for x in given):
        raise RankError("chain_matmul takes matrices", hint="multi_dot takes vectors at the ends")
    return given[0] if len(given) == 1 else ops.call(machine, "multi_dot", given)


def matrix_vector(machine: Machine, name: str, x1: Any, x2: Any) -> Any:
    """numpy's matvec and vecmat, along stacks of both."""
    x, y = ops.tensor(machine, x1), ops.tensor(machine, x2)
    place = -1 if name == "matvec" else -2
    column = ops.call(machine, "unsqueeze", y if name == "matvec" else x, place)
    pair = (x, column) if name == "matvec" else (column, y)
    return ops.call(machine, "squeeze", ops.binary(machine, "matmul", *pair), place)


def trace_along(machine: Machine, **values: Any) -> Any:
    """The sum of a diagonal of stacks of matrices, along two dimensions: numpy's trace."""
    a, offset, *axes = values.values()
    a = ops.tensor(machine, a)
    first, second = axes or (-2, -1)
    if len(ops.shape(machine, a)) < 2:
        raise ShapeError(f"trace needs a matrix, not shape {ops.shape(machine, a)}")
    if len(ops.shape(machine, a)) == 2 and not offset:
        return ops.call(machine, "trace", a)
    found = ops.call(machine, "diagonal", a, offset, first, second)
    return ops.call(machine, "sum", found, -1)
