"""Findings that torch's own runs show: broadcasting, float32, and a number taken out at the end."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad, reruns
from gradcalc.calculate import calculate
from gradcalc.errors import Span, UnsupportedError
from gradcalc.lang.fence import compile_program
from gradcalc.primitives import PRIMITIVES, Composite
from gradcalc.problem import Problem
from gradcalc.report import Finding, Report
from gradcalc.rewrites import Cure
from gradcalc.witnesses import autograd
from gradcalc.witnesses.autograd import TorchBackend
from tests.command import Run
from tests.trust_cases import problem, report

PAIRS = [row for row in PRIMITIVES if isinstance(row, Composite) and len(row.tensors) == 2]
SHAPES = (((3,), (3,)), ((3,), (3, 1)), ((3, 1), (1, 3)), ((2, 3), (3,)), ((3,), ()), ((), ()))


def kinds(answer: Report, kind: str) -> list[Finding]:
    return [finding for finding in answer.findings if finding.kind == kind]


# -- broadcasting --------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("row", PAIRS, ids=[row.name for row in PAIRS])
def test_it_is_noticed_where_torch_warns_and_nowhere_else(row: Composite, shapes: Any) -> None:
    backend = TorchBackend(torch.float64, torch.device("cpu"))
    tensors = [torch.full(shape, 0.5, dtype=torch.float64) for shape in shapes]
    given = row.signature.bind(*tensors)
    given.apply_defaults()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            backend.apply(row, given.arguments, Span(1, 1, 1, 1))
        except Exception:
            return
    warned = any("target size" in str(warning.message) for warning in seen)
    assert bool(backend.broadcasts) == warned


BROADCASTS: tuple[tuple[str, str, dict[str, Any], str, str, tuple[int, int]], ...] = (
    # name, program, inputs, what the finding and the tip say, its columns
    ("mean", "mse_loss(x, y)", {"x": [1.0, 2.0, 3.0], "y": [[1.0], [2.0], [4.0]]},
     "input of shape (3,) and target of shape (3, 1), as torch warns: it averages 9 elements",
     "reshape target to the shape of input, (3,)", (1, 15)),
    ("sum", "2*l1_loss(x, y, reduction='sum')", {"x": [1.0, 2.0], "y": [[1.5], [2.5]]},
     "it adds up 4 elements", "reshape target to the shape of input, (2,)", (3, 33)),
    ("none", "sum(huber_loss(x, y, reduction='none'))", {"x": [[1.0, 2.0]], "y": [[1.5], [2.5]]},
     "it gives 4 elements", "reshape target to the shape of input, (1, 2)", (5, 39)),
    ("number", "smooth_l1_loss(x, y)", {"x": [1.0, 2.0], "y": 0.25},
     "target of shape (), as torch warns: it averages 2 elements", "the same shape", (1, 21)),
    ("function", "def f(a):\n    return mse_loss(a, y)\nf(x) + f(x)",
     {"x": [1.0, 2.0], "y": [[1.0], [2.5]]}, "averages 4 elements", "reshape", (12, 26)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "says", "tip", "columns"),
    [case[1:] for case in BROADCASTS],
    ids=[case[0] for case in BROADCASTS],
)
def test_a_broadcast_loss(
    text: str, inputs: dict[str, Any], says: str, tip: str, columns: tuple[int, int]
) -> None:
    answer = report(text, **inputs)
    (found,) = kinds(answer, "broadcast")
    assert says in found.message
    assert found.hint is not None
    assert tip in found.hint
    assert found.span is not None
    assert (found.span.column, found.span.end_column) == columns
    assert answer.verdict.outcome == "verified"


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("mse_loss(x, y)", {"x": [1.0, 2.0], "y": [1.0, 3.0]}),
        ("mean((x - y)**2)", {"x": [1.0, 2.0], "y": [[1.0], [3.0]]}),
        ("mse_loss(x, reshape(y, (2,)))", {"x": [1.0, 2.0], "y": [[1.0], [3.0]]}),
    ],
)
def test_no_broadcast_is_found_where_torch_does_not_warn(text: str, inputs: Any) -> None:
    assert not kinds(report(text, **inputs), "broadcast")


A = [[1.0, 2.0, 4.0], [1.0, 3.0, 5.0]]

READINGS = (
    ("std", "std(x)", "torch does, 1.63299: in numpy it is 1.49071", "np.std"),
    ("method", "2*x.var()", "torch does, 2.66667: in numpy it is 2.22222", "np.var"),
    ("pair", "sum(sort(x)[0])", "2 results: in numpy it is numbers", "np.sort"),
    ("softmax", "sum(softmax(x)*x)", "gradcalc does", "scipy.special.softmax"),
    ("math", "math.pi*var(x, 0).sum()", "[0, 0.5, 0.5]: in numpy it is [0, 0.25, 0.25]", "np.var"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says", "other"), [case[1:] for case in READINGS], ids=[case[0] for case in READINGS]
)
def test_it_is_said_whose_function_was_taken(text: str, says: str, other: str) -> None:
    (found,) = kinds(report(text, x=A), "reading")
    assert says in found.message
    assert found.hint is not None
    assert other in found.hint


@pytest.mark.parametrize(
    "text",
    ["torch.std(x)", "np.std(x)", "mean(x)", "sum(x, 0).sum()", "std(x, correction=0)",
     "softmax(x[0]).sum()", "F.softmax(x).sum()", "sum(sort(x).values[0])",
     "import torch\ntorch.sum(x)*x.std()"],
)  # fmt: skip
def test_nothing_is_said_where_it_does_not_matter(text: str) -> None:
    assert not kinds(report(text, x=A), "reading")


@pytest.mark.parametrize("text", ["np.sum(x) + std(x)", "jnp.sum(x)*sort(x)[0, 0]"])
def test_a_name_of_two_libraries_is_refused_where_numpys_is_as_likely(text: str) -> None:
    with pytest.raises(UnsupportedError, match="may be torch's or numpy's here"):
        report(text, x=A)


def test_the_command_says_that_a_loss_is_broadcast(run: Run) -> None:
    done = run("grad", "mse_loss(x, y)", "--x", "1,2,3", "--y", "1;2;4", "--json")
    (found,) = [f for f in json.loads(done.out)["findings"] if f["kind"] == "broadcast"]
    assert done.code == 0
    assert "it averages 9 elements" in found["message"]
    assert found["span"] == {"line": 1, "column": 1, "end_line": 1, "end_column": 15}
    table = run("grad", "mse_loss(x, y)", "--x", "1,2,3", "--y", "1;2;4", "--format", "table")
    assert "it averages 9 elements" in " ".join(table.out.split())


# -- float32 -------------------------------------------------------------------------------------

NARROW: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    # name, program, inputs, what the finding and the tip say
    ("overflow", "log(sum(exp(x)))", {"x": [100.0, 99.0]},
     "in float32 the value is inf and the gradient by x[0] is NaN",
     "logsumexp(x) for log(sum(exp(x))) stays finite in float32"),
    ("gradient alone", "sum(sqrt(x**4))", {"x": [1.0, 1e-20]},
     "in float32 the gradient by x[1] is NaN", "in float32"),
    ("element", "x**3", {"x": [1.0, -1e20]}, "the value[1] is -inf", "--dtype float32 shows it"),
    ("rounded", "1/(x - 1)", {"x": 1.000000000001}, "the value is inf", "--dtype float32"),
    ("vanished", "log(x)", {"x": 1e-50}, "in float32, where x = 1e-50 is 0, the value is -inf",
     "--dtype float32"),
    ("constant", "x*1e39/1e39", {"x": 0.5}, "the value is NaN", "--dtype float32"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "says", "tip"), [c[1:] for c in NARROW], ids=[c[0] for c in NARROW]
)
def test_what_float32_has_no_numbers_for(
    text: str, inputs: dict[str, Any], says: str, tip: str
) -> None:
    asked = problem(text, **inputs)
    (found,) = kinds(calculate(asked), "float32")
    assert says in found.message
    assert found.hint is not None
    assert tip in found.hint
    # what it says is what a run in float32 shows
    single = report(text, "float32", **inputs)
    numbers = [single.value, *(gradient.autograd for gradient in single.gradients)]
    assert not all(number is None or np.isfinite(number).all() for number in numbers)


SILENT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("stable", "logsumexp(x)", {"x": [1000.0, 999.0]}),
    ("not finite here either", "log(sum(exp(x)))", {"x": [1000.0, 999.0]}),
    ("inputs beyond it", "sum(x)", {"x": [1e300, -1e300]}),
    ("another way", "exp(x) if x < 16777216 else 1/(x - 16777216)", {"x": 16777215.6}),
    ("ordinary", "sum(tanh(x)*x)", {"x": [0.3, -2.0]}),
    ("underflow", "exp(x)", {"x": -200.0}),
    ("an error there", "zeros(int(1/(x - 1))) + x", {"x": 1 + 2.0**-10}),
)


@pytest.mark.parametrize(
    ("text", "inputs"), [case[1:] for case in SILENT], ids=[case[0] for case in SILENT]
)
def test_nothing_is_said_of_float32(text: str, inputs: dict[str, Any]) -> None:
    assert not kinds(report(text, **inputs), "float32")


@pytest.mark.parametrize(
    "changed",
    [{"dtype": "float32"}, {"check": False}, {"enclose": False}],
    ids=["float32 itself", "no check", "no enclosure"],
)
def test_no_run_in_float32_where_nobody_wants_it(changed: dict[str, Any]) -> None:
    asked = replace(problem("log(sum(exp(x)))", x=[80.0, 99.0]), **changed)
    assert autograd.testify(asked).narrow is None


@pytest.mark.parametrize(
    ("text", "size", "there"),
    [("sum(x**3)", 1000, True), ("sum(x**3)", 600_000, False), ("LOOP", 2, False)],
    ids=["small", "large", "long"],
)
def test_how_much_there_is_to_do_decides(text: str, size: int, there: bool) -> None:
    loop = "y = x\nfor i in range(6000):\n    y = y + 0*x\nsum(y**3)"
    x = np.full(size, 1e20)
    answer = autograd.testify(problem(loop if text == "LOOP" else text, x=x))
    assert (answer.narrow is not None) == there


def test_a_form_that_is_another_function_is_no_tip(monkeypatch: pytest.MonkeyPatch) -> None:
    def better() -> tuple[str, str] | None:
        found = autograd.testify(problem("log(sum(exp(x)))", x=[100.0, 99.0])).narrow
        assert found is not None
        return found.better

    assert better() == ("log(sum(exp(x)))", "logsumexp(x)")
    other = compile_program("2*logsumexp(x)").source
    cure = Cure(other, Span(1, 1, 1, 17), "log(sum(exp(x)))", other, "")
    monkeypatch.setattr("gradcalc.rewrites.cures", lambda *known: (cure,))
    assert better() is None


@pytest.mark.parametrize(
    ("text", "inputs", "outcome"),
    [
        ("log(sum(exp(x)))", {"x": [100.0, 99.0]}, "verified"),
        ("(1 - cos(x))/x**2", {"x": 1e-8}, "wrong"),
        ("abs(x - 1)*x**20", {"x": 1.0}, "kink"),
    ],
)
def test_it_changes_no_verdict(text: str, inputs: Any, outcome: str) -> None:
    asked = problem(text, **inputs)
    answer = calculate(asked)
    assert answer.verdict.outcome == outcome
    assert len(kinds(answer, "float32")) <= 1


def test_the_command_says_what_float32_has_no_numbers_for(run: Run) -> None:
    text = "log(sum(exp(x)))"
    says = "in float32 the value is inf and the gradient by x[0] is NaN"
    done = run("grad", text, "--x", "100,99", "--json")
    (found,) = [f for f in json.loads(done.out)["findings"] if f["kind"] == "float32"]
    assert (done.code, found["message"], found["span"]) == (0, says, None)
    done = run("grad", text, "--x", "100,99")
    assert f"# finding\t{says}" in done.out.splitlines()
    assert "# tip\tlogsumexp(x) for log(sum(exp(x))) stays finite in float32" in done.out
    assert says in " ".join(run("why", text, "--x", "100,99").out.split())


# -- a number taken out at the end ---------------------------------------------------------------

CUT: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    # name, program, inputs, the call that is named, what the tip says
    ("float", "float(mean(x**2))", {"x": [1.0, 2.0]}, "float(mean(x**2))", "leave float() out"),
    ("item", "2*mean(x**2).item()", {"x": [1.0, 2.0]}, "mean(x**2).item()", "leave .item() out"),
    ("int", "int(sum(x))*2.0", {"x": [1.0, 2.0]}, "int(sum(x))", "leave int() out"),
    # another value
    ("int that cuts", "int(sum(x))*2.0", {"x": [1.0, 2.5]}, "int(sum(x))", ""),
    ("on the way", "y = float(sum(x))\nz = y*3\nz + 1", {"x": [1.0, 2.0]}, "float(sum(x))",
     "leave float() out"),
    ("nested", "float(mean(x**2).item()) + 1", {"x": [1.0, 2.0]}, "mean(x**2).item()",
     "without float(), int(), .item() and copies"),
    ("one of two", "float(x) + y", {"x": 2.0, "y": 3.0}, "float(x)", "leave float() out"),
    ("math", "import math\nmath.exp(torch.sum(x))", {"x": [1.0, 2.0]}, "math.exp(torch.sum(x))",
     "torch has the function"),
    ("math by another name", "import math\nmath.fabs(torch.sum(x))", {"x": [1.0, 2.0]},
     "math.fabs(torch.sum(x))", "torch has the function"),
    ("both", "float(x)*float(y)", {"x": 2.0, "y": 3.0}, "float(y)", "leave float() out"),
    ("beside a detach", "detach(x) + float(x*y)", {"x": 2.0, "y": 3.0}, "float(x*y)", "leave"),
    ("copied again", "torch.tensor(torch.exp(x).sum().item())", {"x": [1.0, 2.0]},
     "torch.exp(x).sum().item()", "without float(), int(), .item() and copies"),
    ("copied in a list", "a = x[0].item()\ntorch.tensor([a, 2*a]).sum()", {"x": [1.0, 2.0]},
     "x[0].item()", "without"),
    ("copied in a loop", "s = []\nfor v in x: s.append((v**2).item())\ntorch.tensor(s).mean()",
     {"x": [1.0, 2.0]}, "(v**2).item()", "without"),
    ("copied as floats", "a = x[0].item()\ntorch.tensor([a], dtype=torch.float64).sum()",
     {"x": [1.0, 2.0]}, "x[0].item()", "without"),
    ("copied twice", "torch.tensor([torch.tensor([x[0], x[1]]).mean()]).sum()",
     {"x": [1.0, 2.0]}, "torch.tensor([x[0], x[1]])", "stack"),
    ("in lists", "torch.tensor((x**2).tolist()).sum()", {"x": [1.0, 2.0]}, "(x**2).tolist()",
     "without"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inputs", "named", "tip"), [c[1:] for c in CUT], ids=[c[0] for c in CUT]
)
def test_a_number_at_the_end_is_not_verified(
    text: str, inputs: dict[str, Any], named: str, tip: str
) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == "unresolved"
    assert answer.verdict.message.startswith(f"nothing flows through {named}: ")
    first = answer.findings[0]
    assert first.kind == "stopped"
    assert first.message.startswith(f"nothing flows through {named}: ")
    assert (first.hint is not None) == bool(tip)
    assert (first.hint or "").startswith(tip)
    assert not kinds(answer, "dead")
    assert [f.span for f in answer.findings].count(first.span) == 1


@pytest.mark.parametrize(
    ("text", "tip"), [("x**2*int(x)", None), ("x**2*float(x)", "use the tensor itself")]
)
def test_a_tip_keeps_the_value(text: str, tip: str | None) -> None:
    (found,) = [f for f in report(text, x=2.5).findings if f.kind == "stopped"]
    assert found.hint == tip


UNCUT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("part of it flows", "x*float(x)", {"x": 2.0}),
    ("detached", "detach(x*x)", {"x": 2.0}),
    ("detached within", "float(detach(x))", {"x": 2.0}),
    ("detached around", "detach(float(x))*1.0", {"x": 2.0}),
    ("a count", "y = 1.0\nfor i in range(int(n)):\n    y = y*2\ny", {"n": 3.0}),
    ("a condition", "3.0 if float(x) > 1 else 2.0", {"x": 2.0}),
    ("an index", "range(5)[int(x)]*2.0", {"x": 2.0}),
    ("nothing to take out of", "float(2)*x", {"x": 2.0}),
    # in numpy a number has no graph that it could be taken out of
    ("numpy", "import numpy as np\ndef f(x):\n    return float(np.mean(x**2))", {"x": [1.0, 2.0]}),
)


@pytest.mark.parametrize(
    ("text", "inputs"), [case[1:] for case in UNCUT], ids=[case[0] for case in UNCUT]
)
def test_a_number_that_only_steers_or_is_meant_stays_verified(
    text: str, inputs: dict[str, Any]
) -> None:
    answer = report(text, **inputs)
    assert answer.verdict.outcome == "verified", answer.verdict.message


def test_a_large_program_is_run_once_more_at_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.ones(600_000)
    assert report("float(sum(x**2))", x=x).verdict.outcome == "unresolved"
    runs: list[Problem] = []
    run = autograd._run
    monkeypatch.setattr(autograd, "_run", lambda p, *rest: (runs.append(p), run(p, *rest))[1])
    text = "float(sum(x)) + float(sum(x*x)) + 0*float(detach(sum(x)))"
    assert autograd.testify(problem(text, x=x)).cut is not None
    assert len(runs) == 2


def test_a_cut_in_a_let(run: Run) -> None:
    done = run("grad", "2*z", "--let", "z=float(sum(x*x))", "--x", "1,2")
    assert done.code == 3
    assert "nothing flows through float(sum(x*x))" in done.out


def test_a_claim_is_still_judged() -> None:
    cut = report("float(sum(x*x))", x=[1.0, 2.0], claims={"x": "0*x"})
    assert cut.verdict.outcome == "unresolved"
    assert report("float(sum(x*x))", x=[1.0, 2.0], claims={"x": "2*x"}).verdict.outcome == "wrong"


@pytest.mark.parametrize("planted", ["never", "always"])
def test_the_rule_is_noticed_if_it_is_broken(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule: Callable[..., Any] = reruns.cut

    def broken(asked: Problem, ours: Any, run: Any, **options: Any) -> Any:
        if planted == "never":
            return None
        return rule(
            asked,
            replace(ours, gradients=dict.fromkeys(ours.gradients, np.zeros(()))),
            run,
            **options,
        )

    monkeypatch.setattr(reruns, "cut", broken)
    outcomes = [report(text, **inputs).verdict.outcome for _, text, inputs, *_ in CUT[:2]]
    others = [report(text, **inputs).verdict.outcome for _, text, inputs in UNCUT[:2]]
    right = outcomes == ["unresolved"] * 2 and others == ["verified"] * 2
    assert not right


def test_the_command_says_that_nothing_flows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "loss.py"
    path.write_text("import torch\n\ndef loss(x):\n    return float(torch.mean(x**2))\n")
    done = run("grad", str(path), "--x", "1,2,3", "--json")
    answer = json.loads(done.out)
    assert done.code == 3
    assert answer["verdict"]["outcome"] == "unresolved"
    assert answer["findings"][0]["kind"] == "stopped"
    assert answer["findings"][0]["span"]["line"] == 4
    assert answer["gradients"]["x"]["autograd"] == [0.0, 0.0, 0.0]
    path.write_text(path.read_text().replace("float(torch.mean(x**2))", "torch.mean(x**2)"))
    assert run("grad", str(path), "--x", "1,2,3").code == 0


CASTS = {
    "x.half()": "x.half() is taken as float64, in which everything is calculated",
    "x.float()*2": "there it would be rounded to float32",
    "x.to(torch.bfloat16)": "rounded to bfloat16",
    "np.sum(x.astype(np.float32))": "x.astype(np.float32) is taken as float64",
    "np.sum(x.astype('f4'))": "rounded to float32",
    "x*torch.tensor(0.1, dtype=torch.float32)": "as float32 has them",
    "x*torch.tensor([1.0, 0.5, 3.0], dtype=torch.float32)": None,
    "torch.zeros(3, dtype=torch.float16) + x": None,
    "x*(x > 1).float()": None,
    "x.double()*x.to(torch.float64)": None,
    "np.sum(x.astype(float) + x.astype('float'))": None,
}


@pytest.mark.parametrize("text", CASTS)
def test_a_cast_that_would_round_is_told(text: str) -> None:
    library = "import numpy as np" if "np." in text else "import torch"
    report = grad(f"{library}\n{text}", x=[1.1, 2.0, 3.0])
    told = [found.message for found in report.findings if found.kind == "cast"]
    wanted = CASTS[text]
    assert (wanted in told[0]) if wanted else not told
