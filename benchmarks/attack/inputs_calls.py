"""Functions of the catalogue with arguments that mostly fit, in every command and format."""

import re
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from numpy.random import default_rng

from benchmarks.attack.inputs_running import Case
from gradcalc import Problem
from gradcalc.derive.runs import budget, record
from gradcalc.errors import GradcalcError
from gradcalc.expr.floats import Floats
from gradcalc.lang.dialects import catalogue
from gradcalc.values import parse_value

_VALUES = {
    "x": ("0.5,-1.2,2.0", "1,2,3", "0,1,-1", "0.3", "2", "", "1,1,1", "1e-9,1e3,-4", "1,2;3,4.5",
          "1,nan,2", "7"),
    "y": ("1,2,0.5", "0.2", "3", "0.1,0.2,0.3", "1,2;3,5"),
    "A": ("2,1;1,3", "1,2;3,4", "0.5,0;0,0.5", "1,2,3;4,5,6", "0,0;0,0", "1,2;2,4"),
    "b": ("0.2,0.7", "1,-1", "1,2"),
}  # fmt: skip
"""What inputs are given as."""

_CALLS = (
    "{f}(x)", "{f}(x)", "{f}(A)", "{f}(x, y)", "{f}(A, b)", "{f}(A, A)", "{f}(x, 2)", "{f}(A, 1)",
    "{f}(x, 0.5)", "x.{m}()", "A.{m}()", "x.{m}(y)", "A.{m}(0)", "{f}(A, dim=0)", "{f}(A, axis=1)",
    "{f}(x, x, x)", "{f}(A, b, b)", "{f}(x, y, 0.5)", "{f}([x, y])", "{f}((x, y))",
)  # fmt: skip
"""A function, or a method, with arguments."""

_AROUND = (
    "{e}", "sum({e})", "({e})*x", "sin({e})", "norm({e})", "({e})@({e})", "exp({e})/2", "{g}({e})",
    "where({e} > 0, {e}, x)", "({e})[0]", "[{e}, {e}]", "-({e})**2", "({e}) + 0*x", "abs({e})",
    "max({e})", "relu({e})", "({e}, x)", "{e}.detach()*x", "({e})/({e})", "sqrt({e})", "log({e})",
    "u = {e}\nv = u*u\nsum(v)",
    "s = 0\nfor i in range(3):\n    s = s + {e}\ns",
    "def f(x, y, A, b):\n    s = 0\n    for i in range(3):\n        s = s + {e}\n    return s",
)  # fmt: skip
"""What is made of that."""

_COMMANDS = (
    "grad", "grad --dtype float32", "grad --dtype float16", "grad --order 2 --wrt x",
    "grad --of 0", "grad --json", "grad --expect x=x", "hessian", "jacobian",
    "jacobian --format json",
    "vjp --cotangent 1", "vjp --cotangent 1,0,0", "jvp --tangent x=1", "jvp --tangent x=1,0,0",
    "hvp --tangent x=1", "hvp --tangent x=1,0,0", "hessian --format json", "why", "explain",
    "explain --steps symbolic", "explain --steps numbers", "graph", "graph --format dot",
    "graph --format svg", "formula", "formula --what hessian", "formula --format latex", "plot",
    "plot --format svg", "grad --detach x", "grad --wrt x", "grad --format csv",
    "grad --format latex", "grad --format markdown", "grad --no-check",
    "grad --digits full", "grad --strict", "grad --tol 1e-3", "export --to numpy",
    "export --to torch", "export --to jax", "export --to c", "export --to julia",
    "export --to latex", "export --to python", "export --what hessian",
    "export --what jacobian", "export --what vjp",
    "export --what hvp", "export --what hessian --compressed",
)  # fmt: skip


TRIES = 8
"""Draws of which the first is taken that has a value, else the last."""


@cache
def _functions() -> tuple[str, ...]:
    return tuple(sorted(catalogue.names()))


def calls(draw: Random) -> Case:
    """A command about a function of the catalogue."""
    for _ in range(TRIES):
        program, given = _drawn(draw)
        if _has_value(program, given):
            break
    command, *more = draw.choice(_COMMANDS).split()
    words = [command, program, *more]
    for name, text in given.items():
        if command != "formula":
            words += [f"--{name}", "-1:1:5" if command == "plot" and name == "x" else text]
    return Case(tuple(words))


def _drawn(draw: Random) -> tuple[str, dict[str, str]]:
    """A program and the values of what it takes."""
    function, other = draw.choice(_functions()), draw.choice(_functions())
    call = draw.choice(_CALLS).format(f=function, m=function.rpartition(".")[2])
    around = draw.choice(_AROUND[:3] if draw.random() < 0.4 else _AROUND)
    program = around.format(e=call, g=other)
    takes = list(_VALUES) if program.startswith("def") else re.findall(r"\b[xyAb]\b", program)
    return program, {
        name: draw.choice(texts[:2] if draw.random() < 0.5 else texts)
        for name, texts in _VALUES.items()
        if name in takes
    }


def _has_value(program: str, given: Mapping[str, str]) -> bool:
    """Whether a program can be run, or has a fault, which the command is to show."""
    try:
        return value_of(program, given) is not None
    except Exception:
        return True


def value_of(program: str, given: Mapping[str, str]) -> Any:
    """The value of a program, None where it has none."""
    try:
        problem = Problem(
            program, {n: parse_value(text, random=default_rng) for n, text in given.items()}
        )
        return record(problem, Floats(), problem.inputs, budget(problem)).output
    except GradcalcError:
        return None
