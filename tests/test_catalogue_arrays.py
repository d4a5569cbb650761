"""Functions of arrays: the library's own value, and the gradient that its values have.

numpy's is told by differences, jax's and torch's by themselves.
"""

import math
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError

INPUTS: dict[str, Any] = {
    "x": [0.7, -1.3, 2.5, 0.2],
    "y": [1.5, 0.25, -2.0, 0.9],
    "A": [[0.5, -1.5, 2.0, 0.3], [1.25, 0.75, -0.5, -0.8], [0.1, -2.2, 0.6, 1.9]],
    "C": [[0.5, -1.5], [1.25, 0.75], [0.1, -2.2], [0.6, 1.9]],
    "p": [0.7, -0.2, 0.95],
    "s": 1.3,
    "t": 2.9,
}

NUMPY = """
np.sum(A, axis=0, where=A > 0)
np.sum(np.log(x), where=x > 0)
np.sum(A, 1, None, None, True, s, A > 0)
np.prod(A, axis=(0, 1), where=A[:1] < 1, initial=0.5)
A.mean(axis=1, keepdims=True, where=[True, False, True, True])
np.max(A, axis=-1, initial=s*0.5, where=A < 1)
x.min(initial=t)
np.max(x[:0], initial=s)
np.max(np.zeros((0, 3)), axis=0, initial=s)
np.sum(np.arange(4), where=np.arange(4) > 1, initial=3)*x
np.sum(x > 0, where=x > 0.5)*x
np.std(A, axis=0, where=A > -2, ddof=1)
np.var(A, mean=A.mean(axis=0, keepdims=True), axis=0)
np.nanmean(np.where(A > 0.55, np.nan, A), axis=0, where=A < 0.4)
np.nanvar(np.where(A > 1.5, np.nan, A), axis=1, mean=s)
np.nanmax(np.where(A > 1.5, np.nan, A), axis=1, initial=-3, where=A < 1)
np.nansum(np.where(A > 1.5, np.nan, A), initial=s)
np.where(np.all(A > 0, axis=0, where=A > -0.6), A, 2*A)
A*np.any(A, keepdims=True)
np.add.reduce(A, axis=1, where=A > 0, initial=s)
np.maximum.reduce(A, axis=None, initial=s*t)
np.logical_or.reduce(A > 1, axis=0, where=A > 0)*A
np.cov(x, y)
np.cov(x, y, ddof=0)[0, 1]/np.var(x)
np.cov(C, x, rowvar=False, aweights=[1, 2, 3, 0.5])
np.cov(A, x, fweights=[1, 2, 1, 3])
np.corrcoef(x, y)[0, 1]
np.corrcoef(A, x)
np.linspace(s, t, 5)**2
np.linspace(x, A, 4, endpoint=False, axis=-1)**2
np.linspace([s, 1.0], t, 3, axis=1)**2
np.linspace(s, t, 4, retstep=True)[1]*x
np.linspace(s, t, 1)**2 + np.linspace(x, y, 0).sum()
np.logspace(s, 0.5, num=4, base=t)
np.geomspace(s, t, 4, endpoint=False)**2
np.geomspace(-s, -t, 4)**2
A.reshape(-1, order='F')*np.arange(12.0)
np.reshape(A, (2, -1), 'f')[1, ::2]*np.arange(3.0)
A.T.ravel('K')*np.arange(12.0)
A.T.flatten('F')*A.T.ravel(order='A')*np.arange(12.0)
np.array(A, order='F').ravel('K')*np.arange(12.0)
x*np.array_equal(x, y) + y*np.array_equal(x, x, equal_nan=True)
np.asfortranarray(A.T)*np.ones((4, 3), order='F')
""".strip().split("\n")

JAX = """
jnp.sum(A, axis=0, where=A > 0, initial=s)
jnp.max(A, axis=0, initial=-0.2, where=A[:1] < 1)
jnp.std(A, axis=0, where=A > -9)
jnp.nanmin(jnp.where(A > 1.5, jnp.nan, A), axis=1)
jnp.nanvar(jnp.where(A > 1.5, jnp.nan, A), axis=1, where=A > -1)
jnp.array(A).mean(where=A > 0)
jnp.cov(x, y)
jnp.corrcoef(A, x)
jnp.linspace(x, t, 4, axis=-1)**2
jnp.logspace(s, t, 4)
jnp.geomspace(s, t, 4)**2
jnp.reshape(A, (2, -1), order='F')[1]*jnp.arange(6.0)
""".strip().split("\n")

TORCH = """
torch.linspace(s, t, 5)*t
torch.linspace(start=x[0], end=2, steps=3)*x[1]
torch.logspace(0.1, s, 4, base=2)*s
p.erfinv()
x.mode()[0]*x
x*2 if torch.equal(x, y) else y*x
x*x.equal(x.clone()) + y*x.equal(A)
torch.nn.utils.parameters_to_vector([x, A])**2
torch.utils.checkpoint.checkpoint(lambda a, b: a.sin()*b, x, y, use_reentrant=False)
(x > 0).type(torch.DoubleTensor)*x
(y*3.1).type(torch.LongTensor)*x + y.type('torch.DoubleTensor')
torch.rand(4, dtype=x.dtype)*0 + x
""".strip().split("\n")

REFUSED = """
np.max(A, where=A > 0)
np.sum(x, where=[1, 0, 1, 0])
np.sum(x, where=np.ones((2, 4), bool))
np.sum(x, initial=np.ones(2))
np.sum(np.arange(4), initial=1.5)*s
np.cov(A, C)
np.geomspace(s, -t, 3)
np.sin(A.T).ravel('K')
A.reshape(-1, order='K')
jnp.ravel(A, order='K')
np.geomspace(0, t, 3)
torch.linspace(x, t, 3)
torch.logspace(s, t, 3, base=t)
torch.equal(x, 1.0)*x
torch.utils.checkpoint.checkpoint(lambda a: a.sin(), x, use_reentrant=True)
jnp.cov(C, x, rowvar=False)
""".strip().split("\n")


def named(text: str) -> dict[str, Any]:
    """The inputs that a text names."""
    free = set(compile(text, "text", "eval").co_names)
    return {name: value for name, value in INPUTS.items() if name in free}


def by_differences(text: str, inputs: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """The sum of what numpy gives, and its slopes by central differences."""

    def total(values: dict[str, Any]) -> float:
        with np.errstate(all="ignore"):
            found = eval(text, {"np": np}, values)
        parts = found if isinstance(found, tuple) else (found,)
        return math.fsum(float(np.sum(part)) for part in parts)

    arrays = {name: np.array(value, dtype=float) for name, value in inputs.items()}
    slopes = {}
    for name, array in arrays.items():
        slopes[name] = np.zeros(array.shape)
        for place in np.ndindex(*array.shape):
            ends = []
            for step in (1e-4, -1e-4, 2e-4, -2e-4):
                moved = array.copy()
                moved[place] += step
                ends.append(total({**arrays, name: moved}))
            slopes[name][place] = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / 12e-4
    return total(arrays), slopes


def by_jax(text: str, inputs: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    jax = pytest.importorskip("jax", reason="jax is not installed")

    def total(values: dict[str, Any]) -> Any:
        return jax.numpy.sum(eval(text, {"jnp": jax.numpy, "jax": jax}, values))

    with jax.enable_x64(True):
        arrays = {name: jax.numpy.array(v, dtype=float) for name, v in inputs.items()}
        value, slopes = jax.value_and_grad(total)(arrays)
        return float(value), {name: np.array(slope) for name, slope in slopes.items()}


@pytest.mark.parametrize("text", NUMPY)
def test_numpy_s_values_have_this_gradient(text: str) -> None:
    check("np", text, by_differences(text, named(text)), rel=1e-7)


@pytest.mark.parametrize("text", JAX)
def test_jax_has_this_gradient(text: str) -> None:
    check("jnp", text, by_jax(text, named(text)), rel=1e-10)


def by_torch(text: str, inputs: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    leaves = {
        n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in inputs.items()
    }
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        total = eval(text, {"torch": torch}, leaves).sum()
    finally:
        torch.set_default_dtype(kept)
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    slopes = zip(leaves.items(), found, strict=True)
    return total.item(), {n: torch.zeros_like(v) if g is None else g for (n, v), g in slopes}


@pytest.mark.parametrize("text", TORCH)
def test_torch_has_this_gradient(text: str) -> None:
    check("torch", text, by_torch(text, named(text)), rel=1e-10)


def check(library: str, text: str, real: tuple[float, dict[str, Any]], rel: float) -> None:
    found = grad(f"{library}.sum({text})", **named(text))
    assert found.verdict.outcome == "verified", found.verdict.message
    assert float(np.asarray(found.value)) == pytest.approx(real[0], rel=1e-12)
    for name, slope in real[1].items():
        ours = np.asarray(found.gradient[name])
        assert ours == pytest.approx(np.asarray(slope), rel=rel, abs=1e-8)


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_library_refuses_or_means_otherwise_is_refused(text: str) -> None:
    with pytest.raises(GradcalcError):
        grad(text, **named(text))
