"""gradcalc in one line of Python."""

import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.errors import InvalidValueError, LimitError
from tests import interface

FOUR = [0.0, 4.0, 8.0, 12.0]


@pytest.mark.parametrize(
    "x",
    [
        [0, 1, 2, 3],
        (0, 1.0, 2, 3),
        "0,1,2,3",
        range(4),
        np.arange(4),
        np.arange(4, dtype=np.float32),
        torch.arange(4.0, requires_grad=True),
        [np.float64(0), torch.tensor(1.0), 2, 3],
    ],
    ids=repr,
)
def test_a_value_is_whatever_holds_numbers(x: Any) -> None:
    report = gradcalc.grad("2*dot(x,x)", x=x, expect="4*x")
    report.raise_for_verdict()
    assert report.value == 28.0
    assert report.gradient["x"].tolist() == FOUR
    assert report.formula == {"x": "4*x"}
    assert repr(report) == "<gradcalc: verified, ∇x f = 4*x>"
    jacobian = gradcalc.jacobian("x**2", x=[1.0, 2.0])
    assert repr(jacobian) == "<gradcalc: verified, ∂f/∂x = 2*diag(x)>"
    assert repr(gradcalc.hessian("x@x", x=[1.0])) == "<gradcalc: verified, ∂²f/∂x∂x = 2*eye(1)>"


def test_the_options_are_the_keys_of_a_request() -> None:
    report = gradcalc.grad(
        "u*x", x=2, let={"u": "x*x"}, detach="u", expect={"x": np.array(4.0)}, dtype="float32"
    )
    assert (report.dtype, report.gradient["x"], report.detached) == ("float32", 4.0, ("u",))
    assert gradcalc.grad("x*seed", x=1, inputs={"seed": 2}, wrt="x").gradient["x"] == 2.0
    assert gradcalc.grad("x*y", x=2, y=float("inf"), wrt=["y"]).value == np.inf
    assert gradcalc.grad("x^2", x=3).read_as == "x**2"


WORDED = """
def f(x, mode="sum", mask=None, *, p=None, k=2):
    y = x**k
    if mask is not None:
        y = y*mask
    if p == "double":
        y = 2*y
    return y.mean() if mode == "mean" else y.sum()
"""


@pytest.mark.parametrize(
    ("given", "gradient"),
    [
        ({}, [2.0, 4.0]),
        ({"mode": "mean", "mask": None}, [1.0, 2.0]),
        ({"mode": "'mean'", "mask": [1, 0]}, [1.0, 0.0]),
        ({"mode": "e", "p": "double", "wrt": "x"}, [4.0, 8.0]),
        ({"p": "None", "k": 3, "wrt": "x"}, [3.0, 12.0]),
    ],
)
def test_texts_and_none_are_data(given: dict[str, Any], gradient: list[float]) -> None:
    report = gradcalc.grad(WORDED, x=[1, 2], **given)
    report.raise_for_verdict()
    assert report.gradient["x"].tolist() == gradient
    assert not report.gradient.keys() & {"mode", "p"}


def test_texts_and_none_have_a_parameter() -> None:
    with pytest.raises(gradcalc.GradcalcError, match="None is no value"):
        gradcalc.grad("x**2 + y", x=1, y=None)
    with pytest.raises(gradcalc.GradcalcError, match="called 'a'") as raised:
        gradcalc.grad("def f(x, mode):\n    return x if mode == 'a' else x**2", x=1, mode="a")
    assert "quotes" in str(raised.value.hint)
    text = "def f(x, mode):\n    return x**3 if mode == 'a' else x**2"
    assert gradcalc.grad(text, x=1, mode="'a'").gradient["x"] == 3.0


def test_true_among_numbers_is_1() -> None:
    for x in ([True, 2.5], "[true, 2.5]", "True,2.5"):
        assert gradcalc.grad("(x**2).sum()", x=x).gradient["x"].tolist() == [2.0, 5.0]


def test_what_is_not_right_is_raised() -> None:
    with pytest.raises(gradcalc.GradcalcError, match=r"wrong: the claim 3\*x fails"):
        gradcalc.grad("x**2", x=1, expect="3*x").raise_for_verdict()
    with pytest.raises(gradcalc.GradcalcError, match="kink: the function has a kink here"):
        gradcalc.grad("abs(x)", x=0).raise_for_verdict()
    gradcalc.grad("sigmoid(x)", x=800).raise_for_verdict()


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"x": {1, 2}}, "x: a set is no value", "a number, lists of numbers, a numpy array"),
        ({"X": 1}, "the program does not use X", "did you mean x?"),
        ({}, "x has no value", None),
        ({"x": "1,2;3"}, "x: ", None),
        ({"x": 1, "dtype": "float63"}, "dtype float63: there is no such choice", "float6"),
        ({"x": 1, "inputs": {"x": 2}}, "x is given twice", None),
        ({"inputs": {1: 2}}, "inputs names something of type int, which is no name", "inputs="),
    ],
)
def test_a_mistake_is_one_sentence(given: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(gradcalc.GradcalcError) as raised:
        gradcalc.grad("x**2", **given)
    assert message in str(raised.value)
    assert hint is None or hint in (raised.value.hint or "")


@pytest.mark.parametrize("text", ["\x1b[31m", "\0", "\ud800", "a\nb", "\u202e"])
def test_what_is_said_can_be_printed(text: str) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: gradcalc.grad("x**2", x=1, timeout=text),
        lambda: gradcalc.why("x**2", x=1, max_steps=text),
        lambda: gradcalc.explain("x**2", x=1, device=text),
        lambda: gradcalc.grad("x**2", x=1, declare=text),
        lambda: gradcalc.grad(f"{text}.py", x=1),
        lambda: gradcalc.check(lambda x: x * x, torch.ones(2), order=text),
        lambda: gradcalc.check(lambda x: x * x, torch.ones(2), leaves=[text]),
    ]
    for call in calls:
        with pytest.raises(gradcalc.GradcalcError) as raised:
            call()
        assert str(raised.value).isprintable()
        assert (raised.value.hint or "").isprintable()


def test_why_tells_it_at_length() -> None:
    found = gradcalc.why("sqrt(x**2)", x=0)
    assert found.report.verdict.outcome == "wrong"
    assert found.report.cured is not None
    assert found.report.cured.report.program == "abs(x)"


def test_a_notebook_shows_the_table_and_the_formula() -> None:
    report = gradcalc.grad("where(x < 3, x**2, 0)", x=2)
    assert report._repr_html_().startswith("<pre>value  4\n")
    assert "x &lt; 3" in report._repr_html_()
    shown = report._repr_latex_()
    assert shown.startswith("$$\\begin{aligned}")
    assert shown.endswith("\\end{aligned}$$")
    assert "\\nabla" in shown
    assert not any(word in shown for word in ("noindent", "description", "align*", "texttt"))
    assert repr(gradcalc.why("x**2", x=3)) == "<gradcalc.why: verified, ∇x f = 2*x>"


def test_the_package_is_typed_and_costs_nothing_to_import() -> None:
    assert (Path(gradcalc.__file__).parent / "py.typed").exists()
    code = (
        "import sys, gradcalc; print(sorted({'torch', 'numpy', 'sympy', 'rich'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert {"grad", "why", "Report", "GradcalcError"} <= set(gradcalc.__all__)


@pytest.mark.parametrize("x", [3, [3.0], np.array(3), np.float32(3), torch.tensor([3.0])])
def test_a_problem_takes_what_people_pass(x: Any) -> None:
    problem = gradcalc.Problem("x^2*y", {"x": x, "y": 2}, wrt="x", claims={"x": "2*x*y"})
    report = gradcalc.calculate(problem)
    assert report.verdict.exit_code == 0
    assert float(report.gradient["x"].sum()) == 12.0
    assert [*gradcalc.calculate(gradcalc.Problem("x*y", {"x": x, "y": 2})).gradient] == ["x", "y"]


@pytest.mark.parametrize("x", [None, "3", [[1], [None]], 1j, object()])
def test_a_problem_says_what_it_wants(x: Any) -> None:
    with pytest.raises(gradcalc.GradcalcError, match=r"x: (a .*|None) is no value") as raised:
        gradcalc.Problem("x**2", {"x": x})
    assert "numpy array" in str(raised.value.hint)
    with pytest.raises(gradcalc.GradcalcError, match="a program is a text"):
        gradcalc.Problem(3, {"x": 1.0})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"x": Fraction(1, 4)}, 0.0625), ({"x": Decimal("0.5")}, 0.25),
        ({"x": np.longdouble(3)}, 9.0), ({"x": [Fraction(1, 2), 1]}, [0.25, 1.0]),
        ({"x": torch.eye(2).to_sparse()}, [[1.0, 0.0], [0.0, 1.0]]),
        ({"x": 3, "dtype": np.float32}, 9.0), ({"x": 3, "dtype": torch.float32}, 9.0),
        ({"x": 3, "dtype": np.dtype("float32")}, 9.0), ({"x": 3, "wrt": None, "dtype": None}, 9.0),
    ],
    ids=repr,
)  # fmt: skip
def test_numbers_and_dtypes_are_of_any_library(given: dict[str, Any], value: Any) -> None:
    report = gradcalc.grad("x**2", **given)
    assert report.value is not None
    assert report.value.tolist() == value
    if given.get("wrt", "x") == "x":
        assert gradcalc.calculate(gradcalc.Problem("x**2", **problem_of(given))).value == (
            pytest.approx(np.asarray(value))
        )
    assert gradcalc.grad("u*x", x=3, let={"u": 2}).value == 6.0


def problem_of(given: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": {"x": given["x"]}, "dtype": given.get("dtype", "float64")}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_problem_has_the_inputs_of_its_dtype(dtype: str) -> None:
    report = gradcalc.grad("relu(x-0.1)", x=0.1, dtype=dtype)
    problem = gradcalc.Problem("relu(x-0.1)", {"x": 0.1}, dtype=dtype)
    assert gradcalc.calculate(problem).verdict == report.verdict
    with pytest.raises(gradcalc.GradcalcError, match=r"x: 1e.300 is too large for"):
        gradcalc.calculate(gradcalc.Problem("x", {"x": 1e300}, dtype=dtype))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gradcalc.grad(None), "a program is a text, not None"),
        (lambda: gradcalc.grad(3, x=1), "a program is a text, not something of type int"),
        (lambda: gradcalc.grad(lambda x: x, x=1), "a program is a text, not a function"),
        (
            lambda: gradcalc.grad("x", inputs=3),
            "inputs is of type int, not names with their values",
        ),
        (lambda: gradcalc.grad("x", x=None), "x: None is no value"),
        (lambda: gradcalc.grad("x", x=np.ma.masked_array([1.0], [True])), "x: a masked array"),
        (lambda: gradcalc.grad("x", x=torch.ones(2, device="meta")), "x: this Tensor holds no"),
        (lambda: gradcalc.grad("x*y", x=1), "y has no value: give it with y=VALUE"),
        (lambda: gradcalc.grad("x", x=1, wrt="z"), "wrt: the program has no z"),
        (lambda: gradcalc.grad("x", x=1, dtype=np.int64), "dtype int64: there is no such choice"),
        (lambda: gradcalc.Problem("x", {"x": 1}, wrt=("z",)), "no input called z"),
        (lambda: gradcalc.Problem("x", {"x": 1}, dtype="int8"), "the dtype int8 is none"),
        (lambda: gradcalc.Problem("x", 3), "the inputs are of type int"),
    ],
)
def test_what_is_no_value_is_told_in_words_of_python(call: Any, says: str) -> None:
    with pytest.raises(gradcalc.GradcalcError) as raised:
        call()
    assert says in raised.value.message
    assert "--" not in f"{raised.value.message} {raised.value.hint}"


def test_the_interface_is_as_mypy_knows_it() -> None:
    assert interface.gradient_of_a_square().tolist() == [2.0, 4.0]
    assert "kink" in interface.reason_of_a_nan()


TWO = """
def f(x, a, b):
    y = x**2 if a == 'u' else x**3
    return y if b == 'u' else 2*y
"""
ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "itself": ("def f(x, k='a'):\n    return x if k == 'a' or x < 0 else x*f(x - 2)", {"k": "b"}),
    "itself, with None": ("def f(x, k='a'):\n    return x if k else f(x*x, k='c')", {"k": None}),
    "decorated": (
        "def twice(f):\n    return lambda *a: f(*a)*2\n@twice\n"
        "def f(x, k='a'):\n    return x**2 if k == 'b' else x",
        {"k": "b"},
    ),
    "remembered": (
        "from functools import lru_cache\n@lru_cache\n"
        "def f(x, k):\n    return x**2 if k == 'b' else x",
        {"k": "'b'"},
    ),
    "called": (
        "def f(x, k, *, s='u'):\n    return x**2 if k + s == 'bv' else x**3\n"
        "y = f(1.0, 'b', s='v')\ndef g(x, k):\n    return f(x, k, s='v')*y",
        {"k": "'b'"},
    ),
    "two": (TWO, {"a": "'u'", "b": "'v'"}),
    "two, the other one": (TWO, {"b": "'u'", "a": "'v'"}),
    "before a number": (
        "def f(x, a: str, b):\n    return x**b if a == 'u' else x",
        {"a": "'u'", "b": 2},
    ),
    "before what has a default": (
        "def f(x, a, b='v'):\n    return x**2 if a + b == 'uu' else x",
        {"a": "'u'", "b": "u"},
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_text_is_given_to_whatever_is_called(name: str) -> None:
    text, given = ELSEWHERE[name]
    scope: dict[str, Any] = {}
    exec(text, scope)
    function = scope["g" if "def g" in text else "f"]
    words = {k: v.strip("'") if isinstance(v, str) else v for k, v in given.items()}
    x = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    value = function(x, **words) if "twice" not in text else function(x, *words.values())
    found = gradcalc.grad(text, x=1.5, **given, wrt="x")
    assert found.verdict.outcome == "verified", found.verdict.message
    assert found.value == value.item()
    assert found.gradient["x"] == torch.autograd.grad(value, x)[0].item()


@pytest.mark.parametrize("more", ["table = {'f': f}", "y = f(1.0, 'a')"])
def test_a_function_of_a_file_may_be_used_there(more: str, tmp_path: Path) -> None:
    path = tmp_path / "f.py"
    path.write_text(f"def f(x, k):\n    return x**2 if k == 'a' else x\n{more}\n")
    assert gradcalc.grad(f"{path}:f", x=1.5, k="'a'").value == 2.25
    assert gradcalc.grad(f"{path}:f", x=1.5, k="'b'").value == 1.5


class Table:
    """What has numbers as pandas has them."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([[1.0, 2.0], [3.0, 4.0]])


def test_tables_are_arrays() -> None:
    assert gradcalc.grad("sum(x*x)", x=Table()).gradient["x"].tolist() == [[2, 4], [6, 8]]


def shared(depth: int) -> Any:
    """Lists of twice the same list."""
    made: Any = [1.0, 2.0]
    for _ in range(depth):
        made = [made, made]
    return made


def holding(value: Any) -> Any:
    """An array of an object."""
    made = np.empty(1, object)
    made[0] = value
    return made


class Endless:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.broadcast_to(1.0, (10**12,))


HUGE: dict[str, Callable[[], Any]] = {
    "a range": lambda: range(10**18),
    "a range that has no length": lambda: range(10**30),
    "an array of one number": lambda: np.broadcast_to(1.0, (10**9,)),
    "a tensor of one number": lambda: torch.ones(1).expand(10**9),
    "ranges in a list": lambda: [range(10**8), range(10**8)],
    "one list many times": lambda: shared(40),
    "a range in an array": lambda: holding(range(10**10)),
    "what is read as an array": Endless,
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_too_large_is_refused_before_it_is_read(name: str) -> None:
    with pytest.raises(LimitError, match="x holds more than 100,000,000 numbers"):
        gradcalc.grad("sum(x)", x=HUGE[name]())


def test_what_is_shared_is_a_value() -> None:
    assert gradcalc.grad("sum(x)", x=shared(8)).value == 3 * 2**7 * 2


def test_what_holds_itself_is_refused() -> None:
    loop: list[Any] = [1.0]
    loop += [loop, loop]
    own = np.empty(1, object)
    own[0] = own
    for value in (loop, own):
        with pytest.raises(LimitError, match="nested more than 50 deep"):
            gradcalc.grad("sum(x)", x=value)


VIEWS: dict[str, Any] = {
    "a matrix": (memoryview(np.arange(4.0).reshape(2, 2)), [[0, 2], [4, 6]]),
    "a number": (memoryview(np.array(2.0)), 4),
    "a vector": (memoryview(array("d", [1, 2])), [2, 4]),
    "an array of Python's": (array("d", [1, 2]), [2, 4]),
    "a queue": (deque([1.0, 2.0]), [2, 4]),
    "an array of objects": (np.array([Fraction(1, 2), 2], dtype=object), [1, 4]),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_what_it_shows(name: str) -> None:
    value, gradient = VIEWS[name]
    assert gradcalc.grad("sum(x*x)", x=value).gradient["x"].tolist() == gradient


DTYPES: list[tuple[Any, str]] = [
    (float, "float64"), (np.float32, "float32"), (np.dtype("f8"), "float64"), ("float", "float32"),
    (torch.float16, "float16"), ("torch.double", "float64"), (np.float64, "float64"),
]  # fmt: skip
"""A dtype as it is passed: `float` of Python's is of 64 bits to torch and to numpy."""


@pytest.mark.parametrize(("given", "name"), DTYPES)
def test_a_dtype_is_what_the_libraries_take_it_for(given: Any, name: str) -> None:
    assert gradcalc.grad("x*x", x=2.0, dtype=given).dtype == name
    if not isinstance(given, str):
        taken = given if isinstance(given, torch.dtype) else np.dtype(given)
        assert str(taken).rpartition(".")[2] == name


SHARED: Any = [1]
"""A list whose text is endless."""
for _ in range(60):
    SHARED = [SHARED, SHARED]

NAMES = {"dtype": "dtype is of type", "device": "device is of type"}


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("value", [[1], object(), {"a": 1}, 3.5, SHARED], ids=type)
def test_a_name_is_a_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=NAMES[key]) as caught:
        gradcalc.grad("x", x=1, **{key: value})
    assert "0x" not in str(caught.value)
