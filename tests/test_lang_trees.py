"""Inputs that are lists and dictionaries of tensors: each tensor has a gradient of its own."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.errors import GradcalcError, LimitError
from gradcalc.lang import trees
from tests.lang_backends import ids

LINEAR = "def loss(params, x):\n    w, b = params\n    return (w@x + b)**2"
NAMED = 'def loss(p, x):\n    return (p["w"]*x).sum() + p["b"]**2'
DEEP = "def net(layers, x):\n    for W, b in layers:\n        x = tanh(W@x + b)\n    return x.sum()"
LAYERS = [[[[0.1, 0.2], [0.3, 0.4]], [0.5, 0.6]], [[0.7, 0.8], 0.5]]

# program, values, the formulas by the name of the part
FORMULAS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    (LINEAR, {"params": "[[1,2],3]", "x": [1, 2]},
     {"params[0]": "2*(params[0]@x + params[1])*x", "params[1]": "2*(params[0]@x + params[1])"}),
    (LINEAR, {"params[0]": "1,2", "params[1]": "3", "x": [1, 2]},
     {"params[1]": "2*(params[0]@x + params[1])"}),
    (LINEAR, {"params": (np.array([1.0, 2.0]), torch.tensor(3.0)), "x": [1, 2]},
     {"params[1]": "2*(params[0]@x + params[1])"}),
    (NAMED, {"p": '{"w": [1,2], "b": 0.5}', "x": [1, 2]}, {"p['w']": "x", "p['b']": "2*p['b']"}),
    (NAMED, {"p": "{'w': [1,2], 'b': 0.5}", "x": [1, 2]}, {"p['w']": "x"}),
    (NAMED, {"p": {"w": np.ones(2), "b": 0.5}, "x": [1, 2]}, {"p['b']": "2*p['b']"}),
    (NAMED, {"p.w": [1, 2], "p['b']": 0.5, "x": [1, 2]}, {"p['w']": "x"}),
    (NAMED, {'p["w"]': [1, 2], "p.b": "1/2", "x": [1, 2]}, {"x": "p['w']"}),
    ("p[0]@p[1]", {"p": ["1,2", "3,4"]}, {"p[0]": "p[1]"}),
    ("def f(p):\n    return sum((v**2).sum() for v in p.values())", {"p": {"a": [1, 2], "b": 3}},
     {"p['a']": "2*p['a']", "p['b']": "2*p['b']"}),
    ("def f(p):\n    p[0] += 1\n    p[1].mul_(2)\n    p.append(0)\n    return p[0].sum()*p[1]",
     {"p": [[1, 2], 3]}, {"p[1]": "2*sum(p[0] + 1)"}),
    ("def f(p):\n    return (p['a']['b']*p['a']['c'][1]**2).sum()",
     {"p": {"a": {"b": 2, "c": [1, [2, 3]]}}}, {"p['a']['c'][1]": "2*p['a']['b']*p['a']['c'][1]"}),
    # a matrix is one, and goes by its rows
    (LINEAR, {"params": [[1, 2], [3, 4]], "x": [1, 2]}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("program", "values", "formulas"), FORMULAS, ids=ids(FORMULAS))
def test_each_part_has_its_formula(
    program: str, values: dict[str, Any], formulas: dict[str, str]
) -> None:
    report = gradcalc.grad(program, inputs=values)
    if not formulas:
        assert [g.name for g in report.gradients] == ["params", "x"]
        return
    assert report.verdict.outcome.value == "verified"
    found = {g.name: g.formula.body for g in report.gradients if g.formula is not None}
    assert found | formulas == found


def test_the_gradients_are_those_of_torch() -> None:
    report = gradcalc.grad(DEEP, layers=LAYERS, x=[0.1, 0.2])
    assert report.verdict.outcome.value == "verified"
    parts = [
        torch.tensor(v, dtype=torch.float64, requires_grad=True) for layer in LAYERS for v in layer
    ]
    x: Any = torch.tensor([0.1, 0.2], dtype=torch.float64)
    for W, b in zip(parts[::2], parts[1::2], strict=True):
        x = torch.tanh(W @ x + b)
    x.sum().backward()
    names = [f"layers[{i}][{k}]" for i in range(2) for k in range(2)]
    assert [g.name for g in report.gradients] == [*names, "x"]
    for gradient, part in zip(report.gradients, parts, strict=False):
        np.testing.assert_allclose(gradient.best, part.grad, rtol=1e-12)


def test_names_of_parts_are_asked_for_and_claimed() -> None:
    values = {"params": [[1, 2], 3], "x": [1, 2]}
    report = gradcalc.grad(
        LINEAR, **values, wrt="params", expect={"params[1]": "2*(params[0]@x+params[1])"}
    )
    assert [g.name for g in report.gradients] == ["params[0]", "params[1]"]
    assert report.verdict.exit_code == 0
    report = gradcalc.grad(LINEAR, **values, wrt="params[0]", expect="params[0]=x")
    assert report.verdict.exit_code == 1
    report = gradcalc.grad(LINEAR, **values, detach="params[0]")
    assert [float(np.max(g.best)) for g in report.gradients] == [0.0, 16.0, 32.0]
    kink = gradcalc.grad("def f(p):\n    return p[0].sum()*relu(p[1])", p=[[1, 2], 0])
    assert kink.verdict.outcome.value == "kink"
    assert "by p[1] slope 0" in kink.findings[0].message


# values, what is wrong with them
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"p[0]": 1, "p[2]": 1}, r"p\[2\] is given, and p\[1\] is not"),
    ({"p[0]": 1, "p": 1}, "p is given twice"),
    ({"p[0]": 1, "p['a']": 1}, "parts of a list and of a dictionary"),
    ({"p": {"a=b": 1}}, "cannot stand in a name"),
    ({"p": {"a": {}}}, r"p\['a'\] is empty"),
    ({"p": [[1, 2], None]}, "p: None is no value"),
    ({"q[0]": 1, "p": 1}, "the program does not use q"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "reason"), WRONG, ids=ids(WRONG))
def test_what_is_wrong_with_parts_is_said(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(GradcalcError, match=reason):
        gradcalc.grad("def f(p):\n    return p[0]*2", inputs=values)


@pytest.mark.parametrize("kind", ["list", "object", "ragged list"])
def test_what_is_nested_too_deeply_is_refused(kind: str) -> None:
    found: Any = 1.0
    for _ in range(600):
        found = {"list": [found], "object": {"a": found}, "ragged list": [found, 1.0]}[kind]
    with pytest.raises(LimitError, match="p: lists or objects are nested more than 50 deep"):
        gradcalc.grad("def f(p):\n    return p[0]*2", inputs={"p": found})


def test_parts_are_put_together_as_they_were_taken_apart() -> None:
    random = np.random.default_rng(0)

    def tree(depth: int) -> Any:
        kind = random.integers(3) if depth else 0
        if kind == 0:
            return float(random.integers(9))
        items = [tree(depth - 1) for _ in range(random.integers(1, 4))]
        return dict(zip("abc", items, strict=False)) if kind == 1 else [{"k": 1.0}, *items]

    for made in itertools.islice(
        filter(lambda t: isinstance(t, dict), iter(lambda: tree(4), 0)), 99
    ):
        parts = dict(trees.spread(made, "p"))
        assert trees.planted(parts) == {"p": made}
        assert all(trees.normal(name) == name for name in parts)
        assert dict(trees.spread(json.loads(json.dumps(made)), "p")) == parts
