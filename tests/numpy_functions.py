"""Functions of numpy arrays as people write them, each in another way, with a point for each."""

import copy
import math
from functools import reduce
from math import exp, sqrt

import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats

X = np.array([0.7, -1.2, 1.9])
P = np.array([0.7, 1.2, 1.9])
A = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])
HELD = np.zeros(3)


def in_place(x):
    y = np.zeros(3)
    y[1:] = x[:2]
    y[0] = x[2] * 2
    y *= x
    return np.sum(y**2)


def views(x):
    y = x.copy()
    v = y[1:]
    v *= 2
    y[0] = v[0]
    w = y[::-1]
    w[0] = 3 * x[0]
    return np.sum(y * np.arange(1, 4)) + v.sum()


def its_own_input(x):
    x[0] = x[1] * 2
    return (x**2).sum()


def overlapping(x):
    y = x * 1
    y[1:] = y[:-1]
    y[1:] += y[:-1]
    return np.sum(y * [1, 2, 3] * x)


def two_axes(x):
    y = np.outer(x, x[:2]).copy()
    y[:, 0] += y[:, 1]
    y[0] *= 2
    y[..., -1] = x
    y.T[0] = 1 + y.T[1] ** 2
    return y.sum()


def outs(x):
    y = np.empty(3)
    np.multiply(x, 2, out=y)
    np.add(y, x, out=y)
    y += 1
    y -= x * x
    y /= 3
    y **= 2
    return y.sum()


def masked_out(x):
    y = np.zeros(3)
    np.divide(1.0, x, out=y, where=x > 0)
    return y.sum()


def plain_then_written(x):
    y = A * 2
    y[0] = x
    z = np.arange(3) * 1.5
    z[1:] = x[1:]
    return (y @ z).sum()


def a_global(x):
    HELD[:] = x
    return np.sum(HELD**2)


def flat(x):
    y = np.zeros((2, 2))
    y.flat[1] = x[0]
    y.ravel()[2] = x[1]
    y.reshape(-1)[0] = x[2]
    return np.sum(y**2)


def put(x):
    y = np.zeros(4)
    np.put(y, [0, 2], x[:2])
    y.put([1], x[2])
    np.copyto(y[3:], x[0])
    return np.sum(y**3)


def add_at(x):
    y = np.zeros(2)
    np.add.at(y, [0, 1, 0], x)
    return (y**2).sum()


def diagonal(x):
    y = np.zeros((3, 3))
    np.fill_diagonal(y, x)
    y[0, 1] = x[1]
    return np.sum(y @ y)


def lower(x):
    factor = np.zeros((2, 2))
    factor[np.tril_indices(2)] = x
    return np.linalg.det(factor @ factor.T + np.eye(2))


def to_integers(x):
    y = np.array([1, 2, 3])
    y = y * x
    y[0] = x[1]
    return y.sum()


def a_shape(x):
    y = x.view()
    y.shape = (3, 1)
    return (y @ y.T).sum()


def a_loop(x):
    s = 0
    for i in range(len(x)):
        s += x[i] ** 2 * (i + 1)
    return s


def an_iteration(x):
    t = 0.0
    for i, v in enumerate(x):
        t += i * v**3
    return t + sum(v * v for v in x) + sum(a * b for a, b in zip(x[1:], x[:-1], strict=True))


def unpacked(x):
    a, b, c = x
    return a * b + c**2


def steps(x):
    y = x[0]
    for _ in range(20):
        y = y + 0.1 * (x[1] * y - x[2] * y**2 * 0.1)
    return y


def a_while(x):
    s = x[0] * 1
    while s < 100:
        s = s * 2 + x[1] ** 2
    return s


def a_branch(x):
    return x[0] ** 2 if x[0] > 0 else x[1]


def the_larger(x):
    return max(x) ** 2 + min(x[0], x[1]) + abs(x[1]) + max(x[0], 0.0)


def of_math(x):
    return math.sin(x[0]) * math.exp(x[1]) + sqrt(x[2]) * exp(x[0])


def more_of_math(x):
    return math.prod(x) + math.fsum(x) + math.dist(x, [1, 2, 3]) + math.hypot(*x)


def of_lists(x):
    return np.sum(np.array([x[0] * x[1], x[1] ** 2, 3.0]) * np.array([x[2], 1, x[0]]))


def lists_to_functions(x):
    return np.linalg.norm([x[0] - 1, x[1] - 2]) + np.dot([x[0], x[1]], [x[1], 2.0])


def comprehension(x):
    return np.sum([v**2 for v in x]) + np.prod([1 + v for v in x]) + np.max([x[0], x[1]])


def floats(x):
    a, b = float(x[0]), float(x[1])
    return float(a * b + b**2)


def mapped(x):
    a, b, c = map(float, x)
    return a * b * c + max(a, b)


def as_list(x):
    a = x.tolist()
    a[0] = a[1] * a[2]
    return sum(a)


def printed(x):
    told = f"{x[1]:.2f} {x[0]}" + "{:.3f}".format(x[2])  # noqa: UP032
    return x[2] ** 2 if told else 0.0


def objects(x):
    a = np.array([x[0], x[1]], dtype=object)
    return (a * a).sum()


def kept(x):
    found = {"a": x[0], "b": x[1]}
    return found["a"] * found["b"] + reduce(lambda a, b: a * b, x)


def deep(x):
    y = copy.deepcopy(x)
    y[0] = 2
    return (y * copy.copy(x)).sum()


def what_kind(x):
    return x @ x if isinstance(x, np.ndarray) and isinstance(x[0], float) else 0.0


def imported_late(x):
    from math import sin

    import numpy as again

    y = again.zeros(3)
    y[0] = sin(x[0])
    return y.sum()


def vectorized(x):
    return np.vectorize(lambda t: t * t if t > 0 else -t)(x).sum()


def along(x):
    return np.apply_along_axis(lambda row: row @ row, 1, x.reshape(3, 1)).sum()


def enumerated(x):
    t = 0
    for i in np.ndindex(x.shape):
        t = t + x[i] ** 2
    for _, v in np.ndenumerate(x):
        t = t + v
    return t


def methods(x):
    more = x.max() - x.min() + x.prod() + x.cumsum()[1] + np.ptp(x)
    return x.sum() + x.mean() * x.std() + x.var(ddof=1) + more


def shapes(x):
    square = x.reshape(3, 1) @ x.reshape(1, -1)
    return square.trace() + x[np.newaxis].T.ravel().dot(x) + np.atleast_2d(x).sum()


def stacked(x):
    both = np.vstack([x, x**2]) * np.stack([x, np.ones(3)])
    return both.sum() + np.concatenate([x, [1.0, 2.0]]).sum() + np.hstack([x[0], x]).prod()


def rows(x):
    return np.r_[x, 1.0].prod() + np.c_[x, x].sum()


def broadcast(x):
    return np.sum((x[:, None] - x[None, :]) ** 2 * A)


def fancy(x):
    return np.sum(x[[0, 2, 2]] ** 2) + x[np.array([True, False, True])].prod()


def cut(x):
    y = x.copy()
    y[y < 0] = 0
    return np.sum(y**2)


def leaky(x):
    y = x.copy()
    y[y < 0] *= 0.1
    return np.sum(y**2)


def where(x):
    return np.where(x > 0, x**2, np.exp(x)).sum()


def in_order(x):
    best = x[np.argsort(x)][0] ** 2 + x[np.argmax(x)]
    return np.dot(np.sort(x), [1, 2, 3]) + best + sorted(x)[1] ** 2


def whole(x):
    return x[int(abs(x[1]))] ** 2 * int(x[2]) + round(x[2])


def of_ufuncs(x):
    sums = np.add.reduce(x**2) + np.multiply.outer(x, x).sum()
    return sums + np.maximum.reduce(x) + np.add.accumulate(x)[1]


def clipped(x):
    return np.clip(x, -1, 1).sum() + np.maximum(x, 0.2).sum() + np.minimum(x, 0.1) @ x


def by_pairs(x):
    return np.abs(np.fft.fft(x))[1] + np.real(np.exp(1j * x)).sum() + (x * 1j).imag.sum()


def contracted(x):
    return np.einsum("i,ij,j->", x, A, x) + np.tensordot(x, x, 1) + np.inner(x, x) + np.vdot(x, x)


def along_lines(x):
    return np.interp(0.3, [0, 0.5, 1], x) + np.trapezoid(x) + np.diff(x) @ np.diff(x)


def filters(x):
    return np.polyval(x, 2.0) + np.roll(x, 1) @ x + np.convolve(x, x)[2] + np.gradient(x) @ x


def quantiles(x):
    return np.median(x) + np.percentile(x, 30) + np.quantile(x, 0.4)


def partitioned(x):
    least = np.partition(x, 1)[:2].sum() + np.partition(-x, 2)[-1] ** 2
    there = x[np.argpartition(x, 1)[:2]].sum()
    return least + there**2 + np.sum(np.partition(np.outer(x, x + 3), 1, axis=0)[0])


def unwrapped(x):
    return np.unwrap(3 * x) @ np.arange(1, 4) + np.unwrap(np.outer(x, 4 * x), axis=0).sum()


def in_pieces(x):
    y = np.piecewise(x, [x < 0, x > 1.5], [lambda t: t**2, np.sin, lambda t: 3 * t])
    return y @ np.arange(1, 4) + np.piecewise(x, [x < 1], [np.exp, 0.0]).sum()


def of_windows(x):
    found = np.einsum("i,j,ij->", x, x, A, optimize=True) + np.gradient(x, 0.5) @ x
    return (
        found + np.sum(np.abs(np.fft.rfft(x)) ** 2) + np.interp(x, [-2, 0, 1, 3], [1, 4, 2, 3])[0]
    )


def sought(x):
    return np.sum(x[np.searchsorted([0.0, 1.0], x)] ** 2)


def triangles(x):
    square = np.outer(x, x)
    return np.sum(np.triu(square)) + np.sum(square[np.triu_indices(3, 1)]) + np.kron(x, x).sum()


def meshes(x):
    a, b = np.meshgrid(x, x)
    return np.sum(a * b**2)


def solved(x):
    return x @ np.linalg.solve(A + np.diag(x), np.ones(3))


def determinants(x):
    first = np.linalg.slogdet(A + np.outer(x, x))[1]
    return first + np.log(np.linalg.det(A + np.diag(x)))


def cholesky(x):
    return np.sum(np.log(np.diag(np.linalg.cholesky(A + np.diag(x)))))


def of_scipys(x):
    return scipy.linalg.solve(A + np.diag(x), x).sum() + scipy.linalg.norm(x)


def exponential(x):
    return scipy.linalg.expm(np.outer(x, x)).trace()


def spectra(x):
    values = np.linalg.eigvalsh(np.outer(x, x) + np.diag([1, 2, 3.0]))
    return values.max() + np.linalg.svd(np.outer(x, x) + np.eye(3))[1][0]


def least_squares(x):
    tall = np.array([[1.0, 2], [3, 4], [5, 7]])
    return np.linalg.lstsq(tall, x, rcond=None)[0].sum() + np.linalg.norm(x, 1)


def special(x):
    first = np.sum(scipy.special.gammaln(x) + scipy.special.erf(x) * scipy.special.expit(x))
    return first + scipy.special.logsumexp(x) + scipy.special.xlogy(x, x).sum()


def likelihood(x):
    return scipy.stats.norm.logpdf(x).sum() * x[0]


def logistic(x):
    points = np.arange(12.0).reshape(4, 3) / 10
    y = np.array([0, 1, 1, 0.0])
    p = scipy.special.expit(points @ x)
    return -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p))


def ackley(x):
    n = len(x)
    waves = np.exp(np.sum(np.cos(2 * np.pi * x)) / n)
    return -20 * np.exp(-0.2 * np.sqrt(np.sum(x**2) / n)) - waves + 20 + np.e


def seeded(x):
    return x @ np.random.default_rng(0).normal(size=3)


def one_number(x):
    return math.sin(x) * x**2


FOLLOWED = {
    f.__name__: (f, X)
    for f in (
        in_place, views, its_own_input, overlapping, two_axes, outs, masked_out, plain_then_written,
        a_global, flat, put, add_at, diagonal, lower, to_integers, a_shape, a_loop, an_iteration,
        unpacked, steps, a_while, a_branch, the_larger, of_math, more_of_math, of_lists,
        lists_to_functions, comprehension, floats, mapped, as_list, printed, objects, kept, deep,
        what_kind, imported_late, vectorized, along, enumerated, methods, shapes, stacked, rows,
        broadcast, fancy, cut, leaky, where, in_order, whole, of_ufuncs, clipped, by_pairs,
        contracted, along_lines, filters, quantiles, partitioned, unwrapped, in_pieces,
        of_windows, sought, triangles, meshes, exponential, spectra,
        least_squares, likelihood, logistic, ackley, seeded,
    )
} | {
    f.__name__: (f, P) for f in (solved, determinants, cholesky, of_scipys, special)
} | {"one_number": (one_number, np.array(1.7))}  # fmt: skip


def taken_out(x):
    return np.float64(x[0]) * x[1]


def through_text(x):
    return float(str(x[0])) * x[1]


def by_chance(x):
    return x @ np.random.default_rng().normal(size=3)


DRAWING = np.random.default_rng(1)


def by_chance_of_all(x):
    return x @ np.random.randn(3)


def by_chance_of_its_own(x):
    return x @ DRAWING.normal(size=3)


DRAWN = (by_chance, by_chance_of_all, by_chance_of_its_own)


def differential_equation(x):
    times = np.linspace(0, 1, 3)
    return scipy.integrate.odeint(lambda y, t: -x[0] * y, [1.0], times)[-1, 0] * x[1]


def stepped(x):
    return scipy.integrate.solve_ivp(lambda t, y: -x[0] * y, (0, 1), [1.0]).y[0, -1] * x[1]


def integrated(x):
    return scipy.integrate.quad(lambda t: np.exp(-x[0] * t), 0, 1)[0] * x[1]


def splined(x):
    return scipy.interpolate.CubicSpline([0, 1, 2], x)(1.5)


def filtered(x):
    return np.sum(scipy.signal.lfilter([1.0], [1, -0.5], x) ** 2)


CALLS = [0]


def counting(x):
    CALLS[0] += 1
    return CALLS[0] * x.sum()


MEMORY: dict[tuple[float, ...], float] = {}


def remembered(x):
    key = tuple(x)
    if key not in MEMORY:
        MEMORY[key] = np.sum(x**2)
    return MEMORY[key]


def compiled(x):
    return scipy.optimize.brentq(lambda t: t**3 - x[0], -3, 3) * x[1]


def cut_to_integers(x):
    y = np.zeros(3, int)
    y[0] = x[2]
    return y.sum() * x[0]


def only_there(x):
    return x[0] ** 2 if x[1] == X[1] else x[0]


def by_type(x):
    s = x[0] + x[1]
    return s * s if type(s) is np.float64 else s


OF_SCIPY = {
    "scipy.integrate.odeint": differential_equation, "scipy.integrate.solve_ivp": stepped,
    "scipy.integrate.quad": integrated, "scipy.interpolate.CubicSpline": splined,
    "scipy.signal.lfilter": filtered, "scipy.optimize.brentq": compiled,
}  # fmt: skip

LOST = {
    f.__name__: (f, X)
    for f in (
        *DRAWN, *OF_SCIPY.values(),
        taken_out, through_text, counting, remembered, cut_to_integers,
        only_there, by_type,
    )
}  # fmt: skip
