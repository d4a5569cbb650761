"""Graphs as text for other programs that draw: DOT of Graphviz, Mermaid, and JSON."""

import re
from collections.abc import Sequence

from gradcalc.graphs.picture import Edge, Flow, Kind, Node, Picture
from gradcalc.render import Style
from gradcalc.render.graph_texts import handed, numbers, title
from gradcalc.render.json import Json, numbers_json, report_json, shown
from gradcalc.steps.data import Numbers

DOT_COLORS = {
    Flow.FLOWS: "black", Flow.WRONG: "red", Flow.LOST: "magenta", Flow.STOPPED: "gray60",
    Flow.NONE: "gray60",
}  # fmt: skip

SHAPES = {Kind.INPUT: "ellipse", Kind.STEP: "box", Kind.OUTPUT: "box", Kind.ROUNDS: "folder"}


def render_dot(pictures: Sequence[Picture], style: Style) -> str:
    """A graph of Graphviz for each."""
    return "\n".join(_dot(picture, style) for picture in pictures)


def _dot(picture: Picture, style: Style) -> str:
    lines = ["digraph gradcalc {", "  node [fontname=monospace];", "  edge [fontname=monospace];"]
    for node in picture.nodes:
        label = "\\n".join(map(_quoted, _lines(node, picture, style)))
        color, line = DOT_COLORS[node.flow], "dashed" if node.flow is Flow.STOPPED else "solid"
        bold = ", penwidth=2" if node.kind is Kind.OUTPUT else ""
        lines.append(
            f'  "{_quoted(node.key)}" [label="{label}", shape={SHAPES[node.kind]}, color={color},'
            f" style={line}{bold}];"
        )
    for edge in picture.edges:
        line = "dashed" if edge.flow in (Flow.STOPPED, Flow.NONE) else "solid"
        lines.append(
            f'  "{_quoted(edge.start)}" -> "{_quoted(edge.end)}"'
            f' [label="{_quoted(handed(edge, picture, style))}", color={DOT_COLORS[edge.flow]},'
            f" style={line}];"
        )
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _lines(node: Node, picture: Picture, style: Style) -> list[str]:
    return [part for part in (title(node, style), *numbers(node, picture, style)) if part]


def render_mermaid(pictures: Sequence[Picture], style: Style) -> str:
    """A flowchart of Mermaid for each, as Markdown shows it."""
    return "\n".join(_mermaid(picture, style) for picture in pictures)


def _mermaid(picture: Picture, style: Style) -> str:
    keys = {node.key: f"n{k}" for k, node in enumerate(picture.nodes)}
    lines = ["flowchart TD"]
    for node in picture.nodes:
        label = "<br/>".join(map(_entities, _lines(node, picture, style)))
        left, right = ("([", "])") if node.kind is Kind.INPUT else ("[", "]")
        lines.append(f'  {keys[node.key]}{left}"{label}"{right}')
    for edge in picture.edges:
        arrow = "-.->" if edge.flow in (Flow.STOPPED, Flow.NONE) else "-->"
        text = _entities(handed(edge, picture, style))
        label = f'|"{text}"|' if text else ""
        lines.append(f"  {keys[edge.start]} {arrow}{label} {keys[edge.end]}")
    for flow, look in (
        (Flow.WRONG, "stroke:#cf222e,stroke-width:3px"),
        (Flow.LOST, "stroke:#a626a4,stroke-width:3px"),
        (Flow.STOPPED, "stroke-dasharray:4 3,opacity:0.6"),
    ):
        found = [keys[node.key] for node in picture.nodes if node.flow is flow]
        if found:
            lines += [f"  classDef {flow.value} {look}", f"  class {','.join(found)} {flow.value}"]
    return "\n".join([*lines, ""])


def _entities(text: str) -> str:
    """A text in which nothing is markup to Mermaid: signs that might be stand as numbers."""
    return re.sub(r"[^\w .,()=+/-]", lambda found: f"#{ord(found[0])};", text)


def render_json(pictures: Sequence[Picture], style: Style) -> str:
    """The report by its contract, and the graph beside it."""
    return "".join(shown(_json(picture), style) for picture in pictures)


def _json(picture: Picture) -> Json:
    return {
        **report_json(picture.report),
        "graph": {
            "output": picture.output,
            "nodes": [_node(node) for node in picture.nodes],
            "edges": [_edge(edge) for edge in picture.edges],
            **({} if picture.unheld is None else {"unheld": picture.unheld}),
        },
    }


def _node(node: Node) -> Json:
    return {
        "key": node.key, "kind": node.kind.value, "name": node.name, "text": node.text,
        "value": _numbers(node.numbers), "cotangent": _numbers(node.cotangent),
        "flow": node.flow.value,
    }  # fmt: skip


def _edge(edge: Edge) -> Json:
    stop = {} if edge.stop is None else {"stop": edge.stop}
    return {
        "from": edge.start, "to": edge.end, "handed": _numbers(edge.handed),
        "flow": edge.flow.value, **stop,
    }  # fmt: skip


def _numbers(numbers: Numbers | None) -> Json | None:
    if numbers is None:
        return None
    return {"value": numbers_json(numbers.value), "mark": numbers.mark.value}
