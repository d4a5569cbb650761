"""Random numbers, with the signatures of the libraries' functions and of their generators."""

import re
from collections.abc import Mapping

from gradcalc.lang import chance
from gradcalc.lang.dialects.readings import chance as readings
from gradcalc.lang.dialects.rows import table, tables
from gradcalc.lang.dialects.spelling import Table

INPLACE = "inplace: writes = False"
DRAWN = "generator: any = None, dtype: any = None"

NUMPYS = """
standard_normal standard_exponential(size: any = None) -> numpy_chance.numpys(*)
normal laplace logistic gumbel(loc: any = 0.0, scale: any = 1.0, size: any = None) ->
    numpy_chance.numpys(*)
lognormal(mean: any = 0.0, sigma: any = 1.0, size: any = None) -> numpy_chance.numpys(*)
uniform(low: any = 0.0, high: any = 1.0, size: any = None) -> numpy_chance.numpys(*)
exponential rayleigh(scale: any = 1.0, size: any = None) -> numpy_chance.numpys(*)
binomial(n: any, p: any, size: any = None) -> numpy_chance.numpys(*)
poisson(lam: any = 1.0, size: any = None) -> numpy_chance.numpys(*)
beta(a: any, b: any, size: any = None) -> numpy_chance.numpys(*)
gamma(shape: any, scale: any = 1.0, size: any = None) -> numpy_chance.numpys(*)
chisquare standard_t(df: any, size: any = None) -> numpy_chance.numpys(*)
dirichlet(alpha: any, size: any = None) -> numpy_chance.numpys(*)
permutation(x: any) -> numpy_chance.numpys_order
shuffle(x: any) -> numpy_chance.numpys_shuffled
"""
"""What numpy's generators and its older functions have in common."""

NUMPYS_OLD = """
rand randn(*shape: any) -> numpy_chance.numpys_sized(*)
random random_sample(size: any = None) -> numpy_chance.numpys(random_sample)
randint(low: any, high: any = None, size: any = None, dtype: any = 'int64') ->
    numpy_chance.numpys(*)
choice(a: any, size: any = None, replace: flag = True, p: any = None) -> numpy_chance.numpys_choice
seed(seed: any = None) -> numpy_chance.numpys_seed
"""

NUMPYS_NEW = """
random(size: any = None, dtype: any = 'float64') -> numpy_chance.numpys(*)
integers(low: any, high: any = None, size: any = None, dtype: any = 'int64',
    endpoint: flag = False) -> numpy_chance.numpys(*)
choice(a: any, size: any = None, replace: flag = True, p: any = None, axis: int = 0,
    shuffle: flag = True) -> numpy_chance.numpys_choice
"""

PYTHONS = """
random() -> python_chance.pythons(*)
uniform randint(a: any, b: any) -> python_chance.pythons(*)
gauss normalvariate(mu: any = 0.0, sigma: any = 1.0) -> python_chance.pythons(*)
expovariate(lambd: any = 1.0) -> python_chance.pythons(*)
randrange(*bounds: any) -> python_chance.pythons(*)
choice(seq: any) -> python_chance.pythons_chosen(*)
sample(population: any, k: any) -> python_chance.pythons_chosen(*)
shuffle(x: any) -> python_chance.pythons_shuffled
seed(a: any = None) -> python_chance.pythons_seed
"""

_WINDOWS = "input: tensor, kernel_size: ints, output_size: ints = None, output_ratio: scales = None"

FRACTIONS = "\n".join(
    f"fractional_max_pool{rank}d{more}({_WINDOWS}, return_indices: {flag}, "
    f"_random_samples: any = None) -> chance.fractions({rank}, {given})"
    for rank in (2, 3)
    for more, flag, given in (
        ("", "unset = False", 0), ("", "true = True", 1), ("_with_indices", "ignored = False", 1),
    )
)  # fmt: skip
"""Whether places are given hangs on `return_indices`."""

TABLES: dict[str, Table] = tables(
    f"""
[torch]
rand randn(*size: ints, {DRAWN}) -> chance.torchs(*)
rand_like randn_like(input: tensor, dtype: any = None) -> chance.torchs_like(*)
randint(high: int, size: any, *, {DRAWN}) -> chance.torchs_whole
randint(low: int, high: int, size: any, *, {DRAWN}) -> chance.torchs_whole
randint_like(input: tensor, high: int, *, dtype: any = None) -> chance.torchs_whole_like
randint_like(input: tensor, low: int, high: int, *, dtype: any = None) -> chance.torchs_whole_like
randperm(n: int, *, {DRAWN}) -> chance.torchs_order
normal(mean: tensor, std: number = 1.0, *, generator: any = None) -> chance.torchs_normal
normal(mean: number, std: tensor, *, generator: any = None) -> chance.torchs_normal
normal(mean: tensor, std: tensor, *, generator: any = None) -> chance.torchs_normal
normal(mean: number, std: number, size: any, *, {DRAWN}) -> chance.torchs_normal
bernoulli(input: tensor, *, generator: any = None) -> chance.torchs_coins
bernoulli(input: tensor, p: number, *, generator: any = None) -> chance.torchs_coins
manual_seed(seed: any) -> chance.torchs_seed
Generator() -> chance.torchs_generator
[torch.nn.functional]
dropout dropout1d dropout2d dropout3d(input, p: number = 0.5, training: bool = True, {INPLACE}) ->
    chance.dropped(*)
alpha_dropout feature_alpha_dropout(input, p: number = 0.5, training: bool = False, {INPLACE}) ->
    chance.dropped(*)
{FRACTIONS}
gumbel_softmax(logits: tensor, tau: number = 1, hard: bool = False, eps: ignored_word = None,
    dim: int = -1) -> chance.gumbels
[numpy.random]
{NUMPYS}{NUMPYS_OLD}
ranf sample(size: any = None) -> numpy_chance.numpys(random_sample)
default_rng(seed: any = None) -> numpy_chance.numpys_generator(Generator)
RandomState(seed: any = None) -> numpy_chance.numpys_generator(RandomState)
[random]
{PYTHONS}
Random(x: any = None) -> python_chance.pythons_generator
"""
)


TORCH_METHODS = table(
    """
bernoulli(input, *, generator: any = None) -> chance.torchs_coins
bernoulli(input, p: number, *, generator: any = None) -> chance.torchs_coins
"""
)


def _methods(rows: str) -> Table:
    """The same rows as methods of a generator."""
    text = re.sub(r"^(\w[\w ]*)\(", r"\1(self: any, ", rows, flags=re.MULTILINE)
    return table(text)


MAKERS = frozenset({"default_rng", "RandomState", "Random", "Generator"})
"""What makes a generator, and draws from none."""

FILLING = frozenset(readings.FILLING)
"""Methods of tensors that draw."""

GENERATORS: Mapping[str, Table] = {
    chance.TORCHS: _methods("\nmanual_seed(seed: any) -> chance.torchs_seed\n"),
    chance.NUMPYS: _methods(NUMPYS + NUMPYS_NEW),
    chance.NUMPYS_OLD: _methods(NUMPYS + NUMPYS_OLD),
    chance.PYTHONS: _methods(PYTHONS),
}
"""The methods of each kind of generator."""
