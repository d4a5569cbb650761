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


DISTRIBUTIONS = "torch.distributions"

PARTS: Mapping[str, str] = {
    "bernoulli": "Bernoulli", "beta": "Beta", "binomial": "Binomial", "categorical": "Categorical",
    "cauchy": "Cauchy", "chi2": "Chi2", "dirichlet": "Dirichlet", "exponential": "Exponential",
    "gamma": "Gamma", "geometric": "Geometric", "gumbel": "Gumbel", "half_cauchy": "HalfCauchy",
    "half_normal": "HalfNormal", "independent": "Independent", "inverse_gamma": "InverseGamma",
    "kl": "kl_divergence", "laplace": "Laplace", "log_normal": "LogNormal",
    "mixture_same_family": "MixtureSameFamily", "multinomial": "Multinomial",
    "multivariate_normal": "MultivariateNormal", "negative_binomial": "NegativeBinomial",
    "normal": "Normal", "one_hot_categorical": "OneHotCategorical", "pareto": "Pareto",
    "poisson": "Poisson", "studentT": "StudentT",
    "transformed_distribution": "TransformedDistribution", "uniform": "Uniform",
    "weibull": "Weibull",
}  # fmt: skip
"""The modules of torch's distributions, and the name that each is asked for."""

NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        module: frozenset(names.split())
        for module, names in {
            "scipy.constants": "convert_temperature lambda2nu nu2lambda",
            "scipy.fft": "dct idct dst idst dctn idctn dstn idstn",
            "scipy.integrate": "fixed_quad romb simpson",
            "scipy.linalg": """
                circulant companion hankel khatri_rao solve_continuous_lyapunov
                solve_discrete_lyapunov solve_sylvester toeplitz
            """,
            "scipy.optimize": "rosen rosen_der",
            "scipy.signal": """
                convolve convolve2d correlate correlate2d detrend fftconvolve lfilter oaconvolve
            """,
            "scipy.special": """
                airy bdtr bdtrc betaincc chdtr chdtrc cosm1 cotdg ellipkm1 eval_chebyt
                eval_chebyu eval_gegenbauer eval_genlaguerre eval_hermite
                eval_hermitenorm eval_jacobi eval_laguerre eval_legendre eval_sh_chebyt
                eval_sh_chebyu eval_sh_legendre exp1 exprel fdtr fdtrc fresnel gdtr
                gdtrc hyp0f1 iv j0 j1 jn jv k0 k1 kn kv lambertw loggamma nbdtr nbdtrc
                pdtr pdtrc powm1 radian shichi sici softplus spherical_jn spherical_yn
                stdtr tandg y0 y1 yn yv
            """,
            "scipy.stats": """
                bernoulli beta betaprime binom cauchy chi2 dirichlet entropy expon
                exponnorm f fisk gamma genextreme gengamma genpareto geom gmean gompertz
                gumbel_l gumbel_r halfcauchy halfnorm hmean hypsecant invgamma invgauss
                kurtosis laplace laplace_asymmetric levy logistic lognorm lomax maxwell
                moment multivariate_normal nakagami nbinom norm pareto pmean poisson
                powerlaw rayleigh rice sem skew skewnorm t truncnorm uniform variation
                vonmises weibull_max weibull_min zscore
            """,
            "jax.scipy.stats": """
                bernoulli beta cauchy chi2 expon gamma geom gumbel_l gumbel_r laplace logistic
                multivariate_normal nbinom norm pareto poisson t uniform
            """,
            "numpy": "fromiter poly1d",
            "numpy.polynomial": "Polynomial",
            "numpy.polynomial.chebyshev": "chebval",
            "numpy.polynomial.hermite": "hermval",
            "numpy.polynomial.hermite_e": "hermeval",
            "numpy.polynomial.laguerre": "lagval",
            "numpy.polynomial.legendre": "legval",
            "numpy.polynomial.polynomial": "polyadd polyder polymul polysub polyval",
            "jax.lax": """
                associative_scan batch_matmul bessel_i0e bessel_i1e broadcast
                broadcast_in_dim clamp concatenate cumprod cumsum dot
                dynamic_index_in_dim dynamic_slice dynamic_slice_in_dim
                dynamic_update_slice dynamic_update_slice_in_dim expand_dims
                igamma igammac index_in_dim integer_pow pad reduce_max
                reduce_min reduce_prod reduce_sum reshape rev slice_in_dim
                sort squeeze top_k transpose
            """,
            "jax.scipy.special": "exp1 fresnel sici",
            "torch": "stft istft",
            "torch.distributions": """
                AffineTransform Bernoulli Beta Binomial Categorical Cauchy Chi2 ComposeTransform
                Dirichlet ExpTransform Exponential Gamma
                Geometric Gumbel HalfCauchy HalfNormal Independent InverseGamma Laplace LogNormal
                MixtureSameFamily Multinomial MultivariateNormal NegativeBinomial Normal
                OneHotCategorical Pareto Poisson PowerTransform SigmoidTransform SoftplusTransform
                StudentT TanhTransform TransformedDistribution Uniform Weibull kl_divergence
            """,
            **{f"{DISTRIBUTIONS}.{part}": name for part, name in PARTS.items()},
            "torch.distributions.transforms": """
                AffineTransform ComposeTransform ExpTransform PowerTransform SigmoidTransform
                SoftplusTransform TanhTransform
            """,
            "torch.nn.functional": "multi_head_attention_forward",
            "torch.nn.utils": "spectral_norm weight_norm",
            "torch.nn.utils.parametrizations": "spectral_norm weight_norm",
            "einops.layers.torch": "Rearrange Reduce",
        }.items()
    }
)
"""The names of each module, which are those that its text binds."""


def whole(module: str) -> str:
    """The module in whose text its names are: what jax has of scipy's is in that of scipy, and a
    part of torch's distributions in that of all of them."""
    name = module.removeprefix("jax.") if module.startswith("jax.scipy") else module
    return DISTRIBUTIONS if name.startswith(f"{DISTRIBUTIONS}.") else name


def text(module: str) -> str:
    """The text that the names of a module are in."""
    library = files("gradcalc.lang") / "library"
    return (library / f"{whole(module)}.txt").read_text(encoding="utf-8")


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
    module = whole(found.module)
    frame = machine.library.get(module)
    if frame is None:
        frame = machine.library[module] = _run(machine, module)
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
