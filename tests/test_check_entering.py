"""Calls of own Functions are noticed: by the code of `apply`, and by its name where torch has it in
C."""

import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import gradcalc
from gradcalc.checking import entering
from gradcalc.errors import UnsupportedError

X = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64)


@pytest.fixture(params=["as it is", "by name"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "by name":
        monkeypatch.setattr(entering, "_WRITTEN", None)
    yield "by name" if entering._WRITTEN is None else "by code"
    assert torch.autograd.Function.__dict__["apply"] is entering._PLAIN
    assert entering._WITHIN.get() is None
    assert not entering._WATCHING
    assert "forward" not in vars(Wrong)
    assert isinstance(vars(Square)["forward"], staticmethod)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class Wrong(Square):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return x * grad


class Separate(torch.autograd.Function):
    @staticmethod
    def forward(x: Any) -> Any:
        return x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class Again(torch.autograd.Function):
    """Its backward calls its own forward."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.exp(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return Again.forward(ctx, x) * grad


class Outer(torch.autograd.Function):
    """Calls another one inside."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return Square.apply(x) + 1  # type: ignore[no-untyped-call]

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * grad


RIGHT: dict[str, Any] = {
    "a class": Square,
    "its apply": Square.apply,
    "context apart": Separate,
    "forward by itself": lambda x: Square.apply(x) + Square.forward(Square(), x.detach()),  # type: ignore[no-untyped-call]
    "a backward that calls the forward": Again,
    "inside of another": Outer,
    "inside of torch's own": lambda x: checkpoint(Square.apply, x * 1, use_reentrant=True),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name: str) -> None:
    assert gradcalc.check(RIGHT[name], X).verdict.outcome == "verified"


WRONG: dict[str, Any] = {
    "a class": Wrong,
    "its apply": Wrong.apply,
    "beside another": lambda x: Square.apply(x) * Wrong.apply(x),  # type: ignore[no-untyped-call]
    "inside of torch's own": lambda x: checkpoint(Wrong.apply, x * 1, use_reentrant=True),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_named(name: str) -> None:
    report = gradcalc.check(WRONG[name], X)
    assert report.verdict.outcome == "wrong"
    assert any("the backward of Wrong is wrong" in found.message for found in report.findings)


def test_a_function_that_stands_for_it_may_call_its_forward() -> None:
    class Silent:
        def save_for_backward(self, *kept: Any) -> None:
            pass

    report = gradcalc.check(
        lambda x: Wrong.apply(x),  # type: ignore[no-untyped-call]
        X,
        reference=lambda x: Square.forward(Silent(), x),
    )
    assert report.verdict.outcome == "wrong"


class Shared:
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x


class Mixed(Shared, torch.autograd.Function):
    """Its forward is that of a plain class."""

    backward = Wrong.backward


class Bare(torch.autograd.Function):
    """Its forward is a plain function."""

    def forward(ctx: Any, x: Any) -> Any:  # type: ignore[override]  # noqa: N805
        ctx.save_for_backward(x)  # type: ignore[attr-defined]
        return x * x

    backward = Wrong.backward


class Classed(torch.autograd.Function):
    """Its forward is a method of the class."""

    @classmethod
    def forward(cls, ctx: Any, x: Any) -> Any:  # type: ignore[override]
        ctx.save_for_backward(x)
        return x * x

    backward = Wrong.backward


class Mapped(Separate):
    generate_vmap_rule = True
    backward = Wrong.backward


def slope(function: Any) -> Any:
    """The gradient of a function's sum, in which a wrong backward hides."""

    def found(x: torch.Tensor) -> Any:
        return torch.autograd.grad(function(x).sum(), x, create_graph=True)[0]

    return found


def aside(x: torch.Tensor) -> Any:
    """A call in another thread."""
    out: list[Any] = []
    thread = threading.Thread(target=lambda: out.append(Wrong.apply(x)))  # type: ignore[no-untyped-call]
    thread.start()
    thread.join()
    return out[0]


HIDDEN: dict[str, Any] = {
    "another thread": slope(aside),
    "another context": slope(lambda x: contextvars.Context().run(Wrong.apply, x)),
    "a plain class": slope(Mixed.apply),
    "a plain function": slope(Bare.apply),
    "a method of the class": slope(Classed.apply),
    "mapped": lambda x: torch.func.vmap(torch.func.grad(Mapped.apply))(x),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_wrong_one_is_nowhere_taken_for_right(name: str) -> None:
    try:
        outcome = gradcalc.check(HIDDEN[name], X).verdict.outcome.value
    except UnsupportedError:
        outcome = "refused"
    assert outcome in ("wrong", "unresolved", "refused")


class Frozen(type(torch.autograd.Function)):  # type: ignore[misc]
    def __setattr__(cls, name: str, value: object) -> None:
        if name in ("forward", "setup_context"):
            raise AttributeError("this class is frozen")
        super().__setattr__(name, value)


def test_a_class_that_cannot_be_changed_is_left_as_it_was() -> None:
    class Own(torch.autograd.Function, metaclass=Frozen):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * 2

    method = vars(Own)["forward"]
    assert gradcalc.check(torch.sin, X).verdict.outcome == "verified"
    assert gradcalc.check(Own, X).verdict.outcome == "verified"
    assert vars(Own)["forward"] is method


def test_a_check_in_a_check_leaves_the_outer_one_watching() -> None:
    def outer(x: torch.Tensor) -> Any:
        gradcalc.check(Square, X)
        return Wrong.apply(x)  # type: ignore[no-untyped-call]

    # the outer one does not follow the tensors of the inner one
    assert gradcalc.check(outer, X).verdict.outcome in ("wrong", "unresolved")


@pytest.mark.parametrize("cls", [Square, Wrong, Separate])
def test_an_apply_that_was_taken_before_is_seen_or_refused(way: str, cls: Any) -> None:
    taken = cls.apply

    def called(x: torch.Tensor) -> Any:
        return taken(x) * 3

    if way == "by code":
        expected = "wrong" if cls is Wrong else "verified"
        assert gradcalc.check(called, X).verdict.outcome == expected
        return
    with pytest.raises(UnsupportedError, match=f"{cls.__name__} is called by an apply"):
        gradcalc.check(called, X)
