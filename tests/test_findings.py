"""Findings: each kind, with its place."""

from typing import Any

import pytest

from tests.trust_cases import report

KINDS: tuple[tuple[str, str, str, dict[str, Any], str, tuple[int, int] | None], ...] = (
    ("masked", "masked-nan", "where(x > 0, sqrt(x), 0*x)", {"x": -1.0}, "sqrt", (14, 21)),
    ("masked-div", "masked-nan", "where(x == 0, 1, sin(x)/x)", {"x": 0.0}, "div", (18, 26)),
    ("overflow", "overflow", "log(sum(exp(x)))", {"x": [1000.0, 999.0]}, "exp at 1000", (9, 15)),
    ("cancellation", "cancellation", "(1 - cos(x))/x**2", {"x": 1e-8}, "16 digits", (2, 12)),
    ("value", "value", "log(1 + x)", {"x": 1e-18}, "though the gradient is right", (1, 11)),
    ("value-inf", "value", "x**2", {"x": 1e200}, "inf for 1", (1, 5)),
    ("kink", "kink", "abs(x)", {"x": 0.0}, "slope -1 on the left, 1 on the right", (1, 7)),
    ("kink-inside", "kink", "1 + norm(x)", {"x": [0.0, 0.0]}, "sqrt in norm", (5, 12)),
    ("jump", "jump", "floor(x)", {"x": 1.0}, "floor at 1", (1, 9)),
    ("edge", "edge", "2 + log(x)", {"x": -1.0}, "outside its domain", (5, 11)),
    ("singular", "singular", "1/x", {"x": 0.0}, "div", (1, 4)),
    ("condition", "ill-conditioned", "tan(x)", {"x": 1.5707963267948966}, "5.1e+16", None),
    ("unused", "dead", "y*2", {"x": 1.0, "y": 2.0}, "does not depend on x", None),
    ("detached", "dead", "detach(x)*2", {"x": 1.0}, "no gradient flows back to x", (1, 10)),
    ("stopped", "stopped", "x*float(x)", {"x": 2.0}, "float(x)", (3, 11)),
)


@pytest.mark.parametrize(
    ("kind", "text", "inputs", "says", "columns"),
    [case[1:] for case in KINDS],
    ids=[case[0] for case in KINDS],
)
def test_a_finding(
    kind: str, text: str, inputs: dict[str, Any], says: str, columns: tuple[int, int] | None
) -> None:
    found = [finding for finding in report(text, **inputs).findings if finding.kind == kind]
    assert found
    assert says in found[0].message
    if columns is not None:
        assert found[0].span is not None
        assert (found[0].span.column, found[0].span.end_column) == columns


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("2*dot(x,x)", {"x": [0.0, 1.0]}),
        ("logsumexp(x)", {"x": [1000.0, 999.0]}),
        ("where(x > 0, x**2, 3*x)", {"x": [1.0, -2.0]}),
        ("sum(x)", {"x": [1e300, -1e300]}),
        ("x - y", {"x": 0.3, "y": 0.1}),
        ("sin(x)", {"x": 1e22}),
    ],
)
def test_nothing_is_found_where_all_is_well(text: str, inputs: dict[str, Any]) -> None:
    found = {finding.kind for finding in report(text, **inputs).findings}
    assert found <= {"ill-conditioned"}


def test_rounding_that_chose_the_branch() -> None:
    # in exact arithmetic the sum is below the literal, in floats it is equal
    text = "y = x\nif x + x + x >= 0.3:\n    y = 2*x\ny"
    answer = report(text, x=0.1)
    kinds = {finding.kind for finding in answer.findings}
    assert answer.verdict.outcome in ("verified", "unresolved")
    assert ("branch" in kinds) == (answer.verdict.outcome == "unresolved")


CLAIMS: tuple[tuple[str, str, str, Any, str, str], ...] = (
    ("right", "x**3", "3*x**2", 2.0, "verified", "enclosure and formula agree"),
    ("wrong", "x**3", "3*x", 2.0, "wrong", "as autograd says"),
    ("only-autograd", "log(sum(exp(x)))", "softmax(x)", [1000.0, 999.0], "wrong",
     "the claim is right"),
    ("by-the-inputs", "tan(x)", "1.01*(tan(x)**2 + 1)", 1.5707963267948966, "wrong",
     "as autograd says"),
    ("cancelling", "x*1e14 - x*(1e14 - 1)", "-1", 1.0, "wrong", "as autograd says"),
    ("printed", "tan(x)", "2.6670937881135714e+32", 1.5707963267948966, "verified", "agree"),
    ("both", "log(sum(exp(x)))", "x", [1000.0, 999.0], "wrong", "x does not hold either"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "claim", "x", "outcome", "says"), [c[1:] for c in CLAIMS], ids=[c[0] for c in CLAIMS]
)
def test_who_is_off(text: str, claim: str, x: Any, outcome: str, says: str) -> None:
    verdict = report(text, x=x, claims={"x": claim}).verdict
    assert verdict.outcome == outcome
    assert says in verdict.message


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_claim_that_is_right_but_loses_digits(dtype: str) -> None:
    answer = report("log1p(x)", dtype, x=1e-6, claims={"x": "((1 + x) - 1)/x/(1 + x)"})
    assert answer.verdict.outcome == "verified"
    assert [f.kind for f in answer.findings if "ill-conditioned as it is written" in f.message]
    well = report("log1p(x)", dtype, x=1e-6, claims={"x": "1/(1 + x)"})
    assert "claim" not in {finding.kind for finding in well.findings}


def test_nothing_is_said_of_a_truth_that_is_not_known() -> None:
    answer = report("x*x", claims={"x": "3"}, x=float("inf"))
    assert answer.verdict.outcome == "unresolved"
    assert "nonfinite" not in [finding.kind for finding in answer.findings]
