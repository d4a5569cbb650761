"""Mixtures of gradients: whether numbers are one, and which direction tells them apart if not."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SOLVED = 1e-7
"""To how much the nearest mixture is told."""

ITERATIONS = 30
"""Steps to it, for each row."""


def apart(given: Array, rows: Array, least: Array | float = 0.0) -> tuple[float, Array]:
    """How far numbers are from the nearest mixture of rows, and a direction that tells it.

    The distance is that of the worst element, in relation to the largest in its place, or to what
    is the `least` there. Along the direction the numbers go further than any row, if they are no
    mixture of these.
    """
    sizes = np.maximum(np.abs(rows).max(axis=0, initial=0), np.abs(given))
    sizes = np.maximum(sizes, least)
    direction, told = np.zeros(given.size), sizes > 0
    if not told.any():
        return 0.0, direction
    scaled, own = rows[:, told] / sizes[told], given[told] / sizes[told]
    if own.size == 1:
        low, high = scaled.min(), scaled.max()
        nearest = np.clip(own[0], low, high)
        direction[told] = np.sign(own[0] - nearest)
        return float(abs(own[0] - nearest)), direction
    # it brings much with it, and most points are smooth
    from scipy.optimize import nnls

    # the mixture that is nearest (Lawson and Hanson, "Solving least squares problems", 1974)
    ways = np.vstack([(scaled - own).T, np.ones(len(scaled))])
    weights, _ = nnls(ways, np.eye(len(ways))[-1], maxiter=ITERATIONS * len(scaled))
    off = own - (weights / weights.sum()) @ scaled
    direction[told] = off / sizes[told]
    return float(np.abs(off).max()), direction
