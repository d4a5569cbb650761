"""No false verdict: a primitive that is wrong, on either side, never passes for verified."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.derive import sweep
from gradcalc.derive.recorder import Recorder, RecordingBackend
from gradcalc.enclosure.backend import ElementBackend
from gradcalc.enclosure.graph import Graph
from gradcalc.errors import Span
from gradcalc.expr.nodes import Data, Op
from gradcalc.expr.ops import LITERAL, OPS
from gradcalc.primitives import BY_NAME, PRIMITIVES, Elementwise, Primitive
from gradcalc.report import Report
from gradcalc.witnesses.autograd import TorchBackend
from tests.trust_cases import report

UNCALLABLE = {"index"}
PAIRED = {"sort"}
ROWS = [row for row in PRIMITIVES if row.name not in UNCALLABLE]


def call(row: Primitive) -> tuple[str, dict[str, Any]]:
    """A program that calls a row at its first sample, and the inputs."""
    sample = list(row.samples[0])
    options = sample.pop() if sample and isinstance(sample[-1], dict) else {}
    names, inputs = [], {}
    lists = getattr(row, "lists", ())
    for position, value in enumerate(sample):
        name = f"v{position}"
        if lists:
            parts = [f"{name}_{i}" for i in range(len(value))]
            inputs.update({part: np.array(v, float) for part, v in zip(parts, value, strict=True)})
            names.append(f"[{', '.join(parts)}]")
        else:
            inputs[name] = np.array(value, float)
            names.append(name)
    words = [f"{key}={value!r}" for key, value in options.items()]
    text = f"{row.name}({', '.join([*names, *words])})"
    return text + (".values" if row.name in PAIRED else ""), inputs


def weighted(text: str, inputs: dict[str, Any]) -> Report | None:
    """The report with random weights; None where no gradient flows or nothing is smooth."""
    plain = report(text, **inputs)
    weights = np.random.default_rng(7).uniform(0.5, 1.5, plain.value.shape)
    answer = report(text, cotangent=weights, **inputs)
    moving = any(np.any(g.autograd) for g in answer.gradients)
    return answer if moving and answer.verdict.outcome == "verified" else None


HEALTHY = {row.name: found for row in ROWS if (found := weighted(*call(row))) is not None}


def slope(value: Any) -> Any:
    return value + 1e-6 * (value - value.detach())


def both(value: Any) -> Any:
    return value * (1 + 1e-6)


def sign(value: Any) -> Any:
    return 2 * value.detach() - value


def swapped(value: Any) -> Any:
    return value.flip(0) if value.ndim and len(value) > 1 else value * 1.25


WRONG: dict[str, Callable[[Any], Any]] = {
    "slope": slope,
    "both": both,
    "sign": sign,
    "swapped": swapped,
}


def spoiled(result: Any, wrong: Callable[[Any], Any]) -> Any:
    """A wrong result; of a pair of values and indices the values."""
    if hasattr(result, "_replace"):
        return result._replace(values=wrong(result.values))
    return wrong(result)


def plant_in_torch(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., Any]) -> None:
    original = TorchBackend.apply

    def planted(self: Any, row: Primitive, arguments: Any, span: Span) -> Any:
        if row.name != name:
            return original(self, row, arguments, span)
        worse = replace(row, torch=lambda t, **given: spoiled(row.torch(t, **given), wrong))
        return original(self, worse, arguments, span)

    monkeypatch.setattr(TorchBackend, "apply", planted)


def again(name: str) -> Report:
    text, inputs = call(BY_NAME[name])
    weights = np.random.default_rng(7).uniform(0.5, 1.5, HEALTHY[name].value.shape)
    return report(text, cotangent=weights, **inputs)


def same_gradients(first: Report, second: Report) -> bool:
    pairs = zip(first.gradients, second.gradients, strict=True)
    return all(np.allclose(a.autograd, b.autograd, rtol=1e-9, atol=0) for a, b in pairs)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", HEALTHY)
def test_a_wrong_torch_function_is_found(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_in_torch(monkeypatch, name, WRONG[wrong])
    answer = again(name)
    if same_gradients(answer, HEALTHY[name]):
        # a symmetric function: only its order is wrong
        assert wrong == "swapped"
        return
    assert answer.verdict.outcome == "wrong", answer.verdict.message


@pytest.mark.parametrize("name", [n for n in HEALTHY if isinstance(BY_NAME[n], Elementwise)])
def test_a_shifted_argument_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = BY_NAME[name]

    def shifted(self: Any, given: Primitive, arguments: Any, span: Span) -> Any:
        moved = dict(arguments)
        first = next(k for k, v in moved.items() if isinstance(v, torch.Tensor))
        moved[first] = moved[first] + 1e-3
        return original(self, given, moved if given is row else arguments, span)

    original = TorchBackend.apply
    monkeypatch.setattr(TorchBackend, "apply", shifted)
    answer = again(name)
    if same_gradients(answer, HEALTHY[name]):
        assert answer.value == pytest.approx(HEALTHY[name].value) or any(
            finding.kind == "value" for finding in answer.findings
        )
    else:
        assert answer.verdict.outcome == "wrong", answer.verdict.message


@pytest.mark.parametrize("name", [n for n in HEALTHY if isinstance(BY_NAME[n], Elementwise)])
@pytest.mark.parametrize("what", ["definition", "sign", "partials"])
def test_a_wrong_definition_is_found(what: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = BY_NAME[name]
    assert isinstance(row, Elementwise)
    factor = -1 if what == "sign" else 1000001
    scale = 1 if what == "sign" else 1000000

    def define(s: Any, *args: Any, **given: Any) -> Any:
        return s.sympify(row.define(s, *args, **given)) * factor / scale

    def worse_partial(position: int) -> Callable[..., Any]:
        own = dict(row.partials).get(position)

        def partial(s: Any, *args: Any, **given: Any) -> Any:
            if own is not None:
                return s.sympify(own(s, *args, **given)) * factor / scale
            operands = [v for v in given.values() if isinstance(v, s.Symbol)]
            return s.diff(row.define(s, *args, **given), operands[position]) * factor / scale

        return partial

    changes: dict[str, Any] = {
        "partials": tuple((i, worse_partial(i)) for i in range(len(row.signature.parameters)))
    }
    if what != "partials" and not row.partials:
        changes = {"define": define}
    worse = replace(row, **changes)
    # a row's parameters are those of its definition
    monkeypatch.setattr(type(row), "signature", property(lambda self: row_signature(self, worse)))
    # in one of the two checks the mistake makes them differ, in both it makes autograd wrong
    for place, method in ((Graph, "apply"), (Recorder, "elementwise")):
        plant_a_row(monkeypatch, place, method, row, worse)
        answer = again(name)
        outcome = "unresolved" if place is Graph else "wrong"
        assert answer.verdict.outcome == outcome, answer.verdict.message


def plant_a_row(
    monkeypatch: pytest.MonkeyPatch, place: Any, method: str, row: Primitive, worse: Primitive
) -> None:
    original = getattr(place, method)

    def planted(self: Any, given: Primitive, variant: Any, operands: Any) -> Any:
        return original(self, worse if given is row else given, variant, operands)

    monkeypatch.setattr(place, method, planted)


SIGNATURE = Elementwise.__dict__["signature"].fget


def row_signature(asked: Elementwise, worse: Elementwise) -> Any:
    return SIGNATURE(BY_NAME[worse.name] if asked is worse else asked)


@pytest.mark.parametrize("name", [n for n in HEALTHY if not isinstance(BY_NAME[n], Elementwise)])
@pytest.mark.parametrize("factor", [1 + 1e-6, -1.0])
def test_a_wrong_array_function_or_form_is_found(
    factor: float, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # in one of the two checks the mistake makes them differ, in both it makes autograd wrong
    for backends in ((ElementBackend,), (RecordingBackend,), (ElementBackend, RecordingBackend)):
        with monkeypatch.context() as patch:
            for backend in backends:
                plant_a_factor(patch, backend, name, factor)
            answer = again(name)
        outcome = "unresolved" if len(backends) == 1 else "wrong"
        assert answer.verdict.outcome == outcome, (backends, answer.verdict.message)


def plant_a_factor(monkeypatch: pytest.MonkeyPatch, backend: Any, name: str, factor: float) -> None:
    original = backend.apply
    product = BY_NAME["mul"]

    def planted(self: Any, row: Primitive, arguments: Any, span: Span) -> Any:
        result = original(self, row, arguments, span)
        if row.name != name:
            return result
        by = self.constant(np.array(factor))
        return spoiled(result, lambda x: original(self, product, {"x": x, "y": by}, span))

    monkeypatch.setattr(backend, "apply", planted)


VJPS = [op for op in OPS if op.vjp is not None]


def twice(op: Op) -> Callable[..., Any]:
    """The vjp of an operation, each cotangent doubled."""
    assert op.vjp is not None
    original = op.vjp

    def vjp(f: Any, *args: Any, **static: Any) -> Any:
        two = f(LITERAL, data=Data.of(np.array(2.0)))
        found = original(f, *args, **static)
        return [None if node is None else f.scalar("mul", node, two) for node in found]

    return vjp


@pytest.mark.parametrize("op", VJPS, ids=[op.name for op in VJPS])
def test_a_wrong_vjp_is_found(op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sweep._cotangents

    def planted(
        forms: Any, tape: Any, equation: Any, cotangent: Any, value: Any, operands: Any
    ) -> Any:
        if equation.primitive is op:
            equation = replace(equation, primitive=worse)
        return original(forms, tape, equation, cotangent, value, operands)

    worse = replace(op, vjp=twice(op))
    monkeypatch.setattr(sweep, "_cotangents", planted)
    text = PROGRAMS_BY_OP[op.name]
    answer = report(text, x=np.array([0.5, -1.25, 2.0]), A=MATRIX)
    assert answer.verdict.outcome == "unresolved", answer.verdict.message


MATRIX = np.array([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, 3.0]])
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


def test_nearly_every_row_takes_part() -> None:
    # steps, comparisons and logic have no gradient to be wrong
    idle = {row.name for row in ROWS} - set(HEALTHY)
    assert len(idle) < 35, idle
    assert {"add", "matmul", "softmax", "sum", "exp"} <= set(HEALTHY)


LARGE = {
    "exp": "sum(exp(x))",
    "mul": "sum(x*x)",
    "sum": "sum(x*x)**2",
    "matmul": "x@x",
    "softmax": "softmax(x)@x",
    "var": "var(x)",
    "cumsum": "cumsum(x)@x",
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", LARGE)
def test_a_wrong_torch_function_is_found_in_a_large_calculation(
    name: str, wrong: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(3).uniform(0.5, 1.5, 30_000)
    healthy = report(LARGE[name], dtype, x=x)
    assert healthy.verdict.outcome == "verified", healthy.verdict.message
    assert healthy.witnesses == ("autograd", "symbolic")
    plant_in_torch(monkeypatch, name, WRONG[wrong])
    answer = report(LARGE[name], dtype, x=x)
    room = 1e-4 if dtype == "float32" else 1e-9
    pairs = zip(answer.gradients, healthy.gradients, strict=True)
    if all(np.allclose(a.autograd, b.autograd, rtol=room, atol=0) for a, b in pairs):
        # float32 has not the digits for it, or the function is symmetric
        assert dtype == "float32" or wrong == "swapped"
        return
    assert answer.verdict.outcome in ("wrong", "unresolved"), answer.verdict.message
