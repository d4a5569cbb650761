"""Formulas in lines: where they are broken, what stands below them, what is left out."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradcalc.render import Style, renderer
from gradcalc.render.canvas import formula_lines
from gradcalc.report import InputGradient, Outcome, Report, Verdict, Written

TITLE = "∇x f = "
SUM = "X.T@(X@w - b) + lam*w + sign(w)"
DIGITS = "1234567890" * 3

CASES = {
    "what fits is one line": (80, Written((), SUM), ["∇x f = X.T@(X@w - b) + lam*w + sign(w)"]),
    "as many cells as the width": (38, Written((), SUM), [f"∇x f = {SUM}"]),
    "broken at blanks, the rest hangs": (
        30,
        Written((), SUM),
        ["∇x f = X.T@(X@w - b) + lam*w +", "    sign(w)"],
    ),
    "each line is as full as can be": (
        20,
        Written((), SUM),
        ["∇x f = X.T@(X@w - b)", "    + lam*w +", "    sign(w)"],
    ),
    "narrower than anything is drawn": (
        3,
        Written((), SUM),
        ["∇x f = X.T@(X@w - b)", "    + lam*w +", "    sign(w)"],
    ),
    "parts stand below": (
        80,
        Written((("t1", "tanh(W@x)"), ("t2", "1 - t1**2"), ("t10", "t2@t1")), "t10*x"),
        [
            "∇x f = t10*x",
            "  where t1 = tanh(W@x)",
            "        t2 = 1 - t1**2",
            "        t10 = t2@t1",
        ],
    ),
    "parts hang from their own beginning": (
        24,
        Written((("t1", "a + b + c + d"), ("t2", "a - b - c - d")), "t1*t2"),
        [
            "∇x f = t1*t2",
            "  where t1 = a + b + c +",
            "      d",
            "        t2 = a - b - c -",
            "            d",
        ],
    ),
    "the beginning of a part fills the width": (
        20,
        Written((("t1", "u"), ("long_name_of_a_part", "a + b")), "t1"),
        ["∇x f = t1", "  where t1 = u", "        long_name_of_a_part =", "          a + b"],
    ),
    "a word that has room on a line of its own": (
        22,
        Written((), "softmax(X*W*u*v) + 1"),
        ["∇x f =", "    softmax(X*W*u*v) +", "    1"],
    ),
    "a word that has room nowhere is broken at a sign": (
        20,
        Written((), "alpha*beta**gamma*delta//epsilon"),
        ["∇x f = alpha*beta**", "    gamma*delta//", "    epsilon"],
    ),
    "a number that has room nowhere is broken anywhere": (
        20,
        Written((), f"{DIGITS}*x"),
        ["∇x f =", "    1234567890123456", "    78901234567890*x"],
    ),
    "wide characters count twice": (
        20,
        Written((), "漢漢漢漢 + 漢漢漢漢"),
        ["∇x f = 漢漢漢漢 +", "    漢漢漢漢"],
    ),
    "control characters are spelled out": (80, Written((), "a\x1b[1m"), [r"∇x f = a\x1b[1m"]),
}


@pytest.mark.parametrize("name", CASES)
def test_lines(name):
    width, formula, lines = CASES[name]
    assert formula_lines(formula, TITLE, Style(width, color=False)) == lines


def test_without_unicode_everything_is_ascii():
    style = Style(40, color=False, unicode=False)
    lines = formula_lines(Written((("é", "ß + ∇"),), "é*x " * 80), "gradient by x = ", style)
    assert lines[0] == r"gradient by x = \xe9*x \xe9*x \xe9*x"
    assert re.fullmatch(r"\.\.\. [\d,]+ more characters; --all shows them", lines[-1])
    assert all(line.isascii() for line in lines)
    whole = formula_lines(Written((("é", "ß"),), "x"), TITLE, Style(80, color=False, unicode=False))
    assert whole[1:] == [r"  where \xe9 = \xdf"]


TERMS = Written((("t1", "u + v"),), " + ".join(f"x[{k}]" for k in range(2000)))


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_long_formula_is_cut_and_says_by_how_much(width):
    style = Style(width, color=False)
    cut = formula_lines(TERMS, TITLE, style)
    whole = formula_lines(TERMS, TITLE, replace(style, show_all=True))
    assert len(cut) == 12
    assert cut[:11] == whole[:11]
    hidden = sum(len(line.strip()) for line in whole[11:])
    assert cut[11] == f"… {hidden:,} more characters; --all shows them"
    assert hidden > 10_000


def test_twelve_lines_are_shown_and_thirteen_are_not():
    style = Style(80, color=False)
    parts = tuple((f"t{k}", "u") for k in range(12))
    assert formula_lines(Written(parts[:11], "x"), TITLE, style)[-1] == "        t10 = u"
    assert formula_lines(Written(parts, "x"), TITLE, style)[11:] == [
        "… 14 more characters; --all shows them"
    ]


TEXTS = st.text(alphabet="ab1.*/@()[]<>= é漢\u0301\x1b", max_size=300)


@given(TEXTS, st.lists(TEXTS, max_size=4), st.integers(1, 60))
def test_all_shows_everything_and_fits_the_width(body, parts, width):
    named = tuple((f"t{k}", text) for k, text in enumerate(parts, 1))
    style = Style(10**6, color=False, show_all=True)
    unbroken = formula_lines(Written(named, body), TITLE, style)
    lines = formula_lines(Written(named, body), TITLE, replace(style, width=width))
    assert [line.replace(" ", "") for line in unbroken] == [
        line.replace(" ", "") for line in _joined(lines)
    ]
    assert all(cell_len(line.rstrip()) <= max(width, 20) for line in lines)


def _joined(lines):
    """The lines that hang put behind those that they hang from."""
    result = []
    for line in lines:
        if line.startswith((TITLE.rstrip(), "  where t", "        t")):
            result.append(line)
        else:
            result[-1] += line
    return result


def report(name, formula):
    gradient = InputGradient(name, np.ones(2), formula=formula)
    verdict = Verdict(Outcome.VERIFIED, "it agrees")
    return Report("grad", "p", "float64", np.ones(()), {}, (gradient,), verdict, ())


@pytest.mark.parametrize("width", [1, 20, 40, 80])
@pytest.mark.parametrize("name", ["x", "a_name_that_is_longer_than_a_narrow_place"])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("color", [True, False])
def test_a_table_loses_nothing_of_a_formula(width, name, unicode, color):
    formula = Written((("t1", "+".join(["alpha*beta"] * 20)),), "t1*x + " + DIGITS)
    style = Style(width, color, unicode, show_all=True)
    text = renderer("table")([report(name, formula)], style)
    lines = re.sub("\x1b\\[[\\d;]*m", "", text).splitlines()
    assert all(cell_len(line) <= max(width, 20) for line in lines)
    heading = "".join("".join(lines[2:]).split())
    title = f"∇{name}f" if unicode else f"gradientby{name}"
    body, (part,) = formula.body.replace(" ", ""), formula.parts
    assert heading.startswith(f"{title}={body}where{part[0]}={part[1]}")
