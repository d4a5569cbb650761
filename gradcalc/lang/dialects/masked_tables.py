"""torch.masked: reductions of what a mask lets through, with their signatures."""

from gradcalc.lang.dialects.rows import tables

DTYPE = "dtype: unset = None"
REDUCED = f"input, dim: ints = None, *, keepdim: bool = False, {DTYPE}, mask: maybe = None"
ALONG = f"input, dim: int, *, {DTYPE}, mask: maybe = None"
SPREAD = (
    "input, dim: ints = None, unbiased: any = None, *, keepdim: bool = False, "
    f"{DTYPE}, mask: maybe = None"
)

TABLES = tables(
    f"""
[torch.masked]
sum amax amin logsumexp({REDUCED}) -> masks.reduced(*)
prod({REDUCED}) -> masks.multiplied
mean({REDUCED}) -> masks.averaged
var std({SPREAD}, correction: any = None) -> masks.spread(*)
cumsum cumprod softmax log_softmax softmin({ALONG}) -> masks.along(*)
median(input, dim: int = -1, *, keepdim: bool = False, {DTYPE}, mask: maybe = None) -> masks.middle
argmax argmin(input, dim: int = None, *, keepdim: bool = False, {DTYPE}, mask: maybe = None) ->
    masks.places(*)
logaddexp(input, other, *, {DTYPE}, input_mask: maybe = None, other_mask: maybe = None) ->
    masks.added
norm(input, ord: any = 2.0, dim: ints = None, *, keepdim: bool = False, {DTYPE},
    mask: maybe = None) -> masks.normed
normalize(input, ord: any, dim: int, *, eps: number = 1e-12, {DTYPE}, mask: maybe = None) ->
    masks.normalized
"""
)
