"""What a Hessian costs: exported code beside torch's and jax's own, at rising sizes, in one run.

gradcalc writes the code once, at small sizes that stand to each other as the larger ones do; it is
for all. Each function is called with the numbers at hand, after a first call that compiles what
compiles; the median of calls that take turns, and the ratios to the numpy code. All Hessians of a
row are compared before they are timed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.timing import medians, ratio, shown
from gradcalc.export.exporting import export
from gradcalc.lang.fence import compile_program
from gradcalc.problem import Problem

Inputs = Mapping[str, Any]

EXPORTED = ("numpy", "torch")
"""The targets of the exported code that is called."""

EXAMPLE = 12
"""The size at which the code is written."""

AGREED = 1e-8
"""How far apart the Hessians may be, beside the largest number."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program, the input that it is differentiated by twice, its inputs of a size, and the same
    for a library `m`: `torch` or `jax.numpy`. With a `whole` the code gives the core of the
    Hessian, which that sum of Einstein's makes the whole of."""

    name: str
    program: str
    wrt: str
    inputs: Callable[[np.random.Generator, int], Inputs]
    own: Callable[[Any, Inputs], Callable[[Any], Any]]
    sizes: tuple[int, ...]
    whole: str = ""


def _logistic(m: Any, v: Inputs) -> Callable[[Any], Any]:
    return lambda w: m.sum(m.log(1 + m.exp(-v["y"] * (v["X"] @ w))))


CASES = (
    Case(
        "quadratic form", "x@A@x", "x",
        lambda r, n: {"A": r.normal(size=(n, n)), "x": r.normal(size=n)},
        lambda m, v: lambda x: x @ v["A"] @ x, (10, 100, 1000),
    ),
    Case(
        "logistic regression", "sum(log(1 + exp(-y*(X@w))))", "w",
        lambda r, n: {"X": r.normal(size=(2 * n, n)) / n, "y": r.choice([-1.0, 1.0], 2 * n),
                      "w": r.normal(size=n)},
        _logistic, (10, 100, 500),
    ),
    Case(
        "matrix factorisation", "sum((T - U@V.T)**2)", "U",
        lambda r, n: {"T": r.normal(size=(n, n)), "U": r.normal(size=(n, 5)),
                      "V": r.normal(size=(n, 5))},
        lambda m, v: lambda u: m.sum((v["T"] - u @ v["V"].T) ** 2), (10, 30, 100),
    ),
    Case(
        "factorisation, its core", "sum((T - U@V.T)**2)", "U",
        lambda r, n: {"T": r.normal(size=(n, n)), "U": r.normal(size=(n, 5)),
                      "V": r.normal(size=(n, 5))},
        lambda m, v: lambda u: m.sum((v["T"] - u @ v["V"].T) ** 2), (10, 30, 100),
        "bd,ac->abcd",
    ),
    Case(
        "small network", "sum((W2@tanh(W1@x) - y)**2)", "x",
        lambda r, n: {"W1": r.normal(size=(n, n)) / n, "W2": r.normal(size=(5, n)) / n,
                      "x": r.normal(size=n), "y": r.normal(size=5)},
        lambda m, v: lambda x: m.sum((v["W2"] @ m.tanh(v["W1"] @ x) - v["y"]) ** 2),
        (10, 100, 300),
    ),
)  # fmt: skip


def _function(case: Case, target: str) -> Callable[..., Any]:
    """The exported Hessian, called with all inputs by name."""
    inputs = {k: np.asarray(v) for k, v in case.inputs(np.random.default_rng(1), EXAMPLE).items()}
    problem = Problem(compile_program(case.program), inputs, (case.wrt,))
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(export(problem, target, "hessian", compressed=bool(case.whole)).text, scope)
    found: Callable[..., Any] = scope["compressed_hessian" if case.whole else "hessian"]
    return found


def _last(found: Any) -> Any:
    """The Hessian, which stands behind the value."""
    return found[-1] if isinstance(found, tuple) else found


def _runs(case: Case, n: int, exported: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    given = case.inputs(np.random.default_rng(n), n)
    tensors = {k: torch.tensor(v, dtype=torch.float64) for k, v in given.items()}
    own, x = case.own(torch, tensors), tensors[case.wrt]
    runs: dict[str, Any] = {
        "numpy": lambda: _last(exported["numpy"](**given)),
        "torch": lambda: _last(exported["torch"](**tensors)),
        "autograd.functional": lambda: torch.autograd.functional.hessian(own, x),
        "torch.func": lambda: torch.func.hessian(own)(x),
    }
    if find_spec("jax") is not None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
        arrays = {k: jnp.asarray(v) for k, v in given.items()}
        jitted = jax.jit(jax.hessian(case.own(jnp, arrays)))
        runs["jitted jax"] = lambda: jitted(arrays[case.wrt]).block_until_ready()
    return runs


def _check(case: Case, runs: Mapping[str, Any]) -> None:
    wanted = _whole(case, np.asarray(runs["numpy"]()), runs["torch.func"]())
    for name, run in runs.items():
        found = np.asarray(run())
        if name in EXPORTED:
            found = _whole(case, found, wanted)
        off = np.max(np.abs(found - wanted.reshape(found.shape)))
        assert off <= AGREED * np.max(np.abs(wanted)), f"{name} is off by {off}"


def _whole(case: Case, found: Any, like: Any) -> Any:
    """A Hessian of the shape of another one, of which only the core may be known."""
    return np.einsum(case.whole, found, np.eye(np.shape(like)[0])) if case.whole else found


def main(
    quick: Annotated[bool, typer.Option(help="The smallest size of each alone.")] = False,
    repetitions: Annotated[int, typer.Option(help="Calls of each, at least.")] = 7,
) -> None:
    """Hessians by exported code, torch and jax."""
    torch.set_num_threads(1)
    console = Console()
    table = Table(box=box.SIMPLE)
    for case in CASES:
        exported = {target: _function(case, target) for target in EXPORTED}
        for n in case.sizes[:1] if quick else case.sizes:
            runs = _runs(case, n, exported)
            _check(case, runs)
            found = medians(runs, 1 if quick else repetitions)
            if not table.columns:
                for title in ("", "n", *found):
                    table.add_column(title, justify="left" if not title else "right")
            best = found["numpy"]
            cells = [shown(s) if name == "numpy" else f"{shown(s)}  {ratio(s, best)}"
                     for name, s in found.items()]  # fmt: skip
            table.add_row(case.name if n == case.sizes[0] else "", str(n), *cells)
    console.print(table)
    console.print("seconds of one Hessian, and how many times those of the exported numpy code")


if __name__ == "__main__":
    typer.run(main)
