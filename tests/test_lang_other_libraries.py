"""Texts of libraries that wrap others, held to the same calculation written out plainly."""

from typing import Any

import numpy as np
import pytest

from gradcalc import grad
from gradcalc.errors import GradcalcError, InvalidValueError
from tests.lang_backends import answers, close, ids, lines, problem

X = {"x": [0.5, 1.25, 2.0]}
A = {"x": [[0.5, 1.25, 2.0], [3.0, -1.0, 0.7]]}
CUBE = {"x": np.linspace(-1.1, 1.9, 24).reshape(2, 3, 4)}
EINOPS = "from einops import einsum, rearrange, reduce, repeat"
LAX = "from jax import lax; import jax.numpy as jnp"

# a text, inputs, and what means the same
SAME: list[tuple[str, dict[str, Any], str]] = [
    ("import autograd.numpy as np; np.sum(np.tanh(x))", X, "sum(tanh(x))"),
    ("from autograd import grad, numpy as np; np.var(x)", X, "np.var(x)"),
    ("from autograd.scipy.special import logsumexp; logsumexp(x)", X, "logsumexp(x, 0)"),
    ("import autograd.scipy.stats.norm as n; n.logpdf(x, 0.1, 2.0)", X, "-(x - 0.1)**2/8 - log(2*sqrt(2*pi))"),
    ("import pennylane.numpy as np; np.sum(np.sin(x))", X, "sum(sin(x))"),
    ("import jax.numpy as jnp; from jax.scipy.stats import norm; jnp.sum(norm.logpdf(x))", X, "sum(-x**2/2 - log(sqrt(2*pi)))"),
    (f"{EINOPS}; rearrange(x, 'a b c -> c (b a)')**2", CUBE, "x.permute(2, 1, 0).reshape(4, 6)**2"),
    (f"{EINOPS}; rearrange(x, 'a b (c d) -> d a b c', d=2)**2", CUBE, "x.reshape(2, 3, 2, 2).permute(3, 0, 1, 2)**2"),
    (f"{EINOPS}; rearrange(x, '... c -> c ...')**2", CUBE, "x.permute(2, 0, 1)**2"),
    (f"{EINOPS}; rearrange(x, 'a ... -> (...) a 1')**2", CUBE, "x.permute(1, 2, 0).reshape(12, 2, 1)**2"),
    (f"{EINOPS}; repeat(x, 'a b c -> a (b n) c', n=2)**2", CUBE, "x.repeat_interleave(2, dim=1)**2"),
    (f"{EINOPS}; repeat(x, 'a b -> n a b', n=2)**2", A, "torch.stack([x, x])**2"),
    (f"{EINOPS}; reduce(x, 'a (b n) -> a b', 'mean', n=3)**2", A, "x.mean(1, keepdim=True)**2"),
    (f"{EINOPS}; reduce(x, 'a b c -> c', 'max')**2", CUBE, "x.amax((0, 1))**2"),
    (f"{EINOPS}; reduce(x, 'a b c -> b', 'prod')", CUBE, "x.prod(2).prod(0)"),
    (f"{EINOPS}; einsum(x, x, 'row i, other i -> row other')", A, "x@x.T"),
    (f"{LAX}; lax.scan(lambda c, a: (c*a + 1, c**2), 1.0, x)[0]", X, "((x[0] + 1)*x[1] + 1)*x[2] + 1"),
    (f"{LAX}; lax.scan(lambda c, a: (c*a, c + a), 2.0, x, reverse=True)[1]", X, "torch.stack([2*x[2]*x[1] + x[0], 2*x[2] + x[1], 2 + x[2]])"),
    (f"{LAX}; lax.fori_loop(0, 3, lambda i, c: c*2 + x[i]**2, 0.0)", X, "4*x[0]**2 + 2*x[1]**2 + x[2]**2"),
    (f"{LAX}; lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1]*x[1]), (0, 1.0))[1]", X, "x[1]**2"),
    (f"{LAX}; lax.cond(x[0] > 0, lambda v: v**2, lambda v: -v, x)", X, "x**2"),
    (f"{LAX}; lax.switch(7, [lambda v: v, lambda v: v**3], x)", X, "x**3"),
    (f"{LAX}; lax.map(lambda v: v*jnp.exp(v), x)", X, "x*exp(x)"),
    (f"{LAX}; lax.select(x > 1, lax.mul(x, x), lax.sub(x, 1.0))", X, "where(x > 1, x*x, x - 1)"),
    ("torch.finfo(x.dtype).eps*x", X, "x*2**-52"),
    ("torch.finfo(torch.float32).eps*x", X, "x*2**-23"),
    ("torch.finfo(torch.bfloat16).eps*x", X, "x*2**-7"),
    ("np.finfo(np.float32).max*x + np.finfo(np.float16).tiny", X, "x*(2 - 2**-23)*2.0**127 + 2.0**-14"),
    ("torch.iinfo(torch.int32).max*x", X, "x*(2**31 - 1)"),
    ("x*2 if x.device.type == 'cpu' and x.device == torch.device('cpu') else x", X, "2*x"),
    ("x if torch.jit.is_scripting() or x.is_complex() else 2*x", X, "2*x"),
    ("x*2 if x.is_floating_point() and not torch.is_complex(x) else x", X, "2*x"),
    ("x*x.new_tensor([1.0, 2, 3]) + x.new_full((3,), 2) + x.new_zeros(3)", X, "x*arange(1, 4) + 2"),
    ("import torch; x*torch.Tensor([1.5, 2, 3]) + torch.FloatTensor([1, 2, 3])", X, "x*torch.tensor([1.5, 2, 3]) + arange(1, 4)"),
    ("y = x.new_ones(2, 3); y[0] = x; y**2", X, "torch.stack([x**2, 1 + 0*x])"),
    ("np.zeros(3, float) + np.array([x[0], x[1], x[2]], np.float64)*np.ones((3,), x.dtype)", X, "x"),
    ("y = np.array(x, dtype=float); y[0] *= 2; y*x", X, "x*x*torch.tensor([2, 1, 1])"),
    ("math.factorial(4)*math.comb(5, 2)*math.gcd(4, 6)*x", X, "480*x"),
    ("x*2 if np.isscalar(2.0) and not np.isscalar(x) else x", X, "2*x"),
    ("a, b, c = x.flat; a*b + c*np.sum(x)", X, "x[0]*x[1] + x[2]*sum(x)"),
    ("def f(x):\n    def g(i):\n        g.k += 1\n        return x[i]*g.k\n    g.k = 0\n    return g(0) + g(1) + g(2)", X, "x[0] + 2*x[1] + 3*x[2]"),
    ("import torch\nwith torch.amp.autocast(device_type=x.device.type, enabled=False):\n    y = x*2\ny", X, "2*x"),
    ("from torch.cuda.amp import autocast\nwith autocast(enabled=False):\n    y = x*2\ny", X, "2*x"),
    ("import torch\nd = 'cuda' if torch.cuda.is_available() else 'cpu'\nx.to(d)*2", X, "2*x"),
    ("torch.max(x, torch.tensor(1.0)) + torch.min(x, torch.tensor(0.0))", X, "torch.stack([1 + 0*x[0], x[1], x[2]])"),
    ("import torch\ndef f(x):\n    assert __debug__\n    return x*2", X, "2*x"),
    (lines("import math", "def f(x):", "    a, b = 0, math.sin(1)", "    for v in x:", "        a += v**2", "        b *= v",
           "    return a - b"), X, "sum(x**2) - math.sin(1)*prod(x)"),
    (lines("from torch import nn", "from torch.nn.modules.loss import _Loss", "class L(_Loss):", "    def __init__(self):",
           "        super().__init__(reduction='sum')", "    def forward(self, x):", "        return x.sum() if self.reduction == 'sum' else x.mean()",
           "def f(x): return L()(x)"), X, "sum(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "plain"), SAME, ids=ids(SAME))
def test_a_text_of_a_library_means_the_same(text: str, inputs: dict[str, Any], plain: str) -> None:
    wanted = answers(problem(plain, inputs))["enclosure"]
    for side, (value, slopes) in answers(problem(text.replace("; ", "\n"), inputs)).items():
        assert close(value, wanted[0]), (side, value)
        assert close(slopes["x"], wanted[1]["x"]), (side, slopes)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (f"{EINOPS}; rearrange(x, 'a b -> a')", A, "b stands on one side"),
    (f"{EINOPS}; rearrange(x, 'a b c -> a b c')", A, "other than the 2 dimensions"),
    (f"{EINOPS}; rearrange(x, 'a (b c) -> a b c')", A, "leaves open how large"),
    (f"{EINOPS}; rearrange(x, 'a (b c) -> a b c', b=2)", A, "cannot be parted by 2"),
    (f"{EINOPS}; repeat(x, 'a b -> a b n')", A, "n stands on one side"),
    (f"{LAX}; lax.scan(lambda c, a: c*a, 1.0, x)", X, "gives a pair"),
    ("import numpy as np; y = x.flat; y[0] = 2; np.sum(x)", X, "shares its memory"),
    ("torch.Tensor(x)*x", X, "whether a gradient passes"),
    ("import torch; with torch.autocast('cpu'): y = x*2; y", X, "fewer digits"),
    ("math.factorial(10**6)*x", X, "factorial of more than"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "words"), REFUSED, ids=ids(REFUSED))
def test_what_a_library_refuses_or_leaves_open_is_refused(
    text: str, inputs: dict[str, Any], words: str
) -> None:
    with pytest.raises(GradcalcError) as raised:
        answers(problem(text.replace("; ", "\n"), inputs))
    assert words in raised.value.message


CARRIED = {
    "lax.fori_loop(0, 2, lambda i, c: jnp.concatenate([c, c]), x).sum()": "longer",
    "lax.while_loop(lambda c: c[1] < 3, lambda c: [c[0]*2, c[1] + 1], (x, 0))[0].sum()": "a list",
    "lax.scan(lambda c, t: (c + x, c*t), 0.0, x)[1].sum()": "an array of a number",
    "lax.scan(lambda c, t: ({'b': t}, t), {'a': 0.0}, x)[1].sum()": "other keys",
}
"""Loops that jax refuses: what a round hands on is no more what it was given."""


@pytest.mark.parametrize("text", CARRIED)
def test_what_a_loop_carries_keeps_its_shapes_and_containers(text: str) -> None:
    head = "import jax.numpy as jnp\nfrom jax import lax\n"
    with pytest.raises(InvalidValueError, match="other shapes or containers"):
        grad(f"{head}def f(x):\n    return {text}", x=[1.0, 2.0])
