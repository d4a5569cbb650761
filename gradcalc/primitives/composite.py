"""torch's fused functions beside their definitions in gradcalc's own language.

The checking side runs the definitions, at whatever precision it needs: they are textbook
formulas, without the tricks that floats call for.
"""

from typing import Any

from gradcalc.primitives.row import Composite, Samples
from gradcalc.primitives.shapes import axes

VECTOR = [0.5, -1.5, 2.0]
OTHER = [1.25, -0.75, 0.5]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TARGETS = [[0.5, -1.0, 0.75], [1.0, 2.5, -1.5]]
ALONG: Samples = (
    (VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}), (MATRIX, {"dim": (0, 1), "keepdim": True}),
    (MATRIX, {"dim": -1, "keepdim": True}),
)  # fmt: skip
SPREAD: Samples = (*ALONG, (VECTOR, {"correction": 0}), (VECTOR, {"unbiased": False}))
ORDERS: Samples = (
    *ALONG, (VECTOR, {"p": 1}), (VECTOR, {"p": 0}), (VECTOR, {"p": float("inf")}),
    (VECTOR, {"p": float("-inf")}), (MATRIX, {"p": 3, "dim": 0}), (VECTOR, {"p": 2.5}),
    (MATRIX, {"p": "fro"}),
)  # fmt: skip
LAST: Samples = ((VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}))


def _spread(name: str) -> Any:
    """torch's var or std."""

    def torch(
        t: Any, x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
        correction: Any = None,
    ) -> Any:  # fmt: skip
        divisor = int(unbiased) if correction is None else correction
        return getattr(t, name)(x, axes(x.shape, dim), correction=divisor, keepdim=keepdim)

    return torch


def _of_last(name: str) -> Any:
    """torch's softmax or another like it, whose own choice of a dimension depends on the rank."""
    return lambda t, x, dim=-1: getattr(t.nn.functional, name)(x, dim)


def _torch_norm(t: Any, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    order = 2 if p is None or p == "fro" else p
    return t.linalg.vector_norm(x, order, axes(x.shape, dim), keepdim)


STATISTICS: tuple[Composite, ...] = (
    Composite("mean", """\
def mean(x, dim=None, keepdim=False):
    total = sum(x, dim, keepdim)
    return total/(x.numel()//total.numel())
""", ALONG, "mean of all elements, or along dim",
              lambda t, x, dim=None, keepdim=False: t.mean(x, axes(x.shape, dim), keepdim),
              aliases=("average",)),
    Composite("var", """\
def var(x, dim=None, unbiased=True, keepdim=False, correction=None):
    if correction is None:
        correction = 1 if unbiased else 0
    total = sum((x - mean(x, dim, True))**2, dim, keepdim)
    count = x.numel()//total.numel() - correction
    return total/(count if count > 0 else 0)
""", SPREAD, "variance; divides by n - 1 as torch (numpy divides by n)", _spread("var")),
    Composite("std", """\
def std(x, dim=None, unbiased=True, keepdim=False, correction=None):
    return sqrt(var(x, dim, unbiased, keepdim, correction))
""", SPREAD, "standard deviation; divides by n - 1 as torch (numpy divides by n)", _spread("std")),
    Composite("norm", """\
def norm(x, p=2, dim=None, keepdim=False):
    if p is None or p == 'fro' or p == 2:
        return sqrt(sum(x**2, dim, keepdim))
    if p == inf:
        return amax(abs(x), dim, keepdim)
    if p == -inf:
        return amin(abs(x), dim, keepdim)
    if p == 0:
        return sum(where(x != 0, 1, 0), dim, keepdim)
    if p == 1:
        return sum(abs(x), dim, keepdim)
    return sum(abs(x)**p, dim, keepdim)**(1/p)
""", ORDERS, "p-norm of all elements, or along dim; a matrix counts as its elements", _torch_norm,
              aliases=("vector_norm",), safe=(0, 1)),
    Composite("logsumexp", """\
def logsumexp(x, dim=None, keepdim=False):
    return log(sum(exp(x), dim, keepdim))
""", ALONG, "logarithm of the sum of exponentials",
              lambda t, x, dim=None, keepdim=False: t.logsumexp(x, axes(x.shape, dim), keepdim)),
)  # fmt: skip

NORMALIZATION: tuple[Composite, ...] = (
    Composite("softmax", """\
def softmax(x, dim=-1):
    return exp(x)/sum(exp(x), dim, True)
""", LAST, "exponentials divided by their sum along dim", _of_last("softmax")),
    Composite("log_softmax", """\
def log_softmax(x, dim=-1):
    return x - log(sum(exp(x), dim, True))
""", LAST, "logarithm of the softmax along dim", _of_last("log_softmax")),
    Composite("softmin", """\
def softmin(x, dim=-1):
    return exp(-x)/sum(exp(-x), dim, True)
""", LAST, "softmax of -x along dim", _of_last("softmin")),
    Composite("normalize", """\
def normalize(x, p=2, dim=1, eps=1e-12):
    return x/maximum(norm(x, p, dim, True), eps)
""", ((MATRIX,), (VECTOR, {"dim": 0}), (VECTOR, {"p": 1, "dim": -1})),
              "x divided by its norm along dim, which is 1 as in torch", "nn.functional.normalize"),
    Composite("cosine_similarity", """\
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    if x1.shape != x2.shape:
        both = ones_like(x1*x2)
        x1, x2 = x1*both, x2*both
    lengths = maximum(norm(x1, 2, dim), eps)*maximum(norm(x2, 2, dim), eps)
    return sum(x1*x2, dim)/lengths
""", ((MATRIX, TARGETS), (VECTOR, OTHER, {"dim": 0})),
              "cosine of the angle between vectors along dim, which is 1 as in torch",
              "nn.functional.cosine_similarity", tensors=("x1", "x2")),
)  # fmt: skip

DETERMINANTS: tuple[Composite, ...] = (
    Composite("logdet", """\
def logdet(x):
    return log(det(x))
""", (([[2.0, -1.0], [0.5, 1.5]],),), "logarithm of the determinant"),
)  # fmt: skip
