"""Products, and functions of one matrix."""

from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.lang import plain
from gradcalc.lang.dialects.readings.common import Node, call, like, node_name
from gradcalc.lang.dialects.spelling import RankError


def of_ranks(name: str, *ranks: int) -> Any:
    """A product that takes operands of these ranks only, as torch has them."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        operands = [machine.tensor(value) for value in values.values()]
        given = [len(machine.shape(operand)) for operand in operands]
        if given != list(ranks):
            what = " and ".join(str(machine.shape(operand)) for operand in operands)
            wanted = " and ".join(str(rank) for rank in ranks)
            raise RankError(
                f"{node_name(node)} takes operands of rank {wanted}, not of shape {what}",
                hint="@ multiplies matrices and vectors",
            )
        return call(machine, name, *operands)

    return like(name, read)


def product(machine: Any, node: Node, **values: Any) -> Any:
    """The matrix product."""
    return machine.product(*[machine.tensor(value) for value in values.values()])


def numpy_dot(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's dot: a product where one is a scalar, else the matrix product up to rank 2."""
    a, b = (v if plain.is_number(v) else machine.tensor(v) for v in (a, b))
    if not machine.shape(a) or not machine.shape(b):
        return machine.operator_named("mul", a, b)
    return machine.product(a, b)


def numpy_inner(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's inner product, over the last axes."""
    a, b = machine.tensor(a), machine.tensor(b)
    if not machine.shape(a) or not machine.shape(b):
        return machine.operator_named("mul", a, b)
    if max(len(machine.shape(a)), len(machine.shape(b))) > 2:
        raise ShapeError("inner of more than two dimensions")
    return machine.product(a, call(machine, "transpose", b))


def numpy_outer(machine: Any, node: Node, a: Any, b: Any) -> Any:
    """numpy's outer product, of all elements in a row."""
    rows = [machine.reshape(machine.tensor(v), (-1,)) for v in (a, b)]
    return call(machine, "outer", *rows)


def single(name: str) -> Any:
    """A function of one matrix, where the library takes stacks of them too."""

    def read(machine: Any, node: Node, **values: Any) -> Any:
        operands = [machine.tensor(value) for value in values.values()]
        if len(machine.shape(operands[0])) != 2:
            raise ShapeError(
                f"{name} takes one matrix here, not shape {machine.shape(operands[0])}"
            )
        return call(machine, name, *operands)

    return like(name, read)


def single_plain(name: str) -> Any:
    """A function of one matrix, with options that say how it is computed."""

    def read(machine: Any, node: Node, a: Any, **options: Any) -> Any:
        return single(name)(machine, node, a=a)

    return read


def numpy_trace(machine: Any, node: Node, a: Any, offset: Any) -> Any:
    """numpy's trace of a matrix, of any of its diagonals."""
    a = machine.tensor(a)
    if len(machine.shape(a)) != 2:
        raise ShapeError(f"trace takes one matrix here, not shape {machine.shape(a)}")
    if not offset:
        return call(machine, "trace", a)
    return call(machine, "sum", call(machine, "diagonal", a, offset))
