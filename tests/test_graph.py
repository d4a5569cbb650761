"""`gradcalc graph`: what is made of what, and what comes back, in every format."""

import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.api import _request
from gradcalc.graphs.layout import GAP, placed
from gradcalc.graphs.picture import Flow, Kind, Picture, picture_of
from gradcalc.render import GRAPHS, Style, grapher
from gradcalc.steps.walk import steps_of
from tests.command import Run
from tests.test_html import read

STYLE = Style(width=100, color=False, digits=6)
SVG = "{http://www.w3.org/2000/svg}"


def pictured(program: str, inputs: dict[str, Any], **more: Any) -> Picture:
    return picture_of(steps_of(_request(program, {"inputs": inputs, **more}).problem))


LOOP = "t = x\nfor i in range(40):\n    t = t + w*sin(t)\nt"

GRAPHED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a product": ("x*exp(x)", {"x": 1.0}, ["x>t1", "x>f", "t1>f"]),
    "a name twice": ("x*x", {"x": 1.0}, ["x>f"]),
    "an input alone": ("x", {"x": 1.0}, []),
    "detached": ("detach(x*x)*x", {"x": 1.0}, ["x>t1", "t1>f", "x>f"]),
    "detached and not": ("x*detach(x)", {"x": 2.0}, ["x>f", "x>f"]),
    "a condition": ("where(x > 0, x, 2*x)", {"x": 1.0},
                    ["x>t1", "x>t2", "t1>f", "x>f", "t2>f"]),
    "constants": ("torch.tensor([1., 2.])@x", {"x": [1.0, 2.0]}, ["x>f"]),
    "rounds": (LOOP, {"x": 1.0, "w": 0.1},
               ["x>v1", "w>v2", "v1>v2", "x>t₁", "v2>t₁", "t₁>38 more rounds", "w>38 more rounds",
                "38 more rounds>v79", "w>v80", "v79>v80", "38 more rounds>t₄₀", "v80>t₄₀"]),
}  # fmt: skip
"""Programs, their inputs, and the edges of their graphs."""


@pytest.mark.parametrize("name", GRAPHED)
def test_edges(name: str) -> None:
    program, inputs, edges = GRAPHED[name]
    picture = pictured(program, inputs)
    names = {node.key: node.name for node in picture.nodes}
    assert sorted(f"{names[e.start]}>{names[e.end]}" for e in picture.edges) == sorted(edges)
    order = {key: k for k, key in enumerate(names)}
    assert all(order[edge.start] < order[edge.end] for edge in picture.edges)


FLOWS = {
    "all is well": ("x*exp(x)", {"x": 1.0}, {}, {"x": "flows", "t1": "flows", "f": "flows"}),
    "nobody asked": ("x*y", {"x": 1.0, "y": 2.0}, {"wrt": "x"}, {"y": "none", "x": "flows"}),
    "detached": ("detach(x*x)*x", {"x": 1.0}, {}, {"t1": "stopped", "x": "flows"}),
    "the way of a NaN": ("sqrt(x**2)*x", {"x": 0.0}, {}, {"t1": "lost", "x": "lost"}),
    "the value of a NaN": ("s = sqrt(-x); s*2", {"x": 1.0}, {}, {"s": "lost", "f": "lost"}),
    "a mask that is meant": ("sum(softmax(masked_fill(x, x < 0, -inf), 0)*x)", {"x": [-1.0, 2.0]},
                             {}, {"t2": "flows"}),
    "what is wrong at the end": ("det(A)", {"A": [[1.0, 2.0], [2.0, 4.0]]}, {}, {"A": "wrong"}),
    "what overflows": ("log(exp(x))", {"x": 1000.0}, {}, {"t1": "wrong", "x": "wrong"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_what_comes_back(name: str) -> None:
    program, inputs, more, flows = FLOWS[name]
    found = {node.name: node.flow.value for node in pictured(program, inputs, **more).nodes}
    assert {key: found[key] for key in flows} == flows


def test_what_is_handed_back_adds_up() -> None:
    picture = pictured("u = x*x; sum(u*exp(x)) + u[0]*y", {"x": [1.0, 2.0], "y": 3.0})
    for node in picture.nodes:
        handed = [e.handed.value for e in picture.edges if e.start == node.key and e.handed]
        assert node.cotangent is not None
        if handed:
            assert np.allclose(sum(handed), node.cotangent.value)
        else:
            assert node.kind is Kind.OUTPUT


def test_stops_say_why() -> None:
    picture = pictured("detach(x*x)*x", {"x": 1.0})
    (edge,) = [edge for edge in picture.edges if edge.flow is Flow.STOPPED]
    assert edge.stop is not None
    assert edge.stop.startswith("detached")


def test_an_operand_both_ways_has_two_edges() -> None:
    edges = pictured("x*detach(x)", {"x": 2.0}).edges
    assert sorted(edge.flow for edge in edges) == [Flow.FLOWS, Flow.STOPPED]
    labels = [text.text for text in ET.fromstring(
        grapher("svg")([pictured("x*detach(x)", {"x": 2.0})], STYLE)
    ).iter(f"{SVG}text")]  # fmt: skip
    assert {"2", "detached"} <= {*labels}


# -- trees -------------------------------------------------------------------------------------


@st.composite
def chains(draw: Any) -> str:
    """Statements, each of one or two of those before."""
    lines = ["a0 = x*x"]
    for k in range(1, draw(st.integers(1, 14))):
        one, other = draw(st.integers(max(0, k - 3), k - 1)), draw(st.integers(0, k - 1))
        lines.append(f"a{k} = " + draw(st.sampled_from([f"a{one} + a{other}", f"sin(a{one})"])))
    return "\n".join([*lines, f"a{len(lines) - 1}"])


@settings(max_examples=30, deadline=None)
@given(chains(), st.sampled_from([40, 60, 200]))
def test_a_tree_tells_each_node_once_above_or_below(program: str, width: int) -> None:
    picture = pictured(program, {"x": 0.5})
    drawn = grapher("tree")([picture], replace(STYLE, width=width))
    rows = [line.lstrip("│├└─ ") for line in drawn.splitlines()]
    lines = {row.split(" ")[0]: k for k, row in enumerate(rows) if " = " in row}
    reached, left = {picture.output}, [picture.output]
    while left:
        end = left.pop()
        below = {edge.start for edge in picture.edges if edge.end == end} - reached
        reached, left = reached | below, [*left, *below]
    names = [node.name for node in picture.nodes if node.key in reached and node.name != "x"]
    told = Counter(row.split(" ")[0] for row in rows if " = " in row)
    assert told == Counter(names)
    for k, row in enumerate(rows):
        if row.endswith(("↑", "↓")) and not row.startswith("x "):
            assert (lines[row.split(" ")[0]] < k) == row.endswith("↑"), drawn


# -- places ------------------------------------------------------------------------------------


@st.composite
def graphs(draw: Any) -> tuple[dict[str, float], list[tuple[str, str]]]:
    count = draw(st.integers(1, 12))
    widths = {f"n{k}": draw(st.floats(5, 200)) for k in range(count)}
    pairs = [(f"n{i}", f"n{j}") for j in range(count) for i in range(j)]
    return widths, sorted({*draw(st.lists(st.sampled_from(pairs), max_size=20))}) if pairs else []


@given(graphs())
def test_places(graph: tuple[dict[str, float], list[tuple[str, str]]]) -> None:
    widths, edges = graph
    found = placed(widths, edges)
    for start, end in edges:
        assert found.layer[start] < found.layer[end]
        layers = [layer for _, layer in found.ways[start, end]]
        assert layers == [*range(found.layer[start] + 1, found.layer[end])]
    for layer in range(found.depth):
        row = sorted((n for n in widths if found.layer[n] == layer), key=found.x.__getitem__)
        for one, other in pairwise(row):
            apart = found.x[other] - found.x[one]
            assert apart >= (widths[one] + widths[other]) / 2 + GAP - 1e-6
    assert all(found.x[n] - w / 2 + 1e-6 >= 0 for n, w in widths.items())
    assert all(found.x[n] + w / 2 <= found.width + 1e-6 for n, w in widths.items())


def test_edges_do_not_cross_without_need() -> None:
    widths = dict.fromkeys("abcdef", 10.0)
    found = placed(widths, [("a", "d"), ("b", "c"), ("c", "f"), ("d", "e")])
    assert (found.x["a"] - found.x["b"]) * (found.x["d"] - found.x["c"]) > 0
    assert (found.x["d"] - found.x["c"]) * (found.x["e"] - found.x["f"]) > 0


def test_a_node_stands_in_the_middle_of_what_it_is_made_of() -> None:
    found = placed(dict.fromkeys("abcd", 10.0), [("a", "d"), ("b", "d"), ("c", "d")])
    assert np.isclose(found.x["a"] + found.x["b"] + found.x["c"], 3 * found.x["d"])


def test_no_number_stands_for_those_of_several_rounds() -> None:
    picture = pictured(LOOP, {"x": 1.0, "w": 0.1})
    (rounds,) = [node.key for node in picture.nodes if node.kind is Kind.ROUNDS]
    (edge,) = [e for e in picture.edges if (e.start, e.end) == ("x:w", rounds)]
    assert (edge.handed, edge.flow) == (None, Flow.FLOWS)


# -- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", GRAPHS)
@pytest.mark.parametrize("name", GRAPHED)
def test_formats(form: str, name: str) -> None:
    program, inputs, _ = GRAPHED[name]
    picture = pictured(program, inputs)
    drawn = grapher(form)([picture], STYLE)
    for node in picture.nodes:
        assert node.kind is Kind.ROUNDS or form == "json" or node.name in drawn
    if form == "svg":
        root = ET.fromstring(drawn)
        assert {element.tag for element in root.iter()} <= {
            SVG + tag for tag in ("svg", "title", "style", "g", "rect", "path", "text")
        }
        width, height = (float(root.attrib[key]) for key in ("width", "height"))
        for rect in root.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            assert 0 <= x <= x + w <= width + 1
            assert 0 <= y <= y + h <= height + 1
    if form == "html":
        read(drawn.replace("<svg", "<section").replace("</svg", "</section"))


def test_texts_are_no_markup() -> None:
    picture = pictured("where(x < 3, x, 2*x)", {"x": 1.0})
    assert "x &lt; 3" in grapher("svg")([picture], STYLE)
    assert "#60;" in grapher("mermaid")([picture], STYLE)
    assert "<" not in grapher("mermaid")([picture], STYLE).replace("<br/>", "")


SAID = {
    "graph x*exp(x) --x 1": (0, "└── t1 = exp(x)"),
    "graph x*exp(x) --x 1 --format dot": (0, "digraph gradcalc {"),
    "graph x*exp(x) --x 1 --format mermaid": (0, "flowchart TD"),
    "graph x*exp(x) --x 1 --format html": (0, "<table>"),
    "graph sqrt(x**2) --x 0": (1, "nan"),
    "graph x*exp(x) --x 1 --no-check": (2, "leave --no-check out"),
    "graph x*exp(x) --x 1 --format png": (2, "png"),
    "graph x*y --x 1": (2, "y has no value"),
}


@pytest.mark.parametrize("command", SAID)
def test_the_command(command: str, run: Run) -> None:
    code, said = SAID[command]
    answer = run(*command.split())
    assert (answer.code, said in answer.out + answer.err) == (code, True), answer


def test_all_rounds(run: Run) -> None:
    Path("loop.py").write_text(
        "def f(x):\n    for i in range(9):\n        x = x - sin(x)\n    return x"
    )
    assert "more rounds" in run("graph", "loop.py", "--x", "0.5").out
    assert "more rounds" not in run("graph", "loop.py", "--x", "0.5", "--all").out


def test_json(run: Run) -> None:
    (found,) = run("graph", "x*exp(x)", "--x", "1", "--json").json
    assert found["command"] == "graph"
    graph = found["graph"]
    assert [node["name"] for node in graph["nodes"]] == ["x", "t1", "f"]
    assert {(edge["from"], edge["to"]) for edge in graph["edges"]} == {
        ("x:x", "s0"), ("x:x", "s1"), ("s0", "s1"),
    }  # fmt: skip
    assert graph["output"] == "s1"
