"""The plugin for pytest, in suites of its users."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

OPS = """
import torch


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y


class Wrong(Exp):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return 2 * grad * y


def tiny(x):
    # a step of 1e-6 does not see that this gradient is wrong, nor that the other is right
    return Slope.apply(x)


class Slope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 1e-9 * x

    @staticmethod
    def backward(ctx, grad):
        return 5e-9 * grad
"""

FIXTURE = """
import ops
import torch

X = torch.ones(2, dtype=torch.float64) / 2


def test_right(gradcalc):
    report = gradcalc.check(ops.Exp, X)
    assert report.verdict.outcome == "verified"


def test_wrong(gradcalc):
    gradcalc.check(ops.Wrong, X)


def test_kink(gradcalc):
    gradcalc.check(torch.relu, 0 * X, allow=["kink"])


def test_kink_fails(gradcalc):
    gradcalc.check(torch.relu, 0 * X)
"""

SUITE = """
import ops
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

X = (torch.ones(2, dtype=torch.float64) / 2).requires_grad_()


def test_right():
    assert gradcheck(ops.Exp.apply, (X,))
    assert gradgradcheck(ops.Exp.apply, (X,))


def test_both_see_it():
    with pytest.raises(RuntimeError):
        gradcheck(ops.Wrong.apply, X)


def test_gradcheck_does_not():
    assert torch.autograd.gradcheck(ops.tiny, X)


def test_gradcheck_is_not_content():
    assert not gradcheck(lambda x: torch.sin(1e6 * x), (X,), raise_exception=False)
"""


def suite(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "ops.py").write_text(OPS)
    (folder / "test_it.py").write_text(text)
    installed = any(e.name == "gradcalc" for e in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "gradcalc.pytest_plugin"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, *options],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_fixture_fails_as_a_test_does(tmp_path: Path) -> None:
    answer = suite(tmp_path, FIXTURE)
    assert "2 failed, 2 passed" in answer.stdout
    for said in (
        "WrongGradient: Wrong(x): wrong, autograd says 2.47308 for x[1]",
        "    autograd: 2.47308",
        "    true:     1.23654",
        "the backward of Wrong is wrong: of x[",
        "ops.py:20)",
        "tip: it is 2 times what is right",
        "relu(x0): kink, the function has a kink here",
    ):
        assert said in answer.stdout, answer.stdout
    # the frames of the plugin are no news
    assert "def check(" not in answer.stdout


@pytest.mark.parametrize("more", [(), ("-n", "2")])
def test_gradcheck_of_a_suite(tmp_path: Path, more: tuple[str, ...]) -> None:
    answer = suite(tmp_path, SUITE, "--gradcalc", "--gradcalc-json", "found.json", *more)
    assert (answer.returncode, "4 passed" in answer.stdout) == (0, True), answer.stdout
    assert "5 calls of gradcheck: 3 verified, 2 wrong; 2 differ" in answer.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["schema"] == "gradcalc.pytest/1"
    calls = {
        (c["test"].rpartition("::")[2], c["order"]): (c["gradcheck"], c["outcome"], c["differs"])
        for c in found["calls"]
    }
    assert calls == {
        ("test_right", 1): ("passed", "verified", False),
        ("test_right", 2): ("passed", "verified", False),
        ("test_both_see_it", 1): ("failed", "wrong", False),
        ("test_gradcheck_does_not", 1): ("passed", "wrong", True),
        ("test_gradcheck_is_not_content", 1): ("failed", "verified", True),
    }


CONFTEST = """
from torch.autograd import gradcheck
from torch.autograd.gradcheck import gradcheck as other

import pytest

@pytest.fixture
def checks():
    return gradcheck, other
"""

BY_FIXTURE = """
import ops
import torch

def test_it(checks):
    for check in checks:
        assert check(func=ops.tiny, inputs=torch.ones(2, dtype=torch.float64).requires_grad_())
"""


def test_whoever_imported_it_first(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    assert "2 calls of gradcheck: 2 wrong" in suite(tmp_path, BY_FIXTURE, "--gradcalc").stdout


def test_without_the_option_nothing_is_replaced(tmp_path: Path) -> None:
    text = "import sys\n\ndef test_it():\n    assert 'torch' not in sys.modules\n"
    assert "1 passed" in suite(tmp_path, text).stdout
