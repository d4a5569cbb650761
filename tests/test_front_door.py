"""The first minute: commands as people type them, and what each gives or says."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gradcalc.cli.arguments import known_options
from gradcalc.cli.digits import room
from gradcalc.cli.natural import spelled_out
from gradcalc.cli.readers import Exact
from gradcalc.codes import completed
from gradcalc.lang.fence import compile_program
from tests.command import Run

LITERAL = ("--format", "literal")


@pytest.mark.parametrize(
    ("argv", "gradient"),
    [
        (["x**2", "--x", "3"], "6"),
        (["x^2", "-x", "3"], "6"),
        (["x²", "x=3"], "6"),
        (["2x", "--x=3"], "2"),
        (["--x", "3", "x**2"], "6"),
        (["x", "--x", "3"], "1"),
        (["rad", "--rad", "3"], "1"),
        (["-x*x", "-x", "3"], "-6"),
        (["-x", "--x", "3"], "-1"),
        (["f.py", "--a", "0.3"], "4096"),
        (["grad", "x**2", "--x", "1", "2", "3"], "2,4,6"),
        (["grad", "x**2", "--x", "1,", "2,", "3"], "2,4,6"),
        (["grad", "x**2", "--x", "-1", "2"], "-2,4"),
        (["grad", "x**2", "-x", "-.5e0", "2"], "-1,4"),
        (["grad", "x**2", "--x", "[1, 2]"], "2,4"),
        (["grad", "x**2", "--x", "1_000"], "2000"),
        (["grad", "x*y", "x=1,2", "y=3", "--wrt", "x"], "3,3"),
        (["grad", "y = 2*x", "--x", "2"], "2"),
        (["grad", "q*x", "-q", "3", "-x", "2", "--wrt", "x"], "3"),
        (["grad", "x*n", "--x", "1", "2", "--n", "3", "--wrt", "x"], "3,3"),
        (["grad", "f(x) = x^3", "--x", "2"], "12"),
        (["grad", "lambda x: x**3", "--x", "2"], "12"),
        (["grad", "(x+1)(x-1)", "--x", "2"], "4"),
        (["grad", "sin(π x)/π", "--x", "0"], "1"),
        (["grad", "|x|", "--x", "-2"], "-1"),
        (["x·3", "--x", "-2"], "3"),
        (["x·y", "x=-2", "y=3", "--wrt", "x"], "3"),
        (["πr", "--r", "2"], "3.141592653589793"),
        (["2rπ", "--r", "2"], "6.283185307179586"),
        (["grad", "x·y·x", "x=2", "y=3", "--wrt", "y"], "4"),
        (["πr", "--πr", "2"], "1"),
        (["grad", "u^2", "--let", "u=2x", "--x", "2"], "16"),
        (["x**2", "x", "=", "3"], "6"),
        (["x**2", "x = 3"], "6"),
        (["x**2", "x=", "1", "2"], "2,4"),
        (["grad", "x = 2*x", "--x", "2"], "2"),
        (["x**2", "--x", "1", "π"], "2,6.283185307179586"),
        (["x**2", "-x", "-π/2"], "-3.141592653589793"),
        (["x*y", "--x", "2", "--y", "3", "--wrt", "x", "--expect", "x", "=", "3"], "3"),
        (["x**2", "--x", "1,2", "--expect", "2", "4"], "2,4"),
        (["x**2", "--x", "1,2", "--expect=x=2.", "4"], "2,4"),
        (["x*x", "--x", "1,2", "--cotangent", "1", "0"], "2,0"),
        (["xᵀ A x", "x=1,2", "--A", "2,1;1,3", "--wrt", "x"], "8,14"),
        (["‖A x - b‖²", "x=1,2", "--A", "2,1;1,3", "--b", "3,4", "--wrt", "x"], "10,20"),
        (["x·y", "x=1,2", "y=3,4", "--wrt", "x"], "3,4"),
        (["‖x‖₁", "x=3,-4"], "1,-1"),
        (["½x", "x=3"], "0.5"),
        (["lambda x, k=3: k*x", "x=2", "--wrt", "x"], "3"),
    ],
)
def test_what_is_typed_the_natural_way_is_accepted(
    run: Run, argv: Sequence[str], gradient: str
) -> None:
    answer = run(*argv, *LITERAL)
    assert (answer.err, answer.out.strip()) == ("", gradient)


def test_a_dash_is_standard_input(run: Run) -> None:
    assert run("x**2", "--x", "-", *LITERAL, stdin="1\n2\n").out == "2,4\n"
    assert run("-", "--x", "3", *LITERAL, stdin="x^2").out == "6\n"


def test_the_reading_of_mathematics_is_said(run: Run) -> None:
    argv = ("2x² + sin x", "--x", "1")
    assert "# read as\t2*x**2 + sin(x)\n" in run(*argv).out
    assert "\nread as  2*x**2 + sin(x)\n" in "\n" + run(*argv, "--format", "table").out
    (found,) = run(*argv, "--json").json
    assert (found["program"], found["read_as"]) == ("2x² + sin x", "2*x**2 + sin(x)")
    assert "read as" not in run("x**2", "--x", "1").out
    assert "read_as" not in run("x**2", "--x", "1", "--json").json[0]


def test_the_reading_of_other_mathematics_is_said_too(run: Run) -> None:
    answer = run("u*x", "--let", "u=2x^2", "--x", "3", "--expect", "6x²")
    assert answer.code == 0
    assert "# finding\t'--let u=2x^2 is read as 2*x**2\n" in answer.out
    assert "# finding\t'--expect 6x² is read as 6*x**2\n" in answer.out
    assert "read as" not in run("u*x", "--let", "u=2*x", "--x", "3", "--expect", "4*x").out


def test_a_reading_that_hangs_on_shapes_is_said(run: Run) -> None:
    inputs = ("--A", "2,1;1,3", "--x", "1,2", "--wrt", "x")
    argv = ("x·u", "--let", "u=A x", *inputs, "--expect", "(A + Aᵀ) x")
    answer = run(*argv)
    assert answer.code == 0
    assert "# read as\tx@u\n" in answer.out
    assert "# finding\t'--let u=A x is read as A@x\n" in answer.out
    assert "# finding\t'--expect (A + Aᵀ) x is read as (A + A.T)@x\n" in answer.out


def test_a_file_is_python(run: Run) -> None:
    Path("power.py").write_text("def f(x, n=3):\n    return x^n\n")
    Path("either.py").write_text("(x + 1) ^ (x > 2)")
    Path("product.py").write_text("(x+1)(x-1)")
    for name in ("power.py", "either.py", "product.py"):
        answer = run(name, "--x", "2")
        assert (answer.code, answer.out) == (2, "")
        assert "the operator ^" in answer.err or "called" in answer.err


def test_alone_it_says_what_to_type(run: Run) -> None:
    answer = run()
    lines = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 80
    commands = [line[2:].partition("  ")[0] for line in lines if line.startswith("  ")]
    assert len(commands) == 5
    for command in commands:
        assert run(*shlex.split(command)[1:]).code in (0, 1)


def test_short_options(run: Run) -> None:
    assert run("-V").out == run("--version").out != ""
    assert run("help", "grad").out == run("grad", "--help").out != ""
    assert run("help").out == run("--help").out != ""
    assert len(run("-h").out) < len(run("--help").out)
    assert run("help", "sin").out == run("functions", "sin").out != ""
    quiet = run("x**2", "--x", "1", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


X = ("--x", "3")


@pytest.mark.parametrize(
    ("argv", "says", "tip"),
    [
        (["x**2", *X, "--latex"], "there is no option --latex", "--format latex"),
        (["x**2", "--latex", *X], "there is no option --latex", "--format latex"),
        (["--markdown", "x**2", *X], "there is no option --markdown", "--format markdown"),
        (["x**2", *X, "--verbose"], "there is no option --verbose", "gradcalc why"),
        (["x**2", *X, "--no-color"], "there is no option --no-color", "NO_COLOR=1"),
        (["x**2", *X, "--color", "never"], "the program does not use color", "NO_COLOR=1"),
        (["x**2", *X, "--precision", "3"], "the program does not use precision", "--digits N"),
        (["x**2", *X, "--hessian"], "there is no option --hessian", "gradcalc hessian"),
        (["x**2", *X, "--jacobian"], "there is no option --jacobian", "gradcalc jacobian"),
        (["x**2", *X, "--pretty"], "there is no option --pretty", "--format table"),
        (["x**2", *X, "--plot"], "there is no option --plot", "gradcalc plot draws"),
        (["x**2", *X, "--simplify"], "there is no option --simplify", "--all"),
        (["x**2", *X, "--frobnicate"], "there is no option --frobnicate", "gradcalc grad --help"),
        (["x**2", *X, "-v"], "there is no option -v", "gradcalc why"),
        (["x**2", "-v", *X], "there is no option -v", "gradcalc why"),
        (["x**2", *X, "-o", "f.txt"], "there is no option -o", "> FILE"),
        (["x**2", *X, "-k"], "there is no option -k", "gradcalc grad --help"),
        (["x**2", *X, "--eps", "1e-3"], "the program does not use eps", "--tol"),
        (["--file", "f.py", *X], "there is no option --file", 'gradcalc grad "x**2"'),
        (["x*frobnicate", *X, "--frobnicate"], "--frobnicate needs a value", ""),
        (["x**2", "--x", "2pi"], "a comma is missing", "write 2*pi for a product"),
        (["x**2", "--x", "2π"], "a comma is missing", "write 2*pi for a product"),
        (["x**2", "--x", "1", "2π"], "a comma is missing", "write 2*pi for a product"),
        (["x**2", "--x", "√2"], "'√' has no place in a value", "write sqrt(2)"),
        (["x**2", "--x", "√(2)"], "'√' has no place in a value", "write sqrt(2)"),
        (["x**2", "--x", "50%"], "a number is missing", "write 0.5"),
        (["x**2", "--x", "50%,20%"], "a number is expected", "write 0.5"),
        (["x**2", "--x", "½"], "'½' has no place in a value", "write 1/2"),
        (["x**2", "--x", "3²"], "'²' has no place in a value", "write 3**2"),
        (["x**2", "--x", "2·3"], "'·' has no place in a value", "write * for a product"),
        (["x**2", *X, "--csv", "f"], "the program does not use csv", "--format csv"),
        (["x**2", *X, "--output", "f"], "the program does not use output", "> FILE"),
        (["x**2", *X, "--strct"], "there is no option --strct", "did you mean --strict?"),
        (["x**2", "--X", "3"], "the program does not use X", "did you mean --x?"),
        (["x*Y", *X, "--y", "2"], "the program does not use y", "did you mean --Y?"),
        (["gard", "x**2", *X], "there is no command 'gard'", "did you mean grad?"),
        (["1/2x", *X], "1/2x has two readings", "write 1/2*x or 1/(2*x)"),
        (["sin x y", *X], "sin x y has two readings", "write sin(x)*y or sin(x*y)"),
        (["2sine(x)", *X], "there is no function called sine", "did you mean sin?"),
        (["x**2", "x="], "x is empty", ""),
        (["x^2"], "x has no value: give it with --x VALUE", ""),
        (["xy", *X, "--y", "2"], "the program does not use x", "for a product write x*y"),
        (["2xy", *X, "--y", "2"], "the program does not use x", "for a product write x*y"),
        (["ax^2", *X, "--a", "2"], "the program does not use x", "for a product write a*x"),
        (["x + xx", *X], "xx has no value: give it with --xx VALUE", "for a product write x*x"),
        (["exp(-x/τ)", *X], "τ has no value: give it with --τ VALUE", ""),
        (["cot x", *X], "there is no function called cot", "write cos(x)/sin(x)"),
        (["x^A", "x=2", "--A", "1,0;0,1"], "x^A has two readings for a 2×2 matrix", "exponential"),
    ],
)
def test_what_cannot_be_meant_is_told_what_to_use(
    run: Run, argv: Sequence[str], says: str, tip: str
) -> None:
    answer = run(*argv)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err.splitlines()[0]
    assert tip in answer.err.splitlines()[-1]
    assert "gradcalc grad plot" not in answer.err


@pytest.mark.parametrize(
    "argv",
    [
        [], ["--help"], ["--version"], ["grad"], ["grad", "x", "--x", "3"], ["-h"], ["plot"],
        ["--all", "grad", "x"], ["daemon", "status"], ["--versio"], [""],
    ],
)  # fmt: skip
def test_what_is_complete_stays_so(argv: list[str]) -> None:
    assert completed(argv) == argv
    assert completed(completed(["x**2", *argv])) == completed(["x**2", *argv])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["f", "--x", "1", "2"], ["f", "--x=1,2"]),
        # what is no number itself has none behind it
        (["f", "--x", "1,2", "3"], ["f", "--x=1,2", "3"]),
        (["f", "--x", "[1, 2]", "3"], ["f", "--x=[1, 2]", "3"]),
        (["f", "--x", "@a.npy", "3"], ["f", "--x=@a.npy", "3"]),
        (["f", "--x", "3", "-"], ["f", "--x=3", "-"]),
        (["f", "--x", "3", "g"], ["f", "--x=3", "g"]),
        (["f", "--expect", "4*x", "3"], ["f", "--expect", "4*x", "3"]),
        (["f", "--let", "u=3", "4"], ["f", "--let", "u=3", "4"]),
        (["f", "--let", "u", "=", "g"], ["f", "--let", "u=g"]),
        (["f", "x", "==", "3"], ["f", "x", "==", "3"]),
    ],
)
def test_which_words_are_items(argv: list[str], words: list[str]) -> None:
    assert spelled_out(argv, known_options("grad")) == words


SIGMOID = ("sigmoid(x)", "--x", "1,2")
"""Its gradient is 0.196611933..., 0.104993585..."""


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--expect", "0.19661,0.10499"], "0.19661,0.10499 holds to the 5 digits given"),
        (["--expect", "0.1966,0.105"], "0.1966,0.105 holds to the 3 digits given"),
        (["--expect", "0.1966119,0.1049935"], "0.1966119,0.1049935 holds to the 7 digits given"),
        (["--expect", "1.966e-1,1.05e-1"], "1.966e-1,1.05e-1 holds to the 3 digits given"),
        (["--expect", "0.20,0.11", "--tol", "0.1"], "0.20,0.11 holds within 0.1"),
        (["--expect", "sigmoid(x)*(1 - sigmoid(x))"], "sigmoid(x)*(1 - sigmoid(x)) holds"),
    ],
)
def test_expected_numbers_hold_to_the_digits_typed(
    run: Run, argv: Sequence[str], says: str
) -> None:
    answer = run(*SIGMOID, *argv)
    assert answer.code == 0
    assert f"# expected\t{says}\n" in answer.out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--expect", "0.1967,0.10499"], "it gives 0.1967 for x[0], not 0.196612"),
        (["--expect", "0.19661,0.1051"], "it gives 0.1051 for x[1], not 0.104994"),
        (["--expect", "0.20,0.10"], "it gives 0.2 for x[0]"),
        (["--expect", "0.19661,0.10499", "--strict"], "it gives 0.19661 for x[0]"),
        (["--expect", "0.19661,0.10499", "--tol", "1e-9"], "it gives 0.19661 for x[0]"),
        (["--expect", "nan", "--tol", "0.1"], "it gives nan for x[0]"),
        (["--expect", "0.19661*x/x", "--tol", "1e-9"], "it gives 0.19661 for x[0]"),
    ],
)
def test_expected_numbers_that_are_off_in_those_digits_fail(
    run: Run, argv: Sequence[str], says: str
) -> None:
    answer = run(*SIGMOID, *argv)
    assert answer.code == 1
    assert says.lower() in answer.out.lower()


@pytest.mark.parametrize("text", ["[1,[2]]", "[[2.0,4.0],[2.0]]", "[[1, 1], 1]", "[[], [1.0]]"])
def test_expected_numbers_that_are_no_array_are_refused(run: Run, text: str) -> None:
    answer = run("x**2", "--x", "1,2", "--expect", text)
    assert (answer.code, answer.out) == (2, "")
    assert "not alike" in answer.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["x**2", "--x", "0.27015", "--expect", "0.54"], "the 2 digits"),
        (["sigmoid(x)", "--x", "1,2", "--expect", "0.2,0.1"], "the 1 digit"),
        (["sigmoid(x)", "--x", "1,2", "--expect", "0.19,0.104"], "the 2 digits"),
        (["x**2", "--x", "0.27015", "--expect", "0.50"], ""),
        (["sin(x)", "--x", "1,1.57", "--expect", "0.5403,0.0"], ""),
        (["x**2", "--x", "0.27015", "--expect", "0.54", "--strict"], ""),
        (["x**2", "--x", "0.27015", "--expect", "1"], ""),
    ],
)
def test_so_few_digits_are_taken_as_they_stand(run: Run, argv: list[str], says: str) -> None:
    answer = run(*argv)
    assert answer.code == 1
    (line,) = (line for line in answer.out.splitlines() if line.startswith("# expected"))
    told = f"; it agrees to {says} given, which is too few to tell: --tol "
    assert (told in line) is bool(says)
    if says:
        assert run(*argv, "--tol", line.rpartition(" ")[2]).code == 0


def test_zeros_are_digits_too(run: Run) -> None:
    answer = run("sin(x)", "--x", "1,1.5707963267948966", "--expect", "0.5403, 0.000")
    assert "# expected\t0.5403, 0.000 holds to the 3 digits given\n" in answer.out
    assert run("x**2", "--x", "0.02", "--expect", "0.0").code == 1


def test_numbers_that_were_not_typed_are_exact() -> None:
    program = compile_program("[0.196, 0.104]")
    assert room("[0.196, 0.104]", program, None) is not None
    assert room(Exact("[0.196, 0.104]"), program, None) is None
    assert room("[x, 0.104]", compile_program("[x, 0.104]"), None) is None


@pytest.mark.parametrize("tolerance", ["-1", "1", "x", "nan"])
def test_a_tolerance_is_a_number_from_0_to_1(run: Run, tolerance: str) -> None:
    answer = run(*SIGMOID, f"--tol={tolerance}")
    assert (answer.code, answer.err.splitlines()[1]) == (2, "tip: --tol 1e-6")


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ([], "0.19661193324148185"),
        (["--digits", "full"], "0.19661193324148185"),
        (["--digits", "17"], "0.19661193324148185"),
        (["--digits", "3"], "0.197"),
        (["--digits", "3", "--format", "literal"], "0.197,0.105"),
        (["--digits", "3", "--format", "csv"], "0.197"),
        (["--digits", "3", "--format", "markdown"], "| 0.197 |"),
        (["--format", "table"], "   0.196612 "),
        (["--format", "table", "--digits", "full"], "   0.19661193324148185 "),
        (["--format", "markdown"], "| 0.19661193324148185 |"),
    ],
)
def test_digits(run: Run, argv: Sequence[str], shown: str) -> None:
    answer = run(*SIGMOID, *argv)
    assert (answer.code, answer.err) == (0, "")
    assert shown in answer.out


@pytest.mark.parametrize(
    "argv", [["--digits", "0"], ["--digits", "x"], ["--digits", "3", "--json"]]
)
def test_digits_that_cannot_be(run: Run, argv: Sequence[str]) -> None:
    answer = run(*SIGMOID, *argv)
    assert answer.code == 2
    assert "digit" in answer.out + answer.err


def test_all_inputs_from_one_file(run: Run, tmp_path: Path) -> None:
    named = {"x": [1.0, 2.0], "w": 3.0, "unused": 1.0}
    (tmp_path / "in.json").write_text(json.dumps(named))
    np.savez(tmp_path / "in.npz", **named)
    for source in (str(tmp_path / "in.json"), f"@{tmp_path}/in.npz"):
        answer = run("sum(w*x)", "--inputs", source, *LITERAL)
        assert (answer.err, answer.out) == ("", "w=3\nx=3,3\n")
    piped = run("sum(w*x)", "--inputs", "-", "--w", "5", *LITERAL, stdin=json.dumps(named))
    assert piped.out == "w=3\nx=5,5\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1, 2]", "holds a list"),
        ("x", "is not JSON"),
        ('{"y": 1}', "x has no value"),
        ('{"x": "a"}', "x: "),
        ('{"x y": 1}', "'x y' is not a name"),
    ],
)
def test_a_file_without_the_inputs(run: Run, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "in.json").write_text(text)
    answer = run("x**2", "--inputs", str(tmp_path / "in.json"))
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err


def test_a_file_of_inputs_that_is_not_there(run: Run) -> None:
    assert "there is no file nowhere.json" in run("x**2", "--inputs", "nowhere.json").err
    both = run("-", "--inputs", "-", stdin="x")
    assert "standard input can be read only once, but PROGRAM and --inputs want it" in both.err


def test_functions_are_found_by_a_part_of_their_name(run: Run) -> None:
    rows = run("functions", "soft").out.splitlines()
    assert rows[0].split("\t") == ["name", "kind", "aliases", "meaning", "family"]
    names = {row.split("\t")[0] for row in rows[1:]}
    assert {"softmax", "softplus", "log_softmax", "softsign"} <= names
    assert all("soft" in row for row in rows[1:])
    assert run("functions", "sin", "softmax").out == "\n".join(
        run("functions", name).out for name in ("sin", "softmax")
    )
    assert "did you mean softmax?" in run("functions", "sofmax").err
    assert run("functions", "x").code == 2


DF = """\
def helper(x):
    return 2*x

def df(x):
    return helper(x)

def wrong(t, k=3):
    return k*t
"""


@pytest.mark.parametrize(
    ("claim", "code", "says"),
    [
        ("mygrad.py:df", 0, "mygrad.py:df holds"),
        ("x=mygrad.py:df", 0, "mygrad.py:df holds"),
        ("mygrad.py:wrong", 1, "mygrad.py:wrong does not hold; it is 1.5 times"),
        ("mygrad.py", 1, "mygrad.py does not hold"),
        ("def df(x): return 2*x", 0, "def df(x): return 2*x holds"),
        ("def df(x):\n    return 2*x", 0, "df(x=x) holds"),
        ("nowhere.py:df", 2, "there is no file nowhere.py"),
        ("mygrad.py:dff", 2, "did you mean df?"),
    ],
)
def test_a_claim_may_be_a_function_of_a_file(run: Run, claim: str, code: int, says: str) -> None:
    Path("mygrad.py").write_text(DF)
    answer = run("x**2", "--x", "3", "--expect", claim)
    assert answer.code == code, answer
    assert says in answer.out + answer.err


MATRICES = [
    (["sum(x)", "--x", "1;2;3", "--expect", "5;7;1"], 1, "[[5], [7], [1]] does not hold"),
    (["sum(x**2)", "--x", "1;2;3", "--expect", "2;4;6"], 0, "[[2], [4], [6]] holds"),
    (["sum(x**2)", "--x", "1,2;3,4", "--expect", "2 4; 6,8;"], 0, "[[2, 4], [6, 8]] holds"),
    (["sum(x**2)", "--x", "1,2;3,4", "--expect", "x=2,4;6,-8"], 1, "does not hold: 1 of 4"),
    (["sum(A*x)", "--x", "1,2", "--let", "A=1,2;3,4", "--expect", "4,6"], 0, "holds"),
    (["sum(x)", "--x", "1,2", "--expect", "u = x*x; u/u"], 0, "u/u holds"),
]


@pytest.mark.parametrize(("argv", "code", "says"), MATRICES)
def test_a_matrix_is_written_alike_wherever_it_is_given(
    run: Run, argv: Sequence[str], code: int, says: str
) -> None:
    answer = run(*argv)
    assert answer.code == code, answer.err
    assert says in answer.out


def test_a_column_is_no_claim_about_a_vector(run: Run) -> None:
    answer = run("sum(x)", "--x", "1,2", "--expect", "2;1")
    assert answer.code == 2
    assert "it has shape (2, 1), the gradient by x (2)" in answer.err.replace("(2,)", "(2)")


def test_of_a_file_with_a_claim_only_what_is_reached_is_read(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(
        "import matplotlib.pyplot as plt\nclass C:\n    @wrong\n    def a(): yield\n"
        "def f(x): return (x**2).sum()\ndef df(x): return 2*x\nplt.plot([1])\n"
    )
    answer = run(f"{file}:f", "--x", "1,2", "--expect", f"{file}:df")
    assert answer.code == 0, answer.err


def test_of_a_claim_that_fails_autograd_is_not_called_the_worst(run: Run) -> None:
    answer = run("sum(sin(x)*y)", "--x", "1,2", "--y", "3,5", "--wrt", "x", "--expect", "-cos(x)*y")
    assert answer.code == 1
    assert "worst" not in answer.out


@pytest.mark.parametrize("program", ["log(x, 2)", "np.log(x, 2)", "torch.log(x, 2)"])
def test_a_base_of_a_logarithm_is_told_how_to_write(run: Run, program: str) -> None:
    answer = run(program, "--x", "3")
    assert "tip: write log(x)/log(b)" in answer.err


def test_functions_are_found_by_the_name_that_a_library_has(run: Run) -> None:
    assert run("functions", "torch.sin").out == run("functions", "sin").out
