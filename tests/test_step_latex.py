"""`gradcalc explain --format latex`: every row says by its mathematics what its numbers say."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradcalc.render import Style, stepper
from gradcalc.steps.data import Steps
from tests import random_programs
from tests.command import Run
from tests.formula_families import FAMILIES, Family, point
from tests.latex_reader import Reader, compiles, fault, needs_tex, read
from tests.test_steps import walked

SIZE = 4
"""The size of everything, as vectors of ones do not say theirs."""

PLAIN = Style(width=80, color=False, digits=17)

FRACTION = r"\\frac\{\\partial [^ {}]+(?:\{[^{}]*\})*\}\{\\partial (?:[^{}]|\{[^{}]*\})+\}"
PART = rf"\\left\.{FRACTION}\\right\|_\{{(?:[^{{}}]|\{{[^{{}}]*\}})+\}}"
ONE = re.compile(
    rf"{PART}|{FRACTION}|\\operatorname\{{detach\}}\((?:[^()]|\(\d\))+\)"
    r"|(?:\\\w+\{\w+\}|\\?\w+)(?:_\{\w+\})?\^\{\(\d+\)\}"
)
"""What stands for one tensor, though it is made of several signs."""


def written(steps: Steps, style: Style = PLAIN) -> str:
    text = stepper("latex")([steps], style)
    assert text.isascii()
    assert fault(text) is None, text
    return text


def equations(text: str) -> Iterator[tuple[str, list[str]]]:
    """The left sides and all others of what is displayed."""
    found: list[tuple[str, list[str]]] = []
    for body in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", text, re.DOTALL):
        body = re.sub(r" && \\text\{[^\n]*?\}(?= \\\\\n|$)", "", body)
        body = re.sub(r",\\ \\text\{torch: \} ?", "= ", body)
        for row in body.replace(" \\\\\n&\\quad {}", " ").split(" \\\\\n"):
            left, equals, right = row.partition("&= ")
            if equals and not left.strip():
                found[-1][1].extend(sides(right))
            elif equals:
                found.append((left.strip(), [*sides(right)]))
    yield from found


def sides(text: str) -> Iterator[str]:
    """What stands between the signs of an equation that are in no brackets."""
    depth = start = 0
    for match in re.finditer(r"[(\[{]|[)\]}]| = ", text):
        depth += {"(": 1, "[": 1, "{": 1, " = ": 0}.get(match[0], -1)
        if match[0] == " = " and depth == 0:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


class Plain(dict[str, str]):
    """Short names for what is one tensor."""

    def put(self, text: str) -> str:
        return ONE.sub(lambda m: self.setdefault(m[0], rf"\mathit{{n{len(self)}}}"), text)


def contradictions(text: str, unread: list[str]) -> Iterator[str]:
    """The rows whose sides are not the same numbers, but for those with functions that nobody
    here knows."""
    plain, values = Plain(), dict[str, Any]()
    for left, (*formulas, last) in equations(text):
        if ",\\, " in left or r"\text" in last:
            continue
        number = np.asarray(Reader(plain.put(last), values, SIZE).result(), np.float64)
        for formula in formulas:
            if r"\texttt" in formula:
                unread.append(formula)
                continue
            try:
                found = read(plain.put(formula), values, SIZE, number.shape)
            except KeyError:
                unread.append(formula)
                continue
            if not np.allclose(found, number, rtol=1e-9, atol=1e-12):
                yield f"{left} = {formula}: {found} for {number}"
        values[plain.put(left)] = number[()]


UNREAD = {
    "log-softmax", "logistic-softplus", "logistic-logsigmoid", "logistic-01", "logistic-torch",
    "softplus", "cross-entropy", "logdet", "huber", "gaussian", "gaussian-full", "mse-torch",
    "leaky", "gelu", "silu",
}  # fmt: skip
"""Families with steps that have no notation but the functions' own names."""

APART = {"diagonal", "concat", "huber-by-hand"}
"""Families with what the reader has not: `diag` of a matrix, a list, a mask that has a name."""


def square(family: Family) -> dict[str, Any]:
    """A point at which all sizes are the same."""
    shapes = {name: (SIZE,) * len(shape) for name, shape in family.shapes.items()}
    return point(family._replace(shapes=shapes))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_textbook_rows(family: Family) -> None:
    steps, _ = walked(family.program, square(family))
    text = written(replace(steps, symbolic=False))
    assert (r"\texttt" in text.split(r"\begin{align*}", 1)[1]) == (family.name == "huber")
    unread: list[str] = []
    assert family.name in APART or not list(contradictions(text, unread))
    assert bool(unread) == (family.name in UNREAD), unread
    symbolic = written(steps)
    assert symbolic.count(r"\frac{\partial") >= len(steps.backward)


ROWS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a number": ("x**2", {"x": 3.0}, [
        r"x &= 3", r"f &= x^{2} = 9", r"\frac{\partial f}{\partial f} &= 1",
        r"\frac{\partial f}{\partial x} &= 2 x \frac{\partial f}{\partial f} = 6"
        r" && \text{power rule}",
        r"\nabla_{x} f &= 2 x"]),
    "parts": ("x*exp(x)", {"x": 0.0}, [
        r"\left.\frac{\partial f}{\partial x}\right|_{f} &= t_{1} \frac{\partial f}{\partial f} = 1"
        r" && \text{product rule}",
        r"\frac{\partial f}{\partial x} &= \left.\frac{\partial f}{\partial x}\right|_{f}"
        r" + \left.\frac{\partial f}{\partial x}\right|_{t_{1}} = 1 && \text{added up}"]),
    "an output that is no number": ("2*x", {"x": [1.0, 2.0]}, [
        r"\ell &= \text{the sum of } f",
        r"\frac{\partial \ell}{\partial f} &= \begin{pmatrix} 1 \\ 1 \end{pmatrix}",
        r"\nabla_{x} \ell &= 2 \cdot \mathbf{1}"]),
    "names that are bound again": ("x = x*2; x = x*x; x", {"x": 1.0}, [
        r"x^{(1)} &= x \cdot 2 = 2", r"x^{(2)} &= x^{(1)} x^{(1)} = 4",
        r"\frac{\partial x^{(2)}}{\partial x} &="]),
    "names that look alike": ("x1 = 2*x; x_1 = 3*x1; x_1*x1", {"x": 1.0}, [
        r"\texttt{x1} &= 2 x = 2", r"\texttt{x\_1} &= 3 \, \texttt{x1} = 6"]),
    "detached": ("u = x*x; u.detach()*x", {"x": 3.0}, [
        r"f &= \operatorname{detach}(u) x = 27",
        r"\operatorname{detach}(u) & && \text{detached: no gradient flows through it}",
        r"\frac{\partial f}{\partial x} &= \operatorname{detach}(u) \frac{\partial f}{\partial f} ="
        r" 9 && \text{product rule}"]),
    "a detached name that is bound again": ("y = x*x; y = y*x; y.detach()*x", {"x": 2.0}, [
        r"f &= \operatorname{detach}(y^{(2)}) x = 16"]),
    "turned over": ("sum(outer(x, exp(y)))", {"x": [1.0, 2.0], "y": [0.0, 0.0]}, [
        r"\left(\frac{\partial f}{\partial t_{2}}\right)^{\top} x"]),
    "methods": ("torch.relu(x).exp().sum()", {"x": [1.0, 2.0]}, [
        r"t_{1} &= \operatorname{ReLU}(x)", r"t_{2} &= \exp(t_{1})"]),
    "several results": ("v, i = torch.sort(x); v[0]*v[1]", {"x": [2.0, 1.0]}, [
        r"v,\, i &=", r"\frac{\partial f}{\partial x} &= \begin{pmatrix} 1 \\ 2 \end{pmatrix}"
        r" && \text{rule of sort}"]),
    "code": ("F.pad(x, (1, 0), 'constant', 2.0)[1]", {"x": [2.0, 1.0]}, [
        r"t_{1} &= \texttt{F.pad(x, (1, 0), 'constant'{}, 2.0)} ="]),
    "wrong numbers": ("log(exp(x))", {"x": 1000.0}, [
        r"t_{1} &= e^{x} ,\ \text{torch: } \infty && \text{WRONG}", r"\item[WRONG] wrong: what",
        "\\nabla_{x} f &= 1 \\\\\n &,\\ \\text{torch: }\\mathrm{NaN}"]),
    "a corner": ("abs(x)", {"x": 0.0}, [r" &,\ \text{torch: }0"]),
    "a name with signs": ("_x__y = 2*x; _x__y*3", {"x": 1.0}, [r"\mathit{\_x\_\_y} &= 2 x = 2"]),
    "no elements": ("sum(x[:0]*x[:0])", {"x": [1.0, 2.0]}, [r"= \text{of shape (0)}"]),
    "three dimensions": ("sum(x*x)", {"x": np.ones((2, 1, 2))}, [
        r"x &= 1, 1, 1, 1 \quad \text{of shape (2, 1, 2)}"]),
    "nothing": ("x", {"x": 1.0}, [r"\nabla_{x} x &= 1"]),
    "a loop": ("y = x\nfor i in range(40):\n    y = y + 0.1*sin(y)\ny", {"x": 1.0}, [
        r"& \vdots && \text{38 more rounds}", r"y^{(40)} &="]),
}  # fmt: skip
"""Programs at a point, and rows that are written."""


@pytest.mark.parametrize("name", ROWS)
def test_rows(name: str) -> None:
    program, inputs, rows = ROWS[name]
    steps, _ = walked(program, inputs)
    text = written(replace(steps, symbolic=False), replace(PLAIN, digits=6))
    assert [row for row in rows if row not in text] == []


def test_the_derivation(run: Run) -> None:
    answer = run("explain", "norm(A@x - b)**2/2", "--steps", "symbolic", "--format", "latex")
    assert (answer.code, answer.err, fault(answer.out)) == (0, "", None)
    for row in (
        r"t_{1} &= A x \\",
        r"\frac{\partial f}{\partial t_{3}} &= 2 t_{3} \frac{\partial f}{\partial t_{4}}"
        r" = \lVert A x - b \rVert && \text{power rule} \\",
        r"\frac{\partial f}{\partial A} &= \frac{\partial f}{\partial t_{1}} x^{\top}"
        r" = (A x - b) x^{\top} && \text{matrix product rule} \\",
        r"\nabla_{x} f &= A^{\top} (A x - b) \\",
    ):
        assert row in answer.out
    assert r"\item[verified] at 12 random points" in answer.out


def test_a_weighed_output(run: Run) -> None:
    argv = ("explain", "x*x", "--x", "1,2", "--cotangent", "3,0", "--format", "latex")
    answer = run(*argv)
    assert r"\ell &= \text{the sum of } f \text{ weighted by } \begin{pmatrix} 3 \\ 0" in answer.out
    assert run(*argv, "--steps", "symbolic").code == 0


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    text = random_programs.program(random.Random(seed))
    steps, _ = walked(text, random_programs.point(text, seed))
    for walk in (steps, replace(steps, symbolic=False)):
        written(walk)


@needs_tex
def test_it_compiles(tmp_path: Any) -> None:
    parts = [written(walked(program, inputs)[0]) for program, inputs, _ in ROWS.values()]
    parts += [written(walked(f.program, square(f))[0]) for f in FAMILIES]
    compiles("\n\n".join(parts), tmp_path)
