"""The formats: the same reports, drawn by each."""

import csv
import io
import json
import math
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcalc.errors import ShapeError, Span
from gradcalc.render import FORMATS, Style, printable, renderer
from gradcalc.render.json import dumps, error_json, report_json
from gradcalc.render.text import disagreeing, gradient_rows, number_texts, rounded, visible
from gradcalc.report import Branch, Claim, Finding, InputGradient, Outcome, Report, Verdict, Written

PLAIN = Style(width=80, color=False)
GOOD = Verdict(Outcome.VERIFIED, "autograd and the formula agree")


def array(*numbers):
    return np.array(numbers, dtype=float)


def mask(*flags):
    return np.array(flags, dtype=bool)


X = array(0, 1, 2, 3)
VECTOR = Report(
    command="grad",
    program="2*dot(x,x)",
    dtype="float64",
    value=np.array(28.0),
    inputs={"x": X},
    gradients=(InputGradient("x", 4 * X, 4 * X, Written((), "4*x"), 15.95, mask(0, 0, 0, 0)),),
    verdict=GOOD,
    witnesses=("autograd", "symbolic"),
)


def with_gradient(report, **changes):
    """The report with its only gradient changed."""
    return replace(report, gradients=(replace(report.gradients[0], **changes),))


CLAIM = replace(
    with_gradient(VECTOR, claim=Claim("3*x", 3 * X, False, mask(0, 1, 1, 1))),
    verdict=Verdict(Outcome.WRONG, "the expected gradient 3*x does not hold"),
)
SCALAR = replace(
    VECTOR,
    program="def f(a):\n    b = a*2",
    value=np.array(1228.8),
    inputs={"a": np.array(0.3)},
    gradients=(
        InputGradient(
            "a", np.array(4096.0), np.array(4096.0), Written((), "4096"), 15.2, np.array(False)
        ),
    ),
    path=(
        Branch(3, "while", "b.norm() < 1000", (True,) * 11 + (False,)),
        Branch(5, "if", "b.sum() > 0", (True,)),
    ),
)
M = np.arange(4.0).reshape(2, 2)
SEVERAL = Report(
    command="grad",
    program="sum((X@w)**2)",
    dtype="float32",
    value=np.array(13.0),
    inputs={"X": M, "w": array(1, -1)},
    gradients=(
        InputGradient(
            "X", M / 3, M / 3, Written((), "outer(2*X@w, w)"), 7.2, np.zeros((2, 2), bool)
        ),
        InputGradient("w", array(0.1, 1e20)),
    ),
    verdict=Verdict(Outcome.UNRESOLVED, "the symbolic witness did not testify for w"),
    witnesses=("autograd",),
    digits_possible=7.22,
)
ONES = with_gradient(
    replace(VECTOR, program="x.sum()", value=np.array(6.0)),
    autograd=np.ones(4), symbolic=np.ones(4), formula=None,
    accumulated=1 + 4 * X,
)  # fmt: skip
KINK = Report(
    command="grad",
    program="sqrt(abs(x))",
    dtype="float64",
    value=array(0, np.nan),
    inputs={"x": array(0, -np.inf)},
    gradients=(InputGradient("x", array(np.nan, np.inf), array(0, np.inf), differs=mask(1, 0)),),
    verdict=Verdict(Outcome.KINK, "not differentiable at x[0] = 0"),
    witnesses=("autograd", "symbolic"),
    summed=True,
    detached=("u", "v"),
    findings=(
        Finding(
            "masked_nan", "the backward of [bold]sqrt[/] is not finite", None, Span(1, 1, 1, 5)
        ),
        Finding("dead", "x[1] does not matter", "use where(x>0, x, 1)"),
    ),
)


def long_report(size=1000, wrong=(500,)):
    x = np.arange(float(size))
    differs = np.isin(np.arange(size), wrong)
    marked = with_gradient(
        VECTOR,
        autograd=2 * x,
        symbolic=2 * x + differs,
        formula=Written((), "2*x"),
        differs=differs,
    )
    verdict = Verdict(Outcome.WRONG, "1 of 1000 elements differs")
    return replace(
        marked, program="x*x", value=x * x, inputs={"x": x}, summed=True, verdict=verdict
    )


PARTS = with_gradient(
    VECTOR,
    formula=Written((("t1", "tanh(W@x)"), ("t2", "b - t1")), "W.T@(2*(1 - t1**2)*t2) + norm(t2)*x"),
)

REPORTS = {
    "vector": [VECTOR],
    "formula in parts": [PARTS],
    "claim that fails": [CLAIM],
    "scalar with a path": [SCALAR],
    "several inputs in float32": [SEVERAL],
    "accumulated over two programs": [with_gradient(VECTOR, accumulated=4 * X), ONES],
    "kink with findings": [KINK],
    "long with one that differs": [long_report()],
}

# Tabs are shown as arrows.
GOLDEN = {
    ("table", "vector"): r"""
value  28

∇x f = 4*x
 index   x   autograd   symbolic
─────────────────────────────────────
 0       0          0          0   ✓
 1       1          4          4   ✓
 2       2          8          8   ✓
 3       3         12         12   ✓

digits right  15.9 of 15.9
verified      autograd and the formula agree
""",
    ("table", "formula in parts"): r"""
value  28

∇x f = W.T@(2*(1 - t1**2)*t2) + norm(t2)*x
  where t1 = tanh(W@x)
        t2 = b - t1
 index   x   autograd   symbolic
─────────────────────────────────────
 0       0          0          0   ✓
 1       1          4          4   ✓
 2       2          8          8   ✓
 3       3         12         12   ✓

digits right  15.9 of 15.9
verified      autograd and the formula agree
""",
    ("table", "claim that fails"): r"""
value  28

∇x f = 4*x
 index   x   autograd   symbolic   expected
────────────────────────────────────────────────
 0       0          0          0          0   ✓
 1       1          4          4          3   ✗
 2       2          8          8          6   ✗
 3       3         12         12          9   ✗

expected      3*x does not hold: 3 of 4 elements differ
digits right  15.9 of 15.9
wrong         the expected gradient 3*x does not hold
""",
    ("table", "scalar with a path"): r"""
value  1228.8

∇a f = 4096
   a   autograd   symbolic
───────────────────────────────
 0.3       4096       4096   ✓

path          line 3  while b.norm() < 1000: 11 rounds
              line 5  if b.sum() > 0: true
digits right  15.2 of 15.9
verified      autograd and the formula agree
""",
    ("table", "several inputs in float32"): r"""
value  13

∇X f = outer(2*X@w, w)
X          autograd
⎡ 0  1 ⎤   ⎡         0  0.33333334 ⎤   ✓
⎣ 2  3 ⎦   ⎣ 0.6666667           1 ⎦

∇w f  of shape (2)
 index    w   autograd
──────────────────────────
 0        1        0.1
 1       -1      1e+20

digits right  X: 7.2 of 7.2
unresolved    the symbolic witness did not testify for w
""",
    ("table", "accumulated over two programs"): r"""
2*dot(x,x)
value  28

∇x f = 4*x
 index   x   autograd   symbolic   accumulated
───────────────────────────────────────────────────
 0       0          0          0             0   ✓
 1       1          4          4             4   ✓
 2       2          8          8             8   ✓
 3       3         12         12            12   ✓

digits right  15.9 of 15.9
verified      autograd and the formula agree

x.sum()
value  6

∇x f  of shape (4)
 index   x   autograd   symbolic   accumulated
───────────────────────────────────────────────────
 0       0          1          1             1   ✓
 1       1          1          1             5   ✓
 2       2          1          1             9   ✓
 3       3          1          1            13   ✓

digits right  15.9 of 15.9
verified      autograd and the formula agree
""",
    ("table", "kink with findings"): r"""
value  0, nan
note   the output has shape (2): this is the gradient of its sum

∇x f  of shape (2)
 index      x   autograd   symbolic
────────────────────────────────────────
 0          0        nan          0   ✗
 1       -inf        inf        inf   ✓

detached  u, v
finding   the backward of [bold]sqrt[/] is not finite (line 1, column 1)
          x[1] does not matter
tip       use where(x>0, x, 1)
kink      not differentiable at x[0] = 0
""",
    ("table", "long with one that differs"): r"""
value  0, 1, 4, ..., 998001 of shape (1000)
note   the output has shape (1000): this is the gradient of its sum

∇x f = 2*x
 index     x   autograd   symbolic
───────────────────────────────────────
 0         0          0          0   ✓
 1         1          2          2   ✓
 2         2          4          4   ✓
 3         3          6          6   ✓
 4         4          8          8   ✓
 5         5         10         10   ✓
 ⋮         ⋮          ⋮          ⋮
 500     500       1000       1001   ✗
 ⋮         ⋮          ⋮          ⋮
 996     996       1992       1992   ✓
 997     997       1994       1994   ✓
 998     998       1996       1996   ✓
 999     999       1998       1998   ✓
… 989 more rows that agree; --all shows them

digits right  15.9 of 15.9
wrong         1 of 1000 elements differs
""",
    ("markdown", "formula in parts"): r"""
**value** 28

gradient of `x` = `t1 = tanh(W@x); t2 = b - t1; W.T@(2*(1 - t1**2)*t2) + norm(t2)*x`

| index | x | autograd | symbolic |  |
| :-- | --: | --: | --: | :-: |
| 0 | 0 | 0 | 0 | ✓ |
| 1 | 1 | 4 | 4 | ✓ |
| 2 | 2 | 8 | 8 | ✓ |
| 3 | 3 | 12 | 12 | ✓ |

- digits right: 15.9 of 15.9

**verified** autograd and the formula agree
""",
    ("markdown", "claim that fails"): r"""
**value** 28

gradient of `x` = `4*x`

| index | x | autograd | symbolic | expected |  |
| :-- | --: | --: | --: | --: | :-: |
| 0 | 0 | 0 | 0 | 0 | ✓ |
| 1 | 1 | 4 | 4 | 3 | ✗ |
| 2 | 2 | 8 | 8 | 6 | ✗ |
| 3 | 3 | 12 | 12 | 9 | ✗ |

- expected: 3\*x does not hold: 3 of 4 elements differ
- digits right: 15.9 of 15.9

**wrong** the expected gradient 3\*x does not hold
""",
    ("markdown", "several inputs in float32"): r"""
**value** 13

gradient of `X` = `outer(2*X@w, w)`

| index | X | autograd | symbolic |  |
| :-- | --: | --: | --: | :-: |
| 0,0 | 0 | 0 | 0 | ✓ |
| 0,1 | 1 | 0.33333334 | 0.33333334 | ✓ |
| 1,0 | 2 | 0.6666667 | 0.6666667 | ✓ |
| 1,1 | 3 | 1 | 1 | ✓ |

gradient of `w`

| index | w | autograd |  |
| :-- | --: | --: | :-: |
| 0 | 1 | 0.1 |  |
| 1 | -1 | 1e+20 |  |

- digits right: X: 7.2 of 7.2

**unresolved** the symbolic witness did not testify for w
""",
    ("markdown", "kink with findings"): r"""
**value** 0, nan

**note** the output has shape (2): this is the gradient of its sum

gradient of `x`

| index | x | autograd | symbolic |  |
| :-- | --: | --: | --: | :-: |
| 0 | 0 | nan | 0 | ✗ |
| 1 | -inf | inf | inf | ✓ |

- detached: u, v
- finding: the backward of \[bold\]sqrt\[/\] is not finite (line 1, column 1)
- finding: x\[1\] does not matter
- tip: use where(x\>0, x, 1)

**kink** not differentiable at x\[0\] = 0
""",
    ("tsv", "vector"): r"""
input→index→at→autograd→symbolic→ok
x→0→0→0→0→true
x→1→1→4→4→true
x→2→2→8→8→true
x→3→3→12→12→true
# value→28
# closed form→x→4*x
# digits right→15.9 of 15.9
# verdict→verified→autograd and the formula agree
""",
    ("tsv", "formula in parts"): r"""
input→index→at→autograd→symbolic→ok
x→0→0→0→0→true
x→1→1→4→4→true
x→2→2→8→8→true
x→3→3→12→12→true
# value→28
# closed form→x→t1 = tanh(W@x); t2 = b - t1; W.T@(2*(1 - t1**2)*t2) + norm(t2)*x
# digits right→15.9 of 15.9
# verdict→verified→autograd and the formula agree
""",
    ("tsv", "accumulated over two programs"): r"""
input→index→at→autograd→symbolic→ok→accumulated→program
x→0→0→0→0→true→0→2*dot(x,x)
x→1→1→4→4→true→4→2*dot(x,x)
x→2→2→8→8→true→8→2*dot(x,x)
x→3→3→12→12→true→12→2*dot(x,x)
# value→28
# closed form→x→4*x
# digits right→15.9 of 15.9
# verdict→verified→autograd and the formula agree
x→0→0→1→1→true→1→x.sum()
x→1→1→1→1→true→5→x.sum()
x→2→2→1→1→true→9→x.sum()
x→3→3→1→1→true→13→x.sum()
# value→6
# digits right→15.9 of 15.9
# verdict→verified→autograd and the formula agree
""",
    ("tsv", "kink with findings"): r"""
input→index→at→autograd→symbolic→ok
x→0→0→nan→0→false
x→1→-inf→inf→inf→true
# value→0,nan
# note→the output has shape (2): this is the gradient of its sum
# detached→u, v
# finding→the backward of [bold]sqrt[/] is not finite (line 1, column 1)
# finding→x[1] does not matter
# tip→use where(x>0, x, 1)
# verdict→kink→not differentiable at x[0] = 0
""",
    ("csv", "vector"): r"""
input,index,at,autograd,symbolic,ok,value,verdict
x,0,0,0,0,true,28,verified
x,1,1,4,4,true,28,verified
x,2,2,8,8,true,28,verified
x,3,3,12,12,true,28,verified
""",
    ("csv", "claim that fails"): r"""
input,index,at,autograd,symbolic,ok,expected,value,verdict
x,0,0,0,0,true,0,28,wrong
x,1,1,4,4,false,3,28,wrong
x,2,2,8,8,false,6,28,wrong
x,3,3,12,12,false,9,28,wrong
""",
    ("csv", "several inputs in float32"): r"""
input,index,at,autograd,symbolic,ok,value,verdict
X,"0,0",0,0,0,true,13,unresolved
X,"0,1",1,0.33333334,0.33333334,true,13,unresolved
X,"1,0",2,0.6666667,0.6666667,true,13,unresolved
X,"1,1",3,1,1,true,13,unresolved
w,0,1,0.1,,,13,unresolved
w,1,-1,1e+20,,,13,unresolved
""",
    ("literal", "vector"): r"""
0,4,8,12
""",
    ("literal", "several inputs in float32"): r"""
X=0,0.33333334;0.6666667,1
w=0.1,1e+20
""",
    ("literal", "accumulated over two programs"): r"""
0,4,8,12
1,5,9,13
""",
    ("literal", "kink with findings"): r"""
nan,inf
""",
}


@pytest.mark.parametrize(("form", "name"), GOLDEN)
def test_golden(form, name):
    text = renderer(form)(REPORTS[name], PLAIN)
    assert "\n" + text.replace("\t", "→") == GOLDEN[form, name]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_every_format_draws_every_report_at_any_width(form, name):
    for width in (1, 40, 200):
        for unicode in (True, False):
            style = Style(width, color=True, unicode=unicode)
            text = renderer(form)(REPORTS[name], style)
            assert text.endswith("\n")
            assert unicode or text.isascii()
    assert renderer(form)([], PLAIN) == ""


# numbers and other small texts


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (4.0, "float64", "4"),
        (-0.0, "float64", "-0"),
        (0.1, "float64", "0.1"),
        (0.1 + 0.2, "float64", "0.30000000000000004"),
        (1e22, "float64", "1e+22"),
        (np.nan, "float64", "nan"),
        (-np.inf, "float32", "-inf"),
        (1 / 3, "float32", "0.33333334"),
        (1e300, "float32", "1e+300"),
        (1e-300, "float16", "1e-300"),
    ],
)
def test_numbers_are_the_shortest_that_read_back(value, dtype, text):
    assert number_texts(np.array(value), dtype) == [text]


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_numbers_read_back_to_the_same_bits(values):
    back = np.array([float(text) for text in number_texts(values)])
    np.testing.assert_array_equal(back, values.ravel())
    assert (np.signbit(back) == np.signbit(values.ravel()))[~np.isnan(back)].all()


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x[0] [bold]", "x[0] [bold]"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\tb\nc\x9b", r"a\tb\nc\x9b"),
        ("\u202eabc\ud800", r"\u202eabc\ud800"),
        ("漢é", "漢é"),
    ],
)
def test_text_of_the_user_cannot_steer_a_terminal(text, safe):
    assert printable(text) == safe
    assert printable(text, unicode=False).isascii()
    hostile = replace(VECTOR, program=text, verdict=Verdict(Outcome.VERIFIED, text))
    assert safe in renderer("table")([hostile, hostile], PLAIN)
    for form in FORMATS:
        drawn = renderer(form)([hostile, hostile], Style(80, color=False))
        assert not set(drawn) & set("\x1b\x9b\u202e\ud800")
        drawn.encode()


# tables


def matrix_report(shape, wrong=()):
    w = np.arange(float(math.prod(shape))).reshape(shape) / 3
    differs = np.isin(np.arange(w.size), wrong).reshape(shape)
    gradient = InputGradient("w", 2 * w, 2 * w + differs, Written((), "2*w"), 15.9, differs)
    return replace(VECTOR, inputs={"w": w}, gradients=(gradient,))


MATRICES = {
    "side by side": ((2, 3), (), 60, """
w                     autograd
⎡ 0  0.333  0.667 ⎤   ⎡ 0  0.667  1.33 ⎤   ✓
⎣ 1   1.33   1.67 ⎦   ⎣ 2   2.67  3.33 ⎦
"""),
    "one wrong element": ((1, 2), (1,), 80, """
w              autograd
[ 0  0.333 ]   [ 0  0.667 ]

 index       w   autograd   symbolic
─────────────────────────────────────────
 0,1     0.333      0.667       1.67   ✗
"""),
    "a corner": ((14, 9), (), 30, """
w  14×9, norm 271
⎡  0  0.333  0.667  … ⎤
⎢  3   3.33   3.67  … ⎥
"""),
    "slices": ((2, 2, 1), (), 80, """
w[0]        autograd[0]
⎡     0 ⎤   ⎡     0 ⎤
⎣ 0.333 ⎦   ⎣ 0.667 ⎦

w[1]        autograd[1]
⎡ 0.667 ⎤   ⎡ 1.33 ⎤   ✓
⎣     1 ⎦   ⎣    2 ⎦
"""),
}  # fmt: skip


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_shown_as_a_matrix(name):
    shape, wrong, width, expected = MATRICES[name]
    style = Style(width, color=False, digits=3)
    text = renderer("table")([matrix_report(shape, wrong)], style)
    assert expected.strip() in text.replace(" \n", "\n")


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (40, 3), (2, 3, 4), (9, 2, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("wrong", [(), (1,), range(24)])
def test_matrices_fit_and_say_what_is_left_out(shape, wrong, width):
    style = Style(width, color=False, digits=6)
    text = renderer("table")([matrix_report(shape, wrong)], style)
    assert all(len(line) <= width for line in text.splitlines())
    numbers = set(re.findall(r"[\d.]+", text.split("∇w f = 2*w")[1].split("…")[0]))
    shown = set(number_texts(2 * np.arange(float(math.prod(shape))) / 3, digits=6)) <= numbers
    assert shown or "--all" in text
    assert ("✗" in text) == bool(set(wrong) & set(range(math.prod(shape))))
    assert ("✓" in text) == ("✗" not in text)


def test_a_matrix_is_right_only_where_every_element_was_judged():
    report = matrix_report((2, 2))
    told = np.array([[True, True], [False, True]])
    partly = replace(report, gradients=(replace(report.gradients[0], told=told),))
    text = renderer("table")([partly], replace(PLAIN, digits=3))
    assert "✓" not in text
    assert "\n 1,0     0.667       1.33\n" in text
    assert "0,1" not in text


def test_a_value_that_is_a_matrix():
    text = renderer("table")([replace(VECTOR, value=np.eye(2))], PLAIN)
    assert text.startswith("value\n⎡ 1  0 ⎤\n⎣ 0  1 ⎦\n\n")


DIGITS = [
    (0.7310585786300049, 6, "0.731059"),
    (-1e-300 / 3, 3, "-3.33e-301"),
    (1234567.0, 3, "1234567"),
    (1234567.89, 3, "1234568"),
    (99999999.99999999, 6, "100000000"),
    (2.5e20 / 3, 4, "8.333e+19"),
    (0.1, 17, "0.1"),
    (1 / 3, 17, "0.3333333333333333"),
    (5e-324, 6, "5e-324"),
    (1.7976931348623157e308, 3, "1.7976931348623157e+308"),
    (math.nan, 6, "nan"),
    (-math.inf, 6, "-inf"),
    (-0.0, 6, "-0"),
]


@pytest.mark.parametrize(("number", "digits", "text"), DIGITS)
def test_digits(number, digits, text):
    assert number_texts(np.array(number), digits=digits) == [text]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
@example(1.1174800437276795e-226, 16)
def test_rounded_numbers_are_near_and_all_digits_are_the_number(number, digits):
    near = rounded(np.array([number]), digits)[0]
    # half a unit of the last digit, and what the float nearest to the decimal is off
    room = 0.5 * 10.0 ** (1 - digits) * abs(number) + math.ulp(number)
    assert abs(near - number) <= room
    assert rounded(np.array([number]), 17)[0] == number


def test_a_row_that_differs_has_the_digits_that_tell():
    ours, true = array(1 / 3, 1 / 3), array(1 / 3, 1 / 3 + 1e-9)
    report = with_gradient(VECTOR, autograd=ours, symbolic=true, differs=mask(0, 1))
    few = replace(PLAIN, digits=6)
    rows = renderer("table")([replace(report, inputs={"x": array(1 / 3, 2)})], few)
    assert " 0       0.333333      0.333333      0.333333   ✓" in rows
    assert " 1              2   0.333333333   0.333333334   ✗" in rows


def test_what_is_right_on_the_gradients_scale_is_said():
    ours, true = array(0, 0, 0.5), array(1e-20, 0, 0.5)
    report = with_gradient(VECTOR, autograd=ours, symbolic=true, differs=mask(0, 0, 0))
    text = " ".join(renderer("table")([replace(report, inputs={"x": ours})], PLAIN).split())
    said = "x[0]: 0 beside 1e-20 is right on the gradient's scale, where the largest is 0.5"
    assert said in text
    one = replace(report, inputs={"x": array(0)})
    alone = with_gradient(one, autograd=array(0), symbolic=array(1e-20), differs=mask(0))
    assert "scale" not in renderer("table")([alone], PLAIN)


def test_a_long_gradient_shows_every_row_that_disagrees_up_to_a_limit():
    shown = visible(long_report().gradients[0], show_all=False)
    assert shown.tolist() == [0, 1, 2, 3, 4, 5, 500, 996, 997, 998, 999]
    text = renderer("table")([long_report(wrong=range(100, 200))], PLAIN)
    assert text.count("✗") == 20
    assert "970 more rows, 80 of which differ; --all shows them" in text


@pytest.mark.parametrize("size", [12, 13, 200, 3000])
def test_all_shows_every_row(size):
    style = Style(80, color=False, show_all=True)
    text = renderer("table")([long_report(size, wrong=(size // 2,))], style)
    assert text.count("✓") == size - 1
    assert text.count("✗") == 1
    assert "--all" not in text


def test_a_great_many_rows_look_like_a_few():
    style = Style(80, color=False, show_all=True)

    def top(size):
        text = renderer("table")([long_report(size)], style)
        heading, titles, _rule, *rows = text.splitlines()[3:9]
        return [line.split() for line in (heading, titles, *rows)]

    assert top(100) == top(2001)
    colored = renderer("table")([long_report(3000)], replace(style, color=True))
    assert next(line for line in colored.splitlines() if "✗" in line).startswith("\x1b[31m")


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_narrow_table_keeps_every_digit(width):
    x = np.linspace(-1, 1, 4) / 3
    report = with_gradient(VECTOR, autograd=np.sin(x), symbolic=np.sin(x))
    text = renderer("table")([replace(report, inputs={"x": x})], Style(width, color=False))
    assert all(len(line) <= width for line in text.splitlines())
    rows = "".join(text.split("\n\n")[1].split()).replace("✓", "")
    for number in number_texts(np.sin(x)):
        assert number in rows


def test_colors_come_from_the_style_alone(monkeypatch):
    colored = Style(80, color=True)
    expected = renderer("table")([CLAIM], PLAIN), renderer("table")([CLAIM], colored)
    assert "\x1b[" not in expected[0]
    assert "\x1b[1;31mwrong" in expected[1]
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "TTY_COMPATIBLE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "17")
    assert (renderer("table")([CLAIM], PLAIN), renderer("table")([CLAIM], colored)) == expected


def test_without_unicode_marks_are_words():
    text = renderer("table")([CLAIM], Style(80, color=False, unicode=False))
    assert text.isascii()
    assert text.count("DIFFERS") == 3
    assert "\ngradient by x = 4*x\n" in text


@pytest.mark.parametrize(
    ("branch", "text"),
    [
        (Branch(1, "while", "c", (True, False)), "while c: 1 round"),
        (Branch(1, "while", "c", (False,)), "while c: 0 rounds"),
        (Branch(1, "while", "c", (True, False, True, False)), "while c: 2 rounds in 2 runs"),
        (Branch(1, "while", "c", (True,) * 3), "while c: 3 rounds"),
        (Branch(1, "if", "c", (True,) * 5), "if c: true 5 times"),
        (Branch(1, "if", "c", (True, True, False)), "if c: true 2 times, false"),
        (Branch(1, "if", "c", (True, False) * 9), "if c: true 9 times, false 9 times"),
    ],
)
def test_the_path_is_told_in_words(branch, text):
    assert f"path          line 1  {text}\n" in renderer("table")(
        [replace(VECTOR, path=(branch,))], PLAIN
    )


def test_what_the_gradient_is_of():
    text = renderer("table")([replace(VECTOR, value=X, cotangent=array(1, 0, 0, 2), of="y")], PLAIN)
    assert "the output has shape (4): this is the gradient of its sum weighted by" in text
    assert "1, 0, 0, 2" in " ".join(text.split())
    assert "of     y: this is the gradient of that part of the program" in text


def test_a_claim_beside_the_point():
    fails = Claim("x", X, False, mask(0, 0, 0, 0), beside="at x=2.1 it gives 2.1 for x, not 3")
    text = renderer("table")([with_gradient(VECTOR, claim=fails)], PLAIN)
    assert "x holds at this point only: at x=2.1 it gives 2.1 for x, not 3" in text
    holds = Claim("x", X, True, mask(0, 0, 0, 0), untried=True)
    text = renderer("table")([with_gradient(VECTOR, claim=holds)], PLAIN)
    assert "x holds, tried at this point only" in text


def test_an_empty_gradient_has_no_rows():
    report = replace(with_gradient(VECTOR, autograd=array()), inputs={"x": array()})
    report = with_gradient(report, symbolic=None, differs=None, formula=None)
    assert "∇x f  of shape (0)\n\ndigits" in renderer("table")([report], PLAIN)


# markdown and rows


def test_markdown_escapes_the_user():
    report = replace(VECTOR, program="a | `b` <b>", verdict=Verdict(Outcome.WRONG, "<i> a|b `c`"))
    report = with_gradient(report, formula=Written((("t1", "a|b"),), "`"))
    text = renderer("markdown")([report, report], PLAIN)
    assert "### ``a | `b` <b>``" in text
    assert "`x` = `` t1 = a|b; ` ``" in text
    assert text.endswith("**wrong** \\<i\\> a\\|b \\`c\\`\n")


@pytest.mark.parametrize("name", REPORTS)
def test_csv_is_rectangular_and_tsv_too_without_its_notes(name):
    table = list(csv.reader(io.StringIO(renderer("csv")(REPORTS[name], PLAIN))))
    assert len({len(row) for row in table}) == 1
    assert len(table) == 1 + sum(g.autograd.size for r in REPORTS[name] for g in r.gradients)
    lines = renderer("tsv")(REPORTS[name], PLAIN).splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("# ")]
    assert [row[:2] for row in rows] == [row[:2] for row in table]
    assert len({len(row) for row in rows}) == 1
    assert lines[-1].startswith("# verdict\t")


@given(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6), st.data())
def test_rows_match_the_elements(shape, data):
    differs = data.draw(hnp.arrays(bool, shape))
    gradient = InputGradient("x", np.zeros(shape), differs=differs)
    rows = gradient_rows(VECTOR, replace(gradient, name="y"))
    assert {len(column) for column in rows.columns.values()} == {differs.size}
    assert list(rows.ok) == [not differ for differ in differs.ravel()]
    shown = visible(gradient, show_all=False)
    assert set(np.flatnonzero(differs)[:20]) <= set(shown) or differs.size <= 12
    assert disagreeing(replace(gradient, differs=None)) is None


# json


def test_json_keeps_the_contract():
    full = replace(
        with_gradient(CLAIM, accumulated=X),
        path=(Branch(3, "while", "b < 1", (True, False)),),
        findings=(Finding("dead", "m", "h", Span(1, 3, 1, 9)), Finding("dead", "m")),
    )
    assert json.dumps(report_json(full)) == json.dumps(
        {
            "schema": "gradcalc.report/1",
            "command": "grad",
            "program": "2*dot(x,x)",
            "dtype": "float64",
            "value": 28.0,
            "inputs": {"x": [0.0, 1.0, 2.0, 3.0]},
            "gradients": {
                "x": {
                    "autograd": [0.0, 4.0, 8.0, 12.0],
                    "symbolic": [0.0, 4.0, 8.0, 12.0],
                    "closed_form": "4*x",
                    "digits": 15.95,
                    "accumulated": [0.0, 1.0, 2.0, 3.0],
                }
            },
            "expected": {"x": {"text": "3*x", "value": [0.0, 3.0, 6.0, 9.0], "holds": False}},
            "path": [{"line": 3, "kind": "while", "source": "b < 1", "taken": [True, False]}],
            "detached": [],
            "witnesses": ["autograd", "symbolic"],
            "verdict": {
                "outcome": "wrong",
                "message": "the expected gradient 3*x does not hold",
                "exit_code": 1,
            },
            "findings": [
                {
                    "kind": "dead",
                    "message": "m",
                    "hint": "h",
                    "span": {"line": 1, "column": 3, "end_line": 1, "end_column": 9},
                },
                {"kind": "dead", "message": "m", "hint": None, "span": None},
            ],
        }
    )


def test_json_of_an_error_keeps_the_contract():
    error = ShapeError("sizes differ", hint="try x", span=Span(1, 1, 1, 2), source="x")
    assert json.dumps(error_json(error)) == (
        '{"schema": "gradcalc.error/1", "exit_code": 2, "error": {"kind": "shape", '
        '"message": "sizes differ", "hint": "try x", '
        '"span": {"line": 1, "column": 1, "end_line": 1, "end_column": 2}}}'
    )
    assert error_json(ShapeError("m"))["error"]["span"] is None


def test_json_names_the_numbers_it_does_not_have():
    report = report_json(KINK)
    assert report["value"] == [0.0, "NaN"]
    assert report["inputs"] == {"x": [0.0, "-Infinity"]}
    assert report["gradients"]["x"]["autograd"] == ["NaN", "Infinity"]
    assert report["gradients"]["x"]["digits"] is None
    assert list(report)[-1] == "summed"


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_one_object_a_line(name):
    lines = renderer("json")(REPORTS[name], PLAIN).splitlines()
    assert [json.loads(line) for line in lines] == [report_json(r) for r in REPORTS[name]]


@given(st.text(alphabet=st.characters(exclude_categories=())), st.booleans())
def test_json_of_any_text_reads_back(text, unicode):
    line = dumps({"program": text}, Style(80, color=False, unicode=unicode))
    line.encode()
    assert not set(line) & set("\n\r\x1b\x7f\x9b\u202e")
    # A pair of surrogates in JSON is one character, however it got there.
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(line) == {"program": joined}


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_json_numbers_read_back(values):
    report = replace(VECTOR, value=values)
    (line,) = renderer("json")([report], PLAIN).splitlines()
    back = np.array(json.loads(line)["value"], dtype=object).astype(float)
    np.testing.assert_array_equal(back.reshape(values.shape), values)


# size and imports


@pytest.mark.parametrize("form", ["json", "tsv", "table"])
def test_a_large_gradient_is_written(form):
    x = np.linspace(0, 1, 100_000)
    report = replace(
        with_gradient(VECTOR, autograd=x, symbolic=x, differs=x > 2),
        inputs={"x": x},
    )
    text = renderer(form)([report], PLAIN)
    assert "verified" in text
    assert (text.count("\n") < 100) is (form != "tsv")


def test_only_tables_import_rich_and_nothing_imports_a_witness():
    script = (
        "import sys, gradcalc.render.json, gradcalc.render.delimited, gradcalc.render.markdown, "
        "gradcalc.render.latex\n"
        "assert 'rich' not in sys.modules\n"
        "import gradcalc.render.table, gradcalc.render.canvas\n"
        "assert not {'torch', 'sympy', 'flint'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_several_numbers_share_a_table():
    names = ("a", "bc", "d")
    gradients = [
        InputGradient(n, np.array(k + 1.0), np.array(k + 1.0), Written((), n), 15.95, mask(0)[0])
        for k, n in enumerate(names)
    ]
    inputs = {name: np.array(2.0) for name in names}
    report = replace(VECTOR, inputs=inputs, gradients=tuple(gradients))
    lines = renderer("table")([report], PLAIN).splitlines()
    assert lines[2:5] == [f"∇{name} f = {name}" for name in names]
    assert lines[5].split() == ["at", "autograd", "symbolic"]
    rows = [line.split() for line in lines[7:10]]
    assert rows == [[n, "2", str(k + 1), str(k + 1), "✓"] for k, n in enumerate(names)]
    mixed = replace(report, inputs={**inputs, "x": X}, gradients=(*gradients, *VECTOR.gradients))
    assert renderer("table")([mixed], PLAIN).count("autograd  ") == 2


@pytest.mark.parametrize(("width", "stacked"), [(80, False), (24, True)])
def test_only_what_is_wrong_is_red(width, stacked):
    drawn = renderer("table")([CLAIM], Style(width=width, color=True))
    rows = [line for line in drawn.splitlines() if "\x1b[31m" in line]
    red = [
        part.partition("\x1b[0m")[0].strip() for row in rows for part in row.split("\x1b[31m")[1:]
    ]
    assert red == ["3", "6", "9"]


def test_dots_stand_for_columns_that_no_terminal_has_room_for():
    width = 4000
    text = renderer("table")([matrix_report((2, 201))], Style(width, color=False, digits=3))
    assert "… ⎤" in text
    assert "--all" in text
