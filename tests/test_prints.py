"""`--prints`: what a program prints is shown once, on standard error."""

import contextlib
import io
import math
import textwrap
from typing import Any

import numpy as np
import pytest
import torch

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
