"""numpy, torch and jax: what each operation is called there, one row for each.

Most rows are the same but for words; a library's own stand in its table, before those of all.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import UnsupportedError
from gradcalc.export.arrays import Library, Lines, tuple_text
from gradcalc.export.expressions import Scalars
from gradcalc.expr import ops
from gradcalc.expr.moving import inserted_axes
from gradcalc.expr.nodes import Data, Node
from gradcalc.expr.written import ATOM, POWER, PRODUCT, Text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a library: its name in the code, and those for dimensions."""

    m: str
    axis: str
    keep: str
    integers: Callable[[str], str]
    rows: Mapping[ops.Op, Any] = field(default_factory=dict)


def _choice(m: str) -> Callable[[Text, Text, Text], Text]:
    return lambda c, a, b: Text(f"{m}.where({c.text}, {a.text}, {b.text})")


def _torch_choice(c: Text, a: Text, b: Text) -> Text:
    # two plain numbers would be of the usual dtype, and their comparison is no tensor
    fixed = not any(map(_has_names, (a.text, b.text)))
    first = f"torch.tensor({a.text}, dtype=torch.float64)" if fixed else a.text
    condition = c.text if _has_names(c.text) else f"torch.tensor({c.text})"
    return Text(f"torch.where({condition}, {first}, {b.text})")


def _has_names(text: str) -> bool:
    return re.search(r"[A-Za-z_]", re.sub(r"\de-?\d|math\.\w+", "", text)) is not None


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
}  # fmt: skip
"""scipy's special functions."""

TORCH_SPECIAL = (
    "erf", "erfc", "erfinv", "digamma", "polygamma", "zeta", "i0", "i1", "i0e", "i1e", "gammainc",
    "gammaincc", "erfcx", "ndtri", "log_ndtr",
)  # fmt: skip
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
    _choice("np"), python_power, _squared, words=PYTHONS, nearest="torch",
)  # fmt: skip
TORCH_SCALARS = Scalars(
    "torch",
    {
        **{name: f"torch.{name}" for name in (*PLAIN, *ARC)},
        **{name: f"torch.special.{name}" for name in TORCH_SPECIAL},
        "lgamma": "torch.lgamma", "logaddexp": "logaddexp", "sigmoid": "torch.sigmoid",
    },
    _torch_choice, python_power, _squared, words=PYTHONS,
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


# -- rows ----------------------------------------------------------------------------------------


def _axes(axes: Sequence[int]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(tuple(axes))


def _reduction(words: Words, name: str, *, whole: bool = True) -> Any:
    """A call of a function that reduces; without dimensions if it is by all and `whole`."""

    def row(w: Lines, node: Node) -> str | Text:
        (x,) = node.operands
        axes = node["axes"]
        if not axes:
            return w(x)
        along = "" if whole and len(axes) == x.ndim else f", {words.axis}={_axes(axes)}"
        return f"{name}({w.tensor(x)}{along})"

    return row


def _called(name: str) -> Any:
    """A function of operands alone."""
    return lambda w, node: f"{name}({', '.join(w.tensor(x) for x in node.operands)})"


def _along(words: Words, name: str, static: str = "axis", word: str | None = None) -> Any:
    """A function of one operand along a dimension."""
    return lambda w, n: f"{name}({w.tensor(n.operands[0])}, {word or words.axis}={n[static]})"


def _listed(words: Words, name: str) -> Any:
    """A function of a list of arrays."""

    def row(w: Lines, node: Node) -> str:
        parts = ", ".join(w.tensor(x) for x in node.operands)
        axis = f", {words.axis}={node['axis']}" if node["axis"] else ""
        return f"{name}([{parts}]{axis})"

    return row


def _permuted(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        order = node["order"]
        x = w(node.operands[0]).within(ATOM)
        if order == (1, 0):
            return f"{x}.T"
        if order == (*range(len(order) - 2), len(order) - 1, len(order) - 2):
            return f"np.swapaxes({w.tensor(node.operands[0])}, -1, -2)" if words.m == "np" else f"{x}.mT"
        name = "permute" if words.m == "torch" else "transpose"
        return f"{x}.{name}({', '.join(map(str, order))})"

    return row


def _reshaped(w: Lines, node: Node) -> str:
    (x,) = node.operands
    shape = w.dims(node, "shape")
    axes = inserted_axes(x.shape, node.shape)
    text = Text(w.tensor(x)).text if w(x).level >= ATOM else f"({w(x).text})"
    if axes is not None:
        items = ["None" if k in axes else ":" for k in range(node.ndim)]
        return f"{text}[{', '.join(items)}]"
    return f"{text}.reshape({', '.join(shape)})" if shape else f"{text}.reshape(())"


def key_text(w: Lines, node: Node, words: Words, key: Sequence[Any], shape: Sequence[int]) -> str:
    """An index; slices count from the front."""
    items, axis = [], 0
    sizes = w.key_sizes(node)
    for place, part in enumerate(key):
        if isinstance(part, Data):
            kind = part.array.tolist()
            items.append(words.integers(str(kind)))
            axis += len(part.shape) if part.array.dtype == bool else 1
            continue
        if isinstance(part, int):
            items.append(sizes.get(place, (str(part),))[0])
        else:
            start, size, step = part
            stop = start + size * step
            if place in sizes:
                items.append(":".join(sizes[place]))
            else:
                first = str(start) if start or step < 0 else ""
                whole = stop >= shape[axis] if step > 0 else stop < 0
                last = "" if whole else str(stop)
                items.append(f"{first}:{last}" + (f":{step}" if step != 1 else ""))
        axis += 1
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return ", ".join(items)


def _forward(key: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """A key without steps backwards, and the dimensions of what it takes that are to be turned."""
    found: list[Any] = []
    turned, axis = [], 0
    arrays = any(isinstance(part, Data) for part in key)
    for part in key:
        if isinstance(part, tuple) and part[2] < 0:
            if arrays:
                raise UnsupportedError("this index has no form in torch", hint="--to numpy has one")
            start, size, step = part
            found.append((start + (size - 1) * step, size, -step))
            turned.append(axis)
        else:
            found.append(part)
        axis += isinstance(part, tuple)
    return found, turned


def _indexed(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (x,) = node.operands
        key, turned = (_forward(node["key"]) if words.m == "torch" else (node["key"], []))
        text = w.tensor(x) if w(x).level >= ATOM else f"({w(x).text})"
        found = f"{text}[{key_text(w, node, words, key, x.shape)}]"
        return f"torch.flip({found}, {tuple(turned)})" if turned else found

    return row


def _scattered(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (g,) = node.operands
        key, turned = (_forward(node["key"]) if words.m == "torch" else (node["key"], []))
        value = w.tensor(g)
        value = f"torch.flip({value}, {tuple(turned)})" if turned else value
        index = key_text(w, node, words, key, node.shape)
        slices = f"{words.m}.s_[{index}]" if words.m != "torch" else _torch_key(index)
        return f"placed({value}, {slices}, {w.shape(node)})"

    return row


def _torch_key(index: str) -> str:
    """An index as a tuple of torch's, which has no word for slices."""
    items = []
    for item in _split(index):
        if ":" in item:
            parts = [part or "None" for part in item.split(":")]
            items.append(f"slice({', '.join(parts)})")
        else:
            items.append(item)
    return tuple_text(items)


def _split(index: str) -> list[str]:
    """The items of an index, commas inside of brackets apart."""
    items, depth, start = [], 0, 0
    for place, char in enumerate(index):
        depth += (char in "([") - (char in ")]")
        if char == "," and not depth:
            items.append(index[start:place].strip())
            start = place + 1
    return [*items, index[start:].strip()]


def _diagonal(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (x,) = node.operands
        offset, first, second = node["offset"], node["dim1"], node["dim2"]
        if x.ndim == 2 and (first, second) == (0, 1):
            return f"{words.m}.diag({w.tensor(x)}{f', {offset}' if offset else ''})"
        return f"{words.m}.diagonal({w.tensor(x)}, {offset}, {first}, {second})"

    return row


def _embedded(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (g,) = node.operands
        shape, offset = node["shape"], node["offset"]
        first, second = node["dim1"], node["dim2"]
        if len(shape) == 2 and shape[0] == shape[1] and (first, second) == (0, 1):
            return f"{words.m}.diag({w.tensor(g)}{f', {offset}' if offset else ''})"
        return f"on_diagonal({w.tensor(g)}, {w.shape(node)}, {offset}, {first}, {second})"

    return row


def _matmul(w: Lines, node: Node) -> Text:
    x, y = node.operands
    left = w(x).text if x.op is ops.MATMUL else w(x).within(POWER)
    return Text(f"{left}@{w(y).within(POWER)}", PRODUCT, matrix=True)


def _triangle(words: Words, name: str) -> Any:
    def row(w: Lines, node: Node) -> str:
        k = f", {node['diagonal']}" if node["diagonal"] else ""
        return f"{words.m}.{name}({w.tensor(node.operands[0])}{k})"

    return row


def _eye(words: Words, dtype: str) -> Any:
    def row(w: Lines, node: Any) -> str:
        size = node if isinstance(node, str) else w.dims(node, "size")[0]
        return f"{words.m}.eye({size}{dtype})"

    return row


def _helped(name: str, *statics: str) -> Any:
    """A function that stands in front of the code."""

    def row(w: Lines, node: Node) -> str:
        given = [*(w.tensor(x) for x in node.operands), *(repr(node[s]) for s in statics)]
        return f"{name}({', '.join(given)})"

    return row


def _one_hot(words: Words) -> Any:
    def row(w: Lines, node: Node) -> str:
        (size,) = w.dims(node, "size")
        return f"one_hot({w.tensor(node.operands[0])}, {size}, {node['axis']})"

    return row


def _part(name: str, part: str, *, options: str = "") -> Any:
    return lambda w, node: f"{name}({w.tensor(node.operands[0])}{options}){part}"


def _symmetric(name: str, part: str = "") -> Any:
    """A function of the symmetric part."""
    return lambda w, node: f"{name}(symmetric({w.tensor(node.operands[0])})){part}"


def _shared(words: Words) -> dict[ops.Op, Any]:
    """The rows that are the same but for words."""
    m, linalg = words.m, f"{words.m}.linalg"
    return {
        ops.PERMUTE: _permuted(words), ops.RESHAPE: _reshaped, ops.INDEX: _indexed(words),
        ops.SCATTER: _scattered(words), ops.DIAGONAL: _diagonal(words),
        ops.EMBED: _embedded(words), ops.MATMUL: _matmul, ops.OUTER: _called(f"{m}.outer"),
        ops.TRIL: _triangle(words, "tril"), ops.TRIU: _triangle(words, "triu"),
        ops.BROADCAST: lambda w, n: (
            f"{m}.broadcast_to({w.tensor(n.operands[0])}, {w.shape(n)})"
        ),
        ops.FLIP: lambda w, n: f"{m}.flip({w.tensor(n.operands[0])}, {tuple(n['axes'])})",
        ops.ROLL: lambda w, n: (
            f"{m}.roll({w.tensor(n.operands[0])}, {tuple(n['shifts'])}, {tuple(n['axes'])})"
        ),
        ops.SUM: _reduction(words, f"{m}.sum"), ops.MEAN: _reduction(words, f"{m}.mean"),
        ops.CUMSUM: _along(words, f"{m}.cumsum"), ops.CUMPROD: _along(words, f"{m}.cumprod"),
        ops.EYE: _eye(words, ""), ops.TRACE: _called(f"{m}.trace"),
        ops.DET: _called(f"{linalg}.det"), ops.INV: _called(f"{linalg}.inv"),
        ops.LOGDET: _part(f"{linalg}.slogdet", "[1]"), ops.SOLVE: _called(f"{linalg}.solve"),
        ops.COFACTOR: _called("cofactors"), ops.OTHERS: _helped("others", "axes"),
        ops.ONE_HOT: _one_hot(words), ops.CHOLESKY: _symmetric(f"{linalg}.cholesky"),
        ops.EIGENVALUES: _symmetric(f"{linalg}.eigvalsh"),
        ops.EIGENVECTORS: _symmetric(f"{linalg}.eigh", "[1]"),
        ops.LEFT: _part(f"{linalg}.svd", "[0]", options=", full_matrices=False"),
        ops.RIGHT: _part(f"{linalg}.svd", "[2]", options=", full_matrices=False"),
        ops.UNSORT: _helped("unsorted", "axis", "descending"),
        ops.REORDER: _helped("reordered", "axis", "descending"),
        ops.PEAKS["amax"]: _helped("peaks", "axes"),
        ops.PEAKS["amin"]: lambda w, n: f"peaks(-{w(n.operands[0]).within(ATOM)}, {n['axes']})",
    }  # fmt: skip


def _sorted(name: str) -> Any:
    def row(w: Lines, node: Node) -> str:
        x, axis = w.tensor(node.operands[0]), node["axis"]
        text = f"{name}.sort({x}, axis={axis})"
        return f"{name}.flip({text}, {axis})" if node["descending"] else text

    return row


def _norm(w: Lines, node: Node, m: str) -> str:
    (x,) = node.operands
    axes = node["axes"]
    if len(axes) == x.ndim:
        return f"{m}.linalg.norm({w.tensor(x)})"
    if len(axes) == 1:
        return f"{m}.linalg.norm({w.tensor(x)}, axis={axes[0]})"
    return f"{m}.sqrt({m}.sum({w(x).within(ATOM)}**2, axis={_axes(axes)}))"


def _std(m: str) -> Any:
    return lambda w, n: f"{m}.std({w.tensor(n.operands[0])}, axis={_axes(n['axes'])}, ddof=1)"


def _numpys(words: Words) -> dict[ops.Op, Any]:
    """The rows that numpy and jax share."""
    m = words.m
    return {
        ops.CONCAT: _listed(words, f"{m}.concatenate"), ops.STACK: _listed(words, f"{m}.stack"),
        ops.PROD: _reduction(words, f"{m}.prod"), ops.AMAX: _reduction(words, f"{m}.max"),
        ops.AMIN: _reduction(words, f"{m}.min"), ops.STD: _std(m),
        ops.NORM: lambda w, n: _norm(w, n, m), ops.SORT: _sorted(m),
        ops.TRIANGLE: _part(f"{m}.linalg.qr", "", options=', mode="r"'),
        ops.SINGULAR: _part(f"{m}.linalg.svd", "", options=", compute_uv=False"),
    }  # fmt: skip


def _torch_prod(w: Lines, node: Node) -> str:
    (x,) = node.operands
    text = w.tensor(x)
    if len(node["axes"]) == x.ndim:
        return f"torch.prod({text})"
    for axis in sorted(node["axes"], reverse=True):
        text = f"torch.prod({text}, dim={axis})"
    return text


NUMPY = Library(
    "numpy",
    NUMPY_SCALARS,
    {
        **_shared(NUMPY_WORDS), **_numpys(NUMPY_WORDS),
        ops.LOGSUMEXP: _helped("logsumexp", "axes"), ops.SOFTMAX: _helped("softmax", "axis"),
        ops.EXPM: _called("expm"),
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
        **_shared(TORCH_WORDS),
        ops.CONCAT: _listed(TORCH_WORDS, "torch.cat"), ops.STACK: _listed(TORCH_WORDS, "torch.stack"),
        ops.PROD: _torch_prod, ops.AMAX: _reduction(TORCH_WORDS, "torch.amax"),
        ops.AMIN: _reduction(TORCH_WORDS, "torch.amin"),
        ops.STD: _reduction(TORCH_WORDS, "torch.std", whole=False),
        ops.NORM: _reduction(TORCH_WORDS, "torch.linalg.vector_norm"),
        ops.LOGSUMEXP: _reduction(TORCH_WORDS, "torch.logsumexp", whole=False),
        ops.SOFTMAX: _along(TORCH_WORDS, "torch.softmax"),
        ops.SORT: lambda w, n: (
            f"torch.sort({w.tensor(n.operands[0])}, dim={n['axis']}"
            f"{', descending=True' if n['descending'] else ''}).values"
        ),
        ops.TRIANGLE: _part("torch.linalg.qr", ".R"), ops.LOGDET: _called("torch.logdet"),
        ops.SINGULAR: _called("torch.linalg.svdvals"), ops.EXPM: _called("torch.linalg.matrix_exp"),
        ops.EYE: _eye(TORCH_WORDS, ", dtype=torch.float64"),
        ops.OUTER: _called("torch.outer"),
    },
    lambda shape, number: f"torch.full({shape}, {number}, dtype=torch.float64)",
    lambda text: f"torch.tensor({text}, dtype=torch.float64)",
    "torch.broadcast_to",
)  # fmt: skip
JAX = Library(
    "jax",
    JAX_SCALARS,
    {
        **_shared(JAX_WORDS), **_numpys(JAX_WORDS),
        ops.LOGSUMEXP: _reduction(JAX_WORDS, "jax.nn.logsumexp"),
        ops.SOFTMAX: _along(JAX_WORDS, "jax.nn.softmax"), ops.EXPM: _called("expm"),
    },
    lambda shape, number: f"jnp.full({shape}, {number}, dtype=jnp.float64)",
    lambda text: f"jnp.array({text}, dtype=jnp.float64)",
    "jnp.broadcast_to",
)  # fmt: skip

