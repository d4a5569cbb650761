"""LaTeX: the notation of each formula, texts that cannot break it, whole outputs."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcalc.cli.app import main
from gradcalc.render import Style, renderer
from gradcalc.render.tex.names import escape, name_table, name_tex, number_tex
from gradcalc.report import Branch, Claim, Finding, InputGradient, Outcome, Report, Verdict, Written
from tests.latex_reader import Reader, compiles, fault, needs_tex

PLAIN = Style(width=80, color=False)

SHAPES = {
    **dict.fromkeys(("x", "y", "u", "v", "x1"), (2,)),
    **dict.fromkeys(("a", "b"), (3,)),
    **dict.fromkeys(("X", "W"), (3, 2)),
    **dict.fromkeys(("A", "B", "W_2"), (2, 2)),
    **dict.fromkeys(("s", "r", "lambda_", "alpha"), ()),
    "w": (2,),
    "T": (2, 3, 4),
}


def report(formula, parts=(), shapes=SHAPES, **changes):
    """A report on a gradient by the first name."""
    inputs = {name: np.ones(shape) for name, shape in shapes.items()}
    name = next(iter(inputs))
    written = None if formula is None else Written(tuple(parts), formula)
    gradient = InputGradient(name, inputs[name], formula=written, claim=changes.pop("claim", None))
    known = {
        "command": "grad", "program": "p", "dtype": "float64", "value": np.array(1.0),
        "inputs": inputs, "gradients": (gradient,), "witnesses": (),
        "verdict": Verdict(Outcome.VERIFIED, "it agrees"),
    }  # fmt: skip
    return Report(**{**known, **changes})


def render(*reports, style=PLAIN):
    text = renderer("latex")(reports, style)
    assert fault(text) is None, text
    return text


def mathematics(formula, parts=(), shapes=SHAPES, **changes):
    """What stands behind the equals sign."""
    lines = render(report(formula, parts, shapes, **changes)).split("\n\\end{align*}")[0]
    return lines.split(r"f &= ", 2)[2]


# formulas

CASES = {
    "2*X.T@(X@w - b)": r"2 X^{\top} (X w - b)",
    "x/norm(x)": r"\frac{x}{\lVert x \rVert}",
    "a*(1 - tanh(W@x)**2)": r"a \odot (\mathbf{1} - \tanh^{2}(W x))",
    "2*outer(X@w - b, w)": r"2 (X w - b) w^{\top}",
    "-X.T@(a*sigmoid(-a*(X@w)))": r"-X^{\top} (a \odot \sigma(-a \odot (X w)))",
    "(A + A.T)@x": r"(A + A^{\top}) x",
    # products
    "x@y": r"x^{\top} y",
    "x@A": r"A^{\top} x",
    "x@A@y": r"x^{\top} A y",
    "A@x@y": r"x^{\top} A^{\top} y",
    "x@A.T": r"A x",
    "A@B@x": r"A B x",
    "A@(B@x)": r"A B x",
    "A@(2*x)": r"A (2 x)",
    "A@(x*y)": r"A (x \odot y)",
    "(A@x)*y": r"(A x) \odot y",
    "y*(A@x)": r"y \odot (A x)",
    "(x@y)*u": r"(x^{\top} y) u",
    "u*(x@y)": r"u (x^{\top} y)",
    "s*(x@y)": r"s x^{\top} y",
    "(A@x)*s": r"(A x) s",
    "dot(x, y)*x": r"(x^{\top} y) x",
    "outer(u, v)": r"u v^{\top}",
    "outer(u, A@v)": r"u v^{\top} A^{\top}",
    "outer(x*y, v)": r"(x \odot y) v^{\top}",
    "x*y*s": r"x \odot y s",
    "x*(y*u)": r"x \odot y \odot u",
    "x*(s*y)": r"x \odot (s y)",
    "x*(s*y*u)": r"x \odot (s y \odot u)",
    "(s*x*y)@u": r"(s x \odot y)^{\top} u",
    "A@(s*x*y)": r"A (s x \odot y)",
    "s*x*y": r"s x \odot y",
    "T@x": r"T \mathbin{@} x",
    "q@x + s": r"(q \mathbin{@} x) + s",
    "q*x": r"q \odot x",
    "1024*x": "1024 x",
    "s*2": r"s \cdot 2",
    "2*3": r"2 \cdot 3",
    "2*(1/2)": r"2 \cdot \frac{1}{2}",
    "s*-1": "s (-1)",
    # inverses and transposes
    "inv(A)": "A^{-1}",
    "inv(A).T": r"A^{-\top}",
    "inv(A.T)": r"A^{-\top}",
    "inv(A@B).T@x": r"(A B)^{-\top} x",
    "x@inv(A)": r"A^{-\top} x",
    "solve(A, x)": "A^{-1} x",
    "solve(A.T, x)": r"A^{-\top} x",
    "A.T.T": "A",
    "x.T": "x",
    "(s*A).T": r"(s A)^{\top}",
    "det(A)*inv(A).T": r"\det(A) A^{-\top}",
    "trace(A)": r"\operatorname{tr}(A)",
    # signs, sums, powers, fractions
    "-x*y": r"-x \odot y",
    "x*-y": r"x \odot (-y)",
    "-(x + y)": "-(x + y)",
    "x - (y - u)": "x - (y - u)",
    "x + (y - u)": "x + y - u",
    "x + -y": "x + (-y)",
    "x - -y": "x - (-y)",
    "(-s)**2": "(-s)^{2}",
    "-s**2": "-s^{2}",
    "s**2**r": "s^{2^{r}}",
    "(s**2)**r": "(s^{2})^{r}",
    "s**-1": "s^{-1}",
    "x**2": r"x^{\circ 2}",
    "A**2": r"A^{\circ 2}",
    "x**-1": r"x^{\circ (-1)}",
    "2**x": r"2^{\circ x}",
    "x**(s + 1)": r"x^{\circ (s + 1)}",
    "-x/y": r"-\frac{x}{y}",
    "(x/y)**2": r"\left(\frac{x}{y}\right)^{\circ 2}",
    "x//y": r"\left\lfloor \frac{x}{y} \right\rfloor",
    "2*(s % r)": r"2 (s \bmod r)",
    # functions
    "exp(s)": "e^{s}",
    "exp(s)**2": "(e^{s})^{2}",
    "exp(x)": r"\exp(x)",
    "sqrt(s + 1)": r"\sqrt{s + 1}",
    "sqrt(s)**3": r"\left(\sqrt{s}\right)^{3}",
    "abs(x)": r"\lvert x \rvert",
    "ceil(s)": r"\lceil s \rceil",
    "norm(A)": r"\lVert A \rVert_{F}",
    "norm(x, 1)": r"\lVert x \rVert_{1}",
    "norm(A, 1)": r"\operatorname{norm}(A, 1)",
    "norm(x/s)": r"\left\lVert \frac{x}{s} \right\rVert",
    "norm(X, axis=1)": r"\sqrt{X^{\circ 2} \mathbf{1}}",
    "sum(x)": r"\sum_{i=1}^{2} x_{i}",
    "s*sum(x)": r"s \sum_{i=1}^{2} x_{i}",
    "sum(x)*s": r"\left(\sum_{i=1}^{2} x_{i}\right) s",
    "sum(x) + s": r"\sum_{i=1}^{2} x_{i} + s",
    "sum(x + y)": r"\sum_{i=1}^{2} (x_{i} + y_{i})",
    "sum(x)**2": r"\left(\sum_{i=1}^{2} x_{i}\right)^{2}",
    "sum(X, axis=0)": r"X^{\top} \mathbf{1}",
    "sum(X, axis=0)*x": r"(X^{\top} \mathbf{1}) \odot x",
    "mean(x)*x": r"\bar{x} x",
    "mean(X, axis=1, keepdims=True)*X": (
        r"\left(\frac{1}{2} X \mathbf{1} \mathbf{1}^{\top}\right) \odot X"
    ),
    "X - mean(X, axis=0)": r"X - \frac{1}{3} \mathbf{1} \mathbf{1}^{\top} X",
    "2*mean(A@x - y)": r"\sum_{i=1}^{2} ((A x)_{i} - y_{i})",
    "x*ones_like(X)": r"\mathbf{1} x^{\top}",
    "a[:, None]*ones_like(X)": r"a \mathbf{1}^{\top}",
    "X*a[:, None] + x": r"X \odot (a \mathbf{1}^{\top}) + \mathbf{1} x^{\top}",
    "ones_like(X)": r"\mathbf{1} \mathbf{1}^{\top}",
    "sum(X**2)": r"\lVert X \rVert_{F}^{2}",
    "sum(abs(x))": r"\lVert x \rVert_{1}",
    "x@x": r"\lVert x \rVert^{2}",
    "sum(X*a[:, None])": r"\sum_{i=1}^{3} \sum_{j=1}^{2} X_{ij} a_{i}",
    "prod(x)": r"\prod_{i=1}^{2} x_{i}",
    "diag(ones(3))": "I",
    "tensor([0, 1])": r"\begin{pmatrix} 0 \\ 1 \end{pmatrix}",
    "2*X.T@a/5": r"\frac{2}{5} X^{\top} a",
    "(x@y)*x/norm(x)**2": r"\frac{x^{\top} y}{\lVert x \rVert^{2}} x",
    "-(x@y)*u": r"-(x^{\top} y) u",
    "s**(1/r - 1)": "s^{1/r - 1}",
    "exp(-s**2/2)": "e^{-s^{2}/2}",
    "exp(-s/(r + 1))": r"\exp\left(-\frac{s}{r + 1}\right)",
    "1.5e-07*s": r"1.5 \times 10^{-7} s",
    "std(x)": r"\operatorname{std}(x)",
    "softmax(X, axis=1)": r"\operatorname{softmax}_{\mathrm{row}}(X)",
    "log_softmax(x)": r"\operatorname{log\_softmax}(x)",
    "sigmoid(s)**2": r"\sigma(s)^{2}",
    "log(s)": r"\log(s)",
    "log10(s)": r"\log_{10}(s)",
    "asin(s)": r"\arcsin(s)",
    "maximum(x, 0)": r"\max(x, 0)",
    "pad([sum(x)], (1, 1))": r"\begin{pmatrix} 0 \\ \sum_{i=1}^{2} x_{i} \\ 0 \end{pmatrix}",
    "stack([x, y], axis=1)": r"\operatorname{stack}([x, y], \mathrm{axis} = 1)",
    "roll(x, (1,))": r"\operatorname{roll}(x, (1,))",
    "sort(x).values": r"\operatorname{sort}(x)",
    "ones_like(x)": r"\mathbf{1}",
    "0.5*ones_like(x)": r"0.5 \cdot \mathbf{1}",
    "s*zeros(2, 3)": r"s \mathbf{0}",
    "eye(3) + A": "I + A",
    # conditions and choices
    "(x > 0)*y": r"[x > 0] \odot y",
    "s*(r >= 1)": r"s [r \geq 1]",
    "x != y": r"[x \neq y]",
    "(x > 0) & ~(x < 1) | (x == 2)": r"[x > 0 \land \lnot (x < 1) \lor x = 2]",
    "((x > 0) | (x < 1)) & (x <= 2)": r"[(x > 0 \lor x < 1) \land x \leq 2]",
    "where(x > 0, y, 0.01*x)": (
        r"\begin{cases} y & \text{if } x > 0 \\ 0.01 x & \text{otherwise} \end{cases}"
    ),
    "where(s > 1, 2, where(s > 0, s, (s < 0)))": (
        r"\begin{cases} 2 & \text{if } s > 1 \\ s & \text{if } s > 0 \\"
        r" {}[s < 0] & \text{otherwise} \end{cases}"
    ),
    "2*where(s > 0, s, r)": (
        r"2 \left(\begin{cases} s & \text{if } s > 0 \\ r & \text{otherwise} \end{cases}\right)"
    ),
    "x if s > 0 else y": (
        r"\begin{cases} x & \text{if } s > 0 \\ y & \text{otherwise} \end{cases}"
    ),
    # indexes and lists
    "x[0]": "(x)_{1}",
    "x[0]**2": "(x)_{1}^{2}",
    "x[0]*x": "(x)_{1} x",
    "x1[0]": "(x_{1})_{1}",
    "x[1:]": "x_{2:2}",
    "x[::-1]": r"\texttt{x[::-1]}",
    "x[:, None]": "x",
    "X[..., 0]": r"\texttt{X[..., 0]}",
    "x[[0, 2]]": r"\texttt{x[[0, 2]]}",
    "A.T[0]": r"(A^{\top})_{1,:}",
    "tanh(x)[0]": r"(\tanh(x))_{1}",
    "[1, -2]": r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}",
    "[[1, s], [2*r, 4]]": r"\begin{pmatrix} 1 & s \\ 2 r & 4 \end{pmatrix}",
    "[(s > 0), (r > 0)]": r"\begin{pmatrix} {}[s > 0] \\ {}[r > 0] \end{pmatrix}",
    # names and numbers
    "lambda_*x + alpha": r"\lambda x + \alpha \mathbf{1}",
    "W_2@x1": "W_{2} x_{1}",
    "t1 + pi": r"t_{1} + \pi",
    "1e-05*x": "10^{-5} x",
    "2.5e+20*s": r"2.5 \times 10^{20} s",
    "(2.5e+20)**s": r"(2.5 \times 10^{20})^{s}",
    "s*1e-05": r"s \cdot 10^{-5}",
    "-inf": r"-\infty",
    # what has no notation
    "x.sum()": r"\texttt{x.sum()}",
    "2*x.sum()": r"2 \, \texttt{x.sum()}",
    "lambda q: q_1%2": r"\texttt{lambda q: q\_1\%2}",
    "s*(lambda: 0)": r"s (\texttt{lambda: 0})",
    "x ^ y": r"\texttt{x \textasciicircum{} y}",
    "x in y": r"\texttt{x in y}",
    "[x, y]": r"\texttt{[x, y]}",
    "[[1], [1, 2]]": r"\texttt{[[1], [1, 2]]}",
    "f(*x)": r"\operatorname{f}(\texttt{*x})",
    "f(**x)": r"\texttt{f(**x)}",
    "f(x, é=1)": r"\texttt{f(x, \'{e}=1)}",
    "'a_b'": r"\texttt{'a\_b'}",
    "1j": r"\texttt{1j}",
    "x and y": r"\texttt{x and y}",
}


@pytest.mark.parametrize("formula", CASES)
def test_a_formula_in_the_notation_of_textbooks(formula):
    assert mathematics(formula) == CASES[formula]


def test_parts_stand_below():
    parts = [("t1", "tanh(W@x)"), ("t2", "a - t1")]
    assert mathematics("W.T@((1 - t1**2)*t2) + t2@t2*x", parts) == "\n".join([
        r"W^{\top} ((\mathbf{1} - t_{1}^{\circ 2}) \odot t_{2}) + \lVert t_{2} \rVert^{2} x \\",
        r"\text{where } t_{1} &= \tanh(W x) \\",
        r"t_{2} &= a - t_{1}",
    ])  # fmt: skip


def test_a_long_product_goes_on_below():
    formula = "*".join(f"tanh(W@x{k % 7})" for k in range(10, 30))
    lines = mathematics(formula, shapes={"W": (2, 2)} | {f"x{k}": (2,) for k in range(7)})
    first, *more = lines.split(" \\\\\n&\\quad {}")
    assert len(more) == 2
    assert all(line.startswith(r"\odot ") for line in more)
    assert " ".join([first, *more]).count(r"\odot") == 19


def test_it_is_said_where_indexes_count_from():
    assert "indexes count from 1" in render(report("x[1]*x"))
    assert "indexes count from 1" not in render(report("sum(x)*x"))


def test_a_sigmoid_is_no_factor():
    shapes = {"sigma": (), "x": (2,)}
    tex = mathematics("sigma*sigmoid(x)", shapes=shapes)
    assert tex == r"\sigma \operatorname{sigmoid}(x)"


def test_a_long_sum_goes_on_below():
    formula = " + ".join(f"{k}*x{k % 7}" for k in range(10, 40)) + " - norm(x)"
    lines = mathematics(formula, shapes=dict.fromkeys([f"x{k}" for k in range(7)], (2,)))
    first, *more = lines.split(" \\\\\n&\\quad {}")
    assert len(more) == 2
    assert all(len(line) < 200 for line in (first, *more))
    assert " ".join([first, *more]).startswith("10 x_{3} + 11 x_{4} + 12 x_{5} + 13")
    assert more[-1].endswith(r"- \lVert x \rVert \mathbf{1}")


@pytest.mark.parametrize(
    ("formula", "shapes", "tex"),
    [
        ("x1 + x_1", {"x1": (), "x_1": ()}, r"\texttt{x1} + \texttt{x\_1}"),
        ("α + alpha", {"α": (), "alpha": ()}, r"\texttt{\ensuremath{\alpha}} + \texttt{alpha}"),
        ("e*exp(s)", {"e": (), "s": ()}, r"e \exp(s)"),
        ("I@eye(2)", {"I": (2, 2)}, r"I \mathbf{I}"),
        ("inf*x", {"inf": (2,), "x": (2,)}, r"\mathit{inf} \odot x"),
        ("pi*x", {"pi": (2,), "x": (2,)}, r"\pi \odot x"),
        ("pi*x", {"x": (2,)}, r"\pi x"),
    ],
)
def test_names_that_could_be_mistaken(formula, shapes, tex):
    assert mathematics(formula, shapes=shapes) == tex


def test_a_detached_value_is_not_known_to_be_a_number():
    assert mathematics("e*x", shapes={"x": (2,)}, detached=("e",)) == r"e \odot x"


@pytest.mark.parametrize(
    ("name", "tex"),
    [
        ("x", "x"),
        ("lambda_", r"\lambda"),
        ("Gamma", r"\Gamma"),
        ("θ", r"\theta"),
        ("x1", "x_{1}"),
        ("W_2", "W_{2}"),
        ("beta10", r"\beta_{10}"),
        ("x_i", "x_{i}"),
        ("w_out", r"w_{\mathrm{out}}"),
        ("learning_rate", r"\mathit{learning\_rate}"),
        ("_", r"\mathit{\_}"),
        ("x_", r"\mathit{x\_}"),
        ("class_", r"\mathit{class}"),
        ("lam", r"\lambda"),
        ("eps", r"\epsilon"),
        ("y_hat", r"\hat{y}"),
        ("sigma_x_2", r"\sigma_{x,2}"),
        ("W_in_1", r"W_{\mathrm{in},1}"),
        ("é", r"\textit{\'{e}}"),
        ("naïve_漢", r"\textit{na\"{i}ve\_U+6F22}"),
        ("x" * 200, rf"\textit{{{'x' * 40}\allowbreak" + f"\n...{'x' * 37}\\allowbreak\nxxx}}"),
    ],
)
def test_names(name, tex):
    assert name_tex(name) == tex


@given(st.lists(st.from_regex(r"[a-c]_?[1-3]?", fullmatch=True), unique=True))
def test_different_names_look_different(names):
    assert len(set(name_table(names).values())) == len(names)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("4", "4"),
        ("-0.25", "-0.25"),
        ("1e-05", "10^{-5}"),
        ("-1e+22", "-10^{22}"),
        ("1.5e-300", r"1.5 \times 10^{-300}"),
        ("nan", r"\mathrm{NaN}"),
        ("-inf", r"-\infty"),
    ],
)
def test_numbers(text, tex):
    assert number_tex(text) == tex


# what a formula comes to

VALUES = {
    "x": np.array([2.0, -3.0]),
    "y": np.array([0.5, 1.25]),
    "A": np.array([[1.0, 2.0], [-0.5, 3.0]]),
    "B": np.array([[0.0, -1.0], [4.0, 1.0]]),
    "s": np.array(0.75),
    "r": np.array(-1.5),
}


def _regular(function):
    """The function, which refuses a matrix whose inverse would be all rounding."""

    def call(matrix, *others):
        if not np.linalg.cond(matrix) < 1e5:
            raise np.linalg.LinAlgError
        return function(matrix, *others)

    return call


LIBRARY = {
    "sum": np.sum, "outer": np.outer, "inv": _regular(np.linalg.inv), "norm": np.linalg.norm,
    "solve": _regular(np.linalg.solve), "dot": np.dot, "mean": np.mean, "prod": np.prod,
    "amax": np.amax, "tanh": np.tanh, "exp": np.exp, "sqrt": np.sqrt, "where": np.where,
    "ones_like": np.ones_like, "std": lambda z, axis: np.std(z, axis=axis, ddof=1),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}  # fmt: skip


@st.composite
def typed(draw, rank, depth=4):
    """A formula whose value has a rank."""
    leaves = {0: ["s", "r", "2", "0.5", "3"], 1: ["x", "y"], 2: ["A", "B"]}
    if not depth or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(leaves[rank]))
    one = [
        "-({%d})", "({%d}) + ({%d})", "({%d}) - ({%d})", "({%d})*({%d})", "({%d})**2",
        "({0})*({%d})", "({%d})*({0})", "({%d})/(({0})**2 + 1)", "({%d}) - ({0})", "sigmoid({%d})",
        "tanh({%d})**2", "-({%d})*({%d})", "-({%d})/3", "2*({%d})/5", "abs({%d})",
        "where(({%d}) > 0, {%d}, 2*({%d}))", "(({%d}) > ({0}))*({%d})",
    ]  # fmt: skip
    own = {
        0: [
            "({1})@({1})",
            "sum({1})",
            "sum({2})",
            "norm({1})",
            "norm({2})",
            "dot({1}, {1})",
            "mean({1})",
            "mean({2})",
            "2*mean({1})",
            "prod({1})",
            "amax({1})",
            "sum(abs({1}))",
            "sum(({2})**2)",
            "exp(-({0})**2/2)",
            "sqrt(({0})**2 + 1)",
        ],
        1: [
            "({2})@({1})",
            "({1})@({2})",
            "({2}).T@({1})",
            "solve({2}, {1})",
            "({1})@({2}).T",
            "sum({2}, axis=0)",
            "sum({2}, axis=1)",
            "mean({2}, axis=0)",
            "({0})*({1})/({0})",
            "std({2}, axis=1)",
            "x[:2] - ({1})[0]*y",
        ],
        2: [
            "({2})@({2})",
            "outer({1}, {1})",
            "({2}).T",
            "inv({2})",
            "inv({2}).T",
            "inv(({2}).T)",
            "({2}) + ({1})",
            "({2})*({1})",
            "({1})[:, None]*({2})",
            "({2})/(1 + ({1})**2)",
            "({2}) - mean({2}, axis=1, keepdims=True)",
            "({2}) - mean({2}, axis=0)",
            "sum({2}, axis=0, keepdims=True) - ({2})",
            "({1})*ones_like({2})",
            "({1})[:, None] - ({1})",
            "(({2}) > ({1}))*({2})",
            "({2})**(1 + sigmoid({1}))*0",
        ],
    }
    form = draw(st.sampled_from([text.replace("%d", str(rank)) for text in one] + own[rank]))
    return re.sub(r"\{(\d)\}", lambda m: draw(typed(int(m[1]), depth - 1)), form)


@given(st.integers(0, 2).flatmap(typed))
def test_a_formula_reads_as_it_computes(formula):
    columns = {name: v[:, None] if v.ndim == 1 else v for name, v in VALUES.items()}
    with np.errstate(all="ignore"):
        try:
            expected = eval(formula, LIBRARY, dict(VALUES))
        except np.linalg.LinAlgError:
            assume(False)
        assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e6)
        text = mathematics(formula, shapes={name: v.shape for name, v in VALUES.items()})
        assume("description" not in text)
        text = text.replace(" \\\\\n&\\quad {}", " ")
        value = Reader(text, columns).result()
    np.testing.assert_allclose(np.squeeze(value), expected, rtol=1e-6, atol=1e-6)


# whatever the formula

NAMES = st.sampled_from(["x", "A", "s", "T", "x1", "lambda_", "é", "漢", "rate_2", "e", "I", "q"])
LEAVES = st.one_of(
    NAMES,
    st.sampled_from(["2", "0.5", "1e-05", "3e+20", "1j", "inf", "pi", "None", "...", "b'%'", "()"]),
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])).map(repr),
)
FORMS = [
    "-{0}", "+{0}", "~{0}", "not {0}", "{0}.T", "{0}.mT", "{0}.values", "{0}.sum()", "{0}[{1}]",
    "{0}[{1}:, None, ::{2}]", "{0}[[{1}, {2}]]", "[{0}, {1}]", "[[{0}], [{1}]]", "({0}, {1})",
    "({0},)", "lambda q: {0}", "{{{0}: {1}}}", "{0} if {1} else {2}", "where({0}, {1}, {2})",
    "sum({0})", "norm({0})", "norm({0}, {1})", "inv({0})", "outer({0}, {1})", "exp({0})",
    "sqrt({0})", "abs({0})", "solve({0}, {1})", "dot({0}, {1})", "softmax({0}, axis={1})",
    "f({0}, *{1}, **{2})", "sum({0}, axis=({1},))", "stack([{0}, {1}], dim={2})", "é_({0})",
    "ones_like({0})", "{0} < {1} >= {2}", "{0} in {1}", "{0} is {1}", "[{0} for q in {1}]",
    "{0}({1})", "x.y({0})",
]  # fmt: skip
SIGNS = ["+", "-", "*", "/", "//", "%", "@", "**", "&", "|", "^", "<<", "and", "or", "==", "!="]
FORMS += [f"{{0}} {sign} {{1}}" for sign in SIGNS]


def _grown(inner):
    three = st.tuples(st.sampled_from(FORMS), inner, inner, inner)
    return three.map(lambda t: t[0].format(*(f"({part})" for part in t[1:])))


ANYTHING = st.recursive(LEAVES, _grown, max_leaves=12)


@given(ANYTHING, st.sampled_from([(), (2,), (2, 2), (2, 2, 2)]))
def test_any_formula_is_well_formed(formula, shape):
    shapes = {**SHAPES, "x": shape, "é": shape, "rate_2": ()}
    render(report(formula, [("t1", formula)], shapes))


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_well_formed(text):
    assume(text != "x")
    claim = Claim(text, np.ones(2), False, np.ones(2, np.bool_))
    hostile = report(
        text, [(text, text)], {text: (2,), "x": ()}, claim=claim, program=text, of=text,
        detached=(text,), path=(Branch(1, "if", text, (True,)),),
        findings=(Finding("k", text, text),), verdict=Verdict(Outcome.WRONG, text),
    )  # fmt: skip
    render(hostile, hostile)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("50% of x_1 & {y}", r"50\% of x\_1 \& \{y\}"),
        ("a\\b ^ ~ <>|", r"a\textbackslash{}b \textasciicircum{} \textasciitilde{} "
                         r"\textless{}\textgreater{}\textbar{}"),
        ("--- '' ?`", "-{}-{}- '{}' ?{}`"),
        ("a\n\x1b[1m", r"a\textbackslash{}n\textbackslash{}x1b[1m"),
        ("é Å ß ∇ … α", r"\'{e} \r{A} \ss{} \ensuremath{\nabla} \dots{} \ensuremath{\alpha}"),
        ("e\u0301 \u0301", r"\'{e} U+0301"),
        ("ǘ 漢", "U+01D8 U+6F22"),
    ],
)  # fmt: skip
def test_texts(text, tex):
    assert escape(text) == tex


def test_long_texts_are_in_lines_that_tex_can_break_and_read():
    words, word = escape("word " * 100), escape("x" * 100)
    assert max(map(len, words.splitlines())) < 100
    assert words.split() == ["word"] * 100
    assert word == "\\allowbreak\n".join(["x" * 40, "x" * 40, "x" * 20])


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 300 + "x" + ")" * 300,
        "sqrt(" * 100 + "x" + ")" * 100,
        "x" + " + x" * 20_000,
        "*".join(["x"] * 2_000),
        "x +",
        "x; y",
        "9" * 5_000,
        "x\0",
        "",
    ],
)
def test_what_tex_cannot_take_is_shown_as_text(formula):
    text = render(report(formula, shapes={"x": (2,)}))
    assert "\\nabla_{x} f &= \\begin{pmatrix} 1 \\\\ 1 \\end{pmatrix}\n" in text
    assert r"\item[formula] \texttt{x: " in text


def test_as_many_rows_as_a_page_takes_are_in_one_display():
    text = render(report("t99", [(f"t{k}", "x") for k in range(100)]))
    assert text.count(r"\begin{align*}") == 5
    assert text.count("&= x") == 100


# whole outputs

LONG = np.arange(1000.0)
OUTPUTS = {
    "a formula with parts": (
        report("t1*x", [("t1", "x@x")], {"x": (2,)}, program="x@x\n2", value=np.ones((2, 2)),
               summed=True),
        r"""
\noindent \texttt{x@x ...}
\begin{align*}
f &= \begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix} \\
\nabla_{x} f &= t_{1} x \\
\text{where } t_{1} &= \lVert x \rVert^{2}
\end{align*}
\begin{description}
\item[note] the output has shape (2, 2): this is the gradient of its sum
\item[verified] it agrees
\end{description}
""",
    ),
    "no formula, and much to say": (
        report(None, shapes={"lambda_": (2,)}, program="50%",
               claim=Claim("3*x_1", np.ones(2), False, np.array([True, False])), of="y_1",
               path=(Branch(3, "if", "x > 0", (True,)),), detached=("u",),
               findings=(Finding("dead", "x_1 is dead", "use y"),),
               verdict=Verdict(Outcome.WRONG, "3*x_1 does not hold")),
        r"""
\noindent \texttt{50\%}
\begin{align*}
f &= 1 \\
\nabla_{\lambda} f &= \begin{pmatrix} 1 \\ 1 \end{pmatrix}
\end{align*}
\begin{description}
\item[of] y\_1: this is the gradient of that part of the program
\item[path] line 3 if x \textgreater{} 0: true
\item[detached] u
\item[expected] 3*x\_1 does not hold: 1 of 2 elements differ
\item[finding] x\_1 is dead
\item[tip] use y
\item[wrong] 3*x\_1 does not hold
\end{description}
""",
    ),
    "long, accumulated": (
        report(None, gradients=(InputGradient("x", LONG, accumulated=LONG / 2),)),
        r"""
\noindent \texttt{p}
\begin{align*}
f &= 1 \\
\nabla_{x} f &= \begin{pmatrix} 0 \\
1 \\
2 \\
3 \\
4 \\
5 \\
\vdots \\
996 \\
997 \\
998 \\
999 \end{pmatrix} \quad \text{of shape (1000)} \\
\text{accumulated } \nabla_{x} f &= \begin{pmatrix} 0 \\
0.5 \\
1 \\
1.5 \\
2 \\
2.5 \\
\vdots \\
498 \\
498.5 \\
499 \\
499.5 \end{pmatrix} \quad \text{of shape (1000)}
\end{align*}
\begin{description}
\item[verified] it agrees
\end{description}
""",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_whole_outputs(name):
    drawn, text = OUTPUTS[name]
    assert "\n" + render(drawn) == text


@pytest.mark.parametrize(
    ("values", "tex"),
    [
        (np.array(-np.inf), r"-\infty"),
        (np.zeros(0), r"\text{of shape (0)}"),
        (np.zeros((0, 3)), r"\text{of shape (0, 3)}"),
        (np.array([[1, np.nan]]), r"\begin{pmatrix} 1 & \mathrm{NaN} \end{pmatrix}"),
        (np.zeros((1, 2, 2)), r"0, 0, 0, 0 \quad \text{of shape (1, 2, 2)}"),
        (
            np.arange(400.0).reshape(20, 20)[:, :11],
            r"\left(\begin{array}{*{11}{c}} 0 & 1 & 2 & 3 & 4 & 5 & 6 & 7 & 8 & 9 & 10 \\",
        ),
        (
            np.arange(400.0).reshape(2, 200),
            r"\left(\begin{array}{*{11}{c}} 0 & 1 & 2 & 3 & 4 & 5 & \cdots & 196 & 197 & 198 & 199"
            r" \\ 200 & 201 & 202 & 203 & 204 & 205 & \cdots & 396 & 397 & 398 & 399"
            r" \end{array}\right) \quad \text{of shape (2, 200)}",
        ),
    ],
)
def test_arrays(values, tex):
    assert f"f &= {tex}" in render(report("x", value=values))


def test_all_shows_more_but_no_more_than_a_page_takes():
    whole = Style(width=80, color=False, show_all=True)
    assert "dots" not in render(report("x", value=np.ones((40, 40))), style=whole)
    cut = render(report("x", value=np.ones((400, 400))), style=whole)
    assert cut.count(r"\cdots") == 38
    assert cut.count(r"\vdots") == 38
    assert cut.count(r"\ddots") == 1


# the command


@pytest.mark.parametrize(
    ("argv", "code", "lines"),
    [
        (
            ["2*dot(x, x)", "--x", "0,1,2,3"],
            0,
            [r"\noindent \texttt{2*dot(x, x)}", r"f &= 28 \\", r"\nabla_{x} f &= 4 x"],
        ),
        (
            ["norm(X@w - b)**2", "--X", "1,2;3,4;5,6", "--w", "1,2", "--b", "1,0,2"],
            0,
            [
                r"\nabla_{X} f &= 2 (X w - b) w^{\top} \\",
                r"\nabla_{w} f &= 2 X^{\top} (X w - b) \\",
                r"\nabla_{b} f &= 2 (b - X w)",
            ],
        ),
        (
            ["lambda_*norm(w_1)", "--lambda_", "0.5", "--w_1", "3,4", "--wrt", "w_1"],
            0,
            [r"\nabla_{w_{1}} f &= \frac{\lambda w_{1}}{\lVert w_{1} \rVert}"],
        ),
        (
            ["logdet(A)", "--A", "2,1;1,3"],
            0,
            [r"\nabla_{A} f &= A^{-\top}"],
        ),
        (
            ["x*x", "--x", "3", "--expect", "3*x"],
            1,
            [
                r"\nabla_{x} f &= 2 x",
                r"\item[expected] 3*x does not hold; it is 1.5 times the gradient everywhere",
            ],
        ),
        (
            ["abs(x)", "--x", "0"],
            3,
            [r"f &= 0 \\"],
        ),
        (
            ["x*x", "--x", "1,2", "--no-check"],
            3,
            [r"\nabla_{x} f &= \begin{pmatrix} 2 \\ 4 \end{pmatrix}"],
        ),
    ],
)  # fmt: skip
def test_the_command(argv, code, lines, capsys):
    assert main(["grad", *argv, "--format", "latex"]) == code
    text = capsys.readouterr().out
    assert fault(text) is None
    assert set(lines) <= set(text.splitlines())


@needs_tex
@pytest.mark.parametrize("show_all", [False, True])
def test_it_compiles(tmp_path, show_all):
    reports = [
        *(report(formula, program=formula) for formula in CASES),
        *(drawn for drawn, _ in OUTPUTS.values()),
        report("x", value=np.random.default_rng(0).random((300, 300))),
        *(report(f"{open_ * k}x{close * k}") for k in (5, 10, 24)
          for open_, close in (("sqrt(1 + ", ")"), ("1/(1 + ", ")"), ("norm(x/", ")"),
                               ("where(s > 0, ", ", s)"), ("2**(", ")"), ("f(k=[", "])"))),
        *(report(text, program=text, verdict=Verdict(Outcome.WRONG, text), detached=(text,))
          for text in ("".join(map(chr, range(1, 0x250))), "α∇漢é…\ud800", "x" * 20_000)),
    ]  # fmt: skip
    body = renderer("latex")(reports, Style(80, color=False, show_all=show_all))
    compiles(body, tmp_path)
