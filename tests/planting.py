"""Mistakes put on purpose into one primitive row, on torch's side or on the checking side.

The callers are context managers, under which a report is made again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import torch

from gradcalc.calculate import calculate
from gradcalc.errors import Span
from gradcalc.fidelity import Fidelity
from gradcalc.primitives import Elementwise, Primitive, Structural
from gradcalc.primitives.row import held_of
from gradcalc.problem import Problem
from gradcalc.report import Report
from gradcalc.witnesses.autograd import TorchBackend
from tests.trust_cases import problem

SHOWN = ("values", "eigenvalues", "S", "R", "logabsdet")
PAIRED = {
    "sort": ".values", "topk": ".values", "kthvalue": ".values", "cummax": ".values",
    "cummin": ".values", "eigh": ".eigenvalues", "svd": ".S", "qr": ".R",
    "lu_factor": ".LU",
    **{
        f"{kind}max_pool{rank}d_with_indices": ".values"
        for kind in ("", "adaptive_") for rank in (1, 2, 3)
    },
    **{f"fractional_max_pool{rank}d_with_indices": ".values" for rank in (2, 3)},
}  # fmt: skip
SCALE = (1_000_001, 1_000_000)
SHIFT = 1e-3
SHIFTED = (1, 1000)
Wrong = Callable[[Any], Any]


# -- the calls ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A row called at one of its samples, the elements of the result weighted differently."""

    row: Primitive
    problem: Problem
    healthy: Report
    """The report while nothing is planted."""

    def report(self) -> Report:
        return calculate(self.problem)


def call(row: Primitive, number: int = 0, dtype: str = "float64") -> Call | None:
    """A row's sample as a call that gradcalc verifies; None if it does not.

    What has no gradient of its own is multiplied by a further input.
    """
    text, inputs = spelled(row, row.samples[number])
    for again in (False, True):
        asked = problem(text, dtype, **inputs)
        plain = calculate(replace(asked, check=False))
        weights = np.random.default_rng(7).uniform(0.5, 1.5, plain.value.shape)
        weighted = problem(text, dtype, cotangent=weights, **inputs)
        answer = calculate(weighted)
        if again or any(np.any(g.autograd) for g in answer.gradients):
            verified = answer.verdict.outcome == "verified"
            return Call(row, weighted, answer) if verified else None
        text, inputs = f"{text}*s", inputs | {"s": 1.5}
    return None


def healthy_call(row: Primitive) -> Call | None:
    """The first of a row's samples that is verified."""
    return next((c for n in range(len(row.samples)) if (c := call(row, n)) is not None), None)


def spelled(row: Primitive, sample: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    """A program that calls a row, and the inputs."""
    operands = list(sample)
    options = operands.pop() if operands and isinstance(operands[-1], dict) else {}
    names, inputs = [], {}
    lists = getattr(row, "lists", ())
    values = dict(zip(row.signature.parameters, operands, strict=False))
    data, fixed = held_of(row, lambda name: np.shape(values[name]))
    for position, value in enumerate(operands):
        name = f"v{position}"
        if not isinstance(value, str) and list(row.signature.parameters)[position] in lists:
            parts = [f"{name}_{i}" for i in range(len(value))]
            inputs.update({part: np.array(v, float) for part, v in zip(parts, value, strict=True)})
            names.append(f"[{', '.join(parts)}]")
        elif value is None or isinstance(value, str) or _is_fixed(row, position, (*data, *fixed)):
            names.append(repr(value))
        else:
            inputs[name] = np.array(value, float)
            names.append(name)
    if row.name == "index":
        return f"{names[0]}[{_key(options['key'])}]", inputs
    words = [f"{key}={_literal(value)}" for key, value in options.items()]
    text = f"{row.name}({', '.join([*names, *words])})"
    paired = row.name in ("max", "min", "median") and "dim" in options
    return text + (".values" if paired else PAIRED.get(row.name, "")), inputs


def _is_fixed(row: Primitive, position: int, held: tuple[str, ...]) -> bool:
    """Whether a parameter takes what is fixed, and no input."""
    name = list(row.signature.parameters)[position]
    if isinstance(row, Structural) and name not in (*row.tensors, *row.lists):
        return True
    return name in held or (isinstance(row, Elementwise) and name in row.static)


def _literal(value: Any) -> str:
    return repr(value) if value not in (np.inf, -np.inf) else str(value)


def _key(key: Any) -> str:
    """An index as it is written."""
    items = key if isinstance(key, tuple) else (key,)
    return ", ".join(map(_item, items)) + ("," if len(items) == 1 else "")


def _item(item: Any) -> str:
    if isinstance(item, slice):
        ends = (item.start, item.stop, item.step)
        return ":".join("" if end is None else str(end) for end in ends)
    if item is Ellipsis:
        return "..."
    return str(np.asarray(item).tolist() if isinstance(item, np.ndarray) else item)


def same_gradients(first: Report, second: Report, room: float = 1e-9) -> bool:
    """Whether torch gave the same both times, but for a part `room` of the largest element."""
    pairs = [
        (a.autograd, b.autograd) for a, b in zip(first.gradients, second.gradients, strict=True)
    ]
    return all(
        np.allclose(a, b, rtol=0, atol=room * np.max(np.abs(b), initial=0)) for a, b in pairs
    )


# -- torch's side ---------------------------------------------------------------------------


def _number(value: Any) -> Any:
    """Truth values as numbers, from which torch subtracts."""
    return value if value.is_floating_point() else value.to(torch.float64)


def _slope(value: Any) -> Any:
    value = _number(value)
    return value + 1e-6 * (value - value.detach())


def _both(value: Any) -> Any:
    return value * (1 + 1e-6)


def _sign(value: Any) -> Any:
    value = _number(value)
    return 2 * value.detach() - value


def _offset(value: Any) -> Any:
    return value + SHIFT


def _swapped(value: Any) -> Any:
    return value.flip(0) if value.ndim and len(value) > 1 else value * 1.25


class _Rolled(torch.autograd.Function):
    """The same values, each with the gradient of its neighbour."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient.reshape(-1).roll(1).reshape(gradient.shape)


def _rolled(value: Any) -> Any:
    return _Rolled.apply(value) if value.is_floating_point() else value


def _moved(value: Any) -> Any:
    return value + SHIFT


RESULTS: dict[str, Wrong] = {
    "slope": _slope,
    "both": _both,
    "sign": _sign,
    "swapped": _swapped,
    "offset": _offset,
}
"""What can be wrong with a result: its slope, its value too, its slope's sign, the order of its
parts, its value alone."""

ARGUMENTS: dict[str, Wrong] = {"rolled": _rolled, "moved": _moved}
"""What can be wrong with an argument: the places of its gradient, or its value."""


def spoiled(result: Any, wrong: Wrong) -> Any:
    """A wrong result; of several tensors that one is wrong which the call shows."""
    if hasattr(result, "_replace"):
        shown = next(name for name in SHOWN if name in result._fields)
        return result._replace(**{shown: wrong(getattr(result, shown))})
    return wrong(result)


@contextmanager
def in_torch(name: str, wrong: str) -> Iterator[None]:
    """Torch's function of one primitive is wrong in one of the ways of the tables above."""
    original = TorchBackend._applied

    def planted(self: Any, row: Primitive, arguments: Any, span: Span) -> Any:
        if row.name != name:
            return original(self, row, arguments, span)
        if wrong in RESULTS:
            spoil = RESULTS[wrong]
            worse = replace(row, torch=lambda t, **given: spoiled(row.torch(t, **given), spoil))
            return original(self, worse, arguments, span)
        worse_arguments = _spoiled_arguments(row, arguments, ARGUMENTS[wrong])
        return original(self, row, worse_arguments, span)

    # a kernel that is wrong is wrong when the library itself is asked, too
    unasked = mock.patch.object(Fidelity, "__call__", return_value=None)
    with mock.patch.object(TorchBackend, "_applied", planted), unasked:
        yield


def _spoiled_arguments(row: Primitive, arguments: Any, wrong: Wrong) -> dict[str, Any]:
    """The first tensor among the arguments spoiled, and in a list of tensors the first."""
    given = dict(arguments)
    for name, value in given.items():
        if isinstance(value, torch.Tensor):
            return given | {name: wrong(value)}
        if isinstance(value, list) and value and isinstance(value[0], torch.Tensor):
            return given | {name: [wrong(value[0]), *value[1:]]}
    return given
