"""What takes, puts, chooses and orders elements in all libraries, with the signatures."""

from gradcalc.lang.dialects.rows import table, tables

OUT = "out: target = None"
NUMPYS = f"""
take_along_axis(arr, indices, axis: place = -1) -> picking.taken_along_axis
compress(condition, a, axis: place = None, {OUT}) -> picking.compressed
extract(condition, arr) -> picking.extracted
select(condlist: tensors, choicelist: tensors, default: operand = 0) -> picking.several_chosen
choose(a, choices: tensors, {OUT}, mode: str = 'raise') -> picking.one_chosen
argwhere(a) -> picking.nonzero_places
nonzero(a) -> picking.nonzero_tuple
flatnonzero(a) -> picking.nonzero_in_row
ix_(*args: any) -> picking.crossed
argsort(a, axis: place = -1, kind: ignored_word = None, order: unset = None, *,
    stable: ignored = None) -> ordering.numpy_places
sort(a, axis: place = -1, kind: ignored_word = None, order: unset = None, *,
    stable: ignored = None) -> reductions.values_in_order
partition argpartition(a, kth: any, axis: any = -1, kind: any = None, order: any = None) ->
    ordering.refused_partition
digitize(x, bins, right: flag = False) -> ordering.binned
searchsorted(a, v, side: str = 'left', sorter: unset = None) -> ordering.searched
bincount(x, /, weights=None, minlength: int = 0) -> ordering.counts
unique(ar, return_index: flag = False, return_inverse: flag = False, return_counts: flag = False,
    axis: unset = None, *, equal_nan: ignored = True, sorted: unset = True) ->
    ordering.numpy_different
histogram(a, bins: bins = 10, range: span = None, density: flag = None, weights: unset = None) ->
    ordering.numpy_histogram
"""
"""What numpy and jax have in common."""

TABLES = tables(
    f"""
[torch]
gather(input, dim: int, index, *, sparse_grad: ignored = False, {OUT}) -> picking.indexed(*)
index_select(input, dim: int, index, *, {OUT}) -> picking.indexed(*)
take(input, index) -> picking.indexed(*)
take_along_dim(input, indices, dim: int = None, *, {OUT}) -> picking.taken_along
masked_select(input, mask, *, {OUT}) -> picking.masked(*)
masked_fill(input, mask, value) -> picking.masked(*)
masked_scatter(input, mask, source: tensor) -> picking.masked(*)
scatter(input, dim: int, index, src: tensor) -> picking.scattered
scatter(input, dim: int, index, value: number) -> picking.scattered
scatter(input, dim: int, index, src: tensor, *, reduce: str) -> picking.scattered_and_reduced
scatter(input, dim: int, index, value: number, *, reduce: str) ->
    picking.scattered_and_reduced
scatter_add(input, dim: int, index, src: tensor) -> picking.indexed(*)
scatter_reduce(input, dim: int, index, src: tensor, reduce: str, *, include_self: bool = True) ->
    picking.indexed(*)
index_add(input, dim: int, index, source: tensor, *, alpha: number = 1, {OUT}) ->
    picking.indexed(*)
index_copy(input, dim: int, index, source: tensor, *, {OUT}) -> picking.indexed(*)
index_fill(input, dim: int, index, value) -> picking.indexed(*)
index_put(input, indices: tensors, values, accumulate: bool = False) -> picking.put
index_reduce(input, dim: int, index, source: tensor, reduce: str, *, include_self: bool = True,
    {OUT}) -> picking.indexed(*)
put(input, index, source: tensor, accumulate: bool = False) -> picking.indexed(*)
select_scatter(input, src: tensor, dim: int, index: int) -> picking.part_replaced(*)
slice_scatter(input, src: tensor, dim: int = 0, start: int = None, end: int = None, step: int = 1)
    -> picking.part_replaced(*)
diagonal_scatter(input, src: tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) ->
    picking.part_replaced(*)
argwhere(input) -> picking.nonzero_places
nonzero(input, *, {OUT}, as_tuple: bool = False) -> picking.nonzero_places
where(condition, input, other, *, {OUT})
where(condition) -> picking.places_that_hold
topk(input, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, {OUT})
kthvalue(input, k: int, dim: int = -1, keepdim: bool = False, *, {OUT})
argsort(input, dim: int = -1, descending: bool = False, *, stable: flag = False) ->
    ordering.first_places
msort(input, *, {OUT}) -> ordering.in_order
aminmax(input, *, dim: int = None, keepdim: bool = False, {OUT}) -> ordering.both_ends
var_mean(input, unbiased: bool) -> ordering.spread_and_mean(var)
var_mean(input, dim: some = None, unbiased: bool = True, keepdim: bool = False) ->
    ordering.spread_and_mean(var)
var_mean(input, dim: some = None, *, correction: number = None, keepdim: bool = False) ->
    ordering.spread_and_mean(var)
std_mean(input, unbiased: bool) -> ordering.spread_and_mean(std)
std_mean(input, dim: some = None, unbiased: bool = True, keepdim: bool = False) ->
    ordering.spread_and_mean(std)
std_mean(input, dim: some = None, *, correction: number = None, keepdim: bool = False) ->
    ordering.spread_and_mean(std)
searchsorted(sorted_sequence, input, *, out_int32: ignored = False, right: bool = False,
    side: str = None, sorter: unset = None, {OUT}) -> ordering.searched
bucketize(input, boundaries, *, out_int32: ignored = False, right: bool = False, {OUT}) ->
    ordering.searched
bincount(input, weights=None, minlength: int = 0) -> ordering.counts
unique(input, sorted: unset = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int = None) -> ordering.different
histc(input, bins: int = 100, min: number = 0, max: number = 0, *, {OUT}) -> ordering.histc
[torch.nn.functional]
max_unpool1d max_unpool2d max_unpool3d(input, indices, kernel_size: ints, stride: ints = None,
    padding: ints = 0, output_size: any = None) -> picking.indexed(*)
[numpy]
take(a, indices, axis: place = None, {OUT}, mode: str = 'raise') -> picking.numpy_taken
where(condition, x, y, /) -> shapes.chosen
where(condition, /) -> picking.places_that_hold
{NUMPYS}
[jax.numpy]
take(a, indices, axis: place = None, {OUT}, mode: str = None) -> picking.jax_taken
where(condition, x, y, /) -> shapes.chosen
where(condition, /) -> picking.places_that_hold
{NUMPYS}
""",
)

TORCH_BOUND = """
    gather index_select take take_along_dim masked_select masked_fill masked_scatter scatter
    scatter_add scatter_reduce index_reduce put index_add index_copy index_fill index_put
    select_scatter slice_scatter diagonal_scatter argwhere nonzero topk kthvalue argsort msort
    aminmax bincount unique histc
"""

TORCH_METHODS = {name: TABLES["torch"][name] for name in TORCH_BOUND.split()}

NUMPY_BOUND = "argsort compress choose nonzero searchsorted"

NUMPY_METHODS = {name: TABLES["numpy"][name] for name in NUMPY_BOUND.split()} | table(
    f"""
take(a, indices, axis: place = None, {OUT}, mode: str = 'raise') -> picking.numpy_taken
compress(a, condition, axis: place = None, {OUT}) -> picking.compressed_array
"""
)

JAX_METHODS = NUMPY_METHODS | {"take": TABLES["jax.numpy"]["take"]}
"""The methods of jax's arrays."""
