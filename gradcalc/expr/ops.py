"""All operations of the tensor-expression language, and the few functions that build with them."""

from gradcalc.expr.factors import CHOLESKY, EXPM, TRIANGLE
from gradcalc.expr.joining import CONCAT, DIAGONAL, EMBED, STACK, TRIL, TRIU
from gradcalc.expr.linear import COFACTOR, DET, EYE, INV, LOGDET, MATMUL, OUTER, SOLVE, TRACE
from gradcalc.expr.marking import ONE_HOT
from gradcalc.expr.moving import (
    FLIP,
    INDEX,
    PERMUTE,
    RESHAPE,
    ROLL,
    SCATTER,
    numpy_key,
    pad,
    pad_key,
)
from gradcalc.expr.nodes import CHAIN, DETACH, LITERAL, MAP, SAME, VAR, Data, Op
from gradcalc.expr.reducing import (
    ALONG,
    AMAX,
    AMIN,
    BROADCAST,
    LOGSUMEXP,
    MEAN,
    NORM,
    PEAKS,
    REORDER,
    SOFTMAX,
    SORT,
    STD,
    SUM,
    UNSORT,
    expanded,
    unbroadcast,
)
from gradcalc.expr.running import CUMPROD, CUMPROD_ALONG, CUMPROD_BACK, CUMSUM, OTHERS, PROD
from gradcalc.expr.spectral import (
    EIGEN_BACK,
    EIGENVALUES,
    EIGENVECTORS,
    LEFT,
    RIGHT,
    SINGULAR,
    SINGULAR_BACK,
)

OPS: tuple[Op, ...] = (
    VAR, LITERAL, DETACH, MAP, CHAIN, SAME,
    PERMUTE, RESHAPE, FLIP, ROLL, INDEX, SCATTER, CONCAT, STACK, DIAGONAL, EMBED, TRIL, TRIU,
    BROADCAST, SUM, PROD, OTHERS, AMAX, AMIN, *PEAKS.values(), *ALONG.values(),
    CUMSUM, CUMPROD, CUMPROD_BACK, CUMPROD_ALONG, SORT, UNSORT, REORDER,
    MEAN, STD, NORM, LOGSUMEXP, SOFTMAX,
    MATMUL, OUTER, EYE, TRACE, DET, LOGDET, COFACTOR, INV, SOLVE,
    ONE_HOT,
    CHOLESKY, TRIANGLE, EXPM,
    EIGENVALUES, EIGENVECTORS, EIGEN_BACK, SINGULAR, LEFT, RIGHT, SINGULAR_BACK,
)  # fmt: skip

SPECTRAL = (EIGENVALUES, SINGULAR)
"""Values in order, which have no slope where two of them coincide."""

VECTORS = (EIGENVECTORS, EIGEN_BACK, LEFT, RIGHT, SINGULAR_BACK)
"""What belongs to one value alone, or is made of such."""

DECOMPOSED = (CHOLESKY, TRIANGLE, EXPM, *SPECTRAL, *VECTORS)
"""Functions of whole matrices that libraries have for floats of 64 bits, none of them linear."""

__all__ = [
    "ALONG",
    "AMAX",
    "AMIN",
    "BROADCAST",
    "CHAIN",
    "CHOLESKY",
    "COFACTOR",
    "CONCAT",
    "CUMPROD",
    "CUMPROD_ALONG",
    "CUMPROD_BACK",
    "CUMSUM",
    "DECOMPOSED",
    "DET",
    "DETACH",
    "DIAGONAL",
    "EIGENVALUES",
    "EIGENVECTORS",
    "EIGEN_BACK",
    "EMBED",
    "EXPM",
    "EYE",
    "FLIP",
    "INDEX",
    "INV",
    "LEFT",
    "LITERAL",
    "LOGDET",
    "LOGSUMEXP",
    "MAP",
    "MATMUL",
    "MEAN",
    "NORM",
    "ONE_HOT",
    "OPS",
    "OTHERS",
    "OUTER",
    "PEAKS",
    "PERMUTE",
    "PROD",
    "REORDER",
    "RESHAPE",
    "RIGHT",
    "ROLL",
    "SAME",
    "SCATTER",
    "SINGULAR",
    "SINGULAR_BACK",
    "SOFTMAX",
    "SOLVE",
    "SORT",
    "SPECTRAL",
    "STACK",
    "STD",
    "SUM",
    "TRACE",
    "TRIANGLE",
    "TRIL",
    "TRIU",
    "UNSORT",
    "VAR",
    "VECTORS",
    "Data",
    "Op",
    "expanded",
    "numpy_key",
    "pad",
    "pad_key",
    "unbroadcast",
]  # fmt: skip
