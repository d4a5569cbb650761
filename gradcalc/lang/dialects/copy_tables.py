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
"""
)

TORCH_METHODS = table("sum_to_size(self, *size: ints) -> copies.summed_to")
