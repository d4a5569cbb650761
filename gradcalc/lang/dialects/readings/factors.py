"""Factors of matrices, and what is solved by them, as each library writes them."""

from typing import Any

import numpy as np

from gradcalc.errors import InvalidValueError, UnsupportedError
from gradcalc.lang import ops
from gradcalc.lang.dialects.readings import alike
from gradcalc.lang.dialects.readings.linear import matrix_norms
from gradcalc.lang.machine import Machine
from gradcalc.primitives.decompositions import ALIKE


def _turned(machine: Machine, x: Any) -> Any:
    return ops.call(machine, "transpose", x, -2, -1)


@alike
def of_symmetric(machine: Machine, name: str, **values: Any) -> Any:
    """eigh and eigvalsh, to which one triangle is as good as the other."""
    matrix, *triangle = values.values()
    if triangle and triangle[0] not in ("L", "U", True, False):
        raise InvalidValueError(f"{name} does not know UPLO={triangle[0]!r}")
    return ops.call(machine, name, ops.tensor(machine, matrix))


@alike
def numpys_eigh(machine: Machine, name: str, **values: Any) -> Any:
    """numpy's eigh and eigvalsh: of a matrix that is not symmetric they see one triangle."""
    a, triangle = values.values()
    x = ops.tensor(machine, a)
    if len(ops.shape(machine, x)) > 1 and triangle in ("L", "U") and not _is_symmetric(machine, x):
        inner, outer = ("tril", -1) if triangle == "L" else ("triu", 1)
        half = ops.call(machine, inner, x)
        x = ops.binary(machine, "add", half, _turned(machine, ops.call(machine, inner, x, outer)))
    return of_symmetric(machine, name, a=x, UPLO=triangle)


def _is_symmetric(machine: Machine, x: Any) -> bool:
    """Whether the numbers are those of a symmetric matrix, to rounding; what is not square may."""
    numbers = machine.elements(x)
    if numbers.shape[-1] != numbers.shape[-2] or not numbers.size:
        return True
    room = ALIKE * float(np.finfo(machine.backend.precision).eps) * np.abs(numbers).max()
    return not bool((np.abs(numbers - np.swapaxes(numbers, -1, -2)) > room).any())


def scipy_eigh(machine: Machine, a: Any, lower: Any, eigvals_only: Any = False) -> Any:
    """scipy's eigh, of one matrix."""
    return of_symmetric(machine, "eigvalsh" if eigvals_only else "eigh", a=a, lower=lower)


def orthogonal(machine: Machine, **values: Any) -> Any:
    """qr in the modes in which both factors are those of the matrix alone."""
    matrix, mode = values.values()
    matrix = ops.tensor(machine, matrix)
    shape = ops.shape(machine, matrix)
    full = mode in ("complete", "full") and len(shape) > 1 and shape[-2] > shape[-1]
    if full or mode not in ("reduced", "economic", "complete", "full", True, "r"):
        raise UnsupportedError(
            f"qr with mode={mode!r} of shape {shape}: what is beyond the columns has no gradient",
            hint="write mode='economic'" if mode == "full" else "write mode='reduced'",
        )
    found = ops.call(machine, "qr", matrix)
    return found.R if mode == "r" else found


def torch_svd(machine: Machine, input: Any, some: Any, compute_uv: Any) -> Any:
    """torch.svd, whose right vectors stand in columns; zeros stand for vectors not asked for."""
    if not compute_uv:
        rows, columns = ops.shape(machine, input)[-2:]
        values = ops.call(machine, "svdvals", input)
        batch = ops.shape(machine, values)[:-1]
        left, right = (machine.constant(np.zeros((*batch, n, n))) for n in (rows, columns))
        return (left, values, right)
    found = ops.call(machine, "svd", input, full_matrices=not some)
    return (found.U, found.S, _turned(machine, found.Vh))


def singular_values(machine: Machine, a: Any, full_matrices: Any, compute_uv: Any) -> Any:
    """numpy's and scipy's svd, the values alone where no vectors are asked for."""
    a = ops.tensor(machine, a)
    if not compute_uv:
        return ops.call(machine, "svdvals", a)
    return ops.call(machine, "svd", a, full_matrices=full_matrices)


def condition(machine: Machine, **values: Any) -> Any:
    """The condition number: of singular values, or of a norm of the matrix and of its inverse."""
    matrix, order = values.values()
    matrix = ops.tensor(machine, matrix)
    if not np.isfinite(machine.elements(matrix)).all():
        raise InvalidValueError("cond of a matrix whose elements are not all finite")
    if order in (None, 2, -2):
        found = ops.call(machine, "svdvals", matrix)
        # the first and the last, as torch takes them: of equal ones the slope is theirs alone
        ends = [ops.index(machine, found, (..., place)) for place in (0, -1)]
        return ops.binary(machine, "div", *(ends[::-1] if order == -2 else ends))
    pair = (matrix, ops.call(machine, "inv", matrix))
    norms = [matrix_norms(machine, x, order, (-2, -1), False) for x in pair]
    return ops.binary(machine, "mul", *norms)


def torch_condition(machine: Machine, **values: Any) -> Any:
    """torch's, which has no backward for some orders."""
    matrix, order = values.values()
    if order not in (None, 2, -2, "nuc"):
        machine.note_underived("cond", matrix)
    return condition(machine, **values)


# -- triangles -------------------------------------------------------------------------------------


def triangular(machine: Machine, a: Any, b: Any, trans: Any, lower: Any, unit_diagonal: Any) -> Any:
    """scipy's solve_triangular."""
    if trans not in (0, 1, "N", "T"):
        raise InvalidValueError(f"solve_triangular does not know trans={trans!r}")
    a, upper = ops.tensor(machine, a), not lower
    if trans in (1, "T"):
        # the other triangle of the transpose would be read
        a = ops.call(machine, "triu" if upper else "tril", a)
        a, upper = _turned(machine, a), not upper
    return _solved(machine, a, ops.tensor(machine, b), upper, bool(unit_diagonal))


def _solved(machine: Machine, a: Any, b: Any, upper: bool, unit: bool = False) -> Any:
    """A triangular system of a vector or of the columns of a matrix."""
    vector = len(ops.shape(machine, b)) == 1
    column = ops.call(machine, "unsqueeze", b, -1) if vector else b
    found = ops.call(machine, "solve_triangular", a, column, upper=upper, unitriangular=unit)
    return ops.call(machine, "squeeze", found, -1) if vector else found


def old_triangular(
    machine: Machine, upper: Any, transpose: Any, unitriangular: Any, **operands: Any
) -> Any:
    """torch.triangular_solve: the solution and the matrix."""
    right, matrix = operands.values()
    cut = ops.call(machine, "triu" if upper else "tril", matrix)
    turned, side = (_turned(machine, cut), not upper) if transpose else (cut, upper)
    found = ops.call(
        machine, "solve_triangular", turned, right, upper=side, unitriangular=unitriangular
    )
    return (found, matrix)


def scipy_cholesky(machine: Machine, a: Any, lower: Any) -> Any:
    """scipy's, which is the upper factor where nothing is said."""
    return ops.call(machine, "cholesky", ops.tensor(machine, a), upper=not lower)


def factor_and_side(machine: Machine, a: Any, lower: Any) -> Any:
    """scipy's cho_factor: the matrix stays in the other triangle."""
    a, words = ops.tensor(machine, a), ("tril", "triu")
    factor = ops.call(machine, "cholesky", a, upper=not lower)
    rest = ops.call(machine, words[bool(lower)], a, 1 if lower else -1)
    return (ops.binary(machine, "add", factor, rest), bool(lower))


def by_factor(machine: Machine, c_and_lower: Any, b: Any) -> Any:
    """scipy's cho_solve: two triangular systems."""
    if not isinstance(c_and_lower, list | tuple) or len(c_and_lower) != 2:
        raise InvalidValueError("cho_solve takes what cho_factor gives: (c, lower)")
    c, lower = ops.tensor(machine, c_and_lower[0]), bool(c_and_lower[1])
    factor = ops.call(machine, "tril" if lower else "triu", c)
    turned, b = _turned(machine, factor), ops.tensor(machine, b)
    first, last = (factor, turned) if lower else (turned, factor)
    return _solved(machine, last, _solved(machine, first, b, upper=False), upper=True)


def jax_solve(machine: Machine, a: Any, b: Any, lower: Any, assume_a: Any) -> Any:
    """jax's copy of it."""
    return scipy_solve(machine, a, b, lower, assume_a, False)


def scipy_solve(
    machine: Machine, a: Any, b: Any, lower: Any, assume_a: Any, transposed: Any
) -> Any:
    """scipy's solve; what is assumed of a matrix changes no solution where it holds."""
    a, b = ops.tensor(machine, a), ops.tensor(machine, b)
    rank, shape = len(ops.shape(machine, a)), ops.shape(machine, b)
    matrix = _turned(machine, a) if transposed else a
    if 1 < len(shape) == rank - 1:
        b = ops.reshape(machine, b, (1, *shape))
    return ops.call(machine, "solve", matrix, b)
