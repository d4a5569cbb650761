"""`--prints`: what a program prints is shown once, on standard error."""

import contextlib
import io
import math
import textwrap
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from tests.command import Run
from tests.lang_backends import ids

PRINTS: list[str] = [
    'print("x", x, [x[0], 2, "a"], {"k": x[1]}, (x,))',
    'print(x > 1, x.sum(), x.reshape(1, 2), sep="|", end="!\\n")',
    'print(); print(1, 2.5, None, True, "text", sep="")',
    'for i in range(2):\n    print(i, f"{x.sum():.2f}", end=" ")',
    'print("%.3f and %d" % (x.sum(), 3), sep=None, end=None, flush=True)',
    "print(x/3, -x, x*1e10)",
]


@pytest.mark.parametrize("library", ["torch", "numpy"])
@pytest.mark.parametrize("text", PRINTS, ids=ids([(p,) for p in PRINTS]))
def test_it_is_what_the_library_prints(text: str, library: str, run: Run) -> None:
    body = f"import {library}\ndef f(x):\n{textwrap.indent(text, '    ')}\n    return (x*x).sum()"
    told = io.StringIO()
    given: Any = np.array([1.0, 2.0]) if library == "numpy" else torch.tensor([1.0, 2.0]).double()
    names: dict[str, Any] = {}
    exec(body, names)
    with contextlib.redirect_stdout(told):
        names["f"](given)
    found = run("grad", body, "--x", "1,2", "--prints", "--format", "literal")
    assert (found.code, found.out, found.err) == (0, "2,4\n", told.getvalue())
    quiet = run("grad", body, "--x", "1,2", "--format", "literal")
    assert (quiet.out, quiet.err) == (found.out, "")


def test_it_is_shown_once_whatever_comes_of_it(run: Run) -> None:
    program = "import math\ndef f(x):\n    print('x', x, x > 1)\n    return abs(math.sin(x))"
    for command in ("grad", "why"):
        found = run(command, program, "--x", "0", "--prints")
        assert (found.code, found.err) == (3, f"x {math.sin(0)} False\n")
    failing = run("grad", "def f(x):\n    print('here')\n    return x@3", "--x", "1,2", "--prints")
    assert failing.code == 2
    assert failing.err.startswith("here\nerror: ")
    to_a_stream = "import sys\ndef f(x):\n    print(x.shape, file=sys.stderr)\n    return x.sum()"
    assert run("grad", to_a_stream, "--x", "1,2", "--prints").err == "(2,)\n"
    endless = "while True: print('x'*1000)\nx"
    assert run("grad", endless, "--x", "1", "--prints").code == 4


def test_a_stream_of_requests_has_no_such_option(run: Run) -> None:
    assert run("batch", "--prints").code == 2


DIGITS = [
    'len(f"{x:.3f}")*x', "x**2 if 'e' in str(x) else x**3", "float(f'{x:.1f}')*x",
    "x**2 if str(x).startswith('-') else x**3", "x*int(('%.3e' % x).split('e')[1])",
    "{str(x): 1}[str(x)]*x", "x*(2 if f'{x}' == '0.5' else 3)", "x*(f'{x}' < '3')",
    "x*len(','.join([str(x), 'a']))", "x*len('{}'.format(x))", "x*len(repr([x]))",
]  # fmt: skip
"""Numbers that are read off the digits of one in a text, which only floats have."""


@pytest.mark.parametrize("text", DIGITS)
def test_what_is_read_off_digits_is_not_checked(text: str) -> None:
    report = gradcalc.grad(text, x=0.75)
    assert report.verdict.outcome == "unresolved"
    assert "the digits of a number in a text" in report.verdict.message
    assert report.formula["x"] is None


@pytest.mark.parametrize("text", ["a = f'{x}'\nx**2", "x*(2 if str(x) else 3)", "print(x); x*x"])
def test_a_text_that_decides_nothing_is_in_no_ones_way(text: str) -> None:
    assert gradcalc.grad(text, x=0.75).verdict.outcome == "verified"
