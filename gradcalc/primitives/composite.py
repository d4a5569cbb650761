"""torch's fused functions beside their definitions in gradcalc's own language.

The checking side runs the definitions, at whatever precision it needs: they are textbook
formulas, without the tricks that floats call for.
"""

from typing import Any

from gradcalc.errors import ShapeError
from gradcalc.primitives.row import Composite
from gradcalc.primitives.shapes import axes, show

VECTOR = [0.5, -1.5, 2.0]
OTHER = [1.25, -0.75, 0.5]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TARGETS = [[0.5, -1.0, 0.75], [1.0, 2.5, -1.5]]
ALONG: tuple[tuple[Any, ...], ...] = (
    (VECTOR,),
    (MATRIX,),
    (MATRIX, {"dim": 0}),
    (MATRIX, {"dim": (0, 1), "keepdim": True}),
    (MATRIX, {"dim": -1, "keepdim": True}),
)
LAST: tuple[tuple[Any, ...], ...] = ((VECTOR,), (MATRIX,), (MATRIX, {"dim": 0}))


def _torch_var(
    t: Any,
    x: Any,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    correction: Any = None,
) -> Any:
    if correction is None:
        correction = int(unbiased)
    return t.var(x, axes(x.shape, dim), correction=correction, keepdim=keepdim)


def _torch_std(
    t: Any,
    x: Any,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    correction: Any = None,
) -> Any:
    if correction is None:
        correction = int(unbiased)
    return t.std(x, axes(x.shape, dim), correction=correction, keepdim=keepdim)


def _torch_norm(t: Any, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    order = 2 if p is None or p == "fro" else p
    return t.linalg.vector_norm(x, order, axes(x.shape, dim), keepdim)


def _torch_layer_norm(
    t: Any,
    x: Any,
    normalized_shape: Any = None,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    last = tuple(x.shape[-1:])
    if normalized_shape not in (None, last, list(last), *last):
        raise ShapeError(
            f"layer_norm over {normalized_shape} of shape {show(x.shape)}: "
            "only the last dimension is supported"
        )
    return t.nn.functional.layer_norm(x, last, weight, bias, eps)


COMPOSITES: tuple[Composite, ...] = (
    Composite(
        name="mean",
        definition="""\
def mean(x, dim=None, keepdim=False):
    total = sum(x, dim, keepdim)
    return total/(x.numel()//total.numel())
""",
        torch=lambda t, x, dim=None, keepdim=False: t.mean(x, axes(x.shape, dim), keepdim),
        samples=ALONG,
        doc="mean of all elements, or along dim",
        aliases=("average",),
    ),
    Composite(
        name="var",
        definition="""\
def var(x, dim=None, unbiased=True, keepdim=False, correction=None):
    if correction is None:
        correction = 1 if unbiased else 0
    total = sum((x - mean(x, dim, True))**2, dim, keepdim)
    count = x.numel()//total.numel() - correction
    return total/(count if count > 0 else 0)
""",
        torch=_torch_var,
        samples=(*ALONG, (VECTOR, {"correction": 0}), (VECTOR, {"unbiased": False})),
        doc="variance; divides by n - 1 as torch (numpy divides by n)",
    ),
    Composite(
        name="std",
        definition="""\
def std(x, dim=None, unbiased=True, keepdim=False, correction=None):
    return sqrt(var(x, dim, unbiased, keepdim, correction))
""",
        torch=_torch_std,
        samples=(*ALONG, (VECTOR, {"correction": 0}), (VECTOR, {"unbiased": False})),
        doc="standard deviation; divides by n - 1 as torch (numpy divides by n)",
    ),
    Composite(
        name="norm",
        definition="""\
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
""",
        torch=_torch_norm,
        samples=(
            *ALONG,
            (VECTOR, {"p": 1}),
            (VECTOR, {"p": 0}),
            (VECTOR, {"p": float("inf")}),
            (VECTOR, {"p": float("-inf")}),
            (MATRIX, {"p": 3, "dim": 0}),
            (VECTOR, {"p": 2.5}),
            (MATRIX, {"p": "fro"}),
        ),
        doc="p-norm of all elements, or along dim; a matrix counts as its elements",
        aliases=("vector_norm",),
    ),
    Composite(
        name="logsumexp",
        definition="""\
def logsumexp(x, dim=None, keepdim=False):
    return log(sum(exp(x), dim, keepdim))
""",
        torch=lambda t, x, dim=None, keepdim=False: t.logsumexp(x, axes(x.shape, dim), keepdim),
        samples=ALONG,
        doc="logarithm of the sum of exponentials",
    ),
    Composite(
        name="softmax",
        definition="""\
def softmax(x, dim=-1):
    return exp(x)/sum(exp(x), dim, True)
""",
        torch=lambda t, x, dim=-1: t.nn.functional.softmax(x, dim),
        samples=LAST,
        doc="exponentials divided by their sum along dim",
    ),
    Composite(
        name="log_softmax",
        definition="""\
def log_softmax(x, dim=-1):
    return x - log(sum(exp(x), dim, True))
""",
        torch=lambda t, x, dim=-1: t.nn.functional.log_softmax(x, dim),
        samples=LAST,
        doc="logarithm of the softmax along dim",
    ),
    Composite(
        name="softmin",
        definition="""\
def softmin(x, dim=-1):
    return exp(-x)/sum(exp(-x), dim, True)
""",
        torch=lambda t, x, dim=-1: t.nn.functional.softmin(x, dim),
        samples=LAST,
        doc="softmax of -x along dim",
    ),
    Composite(
        name="normalize",
        definition="""\
def normalize(x, p=2, dim=1, eps=1e-12):
    return x/maximum(norm(x, p, dim, True), eps)
""",
        torch=lambda t, x, p=2, dim=1, eps=1e-12: t.nn.functional.normalize(x, p, dim, eps),
        samples=((MATRIX,), (VECTOR, {"dim": 0}), (VECTOR, {"p": 1, "dim": -1})),
        doc="x divided by its norm along dim, which is 1 as in torch",
    ),
    Composite(
        name="cosine_similarity",
        definition="""\
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    if x1.shape != x2.shape:
        both = ones_like(x1*x2)
        x1, x2 = x1*both, x2*both
    lengths = maximum(norm(x1, 2, dim), eps)*maximum(norm(x2, 2, dim), eps)
    return sum(x1*x2, dim)/lengths
""",
        torch=lambda t, x1, x2, dim=1, eps=1e-8: t.nn.functional.cosine_similarity(
            x1, x2, dim, eps
        ),
        samples=((MATRIX, TARGETS), (VECTOR, OTHER, {"dim": 0})),
        doc="cosine of the angle between vectors along dim, which is 1 as in torch",
        tensors=("x1", "x2"),
    ),
    Composite(
        name="layer_norm",
        definition="""\
def layer_norm(x, normalized_shape=None, weight=None, bias=None, eps=1e-05):
    y = (x - mean(x, -1, True))/sqrt(var(x, -1, False, True) + eps)
    if weight is not None:
        y = y*weight
    if bias is not None:
        y = y + bias
    return y
""",
        torch=_torch_layer_norm,
        samples=((VECTOR,), (MATRIX, {"normalized_shape": (3,)})),
        doc="x less its mean, divided by its standard deviation, over the last dimension",
        tensors=("x", "weight", "bias"),
    ),
    Composite(
        name="logdet",
        definition="""\
def logdet(x):
    return log(det(x))
""",
        torch=lambda t, x: t.logdet(x),
        samples=(([[2.0, -1.0], [0.5, 1.5]],),),
        doc="logarithm of the determinant",
    ),
)
