"""How torch runs while a function is recorded: in operations that can be seen."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def plain_kernels() -> Iterator[None]:
    """torch without fused kernels and compiler, so that the insides of layers are seen."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.backends.mkldnn.flags(enabled=False), _attention(), _uncompiled():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Compiled functions as they were written: the compiler would compile the recorder."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    stance = getattr(torch.compiler, "set_stance", None)
    # before torch 2.6 there is none
    plain = torch._dynamo.config.patch(disable=True) if stance is None else stance("force_eager")
    with plain:
        yield


@contextmanager
def _attention() -> Iterator[None]:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(SDPBackend.MATH):
        yield
