"""Real code checked: `python -m benchmarks check`.

Two measurements of `gradcalc.check`.

torch's own samples (`op_db` of its functions, `module_db` of its modules) go through it as a user's
code would: called with the tensors themselves. Each ends as

- verified (or vanished, which is right on the function's own scale);
- told: a kink, an edge, a jump or a singular point is told to be one;
- unresolved: the check cannot tell, with the reason;
- wrong: torch's gradient is called wrong;
- slow: it takes longer than it may;
- crash: gradcalc raises something that is no refusal.

What torch is known to do wrong stands in `faults`; whatever else is wrong, or crashes, is to be
looked at, and the exit code is 1. What is complex or sparse, or has no gradient, is left out.

Then the planted Functions of `tests/check_functions.py`, each wrong one beside its right twin, are
put to gradcalc and to `torch.autograd.gradcheck` (slow and fast mode; `gradgradcheck` for second
derivatives) with the defaults of each: which wrong ones are passed, which right ones are rejected,
and how long a check takes. gradcheck is for float64 only, and so is the comparison.
"""
