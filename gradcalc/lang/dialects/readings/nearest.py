"""Nearest solutions and pseudoinverses, of matrices of full rank, as each library gives them."""

from typing import Any, NamedTuple

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.lang import ops, places
from gradcalc.lang.dialects.readings import alike, called
from gradcalc.lang.machine import Machine, Untold

WITH_RESIDUALS = ("gels", "gelsd", "gelss")
"""LAPACK's drivers of which torch gives the squared distances that are left."""

WITH_VALUES = ("gelsd", "gelss")
"""Those of which it gives the singular values, without a gradient."""

CLEAR = 1e-6
"""How far, beside the tolerance, a singular value lies off it for its side to be clear."""


class Nearest(NamedTuple):
    """What lstsq gives."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


class Solution(NamedTuple):
    """The part of jax's lstsq that is read, and what it is in a text that names no library."""

    solution: Any


def least_squares(machine: Machine, library: str, **values: Any) -> Any:
    """lstsq: the solution, and what each library says beside it."""
    a, b = (ops.tensor(machine, value) for value in list(values.values())[:2])
    vector = len(ops.shape(machine, b)) == len(ops.shape(machine, a)) - 1
    columns = ops.call(machine, "unsqueeze", b, -1) if vector else b
    found = ops.call(machine, "lstsq", a, columns)
    solution = ops.call(machine, "squeeze", found, -1) if vector else found
    if library == "jax" or not machine.program.naming.library:
        return Solution(solution)
    driver = values.get("driver") if library == "torch" else "gelsd"
    left = _residuals(machine, a, columns, found) if driver in WITH_RESIDUALS else None
    if left is not None and vector and library == "scipy":
        left = ops.call(machine, "squeeze", left, -1)
    nothing = machine.constant(np.zeros(0))
    beside = nothing if left is None else left, _rank(machine, a, library, driver)
    return Nearest(solution, *beside, _values(machine, a, library, driver))


def _residuals(machine: Machine, a: Any, b: Any, x: Any) -> Any:
    """The squared distances of the columns, None where a solution is exact."""
    rows, columns = ops.shape(machine, a)[-2:]
    if rows <= columns:
        return None
    off = ops.binary(machine, "sub", ops.binary(machine, "matmul", a, x), b)
    return ops.call(machine, "sum", ops.binary(machine, "mul", off, off), -2)


def _rank(machine: Machine, a: Any, library: str, driver: Any) -> Any:
    """The rank, which is full; of one matrix a number of Python's but to torch."""
    *stack, rows, columns = ops.shape(machine, a)
    if library != "torch":
        return min(rows, columns)
    empty = driver == "gels"
    return places.whole(machine, np.full((0,) if empty else stack, float(min(rows, columns))))


def _values(machine: Machine, a: Any, library: str, driver: Any) -> Any:
    """The singular values, of which torch has some, without their gradient."""
    if library != "torch":
        return ops.call(machine, "svdvals", a)
    if driver in WITH_VALUES:
        return Untold("what lstsq gives as singular values without their gradient")
    return machine.constant(np.zeros(0))


@alike
def pseudoinverse(machine: Machine, name: str, **values: Any) -> Any:
    """The pseudoinverse; what is said to be symmetric is taken by its eigenvalues."""
    matrix, *_ = values.values()
    matrix = ops.tensor(machine, matrix)
    _check_tolerance(machine, matrix, values)
    if values.get("hermitian"):
        found = ops.call(machine, "eigh", matrix)
        vectors = found.eigenvectors
        rows = ops.call(machine, "unsqueeze", found.eigenvalues, -2)
        turned = ops.call(machine, "transpose", vectors, -2, -1)
        return ops.binary(machine, "matmul", ops.binary(machine, "div", vectors, rows), turned)
    return ops.call(machine, name, matrix)


def _check_tolerance(machine: Machine, matrix: Any, values: dict[str, Any]) -> None:
    """Refuse tolerances that take some singular value for 0."""
    given = {
        key: machine.elements(ops.tensor(machine, value))
        for key, value in values.items()
        if key in ("atol", "rtol", "rcond") and value is not None
    }
    if not (given or values.get("hermitian")):
        return
    numbers = machine.elements(matrix)
    if not numbers.size or not np.isfinite(numbers).all():
        return
    sizes = np.linalg.svd(numbers, compute_uv=False)
    usual = np.finfo(machine.backend.precision).eps * max(numbers.shape[-2:])
    shares = given.get("rtol", given.get("rcond", 0.0 if given else usual))
    cut = np.add(given.get("atol", 0.0), np.multiply(shares, sizes.max(-1)))
    if bool(np.any(sizes.min(-1) <= cut * (1 + CLEAR))):
        raise UnsupportedError(
            f"{called(machine)} that takes small singular values for 0 is not known here",
            hint="of full rank it is the same with a smaller tolerance",
        )
