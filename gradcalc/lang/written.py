"""Modules of libraries that are written in the language itself, one text for each.

They run as programs do, by every witness alike. What happens in them is told at the place of the
call that the program makes.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from gradcalc.lang.environment import Asked
from gradcalc.lang.machine import Frame, Machine


@dataclass(frozen=True, slots=True)
class Written:
    """What such a module has under a name."""

    module: str
    name: str


NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        module: frozenset(names.split())
        for module, names in {
            "scipy.fft": "dct idct dst idst dctn idctn dstn idstn",
            "scipy.integrate": "simpson romb",
            "scipy.linalg": "toeplitz hankel circulant",
            "scipy.optimize": "rosen rosen_der",
            "scipy.signal": "convolve fftconvolve correlate lfilter",
            "scipy.stats": """
                bernoulli beta binom cauchy chi2 entropy expon gamma geom gmean gumbel_l gumbel_r
                halfnorm invgamma kurtosis laplace logistic lognorm moment multivariate_normal
                nbinom norm pareto poisson rayleigh sem skew t uniform weibull_min zscore
            """,
            "jax.scipy.stats": """
                bernoulli beta cauchy chi2 expon gamma geom gumbel_l gumbel_r laplace logistic
                multivariate_normal nbinom norm pareto poisson t uniform
            """,
            "torch.distributions": """
                Bernoulli Beta Binomial Categorical Cauchy Chi2 Dirichlet Exponential Gamma
                Geometric Gumbel HalfCauchy HalfNormal Independent InverseGamma Laplace LogNormal
                MultivariateNormal NegativeBinomial Normal OneHotCategorical Pareto Poisson
                StudentT Uniform Weibull kl_divergence
            """,
            "torch.nn.functional": "multi_head_attention_forward",
            "einops.layers.torch": "Rearrange Reduce",
        }.items()
    }
)
"""The names of each module, which are those that its text binds."""


def text(module: str) -> str:
    """The text of a module; what jax has of scipy's is that of scipy."""
    name = module.removeprefix("jax.")
    return (files("gradcalc.lang") / "library" / f"{name}.txt").read_text(encoding="utf-8")


def bound(module: str) -> frozenset[str]:
    """The names that a module's text gives to others."""
    found = set[str]()
    for statement in ast.parse(text(module)).body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign):
            nodes = (node for target in statement.targets for node in ast.walk(target))
            found |= {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(name for name in found if not name.startswith("_"))


@cache
def members() -> frozenset[str]:
    """The names behind a dot that values of these modules have."""
    found = set[str]()
    for module in NAMES:
        for node in ast.walk(ast.parse(text(module))):
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
    return frozenset(found)


def value(machine: Machine, found: Any) -> Any:
    """What a name of the catalogue is in this run: anything that is not written is itself, unless
    the run is asked."""
    if isinstance(found, Asked):
        return found.value(machine)
    if not isinstance(found, Written):
        return found
    frame = machine.library.get(found.module)
    if frame is None:
        frame = machine.library[found.module] = _run(machine, found.module)
    return frame.values[found.name]


def _run(machine: Machine, module: str) -> Frame:
    """The names of a module, worked out once in a run."""
    outer = machine.frame, machine.node, machine.program, machine.anchor
    machine.set_anchor()
    machine.frame = Frame({})
    machine.program = machine.load_module(module)
    try:
        machine.block(machine.program.body)
        return machine.frame
    finally:
        machine.frame, machine.node, machine.program, machine.anchor = outer
