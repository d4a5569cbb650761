"""Mistakes planted on the checking side: in definitions, partials, results and vjps."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import wraps
from typing import Any
from unittest import mock

import numpy as np

from gradcalc.derive import modes
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.errors import Span
from gradcalc.expr.nodes import Data, Op
from gradcalc.expr.ops import LITERAL, RESHAPE, ROLL
from gradcalc.primitives import BY_NAME, Elementwise, Primitive
from tests.planting import SCALE, SHIFTED, spoiled

SPOILED = ("scaled", "sign", "shifted")
"""Times 1 + 1e-6, times -1, or of another argument (of another place where there are several)."""

ELEMENTWISE = ("definition", "partials")
"""What a row of the elementwise primitives says."""


def worse_row(row: Elementwise, what: str, wrong: str) -> Elementwise | None:
    """A row that defines itself or its partial derivatives wrongly; None where it has none."""
    if what == "definition":
        # beside partials of their own a wrong definition changes no gradient
        return None if row.partials else replace(row, define=_wrongly(row.define, row, wrong))
    positions = range(len(row.signature.parameters))
    return replace(
        row, partials=tuple((i, _wrongly(_partial(row, i), row, wrong)) for i in positions)
    )


def _partial(row: Elementwise, position: int) -> Callable[..., Any]:
    own = dict(row.partials).get(position)

    def partial(s: Any, *args: Any, **given: Any) -> Any:
        if own is not None:
            return own(s, *args, **given)
        bound = row.signature.bind(*args, **given).arguments
        operands = [v for v in bound.values() if isinstance(v, s.Symbol)]
        return s.diff(row.define(s, *args, **given), operands[position])

    return partial


def _wrongly(function: Callable[..., Any], row: Elementwise, wrong: str) -> Callable[..., Any]:
    """A function of sympy's expressions, scaled, of the other sign, or of a shifted argument.

    It keeps the signature, from which a row's parameters are read.
    """

    @wraps(row.define)
    def worse(s: Any, *args: Any, **given: Any) -> Any:
        value = s.sympify(function(s, *args, **given))
        if wrong == "shifted":
            operand = next(v for v in (*args, *given.values()) if isinstance(v, s.Symbol))
            return value.subs(operand, operand + s.Rational(*SHIFTED))
        return -value if wrong == "sign" else value * s.Rational(*SCALE)

    return worse


def in_a_row(row: Elementwise, worse: Elementwise) -> AbstractContextManager[Any]:
    """A row of the elementwise primitives is another one for the checks."""
    original = Recorder.elementwise

    def planted(self: Any, given: Primitive, variant: Any, operands: Any) -> Any:
        return original(self, worse if given is row else given, variant, operands)

    return mock.patch.object(Recorder, "elementwise", planted)


def in_results(name: str, wrong: str) -> AbstractContextManager[Any]:
    """What a primitive gives is wrong for the checks."""
    return _spoiled_results(RecordingBackend, name, wrong)


def _spoiled_results(backend: Any, name: str, wrong: str) -> AbstractContextManager[Any]:
    original = backend._applied
    product, roll, total = BY_NAME["mul"], BY_NAME["roll"], BY_NAME["add"]

    def planted(self: Any, row: Primitive, arguments: Any, span: Span) -> Any:
        result = original(self, row, arguments, span)
        if row.name != name:
            return result

        def worse(x: Any) -> Any:
            if wrong == "shifted":
                return original(self, roll, {"x": x, "shifts": 1}, span)
            if wrong == "off":
                return original(self, total, {"x": x, "y": self.constant(np.array(0.001))}, span)
            factor = -1.0 if wrong == "sign" else SCALE[0] / SCALE[1]
            by = self.constant(np.array(factor))
            return original(self, product, {"x": x, "y": by}, span)

        return spoiled(result, worse)

    return mock.patch.object(backend, "_applied", planted)


def in_a_vjp(op: Op, wrong: str) -> AbstractContextManager[Any]:
    """The cotangents that an operation passes back are wrong."""
    return exchanged(modes, "reverse_rule", op, replace(op, vjp=worse_vjp(op, wrong)))


def exchanged(module: Any, name: str, op: Op, worse: Op) -> AbstractContextManager[Any]:
    """Where a module looks up the rules of an operation, it finds those of another one."""
    original = getattr(module, name)
    return mock.patch.object(module, name, lambda given: original(worse if given is op else given))


def worse_vjp(op: Op, wrong: str) -> Callable[..., Any]:
    assert op.vjp is not None
    original = op.vjp

    def vjp(f: Any, *args: Any, **static: Any) -> Any:
        def worse(node: Any) -> Any:
            if wrong == "shifted":
                row = f(RESHAPE, node, shape=(math.prod(node.shape),))
                return f(RESHAPE, f(ROLL, row, shifts=(1,), axes=(0,)), shape=node.shape)
            factor = -1.0 if wrong == "sign" else SCALE[0] / SCALE[1]
            return f.scalar("mul", node, f(LITERAL, data=Data.of(np.array(factor))))

        return [None if n is None else worse(n) for n in original(f, *args, **static)]

    return vjp


def worse_jvp(op: Op, wrong: str) -> Callable[..., Any]:
    """The tangent that an operation gets is wrong."""

    def jvp(f: Any, moves: Any, value: Any, *operands: Any, **static: Any) -> Any:
        leaves = [f(LITERAL, data=Data.of(np.zeros(o.shape))) for o in operands]
        given = [leaf if m is None else m for leaf, m in zip(leaves, moves, strict=True)]
        found = _tangent(op, f, given, value, operands, static)
        if wrong == "shifted" and found.shape:
            row = f(RESHAPE, found, shape=(math.prod(found.shape),))
            return f(RESHAPE, f(ROLL, row, shifts=(1,), axes=(0,)), shape=found.shape)
        factor = -1.0 if wrong == "sign" else SCALE[0] / SCALE[1]
        return f.scalar("mul", found, f(LITERAL, data=Data.of(np.array(factor))))

    return jvp


def _tangent(op: Op, f: Any, moves: Any, value: Any, operands: Any, static: Any) -> Any:
    if op.jvp == "all":
        return f(op, *moves, **static)
    if op.jvp == "each":
        first, second = operands
        return f.scalar("add", f(op, moves[0], second, **static), f(op, first, moves[1], **static))
    assert callable(op.jvp)
    return op.jvp(f, moves, value, *operands, **static)


MATRIX = np.array([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]])
POINT = {"x": np.array([0.5, -1.25, 2.0]), "A": MATRIX}
PROGRAMS_BY_OP = {
    "permute": "sum(A.T*A)",
    "reshape": "sum(A.reshape(9)*arange(9))",
    "flip": "flip(x)@(A@x)",
    "roll": "roll(x, 1)@(A@x)",
    "index": "sum(A[1:, 0]*x[:2])",
    "scatter": "sum(pad(x, (1, 0))[:3]*(A@x))",
    "concat": "sum(concat([x, A[0]])**2)",
    "stack": "sum(stack([x, A[0]])**2)",
    "diagonal": "sum(diag(A)*x)",
    "embed": "sum(diag(x)*A)",
    "tril": "sum(tril(A)*x)",
    "triu": "sum(triu(A)*x)",
    "broadcast": "sum(broadcast_to(x, (3, 3))*A)",
    "sum": "sum(A, axis=0)@x",
    "prod": "prod(x)*sum(A)",
    "amax": "amax(x)*sum(A)",
    "amin": "amin(x)*sum(A)",
    "cumsum": "cumsum(x)@(A@x)",
    "cumprod": "cumprod(x)@(A@x)",
    "sort": "sort(x).values@(A@x)",
    "matmul": "x@A@x",
    "outer": "sum(outer(x, x)*A)",
    "trace": "trace(A)*sum(x)",
    "det": "det(A)*sum(x)",
    "inv": "x@inv(A)@x",
    "solve": "x@solve(A, x)",
}
"""A program with each operation in it, but those that only come of derivatives and rewriting."""
