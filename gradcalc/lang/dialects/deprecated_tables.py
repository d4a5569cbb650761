"""torch's deprecated signatures, which it takes with a warning: factors in front of what they are
of. They are tried where no other signature of the name fits."""

from gradcalc.lang.dialects.rows import tables

TABLES = tables(
    """
[torch]
add sub(input, alpha: number, other, /) -> torchs.scaled_first(*)
addmm addbmm baddbmm addmv addr(beta: number, input, alpha: number, first, second, /) ->
    torchs.factors_first(*)
addmm addbmm baddbmm addmv addr(beta: number, input, first, second, /) -> torchs.factors_first(*)
addcmul addcdiv(input, value: number, first, second, /) -> torchs.factors_first(*)
[torch.Tensor]
add sub(input, alpha: number, other, /) -> torchs.scaled_first(*)
addmm addbmm baddbmm addmv addr(input, beta: number, alpha: number, first, second, /) ->
    torchs.factors_first(*)
addmm addbmm baddbmm addmv addr(input, beta: number, first, second, /) -> torchs.factors_first(*)
addcmul addcdiv(input, value: number, first, second, /) -> torchs.factors_first(*)
"""
)
