"""`gradcalc repl` by its lines: what each means, what is answered, and what is kept."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import gradcalc
from gradcalc.cli.options import rows
from gradcalc.cli.prompting import NEEDED, Warming
from gradcalc.cli.repl import loop, readers
from gradcalc.cli.repl.lines import KEPT, REPEATED, is_open, meaning, statements
from gradcalc.cli.repl.offered import offered
from gradcalc.cli.repl.session import Session
from gradcalc.codes import COMMANDS
from tests.command import Run
from tests.processes import HANGS
from tests.test_start import run as imported

LINES = {
    # lines, and what is printed
    "an input, and a program": ("x = 0,1,2,3\n2*dot(x,x)", "0,4,8,12\n"),
    "inputs that are not used are left out": ("y = 5\nx = 3\nx**2", "6\n"),
    "mathematics": ("A = 1,2;3,4\nx = 1,1\nwrt x\nnorm(A x)^2", "48,68\n"),
    "a name for an expression": ("x = 2\nu = x*x\nv = u*x\nv", "12\n"),
    "expressions of expressions are set behind them": ("v = u*x\nu = x*x\nx = 2\nv", "12\n"),
    "a function of one line": ("f = lambda t: t**3\nx = 2\nf(x)", "12\n"),
    "a function": ("x = 2\ndef f(a):\n    b = a*a\n\n    return b*a\nf(x)", "12\n"),
    "a function alone": ("def f(a):\n    return a*a*c\na = 3\nc = 2\nwrt a\nf", "12\n"),
    "functions of functions": (
        "def g(t): return t*t\ndef f(t):\n  return g(t)*t\nx = 2\nf(x)", "12\n",
    ),
    "an import": ("import numpy as np\nx = 2\nnp.sum(x**3)", "12\n"),
    "a value for once": ("x = 3\nx**2 --x 4", "8\n"),
    "a value from a file for once": ("x**2 --x @four.txt", "8\n"),
    "a negative value for once": ("x**2 --x -4", "-8\n"),
    "two signs are no option": ("x = 3\ny = 1\nwrt y\nx*x --y", "1\n"),
    "as a shell has it": ('gradcalc grad "x**2" --x 3', "6\n"),
    "as a page has it": ('$ gradcalc "x**2" --x 3', "6\n"),
    "detached": ("x = 1,2\nu = x*x\ndetach u\nu*x", "1,4\n"),
    "detached, of the last program": ("x = 1,2\nu = x*x\nu*x\ndetach u", "3,12\n1,4\n"),
    "no longer detached": ("x = 1,2\nu = x*x\ndetach u\ndetach\nu*x", "3,12\n"),
    "names that are kept are left out elsewhere": ("x = 3\ndetach u\nx**2", "6\n"),
    "another derivative": ("x = 1,2\nhessian x@x", "2,0;0,2\n"),
    "another derivative of the last program": ("x = 1,2\nx@x\nhessian", "2,4\n2,0;0,2\n"),
    "claims are about the gradient alone": (
        "x = 1,2\nx@x\nexpect 2*x\nhessian", "2,4\n2,4\n2,0;0,2\n",
    ),
    "further options": ("x = 1,2\nx*x\ncotangent 1,0", "2,4\n2,0\n"),
    "random numbers are drawn once": ("x = randn(3)\ny = x\nx - x\nexpect 0,0,0", "0,0,0\n" * 2),
    "a name that is a word": ("seed = 3\nseed**2", "6\n"),
    "a name that is a command": ("why = 3\nwhy * why", "6\n"),
    "a word behind a colon": ("inputs = 3\n:inputs", "inputs = 3\nformat literal\n"),
    "taken back": ("x = 3\nforget x\ninputs", "format literal\n"),
    "all that is set": (
        "x = 1,2\nu = x*x\ndef f(a):\n  return a\ninputs",
        "x = 1,2\nu = x*x\ndef f(a):\nformat literal\n",
    ),
    "set anew": ("x = 3\nx = 4\nx**2", "8\n"),
    "a value in place of an expression": ("u = 2*x\nu = 4\nu**2", "8\n"),
    "comments and nothing": ("# nothing\n\n   \nx = 3\nx**2  # that", "6\n"),
    "a bracket that goes on": ("x = 3\n(x\n*x)", "6\n"),
    "it ends": ("x = 3\nquit\nx**2", ""),
    "as a command line": (
        "x = 1,2\nu = x*x\nsum(u*x)\nsave",
        '3,12\ngradcalc grad "sum(u*x)" --x 1,2 --let "u=x*x" --format literal\n',
    ),
}  # fmt: skip

WRONG = {
    "a word that is misspelt": ("whhy", "did you mean why?"),
    "nothing that was answered": ("x**2\nsave", "nothing has been asked yet"),
    "no value": ("x@x", "x has no value: give it with x = VALUE"),
    "no values": ("x@y", "x and y have no value: give them with x = VALUE, y = VALUE"),
    "the place": ("x = 1\n2*dott(x)", "1 | 2*dott(x)\n  |   ^^^^\ntip: did you mean dot?"),
    "no value behind =": ("x =", "x needs a value: x = 0,1,2"),
    "no such value": ("x = 1,,2", "1 | 1,,2\n  |   ^"),
    "a name of itself": ("u = 2*u", "u would be made of itself"),
    "names of each other": ("u = 2*v\nv = 3*u", "v would be made of itself"),
    "own code": ("check f.py:g", "it runs code of yours, which nothing typed here does"),
    "a command of the shell": ("daemon start", "daemon is a command for the shell"),
    "nothing to repeat": ("why", "there is no program yet"),
    "no such word": (":nonsense", "there is no command 'nonsense'"),
    "standard input as a value": ("x = @-", "standard input has the lines themselves"),
    "standard input as a program": ("- --x 1", "standard input has the lines themselves"),
    "standard input for once": ("x**2 --x @-", "standard input has the lines themselves"),
    "a kept option that is none": ("dtype int8", "--dtype int8"),
    "nothing to take back": ("forget q", "q is not set"),
    "nothing to save": ("save", "nothing has been asked yet"),
    "no Python": ("def f(x:\n  return x", "not valid Python"),
    "a quotation mark": ("x**2 --x '1", "a quotation mark is not closed"),
    "no test of code": ("export x --x 1\nsave test_a.py", "export has no gradient"),
    "a file of somebody else": ("x --x 1\nsave four.txt", "nothing that was saved here"),
}


NEEDING = ("jvp", "hvp", "vjp", "plot")
"""Commands that need more than a program and values."""


@pytest.fixture(autouse=True)
def _folder(run: Run) -> None:
    Path("four.txt").write_text("4\n")


def test_what_failed_is_not_saved(run: Run) -> None:
    answer = run("repl", stdin="x = 3\nx**2 --quiet\nx**2 --html /none/a.html\nsave\n")
    assert answer.out == 'gradcalc grad "x**2" --x 3 --quiet\n'
    assert "cannot be written" in answer.err


@pytest.mark.parametrize("name", LINES)
def test_lines_are_answered(run: Run, name: str) -> None:
    typed, printed = LINES[name]
    answer = run("repl", stdin=f"format literal\n{typed}\n")
    assert (answer.out, answer.err) == (printed, "")
    assert answer.code == 0


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(run: Run, name: str) -> None:
    typed, told = WRONG[name]
    answer = run("repl", stdin=typed)
    assert told in answer.err
    assert answer.code == 2


@pytest.mark.parametrize(
    ("typed", "code"),
    [("x**2 --x 3", 0), ("abs(x) --x 0", 3), ("abs(x) --x 0\nx**", 2),
     ("x**\nx --x 1\nexpect 2\nabs(x) --x 0", 1), ("", 0)],
)  # fmt: skip
def test_the_exit_code_is_the_worst(run: Run, typed: str, code: int) -> None:
    assert run("repl", stdin=typed).code == code


def test_what_is_no_text_is_said(run: Run) -> None:
    answer = run("repl", stdin=b"x = \xff\n")
    assert answer.code == 2
    assert "standard input is not a text in UTF-8" in answer.err


@pytest.mark.parametrize(
    "name", [n for n, c in COMMANDS.items() if c.takes_program and n not in NEEDING]
)
def test_each_command_that_takes_a_program_takes_it_here(run: Run, name: str) -> None:
    typed = f"x = 1,2\nunused = 7\n{name} sum(x*x)\n"
    assert run("repl", stdin=typed).err == ""
    assert run("repl", stdin=f"x = 1,2\nsum(x*x)\n{name}\n").err == ""


@pytest.mark.parametrize("word", [*KEPT, *REPEATED])
def test_the_words_are_options(word: str) -> None:
    assert [row for row, _ in rows().values() if row.flag == f"--{word}" and row.metavar]


def test_tests_that_are_saved_pass(run: Run) -> None:
    asked = ("x = 1,2\nu = x*x\nsum(u*x)\n", "detach u\n", "hessian\n", "sqrt(v**2) --v 0\n",
             "vjp x*x --cotangent 1,0\n", "jvp x*x --tangent 1,0\n")  # fmt: skip
    typed = "".join(f"{one}save test_saved.py\nsave saved.sh\n" for one in asked)
    assert "error" not in run("repl", stdin=typed).err
    scope: dict[str, object] = {}
    exec(Path("test_saved.py").read_text(), scope)
    tests = [test for name, test in scope.items() if name.startswith("test_")]
    assert len(tests) == len(asked)
    for test in tests:
        test()
    lines = Path("saved.sh").read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[1] == 'gradcalc grad "sum(u*x)" --x 1,2 --let "u=x*x"'
    assert len(lines) == 1 + len(asked)


def test_random_numbers_are_those_of_the_seed(run: Run) -> None:
    first, again = (run("repl", stdin="seed 3\nx = randn(2)\nx@x --format literal\n").out
                    for _ in range(2))  # fmt: skip
    assert first == again
    assert np.array_equal(
        np.array(first.split(","), float), 2 * np.random.default_rng(3).standard_normal(2)
    )


@pytest.mark.parametrize(
    ("text", "open_"),
    [("x = 1,2", False), ("(x", True), ("(x\n", False), ("def f(x):", True),
     ("def f(x):\n    return x", True), ("def f(x):\n    return x\n", False), ("x \\", True),
     ("'('", False), ("def f(a): return a\nf(x)", False),
     ("while x < 1: x = x*2", False), ("", False), ("f = '''", False)],
)  # fmt: skip
def test_what_goes_on(text: str, open_: bool) -> None:
    assert is_open(text) == open_


def test_lines_that_belong_together() -> None:
    text = "x = 1\n@cache\ndef f(a):\n\n    return a\n\nf(x)\nfor k in y:\n  k\n\n(a\n+ b)\nx"
    assert list(statements(text.splitlines())) == [
        "x = 1", "@cache\ndef f(a):\n\n    return a\n", "f(x)", "for k in y:\n  k", "(a\n+ b)", "x",
    ]  # fmt: skip


OFFERED = {
    "names": ("sum(ve", "velocity"),
    "functions": ("softpl", "softplus"),
    "commands": ("hess", "hessian"),
    "words": ("inp", "inputs"),
    "options": ("x --wr", "--wrt"),
    "options of a command": ("export x --t", "--to"),
    "names behind an option": ("detach ve", "velocity"),
    "commands to be explained": ("help dae", "daemon"),
}


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered(name: str) -> None:
    before, text = OFFERED[name]
    session = Session(values={"velocity": "1"})
    assert text in offered(session, before)
    assert "softplus" not in offered(session, "softpl", warm=False)


def test_a_missing_prompt_is_said(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.setenv("TERM", "xterm")
    assert not readers.is_there()
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        assert isinstance(loop._reader(Session(), Warming()), readers.Typed)
    assert "pip install 'gradcalc[repl]'" in screen.getvalue()


def test_what_is_imported_beforehand_is_there() -> None:
    for name in NEEDED:
        __import__(name)


def test_nothing_of_it_is_imported_for_a_gradient() -> None:
    code = (
        "import sys\n"
        "from gradcalc.cli.app import main\n"
        "code = main(sys.argv[1:])\n"
        "print(code, *[n for n in sys.modules if n.startswith(('gradcalc.cli.rep',))"
        " or n.split('.')[0] in ('prompt_toolkit', 'readline', 'wcwidth')])\n"
    )
    assert imported(code, "grad", "x**2", "--x", "3", "--quiet") == "0"


def test_a_pipe_of_a_shell() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradcalc", "repl"], input="x = 1,2\nx@x --format literal\n",
        capture_output=True, text=True, timeout=HANGS, check=False,
        cwd=Path(gradcalc.__file__).parent.parent,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "2,4\n", "")


WORDS = (
    "x", "=", "u", "x*x", "detach", "expect", "why", "explain", "hessian", "0,1", "inputs",
    "forget", "help", "--wrt", "--x", "--", "def f(a):", "\n", "  return a", "(", ")", "[", "'",
    '"', "\\", "@", "*", "+", "-", "f", "f(x)", "lambda t: t", "seed", "dtype", "float32", "order",
    "2", "of", "sum(u)", "format", "json", "$", "gradcalc", "grad", "functions", "softmax", ":",
    "import torch", "A[0]", "ünï", "λ", "\0", "\ud800", "quit", "check", "daemon start", "report",
    "tangent", "jvp", "cotangent", "1,0", "declare", "x=psd", "x.a", "#", "tol", "digits", "~",
    "|x|", "formula", "norm(A x)", "class C:", "while x: x", "@f.npy", "jacobian",
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=5), max_size=4))
@example([["def f(a):\n return a"], ["f"]])
@example([["x = ", "\0"]])
def test_nothing_typed_is_a_fault(typed: list[list[str]]) -> None:
    session, screen = Session(), io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        for words in typed:
            with contextlib.suppress(loop._Left):
                line = " ".join(words)
                # which writes files
                code = 0 if "save" in line or "html" in line else loop.answer(session, line)
                assert code in (0, 1, 2, 3, 4), line
                meaning(" ".join(words), session.names) if code == 0 else None
    assert "fault" not in screen.getvalue()
