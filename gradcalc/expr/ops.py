"""All operations of the tensor-expression language, and the few functions that build with them."""

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
from gradcalc.expr.nodes import CHAIN, DETACH, LITERAL, MAP, VAR, Data, Op
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

OPS: tuple[Op, ...] = (
    VAR, LITERAL, DETACH, MAP, CHAIN,
    PERMUTE, RESHAPE, FLIP, ROLL, INDEX, SCATTER, CONCAT, STACK, DIAGONAL, EMBED, TRIL, TRIU,
    BROADCAST, SUM, PROD, OTHERS, AMAX, AMIN, *PEAKS.values(), *ALONG.values(),
    CUMSUM, CUMPROD, CUMPROD_BACK, CUMPROD_ALONG, SORT, UNSORT, REORDER,
    MEAN, STD, NORM, LOGSUMEXP, SOFTMAX,
    MATMUL, OUTER, EYE, TRACE, DET, LOGDET, COFACTOR, INV, SOLVE,
    ONE_HOT,
)  # fmt: skip

__all__ = [
    "ALONG", "AMAX", "AMIN", "BROADCAST", "CHAIN", "COFACTOR", "CONCAT", "CUMPROD",
    "CUMPROD_ALONG", "CUMPROD_BACK", "CUMSUM", "DET", "DETACH", "DIAGONAL", "EMBED", "EYE", "FLIP",
    "INDEX", "INV", "LITERAL", "LOGDET", "LOGSUMEXP", "MAP", "MATMUL", "MEAN", "NORM", "ONE_HOT",
    "OPS", "OTHERS", "OUTER", "PEAKS", "PERMUTE", "PROD", "REORDER", "RESHAPE", "ROLL", "SCATTER",
    "SOFTMAX", "SOLVE", "SORT", "STACK", "STD", "SUM", "TRACE", "TRIL", "TRIU", "UNSORT", "VAR",
    "Data", "Op", "expanded", "numpy_key", "pad", "pad_key", "unbroadcast",
]  # fmt: skip
