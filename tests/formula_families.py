"""Textbook objectives, and their gradients as a textbook would write them."""

from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Family(NamedTuple):
    """A program, the shapes of its inputs, and the formula by each input."""

    name: str
    program: str
    shapes: dict[str, Shape]
    formulas: dict[str, str]


SPD = {"gaussian-full"}
"""Families whose matrices must be symmetric and positive definite."""


def point(family: Family, seed: int = 3) -> dict[str, Any]:
    """Inputs off every kink and border: positive numbers, square matrices far from singular."""
    random = np.random.default_rng(seed)
    inputs: dict[str, Any] = {}
    for name, shape in family.shapes.items():
        values = random.uniform(0.3, 1.7, shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            values = values + 3 * np.eye(shape[0])
        if family.name in SPD and len(shape) == 2:
            values = values + values.T
        inputs[name] = values
    return inputs


FAMILIES = (
    Family("dot", "2*dot(x,x)", {"x": (4,)}, {"x": "4*x"}),
    Family("dot-two", "dot(x,y)", {"x": (4,), "y": (4,)}, {"x": "y", "y": "x"}),
    Family(
        "quadratic", "x@A@x", {"x": (4,), "A": (4, 4)}, {"x": "(A + A.T)@x", "A": "outer(x, x)"}
    ),
    Family(
        "bilinear",
        "x@A@y",
        {"x": (3,), "A": (3, 4), "y": (4,)},
        {"x": "A@y", "A": "outer(x, y)", "y": "A.T@x"},
    ),
    Family(
        "quadratic-affine",
        "x@A@x/2 - b@x",
        {"x": (4,), "A": (4, 4), "b": (4,)},
        {"x": "(A + A.T)@x/2 - b", "A": "outer(x, x)/2", "b": "-x"},
    ),
    Family(
        "least-squares",
        "sum((X@w - b)**2)",
        {"X": (5, 3), "w": (3,), "b": (5,)},
        {"X": "2*outer(X@w - b, w)", "w": "2*X.T@(X@w - b)", "b": "2*(b - X@w)"},
    ),
    Family(
        "least-squares-half",
        "0.5*norm(X@w - b)**2",
        {"X": (5, 3), "w": (3,), "b": (5,)},
        {"X": "outer(X@w - b, w)", "w": "X.T@(X@w - b)", "b": "b - X@w"},
    ),
    Family(
        "ridge",
        "sum((X@w - b)**2) + lam*sum(w**2)",
        {"X": (5, 3), "w": (3,), "b": (5,), "lam": ()},
        {
            "X": "2*outer(X@w - b, w)",
            "w": "2*X.T@(X@w - b) + 2*lam*w",
            "b": "2*(b - X@w)",
            "lam": "w@w",
        },
    ),
    Family("sum-of-exp", "sum(exp(x))", {"x": (4,)}, {"x": "exp(x)"}),
    Family("logsumexp-by-hand", "log(sum(exp(x)))", {"x": (4,)}, {"x": "softmax(x)"}),
    Family("logsumexp", "logsumexp(x)", {"x": (4,)}, {"x": "softmax(x)"}),
    Family(
        "logsumexp-stable",
        "m = amax(x); m + log(sum(exp(x - m)))",
        {"x": (4,)},
        {"x": "softmax(x)"},
    ),
    Family(
        "softmax",
        "v@softmax(x)",
        {"v": (4,), "x": (4,)},
        {"v": "softmax(x)", "x": "softmax(x)*(v - v@softmax(x))"},
    ),
    Family(
        "softmax-by-hand",
        "v@(exp(x)/sum(exp(x)))",
        {"v": (4,), "x": (4,)},
        {"v": "softmax(x)", "x": "softmax(x)*(v - v@softmax(x))"},
    ),
    Family(
        "softmax-stable",
        "e = exp(x - amax(x)); v@(e/sum(e))",
        {"x": (4,), "v": (4,)},
        {"x": "softmax(x)*(v - v@softmax(x))", "v": "softmax(x)"},
    ),
    Family(
        "log-softmax",
        "y@log_softmax(x)",
        {"y": (4,), "x": (4,)},
        {"y": "x - logsumexp(x)", "x": "y - sum(y)*softmax(x)"},
    ),
    Family(
        "softmax-rows",
        "sum(softmax(X, axis=1)*Y)",
        {"X": (5, 3), "Y": (5, 3)},
        {
            "X": "softmax(X, axis=1)*(Y - sum(Y*softmax(X, axis=1), axis=1, keepdims=True))",
            "Y": "softmax(X, axis=1)",
        },
    ),
    Family(
        "logistic-signs",
        "sum(log(1 + exp(-y*(X@w))))",
        {"y": (5,), "X": (5, 3), "w": (3,)},
        {
            "y": "-sigmoid(-y*(X@w))*(X@w)",
            "X": "-outer(y*sigmoid(-y*(X@w)), w)",
            "w": "-X.T@(y*sigmoid(-y*(X@w)))",
        },
    ),
    Family(
        "logistic-softplus",
        "sum(softplus(-y*(X@w)))",
        {"y": (5,), "X": (5, 3), "w": (3,)},
        {
            "y": "-sigmoid(-y*(X@w))*(X@w)",
            "X": "-outer(y*sigmoid(-y*(X@w)), w)",
            "w": "-X.T@(y*sigmoid(-y*(X@w)))",
        },
    ),
    Family(
        "logistic-logsigmoid",
        "-sum(logsigmoid(y*(X@w)))",
        {"y": (5,), "X": (5, 3), "w": (3,)},
        {
            "y": "-sigmoid(-y*(X@w))*(X@w)",
            "X": "-outer(y*sigmoid(-y*(X@w)), w)",
            "w": "-X.T@(y*sigmoid(-y*(X@w)))",
        },
    ),
    Family(
        "logistic-01",
        "sum(softplus(X@w) - b*(X@w))",
        {"X": (5, 3), "w": (3,), "b": (5,)},
        {"X": "outer(sigmoid(X@w) - b, w)", "w": "X.T@(sigmoid(X@w) - b)", "b": "-X@w"},
    ),
    Family(
        "logistic-entropy",
        "-sum(b*log(sigmoid(X@w)) + (1 - b)*log(1 - sigmoid(X@w)))",
        {"b": (5,), "X": (5, 3), "w": (3,)},
        {
            "b": "log(1 - sigmoid(X@w)) - log(sigmoid(X@w))",
            "X": "outer(sigmoid(X@w) - b, w)",
            "w": "X.T@(sigmoid(X@w) - b)",
        },
    ),
    Family(
        "logistic-torch",
        "binary_cross_entropy_with_logits(X@w, b)",
        {"X": (5, 3), "w": (3,), "b": (5,)},
        {"X": "outer(sigmoid(X@w) - b, w)/5", "w": "X.T@(sigmoid(X@w) - b)/5", "b": "-X@w/5"},
    ),
    Family("sigmoid", "sum(sigmoid(x))", {"x": (4,)}, {"x": "sigmoid(x)*(1 - sigmoid(x))"}),
    Family(
        "sigmoid-by-hand", "sum(1/(1 + exp(-x)))", {"x": (4,)}, {"x": "sigmoid(x)*(1 - sigmoid(x))"}
    ),
    Family("softplus", "sum(softplus(x))", {"x": (4,)}, {"x": "sigmoid(x)"}),
    Family("softplus-by-hand", "sum(log(1 + exp(x)))", {"x": (4,)}, {"x": "sigmoid(x)"}),
    Family("norm", "norm(x)", {"x": (4,)}, {"x": "x/norm(x)"}),
    Family("norm-by-hand", "sqrt(x@x)", {"x": (4,)}, {"x": "x/norm(x)"}),
    Family("norm-cubed", "norm(x)**3", {"x": (4,)}, {"x": "3*norm(x)*x"}),
    Family(
        "norm-residual",
        "norm(X@w - b)",
        {"X": (5, 3), "w": (3,), "b": (5,)},
        {
            "X": "outer(X@w - b, w)/norm(X@w - b)",
            "w": "X.T@(X@w - b)/norm(X@w - b)",
            "b": "(b - X@w)/norm(X@w - b)",
        },
    ),
    Family(
        "norm-rows",
        "sum(norm(X, axis=1))",
        {"X": (5, 3)},
        {"X": "X/norm(X, axis=1, keepdims=True)"},
    ),
    Family("norm-one", "norm(x, 1)", {"x": (4,)}, {"x": "sign(x)"}),
    Family(
        "cosine",
        "dot(a, b)/(norm(a)*norm(b))",
        {"a": (4,), "b": (4,)},
        {
            "a": "(b - (a@b)*a/norm(a)**2)/(norm(a)*norm(b))",
            "b": "(a - (a@b)*b/norm(b)**2)/(norm(a)*norm(b))",
        },
    ),
    Family(
        "rayleigh",
        "x@A@x/(x@x)",
        {"x": (4,), "A": (4, 4)},
        {"x": "((A + A.T)@x - 2*(x@A@x)*x/(x@x))/(x@x)", "A": "outer(x, x)/(x@x)"},
    ),
    Family(
        "sharpe",
        "mean(r)/std(r)",
        {"r": (4,)},
        {"r": "(3 - 4*mean(r)*(r - mean(r))/std(r)**2)/(12*std(r))"},
    ),
    Family("entropy", "-sum(p*log(p))", {"p": (4,)}, {"p": "-log(p) - 1"}),
    Family("variance", "var(x)", {"x": (4,)}, {"x": "2*(x - mean(x))/3"}),
    Family("variance-by-hand", "mean((x - mean(x))**2)", {"x": (4,)}, {"x": "(x - mean(x))/2"}),
    Family("std", "std(x)", {"x": (4,)}, {"x": "(x - mean(x))/(3*std(x))"}),
    Family(
        "std-columns",
        "sum(std(X, axis=0))",
        {"X": (5, 3)},
        {"X": "(X - mean(X, axis=0))/(4*std(X, axis=0))"},
    ),
    Family(
        "cross-entropy",
        "cross_entropy(z, y)",
        {"z": (4,), "y": (4,)},
        {"z": "sum(y)*softmax(z) - y", "y": "logsumexp(z) - z"},
    ),
    Family(
        "cross-entropy-index",
        "logsumexp(z) - z[1]",
        {"z": (4,)},
        {"z": "softmax(z) - tensor([0, 1, 0, 0])"},
    ),
    Family(
        "cross-entropy-batch",
        "sum(logsumexp(X@Z, axis=1)) - sum(H*(X@Z))",
        {"X": (5, 3), "Z": (3, 4), "H": (5, 4)},
        {"X": "(softmax(X@Z, axis=1) - H)@Z.T", "Z": "X.T@(softmax(X@Z, axis=1) - H)", "H": "-X@Z"},
    ),
    Family(
        "cross-entropy-log-softmax",
        "-sum(H*log_softmax(X@Z, axis=1))",
        {"H": (5, 4), "X": (5, 3), "Z": (3, 4)},
        {
            "H": "logsumexp(X@Z, axis=1, keepdims=True) - X@Z",
            "X": "(sum(H, axis=1, keepdims=True)*softmax(X@Z, axis=1) - H)@Z.T",
            "Z": "X.T@(sum(H, axis=1, keepdims=True)*softmax(X@Z, axis=1) - H)",
        },
    ),
    Family(
        "trace-product",
        "trace(A@X@B)",
        {"A": (4, 4), "X": (4, 4), "B": (4, 4)},
        {"A": "B.T@X.T", "X": "A.T@B.T", "B": "X.T@A.T"},
    ),
    Family(
        "trace-quadratic",
        "trace(X.T@A@X)",
        {"X": (4, 4), "A": (4, 4)},
        {"X": "(A + A.T)@X", "A": "X@X.T"},
    ),
    Family("trace", "trace(A)", {"A": (4, 4)}, {"A": "eye(4)"}),
    Family("trace-square", "trace(A@A)", {"A": (4, 4)}, {"A": "2*A.T"}),
    Family("logdet", "logdet(A)", {"A": (4, 4)}, {"A": "inv(A).T"}),
    Family("log-det", "log(det(A))", {"A": (4, 4)}, {"A": "inv(A).T"}),
    Family("det", "det(A)", {"A": (4, 4)}, {"A": "det(A)*inv(A).T"}),
    Family(
        "inverse-form",
        "b@inv(A)@b",
        {"b": (4,), "A": (4, 4)},
        {"b": "(inv(A) + inv(A).T)@b", "A": "-outer(inv(A).T@b, inv(A)@b)"},
    ),
    Family("trace-inverse", "trace(inv(A))", {"A": (4, 4)}, {"A": "-inv(A).T@inv(A).T"}),
    Family(
        "trace-inverse-product",
        "trace(inv(A)@B)",
        {"A": (4, 4), "B": (4, 4)},
        {"A": "-inv(A).T@B.T@inv(A).T", "B": "inv(A).T"},
    ),
    Family(
        "solve",
        "b@solve(A, b)",
        {"b": (4,), "A": (4, 4)},
        {"b": "solve(A, b) + solve(A.T, b)", "A": "-outer(solve(A.T, b), solve(A, b))"},
    ),
    Family(
        "solve-two",
        "c@solve(A, b)",
        {"c": (4,), "A": (4, 4), "b": (4,)},
        {"c": "solve(A, b)", "A": "-outer(solve(A.T, c), solve(A, b))", "b": "solve(A.T, c)"},
    ),
    Family(
        "factorisation",
        "sum((X - U@V)**2)",
        {"X": (5, 4), "U": (5, 2), "V": (2, 4)},
        {"X": "2*(X - U@V)", "U": "2*(U@V - X)@V.T", "V": "2*U.T@(U@V - X)"},
    ),
    Family(
        "factorisation-symmetric",
        "norm(X - U@U.T)**2",
        {"X": (4, 4), "U": (4, 2)},
        {"X": "2*(X - U@U.T)", "U": "2*(2*U@U.T - X - X.T)@U"},
    ),
    Family("frobenius", "norm(A)", {"A": (4, 4)}, {"A": "A/norm(A)"}),
    Family("frobenius-squared", "sum(A**2)", {"A": (4, 4)}, {"A": "2*A"}),
    Family(
        "frobenius-difference",
        "norm(A@B - C)**2",
        {"A": (4, 4), "B": (4, 4), "C": (4, 4)},
        {"A": "2*(A@B - C)@B.T", "B": "2*A.T@(A@B - C)", "C": "2*(C - A@B)"},
    ),
    Family("hadamard", "sum(A*B)", {"A": (4, 4), "B": (4, 4)}, {"A": "B", "B": "A"}),
    Family(
        "hadamard-three",
        "sum(A*B*C)",
        {"A": (4, 4), "B": (4, 4), "C": (4, 4)},
        {"A": "B*C", "B": "A*C", "C": "A*B"},
    ),
    Family(
        "column-sums",
        "sum(A, axis=0)@v",
        {"A": (5, 4), "v": (4,)},
        {"A": "v*ones_like(A)", "v": "sum(A, axis=0)"},
    ),
    Family(
        "row-sums",
        "u@sum(A, axis=1)",
        {"u": (5,), "A": (5, 4)},
        {"u": "sum(A, axis=1)", "A": "u[:, None]*ones_like(A)"},
    ),
    Family(
        "row-sums-squared",
        "sum(sum(A, axis=1)**2)",
        {"A": (5, 4)},
        {"A": "2*sum(A, axis=1, keepdims=True)*ones_like(A)"},
    ),
    Family(
        "row-means",
        "sum(mean(A, axis=1)**2)",
        {"A": (5, 4)},
        {"A": "mean(A, axis=1, keepdims=True)/2*ones_like(A)"},
    ),
    Family(
        "network-tanh",
        "a@tanh(W@x)",
        {"a": (3,), "W": (3, 4), "x": (4,)},
        {
            "a": "tanh(W@x)",
            "W": "outer(a*(1 - tanh(W@x)**2), x)",
            "x": "W.T@(a*(1 - tanh(W@x)**2))",
        },
    ),
    Family(
        "network-tanh-two",
        "sum((tanh(X@W1)@W2 - Y)**2)",
        {"X": (6, 4), "W1": (4, 3), "W2": (3, 2), "Y": (6, 2)},
        {
            "X": "2*((1 - tanh(X@W1)**2)*((tanh(X@W1)@W2 - Y)@W2.T))@W1.T",
            "W1": "2*X.T@((1 - tanh(X@W1)**2)*((tanh(X@W1)@W2 - Y)@W2.T))",
            "W2": "2*tanh(X@W1).T@(tanh(X@W1)@W2 - Y)",
            "Y": "2*(Y - tanh(X@W1)@W2)",
        },
    ),
    Family(
        "network-relu",
        "sum((relu(X@W1 + b1)@W2 + b2 - Y)**2)",
        {"X": (6, 4), "W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,), "Y": (6, 2)},
        {
            "X": "2*((X@W1 + b1 > 0)*((relu(X@W1 + b1)@W2 + b2 - Y)@W2.T))@W1.T",
            "W1": "2*X.T@((X@W1 + b1 > 0)*((relu(X@W1 + b1)@W2 + b2 - Y)@W2.T))",
            "b1": "2*sum((X@W1 + b1 > 0)*((relu(X@W1 + b1)@W2 + b2 - Y)@W2.T), axis=0)",
            "W2": "2*relu(X@W1 + b1).T@(relu(X@W1 + b1)@W2 + b2 - Y)",
            "b2": "2*sum(relu(X@W1 + b1)@W2 + b2 - Y, axis=0)",
            "Y": "2*(Y - relu(X@W1 + b1)@W2 - b2)",
        },
    ),
    Family(
        "network-sigmoid",
        "sum((sigmoid(X@w) - y)**2)",
        {"X": (6, 3), "w": (3,), "y": (6,)},
        {
            "X": "2*outer(sigmoid(X@w)*(1 - sigmoid(X@w))*(sigmoid(X@w) - y), w)",
            "w": "2*X.T@(sigmoid(X@w)*(1 - sigmoid(X@w))*(sigmoid(X@w) - y))",
            "y": "2*y - 2*sigmoid(X@w)",
        },
    ),
    Family(
        "network-sigmoid-two",
        "v@sigmoid(W@tanh(U@x))",
        {"v": (2,), "W": (2, 3), "U": (3, 4), "x": (4,)},
        {
            "v": "sigmoid(W@tanh(U@x))",
            "W": "outer(v*sigmoid(W@tanh(U@x))*(1 - sigmoid(W@tanh(U@x))), tanh(U@x))",
            "U": "outer((1 - tanh(U@x)**2)*(W.T@(v*sigmoid(W@tanh(U@x))*(1 - sigmoid(W@tanh(U@x))))), x)",
            "x": "U.T@((1 - tanh(U@x)**2)*(W.T@(v*sigmoid(W@tanh(U@x))*(1 - sigmoid(W@tanh(U@x))))))",
        },
    ),
    Family(
        "huber",
        "huber_loss(x, y, reduction='sum')",
        {"x": (4,), "y": (4,)},
        {"x": "clamp(x - y, -1, 1)", "y": "-clamp(x - y, -1, 1)"},
    ),
    Family(
        "huber-by-hand",
        "sum(where(abs(x) <= 1, 0.5*x**2, abs(x) - 0.5))",
        {"x": (4,)},
        {"x": "where(abs(x) > 1, sign(x), x)"},
    ),
    Family(
        "hinge",
        "sum(relu(1 - y*(X@w)))",
        {"y": (5,), "X": (5, 3), "w": (3,)},
        {
            "y": "-(X@w)*(1 - y*(X@w) > 0)",
            "X": "-outer(y*(1 - y*(X@w) > 0), w)",
            "w": "-X.T@(y*(1 - y*(X@w) > 0))",
        },
    ),
    Family(
        "hinge-maximum",
        "sum(maximum(0, 1 - y*(X@w)))",
        {"y": (5,), "X": (5, 3), "w": (3,)},
        {
            "y": "-(X@w)*(1 - y*(X@w) > 0)",
            "X": "-outer(y*(1 - y*(X@w) > 0), w)",
            "w": "-X.T@(y*(1 - y*(X@w) > 0))",
        },
    ),
    Family(
        "lasso",
        "sum((X@w - b)**2)/2 + lam*sum(abs(w))",
        {"X": (5, 3), "w": (3,), "b": (5,), "lam": ()},
        {
            "X": "outer(X@w - b, w)",
            "w": "X.T@(X@w - b) + lam*sign(w)",
            "b": "b - X@w",
            "lam": "sum(abs(w))",
        },
    ),
    Family(
        "gaussian",
        "sum((x - mu)**2)/(2*s**2) + len(x)*log(s)",
        {"x": (4,), "mu": (), "s": ()},
        {"x": "(x - mu)/s**2", "mu": "-sum(x - mu)/s**2", "s": "4/s - (x - mu)@(x - mu)/s**3"},
    ),
    Family(
        "gaussian-full",
        "0.5*(x - mu)@inv(S)@(x - mu) + 0.5*logdet(S)",
        {"x": (4,), "mu": (4,), "S": (4, 4)},
        {
            "x": "0.5*(inv(S) + inv(S).T)@(x - mu)",
            "mu": "0.5*(inv(S) + inv(S).T)@(mu - x)",
            "S": "0.5*(inv(S).T - outer(inv(S).T@(x - mu), inv(S)@(x - mu)))",
        },
    ),
    Family(
        "gaussian-density",
        "exp(-x**2/2)/sqrt(2*pi)",
        {"x": ()},
        {"x": "-x*exp(-x**2/2)/sqrt(2*pi)"},
    ),
    Family(
        "mse",
        "mean((X@w - y)**2)",
        {"X": (5, 3), "w": (3,), "y": (5,)},
        {"X": "2*outer(X@w - y, w)/5", "w": "2*X.T@(X@w - y)/5", "y": "2*(y - X@w)/5"},
    ),
    Family(
        "mse-torch",
        "mse_loss(X@w, y)",
        {"X": (5, 3), "w": (3,), "y": (5,)},
        {"X": "2*outer(X@w - y, w)/5", "w": "2*X.T@(X@w - y)/5", "y": "2*(y - X@w)/5"},
    ),
    Family(
        "bias-batch",
        "mean((X@W + b - Y)**2)",
        {"X": (6, 3), "W": (3, 2), "b": (2,), "Y": (6, 2)},
        {
            "X": "(X@W + b - Y)@W.T/6",
            "W": "X.T@(X@W + b - Y)/6",
            "b": "mean(X@W + b - Y, axis=0)",
            "Y": "(Y - X@W - b)/6",
        },
    ),
    Family(
        "centred-batch",
        "sum((X - mean(X, axis=0))**2)",
        {"X": (5, 3)},
        {"X": "2*(X - mean(X, axis=0))"},
    ),
    Family("mean", "mean(x**2)", {"x": (4,)}, {"x": "x/2"}),
    Family("mean-squared", "mean(x)**2", {"x": (4,)}, {"x": "mean(x)/2*ones_like(x)"}),
    Family(
        "differences",
        "sum((x[1:] - x[:-1])**2)",
        {"x": (4,)},
        {"x": "2*(pad(x[1:] - x[:-1], (1, 0)) - pad(x[1:] - x[:-1], (0, 1)))"},
    ),
    Family(
        "slices", "x[1:]@x[:-1]", {"x": (4,)}, {"x": "pad(x[1:], (0, 1)) + pad(x[:-1], (1, 0))"}
    ),
    Family("first", "x[0]*x[1]", {"x": (4,)}, {"x": "[x[1], x[0], 0, 0]"}),
    Family("cumsum", "sum(cumsum(x)**2)", {"x": (4,)}, {"x": "2*flip(cumsum(flip(cumsum(x))))"}),
    Family(
        "cumsum-weighted",
        "v@cumsum(x)",
        {"v": (4,), "x": (4,)},
        {"v": "cumsum(x)", "x": "flip(cumsum(flip(v)))"},
    ),
    Family(
        "outer-difference",
        "sum((x[:, None] - y)**2)",
        {"x": (3,), "y": (4,)},
        {"x": "2*sum(x[:, None] - y, axis=1)", "y": "-2*sum(x[:, None] - y, axis=0)"},
    ),
    Family(
        "outer",
        "u@outer(x, y)@v",
        {"u": (3,), "x": (3,), "y": (4,), "v": (4,)},
        {"u": "(y@v)*x", "x": "(y@v)*u", "y": "(u@x)*v", "v": "(u@x)*y"},
    ),
    Family("prod", "prod(x)", {"x": (4,)}, {"x": "prod(x)/x"}),
    Family("amax", "amax(x)**2", {"x": (4,)}, {"x": "2*amax(x)*(x == amax(x))"}),
    Family("leaky", "sum(leaky_relu(x, 0.1))", {"x": (4,)}, {"x": "where(x > 0, 1, 0.1)"}),
    Family(
        "clamp",
        "sum(clamp(x, 0.5, 1.2))",
        {"x": (4,)},
        {"x": "where((x >= 0.5) & (x <= 1.2), 1, 0)"},
    ),
    Family("power", "sum(x**3)", {"x": (4,)}, {"x": "3*x**2"}),
    Family("power-both", "x**y", {"x": (), "y": ()}, {"x": "y*x**(y - 1)", "y": "x**y*log(x)"}),
    Family(
        "gelu",
        "sum(gelu(x))",
        {"x": (4,)},
        {"x": "x*exp(-x**2/2)/sqrt(2*pi) + erf(x/sqrt(2))/2 + 1/2"},
    ),
    Family("silu", "sum(silu(x))", {"x": (4,)}, {"x": "sigmoid(x)*(x*(1 - sigmoid(x)) + 1)"}),
    Family("geometric", "exp(mean(log(x)))", {"x": (4,)}, {"x": "exp(mean(log(x)))/(4*x)"}),
    Family(
        "attention",
        "sum(softmax(Q@K.T, axis=1)@V)",
        {"Q": (3, 2), "K": (4, 2), "V": (4, 2)},
        {
            "Q": "(softmax(Q@K.T, axis=1)*(sum(V, axis=1) - (softmax(Q@K.T, axis=1)@sum(V, axis=1))[:, None]))@K",
            "K": "(softmax(Q@K.T, axis=1)*(sum(V, axis=1) - (softmax(Q@K.T, axis=1)@sum(V, axis=1))[:, None])).T@Q",
            "V": "sum(softmax(Q@K.T, axis=1), axis=0)[:, None]*ones_like(V)",
        },
    ),
    Family(
        "normalised",
        "v@(x/norm(x))",
        {"v": (4,), "x": (4,)},
        {"v": "x/norm(x)", "x": "v/norm(x) - (v@x)*x/norm(x)**3"},
    ),
    Family(
        "kl",
        "sum(p*(log(p) - log(q)))",
        {"p": (4,), "q": (4,)},
        {"p": "log(p) - log(q) + 1", "q": "-p/q"},
    ),
    Family(
        "diagonal",
        "sum(diag(x)@A)",
        {"x": (4,), "A": (4, 4)},
        {"x": "sum(A, axis=1)", "A": "x[:, None]*ones_like(A)"},
    ),
    Family(
        "concat", "concat([x, y])@concat([x, y])", {"x": (4,), "y": (4,)}, {"x": "2*x", "y": "2*y"}
    ),
)
