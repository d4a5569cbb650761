"""Tensors as the check sees them: their numbers, where they lie, and what kind they are."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

SPARSE, NESTED, META = "a sparse tensor", "a nested tensor", "a tensor without numbers"
"""Kinds of tensors whose memory is not told here."""

_NUMPY = torch.Tensor.numpy


def to_array(tensor: torch.Tensor) -> Any:
    """A tensor's numbers as they are now; those of bfloat16 in float32."""
    if kind_of(tensor) in (NESTED, META):
        return np.empty(0)
    given = tensor.detach()
    if given.is_conj() or given.is_neg():
        given = given.resolve_conj().resolve_neg()
    given = given if given.layout == torch.strided else given.to_dense()
    # slopes that are 0 for good come as tensors without storage
    given = given.clone() if given._is_zerotensor() else given
    given = given.float() if given.dtype == torch.bfloat16 else given
    given = given.to(torch.complex64) if given.dtype == torch.complex32 else given
    # of what numpy has no dtype for, and of what is quantized
    given = given.dequantize() if given.is_quantized else given
    if given.is_floating_point() and given.element_size() == 1:
        given = given.float()
    return np.array(_NUMPY(given, force=True))


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """The tensors among arguments or results."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_in(part)


def is_of_floats(value: Any) -> bool:
    """Whether something is a tensor that gradients flow into, of real or complex numbers."""
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def dtype_of(tensor: torch.Tensor) -> str:
    """The dtype without its library."""
    return str(tensor.dtype).removeprefix("torch.")


def kind_of(tensor: torch.Tensor) -> str:
    """What a tensor is called that is no plain one, else nothing."""
    if tensor.is_nested:
        return NESTED
    if tensor.layout != torch.strided:
        return SPARSE
    return META if tensor.is_meta else ""


def storage_of(tensor: torch.Tensor) -> int:
    """What tells where a tensor lies; what has no memory of its own kind is a place by itself."""
    if tensor.is_nested or tensor.layout != torch.strided:
        return -id(tensor)
    return int(tensor.untyped_storage()._cdata)


def is_part(tensor: torch.Tensor) -> bool:
    """Whether more than a tensor lies where it does."""
    if kind_of(tensor):
        return False
    return tensor.untyped_storage().nbytes() != tensor.numel() * tensor.element_size()


def all_of(tensor: torch.Tensor) -> torch.Tensor:
    """All that lies where a tensor does, in one row."""
    whole = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
    with torch.no_grad():
        return whole.set_(tensor.untyped_storage())
