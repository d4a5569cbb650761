"""Mistakes planted on the checking side: in definitions, partials, results and vjps."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any
from unittest import mock

import numpy as np

from gradcalc.derive import sweep
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.enclosure.backend import ElementBackend
from gradcalc.enclosure.graph import Graph
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


PLACES = ("enclosure", "formula", "both")
"""The two checks that share a row's definition, and both at once."""


@contextmanager
def in_a_row(row: Elementwise, worse: Elementwise, place: str) -> Iterator[None]:
    """A row of the elementwise primitives is another one for a check, or both."""
    with ExitStack() as stack:
        for check, owner, method in (
            ("enclosure", Graph, "apply"),
            ("formula", Recorder, "elementwise"),
        ):
            if place in (check, "both"):
                stack.enter_context(_exchanged(owner, method, row, worse))
        yield


def _exchanged(
    owner: Any, method: str, row: Primitive, worse: Primitive
) -> AbstractContextManager[Any]:
    original = getattr(owner, method)

    def planted(self: Any, given: Primitive, variant: Any, operands: Any) -> Any:
        return original(self, worse if given is row else given, variant, operands)

    return mock.patch.object(owner, method, planted)


@contextmanager
def in_results(name: str, wrong: str, place: str) -> Iterator[None]:
    """What a primitive gives is wrong for a check, or both."""
    with ExitStack() as stack:
        for check, backend in (("enclosure", ElementBackend), ("formula", RecordingBackend)):
            if place in (check, "both"):
                stack.enter_context(_spoiled_results(backend, name, wrong))
        yield


def _spoiled_results(backend: Any, name: str, wrong: str) -> AbstractContextManager[Any]:
    original = backend.apply
    product, roll = BY_NAME["mul"], BY_NAME["roll"]

    def planted(self: Any, row: Primitive, arguments: Any, span: Span) -> Any:
        result = original(self, row, arguments, span)
        if row.name != name:
            return result

        def worse(x: Any) -> Any:
            if wrong == "shifted":
                return original(self, roll, {"x": x, "shifts": 1}, span)
            factor = -1.0 if wrong == "sign" else SCALE[0] / SCALE[1]
            by = self.constant(np.array(factor))
            return original(self, product, {"x": x, "y": by}, span)

        return spoiled(result, worse)

    return mock.patch.object(backend, "apply", planted)


def in_a_vjp(op: Op, wrong: str) -> AbstractContextManager[Any]:
    """The cotangents that an operation of the formulas passes back are wrong."""
    original = sweep._cotangents
    worse = replace(op, vjp=_worse_vjp(op, wrong))

    def planted(
        forms: Any, tape: Any, equation: Any, cotangent: Any, value: Any, operands: Any
    ) -> Any:
        if equation.primitive is op:
            equation = replace(equation, primitive=worse)
        return original(forms, tape, equation, cotangent, value, operands)

    return mock.patch.object(sweep, "_cotangents", planted)


def _worse_vjp(op: Op, wrong: str) -> Callable[..., Any]:
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
"""A program with each operation in it."""
