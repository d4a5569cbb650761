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
    input, its product with that, one number. A tangent that is a name is another input.
    """

    wrt: tuple[str, ...]
    tangent: Mapping[str, Array | str] | None = None

    @property
    def by(self) -> tuple[str, ...]:
        """The inputs that it is by."""
        return self.wrt

    def taken(self, backend: Backend, target: Any, inputs: Mapping[str, Any]) -> Any:
        """The gradient of a target, as a target of its own."""
        cotangent = backend.constant(np.ones(backend.shape(target)))
        parts = _gradients(backend, target, [inputs[name] for name in self.wrt], cotangent)
        if self.tangent is None:
            return _joined(backend, parts)
        named = dict(zip(self.wrt, parts, strict=True))
        return _along(backend, named, self.tangent, inputs)


@dataclass(frozen=True, slots=True)
class Pulled:
    """The product of a tangent with the gradient that a cotangent gives, which is an input.

    By that input it is what the output does where the inputs move along the tangent.
    """

    cotangent: str
    tangent: Mapping[str, Array | str]

    @property
    def by(self) -> tuple[str, ...]:
        """The inputs that it is by."""
        return tuple(self.tangent)

    def taken(self, backend: Backend, target: Any, inputs: Mapping[str, Any]) -> Any:
        """One number, linear in both."""
        leaves = [inputs[name] for name in self.tangent]
        parts = _gradients(backend, target, leaves, inputs[self.cotangent])
        named = dict(zip(self.tangent, parts, strict=True))
        return _along(backend, named, self.tangent, inputs)


Step = Gradient | Pulled


def _apply(backend: Backend, name: str, **arguments: Any) -> Any:
    return backend.apply(BY_NAME[name], arguments, HERE)


def _gradients(backend: Backend, target: Any, leaves: Sequence[Any], cotangent: Any) -> list[Any]:
    found = backend.gradients(target, leaves, cotangent)
    return [
        backend.constant(np.zeros(backend.shape(leaf))) if part is None else part
        for leaf, part in zip(leaves, found, strict=True)
    ]


def _along(
    backend: Backend,
    parts: Mapping[str, Any],
    tangent: Mapping[str, Array | str],
    inputs: Mapping[str, Any],
) -> Any:
    """The sum of the products of gradients with tangents."""
    total = None
    for name, way in tangent.items():
        given = inputs[way] if isinstance(way, str) else backend.constant(way)
        product = _apply(backend, "sum", x=_apply(backend, "mul", x=parts[name], y=given))
        total = product if total is None else _apply(backend, "add", x=total, y=product)
    return total


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
