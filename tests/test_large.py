"""Jacobians and Hessians of many rows: torch's numbers, checked in sums; as files of numpy's."""

import io
import os
import pty
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import Problem, large
from gradcalc.calculate import calculate
from gradcalc.errors import LimitError
from gradcalc.family import derivative
from gradcalc.report import Report
from gradcalc.witnesses import autograd
from tests.processes import HANGS
from tests.test_cli_process import COMMAND

MANY = 280
WIDE = np.random.default_rng(3).standard_normal((MANY, MANY)) / MANY
LONG = np.linspace(0.1, 1.0, MANY)
LARGE = [
    ("jacobian", "tanh(A@x)", {"A": WIDE, "x": LONG}, "diag(1 - tanh(A@x)**2)@A"),
    ("jacobian", "x*sin(x)", {"x": LONG}, "diag(x*cos(x) + sin(x))"),
    ("jacobian", "outer(x[:9], x[:9])", {"x": LONG}, None),
    ("hessian", "sum((A@x)**2)", {"A": WIDE, "x": LONG}, "2*A.T@A"),
    ("hessian", "sum(x**3) + prod(x[:3])", {"x": LONG}, None),
    ("hessian", "sum(X**3)", {"X": LONG.reshape(14, 20)}, "V ↦ 6*X*V"),
]


@pytest.mark.parametrize(("kind", "text", "inputs", "formula"), LARGE)
def test_many_rows_are_torchs_and_checked_in_sums(
    kind: str, text: str, inputs: dict[str, Any], formula: str | None
) -> None:
    (name,) = (n for n in inputs if n != "A")
    report = _found(kind, text, name, inputs)
    assert report.verdict.outcome == "verified"
    assert "sums of all rows" in report.verdict.message
    assert not [f.message for f in report.findings if f.kind == "formula"]
    (found,) = report.gradients
    true = _torch_rows(kind, text, name, inputs)
    np.testing.assert_allclose(found.autograd, true, rtol=1e-13, atol=1e-15)
    assert found.shape == true.shape
    if formula is not None:
        assert found.closed_form == formula


def _found(kind: str, text: str, name: str, inputs: dict[str, Any]) -> Report:
    return derivative(Problem(text, inputs, wrt=(name,)), kind)


def _torch_rows(kind: str, text: str, name: str, inputs: dict[str, Any]) -> Any:
    names = {k: torch.tensor(v) for k, v in inputs.items() if k != name}
    scope = {"tanh": torch.tanh, "sin": torch.sin, "outer": torch.outer, "sum": torch.sum,
             "prod": torch.prod} | names  # fmt: skip

    def function(x: Any) -> Any:
        return eval(text, scope | {name: x})

    made = {"jacobian": torch.autograd.functional.jacobian,
            "hessian": torch.autograd.functional.hessian}[kind]  # fmt: skip
    return made(function, torch.tensor(inputs[name])).numpy()


def test_one_kink_among_many_rows_is_found() -> None:
    report = derivative(Problem("abs(x)", {"x": [0.0, *LONG[:65]]}), "jacobian")
    assert report.verdict.outcome == "kink"
    assert report.verdict.message.startswith("x[0, 0]: ")


@pytest.mark.parametrize("seed", range(6))
def test_kinks_that_signs_would_cancel_are_found(seed: int) -> None:
    text = "concat([abs(x), abs(x)])"
    report = derivative(
        Problem(text, {"x": [*LONG[:20], 0.0, *LONG[20:39]]}, seed=seed), "jacobian"
    )
    assert report.verdict.outcome == "kink"


def test_an_output_of_no_elements_has_a_derivative_of_none() -> None:
    report = derivative(Problem("x[:0]", {"x": [1.0, 2.0]}), "jacobian")
    assert report.verdict.outcome == "verified"
    assert report.gradients[0].autograd.shape == (0, 2)


def test_a_slip_in_one_row_among_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: torch's rows are not what it gives for their sum."""
    rows = autograd._rows

    def slipped(*given: Any) -> Any:
        found, *rest = rows(*given)
        found["x"][17, 3] += 1e-6
        return found, *rest

    monkeypatch.setattr(autograd, "_rows", slipped)
    report = large.checked(
        problem := Problem("tanh(A@x)", {"A": WIDE, "x": LONG}, wrt=("x",)),
        "jacobian",
        calculate(replace(problem, check=False)),
        calculate,
    )
    assert report.verdict.outcome == "unresolved"


def test_too_many_rows_with_something_special_are_said_to_be() -> None:
    x = np.ones(1100)
    x[7] = 0.0
    report = derivative(Problem("abs(x)", {"x": x}), "jacobian")
    assert report.verdict.outcome == "kink"
    assert report.verdict.message.startswith("a sum of its rows, or one of them: ")


def test_more_numbers_than_are_kept_are_refused() -> None:
    with pytest.raises(LimitError, match="36,000,000 elements"):
        derivative(Problem("x*1.0", {"x": np.ones(6000)}), "jacobian")


def command(*argv: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *argv], capture_output=True, timeout=HANGS, check=False)


def test_a_derivative_is_a_file_of_numpys() -> None:
    found = command("hessian", "sum(x**3)", "--x", "1,2", "--format", "npy")
    assert found.returncode == 0
    np.testing.assert_array_equal(np.load(io.BytesIO(found.stdout)), [[6.0, 0.0], [0.0, 12.0]])


def test_several_are_one_file_by_their_names() -> None:
    found = command("grad", "a*b.sum()", "--a", "2", "--b", "3,4", "--format", "npz")
    arrays = dict(np.load(io.BytesIO(found.stdout)))
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "a": 7.0, "b": [2.0, 2.0], "value": 14.0,
    }  # fmt: skip


def test_bytes_have_the_verdicts_exit_code() -> None:
    found = command("grad", "x**2", "--x", "3", "--expect", "5*x", "--format", "npy")
    assert (found.returncode, np.load(io.BytesIO(found.stdout)).tolist()) == (1, 6.0)


def test_an_accumulated_gradient_is_refused_as_several_programs() -> None:
    found = command("grad", "x", "2*x", "--x", "3", "--accumulate", "--format", "npy")
    assert (found.returncode, found.stdout) == (2, b"")
    assert b"these are 2" in found.stderr


def test_one_array_is_not_several() -> None:
    found = command("grad", "a*b", "--a", "2", "--b", "3", "--format", "npy")
    assert (found.returncode, found.stdout) == (2, b"")
    assert b"--format npz" in found.stderr


def test_digits_are_for_people() -> None:
    found = command("grad", "x", "--x", "3", "--digits", "3", "--format", "npy")
    assert (found.returncode, found.stdout) == (2, b"")


def test_no_bytes_go_to_a_terminal() -> None:
    leader, follower = pty.openpty()
    argv = [*COMMAND, "grad", "x", "--x", "1", "--format", "npy"]
    with open(follower, "wb", closefd=True) as stream:
        found = subprocess.run(
            argv, stdout=stream, stderr=subprocess.PIPE, timeout=HANGS, check=False
        )
    os.close(leader)
    assert found.returncode == 2
    assert b"no text for a terminal" in found.stderr
