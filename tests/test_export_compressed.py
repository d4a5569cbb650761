"""Derivatives without unit matrices: the core and those make the whole, at every size."""

import re
from typing import Any

import numpy as np
import pytest

from gradcalc import Problem
from gradcalc.errors import UnsupportedError
from gradcalc.export.compressed import Units
from gradcalc.export.exporting import export
from tests.command import Run

RNG = np.random.default_rng(3)
R, U, V, P, Q = (RNG.normal(size=s) for s in ((4, 3), (4, 2), (3, 2), (3, 3), (3, 3)))
x, y = RNG.normal(size=4), RNG.normal(size=4)

WRITTEN: dict[tuple[str, str, str], tuple[dict[str, Any], str]] = {
    ("sum((R - U@V.T)**2)", "U", "hessian"): ({"R": R, "U": U, "V": V}, "bd,ac->abcd"),
    ("sum((R - U@V.T)**2) + sum(U**2)", "U", "hessian"):
        ({"R": R, "U": U, "V": V}, "bd,ac->abcd"),
    ("sum((R - U@V.T)**2) + sum(U**4)", "U", "hessian"):
        ({"R": R, "U": U, "V": V}, "abd,ac->abcd"),
    ("sum((R - U@V.T)**2)", "V", "hessian"): ({"R": R, "U": U, "V": V}, "bd,ac->abcd"),
    ("sum(exp(U))", "U", "hessian"): ({"U": U}, "ab,ac,bd->abcd"),
    ("sum(x**3)", "x", "hessian"): ({"x": x}, "a,ab->ab"),
    ("U@V.T", "U", "jacobian"): ({"U": U, "V": V}, "bd,ac->abcd"),
    ("P@Q", "Q", "jacobian"): ({"P": P, "Q": Q}, "ac,bd->abcd"),
    ("3*U", "U", "jacobian"): ({"U": U}, ",ac,bd->abcd"),
    ("tanh(U@P[:2])", "U", "jacobian"): ({"U": U, "P": P}, "abd,ac->abcd"),
    ("softmax(U, 1)", "U", "jacobian"): ({"U": U}, "abd,ac->abcd"),
}  # fmt: skip

OF_ITS_SIZE = {("tanh(U@P[:2])", "U", "jacobian")}
"""Those whose code is for the sizes that were given."""


def compressed(text: str, by: str, what: str, inputs: dict[str, Any], target: str = "numpy") -> str:
    problem = Problem(text, inputs, wrt=(by,))
    return export(problem, target, what, compressed=True).text


def run(text: str, name: str, *given: Any) -> Any:
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "<exported>", "exec"), scope)
    return scope[name](*given)[1]


@pytest.mark.parametrize("key", WRITTEN, ids=[" ".join(key) for key in WRITTEN])
def test_the_core_and_unit_matrices_are_the_whole(key: tuple[str, str, str]) -> None:
    text, by, what = key
    inputs, formula = WRITTEN[key]
    code = compressed(text, by, what, inputs)
    assert f'einsum("{formula}"' in code
    whole = export(Problem(text, inputs, wrt=(by,)), "numpy", what).text
    general = re.search(r"assert \w+\.ndim", code) is not None
    assert general == (key not in OF_ITS_SIZE)
    points = [inputs]
    if general:
        grown = {4: 6, 3: 5, 2: 3}
        points.append({n: RNG.normal(size=[grown[k] for k in v.shape]) for n, v in inputs.items()})
    for given in points:
        wanted = run(whole, what, *given.values())
        core = run(code, f"compressed_{what}", *given.values())
        *pairs, letters = re.findall(r"[a-d]{2,}", formula.partition(",")[2])
        eyes = [np.eye(wanted.shape[letters.index(pair[0])]) for pair in pairs]
        assert np.allclose(np.einsum(formula, core, *eyes), wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("target", ["torch", "jax", "c", "python", "julia"])
def test_every_target_writes_cores(target: str) -> None:
    code = compressed("sum((R - U@V.T)**2)", "U", "hessian", {"R": R, "U": U, "V": V}, target)
    assert "compressed_hessian(" in code
    assert "bd,ac->abcd" in code


def test_a_block_below_the_diagonal_is_that_above_it_turned() -> None:
    inputs = {"P": P, "Q": Q}
    problem = Problem("trace(P@Q)", inputs, wrt=("P", "Q"))
    code = export(problem, "numpy", "hessian", compressed=True).text
    formulas = dict(re.findall(r'einsum\("([^"]+)", found\["([QP],[QP])"\]', code))
    found = run(code, "compressed_hessian", P, Q)
    whole = run(export(problem, "numpy", "hessian").text, "hessian", P, Q)
    named = {name: formula for formula, name in formulas.items()}
    for name in ("P,Q", "Q,P"):
        eyes = [np.eye(3)] * (named[name].count(",") - name.count("@"))
        assert np.array_equal(np.einsum(named[name], found[name], *eyes), whole[name])


def test_what_has_no_unit_matrix_is_not_compressed(run: Run) -> None:
    with pytest.raises(UnsupportedError, match="no unit matrix is a factor of the Hessian"):
        compressed("x@P@x", "x", "hessian", {"x": x[:3], "P": P})
    found = run("export", "sum(x**2)", "--x", "1,2", "--compressed")
    assert found.code == 2
    assert "--what grad has no unit matrices" in found.err


@pytest.mark.parametrize(
    ("units", "shape", "core"),
    [
        (Units(4, (1, 3), ((0, 2),)), (2, 3, 2, 3), (3, 3)),
        (Units(4, (0, 1, 3), ((0, 2),)), (2, 3, 2, 3), (2, 3, 3)),
        (Units(4, (), ((0, 2), (1, 3))), (2, 3, 2, 3), ()),
        (Units(3, (0, 2), ((0, 1),)), (2, 2, 3), (2, 3)),
    ],
)
def test_the_whole_has_the_core_that_it_is_made_of(
    units: Units, shape: tuple[int, ...], core: tuple[int, ...]
) -> None:
    made = RNG.normal(size=core)
    whole = units.whole(made, shape)
    assert whole.shape == shape
    assert np.array_equal(units.core(whole), made)
    first = units.rank // 2
    turned = np.transpose(whole, (*range(first, units.rank), *range(first)))
    assert np.array_equal(units.turned(first).whole(made, turned.shape), turned)
