"""numpy, torch and jax: what each operation is called there, one row for each.

Most rows are the same but for words; a library's own stand in its table, before those of all.
"""

import re
from collections.abc import Callable

from gradcalc.export.arrays import Library
from gradcalc.export.expressions import Scalars
from gradcalc.export.names import LETTERS
from gradcalc.export.rows import (
    Words,
    along,
    called,
    eye,
    helped,
    listed,
    numpys,
    part,
    reduction,
    shared,
    torch_prod,
)  # fmt: skip
from gradcalc.expr import ops
from gradcalc.expr.written import ATOM, POWER, Text


def _choice(m: str) -> Callable[[Text, Text, Text], Text]:
    return lambda c, a, b: Text(f"{m}.where({c.text}, {a.text}, {b.text})")


def _torch_choice(c: Text, a: Text, b: Text) -> Text:
    # two plain numbers would be of the usual dtype, and their comparison is no tensor
    fixed = _is_plain(a.text) and _is_plain(b.text)
    first = _tensor(a.text) if fixed else a.text
    condition = f"torch.as_tensor({c.text})" if _is_plain(c.text) else c.text
    return Text(f"torch.where({condition}, {first}, {b.text})")


def _torch_argument(name: str, text: Text) -> str:
    # most of its functions of several arguments take no plain number for one of them
    return _tensor(text.text) if _is_plain(text.text) and name != "logaddexp" else text.text


def _tensor(text: str) -> str:
    return f"torch.as_tensor({text}, dtype=torch.float64)"


def _is_plain(text: str) -> bool:
    """Whether a text is made of numbers alone, and of letters that may be sizes."""
    names = re.findall(r"[A-Za-z_]\w*", re.sub(r"\de-?\d|math\.\w+", "", text))
    return all(name in LETTERS for name in names)


def python_power(base: Text, exponent: Text) -> Text:
    raised = exponent.text if exponent.level >= ATOM else f"({exponent.text})"
    return Text(f"{base.within(ATOM)}**{raised}", POWER)


def _squared(base: Text) -> Text:
    return Text(f"{base.within(ATOM)}**2", POWER)


PLAIN = (
    "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "expm1", "log1p", "sign",
    "floor", "ceil", "abs", "isnan", "isinf", "isfinite",
)  # fmt: skip
"""Functions of the same name in all of them."""

ARC = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
"""Those that numpy calls otherwise."""

SPECIAL = {
    "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "lgamma": "gammaln", "gamma": "gamma",
    "digamma": "digamma", "polygamma": "polygamma", "zeta": "zeta", "i0": "i0", "i1": "i1",
    "i0e": "i0e", "i1e": "i1e", "gammainc": "gammainc", "gammaincc": "gammaincc",
    "erfcx": "erfcx", "erfcinv": "erfcinv", "ndtri": "ndtri", "log_ndtr": "log_ndtr", "iv": "iv",
    "besselj": "jv", "bessely": "yv", "besselk": "kv", "ellipk": "ellipk", "ellipe": "ellipe",
    "expi": "expi", "expn": "expn", "erfi": "erfi", "dawsn": "dawsn", "spence": "spence",
    "hyp0f1": "hyp0f1", "hyp1f1": "hyp1f1", "hyp2f1": "hyp2f1", "betainc": "betainc",
    "stdtr": "stdtr",
}  # fmt: skip
"""scipy's special functions."""

TORCH_SPECIAL = (
    "erf", "erfc", "erfinv", "digamma", "zeta", "i0", "i1", "i0e", "i1e", "gammainc", "gammaincc",
    "erfcx", "ndtri", "log_ndtr",
)  # fmt: skip
"""Those of torch that have all digits; its polygamma has 9."""

JAX_SPECIAL = (
    "erf", "erfc", "erfinv", "lgamma", "gamma", "digamma", "polygamma", "zeta", "i0", "i1", "i0e",
    "i1e", "gammainc", "gammaincc", "ndtri", "log_ndtr",
)  # fmt: skip

PYTHONS = {"pi": "math.pi", "nan": "math.nan", "inf": "math.inf", "True": "True", "False": "False"}

NUMPY_SCALARS = Scalars(
    "numpy",
    {
        **{name: f"np.{name}" for name in PLAIN},
        **{name: f"np.{own}" for name, own in ARC.items()},
        **{name: f"special.{own}" for name, own in SPECIAL.items()},
        "logaddexp": "np.logaddexp", "sigmoid": "sigmoid",
    },
    _choice("np"), python_power, _squared, words=PYTHONS,
)  # fmt: skip
TORCH_SCALARS = Scalars(
    "torch",
    {
        **{name: f"torch.{name}" for name in (*PLAIN, *ARC)},
        **{name: f"torch.special.{name}" for name in TORCH_SPECIAL},
        "lgamma": "torch.lgamma", "logaddexp": "logaddexp", "sigmoid": "torch.sigmoid",
    },
    _torch_choice, python_power, _squared, words=PYTHONS, argument=_torch_argument,
    reasons={"polygamma": "torch.polygamma has 9 digits of it"},
)  # fmt: skip
JAX_SCALARS = Scalars(
    "jax",
    {
        **{name: f"jnp.{name}" for name in PLAIN},
        **{name: f"jnp.{own}" for name, own in ARC.items()},
        **{name: f"special.{SPECIAL[name]}" for name in JAX_SPECIAL},
        "logaddexp": "jnp.logaddexp", "sigmoid": "jax.nn.sigmoid",
    },
    _choice("jnp"), python_power, _squared, words=PYTHONS,
)  # fmt: skip

NUMPY_WORDS = Words("np", "axis", "keepdims", lambda text: f"np.array({text})")
TORCH_WORDS = Words("torch", "dim", "keepdim", lambda text: f"torch.tensor({text})")
JAX_WORDS = Words("jnp", "axis", "keepdims", lambda text: f"jnp.array({text})")


NUMPY = Library(
    "numpy",
    NUMPY_SCALARS,
    {
        **shared(NUMPY_WORDS), **numpys(NUMPY_WORDS),
        ops.LOGSUMEXP: helped("logsumexp", "axes"), ops.SOFTMAX: helped("softmax", "axis"),
        ops.EXPM: called("expm"),
    },
    lambda shape, number: f"np.full({shape}, {number})" if number not in ("0", "1") or shape == "()"
    else f"np.{'zeros' if number == '0' else 'ones'}({shape})",
    lambda text: f"np.array({text})",
    "np.broadcast_to",
)  # fmt: skip
TORCH = Library(
    "torch",
    TORCH_SCALARS,
    {
        **shared(TORCH_WORDS),
        ops.CONCAT: listed(TORCH_WORDS, "torch.cat"),
        ops.STACK: listed(TORCH_WORDS, "torch.stack"),
        ops.PROD: torch_prod, ops.AMAX: reduction(TORCH_WORDS, "torch.amax"),
        ops.AMIN: reduction(TORCH_WORDS, "torch.amin"),
        ops.STD: reduction(TORCH_WORDS, "torch.std", whole=False),
        ops.NORM: reduction(TORCH_WORDS, "torch.linalg.vector_norm"),
        ops.LOGSUMEXP: reduction(TORCH_WORDS, "torch.logsumexp", whole=False),
        ops.SOFTMAX: along(TORCH_WORDS, "torch.softmax"),
        ops.SORT: lambda w, n: (
            f"torch.sort({w.tensor(n.operands[0])}, dim={n['axis']}"
            f"{', descending=True' if n['descending'] else ''}).values"
        ),
        ops.TRIANGLE: part("torch.linalg.qr", ".R"), ops.LOGDET: called("torch.logdet"),
        ops.SINGULAR: called("torch.linalg.svdvals"), ops.EXPM: called("torch.linalg.matrix_exp"),
        ops.EYE: eye(TORCH_WORDS, ", dtype=torch.float64"),
        ops.OUTER: called("torch.outer"),
    },
    lambda shape, number: f"torch.full({shape}, {number}, dtype=torch.float64)",
    lambda text: f"torch.tensor({text}, dtype=torch.float64)",
    "torch.broadcast_to",
)  # fmt: skip
JAX = Library(
    "jax",
    JAX_SCALARS,
    {
        **shared(JAX_WORDS), **numpys(JAX_WORDS),
        ops.LOGSUMEXP: reduction(JAX_WORDS, "jax.nn.logsumexp"),
        ops.SOFTMAX: along(JAX_WORDS, "jax.nn.softmax"), ops.EXPM: called("expm"),
    },
    lambda shape, number: f"jnp.full({shape}, {number}, dtype=jnp.float64)",
    lambda text: f"jnp.array({text}, dtype=jnp.float64)",
    "jnp.broadcast_to",
)  # fmt: skip
