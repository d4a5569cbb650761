"""Layers that normalize, or thin out: batches, groups, weights, exponentials."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Use

Given = Mapping[str, Any]

SPREAD = 500.0
"""Numbers beyond it are more than exponentials are worked out of."""


def _layer_norm(writer: Writer, given: Given) -> list[str | None]:
    text, shape = writer.text(given["input"]), list(given["normalized_shape"])
    affine = f"{writer.text(given['weight'])}, {writer.text(given['bias'])}"
    made = f"torch.nn.functional.layer_norm({text}, {shape}, {affine}, {given['eps']})"
    return [made, *_moments(writer, text, [-k - 1 for k in range(len(shape))], given["eps"], True)]


def _moments(
    writer: Writer, text: str, dims: list[int], eps: float, kept: bool
) -> list[str | None]:
    """The mean of a layer that normalizes, and one over the deviation."""
    # an unused line costs as much as a used one
    wanted = any(
        made is not None and made.view.storage in writer.wanted for made in writer.results[1:]
    )
    if not wanted:
        return [None, None]
    variance = f"torch.var({text}, {dims}, correction=0, keepdim={kept})"
    return [f"torch.mean({text}, {dims}, keepdim={kept})", f"1/torch.sqrt({variance} + {eps})"]


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


def _safe_softmax(writer: Writer, given: Given) -> Any:
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


def _rrelu(writer: Writer, given: Given) -> str:
    """Slopes that were drawn, in training, and one in the middle out of it."""
    text, slope = (
        writer.text(given["self"]),
        (given.get("lower", 1 / 8) + given.get("upper", 1 / 3)) / 2,
    )
    if given.get("training", False):
        slope = writer.text(given["noise"])
    return f"torch.where({text} > 0, {text}, {slope}*{text})"


def _dropout(writer: Writer, given: Given) -> list[str | None]:
    kept = writer.results[1]
    assert kept is not None
    scale = 1.0 / (1.0 - given["p"]) if given.get("train") and given["p"] < 1 else 1.0
    mask = writer.constant(kept.numbers * scale)
    return [f"{writer.text(given['input'])}*{mask}", None]


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


def _weight_norm(writer: Writer, given: Given) -> list[str | None]:
    dim, rank = given.get("dim", 0), len(given["v"].shape)
    axes = [axis for axis in range(rank) if axis != dim]
    norm = f"torch.linalg.vector_norm({writer.text(given['v'])}, 2, {axes}, keepdim=True)"
    name = writer.bind(norm)
    return [f"{writer.text(given['v'])}*({writer.text(given['g'])}/{name})", name]


NORMALIZED: Mapping[str, Row] = {
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm,
    "_batch_norm_with_update": lambda writer, given: [*_batch_norm(writer, given), None],
    "native_group_norm": _group_norm,
    "native_layer_norm": _layer_norm,
    "_softmax": _softmax("softmax"),
    "_log_softmax": _softmax("log_softmax"),
    "_safe_softmax": _safe_softmax,
    "logsumexp": _logsumexp,
    "_weight_norm_interface": _weight_norm,
    "native_dropout": _dropout,
    "rrelu_with_noise": _rrelu,
}
"""Rows by the name of the operation."""
