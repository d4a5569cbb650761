"""Functions of jax.lax and jax.numpy that are others by another name: what jax computes."""

from typing import Any

import jax
import numpy as np
import pytest

from gradcalc import grad
from gradcalc.errors import GradcalcError

CALLS = """
lax.integer_pow(x, 3) | lax.dot(x, x.T) | lax.batch_matmul(x[None], x.T[None])
lax.clamp(-0.5, x, 0.5) | lax.igamma(2.0, x*x + 0.1) | lax.igammac(2.0, x*x + 0.1)
lax.bessel_i0e(x) | lax.bessel_i1e(x) | lax.cumsum(x) | lax.cumsum(x, 1, reverse=True)
lax.cumprod(x, axis=1) | lax.cumprod(x, reverse=True)
lax.reduce_sum(x, (0,)) | lax.reduce_prod(x, (1,)) | lax.reduce_max(x, (0, 1))
lax.reduce_min(x, (1,)) | lax.reshape(x, (4, 3)) | lax.reshape(x, (12,), (1, 0))
lax.transpose(x, (1, 0)) | lax.squeeze(x[None], (0,)) | lax.expand_dims(x, (0, 2))
lax.rev(x, (0,)) | lax.concatenate([x, x*x], 1) | lax.broadcast(x, (2,))
lax.broadcast_in_dim(x[0], (3, 4), (1,)) | lax.broadcast_in_dim(x[:, :1], (3, 4), (0, 1))
lax.dynamic_slice(x, (1, 2), (2, 2)) | lax.dynamic_slice(x, (2, -1), (2, 3))
lax.dynamic_slice_in_dim(x, 1, 2, axis=1) | lax.dynamic_index_in_dim(x, 1, 1)
lax.dynamic_index_in_dim(x, -1, keepdims=False) | lax.slice_in_dim(x, 0, 4, 2, axis=1)
lax.index_in_dim(x, 1) | lax.index_in_dim(x, 2, 1, False) | lax.sort(x) | lax.sort(x, 0)
lax.dynamic_update_slice(x, x[:2, :2]**2, (1, 3)) | lax.top_k(x, 2)[0]
lax.dynamic_update_slice_in_dim(x, x[:, :1]**2, 2, 1)
lax.pad(x, 0.5, ((1, 0, 0), (0, 2, 0))) | lax.associative_scan(jnp.multiply, x)
lax.associative_scan(lambda a, b: a + b, x, reverse=True)
lax.associative_scan(lambda a, b: (a[0]*b[0], a[1]*b[0] + b[1]), (x, x*x))[1]
jnp.append(x, x*x) | jnp.append(x, x*x, axis=1) | jnp.nan_to_num(x) | jnp.ldexp(x, 3)
jnp.gradient(x)[0] | jnp.gradient(x, axis=1) | jnp.gradient(x[0], 2.0)
jnp.cross(x[:, :3], x[:, 1:]) | jnp.angle(x + 1j*x[::-1], deg=True)
special.kl_div(x*x, x*x + 1.0) | special.boxcox(x*x, 0.5) | special.boxcox1p(x*x, 0.5)
special.poch(x, 2.0) | special.erfcx(x) | special.dawsn(x) | special.hyp2f1(1.0, 2.0, 3.0, x/4)
"""

PROGRAMS = [call.strip() for line in CALLS.strip().split("\n") for call in line.split("|")]


@pytest.mark.parametrize("call", PROGRAMS)
def test_a_function_of_lax_is_what_jax_computes(call: str) -> None:
    text = f"""import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy import special
def f(x):
    y = {call}
    return jnp.sum(y*jnp.arange(1.0, y.size + 1.0).reshape(y.shape))
"""
    values = np.random.default_rng(2).standard_normal((3, 4))
    scope: dict[str, Any] = {}
    with jax.enable_x64(True):
        exec(text, scope)
        value, slope = jax.value_and_grad(scope["f"])(jax.numpy.asarray(values))
        report = grad(text, x=values)
        assert report.verdict.outcome == "verified"
        assert np.allclose(report.value, value, rtol=1e-12)
        assert np.allclose(report.gradient["x"], slope, rtol=1e-9, atol=1e-9)


def test_padding_that_takes_away_is_refused() -> None:
    with pytest.raises(GradcalcError, match="not here"):
        grad("from jax import lax\nlax.pad(x, 0.0, ((-1, 0, 0),))", x=[1.0, 2.0])
