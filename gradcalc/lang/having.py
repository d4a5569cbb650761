"""Which attributes tensors, numbers and containers have, whatever a program would be given.

What a value may be is told by examples, of which Python itself is asked. Of torch's tensors, which
are not at hand here, is known what they have and what people ask for to tell them from others.
"""

from typing import Any

from gradcalc.errors import UnsupportedError, brief
from gradcalc.lang import casts
from gradcalc.lang.machine import Machine
from gradcalc.lang.program import TORCH
from gradcalc.lang.types import Array, Tensor, examples

OF_TORCH = frozenset(
    """
    T __abs__ __array__ __contains__ __dict__ __float__ __getitem__ __int__ __iter__ __len__
    __setitem__ backward data device dim dtype grad grad_fn is_cuda is_leaf item itemsize layout
    nbytes ndim ndimension new_tensor numel real register_hook requires_grad requires_grad_
    retain_grad shape size storage stride to_sparse
    """.split()  # noqa: SIM905
)
"""What torch's tensors have, beside the methods that are known here."""

NOT_OF_TORCH = frozenset(
    """
    __array_function__ __array_interface__ __array_ufunc__ __call__ __name__ append asnumpy astype
    astuple base block_until_ready columns compute conjugate copy flags flat forward get iloc
    is_integer items join keys parameters pop sample sparse strides to_device to_numpy toarray
    tobytes todense tofile weight
    """.split()  # noqa: SIM905
)
"""What torch's tensors have not."""


def has(machine: Machine, value: Any, name: str) -> bool:
    """Whether a value that is no object of the program's has an attribute.

    Raises `UnsupportedError` where that is not known, or hangs on how the program would be called.
    """
    found = {_has(example, name) for example in examples(machine, value, "")}
    if len(found) == 1 and None not in found:
        return bool(found.pop())
    raise UnsupportedError(
        f"whether {machine.describe(value)} has {brief(name)} is not known here",
        hint="leave the question out",
    )


def _has(example: Any, name: str) -> bool | None:
    if isinstance(example, Tensor):
        return _torch_has(name)
    if isinstance(example, Array):
        # jax's arrays have more behind a dot than is known here
        return True if name in ("shape", "ndim", "dtype", "size", "T", "__len__") else None
    return hasattr(example, name)


def _torch_has(name: str) -> bool | None:
    # imported where it is used: the methods are made of all functions of the language
    from gradcalc.lang.dialects.catalogue import METHODS

    if name in OF_TORCH or name in METHODS[TORCH]:
        return True
    if name in NOT_OF_TORCH:
        return False
    return True if name in casts.CASTS and name != "astype" else None
