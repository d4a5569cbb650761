"""The functions of math, scipy and jax, and Python's own, with their signatures."""

from gradcalc.lang.dialects.numpy_table import LINALG as NUMPY_LINALG
from gradcalc.lang.dialects.numpy_table import METHODS, NUMPY
from gradcalc.lang.dialects.readings import (
    elements,
    making,
    norms,
    numbers,
    products,
    reductions,
    shapes,
)
from gradcalc.lang.dialects.readings.common import language
from gradcalc.lang.dialects.spelling import Table, each, spell

MATH: Table = {}
SCIPY_SPECIAL: Table = {}
SCIPY_LINALG: Table = {}
JAX_NUMPY: Table = {}
JAX_LINALG: Table = {name: NUMPY_LINALG[name] for name in ("matmul", "outer", "diagonal")}
JAX_NN: Table = {}
JAX_LAX: Table = {}
JAX: Table = {}
JAX_SPECIAL: Table = {}
PYTHON: Table = {}

each(
    MATH,
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log1p log2 log10 "
    "sqrt fabs floor ceil trunc erf erfc lgamma degrees radians",
    "x, /",
    numbers.of_math,
)
each(MATH, "pow atan2", "x, y, /", numbers.of_math)
spell(MATH, "remainder", "x, y, /", numbers.ieee_remainder)
spell(MATH, "log", "x, base=None, /", numbers.log_of_base)
spell(MATH, "hypot", "*coordinates: any", numbers.length)
spell(MATH, "fsum", "seq: items, /", numbers.added_up)
spell(MATH, "prod", "iterable: items, /, *, start=1", numbers.multiplied)

OUT = "out: unset = None"

spell(SCIPY_SPECIAL, "expit exp2 expm1 log1p erf erfc gammaln sinc round", f"x, /, {OUT}")
spell(SCIPY_SPECIAL, "log_expit", f"x, /, {OUT}", "logsigmoid")
spell(SCIPY_SPECIAL, "xlogy", f"x, y, /, {OUT}")
each(SCIPY_SPECIAL, "softmax log_softmax", "x, axis: ints = None", reductions.scipy_softmax)
spell(
    SCIPY_SPECIAL,
    "logsumexp",
    "a, axis: ints = None, b=None, keepdims: flag = False, return_sign: unset = False",
    reductions.weighted_logsumexp,
)
spell(
    SCIPY_LINALG,
    "det",
    "a, overwrite_a: flag = False, check_finite: flag = True",
    products.single_plain("det"),
)
spell(
    SCIPY_LINALG,
    "inv",
    "a, overwrite_a: flag = False, check_finite: flag = True",
    products.single_plain("inv"),
)
spell(SCIPY_LINALG, "solve", "a, b", products.single("solve"))
spell(SCIPY_LINALG, "norm", "a, ord: word = None, axis: ints = None, keepdims: flag = False",
      norms.linalg_norm)  # fmt: skip

CHANGED = "clip sum prod mean std var max amax min amin all any argmax argmin array pad squeeze"
"""Functions of numpy whose signature jax has changed."""

JAX_NUMPY |= {name: rows for name, rows in NUMPY.items() if name not in CHANGED.split()}
spell(JAX_NUMPY, "clip", "arr, /, min=None, max=None")
REDUCED = "a, axis: ints = None, {}out: unset = None, keepdims: flag = False, initial: unset = None"
DTYPED = REDUCED.format("dtype: unset = None, ")
WHERE = "where: unset = None"
each(JAX_NUMPY, "sum prod", f"{DTYPED}, {WHERE}", reductions.reduced)
for _name, _row in (("max", "amax"), ("amax", "amax"), ("min", "amin"), ("amin", "amin")):
    spell(JAX_NUMPY, _name, f"{REDUCED.format('')}, {WHERE}", reductions.reduced(_row))
each(JAX_NUMPY, "mean", "a: floats, axis: ints = None, dtype: unset = None, out: unset = None, "
     f"keepdims: flag = False, *, {WHERE}", reductions.reduced)  # fmt: skip
each(
    JAX_NUMPY,
    "std var",
    "a: floats, axis: ints = None, dtype: unset = None, out: unset = None, ddof: number = 0, "
    f"keepdims: flag = False, *, {WHERE}, mean: unset = None, correction: number = None",
    reductions.numpy_spread,
)
each(JAX_NUMPY, "all any", "a, axis: ints = None, out: unset = None, keepdims: flag = False, *, "
     f"{WHERE}", reductions.truths)  # fmt: skip
each(JAX_NUMPY, "argmax argmin", "a, axis: int = None, out: unset = None, keepdims: flag = None",
     reductions.position)  # fmt: skip
spell(JAX_NUMPY, "array", "object, dtype: unset = None, copy: flag = True", making.arrayed)
spell(JAX_NUMPY, "pad", "array, pad_width: pairs, mode: str = 'constant', *, "
      "constant_values: number = 0", shapes.numpy_padded)  # fmt: skip
spell(JAX_NUMPY, "squeeze", "a, axis: ints = None", shapes.numpy_squeezed)

each(JAX_LINALG, "det inv", "a: floats", products.single)
spell(JAX_LINALG, "solve", "a: floats, b: floats", products.single("solve"))
spell(JAX_LINALG, "norm", "x: floats, ord: word = None, axis: ints = None, keepdims: flag = False",
      norms.linalg_norm)  # fmt: skip
spell(JAX_LINALG, "vector_norm", "x: floats, /, *, axis: ints = None, keepdims: flag = False, "
      "ord: number = 2", norms.numpy_vector_norm)  # fmt: skip

JAX_METHODS: Table = METHODS | {name: JAX_NUMPY[name] for name in ("mean", "std", "var")}

spell(JAX_NN, "relu relu6 sigmoid silu swish mish tanh selu", "x: floats")
spell(JAX_NN, "softplus", "x: floats", elements.soft_plus)
spell(JAX_NN, "log_sigmoid", "x: floats", "logsigmoid")
spell(JAX_NN, "soft_sign", "x: floats", "softsign")
spell(JAX_NN, "hard_tanh", "x: floats", "hardtanh")
spell(JAX_NN, "elu celu", "x: floats, alpha: number = 1.0")
spell(JAX_NN, "leaky_relu", "x: floats, negative_slope: number = 0.01")
spell(JAX_NN, "gelu", "x: floats, approximate: bool = True", elements.jax_gelu)
each(JAX_NN, "softmax log_softmax", f"x: floats, axis: int = -1, {WHERE}", reductions.of_axis)
LOGSUMEXP = (
    "a: floats, axis: ints = None, b=None, keepdims: flag = False, return_sign: unset = False"
)
spell(JAX_NN, "logsumexp", LOGSUMEXP, reductions.weighted_logsumexp)

spell(JAX_LAX, "stop_gradient", "x", "stop_gradient")
spell(
    JAX_LAX,
    "exp log sin cos tan tanh sqrt rsqrt abs sign floor ceil erf erfc lgamma log1p expm1 square",
    "x: floats",
)
spell(JAX_SPECIAL, "expit erf erfc gammaln", "x: floats")
spell(JAX_SPECIAL, "xlogy", "x: floats, y")
spell(JAX_SPECIAL, "logsumexp", LOGSUMEXP, reductions.weighted_logsumexp)
each(
    JAX_SPECIAL,
    "softmax log_softmax",
    "x: floats, /, *, axis: int = None",
    reductions.scipy_softmax,
)

spell(PYTHON, "abs", "x, /")
spell(PYTHON, "sum", "iterable: items, /, start=0", numbers.python_sum)
each(PYTHON, "all any", "iterable: items, /", language)
each(PYTHON, "max min", "*values: any", numbers.python_extreme)
spell(PYTHON, "round", "number, ndigits: int = None", numbers.python_round)
spell(PYTHON, "pow", "base, exp", numbers.python_power)
