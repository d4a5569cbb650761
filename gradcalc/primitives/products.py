"""Products of vectors, matrices and tensors: sums of products, chains, powers."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

from itertools import pairwise
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError
from gradcalc.expr import ops
from gradcalc.primitives.contraction import contracted, pairs, read
from gradcalc.primitives.row import Composite, Samples, Structural, fitted
from gradcalc.primitives.shapes import numbers, show

VECTOR, OTHER = [0.5, -1.5, 2.0], [1.25, 3.0, -0.75]
WIDE = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TALL = [[0.5, 1.0], [-1.5, 2.0], [0.75, -0.25]]
SMALL = [[2.0, -1.0], [0.5, 1.5]]
SQUARE = [[2.0, -1.0, 0.5], [0.5, 1.5, -0.25], [1.0, 0.75, 3.0]]
WIDES = [WIDE, [[0.5, 1.25, -0.75], [2.0, -1.0, 0.25]]]
TALLS = [TALL, [[1.0, 0.25], [0.5, -1.5], [-2.0, 0.75]]]
PAIRS = [SMALL, [[0.5, 0.25], [-1.0, 3.0]]]

SUMS: Samples = (
    ("ij,jk->ik", [WIDE, TALL]), ("i,i", [VECTOR, OTHER]), ("ii", [SQUARE]), ("ij->ji", [WIDE]),
    ("bij,bjk->bik", [WIDES, TALLS]), ("...ij,kj", [WIDES, WIDE]), ("ij,kj,k->i", [WIDE, WIDE,
     [0.5, 2.0]]), ("bij,bj->b", [WIDES, WIDE]), ("ij,ij->j", [WIDE, WIDE]),
    ("iij->j", [[[[1.0, 2.0], [3.0, 0.5]], [[0.25, 1.5], [-1.0, 2.5]]]]), ("i,jk", [VECTOR, WIDE]),
    ("ij,j", [WIDE, [2.5]]),
)  # fmt: skip


def _einsum_form(f: Any, equation: str, operands: Any) -> Any:
    return contracted(f, read(equation, [x.shape for x in operands]), operands)


def _torch_einsum(t: Any, equation: str, operands: Any) -> Any:
    read(equation, [x.shape for x in operands])
    return t.einsum(equation, *operands)


def _tensordot_form(f: Any, x: Any, y: Any, dims: Any = 2) -> Any:
    return contracted(f, pairs("tensordot", x.shape, y.shape, dims), (x, y))


def _torch_tensordot(t: Any, x: Any, y: Any, dims: Any = 2) -> Any:
    pairs("tensordot", x.shape, y.shape, dims)
    if isinstance(dims, int):
        return t.tensordot(x, y, dims)
    return t.tensordot(x, y, [list(numbers(d)) for d in dims])


def _inner_form(f: Any, x: Any, y: Any) -> Any:
    if not x.ndim or not y.ndim:
        return f.scalar("mul", x, y)
    return contracted(f, pairs("inner", x.shape, y.shape, (-1, -1)), (x, y))


def _torch_inner(t: Any, x: Any, y: Any) -> Any:
    if x.ndim and y.ndim:
        pairs("inner", x.shape, y.shape, (-1, -1))
    return t.inner(x, y)


def _chain(name: str) -> Any:
    """What checks the factors of a product of several, of which the outer ones may be vectors."""

    def fit(tensors: Any) -> tuple[Any]:
        if len(tensors) < 2:
            raise ShapeError(f"{name} needs two tensors or more, not {len(tensors)}")
        for place, x in enumerate(tensors):
            ranks = (1, 2) if place in (0, len(tensors) - 1) else (2,)
            if x.ndim not in ranks:
                raise ShapeError(f"{name}: factor {place} has the shape {show(x.shape)}")
        for x, y in pairwise(tensors):
            if x.shape[-1] != y.shape[0]:
                raise ShapeError(
                    f"{name} of shapes {show(x.shape)} and {show(y.shape)}: the inner sizes differ"
                )
        return (tensors,)

    return fit


def _chain_form(f: Any, tensors: Any) -> Any:
    """From that end at which there is a vector, so that no matrix is multiplied by another."""
    if tensors[-1].ndim == 1:
        found = tensors[-1]
        for x in reversed(tensors[:-1]):
            found = f(ops.MATMUL, x, found)
        return found
    found = tensors[0]
    for x in tensors[1:]:
        found = f(ops.MATMUL, found, x)
    return found


def _power(x: Any, n: Any) -> tuple[Any, int]:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"matrix_power needs a square matrix, not shape {show(x.shape)}")
    if int(n) != n:
        raise InvalidValueError(f"matrix_power needs a whole power, not {n}")
    return x, int(n)


def _power_form(f: Any, x: Any, n: int) -> Any:
    if not n:
        one = f(ops.EYE, size=x.shape[-1])
        return one if x.ndim == 2 else f(ops.BROADCAST, one, shape=x.shape)
    square, left = (x if n > 0 else f(ops.INV, x)), abs(n)
    found = None
    while left:
        if left % 2:
            found = square if found is None else f(ops.MATMUL, square, found)
        left //= 2
        square = f(ops.MATMUL, square, square) if left else square
    return found


def _added(name: str, operands: str, product: str, samples: Samples, doc: str) -> Composite:
    """The row of one of torch's sums of a tensor and a product."""
    names = ("input", *operands.split(", "))
    definition = f"""\
def {name}(input, {operands}, beta=1, alpha=1):
    product = alpha*({product})
    if beta == 0:
        return product
    return beta*input + product
"""
    return Composite(
        name, definition, samples, doc, tensors=names,
        calls=(f"torch.{name} torch.Tensor.{name} "
               f"(input, {operands}, *, beta: number = 1, alpha: number = 1, out: target = None)",),
    )  # fmt: skip


UFUNC = "out: target = None, *, casting: unset = 'same_kind', order: unset = 'K', "

PRODUCTS: tuple[Structural | Composite, ...] = (
    Structural("einsum", _einsum_form, SUMS,
               "sum of products, by an equation of labels such as 'ij,jk->ik'",
               _torch_einsum, tensors=(), lists=("operands",)),
    Structural("tensordot", _tensordot_form,
               ((WIDES, TALL, {"dims": 1}), (WIDE, WIDE), (WIDES, WIDE, {"dims": ((2, 1), (1, 0))}),
                (VECTOR, OTHER, {"dims": 0})),
               "sum of products over some dimensions of both", _torch_tensordot, tensors=("x", "y"),
               calls=("torch.tensordot (a, b, dims: pairs = 2, out: target = None)",
                      "numpy.tensordot (a, b, axes: pairs = 2)",
                      "jax.numpy.tensordot (a, b, axes: pairs = 2, *, precision: unset = None, "
                      "preferred_element_type: unset = None)",
                      "numpy.linalg.tensordot jax.numpy.linalg.tensordot "
                      "(x1, x2, /, *, axes: pairs = 2)")),
    Structural("inner", _inner_form,
               ((VECTOR, OTHER), (WIDE, WIDES), (WIDE, VECTOR), (2.0, VECTOR)),
               "sum of products over the last dimension of both", _torch_inner, tensors=("x", "y"),
               calls=("torch.inner torch.Tensor.inner (input, other, *, out: target = None)",
                      "numpy.inner (a, b, /)",
                      "jax.numpy.inner (a, b, *, precision: unset = None, "
                      "preferred_element_type: unset = None)")),
    fitted("multi_dot", _chain("multi_dot"), _chain_form,
           (([WIDE, TALL, SMALL],), ([VECTOR, TALL, SMALL],), ([[0.5, 2.0], WIDE, OTHER],)),
           "product of several matrices; the first and the last may be vectors",
           "linalg.multi_dot", tensors=(), lists=("tensors",),
           calls=("torch.linalg.multi_dot (tensors: tensors, *, out: target = None)",
                  "numpy.linalg.multi_dot (arrays: tensors, *, out: target = None)",
                  "jax.numpy.linalg.multi_dot (arrays: tensors, *, precision: unset = None)")),
    fitted("matrix_power", _power, _power_form,
           ((SMALL, {"n": 3}), (SQUARE, {"n": -2}), (PAIRS, {"n": 2}), (SMALL, {"n": 1})),
           "a whole power of square matrices, a negative one of the inverse",
           calls=("torch.matrix_power torch.linalg.matrix_power torch.Tensor.matrix_power "
                  "(input, n: int, *, out: target = None)",
                  "numpy.linalg.matrix_power jax.numpy.linalg.matrix_power (a, n: int)")),
    Composite("vecdot", """\
def vecdot(x, y, dim=-1):
    return sum(x*y, dim)
""", ((VECTOR, OTHER), (WIDE, VECTOR), (WIDE, WIDE, {"dim": 0})),
              "inner products of vectors along dim", "linalg.vecdot", tensors=("x", "y"),
              calls=("torch.linalg.vecdot (x, y, *, dim: int = -1, out: target = None)",
                     f"numpy.vecdot (x1, x2, /, {UFUNC}dtype: unset = None, subok: unset = True, "
                     "axis: int = -1)",
                     "numpy.linalg.vecdot (x1, x2, /, *, axis: int = -1)",
                     "jax.numpy.vecdot jax.numpy.linalg.vecdot (x1, x2, /, *, axis: int = -1, "
                     "precision: unset = None, preferred_element_type: unset = None)")),
    _added("addmm", "mat1, mat2", "mat1@mat2",
           ((WIDE, SMALL, WIDE), (VECTOR, SMALL, WIDE, {"beta": 0.5, "alpha": -2.0})),
           "a tensor plus a product of matrices"),
    _added("addmv", "mat, vec", "mat@vec",
           (([0.5, 2.0], WIDE, VECTOR), (2.0, WIDE, VECTOR, {"beta": 0.5, "alpha": 3.0})),
           "a vector plus a product of a matrix and a vector"),
    _added("addr", "vec1, vec2", "outer(vec1, vec2)",
           ((WIDE, [0.5, 2.0], VECTOR), (VECTOR, [0.5, 2.0], OTHER, {"beta": 0.5, "alpha": -1.5})),
           "a matrix plus an outer product"),
    _added("baddbmm", "batch1, batch2", "batch1@batch2",
           ((PAIRS, WIDES, TALLS), (2.0, WIDES, TALLS, {"beta": 0.5, "alpha": -2.0})),
           "a stack of matrices plus a product of stacks"),
    _added("addbmm", "batch1, batch2", "sum(batch1@batch2, 0)",
           ((SMALL, WIDES, TALLS), (SMALL, WIDES, TALLS, {"beta": 0.5, "alpha": -2.0})),
           "a matrix plus the sum of a product of stacks of matrices"),
)  # fmt: skip
