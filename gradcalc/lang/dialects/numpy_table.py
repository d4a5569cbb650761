"""numpy's functions, and the methods of its arrays, with their signatures."""

from gradcalc.lang.dialects.readings import (
    common,
    elements,
    making,
    norms,
    products,
    reductions,
    shapes,
)
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
    "abs absolute sign floor ceil trunc negative positive logical_not",
    f"x, /, {UFUNC}",
)
spell(
    NUMPY,
    "fabs rint exp exp2 expm1 log log1p log2 log10 sqrt square sin cos tan arcsin asin "
    "arccos acos arctan atan sinh cosh tanh arcsinh asinh arccosh acosh arctanh atanh deg2rad "
    "radians rad2deg degrees",
    f"x: floats, /, {UFUNC}",
)
spell(
    NUMPY,
    "add subtract multiply divide true_divide mod remainder maximum minimum greater greater_equal "
    "less less_equal not_equal logical_and logical_or logical_xor",
    f"x1, x2, /, {UFUNC}",
)
spell(
    NUMPY,
    "arctan2 atan2 hypot logaddexp power pow floor_divide",
    f"x1: floats, x2: floats, /, {UFUNC}",
)
spell(NUMPY, "equal", f"x1, x2, /, {UFUNC}", "eq")
spell(NUMPY, "float_power", f"x1, x2, /, {UFUNC}", elements.float_power)
spell(NUMPY, "bitwise_and", f"x1, x2, /, {UFUNC}", elements.binary_mask("logical_and"))
spell(NUMPY, "bitwise_or", f"x1, x2, /, {UFUNC}", elements.binary_mask("logical_or"))
spell(NUMPY, "bitwise_xor", f"x1, x2, /, {UFUNC}", elements.binary_mask("logical_xor"))
spell(NUMPY, "invert bitwise_not", f"x, /, {UFUNC}", elements.inverted_mask)
spell(NUMPY, "fix", f"x, {OUT}", "trunc")
spell(NUMPY, "reciprocal", f"x: inexact, /, {UFUNC}")
spell(NUMPY, "sinc", "x: floats")
spell(NUMPY, "round around", f"a: floats, decimals: int = 0, {OUT}", elements.rounded)
spell(NUMPY, "clip", f"a, a_min=None, a_max=None, {OUT}")
spell(NUMPY, "clip", f"a, *, min=None, max=None, {OUT}")
spell(NUMPY, "where", "condition, x, y, /", making.chosen)

each(NUMPY, "sum prod", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, {FOLDED}",
      reductions.reduced)  # fmt: skip
spell(NUMPY, "max amax", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      reductions.reduced("amax"))  # fmt: skip
spell(NUMPY, "min amin", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      reductions.reduced("amin"))  # fmt: skip
each(NUMPY, "mean", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, "
      "where: unset = True", reductions.reduced)  # fmt: skip
SPREAD = (
    f"a, axis: ints = None, {DTYPE}, {OUT}, ddof: number = 0, keepdims: flag = False, *, "
    "where: unset = True, mean: unset = None, correction: number = None"
)
each(NUMPY, "std var", SPREAD, reductions.numpy_spread)
each(METHODS, "std var", SPREAD, reductions.numpy_spread)
spell(NUMPY, "average", "a, axis: ints = None, weights=None, returned: unset = False, *, "
      "keepdims: flag = False", reductions.weighted)  # fmt: skip
each(NUMPY, "argmax argmin", f"a, axis: int = None, {OUT}, *, keepdims: flag = False",
      reductions.position)  # fmt: skip
each(NUMPY, "cumsum cumprod", f"a, axis: int = None, {DTYPE}, {OUT}", reductions.running)
spell(
    NUMPY, "sort", "a, axis: place = -1, kind: unset = None, order: unset = None, *, "
    "stable: flag = None", reductions.values_in_order,
)  # fmt: skip
TRUTHS = f"a, axis: some = None, {OUT}, keepdims: flag = False, *, where: unset = True"
each(NUMPY, "all any", TRUTHS, reductions.truths)
each(METHODS, "all any", TRUTHS, reductions.truths)

spell(NUMPY, "dot", f"a, b, {OUT}", products.numpy_dot)
spell(NUMPY, "inner", "a, b, /", products.numpy_inner)
spell(NUMPY, "matmul", f"x1, x2, /, {UFUNC}", products.product)
spell(NUMPY, "outer", f"a, b, {OUT}", products.numpy_outer)
spell(NUMPY, "kron", "a, b", "kron")
spell(NUMPY, "trace", f"a, offset: int = 0, axis1: unset = 0, axis2: unset = 1, {DTYPE}, {OUT}",
      products.numpy_trace)  # fmt: skip

spell(NUMPY, "reshape", f"a, /, shape: ints, {ORDER}, *, copy: unset = None")
spell(NUMPY, "ravel", f"a, {ORDER}")
spell(NUMPY, "transpose permute_dims", "a, axes: ints = None", shapes.numpy_transposed)
spell(NUMPY, "swapaxes", "a, axis1: int, axis2: int", shapes.swapped)
spell(NUMPY, "squeeze", "a, axis: some = None", shapes.numpy_squeezed)
spell(NUMPY, "expand_dims", "a, axis: ints", shapes.with_axes)
spell(NUMPY, "broadcast_to", "array, shape: ints, subok: unset = False")
spell(NUMPY, "flip", "m, axis: some = None")
spell(NUMPY, "roll", "a, shift: ints, axis: ints = None", shapes.numpy_rolled)
spell(NUMPY, "stack", f"arrays: tensors, axis: int = 0, {OUT}, *, {DTYPE}, "
      "casting: unset = 'same_kind'")  # fmt: skip
spell(NUMPY, "concatenate concat", f"arrays: tensors, /, axis: place = 0, {OUT}, *, {DTYPE}, "
      "casting: unset = 'same_kind'", shapes.joined)  # fmt: skip
spell(NUMPY, "pad", "array, pad_width: pairs, mode: str = 'constant', *, "
      "constant_values: number = 0", shapes.numpy_padded)  # fmt: skip
spell(NUMPY, "diag", "v, k: int = 0", shapes.numpy_diag)
spell(
    NUMPY, "diagonal", "a, offset: int = 0, axis1: int = 0, axis2: int = 1", shapes.numpy_diagonal
)
each(NUMPY, "tril triu", "m, k: int = 0", shapes.numpy_triangle)
spell(NUMPY, "zeros_like ones_like", f"a, {DTYPE}, order: unset = 'K', subok: unset = True, "
      "shape: unset = None")  # fmt: skip
spell(NUMPY, "full_like", f"a, fill_value: number, {DTYPE}, order: unset = 'K', "
      "subok: unset = True, shape: unset = None")  # fmt: skip
spell(NUMPY, "copy", "a, order: unset = 'K', subok: unset = False", making.arrayed_copy)

spell(NUMPY, "array", f"object, {DTYPE}, *, copy: flag = True, order: unset = 'K', "
      "subok: unset = False, ndmin: unset = 0", making.arrayed)  # fmt: skip
spell(NUMPY, "asarray", f"a, {DTYPE}, order: unset = None", making.arrayed)
spell(NUMPY, "zeros ones", f"shape: ints, {DTYPE}, {ORDER}", None)
spell(NUMPY, "full", f"shape: ints, fill_value: number, {DTYPE}, {ORDER}", common.language("full"))
spell(NUMPY, "eye", f"N: int, M: int = None, k: int = 0, {DTYPE}, {ORDER}", making.numpy_eye)
spell(NUMPY, "identity", f"n: int, {DTYPE}", common.language("eye"))
spell(NUMPY, "arange", "*bounds: any", making.arranged)
spell(
    NUMPY, "linspace", "start: number, stop: number, num: int = 50, endpoint: flag = True, "
    f"retstep: unset = False, {DTYPE}, axis: unset = 0", making.numpy_linspace,
)  # fmt: skip
each(NUMPY, "shape ndim", "a", common.language)
spell(NUMPY, "size", "a, axis: int = None", making.sized)

spell(LINALG, "det", "a", products.single("det"))
spell(LINALG, "inv", "a", products.single("inv"))
spell(LINALG, "solve", "a, b", products.single("solve"))
spell(LINALG, "norm", "x, ord: word = None, axis: ints = None, keepdims: flag = False",
      norms.linalg_norm)  # fmt: skip
spell(LINALG, "matmul", "x1, x2, /", products.product)
spell(LINALG, "outer", "x1, x2, /", "outer")
spell(
    LINALG, "vector_norm",
    "x, /, *, axis: ints = None, keepdims: flag = False, ord: number = 2", norms.numpy_vector_norm,
)  # fmt: skip
spell(LINALG, "diagonal", "x, /, *, offset: int = 0", shapes.numpy_last_diagonal)

each(METHODS, "sum prod", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, "
      f"{FOLDED}", reductions.reduced)  # fmt: skip
each(METHODS, "mean", f"a, axis: ints = None, {DTYPE}, {OUT}, keepdims: flag = False, *, "
      "where: unset = True", reductions.reduced)  # fmt: skip
spell(METHODS, "max", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      reductions.reduced("amax"))  # fmt: skip
spell(METHODS, "min", f"a, axis: ints = None, {OUT}, keepdims: flag = False, {FOLDED}",
      reductions.reduced("amin"))  # fmt: skip
each(METHODS, "argmax argmin", f"a, axis: int = None, {OUT}, *, keepdims: flag = False",
      reductions.position)  # fmt: skip
each(METHODS, "cumsum cumprod", f"a, axis: int = None, {DTYPE}, {OUT}", reductions.running)
spell(METHODS, "round", f"a: floats, decimals: int = 0, {OUT}", elements.rounded)
spell(METHODS, "clip", f"a, min=None, max=None, {OUT}")
spell(METHODS, "dot", f"a, b, /, {OUT}", products.numpy_dot)
spell(METHODS, "trace", f"a, offset: int = 0, axis1: unset = 0, axis2: unset = 1, {DTYPE}, {OUT}",
      products.numpy_trace)  # fmt: skip
spell(METHODS, "reshape", f"a, *shape: ints, {ORDER}, copy: unset = None")
spell(METHODS, "ravel", f"a, {ORDER}")
spell(METHODS, "flatten", f"a, {ORDER}", shapes.flat_copy)
spell(METHODS, "transpose", "a, *axes: any", shapes.numpy_transposed)
spell(METHODS, "swapaxes", "a, axis1: int, axis2: int, /", shapes.swapped)
spell(METHODS, "squeeze", "a, axis: some = None", shapes.numpy_squeezed)
spell(
    METHODS, "diagonal", "a, offset: int = 0, axis1: int = 0, axis2: int = 1", shapes.numpy_diagonal
)
spell(METHODS, "copy", "a, order: unset = 'C'", making.copied_array)
spell(METHODS, "item", "a", None)
