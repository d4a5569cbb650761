"""Trees go from one process to another as they are, whatever their depth."""

import ast
from pathlib import Path

import pytest

from gradcalc.packing import pack, unpack

SOURCES = sorted(Path(__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", SOURCES[::5], ids=lambda path: path.name)
def test_a_tree_comes_back_as_it_was(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = unpack(pack({"tree": tree, "again": tree}))
    assert ast.dump(found["tree"], include_attributes=True) == ast.dump(
        tree, include_attributes=True
    )
    assert found["tree"] is found["again"]


def test_what_somebody_has_noted_on_a_node_comes_back() -> None:
    tree = ast.parse("{**a, 'b': [1, *c]}", mode="eval")
    tree.body.noted = (3, "x")  # type: ignore[attr-defined]
    found = unpack(pack(tree))
    assert found.body.noted == (3, "x")
    assert ast.unparse(found) == "{**a, 'b': [1, *c]}"


def test_a_node_in_two_places_is_one() -> None:
    shared = ast.Name("x", ast.Load())
    found = unpack(pack(ast.Tuple([shared, shared], ast.Load())))
    assert found.elts[0] is found.elts[1]


@pytest.mark.parametrize("count", [1_000, 50_000])
def test_a_tree_of_any_depth_is_packed(count: int) -> None:
    tree: ast.expr = ast.Constant(0)
    for k in range(count):
        tree = ast.BinOp(tree, ast.Add(), ast.Constant(k))
    found, depth = unpack(pack([tree]))[0], 0
    while isinstance(found, ast.BinOp):
        found, depth = found.left, depth + 1
    assert depth == count
