"""numpy's functions that write into an array, and what its functions of elements have behind a dot,
with their signatures."""

from gradcalc.lang.dialects.readings.ufuncs import REDUCED, RUNNING
from gradcalc.lang.dialects.rows import tables

ORDINARY = ["add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "power"]
OUTER = """fmax fmin hypot arctan2 logaddexp mod remainder floor_divide greater greater_equal less
    less_equal equal not_equal logical_and logical_or""".split()  # noqa: SIM905
"""Those of two elements."""

FOLDED = (
    "array, axis: parts = 0, dtype: unset = None, out: target = None, keepdims: flag = False, "
    "initial: start = None, where: mask = True"
)


def _methods(name: str, at: bool) -> str:
    lines = [f"[numpy.{name}]", f"outer(A, B, /) -> ufuncs.outer({name})"]
    if name in REDUCED:
        lines.append(f"reduce({FOLDED}) -> ufuncs.reduced({name})")
    if name in RUNNING:
        lines.append(
            "accumulate(array, axis: int = 0, dtype: unset = None, out: target = None) -> "
            f"ufuncs.running({name})"
        )
    if at:
        lines.append(f"at(a: tensor, indices: any, b, /) -> ufuncs.unbuffered({name})")
    return "\n".join(lines)


TABLES = tables(
    """
[numpy]
copyto(dst: tensor, src, casting: ignored_word = 'same_kind', where=True) -> overwriting.copied_to
put(a: tensor, ind: any, v, mode: str = 'raise') -> overwriting.put
place(arr: tensor, mask, vals) -> overwriting.placed
putmask(a: tensor, mask, values) -> overwriting.put_by_mask
put_along_axis(arr: tensor, indices, values, axis: place = -1) -> overwriting.put_along
fill_diagonal(a: tensor, val, wrap: flag = False) -> overwriting.diagonal
"""
    + "\n".join([_methods(name, at=True) for name in ORDINARY])
    + "\n"
    + "\n".join([_methods(name, at=False) for name in OUTER])
)
