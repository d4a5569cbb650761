"""Operations whose place in the language hangs on their arguments."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from gradcalc.checking.listing import NoRow, Row, Writer
from gradcalc.checking.trace import Data, Use, View, contiguous

Given = Mapping[str, Any]

NORMS = ("backward", "ortho", "forward")
"""How a transform is scaled, by torch's number for one that goes forward."""


def _index(writer: Writer, given: Given) -> str:
    parts = [":" if i is None else _position(writer, i) for i in given["indices"]]
    behind = len(given["self"].shape) - len(parts)
    del behind
    return f"{writer.text(given['self'])}[{', '.join(parts)}]"


def _position(writer: Writer, index: Use | Data) -> str:
    if isinstance(index, Use):
        return writer.text(index)
    if index.numbers.shape == ():
        return writer.bind(f"torch.tensor({index.numbers.item()})")
    return writer.constant(index.numbers, index.dtype)


def _index_put(writer: Writer, given: Given) -> str:
    if any(i is None for i in given["indices"]):
        return _put_flat(writer, given)
    indices = [_position(writer, i) for i in given["indices"]]
    told = f"({', '.join(map(str, indices))},)"
    added = given.get("accumulate", False)
    values = writer.text(given["values"])
    if not values[0].isalpha():
        values = writer.bind(f"torch.tensor({values})")
    return f"torch.index_put({writer.text(given['self'])}, {told}, {values}, {added})"


def _put_flat(writer: Writer, given: Given) -> str:
    """A write at some axes alone, as one at places in a row of all elements."""
    shape = given["self"].shape
    indices = [slice(None) if i is None else writer.numbers(i) for i in given["indices"]]
    places = np.arange(int(np.prod(shape))).reshape(shape)[tuple(indices)]
    values = f"torch.broadcast_to({writer.text(given['values'])}, {list(places.shape)})"
    return _put(writer, given["self"], places, values, given.get("accumulate", False))


def _put(writer: Writer, into: Use | Data, places: Any, values: str, added: bool = False) -> str:
    flat = writer.bind(f"torch.reshape({writer.text(into)}, [-1])")
    row = writer.bind(f"torch.reshape({values}, [{places.size}])")
    told = writer.constant(places.reshape(-1))
    written = f"torch.index_put({flat}, ({told},), {row}, {added})"
    return f"torch.reshape({written}, {list(into.shape)})"


def _index_copy(writer: Writer, given: Given) -> str:
    """Parts along an axis put in the place of others."""
    into, dim = given["self"], given["dim"]
    shape = into.shape
    along = np.ravel(writer.numbers(given["index"]))
    places = np.take(np.arange(int(np.prod(shape))).reshape(shape), along, dim)
    return _put(writer, into, places, writer.text(given["source"]))


def _strided_scatter(writer: Writer, given: Given) -> str:
    into, offset = given["self"], given.get("storage_offset") or 0
    whole = View(0, 0, tuple(into.shape), contiguous(into.shape), into.dtype)
    if isinstance(into, Use) and replace(into.view, storage=0, flipped="") != whole:
        raise NoRow("as_strided_scatter into what is not contiguous")
    part = View(0, offset, tuple(given["size"]), tuple(given["stride"]), into.dtype)
    return _put(writer, into, part.positions(), writer.text(given["src"]))


def _masked_put(writer: Writer, given: Given) -> str:
    """A write where the mask is true."""
    into, mask = given["self"], writer.numbers(given["mask"])
    indices = [None if i is None else writer.numbers(i) for i in given["indices"]]
    told = np.broadcast_shapes(mask.shape, *(i.shape for i in indices if i is not None))
    mask = np.broadcast_to(mask, told)
    where = [
        slice(None) if i is None else np.where(mask, np.broadcast_to(i, told), 0) for i in indices
    ]
    if any(i is None for i in indices) or len(indices) != len(into.shape):
        raise NoRow("a masked write at some axes alone")
    places = np.arange(int(np.prod(into.shape))).reshape(into.shape)[tuple(where)]
    values = f"torch.broadcast_to({writer.text(given['values'])}, {list(told)})"
    chosen = f"torch.where({writer.constant(mask)}, {values}, 0.0)"
    return _put(writer, into, places, chosen, True)


def _embedding(writer: Writer, given: Given) -> str:
    """The vector of the padding is one that no gradient goes to."""
    indices, padding = given["indices"], given.get("padding_idx", -1)
    weight = writer.text(given["weight"])
    picked = f"{weight}[{_position(writer, indices)}]"
    numbers = writer.numbers(indices)
    if padding is None or padding < 0 or not np.any(numbers == padding):
        return picked
    name = writer.bind(picked)
    mask = writer.constant((numbers == padding)[..., None])
    return f"torch.where({mask}, {name}.detach(), {name})"


def _layer_norm(writer: Writer, given: Given) -> list[str | None]:
    text, shape = writer.text(given["input"]), list(given["normalized_shape"])
    affine = f"{writer.text(given['weight'])}, {writer.text(given['bias'])}"
    made = f"torch.nn.functional.layer_norm({text}, {shape}, {affine}, {given['eps']})"
    return [made, *_moments(writer, text, [-k - 1 for k in range(len(shape))], given["eps"], True)]


def _moments(writer: Writer, text: str, dims: list[int], eps: float, kept: bool) -> list[str]:
    """The mean of a layer that normalizes, and one over the deviation."""
    # an unused line costs as much as a used one
    wanted = any(
        made is not None and made.view.storage in writer.wanted for made in writer.results[1:]
    )
    if not wanted:
        return [None, None]
    variance = f"torch.var({text}, {dims}, correction=0, keepdim={kept})"
    return [f"torch.mean({text}, {dims}, keepdim={kept})", f"1/torch.sqrt({variance} + {eps})"]


SPREAD = 500.0
"""Numbers beyond it are more than exponentials are worked out of."""


def _shifted(writer: Writer, use: Use | Data, dims: Any) -> tuple[str, Any]:
    """A text of what softmax and the like are taken of, and what was taken off so that it is near
    0, None where it is."""
    text = writer.text(use)
    numbers = use.numbers if isinstance(use, Data) else writer.seen(text.removesuffix(".detach()"))
    if numbers is None or numbers.dtype.kind != "f" or not numbers.size:
        return text, None
    axes = tuple(dims) if isinstance(dims, list | tuple) else dims
    axes = None if axes == () or not numbers.shape else axes
    top = np.max(numbers.astype(np.float64), axes, keepdims=True)
    if not np.all(np.isfinite(top)) or np.max(np.abs(top)) <= SPREAD:
        return text, None
    return writer.bind(f"{text} - {writer.constant(top)}"), top


def _softmax(name: str) -> Row:
    def row(writer: Writer, given: Given) -> str:
        text, _ = _shifted(writer, given["self"], given["dim"])
        return f"torch.{name}({text}, {given['dim']})"

    return row


def _safe_softmax(writer: Writer, given: Given) -> str:
    """Rows of nothing but -inf have no weights at all."""
    text, dim, made = writer.text(given["self"]), given["dim"], writer.results[0]
    assert made is not None
    empty = np.sum(made.numbers, dim, keepdims=True) == 0
    if not np.any(empty):
        return _softmax("softmax")(writer, given)
    mask = writer.constant(np.broadcast_to(empty, made.numbers.shape))
    return f"torch.where({mask}, 0.0, torch.softmax(torch.where({mask}, 0.0, {text}), {dim}))"


def _logsumexp(writer: Writer, given: Given) -> str:
    dims, kept = given["dim"], given.get("keepdim", False)
    text, top = _shifted(writer, given["self"], dims)
    found = f"torch.logsumexp({text}, {writer.text(dims)}, keepdim={kept})"
    made = writer.results[0]
    if top is None or made is None:
        return found
    return f"{found} + {writer.constant(top.reshape(made.numbers.shape))}"


def _least_squares(writer: Writer, given: Given) -> list[str | None]:
    made = f"torch.linalg.lstsq({writer.text(given['self'])}, {writer.text(given['b'])})"
    rows, columns = given["self"].shape[-2:]
    return [f"{made}[0]", f"{made}[1]" if rows > columns else None, None, None]


def _rrelu(writer: Writer, given: Given) -> str:
    """Slopes that were drawn, in training, and one in the middle out of it."""
    text, slope = (
        writer.text(given["self"]),
        (given.get("lower", 1 / 8) + given.get("upper", 1 / 3)) / 2,
    )
    if given.get("training", False):
        slope = writer.text(given["noise"])
    return f"torch.where({text} > 0, {text}, {slope}*{text})"


def _frexp(writer: Writer, given: Given) -> list[str | None]:
    made, exponent = writer.results[0], writer.results[1]
    assert made is not None
    assert exponent is not None
    if np.any(np.abs(made.numbers) == 0.5):
        raise NoRow("frexp of a power of two, where it jumps")
    scale = writer.constant(2.0 ** -exponent.numbers.astype(np.float64))
    return [f"{writer.text(given['self'])}*{scale}", writer.constant(exponent.numbers)]


def _dropout(writer: Writer, given: Given) -> list[str | None]:
    kept = writer.results[1]
    assert kept is not None
    scale = 1.0 / (1.0 - given["p"]) if given.get("train") and given["p"] < 1 else 1.0
    mask = writer.constant(kept.numbers * scale)
    return [f"{writer.text(given['input'])}*{mask}", None]


def _packed(writer: Writer, given: Given) -> list[str | None]:
    """The steps of sequences of which fewer and fewer last."""
    sizes = writer.results[1]
    assert sizes is not None
    text, first = writer.text(given["input"]), given["batch_first"]
    parts = [
        f"{text}[:{size}, {step}]" if first else f"{text}[{step}, :{size}]"
        for step, size in enumerate(sizes.numbers.tolist())
    ]
    return [f"torch.cat([{', '.join(parts)}])", None]


def _segments(writer: Writer, given: Given) -> str:
    """Reductions of parts of the first axis, one after the other."""
    lengths, offsets = given.get("lengths"), given.get("offsets")
    told = lengths if offsets is None else offsets
    numbers = None if told is None else writer.numbers(told)
    if numbers is None or numbers.ndim != 1 or given.get("axis", 0) != 0:
        raise NoRow("segment_reduce along another axis than the first")
    ends = np.concatenate([[0], np.cumsum(numbers)]) if offsets is None else numbers
    name = {"max": "amax", "min": "amin"}.get(given["reduce"], given["reduce"])
    text, made, initial = writer.text(given["data"]), writer.results[0], given.get("initial")
    assert made is not None
    start = {"sum": "{} + {}", "amax": "torch.clamp({}, min={})", "amin": "torch.clamp({}, max={})"}
    joined = {**start, "prod": "{}*{}"}.get(name)
    if initial is not None and joined is None:
        raise NoRow("a mean of segments that starts from a number")
    parts = []
    for row, (first, last) in enumerate(pairwise(ends.tolist())):
        empty = writer.constant(made.numbers[row])
        reduced = f"torch.{name}({text}[{first}:{last}], 0)"
        if initial is not None and joined is not None:
            reduced = joined.format(reduced, writer.text(float(initial)))
        if last == first:
            reduced = f"torch.zeros({list(made.numbers.shape[1:])}) + {empty}"
        parts.append(reduced)
    return f"torch.stack([{', '.join(parts)}])"


def _product(name: str, first: str, second: str) -> Row:
    """A product of matrices; of complex ones by that of their parts, which is known."""

    def row(writer: Writer, given: Given) -> str:
        a, b = writer.text(given[first]), writer.text(given[second])
        pair = [given[first].dtype.startswith("complex"), given[second].dtype.startswith("complex")]
        if not any(pair):
            return f"torch.{name}({a}, {b})"
        parts = [
            (f"torch.real({t})", f"torch.imag({t})") if c else (t, None)
            for t, c in zip((a, b), pair, strict=True)
        ]
        (ar, ai), (br, bi) = parts
        real = f"torch.{name}({ar}, {br})" + (f" - torch.{name}({ai}, {bi})" if ai and bi else "")
        across = [f"torch.{name}({x}, {y})" for x, y in ((ar, bi), (ai, br)) if x and y]
        return f"torch.complex({real}, {' + '.join(across)})"

    return row


def _convolution(writer: Writer, given: Given) -> str:
    rank = len(given["weight"].shape) - 2
    name = f"conv{'_transpose' if given['transposed'] else ''}{rank}d"
    arguments = [
        writer.text(given["input"]), writer.text(given["weight"]), writer.text(given["bias"]),
        f"stride={given['stride']}", f"padding={given['padding']}",
        f"dilation={given['dilation']}", f"groups={given['groups']}",
    ]  # fmt: skip
    if given["transposed"]:
        arguments.append(f"output_padding={given['output_padding']}")
    return f"torch.nn.functional.{name}({', '.join(arguments)})"


def _batch_norm(writer: Writer, given: Given) -> list[str | None]:
    training = given.get("training", True)
    # the averages of what came before are what they were, whoever writes into them
    statistics = ("None", "None")
    if not training:
        statistics = writer.text(given["running_mean"]), writer.text(given["running_var"])
    text = (
        f"torch.nn.functional.batch_norm({writer.text(given['input'])}, {', '.join(statistics)},"
        f" {writer.text(given['weight'])}, {writer.text(given['bias'])}, {training},"
        f" {given['momentum']}, {given['eps']})"
    )
    if not training:
        return [text, None, None]
    dims = [k for k in range(len(given["input"].shape)) if k != 1]
    return [text, *_moments(writer, writer.text(given["input"]), dims, given["eps"], False)]


def _group_norm(writer: Writer, given: Given) -> list[str | None]:
    text = (
        f"torch.nn.functional.group_norm({writer.text(given['input'])}, {given['group']},"
        f" {writer.text(given['weight'])}, {writer.text(given['bias'])}, {given['eps']})"
    )
    rows = f"torch.reshape({writer.text(given['input'])}, [{given['N']}, {given['group']}, -1])"
    return [text, *_moments(writer, rows, [2], given["eps"], False)]


def _nll_loss(writer: Writer, given: Given) -> list[str | None]:
    reduction = ("none", "mean", "sum")[given["reduction"]]
    text = (
        f"torch.nn.functional.nll_loss({writer.text(given['self'])},"
        f" {writer.text(given['target'])}, {writer.text(given['weight'])},"
        f" ignore_index={given['ignore_index']}, reduction={reduction!r})"
    )
    return [text, None]


def _forward_transform(writer: Writer, given: Given) -> str:
    name = "rfftn" if given["onesided"] else "fftn"
    return _transform(writer, given, name, forward=True)


def _complex_transform(writer: Writer, given: Given) -> str:
    forward = given["forward"]
    return _transform(writer, given, "fftn" if forward else "ifftn", forward=forward)


def _backward_transform(writer: Writer, given: Given) -> str:
    sizes = [given["self"].shape[dim] for dim in given["dim"]]
    sizes[-1] = given["last_dim_size"]
    return _transform(writer, given, "irfftn", forward=False, more=f", s={sizes}")


def _transform(writer: Writer, given: Given, name: str, *, forward: bool, more: str = "") -> str:
    norm = NORMS[given["normalization"] if forward else 2 - given["normalization"]]
    text = writer.text(given["self"])
    return f"torch.fft.{name}({text}, dim={given['dim']}, norm={norm!r}{more})"


def _padded(mode: str) -> Row:
    def row(writer: Writer, given: Given) -> str:
        padding = given["padding"]
        text = writer.text(given["self"])
        # the dimensions that are padded are the last ones of a batch of channels
        missing = len(padding) // 2 + 2 - len(given["self"].shape)
        if missing == 1:
            text = f"{text}[None]"
        padded = f"torch.nn.functional.pad({text}, {padding}, mode={mode!r})"
        return f"{padded}[0]" if missing == 1 else padded

    return row


def _resized(mode: str) -> Row:
    """`scales` stand where the sizes were told by them; torch counts positions by those then."""

    def row(writer: Writer, given: Given) -> str:
        scales = [v for k, v in given.items() if k.startswith("scales")]
        size, image = given["output_size"], given["self"].shape[2:]
        options = [f"mode={mode!r}"]
        if "align_corners" in given:
            options.append(f"align_corners={given['align_corners']}")
        plain = [s is None or s == o / n for s, o, n in zip(scales, size, image, strict=False)]
        if all(plain):
            options.insert(0, f"size={size}")
        elif None not in scales:
            options.insert(0, f"scale_factor={scales}")
        else:
            raise NoRow("an interpolation by some scales")
        text = writer.text(given["self"])
        return f"torch.nn.functional.interpolate({text}, {', '.join(options)})"

    return row


def _grid_sample(writer: Writer, given: Given) -> str:
    mode = ("bilinear", "nearest", "bicubic")[given["interpolation_mode"]]
    padding = ("zeros", "border", "reflection")[given["padding_mode"]]
    return (
        f"torch.nn.functional.grid_sample({writer.text(given['input'])},"
        f" {writer.text(given['grid'])}, {mode!r}, {padding!r}, {given['align_corners']})"
    )


def _pooled(rank: int) -> Row:
    def row(writer: Writer, given: Given) -> str:
        stride = given.get("stride") or given["kernel_size"]
        return (
            f"torch.nn.functional.max_pool{rank}d({writer.text(given['self'])},"
            f" {given['kernel_size']}, {stride}, {given.get('padding', 0)},"
            f" {given.get('dilation', 1)}, {given.get('ceil_mode', False)}, return_indices=True)"
        )

    return row


def _adaptive_pooled(rank: int) -> Row:
    def row(writer: Writer, given: Given) -> str:
        text, size = writer.text(given["self"]), given["output_size"]
        return f"torch.nn.functional.adaptive_max_pool{rank}d({text}, {size}, return_indices=True)"

    return row


def _trilinear(writer: Writer, given: Given) -> str:
    factors = []
    for name, axes in (("i1", "expand1"), ("i2", "expand2"), ("i3", "expand3")):
        text = writer.text(given[name])
        for axis in given[axes]:
            text = f"torch.unsqueeze({text}, {axis})"
        factors.append(text)
    return f"torch.sum({' * '.join(factors)}, {given['sumdim']})"


def _masked_index(writer: Writer, given: Given) -> str:
    """Out of the mask the positions may lie anywhere, and what is there is `fill`."""
    mask = writer.numbers(given["mask"])
    source, shape = given["self"], given["self"].shape
    indices = [None if i is None else writer.numbers(i) for i in given["indices"]]
    told = np.broadcast_shapes(mask.shape, *(i.shape for i in indices if i is not None))
    clipped = [
        None if i is None else np.where(np.broadcast_to(mask, told), np.broadcast_to(i, told), 0)
        for i in indices
    ]
    parts = [":" if i is None else writer.constant(i) for i in clipped]
    del shape
    found = f"{writer.text(source)}[{', '.join(parts)}]"
    where = writer.constant(mask)
    return f"torch.where({where}, {found}, {given['fill']})"


def _division(writer: Writer, given: Given) -> str:
    first, second = writer.text(given["self"]), writer.text(given["other"])
    mode = given.get("rounding_mode")
    if mode is None:
        # a number below zero is no single token
        return f"torch.div({first}, {second})"
    return f"torch.div({first}, {second}, rounding_mode={mode!r})"


def _weight_norm(writer: Writer, given: Given) -> list[str | None]:
    dim, rank = given.get("dim", 0), len(given["v"].shape)
    axes = [axis for axis in range(rank) if axis != dim]
    norm = f"torch.linalg.vector_norm({writer.text(given['v'])}, 2, {axes}, keepdim=True)"
    name = writer.bind(norm)
    return [f"{writer.text(given['v'])}*({writer.text(given['g'])}/{name})", name]


def _gelu(writer: Writer, given: Given) -> str:
    mode = given.get("approximate", "none")
    return f"torch.nn.functional.gelu({writer.text(given['self'])}, approximate={mode!r})"


def _attention(writer: Writer, given: Given) -> list[str | None]:
    options = [writer.text(given[name]) for name in ("query", "key", "value")]
    options.append(f"attn_mask={writer.text(given.get('attn_mask'))}")
    options.append(f"is_causal={given.get('is_causal', False)}")
    if given.get("scale") is not None:
        options.append(f"scale={given['scale']!r}")
    text = f"torch.nn.functional.scaled_dot_product_attention({', '.join(options)})"
    return [text, None]


def _sorted(name: str) -> Row:
    def row(writer: Writer, given: Given) -> str:
        options = [writer.text(given["self"])]
        options += [
            f"{key}={writer.text(given[key])}"
            for key in ("k", "dim", "descending", "largest", "sorted", "keepdim")
            if key in given
        ]
        return f"torch.{name}({', '.join(options)})"

    return row


def _cast(writer: Writer, given: Given) -> str:
    text, dtype, was = writer.text(given["self"]), given.get("dtype"), given["self"].dtype
    if dtype is None or dtype == was:
        return f"{text}*1"
    whole = dtype.startswith(("int", "uint"))
    if dtype == "bool" or (whole and was.startswith(("float", "bfloat"))):
        return f"{text}.to(torch.{'bool' if dtype == 'bool' else 'int64'})"
    return f"{text}*1" if whole else f"{text}*1.0"


def _like(writer: Writer, text: str, position: int) -> str:
    """Vectors in the columns of a matrix, which have no sign of their own, with that they had."""
    made = writer.results[position]
    assert made is not None
    name = writer.bind(text)
    had = writer.constant(made.numbers)
    return f"{name}*torch.sign(torch.sum({name}.detach()*{had}, -2, keepdim=True))"


def _eigh(writer: Writer, given: Given) -> list[str | None]:
    matrix, side = writer.text(given["A"]), given.get("UPLO", "L")
    if not given.get("compute_v", True):
        return [f"torch.linalg.eigvalsh({matrix}, UPLO={side!r})", None]
    whole = writer.bind(f"torch.linalg.eigh({matrix}, UPLO={side!r})")
    return [f"{whole}[0]", _like(writer, f"{whole}[1]", 1)]


def _svd(writer: Writer, given: Given) -> list[str | None]:
    matrix, full = writer.text(given["A"]), given.get("full_matrices", False)
    if not given.get("compute_uv", True):
        return [None, f"torch.linalg.svdvals({matrix})", None]
    whole = writer.bind(f"torch.linalg.svd({matrix}, full_matrices={full})")
    left = _like(writer, f"{whole}[0]", 0)
    made = writer.results[2]
    assert made is not None
    name, had = writer.bind(f"{whole}[2]"), writer.constant(made.numbers)
    right = f"{name}*torch.sign(torch.sum({name}.detach()*{had}, -1, keepdim=True))"
    return [left, f"torch.linalg.svdvals({matrix})", right]


def _embedding_bag(writer: Writer, given: Given) -> list[str | None]:
    mode = ("sum", "mean", "max")[given.get("mode", 0)]
    weights = writer.text(given.get("per_sample_weights"))
    padding = given.get("padding_idx", -1)
    padded = f", padding_idx={padding}" if padding >= 0 else ""
    text = (
        f"torch.nn.functional.embedding_bag({writer.text(given['indices'])},"
        f" {writer.text(given['weight'])}, {writer.text(given['offsets'])}, mode={mode!r},"
        f" per_sample_weights={weights},"
        f" include_last_offset={given.get('include_last_offset', False)}{padded})"
    )
    return [text, None, None, None]


def _roll(writer: Writer, given: Given) -> str:
    text, shifts, dims = writer.text(given["self"]), given["shifts"], given.get("dims")
    if not dims:
        return f"torch.roll({text}, {shifts[0]})"
    return f"torch.roll({text}, {tuple(shifts)}, {tuple(dims)})"


def _unpooled(rank: int) -> Row:
    """The numbers at their places, of places that are told twice the last one."""

    def row(writer: Writer, given: Given) -> str:
        text, size = writer.text(given["self"]), list(given["output_size"])
        indices = writer.numbers(given["indices"])
        rows = [*indices.shape[: indices.ndim - rank]]
        count, cells = int(np.prod(rows)), int(np.prod(size))
        places = writer.constant(indices.reshape(count, -1))
        flat = f"torch.reshape({text}, [{count}, -1])"
        spread = f"torch.scatter(torch.zeros([{count}, {cells}]), 1, {places}, {flat})"
        return f"torch.reshape({spread}, {[*rows, *size]})"

    return row


def _embedding(writer: Writer, given: Given) -> str:
    padding = given.get("padding_idx", -1)
    if padding < 0:
        return f"{writer.text(given['weight'])}[{writer.text(given['indices'])}]"
    return (
        f"torch.nn.functional.embedding({writer.text(given['indices'])},"
        f" {writer.text(given['weight'])}, padding_idx={padding})"
    )


SPECIAL: Mapping[str, Row] = {
    "embedding": _embedding,
    "_to_copy": _cast,
    "to": _cast,
    "index_copy": _index_copy,
    "_softmax": _softmax("softmax"),
    "_log_softmax": _softmax("log_softmax"),
    "_safe_softmax": _safe_softmax,
    "logsumexp": _logsumexp,
    "frexp": _frexp,
    "linalg_lstsq": _least_squares,
    "rrelu_with_noise": _rrelu,
    "native_dropout": _dropout,
    "_pack_padded_sequence": _packed,
    "segment_reduce": _segments,
    "mm": _product("mm", "self", "mat2"),
    "bmm": _product("bmm", "self", "mat2"),
    "embedding": _embedding,
    "native_layer_norm": _layer_norm,
    "as_strided_scatter": _strided_scatter,
    "_unsafe_masked_index_put_accumulate": _masked_put,
    "_linalg_eigh": _eigh,
    "_linalg_svd": _svd,
    "_embedding_bag": _embedding_bag,
    "roll": _roll,
    "max_unpool2d": _unpooled(2),
    "max_unpool3d": _unpooled(3),
    "index": _index,
    "_unsafe_index": _index,
    "_unsafe_masked_index": _masked_index,
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "div": _division,
    "convolution": _convolution,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm,
    "_batch_norm_with_update": lambda writer, given: [*_batch_norm(writer, given), None],
    "native_group_norm": _group_norm,
    "nll_loss_forward": _nll_loss,
    "nll_loss2d_forward": _nll_loss,
    "_fft_r2c": _forward_transform,
    "_fft_c2c": _complex_transform,
    "_fft_c2r": _backward_transform,
    **{f"reflection_pad{rank}d": _padded("reflect") for rank in (1, 2, 3)},
    **{f"replication_pad{rank}d": _padded("replicate") for rank in (1, 2, 3)},
    **{f"upsample_nearest{rank}d": _resized("nearest") for rank in (1, 2, 3)},
    **{f"_upsample_nearest_exact{rank}d": _resized("nearest-exact") for rank in (1, 2, 3)},
    "upsample_linear1d": _resized("linear"),
    "upsample_bilinear2d": _resized("bilinear"),
    "upsample_bicubic2d": _resized("bicubic"),
    "upsample_trilinear3d": _resized("trilinear"),
    "grid_sampler_2d": _grid_sample,
    "grid_sampler_3d": _grid_sample,
    "max_pool2d_with_indices": _pooled(2),
    "max_pool3d_with_indices": _pooled(3),
    "adaptive_max_pool2d": _adaptive_pooled(2),
    "adaptive_max_pool3d": _adaptive_pooled(3),
    "_trilinear": _trilinear,
    "_weight_norm_interface": _weight_norm,
    "gelu": _gelu,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "sort": _sorted("sort"),
    "topk": _sorted("topk"),
}
"""Rows by the name of the operation."""
