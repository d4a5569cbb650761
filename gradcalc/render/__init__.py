"""Reports and errors drawn as text: pure functions from data to a string.

A new format is one module with a `render(reports, style)` function and one entry in `FORMATS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gradcalc.render.style import Style

if TYPE_CHECKING:
    from gradcalc.report import Explanation, Report

Renderer = Callable[["Sequence[Report]", Style], str]

Explainer = Callable[["Sequence[Explanation]", Style], str]


@dataclass(frozen=True, slots=True)
class Format:
    """How reports are drawn, and explanations if they can be: by a function of a module here."""

    report: tuple[str, str]
    explanation: tuple[str, str] | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "table": Format(("table", "render"), ("why", "render")),
        "json": Format(("json", "render"), ("json", "render_explanations")),
        "tsv": Format(("delimited", "render_tsv")),
        "csv": Format(("delimited", "render_csv")),
        "markdown": Format(("markdown", "render")),
        "latex": Format(("latex", "render")),
        "literal": Format(("literal", "render")),
    }
)
"""The formats by name, in the order in which they are offered."""


def renderer(format: str) -> Renderer:
    """What draws reports in a format; its module is imported now, as only tables need rich."""
    found: Renderer = _loaded(*FORMATS[format].report)
    return found


def explainer(format: str) -> Explainer:
    """What draws explanations in a format. Raises `ValueError` where nothing does."""
    place = FORMATS[format].explanation
    if place is None:
        raise ValueError(f"nothing explains in {format}")
    found: Explainer = _loaded(*place)
    return found


def _loaded(module: str, function: str) -> Any:
    return getattr(import_module(f"gradcalc.render.{module}"), function)


__all__ = ["FORMATS", "Explainer", "Format", "Renderer", "Style", "explainer", "renderer"]
