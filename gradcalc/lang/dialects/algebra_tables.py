"""The functions of linear algebra of all libraries, with their signatures."""

from gradcalc.lang.dialects.rows import table, tables
from gradcalc.lang.dialects.torch_table import ALSO

OUT = "out: target = None"
UFUNC = (
    "out: target = None, *, casting: unset = 'same_kind', order: unset = 'K', dtype: unset = None, "
    "subok: unset = True"
)
PRECISION = "precision: unset = None, preferred_element_type: unset = None"

CHECKED = "overwrite_a: ignored = False, check_finite: ignored = True"
RANKED = "atol: unset = None, rtol: unset = None"
TOLERANCES = "atol: maybe = None, rtol: maybe = None"

DECOMPOSED = """
cholesky(a, *, upper: bool = False)
slogdet(a)
qr(a, mode: str = 'reduced') -> factors.orthogonal
eigh eigvalsh(a, UPLO: str = 'L') -> factors.numpys_eigh(*)
svd(a, full_matrices: bool = True, compute_uv: bool = True, hermitian: unset = False) ->
    factors.singular_values
svdvals(x, /)
cond(x, p: word = None) -> factors.condition
matrix_norm(x, /, *, keepdims: bool = False, ord: word = 'fro') -> linear.norm_of_matrices
tensorinv(a, ind: int = 2)
tensorsolve(a, b, axes: some = None)
matrix_rank(A) -> linear.single(*)
"""
"""What numpy's and jax's linalg have in common."""

SCIPYS = f"""
cholesky(a, lower: bool = False, {CHECKED}) -> factors.scipy_cholesky
cho_factor(a, lower: bool = False, {CHECKED}) -> factors.factor_and_side
cho_solve(c_and_lower: any, b, overwrite_b: ignored = False, check_finite: ignored = True) ->
    factors.by_factor
solve_triangular(a, b, trans: any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: ignored = False, check_finite: ignored = True) -> factors.triangular
"""
"""What scipy's linalg and jax's copy of it have in common."""

TABLES = tables(
    f"""
[torch]
einsum(equation: any, *operands: any) -> products.einsum(*)
vdot(input, other, *, {OUT}) -> linear.of_ranks(dot, 1, 1)
chain_matmul(*matrices: any, {OUT}) -> products.chained
slogdet(input) -> linear.single(*)
cholesky(input, upper: bool = False, *, {OUT})
cholesky_solve(input, input2, upper: bool = False, *, {OUT})
cholesky_inverse(L, upper: bool = False, *, {OUT})
pinverse(input, rcond: number = 1e-15) -> nearest.pseudoinverse(pinv)
matrix_exp(input)
qr(input, some: bool = True, *, {OUT}) -> factors.orthogonal
svd(input, some: bool = True, compute_uv: bool = True, *, {OUT}) -> factors.torch_svd
triangular_solve(b, A, upper: bool = True, transpose: bool = False, unitriangular: bool = False,
    *, {OUT}) -> factors.old_triangular
[torch.linalg]
cholesky(A, *, upper: bool = False, {OUT})
solve_triangular(A, B, *, upper: bool, left: bool = True, unitriangular: bool = False, {OUT})
slogdet(A, *, {OUT})
pinv(A, *, {TOLERANCES}, hermitian: bool = False, {OUT}) -> nearest.pseudoinverse(*)
pinv(A, rcond: operand, hermitian: bool = False, *, {OUT}) -> nearest.pseudoinverse(*)
lstsq(input, b, rcond: unset = None, *, driver: word = None) -> nearest.least_squares(torch)
qr(A, mode: str = 'reduced', *, {OUT}) -> factors.orthogonal
eigh eigvalsh(A, UPLO: str = 'L', *, {OUT}) -> factors.of_symmetric(*)
svd(A, full_matrices: bool = True, *, driver: unset = None, {OUT})
svdvals(A, *, driver: unset = None, {OUT})
matrix_exp(input)
tensorinv(A, ind: int = 2, *, {OUT})
tensorsolve(A, B, dims: some = None, *, {OUT})
cond(A, p: word = None, *, {OUT}) -> factors.torch_condition
matrix_rank(A, *, {RANKED}, hermitian: unset = False, {OUT}) -> linear.single(*)
[numpy]
einsum(subscripts: any, *operands: any, {OUT}, optimize: ignored = False, dtype: unset = None,
    order: unset = 'K', casting: unset = 'safe') -> products.numpy_einsum(*)
dot(a, b, {OUT}) -> products.numpy_dot
vdot(a, b, /) -> products.numpy_vdot
matvec vecmat(x1, x2, /, {UFUNC}) -> products.matrix_vector(*)
trace(a, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: unset = None, {OUT}) ->
    products.trace_along
[numpy.linalg]
{DECOMPOSED}
lstsq(a, b, rcond: any = None) -> nearest.least_squares(numpy)
trace(x, /, *, offset: int = 0, dtype: unset = None) -> products.trace_along
solve(a, b) -> linear.numpy_solve
pinv(a, rcond: operand = None, hermitian: flag = False, *, rtol: operand = None) ->
    nearest.pseudoinverse(*)
[scipy.linalg]
{SCIPYS}
solve(a, b, lower: bool = False, overwrite_a: ignored = False, overwrite_b: ignored = False,
    check_finite: ignored = True, assume_a: any = None, transposed: bool = False) ->
    factors.scipy_solve
expm(A) -> linear.single(matrix_exp)
pinv(a, *, {TOLERANCES}, return_rank: unset = False, check_finite: ignored = True) ->
    nearest.pseudoinverse(*)
lstsq(a, b, cond: unset = None, overwrite_a: ignored = False, overwrite_b: ignored = False,
    check_finite: ignored = True, lapack_driver: any = None) -> nearest.least_squares(scipy)
qr(a, overwrite_a: ignored = False, lwork: unset = None, mode: str = 'full',
    pivoting: unset = False, check_finite: ignored = True) -> factors.orthogonal
svd(a, full_matrices: bool = True, compute_uv: bool = True, {CHECKED}) -> factors.singular_values
svdvals(a, {CHECKED}) -> linear.single(*)
eigh(a, b: unset = None, *, lower: bool = True, eigvals_only: bool = False, {CHECKED}) ->
    factors.scipy_eigh
eigvalsh(a, b: unset = None, *, lower: bool = True, {CHECKED}) -> factors.of_symmetric(*)
[jax.numpy]
einsum(subscripts: any, *operands: any, {OUT}, optimize: any = 'auto', {PRECISION}) ->
    products.numpy_einsum(*)
dot(a, b, *, {PRECISION}) -> products.numpy_dot
vdot(a, b, *, {PRECISION}) -> products.numpy_vdot
matvec vecmat(x1, x2, /) -> products.matrix_vector(*)
trace(a, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: unset = None, {OUT}) ->
    products.trace_along
[jax.numpy.linalg]
{DECOMPOSED}
lstsq(a, b, rcond: any = None) -> nearest.least_squares(jax)
trace(x, /, *, offset: int = 0, dtype: unset = None) -> products.trace_along
solve(a: floats, b: floats) -> linear.numpy_solve
pinv(a, rtol: operand = None, hermitian: bool = False) -> nearest.pseudoinverse(*)
[jax.scipy.linalg]
{SCIPYS}
det inv(a, {CHECKED}) -> linear.single(*)
solve(a, b, lower: bool = False, overwrite_a: ignored = False, overwrite_b: ignored = False,
    debug: ignored = False, check_finite: ignored = True, assume_a: str = 'gen') ->
    factors.jax_solve
expm(A) -> linear.single(matrix_exp)
svd(a, full_matrices: bool = True, compute_uv: bool = True, {CHECKED}) -> factors.singular_values
eigh(a, b: unset = None, lower: bool = True, eigvals_only: bool = False) -> factors.scipy_eigh
""",
    also={"torch": ALSO},
)

BOUND = """vdot slogdet cholesky cholesky_solve cholesky_inverse pinverse matrix_exp qr svd
    triangular_solve"""
"""The functions which tensors have as methods too."""

TORCH_METHODS = {name: TABLES["torch"][name] for name in BOUND.split()}

NUMPY_METHODS = {name: TABLES["numpy"][name] for name in ("trace",)} | table(
    f"dot(a, b, /, {OUT}) -> products.numpy_dot"
)
"""The methods of arrays, those of jax among them."""
