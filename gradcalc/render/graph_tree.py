"""A graph as a tree on a terminal, from the output back: what is used again is told once."""

from collections.abc import Iterator, Sequence

from rich.text import Text
from rich.tree import Tree

from gradcalc.graphs.picture import Edge, Flow, Node, Picture
from gradcalc.render import Style
from gradcalc.render.canvas import draw
from gradcalc.render.graph_texts import SAID, legend, numbers, title
from gradcalc.render.table import notes_grid

COLORS = {
    Flow.FLOWS: "", Flow.WRONG: "bold red", Flow.LOST: "bold magenta", Flow.STOPPED: "dim",
    Flow.NONE: "dim",
}  # fmt: skip

DEEPEST = 200
"""Nodes on one way from the output that are shown below each other."""

STEP, LEAST = 4, 36
"""How much further in a node is than the one above, and the columns that are left for its text."""


def render(pictures: Sequence[Picture], style: Style) -> str:
    """Graphs one under the other."""
    return "\n".join(_trees(picture, style) for picture in pictures)


def _trees(picture: Picture, style: Style) -> str:
    growing = _Growing(picture, style)
    trees = list(growing.trees())
    return draw(*trees, Text(""), notes_grid(legend(picture, style), style), style=style)


class _Growing:
    """The nodes hung below what is made of them, each once: those that are too far in for the
    width stand below, in a tree of their own."""

    def __init__(self, picture: Picture, style: Style) -> None:
        self._picture, self._style = picture, style
        self._nodes = picture.by_key
        self._into: dict[str, list[Edge]] = {}
        for edge in picture.edges:
            self._into.setdefault(edge.end, []).append(edge)
        stopped = (Flow.STOPPED, Flow.NONE)
        self._flowing = {edge.start for edge in picture.edges if edge.flow not in stopped}
        self._deepest = min(DEEPEST, max((style.width - LEAST) // STEP, 1))
        self._told = set[str]()
        self._later = [picture.output]

    def trees(self) -> Iterator[Tree]:
        """The tree of the output, and those of what is told later."""
        while self._later:
            key = self._later.pop(0)
            self._told.add(key)
            tree = Tree(_label(self._nodes[key], None, self._picture, self._style))
            self._grow(tree, key, 1)
            yield tree

    def _grow(self, tree: Tree, key: str, depth: int) -> None:
        for edge in self._into.get(key, ()):
            start = edge.start
            elsewhere = edge.is_stopped and start in self._flowing
            told = start in self._told or (elsewhere and start not in self._into)
            deep = depth >= self._deepest and start in self._into
            if not told and (deep or elsewhere) and start not in self._later:
                self._later.append(start)
            if told or start in self._later:
                tree.add(self._pointer(edge, "↑^" if told else "↓v"))
                continue
            self._told.add(start)
            self._grow(tree.add(self._label(edge)), start, depth + 1)

    def _pointer(self, edge: Edge, arrow: str) -> Text:
        """The name of a node that is told above or below."""
        name = title(self._nodes[edge.start], self._style).partition(" = ")[0]
        stop = f"  ({edge.stop})" if edge.stop else ""
        return Text(f"{name} {arrow[not self._style.unicode]}{stop}", "dim")

    def _label(self, edge: Edge) -> Text:
        return _label(self._nodes[edge.start], edge, self._picture, self._style)


def _label(node: Node, edge: Edge | None, picture: Picture, style: Style) -> Text:
    """A node in a line: its text, its value, what has come back to it; and why nothing does."""
    flow = node.flow if edge is None or not edge.is_stopped else Flow.STOPPED
    value, cotangent = numbers(node, picture, style)
    parts = [title(node, style), value, cotangent]
    if flow is Flow.STOPPED:
        stop = None if edge is None else edge.stop
        parts.append(f"({stop or SAID[flow]})")
    return Text("  ".join(part for part in parts if part), COLORS[flow])
