"""Runs gradcalc's programs on jax arrays."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.trust.jax_functions import FUNCTIONS
from gradcalc.errors import Span
from gradcalc.primitives import Primitive

CONCRETE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)
"""What jax raises where a program asks for numbers that it has not computed yet."""


class Lacking(Exception):
    """Jax has no such function, or cannot run such a program."""


class JaxBackend:
    """Runs a program on jax arrays of one dtype."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype

    @property
    def precision(self) -> str:
        return "float64"

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, jax.Array)

    def constant(self, values: NDArray[np.float64]) -> Any:
        return jnp.asarray(values, self.dtype)

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return tuple(tensor.shape)

    def apply(self, row: Primitive, arguments: Mapping[str, Any], span: Span) -> Any:
        if row.name not in FUNCTIONS:
            raise Lacking(row.name)
        given = dict(arguments)
        if row.name != "index":
            given = {name: self._of_dtype(value) for name, value in given.items()}
        bound = row.signature.bind(**given)
        bound.apply_defaults()
        # by position: jax's own functions call their parameters by other names
        return FUNCTIONS[row.name](*bound.arguments.values())

    def _of_dtype(self, value: Any) -> Any:
        """Truth values and whole numbers as numbers of the calculation's one dtype."""
        if self.is_tensor(value):
            whole = not jnp.issubdtype(value.dtype, jnp.floating)
            return value.astype(self.dtype) if whole else value
        return [self._of_dtype(v) for v in value] if isinstance(value, list) else value

    def detach(self, tensor: Any, name: str | None, source: str | None = None) -> Any:
        return jax.lax.stop_gradient(tensor)

    def carries(self, tensor: Any) -> bool:
        return isinstance(tensor, jax.core.Tracer)

    def behind(self, tensor: Any) -> frozenset[str]:
        return frozenset()

    def numbers(self, tensor: Any) -> NDArray[np.float64]:
        try:
            return np.asarray(jax.lax.stop_gradient(tensor), np.float64)
        except CONCRETE as error:
            raise Lacking("numbers of a traced array") from error

    def is_mask(self, tensor: Any) -> bool:
        return bool(tensor.dtype == jnp.bool_)

    def truth(self, tensor: Any) -> bool:
        try:
            return bool(tensor)
        except CONCRETE as error:
            raise Lacking("the truth of a traced array") from error
