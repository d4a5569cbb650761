"""A graph as a tree on a terminal, from the output back: what is used again is told once."""

from collections.abc import Mapping, Sequence

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
"""Nodes on one way from the output that are shown."""


def render(pictures: Sequence[Picture], style: Style) -> str:
    """Graphs one under the other."""
    return "\n".join(_tree(picture, style) for picture in pictures)


def _tree(picture: Picture, style: Style) -> str:
    into: dict[str, list[Edge]] = {}
    for edge in picture.edges:
        into.setdefault(edge.end, []).append(edge)
    nodes = picture.by_key
    tree = Tree(_label(nodes[picture.output], None, picture, style))
    _grow(tree, picture.output, nodes, into, picture, style)
    return draw(tree, Text(""), notes_grid(legend(picture, style), style), style=style)


def _grow(
    tree: Tree,
    output: str,
    nodes: Mapping[str, Node],
    into: Mapping[str, Sequence[Edge]],
    picture: Picture,
    style: Style,
) -> None:
    """Hang what each node is made of below it, once."""
    told = {output}
    flowing = {e.start for e in picture.edges if e.flow not in (Flow.STOPPED, Flow.NONE)}
    left = [(tree, output, 0)]
    while left:
        above, key, depth = left.pop()
        grown = []
        for edge in into.get(key, ()):
            elsewhere = edge.flow is Flow.STOPPED and edge.start in flowing
            again = edge.start in told or elsewhere
            label = _label(nodes[edge.start], edge, picture, style, again=again)
            branch = above.add(label)
            if again:
                continue
            told.add(edge.start)
            if depth < DEEPEST:
                grown.append((branch, edge.start, depth + 1))
            elif into.get(edge.start):
                branch.add(Text(style.dots, "dim"))
        left += reversed(grown)


def _label(
    node: Node, edge: Edge | None, picture: Picture, style: Style, *, again: bool = False
) -> Text:
    """A node in a line: its text, its value, what has come back to it; and why nothing does."""
    flow = node.flow if edge is None or edge.flow is not Flow.STOPPED else Flow.STOPPED
    color = COLORS[flow]
    if again:
        return Text(
            f"{title(node, style).partition(' = ')[0]} {'↑' if style.unicode else '^'}", "dim"
        )
    value, cotangent = numbers(node, picture, style)
    parts = [title(node, style), value, cotangent]
    if flow is Flow.STOPPED:
        stop = None if edge is None else edge.stop
        parts.append(f"({stop or SAID[flow]})")
    return Text("  ".join(part for part in parts if part), color)
