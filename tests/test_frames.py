"""Transforms of one window after another: torch.stft and torch.istft are what torch computes."""

from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError

FORWARD = [
    "x, 8, return_complex=True",
    "x, 8, 3, window=torch.hann_window(8, dtype=x.dtype), return_complex=True",
    "x, 9, 4, 6, torch.hamming_window(6, dtype=x.dtype), return_complex=True",
    "x, 8, center=False, normalized=True, return_complex=True",
    "x, 8, pad_mode='constant', onesided=False, return_complex=True",
    "torch.stack([x, x*x]), 8, 5, pad_mode='circular', return_complex=True",
]

HANN = "torch.hann_window(8, dtype=x.dtype)"

BACKWARD = [
    f"torch.stft(x, 8, window={HANN}, return_complex=True)*2, 8, window={HANN}",
    f"torch.stft(x, 8, 3, window={HANN}, return_complex=True), 8, 3, window={HANN}, length=20",
    f"torch.stft(x, 8, 2, window={HANN}, return_complex=True), 8, 2, window={HANN}, length=40",
    "torch.stft(x, 8, 4, center=False, return_complex=True), 8, 4, center=False",
    "torch.stft(x, 9, 3, normalized=True, return_complex=True), 9, 3, normalized=True",
    "torch.stft(x, 8, onesided=False, return_complex=True), 8, onesided=False",
    "torch.stft(torch.stack([x, -x]), 8, return_complex=True)*torch.arange(1.0, 6.0, "
    "dtype=x.dtype).reshape(1, 5, 1), 8",
]

PROGRAMS = [
    *[f"torch.abs(torch.stft({given}))**2" for given in FORWARD],
    "torch.stft(x, 8, return_complex=False)**2",
    *[f"torch.istft({given})**2" for given in BACKWARD],
]


def weighed(program: str) -> str:
    return f"""import torch
def f(x):
    y = {program}
    return (y*torch.arange(float(y.numel()), dtype=x.dtype).reshape(y.shape)).sum()
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_transform_of_windows_is_what_torch_computes(program: str) -> None:
    values = np.random.default_rng(5).standard_normal(24)
    scope: dict[str, Any] = {}
    exec(weighed(program), scope)
    x = torch.tensor(values, requires_grad=True)
    value = scope["f"](x)
    (slope,) = torch.autograd.grad(value, x)
    report = grad(weighed(program), x=values)
    assert report.verdict.outcome == "verified"
    assert np.allclose(report.value, value.item(), rtol=1e-11)
    assert np.allclose(report.gradient["x"], slope.numpy(), rtol=1e-9, atol=1e-9)


REFUSED = {
    "torch.stft(x, 8)": "return_complex",
    "torch.stft(x, 40, center=False, return_complex=True)": "n_fft",
    f"torch.istft(torch.stft(x, 8, 8, window={HANN}, return_complex=True), 8, 8, window={HANN})": (
        "overlap"
    ),
    "torch.istft(x, 8)": "complex",
    "x.stft(8)": "torch.stft",
}


@pytest.mark.parametrize("program", REFUSED)
def test_what_torch_refuses_is_refused(program: str) -> None:
    with pytest.raises(GradcalcError) as caught:
        grad(f"import torch\n{program}", x=np.linspace(0.1, 2, 24))
    assert REFUSED[program] in f"{caught.value} {caught.value.hint}"
