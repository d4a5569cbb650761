"""Dialects: a call means what the library that it names means by it.

The tables of the libraries (`torch_table`, `other_tables`) have their own parameter names, order
and defaults, in the words of `rows`; `spelling` fits a call to them; `readings` are the calls that
are not one primitive. `catalogue` says which table a name is looked up in.
"""
