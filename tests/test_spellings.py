"""Functions that are others put together: each means what its library means, gradient and all."""

import random

import pytest

from benchmarks.fidelity.cases import Case, draw_inputs, inputs_of
from benchmarks.fidelity.oracle import Outcome
from benchmarks.fidelity.whole import judge_whole
from gradcalc.errors import GradcalcError
from gradcalc.lang import grammar
from gradcalc.lang.dialects import catalogue
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem
from gradcalc.witnesses import autograd

TEXTS = (
    ("numpy", "np.append(x, y)"),
    ("numpy", "np.append(A, A, axis=0)"),
    ("numpy", "np.append(x, 3.0)"),
    ("numpy", "np.delete(x, 1)"),
    ("numpy", "np.delete(A, [0, -1], axis=0)"),
    ("numpy", "np.delete(x, x > 0)"),
    ("numpy", "np.insert(x, 1, 2.0)"),
    ("numpy", "np.insert(x, [0, 2], y[:2])"),
    ("numpy", "np.insert(x, 1, y)"),
    ("numpy", "np.insert(A, 2, 0.5)"),
    ("numpy", "np.resize(x, (2, 4))"),
    ("numpy", "np.resize(A, 3)"),
    ("numpy", "np.cumulative_sum(x)"),
    ("numpy", "np.cumulative_sum(A, axis=1, include_initial=True)"),
    ("numpy", "np.cumulative_prod(x, include_initial=True)"),
    ("numpy", "np.nancumsum(x)"),
    ("numpy", "np.nancumprod(A, axis=0)"),
    ("numpy", "np.divmod(x, 0.7)[1]"),
    ("numpy", "np.divmod(x, y)[0] + x"),
    ("numpy", "np.modf(x)[0]"),
    ("numpy", "np.block([[A, A], [D[:, :2], 2*A]])"),
    ("numpy", "np.block([x, y])"),
    ("numpy", "np.nanmedian(x)"),
    ("numpy", "np.nanmedian(A, axis=0)"),
    ("numpy", "np.nanpercentile(np.where(x > 1, np.nan, x), [25, 60])"),
    ("numpy", "np.nanquantile(A, 0.3, axis=1, keepdims=True)"),
    ("torch", "F.elu_(input=C*1, alpha=1.5)"),
    ("torch", "torch.relu_(A*2)"),
    ("numpy", "np.poly(x)"),
    ("numpy", "np.polyadd(x, z)"),
    ("numpy", "np.polysub(z, x)"),
    ("numpy", "np.polymul(x, z)"),
    ("numpy", "np.polyder(x)"),
    ("numpy", "np.polyder(x, 2)"),
    ("numpy", "np.polyint(x, 2)"),
    ("numpy", "np.fft.irfft(x)"),
    ("numpy", "np.fft.irfft(x, n=5, norm='ortho')"),
    ("numpy", "np.fft.hfft(A, axis=0)"),
    ("numpy", "np.fft.irfft2(A)"),
    ("numpy", "np.fft.irfftn(C)"),
    ("numpy", "np.fft.fftshift(A)"),
    ("numpy", "np.fft.ifftshift(x)"),
    ("numpy", "np.gradient(x, y.cumsum() + 10*np.arange(3))"),
    ("numpy", "np.gradient(x, np.array([0.0, 1.0, 3.0]), edge_order=2)"),
    ("numpy", "np.gradient(A, 2.0, np.array([0.5, 1.5]))[0]"),
    ("numpy", "np.gradient(A, np.array([0.5, 1.5]), axis=1)"),
    ("torch", "torch.gradient(x, spacing=(torch.tensor([0.0, 1.0, 3.0]),))[0]"),
    ("torch", "torch.gradient(A, dim=0)[0]"),
    ("torch", "torch.renorm(A, 2, 0, 1.0)"),
    ("torch", "F.relu_(x*1)"),
    ("torch", "F.leaky_relu_(2*x, 0.2)"),
    ("torch", "y = x*2\nF.elu_(y)\ny.sum()"),
    ("torch", "y = x*2\nF.threshold_(y, 0.1, 20.0)\ny*x"),
    ("torch", "torch.nanmedian(x)"),
    ("torch", "torch.cov(A, correction=2, fweights=torch.tensor([7, 4]), aweights=x[:2]**2)"),
    ("torch", "torch.cov(A, correction=0, aweights=torch.tensor([0.5, 1.0]))"),
    ("torch", "torch.mode(A, 0).values"),
    ("torch", "torch.mode(x, keepdim=True)[0]"),
    ("numpy", "np.cov(A, fweights=[2, 1])"),
    ("numpy", "np.cov(A, rowvar=False, bias=True, aweights=[0.5, 1.0, 0.25])"),
    ("torch", "torch.nanmedian(torch.where(x > 1, float('nan'), x))"),
    ("torch", "F.linear_cross_entropy(A, D[:, :2], torch.tensor([0, 2, 1]))"),
    ("torch", "F.conv_tbc(C, C.permute(2, 1, 0)[:, :2, :], x[:1].expand(2))"),
    ("torch", "F.max_pool1d(A, 2, return_indices=True)[0]"),
    ("torch", "F.max_pool2d(C, 2, 1, return_indices=True)[1] + C.sum()"),
    ("torch", "F.max_pool1d_with_indices(A, 2, 1)[0]"),
    (
        "torch",
        "v, i = F.max_pool2d(C[None], (3, 1), return_indices=True)\nF.max_unpool2d(v, i, (3, 1))",
    ),
    ("torch", "torch.linalg.lu_factor(D).LU"),
    ("torch", "P, L, U = torch.linalg.lu(D)\nL@U"),
    ("torch", "torch.linalg.lu(D).L"),
    ("torch", "LU, p = torch.linalg.lu_factor(D)\ntorch.linalg.lu_solve(LU, p, A)"),
    ("torch", "torch.linalg.inv_ex(D).inverse"),
    (
        "torch",
        "torch.masked.mean(A, 0, mask=torch.tensor([[True, False], [True, True], [False, True]]))",
    ),
    ("torch", "torch.fill(A, x[0])"),
    ("torch", "torch.put(A, torch.tensor([0, -1]), x[:2])"),
    ("torch", "A.put(torch.tensor([0, -1]), x[:2], accumulate=True)"),
    ("torch", "torch.fft.hfft(x)"),
    ("torch", "torch.masked.std(A, 0, mask=A > 0)"),
    ("torch", "torch.masked.norm(A, 2, 1, mask=A > -9)"),
    ("torch", "torch.masked.softmax(A, 0, mask=A > -9)"),
    ("torch", "torch.masked.prod(A, mask=A > 0)"),
    ("torch", "torch.masked.median(A, 0, mask=A > -9)"),
    ("torch", "torch.index_reduce(A, 0, torch.tensor([0, 0, 2]), D[:, :2], 'amax')"),
    ("torch", "torch.permute_copy(A, (1, 0))@A"),
    ("torch", "torch.unbind_copy(A)[1]"),
    ("torch", "A.sum_to_size(1, 2)"),
    ("torch", "torch.linalg.householder_product(D, x)"),
    ("torch", "torch.ormqr(D, x, A)"),
    ("torch", "torch.linalg.vander(x, N=3)"),
    ("torch", "A.mH@A"),
    ("torch", "F.interpolate(C, scale_factor=0.6, mode='linear')"),
    ("torch", "torch.cholesky_inverse(torch.linalg.cholesky_ex(D@D.T + 9*torch.eye(3)).L)"),
    ("torch", "F.adaptive_max_pool1d(A, 1, True)[0]"),
)


@pytest.mark.parametrize(("library", "text"), TEXTS)
def test_it_means_what_the_library_means(library: str, text: str) -> None:
    pool = draw_inputs(random.Random(1), "generic", one_size=True)
    case = Case(library, "spellings", text, inputs_of(text, pool), (library,), generic=True)
    finding = judge_whole(case)
    assert finding.outcome is Outcome.SAME, finding


REFUSED = (
    ("np.poly(A)", "poly of a matrix"),
    ("torch.nanmedian(x*float('nan'))", "no numbers at all"),
    ("torch.mode(x*0)", "jumps where they part"),
    ("torch.cov(x, aweights=-torch.ones(len(x)))", "no negative weights"),
    ("F.max_unpool1d(A, torch.tensor([[0, 0], [0, 1]]), 2)", "twice"),
    ("if_else(x > 0, x, 1)", "where(condition, x, y)"),
    ("Max(x, 0)", "maximum(x, y)"),
    ("Abs(x)", "abs(x)"),
    ("np.trapz(x)", "np.trapezoid"),
    ("np.fft.fft(x)", "output is complex"),
)


def answered(text: str) -> None:
    inputs = {"x": [1.0, 2.0], "A": [[1.0, 2.0], [3.0, 5.0]]}
    program = compile_program(text)
    autograd.testify(Problem(program, {name: inputs[name] for name in program.inputs}))


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_refused_says_why(text: str, said: str) -> None:
    with pytest.raises(GradcalcError) as refused:
        answered(text)
    assert said in f"{refused.value.message} {refused.value.hint}"


def test_no_name_is_pointed_elsewhere_that_is_known() -> None:
    known = [name for name in grammar.OTHERS if catalogue.is_known(name)]
    assert known == ["trapz"]  # torch's, which numpy had once
