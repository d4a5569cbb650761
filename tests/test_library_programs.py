"""Whole programs, and what shares memory, as Python and the libraries have them: they are the
oracles.

Each program of `programs/*.txt` defines `f(x)`. gradcalc gives its value, and with torch its
gradient, or refuses it, and those that it refuses are listed in `programs/refused.txt`.
"""

import math
import random
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradcalc import Problem
from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program

FOLDER = Path(__file__).parent / "programs"
VALUES = [1.0, 2.0, 3.0]
MATRIX = [[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]]
SCOPE = {"torch": torch, "np": np, "math": math, "F": functional}

VIEWED = """{head}
import copy
def f(x):
    y = x*1.0
    z = {expression}
    q = (0,)*z.ndim
    z[q] = z[q]*3 + x[0, 1]
    a = (y.reshape(-1)*{lib}.arange(1, 1 + {y})).sum()
    b = (z.reshape(-1)*{lib}.arange(2, 2 + {z})).sum()
    y[1, 2] = x[1, 0]*5
    y[0, 1] *= 3
    c = (y.reshape(-1)*{lib}.arange(3, 3 + {y})).sum()
    return (a*b + c*(z.reshape(-1)*{lib}.arange(3, 3 + {z})).sum())*0.01
"""
"""What is written into one of two is seen in the other, where they share memory."""


def programs(group: str) -> dict[str, str]:
    parts = (FOLDER / f"{group}.txt").read_text().split("### ")[1:]
    return {f"{group}: {name}": text for name, _, text in (part.partition("\n") for part in parts)}


def views(library: str) -> dict[str, str]:
    sizes = {"y": "y.size", "z": "z.size"} if library == "numpy" else {
        "y": "y.numel()", "z": "z.numel()"}  # fmt: skip
    head = {
        "numpy": ("np", "import numpy as np"),
        "torch": ("torch", "import torch\nimport torch.nn.functional as F\nfrom torch import nn"),
    }[library]
    return {
        f"{library}: {line}": VIEWED.format(expression=line, lib=head[0], head=head[1], **sizes)
        for line in (FOLDER / f"{library}_views.txt").read_text().splitlines()
    }


def refused() -> set[str]:
    return {*(FOLDER / "refused.txt").read_text().splitlines()}


GROUPS = ("torch", "numpy", "objects", "numbers", "modules")
PROGRAMS = {n: t for g in GROUPS for n, t in programs(g).items()}
VIEWS = views("numpy") | views("torch")


def total(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sum(total(item) for item in value)
    return value.sum() if isinstance(value, torch.Tensor | np.ndarray) else value


def in_python(text: str, values: Any) -> tuple[float, list[float] | None] | None:
    """The value, and torch's gradient; None where Python raises."""
    scope: dict[str, Any] = dict(SCOPE, __name__="program")
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    kept = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        exec(text, scope)
        if "import torch\n" not in text or "import numpy" in text:
            x = np.array(values) if isinstance(values, list) else values
            return float(total(scope["f"](x))), None
        return _by_torch(scope["f"], torch.tensor(values, requires_grad=True))
    except Exception:
        return None
    finally:
        torch.set_default_dtype(kept)
        torch.set_grad_enabled(True)


def _by_torch(function: Any, leaf: torch.Tensor) -> tuple[float, list[float] | None]:
    """The value and torch's gradient, None where it refuses what is written over."""
    try:
        output = total(function(leaf.clone()))
        (slope,) = torch.autograd.grad(output, [leaf], allow_unused=True)
    except RuntimeError as error:
        if not re.search(
            "modified by an inplace|modified inplace|a view and is being modified", str(error)
        ):
            raise
        return float(total(function(leaf.detach().clone()))), None
    slopes = torch.zeros_like(leaf) if slope is None else slope
    return float(output), slopes.ravel().tolist()


def ours(text: str, values: Any) -> tuple[float, list[float]] | str:
    """The value and the gradient, or why there is none that counts."""
    try:
        problem = Problem(compile_program(text, function="f"), {"x": values})
        found = calculate(problem)
    except GradcalcError as error:
        return f"{type(error).__name__}: {error.message}"
    if found.verdict.outcome == "unresolved":
        return found.verdict.message
    return float(np.sum(found.value)), np.ravel(found.gradients[0].autograd).tolist()


def check(name: str, text: str, values: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        real = in_python(text, values)
    found = ours(text, values)
    if name in refused():
        assert isinstance(found, str)
        return
    if real is None:
        assert isinstance(found, str)
        return
    assert not isinstance(found, str), found
    assert found[0] == pytest.approx(real[0], rel=1e-12, nan_ok=True)
    if real[1] is not None:
        assert found[1] == pytest.approx(real[1], rel=1e-11, nan_ok=True)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_what_python_makes_of_it(name: str) -> None:
    check(name, PROGRAMS[name], 2.5 if name.startswith("numbers") else VALUES)


@pytest.mark.parametrize("name", VIEWS)
def test_what_shares_memory_is_written_together(name: str) -> None:
    check(name, VIEWS[name], MATRIX)
