"""A finding: plain data."""

from dataclasses import dataclass

from gradcalc.errors import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about the calculation, with its place and its cure."""

    kind: str
    message: str
    hint: str | None = None
    span: Span | None = None
