"""What torch's own databases of samples make of gradcalc: `python -m benchmarks coverage`.

torch tests each of its functions at samples of its own (`op_db`), and each of its modules
(`module_db`). Every sample that is real and has a gradient is written as a program, as a user would
write it; Python runs that with the real torch, gradcalc calculates the same text, and value and
gradient are compared. Nothing here knows what a function means.

Each sample ends as one of

- verified: the gradient is right, and smooth there (`vanished` counts as such);
- told: a kink, an edge, a jump or a singular point is told to be one;
- unresolved: the witnesses cannot tell;
- refused: gradcalc does not read it;
- slow: it takes longer than it may;
- unwritten: no text says it, as for functions without a public name;
- wrong: torch's own gradient is called wrong;
- different: value or gradient is another than torch's;
- crash: gradcalc raises something that is no refusal.

The last three are to be looked at. What is complex, sparse or of integers, or has no gradient, is
left out and counted apart. `--names` lists the public names of `torch.nn.functional` and numpy's
differentiable ones that are not known.
"""
