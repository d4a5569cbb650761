"""Operations whose place in the language hangs on their arguments."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcalc.checking.aten_draws import DRAWS
from gradcalc.checking.aten_normal import NORMALIZED
from gradcalc.checking.aten_pairs import PAIRS
from gradcalc.checking.aten_places import PLACES
from gradcalc.checking.aten_smoothed import SMOOTHED
from gradcalc.checking.aten_ways import WAYS
from gradcalc.checking.aten_whole import BITS
from gradcalc.checking.lines import NoRow, Part, Said, Text
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Numbers

Given = Mapping[str, Any]

ORDERS = 16
"""Different orders of a function that are told one by one."""

QUANTIZED = (
    "fake_quantize_per_tensor_affine_cachemask", "fake_quantize_per_channel_affine_cachemask",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    "_fake_quantize_learnable_per_tensor_affine", "_fake_quantize_learnable_per_channel_affine",
)  # fmt: skip
"""Operations that round and have the gradient of what does not."""

NORMS = ("backward", "ortho", "forward")
"""How a transform is scaled, by torch's number for one that goes forward."""


def _least_squares(writer: Writer, given: Given) -> list[str | None]:
    made = f"torch.linalg.lstsq({writer.text(given['self'])}, {writer.text(given['b'])})"
    rows, columns = given["self"].shape[-2:]
    return [f"{made}[0]", f"{made}[1]" if rows > columns else None, None, None]


def _frexp(writer: Writer, given: Given) -> list[str | None]:
    made, exponent = writer.results[0], writer.results[1]
    assert made is not None
    assert exponent is not None
    if np.any(np.abs(made.numbers) == 0.5):
        raise NoRow("frexp of a power of two, where it jumps")
    scale = writer.constant(2.0 ** -exponent.numbers.astype(np.float64))
    return [f"{writer.text(given['self'])}*{scale}", writer.constant(exponent.numbers)]


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


def _nll_loss(writer: Writer, given: Given) -> list[str | None]:
    reduction = ("none", "mean", "sum")[given["reduction"]]
    text = (
        f"torch.nn.functional.nll_loss({writer.text(given['self'])},"
        f" {writer.text(given['target'])}, {writer.text(given['weight'])},"
        f" ignore_index={given['ignore_index']}, reduction={reduction!r})"
    )
    return [text, None]


def _label_loss(writer: Writer, given: Given) -> list[str | None]:
    reduction = ("none", "mean", "sum")[given["reduction"]]
    texts = f"{writer.text(given['self'])}, {writer.text(given['target'])}"
    name = "torch.nn.functional.multilabel_margin_loss"
    return [f"{name}({texts}, reduction={reduction!r})", None]


def _incomplete(name: str) -> Row:
    """Incomplete gamma functions, which the language has of one order at a time."""

    def row(writer: Writer, given: Given) -> str:
        order, at = given["self"], given["other"]
        if not isinstance(order, Data) or len(np.unique(order.numbers)) > ORDERS:
            raise NoRow(Said(f"torch.special.{name} has no slope by its order"))
        text = f"({writer.text(at)} + {writer.constant(np.zeros(order.shape))})"
        first, *more = np.unique(order.numbers)
        found = f"torch.special.{name}(torch.tensor({float(first)!r}), {text})"
        for value in more:
            here = writer.constant(order.numbers == value)
            other = f"torch.special.{name}(torch.tensor({float(value)!r}), {text})"
            found = f"torch.where({here}, {other}, {found})"
        return found

    return row


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


def _division(writer: Writer, given: Given) -> str:
    first, second = writer.text(given["self"]), writer.text(given["other"])
    mode = given.get("rounding_mode")
    if mode is None:
        # a number below zero is no single token
        return f"torch.div({first}, {second})"
    return f"torch.div({first}, {second}, rounding_mode={mode!r})"


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


def _like(writer: Writer, text: str, had: Numbers, axis: int = -2) -> str:
    """Vectors of a matrix along an axis, which have no sign of their own, with that they had."""
    name = writer.bind(text)
    along = f"torch.sum({name}.detach()*{writer.constant(had)}, {axis}, keepdim=True)"
    return f"{name}*torch.sign({along})"


def _eigh(writer: Writer, given: Given) -> list[str | None]:
    matrix, side = writer.text(given["A"]), given.get("UPLO", "L")
    if not given.get("compute_v", True):
        return [f"torch.linalg.eigvalsh({matrix}, UPLO={side!r})", None]
    made = writer.results[1]
    assert made is not None
    whole = writer.bind(f"torch.linalg.eigh({matrix}, UPLO={side!r})")
    return [f"{whole}[0]", _like(writer, f"{whole}[1]", made.numbers)]


def _svd(writer: Writer, given: Given) -> list[Text]:
    """Of a matrix that is not square, the vectors that no singular value has are any."""
    matrix = writer.text(given["A"])
    values = f"torch.linalg.svdvals({matrix})"
    if not given.get("compute_uv", True):
        return [None, values, None]
    left, _, right = writer.results
    assert left is not None
    assert right is not None
    *batch, rows, columns = given["A"].shape
    least = min(rows, columns)
    whole = writer.bind(f"torch.linalg.svd({matrix}, full_matrices=False)")
    rest = Said("the vectors of svd that no singular value has are any")
    us = Part(f"{whole}[0]", (*batch, rows, least), rest)
    vs = Part(f"{whole}[2]", (*batch, least, columns), rest)
    us = replace(us, text=_like(writer, us.text, us.of(left.numbers)))
    vs = replace(vs, text=_like(writer, vs.text, vs.of(right.numbers), -1))
    parts = ((us, left), (vs, right))
    first, last = (p.text if p.shape == made.view.shape else p for p, made in parts)
    return [first, values, last]


def _staircase(writer: Writer, given: Given) -> str:
    raise NoRow(Said("fake_quantize rounds, and its gradient is meant to be that of a clamp"))


SPECIAL: Mapping[str, Row] = {
    **PLACES,
    **NORMALIZED,
    **PAIRS,
    **BITS,
    **SMOOTHED,
    **WAYS,
    **DRAWS,
    "_to_copy": _cast,
    "to": _cast,
    "frexp": _frexp,
    "linalg_lstsq": _least_squares,
    "_linalg_eigh": _eigh,
    "_linalg_svd": _svd,
    "div": _division,
    "convolution": _convolution,
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
    "gelu": _gelu,
    "multilabel_margin_loss_forward": _label_loss,
    "igamma": _incomplete("gammainc"),
    "special_gammainc": _incomplete("gammainc"),
    "igammac": _incomplete("gammaincc"),
    "special_gammaincc": _incomplete("gammaincc"),
    **dict.fromkeys(QUANTIZED, _staircase),
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "sort": _sorted("sort"),
    "topk": _sorted("topk"),
}
"""Rows by the name of the operation."""
