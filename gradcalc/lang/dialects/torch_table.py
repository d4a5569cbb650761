"""torch's functions, and the methods of its tensors, with their signatures."""

from gradcalc.lang.dialects.readings import (
    common,
    elements,
    losses,
    making,
    norms,
    products,
    reductions,
    shapes,
)
from gradcalc.lang.dialects.spelling import Meaning, Table, bound_to, spell

ALSO = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input",
        "x2": "other"}  # fmt: skip
"""numpy's names of parameters, which torch's own functions take too."""

TORCH: Table = {}
FUNCTIONAL: Table = {}
LINALG: Table = {}
SPECIAL: Table = {}


def _torch(names: str, signature: str, meaning: Meaning = None) -> None:
    spell(TORCH, names, signature, meaning, ALSO)


def _functional(names: str, signature: str, meaning: Meaning = None) -> None:
    spell(FUNCTIONAL, names, signature, meaning)


def _linalg(names: str, signature: str, meaning: Meaning = None) -> None:
    spell(LINALG, names, signature, meaning)


UNARY = """
    abs absolute sign sgn floor ceil trunc fix frac exp exp2 expm1 log log1p log2 log10 sqrt rsqrt
    square reciprocal sin cos tan asin arcsin acos arccos atan arctan sinh cosh tanh asinh arcsinh
    acosh arccosh atanh arctanh sigmoid sinc deg2rad rad2deg erf erfc lgamma neg negative
    logical_not
"""
BINARY = """
    maximum minimum atan2 arctan2 hypot logaddexp xlogy eq ne not_equal gt greater ge greater_equal
    lt less le less_equal logical_and logical_or logical_xor mul multiply true_divide
    floor_divide
"""
OUT = "out: unset = None"
DTYPE = "dtype: unset = None"

_torch(UNARY, f"input, *, {OUT}")
_torch(BINARY, f"input, other, *, {OUT}")
_torch("positive relu selu", "input")
_torch("celu", "input, alpha: number = 1.0")
_torch("round", f"input, *, decimals: int = 0, {OUT}", elements.rounded)
_torch("add", f"input, other, *, alpha: number = 1, {OUT}", elements.scaled("add"))
_torch("sub subtract", f"input, other, *, alpha: number = 1, {OUT}", elements.scaled("sub"))
_torch("div divide", f"input, other, *, rounding_mode: str = None, {OUT}", elements.divided)
_torch("remainder", f"input, other, *, {OUT}", "mod")
_torch("pow", f"input, exponent, *, {OUT}")
_torch("clamp clip", f"input, min=None, max=None, *, {OUT}")
_torch("where", f"condition, input, other, *, {OUT}")
_torch("bitwise_and", f"input, other, *, {OUT}", elements.binary_mask("logical_and"))
_torch("bitwise_or", f"input, other, *, {OUT}", elements.binary_mask("logical_or"))
_torch("bitwise_xor", f"input, other, *, {OUT}", elements.binary_mask("logical_xor"))
_torch("bitwise_not", f"input, *, {OUT}", elements.inverted_mask)

_torch("sum mean", f"input, *, {DTYPE}")
_torch("sum mean", f"input, dim: ints, keepdim: bool = False, *, {DTYPE}, {OUT}")
_torch("sum mean", f"input, dim: ints = None, keepdim: bool = False, *, {DTYPE}")
_torch("prod", f"input, *, {DTYPE}")
_torch("prod", f"input, dim: int, keepdim: bool = False, *, {DTYPE}, {OUT}")
for _name in ("std", "var"):
    _torch(_name, "input, unbiased: bool", reductions.spread(_name))
    _torch(_name, "input, dim: some = None, unbiased: bool = True, keepdim: bool = False",
           reductions.spread(_name))  # fmt: skip
    _torch(
        _name,
        f"input, dim: some = None, *, correction: number = 1, keepdim: bool = False, {OUT}",
        reductions.spread(_name),
    )
for _name in ("max", "min"):
    _torch(_name, "input")
    _torch(_name, f"input, dim: int, keepdim: bool = False, *, {OUT}")
    _torch(_name, f"input, other: tensor, *, {OUT}", elements.greater_of(_name))
_torch("amax amin", f"input, dim: ints = (), keepdim: bool = False, *, {OUT}")
_torch("argmax argmin", "input, dim: int = None, keepdim: bool = False")
_torch("logsumexp", f"input, dim: ints, keepdim: bool = False, *, {OUT}")
_torch("softmax log_softmax", f"input, dim: int, {DTYPE}")
_torch("cumsum cumprod", f"input, dim: int, *, {DTYPE}, {OUT}")
_torch("sort", f"input, dim: int = -1, descending: bool = False, stable: unset = False, *, {OUT}")
_torch(
    "sort", f"input, *, stable: bool = None, dim: int = -1, descending: bool = False, {OUT}",
    reductions.sorted_stably,
)  # fmt: skip
_torch("norm", f"input, p: word = 'fro', dim: ints = None, keepdim: bool = False, {OUT}, {DTYPE}",
       norms.element_norm)  # fmt: skip
for _name in ("all", "any"):
    _torch(_name, f"input, *, {OUT}", reductions.truths(_name))
    _torch(
        _name, f"input, dim: some = None, keepdim: bool = False, *, {OUT}", reductions.truths(_name)
    )

_torch("matmul", f"input, other, *, {OUT}", products.product)
_torch("mm", f"input, mat2, *, {OUT}", products.of_ranks("matmul", 2, 2))
_torch("mv", f"input, vec, *, {OUT}", products.of_ranks("matmul", 2, 1))
_torch("bmm", f"input, mat2, *, {OUT}", products.of_ranks("matmul", 3, 3))
_torch("dot", f"input, tensor, *, {OUT}", products.of_ranks("dot", 1, 1))
_torch("outer ger", f"input, vec2, *, {OUT}", "outer")
_torch("kron", f"input, other, *, {OUT}")
_torch("trace", "input")
_torch("det logdet", "input", None)
_torch("inverse", f"input, *, {OUT}", products.single("inv"))

_torch("reshape", "input, shape: ints")
_torch("flatten", "input, start_dim: int = 0, end_dim: int = -1")
_torch("ravel", "input")
_torch("transpose swapdims", "input, dim0: int, dim1: int", "transpose")
_torch("swapaxes", "input, axis0: int, axis1: int", "transpose")
_torch("t", "input", shapes.matrix_transposed)
_torch("permute", "input, dims: list")
_torch("squeeze", "input")
_torch("squeeze", "input, dim: some")
_torch("unsqueeze", "input, dim: int")
_torch("broadcast_to", "input, size: list")
_torch("flip", "input, dims: list", shapes.flipped)
_torch("roll", "input, shifts: ints, dims: ints = None")
_torch("stack", f"tensors: tensors, dim: int = 0, *, {OUT}")
_torch("cat concat concatenate", f"tensors: tensors, dim: int = 0, *, {OUT}", "concat")
_torch("diag", f"input, diagonal: int = 0, *, {OUT}")
_torch("diagonal", "input, offset: int = 0, dim1: int = 0, dim2: int = 1")
_torch("tril triu", f"input, diagonal: int = 0, *, {OUT}")
_torch("zeros_like ones_like", "input")
_torch("full_like", "input, fill_value: number")

_torch("cosine_similarity", "x1, x2, dim: int = 1, eps: number = 1e-08")
_torch("detach clone numel", "input", None)
_torch("tensor", "data", making.copied)
_torch("as_tensor asarray", "data", making.copied_of_list)
_torch("zeros ones", "*size: ints", None)
_torch("full", "size: list, fill_value: number", common.language("full"))
_torch("eye", f"n: int, m: int = None, *, {OUT}", common.language("eye"))
_torch("range", "*bounds: any", making.inclusive_range)
_torch("arange", "*bounds: any", making.arranged)
_torch("linspace", f"start: number, end: number, steps: int, *, {OUT}", common.language("linspace"))

INPLACE = "inplace: unset = False"
_functional("relu relu6 selu silu mish", f"input, {INPLACE}")
_functional("softsign tanhshrink logsigmoid sigmoid tanh", "input")
_functional("leaky_relu", f"input, negative_slope: number = 0.01, {INPLACE}")
_functional("elu celu", f"input, alpha: number = 1.0, {INPLACE}")
_functional("gelu", "input, approximate: str = 'none'")
_functional("softplus", "input, beta: number = 1, threshold: number = 20")
_functional("hardtanh", f"input, min_val: number = -1.0, max_val: number = 1.0, {INPLACE}")
for _name in ("softmax", "log_softmax", "softmin"):
    _functional(
        _name,
        f"input, dim: int = None, _stacklevel: unset = 3, {DTYPE}",
        reductions.implicit_softmax(_name),
    )
_functional("normalize", f"input, p: number = 2.0, dim: ints = 1, eps: number = 1e-12, {OUT}")
_functional("cosine_similarity", "x1, x2, dim: int = 1, eps: number = 1e-08")
_functional(
    "layer_norm",
    "input, normalized_shape: list, weight=None, bias=None, eps: number = 1e-05",
)
_functional(
    "pad", "input, pad: list, mode: str = 'constant', value: number = None", shapes.torch_padded
)

OLDER = "size_average: any = None, reduce: any = None, reduction: str = 'mean'"
WEIGHT = "weight: unset = None"
for _name in ("mse_loss", "l1_loss"):
    _functional(_name, f"input, target, {OLDER}, {WEIGHT}", losses.loss(_name))
_functional("smooth_l1_loss", f"input, target, {OLDER}, beta: number = 1.0",
            losses.loss("smooth_l1_loss"))  # fmt: skip
_functional(
    "huber_loss", f"input, target, reduction: str = 'mean', delta: number = 1.0, {WEIGHT}",
    losses.loss("huber_loss"),
)  # fmt: skip
_functional(
    "binary_cross_entropy", f"input, target, {WEIGHT}, {OLDER}", losses.loss("binary_cross_entropy")
)
_functional(
    "binary_cross_entropy_with_logits",
    f"input, target, {WEIGHT}, {OLDER}, pos_weight: unset = None",
    losses.loss("binary_cross_entropy_with_logits"),
)
_functional(
    "cross_entropy",
    f"input, target, {WEIGHT}, size_average: any = None, ignore_index: unset = -100, "
    "reduce: any = None, reduction: str = 'mean', label_smoothing: unset = 0.0",
    losses.loss("cross_entropy"),
)

_linalg("det", f"A, *, {OUT}", products.single("det"))
_linalg("inv", f"A, *, {OUT}", products.single("inv"))
_linalg("solve", f"A, B, *, left: unset = True, {OUT}", products.single("solve"))
_linalg("matmul", f"input, other, *, {OUT}", products.product)
_linalg(
    "norm",
    f"A, ord: word = None, dim: ints = None, keepdim: bool = False, *, {OUT}, {DTYPE}",
    norms.linalg_norm,
)
_linalg(
    "vector_norm",
    f"x, ord: number = 2, dim: ints = None, keepdim: bool = False, *, {DTYPE}, {OUT}",
    norms.vector_norm,
)
_linalg(
    "matrix_norm",
    f"A, ord: word = 'fro', dim: list = (-2, -1), keepdim: bool = False, *, {DTYPE}, {OUT}",
    norms.matrix_norm,
)
_linalg("diagonal", "A, *, offset: int = 0, dim1: int = -2, dim2: int = -1", shapes.last_diagonal)

spell(SPECIAL, "expit exp2 expm1 erf erfc log1p sinc gammaln", f"input, *, {OUT}", None, ALSO)
spell(SPECIAL, "round", f"input, *, decimals: int = 0, {OUT}", elements.rounded, ALSO)
spell(SPECIAL, "xlogy", f"input, other, *, {OUT}", None, ALSO)
spell(SPECIAL, "logsumexp", f"input, dim: ints, keepdim: bool = False, *, {OUT}", None, ALSO)
spell(SPECIAL, "softmax log_softmax", f"input, dim: int, *, {DTYPE}", None, ALSO)

METHODS: Table = bound_to(
    TORCH,
    f"""
    {UNARY} {BINARY} positive relu round add sub subtract div divide remainder pow clamp clip
    bitwise_and bitwise_or bitwise_xor bitwise_not sum mean prod std var max min amax amin argmax
    argmin logsumexp softmax log_softmax cumsum cumprod sort all any matmul mm mv bmm dot outer
    ger kron trace det logdet inverse transpose swapdims swapaxes t squeeze unsqueeze
    broadcast_to roll diag diagonal tril triu detach clone numel ravel flatten
    """.split(),
)
spell(METHODS, "norm", f"self, p: word = 'fro', dim: ints = None, keepdim: bool = False, {DTYPE}",
      norms.element_norm, ALSO)  # fmt: skip
spell(METHODS, "where", "self, condition, other", elements.chosen_by_method)
spell(METHODS, "reshape view", "self, *shape: ints", "reshape")
spell(METHODS, "permute", "self, *dims: ints")
spell(METHODS, "flip", "self, *dims: ints", shapes.flipped)
spell(METHODS, "expand", "self, *size: ints", "broadcast_to")
spell(METHODS, "size", "self, dim: int = None", common.language("size"))
spell(METHODS, "dim item contiguous", "self", None)
spell(METHODS, "ndimension nelement", "self", making.counted)
