"""Products, and functions of one matrix."""

from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.lang import operators, ops, plain
from gradcalc.lang.dialects.readings.common import Node, like, node_name
from gradcalc.lang.dialects.spelling import RankError
from gradcalc.lang.machine import Machine


def of_ranks(name: str, *ranks: int) -> Any:
    """A product that takes operands of these ranks only, as torch has them."""

    def read(machine: Machine, node: Node, **values: Any) -> Any:
        operands = [ops.tensor(machine, value) for value in values.values()]
        given = [len(ops.shape(machine, operand)) for operand in operands]
        if given != list(ranks):
            what = " and ".join(str(ops.shape(machine, operand)) for operand in operands)
            wanted = " and ".join(str(rank) for rank in ranks)
            raise RankError(
                f"{node_name(node)} takes operands of rank {wanted}, not of shape {what}",
                hint="@ multiplies matrices and vectors",
            )
        return ops.call(machine, name, *operands)

    return like(name, read)


def product(machine: Machine, node: Node, **values: Any) -> Any:
    """The matrix product."""
    return ops.binary(machine, "matmul", *[ops.tensor(machine, value) for value in values.values()])


def numpy_dot(machine: Machine, node: Node, a: Any, b: Any) -> Any:
    """numpy's dot: a product where one is a scalar, else the matrix product up to rank 2."""
    a, b = (v if plain.is_number(v) else ops.tensor(machine, v) for v in (a, b))
    if not ops.shape(machine, a) or not ops.shape(machine, b):
        return operators.named(machine, "mul", a, b)
    return ops.binary(machine, "matmul", a, b)


def numpy_inner(machine: Machine, node: Node, a: Any, b: Any) -> Any:
    """numpy's inner product, over the last axes."""
    a, b = ops.tensor(machine, a), ops.tensor(machine, b)
    if not ops.shape(machine, a) or not ops.shape(machine, b):
        return operators.named(machine, "mul", a, b)
    if max(len(ops.shape(machine, a)), len(ops.shape(machine, b))) > 2:
        raise ShapeError("inner of more than two dimensions")
    return ops.binary(machine, "matmul", a, ops.call(machine, "transpose", b))


def numpy_outer(machine: Machine, node: Node, a: Any, b: Any) -> Any:
    """numpy's outer product, of all elements in a row."""
    rows = [ops.reshape(machine, ops.tensor(machine, v), (-1,)) for v in (a, b)]
    return ops.call(machine, "outer", *rows)


def single(name: str) -> Any:
    """A function of one matrix, where the library takes stacks of them too."""

    def read(machine: Machine, node: Node, **values: Any) -> Any:
        operands = [ops.tensor(machine, value) for value in values.values()]
        if len(ops.shape(machine, operands[0])) != 2:
            raise ShapeError(
                f"{name} takes one matrix here, not shape {ops.shape(machine, operands[0])}"
            )
        return ops.call(machine, name, *operands)

    return like(name, read)


def single_plain(name: str) -> Any:
    """A function of one matrix, with options that say how it is computed."""

    def read(machine: Machine, node: Node, a: Any, **options: Any) -> Any:
        return single(name)(machine, node, a=a)

    return read


def numpy_trace(machine: Machine, node: Node, a: Any, offset: Any) -> Any:
    """numpy's trace of a matrix, of any of its diagonals."""
    a = ops.tensor(machine, a)
    if len(ops.shape(machine, a)) != 2:
        raise ShapeError(f"trace takes one matrix here, not shape {ops.shape(machine, a)}")
    if not offset:
        return ops.call(machine, "trace", a)
    return ops.call(machine, "sum", ops.call(machine, "diagonal", a, offset))
