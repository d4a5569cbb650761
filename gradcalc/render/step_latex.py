r"""The steps of a calculation in LaTeX: equations there, and derivatives on the way back.

`\frac{\partial f}{\partial t_{2}}` is what has arrived at `t2`. Where a tensor gets several parts,
one is `\left.\frac{\partial f}{\partial x}\right|_{t_{2}}`, that by way of `t2`. An output that is
no number, or is weighed, goes back as a number that is made of it, `\ell`. A name that is bound
several times has its number above, `x^{(2)}`. What is no mathematics stands as it is typed.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcalc.render import Style
from gradcalc.render.latex import displays, formula_rows, numbers_tex, taken
from gradcalc.render.notes import title_text
from gradcalc.render.step_lines import MARKS, closing, opening, shown
from gradcalc.render.step_tex import Names, arriving_names, as_function
from gradcalc.render.tex.formula import Writer
from gradcalc.render.tex.lines import lines, seen
from gradcalc.render.tex.names import code, escape
from gradcalc.render.tex.shapes import Shape
from gradcalc.steps.data import Backward, Forward, Handed, Mark, Numbers, Steps

_TOGETHER = 60
"""Signs that are seen up to which two sides of an equation stand in one row."""

_LINE = 80
"""Signs of a side that is not broken."""

_TORCH = r",\ \text{torch: }"
"""What stands before numbers of torch's that are not what stands before them."""

_SAID = {mark: MARKS[False][mark] for mark in (Mark.INEXACT, Mark.WRONG, Mark.LOST, Mark.CHOICE)}
"""What is said of numbers that are not right."""


def render(walks: Sequence[Steps], style: Style) -> str:
    """A section for each calculation step by step."""
    plain = replace(style, unicode=False)
    return "\n".join("".join(f"{ln}\n" for ln in _Walk(s, plain).lines()) for s in walks)


class _Walk:
    """One calculation in rows of displays."""

    def __init__(self, steps: Steps, style: Style) -> None:
        self.steps, self.style = steps, style
        self.names = Names(steps)
        self.shapes = dict(self._shapes())
        weights = np.asarray(steps.weights)
        shape = self._value_shape()
        self.plain = shape == () and bool(np.all(weights == 1))
        self.top = self.names.tex(steps.output) if self.plain else r"\ell"
        handed = [handed for step in steps.backward for handed in step.handed]
        self.parts = Counter(h.to for h in handed if h.numbers is not None)
        self.met: dict[str, list[str]] = {}

    def _shapes(self) -> Iterator[tuple[str, Shape]]:
        """The shapes of all names; of a program without values only how many sizes there are."""

        def shape(value: np.ndarray) -> Shape:
            return (None,) * value.ndim if self.steps.points else value.shape

        yield from ((name, shape(np.asarray(v))) for name, v in self.steps.inputs.items())
        for step in self.steps.forward:
            for name, numbers in zip(step.names, step.numbers, strict=True):
                yield name, shape(numbers.value)

    def _value_shape(self) -> tuple[int, ...]:
        value = self.steps.report.value
        return () if value is None else value.shape

    def lines(self) -> Iterator[str]:
        """All lines of the section."""
        steps, style = self.steps, self.style
        yield rf"\noindent {code(title_text(steps.report))}"
        for rows in (list(self._forward()), list(self._backward()), list(self._gradients())):
            yield from displays(rows)
        yield r"\begin{description}"
        marks = {n.mark for n in self._all_numbers()}
        for note in (*opening(steps, style), *closing(steps, marks, style)):
            if note.label != "value":
                yield rf"\item[{escape(note.label)}] {escape(note.text)}"
        yield r"\end{description}"

    def _all_numbers(self) -> Iterator[Numbers]:
        for step in self.steps.forward:
            yield from step.numbers
        for back in self.steps.backward:
            yield from (h.numbers for h in back.handed if h.numbers is not None)

    # -- there -------------------------------------------------------------------------------------

    def _forward(self) -> Iterator[str]:
        steps = self.steps
        for name, value in () if steps.symbolic else steps.inputs.items():
            yield f"{self.names.tex(name)} &= {self._number(value)}"
        for fixed in steps.fixed:
            text = [] if fixed.text is None else [self._side(fixed.text, {})]
            if text or not steps.symbolic:
                told = () if steps.symbolic else (Numbers(fixed.value),)
                yield from self._equation(self.names.tex(fixed.name), text, told, "")
        for position in shown(steps, range(len(steps.forward)), self.style):
            if isinstance(position, str):
                yield rf"& \vdots && \text{{{position}}}"
            else:
                yield from self._made(steps.forward[position])

    def _made(self, step: Forward) -> Iterator[str]:
        left = r",\, ".join(map(self.names.tex, step.names))
        dead = "" if step.flows or not step.depends else "no gradient comes back"
        yield from self._equation(left, [self._side(step.text, {})], step.numbers, dead)

    # -- back --------------------------------------------------------------------------------------

    def _backward(self) -> Iterator[str]:
        steps = self.steps
        if not steps.backward:
            return
        if not self.plain:
            yield rf"\ell &= {self._whole()}"
        if self.plain or not steps.symbolic:
            start = self.derivative(steps.output)
            yield f"{start} &= {self._number(np.asarray(steps.weights))}"
        by_step = {step.step: step for step in steps.backward}
        for position in shown(steps, [step.step for step in steps.backward], self.style):
            if isinstance(position, str):
                yield rf"& \vdots && \text{{{position}}}"
            else:
                yield from self._returned(by_step[position])

    def _whole(self) -> str:
        """The number that goes back where the output is none."""
        output, weights = self.names.tex(self.steps.output), np.asarray(self.steps.weights)
        if np.all(weights == 1):
            return rf"\text{{the sum of }} {output}"
        return rf"\text{{the sum of }} {output} \text{{ weighted by }} {self._number(weights)}"

    def derivative(self, name: str) -> str:
        """The derivative by a tensor."""
        return rf"\frac{{\partial {self.top}}}{{\partial {self.names.tex(name)}}}"

    def _returned(self, step: Backward) -> Iterator[str]:
        made = self.steps.forward[step.step]
        arriving = dict(zip(arriving_names(made), made.names, strict=True))
        rule = step.rule
        for handed in step.handed:
            yield from self._handed(made, arriving, handed, rule)
            rule = "" if handed.numbers is not None else rule

    def _handed(
        self, made: Forward, arriving: Mapping[str, str], handed: Handed, rule: str
    ) -> Iterator[str]:
        if handed.numbers is None:
            yield rf"{self.names.tex(handed.to)} & && \text{{{escape(handed.stop or '')}}}"
            return
        left = self.derivative(handed.to)
        several = self.parts[handed.to] > 1
        if several:
            left = rf"\left.{left}\right|_{{{self.names.tex(made.names[0])}}}"
            self.met.setdefault(handed.to, []).append(left)
        sides = [self._side(handed.formula, arriving)]
        if self.steps.symbolic:
            sides.append(self._side(handed.derived, {}))
        known = list(dict.fromkeys(side for side in sides if side))
        yield from self._equation(left, known, [handed.numbers], rule)
        if several and handed.total is not None:
            yield from self._added(handed)

    def _added(self, handed: Handed) -> Iterator[str]:
        """All parts that have come to a tensor, and their sum."""
        name, total = handed.to, handed.total
        assert total is not None
        parts = self.met[name]
        sides = [" + ".join(parts)] if len(parts) == self.parts[name] else []
        if self.steps.symbolic and handed.summed is not None:
            sides.append(self._side(handed.summed, {}))
        yield from self._equation(self.derivative(name), sides, [total], "added up")

    # -- what it leads to --------------------------------------------------------------------------

    def _gradients(self) -> Iterator[str]:
        report = self.steps.report
        right = report.verdict.outcome in ("verified", "vanished")
        inputs = {name: self.shapes[name] for name in report.inputs if name in self.shapes}
        for gradient in report.gradients:
            left = rf"\nabla_{{{self.names.tex(gradient.name)}}} {self.top}"
            made = gradient.formula and formula_rows(
                left, gradient.formula, inputs, (gradient.name,)
            )
            yield from made or ()
            if not self.steps.points:
                number = self._number(gradient.best)
                yield f"{'' if made else left} &{'= ' if right or not made else _TORCH}{number}"
            elif not made and gradient.formula is not None:
                yield f"{left} &= {code(gradient.formula.text)}"

    # -- pieces ------------------------------------------------------------------------------------

    def _equation(
        self, left: str, sides: Sequence[str], numbers: Sequence[Numbers], said: str
    ) -> Iterator[str]:
        """An equation of several sides, the numbers last, in as many rows as it takes, and what is
        said of it. Numbers that are not right are no side of it, but torch's."""
        found = [("=", side) for side in sides]
        words = [said]
        if not self.steps.symbolic:
            words += [_SAID.get(n.mark, "") for n in numbers]
            drawn = r",\quad ".join(self._number(n.value) for n in numbers)
            found.append((_TORCH if any(words[1:]) else "=", drawn))
        text = "; ".join(dict.fromkeys(word for word in words if word))
        beside = rf" && \text{{{escape(text)}}}" if text else ""
        rows: list[str] = []
        for sign, side in found:
            if rows and seen(rows[-1]) + seen(side) <= _TOGETHER:
                rows[-1] += f" {sign} {side}"
            else:
                rows.append(f"{sign} {side}")
        for k, row in enumerate(rows or [""]):
            first, *more = lines(row, _LINE)
            yield f"{left if k == 0 else ''} &{first}{beside if k == 0 else ''}"
            yield from (rf"&\quad {{}}{line}" for line in more)

    def _number(self, value: np.ndarray) -> str:
        return numbers_tex(np.asarray(value), self.steps.report.dtype, self.style)

    def _side(self, text: str | None, arriving: Mapping[str, str]) -> str:
        """A text as one side of an equation, as it is typed where that is no mathematics."""
        return "" if text is None else self._formula(text, arriving) or code(text)

    def _formula(self, text: str, arriving: Mapping[str, str]) -> str | None:
        """A text in mathematics, None where it has none; `arriving` are tensors by the names of
        their cotangents."""
        source, names, shapes = self.names.spelled(text, self.shapes)
        for letter, name in arriving.items():
            if name in self.shapes:
                names[letter], shapes[letter] = self._sign(letter), self.shapes[name]
        try:
            # what is typed as a method, or of a library, is a function
            plain = ast.unparse(as_function(ast.parse(source, mode="eval").body))
            piece, _ = taken(Writer(plain, names, shapes), plain)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        found = bare = piece.text
        for known in names.values():
            bare = bare.replace(known, "") if r"\texttt" in known else bare
        if r"\texttt" in bare:
            return None
        for letter, name in arriving.items():
            found = _put(found, self._sign(letter), self.derivative(name))
        return found

    @staticmethod
    def _sign(letter: str) -> str:
        """What stands for a cotangent while its formula is written."""
        return rf"\operatorname{{arrived}}_{{{letter}}}"


def _put(tex: str, sign: str, fraction: str) -> str:
    """A formula with a fraction in place of a sign, in tall brackets where it has some."""
    tall = rf"\left({fraction}\right)"
    first, *more = tex.replace(f"({sign})", tall).split(sign)
    return first + "".join((tall if part.startswith("^") else fraction) + part for part in more)
