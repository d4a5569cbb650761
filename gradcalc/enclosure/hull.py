"""Mixtures of gradients: whether numbers are one, and which direction tells them apart if not."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SOLVED = 1e-7
"""To how much the nearest mixture is told."""

FAR = 1e-4
"""How far off numbers are, in relation to the largest, for which it is not told how far exactly."""

STEPS = 300
"""Steps in which that is found out, or left to what is exact and takes longer."""

ITERATIONS = 300
"""Steps to it, for each row."""


def apart(given: Array, rows: Array, least: Array | float = 0.0) -> tuple[float, Array, Array]:
    """How far numbers are from the nearest mixture of rows, a direction that tells it, and shares.

    The distance is that of the worst element, in relation to the largest in its place, or to what
    is the `least` there. Along the direction the numbers go further than any row, if they are no
    mixture of these. The shares are those of the rows in the nearest mixture.
    """
    sizes = np.maximum(np.abs(rows).max(axis=0, initial=0), np.abs(given))
    sizes = np.maximum(sizes, least)
    direction, told = np.zeros(given.size), sizes > 0
    if not told.any():
        return 0.0, direction, np.ones(len(rows))
    scaled, own = rows[:, told] / sizes[told], given[told] / sizes[told]
    if own.size == 1:
        low, high = scaled.min(), scaled.max()
        nearest = np.clip(own[0], low, high)
        direction[told] = np.sign(own[0] - nearest)
        return float(abs(own[0] - nearest)), direction, np.ones(len(rows))
    # it brings much with it, and most points are smooth
    from scipy.optimize import nnls

    # the mixture that is nearest (Lawson and Hanson, "Solving least squares problems", 1974)
    ways = np.vstack([(scaled - own).T, np.ones(len(scaled))])
    weights, _ = nnls(ways, np.eye(len(ways))[-1], maxiter=ITERATIONS * len(scaled))
    off = own - (weights / weights.sum()) @ scaled
    direction[told] = off / sizes[told]
    return float(np.abs(off).max()), direction, weights


def beyond(given: Array, start: Array, jumps: Array, least: Array | float = 0.0) -> float:
    """How far numbers are from what is left of a start when a share of each jump is taken away.

    In relation to the largest in each place, as it is with `apart`.
    """
    low, high = extent(start, jumps)
    sizes = np.maximum(np.maximum(np.maximum(np.abs(low), np.abs(high)), np.abs(given)), least)
    told = sizes > 0
    ways, own = jumps[:, told] / sizes[told], (start - given)[told] / sizes[told]
    offs = [own - share * ways.sum(axis=0) for share in (0.0, 0.5, 1.0)]
    off = min(float(np.abs(off).max(initial=0)) for off in offs)
    if off <= SOLVED or not len(ways):
        return off
    least_off = _told_apart(ways, own)
    if least_off > FAR:
        return least_off
    # it brings much with it, and most points are smooth
    from scipy.optimize import lsq_linear

    found = lsq_linear(ways.T, own, (0.0, 1.0), method="bvls")
    rest = own - found.x @ ways
    off = float(np.abs(rest).max())
    # what is nearest may not have been reached
    return off if off <= SOLVED or _gap(ways, own, rest) > 0 else _least_off(ways, own)


def _told_apart(ways: Array, own: Array) -> float:
    """How far numbers are, at the least, from every sum of shares of the ways, as soon as told.

    By steps down the slope that gather speed (Beck and Teboulle, "A fast iterative
    shrinkage-thresholding algorithm", 2009), each of which gives a direction.
    """
    step = 1 / max(float(np.linalg.norm(ways, 2)) ** 2, np.finfo(np.float64).tiny)
    shares = ahead = np.full(len(ways), 0.5)
    speed, most = 1.0, 0.0
    for _ in range(STEPS):
        rest = own - ahead @ ways
        most = max(most, _gap(ways, own, rest))
        if most > FAR:
            break
        before, shares = shares, np.clip(ahead + step * (ways @ rest), 0, 1)
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead, speed = shares + (speed - 1) / faster * (shares - before), faster
    return most


def _gap(ways: Array, own: Array, along: Array) -> float:
    """How far numbers are, along a direction, behind every sum of shares of the ways."""
    length = float(np.abs(along).sum())
    return float(along @ own - np.maximum(ways @ along, 0).sum()) / length if length else 0.0


def extent(start: Array, jumps: Array) -> tuple[Array, Array]:
    """The least and the largest of what is left of a start, by element."""
    return start - np.maximum(jumps, 0).sum(axis=0), start - np.minimum(jumps, 0).sum(axis=0)


def _least_off(ways: Array, own: Array) -> float:
    """The same by a linear program, which takes longer."""
    from scipy.optimize import linprog

    one = np.ones((own.size, 1))
    found = linprog(
        [*np.zeros(len(ways)), 1.0],
        A_ub=np.block([[ways.T, -one], [-ways.T, -one]]), b_ub=np.concatenate([own, -own]),
        bounds=[*[(0.0, 1.0)] * len(ways), (0.0, None)],
    )  # fmt: skip
    return float(found.fun) if found.status == 0 else np.inf
