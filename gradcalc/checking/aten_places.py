"""Operations that read or write elements by their places, and sequences of several lengths."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from gradcalc.checking.lines import NoRow
from gradcalc.checking.listing import Row, Writer
from gradcalc.checking.trace import Data, Use, View, contiguous

Given = Mapping[str, Any]


def _index(writer: Writer, given: Given) -> str:
    parts = [":" if i is None else _position(writer, i) for i in given["indices"]]
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
    joined = {**start, "prod": "{}*{}"}.get(str(name))
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


def _masked_index(writer: Writer, given: Given) -> str:
    """Out of the mask the positions may lie anywhere, and what is there is `fill`."""
    mask = writer.numbers(given["mask"])
    source = given["self"]
    indices = [None if i is None else writer.numbers(i) for i in given["indices"]]
    told = np.broadcast_shapes(mask.shape, *(i.shape for i in indices if i is not None))
    clipped = [
        None if i is None else np.where(np.broadcast_to(mask, told), np.broadcast_to(i, told), 0)
        for i in indices
    ]
    parts = [":" if i is None else writer.constant(i) for i in clipped]
    found = f"{writer.text(source)}[{', '.join(parts)}]"
    where = writer.constant(mask)
    return f"torch.where({where}, {found}, {given['fill']})"


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


PLACES: Mapping[str, Row] = {
    "index": _index,
    "_unsafe_index": _index,
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "index_copy": _index_copy,
    "as_strided_scatter": _strided_scatter,
    "_unsafe_masked_index_put_accumulate": _masked_put,
    "_unsafe_masked_index": _masked_index,
    "max_unpool2d": _unpooled(2),
    "max_unpool3d": _unpooled(3),
    "_embedding_bag": _embedding_bag,
    "embedding": _embedding,
    "_pack_padded_sequence": _packed,
    "segment_reduce": _segments,
    "roll": _roll,
}
"""Rows by the name of the operation."""
