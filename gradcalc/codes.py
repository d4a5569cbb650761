"""Exit codes that are no verdict's and no error's own."""

FAULT = 70
"""A fault of gradcalc's own."""

INTERRUPTED = 130
"""After Ctrl-C."""

PIPE_CLOSED = 141
"""Whoever read the output has gone away."""
