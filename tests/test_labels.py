"""Labels, masks and lengths: inputs that are only compared, and those of truth values."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError
from tests.command import Run

MASK, OTHER = [True, False, True], [False, False, True]
X = [1.0, 2.0, 5.0]

MASKED = {
    "index": "x[m].sum()",
    "not": "(x*~m).sum()",
    "and": "x[m & n].sum()",
    "or by sum": "(x*(m + n)).sum()",
    "where": "lib.where(m, x, 2*x).sum()",
    "mean": "lib.mean(x[m])",
    "product": "(x[m]*x[m]).sum() + (x*m).sum()",
    "equal": "(x*(m == n)).sum()",
    "sum of truths": "x.sum()*m.sum()",
    "if": "x.sum()*2 if m[0] else x.sum()",
}


@pytest.mark.parametrize("library", ["torch", "numpy"])
@pytest.mark.parametrize("kind", ["list", "array", "tensor"])
@pytest.mark.parametrize("name", MASKED)
def test_truth_values_are_what_the_library_has(name: str, kind: str, library: str) -> None:
    own = {"torch": "torch", "numpy": "np"}[library]
    text = MASKED[name].replace("lib.", f"{own}.")
    given: dict[str, Any] = {"m": MASK, "n": OTHER}
    used = {k: v for k, v in given.items() if re.search(rf"\b{k}\b", text)}
    made = {"list": lambda v: v, "array": np.array, "tensor": torch.tensor}[kind]
    leaf = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    scope = {"torch": torch, "np": np, "x": leaf}
    masks = {k: torch.tensor(v) for k, v in used.items()}
    expected = eval(MASKED[name].replace("lib.", "torch."), scope, masks)
    (slope,) = torch.autograd.grad(expected, [leaf])
    total = expected.item()
    head = {"torch": "import torch", "numpy": "import numpy as np"}[library]
    report = grad(f"{head}\n{text}", x=X, **{k: made(v) for k, v in used.items()})
    assert report.verdict.outcome == "verified", report.verdict.message
    assert float(np.sum(report.value)) == pytest.approx(total)
    assert np.allclose(report.gradient["x"], slope.numpy())


def test_truth_values_are_typed_and_read_from_files(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([True, False]))
    for given in ("True,False", "[true, false]", f"@{tmp_path}/m.npy"):
        found = run("grad", "sum(x[m])", "--x", "3,4", "--m", given, "--wrt", "x")
        assert "closed form\tx\t[1, 0]" in found.out, found


LABELLED = {
    "where": ("torch.where(y == 1, -x.log(), -(1 - x).log()).mean()", [0.3, 0.4], [0, 1]),
    "factor": ("((y == 1).float()*(x - 2)).sum()", [1.0, 2.0], [0, 1]),
    "index": ("x[y == 1].sum()", [0.3, 0.4], [0, 1]),
    "long": ("((y.long() == 1)*x).sum()", [0.3, 0.4], [0, 1]),
    "lengths": ("(x*(torch.arange(3)[None] < y[:, None])).sum()", [[1.0] * 3] * 2, [2, 3]),
    "branch": ("x.sum()*2 if y[0] == 0 else x.sum()", [0.3, 0.4], [0, 1]),
    "number": ("x*2 if y == 3 else x", 0.3, 3),
    "ignored": ("(x*(y != -1)).sum()", [0.3, 0.4], [-1, 1]),
    "of one class": ("(x*(y[:, None] == y[None])).sum()", [[0.3, 0.4]] * 2, [0, 1]),
    "class too": (
        "(torch.nn.functional.cross_entropy(x, y.long(), reduction='none')*(y != 0)).sum()",
        [[1.0, 2.0, 0.5], [0.3, 0.1, 0.0]],
        [0, 2],
    ),
    "counted afterwards": (
        "(x*(y == 1)).sum() if (y == 1).sum() == 1 else x.prod()",
        [0.3, 0.4],
        [0, 1],
    ),
    "a share afterwards": (
        "(x*(y == 1)).sum()/torch.where((y == 1).sum() < 1, 1, (y == 1).sum())",
        [0.3, 0.4],
        [0, 1],
    ),
    "less a number": ("x.sum()*2 if y[0] - 1 == 0 else x.sum()", [0.3, 0.4], [1, 1]),
}


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_data(name: str) -> None:
    text, x, y = LABELLED[name]
    report = grad(f"import torch\n{text}", x=x, y=y)
    assert report.verdict.outcome == "verified", report.verdict.message
    assert not np.any(report.gradient["y"])
    assert any("y is compared" in f.message for f in report.findings)


STEPS = {
    "asked for": ("where(y == 1, x, 2*x).sum()", {"x": [0.3], "y": [1]}, ("y",), "jump"),
    "no whole number": ("where(y > 0.5, x, 2*x).sum()", {"x": [0.3], "y": [0.5]}, (), "jump"),
    "alone": ("(y > 0).sum()*1.0", {"y": [0, 1]}, (), "jump"),
    "used besides": ("where(y == 1, x, 2*x*y).sum()", {"x": [0.3], "y": [1]}, (), "jump"),
    "threshold": ("where(y > 1, x, 2*x).sum()", {"x": [0.3], "y": 1}, (), "jump"),
    "its own maximum": ("(x*(y == y.max())).sum()", {"x": [1.5, 2.5], "y": [3, 3]}, (), "jump"),
    "its own mean": ("(x*(y >= y.mean())).sum()", {"x": [1.5, 2.5, 1], "y": [1, 3, 2]}, (), "jump"),
    "another input": (
        "(x*(y > z)).sum()",
        {"x": [1.5, 2.5], "y": [1, 3], "z": [1, 1]},
        (),
        "jump",
    ),
    "each below its own": (
        "(x*(torch.tensor([1., 2.]) < y)).sum()",
        {"x": [1.5, 2.5], "y": [1, 2]},
        (),
        "jump",
    ),
    "in pairs": (
        "(x[:, None]*(y[:, None] < y[None])).sum()",
        {"x": [1.5, 2, 1], "y": [1, 3, 3]},
        (),
        "jump",
    ),
    "what is made of it": (
        "(x*(torch.relu(y) == y)).sum()",
        {"x": [1.5, 2, 1], "y": [1, 0, 3]},
        (),
        "jump",
    ),
    "cut off": ("(x*(y.clamp(0, 1) == 1)).sum()", {"x": [1.5, 2], "y": [1, 3]}, (), "jump"),
}


@pytest.mark.parametrize("name", STEPS)
def test_what_may_move_is_no_label(name: str) -> None:
    text, inputs, wrt, outcome = STEPS[name]
    report = grad(f"import torch\n{text.replace('where', 'torch.where')}", wrt=wrt, **inputs)
    assert report.verdict.outcome == outcome


CLAIMS = {
    "label": ("np.sum((y == 1)*np.sin(x))", [0, 1]),
    "number of its own": ("np.sum((y == 0.5)*np.sin(x))", [0.25, 0.5]),
    "used besides": ("np.sum(np.where(y == 1, np.sin(x), 2*x*y))", [0, 1]),
}


@pytest.mark.parametrize("off", [1e-9, 1e-6, 1e-3, 1e-2])
@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_equal_excuses_no_error(name: str, off: float) -> None:
    text, y = CLAIMS[name]
    program = f"import numpy as np\n{text}"
    true = np.array(grad(program, x=[1.0, 2.0], y=y, wrt=["x"]).gradient["x"])
    for factor, outcome in ((1.0, "verified"), (1 + off, "wrong")):
        claim = {"x": ",".join(repr(float(v)) for v in true * factor)}
        report = grad(program, x=[1.0, 2.0], y=y, wrt=["x"], expect=claim)
        assert report.verdict.outcome == outcome, (factor, report.verdict.message)


@pytest.mark.parametrize("asked", [("--wrt", "m"), ("--tangent", "m=1,2")])
def test_nothing_is_differentiated_by_truth_values(run: Run, asked: tuple[str, str]) -> None:
    command = "grad" if asked[0] == "--wrt" else "jvp"
    found = run(command, "x*m", "--x", "3,4", "--m", "True,False", *asked)
    assert found.code == 2
    assert "m holds truth values" in found.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import numpy as np\ndef f(x, m):\n    return 2*x if m is True else x",
            "Python's own True",
        ),
        ("import torch\ndef f(x, m):\n    return (x*torch.mean(m)).sum()", "no truth values"),
    ],
)
def test_what_the_libraries_do_not_do_with_them_is_refused(text: str, said: str) -> None:
    with pytest.raises(GradcalcError, match=said):
        grad(text, x=1.5, m=True)


TIPS = {
    "lengths used besides": (
        "(x*(torch.arange(3)[None] < y[:, None])).sum(1).div(y).pow(2).sum()",
        {"x": [[1.0, 2.5, 3.0]] * 2, "y": [2, 3]},
        "--wrt x takes y as data",
    ),
    "threshold": ("(x*(y > 2)).sum()", {"x": [1.5], "y": 2}, "--wrt x takes y as data"),
    "no whole number": ("(x*(y > 2.5)).sum()", {"x": [1.5], "y": 2.5}, None),
    "two of them": ("(x*(y > z)).sum()", {"x": [1.5], "y": 2, "z": 2}, None),
    "alone": ("(y > 2).float()*y", {"y": 2}, None),
}


@pytest.mark.parametrize("name", TIPS)
def test_a_jump_at_whole_numbers_says_how_they_are_data(name: str) -> None:
    text, inputs, tip = TIPS[name]
    report = grad(f"import torch\n{text}", **inputs)
    assert report.verdict.outcome == "jump"
    assert [f.hint for f in report.findings if f.kind == "jump"] == [tip]
    if tip is not None:
        again = grad(f"import torch\n{text}", wrt="x", **inputs)
        assert again.verdict.outcome == "verified"


PLACES = {
    "long": ("y[k.long()].sum()", [1, 0]),
    "gather": ("y.gather(0, k.to(torch.int64)).sum()", [1, 0]),
    "mask": ("y[k >= k[0]].sum()", [1.0, 1.0]),
    "floor": ("(y*torch.floor(k)).sum()", [1.0, 2.0]),
    "one hot": ("(torch.nn.functional.one_hot(k.long(), 2)*y).sum()", [1, 0]),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_numbers_choose_excuses_no_wrong_gradient(name: str) -> None:
    chosen, k = PLACES[name]
    head = "import torch\ndef f(x, k):\n    y = "
    lost = grad(f"{head}(1 - torch.cos(x))/x**2\n    return {chosen}", x=[1e-4, 1], k=k, wrt=["x"])
    assert lost.verdict.outcome == "wrong"
    plain = f"{head}torch.sin(x)\n    return {chosen}"
    report = grad(plain, x=[0.5, 1], k=k, wrt=["x"])
    assert report.verdict.outcome == "verified"
    assert all(g.condition is not None and g.condition < 10 for g in report.gradients)
    off = report.gradient["x"] * np.array([1, 1.002])
    assert grad(plain, x=[0.5, 1], k=k, wrt=["x"], expect=off).verdict.outcome == "wrong"


SIZED = {
    "zeros": "torch.zeros(n).sum() + (x*x).sum()*n",
    "eye": "torch.eye(n).sum()*x.sum()",
    "repeat": "(x.repeat(n)**2).sum()",
    "dim": "torch.softmax(torch.outer(x, x)[None, None, None], dim=n)[0, 0, 0, 1, 2]",
    "topk": "torch.topk(x, n)[0].prod()",
    "steps": "(torch.linspace(0, 1, n)*x).sum()",
    "classes": "torch.nn.functional.one_hot(torch.tensor([0, 2]), n).sum()*x.sum()",
    "factorial": "math.factorial(n)*x.sum()",
    "power of a matrix": "torch.linalg.matrix_power(torch.outer(x, x), n).sum()",
    "view": "(x.view(n, -1).sum(1)**2).sum()",
    "a loop": "sum(x[i]**2 for i in range(n))",
    "in another function": "g(x, n)",
}


@pytest.mark.parametrize("name", SIZED)
def test_whole_numbers_that_say_how_many_are_data(name: str) -> None:
    text = (
        "import math, torch\ndef g(x, k): return (x[:, None]*torch.ones(1, k)).sum()\n"
        f"def f(x, n): return {SIZED[name]}"
    )
    scope: dict[str, Any] = {}
    exec(text, scope)
    leaf = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(scope["f"](leaf, 3), leaf)
    found = grad(text, x=X, n=3)
    assert found.verdict.outcome == "verified"
    assert found.gradient["x"] == pytest.approx(slope.numpy())
    assert found.gradient["n"] == 0


def test_a_number_that_is_not_whole_says_how_many_of_nothing() -> None:
    with pytest.raises(GradcalcError, match="repeat takes whole numbers"):
        grad("def f(x, n): return x.repeat(n).sum()", x=X, n=2.5)


@pytest.mark.parametrize("text", ["softplus(x, beta=n)", "torch.arange(0, n, 1.0).sum()*x"])
def test_a_number_that_may_have_a_slope_says_not_how_many(text: str) -> None:
    with pytest.raises(GradcalcError, match="has no gradient here"):
        grad(text, x=X, n=2)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_labels_whose_groups_are_asked_for_are_data(library: str) -> None:
    text = (
        f"import {library} as lib\ndef f(x, lab):\n"
        "    return sum((x[lab == k] - x[lab == k].mean()).prod() for k in lib.unique(lab))"
    )
    values, labels = [1.0, 2.0, 5.0, 7.0], [0, 0, 1, 1]
    found = grad(text, x=values, lab=labels)
    assert found.verdict.outcome == "verified"
    assert found.gradient["x"] == pytest.approx([0.5, -0.5, 1.0, -1.0])
    with pytest.raises(GradcalcError, match="unique"):
        grad(text.replace("unique(lab)", "unique(x.round())"), x=[1.0, 1.0], lab=[0, 0])
