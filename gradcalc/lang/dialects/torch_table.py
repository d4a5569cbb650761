"""torch's functions, and the methods of its tensors, with their signatures."""

from gradcalc.lang.dialects.rows import table, tables
from gradcalc.lang.dialects.spelling import Table

ALSO = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input",
        "x2": "other"}  # fmt: skip
"""numpy's names of parameters, which torch's own functions take too."""

UNARY = """abs absolute sign sgn floor ceil trunc fix frac exp exp2 expm1 log log1p log2 log10
    sqrt rsqrt square reciprocal sin cos tan asin arcsin acos arccos atan arctan sinh
    cosh tanh asinh arcsinh acosh arccosh atanh arctanh sigmoid sinc deg2rad rad2deg erf
    erfc lgamma neg negative logical_not"""
BINARY = """maximum minimum fmod atan2 arctan2 hypot logaddexp xlogy eq ne not_equal gt greater ge
    greater_equal lt less le less_equal logical_and logical_or logical_xor mul multiply
    true_divide floor_divide"""
OUT = "out: target = None"
DTYPE = "dtype: unset = None"
INPLACE = "inplace: writes = False"

TABLES: dict[str, Table] = tables(
    f"""
[torch]
{UNARY}(input, *, {OUT})
{BINARY}(input, other, *, {OUT})
positive(input) -> layout.itself
relu selu(input)
celu(input, alpha: number = 1.0)
round(input, *, decimals: int = 0, {OUT}) -> elements.rounded
add(input, other, *, alpha: number = 1, {OUT}) -> elements.scaled(add)
sub subtract(input, other, *, alpha: number = 1, {OUT}) -> elements.scaled(sub)
div divide(input, other, *, rounding_mode: str = None, {OUT}) -> elements.divided
remainder(input, other, *, {OUT}) -> mod
pow(input, exponent, *, {OUT})
clamp clip(input, min=None, max=None, *, {OUT})
where(condition, input, other, *, {OUT})
bitwise_and(input, other, *, {OUT}) -> elements.binary_mask(logical_and)
bitwise_or(input, other, *, {OUT}) -> elements.binary_mask(logical_or)
bitwise_xor(input, other, *, {OUT}) -> elements.binary_mask(logical_xor)
bitwise_not(input, *, {OUT}) -> elements.inverted_mask
sum mean(input, *, {DTYPE})
sum mean(input, dim: ints, keepdim: bool = False, *, {DTYPE}, {OUT})
sum mean(input, dim: ints = None, keepdim: bool = False, *, {DTYPE})
prod(input, *, {DTYPE})
prod(input, dim: int, keepdim: bool = False, *, {DTYPE}, {OUT})
std var(input, unbiased: bool) -> reductions.spread(*)
std var(input, dim: some = None, unbiased: bool = True, keepdim: bool = False) ->
    reductions.spread(*)
std var(input, dim: some = None, *, correction: number = None, keepdim: bool = False, {OUT}) ->
    reductions.spread(*)
max min(input)
max min(input, dim: int, keepdim: bool = False, *, {OUT})
max(input, other: tensor, *, {OUT}) -> maximum
min(input, other: tensor, *, {OUT}) -> minimum
amax amin(input, dim: ints = (), keepdim: bool = False, *, {OUT})
argmax argmin(input, dim: int = None, keepdim: bool = False)
logsumexp(input, dim: ints, keepdim: bool = False, *, {OUT})
softmax log_softmax(input, dim: int, {DTYPE})
cumsum cumprod(input, dim: int, *, {DTYPE}, {OUT})
sort(input, dim: int = -1, descending: bool = False, stable: unset = False, *, {OUT})
sort(input, *, stable: bool = None, dim: int = -1, descending: bool = False, {OUT}) ->
    reductions.sorted_stably
norm(input, p: word = 'fro', dim: ints = None, keepdim: bool = False, {OUT}, {DTYPE}) ->
    linear.element_norm
all any(input: tensor, *, {OUT}) -> reductions.truths(*)
all any(input: tensor, dim: some = None, keepdim: bool = False, *, {OUT}) -> reductions.truths(*)
matmul(input, other, *, {OUT}) -> linear.product
mm spmm(input, mat2, *, {OUT}) -> linear.of_ranks(matmul, 2, 2)
mv(input, vec, *, {OUT}) -> linear.of_ranks(matmul, 2, 1)
bmm(input, mat2, *, {OUT}) -> linear.of_ranks(matmul, 3, 3)
dot(input, tensor, *, {OUT}) -> linear.of_ranks(dot, 1, 1)
outer ger(input, vec2, *, {OUT}) -> outer
kron(input, other, *, {OUT})
trace(input)
det logdet(input)
inverse(input, *, {OUT}) -> linear.single(inv)
reshape(input, shape: ints)
flatten(input, start_dim: int = 0, end_dim: int = -1) -> layout.flattened
ravel(input) -> shapes.raveled
transpose swapdims(input, dim0: int, dim1: int) -> transpose
swapaxes(input, axis0: int, axis1: int) -> transpose
t(input) -> shapes.matrix_transposed
permute(input, dims: list)
squeeze(input)
squeeze(input, dim: some)
squeeze(input, dim: ints) -> shapes.squeezed_along
unsqueeze(input, dim: int)
broadcast_to(input, size: list)
flip(input, dims: list) -> shapes.flipped
roll(input, shifts: ints, dims: ints = None)
stack(tensors: tensors, dim: int = 0, *, {OUT})
cat concat concatenate(tensors: tensors, dim: int = 0, *, {OUT}) -> joining.end_to_end(concat)
diag(input, diagonal: int = 0, *, {OUT})
diagonal(input, offset: int = 0, dim1: int = 0, dim2: int = 1)
tril triu(input, diagonal: int = 0, *, {OUT})
zeros_like ones_like(input)
full_like(input, fill_value: number)
empty_like(input) -> making.unfilled_like
cosine_similarity(x1, x2, dim: int = 1, eps: number = 1e-08)
detach clone numel(input)
tensor(data) -> shapes.copied
as_tensor asarray(data) -> shapes.copied_of_list
rms_norm(input, normalized_shape: list, weight=None, eps: number = None) -> layers.rms_norm
native_layer_norm(input, normalized_shape: list, weight: maybe, bias: maybe, eps: number) ->
    layers.natively(*)
native_batch_norm(input, weight: maybe, bias: maybe, running_mean: maybe, running_var: maybe,
    training: bool, momentum: number, eps: number) -> layers.natively(*)
native_group_norm(input, weight: maybe, bias: maybe, N: int, C: int, HxW: int, group: int,
    eps: number) -> layers.natively(*)
zeros ones empty(*size: ints)
full(size: list, fill_value: number)
eye(n: int, m: int = None, *, {OUT})
range(*bounds: any) -> shapes.inclusive_range
arange(*bounds: any, start: any = None, end: any = None, step: any = None) ->
    shapes.arranged
linspace(start: number, end: number, steps: int, *, {OUT}) -> spacing.torch_spaced
[torch.nn]
[torch.nn.functional]
relu relu6 selu silu mish(input, {INPLACE})
softsign tanhshrink logsigmoid sigmoid tanh(input)
leaky_relu(input, negative_slope: number = 0.01, {INPLACE})
elu celu(input, alpha: number = 1.0, {INPLACE})
gelu(input, approximate: str = 'none')
softplus(input, beta: number = 1, threshold: number = 20)
hardtanh(input, min_val: number = -1.0, max_val: number = 1.0, {INPLACE})
softmax log_softmax softmin(input, dim: int = None, _stacklevel: unset = 3, {DTYPE}) ->
    reductions.implicit_softmax(*)
normalize(input, p: number = 2.0, dim: ints = 1, eps: number = 1e-12, {OUT})
cosine_similarity(x1, x2, dim: int = 1, eps: number = 1e-08)
batch_norm(input, running_mean: maybe, running_var: maybe, weight=None, bias=None,
    training: bool = False, momentum: number = 0.1, eps: number = 1e-05) -> layers.batch_norm
instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None,
    use_input_stats: bool = True, momentum: number = 0.1, eps: number = 1e-05) ->
    layers.instance_norm
rms_norm(input, normalized_shape: list, weight=None, eps: number = None) -> layers.rms_norm
scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p: number = 0.0,
    is_causal: bool = False, scale: number = None, enable_gqa: bool = False) -> layers.attention
upsample_nearest(input, size: ints = None, scale_factor: scales = None) ->
    layers.upsampled(nearest)
upsample_bilinear(input, size: ints = None, scale_factor: scales = None) ->
    layers.upsampled(bilinear)
lp_pool1d lp_pool2d lp_pool3d(input, norm_type: number, kernel_size: ints, stride: ints = None,
    ceil_mode: bool = False) -> layers.power_pooled(*)
grid_sample(input, grid, mode: str = 'bilinear', padding_mode: str = 'zeros',
    align_corners: bool = None) -> layers.sampled
embedding_bag(input, weight, offsets=None, max_norm: unset = None, norm_type: unset = 2,
    scale_grad_by_freq: unset = False, mode: str = 'mean', sparse: ignored = False,
    per_sample_weights=None, include_last_offset: bool = False, padding_idx: int = None) ->
    layers.bagged
triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function: any = None,
    margin: number = 1.0, swap: bool = False, reduction: str = 'mean') -> losses.by_distance
[torch.linalg]
det inv(A, *, {OUT}) -> linear.single(*)
solve(A, B, *, left: bool = True, {OUT})
matmul(input, other, *, {OUT}) -> linear.product
norm(A, ord: word = None, dim: ints = None, keepdim: bool = False, *, {OUT}, {DTYPE}) ->
    linear.linalg_norm
vector_norm(x, ord: number = 2, dim: ints = None, keepdim: bool = False, *, {DTYPE}, {OUT}) ->
    linear.vector_norm
matrix_norm(A, ord: word = 'fro', dim: list = (-2, -1), keepdim: bool = False, *, {DTYPE}, {OUT})
    -> linear.matrix_norm
diagonal(A, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> shapes.last_diagonal
[torch.special]
expit exp2 expm1 erf erfc log1p sinc gammaln(input, *, {OUT})
round(input, *, decimals: int = 0, {OUT}) -> elements.rounded
xlogy(input, other, *, {OUT})
logsumexp(input, dim: ints, keepdim: bool = False, *, {OUT})
softmax log_softmax(input, dim: int, *, {DTYPE})
[torch.autograd]
""",
    also={"torch": ALSO, "torch.special": ALSO},
)

BOUND = f"""
    {UNARY} {BINARY} positive relu round add sub subtract div divide remainder pow clamp clip
    bitwise_and bitwise_or bitwise_xor bitwise_not sum mean prod std var max min amax amin argmax
    argmin logsumexp softmax log_softmax cumsum cumprod sort all any matmul mm mv bmm dot outer
    ger kron trace det logdet inverse transpose swapdims swapaxes t squeeze unsqueeze
    broadcast_to roll diag diagonal tril triu detach clone numel ravel flatten
"""
"""The functions which tensors have as methods too, the receiver their first argument."""

METHODS: Table = (
    {name: TABLES["torch"][name] for name in BOUND.split()}
    | table(
        f"""norm(self, p: word = 'fro', dim: ints = None, keepdim: bool = False, {DTYPE}) ->
    linear.element_norm""",
        ALSO,
    )
    | table(
        """
where(self, condition, other) -> elements.chosen_by_method
reshape view(self, *shape: ints) -> reshape
permute(self, *dims: ints)
flip(self, *dims: ints) -> shapes.flipped
expand(self, *size: ints) -> broadcast_to
size(self, dim: int = None)
dim item tolist contiguous(self)
ndimension nelement get_device(self) -> shapes.counted
"""
    )
)
