"""Each construct of the language, with its value and gradient, on both backends."""

import math
from typing import Any

import numpy as np
import pytest

from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.witnesses import autograd
from tests.lang_backends import SIDES, answers, close, ids, lines, problem, well_formed

X = [1.0, 2.0, 3.0]
Y = [4.0, -5.0, 6.0]
A = [[1.0, 2.0], [3.0, 4.0]]
S = 0.5

V = np.array(X)
ONE = np.ones(3)

# program, inputs, value, gradients of the sum by input
OPERATORS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("x + y", {"x": X, "y": Y}, [5, -3, 9], {"x": ONE, "y": ONE}),
    ("x - y", {"x": X, "y": Y}, [-3, 7, -3], {"x": ONE, "y": -ONE}),
    ("x*y", {"x": X, "y": Y}, [4, -10, 18], {"x": Y, "y": X}),
    ("x/2", {"x": X}, V / 2, {"x": ONE / 2}),
    ("2/x", {"x": X}, 2 / V, {"x": -2 / V**2}),
    ("x//2", {"x": [1.0, 3.5]}, [0, 1], {"x": [0, 0]}),
    ("x % 2", {"x": [1.0, 3.5]}, [1, 1.5], {"x": [1, 1]}),
    ("x**2", {"x": X}, V**2, {"x": 2 * V}),
    ("x**-1", {"x": X}, 1 / V, {"x": -1 / V**2}),
    ("2**x", {"x": X}, [2, 4, 8], {"x": math.log(2) * 2**V}),
    ("-x", {"x": X}, -V, {"x": -ONE}),
    ("+x", {"x": X}, X, {"x": ONE}),
    ("-2**2*x", {"x": X}, -4 * V, {"x": -4 * ONE}),
    ("2**-1*x", {"x": X}, V / 2, {"x": ONE / 2}),
    ("x@x", {"x": X}, 14, {"x": 2 * V}),
    ("A@x", {"A": A, "x": [1, 2]}, [5, 11], {"A": [[1, 2], [1, 2]], "x": [4, 6]}),
    ("where(x > 1, x, 0)", {"x": X}, [0, 2, 3], {"x": [0, 1, 1]}),
    ("where(x >= 2, x, 0)", {"x": X}, [0, 2, 3], {"x": [0, 1, 1]}),
    ("where(x < 2, x, 0)", {"x": X}, [1, 0, 0], {"x": [1, 0, 0]}),
    ("where(x <= 2, x, 0)", {"x": X}, [1, 2, 0], {"x": [1, 1, 0]}),
    ("where(x == 2, x, 0)", {"x": X}, [0, 2, 0], {"x": [0, 1, 0]}),
    ("where(x != 2, x, 0)", {"x": X}, [1, 0, 3], {"x": [1, 0, 1]}),
    ("where((x > 1) & (x < 3), x, 0)", {"x": X}, [0, 2, 0], {"x": [0, 1, 0]}),
    ("where((x < 2) | (x > 2), x, 0)", {"x": X}, [1, 0, 3], {"x": [1, 0, 1]}),
    ("where(~(x > 1), x, 0)", {"x": X}, [1, 0, 0], {"x": [1, 0, 0]}),
    ("x*2 if 0 < s < 1 else x", {"x": X, "s": S}, 2 * V, {"x": 2 * ONE, "s": 0}),
    ("x*2 if 0 < s < 0.1 else x", {"x": X, "s": S}, X, {"x": ONE, "s": 0}),
    ("x if s > 0 and s < 1 else 0*x", {"x": X, "s": S}, X, {"x": ONE, "s": 0}),
    ("x if s < 0 or s > 1 else 2*x", {"x": X, "s": S}, 2 * V, {"x": 2 * ONE, "s": 0}),
    ("x if not s > 0 else 3*x", {"x": X, "s": S}, 3 * V, {"x": 3 * ONE, "s": 0}),
    ("s and x", {"x": X, "s": S}, X, {"x": ONE, "s": 0}),
    ("0 or x", {"x": X}, X, {"x": ONE}),
    ("x if None is None else 2*x", {"x": X}, X, {"x": ONE}),
    ("x if x is not None else 2*x", {"x": X}, X, {"x": ONE}),
    ("True*x", {"x": X}, X, {"x": ONE}),
    ("7//2*x - 7 % 4", {"x": X}, 3 * V - 3, {"x": 3 * ONE}),
    ("1 - s - s - s", {"s": S}, -0.5, {"s": -3}),
]

CALLS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("2*dot(x, x)", {"x": X}, 28, {"x": 4 * V}),
    ("x.sum()", {"x": X}, 6, {"x": ONE}),
    ("x.exp().log().sum()", {"x": X}, 6, {"x": ONE}),
    (lines("(x", " .exp()", " .sum())"), {"x": X}, np.exp(V).sum(), {"x": np.exp(V)}),
    ("norm(x)**2", {"x": X}, 14, {"x": 2 * V}),
    ("x.norm()*norm", {"x": [3.0, 4.0], "norm": 2.0}, 10, {"x": [1.2, 1.6], "norm": 5}),
    ("max(max)", {"max": X}, 3, {"max": [0, 0, 1]}),
    ("sum = 3; sum(x)*sum", {"x": X}, 18, {"x": 3 * ONE}),
    ("A.T@x", {"A": A, "x": [1, 1]}, [4, 6], {"A": [[1, 1], [1, 1]], "x": [3, 7]}),
    ("A.mT[0]", {"A": A}, [1, 3], {"A": [[1, 0], [1, 0]]}),
    ("A.t()[0]", {"A": A}, [1, 3], {"A": [[1, 0], [1, 0]]}),
    ("x*x.shape[0]", {"x": X}, 3 * V, {"x": 3 * ONE}),
    ("x*len(x)*x.ndim*x.dim()", {"x": X}, 3 * V, {"x": 3 * ONE}),
    ("x*x.size()[0] + x.size(0)", {"x": X}, 3 * V + 3, {"x": 3 * ONE}),
    ("x*x.numel()/x.size", {"x": X}, X, {"x": ONE}),
    ("sum(A, axis=0)", {"A": A}, [4, 6], {"A": [[1, 1], [1, 1]]}),
    ("sum(A, dim=0, keepdims=True)", {"A": A}, [[4, 6]], {"A": [[1, 1], [1, 1]]}),
    ("torch.mul(input=x, other=x)", {"x": X}, V * V, {"x": 2 * V}),
    ("x.pow(exponent=2)", {"x": X}, V * V, {"x": 2 * V}),
    ("where(condition=x > 1, input=x, other=0)", {"x": X}, [0, 2, 3], {"x": [0, 1, 1]}),
    ("clip(x, a_min=0, a_max=2.5)", {"x": X}, [1, 2, 2.5], {"x": [1, 1, 0]}),
    ("reshape(x, -1)[0]", {"x": X}, 1, {"x": [1, 0, 0]}),
    ("x.view(-1, 1)*y", {"x": [1, 2], "y": [3, 4]}, [[3, 4], [6, 8]], {"x": [7, 7], "y": [3, 3]}),
    ("A.permute(1, 0)[0]", {"A": A}, [1, 3], {"A": [[1, 0], [1, 0]]}),
    ("x.expand(2, 3)", {"x": X}, [X, X], {"x": 2 * ONE}),
    ("x + zeros(3) + zeros((3,))", {"x": X}, X, {"x": ONE}),
    ("x*ones_like(x) + ones(2, 3)", {"x": X}, [V + 1, V + 1], {"x": 2 * ONE}),
    ("eye(2)@x + arange(2) + linspace(0, 1, 2)", {"x": [1, 2]}, [1, 4], {"x": [1, 1]}),
    ("full((2,), s)*full(2, 3)", {"s": S}, [1.5, 1.5], {"s": 6}),
    ("A.max(dim=0).values", {"A": A}, [3, 4], {"A": [[0, 0], [1, 1]]}),
    ("v, i = max(x, dim=0); v*i", {"x": X}, 6, {"x": [0, 0, 2]}),
    ("max(x[0], x[1], s)", {"x": X, "s": S}, 2, {"x": [0, 1, 0], "s": 0}),
    ("min([x[0], x[1]])", {"x": X}, 1, {"x": [1, 0, 0]}),
    ("sum([x, x, 1])", {"x": X}, 2 * V + 1, {"x": 2 * ONE}),
    ("abs(-3)*x + round(2.6) + pow(2, 3)", {"x": X}, 3 * V + 11, {"x": 3 * ONE}),
    ("x if all(x > 0) and any(x > 2) else 2*x", {"x": X}, X, {"x": ONE}),
    ("x if (x > 1).all() else 2*x", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("x if (x > 5).any() or all([]) else 2*x", {"x": X}, X, {"x": ONE}),
    ("3 .sum()*x", {"x": X}, 3 * V, {"x": 3 * ONE}),
    ("10**300*x", {"x": X}, 1e300 * V, {"x": 1e300 * ONE}),
    ("10**400//10**399*x", {"x": X}, 10 * V, {"x": 10 * ONE}),
]

INDEXING: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("x[0]", {"x": X}, 1, {"x": [1, 0, 0]}),
    ("x[-1]", {"x": X}, 3, {"x": [0, 0, 1]}),
    ("x[1:]", {"x": X}, [2, 3], {"x": [0, 1, 1]}),
    ("x[:-1]", {"x": X}, [1, 2], {"x": [1, 1, 0]}),
    ("x[::2]", {"x": X}, [1, 3], {"x": [1, 0, 1]}),
    ("x[::-1]*y", {"x": X, "y": Y}, [12, -10, 6], {"x": [6, -5, 4], "y": [3, 2, 1]}),
    ("x[2:0:-1]", {"x": X}, [3, 2], {"x": [0, 1, 1]}),
    ("x[-10**30:10**30]", {"x": X}, X, {"x": ONE}),
    ("x[::10**30]", {"x": X}, [1], {"x": [1, 0, 0]}),
    ("x[10:]", {"x": X}, [], {"x": [0, 0, 0]}),
    ("x[...]", {"x": X}, X, {"x": ONE}),
    ("x[:, None]*x", {"x": [1, 2]}, [[1, 2], [2, 4]], {"x": [6, 6]}),
    ("x[None]", {"x": X}, [X], {"x": ONE}),
    ("x[np.newaxis, :]", {"x": X}, [X], {"x": ONE}),
    ("A[0]", {"A": A}, [1, 2], {"A": [[1, 1], [0, 0]]}),
    ("A[:, 0]", {"A": A}, [1, 3], {"A": [[1, 0], [1, 0]]}),
    ("A[..., 0]", {"A": A}, [1, 3], {"A": [[1, 0], [1, 0]]}),
    ("A[0, 1]", {"A": A}, 2, {"A": [[0, 1], [0, 0]]}),
    ("A[0][1]", {"A": A}, 2, {"A": [[0, 1], [0, 0]]}),
    ("A[[0, 1], [1, 0]]", {"A": A}, [2, 3], {"A": [[0, 1], [1, 0]]}),
    ("A[:, [1, 0]]", {"A": A}, [[2, 1], [4, 3]], {"A": [[1, 1], [1, 1]]}),
    ("x[[0, 0, 2]]", {"x": X}, [1, 1, 3], {"x": [2, 0, 1]}),
    ("x[[]]", {"x": X}, [], {"x": [0, 0, 0]}),
    ("x[range(2)]", {"x": X}, [1, 2], {"x": [1, 1, 0]}),
    ("x[x > 1]", {"x": X}, [2, 3], {"x": [0, 1, 1]}),
    ("A[A > 1]", {"A": A}, [2, 3, 4], {"A": [[0, 1], [1, 1]]}),
    ("x[[True, False, True]]", {"x": X}, [1, 3], {"x": [1, 0, 1]}),
    ("x[tensor([True, False, True])]", {"x": X}, [1, 3], {"x": [1, 0, 1]}),
    ("A[:, [True, False]]", {"A": A}, [[1], [3]], {"A": [[1, 0], [1, 0]]}),
    ("x[(x > 1).detach()]", {"x": X}, [2, 3], {"x": [0, 1, 1]}),
    (lines("with no_grad():", "    m = x > 1", "x[m]"), {"x": X}, [2, 3], {"x": [0, 1, 1]}),
    ("x[n]", {"x": X, "n": 2.0}, 3, {"x": [0, 0, 1], "n": 0}),
    ("x[argmax(x)]", {"x": X}, 3, {"x": [0, 0, 1]}),
    ("s[()]", {"s": S}, S, {"s": 1}),
]

LISTS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("[s, 2*s]", {"s": S}, [0.5, 1], {"s": 3}),
    ("(s, 1)", {"s": S}, [0.5, 1], {"s": 1}),
    ("[x, 2*x]", {"x": X}, [V, 2 * V], {"x": 3 * ONE}),
    ("[[s, 1], [2, s]]@x", {"s": S, "x": [1, 2]}, [2.5, 3], {"s": 3, "x": [2.5, 1.5]}),
    ("[1, 2, 3]*x", {"x": X}, [1, 4, 9], {"x": X}),
    ("[x] + [y]", {"x": X, "y": Y}, [X, Y], {"x": ONE, "y": ONE}),
    ("[x]*2", {"x": X}, [X, X], {"x": 2 * ONE}),
    ("2*(s,)", {"s": S}, [0.5, 0.5], {"s": 2}),
    ("stack([x, y])[1]", {"x": X, "y": Y}, Y, {"x": 0 * ONE, "y": ONE}),
    ("concat([x, y[:1]])", {"x": X, "y": Y}, [1, 2, 3, 4], {"x": ONE, "y": [1, 0, 0]}),
    ("[x, y][0]", {"x": X, "y": Y}, X, {"x": ONE, "y": 0 * ONE}),
    ("([x, y, x][::2])[1]", {"x": X, "y": Y}, X, {"x": ONE, "y": 0 * ONE}),
    ("x if [1, 2] == [1, 2] else y", {"x": X, "y": Y}, X, {"x": ONE, "y": 0 * ONE}),
    ("array([s, s])*array([1, 2])", {"s": S}, [0.5, 1], {"s": 3}),
    ("range(3)*x", {"x": X}, [0, 2, 6], {"x": [0, 1, 2]}),
    ("range(10**18)[5]*x", {"x": X}, 5 * V, {"x": 5 * ONE}),
]

BINDING: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("(u := x*x)*u", {"x": X}, V**4, {"x": 4 * V**3}),
    ("y = x*x; y*x", {"x": X}, V**3, {"x": 3 * V**2}),
    ("a, b = x*2, 3; a*b", {"x": X}, 6 * V, {"x": 6 * ONE}),
    ("a, b, c = x; a*b*c", {"x": X}, 6, {"x": [6, 3, 2]}),
    ("(a, b), c = (x, 2), 3; a*b*c", {"x": X}, 6 * V, {"x": 6 * ONE}),
    ("[a, b] = x, 2; a*b", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("a, b = b, a; a*b*a", {"a": 2.0, "b": 3.0}, 18, {"a": 9, "b": 12}),
    ("u = v = x; u*v", {"x": X}, V**2, {"x": 2 * V}),
    ("a *= a", {"a": 3.0}, 9, {"a": 6}),
    ("a += 1; a -= 3; a /= 2; a **= 2", {"a": 4.0}, 1, {"a": 1}),
    ("a //= 2; a %= 3; a + b", {"a": 5.0, "b": 1.0}, 3, {"a": 0, "b": 1}),
    ("A @= A", {"A": A}, [[7, 10], [15, 22]], {"A": [[7, 11], [9, 13]]}),
    ("y: Tensor = x*2; y", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("x; 'a docstring'", {"x": X}, X, {"x": ONE}),
    ("x # a comment", {"x": X}, X, {"x": ONE}),
    ("x*2 \\\n  + 1", {"x": X}, 2 * V + 1, {"x": 2 * ONE}),
    ("y = x*2\r\nz = y*2\r\n", {"x": X}, 4 * V, {"x": 4 * ONE}),
    ("\ufeff    y = x*2\n    y", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("if s > 0:\n\ty = x\nelse:\n\ty = 2*x\ny", {"x": X, "s": S}, X, {"x": ONE, "s": 0}),
    ("assert s < 1, 'too large'; s*s", {"s": S}, 0.25, {"s": 1}),
    ("x\nassert True\npass", {"x": X}, X, {"x": ONE}),
]

FLOW: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    (
        lines("if s > 1:", "    y = x", "elif s > 0:", "    y = 2*x", "else:", "    y = 3*x"),
        {"x": X, "s": S},
        2 * V,
        {"x": 2 * ONE, "s": 0},
    ),
    (
        lines("b = a*2", "while b.norm() < 1000:", "    b = b*2", "b"),
        {"a": 0.3},
        1228.8,
        {"a": 4096},
    ),
    (
        lines("while s < 10:", "    s = s*2", "else:", "    s = -s", "s"),
        {"s": S},
        -16,
        {"s": -32},
    ),
    (
        lines("while True:", "    s = s*2", "    if s > 3:", "        break", "s"),
        {"s": S},
        4,
        {"s": 8},
    ),
    (lines("y = 0", "for i in range(3):", "    y = y + i*s", "y"), {"s": S}, 1.5, {"s": 3}),
    (
        lines("y = 1", "for i in range(5):", "    if i == 2:", "        continue", "    y = y*s*i"),
        {"s": S},
        0,
        {"s": 0},
    ),
    (
        lines("y = 0", "for i in range(9):", "    if i == 2:", "        break", "    y = y + s",
              "else:", "    y = 100", "y"),
        {"s": S},
        1,
        {"s": 2},
    ),
    (lines("y = 0", "for v in x:", "    y = y + v*v", "y"), {"x": X}, 14, {"x": 2 * V}),
    (
        lines("y = 1", "for r in A:", "    y = y*r.sum()", "y"),
        {"A": A},
        21,
        {"A": [[7, 7], [3, 3]]},
    ),
    (lines("y = 0", "for v in [s, 2, s]:", "    y = y + v", "y"), {"s": S}, 3, {"s": 2}),
    (
        lines("y = 0", "for u, v in zip(x, x[1:]):", "    y = y + u*v", "y"),
        {"x": X},
        8,
        {"x": [2, 4, 2]},
    ),
    (
        lines("y = 0", "for i, v in enumerate(x, 1):", "    y = y + i*v", "y"),
        {"x": X},
        14,
        {"x": [1, 2, 3]},
    ),
    (
        lines("t = 1", "for i in range(2):", "    for j in range(2):",
              "        if j:", "            break", "        t = t*s", "t"),
        {"s": S},
        0.25,
        {"s": 1},
    ),
]  # fmt: skip

FUNCTIONS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("f = lambda u: u*u; f(x)", {"x": X}, V**2, {"x": 2 * V}),
    ("(lambda u, /, v=2, *, w=3: u*v*w)(x, w=5)", {"x": X}, 10 * V, {"x": 10 * ONE}),
    ("[sin, lambda u: 2*u][1](x)", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("f = exp; f(s)", {"s": S}, math.exp(S), {"s": math.exp(S)}),
    ("k = 2; f = lambda u, k=k: u*k; k = 3; f(x)", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("k = 2; f = lambda u: u*k; k = 3; f(x)", {"x": X}, 3 * V, {"x": 3 * ONE}),
    (lines("def f(x):", "    return x*x"), {"x": X}, V**2, {"x": 2 * V}),
    (lines("def f(x, n=2, *, m=3):", "    return n*m*x"), {"x": X}, 6 * V, {"x": 6 * ONE}),
    (lines("def f(x, w=None):", "    return x if w is None else x*w"), {"x": X}, X, {"x": ONE}),
    (lines("def f(x, n=2):", "    return n*x"), {"x": X, "n": 5.0}, 5 * V, {"x": 5 * ONE, "n": 6}),
    (lines("def f(u, v=2):", "    return u*v", "f(x, v=4)"), {"x": X}, 4 * V, {"x": 4 * ONE}),
    (lines("def f(x):", "    return g(x)", "def g(x):", "    return 2*x", "f(x)"),
     {"x": X}, 2 * V, {"x": 2 * ONE}),
    (lines("def f(n, u):", "    return u if n == 0 else f(n - 1, u*u)", "f(3, x)"),
     {"x": X}, V**8, {"x": 8 * V**7}),
    (lines("def outer(a):", "    def inner(b):", "        return a*b", "    return inner",
           "outer(x)(2)*x"), {"x": X}, 2 * V**2, {"x": 4 * V}),
    (lines("def f(x):", "    y = x*x", "    def g(x):", "        y = 2*x", "        return y",
           "    return g(x) + y"), {"x": X}, 2 * V + V**2, {"x": 2 + 2 * V}),
    (lines("def f(x):", '    """Early."""', "    for v in x:", "        if v > 1:",
           "            return v*v", "    return 0*x[0]"), {"x": X}, 4, {"x": [0, 4, 0]}),
    (lines("k = 3", "def g(y):", "    return y*k", "g(x)"), {"x": X}, 3 * V, {"x": 3 * ONE}),
    (lines("c = 2", "def f(x):", "    return c*x*w"), {"x": X, "w": 2.0}, 4 * V,
     {"x": 4 * ONE, "w": 12}),
    (lines("def f(x): return x*x", "def h(x): return 2*x",
           "if __name__ == '__main__':", "    import os", "    print(h(3))"),
     {"x": X}, 2 * V, {"x": 2 * ONE}),
]  # fmt: skip

FILLED: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("y = empty(4); y[:3] = x; y[:3]", {"x": X}, X, {"x": ONE}),
    ("y = empty_like(x); y[0] = s; y[1:] = x[1:]; y", {"x": X, "s": S}, [0.5, 2, 3],
     {"x": [0, 1, 1], "s": 1}),
    ("y = empty(2, 3); r = y[1]; r[:] = x; y[1]", {"x": X}, X, {"x": ONE}),
    ("y = empty(3); y[x > 1] = 2.0; y[1:]*x[1:]", {"x": X}, [4, 6], {"x": [0, 2, 2]}),
    ("y = empty(3, dtype=bool); y.fill_(True); where(y, x, 0)", {"x": X}, X, {"x": ONE}),
    ("x*zeros_like(empty(3)).shape[0] + empty(0).sum()", {"x": X}, 3 * V, {"x": 3 * ONE}),
]  # fmt: skip

PASTED: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("import torch\ntorch.sum(x)", {"x": X}, 6, {"x": ONE}),
    ("import numpy as np\nnp.dot(x, x)", {"x": X}, 14, {"x": 2 * V}),
    ("import torch as t\nt.sum(x)", {"x": X}, 6, {"x": ONE}),
    ("from math import sin as s\ns(x)", {"x": 0.0}, 0, {"x": 1}),
    ("from numpy import *\nsum(x)*pi", {"x": X}, 6 * math.pi, {"x": math.pi * ONE}),
    ("import torch.nn.functional as F\nF.relu(x)", {"x": Y}, [4, 0, 6], {"x": [1, 0, 1]}),
    ("from torch.nn import functional as G\nG.relu(x)", {"x": Y}, [4, 0, 6], {"x": [1, 0, 1]}),
    ("from torch import linalg\nlinalg.norm(x)", {"x": [3, 4]}, 5, {"x": [0.6, 0.8]}),
    ("from __future__ import annotations\nx", {"x": X}, X, {"x": ONE}),
    ("import math, torch\nmath.sqrt(4)*x", {"x": X}, 2 * V, {"x": 2 * ONE}),
    ("torch.exp(np.log(numpy.abs(x)))", {"x": X}, X, {"x": ONE}),
    ("math.e*x + np.inf*0 if False else x", {"x": X}, X, {"x": ONE}),
    ("F.relu(x) + torch.nn.functional.relu(x)", {"x": Y}, [8, 0, 12], {"x": [2, 0, 2]}),
    ("torch.linalg.norm(x) + np.linalg.norm(x)", {"x": [3, 4]}, 10, {"x": [1.2, 1.6]}),
    (lines("import torch", "import torch.nn.functional as F", "",
           "def loss(w: torch.Tensor, b: float = 2.0) -> torch.Tensor:",
           '    """A loss."""',
           "    h: torch.Tensor = F.relu(torch.matmul(w, w))",
           "    return torch.sum(h**2) + b"), {"w": X}, 198, {"w": 56 * V}),
    (lines("import numpy as np", "", "def f(x):", "    n = x.shape[0]", "    total = np.zeros(1)",
           "    for i in range(n):", "        total += np.sin(x[i])*np.cos(x[i])",
           "    return total.sum()"), {"x": [0.0, 0.0]}, 0, {"x": [1, 1]}),
]  # fmt: skip

AWKWARD_NAMES = (
    "F", "np", "e", "pi", "E", "I", "N", "S", "O", "Q", "beta", "gamma", "lambda_", "é", "nan",
    "zeta", "sin", "torch", "_x", "Symbol", "im", "re", "math", "nn",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "value", "gradients"),
    [*OPERATORS, *CALLS, *INDEXING, *LISTS, *BINDING, *FLOW, *FUNCTIONS, *FILLED, *PASTED],
    ids=ids([*OPERATORS, *CALLS, *INDEXING, *LISTS, *BINDING, *FLOW, *FUNCTIONS, *FILLED, *PASTED]),
)
def test_value_and_gradient(
    text: str, inputs: dict[str, Any], value: Any, gradients: dict[str, Any]
) -> None:
    for side, (found, slopes) in answers(problem(text, inputs)).items():
        assert close(found, value), (side, found)
        assert slopes.keys() == gradients.keys()
        for name, wanted in gradients.items():
            assert close(slopes[name], wanted), (side, name, slopes[name])


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_any_name_is_just_a_name(name: str) -> None:
    for found, slopes in answers(problem(f"{name}**2*3", {name: 2.0})).values():
        assert close(found, 12)
        assert close(slopes[name], 12)


@pytest.mark.parametrize(
    ("text", "value"),
    [("F@x", 14), ("F.sum()*x[0]", 6), ("F.sum(0)*x[0]", 6), ("F.T@x", 14), ("F.norm()**2", 14),
     ("F.softmax(0).sum()", 1), ("F.reshape(-1)@x", 14), ("F.dot(x)", 14)],
)  # fmt: skip
def test_a_tensor_may_be_called_as_a_module(text: str, value: float) -> None:
    given = {"F": X, "x": X} if "x" in text.replace("softmax", "") else {"F": X}
    for found, _ in answers(problem(text, given)).values():
        assert close(found, value)


STOPPED = np.array(X) ** 2

DETACHED: list[tuple[str, dict[str, Any]]] = [
    ("detach(x*x)*x", {}),
    ("(x*x).detach()*x", {}),
    ("stop_gradient(x*x)*x", {}),
    ("jax.lax.stop_gradient(x*x)*x", {}),
    ("y = x*x; u = y.detach(); u*x", {}),
    ("y = x*x; y.data*x", {}),
    (lines("with torch.no_grad():", "    u = x*x", "u*x"), {}),
    (lines("with no_grad():", "    u = x", "    u = u*x", "u*x"), {}),
    (lines("def sq(v):", "    with torch.inference_mode():", "        return v*v", "sq(x)*x"), {}),
    ("u*x", {"lets": {"u": "x*x"}, "detach": ("u",)}),
    ("(y := x*x)*x", {"detach": ("y",)}),
    ("y = x*x; y*x", {"detach": ("y",)}),
    (lines("def f(x):", "    y = x*x", "    return y*x"), {"detach": ("y",)}),
    (lines("def g(v):", "    y = v*v", "    return y", "g(x)*x"), {"detach": ("y",)}),
]


@pytest.mark.parametrize(
    ("text", "options"), DETACHED, ids=ids([(t + str(o),) for t, o in DETACHED])
)
def test_detach_in_every_spelling(text: str, options: dict[str, Any]) -> None:
    for found, slopes in answers(problem(text, {"x": X}, **options)).values():
        assert close(found, V**3)
        assert close(slopes["x"], STOPPED)


@pytest.mark.parametrize(
    ("text", "slope"),
    [("s.item()*s", S), ("float(s)*s", S), ("int(4*s)*s", 2), ("item(s)*s", S)],
)
def test_plain_numbers_stop_the_gradient(text: str, slope: float) -> None:
    for _, slopes in answers(problem(text, {"s": S})).values():
        assert close(slopes["s"], slope)


def test_a_detached_name_can_be_differentiated_itself() -> None:
    asked = problem("(y := x*x)*x", {"x": X}, detach=("y",), of="y")
    for found, slopes in answers(asked).values():
        assert close(found, V**2)
        assert close(slopes["x"], 2 * V)


def test_a_name_detached_in_a_loop_is_detached_in_every_round() -> None:
    text = lines("b = a", "for i in range(3):", "    c = b*2", "    b = c*a", "b")
    for found, slopes in answers(problem(text, {"a": 3.0}, detach=("c",))).values():
        assert close(found, 8 * 81)
        assert close(slopes["a"], 8 * 27)


def test_a_closure_runs_with_the_imports_of_its_own_program() -> None:
    text = lines("import torch as t", "from torch import sin as s", "def f(x): return t.sum(s(x))")
    assigned = compile_program(text).assigned
    claims = {"x": compile_program("f(x)*x", known={"x", *assigned})}
    answer = autograd.testify(problem(text, {"x": X}, claims=claims))
    assert close(answer.claims["x"], np.sin(V).sum() * V)


@pytest.mark.parametrize("name", ["f", "g"])
def test_a_function_is_picked_by_name(name: str) -> None:
    text = lines("def f(x): return 2*x", "def g(x): return 3*x")
    factor = {"f": 2, "g": 3}[name]
    for found, _ in answers(problem(text, {"x": X}, function=name)).values():
        assert close(found, factor * V)


def test_a_mask_of_many_elements_takes_few_steps() -> None:
    values = np.linspace(1, 2, 50_001)
    answer = autograd.testify(problem("x[x > 1.5].sum() if (x > 0).all() else 0", {"x": values}))
    assert answer.value == pytest.approx(values[values > 1.5].sum())


@pytest.mark.parametrize(
    "text",
    ["x if x > 0 else 1", "x.sum().foo if 0 else x[3]", "a, b = x", "for i in s: pass\nx", "x@s",
     "x[s]", "x & x", "~x", "x + None", "x + 'a'", "x < None", "g(x)\ng = 1",
     "max(x, 2)", "max(x, dim=0)", "sum(x, dim=1)", "x[::0]", "x[..., ...]", "x.reshape(2)",
     "[x] == [2*x]", "range(1.5)", "int(nan)", "int(inf)", "float('1o')", "yield x",
    "(-8)**(1/3)*x", "0**-1*x",
     "1/0*x", "10**400*x", "len(3)", "stack([])", "max()", "f = lambda u: u\nf(x, x)*x",
     "norm(A, 2)", "sin", "None", "...", "assert s > 1\nx", "u*x; u = 3",
     "y = empty(4); y[:3] = x; y.sum()", "y = empty(3); y[1:] = x[1:]; y.clone()[1:]",
     "y = empty_like(x); y += x; y", "y = empty(2, 2); y[0] = s; y.T[1]", "empty(3)[s > 0]*x",
     "y = empty(3); y[x > 1] = s; y", "y = empty(3, dtype=int); y[0] = 1; y*x", "empty(3)[0] > x"],
)  # fmt: skip
def test_both_sides_refuse_alike(text: str) -> None:
    given = {"x": X, "s": S, "A": A, "u": 1.0} if "u*x" not in text else {"x": X}
    kinds = set()
    for run in SIDES.values():
        with pytest.raises(GradcalcError) as caught:  # noqa: PT012
            program = compile_program(text)
            run(program, {n: v for n, v in given.items() if n in program.inputs})
        well_formed(caught.value)
        kinds.add((caught.value.kind, caught.value.message))
    assert len(kinds) == 1


def test_a_list_is_itself_before_its_elements_are_compared() -> None:
    for found, slopes in answers(
        problem("3*s if [x] == [x] else x.sum()", {"x": X, "s": S})
    ).values():
        assert close(found, 3 * S)
        assert close(slopes["s"], 3)


SEVERAL = "def f(x):\n    y = x**2\n    return "

# what the function gives, the part that is wanted, its value, its slopes; or a part of the hint
PARTS: list[tuple[str, str | None, Any, Any]] = [
    ("y, y.sum()", "[1]", 14, 2 * V),
    ("y, y.sum()", "1", 14, 2 * V),
    ("y, y.sum()", "[-2]", V**2, 2 * V),
    ("{'loss': y.sum(), 'y': y}", "['loss']", 14, 2 * V),
    ('[{"a": x}, y]', '[0]["a"]', X, ONE),
    ("y, 3*x", "[1]", 3 * V, 3 * ONE),
    ("y[0], y", "[1][2]", 9, [0, 0, 6]),
    ("{'loss': y.sum()}", "y", V**2, 2 * V),
    ("y, None", "[0]", V**2, 2 * V),
    ("y, y.sum()", None, None, '--of "[0]"'),
    ("{'loss': y.sum()}", None, None, "--of \"['loss']\""),
    ("y, y.sum()", "[2]", None, "[0], [1]"),
    ("{'loss': y.sum()}", "['los']", None, "['loss']"),
    ("[y, [y, y]]", None, None, '--of "[0]"'),
]


@pytest.mark.parametrize(("given", "of", "value", "slopes"), PARTS)
def test_one_of_several_outputs(given: str, of: str | None, value: Any, slopes: Any) -> None:
    asked = problem(SEVERAL + given, {"x": X}, of=of)
    if value is None:
        for side in (autograd.testify, answers):
            with pytest.raises(GradcalcError) as caught:
                side(asked)
            well_formed(caught.value)
            assert slopes in str(caught.value.hint)
        return
    for found, gradients in answers(asked).values():
        assert close(found, value)
        assert close(gradients["x"], slopes)


# how gradients pass or not, and the slope at 2 of x*y, where y = x**2
CONTEXTS = {
    "with torch.no_grad():\n    y = x**2": 4,
    "with torch.inference_mode():\n    y = x**2": 4,
    "with torch.inference_mode(mode=False):\n    y = x**2": 12,
    "with torch.set_grad_enabled(False):\n    y = x**2": 4,
    "with torch.set_grad_enabled(True):\n    y = x**2": 12,
    "with torch.enable_grad():\n    y = x**2": 12,
    "with torch.no_grad():\n    with torch.enable_grad():\n        y = x**2": 12,
    "with torch.no_grad(), torch.enable_grad():\n    y = x**2": 12,
    "with torch.enable_grad(), torch.no_grad():\n    y = x**2": 4,
    "with torch.no_grad():\n    with torch.set_grad_enabled(1 > 2):\n        y = x**2": 4,
    "with torch.autograd.set_detect_anomaly(True):\n    y = x**2": 12,
    "import functools\ny = functools.reduce(lambda a, b: a*b, [x, x])": 12,
    "from functools import partial\ny = partial(torch.pow, exponent=2)(x)": 12,
    "from functools import reduce\nimport operator\ny = reduce(operator.mul, [x], x)": 12,
}


@pytest.mark.parametrize("text", CONTEXTS)
def test_what_lets_gradients_pass(text: str) -> None:
    asked = problem(f"import torch\n{text}\nx*y", {"x": 2.0})
    for value, gradients in answers(asked).values():
        assert float(value) == 8
        assert float(gradients["x"]) == CONTEXTS[text]
