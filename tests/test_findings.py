"""Findings: each kind, with its place."""

import random
import re
from typing import Any

import numpy as np
import pytest

from gradcalc.at_length import explain
from gradcalc.render import Style, why
from gradcalc.render import json as as_json
from tests.trust_cases import problem, report

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


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sigmoid(x) == 1", 40.0), ("tanh(x) < 1", 20.0), ("exp(-x) == 0", 800.0),
        ("exp(x) < inf", 1000.0), ("1 + x > 1", 1e-17), ("(x + 1e16) - 1e16 > 0.5", 0.7),
    ],
)  # fmt: skip
def test_the_branch_that_rounding_chose_is_open_however_it_is_written(text: str, at: float) -> None:
    forms = f"where({text}, 5*x, x)", f"5*x if {text} else x"
    answers = [report(form, x=at) for form in forms]
    assert {answer.verdict for answer in answers} == {answers[0].verdict}
    assert answers[0].verdict.outcome == "unresolved"
    assert (
        report(f"where({text}, 5*x, x + 0*sqrt(x - x.detach()))", x=at).verdict.outcome
        != "verified"
    )


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


# -- who is to blame -----------------------------------------------------------------------------

CULPRITS: tuple[tuple[str, str, float], ...] = (
    # kind, a program whose culprit stands between « and », x
    ("overflow", "log(«exp(x)»)", 800.0),
    ("overflow", "sqrt(«x*x»)", 1e200),
    ("overflow", "«exp(x)»/(1 + exp(x))", 800.0),
    ("underflow", "log(«exp(x)»)", -800.0),
    ("underflow", "sqrt(«x*x»)", 1e-200),
    ("underflow", "log(«sigmoid(x)»)", -800.0),
    ("cancellation", "(«1 - cos(x)»)/x**2", 1e-8),
    ("cancellation", "log(«1 - sigmoid(x)»)", 40.0),
    ("cancellation", "log(«1 - sigmoid(x)»)", 1000.0),
    ("cancellation", "(«exp(x) - 1»)/x", 1e-9),
    ("cancellation", "1/(«(x + 1e20) - 1e20»)", 1.0),
    ("cancellation", "where(«1 - cos(x)» > 0, x, 2*x)", 1e-60),
    ("masked-nan", "where(x > 0, «sqrt(x)», 0*x)", -1.0),
    ("masked-nan", "where(x == 0, 1.0, «sin(x)/x»)", 0.0),
    ("edge", "(x > 0)*«sqrt(x)»", -1.0),
    ("dead", "«stack([x, 3.0])[1]»*x.detach()", 1.4),
    ("masked-nan", "where(x > 3, «acos(x - 10)», x)", 1.0),
    ("inexact", "«sinc(x)»", 1e-5),
    ("dead", "«relu(x)»", -3.0),
    ("dead", "«clamp(x, 0, 1)»", 3.0),
    ("dead", "where(x > 0, x, «relu(x)»)", -3.0),
    ("dead", "where(x > 1, where(x > 2, x, «relu(-x)»), x)", 1.5),
    ("dead", "«floor(x)»*1.5", 1.2),
    ("dead", "«maximum(x, 3.0)»", 1.0),
    ("dead", "min(2.0, «relu(-x)»)", 3.0),
    ("dead", "where(«x > 2», 5.0, 3.0)", 1.4),
    ("dead", "(«x > 2»)*5.0", 1.4),
    ("dead", "«where(x > 2, x, 3.0)»", 1.4),
    ("dead", "«amax(stack([x, 3.0]))»", 1.4),
    ("dead", "«detach(x)»*2", 1.3),
    ("dead", "«tanh(x)»", 25.0),
    ("dead", "«sigmoid(x)»", 45.0),
    ("kink", "«abs(x)»", 0.0),
    ("kink", "where(x > -1, «abs(x)», 3*x)", 0.0),
    ("kink", "where(«x > 0», 2*x, x)", 0.0),
    ("kink", "sort(«abs(x)»*stack([1.0, 1.0]) + 1).values[0]", 0.0),
    ("singular", "where(x > 0, x*«log(x)», 0*x)", 0.0),
    ("singular", "where(x > 0, «sqrt(x)», 0*x)", 0.0),
    ("singular", "where(x != 0, «1/x», 0*x)", 0.0),
    ("edge", "where(x == 0, 0*x, x*«sqrt(x)»)", 0.0),
    ("edge", "(x > 0)*x*«log(x)»", 0.0),
    ("point", "where(«x == 3», 1.0, x**2)", 3.0),
    ("point", "where(«x != 0», x, 0*x)", 0.0),
    ("kink", "if «x > 0»:\n    r = 2*x\nelse:\n    r = x\nr", 0.0),
    ("singular", "if x > 0:\n    r = x*«log(x)»\nelse:\n    r = 0*x\nr", 0.0),
    ("edge", "if x == 0:\n    r = 0*x\nelse:\n    r = x*«sqrt(x)»\nr", 0.0),
    ("dead", "if x > 0:\n    r = x\nelse:\n    r = «relu(x)»\nr", -3.0),
    ("dead", "if «x > 2»:\n    r = 5.0\nelse:\n    r = 3.0\nr", 1.4),
    ("point", "if «x == 3»:\n    r = 1.0\nelse:\n    r = x**2\nr", 3.0),
)  # fmt: skip

HARMLESS = (
    "{0}", "{0}*2.5 + sin(y)", "3*y - {0}", "where(y > 0, {0}, y)", "where(y < 0, y, {0})",
    "t = {0}\nt*y + 1", "def f(x):\n    return {0}\nf(x) + y*y", "stack([{0}, y]).sum()",
    "if y > 0:\n    r = {0}\nelse:\n    r = y\nr + 1", "-{0}/4", "relu(y)*{0}", "exp(y)*{0}",
    "max(y, 0.1)*{0} + abs(y)", "where(y != 0, {0}, 0*y)", "log(1 + exp(y)) - {0}*y",
)  # fmt: skip
"""Surroundings that do nothing wrong at y = 0.7."""

OTHERS = ("formula", "reading", "float32", "ill-conditioned", "value", "near")
"""Kinds of findings that blame no operation for the gradient."""


def surrounded(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 3)):
        if "\n" in text:
            break
        text = chance.choice(HARMLESS).format(f"({text})")
    return text


@pytest.mark.parametrize(
    ("kind", "marked", "x"), CULPRITS, ids=[f"{c[0]}: {c[1]}" for c in CULPRITS]
)
def test_the_culprit_is_named_wherever_it_stands(kind: str, marked: str, x: float) -> None:
    chance = random.Random(marked)
    for text in (marked, surrounded(marked, chance), surrounded(marked, chance)):
        before, culprit, _ = re.split("[«»]", text)
        column = len(before) - before.rfind("\n")
        place = (before.count("\n") + 1, column, column + len(culprit))
        given = {"x": x, "y": 0.7} if re.search(r"\by\b", text) else {"x": x}
        found = report(re.sub("[«»]", "", text), **given).findings
        first = next(f for f in found if f.kind not in OTHERS)
        assert first.span is not None, text
        assert (first.span.line, first.span.column, first.span.end_column) == place, text
        assert first.kind == kind, text


SENTENCES: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    # name, program, inputs, what is said, what is not
    ("entropy", "-(y*log(sigmoid(z)) + (1-y)*log(1-sigmoid(z)))", {"z": 1000.0, "y": 0.0},
     "by z is NaN and by y is infinite where the true ones are finite: sub at 1, 1 loses 16 digits"
     " to rounding, 0 for 5.07596e-435, and log at 0 takes its slope from that", "log at 1 "),
    ("compared", "where(x > 2, 5, 3)", {"x": 1.4}, "x is only compared (gt at 1.4, 2)",
     "does not depend on x"),
    ("inputs", "where(x > 0, x*log(x), 0)*y", {"x": 0.0, "y": 2.0}, "log at 0", "gt at"),
    ("equal entries", "layer_norm(x, (3,)).pow(3).sum()", {"x": [2.0, 2.0, 2.0]},
     "pow at 0, 3 is flat", "e-2"),
    ("tie", "sort(abs(x)).values[0]", {"x": [1.0, -1.0, 0.0]}, "abs at 0", "sort at"),
    ("whose stop", "y = detach(x)*2\nx*b.detach() + 0*y", {"x": 1.0, "y": 2.0, "b": 1.0},
     "no gradient flows back to b: b is detached", "to y: "),
    ("made otherwise", "s = max(x*2)\nd = s.detach()\nm = (y == 1)*1.0\nsum((x - d)*m)",
     {"x": [1.0, 2.0], "y": [1.0, 1.5]}, "y is only compared", "to y"),
    ("within no_grad", "with torch.no_grad():\n    h = x*w\ny*h",
     {"x": 1.0, "w": 3.0, "y": 2.0}, "no gradient flows back to x and w: torch.no_grad() stops it",
     "to y"),
    ("not those of a loss",
     "with torch.no_grad():\n    h = x*w\nF.cross_entropy(v*h, torch.tensor([0]))",
     {"x": [[1.0, 2.0]], "w": 3.0, "v": 2.0},
     "no gradient flows back to x and w: torch.no_grad() stops it", "as data"),
    ("a table", "v[i.long()]*w", {"v": [1.0, 2.0], "i": [0.2], "w": 2.0},
     "the gradient by i is 0: v[i.long()] takes its numbers as data", "plain number"),
    ("a mask", "x[(w > 3.5) & (w < 9)]", {"x": [1.0, 2.0], "w": [3.0, 4.0]},
     "w is only compared (gt at 3, 3.5)", "logical_and"),
    ("positions too", "x[argmax(w)]", {"x": [1.0, 2.0], "w": [3.0, 4.0]},
     "the gradient by w is 0: only whole numbers are made of it (argmax)", "flows"),
    ("chosen", "stack([x*y, zeros(2)]).max(dim=0).values.sum()", {"x": [-1.0, -2.0], "y": 1.0},
     "the gradients by x and y are 0: max takes what does not depend on them", "on x"),
    ("several", "x*y*0", {"x": 1.0, "y": 2.0}, "mul at 2, 0 is flat", "by them"),
    ("not used", "y = detach(x)*2\nx*y", {"x": 1.0, "y": 2.0}, "does not depend on y", "to y"),
    ("positions", "argmax(x)*1.0", {"x": [1.0, 2.0]},
     "the gradient by x is 0: only whole numbers are made of it (argmax)", "does not depend"),
    ("far out", "(x*x)/(x*x)", {"x": 1e200}, "mul at 1e+200, 1e+200 overflows",
     "div at inf, inf o"),
    ("one kernel", "norm(x)", {"x": [1e200, 1e200]},
     "torch gives inf for norm, which is 1.41421e+200", "no operation"),
    ("backward pass", "1e16*s + det(A)", {"s": 1.0, "A": [[1.0, 2.0], [2.0, 4.0]]},
     "torch hands 0 back through det where 4 is right", "kernel"),
    ("sum", "x*x*x", {"x": 1e154}, "what flows back to x adds up beyond", "exp"),
    ("parts", "expm1(x)/x", {"x": 1e-10}, "what flows back to x cancels: 1e+10 and -1e+10",
     "kernel"),
    ("adjoint", "x*1e200*1e200*1e-300*1e-100", {"x": 1.0},
     "what torch hands back through mul at inf, 1e-300 underflows to 0", "takes its slope"),
    ("element", "sum(where(x > 0, sqrt(x), 0))", {"x": [0.0, 1.0, -1.0]}, "finite: sqrt at -1 has",
     "gt at"),
    ("value that grows", "sum(where(x > 0, x*log(x), 0))", {"x": [1.0, -1.0, 0.0]},
     "finite: log at -1 has", "mul at"),
    ("weight of 0", "norm(x) + abs(x[0])*0", {"x": [0.0, 0.0]}, "sqrt in norm at 0", "abs at"),
    ("conditions", "where(x > 0, x, -relu(-x))", {"x": 0.0}, "corners of relu cancel", "gt"),
    ("rounded argument", "acos(x@w/(x.norm()*w.norm()))", {"x": [1.0] * 3, "w": [2.0] * 3},
     "rounding gives acos 1.0000000000000002 for 1, where it has no", "overflow"),
    ("rounded to the border", "atanh(tanh(x))", {"x": 20.0},
     "rounding gives atanh 1, where it has no finite value", "overflow"),
    ("factor that underflows", "a*exp(-x)", {"a": 2.0, "x": 800.0},
     "by a is 0: exp at -800 underflows to 0, and mul at 2, 0 takes", "mul at 2, 0 underflows"),
    ("factor at infinity", "a*exp(-x)", {"a": 2.0, "x": np.inf},
     "by a is 0: exp at -inf is 0, and mul", "mul at 2, 0 is flat"),
    ("factor of 0", "a*(3*where(x > 0, x, relu(x)))", {"a": 2.0, "x": -1.0},
     "by a is 0: relu at -1 is 0, and mul at 2, 0 takes", "mul at 2, 0 is flat"),
    ("own factor", "a*b", {"a": 2.0, "b": 0.0}, "mul at 2, 0 is flat", "takes its slope"),
    ("no number", "where(x==0, 0, x**3*sin(1/x))", {"x": 0.0},
     "finite: div at 1, 0 has no finite value", "sin at"),
    ("adjoint that overflows", "1e200*x*1e200", {"x": 1e-300},
     "hands back through mul at 1e+200, 1e-300 overflows float64: 1e+400", "where 1e+400"),
    ("turned over", "where(sigmoid(x) == 1, 5*x, x)", {"x": 40.0},
     "200 for 40: eq at 1, 1 is true by rounding, and false exactly", "16 digits"),
    ("turned by what cancels", "where((x + 1e16) - 1e16 > 0.5, 5*x, x)", {"x": 0.7},
     "digits to rounding, 0 for 0.7, and gt at 0, 0.5 is decided by that", "gt at 0, 0.5 loses"),
    ("the other way", "y if x > 0 else z", {"x": 1.0, "y": 2.0, "z": 3.0},
     "does not depend on z as the program goes here", "depend on z,"),
    ("no border", "norm(x) + norm(x - y)", {"x": [0.0, 0.0], "y": [0.0, 0.0]},
     "sqrt in norm at 0 is not smooth", "border"),
    ("guard", "binary_cross_entropy(x, y)", {"x": 0.0, "y": 0.3},
     "binary_cross_entropy is on the border of its domain", "sqrt"),
    ("thin cone", "relu(minimum(2*y - x, 3*x - 4*y)) + norm(stack([x, y]))**2",
     {"x": 0.0, "y": 0.0}, "kink here (relu at 0)", "1e-35"),
    ("cube", "relu(minimum(2*y - x, 3*x - 4*y)) + abs(x)**3", {"x": 0.0, "y": 0.0},
     "kink here (relu at 0)", "abs at 0"),
    ("small, not near", "xlogy(1, x)", {"x": 4e-18}, "agree to", "few roundings"),
    ("below floats", "prod(x)**(1/2)", {"x": [1e-200, 1e-200]}, "prod underflows", "few roundings"),
    ("bounds", "clamp(sigmoid(x), 1e-7, 1 - 1e-7)", {"x": 40.0},
     "clamp at 1, 1e-07, 0.9999999 is flat", "1e-07, 1 is"),
    ("saturated", "tanh(x)", {"x": 40.0}, "tanh at 40 is saturated", "relative change"),
    ("flat to the left", "x*tanh(softplus(x))", {"x": -90.0}, "agree", "relative change"),
    ("there and back", "asin(sin(x))", {"x": 1.5707963267948966}, "rounding gives asin 1",
     "relative change"),
    ("value at a kink", "acos(x@w/(x.norm()*w.norm()))", {"x": [1.0, 2.0], "w": [1.0, 2.0]},
     "the value is wrong, 2.10734e-08 for 0: acos at 0.9999999999999998", "e-3"),
    ("inputs that cancel at a kink", "abs(x) + (w - 1e8)", {"x": 0.0, "w": 1e8 + 0.1},
     "abs at 0", "value"),
    ("parabola in a cone", "relu(minimum(y - 1.01*x, 1.02*x - y)) + 1e20*x**2",
     {"x": 0.0, "y": 0.0}, "relu at 0 is not smooth", "e-"),
    ("power in a cone", "relu(minimum(2*y - x, 3*x - 4*y)) + abs(x)**1.5", {"x": 0.0, "y": 0.0},
     "relu at 0 is not smooth", "abs"),
    ("root and cone", "sqrt(x*x + y*y) + relu(minimum(2*y - x, 3*x - 4*y))", {"x": 0.0, "y": 0.0},
     "sqrt at 0: by", "relu at 0: by"),
    ("norm and cone", "norm(stack([x, y])) + relu(minimum(2*y - x, 3*x - 4*y))",
     {"x": 0.0, "y": 0.0}, "sqrt in norm at 0: by", "border"),
    ("corners and a filled hole",
     "where(x == 0, 1, sin(x)/where(x == 0, 1, x)) + relu(x) - relu(-x)", {"x": 0.0},
     "the corners of relu cancel", "eq at"),
    ("corners and a square", "norm(x)**2 + relu(x[0]) - relu(-x[0])", {"x": [0.0, 0.0]},
     "the corners of relu cancel", "relu, "),
    ("corners and a power", "abs(x)**1.5 + relu(x) - relu(-x) - x", {"x": 0.0},
     "the corners of relu cancel", "relu, "),
    ("no number at the point", "where(x == 0, 1, sin(x)/x)", {"x": 0.0},
     "NaN where the true one is finite: div at 0, 0", "what the program does here"),
    ("no number at an edge", "t*(where(t == 0, 0, log(t)) - l)", {"t": 0.0, "l": 0.5},
     "log at 0 is on the border", "what the program does here"),
    ("no number at a jump", "n = norm(x)\nsum(where(n == 0., x, x/n))", {"x": [0.0, 0.0]},
     "discontinuous here (eq at 0, 0)", "what the program does here"),
    ("a float all the same", "log(torch.special.ndtr(x))", {"x": -38.0},
     "torch gives 0 for ndtr at -38, which is 2.88543e-316", "underflows"),
    ("held", "F.binary_cross_entropy(torch.sigmoid(z), torch.tensor(1.0))", {"z": -800.0},
     "by z is 0: binary_cross_entropy holds its logarithm at -100 here", "mul in"),
    ("held on the other side", "F.binary_cross_entropy(torch.sigmoid(z), torch.tensor(0.0))",
     {"z": 800.0}, "by z is 0: binary_cross_entropy holds its logarithm at -100 here", "detach"),
    ("a step up", "floor(x/s)*s", {"s": 0.1, "x": 1.3, "wrt": ("s",)},
     "1.3 for 1.2: div at 1.3, 0.1 is 13 by rounding, 2.8e-16 more than exactly, and floor at 13"
     " steps up or down by that", "loses"),
    ("a jump, no kink", "floor(x/s)*s", {"s": 0.1, "x": 1.3, "wrt": ("s",)},
     "cannot tell this point from a jump (floor at 13)", "a kink ("),
    ("not saturated", "x/x + 0*y", {"x": 1e300, "y": 1.0}, "mul at 0, 1 is flat", "saturated"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "says", "never"), [c[1:] for c in SENTENCES], ids=[c[0] for c in SENTENCES]
)
def test_what_is_said_of_the_cause(
    text: str, inputs: dict[str, Any], says: str, never: str
) -> None:
    answer = report(text, **inputs)
    said = " | ".join([answer.verdict.message, *(finding.message for finding in answer.findings)])
    assert says in said
    assert never not in said


SHARED: tuple[tuple[str, tuple[str, ...], Any], ...] = (
    # kinks that share inputs, that between « and » has the slopes; whose slopes; all inputs
    ("«abs(a-p)» - abs(b-p)", ("a",), 1.0),
    ("«norm(a-p)» - norm(b-p)", ("a[0]",), [1.0, 2.0]),
    ("«sqrt((a-p)**2)» - sqrt((b-p)**2)", ("a",), 1.0),
    ("relu(«norm(a-p)» - norm(a-n) + 1)", ("p[0]",), [1.0, 2.0]),
    ("«abs(a[0]-a[1])» - abs(a[2]-a[1]) + «abs(p-b)»", ("a[0]", "p"), [1.0, 1.0, 1.0]),
)  # fmt: skip


@pytest.mark.parametrize(("marked", "whose", "at"), SHARED, ids=[case[0] for case in SHARED])
def test_slopes_are_told_of_what_moves_with_the_input(
    marked: str, whose: tuple[str, ...], at: Any
) -> None:
    parts = re.split("[«»]", marked)
    columns = [sum(map(len, parts[:k])) + 1 for k in range(1, len(parts), 2)]
    text = "".join(parts)
    names = [name for name in "apbn" if re.search(rf"\b{name}\b", text)]
    given = {n: 1.0 if n in "pb" and "[" in text else at for n in names}
    told = [f for f in report(text, **given).findings if "on the left" in f.message]
    assert [f.span.column for f in told if f.span is not None] == columns
    for finding, name in zip(told, whose, strict=True):
        assert f"by {name} slope -1 on the left, 1 on the right" in finding.message


EXTREME: tuple[tuple[str, dict[str, Any]], ...] = (
    ("exp(x)", {"x": 1000.0}), ("exp(exp(x))", {"x": 10.0}), ("exp2(sinh(x))", {"x": 1e6}),
    ("x*x/y", {"x": 1e300, "y": 1e300}), ("x**y", {"x": 1e300, "y": 5.0}), ("1/x", {"x": 1e-310}),
    ("prod(x)", {"x": np.zeros(20)}), ("sum(x)", {"x": np.empty(0)}), ("x*2", {"x": np.nan}),
    ("exp(-x)", {"x": np.inf}), ("x/norm(x)", {"x": [1e-200, 1e-200]}),
    ("softmax(x, 0)[0]", {"x": [1e300, 0.0]}), ("log(x)", {"x": 0.0}),
    ("det(x)", {"x": 1e200*np.eye(2)}),
)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("text", "inputs"), EXTREME, ids=[case[0] for case in EXTREME])
def test_extreme_points_are_explained(text: str, inputs: dict[str, Any], dtype: str) -> None:
    with np.errstate(over="ignore"):
        asked = problem(text, dtype, **inputs)
    explanation = explain(asked)
    drawn = why.render([explanation], Style(200, color=False))
    assert "within inf" not in drawn
    assert "inf digits" not in drawn
    for finding in explanation.report.findings:
        assert "slope -inf" not in finding.message
    assert as_json.render_explanations([explanation], Style(200, color=False))


def test_what_several_inputs_have_in_common_is_said_once() -> None:
    text = "m = tril(ones(9, 9))\nh = where(m == 0, 0.1*nan, x@x.T)\nz = cumprod(a*b)\nz.sum()"
    answer = report(text.replace("h =", "_ ="), x=np.ones((9, 2)), a=[1.0, 2.0], b=[2.0, 3.0])
    (told,) = (f.message for f in answer.findings if f.kind == "formula")
    assert told.startswith("a and b: there is no formula: ")


def test_a_place_is_told_once_however_many_texts_are_like_it() -> None:
    text = "y = v[i.long()]*w\nz = v[i.long()]*i\ny + z"
    answer = report(text, v=[1.0, 2.0], i=[0.2], w=2.0)
    (told,) = (f.message for f in answer.findings if f.kind == "stopped")
    assert told.endswith(
        "] takes whole numbers out of a tensor, which pass no gradient back (2 times)"
    )
