"""numpy's functions, and the methods of its arrays, with their signatures."""

from gradcalc.lang.dialects import readings as r
from gradcalc.lang.dialects.spelling import Table, each, spell

NUMPY: Table = {}
LINALG: Table = {}
METHODS: Table = {}

UFUNC = (
    "out: unset = None, *, where: unset = True, casting: unset = 'same_kind', order: unset = 'K', "
    "dtype: unset = None, subok: unset = True"
)
OUT = "out: unset = None"
DTYPE = "dtype: unset = None"
ORDER = "order: unset = 'C'"
FOLDED = "initial: unset = None, where: unset = True"

spell(
    NUMPY,
    "abs absolute fabs sign floor ceil trunc rint exp exp2 expm1 log log1p log2 log10 sqrt square "
    "reciprocal sin cos tan arcsin asin arccos acos arctan atan sinh cosh tanh arcsinh asinh "
    "arccosh acosh arctanh atanh deg2rad radians rad2deg degrees negative positive logical_not",
    f"x, /, {UFUNC}",
)
spell(
    NUMPY,
    "add subtract multiply divide true_divide floor_divide power mod remainder maximum minimum "
    "arctan2 atan2 hypot logaddexp greater greater_equal less less_equal not_equal logical_and "
    "logical_or logical_xor",
    f"x1, x2, /, {UFUNC}",
)
spell(NUMPY, "pow", f"x1, x2, /, {UFUNC}")
spell(NUMPY, "equal", f"x1, x2, /, {UFUNC}", "eq")
spell(NUMPY, "float_power", f"x1, x2, /, {UFUNC}", r.float_power)
spell(NUMPY, "bitwise_and", f"x1, x2, /, {UFUNC}", r.binary_mask("logical_and"))
spell(NUMPY, "bitwise_or", f"x1, x2, /, {UFUNC}", r.binary_mask("logical_or"))
spell(NUMPY, "bitwise_xor", f"x1, x2, /, {UFUNC}", r.binary_mask("logical_xor"))
spell(NUMPY, "invert bitwise_not", f"x, /, {UFUNC}", r.inverted_mask)
spell(NUMPY, "fix", f"x, {OUT}", "trunc")
spell(NUMPY, "sinc", "x")
spell(NUMPY, "round around", f"a, decimals: int = 0, {OUT}", r.rounded)
spell(NUMPY, "clip", f"a, a_min=None, a_max=None, {OUT}")
spell(NUMPY, "clip", f"a, *, min=None, max=None, {OUT}")
spell(NUMPY, "where", "condition, x, y, /")

each(NUMPY, "sum prod", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {FOLDED}",
      r.reduced)  # fmt: skip
spell(NUMPY, "max amax", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      r.reduced("amax"))  # fmt: skip
spell(NUMPY, "min amin", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      r.reduced("amin"))  # fmt: skip
each(NUMPY, "mean", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, "
      "where: unset = True", r.reduced)  # fmt: skip
SPREAD = (
    f"a, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False, *, "
    "where: unset = True, mean: unset = None, correction: number = None"
)
each(NUMPY, "std var", SPREAD, r.numpy_spread)
each(METHODS, "std var", SPREAD, r.numpy_spread)
spell(NUMPY, "average", "a, axis: ints = None, weights=None, returned: unset = False, *, "
      "keepdims: flag = False", r.weighted)  # fmt: skip
each(NUMPY, "argmax argmin", f"a, axis: int = None, {OUT}, *, keepdims: flag = False",
      r.position)  # fmt: skip
each(NUMPY, "cumsum cumprod", f"a, axis: int = None, {DTYPE}, {OUT}", r.running)
spell(
    NUMPY, "sort", "a, axis: int = -1, kind: unset = None, order: unset = None, *, "
    "stable: flag = None", r.values_in_order,
)  # fmt: skip
TRUTHS = f"a, axis: ints = None, {OUT}, keepdims: flag = False, *, where: unset = True"
each(NUMPY, "all any", TRUTHS, r.truths)
each(METHODS, "all any", TRUTHS, r.truths)

spell(NUMPY, "dot", f"a, b, {OUT}", r.numpy_dot)
spell(NUMPY, "inner", "a, b, /", r.numpy_inner)
spell(NUMPY, "matmul", f"x1, x2, /, {UFUNC}", r.product)
spell(NUMPY, "outer", f"a, b, {OUT}", r.numpy_outer)
spell(NUMPY, "kron", "a, b", "kron")
spell(NUMPY, "trace", f"a, offset: int = 0, axis1: unset = 0, axis2: unset = 1, {DTYPE}, {OUT}",
      r.numpy_trace)  # fmt: skip

spell(NUMPY, "reshape", f"a, /, shape: ints, {ORDER}, *, copy: unset = None")
spell(NUMPY, "ravel", f"a, {ORDER}")
spell(NUMPY, "transpose permute_dims", "a, axes: ints = None", r.numpy_transposed)
spell(NUMPY, "swapaxes", "a, axis1: int, axis2: int", r.swapped)
spell(NUMPY, "squeeze", "a, axis: ints = None", r.numpy_squeezed)
spell(NUMPY, "expand_dims", "a, axis: ints", r.with_axes)
spell(NUMPY, "broadcast_to", "array, shape: ints, subok: unset = False")
spell(NUMPY, "flip", "m, axis: ints = None")
spell(NUMPY, "roll", "a, shift: ints, axis: ints = None", r.numpy_rolled)
spell(NUMPY, "stack", f"arrays: tensors, axis: int = 0, {OUT}, *, {DTYPE}, "
      "casting: unset = 'same_kind'")  # fmt: skip
spell(NUMPY, "concatenate concat", f"arrays: tensors, /, axis: int = 0, {OUT}, *, {DTYPE}, "
      "casting: unset = 'same_kind'", r.joined)  # fmt: skip
spell(NUMPY, "pad", "array, pad_width: pairs, mode: str = 'constant', *, "
      "constant_values: number = 0", r.numpy_padded)  # fmt: skip
spell(NUMPY, "diag", "v, k: int = 0")
spell(NUMPY, "diagonal", "a, offset: int = 0, axis1: int = 0, axis2: int = 1", r.numpy_diagonal)
each(NUMPY, "tril triu", "m, k: int = 0", r.numpy_triangle)
spell(NUMPY, "zeros_like ones_like", f"a, {DTYPE}, order: unset = 'K', subok: unset = True, "
      "shape: unset = None")  # fmt: skip
spell(NUMPY, "full_like", f"a, fill_value: number, {DTYPE}, order: unset = 'K', "
      "subok: unset = True, shape: unset = None")  # fmt: skip
spell(NUMPY, "copy", "a, order: unset = 'K', subok: unset = False", r.language("clone"))

spell(NUMPY, "array", f"object, {DTYPE}, *, copy: flag = True, order: unset = 'K', "
      "subok: unset = False, ndmin: unset = 0", r.arrayed)  # fmt: skip
spell(NUMPY, "asarray", f"a, {DTYPE}, order: unset = None", r.arrayed)
spell(NUMPY, "zeros ones", f"shape: ints, {DTYPE}, {ORDER}", None)
spell(NUMPY, "full", f"shape: ints, fill_value: number, {DTYPE}, {ORDER}", r.language("full"))
spell(NUMPY, "eye", f"N: int, M: int = None, k: int = 0, {DTYPE}, {ORDER}", r.numpy_eye)
spell(NUMPY, "identity", f"n: int, {DTYPE}", r.language("eye"))
spell(NUMPY, "arange", "*bounds: any", r.arranged)
spell(
    NUMPY, "linspace", "start: number, stop: number, num: int = 50, endpoint: flag = True, "
    f"retstep: unset = False, {DTYPE}, axis: unset = 0", r.numpy_linspace,
)  # fmt: skip
each(NUMPY, "shape ndim", "a", r.language)
spell(NUMPY, "size", "a, axis: int = None", r.sized)

spell(LINALG, "det", "a", r.single("det"))
spell(LINALG, "inv", "a", r.single("inv"))
spell(LINALG, "solve", "a, b", r.single("solve"))
spell(LINALG, "norm", "x, ord: word = None, axis: ints = None, keepdims: flag = False",
      r.linalg_norm)  # fmt: skip
spell(LINALG, "matmul", "x1, x2, /", r.product)
spell(LINALG, "outer", "x1, x2, /", "outer")
spell(
    LINALG, "vector_norm",
    "x, /, *, axis: ints = None, keepdims: flag = False, ord: number = 2", r.numpy_vector_norm,
)  # fmt: skip
spell(LINALG, "diagonal", "x, /, *, offset: int = 0", r.numpy_last_diagonal)

each(METHODS, "sum prod", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, "
      f"{FOLDED}", r.reduced)  # fmt: skip
each(METHODS, "mean", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, "
      "where: unset = True", r.reduced)  # fmt: skip
spell(METHODS, "max", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      r.reduced("amax"))  # fmt: skip
spell(METHODS, "min", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      r.reduced("amin"))  # fmt: skip
each(METHODS, "argmax argmin", f"a, axis: int = None, {OUT}, *, keepdims: flag = False",
      r.position)  # fmt: skip
each(METHODS, "cumsum cumprod", f"a, axis: int = None, {DTYPE}, {OUT}", r.running)
spell(METHODS, "round", f"a, decimals: int = 0, {OUT}", r.rounded)
spell(METHODS, "clip", f"a, min=None, max=None, {OUT}")
spell(METHODS, "dot", f"a, b, /, {OUT}", r.numpy_dot)
spell(METHODS, "trace", f"a, offset: int = 0, axis1: unset = 0, axis2: unset = 1, {DTYPE}, {OUT}",
      r.numpy_trace)  # fmt: skip
spell(METHODS, "reshape", f"a, *shape: ints, {ORDER}, copy: unset = None")
spell(METHODS, "ravel flatten", f"a, {ORDER}", "flatten")
spell(METHODS, "transpose", "a, *axes: any", r.numpy_transposed)
spell(METHODS, "swapaxes", "a, axis1: int, axis2: int, /", r.swapped)
spell(METHODS, "squeeze", "a, axis: ints = None", r.numpy_squeezed)
spell(METHODS, "diagonal", "a, offset: int = 0, axis1: int = 0, axis2: int = 1", r.numpy_diagonal)
spell(METHODS, "copy", "a, order: unset = 'C'", r.language("clone"))
spell(METHODS, "item", "a", None)
