"""The functions of linear algebra of all libraries, with their signatures."""

from gradcalc.lang.dialects.rows import table, tables
from gradcalc.lang.dialects.torch_table import ALSO

OUT = "out: unset = None"
UFUNC = (
    "out: unset = None, *, casting: unset = 'same_kind', order: unset = 'K', dtype: unset = None, "
    "subok: unset = True"
)
PRECISION = "precision: unset = None, preferred_element_type: unset = None"

TABLES = tables(
    f"""
[torch]
einsum(equation: any, *operands: any) -> products.einsum(*)
vdot(input, other, *, {OUT}) -> linear.of_ranks(dot, 1, 1)
chain_matmul(*matrices: any, {OUT}) -> products.chained
[torch.linalg]
[numpy]
einsum(subscripts: any, *operands: any, {OUT}, optimize: ignored = False, dtype: unset = None,
    order: unset = 'K', casting: unset = 'safe') -> products.numpy_einsum(*)
dot(a, b, {OUT}) -> products.numpy_dot
vdot(a, b, /) -> products.numpy_vdot
matvec vecmat(x1, x2, /, {UFUNC}) -> products.matrix_vector(*)
trace(a, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: unset = None, {OUT}) ->
    products.trace_along
[numpy.linalg]
trace(x, /, *, offset: int = 0, dtype: unset = None) -> products.trace_along
solve(a, b) -> linear.numpy_solve
[jax.numpy]
einsum(subscripts: any, *operands: any, {OUT}, optimize: any = 'auto', {PRECISION}) ->
    products.numpy_einsum(*)
dot(a, b, *, {PRECISION}) -> products.numpy_dot
vdot(a, b, *, {PRECISION}) -> products.numpy_vdot
matvec vecmat(x1, x2, /) -> products.matrix_vector(*)
trace(a, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: unset = None, {OUT}) ->
    products.trace_along
[scipy.linalg]
[jax.numpy.linalg]
trace(x, /, *, offset: int = 0, dtype: unset = None) -> products.trace_along
solve(a: floats, b: floats) -> linear.numpy_solve
""",
    also={"torch": ALSO},
)

TORCH_METHODS = {name: TABLES["torch"][name] for name in ("vdot",)}

NUMPY_METHODS = {name: TABLES["numpy"][name] for name in ("trace",)} | table(
    f"dot(a, b, /, {OUT}) -> products.numpy_dot"
)
"""The methods of arrays, those of jax among them."""
