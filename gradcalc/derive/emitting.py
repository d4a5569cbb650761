"""Derivatives inside of a program: what reverse mode gives, in the operations that a program has.

The slope of a function of elements is written as a text of the language and run as such, so that
all that is known of its functions (their corners, rounding, derivatives) is known of it.
"""

import ast
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gradcalc.calculus import flat_at_zero, named_definition, without_constants
from gradcalc.derive.recorder import RecordingBackend, Traced
from gradcalc.errors import UnsupportedError
from gradcalc.expr import ops
from gradcalc.expr.nodes import Forms
from gradcalc.expr.spelling import Spelling
from gradcalc.expr.written import Text, Unprintable
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program

NOWHERE = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
"""A place that is none of a program's, whose first character is at column 1."""


class Emitter:
    """Builds with a recorder, the chain rule in functions that a program can call."""

    def __init__(self, backend: RecordingBackend) -> None:
        self._backend = backend
        self._recorder = backend.recorder

    def __call__(self, op: ops.Op, *operands: Traced, **static: Any) -> Traced:
        if op is ops.CHAIN:
            return self._chained(*operands, **static)
        if op is ops.LITERAL:
            return self.literal(static["data"].array)
        return self._recorder(op, *operands, **static)

    def scalar(self, name: str, *operands: Traced) -> Traced:
        """A function of elements by its name."""
        return self._recorder.scalar(name, *operands)

    def literal(self, array: Any) -> Traced:
        """Fixed numbers."""
        return self._recorder.literal(array)

    def _chained(
        self, g: Traced, *operands: Traced, symbols: Any, body: Any, written: Any, shape: Any
    ) -> Traced:
        constant = self._constant(symbols, operands, body)
        if constant is not None:
            number, where = constant
            if where.all():
                return self.literal(np.zeros(shape))
            # elsewhere it goes on, and what has no slope there is not asked for one
            still = self.scalar("eq", operands[number], self.literal(0.0))
            safe = self.scalar("where", still, self.literal(1.0), operands[number])
            others = (*operands[:number], safe, *operands[number + 1 :])
            g = self.scalar("where", still, self.literal(0.0), g)
            return self.scalar("mul", g, self._slope(symbols, others, written))
        return self.scalar("mul", g, self._slope(symbols, operands, written))

    def _constant(
        self, symbols: Any, operands: Sequence[Traced], body: Any
    ) -> tuple[int, Any] | None:
        """The operand at whose zeros the slope is none, and where these are, if anywhere.

        An exponent that does not move runs out in the end: a power of 0 is constant at 0 too.
        """
        symbol = flat_at_zero(body)
        if symbol is None or operands[number := symbols.index(symbol)].active:
            return None
        where = self._recorder.zeros(operands[number])
        return (number, where) if where.any() else None

    def _slope(self, symbols: Any, operands: Sequence[Traced], written: Any) -> Traced:
        body, constants = without_constants(written)
        exact = [self._recorder.exact(number) for number in constants.values()]
        program = _program((*symbols, *constants), body)
        given = dict(zip(_names((*symbols, *constants)), (*operands, *exact), strict=True))
        budget = self._backend.budget
        slope: Traced = evaluate(program, self._backend, given, budget=budget).value
        if slope.mask:
            slope = self.scalar("where", slope, self.literal(1.0), self.literal(0.0))
        return slope


def _names(symbols: Any) -> list[str]:
    return [f"u{k}" for k in range(len(symbols))]


class _Spelled(Spelling):
    """Writes an expression in names."""

    def __call__(self, node: Any) -> Text:
        return Text(node["name"])


@lru_cache(maxsize=1024)
def _program(symbols: Any, body: Any) -> Program:
    """A scalar expression as a text of the language."""
    forms = Forms(named_definition, ops.MAP)
    names = [forms(ops.VAR, name=name, shape=()) for name in _names(symbols)]
    nodes = dict(zip(symbols, names, strict=True))
    try:
        text = _Spelled(nodes, {}, frozenset(), decimals=frozenset()).expression(body).text
    except Unprintable as reason:
        raise UnsupportedError(f"this is not differentiated once more: {reason}") from None
    program = compile_program(text, core=True)
    for node in (part for statement in program.body for part in ast.walk(statement)):
        if hasattr(node, "lineno"):
            # no user wrote it
            for field, number in NOWHERE.items():
                setattr(node, field, number)
    return program
