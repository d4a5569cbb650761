"""Derivatives inside of programs: torch's own are the oracle, of second derivatives too."""

from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.errors import GradcalcError

VECTOR, MATRIX = [0.3, 0.7, -0.4], [[2.0, 0.3], [0.1, 1.5]]

OF_VECTORS = """
torch.sin(x)*x | torch.exp(x) | F.gelu(x) | F.silu(x) | F.mish(x) | F.elu(x) | F.softplus(x)
F.logsigmoid(x) | F.relu(x)**3 | torch.erf(x) | torch.atan(x) | torch.sigmoid(x) | torch.tanh(x)**2
torch.sqrt(x*x + 1) | x**4 | torch.pow(2.0, x) | torch.atan2(x, x + 2) | torch.hypot(x, x*x + 1)
torch.special.ndtr(x) | F.softmax(x, 0)**2 | torch.logsumexp(x, 0) | F.log_softmax(x, 0)
F.cross_entropy(x, torch.tensor(1)) | torch.cumsum(x, 0)**3 | torch.clamp(x, -0.35, 0.6)**3
torch.where(x > 0, x**3, x**2) | F.normalize(x, dim=0) | x.norm() | x.std() | x.prod()
torch.cumprod(x, 0) | torch.linalg.vector_norm(x, 3) | x.abs()**2.5 | torch.sort(x)[0]**3
torch.outer(x, x)**2 | (x[1:] - x[:-1]**2)**2 | x.roll(1)*x**2 | torch.logaddexp(x, x*2)
"""
OF_MATRICES = """
torch.logdet(x) | torch.det(x) | torch.inverse(x) | torch.linalg.solve(x, torch.ones(2, 1).to(x))
torch.linalg.cholesky(x @ x.T + torch.eye(2)) | torch.linalg.eigvalsh(x @ x.T)**2
torch.linalg.svdvals(x)**3 | torch.matrix_exp(x) | torch.linalg.qr(x)[1]**2 | x @ x @ x
torch.kron(x, x) | torch.trace(x @ x @ x) | x.max()**3 | torch.linalg.slogdet(x)[1]
F.conv2d(x[None, None], x[None, None])**2 | torch.einsum('ij,jk->ik', x, x)
"""
TWICE = """import torch
import torch.nn.functional as F
def f(x):
    u = {}
    g = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
    return (g*torch.arange(1.0, 1.0 + g.numel()).reshape(g.shape)).sum()
"""
WITHIN = {
    "grad of a part": "y = x*2\ng = torch.autograd.grad((y**2).sum(), y)[0]\nreturn (g*x).sum()",
    "several": "y, z = x*2, x**2\na, b = torch.autograd.grad([(y*z).sum(), z[0]], [y, z],"
    " create_graph=True)\nreturn (a*b*x).sum()",
    "weights": "y = x**3\ng = torch.autograd.grad(y, x, grad_outputs=x**2, create_graph=True)\n"
    "return g[0].sum()",
    "three times": "g = (x**5).sum()\nfor _ in range(3):\n"
    "    g = torch.autograd.grad(g, x, create_graph=True)[0].sum()\nreturn g",
    "unused": "y = x*2\ng = torch.autograd.grad((x**2).sum(), [x, y], create_graph=True,"
    " allow_unused=True)\nreturn g[0].sum() if g[1] is None else x.sum()",
    "func.grad": "h = torch.func.grad(lambda t: (t**3).sum())(x)\nreturn (h**2).sum()",
    "what it closes over": "h = torch.func.grad(lambda t: (t**2*x).sum())(x)\nreturn h.sum()",
    "argnums": "h = torch.func.grad(lambda a, b: (a*b**2).sum(), argnums=(0, 1))(x, x)\n"
    "return (h[0]*h[1]).sum()",
    "value": "g, v = torch.func.grad_and_value(lambda t: (t**3).sum())(x)\nreturn v*g.sum()",
    "jacrev": "J = torch.func.jacrev(lambda t: torch.sin(t)*t[0])(x)\nreturn (J**2).sum()",
    "hessian": "H = torch.func.hessian(lambda t: (t**3).sum()*t[0])(x)\nreturn (H @ x).sum()",
    "jvp": "y, t = torch.func.jvp(lambda v: v**2*v[0], (x,), (x*2,))\nreturn (y*t).sum()",
    "vjp": "y, pull = torch.func.vjp(torch.exp, x)\nreturn (pull(x)[0]*y).sum()",
    "functional": "H = torch.autograd.functional.hessian(lambda t: (t**3).prod(), x,"
    " create_graph=True)\nreturn H.sum()",
    "a dictionary": "p = {'w': x, 'b': x[0]}\n"
    "g = torch.func.grad(lambda p: (p['w']**2).sum()*p['b'])(p)\nreturn g['w'].sum()*g['b']",
}


def held(text: str, values: object) -> None:
    """Hold gradcalc's gradient to torch's, of the same text."""
    scope: dict[str, object] = {}
    exec(text, scope)
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    scope["f"](x).backward()  # type: ignore[operator]
    report = gradcalc.grad(text, x=values)
    assert report.verdict.outcome == "verified", report.verdict.message
    assert x.grad is not None
    assert np.allclose(report.gradient["x"], x.grad.numpy(), rtol=1e-9, atol=1e-12)


def rows(table: str) -> list[str]:
    return [row.strip() for line in table.strip().split("\n") for row in line.split(" | ")]


@pytest.mark.parametrize("text", rows(OF_VECTORS))
def test_second_derivatives_of_functions_of_vectors(text: str) -> None:
    held(TWICE.format(text), VECTOR)


@pytest.mark.parametrize("text", rows(OF_MATRICES))
def test_second_derivatives_of_functions_of_matrices(text: str) -> None:
    held(TWICE.format(text), MATRIX)


# torch's own forward mode uses what it deprecates
@pytest.mark.filterwarnings("ignore:.torch.jit.script.*:DeprecationWarning")
@pytest.mark.parametrize("name", WITHIN)
def test_derivatives_inside(name: str) -> None:
    body = "".join(f"    {line}\n" for line in WITHIN[name].split("\n"))
    held(f"import torch\ndef f(x):\n{body}", VECTOR)


JAX = {
    "jax.grad(lambda t: jnp.sum(t**3))(x).sum()": "(3*x**2).sum()",
    "jax.value_and_grad(lambda t: jnp.sum(t**3))(x)[0]": "(x**3).sum()",
    "jnp.trace(jax.hessian(lambda t: jnp.sum(t**4))(x))": "(12*x**2).sum()",
    "jax.jacfwd(lambda t: t**2*t[0])(x)[1, 0]": "x[1]**2",
    "jax.grad(lambda t, u: jnp.sum(t*u**2), argnums=1)(x, x).sum()": "(2*x*x).sum()",
    "jax.vmap(jax.grad(lambda t: jnp.sin(t)*t))(x).sum()": "(x*cos(x) + sin(x)).sum()",
}


@pytest.mark.parametrize("text", JAX)
def test_jax_means_the_same(text: str) -> None:
    report = gradcalc.grad(f"import jax\nimport jax.numpy as jnp\n{text}", x=VECTOR)
    plain = gradcalc.grad(JAX[text], x=VECTOR)
    assert report.verdict.outcome == "verified"
    assert np.allclose(report.gradient["x"], plain.gradient["x"], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "at"), [("torch.relu(x)**2", [0.0, 1.0]), ("x.abs()*x", [0.0, 2.0])]
)
def test_a_corner_of_the_first_derivative_is_one_of_the_second(text: str, at: list[float]) -> None:
    assert gradcalc.grad(TWICE.format(text), x=at).verdict.outcome == "kink"


REFUSED = {
    "torch.autograd.grad(x*2, x)[0].sum()": "grad_outputs",
    "torch.autograd.grad((x**2).sum(), x*2)[0].sum()": "not used",
    "torch.autograd.grad(torch.ones(()), x)[0].sum()": "no gradient flows",
    "torch.func.grad(lambda t: t**2)(x).sum()": "one number",
    "torch.func.grad(lambda t: t*2.0)(3)*x": "whole",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_libraries_refuse_is_refused(text: str) -> None:
    with pytest.raises(GradcalcError, match=REFUSED[text]):
        gradcalc.grad(f"import torch\n{text}", x=VECTOR)


FUNCTIONAL = "torch.autograd.functional"
POINTS = [
    f"out, g = {FUNCTIONAL}.hvp(lambda v: (v**3).sum(), x, torch.ones(2){{}}); (g*x).sum() + out",
    f"o, g = {FUNCTIONAL}.vhp(lambda v: (v**3).sum(), x, x{{}}); (g*x).sum()*o",
    f"({FUNCTIONAL}.jacobian(lambda v: v**3, x{{}}) @ x).sum()",
    f"x @ {FUNCTIONAL}.hessian(lambda v: (v**3).sum(), x{{}}) @ x",
    f"J, K = {FUNCTIONAL}.jacobian(lambda v, w: v*w, (x, x*2){{}}); (J @ x).sum() + (K @ x).sum()",
]


@pytest.mark.parametrize("kept", ["", ", create_graph=True", ", True", ", create_graph=False"])
@pytest.mark.parametrize("text", POINTS, ids=[text[:60] for text in POINTS])
def test_a_derivative_at_a_point_passes_a_gradient_back_where_torch_does(
    text: str, kept: str
) -> None:
    *body, last = text.format(kept).split("; ")
    lines = "".join(f"    {line}\n" for line in (*body, f"return {last}"))
    program = f"import torch\ndef f(x):\n{lines}"
    names: dict[str, Any] = {}
    exec(program, names)
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        names["f"](x).backward()
    finally:
        torch.set_default_dtype(default)
    report = gradcalc.grad(program, x=[0.3, 0.7])
    assert report.verdict.outcome == "verified"
    np.testing.assert_allclose(report.gradient["x"], x.grad.numpy(), rtol=1e-14)
