"""What is used of torch that it does not document: each by name, so that a version without it says
what broke."""

import inspect
import subprocess
import sys

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode


def has_code_to_replace() -> bool:
    from gradcalc.checking.handing import _APPLY, _Told

    return bool(_APPLY.__code__.co_freevars == _Told.apply.__code__.co_freevars)


def tells_storages_apart() -> bool:
    x = torch.ones(3)
    same = x[1:].untyped_storage()._cdata == x.untyped_storage()._cdata
    return same and x.clone().untyped_storage()._cdata != x.untyped_storage()._cdata


def keeps_tensors_weakly() -> bool:
    from torch.utils.weak import WeakTensorKeyDictionary

    x = torch.ones(3)
    found = WeakTensorKeyDictionary()
    found[x] = True
    return x in found and torch.ones(3) not in found


def knows_decompositions() -> bool:
    from torch._decomp import core_aten_decompositions, decomposition_table

    return bool(decomposition_table) and bool(core_aten_decompositions())


def knows_kernels() -> bool:
    key, name = "CompositeImplicitAutograd", "aten::flatten.using_ints"
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(name, key))


def knows_operations_of_python() -> bool:
    from torch._library.custom_ops import OPDEFS

    @torch.library.custom_op("gradcalc_tests::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    return bool(inspect.isfunction(OPDEFS["gradcalc_tests::twice"]._init_fn)) and twice is not None


def hands_on_by_tensors() -> bool:
    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, count, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g, None, 2 * g

    seen = []
    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    made = Pair.apply(x, 3, y)
    made.grad_fn.register_hook(lambda handed, given: seen.append((handed, given)))
    torch.autograd.grad(made.sum(), [x, y])
    ((handed, given),) = seen
    return len(handed) == 2 and float(handed[1][0]) == 2 and len(given) == 1


SURFACE = (
    has_code_to_replace, tells_storages_apart, keeps_tensors_weakly,
    knows_decompositions, knows_kernels, knows_operations_of_python, hands_on_by_tensors,
)  # fmt: skip


@pytest.mark.parametrize("surface", SURFACE, ids=lambda f: f.__name__)
def test_torch_still_has_it(surface) -> None:
    assert surface(), f"torch {torch.__version__}: {surface.__name__} is no longer so"


ONCE = """
import sys
import torch
import gradcalc
report = gradcalc.check(torch.sin, torch.ones(2, dtype=torch.float64))
print(report.verdict.outcome, [n for n in ("torch._dynamo", "torch._inductor") if n in sys.modules])
"""


@pytest.mark.skipif(
    not hasattr(TorchDispatchMode, "_should_skip_dynamo"),
    reason="this torch starts its compiler for every mode, which takes a second or two",
)
def test_recording_starts_no_compiler() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ONCE], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["verified", "[]"]
