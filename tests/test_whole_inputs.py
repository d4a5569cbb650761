"""Inputs of whole numbers: whether they are integers is known of arrays, and asked of the rest."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc import grad
from gradcalc.errors import GradcalcError

X = [[0.1, 0.2], [0.3, 0.5]]

OF_TORCH = {
    "dtype": "t.dtype == torch.long",
    "one of several": "t.dtype in (torch.int64, torch.int32)",
    "another one": "t.dtype == torch.int32",
    "by method": "not t.is_floating_point()",
    "by function": "not torch.is_floating_point(t)",
    "of the dtype": "not t.dtype.is_floating_point",
    "type": "t.type() == 'torch.LongTensor'",
    "class": "isinstance(t, torch.LongTensor)",
    "another class": "isinstance(t, torch.IntTensor)",
    "in a text": "str(t.dtype) == 'torch.int64'",
    "what is made of it": "(t + 1).dtype == torch.long",
    "what is made like it": "torch.zeros_like(t).dtype == torch.long",
    "what is made a float": "(t*0.5).dtype == torch.long",
}
LOSS = """
import torch
import torch.nn.functional as F
def f(x, t):
    if {asked}:
        return F.cross_entropy(x, t.long())
    return -(x*t).sum()
"""

OF_NUMPY = {
    "kind": "t.dtype.kind == 'i'",
    "kinds": "t.dtype.kind in 'iu'",
    "family": "np.issubdtype(t.dtype, np.integer)",
    "floats": "not np.issubdtype(t.dtype, np.floating)",
    "numbers": "np.issubdtype(t.dtype, np.number)",
    "signs": "np.issubdtype(t.dtype, np.unsignedinteger)",
    "Python's": "np.issubdtype(t.dtype, int)",
    "of the other": "np.issubdtype(x.dtype, np.integer)",
    "dtype": "t.dtype == np.int64",
    "of fewer bits": "t.dtype == np.int32",
    "name": "t.dtype.name == 'int64'",
}
CHOSEN = """
import numpy as np
def f(x, t):
    if {asked}:
        return np.sum(x[t.astype(int)]**2)
    return np.sum(x*t[:, None])
"""


def torchs(text: str, t: Any) -> tuple[float, Any]:
    """What torch gives, and its gradient."""
    scope: dict[str, Any] = {}
    exec(text, scope)
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    value = scope["f"](x, torch.as_tensor(t))
    (slope,) = torch.autograd.grad(value, x)
    return value.item(), slope.numpy()


def check(text: str, given: Any, value: Any, slope: Any = None, wrt: str | None = "x") -> None:
    found = grad(text, x=X, t=given, wrt=wrt)
    assert found.verdict.outcome == "verified", found.verdict.message
    assert found.value == pytest.approx(value)
    if slope is not None:
        assert found.gradient["x"] == pytest.approx(slope)


@pytest.mark.parametrize("wrt", ["x", None], ids=["said", "not said"])
@pytest.mark.parametrize("asked", OF_TORCH.values(), ids=OF_TORCH)
@pytest.mark.parametrize("t", [torch.tensor([0, 1]), torch.tensor([0.0, 1.0]).double()], ids=str)
def test_a_tensor_has_the_dtype_that_it_came_with(asked: str, t: Any, wrt: str | None) -> None:
    text = LOSS.format(asked=asked)
    check(text, t, *torchs(text, t), wrt=wrt)


@pytest.mark.parametrize("asked", OF_NUMPY.values(), ids=OF_NUMPY)
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float64"])
def test_an_array_has_the_dtype_that_it_came_with(asked: str, dtype: str) -> None:
    text, scope = CHOSEN.format(asked=asked), dict[str, Any]()
    exec(text, scope)
    t = np.array([0, 1], dtype=dtype)
    check(text, t, scope["f"](np.array(X), t))


@pytest.mark.parametrize("kind", ["npy", "pt"])
def test_a_file_says_what_its_numbers_are(kind: str, tmp_path: Path) -> None:
    text, path = LOSS.format(asked=OF_TORCH["dtype"]), tmp_path / f"t.{kind}"
    if kind == "npy":
        np.save(path, np.array([0, 1]))
    else:
        torch.save(torch.tensor([0, 1]), path)
    check(text, f"@{path}", *torchs(text, [0, 1]))


@pytest.mark.parametrize("t", ["0,1", [0, 1], "[0,1]", "arange(2)"], ids=str)
def test_of_whole_numbers_alone_it_is_asked_which_are_meant(t: Any) -> None:
    text = LOSS.format(asked=OF_TORCH["dtype"])
    with pytest.raises(GradcalcError, match="t: 0,1 may be integers or real numbers") as raised:
        grad(text, x=X, t=t)
    assert (raised.value.hint or "").startswith("0.0,1.0 are real numbers; --wrt x takes")
    check(text, t, *torchs(text, [0, 1]))


@pytest.mark.parametrize("t", ["0.0,1.0", [0.0, 1.0], "0,1.", "linspace(0,1,2)"], ids=str)
@pytest.mark.parametrize("wrt", ["x", None], ids=["said", "not said"])
def test_numbers_with_a_point_are_real(t: Any, wrt: str | None) -> None:
    text = LOSS.format(asked=OF_TORCH["dtype"])
    check(text, t, *torchs(text, [0.0, 1.0]), wrt=wrt)


@pytest.mark.parametrize(
    "made", ["if not x.is_floating_point(): x = x.double()", "x = x.to(t.dtype)"]
)
def test_where_both_come_to_the_same_they_are_real(made: str) -> None:
    found = grad(
        f"import torch\ndef f(x, t):\n    {made}\n    return (x*t).sum()", x=[1, 2], t=[3, 4]
    )
    assert found.gradient["x"].tolist() == [3, 4]
    assert found.gradient["t"].tolist() == [1, 2]


OWN = {
    "key": ("T = {1: 2.0, 2: 3.0}\ndef f(x, n): return x**T[n]", 2),
    "key of truths": ("T = {True: 2.0, False: 3.0}\ndef f(x, n): return x**T[n]", False),
    "got": ("T = {1: 2.0, 2: 3.0}\ndef f(x, n): return x**T.get(n, 5.0)", 2),
    "pair": ("T = {(1, 'a'): 2.0, (2, 'a'): 3.0}\ndef f(x, n): return x**T[n, 'a']", 2),
    "set": ("def f(x, n): return x**2 if n in {1, 2} else x", 2),
    "list": ("L = [1.0, 2.0, 3.0]\ndef f(x, n): return x**L[n]", 2),
    "range": ("def f(x, n):\n    for k in range(n): x = x*(k + 2)\n    return x", 3),
    "equal": ("def f(x, n): return x**2 if n == 2 else x**3", 2),
    "isinstance": ("def f(x, n): return x**2 if isinstance(n, int) else x**3", 2),
    "no float": ("def f(x, n): return x**2 if isinstance(n, float) else x**3", 2),
    "truth": ("def f(x, n): return x**2 if isinstance(n, bool) else x**3", True),
    "type": ("def f(x, n): return x**2 if type(n) is int else x**3", 2),
    "f-string": ("T = {'k2': 3.0}\ndef f(x, n): return x**T[f'k{n}']", 2),
    "text": ("def f(x, n): return x**2 if str(n) == '2' else x**3", 2),
    "percent": ("def f(x, n): return x**2 if '%s' % n == '2' else x**3", 2),
    "format": ("def f(x, n): return x**2 if '{:d}'.format(n) == '2' else x**3", 2),
    "text of a truth": ("def f(x, n): return x**2 if f'{n}' == 'True' else x**3", True),
    "list of one": ("def f(x, n): return x**len([0]*n)", 3),
    "case": ("def f(x, n):\n    match n:\n        case 2: return x**2\n    return x**3", 2),
}

EITHER = ("no float", "list of one")
"""Those that run with a real number too, and give something else."""


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("wrt", ["x", None], ids=["said", "not said"])
def test_a_whole_number_is_pythons_own_where_it_has_to_be(name: str, wrt: str | None) -> None:
    text, n = OWN[name]
    scope: dict[str, Any] = {}
    exec(text, scope)
    if wrt is None and name in EITHER:
        with pytest.raises(GradcalcError, match=f"n: {n} may be"):
            grad(text, x=1.5, n=n)
        return
    found = grad(text, x=1.5, n=n, wrt=wrt)
    assert found.verdict.outcome == "verified", found.verdict.message
    assert found.value == pytest.approx(scope["f"](1.5, n))
    h = 1e-6
    slope = (scope["f"](1.5 + h, n) - scope["f"](1.5 - h, n)) / (2 * h)
    assert found.gradient["x"] == pytest.approx(slope, rel=1e-6)
    if wrt is None:
        assert found.gradient["n"] == 0


def test_torch_makes_integers_of_a_number_that_is_one() -> None:
    text = (
        "import torch\ndef f(x, n):\n    return x**2 if torch.arange(n).dtype == torch.long else x"
    )
    assert grad(text, x=3.0, n=3).value == 9


def test_a_number_may_be_typed_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(OWN["key"][0])
    command = [sys.executable, "-m", "gradcalc", "grad", "f.py", "--x", "2", "--n", "2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert "n is taken as an integer" in done.stdout


COUNTED = {
    "padding": "F.conv2d(x[None, None], torch.ones(1, 1, n, n), padding=n // 2)",
    "sizes": "x * torch.ones(n - 1).unsqueeze(1).expand(n - 1, n - 1)",
    "window": "F.conv2d(x[None, None], torch.ones(n, n).expand(1, 1, n, n), padding=n//2)",
    "pooled": "F.avg_pool2d(x[None, None].repeat(1, 1, n, n), n)**2",
    "shape": "x.repeat(n, 1).reshape(2*n, -1)[n]",
    "kernel": "x.unfold(0, n - 1, 1)**2",
}  # fmt: skip
"""What stands where a whole number of Python's has to."""


@pytest.mark.parametrize("text", COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize("wrt", ["x", None], ids=["said", "not said"])
def test_a_whole_number_says_how_many(text: str, wrt: str | None) -> None:
    text = (
        "import torch\nimport torch.nn.functional as F\n"
        f"def f(x, w, n=5):\n    y = {text}\n    return (y*y).sum()*w"
    )
    scope: dict[str, Any] = {}
    exec(text, scope)
    x = torch.tensor(X, requires_grad=True)
    value = scope["f"](x, 2, 3)
    (slope,) = torch.autograd.grad(value, x)
    # what is typed without a point is not known to be a whole number, but w can be both
    found = grad(text, x=X, w=2, n=3, wrt=wrt)
    assert found.verdict.outcome == "verified", found.verdict.message
    assert found.value == pytest.approx(value.item(), rel=1e-5)
    assert found.gradient["x"] == pytest.approx(slope.numpy(), rel=1e-5)
    if wrt is None:
        assert found.gradient["w"] == pytest.approx(value.item() / 2, rel=1e-5)
        assert found.gradient["n"] == 0


@pytest.mark.parametrize(("n", "said"), [(3, "reshape of shape"), (2.5, "takes whole numbers for")])
def test_what_is_wrong_with_a_count_is_told(n: float, said: str) -> None:
    with pytest.raises(GradcalcError, match=said):
        grad("import torch\ndef f(x, n):\n    return x.reshape(n, n, 1).sum()", x=X, n=n)
