"""What is verified is what was written: `python -m benchmarks.fidelity`.

A text must mean what the library named in it means, or be refused. The oracle is the library
itself: seeded generators write texts, Python runs each with the real library, gradcalc reads the
same text, and the two values are compared. Nothing here knows what a function means; the names
and signatures come from the libraries, and gradcalc's list of functions says only which of them
to ask more often.

- calls: every function and method in its spellings (prefixes, imports, aliases) with every
  argument form that the library takes, alone and inside other code;
- operators: arithmetic, comparisons, indexing and attributes between operands of every kind;
- programs: Python's own semantics, from closures to aliasing, by hand-written forms with drawn
  parts, and grown statement by statement.

Each text ends as one of

- same: equal up to rounding, in one shape, NaN where NaN;
- refused: gradcalc says that it does not read it;
- different: gradcalc gives another value than the library;
- convenience: gradcalc reads what Python or the library refuses, or what gives no numbers;
- crash: gradcalc raises something that is no refusal;
- shaky: another value, but the library's own turns with the last bits of the inputs.

`--full` asks for the whole calculation: a text is different, too, if a gradient that passes is not
that of the library (torch's autograd of the real text, else central differences where they are
smooth), or if a right one is called wrong.
"""
