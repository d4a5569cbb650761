"""What texts of numpy do beside calculating: tables, warnings, triangles, small objects."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from scipy.spatial.distance import pdist, squareform


class Model(TypedDict):
    a: float
    b: float


MODELS: dict[str, Model] = {"earth": {"a": 6.378137, "b": 6.356752314}}


@dataclass
class Ellipsoid:
    a: float
    b: float

    @classmethod
    def named(cls, name: str) -> Ellipsoid:
        return cls(MODELS[name]["a"], MODELS[name]["b"])


def to_cartesian(lat, lon, alt):
    ell = Ellipsoid.named("earth")
    with np.errstate(invalid="ignore"):
        n = ell.a**2 / np.hypot(ell.a * np.cos(lat), ell.b * np.sin(lat))
    x = (n + alt) * np.cos(lat) * np.cos(lon)
    y = (n + alt) * np.cos(lat) * np.sin(lon)
    return np.array([x, y, (n * (ell.b / ell.a) ** 2 + alt) * np.sin(lat)])


def seawater_density(s, t):
    s, t = list(map(np.asanyarray, (s, t)))
    a = (999.842594, 6.793952e-2, -9.09529e-3, 1.001685e-4)
    b = (8.24493e-1, -4.0899e-3)
    pure = a[0] + (a[1] + (a[2] + a[3] * t) * t) * t
    return pure + (b[0] + b[1] * t) * s - 5.72466e-3 * s * s**0.5


def logit_nll(theta, X, y):
    z = np.insert(X, 0, 1, 1).dot(theta)
    return np.sum(np.log1p(np.exp(z)) - z * y)


def kernel(X, theta):
    scale, length, noise = theta ** [2, 1, 2]
    K = squareform(scale * np.exp(-0.5 * (pdist(X) / length) ** 2))
    np.fill_diagonal(K, scale)
    K[np.diag_indices_from(K)] += noise + 1e-8
    return K


def matrix_to_quaternion(M):
    xx, yx, zx, xy, yy, zy, xz, yz, zz = M.flat
    K = np.array([
        [xx - yy - zz, 0, 0, 0],
        [yx + xy, yy - xx - zz, 0, 0],
        [zx + xz, zy + yz, zz - xx - yy, 0],
        [yz - zy, zx - xz, xy - yx, xx + yy + zz]]
    ) / 3.0
    values, vectors = np.linalg.eigh(K)
    q = vectors[[3, 0, 1, 2], np.argmax(values)]
    if q[0] < 0:
        q *= -1
    return q


def normalized(q):
    total = np.sum(q**2)
    if total < np.finfo(total.dtype.type).eps * 3:
        return q * 0.0
    return q / np.sqrt(total)


def rates(x):
    if np.ndim(x) is 1:
        x = x.reshape((1, len(x)))
    fx = np.zeros_like(x)
    fx[:, 0] = 10.0 * (x[:, 1] - x[:, 0])
    fx[:, 1] = 28.0 * x[:, 0] - x[:, 1] - x[:, 0] * x[:, 2]
    fx[:, 2] = x[:, 0] * x[:, 1] - (8.0 / 3) * x[:, 2]
    return fx.squeeze() if fx.shape[0] is 1 else fx


class TailModel:
    def __init__(self, data):
        self.data = data
        self.fixed = None

    def log_likelihood(self, params):
        if self.fixed is not None:
            params = self.expanded(params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            z = (self.data - params[0]) / params[1]
            return -np.sum(np.log1p(z**2)) - len(self.data) * np.log(params[1])


def cauchy_fit(params, data):
    return TailModel(data).log_likelihood(params)
