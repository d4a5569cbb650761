"""Dialects: a call means what the library that it names means by it.

The table of a library (`torch_table`, `numpy_table`, `other_tables`) has its own parameter names,
order and defaults; `spelling` fits a call to them; `readings` are the calls that are not one
primitive. `catalogue` says which table a name is looked up in.
"""
