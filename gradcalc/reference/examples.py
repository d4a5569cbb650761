"""A primitive's samples as programs, and as the commands that a user would type."""

import shlex
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcalc.derive.runs import Runs
from gradcalc.errors import GradcalcError
from gradcalc.lang.dialects.catalogue import is_known
from gradcalc.lang.fence import compile_program
from gradcalc.primitives import Elementwise, Primitive, Structural
from gradcalc.primitives.row import held_of
from gradcalc.problem import Array, Problem
from gradcalc.values import format_literal

WEIGHT = "G"
"""The name of the weights of the elements of a result: the gradient by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A program that calls a primitive, with inputs; `weights` are those of its result."""

    program: str
    inputs: Mapping[str, Array]
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Array | None = None

    @property
    def problem(self) -> Problem:
        """The gradient that the command asks for."""
        return Problem(
            compile_program(self.program), self.inputs, tuple(self.inputs), cotangent=self.weights
        )

    @property
    def weighted(self) -> Problem:
        """The gradient of the result weighted by an input of its own, as a formula has it."""
        if self.weights is None:
            return self.problem
        # no two alike, nor any that make something vanish
        weights = np.random.default_rng(1).uniform(0.5, 1.5, self.weights.shape)
        program = compile_program(f"sum({WEIGHT}*{self.program})")
        return Problem(program, {**self.inputs, WEIGHT: weights}, tuple(self.inputs))

    @property
    def command(self) -> str:
        """What to type."""
        words = [f"--{name} {_typed(value)}" for name, value in self.inputs.items()]
        if self.weights is not None:
            words.append(f"--cotangent {_typed(self.weights)}")
        return " ".join([f'gradcalc grad "{self.program}"', *words])

    def at(self, inputs: Mapping[str, Array]) -> "Example":
        """The same elsewhere."""
        return replace(self, inputs={**self.inputs, **inputs})


PARTS = (".values", ".eigenvalues", ".S", ".R", "[0]")
"""What is shown of a function that gives several tensors."""


def examples(row: Primitive) -> Iterator[Example]:
    """All samples of a row."""
    for sample in row.samples:
        operands = list(sample)
        options = operands.pop() if operands and isinstance(operands[-1], dict) else {}
        yield _whole(_called(row, operands, options))


def _whole(example: Example) -> Example:
    """The example, of what gives several tensors one of them."""
    for part in ("", *PARTS):
        whole = replace(example, program=f"{example.program}{part}")
        try:
            _ = Runs(whole.problem).recording
        except GradcalcError:
            continue
        return whole
    return example


def _called(row: Primitive, operands: Sequence[Any], options: Mapping[str, Any]) -> Example:
    inputs: dict[str, Array] = {}
    labels = operand_labels(row)
    lists = row.lists if isinstance(row, Structural) else ()

    def given(label: str, value: Any) -> str:
        inputs[label] = np.asarray(value, float)
        return label

    words: list[str] = []
    named = False
    values = dict(zip(labels, operands, strict=False))
    data, fixed = held_of(row, lambda name: np.shape(values[name]))
    if isinstance(row, Structural) and data == row.tensors:
        # without an input there is nothing to show
        data = ()
    for (name, label), value in zip(labels.items(), operands, strict=False):
        named = named or value is None or _is_option(row, name)
        if name in lists:
            word = f"[{', '.join(map(given, string.ascii_lowercase, value))}]"
            words.append(f"{name}={word}" if named else word)
        elif value is not None:
            held = _is_option(row, name) or name in (*data, *fixed)
            word = _literal(value) if held else given(label, value)
            words.append(f"{name}={word}" if named else word)
    if row.name == "index":
        return Example(f"{words[0]}[{_key(options['key'])}]", inputs, options)
    words += [f"{name}={_literal(value)}" for name, value in options.items()]
    return Example(f"{row.name}({', '.join(words)})", inputs, options)


def operand_labels(row: Primitive) -> Mapping[str, str]:
    """What the parameters are called in examples: a letter, where the name is a function's."""
    letters = iter(string.ascii_lowercase)
    return {n: next(letters) if is_known(n) else n for n in row.signature.parameters}


def _is_option(row: Primitive, name: str) -> bool:
    if isinstance(row, Structural):
        return name not in (*row.tensors, *row.lists)
    return isinstance(row, Elementwise) and name in row.static


def _literal(value: Any) -> str:
    return str(value) if value in (np.inf, -np.inf) else repr(value)


def _key(key: Any) -> str:
    """An index as it is written."""
    return ", ".join(map(_item, key)) if isinstance(key, tuple) else _item(key)


def _item(item: Any) -> str:
    if isinstance(item, slice):
        ends = (item.start, item.stop, item.step)
        text = ":".join("" if end is None else str(end) for end in ends)
        return text.removesuffix(":") if text != "::" else ":"
    if item is Ellipsis:
        return "..."
    return str(np.asarray(item).tolist() if isinstance(item, np.ndarray) else item)


def _typed(value: Array) -> str:
    text = format_literal(value)
    return f'"{text}"' if shlex.quote(text) != text else text
