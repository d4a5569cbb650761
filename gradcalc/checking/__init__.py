"""Real code: the user's own function is run and recorded, and the recording is the program.

`capture` runs the function under a recorder of torch's operations (`numpy_capture` of numpy's) and
gives a `trace`, plain data. `listing` writes the trace as a program of the language, an operation
a line, by the rows of `aten`; from there on it is a program like any other, which the witnesses
that know nothing of torch differentiate. `check` holds what the function's own gradient is to
theirs, and `blame` says whose fault it is that they differ.
"""
