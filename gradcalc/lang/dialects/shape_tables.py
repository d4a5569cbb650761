"""What cuts, joins, moves and repeats tensors in all libraries, with the signatures."""

from gradcalc.lang.dialects.rows import table, tables

OUT = "out: target = None"
DTYPE = "dtype: unset = None"
CAST = f"{DTYPE}, casting: unset = 'same_kind'"
NUMPYS = f"""
split array_split(ary, indices_or_sections: counts, axis: int = 0) -> cutting.numpy_split(*)
hsplit vsplit dsplit(ary, indices_or_sections: counts) -> cutting.numpy_cut_along(*)
unstack(x, /, *, axis: int = 0) -> cutting.unbound
column_stack(tup: tensors) -> joining.columns
meshgrid(*xi: any, copy: flag = True, sparse: flag = False, indexing: str = 'xy') ->
    joining.numpy_grid
atleast_1d atleast_2d atleast_3d(*arys: any) -> joining.at_least(*)
broadcast_shapes(*shapes: any) -> joining.common_shape
tile(A, reps: ints) -> layout.tiled
repeat(a, repeats: counts, axis: int = None) -> layout.each_repeated
moveaxis(a, source: ints, destination: ints) -> layout.moved
rollaxis(a, axis: int, start: int = 0) -> layout.rolled_axis
fliplr flipud(m) -> layout.turned_over(*)
matrix_transpose(x, /) -> layout.transposed_matrix
diagflat(v, k: int = 0) -> layout.diagonals
tril_indices triu_indices(n: int, k: int = 0, m: int = None) -> making.numpy_triangle_places(*)
tril_indices_from triu_indices_from(arr, k: int = 0) -> making.triangle_places_of(*)
diag_indices(n: int, ndim: int = 2) -> making.diagonal_places
diag_indices_from(arr) -> making.diagonal_places_of
indices(dimensions: list, {DTYPE}, sparse: flag = False) -> making.all_places
tri(N: int, M: int = None, k: int = 0, {DTYPE}) -> making.triangle
logspace(start, stop, num: int = 50, endpoint: flag = True, base: number = 10.0, {DTYPE},
    axis: int = 0) -> spacing.powers
real(val) -> layout.itself
hanning hamming blackman bartlett(M: int) -> making.window(*)
kaiser(M: int, beta: number) -> making.window(*)
conj conjugate(x, /) -> copies.copied(itself)
geomspace(start, stop, num: int = 50, endpoint: flag = True, {DTYPE}, axis: int = 0) ->
    spacing.geometric
"""
"""What numpy and jax have in common."""

TABLES = tables(
    f"""
[torch]
split split_with_sizes(tensor, split_size_or_sections: ints, dim: int = 0) -> cutting.pieces
chunk(input, chunks: int, dim: int = 0) -> cutting.chunks
tensor_split(input, indices_or_sections: counts, dim: int = 0) -> cutting.sections
tensor_split(input, indices: counts, dim: int = 0) -> cutting.sections
tensor_split(input, sections: int, dim: int = 0) -> cutting.sections
hsplit vsplit dsplit(input, indices_or_sections: counts) -> cutting.cut_along(*)
hsplit vsplit dsplit(input, sections: int) -> cutting.cut_along(*)
hsplit vsplit dsplit(input, indices: counts) -> cutting.cut_along(*)
unbind(input, dim: int = 0) -> cutting.unbound
narrow(input, dim: int, start: int, length: int) -> cutting.narrowed
select(input, dim: int, index: int) -> cutting.selected
hstack vstack row_stack dstack(tensors: tensors, *, {OUT}) -> joining.stacked(*)
column_stack(tensors: tensors, *, {OUT}) -> joining.columns
meshgrid(*tensors: tensors, indexing: str = None) -> joining.grid
cartesian_prod(*tensors: tensors) -> joining.product
combinations(input, r: int = 2, with_replacement: bool = False) -> joining.chosen_several
block_diag(*tensors: any) -> joining.blocks
broadcast_tensors(*tensors: tensors) -> joining.spread
broadcast_shapes(*shapes: any) -> joining.common_shape
atleast_1d atleast_2d atleast_3d(*tensors: any) -> joining.at_least(*)
tile(input, dims: ints) -> layout.tiled
repeat_interleave(input, repeats: counts, dim: int = None, *, output_size: int = None) ->
    layout.each_repeated
movedim moveaxis(input, source: ints, destination: ints) -> layout.moved
unflatten(input, dim: int, sizes: ints) -> layout.unflattened
fliplr flipud(input) -> layout.turned_over(*)
adjoint(input) -> layout.transposed_matrix
diagflat(input, offset: int = 0) -> layout.diagonals
diag_embed(input, offset: int = 0, dim1: int = -2, dim2: int = -1)
as_strided(input, size: list, stride: list, storage_offset: int = None) -> layout.laid_out(view)
as_strided_copy(input, size: list, stride: list, storage_offset: int = None) ->
    layout.laid_out(copy)
tril_indices triu_indices(row: int, col: int, offset: int = 0) -> making.triangle_places(*)
logspace(start: number, end: number, steps: int, base: number = 10.0, *, {OUT}) ->
    spacing.torch_powers
conj conj_physical resolve_conj resolve_neg(input) -> layout.itself
hann_window hamming_window blackman_window bartlett_window(window_length: int,
    periodic: bool = True) -> making.torch_window(*)
kaiser_window(window_length: int) -> making.torch_window(*)
kaiser_window(window_length: int, periodic: bool, beta: number = 12.0) -> making.torch_window(*)
[torch.nn.functional]
pad(input, pad: list, mode: str = 'constant', value: number = None) -> layout.padded
[numpy]
{NUMPYS}
hstack vstack row_stack(tup: tensors, *, {CAST}) -> joining.stacked(*)
dstack(tup: tensors) -> joining.stacked(*)
broadcast_arrays(*args: any, subok: unset = False) -> joining.spread
pad(array, pad_width: pairs, mode: str = 'constant', *, constant_values: fillings = 0,
    reflect_type: str = 'even') -> layout.numpy_padded
[numpy.polynomial]
[numpy.polynomial.legendre]
leggauss(deg: int) -> making.quadrature(*)
[numpy.polynomial.hermite]
hermgauss(deg: int) -> making.quadrature(*)
[numpy.polynomial.laguerre]
laggauss(deg: int) -> making.quadrature(*)
[numpy.polynomial.chebyshev]
chebgauss(deg: int) -> making.quadrature(*)
[scipy.special]
roots_legendre p_roots roots_hermite h_roots roots_laguerre l_roots(n: int, mu: unset = False) ->
    making.quadrature(*)
[numpy.linalg]
matrix_transpose(x, /) -> layout.transposed_matrix
[numpy.lib]
[numpy.lib.stride_tricks]
sliding_window_view(x, window_shape: ints, axis: ints = None, *, subok: unset = False,
    writeable: unset = False) -> layout.sliding
as_strided(x, shape: any = None, strides: any = None, subok: any = False, writeable: any = True)
    -> layout.refused_strides
[scipy.linalg]
block_diag(*arrs: any) -> joining.blocks
[jax.numpy]
{NUMPYS}
hstack vstack dstack(tup: tensors, {DTYPE}) -> joining.stacked(*)
broadcast_arrays(*args: any) -> joining.spread
pad(array, pad_width: pairs, mode: str = 'constant', *, constant_values: fillings = 0,
    reflect_type: str = 'even') -> layout.numpy_padded
[jax.scipy.linalg]
block_diag(*arrs: any) -> joining.blocks
""",
)

TORCH_BOUND = """
    chunk tensor_split hsplit vsplit dsplit unbind narrow select repeat_interleave movedim moveaxis
    unflatten fliplr flipud adjoint diagflat diag_embed as_strided conj conj_physical resolve_conj
    resolve_neg
"""

TORCH_METHODS = {name: TABLES["torch"][name] for name in TORCH_BOUND.split()} | table(
    """
split(self, split_size: ints, dim: int = 0) -> cutting.pieces
split_with_sizes(self, split_sizes: list, dim: int = 0) -> cutting.pieces
repeat(self, *repeats: ints) -> layout.repeated
tile(self, *dims: ints) -> layout.tiled
unfold(self, dimension: int, size: int, step: int) -> layout.windows
view_as reshape_as(self, other: tensor) -> layout.shaped_as(reshape)
expand_as(self, other: tensor) -> layout.shaped_as(broadcast_to)
"""
)

NUMPY_METHODS = table(
    """
repeat(a, repeats: counts, axis: int = None) -> layout.each_repeated
conj conjugate(x, /) -> layout.itself
"""
)
"""The methods of arrays, those of jax among them."""
