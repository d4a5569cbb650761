"""Functions as they stand in texts about learning, optimisation, statistics and physics.

Each file of `tests/pasted` is run by Python itself too, with the real libraries.
"""

import ast
import importlib
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.calculate import calculate
from gradcalc.cli import files
from gradcalc.errors import GradcalcError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.program import Limits
from gradcalc.problem import Problem
from tests.pasted_cases import CASES, DATA, LATER

FOLDER = Path(__file__).parent / "pasted"
STEP = 1e-3


@pytest.mark.sweep
@pytest.mark.parametrize("name", [name for name in CASES if name not in LATER])
def test_a_pasted_function_runs_as_it_stands(name: str) -> None:
    file, _, function = name.partition(":")
    own, inputs = _imported(FOLDER / file, function), CASES[name]
    wrt = tuple(n for n, v in inputs.items() if np.asarray(v).dtype != int and n not in DATA)
    of_torch = "import torch" in (FOLDER / file).read_text()
    value, gradients = (_by_torch if of_torch else _by_steps)(own, inputs, wrt)
    program = compile_program(
        files.program(str(FOLDER / file), function, Limits()), function=function
    )
    floats = {n: np.asarray(v, dtype=np.float64) for n, v in inputs.items()}
    asked = Problem(program, floats, wrt=wrt, cotangent=_weights(np.shape(value)))
    report = calculate(asked)
    assert report.verdict.outcome == "verified", report.verdict.message
    np.testing.assert_allclose(report.value, value, rtol=1e-9, atol=1e-12)
    scale = max(float(np.abs(g).max()) for g in gradients.values())
    for n in wrt:
        close = {"rtol": 1e-6, "atol": 1e-6 * scale}
        np.testing.assert_allclose(report.gradient[n], gradients[n], **close)


@pytest.mark.parametrize("name", sorted(LATER))
def test_what_is_not_decided_yet_is_not_said_to_be_wrong(name: str) -> None:
    file, _, function = name.partition(":")
    text = files.program(str(FOLDER / file), function, Limits())
    inputs = {n: np.asarray(v, dtype=np.float64) for n, v in CASES[name].items()}
    try:
        outcome = calculate(
            Problem(compile_program(text, function=function), inputs)
        ).verdict.outcome
    except GradcalcError:
        return
    assert outcome in ("verified", "unresolved")


def test_every_function_of_the_files_is_there() -> None:
    """But for those that the others call."""
    defined = {
        f"{path.relative_to(FOLDER).as_posix()}:{node.name}"
        for path in FOLDER.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert defined >= CASES.keys()
    assert len(CASES) >= 60


def _weights(shape: tuple[int, ...]) -> Any:
    """The cotangent of an output that is no single number."""
    return None if shape == () else np.cos(np.arange(np.prod(shape))).reshape(shape)


def _by_torch(own: Callable[..., Any], inputs: Any, wrt: tuple[str, ...]) -> Any:
    def given(name: str, value: Any) -> Any:
        tensor = torch.tensor(value)
        return tensor.requires_grad_() if name in wrt else tensor

    before = torch.get_default_dtype()
    narrow = torch.Tensor.float
    # the calculation has one dtype
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    try:
        tensors = {name: given(name, value) for name, value in inputs.items()}
        out = own(**tensors)
        weights = _weights(tuple(out.shape))
        total = out if weights is None else (out * torch.tensor(weights)).sum()
        leaves = [tensors[name] for name in wrt]
        found = torch.autograd.grad(total, leaves, allow_unused=True)
    finally:
        torch.set_default_dtype(before)
        torch.Tensor.float = narrow
    grads = {n: np.zeros(t.shape) if g is None else g.numpy()
             for n, t, g in zip(wrt, leaves, found, strict=True)}  # fmt: skip
    return out.detach().numpy(), grads


def _by_steps(own: Callable[..., Any], inputs: Any, wrt: tuple[str, ...]) -> Any:
    """The slopes by differences of the fourth order."""

    def copied(value: Any) -> Any:
        return value.copy() if isinstance(value, np.ndarray) else value

    def call(**changed: Any) -> Any:
        return own(**{n: copied(changed.get(n, v)) for n, v in inputs.items()})

    value = np.asarray(call())
    weights = _weights(value.shape)
    grads = {}
    for name in wrt:
        at = np.asarray(inputs[name], dtype=float)
        grads[name] = np.empty(at.shape)
        for index in np.ndindex(at.shape):
            step = STEP * abs(at[index] or 1) if at.shape == () else STEP
            found = []
            for k in (-2, -1, 1, 2):
                moved = at.copy()
                moved[index] += k * step
                there = call(**{name: moved if at.shape else float(moved)})
                found.append(np.sum(there if weights is None else there * weights))
            slope = (found[0] - 8 * found[1] + 8 * found[2] - found[3]) / (12 * step)
            grads[name][index] = slope
    return value, grads


class _Absent(types.ModuleType):
    """A library that the files import and the functions do not need."""

    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self


@contextmanager
def _absent(folder: Path) -> Iterator[None]:
    before = dict(sys.modules)
    for name in ("pandas", "matplotlib", "matplotlib.pyplot", "sklearn", "sklearn.model_selection"):
        sys.modules[name] = _Absent(name)
    sys.path.insert(0, str(folder))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writes
        for name in set(sys.modules) - set(before):
            if (
                getattr(sys.modules[name], "__file__", None) is None
                or FOLDER in Path(str(sys.modules[name].__file__)).parents
            ):
                del sys.modules[name]
        sys.modules.update({n: m for n, m in before.items() if n in ("pandas", "matplotlib")})


def _imported(path: Path, function: str) -> Callable[..., Any]:
    with _absent(path.parent), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Callable[..., Any] = getattr(importlib.import_module(path.stem), function)
        return found
