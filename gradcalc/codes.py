"""What is known before anything is imported: exit codes that are no verdict's and no error's own,
and the commands that calculate."""

LIMIT = 4
"""A limit on size, steps, time or memory was reached."""

FAULT = 70
"""A fault of gradcalc's own."""

INTERRUPTED = 130
"""After Ctrl-C."""

PIPE_CLOSED = 141
"""Whoever read the output has gone away."""

CALCULATING = ("grad", "why")
"""The commands that calculate one gradient: torch is started for them at once, and a warm process
answers them."""
