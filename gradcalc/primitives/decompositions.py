"""Factors of matrices, eigenvalues and singular values, and what is solved by them."""

# Every callable of a row has the row's own parameters, whether it needs them or not.

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import LINALG, InvalidValueError, ShapeError
from gradcalc.expr import ops
from gradcalc.expr.linear import swapped
from gradcalc.expr.spectral import is_tall, left_vectors
from gradcalc.primitives.linear import INDEFINITE, check_solve, check_square, solved
from gradcalc.primitives.row import Composite, Samples, Structural, fitted
from gradcalc.primitives.shapes import Shape, axes, numbers, show

Call = Callable[..., Any]

ROUNDING = 2.0**-52
"""That of floats of 64 bits."""

ALIKE = 1e4
"""How many roundings two elements of a symmetric matrix may be apart, for what computes them."""


class Eigen(NamedTuple):
    """What eigh gives."""

    eigenvalues: Any
    eigenvectors: Any


class Singular(NamedTuple):
    """What svd gives."""

    U: Any
    S: Any
    Vh: Any


class Triangular(NamedTuple):
    """What qr gives."""

    Q: Any
    R: Any


class Logarithm(NamedTuple):
    """What slogdet gives."""

    sign: Any
    logabsdet: Any


def check_matrices(name: str, shape: Shape) -> None:
    """Stacks of matrices of any size."""
    if len(shape) < 2:
        raise ShapeError(f"{name} needs a matrix, not shape {show(shape)}")


def _square(name: str) -> Call:
    def fit(x: Any) -> tuple[Any]:
        check_square(name, x.shape)
        return (x,)

    return fit


def _rectangle(name: str) -> Call:
    def fit(x: Any) -> tuple[Any]:
        check_matrices(name, x.shape)
        return (x,)

    return fit


def _is_zero(t: Any, x: Any, like: Any) -> bool:
    """Whether numbers are as small as rounding makes them, beside others."""
    if not x.numel():
        return True
    room = ALIKE * t.finfo(like.dtype).eps * like.detach().abs().max()
    return not bool((x.detach().abs() > room).any())


def _check_symmetric(t: Any, name: str, x: Any) -> None:
    """Libraries read one triangle, and differentiate as if both were there."""
    if not _is_zero(t, x - x.mT, x):
        raise InvalidValueError(
            f"{name} is of symmetric matrices, and this is none",
            hint=f"write {name}((A + A.T)/2) for the symmetric part",
        )


def _check_triangular(t: Any, name: str, x: Any, upper: bool) -> None:
    if not _is_zero(t, x.tril(-1) if upper else x.triu(1), x):
        cut = "triu" if upper else "tril"
        raise InvalidValueError(
            f"{name} takes a factor that is triangular, and this is none",
            hint=f"write {cut}(L) where you mean that part of it",
        )


def _cholesky(x: Any, upper: bool = False) -> tuple[Any, bool]:
    check_square("cholesky", x.shape)
    return x, bool(upper)


def _cholesky_form(f: Any, x: Any, upper: bool) -> Any:
    lower = f(ops.CHOLESKY, x)
    return swapped(f, lower) if upper else lower


def _torch_cholesky(t: Any, x: Any, upper: bool) -> Any:
    _check_symmetric(t, "cholesky", x)
    try:
        return t.linalg.cholesky(x, upper=upper)
    except t.linalg.LinAlgError:
        raise InvalidValueError(f"cholesky: {INDEFINITE}", python=LINALG) from None


def _torch_eigvalsh(t: Any, x: Any) -> Any:
    _check_symmetric(t, "eigvalsh", x)
    return t.linalg.eigvalsh(x)


def _qr_form(f: Any, x: Any) -> Triangular:
    if is_tall(x):
        upper = f(ops.TRIANGLE, x)
        return Triangular(swapped(f, f(ops.SOLVE, swapped(f, upper), swapped(f, x))), upper)
    rows, columns = x.shape[-2:]
    front = [(0, size, 1) for size in x.shape[:-1]]
    first, rest = (
        f(ops.INDEX, x, key=(*front, (start, size, 1)))
        for start, size in ((0, rows), (rows, columns - rows))
    )
    q, r = _qr_form(f, first)
    return Triangular(q, f(ops.CONCAT, r, f(ops.MATMUL, swapped(f, q), rest), axis=x.ndim - 1))


def _svd(x: Any, full_matrices: bool = True) -> tuple[Any]:
    check_matrices("svd", x.shape)
    if full_matrices and x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"svd of shape {show(x.shape)}: the vectors that no singular value has are any",
            hint="write full_matrices=False",
        )
    return (x,)


def _svd_form(f: Any, x: Any) -> Singular:
    if is_tall(x):
        return Singular(left_vectors(f, x), f(ops.SINGULAR, x), f(ops.RIGHT, x))
    turned = swapped(f, x)
    right = swapped(f, left_vectors(f, turned))
    return Singular(swapped(f, f(ops.RIGHT, turned)), f(ops.SINGULAR, x), right)


# Of vectors that are known up to a sign each library has another one, and the same library in
# another build: whatever makes them here gives those of numpy's LAPACK.


def _columns_like(t: Any, vectors: Any, x: Any, make: Call) -> Any:
    """For each column a sign, by which it points as numpy's does."""
    floats = x.detach().cpu().double().numpy()
    if not np.isfinite(floats).all():
        return t.ones_like(vectors[..., :1, :].detach())
    theirs = t.as_tensor(np.array(make(floats)), dtype=vectors.dtype, device=vectors.device)
    along = (vectors.detach() * theirs).sum(-2, keepdim=True)
    return t.where(along < 0, -1.0, 1.0).to(vectors.dtype)


def _torch_eigh(t: Any, x: Any) -> Eigen:
    _check_symmetric(t, "eigh", x)
    values, vectors = t.linalg.eigh(x)
    make = lambda a: np.linalg.eigh((a + np.swapaxes(a, -1, -2)) / 2)[1]
    return Eigen(values, vectors * _columns_like(t, vectors, x, make))


def _torch_svd(t: Any, x: Any) -> Singular:
    left, values, right = t.linalg.svd(x, full_matrices=False)
    tall, square = (x, right.mT) if is_tall(x) else (x.mT, left)
    make = lambda a: np.swapaxes(np.linalg.svd(a, full_matrices=False)[2], -1, -2)
    signs = _columns_like(t, square, tall, make)
    return Singular(left * signs, values, right * signs.mT)


def _torch_qr(t: Any, x: Any) -> Triangular:
    first = x if is_tall(x) else x[..., : x.shape[-2]]
    _check_rank(t, "qr", first, "Q")
    q, r = t.linalg.qr(x)
    ends = lambda a: np.diagonal(np.linalg.qr(a, mode="r"), axis1=-2, axis2=-1)[..., None, :]
    signs = _columns_like(t, r.diagonal(0, -2, -1)[..., None, :], first, ends)
    return Triangular(q * signs, r * signs.mT)


def _rank_form(f: Any, x: Any) -> Any:
    """How many singular values are larger than what rounding makes of 0."""
    values = f(ops.SINGULAR, x)
    last = (values.ndim - 1,)
    largest = ops.expanded(f, f(ops.AMAX, values, axes=last), values.shape, last)
    least = f.scalar("mul", largest, f.literal(max(x.shape[-2:]) * ROUNDING))
    larger = f.scalar("gt", values, least)
    counted = f.scalar("where", larger, f.literal(1.0), f.literal(0.0))
    return f(ops.SUM, counted, axes=last)


def _triangle(
    a: Any, b: Any, upper: bool, left: bool = True, unitriangular: bool = False
) -> tuple[Any, Any, bool, bool, bool]:
    check_square("solve_triangular", a.shape)
    if b.ndim < 2:
        raise ShapeError(
            f"solve_triangular needs a matrix on the right, not shape {show(b.shape)}",
            hint="write b[:, None]",
        )
    # of as many dimensions it is a matrix, where solve would take vectors
    check_solve((*(1,) * (b.ndim - a.ndim), *a.shape), (*(1,) * (a.ndim - b.ndim), *b.shape), left,
                "solve_triangular")  # fmt: skip
    return a, b, bool(upper), bool(left), bool(unitriangular)


def _triangle_form(f: Any, a: Any, b: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    off = int(unitriangular)
    cut = f(ops.TRIU if upper else ops.TRIL, a, diagonal=off if upper else -off)
    if unitriangular:
        cut = f.scalar("add", cut, f.literal(np.eye(a.shape[-1])))
    rank = max(a.ndim, b.ndim)
    pair = [
        x if x.ndim == rank else f(ops.RESHAPE, x, shape=(*(1,) * (rank - x.ndim), *x.shape))
        for x in (cut, b)
    ]
    return solved(f, pair[0], pair[1], left)


def _torch_triangle(
    t: Any, a: Any, b: Any, upper: bool, left: bool, unitriangular: bool
) -> Any:  # fmt: skip
    if not unitriangular and bool((a.detach().diagonal(0, -2, -1) == 0).any()):
        raise InvalidValueError("solve_triangular: the matrix is singular")
    return t.linalg.solve_triangular(a, b, upper=upper, left=left, unitriangular=unitriangular)


def _torch_cholesky_solve(t: Any, b: Any, L: Any, upper: bool = False) -> Any:  # noqa: N803
    _check_triangular(t, "cholesky_solve", L, bool(upper))
    return t.cholesky_solve(b, L, upper=bool(upper))


def _torch_cholesky_inverse(t: Any, L: Any, upper: bool = False) -> Any:  # noqa: N803
    _check_triangular(t, "cholesky_inverse", L, bool(upper))
    return t.cholesky_inverse(L, upper=bool(upper))


def _check_rank(t: Any, name: str, x: Any, what: str = "a pseudoinverse") -> None:
    """A pseudoinverse jumps where the rank is not full, and so does Q."""
    if x.numel() and bool((t.linalg.matrix_rank(x.detach()) < min(x.shape[-2:])).any()):
        raise InvalidValueError(
            f"{name}: the matrix has not full rank, and there {what} is not continuous"
        )


def _torch_rank(t: Any, x: Any) -> Any:
    if x.requires_grad:
        _check_rank(t, "matrix_rank", x, "the rank")
    return t.linalg.matrix_rank(x)


def _torch_pinv(t: Any, x: Any) -> Any:
    check_matrices("pinv", x.shape)
    _check_rank(t, "pinv", x)
    return t.linalg.pinv(x)


def _torch_lstsq(t: Any, a: Any, b: Any) -> Any:
    check_matrices("lstsq", a.shape)
    _check_rank(t, "lstsq", a)
    return t.linalg.lstsq(a, b).solution


def _inverse_of_tensor(x: Any, ind: int = 2) -> tuple[Any, int]:
    front, behind = math.prod(x.shape[:ind]), math.prod(x.shape[ind:])
    if ind < 1 or front != behind:
        raise ShapeError(f"tensorinv of shape {show(x.shape)} with ind={ind}: it is not square")
    return x, ind


def _tensorinv_form(f: Any, x: Any, ind: int) -> Any:
    size = math.prod(x.shape[:ind])
    square = f(ops.RESHAPE, x, shape=(size, size))
    return f(ops.RESHAPE, f(ops.INV, square), shape=(*x.shape[ind:], *x.shape[:ind]))


def _tensor_system(a: Any, b: Any, dims: Any = None) -> tuple[Any, Any, Any]:
    order = list(range(a.ndim))
    moved = [*axes(a.shape, dims)] if dims is not None and numbers(dims) else []
    order = [k for k in order if k not in moved] + moved
    rest = [a.shape[k] for k in order][b.ndim :]
    if math.prod(rest) != math.prod(b.shape) or math.prod(a.shape) != math.prod(b.shape) ** 2:
        raise ShapeError(f"tensorsolve of shapes {show(a.shape)} and {show(b.shape)}")
    return a, b, tuple(moved)


def _tensorsolve_form(f: Any, a: Any, b: Any, moved: tuple[int, ...]) -> Any:
    if moved:
        a = f(ops.PERMUTE, a, order=(*(k for k in range(a.ndim) if k not in moved), *moved))
    size = math.prod(b.shape)
    pair = f(ops.RESHAPE, a, shape=(size, size)), f(ops.RESHAPE, b, shape=(size,))
    return f(ops.RESHAPE, f(ops.SOLVE, *pair), shape=a.shape[b.ndim :])


def _torch_tensorsolve(t: Any, a: Any, b: Any, moved: tuple[int, ...]) -> Any:
    return t.linalg.tensorsolve(a, b, dims=moved or None)


POSITIVE = [[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, 2.0]]
SYMMETRIC = [[2.0, -1.0, 0.5], [-1.0, 0.25, 1.5], [0.5, 1.5, -3.0]]
SQUARE = [[2.0, -1.0, 0.5], [0.5, 1.5, -0.25], [1.0, 0.75, 3.0]]
TALL = [[0.5, 1.0], [-1.5, 2.0], [0.75, -0.25]]
WIDE = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
STACK = [SQUARE, [[1.0, 2.0, 0.5], [-0.5, 1.25, 1.0], [0.25, 0.5, -1.5]]]
FACTOR = [[2.0, 0.0, 0.0], [-0.5, 1.5, 0.0], [0.25, 0.75, 1.25]]
TURNED = [list(column) for column in zip(*FACTOR, strict=True)]
SMALL = [[2.0, -1.0], [0.5, 1.5]]
BLOCK = [[[[2.0, -1.0], [0.5, 0.25]], [[1.0, 3.0], [-0.5, 0.75]]],
         [[[0.25, 1.5], [2.5, -1.0]], [[-2.0, 0.5], [1.25, 3.5]]]]  # fmt: skip
BOTH: Samples = ((SQUARE,), (TALL,), (WIDE,), (STACK,))

FACTORED: tuple[Structural | Composite, ...] = (
    Structural("slogdet", lambda f, x: Logarithm(
                   f.scalar("sign", f(ops.DET, x)),
                   f.scalar("log", f.scalar("abs", f(ops.DET, x)))),
               ((SQUARE,), (STACK,)),
               "sign of the determinant, and the logarithm of its size",
               lambda t, x: Logarithm(*t.linalg.slogdet(x))),
    fitted("cholesky", _cholesky, _cholesky_form,
           ((POSITIVE,), (POSITIVE, {"upper": True}), ([POSITIVE, [[1.0, 0.5, 0.0], [0.5, 2.0, 1.0],
            [0.0, 1.0, 3.0]]],)),
           "lower triangle L with L @ L.T a symmetric matrix, or the upper one", _torch_cholesky,
           fails=INDEFINITE),
    fitted("solve_triangular", _triangle, _triangle_form,
           ((SQUARE, TALL, {"upper": True}), (SQUARE, TALL, {"upper": False}),
            (SQUARE, WIDE, {"upper": True, "left": False}),
            (STACK, TALL, {"upper": False, "unitriangular": True})),
           "x with a @ x = b, of a triangle of a", _torch_triangle, tensors=("a", "b")),
    Composite("cholesky_solve", """\
def cholesky_solve(b, L, upper=False):
    return solve(L.mT@L if upper else L@L.mT, b)
""", ((TALL, FACTOR), (TALL, TURNED, {"upper": True})),
              "x with A @ x = b, of the Cholesky factor of A", _torch_cholesky_solve,
              tensors=("b", "L")),
    Composite("cholesky_inverse", """\
def cholesky_inverse(L, upper=False):
    return inv(L.mT@L if upper else L@L.mT)
""", ((FACTOR,), (TURNED, {"upper": True})),
              "inverse of A, of the Cholesky factor of A", _torch_cholesky_inverse,
              tensors=("L",)),
    fitted("qr", _rectangle("qr"), _qr_form, BOTH,
           "orthogonal Q and upper triangular R with Q @ R a matrix of full rank",
           _torch_qr),
    Composite("pinv", """\
def pinv(x):
    if x.shape[-2] >= x.shape[-1]:
        return solve(x.mT@x, x.mT)
    return solve(x@x.mT, x).mT
""", BOTH, "pseudoinverse of matrices of full rank", _torch_pinv, aliases=("pinverse",)),
    Composite("lstsq", """\
def lstsq(a, b):
    if a.shape[-2] >= a.shape[-1]:
        return solve(a.mT@a, a.mT@b)
    return a.mT@solve(a@a.mT, b)
""", ((TALL, [[0.5, 2.0], [1.0, -1.0], [0.25, 0.5]]), (WIDE, [[0.5], [2.0]])),
              "x for which a @ x is nearest to b, of matrices of full rank", _torch_lstsq,
              tensors=("a", "b")),
    fitted("tensorinv", _inverse_of_tensor, _tensorinv_form, ((BLOCK,),),
           "inverse for sums over some dimensions", "linalg.tensorinv"),
    fitted("tensorsolve", _tensor_system, _tensorsolve_form,
           ((BLOCK, SMALL), (BLOCK, SMALL, {"dims": (0, 2)})),
           "x with tensordot(a, x, x.ndim) = b", _torch_tensorsolve, tensors=("a", "b")),
    fitted("matrix_exp", _square("matrix_exp"), lambda f, x: f(ops.EXPM, x), ((SQUARE,), (STACK,)),
           "exponential of square matrices, their power series"),
)  # fmt: skip

SPECTRAL: tuple[Structural, ...] = (
    fitted("eigvalsh", _square("eigvalsh"), lambda f, x: f(ops.EIGENVALUES, x),
           ((SYMMETRIC,), ([POSITIVE, SYMMETRIC],)),
           "eigenvalues of symmetric matrices, in order", _torch_eigvalsh),
    fitted("eigh", _square("eigh"),
           lambda f, x: Eigen(f(ops.EIGENVALUES, x), f(ops.EIGENVECTORS, x)),
           ((SYMMETRIC,), ([POSITIVE, SYMMETRIC],)),
           "eigenvalues of symmetric matrices, in order, and vectors in columns, up to a sign",
           _torch_eigh),
    fitted("svdvals", _rectangle("svdvals"), lambda f, x: f(ops.SINGULAR, x), BOTH,
           "singular values, the largest first", "linalg.svdvals"),
    fitted("svd", _svd, _svd_form,
           ((SQUARE,), (TALL, {"full_matrices": False}), (WIDE, {"full_matrices": False})),
           "left vectors, singular values and right vectors, these up to a sign",
           _torch_svd),
    fitted("matrix_rank", _rectangle("matrix_rank"), _rank_form, BOTH,
           "number of singular values that are not 0 to rounding, which has no gradient",
           _torch_rank),
)  # fmt: skip
