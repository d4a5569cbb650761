"""The functions of functions, with their signatures."""

from gradcalc.lang.dialects.rows import tables

VMAP = (
    "func: any, in_dims: any = 0, out_dims: any = 0, randomness: any = 'error', *, "
    "chunk_size: any = None"
)

TABLES = tables(
    f"""
[torch]
vmap({VMAP}) -> functions.vmapped(torch)
[torch.func]
vmap({VMAP}) -> functions.vmapped(torch)
[numpy]
vectorize(pyfunc: any, otypes: unset = None, doc: unset = None, excluded: unset = None,
    cache: ignored = False, signature: unset = None) -> functions.vectorized
apply_along_axis(func1d: any, axis: int, arr, *args: any) -> functions.along_axis
piecewise(x, condlist: any, funclist: any, *args: any) -> functions.in_pieces
[jax]
vmap(fun: any, in_axes: any = 0, out_axes: any = 0) -> functions.jax_vmapped(jax)
[jax.numpy]
vectorize(pyfunc: any, *, excluded: unset = None, signature: unset = None) -> functions.vectorized
apply_along_axis(func1d: any, axis: int, arr, *args: any) -> functions.along_axis
"""
)
