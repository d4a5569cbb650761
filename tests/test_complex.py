"""Complex numbers in between: programs beside torch's own autograd, or numpy's own differences.

Each program of `programs/complex.txt` has its inputs behind its name.
"""

import ast
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc import grad
from gradcalc.errors import InvalidValueError, UnsupportedError

FILE = Path(__file__).parent / "programs" / "complex.txt"
STEP = 1e-5


def programs() -> dict[str, tuple[str, dict[str, Any]]]:
    parts = FILE.read_text().split("### ")[1:]
    heads = [part.partition("\n") for part in parts]
    named = [(head.partition(" {"), text) for head, _, text in heads]
    return {name: (text, ast.literal_eval("{" + given)) for (name, _, given), text in named}


PROGRAMS = programs()


def by_torch(function: Any, given: dict[str, Any]) -> list[Any]:
    leaves = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in given.items()}
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found = torch.autograd.grad(function(**leaves).sum(), list(leaves.values()))
    finally:
        torch.set_default_dtype(kept)
    return [slope.numpy() for slope in found]


def by_differences(function: Any, given: dict[str, Any]) -> list[Any]:
    def moved(name: str, place: Any, step: float) -> float:
        values = {k: np.array(v, dtype=float) for k, v in given.items()}
        values[name][place] += step
        plain = {k: v if v.ndim else float(v) for k, v in values.items()}
        return float(np.sum(function(**plain)))

    found = []
    for name, value in given.items():
        slopes = np.zeros(np.shape(value))
        for place in np.ndindex(slopes.shape):
            ends = [moved(name, place, sign * STEP) for sign in (1, -1)]
            slopes[place] = (ends[0] - ends[1]) / (2 * STEP)
        found.append(slopes)
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_is_that_of_the_library(name: str) -> None:
    text, given = PROGRAMS[name]
    scope: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text, scope)
        way = by_torch if "import torch" in text else by_differences
        expected = way(scope["f"], given)
    report = gradcalc.grad(text, **given)
    assert report.verdict.outcome == "verified", report.verdict.message
    room = 1e-12 if way is by_torch else 1e-7
    for found, slope in zip(report.gradients, expected, strict=True):
        scale = max(1.0, float(np.max(np.abs(slope))))
        assert np.allclose(found.autograd, slope, rtol=0, atol=room * scale)


def test_the_size_of_zero_is_a_kink() -> None:
    report = gradcalc.grad("import torch\ntorch.fft.rfft(x).abs().sum()", x=[1.0, 1.0, 1.0, 1.0])
    assert report.verdict.outcome == "kink"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy as np\nnp.fft.fft(x)", "the output is complex"),
        ("import numpy as np\nabs(np.cumprod(np.fft.fft(x)))", "cumprod of complex numbers"),
        ("import torch\nx.sum()*torch.linalg.norm(torch.outer(x, x)*1j, 2)", "singular values"),
        ("import numpy as np\nnp.fft.fft(x).max()", "max of complex numbers"),
        ("import torch\ntorch.fft.fft(x).float().sum()", "lose their imaginary part"),
        ("import torch\n(torch.fft.fft(x) > 0).sum()", "no order"),
        ("import numpy as np\nabs(np.sum(np.angle(0j*x)))", "angle of 0"),
    ],
)
def test_what_is_not_known_of_complex_numbers_is_said(text: str, said: str) -> None:
    with pytest.raises((UnsupportedError, InvalidValueError), match=said):
        gradcalc.grad(text, x=[1.0, 2.0, 4.0])


SHAPES: dict[str, tuple[int, ...]] = {"vector": (5,), "even": (4,), "matrix": (3, 4)}


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "name", ["fft", "ifft", "rfft", "ihfft", "fftn", "ifftn", "rfftn", "ihfftn"]
)
def test_transforms_are_those_of_torch(name: str, shape: str, norm: str) -> None:
    x = np.random.default_rng(7).normal(size=SHAPES[shape])
    weights = np.random.default_rng(8).normal(size=SHAPES[shape]).tolist()
    along = {"vector": "", "even": ", n=6", "matrix": ", dim=0"}[shape]
    if name.endswith("n"):
        along = {"vector": "", "even": ", s=(3,)", "matrix": ", s=(2, 5)"}[shape]
    call = f"torch.fft.{name}(x{along}, norm='{norm}')"
    text = f"""import torch
W = torch.tensor({weights}, dtype=torch.float64)
def f(x):
    X = {call}
    w = torch.arange(X.numel()).reshape(X.shape)
    return (X.real*(w + 1)).sum() + (X.imag*torch.cos(w + 0.5)).sum() + (W*x).sum()
"""
    scope: dict[str, Any] = {}
    exec(text, scope)
    (expected,) = by_torch(scope["f"], {"x": x})
    report = gradcalc.grad(text, x=x)
    assert report.verdict.outcome == "verified", report.verdict.message
    assert np.allclose(report.gradient["x"], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("line", ["v.mul_(3)", "z.mul_(3)", "v[0] += 1"])
def test_what_is_written_over_is_told_of_both(line: str) -> None:
    """torch refuses the backward pass, whichever of them is written into."""
    text = f"""import torch
def f(x):
    z = torch.complex(x, x*x)
    y = (z*z).real.sum()
    v = torch.view_as_real(z)
    {line}
    return y + v.sum()
"""
    scope: dict[str, Any] = {}
    exec(text, scope)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        by_torch(scope["f"], {"x": [1.0, 2.0]})
    report = gradcalc.grad(text, x=[1.0, 2.0])
    assert [finding.kind for finding in report.findings] == ["overwritten"]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_products_and_norms_along_dimensions(axis: Any, kept: bool) -> None:
    A = np.random.default_rng(3).normal(size=(3, 4))
    for call in ("np.prod(z, {})", "np.linalg.norm(z, {})"):
        given = f"axis={axis}, keepdims={kept}"
        text = f"""import numpy as np
def f(A):
    z = A + 1j*np.cos(A*3)
    return np.sum(np.real({call.format(given)}*(1 + 2j)))
"""
        scope: dict[str, Any] = {}
        exec(text, scope)
        (expected,) = by_differences(scope["f"], {"A": A})
        report = gradcalc.grad(text, A=A)
        assert report.verdict.outcome == "verified", report.verdict.message
        assert np.allclose(report.gradient["A"], expected, rtol=0, atol=1e-6)


NEGATIVE = [-1.0, 0.5, 0.2, -2.0, 1.0, -4.0]

REAL_BY_FORM = (
    "np.angle(np.fft.rfft(x)).sum()",
    "np.angle(np.fft.rfft(x[:5])).sum()",
    "np.angle(np.fft.rfft(x))[0]",
    "np.angle(np.fft.rfft(x)[1:]).sum()",
    "np.log(np.fft.rfft(x)).imag.sum()",
    "np.sqrt(np.fft.rfft(x)).imag.sum()",
    "np.angle(np.fft.rfft(x.reshape(2, 3), axis=0)).sum()",
    "np.angle(np.fft.rfft(x.reshape(2, 3), norm='ortho')).sum()",
    "torch.fft.rfft(x).angle().sum()",
    "torch.fft.rfft(x, norm='ortho').angle().sum()",
    "torch.fft.rfft(x)[0].log().imag.sum()",
    "(torch.fft.rfft(x).angle() * torch.fft.rfft(x).abs()).sum()",
)


@pytest.mark.parametrize("text", REAL_BY_FORM)
def test_a_frequency_that_is_real_by_form_has_its_angle(text: str) -> None:
    program = f"import numpy as np\nimport torch\ndef f(x):\n    return {text}\n"
    known: dict[str, Any] = {}
    exec(program, known)
    f, numpys = known["f"], text.startswith("np")

    def value(x: Any) -> float:
        return float(f(x) if numpys else f(torch.tensor(x)))

    answer = grad(program, x=NEGATIVE)
    assert answer.verdict.exit_code == 0
    point, step = np.array(NEGATIVE), 1e-6
    assert np.allclose(answer.value, value(point))
    slopes = [
        (value(point + step * one) - value(point - step * one)) / (2 * step) for one in np.eye(6)
    ]
    assert np.allclose(answer.gradient["x"], slopes, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "z = np.fft.rfft(x)\nz[0] = z[0]*x[1]\nnp.angle(z).sum()",
        "np.angle(np.conj(np.fft.rfft(x))).sum()",
        "np.angle(np.fft.ihfft(x)).sum()",
        "np.angle(x + 0j*x).sum()",
    ],
)
def test_elsewhere_the_sign_of_a_zero_says_which_angle_it_is(text: str) -> None:
    with pytest.raises(UnsupportedError, match="negative real axis"):
        grad(f"import numpy as np\n{text}", x=NEGATIVE)


SIGNALS = {
    "constant": [1.0] * 8, "six": [1.0] * 6, "turning": [2.0, 1.0] * 3,
    "waves": [0.0, 1.0, 0.0, -1.0] * 2, "still": [0.0] * 5,
}  # fmt: skip
"""Signals of which some frequencies are nothing at all."""

SIZES = (
    "torch.fft.rfft(x).abs().sum()", "torch.fft.fft(x).abs().sum()",
    "torch.log1p(torch.fft.rfft(x).abs()).sum()", "(torch.fft.rfft(x).abs()**2).sum()",
)  # fmt: skip


@pytest.mark.parametrize("program", SIZES)
@pytest.mark.parametrize("signal", SIGNALS)
def test_frequencies_that_are_nothing_are_what_torch_has(program: str, signal: str) -> None:
    """With sums of waves in floats they would be a rounding, and the gradient by that any."""
    x = torch.tensor(SIGNALS[signal], dtype=torch.float64, requires_grad=True)
    scope: dict[str, Any] = {}
    exec(f"import torch\ndef f(x):\n    return {program}", scope)
    scope["f"](x).backward()
    found = gradcalc.grad(f"import torch\n{program}", x=SIGNALS[signal])
    assert found.verdict.outcome.value in ("kink", "verified", "unresolved")
    assert np.allclose(found.gradient["x"], x.grad.numpy(), rtol=1e-12, atol=1e-14)
