"""What is differentiated of a program: its output, the gradient of that, its way along a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.errors import Span
from gradcalc.lang.backend import Backend
from gradcalc.primitives import BY_NAME

Array = NDArray[np.float64]

ALONG = "along"
"""The input that says how far the others are moved along a tangent."""

HERE = Span(1, 1, 1, 1)
"""Where what no user wrote stands."""


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient of the sum of what is differentiated, instead of that itself.

    By the inputs `wrt`, one behind the other, in the shape of a single one; with a `tangent`, by
    input, its product with that, one number.
    """

    wrt: tuple[str, ...]
    tangent: Mapping[str, Array] | None = None


def _apply(backend: Backend, name: str, **arguments: Any) -> Any:
    return backend.apply(BY_NAME[name], arguments, HERE)


def taken(
    step: Gradient, backend: Backend, target: Any, inputs: Mapping[str, Any], weights: Array | None
) -> Any:
    """The gradient of a target, weighed, as a target of its own."""
    shape = backend.shape(target)
    seed = np.ones(shape) if weights is None else np.broadcast_to(weights, shape)
    leaves = [inputs[name] for name in step.wrt]
    found = backend.gradients(target, leaves, backend.constant(seed))
    parts = [
        backend.constant(np.zeros(backend.shape(leaf))) if part is None else part
        for leaf, part in zip(leaves, found, strict=True)
    ]
    if step.tangent is None:
        return _joined(backend, parts)
    products = [
        _apply(backend, "sum", x=_apply(backend, "mul", x=part, y=_moving(backend, step, name)))
        for name, part in zip(step.wrt, parts, strict=True)
    ]
    total = products[0]
    for product in products[1:]:
        total = _apply(backend, "add", x=total, y=product)
    return total


def _moving(backend: Backend, step: Gradient, name: str) -> Any:
    assert step.tangent is not None
    return backend.constant(step.tangent[name])


def _joined(backend: Backend, parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    flat = [
        _apply(backend, "reshape", x=p, shape=(int(np.prod(backend.shape(p), dtype=int)),))
        for p in parts
    ]
    return _apply(backend, "concat", tensors=flat, dim=0)


def moved(
    backend: Backend, inputs: Mapping[str, Any], tangents: Mapping[str, Array]
) -> dict[str, Any]:
    """The inputs, those that have a tangent moved along it."""
    if not tangents:
        return dict(inputs)
    found = dict(inputs)
    for name, tangent in tangents.items():
        way = _apply(backend, "mul", x=backend.constant(tangent), y=inputs[ALONG])
        found[name] = _apply(backend, "add", x=inputs[name], y=way)
    return found
