"""`gradcalc why`: explanations, and the cures that it finds."""

import json
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gradcalc import remedies
from gradcalc.at_length import explain
from gradcalc.calculate import ask_here, calculate, report_of, weigh
from gradcalc.cli.app import application, main
from gradcalc.errors import Span
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program
from gradcalc.problem import Problem
from gradcalc.render import Style
from gradcalc.render.why import render
from gradcalc.rewrites import Cure
from tests.sweeps import SHARE
from tests.trust_cases import LOOP, TRAPS, Trap, problem
from tests.unstable_programs import cases, truth

STYLE = Style(width=88, color=False)

CURED: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    ("masked", "where(x > 0, sqrt(x), 0*x)", {"x": -1.0},
     "where(x > 0, sqrt(where(x > 0, x, 1)), 0*x)", "verified"),
    ("overflow", "log(sum(exp(x)))", {"x": [1000.0, 999.0]}, "logsumexp(x)", "verified"),
    ("cancellation", "1 - tanh(x)", {"x": 20.0}, "2*sigmoid(-2*x)", "verified"),
    ("two-kinks", "relu(x) - relu(-x)", {"x": 0.0}, "x", "verified"),
    ("norm", "sqrt(sum(x*x))", {"x": [0.0, 0.0]}, "norm(x)", "kink"),
    ("value", "log(1 + x)", {"x": 1e-18}, "log1p(x)", "verified"),
    ("two-steps", "log(1/(1 + exp(-x)))", {"x": -800.0}, "logsigmoid(x)", "verified"),
    ("kink", "sqrt(x**2)", {"x": 0.0}, "abs(x)", "kink"),
    ("a-kink-of-two", "sqrt(x**2 + y**2)", {"x": 0.0, "y": 0.0}, "norm(stack([x, y]), dim=0)",
     "kink"),
    ("saturated", "log(1-sigmoid(z))", {"z": 40.0}, "logsigmoid(-z)", "verified"),
    ("cross-entropy", "-(y*log(sigmoid(z))+(1-y)*log(1-sigmoid(z)))", {"z": 1000.0, "y": 0.0},
     "-(y*logsigmoid(z) + (1 - y)*logsigmoid(-z))", "verified"),
    ("cross-entropy-of-a-name", "p = sigmoid(z)\n-mean(y*log(p) + (1 - y)*log(1 - p))",
     {"z": [50.0, -60.0, 800.0], "y": [0.0, 1.0, 0.0]},
     "p = sigmoid(z)\n-mean(y*logsigmoid(z) + (1 - y)*logsigmoid(-z))", "verified"),
    ("item", "log(softmax(z)[0])", {"z": [0.0, 800.0]}, "log_softmax(z)[0]", "verified"),
    ("limit", "(exp(x)-1)/x", {"x": 0.0},
     "where(x == 0, 1 + x/2, expm1(x)/where(x == 0, 1, x))", "verified"),
    ("limit-of-a-sine", "sin(x)/x", {"x": 0.0}, "sinc(x/pi)", "verified"),
    ("entropy", "-sum(p*log(p))", {"p": [0.0, 0.5, 0.5]}, "sum(entr(p))", "edge"),
    ("pole", "where(x > 0, x*log(x), 0)", {"x": 0.0},
     "where(x > 0, x*log(where(x > 0, x, 1)), 0)", "singular"),
    ("one-side", "where(x==0, 0, x*sqrt(x))", {"x": 0.0},
     "where(x==0, 0, x*sqrt(where(x==0, 1, x)))", "edge"),
    ("angle", "arccos(x@w/(norm(x)*norm(w)))", {"x": [3.0, 4.0], "w": [6.0, 8.0]},
     "2*atan2(norm(x/norm(x) - w/norm(w)), norm(x/norm(x) + w/norm(w)))", "kink"),
    ("range", "sqrt(sum(x*x))", {"x": [1e200, 1e200]},
     "detach(amax(abs(x)))*norm(x/detach(amax(abs(x))))", "verified"),
    ("beyond-floats", "1/(1 + exp(-x))", {"x": -800.0}, "sigmoid(x)", "verified"),
    ("another-function", "x/norm(x)", {"x": [0.0, 0.0]}, "normalize(x, dim=0)", "verified"),
    ("pairwise-distances", "sqrt(((x[:,None,:]-x[None,:,:])**2).sum(-1)).sum()",
     {"x": [[0.0, 0.0], [3.0, 4.0]]}, "norm(x[:,None,:]-x[None,:,:], dim=-1).sum()", "verified"),
    ("the-other-sign-of-a-root", "(-b - sqrt(b**2 - 4*a*c))/(2*a)", {"a": 1.0, "b": -1e9, "c": 1.0},
     "2*c/(sqrt(b**2 - 4*a*c) - b)", "verified"),
    ("quadratic-formula", "(-b + sqrt(b*b - 4*a*c))/(2*a)", {"a": 1.0, "b": 1e8, "c": 1.0},
     "-2*c/(b + sqrt(b**2 - 4*a*c))", "verified"),
    ("what-is-cut-off", "F.binary_cross_entropy(sigmoid(z), y)", {"z": -800.0, "y": 1.0},
     "binary_cross_entropy_with_logits(z, y)", "verified"),
    ("what-is-cut-off-of-little", "F.binary_cross_entropy(sigmoid(z), y)", {"z": -150.0, "y": 0.0},
     "-mean(y*logsigmoid(z) + (1 - y)*logsigmoid(-z))", "verified"),
    ("divergence", "sum(p*log(p/q))", {"p": [0.0, 0.5], "q": [0.5, 0.5]},
     "sum(-entr(p) - xlogy(p, q))", "edge"),
    ("divergence-by-the-function", "xlogy(p, p/q)", {"p": 0.0, "q": 0.5},
     "-entr(p) - xlogy(p, q)", "edge"),
    ("entropy-of-two", "-p*log(p) - (1 - p)*log(1 - p)", {"p": 1.0},
     "entr(p) + entr(1 - p)", "edge"),
    ("tail", "log(torch.special.ndtr(x))", {"x": -10.0}, "log(erfc(-x/sqrt(2))/2)", "verified"),
    ("masked-infinity", "where(x < 1, x*cos(x), 0)", {"x": [np.inf, 0.5]},
     "where(x < 1, where(x < 1, x, 1)*cos(where(x < 1, x, 1)), 0)", "verified"),
    ("product", "exp(sum(log(x)))", {"x": [0.0, 2.0, 3.0]}, "prod(x)", "verified"),
    ("inverse", "cos(acos(x))", {"x": 1.0}, "x", "verified"),
    ("range-along-dim", "np.linalg.norm(x, axis=1).sum()", {"x": [[1e200, 1e200]]},
     "(detach(amax(abs(x), dim=1))*norm(x/detach(amax(abs(x), dim=1, keepdim=True)), dim=1)).sum()",
     "verified"),
    ("determinant", "det(A)", {"A": [[1.0, 2.0], [2.0, 4.0]]},
     "A[0, 0]*A[1, 1] - A[0, 1]*A[1, 0]", "verified"),
    ("flat", "exp(-1/x**2)", {"x": 0.0},
     "where(x**2 == 0, 0, exp(-1/where(x**2 == 0, 1, x**2)))", "verified"),
    ("small-value", "log(cosh(x))", {"x": 1e-9}, "log1p(2*sinh(x/2)**2)", "verified"),
    ("deviation", "sqrt((x**2).mean() - x.mean()**2)", {"x": [0.1, 0.1, 0.1]},
     "norm(x - mean(x))/sqrt(numel(x))", "kink"),
    ("deviation-by-the-function", "std(x)", {"x": [0.1, 0.1, 0.1]},
     "norm(x - mean(x))/sqrt(numel(x) - 1)", "kink"),
    ("in-a-program", "# a comment\ny = x*2\nlog(sum(exp(y)))", {"x": [500.0, 499.5]},
     "# a comment\ny = x*2\nlogsumexp(y)", "verified"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "better", "outcome"), [c[1:] for c in CURED], ids=[c[0] for c in CURED]
)
def test_a_cure(text: str, inputs: dict[str, Any], better: str, outcome: str) -> None:
    cured = explain(problem(text, **inputs)).cured
    assert cured is not None
    assert cured.report.program == better
    assert cured.report.verdict.outcome == outcome


def test_what_no_gradient_is_asked_for_stays() -> None:
    # where m moves there is no limit
    asked = problem("sum(m/x)", m=[0.0, 1.0], x=[0.0, 2.0])
    cured = calculate(replace(asked, wrt=("x",))).cured
    assert cured is not None
    assert cured.report.program == "sum(where(m == 0, 0, m/where(m == 0, 1, x)))"
    assert calculate(asked).cured is None


@pytest.mark.parametrize(
    ("text", "inputs", "within"),
    [
        ("2*x", {"x": 3.0}, "exactly"), ("a*exp(-x)", {"a": 2.0, "x": 800.0}, "within 5e-324"),
        ("exp(-x)", {"x": 1e4}, "within 5e-324"), ("0*x", {"x": 1.0}, "exactly"),
    ],
)  # fmt: skip
def test_a_0_that_is_none_is_not_exact(text: str, inputs: dict[str, Any], within: str) -> None:
    assert f"every digit shown is proved: {within}, " in render(
        [explain(problem(text, **inputs))], STYLE
    )


def test_what_is_another_function_is_said_to_be() -> None:
    cured = calculate(problem("x/norm(x)", x=[0.0, 0.0])).cured
    assert cured is not None
    assert cured.changes is not None
    assert "another function" in cured.changes
    cured = calculate(problem("binary_cross_entropy(sigmoid(z), y)", z=-150.0, y=1.0)).cured
    assert cured is not None
    assert "cuts it off" in (cured.changes or "")
    cured = calculate(problem("sin(x)/x", x=0.0)).cured
    assert cured is not None
    assert cured.changes is None


INCURABLE = (
    ("a true infinity", "sqrt(x)", {"x": 0.0}),
    ("no limit", "abs(x)/x", {"x": 0.0}),
    ("a pole", "1/x", {"x": 0.0}),
    ("a right corner", "abs(x)", {"x": 0.0}),
    ("beyond the range", "exp(x)", {"x": 1000.0}),
    ("infinite from one side, and another value", "where(x > 0, log(x), 0)", {"x": 0.0}),
    ("a pole from one side", "where(x > 0, 1/x, 0)", {"x": 0.0}),
    ("a jump that stays one", "where(x > 0, x/x, 0)", {"x": 0.0}),
    ("a true infinity that is small so far", "x**2 + 1e-20*sqrt(abs(x))", {"x": 0.0}),
    ("right, and steep", "tan(x)", {"x": 1.5707963267948966}),
)


@pytest.mark.parametrize(
    ("text", "inputs"), [row[1:] for row in INCURABLE], ids=[row[0] for row in INCURABLE]
)
def test_what_no_program_does_better_has_no_cure(text: str, inputs: dict[str, Any]) -> None:
    assert calculate(problem(text, **inputs)).cured is None


PLANTED = (
    ("right at the point only", "log(1 + exp(x))", {"x": 800.0}, "x"),
    ("right far out only", "1 - tanh(x)", {"x": 20.0}, "2*exp(-2*x)"),
    ("another slope at the limit", "(exp(x)-1)/x", {"x": 0.0}, "1 + x"),
    ("no slope at the limit", "(exp(x)-1)/x", {"x": 0.0},
     "where(x == 0, 1, expm1(x)/where(x == 0, 1, x))"),
    ("another limit", "sin(x)/x", {"x": 0.0}, "where(x == 0, 2, sin(x)/where(x == 0, 1, x))"),
    ("another value", "1 - sigmoid(x)", {"x": 40.0}, "sigmoid(-x) + 1"),
    ("another corner", "sqrt(x**2)", {"x": 0.0}, "2*abs(x)"),
    ("a corner beside one", "sqrt(x**2)", {"x": 0.0}, "where(abs(x) < 1e-3, abs(x), 2*abs(x))"),
    ("no limit", "abs(x)/x", {"x": 0.0}, "where(x > 0, 1, -1) + 0*x"),
    ("still NaN", "sqrt(x**2)", {"x": 0.0}, "(x**4)**0.25"),
    ("no value", "sqrt(x**2)", {"x": 0.0}, "abs(x) + 0/x"),
    ("no program", "sqrt(x**2)", {"x": 0.0}, "abs(x"),
    ("an edge's other side", "where(x==0, 0, x*sqrt(x))", {"x": 0.0}, "abs(x)*3"),
    ("an infinite slope flattened", "-x*log(x)", {"x": 0.0},
     "where(x > 0, -x*log(where(x > 0, x, 1)), 0)"),
)  # fmt: skip
"""What is wrong with a cure, the program, its inputs, and the cure."""


@pytest.mark.parametrize(
    ("text", "inputs", "bad"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_a_wrong_cure_is_not_shown(
    text: str, inputs: dict[str, Any], bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(program: Program, known: Any = (), *, last: bool = False) -> tuple[Cure, ...]:
        return () if last else (Cure(bad, Span(1, 1, 1, 2), text, bad, "planted"),)

    monkeypatch.setattr(remedies, "cures", planted)
    assert calculate(problem(text, **inputs)).cured is None


def test_a_verified_answer_looks_for_no_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "find", None)
    for text in ("log(1 + exp(x))", "x/(1 + abs(x))", "sqrt(x**2)", "where(x > 0, sqrt(x), 0)"):
        assert calculate(problem(text, x=0.5)).verdict.outcome == "verified"
    claimed = replace(problem("x**2", x=2.0), claims={"x": compile_program("x")})
    assert calculate(claimed).verdict.outcome == "wrong"


def test_the_search_ends() -> None:
    # a hundred places that could be written otherwise, and none of it helps
    text = "exp(x) + " + " + ".join(f"(exp({i}*x) - 1)" for i in range(100))
    tried = []

    def attempt(asked: Problem) -> Any:
        tried.append(asked)
        return ask_here(asked)()

    case = weigh(problem(text, x=1000.0))
    assert remedies.find(case, attempt, weigh, report_of) is None
    assert len(tried) <= remedies.TRIED


def test_every_cure_is_right() -> None:
    drawn = list(islice(cases(15), max(30, 240 // SHARE)))
    ill = cured = 0
    for case in drawn:
        text, inputs, dtype = case
        asked = problem(text, dtype, **inputs)
        report = calculate(asked)
        if report.cured is None:
            ill += report.verdict.outcome == "wrong"
            continue
        cured += 1
        program = compile_program(report.cured.report.program)
        found = calculate(replace(asked, program=program))
        # what has no gradient keeps none
        odd = {e.outcome for gradient in report.gradients for e in gradient.elements}
        good = {"verified", "kink", "vanished"} | (odd & {"edge", "singular", "jump"})
        if report.verdict.outcome not in ("edge", "singular", "jump"):
            assert found.verdict.outcome in good, text
        assert not [f for f in found.findings if f.kind == "value"], text
        exact = (text, {n: v.tolist() for n, v in report.inputs.items()}, dtype)
        sides = [side for side in (truth(exact, way) for way in (1, -1)) if side is not None]
        assert found.value is not None
        room = 2e-5 if dtype == "float32" else 1e-12
        near = [abs(float(found.value) - s) <= room * abs(s) + 1e-45 for s in sides]
        assert any(near) or not sides, (text, float(found.value), sides)
    assert cured >= 0.9 * (cured + ill)


TIP = ["grad", "sqrt(x**2)", "--x", "0"]


@pytest.mark.parametrize(
    ("style", "line"),
    [("table", "instead  abs(x)"), ("tsv", "# instead\tabs(x)"), ("markdown", "- instead: abs(x)"),
     ("latex", r"\item[instead] abs(x)")],
)  # fmt: skip
def test_grad_shows_the_cure_in_a_line(
    style: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TIP, "--format", style]) == 1
    assert line in capsys.readouterr().out.splitlines()


def test_the_line_of_a_longer_program(capsys: pytest.CaptureFixture[str]) -> None:
    text = ["grad", "y = x - 1\nsqrt(y**2)", "--x", "1", "--format"]
    main([*text, "table"])
    assert "instead  abs(y) for sqrt(y**2) (line 2, column 1)" in capsys.readouterr().out
    main([*text, "tsv"])
    assert "# instead\ty = x - 1\\nabs(y)\n" in capsys.readouterr().out


def test_grad_gives_the_cure_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main([*TIP, "--json"])
    report = json.loads(capsys.readouterr().out)
    main(["why", *TIP[1:], "--json"])
    told = json.loads(capsys.readouterr().out)
    assert report["instead"] == told["instead"] == "abs(x)"
    assert report["cure"]["replacements"] == told["cure"]["replacements"]
    assert report["cure"]["report"]["verdict"]["outcome"] == "kink"
    main(["grad", "x**2", "--x", "3", "--json"])
    assert not {"instead", "cure"} & json.loads(capsys.readouterr().out).keys()


SICK = [trap for trap in TRAPS if "verified" not in trap.outcomes]


@pytest.mark.parametrize("trap", SICK[::3], ids=[trap.name for trap in SICK[::3]])
def test_a_cure_is_the_same_function_and_does_better(trap: Trap) -> None:
    explanation = explain(problem(trap.program, trap.dtype, **trap.inputs))
    assert render([explanation], STYLE).startswith(explanation.report.verdict.outcome)
    if explanation.cured is None:
        return
    before, after = explanation.report, explanation.cured.report
    if after.verdict.outcome == "edge":
        # on the border what was no number is the infinite slope that there is
        assert np.isnan([g.autograd for g in before.gradients]).any()
        assert not np.isnan([g.autograd for g in after.gradients]).any()
    else:
        assert after.verdict.outcome in ("verified", "vanished", "kink")
        assert after.verdict.outcome != before.verdict.outcome
    for old, new in zip(before.gradients, after.gradients, strict=True):
        was, now = (g.symbolic if g.enclosure is None else g.enclosure for g in (old, new))
        if was is not None and now is not None and np.isfinite(was).all():
            np.testing.assert_allclose(was, now, rtol=1e-9)


@pytest.mark.parametrize("text", ["2*dot(x, x)", "sum(sin(x)*x)", LOOP.replace("a)", "x)", 1)])
def test_what_is_well_needs_no_cure(text: str) -> None:
    text = text.replace("a*2", "x*2")
    assert explain(problem(text, x=[0.3, 0.4])).cured is None


def test_what_would_be_another_function_is_no_cure() -> None:
    # softmax of a matrix goes along one dimension, this sum over all
    text = "(exp(x)/sum(exp(x)))[0, 0]"
    cured = explain(problem(text, x=[[1000.0, 0.0], [1.0, 2.0]])).cured
    assert cured is None or "softmax" not in cured.report.program


WHY = ["why", "where(x > 0, sqrt(x), 0*x)", "--x", "-1"]


def test_every_witness_is_heard() -> None:
    done = CliRunner().invoke(application(), WHY, standalone_mode=False)
    for word in ("autograd", "symbolic", "enclosure", "^^^^^^^", "instead", "verified"):
        assert word in done.output


def test_the_exit_code_is_that_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(WHY) == 1
    assert main(["why", "abs(x)", "--x", "0", "--quiet"]) == 3
    assert main(["why", "x*x", "--x", "2", "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("wrong")


def test_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WHY, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["command"] == "why"
    assert (
        answer["answers"]["enclosure"]["x"]["low"]
        <= 0
        <= answer["answers"]["enclosure"]["x"]["high"]
    )
    assert answer["cure"]["report"]["verdict"]["outcome"] == "verified"
    assert answer["cure"]["replacements"][0]["span"]["line"] == 1


@pytest.mark.parametrize(
    ("more", "says"), [(["--format", "csv"], "text or JSON"), (["--accumulate"], "one gradient")]
)
def test_what_why_does_not_do(
    more: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WHY, *more]) == 2
    assert says in capsys.readouterr().err


def test_bounds_enclose_the_true_gradient() -> None:
    bounds = explain(problem("sum(exp(x))", x=[0.1, 1.0, -3.0])).answers[-1]
    for low, high, x in zip(bounds.low["x"], bounds.high["x"], (0.1, 1.0, -3.0), strict=True):
        assert low < np.exp(x) < high
        assert high - low <= 4 * np.spacing(high)


@pytest.mark.parametrize("text", ["norm(x, 3)", "norm(x, 1.5) - 0*x[0]", "abs(x[0]) - relu(-x[1])"])
def test_slopes_are_not_what_the_distance_makes_of_them(text: str) -> None:
    drawn = render([explain(problem(text, x=[0.0, 0.0]))], STYLE)
    assert "0000000" not in drawn
    assert "99999" not in drawn
    assert "-0 " not in drawn


@pytest.mark.parametrize(
    ("text", "inputs", "says"),
    [
        ("log(exp(a) + exp(b))", {"a": -1000.0, "b": -1001.0}, "stays in the range of floats"),
        ("log(1 + exp(x))", {"x": -40.0}, "keeps the digits that 1 beside it would round away"),
    ],
)
def test_the_reason_is_what_the_cure_does_at_the_point(
    text: str, inputs: dict[str, Any], says: str
) -> None:
    drawn = " ".join(render([explain(problem(text, **inputs))], STYLE).split())
    assert says in drawn
    assert "overflow in it" not in drawn


@pytest.mark.parametrize("width", [24, 40, 80])
def test_a_long_cure_stays_in_its_column(width: int) -> None:
    explanation = explain(problem("log(softmax(x))", x=[1000.0, 0.0]))
    text = render([explanation], replace(STYLE, width=width))
    cure = text[text.index("\ninstead ") + 1 :].split("\n\n")[0].splitlines()
    assert cure[0].startswith("instead log")
    assert len(cure) > 1
    assert all(line.startswith(" " * 8) for line in cure[1:])
    assert "".join("".join(cure).split()).endswith("softmaxdoesnotunderflowto0init")
