"""Mathematics as people type it, and the Python that it is read as."""

import ast
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.errors import GradcalcError, ProgramSyntaxError, UnknownNameError
from gradcalc.lang import grammar
from gradcalc.lang.fence import compile_program
from gradcalc.lang.mathematics import reading
from gradcalc.primitives import BY_NAME
from tests.healthy import healthy

NUMBERS = frozenset({"x", "y"})

READ = (
    ("x^2", "x**2"),
    ("x²", "x**2"),
    ("x⁻¹", "x**-1"),
    ("x^-1", "x**-1"),
    ("-x^2", "-x**2"),
    ("x^(1/2)", "x**(1/2)"),
    ("x^y^2", "x**y**2"),
    ("2^-x", "2**-x"),
    ("x^2y", "x**2*y"),
    ("e^x", "e**x"),
    ("e^(2x)", "e**(2*x)"),
    ("1/(1+e^-x)", "1/(1+e**-x)"),
    ("2x", "2*x"),
    ("2x/3", "2*x/3"),
    ("2e3x", "2e3*x"),
    ("x y", "x*y"),
    ("2(x+1)", "2*(x+1)"),
    ("(x+1)(x-1)", "(x+1)*(x-1)"),
    ("x(x+1)", "x*(x+1)"),
    ("x·y × 2 ÷ 3", "x*y * 2 / 3"),
    ("3 − x", "3 - x"),
    ("a*x^2 + b x + c", "a*x**2 + b*x + c"),
    ("√x", "sqrt(x)"),
    ("√(x+1)", "sqrt(x+1)"),
    ("exp(-x²/2)/√(2π)", "exp(-x**2/2)/sqrt(2*pi)"),
    ("|x|", "abs(x)"),
    ("2|x - 1| + |x + 1|", "2*abs(x - 1) + abs(x + 1)"),
    ("|x||y|", "abs(x)*abs(y)"),
    ("‖x‖²", "norm(x)**2"),
    ("||x||^2 + 1", "norm(x)**2 + 1"),
    ("||x| - 1|", "abs(abs(x) - 1)"),
    ("2||x||", "2*norm(x)"),
    ("sin x", "sin(x)"),
    ("sin 2x", "sin(2*x)"),
    ("sin 2πx", "sin(2*pi*x)"),
    ("sin x^2", "sin(x**2)"),
    ("sin^2 x", "sin(x)**2"),
    ("sin² x + cos²(x)", "sin(x)**2 + cos(x)**2"),
    ("2 sin x cos 2x", "2*sin(x)*cos(2*x)"),
    ("sin cos x", "sin(cos(x))"),
    ("log x / 2", "log(x) / 2"),
    ("f(x) = x^2", "x**2"),
    ("f(x, y) = x y", "x*y"),
    ("f(x) := x**2", "x**2"),
    ("x ↦ x²", "x**2"),
    ("f: x → x²", "x**2"),
    ("(x, y) -> x^y", "x**y"),
    ("lambda x: x**2", "x**2"),
    ("x₁² + x₂²", "x1**2 + x2**2"),
    ("xᵀ@x", "x.T@x"),
    ("sum((X@w - b)^2)", "sum((X@w - b)**2)"),
    ("x.sum()^2", "x.sum()**2"),
    ("x[0]^2 + 2x[1]", "x[0]**2 + 2*x[1]"),
    ("sum(x, dim=0)^2", "sum(x, dim=0)**2"),
    ("where((x>0)|(y>0), x^2, 0)", "where((x>0)|(y>0), x**2, 0)"),
    ("where((x>0)|(y>0)|(x>y), x^2, 0)", "where((x>0)|(y>0)|(x>y), x**2, 0)"),
    ("(x+1)|(x-1)|", "(x+1)*abs((x-1))"),
    ("x^2 if x ≥ 0 else 2x", "x**2 if x >= 0 else 2*x"),
    ("y = 2x^2", "y = 2*x**2"),
    ("(2x +\n 3)", "(2*x +\n 3)"),
    ("lambda x, k=3: k x", "def f(x, k=3): return k*x"),
    ("lambda x, k=3: k*x", "def f(x, k=3): return k*x"),
    ("f(x, k=-.5) = k x", "def f(x, k=-.5): return k*x"),
    ("exp(-x/τ)²", "exp(-x/τ)**2"),
    ("x₁y₂", "x1*y2"),
    ("½x", "(1/2)*x"),
    ("x^½", "x**(1/2)"),
    ("1/2 x", "1/2*x"),
    ("1/√(2π) e^(-x²/2)", "1/sqrt(2*pi)*e**(-x**2/2)"),
    ("√x/2", "sqrt(x)/2"),
    ("√2/2", "sqrt(2)/2"),
    ("sqrt x/2", "sqrt(x)/2"),
    ("√2/2 x", "sqrt(2)/2*x"),
    ("√|x| y", "sqrt(abs(x))*y"),
    ("√2 sin x", "sqrt(2)*sin(x)"),
    ("∛x", "(sign(x)*abs(x)**(1/3))"),
    ("∛(x+1)", "(sign(x+1)*abs(x+1)**(1/3))"),
    ("e^{-x}", "e**-x"),
    ("x^{2}y", "x**2*y"),
    ("e^{-x²/2}", "e**(-x**2/2)"),
    ("2²x", "2**2*x"),
    ("x²π", "x**2*pi"),
    ("x^2 π", "x**2*pi"),
    ("e^x sin x", "e**x*sin(x)"),
    ("e^x (x+1)", "e**x*(x+1)"),
    ("x^y (x+1)", "x**y*(x+1)"),
    ("x^2 y", "x**2*y"),
    ("exp -x", "exp(-x)"),
    ("sin −x + 1", "sin(-x) + 1"),
    ("2 exp -x", "2*exp(-x)"),
    ("ln |x| + 1", "ln(abs(x)) + 1"),
    ("2 |x| - 1", "2*abs(x) - 1"),
    ("| |x| - 1|", "abs( abs(x) - 1)"),
    ("| |x| |", "abs( abs(x))"),
    ("2x |y| x", "2*x*abs(y)*x"),
    ("2^3 + x", "2**3 + x"),
    ("cos(2)^x", "cos(2)**x"),
    ("‖x‖₂²", "norm(x)**2"),
    ("||x||₂", "norm(x)"),
    ("‖x‖_2", "norm(x)"),
    ("2‖x‖₁", "2*norm(x, 1)"),
    ("||x||_∞ + 1", "norm(x, inf) + 1"),
    ("‖x‖_F", "norm(x)"),
)


@pytest.mark.parametrize(("text", "python"), READ, ids=[text for text, _ in READ])
def test_mathematics_is_read_as_python(text: str, python: str) -> None:
    program = compile_program(text, numbers=NUMBERS)
    assert (program.source, program.typed) == (python, text)


OPEN = (
    ("1/2x", "1/2*x", "1/(2*x)"),
    ("√2/2x", "sqrt(2)/2*x", "sqrt(2)/(2*x)"),
    ("1 / 2 x", "1 / 2*x", "1 / (2*x)"),
    ("1/2 π", "1/2*pi", "1/(2*pi)"),
    ("x%2y", "x%2*y", "x%(2*y)"),
    ("x÷2y", "x/2*y", "x/(2*y)"),
    ("sqrt x y", "sqrt(x)*y", "sqrt(x*y)"),
    ("√x y", "sqrt(x)*y", "sqrt(x*y)"),
    ("sqrt 2x", "sqrt(2)*x", "sqrt(2*x)"),
    ("∛x y", "∛(x)*y", "∛(x*y)"),
    ("sqrt x²", "sqrt(x)**2", "sqrt(x**2)"),
    ("x^2π", "x**2*pi", "x**(2*pi)"),
    ("-e^2x", "e**2*x", "e**(2*x)"),
    ("e^x y", "e**x*y", "e**(x*y)"),
    ("x^y x", "x**y*x", "x**(y*x)"),
    ("x^y(x+1)", "x**y*(x+1)", "x**(y*(x+1))"),
    ("e^sin x y", "e**sin(x)*y", "e**(sin(x)*y)"),
    ("sin² x y", "sin(x)**2*y", "sin(x*y)**2"),
    ("sin 2 x", "sin(2)*x", "sin(2*x)"),
    ("sin 2 cos x", "sin(2)*cos(x)", "sin(2*cos(x))"),
    ("sin 2cos x", "sin(2)*cos(x)", "sin(2*cos(x))"),
    ("x^sin x y", "x**sin(x)*y", "x**(sin(x)*y)"),
    ("sin 2(x+1)", "sin(2)*(x+1)", "sin(2*(x+1))"),
    ("1/2(x+1)", "1/2*(x+1)", "1/(2*(x+1))"),
    ("2x/3y", "2*x/3*y", "2*x/(3*y)"),
    ("1 + x/y x - 2", "x/y*x", "x/(y*x)"),
    ("sin x y", "sin(x)*y", "sin(x*y)"),
    ("sin x/2", "sin(x)/2", "sin(x/2)"),
    ("log x*y", "log(x)*y", "log(x*y)"),
    ("e^2x", "e**2*x", "e**(2*x)"),
    ("2^3x", "2**3*x", "2**(3*x)"),
    ("√2x", "sqrt(2)*x", "sqrt(2*x)"),
    ("√x²", "sqrt(x)**2", "sqrt(x**2)"),
    ("sin^-1 x", "1/sin(x)", "asin(x)"),
    ("sin^(-1) x", "1/sin(x)", "asin(x)"),
    ("cos^{-1} x", "1/cos(x)", "acos(x)"),
    ("tanh^( -1 ) x", "1/tanh(x)", "atanh(x)"),
)


@pytest.mark.parametrize(("text", "first", "second"), OPEN, ids=[row[0] for row in OPEN])
def test_what_mathematics_leaves_open_is_refused_with_both_readings(
    text: str, first: str, second: str
) -> None:
    with pytest.raises(ProgramSyntaxError, match="two readings") as raised:
        compile_program(text, numbers=NUMBERS)
    assert raised.value.hint == f"write {first} or {second}"
    for part in (first, second):
        compile_program(part.replace("∛", "sqrt"))


@pytest.mark.parametrize(
    "text",
    [
        "x 2",
        "x!",
        "2*(x",
        "x +",
        "|x",
        "x $ y",
        "sin(x",
        ")x(",
        "2..x",
        "x^{2",
        "|x|y|x|",
        "where(x|y|x, 2x, 0)",
        "where(x | y | x, 2x, 0)",
        "2\ue000x",
        "(x+1)½3",
        "+".join(["|x|²"] * 33),
    ],
)
def test_what_is_neither_keeps_its_error(text: str) -> None:
    with pytest.raises(GradcalcError) as plain:
        compile_program(text)
    with pytest.raises(GradcalcError) as raised:
        compile_program(text, numbers=NUMBERS)
    assert str(raised.value) == str(plain.value)


def test_a_transpose_is_no_power() -> None:
    for text in ("x^T A x", "x^T (y x)", "x^{T}x"):
        assert "x.T" in compile_program(text, numbers=NUMBERS).source
    assert compile_program("x^T", numbers={"x", "T"}).source == "x**T"


@pytest.mark.parametrize(
    "text", ["|x|₁", "x²₁", "(x+1)₂", "2₂ x", "x^₂", "‖x‖_3", "|x|_2", "₁x", "‖x‖^2_2", "x^1_0"]
)
def test_a_subscript_belongs_to_a_name_or_a_norm(text: str) -> None:
    with pytest.raises(ProgramSyntaxError, match="belongs to no name"):
        compile_program(text, numbers=NUMBERS)


@pytest.mark.parametrize("name", grammar.MATHEMATICAL)
def test_a_function_of_mathematics_has_a_tip(name: str) -> None:
    for text in (f"{name} x", f"{name}(x)", f"2{name} x", f"{name} -x"):
        with pytest.raises(UnknownNameError, match=f"no function called {name}$") as raised:
            compile_program(text, numbers=NUMBERS)
        assert raised.value.hint == grammar.MATHEMATICAL[name]
    for part in grammar.MATHEMATICAL[name].removeprefix("write ").split(" or "):
        compile_program(part)
    assert compile_program(f"2{name} x", numbers={name, "x"}).source == f"2*{name}*x"


PYTHON = (
    "where((x>0)^(x>2), x**2, 5*x)",
    "where((x>0)^True, x**2, 5*x)",
    "(x>0)^2",
    "x[2^1]",
    "x**(2^3)",
    "x*len([1, 2])^2",
    "x*(len([1, 2])^2)",
    "x**2 + 2^3",
    "x if (x>0)^(y>0) else y",
    "def f(x, n=3): return x**(n^2)",
    "def f(x): return 2x",
    "def f(x): return 1/2x",
    "y = x^2; 2*y",
    "y = x^2\n2*y",
    "for k in range(2^1): x = x*2",
    "a, b = x^2, y",
    "x += 2x",
    "x | y",
    "x[1|2|4]",
    "where(x | y | x, x, 0)",
)


@pytest.mark.parametrize("text", PYTHON)
def test_what_may_be_python_keeps_its_error(text: str) -> None:
    says = _error_of(text)
    assert _error_of(text, NUMBERS) == says
    if says is None:
        assert compile_program(text, numbers=NUMBERS).typed is None


def _error_of(text: str, numbers: frozenset[str] | None = None) -> str | None:
    try:
        compile_program(text, numbers=numbers)
    except GradcalcError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "text",
    [
        "def add(k):\n    def g(x): return x + k\n    return g\ndef f(x): return add(2)(x)**2",
        "def sin(k):\n    return lambda x: x + k\nsin(2)(x)",
        "(lambda t: t*t)(x)",
        "(lambda x: x(2))(sin)",
        "where((x>0)|(y>0), x, y)",
        "x - mean",
    ],
)
def test_python_that_looks_like_a_product_is_python(text: str) -> None:
    assert compile_program(text, numbers=NUMBERS).typed is None


@pytest.mark.parametrize("text", ["d/dx x^2", "d/dx(x^2)", "∂/∂x x^2 y"])
def test_an_operator_is_left_out(text: str) -> None:
    with pytest.raises(ProgramSyntaxError, match="is what gradcalc takes of a program") as raised:
        compile_program(text, numbers=NUMBERS)
    assert "--wrt x" in (raised.value.hint or "")


def test_what_is_a_function_is_not_multiplied_with() -> None:
    assert compile_program("2t(x)", numbers=NUMBERS).source == "2*t(x)"
    assert compile_program("2t(x)", numbers={"t", "x"}).source == "2*t*(x)"


@pytest.mark.parametrize("seed", range(100))
def test_valid_python_is_never_read_again(seed: int) -> None:
    program = healthy(seed).program
    assert compile_program(program, numbers=NUMBERS).typed is None


# -- generated: a formula written both ways -----------------------------------------------------


@dataclass(frozen=True)
class Both:
    """A part of a formula as mathematics and as Python, and how tightly it holds together."""

    typed: str
    python: str
    level: int


SUM, PRODUCT, POWER, ATOM = range(4)


def bracketed(part: Both, level: int) -> Both:
    if part.level >= level:
        return part
    return Both(f"({part.typed})", f"({part.python})", ATOM)


def drawn(random: random.Random, depth: int) -> Both:
    if depth == 0:
        name = random.choice(["x", "y", "3", "2.5", "π"])
        return Both(name, {"π": "pi"}.get(name, name), ATOM)
    kind = random.choice(["sum", "product", "power", "call", "bars", "root", "minus"])
    inner = drawn(random, depth - 1)
    other = drawn(random, depth - 1)
    if kind == "sum":
        sign = random.choice(["+", "−"])
        right = bracketed(other, PRODUCT)
        python = f"{inner.python} {'-' if sign == '−' else sign} {right.python}"
        return Both(f"{inner.typed} {sign} {right.typed}", python, SUM)
    if kind == "product":
        left, right = bracketed(inner, ATOM), bracketed(other, ATOM)
        close = right.typed[0] in "(√|" or (left.typed[-1].isdigit() and right.typed[0] in "xyπ")
        sign = random.choice(["", "·", "×"]) if close else random.choice(["·", "×"])
        return Both(f"{left.typed}{sign}{right.typed}", f"{left.python}*{right.python}", PRODUCT)
    if kind == "power":
        base = bracketed(inner, ATOM)
        digits = random.choice(["2", "3", "-1"])
        raised = {"2": "²", "3": "³", "-1": "⁻¹"}[digits]
        typed = random.choice([f"{base.typed}^{digits}", f"{base.typed}{raised}"])
        if base.typed[0] == "√":
            typed = f"({base.typed}){raised}"
        return Both(typed, f"{base.python}**{digits}", POWER)
    if kind == "call":
        name = random.choice(["sin", "exp", "tanh"])
        return Both(f"{name}({inner.typed})", f"{name}({inner.python})", ATOM)
    if kind == "bars" and "|" not in inner.typed:
        return Both(f"|{inner.typed}|", f"abs({inner.python})", ATOM)
    if kind == "root":
        return Both(f"√({inner.typed})", f"sqrt({inner.python})", ATOM)
    negative = bracketed(inner, POWER)
    return Both(f"(−{negative.typed})", f"(-{negative.python})", ATOM)


@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_a_formula_means_the_same_written_both_ways(random: random.Random, depth: int) -> None:
    both = drawn(random, depth)
    found = reading(both.typed, BY_NAME.__contains__, NUMBERS)
    read = both.typed if found is None else found.source
    assert ast.dump(ast.parse(read)) == ast.dump(ast.parse(both.python))
