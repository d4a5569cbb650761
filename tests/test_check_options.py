"""What `gradcalc.check` is told beside the call: what is none of it is refused in a sentence."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.errors import InvalidValueError, LimitError

X = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64)

WRONG: dict[str, tuple[Any, ...]] = {
    "order": (3, 0, -1, True, 1.5, "2", None, [1], np.array([1, 2])),
    "seed": (-1, 1.5, "1", None, [1], True),
    "timeout": (0, -1, "5", float("nan"), [1.0], True),
    "strict": (1, None, "yes", np.array([True, False])),
    "reference": ("sin", 3, [torch.sin]),
    "references": ([torch.sin], {"F": 3}, 1, "F"),
    "trust": (3, [3], None, b"F"),
    "leaves": (3, [3], {"x": 3}, b"x", np.ones(3), {"x": "x0"}, {3: X}),
    "cotangent": (
        "a",
        {"x": 1},
        object(),
        (1.0, "a"),
        [[1, 2], [3]],
        len,
        [1j, 1, 1],
        (None, 1),
        [torch.tensor(1.0, requires_grad=True)] * 3,
        torch.ones(3).to_sparse(),
    ),
}
"""Options with values that they do not take."""

CASES = [(name, k) for name, values in WRONG.items() for k in range(len(values))]


@pytest.mark.parametrize(("name", "k"), CASES)
def test_what_is_no_option_is_refused(name: str, k: int) -> None:
    with pytest.raises(InvalidValueError, match=rf"^{name}=.* is not ") as caught:
        gradcalc.check(torch.sin, X, **{name: WRONG[name][k]})
    said = str(caught.value)
    assert len(said) < 200
    assert "0x" not in said


class Sine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * torch.cos(x)


def sine(x0: torch.Tensor) -> Any:
    return Sine.apply(x0)  # type: ignore[no-untyped-call]


RIGHT: dict[str, Any] = {
    "order": (1, 2, np.int64(2)),
    "seed": (0, 7, np.int64(3)),
    "timeout": (None, 60, 60.5, Fraction(90), float("inf")),
    "strict": (True, False, np.True_),
    "reference": (None, torch.sin, lambda x: x.sin()),
    "references": (
        None,
        {},
        {"Sine": torch.sin},
        {Sine: torch.sin},
        {"Sine": None},
        [("Sine", torch.sin)],
    ),
    "trust": ((), [], "Sine", ("Sine",), {"Sine"}, Sine, [Sine], (n for n in ("Sine",))),
    "leaves": (None, "x0", ["x0"], ("x0",), X, [X], {"x": X}),
    "cotangent": (None, [Fraction(1, 2)] * 3, [1, 2, 3], np.ones(3), torch.ones(3), (1, 2, 3)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_one_is_taken(name: str) -> None:
    for value in RIGHT[name]:
        assert gradcalc.check(sine, X, **{name: value}).verdict.outcome == "verified", value


def test_a_name_of_many_letters_is_one_name() -> None:
    module = torch.nn.Linear(3, 1).double()
    assert list(gradcalc.check(module, X, leaves="weight").gradient) == ["weight"]


def test_second_derivatives_are_the_last_that_are_known() -> None:
    with pytest.raises(InvalidValueError, match=r"order=3 is not 1, or 2 for second derivatives"):
        gradcalc.check(torch.sin, X, order=3)


def test_arguments_that_hold_themselves_are_refused() -> None:
    lists: list[Any] = [X]
    lists += [lists, lists]
    names: dict[str, Any] = {}
    names["a"] = names
    for loop in (lists, names):
        with pytest.raises(LimitError, match="nested more than 50 deep"):
            gradcalc.check(lambda x: X.sum(), loop)


def test_tensors_without_storage_are_numbers() -> None:
    zeros = torch._efficientzerotensor((3,), dtype=torch.float64)
    report = gradcalc.check(lambda x: (x + 1) ** 2, zeros)
    assert report.verdict.outcome == "verified"
    both = gradcalc.check(lambda x, y: x * torch.exp(y), X, zeros)
    assert both.verdict.outcome == "verified"


ITERABLES: dict[str, Any] = {
    "a generator": lambda module: {"leaves": module.parameters()},
    "values": lambda module: {"leaves": dict(module.named_parameters()).values()},
    "keys": lambda module: {"leaves": dict(module.named_parameters()).keys()},
    "a list of parameters": lambda module: {"leaves": torch.nn.ParameterList(module.parameters())},
    "names that are drawn": lambda module: {"leaves": (name for name in ("weight", "bias"))},
}


@pytest.mark.parametrize("name", ITERABLES)
def test_leaves_are_whatever_holds_them(name: str) -> None:
    module = torch.nn.Linear(3, 1).double()
    report = gradcalc.check(module, X, **ITERABLES[name](module))
    assert sorted(key.rpartition(".")[2] for key in report.gradient) == ["bias", "weight"]


def test_what_is_huge_is_not_written_out() -> None:
    for name in ("order", "seed"):
        with pytest.raises(InvalidValueError, match=name) as caught:
            gradcalc.check(torch.sin, X, **{name: -(10**5000)})
        assert len(str(caught.value)) < 100
    assert gradcalc.check(torch.sin, X, timeout=10**400).verdict.outcome == "verified"
