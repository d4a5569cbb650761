"""No false alarm: smooth, well-conditioned programs at random points are all verified."""

import numpy as np
import pytest

from tests.healthy import healthy
from tests.trust_cases import report

CASES = 320
UNWRITTEN = ("sort", "cumprod")
"""Their gradients have no formula."""


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(CASES))
def test_a_healthy_gradient_is_verified(seed: int) -> None:
    case = healthy(seed)
    answer = report(case.program, case.dtype, **case.inputs)
    assert answer.verdict.outcome == "verified", f"{case}: {answer.verdict.message}"
    kinds = {finding.kind for finding in answer.findings}
    if any(name in case.program for name in UNWRITTEN):
        kinds.discard("formula")
    assert not kinds & {"formula", "value"}, case


CANCELLING = (
    "((Q.T@Q)@x)[0]", "(Q@Q.T@x)[1]", "sum((Q.T@Q - eye(3))@x) + x[0]", "sum((A@inv(A))[0]*x)",
    "sum(w)*x[0] + x[1] + x[2]", "(Q[0]@Q[1])*x[0] + 3*x[1]*x[2]", "sum(solve(A, A@Q)[0]*x)",
    "((w@v)*x[0] + x[1])*x[2]",
)  # fmt: skip
"""Where a value cancels that is a slope, beside others that do not."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("program", CANCELLING)
def test_what_is_left_of_a_value_that_cancels_is_not_wrong(program: str, dtype: str) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        A, x = rng.normal(size=(3, 3)), rng.normal(size=3)
        w = rng.normal(size=3)
        given = {"A": A, "Q": np.linalg.qr(A)[0], "x": x, "w": w - w.mean(), "v": np.cross(w, x)}
        used = {name: value for name, value in given.items() if name in program}
        answer = report(program, dtype, wrt="x", **used)
        assert answer.verdict.outcome in ("verified", "vanished"), f"{program} {seed}: {answer}"
