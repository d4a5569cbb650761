"""Programs that are exported: each with its inputs, and what is differentiated by."""

from collections.abc import Mapping
from typing import Any

import numpy as np

RNG = np.random.default_rng(18)


def some(*shape: int) -> Any:
    """Numbers of a few digits, none of them near 0."""
    drawn = RNG.uniform(0.2, 1.5, shape) * RNG.choice([-1.0, 1.0], shape)
    return np.round(drawn, 3)


A, B, C = some(4, 3), some(3, 3), some(3, 4)
S = np.round(B @ B.T + 2 * np.eye(3), 3)
x, y, b, w = some(3), some(3), some(4), some(3)
p, q = np.abs(some(3)) + 0.1, np.round(np.abs(some(3)) / 3, 3)
t = np.array([0.0, 1.0, 0.0, 1.0])
a, c = np.array(1.3), np.array(-0.7)
T = some(2, 3, 2)
VECTORS = {"x": x, "y": y}

ELEMENTWISE: Mapping[str, dict[str, Any]] = {
    "a**3 - 2*a*c + 1/c": {"a": a, "c": c},
    "sin(x)*cos(y) + tan(x*y/4)": VECTORS,
    "exp(-x**2)/(1 + y**2)": VECTORS,
    "tanh(x)*sigmoid(y)": VECTORS,
    "log(p) + sqrt(p) + p**1.5": {"p": p},
    "asin(q) + acos(q) + atan(x)": {"q": q, "x": x},
    "sinh(x) + cosh(y) + asinh(x)": VECTORS,
    "log1p(p) + expm1(x)": {"p": p, "x": x},
    "abs(x) + sign(x)*x**2": {"x": x},
    "relu(x)**2 + leaky_relu(y)": VECTORS,
    "softplus(x) + gelu(y)": VECTORS,
    "erf(x) + erfc(y)": VECTORS,
    "lgamma(p)": {"p": p},
    "maximum(x, y)*minimum(x, 0.5)": VECTORS,
    "where(x > 0, log(abs(x)), x**2)": {"x": x},
    "p**x": {"p": p, "x": x},
    "atan2(x, p) + hypot(x, y)": {"x": x, "p": p, "y": y},
    "1/(1 + exp(-30*x))": {"x": x},
    "clamp(x, -0.5, 0.5)*y": VECTORS,
}
REDUCTIONS: Mapping[str, dict[str, Any]] = {
    "sum(x*y)**2": VECTORS,
    "mean(x**2) - mean(x)**2": {"x": x},
    "A.sum(0)*x": {"A": A, "x": x},
    "std(x)": {"x": x},
    "norm(x - y)": VECTORS,
    "prod(x)": {"x": x},
    "amax(A, 1)*b": {"A": A, "b": b},
    "amin(x) + amax(y)": VECTORS,
    "logsumexp(A, 1)": {"A": A},
    "cumsum(x, 0)*y": VECTORS,
    "cumprod(x, 0)": {"x": x},
    "sort(x).values*y": VECTORS,
    "mean(A, 0) @ x": {"A": A, "x": x},
    "norm(A, dim=1)": {"A": A},
    "var(x)": {"x": x},
}
MATRICES: Mapping[str, dict[str, Any]] = {
    "A@x - b": {"A": A, "x": x, "b": b},
    "x@S@x": {"x": x, "S": S},
    "trace(A@C)": {"A": A, "C": C},
    "outer(x, y)@x": VECTORS,
    "sum(A.T@A)": {"A": A},
    "diag(x)@B@diag(y)": {"x": x, "B": B, "y": y},
    "diag(B)@tril(B)@triu(B, 1)": {"B": B},
    "T@T.transpose(1, 2)": {"T": T},
    "einsum('ij,jk->ik', A, B)": {"A": A, "B": B},
    "kron(x, y)": VECTORS,
    "det(B)": {"B": B},
    "logdet(S)": {"S": S},
    "inv(B)@x": {"B": B, "x": x},
    "solve(S, x)": {"S": S, "x": x},
    "cholesky(S)": {"S": S},
    "eigvalsh(S)": {"S": S},
    "svdvals(A)": {"A": A},
    "matrix_exp(B/4)@x": {"B": B, "x": x},
}
MODELS: Mapping[str, dict[str, Any]] = {
    "softmax(x)": {"x": x},
    "log_softmax(x)*y": VECTORS,
    "sum((A@w - b)**2) + 0.1*sum(w**2)": {"A": A, "w": w, "b": b},
    "sum(log(1 + exp(A@w)) - t*(A@w))": {"A": A, "w": w, "t": t},
    "-sum(t*log(sigmoid(A@w)) + (1 - t)*log(1 - sigmoid(A@w)))": {"A": A, "w": w, "t": t},
    "sum((A - b[:, None]*x)**2)": {"A": A, "b": b, "x": x},
    "sum(tanh(A@tanh(B@x + y) + b)**2)": {"A": A, "B": B, "x": x, "y": y, "b": b},
    "sum(softmax(B@B.T, 1)@B)": {"B": B},
    "mse_loss(A@w, b)": {"A": A, "w": w, "b": b},
    "cross_entropy(B, y)": {"B": B, "y": np.array([0.0, 2.0, 1.0])},
    "(x - x.mean())/x.std()": {"x": x},
    "exp(-sum((x - y)**2)/2)": VECTORS,
    "huber_loss(x, y)": VECTORS,
}
SHAPES: Mapping[str, dict[str, Any]] = {
    "x[1:] - x[:-1]": {"x": x},
    "A[0]*A[:, 1].sum()": {"A": A},
    "x[[0, 2, 2]]*y": VECTORS,
    "A.reshape(2, 6)@A.reshape(6, 2)": {"A": A},
    "cat([x, y**2])": VECTORS,
    "stack([x, y*x])": VECTORS,
    "flip(x, [0])*roll(y, 1, 0)": VECTORS,
    "x[0]*x[1] + x[-1]**3": {"x": x},
    "T.permute(2, 0, 1).reshape(-1)": {"T": T},
    "pad(x, (1, 1))": {"x": x},
    "x.unsqueeze(1)*y": VECTORS,
    "A[A > 0]**2": {"A": A},
    "diagonal(B, 1) + x[:2]": {"B": B, "x": x},
}
LOOPS: Mapping[str, dict[str, Any]] = {
    "s = 0\nfor i in range(2):\n    s = s + 100*(x[i+1] - x[i]**2)**2 + (1 - x[i])**2\ns": {"x": x},
    "z = x\nfor k in range(3):\n    z = sin(z)*y\nz.sum()": VECTORS,
    "def f(v):\n    if v.sum() > 0:\n        return v**2\n    return v**3\nf(x)*f(y)": VECTORS,
    "z = a\nwhile z < 3:\n    z = z*1.7\nz": {"a": a},
    "z = zeros(3)\nz[0] = x[1]**2\nz[1:] = y[1:]*x[0]\nz": VECTORS,
    "u = x*x\nu.detach()*x": {"x": x},
    "z = x\nfor k in range(4):\n    z = 0.5*(z + p/z)\nz.sum()": {"x": np.abs(x) + 0.5, "p": p},
}

PROGRAMS = {**ELEMENTWISE, **REDUCTIONS, **MATRICES, **MODELS, **SHAPES, **LOOPS}
