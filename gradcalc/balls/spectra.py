"""Eigenvalues and singular values of matrices of balls, and their vectors, all enclosed.

LAPACK's vectors are refined to the precision asked for (Ogita and Aishima, "Iterative refinement
for symmetric eigenvalue decomposition", 2018), which proves nothing. Then balls do: with V nearly
orthogonal the eigenvalues of V.T A V are those of A but for factors near 1 (Ostrowski), and lie as
near to its diagonal as the sums of what stands beside it (Weyl). A vector is as near to the true
one as its residual is small in relation to the gap (Davis and Kahan).
"""

from collections.abc import Iterator, Sequence
from functools import cmp_to_key
from typing import Any

import flint
import numpy as np

from gradcalc.balls.boxes import ZERO, array_of, to_floats
from gradcalc.balls.factors import SPARE, halves
from gradcalc.balls.matrices import matrix_of
from gradcalc.balls.numbers import NAN, Ball

GUARD = 48
"""Bits that the refinement has more than the result."""

ROUNDS = 60
"""Steps of refinement at the most. Each doubles the digits, or parts values that floats took for
one, by as many digits as floats have."""

PARTED = 2.0**-8
"""How small an element beside the diagonal must be, in relation to the gap of the two eigenvalues,
for the step of refinement to bring them apart."""

SURE = 0.5
"""The largest sine of the angle between a vector and the true one with which it is that one's."""


def _compared(a: Ball, b: Ball) -> int:
    return -1 if a < b else int(a > b)


RISING = cmp_to_key(_compared)
"""Exact balls in order."""


def eigh(x: Any) -> tuple[Any, Any]:
    """The eigenvalues of the symmetric part, rising, and a vector for each, in columns.

    The vector is NaN where its eigenvalue is not told from the next one.
    """
    size = len(x)
    if not all(ball.is_finite() for ball in x.flat):
        return np.full(size, NAN, dtype=object), np.full((size, size), NAN, dtype=object)
    bits = flint.ctx.prec
    with flint.ctx.workprec(bits + GUARD):
        matrix = halves(x)
        vectors, signs = _refined(_middles(matrix))
        values, columns = _enclosed(matrix_of(matrix), vectors)
        return values, columns * signs


def svd(x: Any) -> tuple[Any, Any, Any]:
    """Left vectors, in columns, singular values, falling, and right vectors.

    By the eigenvalues of the inner products, in more than twice as many bits. A left vector is NaN
    where its value may be 0.
    """
    if x.shape[0] < x.shape[1]:
        left, values, right = svd(x.T)
        return right, values, left
    with flint.ctx.workprec(2 * flint.ctx.prec + SPARE):
        matrix = matrix_of(x)
        product = matrix.transpose() * matrix
        squares, vectors = eigh(array_of(product.entries(), (x.shape[1], x.shape[1])))
        values = np.array([_root(square) for square in squares[::-1]], dtype=object)
        right = _turned(x, vectors[:, ::-1])
        found = matrix * matrix_of(right)
        left = array_of(found.entries(), x.shape) / values
    return left, values, right


def polar(x: Any) -> tuple[Any]:
    """The product of the left vectors and the right ones in rows, whichever those of equal singular
    values are. NaN where one of these may be 0.

    It is the orthogonal factor Q of A = Q H, H symmetric and positive definite. Along E it moves
    by no more than |E|/s in Frobenius' norm, s the least singular value: in A's own vectors by
    (E[i, j] - E[j, i])/(w[i] + w[j]), and by E[i, j]/w[j] below the square. So one that is found
    near it is as near as its own Q H is to A.
    """
    if x.shape[0] < x.shape[1]:
        (found,) = polar(x.T)
        return (found.T,)
    unknown = np.full(x.shape, NAN, dtype=object)
    if not x.size or not all(ball.is_finite() for ball in x.flat):
        return (unknown,)
    with flint.ctx.workprec(2 * flint.ctx.prec + SPARE):
        matrix, near = matrix_of(x), _nearly_polar(matrix_of(_middles(x)))
        if near is None:
            return (unknown,)
        product = near.transpose() * matrix_of(_middles(x))
        stretch = ((product + product.transpose()) * flint.arb(0.5)).mid()
        sizes = (x.shape[1], x.shape[1])
        least = eigh(array_of(stretch.entries(), sizes))[0][0].lower()
        skew = _length((near.transpose() * near - _unit(x.shape[1])).entries())
        # the nearest orthogonal matrix is near*(1 + skew)**(-1/2)
        off = skew * (1 + skew).sqrt()
        beside = _length((matrix - near * stretch).entries()) + off * _length(stretch.entries())
        if not (skew < SURE and beside < least):
            return (unknown,)
        room = flint.arb(0, (off + beside / (least - beside)).abs_upper())
        return (array_of(near.entries(), x.shape) + room,)


def _root(square: Ball) -> Ball:
    """The root of what is not negative."""
    return square.nonnegative_part().sqrt() if square.is_finite() else NAN


def _turned(x: Any, vectors: Any) -> Any:
    """Right vectors with the signs that LAPACK gives them."""
    floats = to_floats(x)
    if not np.isfinite(floats).all():
        return vectors
    _, _, rows = np.linalg.svd(floats, full_matrices=False)
    return vectors * _signs(to_floats(vectors), rows.T)


def _signs(vectors: Any, others: Any) -> Any:
    """For each column 1, or -1 where it points away from another one."""
    along = np.nansum(vectors * others, axis=0)
    return np.array([flint.arb(-1 if value < 0 else 1) for value in along], dtype=object)


def _middles(x: Any) -> Any:
    return np.frompyfunc(lambda ball: ball.mid(), 1, 1)(x)


# -- what is proved --------------------------------------------------------------------------------


def _enclosed(matrix: Any, vectors: Any) -> tuple[Any, Any]:
    """The eigenvalues and vectors of all matrices that a matrix of balls holds."""
    size, front = matrix.nrows(), vectors.transpose()
    product, inner = front * (matrix * vectors), front * vectors
    values = _values(product, inner, size)
    if values is None:
        return np.full(size, NAN, dtype=object), np.full((size, size), NAN, dtype=object)
    middles = [product[k, k].mid() for k in range(size)]
    centre = flint.arb_mat(size, size)
    for k in range(size):
        centre[k, k] = middles[k]
    residual = matrix * vectors - vectors * centre
    columns = np.empty((size, size), dtype=object)
    for k in range(size):
        length = inner[k, k].sqrt()
        gap = _gap(values, k, middles[k])
        sine = _length([residual[i, k] for i in range(size)]) / (length * gap) if gap > 0 else NAN
        off = (sine * flint.arb(2).sqrt()).abs_upper() if sine < SURE else NAN
        for i in range(size):
            columns[i, k] = vectors[i, k] / length + flint.arb(0, off) if off.is_finite() else NAN
    return values, columns


def _values(product: Any, inner: Any, size: int) -> Any | None:
    """The eigenvalues in order; None where the vectors are not nearly orthogonal."""
    skew = max(
        sum((abs(inner[i, j] - int(i == j)).upper() for j in range(size)), ZERO)
        for i in range(size)
    )
    if not skew < SURE:
        return None
    beside = max(
        sum((abs(product[i, j]).upper() for j in range(size) if j != i), ZERO) for i in range(size)
    )
    diagonal = [product[k, k] for k in range(size)]
    room = flint.arb(0, beside.upper())
    lowest = sorted((ball.lower() for ball in diagonal), key=RISING)
    highest = sorted((ball.upper() for ball in diagonal), key=RISING)
    factor = flint.arb(1, skew.upper())
    pairs = zip(lowest, highest, strict=True)
    return np.array([(low.union(high) + room) / factor for low, high in pairs], dtype=object)


def _gap(values: Any, place: int, middle: Ball) -> Ball:
    """How far all other eigenvalues are from a number, at the least; not positive if unknown."""
    rest = [value for k, value in enumerate(values) if k != place]
    return min((abs(value - middle).lower() for value in rest), default=flint.arb(1))


def _length(parts: Sequence[Ball]) -> Ball:
    return sum((part.abs_upper() ** 2 for part in parts), ZERO).sqrt()


# -- what is only tried ------------------------------------------------------------------------


def _refined(a: Any) -> tuple[Any, Any]:
    """Vectors of a matrix of exact balls, and LAPACK's signs of them."""
    size, bits = len(a), flint.ctx.prec
    scale = max((abs(ball) for ball in a.flat), default=ZERO)
    floats = to_floats(a / scale) if scale > 0 else np.zeros(a.shape)
    _, start = np.linalg.eigh(floats)
    matrix, vectors = matrix_of(a), _exactly(start)
    least = scale * flint.arb(2) ** (8 - bits + GUARD // 2)
    for _ in range(ROUNDS):
        vectors = _orthogonal(vectors)
        product = (vectors.transpose() * (matrix * vectors)).mid()
        beside = max(
            (abs(product[i, j]) for i in range(size) for j in range(size) if i != j), default=ZERO
        )
        if not beside > least:
            break
        clusters = list(_clusters(product, least, size))
        step = _rotation(product, clusters, size) if clusters else _step(product, least, size)
        vectors = (vectors * step).mid()
    vectors = _orthogonal(vectors)
    product = (vectors.transpose() * (matrix * vectors)).mid()
    order = sorted(range(size), key=lambda k: RISING(product[k, k]))
    found = flint.arb_mat(size, size, [vectors[i, k] for i in range(size) for k in order])
    return found, _signs(to_floats(array_of(found.entries(), a.shape)), start)


def _exactly(floats: Any) -> Any:
    rows, columns = floats.shape
    return flint.arb_mat(rows, columns, [flint.arb(float(value)) for value in floats.flat])


def _nearly_polar(matrix: Any) -> Any | None:
    """The orthogonal factor of a matrix of exact balls, None where it seems to have none."""
    product = (matrix.transpose() * matrix).mid()
    size = matrix.ncols()
    vectors, _ = _refined(array_of(product.entries(), (size, size)))
    turned = (matrix * vectors).mid()
    weights = flint.arb_mat(size, size)
    for k in range(size):
        length = _length([turned[i, k] for i in range(turned.nrows())])
        if not length > 0:
            return None
        weights[k, k] = 1 / length
    return _orthogonal((turned * weights * vectors.transpose()).mid())


def _unit(size: int) -> Any:
    found = flint.arb_mat(size, size)
    for k in range(size):
        found[k, k] = flint.arb(1)
    return found


def _orthogonal(vectors: Any) -> Any:
    """Two steps of Newton and Schulz towards orthogonal columns."""
    three = _unit(vectors.ncols()) * flint.arb(3)
    for _ in range(2):
        vectors = (vectors * (three - vectors.transpose() * vectors) * flint.arb(0.5)).mid()
    return vectors


def _clusters(product: Any, least: Ball, size: int) -> Iterator[list[int]]:
    """The eigenvalues that are not told apart: places that belong together."""
    group = list(range(size))
    for i in range(size):
        for j in range(i):
            beside = abs(product[i, j])
            gap = abs(product[i, i] - product[j, j])
            if beside > least and beside > gap * PARTED:
                old, new = group[i], group[j]
                group = [new if member == old else member for member in group]
    for label in dict.fromkeys(group):
        places = [k for k in range(size) if group[k] == label]
        if len(places) > 1:
            yield places


def _rotation(product: Any, clusters: Sequence[list[int]], size: int) -> Any:
    """The vectors of each cluster turned as floats say, of what tells its eigenvalues apart."""
    found = np.eye(size)
    for places in clusters:
        middle = product[places[0], places[0]]
        block = np.array(
            [[product[i, j] - (middle if i == j else ZERO) for j in places] for i in places],
            dtype=object,
        )
        largest = max(abs(ball.mid()) for ball in block.flat)
        floats = to_floats(_middles(block) / largest.mid())
        _, own = np.linalg.eigh((floats + floats.T) / 2)
        found[np.ix_(places, places)] = own
    return _exactly(found)


def _step(product: Any, least: Ball, size: int) -> Any:
    """What turns the vectors to the true ones, to first order."""
    found = flint.arb_mat(size, size)
    for i in range(size):
        found[i, i] = flint.arb(1)
        for j in range(size):
            if i != j and abs(product[i, j]) > least:
                found[i, j] = (product[i, j] / (product[j, j] - product[i, i])).mid()
    return found
