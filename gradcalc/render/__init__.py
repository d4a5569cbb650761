"""Reports and errors drawn as text: pure functions from data to a string.

A new format is one module with a `render(reports, style)` function and one entry in `FORMATS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcalc.report import Explanation, Report

_MARKS: Mapping[bool, Mapping[bool | None, str]] = MappingProxyType(
    {
        True: {True: "✓", False: "✗", None: ""},
        False: {True: "ok", False: "DIFFERS", None: ""},
    }
)
"""What stands for right, wrong and not compared, with Unicode and without."""


@dataclass(frozen=True, slots=True)
class Style:
    """The place to draw on: nothing in the environment changes what a renderer returns.

    `show_all` draws every row of a long gradient. Without `unicode` only ASCII is used.
    """

    width: int
    color: bool
    unicode: bool = True
    show_all: bool = False

    @property
    def marks(self) -> Mapping[bool | None, str]:
        """What stands for right, for wrong, and for what was not compared."""
        return _MARKS[self.unicode]

    @property
    def dots(self) -> str:
        """What stands for what is left out."""
        return "…" if self.unicode else "..."

    def safe(self, text: str) -> str:
        """The text on one line, with nothing in it that could steer a terminal."""
        return printable(text, unicode=self.unicode)


def printable(text: str, *, unicode: bool = True) -> str:
    """The text on one line, with every character that could steer a terminal spelled out."""
    if text.isprintable() and (unicode or text.isascii()):
        return text
    return "".join(
        char
        if char.isprintable() and (unicode or char.isascii())
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


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
        "literal": Format(("delimited", "render_literal")),
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
