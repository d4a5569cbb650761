"""The catalogue of functions, and the page of one, as a person reads them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from gradcalc.render import FEW_DIGITS, Style, renderer
from gradcalc.render.canvas import draw, hung
from gradcalc.render.text import shape_text

if TYPE_CHECKING:
    from gradcalc.reference.catalogue import Entry
    from gradcalc.reference.derivatives import Derivative
    from gradcalc.reference.page import Page
    from gradcalc.reference.places import Place
    from gradcalc.reference.spellings import Spellings

WIDE = 72
"""Columns from which on what belongs together stands side by side."""

GAP = 2
"""Blanks between columns."""

MEDIUM = 60
"""Columns from which on what is told of a function stands beside its label."""

LABELS = 13
"""Columns of the labels of a page."""

HINTS = (
    ("gradcalc functions relu", "one in full, with its derivative"),
    ("gradcalc functions soft", "by a part of a name, or a family: losses"),
)
"""What else can be asked."""


def overview(entries: Sequence["Entry"], style: Style) -> str:
    """All names by family."""
    families = [
        (family, "  ".join(entry.name for entry in group))
        for family, group in itertools.groupby(entries, lambda entry: entry.family)
    ]
    column = max(cell_len(family) for family, _ in families) + GAP
    lines: list[Text] = []
    for family, names in families:
        lines += _beside(family, names, column, style)
        lines += [] if style.width >= WIDE else [Text("")]
    if style.width >= WIDE:
        lines.append(Text(""))
    wide = max(cell_len(command) for command, _ in HINTS) + GAP
    for command, meaning in HINTS:
        lines += _beside(command, meaning, wide, style, paint="cyan")
    return draw(*lines, style=style, wrap=False)


def listing(entries: Sequence["Entry"], style: Style) -> str:
    """Functions with what they mean, under their families."""
    column = max(cell_len(entry.name) for entry in entries) + GAP
    lines: list[Text] = []
    for family, group in itertools.groupby(entries, lambda entry: entry.family):
        lines += [Text("")] if lines else []
        lines.append(Text(family, "dim"))
        for entry in group:
            also = f"; also {', '.join(entry.aliases)}" if entry.aliases else ""
            lines += _beside(entry.name, f"{entry.doc}{also}", column, style)
    return draw(*lines, style=style, wrap=False)


def _beside(
    label: str, text: str, column: int, style: Style, paint: str = "bold"
) -> Iterator[Text]:
    """A label with a text beside it, or below it where there is no room for both."""
    if style.width < WIDE or column > style.width // 2:
        yield from (Text(line, paint) for line in hung(label, style.width, "  "))
        yield from (Text(f"  {line}") for line in hung(text, style.width - 2))
        return
    for line in hung(text, style.width - column):
        yield Text.assemble((label.ljust(column), paint), line)
        label = ""


# -- one function ------------------------------------------------------------------------------


def render_page(entry: "Entry", found: "Page | Spellings", style: Style) -> str:
    """One function in full; of what is no primitive it is only known how libraries call it."""
    signature = "" if entry.row is None else str(entry.row.signature)
    head = [Text(line, "bold") for line in hung(f"{entry.name}{signature}", style.width, "    ")]
    head += [Text(line) for line in hung(entry.doc, style.width)]
    head += _names(entry, style)
    if isinstance(found, Mapping):
        return draw(*head, *_spelled(found, style), style=style, wrap=False)
    body = draw(*head, *_facts(found, style), style=style, wrap=False)
    # lines of a command that go on, so that it can be pasted
    *lines, last = hung(found.example.command, style.width - len(" \\"), "    ")
    command = [Text(line, "cyan") for line in (*(f"{line} \\" for line in lines), last)]
    shown = draw(Text(""), *command, style=style, wrap=False)
    few = replace(style, digits=FEW_DIGITS)
    return body + shown + renderer("table")([found.report], few)


def _names(entry: "Entry", style: Style) -> Iterator[Text]:
    operator = getattr(entry.row, "operator", None)
    if entry.aliases or operator:
        yield Text("")
    if entry.aliases:
        yield from _fact("also called", ", ".join(entry.aliases), style)
    if operator:
        yield from _fact("written", operator, style)


def _facts(found: "Page", style: Style) -> Iterator[Text]:
    if found.definition is not None:
        yield Text("")
        for source in found.definition.splitlines():
            indent = " " * (len(source) - len(source.lstrip()) + 4)
            yield from (Text(line) for line in hung(source, style.width, indent))
    for derivative in found.derivatives:
        yield Text("")
        yield from _gradient(found.example.program, derivative, style)
    if found.domain is not None or found.places:
        yield Text("")
    if found.domain is not None:
        yield from _fact("defined", found.domain, style)
    for label, where in _places(found.places):
        yield from _fact(label, where, style)
    yield from _spelled(found.spellings, style)


def _spelled(spellings: "Spellings", style: Style) -> Iterator[Text]:
    if spellings:
        yield Text("")
    for library, calls in spellings.items():
        yield from _fact(library, ", ".join(calls), style)


def _fact(label: str, text: str, style: Style) -> Iterator[Text]:
    if style.width < MEDIUM:
        yield Text(label, "dim")
        yield from (Text(f"  {line}") for line in hung(text, style.width - 2))
        return
    for line in hung(text, style.width - LABELS):
        yield Text.assemble((label.ljust(LABELS), "dim"), line)
        label = ""


def _places(places: Sequence["Place"]) -> Iterator[tuple[str, str]]:
    """What happens where, places of a kind together."""
    for (kind, sure), group in itertools.groupby(places, lambda place: (place.kind, place.sure)):
        where = ", or ".join(place.where for place in group)
        yield kind, f"where {where}" if sure else f"only where {where}"


def _gradient(call: str, derivative: "Derivative", style: Style) -> Iterator[Text]:
    whole = f"sum(G*{call})" if derivative.weighted else call
    title = f"gradient of {whole}{_circumstances(derivative)}"
    yield from (Text(line, "dim") for line in hung(title, style.width, "    "))
    if derivative.why is not None:
        yield from (Text(f"  {line}") for line in hung(derivative.why, style.width - 2))
    sign = "∇" if style.unicode else "d/d"
    for name, formula in derivative.formulas.items():
        lines = [f"  {sign}{name} = {style.safe(formula.body)}"]
        lines += [f"    where {part} = {style.safe(text)}" for part, text in formula.parts]
        for source in lines:
            yield from (Text(line, "cyan") for line in hung(source, style.width, "      "))


def _circumstances(derivative: "Derivative") -> str:
    shapes: Mapping[str, tuple[int, ...]] = derivative.shapes
    told = [f"{name} of shape {shape_text(shape)}" for name, shape in shapes.items()]
    where = [] if derivative.where is None else [f"where {derivative.where}"]
    return "".join(f", {text}" for text in [*(told if any(shapes.values()) else []), *where])
