"""Type checks of values from anywhere: what Python says with the real libraries, or no answer."""

import random
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import torch_run

TYPES = [
    "float",
    "int",
    "bool",
    "complex",
    "str",
    "list",
    "tuple",
    "object",
    "torch.Tensor",
    "np.ndarray",
    "np.generic",
    "np.number",
    "np.floating",
    "np.integer",
    "np.float64",
    "np.float32",
    "np.int64",
    "np.bool_",
    "torch.Size",
    "numbers.Number",
    "numbers.Real",
    "numbers.Integral",
    "numbers.Rational",
    "cabc.Sequence",
    "cabc.Iterable",
    "cabc.Sized",
    "cabc.Callable",
    "cabc.Hashable",
    "typing.SupportsFloat",
    "typing.SupportsInt",
    "(int, float)",
    "(list, tuple)",
    "(float, np.floating)",
    "type(None)",
]
TORCH = [
    "x",
    "x.sum()",
    "x.sum().item()",
    "float(x.sum())",
    "math.sqrt(2.0)",
    "math.exp(0)",
    "x.argmax()",
    "x.argmax().item()",
    "x.shape",
    "x.shape[0]",
    "x.size()",
    "x.shape[:1]",
    "x[0]",
    "x[0] > 0",
    "(x[0] > 0).item()",
    "x.mean()*2",
    "2*x.mean()",
    "len(x)",
    "x.numel()",
    "x.dim()",
    "x.max()",
    "torch.sum(x)",
    "torch.max(x)",
    "torch.argmax(x)",
    "torch.tensor(2)",
    "torch.tensor(2).item()",
    "torch.tensor(2.5)",
    "torch.zeros(3)",
    "torch.ones(())",
    "torch.sin(x[0])",
    "int(x.sum())",
    "bool(x.sum() > 0)",
    "1 + 1",
    "1/2",
    "2**-1",
    "True + True",
    "True & False",
    "not x.sum() > 0",
    "x.sum() if True else 2",
    "[x]",
    "(x,)",
    "'a'",
    "None",
    "lambda t: t",
    "range(3)",
    "enumerate([1])",
    "zip([1])",
    "math.floor(2.5)",
    "math.pi",
    "torch.pi",
    "round(2.5)",
    "abs(-2)",
    "abs(x)",
    "max(1, 2)",
    "max(1.0, 2)",
    "-x.sum()",
    "x.sum() == 2",
    "x.ndim",
    "x.T",
    "x.detach()",
    "x.sum().detach()",
    "helper(x)",
    "helper(2.0)",
    "torch.numel(x)",
    "torch.allclose(x, x)",
    "torch.equal(x, x)",
    "x.norm()",
    "torch.dot(x, x)",
    "torch.where(x > 0, x, 0*x)[0]",
    "x.mean().item()*2",
    "torch.count_nonzero(x)",
    "torch.sin",
    "helper",
    "torch.any(x > 0)",
    "(x > 0).any()",
    "(x > 0).all().item()",
    "x.max().item()",
    "torch.split(x, 1)",
    "x.unbind()",
    "torch.floor(x.sum()).item()",
    "x.tolist()",
    "torch.sign(x).sum().item()",
    "x.round().sum().item()",
    "y.item()",
    "k",
    "k + 1",
    "x.sum() + k",
    "x.prod().item()",
    "torch.max(x).item()",
    "x is None",
    "x.shape == (3,)",
    "x.sum() > 0 and True",
    "x.sum() < 0 or 2.0",
]
NUMPY = [
    "x",
    "x.sum()",
    "x.sum().item()",
    "float(x.sum())",
    "math.sqrt(2.0)",
    "x.argmax()",
    "np.argmax(x)",
    "x.argmax().item()",
    "np.sum(x)",
    "np.sum(x) > 0",
    "x[0] > 0",
    "x[0]",
    "x.shape",
    "x.shape[0]",
    "x.shape[:1]",
    "np.round(2.5)",
    "np.floor(2.5)",
    "np.abs(-2)",
    "np.sin(2.0)",
    "np.sqrt(4)",
    "np.maximum(2, 3)",
    "np.prod(x.shape)",
    "x.mean()*2",
    "2*x.mean()",
    "len(x)",
    "x.size",
    "x.ndim",
    "np.size(x)",
    "np.ndim(x)",
    "np.shape(x)",
    "x.max()",
    "np.max(x)",
    "np.array(2.0)",
    "np.array(2)",
    "np.asarray(x[0])",
    "np.zeros(3)",
    "np.ones(())",
    "np.zeros_like(x[0])",
    "np.array(2.0)*2",
    "np.sin(x[0])",
    "np.where(True, 1.0, 2.0)",
    "np.reshape(x.sum(), ())",
    "x.sum().reshape(())",
    "x[..., 0]",
    "x[0:1]",
    "x[0:1].reshape(())",
    "x.T",
    "np.transpose(x.sum())",
    "np.allclose(x, x)",
    "np.array_equal(x, x)",
    "np.isfinite(x[0])",
    "np.any(x > 0)",
    "(x > 0).any()",
    "np.linalg.norm(x)",
    "np.dot(x, x)",
    "x @ x",
    "-x.sum()",
    "abs(x.sum())",
    "np.count_nonzero(x)",
    "np.float64(2.0)",
    "int(x.sum())",
    "bool(x.sum() > 0)",
    "1/2",
    "[x]",
    "(x,)",
    "np.pi",
    "math.pi",
    "math.floor(2.5)",
    "round(2.5)",
    "max(1, 2)",
    "helper(x)",
    "helper(2.0)",
    "helper(x.sum())",
    "np.sin",
    "np.clip(2.5, 0, 1)",
    "np.clip(x[0], 0, 1)",
    "np.mean([1, 2])",
    "np.sum([1, 2])",
    "np.sign(-3)",
    "np.square(3)",
    "np.power(2, 3)",
    "np.squeeze(x[0])",
    "np.copy(x[0])",
    "x[0].copy()",
    "np.trace(np.eye(2))",
    "np.ceil(2.5)",
    "np.isnan(2.0)",
    "x.tolist()",
    "x.sum() == 2",
    "not x.sum()",
    "np.cumsum(x)[0]",
    "np.sort(x)[0]",
    "y",
    "y*2",
    "np.sin(y)",
    "y > 0",
    "k",
    "k + 1",
    "np.exp(y)*k",
    "y if y > 0 else 0",
    "np.greater(2, 1)",
    "np.logical_not(y)",
    "np.trunc(2)",
    "np.negative(3)",
    "np.floor_divide(7, 2)",
    "x.std()",
    "np.average(x)",
    "x.dot(x)",
    "np.einsum('i,i', x, x)",
    "np.diff(x)[0]",
    "x.prod()",
    "x[-1]**2",
    "math.sin(y)",
    "np.inner(x, x)",
    "np.max([1, 2])",
    "np.nan_to_num(y)",
    "np.real(y)",
    "x.flat[0]",
    "np.ravel(y)",
    "np.flip(x)[0]",
    "np.outer(x,x)[0,0]",
    "np.concatenate([x, x])[0]",
    "x.min().item()",
]
MATH = [
    "x",
    "x*2",
    "math.sin(x)",
    "x > 0",
    "float(x)",
    "int(x)",
    "abs(x)",
    "x if x > 0 else 0",
    "math.floor(x)",
    "1",
    "2.5",
    "k",
    "k*x",
    "helper(x)",
    "helper(k)",
    "-x",
    "x**2",
    "max(x, 0)",
    "min(x, 1.0)",
    "not x",
    "math.pi",
    "round(x, 1)",
    "x + 1 > 2",
    "math.fabs(x)",
    "math.isnan(x)",
    "math.hypot(x, 1)",
    "(x, 1)",
    "[x]",
]

IMPORTS = "import math, numbers, typing\nimport collections.abc as cabc\n"
VECTOR = [1.5, -2.0, 0.5]
TEXTS: dict[str, tuple[str, list[str], str, Any, Any]] = {
    "torch": ("import torch\n", TORCH, "torch.sin(x).sum()*0", VECTOR, torch.tensor),
    "numpy": ("import numpy as np\n", NUMPY, "np.sin(x).sum()*0", VECTOR, np.array),
    "math": ("", MATH, "0*x", 1.5, float),
}
EVERY = 40
"""One check of so many is made: all of them take minutes."""


def source_of(library: str, check: str) -> str:
    more = "import torch\n" * ("torch." in check) + "import numpy as np\n" * ("np." in check)
    head = f"{IMPORTS}{TEXTS[library][0]}{more}def helper(q):\n    return q\n"
    return f"{head}def f(x, y, k=3):\n    return {TEXTS[library][2]} + (1 if {check} else 0)"


def in_python(library: str, source: str) -> bool | None:
    space: dict[str, Any] = {}
    exec(source, space)
    point, make = TEXTS[library][3:]
    y = torch.tensor(0.7) if library == "torch" else 0.7
    try:
        return bool(space["f"](make(point), y) == 1)
    except Exception:
        return None


@pytest.mark.parametrize("library", TEXTS)
def test_a_check_is_answered_as_python_does_or_refused(library: str) -> None:
    draw = random.Random(11)
    answered = 0
    for value in TEXTS[library][1]:
        for kind in TYPES:
            ways = [f"isinstance({value}, {kind})", f"type({value}) is {kind}"]
            for check in ways[: 1 if "(" in kind else 2]:
                if draw.randrange(EVERY) or ("torch." in kind + value and library == "numpy"):
                    continue
                source = source_of(library, check)
                wanted = in_python(library, source)
                try:
                    run = torch_run(compile_program(source), {"x": TEXTS[library][3], "y": 0.7})
                except GradcalcError:
                    continue
                if wanted is not None:
                    assert bool(np.all(run.value.detach().numpy() == 1)) == wanted, check
                    answered += 1
    assert answered > 15


CERTAIN = {
    "torch": (
        "isinstance(float(x.sum()), float)", "isinstance(x.sum().item(), float)",
        "not isinstance(x.sum().item(), torch.Tensor)", "isinstance(math.sqrt(2.0), float)",
        "isinstance(x.shape, torch.Size)", "isinstance(x.sum(), torch.Tensor)",
        "not isinstance(x.mean()*2, float)", "isinstance(x.shape[0], int)",
        "type(x.shape) is not tuple", "isinstance(helper(x.sum()), torch.Tensor)",
        "isinstance(enumerate([1]), cabc.Iterator)", "isinstance(torch.sin, cabc.Callable)",
    ),
    "numpy": (
        "isinstance(x[0], float)", "not isinstance(x[0], np.ndarray)",
        "isinstance(x.argmax(), np.integer)", "not isinstance(x.argmax(), float)",
        "not isinstance(np.sum(x) > 0, float)", "isinstance(np.sum(x) > 0, np.bool_)",
        "isinstance(np.sin(y), np.floating)", "isinstance(np.sin(y), float)",
        "not isinstance(x.argmax(), int)", "type(np.sin(y)) is not float",
    ),
    "math": ("isinstance(math.sin(x), float)", "not isinstance(math.floor(x), float)"),
}  # fmt: skip


@pytest.mark.parametrize("library", CERTAIN)
def test_what_is_known_is_answered(library: str) -> None:
    for check in CERTAIN[library]:
        source = source_of(library, check)
        assert in_python(library, source) is True, check
        run = torch_run(compile_program(source), {"x": TEXTS[library][3], "y": 0.7})
        assert bool(np.all(run.value.detach().numpy() == 1)), check


REBOUND = {
    "torch": ("torch.tensor({0})", "torch.as_tensor({0})", "float({0})", "[{0}]", "{0} * 2.0"),
    "numpy": ("np.array({0})", "np.atleast_1d({0})", "float({0})", "[{0}]", "np.sin({0})", "{0}*2"),
    "math": ("float({0})", "[{0}]", "({0}, 1)", "{0} * 2", "math.sin({0})", "abs({0})"),
}
"""What a parameter is bound to once it has been asked what it is."""

AROUND = (
    "{check}",
    "{bind}\n    {check}",
    "for _ in range(2):\n        {check}\n        {bind}",
    "if y > 0:\n        {bind}\n    {check}",
    "if y > 9:\n        {check}\n        {bind}\n    else:\n        {check}",
    "try:\n        {bind}\n        {check}\n    finally:\n        pass",
    "def inner():\n        nonlocal z\n        {bind}\n    inner()\n    {check}",
    "inner = lambda: {asked}\n    {bind}\n    said += 3*bool(inner())",
    "{check}\n    {bind}\n    {check}",
    "if ({walrus}) is not None and y > 0:\n        {check}",
    "{bind} if {asked} else {name}\n    {check}",
)
"""Where the check stands, and where the parameter is bound."""


def rebinding(library: str, name: str, bound: str, around: str, kind: str) -> str:
    """A text that asks what a parameter is, before and after it is bound to something else."""
    asked = f"isinstance({name}, {kind})"
    check = f"said += 2*said + (1 if {asked} else 2)"
    body = around.format(
        name=name,
        asked=asked,
        check=check,
        bind=f"{name} = {bound.format(name)}",
        walrus=f"{name} := {bound.format(name)}",
    ).replace("nonlocal z", f"nonlocal {name}")
    return (
        f"{IMPORTS}{TEXTS[library][0]}def f(x, y, z=2.0):\n    said = 0\n    {body}\n"
        f"    return {TEXTS[library][2]} + said"
    )


@pytest.mark.parametrize("library", TEXTS)
def test_a_parameter_is_what_it_was_called_with_until_it_is_bound(library: str) -> None:
    kinds = {"torch": "torch.Tensor", "numpy": "np.ndarray", "math": "int"}
    answered = 0
    for name in ("z", "x") if library == "math" else ("z",):
        for bound in REBOUND[library]:
            for around in AROUND:
                for kind in ("float", kinds[library], "(int, float)", "(list, tuple)"):
                    source = rebinding(library, name, bound, around, kind)
                    space: dict[str, Any] = {}
                    exec(source, space)
                    point, make = TEXTS[library][3:]
                    y = torch.tensor(0.7) if library == "torch" else 0.7
                    try:
                        wanted = float(space["f"](make(point), y))
                        run = torch_run(compile_program(source), {"x": point, "y": 0.7})
                    except (GradcalcError, TypeError, RuntimeError, UserWarning):
                        continue
                    assert float(run.value.detach()) == wanted, source
                    answered += 1
    assert answered > 100, answered


NAMELESS = (
    "isinstance(x, float)", "isinstance(x, (int, float))", "type(x) is not list",
    "not isinstance(x, (list, tuple))", "isinstance(x, numbers.Real)",
)  # fmt: skip
"""What is true of a number in a text that names no library of arrays."""


@pytest.mark.parametrize("check", NAMELESS)
@pytest.mark.parametrize("annotation", ["", ": float", ": 'float'"])
def test_a_text_of_python_alone_is_called_with_numbers(check: str, annotation: str) -> None:
    source = f"import numbers\ndef f(x{annotation}):\n    return x + (1 if {check} else 0)"
    run = torch_run(compile_program(source), {"x": 1.5})
    assert float(run.value.detach()) == 2.5
