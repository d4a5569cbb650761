"""What the checking backends share: composites by their definition, constants of a dtype."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

import numpy as np

from gradcalc.errors import GradcalcError, Span
from gradcalc.lang.backend import Backend
from gradcalc.lang.budget import Budget
from gradcalc.lang.evaluate import evaluate
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Program
from gradcalc.primitives import Composite


class Noted(Protocol):
    """Where in the user's program a backend is, and in which composite's definition."""

    place: Span | None
    inside: str | None


def by_definition(
    row: Composite,
    arguments: Mapping[str, Any],
    backend: Backend,
    noted: Noted,
    span: Span,
    budget: Budget,
) -> Any:
    """The value of a composite's definition. What is made in it has the place of the call."""
    outer = noted.inside
    if outer is None:
        noted.place, noted.inside = span, row.name
    try:
        return evaluate(_definition(row), backend, arguments, budget=budget).value
    except GradcalcError as error:
        # the place is one in the definition, which the user has not written
        error.span = error.source = None
        raise
    finally:
        noted.inside = outer


@cache
def _definition(row: Composite) -> Program:
    return compile_program(row.definition, core=True)


def round_to(values: Any, dtype: str) -> Any:
    """Numbers as the dtype has them; those beyond its range as they are."""
    if dtype == "float64":
        return np.asarray(values)
    with np.errstate(over="ignore"):
        rounded = np.asarray(values).astype(dtype).astype(np.float64)
    return np.where(np.isinf(rounded), values, rounded)
