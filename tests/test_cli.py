"""The tour of the main job, through the function that the console script calls."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.command import Answer, Run

DOT = ("2*dot(x,x)", "--x", "0,1,2,3")
LINEAR = ("sum((X@w - b)**2)", "--X", "1,2;3,4;5,6", "--w", "1,-1", "--b", "1,0,1")


@pytest.mark.parametrize(
    ("argv", "literal"),
    [
        pytest.param([*DOT, "--expect", "4*x"], "0,4,8,12", id="scalar-of-a-vector"),
        pytest.param(["x.sum()", "--x", "arange(4)"], "1,1,1,1", id="sum"),
        pytest.param(["x*x", "--x", "0,1,2,3"], "0,2,4,6", id="not-scalar"),
        pytest.param(["x*x", "--x", "0,1,2,3", "--cotangent", "1,0,0,2"], "0,0,0,12", id="weighed"),
        pytest.param(["x*x", "--x", "0,1,2,3", "--cotangent", "2"], "0,4,8,12", id="one-weight"),
        pytest.param(
            ["u*x", "--let", "u=x*x", "--detach", "u", "--x", "0,1,2,3", "--expect", "u"],
            "0,1,4,9",
            id="detach",
        ),
        pytest.param(["u*x", "--let", "u=x*x", "--x", "0,1,2,3"], "0,3,12,27", id="let"),
        pytest.param(
            ["u*x", "--let", "v=2*x", "--let", "u=v*v", "--x", "1,2"], "12,48", id="let-of-let"
        ),
        pytest.param(["(y := x*x)*x", "--detach", "y", "--x", "0,1,2,3"], "0,1,4,9", id="named"),
        pytest.param(
            ["(y := x*x)*x", "--detach", "y", "--x", "0,1,2,3", "--of", "y"], "0,2,4,6", id="of"
        ),
        pytest.param(["detach(x*x)*x", "--x", "0,1,2,3"], "0,1,4,9", id="detach-in-the-text"),
        pytest.param(
            ["y = x*x; u = y.detach(); u*x", "--x", "0,1,2,3"], "0,1,4,9", id="detach-statement"
        ),
        pytest.param(
            ["with torch.no_grad():\n    u = x*x\nu*x", "--x", "0,1,2,3"], "0,1,4,9", id="no_grad"
        ),
        pytest.param(["f.py", "--a", "0.3", "--expect", "f(a)/a"], "4096", id="control-flow"),
        pytest.param(["f.py:f", "--a", "-0.3"], "409600", id="other-branch"),
        pytest.param(["f.py", "--a", "randn()", "--seed", "0"], "8192", id="random"),
        pytest.param(["f.py", "--a", "0.3,0.4"], "2048,2048", id="vector"),
        pytest.param(["f.py", "--x", "0.3"], "4096", id="renamed"),
        pytest.param([*LINEAR, "--wrt", "w", "--expect", "2*X.T@(X@w - b)"], "-30,-40", id="wrt"),
        pytest.param([*LINEAR, "--wrt", "b", "--wrt", "w"], "b=4,2,4\nw=-30,-40", id="wrt-twice"),
        pytest.param([*LINEAR, "--wrt", "b,w"], "b=4,2,4\nw=-30,-40", id="wrt-comma"),
        pytest.param([*LINEAR, "--wrt", "w", "--expect", "w=2*X.T@(X@w - b)"], "-30,-40", id="for"),
        pytest.param(["-x*x", "--x", "-1,2"], "2,-4", id="dash-program"),
        pytest.param(["--x*2", "--x=-1,2"], "2,2", id="dashes-program"),
        pytest.param(["--x", "3", "--", "-x"], "-1", id="after-dashes"),
        pytest.param(["x*seed", "--x", "2", "--at", "seed=3", "--wrt", "x"], "3", id="at"),
        pytest.param(["x*é", "--x", "2", "--é", "3", "--wrt", "é"], "2", id="unicode"),
        pytest.param(["ﬁ*2", "--fi", "1"], "2", id="normalised"),
        pytest.param(["x*x", "--x", "0.1", "--dtype", "half"], "0.2", id="half"),
        pytest.param(["x*x", "--x", "0.1", "--dtype", "torch.float32"], "0.2", id="float32"),
        pytest.param(["def g(x, k=3): return k*x", "--x", "1"], "3", id="default-parameter"),
        pytest.param(["pi*x", "--x", "1", "--pi", "3", "--wrt", "x"], "3", id="constant-given"),
    ],
)
def test_the_tour(run: Run, argv: Sequence[str], literal: str) -> None:
    assert run("grad", "--format", "literal", *argv) == Answer(0, f"{literal}\n", "")
    (report,) = run("grad", "--json", *argv).json
    assert report["verdict"]["outcome"] == "verified"


def test_every_step_of_the_tour_is_verified(run: Run) -> None:
    (report,) = run("grad", *DOT, "--expect", "4*x", "--json").json
    assert report["value"] == 28
    assert report["gradients"]["x"]["autograd"] == [0, 4, 8, 12]
    assert report["gradients"]["x"]["symbolic"] == [0, 4, 8, 12]
    assert report["verdict"]["outcome"] == "verified"
    assert report["expected"]["x"] == {"text": "4*x", "value": [0, 4, 8, 12], "holds": True}


def test_a_wrong_claim_fails_and_marks_the_rows(run: Run) -> None:
    answer = run("grad", *DOT, "--expect", "3*x", "--format", "table")
    assert answer.code == 1
    assert "wrong" in answer.out.splitlines()[-1]
    assert answer.out.count("✗") == 3


def test_a_claim_names_its_input(run: Run) -> None:
    (report,) = run("grad", *LINEAR, "--expect", "w=2*X.T@(X@w - b)", "--json").json
    assert list(report["expected"]) == ["w"]
    assert report["expected"]["w"]["holds"]
    assert list(report["gradients"]) == ["X", "w", "b"]


def test_a_comparison_is_no_named_claim(run: Run) -> None:
    (report,) = run("grad", "x", "--x", "3", "--expect", "x==3", "--json").json
    assert report["expected"]["x"]["text"] == "x==3"


def test_gradients_accumulate_only_when_asked(run: Run) -> None:
    programs = ("2*dot(x,x)", "x.sum()", "--x", "0,1,2,3", "--json")
    first, second = run("grad", *programs, "--accumulate").json
    assert first["gradients"]["x"]["accumulated"] == [0, 4, 8, 12]
    assert second["gradients"]["x"]["autograd"] == [1, 1, 1, 1]
    assert second["gradients"]["x"]["accumulated"] == [1, 5, 9, 13]
    assert all("accumulated" not in r["gradients"]["x"] for r in run("grad", *programs).json)


def test_programs_may_need_different_inputs(run: Run) -> None:
    first, second = run("grad", "x*x", "x*w", "--x", "3", "--w", "2", "--json").json
    assert (list(first["inputs"]), list(second["inputs"])) == (["x"], ["x", "w"])


@pytest.mark.parametrize(
    ("programs", "code"),
    [
        (["abs(x)", "x*x"], 3),
        (["x*x", "abs(x)"], 3),
        (["x*x", "x"], 0),
    ],
)
def test_the_worst_program_decides_the_exit_code(
    run: Run, programs: Sequence[str], code: int
) -> None:
    assert run("grad", *programs, "--x", "0").code == code


def test_the_path_is_in_the_report(run: Run) -> None:
    (report,) = run("grad", "f.py", "--a", "0.3", "--json").json
    assert [sum(branch["taken"]) for branch in report["path"]] == [11, 1]


def test_a_renamed_parameter_is_a_finding(run: Run) -> None:
    (report,) = run("grad", "f.py", "--x", "0.3", "--json").json
    assert list(report["inputs"]) == ["a"]
    (finding,) = [f for f in report["findings"] if f["kind"] == "renamed"]
    assert finding["message"] == "x is taken for a, the only parameter of f"


@pytest.mark.parametrize("name", ["x.npy", "x.csv", "x.json", "x.pt"])
def test_values_come_from_files(run: Run, name: str) -> None:
    values = np.arange(4.0)
    match Path(name).suffix:
        case ".npy":
            np.save(name, values)
        case ".csv":
            Path(name).write_text("0,1,2,3\n")
        case ".json":
            Path(name).write_text("[0, 1, 2, 3]")
        case _:
            import torch

            torch.save(torch.tensor(values), name)
    answer = run("grad", "2*dot(x,x)", "--x", f"@{name}", "--format", "literal")
    assert answer.out == "0,4,8,12\n"


def test_standard_input_is_a_value_or_a_program(run: Run) -> None:
    literal = ("--format", "literal")
    assert run("grad", DOT[0], "--x", "@-", *literal, stdin="0,1,2,3\n").out == "0,4,8,12\n"
    assert run("grad", "-", *DOT[1:], *literal, stdin="2*dot(x,x)\n").out == "0,4,8,12\n"


def test_a_literal_reads_back(run: Run) -> None:
    first = run("grad", "exp(x)", "--x", "0.1,0.2", "--format", "literal").out.strip()
    (report,) = run("grad", "x.sum()", "--x", first, "--json").json
    assert report["inputs"]["x"] == np.exp([0.1, 0.2]).tolist()


def test_quiet_leaves_only_the_exit_code(run: Run) -> None:
    assert run("grad", *DOT, "--quiet") == Answer(0, "", "")
    assert run("grad", *DOT, "--expect", "x", "--quiet") == Answer(1, "", "")
    wrong = run("grad", "x*", "--quiet", "--json")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("error: ")


def test_a_pipe_gets_tab_separated_rows(run: Run) -> None:
    lines = run("grad", *DOT).out.splitlines()
    assert lines[0].split("\t")[:3] == ["input", "index", "at"]
    assert lines[-1].startswith("# verdict\tverified\t")


@pytest.mark.parametrize("format", ["table", "json", "tsv", "csv", "markdown", "literal"])
def test_every_format_prints(run: Run, format: str) -> None:
    answer = run("grad", *DOT, f"--format={format}", "--all")
    assert answer.code == 0
    assert "12" in answer.out


def test_random_values_repeat_with_a_seed(run: Run) -> None:
    argv = ("grad", "x@w", "--x", "randn(3)", "--w", "randn(3)", "--json", "--seed")
    one, again, other = run(*argv, "1"), run(*argv, "1"), run(*argv, "2")
    assert one == again
    assert one.out != other.out
    inputs = one.json[0]["inputs"]
    assert inputs["x"] != inputs["w"]


def test_without_the_check_nothing_is_verified(run: Run) -> None:
    (report,) = run("grad", *DOT, "--no-check", "--json").json
    assert report["verdict"]["exit_code"] == 3
    assert report["gradients"]["x"]["symbolic"] is None


def test_inputs_are_numbers_of_the_dtype(run: Run) -> None:
    (report,) = run("grad", "x", "--x", "0.1", "--dtype", "float", "--json").json
    assert report["inputs"]["x"] == float(np.float32(0.1))


def test_functions_are_listed_and_described(run: Run) -> None:
    lines = run("functions").out.splitlines()
    assert lines[0] == "name\tkind\taliases\tmeaning\tfamily"
    names = {line.split("\t")[0] for line in lines}
    assert {"softmax", "detach", "range", "pi", "sin"} <= names
    assert "def softmax(x" in run("functions", "softmax").out
    assert run("functions", "arcsin").out.startswith("asin(")
    wrong = run("functions", "sofmax")
    assert (wrong.code, "did you mean softmax?" in wrong.err) == (2, True)
