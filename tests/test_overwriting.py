"""Functions that write into arrays, and jax's arrays with other values: as the libraries do it."""

from typing import Any

import numpy as np
import pytest

from benchmarks.fidelity.readings import HAS_JAX
from gradcalc.errors import GradcalcError
from tests.trust_cases import report

X, M = [1.5, -2.0, 3.25], [[0.5, -1.5, 2.0], [1.25, 0.75, -0.5], [2.5, 3.5, -4.5]]

NUMPYS = """
np.copyto(y, x**2)
np.copyto(y, x, where=x > 0)
np.put(y, [2, 0], x[:2]*3)
np.put(y, [0, 1, 0], x)
np.put(y, [0, 4, -7], x, mode='wrap')
np.put(y, [0, 4], 2.5, mode='clip')
np.put(A, [[0, 4], [8, 2]], x)
np.place(y, x > 0, x[1:])
np.place(A, A > 0, [7.0, 8.0])
np.putmask(y, x > 0, x**3)
np.putmask(A, A > 1, x)
np.put_along_axis(A, np.array([[0], [2], [1]]), x[:1], 1)
np.put_along_axis(A, np.array([[1, 2, 0]]), 5.0, axis=0)
np.put_along_axis(A, np.array([8, 0]), x[:2], None)
np.fill_diagonal(A, x)
np.fill_diagonal(A, 1.0)
np.fill_diagonal(A[:2], x[0])
np.add.at(y, [0, 0, 2], x)
np.add.at(y, [0, -1], x[0])
np.add.at(A, ([0, 0, 1], [1, 1, 2]), x)
np.add.at(A, 1, x)
np.add.at(A, (slice(None), [0, 0]), 1.5)
np.add.at(y, x > 0, x[0])
np.subtract.at(y, [1, 1, 1], x)
np.multiply.at(y, [0, 2, 0], x)
np.divide.at(y, [0, 2, 0], x)
np.maximum.at(y, [0, 0, 1], x)
np.minimum.at(A, [0, 0], x)
y = np.add.outer(x, A)
y = np.subtract.outer(x, x[:2])
y = np.multiply.outer(A, x)
y = np.divide.outer(x, x)
y = np.maximum.outer(x, [0.25, 2.25])
y = np.hypot.outer(x, x)
y = np.where(np.greater.outer(x, x), 1.5, 0.5)*x
y = np.add.reduce(A)
y = np.add.reduce(A, axis=1, keepdims=True)
y = np.add.reduce(A, axis=None)
y = np.multiply.reduce(A, 1)
y = np.maximum.reduce(A)
y = np.minimum.reduce(x)
y = np.logaddexp.reduce(A)
y = np.add.accumulate(A)
y = np.add.accumulate(A, axis=1)
y = np.multiply.accumulate(x)
y = np.maximum.accumulate(x)
y = np.minimum.accumulate(A, 1)
y = np.logaddexp.accumulate(x)
""".strip().splitlines()

JAXS = """
y = y.at[0].set(x[1])
y = y.at[0].set(2.0)
y = y.at[-1].add(x[0]*x[1])
y = y.at[jnp.array([0, 0, 2])].add(x)
y = y.at[jnp.array([0, 2])].multiply(x[:2])
y = y.at[jnp.array([0, 0])].multiply(x[:2])
y = y.at[1:].divide(x[0])
y = y.at[:].subtract(x)
y = y.at[1].power(2.0)
y = y.at[::2].max(x[0])
y = y.at[jnp.array([2, 2])].min(x[:2])
y = y.at[x > 0].set(9.0)
y = y.at[jnp.array([True, False, True])].add(x[0])
y = A.at[0].set(x)
y = A.at[:, 1].set(x)
y = A.at[1, 2].add(x[0])
y = A.at[jnp.array([0, 0]), jnp.array([1, 1])].add(x[:2])
y = A.at[..., 0].mul(3.0)
y = y.at[0].apply(jnp.sin)
y = A.at[1].get()
z = A.at[0].set(x); y = z*A
y = A.at[jnp.diag_indices(3)].set(x)
y = A.at[jnp.array([0, 2])].set(x, mode='drop')
""".strip().splitlines()

HEADS = {"np": "import numpy as np", "jnp": "import jax.numpy as jnp"}


def whole(line: str, library: str) -> str:
    """A program around a line: y and A are arrays of its own."""
    own = "y = 2*x\n    A = M.copy()" if library == "np" else "y = 2*x\n    A = M*1.0"
    body = "\n    ".join(line.split("; "))
    return f"{HEADS[library]}\ndef f(x, M):\n    {own}\n    {body}\n" \
           f"    return {library}.sum(y**2) + {library}.sum(A**3)\n"  # fmt: skip


def check(text: str) -> None:
    scope: dict[str, Any] = {}
    exec(text, scope)
    answer = report(text, x=X, M=M)
    arrays = [np.array(X), np.array(M)]
    if "jax" in text:
        arrays = [scope["jnp"].asarray(a) for a in arrays]
    np.testing.assert_allclose(answer.value, np.asarray(scope["f"](*arrays)), rtol=1e-5)
    assert answer.verdict.outcome == "verified", answer.verdict


@pytest.mark.parametrize("line", NUMPYS)
def test_numpy_writes_the_same(line: str) -> None:
    check(whole(line, "np"))


@pytest.mark.skipif(not HAS_JAX, reason="jax is not installed")
@pytest.mark.parametrize("line", JAXS)
def test_jax_gives_the_same(line: str) -> None:
    check(whole(line, "jnp"))


REFUSED = [
    ("np", "np.put(y, [5], x[0])"),
    ("np", "np.put(y, [0], [])"),
    ("np", "np.put(y, [0], x, mode='other')"),
    ("np", "np.place(y, x > 0, [])"),
    ("np", "np.place(y, A > 0, x)"),
    ("np", "np.put_along_axis(A, np.array([0]), x, 1)"),
    ("np", "np.add.at(y, [3], x[0])"),
    ("np", "np.add.at(y, [0, 1], x)"),
    ("np", "np.fill_diagonal(y, 1.0)"),
    ("np", "y = np.sin.outer(x, x)"),
    ("np", "y = np.add.nothing(x)"),
    ("np", "y = np.power.reduce(x)"),
    ("jnp", "y = y.at[3].set(1.0)"),
    ("jnp", "y = y.at(0).set(1.0)"),
    ("jnp", "y = y.at.set(1.0)"),
    ("jnp", "y = y.at[0].put(1.0)"),
    ("jnp", "y = y.at[jnp.array([0, 0])].set(x[:2])"),
    ("jnp", "y = y.at[0].set(x)"),
    ("jnp", "y[0] = 1.0"),
    ("np", "y = y.at[0].set(1.0)"),
]


@pytest.mark.parametrize(("library", "line"), REFUSED)
def test_what_cannot_be_written_is_refused(library: str, line: str) -> None:
    with pytest.raises(GradcalcError):
        report(whole(line, library), x=X, M=M)
