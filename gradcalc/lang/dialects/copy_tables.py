"""torch's second names of functions: those that copy, and those of its insides that are public."""

from gradcalc.lang.dialects.rows import table, tables

OUT = "out: target = None"

TABLES = tables(
    f"""
[torch]
alias_copy detach_copy(input, *, {OUT}) -> copies.copied(itself)
diagonal_copy(input, offset: int = 0, dim1: int = 0, dim2: int = 1, *, {OUT}) ->
    copies.copied(diagonal)
expand_copy(input, size: list, *, implicit: ignored = False, {OUT}) -> copies.copied(broadcast_to)
narrow_copy(input, dim: int, start: int, length: int, *, {OUT}) -> copies.copied(narrow)
permute_copy(input, dims: list, *, {OUT}) -> copies.copied(permute)
select_copy(input, dim: int, index: int, *, {OUT}) -> copies.copied(select)
split_copy(tensor, split_size_or_sections: int, dim: int = 0) -> copies.copied(pieces)
split_with_sizes_copy(tensor, split_size_or_sections: list, dim: int = 0) -> copies.copied(pieces)
squeeze_copy(input, *, {OUT}) -> copies.copied(squeeze)
squeeze_copy(input, dim: ints, *, {OUT}) -> copies.copied(squeeze)
t_copy(input, *, {OUT}) -> copies.copied(t)
transpose_copy(input, dim0: int, dim1: int, *, {OUT}) -> copies.copied(transpose)
unbind_copy(input, dim: int = 0) -> copies.copied(unbind)
unfold_copy(self, dimension: int, size: int, step: int, *, {OUT}) -> copies.copied(unfold)
unsqueeze_copy(input, dim: int, *, {OUT}) -> copies.copied(unsqueeze)
view_copy(input, size: list, *, {OUT}) -> copies.copied(reshape)
unsafe_chunk(input, chunks: int, dim: int = 0) -> cutting.chunks
unsafe_split(tensor, split_size_or_sections: int, dim: int = 0) -> cutting.pieces
unsafe_split_with_sizes(tensor, split_size_or_sections: list, dim: int = 0) -> cutting.pieces
constant_pad_nd(input, pad: list, value: number = 0, *, {OUT}) -> copies.padded_with
fill(input, value) -> copies.filled
real(input) -> layout.itself
is_floating_point is_complex(input) -> making.is_of_kind(*)
Tensor FloatTensor(*data: any) -> memories.of_class(float)
DoubleTensor(*data: any) -> memories.of_class(double)
HalfTensor(*data: any) -> memories.of_class(half)
LongTensor(*data: any) -> memories.of_class(long)
IntTensor(*data: any) -> memories.of_class(int)
ShortTensor(*data: any) -> memories.of_class(short)
BoolTensor(*data: any) -> memories.of_class(bool)
gradient(input, *, spacing: any = 1, dim: ints = None, edge_order: int = 1) -> torchs.slopes
renorm(input, p: number, dim: int, maxnorm: number, *, {OUT}) -> torchs.renormed
grid_sampler grid_sampler_2d grid_sampler_3d(input, grid, interpolation_mode: int,
    padding_mode: int, align_corners: bool) -> torchs.sampled
conv_tbc(input, weight, bias, pad: int = 0) -> torchs.convolved
native_channel_shuffle(input, groups: int) -> channel_shuffle
nanmedian(input) -> torchs.middle
nanmedian(input, dim: int, keepdim: bool = False, *, {OUT}) -> torchs.middle
nanquantile(input, q, dim: int = None, keepdim: bool = False, *, interpolation: str = 'linear',
    {OUT}) -> torchs.quantile
lu(A, pivot: bool = True, get_infos: bool = False, {OUT}) -> packed.factored(0)
lu_solve(b, LU_data, LU_pivots, *, {OUT}) -> packed.old_by_factor
lu_unpack(LU_data, LU_pivots, unpack_data: bool = True, unpack_pivots: bool = True, *, {OUT}) ->
    packed.unpacked
ormqr(input, tau, other, left: bool = True, transpose: bool = False, *, {OUT}) -> packed.turned_by
orgqr(input, tau, *, {OUT}) -> packed.old_reflected
relu_(input, inplace: writes = True) -> relu
selu_(input, inplace: writes = True) -> selu
celu_(input, alpha: number = 1.0, inplace: writes = True) -> celu
rrelu_(input, lower: number = 0.125, upper: number = 0.3333333333333333, training: unset = False,
    inplace: writes = True) -> activations.expected_leak
threshold_(input, threshold: number, value: number, inplace: writes = True) -> threshold
[torch.nn.functional]
conv_tbc(input, weight, bias, pad: int = 0) -> torchs.convolved
native_channel_shuffle(input, groups: int) -> channel_shuffle
linear_cross_entropy(input, linear_weight, target, *, linear_bias: maybe = None,
    weight: maybe = None, reduction: str = 'mean', ignore_index: int = None,
    label_smoothing: number = 0.0, options: unset = None) -> torchs.entropy_of_linear
relu_(input, inplace: writes = True) -> relu
selu_(input, inplace: writes = True) -> selu
elu_(input, alpha: number = 1.0, inplace: writes = True) -> elu
celu_(input, alpha: number = 1.0, inplace: writes = True) -> celu
hardtanh_(input, min_val: number = -1.0, max_val: number = 1.0, inplace: writes = True) -> hardtanh
leaky_relu_(input, negative_slope: number = 0.01, inplace: writes = True) -> leaky_relu
threshold_(input, threshold: number, value: number, inplace: writes = True) -> threshold
rrelu_(input, lower: number = 0.125, upper: number = 0.3333333333333333, training: unset = False,
    inplace: writes = True) -> activations.expected_leak
[torch.linalg]
inv_ex(A, *, check_errors: ignored = False, {OUT}) -> packed.inverse
cholesky_ex(input, *, upper: bool = False, check_errors: ignored = False, {OUT}) -> packed.lower
solve_ex(A, B, *, left: bool = True, check_errors: ignored = False, {OUT}) -> packed.solved
lu(A, *, pivot: bool = True, {OUT}) -> packed.parts
lu_factor(A, *, pivot: bool = True, {OUT}) -> packed.factored(0)
lu_factor_ex(A, *, pivot: bool = True, check_errors: ignored = False, {OUT}) -> packed.factored(1)
lu_solve(LU, pivots, B, *, left: bool = True, adjoint: bool = False, {OUT}) -> packed.by_factor
householder_product(A, tau, *, {OUT}) -> packed.reflected
vander(x, *, N: int = None) -> packed.powers
[scipy.linalg]
lu(a, permute_l: flag = False, overwrite_a: ignored = False, check_finite: ignored = True,
    p_indices: unset = False) -> packed.of_scipy
[torch.nn.utils]
parameters_to_vector(parameters: items) -> joining.in_a_row
"""
)

TORCH_METHODS = {
    name: TABLES["torch"][name] for name in ("renorm", "nanmedian", "nanquantile")
} | table(
    """
sum_to_size(self, *size: ints) -> copies.summed_to
new_zeros new_ones new_empty(self, *size: ints) -> making.new_like(*)
new_full(self, size: list, fill_value: number) -> making.new_like(*)
new_tensor(self, data) -> making.new_like(*)
new(self, *data: any) -> memories.new
is_floating_point is_complex(self) -> making.is_of_kind(*)
"""
)
