"""Reports and errors drawn as text: pure functions from data to a string.

A new format is one module with a `render(reports, style)` function and one entry in `FORMATS`.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from gradcalc.render.style import Style

if TYPE_CHECKING:
    from gradcalc.report import Report

Renderer = Callable[["Sequence[Report]", Style], str]

FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "table": ("table", "render"),
        "json": ("json", "render"),
        "tsv": ("delimited", "render_tsv"),
        "csv": ("delimited", "render_csv"),
        "markdown": ("markdown", "render"),
        "latex": ("latex", "render"),
        "literal": ("literal", "render"),
    }
)
"""The module and the function of each format."""


def renderer(format: str) -> Renderer:
    """What draws reports in a format; its module is imported now, as only tables need rich."""
    module, function = FORMATS[format]
    found: Renderer = getattr(import_module(f"gradcalc.render.{module}"), function)
    return found


__all__ = ["FORMATS", "Renderer", "Style", "renderer"]
