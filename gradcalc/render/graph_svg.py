"""A graph as a drawing of its own: SVG, in light and dark, and a page around it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradcalc.graphs.layout import Placed, placed
from gradcalc.graphs.picture import Edge, Kind, Node, Picture
from gradcalc.render import Style
from gradcalc.render import html as pages
from gradcalc.render.graph_texts import SAID, handed, legend, numbers, title
from gradcalc.render.notes import title_text

CHARACTER, LINE, PAD, BETWEEN, EDGE = 7.3, 18.0, 12.0, 22.0, 28.0
"""The width of a character, the height of a line, what is left around a text, between layers, and
around it all."""

CSS = """
.g { --fore: #1b1f24; --soft: #59636e; --line: #8c959f; --box: #f6f8fa; --wrong: #cf222e;
  --lost: #a626a4; --flow: #0969da; --back: #ffffff;
  font: 12px ui-monospace, Menlo, Consolas, monospace; background: var(--back); }
@media (prefers-color-scheme: dark) { .g { --fore: #e6edf3; --soft: #9198a1; --line: #6e7681;
  --box: #151b23; --wrong: #f85149; --lost: #d2a8ff; --flow: #58a6ff; --back: #0d1117; } }
.g rect { fill: var(--box); stroke: var(--line); } .g text { fill: var(--fore); }
.g .value, .g .handed { fill: var(--soft); } .g .back { fill: var(--flow); }
.g path { fill: none; stroke: var(--flow); } .g .tip { fill: var(--flow); stroke: none; }
.g .none path, .g .stopped path { stroke: var(--line); stroke-dasharray: 4 4; }
.g .none .tip, .g .stopped .tip { fill: var(--line); }
.g .wrong path, .g rect.wrong { stroke: var(--wrong); stroke-width: 2; }
.g .wrong .tip, .g .wrong .handed, .g .wrong .back { fill: var(--wrong); }
.g .lost path, .g rect.lost { stroke: var(--lost); stroke-width: 2; }
.g .lost .tip, .g .lost .handed, .g .lost .back { fill: var(--lost); }
.g rect.output { stroke: var(--fore); stroke-width: 2; }
.g .stopped text, .g .stopped rect { opacity: .6; }
.g rect.stopped, .g rect.none { stroke-dasharray: 4 4; }
.g rect.behind { fill: var(--back); stroke: none; }
"""


def render_svg(pictures: Sequence[Picture], style: Style) -> str:
    """A drawing; of several one below the other."""
    return "\n".join(drawing(picture, style) for picture in pictures)


def render_html(pictures: Sequence[Picture], style: Style) -> str:
    """A page with the drawings, and what they show as tables."""
    return pages.page([(title_text(p.report), _section(p, style)) for p in pictures])


def _section(picture: Picture, style: Style) -> Iterator[str]:
    yield from pages.program(picture.report)
    yield f'<div class="scroll">{drawing(picture, style)}</div>'
    heads = [("step", ""), ("value", ""), ("comes back", ""), ("", "")]
    rows = [
        [
            (title(n, style), ""),
            *((t, "") for t in numbers(n, picture, style)),
            (SAID[n.flow], "rule"),
        ]
        for n in picture.nodes
    ]
    yield pages.table("the tensors of the graph", heads, rows)
    *notes, _ = legend(picture, style)
    yield pages.notes(notes)
    yield pages.verdict(picture.report)


def drawing(picture: Picture, style: Style) -> str:
    """The SVG of a graph."""
    texts = {node.key: _texts(node, picture, style) for node in picture.nodes}
    labels = {_label(edge): handed(edge, picture, style) for edge in picture.edges}
    places = _places(picture, texts, labels)
    heights = {key: len(lines) * LINE + PAD for key, lines in texts.items()}
    rows = [LINE] * places.depth
    for key, height in heights.items():
        rows[places.layer[key]] = max(rows[places.layer[key]], height)
    tops = [EDGE + sum(rows[:depth]) + BETWEEN * depth for depth in range(places.depth)]
    middles = [top + row / 2 for top, row in zip(tops, rows, strict=True)]
    width = places.width + 2 * EDGE
    height = 2 * EDGE + sum(rows) + BETWEEN * max(places.depth - 1, 0)
    edges = "\n".join(
        _edge(edge, places, middles, heights, labels[_label(edge)]) for edge in picture.edges
    )
    nodes = "\n".join(
        _node(node, places.x[node.key] + EDGE, middles[places.layer[node.key]], texts[node.key])
        for node in picture.nodes
    )
    name = pages.text(f"The graph of {title_text(picture.report)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="g" role="img" width="{width:.0f}"'
        f' height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" aria-label="{name}">\n'
        f"<title>{name}</title>\n<style>{CSS}</style>\n{edges}\n{nodes}\n</svg>\n"
    )


def _label(edge: Edge) -> str:
    """The key of what stands on an edge."""
    return f"{edge.start}\0{edge.end}\0{edge.is_stopped:d}"


def _places(
    picture: Picture, texts: dict[str, list[tuple[str, str]]], labels: dict[str, str]
) -> Placed:
    """Places for the nodes and for what stands on the edges, which is a node of its own."""
    into: dict[str, list[Edge]] = {}
    for edge in picture.edges:
        into.setdefault(edge.end, []).append(edge)
    widths: dict[str, float] = {}
    links: list[tuple[str, str]] = []
    for node in picture.nodes:
        for edge in into.get(node.key, ()):
            widths[_label(edge)] = len(labels[_label(edge)]) * CHARACTER + PAD
            links += [(edge.start, _label(edge)), (_label(edge), node.key)]
        widths[node.key] = _width(texts[node.key])
    return placed(widths, links)


def _width(lines: Sequence[tuple[str, str]]) -> float:
    return max(len(text) for text, _ in lines) * CHARACTER + 2 * PAD


def _texts(node: Node, picture: Picture, style: Style) -> list[tuple[str, str]]:
    value, back = numbers(node, picture, style)
    found = [(title(node, style), "title"), (value, "value"), (back, "back")]
    return [(text, kind) for text, kind in found if text]


def _node(node: Node, x: float, middle: float, lines: Sequence[tuple[str, str]]) -> str:
    width, height = _width(lines), len(lines) * LINE + PAD
    top, left = middle - height / 2, x - width / 2
    radius = 14 if node.kind is Kind.INPUT else 4
    kind = f"{node.kind.value} {node.flow.value}"
    shown = "".join(
        f'<text class="{name}" x="{x:.1f}" y="{top + PAD / 2 + LINE * (k + 0.72):.1f}"'
        f' text-anchor="middle">{pages.text(line)}</text>'
        for k, (line, name) in enumerate(lines)
    )
    return (
        f'<g class="{node.flow.value}"><rect class="{kind}" x="{left:.1f}" y="{top:.1f}"'
        f' width="{width:.1f}" height="{height:.1f}" rx="{radius}"/>{shown}</g>'
    )


def _edge(
    edge: Edge, places: Placed, middles: Sequence[float], heights: dict[str, float], label: str
) -> str:
    """An edge, drawn from what is made back to what it is made of, as the gradient goes."""
    key = _label(edge)
    first = places.x[edge.start] + EDGE, middles[places.layer[edge.start]] + heights[edge.start] / 2
    last = places.x[edge.end] + EDGE, middles[places.layer[edge.end]] - heights[edge.end] / 2
    middle = places.x[key] + EDGE, middles[places.layer[key]]
    before = [(x + EDGE, middles[d]) for x, d in places.ways[edge.start, key]]
    behind = [(x + EDGE, middles[d]) for x, d in places.ways[key, edge.end]]
    points = [last, *behind[::-1], middle, *before[::-1], first]
    path = [f"M{last[0]:.1f},{last[1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = (y0 - y1) / 2
        path.append(f"C{x0:.1f},{y0 - bend:.1f} {x1:.1f},{y1 + bend:.1f} {x1:.1f},{y1:.1f}")
    x, y = first
    tip = f"M{x - 4:.1f},{y + 8:.1f}L{x:.1f},{y:.1f}L{x + 4:.1f},{y + 8:.1f}Z"
    drawn_label = _on_edge(label, *middle) if label else ""
    drawn = f'<path d="{"".join(path)}"/><path class="tip" d="{tip}"/>'
    return f'<g class="{edge.flow.value}">{drawn}{drawn_label}</g>'


def _on_edge(label: str, x: float, y: float) -> str:
    """What stands on an edge, which it hides."""
    wide = len(label) * CHARACTER + 6
    behind = (
        f'<rect class="behind" x="{x - wide / 2:.1f}" y="{y - LINE / 2:.1f}" width="{wide:.1f}"'
        f' height="{LINE:.0f}"/>'
    )
    text = f'<text class="handed" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">'
    return f"{behind}{text}{pages.text(label)}</text>"
