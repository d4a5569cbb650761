"""Reports and errors drawn as text: pure functions from data to a string.

A new format is one module with a `render(reports, style)` function and one entry in `FORMATS`.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

from gradcalc.render.style import Style
from gradcalc.report import Report

Renderer = Callable[[Sequence[Report], Style], str]


def _late(module: str, function: str = "render") -> Renderer:
    """The renderer of a module that is imported on first use: only tables need rich."""

    def render(reports: Sequence[Report], style: Style) -> str:
        renderer: Renderer = getattr(import_module(f"gradcalc.render.{module}"), function)
        return renderer(reports, style)

    return render


FORMATS: Mapping[str, Renderer] = MappingProxyType(
    {
        "table": _late("table"),
        "json": _late("json"),
        "tsv": _late("delimited", "render_tsv"),
        "csv": _late("delimited", "render_csv"),
        "markdown": _late("markdown"),
        "latex": _late("latex"),
        "literal": _late("literal"),
    }
)

__all__ = ["FORMATS", "Renderer", "Style"]
