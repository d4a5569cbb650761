"""What is verified is what was written: gradcalc against the libraries themselves.

Texts are drawn, Python runs each with the real library, and gradcalc gives the same value or
refuses. `python -m benchmarks fidelity` does the same for more of them.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.fidelity import mixed, operators, programs
from benchmarks.fidelity.calls import calls
from benchmarks.fidelity.cases import Case
from benchmarks.fidelity.oracle import Finding, Outcome, judge, truth
from benchmarks.fidelity.readings import HAS_JAX
from benchmarks.fidelity.whole import judge_whole
from gradcalc import grad
from gradcalc.errors import UnsupportedError
from gradcalc.witnesses.autograd import TorchBackend
from tests.sweeps import SHARE, share

LIBRARIES = ("torch", "bare", "numpy", "math")
NEEDS_JAX = pytest.mark.skipif(not HAS_JAX, reason="jax is not installed")


def drawn(kind: str, library: str, seed: int, step: int = SHARE) -> Iterator[Case]:
    """The texts of a batch, or one of so many."""
    if kind == "calls":
        return itertools.islice(calls(library, seed, known=1, unknown=0), seed % SHARE, None, step)
    made = {"operators": operators.texts, "programs": programs.texts}[kind]
    return made(library, seed, 120 // step)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("kind", "library"),
    [*itertools.product(["calls", "operators", "programs"], LIBRARIES), ("calls", "scipy")],
)
def test_a_text_means_what_its_library_means(kind: str, library: str, seed: int) -> None:
    """By the tables and rules alone: the question at run time would hide a wrong row."""
    _all_agree(drawn(kind, library, seed), partial(judge, asked=False))


@pytest.mark.parametrize("library", ["torch", "numpy"])
def test_python_means_what_python_means(library: str) -> None:
    _all_agree(programs.every_form(library, 0))


def test_a_text_of_two_libraries_means_one_of_them() -> None:
    _all_agree(mixed.texts(0, share(200)))


@NEEDS_JAX
@pytest.mark.parametrize("kind", ["calls", "operators", "programs"])
def test_a_text_of_jax_means_what_jax_means(kind: str) -> None:
    _all_agree(itertools.islice(drawn(kind, "jax", 0, 1), share(25)))


@pytest.mark.parametrize("library", ["torch", "bare", "numpy", "math"])
@pytest.mark.parametrize("kind", ["calls", "programs"])
def test_a_gradient_is_that_of_the_library(kind: str, library: str) -> None:
    _all_agree(drawn(kind, library, 3, 6 * SHARE), judge_whole)


def _all_agree(cases: Iterator[Case], judged: Callable[[Case], Finding] = judge) -> None:
    findings = [judged(case) for case in cases]
    wrong = [f for f in findings if f.outcome in (Outcome.DIFFERENT, Outcome.CRASH)]
    shown = "\n".join(map(str, wrong[:30]))
    assert not wrong, f"{len(wrong)} of {len(findings)} texts\n{shown}"


X = np.array([0.5, -1.5, 2.0])


@pytest.mark.parametrize(
    ("text", "reading", "value"),
    [
        ("np.std(x)", "numpy", np.std(X)),
        ("x.std()", "numpy", np.std(X)),
        ("torch.std(x)", "torch", np.std(X, ddof=1)),
        ("std(x)", "bare", np.std(X, ddof=1)),
        ("import numpy as np\nsum([x, x])", "numpy", X + X),
        ("y = x\ny += 1\nx*y", "torch", (X + 1) ** 2),
        ("def f(x, k=2):\n    return k*x", "numpy", 2 * X),
        ("[x[0], 1]", "numpy", np.array([0.5, 1.0])),
    ],
)
def test_the_truth_is_what_python_gives(text: str, reading: str, value: object) -> None:
    said = truth(Case("", "", text, {"x": X}, (reading,)), reading)
    assert said.given, said.reason
    np.testing.assert_allclose(said.value, value)
    assert torch.get_default_dtype() is torch.float32


def test_a_planted_misreading_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("torch", "exp", "torch.exp(x)", {"x": X}, ("torch",))
    assert judge(case).outcome is Outcome.SAME
    right = TorchBackend.apply

    def planted(self: Any, row: Any, arguments: Any, span: Any) -> Any:
        return right(self, row, arguments, span) * (1 + 1e-7)

    monkeypatch.setattr(TorchBackend, "apply", planted)
    found = judge(case)
    assert found.outcome is Outcome.DIFFERENT
    assert "torch.exp(x)" in str(found)


def test_a_crash_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("broken")

    monkeypatch.setattr("benchmarks.fidelity.oracle.evaluate", broken)
    found = judge(Case("torch", "exp", "torch.exp(x)", {"x": X}, ("torch",)))
    assert found.outcome is Outcome.CRASH
    assert "broken" in str(found)


def test_outcomes_are_told_apart() -> None:
    def outcome(text: str, reading: str = "torch") -> Outcome:
        return judge(Case("", "", text, {"x": X}, (reading,), generic=True)).outcome

    assert outcome("torch.nothing(x)") is Outcome.REFUSED
    assert outcome("[1, 2]*[1, 2]*x[:1]/(x[0] - x[0])") in (Outcome.REFUSED, Outcome.CONVENIENCE)
    assert outcome("torch.floor((x[0]*0.1 + x[0]*0.2 - x[0]*0.3)*1e20)") in (
        Outcome.SAME,
        Outcome.SHAKY,
    )


CANCELLING = (
    "z = x - x.mean(axis=0)\nz.sum(axis=0) @ np.ones(3)",
    "np.dot(x.ravel() - x.mean(), np.ones(15))",
    "np.trapezoid(np.sin(x[:, 0]) - np.sin(x[:, 0])[::-1])",
    "np.sum(np.cross(x[0], x[0][::-1]))",
)


@pytest.mark.parametrize("text", CANCELLING)
def test_what_is_left_where_all_cancels_is_no_other_reading(text: str) -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((5, 3))
        assert grad(f"import numpy as np\n{text}", x=x).verdict.exit_code in (0, 3)


def test_the_order_of_equal_numbers_is_open_where_numpy_leaves_it_open() -> None:
    x = np.tile([1.0, 0.5, 1.0, 0.25], 12)
    text = "import numpy as np\nx[np.argsort(x{})][::3].sum()"
    kept = grad(text.format(", kind='stable'"), x=x)
    order = np.argsort(x, kind="stable")
    assert kept.value == x[order][::3].sum()
    if not np.array_equal(np.argsort(x), order):
        with pytest.raises(UnsupportedError, match="which of equal numbers comes first"):
            grad(text.format(""), x=x)
