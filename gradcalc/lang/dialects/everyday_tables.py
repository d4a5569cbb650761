"""numpy's and torch's functions between the libraries and of memory, with their signatures."""

from gradcalc.lang.dialects.rows import table, tables

KINDS = "divide: any = None, over: any = None, under: any = None, invalid: any = None"

TABLES = tables(
    f"""
[torch]
from_numpy(ndarray: tensor, /) -> everyday.shared
[numpy]
ascontiguousarray(a, dtype: unset = None, *, like: unset = None) -> everyday.in_order
asfortranarray(a, dtype: unset = None, *, like: unset = None) -> columns.in_columns
ix_(*args: any) -> everyday.open_mesh
seterr(all: any = None, {KINDS}) -> everyday.told_of_errors
"""
)

NUMPY_METHODS = table("view(self) -> layout.itself")
"""numpy's view of all is the array itself to whoever reads it or writes into it."""
