"""Binary files of arrays: numpy's, torch's and safetensors'."""

import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from gradcalc.errors import InvalidValueError
from gradcalc.values.context import Array, Context, from_nested, shorten, similar

# What safetensors and numpy both know.
_NUMPY_DTYPES = frozenset(
    {"BOOL", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64", "F16", "F32", "F64"}
)


def pick(keys: Iterable[str], key: str | None, path: Path, context: Context) -> str:
    """The key that is asked for, or the only one there is; FileError lists them otherwise."""
    known = list(keys)
    listing = ", ".join(map(shorten, known[:20])) + (", ..." if len(known) > 20 else "")
    shown = shorten(path.name)
    if not known:
        raise context.empty()
    if key is None:
        if len(known) == 1:
            return known[0]
        raise context.file_error(
            f"{shown} holds several arrays: {listing}",
            f"name one of them: @{shown}:{shorten(known[0])}",
        )
    if key not in known:
        raise context.file_error(
            f"{shown} holds no {shorten(key)!r}; it holds {listing}", similar(key, known)
        )
    return key


def no_key(key: str | None, path: Path, context: Context) -> None:
    """Refuse a key for a file that holds a single array."""
    if key is not None:
        raise context.file_error(
            f"{shorten(path.name)} holds a single array, so it has no {shorten(key)!r}"
        )


def read_npy(path: Path, key: str | None, context: Context) -> Array:
    no_key(key, path, context)
    # Mapping compares the header with the size of the file before any memory is taken.
    mapped = np.lib.format.open_memmap(path, mode="r")
    context.check_shape(mapped.shape, mapped.size)
    return context.numeric(np.array(mapped))


def read_npz(path: Path, key: str | None, context: Context) -> Array:
    # numpy leaves a damaged archive open
    with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as data:
        chosen = pick(data.files, key, path, context)
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        member = chosen if chosen in sizes else f"{chosen}.npy"
        # A small file can unpack to any size, and numpy reads a header whole.
        if sizes[member] > context.limits.max_bytes:
            raise context.too_many(sizes[member] / 8)
        with archive.open(member) as file:
            if _header_size(file.read(12)) > HEADER:
                raise context.file_error(f"{shorten(path.name)} cannot be read: it is damaged")
        return context.numeric(np.asarray(data[chosen]))


HEADER = 10_000
"""The longest header of an array that numpy takes."""


def _header_size(start: bytes) -> int:
    """How long the header of an array is, by its first bytes."""
    size = start[8:10] if start[6:7] == b"\x01" else start[8:12]
    return int.from_bytes(size, "little") if start.startswith(b"\x93NUMPY") else 0


def read_torch(path: Path, key: str | None, context: Context) -> Array:
    import torch

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            # what is packed can unpack to any size
            size = sum(info.file_size for info in archive.infolist())
        if size > max(context.limits.max_bytes, path.stat().st_size):
            raise context.too_many(size / 8)
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(loaded, Mapping):
        named = {str(name): value for name, value in loaded.items()}
        loaded = named[pick(named, key, path, context)]
    else:
        no_key(key, path, context)
    if not isinstance(loaded, torch.Tensor):
        return from_nested(loaded, context)
    if loaded.is_complex():
        raise InvalidValueError(f"{context.name} holds complex numbers; real numbers are needed")
    context.check_shape(tuple(loaded.shape), loaded.numel())
    dense = loaded.detach().to_dense() if loaded.layout != torch.strided else loaded.detach()
    if not dense.is_floating_point():
        return context.numeric(np.array(dense.numpy()))
    return context.numeric(np.array(dense.to(torch.float64).numpy()))


def read_safetensors(path: Path, key: str | None, context: Context) -> Array:
    from safetensors import safe_open

    with safe_open(path, framework="np") as tensors:
        chosen = pick(tensors.keys(), key, path, context)
        view = tensors.get_slice(chosen)
        shape = tuple(view.get_shape())
        context.check_shape(shape, math.prod(shape))
        if view.get_dtype() not in _NUMPY_DTYPES:
            raise context.error(
                f"{shorten(chosen)} is stored as {view.get_dtype()}, which cannot be read here",
                "save it as float32, which holds the same numbers",
            )
        return context.numeric(np.asarray(tensors.get_tensor(chosen)))
