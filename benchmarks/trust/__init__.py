"""How far each check of gradients can be trusted: `python -m benchmarks.trust`.

On the same cases, in one run: gradcalc, and three checks by finite differences. How many wrong
gradients does each pass, and how many right ones does it reject?

- gradcalc: `calculate`; a gradient passes if it is verified, or, but for the healthy cases,
  vanished.
- `torch.autograd.gradcheck` with its defaults, in every dtype.
- `scipy.optimize.check_grad` with its defaults, whose answer is the norm of the difference; up to
  1e-5 of the gradient's norm is accepted (up to 1e-5 itself where the gradient is zero).
- `jax.test_util.check_grads` with its defaults, `order=1`, `modes=["rev"]`, and x64 enabled. It
  needs the program in jax; where jax has no such function, or cannot run the program, it "cannot".

The function that they judge is the program's output, its elements weighted and summed, as one of
all inputs. Four groups of cases:

- healthy: random smooth programs at random points, whose gradients are right. The peers judge
  torch's gradient of torch's function, jax's its own of its own.
- planted: each primitive at each of its samples with a mistake on torch's side: the result times
  1 + 1e-6, the sign of the slope, and the first shift that changes the gradient there (gradients
  at their neighbour's place, the argument, the result's order, the result itself by 1e-3). The
  peers judge the right function with the very gradient that torch gave then. A mistake that
  changes the gradient by no more than the rounding that gradcalc accepts (64 units of the
  dtype's epsilon), or that makes it NaN, is left out. Then mistakes on the checking side, which
  the peers do not have.
- traps: programs at awkward points, from the tests, with torch's gradient. Where the right outcome
  is "wrong", a pass is a wrong gradient passed; where it is "verified" (or "vanished"), a reject
  is a right one rejected; in the others (kinks, edges, jumps, ...) a pass is one without a word.
- corners: random corners of planes, vertices of norms, and ties of computed numbers, with torch's
  gradient, a tenth as many of each kind as there are healthy ones.

A peer that raises, rejects.
"""
