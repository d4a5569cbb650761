"""Calls that are not one primitive: what they mean, put together from primitives.

Each reading takes the machine, the syntax node of the call and the arguments of its signature by
name; some are made for a name.
"""
