"""What stands in a graph: the texts of nodes and edges, the same in every format."""

import numpy as np

from gradcalc.graphs.picture import Edge, Flow, Kind, Node, Picture
from gradcalc.render import Style
from gradcalc.render.notes import Note, value_text
from gradcalc.render.step_lines import MARKS, MEANT, plain_name
from gradcalc.render.text import number_texts, shape_text
from gradcalc.report import Array
from gradcalc.steps.data import Numbers

SHORT = 3
"""Numbers that are written out; of more only the first, and the shape."""

SAID = {
    Flow.WRONG: "wrong",
    Flow.LOST: "a NaN or an infinity",
    Flow.STOPPED: "no gradient flows",
    Flow.NONE: "",
    Flow.FLOWS: "",
}
"""What is said of a node or an edge that is drawn in another way."""


def brief(value: Array, dtype: str, style: Style) -> str:
    """Numbers in a few characters."""
    if value.size <= SHORT:
        return value_text(value, dtype, style)
    first = number_texts(np.ravel(value)[:1], dtype, style.digits)[0]
    return f"{first}, {style.dots} {shape_text(value.shape)}"


def title(node: Node, style: Style) -> str:
    """A node in the words of the program: `u = x*x`; what comes of nothing by its name alone."""
    name = plain_name(node.name, style)
    if node.kind in (Kind.INPUT, Kind.ROUNDS) or node.name == node.text:
        return style.safe(name)
    return f"{style.safe(name)} = {style.safe(plain_name(node.text, style))}"


def numbers(node: Node, picture: Picture, style: Style) -> tuple[str, str]:
    """The value of a node, and what has come back to it, each with its mark."""
    marks, dtype = MARKS[style.unicode], picture.report.dtype
    sign = "∂" if style.unicode else "d"

    def told(given: Numbers | None, before: str) -> str:
        if given is None:
            return ""
        return f"{before}{brief(given.value, dtype, style)} {marks[given.mark]}".rstrip()

    return told(node.numbers, ""), told(node.cotangent, f"{sign} ")


def handed(edge: Edge, picture: Picture, style: Style) -> str:
    """What an edge hands back."""
    if edge.handed is None:
        return "" if edge.stop is None else edge.stop.partition(":")[0]
    return brief(edge.handed.value, picture.report.dtype, style)


def legend(picture: Picture, style: Style) -> list[Note]:
    """What the signs mean, and the verdict."""
    report = picture.report
    given = [n for node in picture.nodes for n in (node.numbers, node.cotangent) if n is not None]
    given += [edge.handed for edge in picture.edges if edge.handed is not None]
    met = {numbers.mark for numbers in given}
    notes = [Note(MARKS[style.unicode][m], text) for m, text in MEANT.items() if m in met]
    if picture.unheld is not None:
        notes.append(Note("graph", f"not held to the true numbers: {picture.unheld}"))
    notes += [Note("finding", f.message) for f in report.findings]
    return [*notes, Note(report.verdict.outcome, report.verdict.message)]
