"""Every way to go wrong on the command line: the exit code, the kind and the sentence."""

import json
import sys
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradcalc.cli.grad
from gradcalc.cli.app import main
from tests.command import Run
from tests.sweeps import share

X = ("--x", "0,1,2,3")
NESTED = "(" * 10_000 + "x" + ")" * 10_000


@pytest.mark.parametrize(
    ("argv", "code", "kind", "message"),
    [
        pytest.param(["x*", *X], 2, "syntax", "not valid Python", id="syntax"),
        pytest.param(["x 2", *X], 2, "syntax", "2*x", id="missing-star"),
        pytest.param(["", *X], 2, "syntax", "empty", id="empty-program"),
        pytest.param(["def f(x): pass", "--x", "1"], 2, None, "", id="no-output-function"),
        pytest.param(["pass", "--x", "1"], 2, "syntax", "no output", id="no-output"),
        pytest.param(["sofmax(x)", *X], 2, "name", "did you mean softmax?", id="function"),
        pytest.param(["x*x", "--xx", "1"], 2, "name", "does not use xx", id="unused"),
        pytest.param(["sensor", "--sesnor", "1"], 2, "name", "did you mean sensor?", id="misspelt"),
        pytest.param(["x*x"], 2, "name", "x has no value: give it with --x VALUE", id="missing"),
        pytest.param(["x*y"], 2, "name", "with --x VALUE --y VALUE", id="missing-two"),
        pytest.param(["x*seed", "--x", "1"], 2, "name", "--at seed=VALUE", id="missing-option"),
        pytest.param(["x", "--x", "1", "--x", "2"], 2, "name", "x is given twice", id="twice"),
        pytest.param(
            ["x", "--x", "1", "--let", "x=2"], 2, "name", "x is given twice", id="let-and-value"
        ),
        pytest.param(
            ["u", "--let", "u=x", "--let", "u=x", *X], 2, "name", "u is given twice", id="let-twice"
        ),
        pytest.param(
            ["u", "--let", "u=v", "--let", "v=x", *X], 2, "name", "put --let v=", id="let-order"
        ),
        pytest.param(
            ["y = x; y*x", "--x", "1", "--y", "2"], 2, "name", "assigns it itself", id="assigned"
        ),
        pytest.param(["f.py:g", "--a", "1"], 2, "name", "no function called g", id="file-function"),
        pytest.param(["x", "--x", "1", "--detach", "q"], 2, "name", "--detach", id="detach"),
        pytest.param(["x", "--x", "1", "--wrt", "q"], 2, "name", "--wrt", id="wrt"),
        pytest.param(["y = x*x", "--x", "1", "--wrt", "y"], 2, "name", "--of y", id="wrt-assigned"),
        pytest.param(["x", "--x", "1", "--of", "q"], 2, "name", "--of", id="of"),
        pytest.param(["x", "--x", "1", "--expect", "q"], 2, "name", "--expect", id="expect"),
        pytest.param(["x", "--x", "1", "--expect", "q=1"], 2, "name", "--expect", id="expect-for"),
        pytest.param(["x+y", *X, "--y", "1,2,3"], 2, "shape", "4", id="shapes"),
        pytest.param(["x@y", *X, "--y", "1,2,3"], 2, "shape", "3", id="matmul"),
        pytest.param(["sin(x, x, x)", *X], 2, None, "sin", id="arguments"),
        pytest.param(["x[9]", *X], 2, None, "9", id="index"),
        pytest.param(["x*x", *X, "--cotangent", "1,0,0"], 2, "shape", "cotangent", id="cotangent"),
        pytest.param(["x", "--x", "1,,2"], 2, "value", "x: ", id="value"),
        pytest.param(["x", "--x", "cat"], 2, "value", "x: ", id="word"),
        pytest.param(["x", "--x="], 2, "value", "x", id="empty-value"),
        pytest.param(["x", "--x", "[]"], 2, "value", "empty", id="empty-input"),
        pytest.param(["x", "--x", "zeros(10**12)"], None, None, "x", id="huge-value"),
        pytest.param(
            ["x", "--x", "1e40", "--dtype", "float32"], 2, "value", "too large", id="overflow"
        ),
        pytest.param(["x", "--x", "@no.npy"], 2, "file", "no.npy", id="no-file"),
        pytest.param(["x", "--x", "@f.py"], 2, "file", "kind", id="kind-of-file"),
        pytest.param(["x", "--x", "@bad.csv"], 2, None, "x", id="not-numeric"),
        pytest.param(["x", "--x", "@empty.csv"], 2, None, "empty", id="empty-file"),
        pytest.param(["no.py", "--x", "1"], 2, "file", "there is no file no.py", id="no-program"),
        pytest.param(["no.py:f", "--x", "1"], 2, "file", "there is no file no.py", id="no-module"),
        pytest.param(["ff.py", "--x", "1"], 2, "file", "ff.py", id="similar-file"),
        pytest.param(
            ["while x < 2: x = x*1\nx", "--x", "1", "--max-steps", "999"],
            4, "limit", "steps", id="endless",
        ),
        pytest.param(
            ["while x < 2: x = x*1\nx", "--x", "1", "--timeout", "0.1", "--max-steps", str(10**12)],
            4, "limit", "time limit of 0.1 s was", id="timeout",
        ),
        pytest.param(["x*2**10**10", *X], 4, "limit", "", id="integer"),
        pytest.param(["x.sum() + zeros(10**12).sum()", *X], 4, "limit", "", id="zeros"),
        pytest.param([NESTED, *X], 4, "limit", "", id="brackets"),
        pytest.param(["def f(x): return f(x)\nf(x)", *X], 4, "limit", "", id="recursion"),
        pytest.param(["__import__('os')", *X], 2, "unsupported", "", id="import"),
        pytest.param(["x.__dict__", *X], 2, "name", "", id="dunder"),
        pytest.param(["open('f')", *X], 2, "unsupported", "open", id="open"),
        pytest.param(["[y async for y in x]", *X], 2, "unsupported", "async", id="async"),
        pytest.param(["import os; x*os.getpid()", *X], 2, "unsupported", "os", id="import-os"),
        pytest.param(["3 + 4"], 2, "usage", "no inputs", id="no-inputs"),
        pytest.param([], 2, "usage", "no program", id="no-arguments"),
        pytest.param([*X], 2, "usage", "no program", id="only-values"),
        pytest.param(["x", "--x"], 2, "usage", "--x needs a value: --x VALUE", id="no-value"),
        pytest.param(["x*y", "--x", "--y", "1"], 2, "usage", "--x needs a value", id="next-option"),
        pytest.param(["x", "--let"], 2, "usage", "--let NAME=EXPR", id="option-without-value"),
        pytest.param(["x", "--let", "u", *X], 2, "usage", "--let NAME=EXPR", id="let-form"),
        pytest.param(["x", "--at", "x", *X], 2, "usage", "--at NAME=VALUE", id="at-form"),
        pytest.param(["x", "--class", "1"], 2, "usage", "class_ can", id="keyword"),
        pytest.param(["x", *X, "--accumulate=1"], 2, "usage", "takes no value", id="flag-value"),
        pytest.param(["--jsn", "x", *X], 2, "usage", "did you mean --json?", id="flag-misspelt"),
        pytest.param(["x", "--fromat", "csv", *X], 2, "name", "--format?", id="option-misspelt"),
        pytest.param(["x", *X, "--max-step", "3"], 2, "usage", "--max-steps?", id="hyphens"),
        pytest.param(["x", "--my-x", "3"], 2, "usage", "--my_x", id="hyphenated-name"),
        pytest.param(["x", *X, "--dtype", "int8"], 2, "usage", "float64", id="dtype"),
        pytest.param(["x", *X, "--format", "jsn"], 2, "usage", "did you mean json?", id="format"),
        pytest.param(["x", *X, "--seed", "a"], 2, "usage", "whole number", id="seed"),
        pytest.param(["x", *X, "--max-steps", "0"], 2, "usage", "at least 1", id="steps"),
        pytest.param(["x", *X, "--timeout", "-1"], 2, "usage", "above 0", id="time"),
        pytest.param(["x", *X, "--device", "foo"], 2, "usage", "--device foo", id="device"),
        pytest.param(
            ["x*y", *X, "--y", "1", "--expect", "y"], 2, "usage", "--expect y=...", id="which-claim"
        ),
        pytest.param(
            ["x", *X, "--expect", "1", "--expect", "x=1"], 2, "usage", "two claims", id="claims"
        ),
        pytest.param(
            ["x", *X, "--expect", "x=1", "--expect", "q=1"], 2, "name", "no q", id="claim-of-none"
        ),
        pytest.param(
            ["x*y", *X, "--y", "1", "--wrt", "x", "--expect", "y=x"],
            2, "usage", "--wrt y", id="claim-not-asked-for",
        ),
        pytest.param(["-", "--x", "@-"], 2, "usage", "only once", id="stdin-twice"),
        pytest.param(["x\udcff", *X], 2, "usage", "UTF-8", id="not-utf-8"),
    ],
)  # fmt: skip
def test_each_error_is_one_sentence_with_its_exit_code(
    run: Run,
    argv: Sequence[str],
    code: int | None,
    kind: str | None,
    message: str,
) -> None:
    with open("bad.csv", "w") as bad, open("empty.csv", "w"):
        bad.write("a,b\ncat,dog\n")
    answer = run("grad", "--json", *argv)
    (line,) = answer.out.splitlines()
    error = json.loads(line)
    assert error["schema"] == "gradcalc.error/1"
    assert error["exit_code"] == answer.code
    if code is not None:
        assert answer.code == code, answer.err
    if kind is not None:
        assert error["error"]["kind"] == kind, answer.err
    assert message in f"{error['error']['message']} {error['error']['hint']}"
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert run("grad", *argv).out == ""


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(["draw", "x**3"], "gradcalc --help lists the commands", id="no-command"),
        pytest.param(["gard", "x"], "did you mean grad?", id="misspelt"),
        pytest.param(["laplacian"], "gradcalc --help", id="unknown"),
        pytest.param(["--all", "grad", "x"], "gradcalc grad --all x", id="option-in-front"),
        pytest.param(["--versio"], "did you mean --version?", id="option-misspelt"),
        pytest.param(["-q"], "there is no command '-q'", id="short-option"),
        pytest.param(["functions", "sin", "b"], "there is no function called b", id="second-name"),
        pytest.param(["functions", "--foo"], "no such option: --foo", id="unknown-option"),
    ],
)
def test_usage_errors_look_like_all_others(
    run: Run,
    argv: Sequence[str],
    message: str,
) -> None:
    answer = run(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert answer.err.startswith("error: ")
    assert len(answer.err.splitlines()) <= 2


def test_an_error_shows_the_place(run: Run) -> None:
    assert run("grad", "x*y", "--x", "1").err.splitlines()[1:] == ["1 | x*y", "  |   ^"]


def test_a_fault_is_one_sentence(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr(gradcalc.cli.grad, "answered", broken)
    answer = run("grad", "x", "--x", "1", "--json")
    assert answer.code == 70
    assert "gradcalc has a fault: ZeroDivisionError: of our own" in answer.err
    assert "Traceback" not in answer.err
    assert json.loads(answer.out)["error"]["kind"] == "fault"
    monkeypatch.setenv("GRADCALC_DEBUG", "1")
    assert "Traceback" in run("grad", "x", "--x", "1").err


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt, 130), (MemoryError, 4)], ids=["ctrl-c", "memory"]
)
def test_what_comes_from_outside(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    code: int,
) -> None:
    def stopped(*_: object) -> int:
        raise error

    monkeypatch.setattr(gradcalc.cli.grad, "answered", stopped)
    answer = run("grad", "x", "--x", "1")
    assert answer.code == code
    assert answer.err == "" or code == 4


PIECES = st.sampled_from(
    [
        "x", "y", "2", "0", "+", "-", "*", "/", "**", "@", "(", ")", "[", "]", ",", ";", ":", "=",
        ".", "sum", "sin", "log", "max", "norm", "detach", "def f(x): ", "return ", "while x<9: ",
        "if x>0: ", "\n", " ", "lambda x: ", "x.T", "x.sum()", ":=", "1e400", "nan", "''", "é",
        "relu", "None", "x[0]", "<", "==", "--", "@-",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.text(max_size=12),
)
OPTIONS = st.sampled_from(
    ["--x", "--y", "--let", "--expect", "--cotangent", "--wrt", "--of", "--detach", "--at",
     "--dtype", "--seed", "--json", "--quiet", "--accumulate", "--format", "--no-check", "--"]
)  # fmt: skip


def settle(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["grad", *argv, "--max-steps", "500", "--timeout", "2"])
    captured = capsys.readouterr()
    assert code in (0, 1, 2, 3, 4), captured.err
    assert "Traceback" not in captured.err


RELAXED = settings(
    max_examples=share(300),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)


@RELAXED
@given(program=TEXTS, value=TEXTS)
@pytest.mark.usefixtures("no_stdin")
def test_no_program_and_no_value_is_a_fault(
    capsys: pytest.CaptureFixture[str], program: str, value: str
) -> None:
    settle([program, "--x", value], capsys)
    settle([program, "--x", "0.5,2"], capsys)


@RELAXED
@given(argv=st.lists(st.one_of(TEXTS, OPTIONS), max_size=7))
@pytest.mark.usefixtures("no_stdin")
def test_no_command_line_is_a_fault(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    settle(argv, capsys)


@pytest.mark.parametrize(
    "argv",
    [
        ("grad", "x\0", "--x", "1"), ("grad", "x", "--x", "1\0"), ("grad", "x", "--inputs", "a\0b"),
        ("grad", "x", "--x", "1", "--html", "\0"), ("batch", "\0"), ("report", "a\0"), ("\0",),
    ],
)  # fmt: skip
def test_a_nul_is_no_part_of_a_command_line(run: Run, argv: tuple[str, ...]) -> None:
    found = run(*argv)
    assert (found.code, found.out) == (2, "")
    assert found.err == "error: a NUL character is no part of a command line\n"
