"""Reports and errors drawn as text: pure functions from data to a string.

A new format is one module with a `render(reports, style)` function and one entry in `FORMATS`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gradcalc.errors import UsageError

if TYPE_CHECKING:
    from gradcalc.graphs.picture import Picture
    from gradcalc.plotting.data import Curve, Field
    from gradcalc.report import Explanation, Report
    from gradcalc.steps.data import Steps

_MARKS: Mapping[bool, Mapping[bool | None, str]] = MappingProxyType(
    {True: {True: "✓", False: "✗", None: ""}, False: {True: "ok", False: "DIFFERS", None: ""}}
)
"""What stands for right, wrong and not compared, with Unicode and without."""


ALL_DIGITS, FEW_DIGITS = 17, 6
"""As many as tell any two numbers apart, and as many as a table shows."""


@dataclass(frozen=True, slots=True)
class Style:
    """The place to draw on: nothing in the environment changes what a renderer returns.

    `show_all` draws every row of a long gradient. Without `unicode` only ASCII is used. Numbers are
    rounded to `digits` significant ones, None leaves them whole. On a `terminal` a person reads,
    elsewhere a program may.
    """

    width: int
    color: bool
    unicode: bool = True
    show_all: bool = False
    digits: int | None = None
    terminal: bool = False

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


def harmless(text: str) -> str:
    """A text of several lines, with all in it spelled out that could steer a terminal."""
    return "".join(part if part in ("\n", "\t") else printable(part)
                   for part in re.split(r"([\n\t])", text))  # fmt: skip


Renderer = Callable[["Sequence[Report]", Style], str]
Explainer = Callable[["Sequence[Explanation]", Style], str]


FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "table": ("table", "render"),
        "json": ("json", "render"),
        "tsv": ("delimited", "render_tsv"),
        "csv": ("delimited", "render_csv"),
        "markdown": ("markdown", "render"),
        "latex": ("latex", "render"),
        "literal": ("delimited", "render_literal"),
    }
)
"""The formats in the order in which they are offered, each by a module and its function."""

BINARY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"npy": ("binary", "render_npy"), "npz": ("binary", "render_npz")}
)
"""The formats that are no text, each by a module and its function."""

EXPLAINED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"table": ("why", "render"), "json": ("json", "render_explanations")}
)
"""The same of the formats of explanations."""

STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "table": ("steps", "render"),
        "markdown": ("markdown", "render_steps"),
        "latex": ("step_latex", "render"),
        "html": ("html", "render_steps"),
        "json": ("json_steps", "render"),
    }
)
"""The same of the formats of calculations step by step."""


PLOTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "braille": ("plots.braille", "render"),
        "csv": ("plots.csv", "render"),
        "json": ("plots.json", "render"),
        "svg": ("plots.svg", "render"),
        "html": ("plots.html", "render"),
        "png": ("plots.png", "render"),
    }
)
"""The same of the formats of plots."""

NEEDED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "braille": ("plotille", "pip install plotille, or --format svg > plot.svg"),
        "png": ("matplotlib", "pip install 'gradcalc[plot]', or --format svg, which needs nothing"),
    }
)
"""The formats of plots that need a package, and what to do without it."""


def renderer(format: str) -> Renderer:
    """What draws reports in a format; its module is imported now, as only tables need rich."""
    found: Renderer = _loaded(*FORMATS[format])
    return found


def packer(format: str) -> Callable[["Sequence[Report]"], bytes]:
    """What makes bytes of reports, in a format of `BINARY`."""
    found: Callable[[Sequence[Report]], bytes] = _loaded(*BINARY[format])
    return found


def explainer(format: str) -> Explainer:
    """What draws explanations in a format of `EXPLAINED`."""
    found: Explainer = _loaded(*EXPLAINED[format])
    return found


GRAPHS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "tree": ("graph_tree", "render"),
        "svg": ("graph_svg", "render_svg"),
        "html": ("graph_svg", "render_html"),
        "dot": ("graph_lines", "render_dot"),
        "mermaid": ("graph_lines", "render_mermaid"),
        "json": ("graph_lines", "render_json"),
    }
)
"""The same of the formats of graphs."""


def grapher(format: str) -> Callable[["Sequence[Picture]", Style], str]:
    """What draws graphs, in a format of `GRAPHS`."""
    found: Callable[[Sequence[Picture], Style], str] = _loaded(*GRAPHS[format])
    return found


def stepper(format: str) -> Callable[["Sequence[Steps]", Style], str]:
    """What draws calculations step by step, in a format of `STEPS`."""
    found: Callable[[Sequence[Steps], Style], str] = _loaded(*STEPS[format])
    return found


PAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "reports": ("html", "render"),
        "explanations": ("html", "render_explanations"),
        "steps": ("html", "render_steps"),
    }
)
"""What draws pages for a browser, by what they are of."""


def pager(kind: str) -> Callable[[Any, Style], str]:
    """What draws a page of a kind of `PAGES`."""
    found: Callable[[Any, Style], str] = _loaded(*PAGES[kind])
    return found


def drawer(format: str) -> Callable[["Curve | Field", Style], str | bytes]:
    """What draws plots in a format of `PLOTS`, as bytes where it is no text.

    Raises `UsageError` where a package that it needs is missing.
    """
    if format in NEEDED:
        from importlib.util import find_spec

        package, hint = NEEDED[format]
        if find_spec(package) is None:
            raise UsageError(
                f"a plot as {format} needs {package}, which is not installed", hint=hint
            )
    found: Callable[[Curve | Field, Style], str | bytes] = _loaded(*PLOTS[format])
    return found


def _loaded(module: str, function: str) -> Any:
    return getattr(import_module(f"gradcalc.render.{module}"), function)
