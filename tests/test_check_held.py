"""Tensors in containers, as arguments and in what a function gives back, and leaves of others."""

import dataclasses
from collections import OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cached_property
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import gradcalc
from gradcalc.checking.held import exchanged, leaves_of
from gradcalc.errors import GradcalcError

Pair = namedtuple("Pair", "a b")


@dataclasses.dataclass
class Data:
    """What is written."""

    a: Any
    b: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """What is not."""

    a: Any
    b: Any


class Listed(list[Any]):
    """A list of a class of its own."""


class Locked(Mapping[str, Any]):
    """A mapping that nobody writes into."""

    def __init__(self, **parts: Any) -> None:
        self._parts = parts

    def __getitem__(self, key: str) -> Any:
        return self._parts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


class Cubed(torch.autograd.Function):
    """A square whose backward is that of something else."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """x²."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        """3x, and 2x is right."""
        return 3 * ctx.saved_tensors[0] * slopes[0]


HOLDING: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], tuple[Any, Any]]]] = {
    "list": (lambda a, b: [a, b], lambda p: (p[0], p[1])),
    "tuple": (lambda a, b: (a, b), lambda p: (p[0], p[1])),
    "dict": (lambda a, b: {"a": a, "b": b}, lambda p: (p["a"], p["b"])),
    "list in a dict": (lambda a, b: {"a": [a, (b,)]}, lambda p: (p["a"][0], p["a"][1][0])),
    "named tuple": (Pair, lambda p: (p.a, p.b)),
    "ordered": (lambda a, b: OrderedDict(a=a, b=b), lambda p: (p["a"], p["b"])),
    "default": (lambda a, b: defaultdict(list, a=a, b=b), lambda p: (p["a"], p["b"])),
    "own list": (lambda a, b: Listed([a, b]), lambda p: (p[0], p[1])),
    "user's list": (lambda a, b: UserList([a, b]), lambda p: (p[0], p[1])),
    "user's dict": (lambda a, b: UserDict(a=a, b=b), lambda p: (p["a"], p["b"])),
    "queue": (lambda a, b: deque([a, b]), lambda p: (p[0], p[1])),
    "view": (lambda a, b: MappingProxyType({"a": a, "b": b}), lambda p: (p["a"], p["b"])),
    "dataclass": (Data, lambda p: (p.a, p.b)),
    "frozen dataclass": (Frozen, lambda p: (p.a, p.b)),
    "torch's own": (lambda a, b: torch.return_types.max((a, b)), lambda p: (p.values, p.indices)),
}
"""How two tensors are held, and how a function takes them."""


def numbers(*values: float, **more: Any) -> torch.Tensor:
    """A vector of 64 bits."""
    return torch.tensor(values, dtype=torch.float64, **more)


@pytest.mark.parametrize(("held", "taken"), HOLDING.values(), ids=HOLDING)
def test_arguments_are_differentiated_by_wherever_they_are(
    held: Callable[[Any, Any], Any], taken: Callable[[Any], tuple[Any, Any]]
) -> None:
    given = held(numbers(1, 2), numbers(3, 5))

    def product(p: Any) -> Any:
        a, b = taken(p)
        return (a * b).sum()

    found = gradcalc.check(product, given)
    assert found.verdict.outcome == "verified"
    slopes = list(found.gradient.values())
    np.testing.assert_array_equal(slopes, [[3, 5], [1, 2]])
    a, b = taken(given)
    assert not a.requires_grad
    assert not b.requires_grad


@pytest.mark.parametrize(("held", "taken"), HOLDING.values(), ids=HOLDING)
def test_a_wrong_backward_is_seen_wherever_it_goes(
    held: Callable[[Any, Any], Any], taken: Callable[[Any], tuple[Any, Any]]
) -> None:
    def first(p: Any) -> Any:
        a, b = taken(p)
        return Cubed.apply(a) + b

    def given_back(x: Any) -> Any:
        return held(2 * x, Cubed.apply(x))

    for call in ((first, held(numbers(1, 2), numbers(3, 5))), (given_back, numbers(1, 2))):
        found = gradcalc.check(*call)
        assert found.verdict.outcome == "wrong"
        assert "the backward of Cubed is wrong" in found.findings[0].message


def test_what_nobody_sees_into_is_told() -> None:
    found = gradcalc.check(lambda x: {"loss": 2 * x, "more": SimpleNamespace(a=x)}, numbers(1, 2))
    assert found.verdict.outcome == "verified"
    (told,) = found.findings
    assert told.message == (
        "what f gives back['more'] is of type SimpleNamespace: nothing in it is judged"
    )
    for plain in (None, "text", 2, True, torch.float32, Pair, np.ones(2), numbers(1)):
        assert gradcalc.check(lambda x, p=plain: (2 * x, p), numbers(1)).findings == ()


def test_one_list_in_two_places_stays_one() -> None:
    """What is written into the one is in the other."""
    shared = [numbers(2)]

    def written(a: Any, b: Any) -> Any:
        assert a is b
        return (a[0] * b[0]).sum()

    assert gradcalc.check(written, shared, shared).gradient["a[0]"] == 4
    (first, second), named = exchanged([shared, (shared,)], {"c": shared}, lambda t: t)
    assert first is second[0] is named["c"]
    assert first is not shared


def test_a_list_that_is_there_many_times_is_gone_through_once() -> None:
    deep: Any = [numbers(2)]
    for _ in range(45):
        deep = [deep, deep]
    found = gradcalc.check(lambda x, p: x * p[0][0].__len__(), numbers(3), deep)
    assert found.verdict.outcome == "verified"


class Store(MutableMapping[str, Any]):
    """A mapping whose copies share what they hold."""

    def __init__(self, **parts: Any) -> None:
        self._parts = parts

    def __getitem__(self, key: str) -> Any:
        return self._parts[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._parts[key] = value

    def __delitem__(self, key: str) -> None:
        del self._parts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


class Itself(dict[str, Any]):
    """What is its own copy."""

    def __copy__(self) -> "Itself":
        return self


class Raising(dict[str, Any]):
    """What cannot be written into."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise KeyError(key)


class Deaf(dict[str, Any]):
    """What takes nothing in."""

    def __setitem__(self, key: str, value: Any) -> None:
        pass


class Two(tuple[Any, ...]):
    """A tuple that is made otherwise."""

    def __new__(cls, a: Any, b: Any) -> "Two":
        return super().__new__(cls, (a, b))


FIXED = {
    "locked": Locked, "copies share": Store, "its own copy": Itself, "raises": Raising,
    "takes nothing": Deaf,
}  # fmt: skip


@pytest.mark.parametrize("kind", FIXED.values(), ids=FIXED)
def test_what_cannot_be_made_anew_is_refused_and_stays_what_it_is(kind: Any) -> None:
    a = numbers(1, 2)
    given = kind(a=a)
    with pytest.raises(GradcalcError, match=f"of type {kind.__name__} cannot be exchanged"):
        gradcalc.check(lambda p: p["a"].sum(), given)
    assert given["a"] is a
    # without a tensor it is nobody's to exchange
    found = gradcalc.check(lambda x, p: x * p["a"], numbers(1, 2), kind(a=2.0))
    assert found.verdict.outcome == "verified"


def test_tuples_of_other_classes() -> None:
    with pytest.raises(GradcalcError, match="of type Two cannot be exchanged"):
        gradcalc.check(lambda p: p[0] * p[1], Two(numbers(1), 2))
    assert gradcalc.check(lambda x, p: x * p[1], numbers(1), Two(1, 2)).verdict.exit_code == 0

    class Marked(Pair):
        pass

    given = Marked(numbers(1, 2), 2)
    given.extra = "k"  # type: ignore[attr-defined]
    found = gradcalc.check(lambda p: (p.a * p.b * len(p.extra)).sum(), given)
    assert found.verdict.outcome == "verified"


class Off(torch.autograd.Function):
    """A square whose backward is a little off, which bfloat16 does not show."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """x²."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        """2.004x, and 2x is right."""
        return 2.004 * ctx.saved_tensors[0] * slopes[0]


def test_one_tensor_in_two_places_is_one_in_more_digits_too() -> None:
    x, y = (torch.tensor(v, dtype=torch.bfloat16) for v in ([1.25, 2.5], [3.0, 5.0]))

    def product(a: Any, b: Any) -> Any:
        return (a * Off.apply(b)).sum()

    for call, options in (
        ((product, x, y), {}), ((product, x, x), {}), ((lambda p: product(*p), [x, x]), {}),
        ((product, y, x), {"leaves": {"w": x}}), ((product, y, x), {"leaves": {"a": x}}),
        ((product, y, x), {"leaves": [x]}),
    ):  # fmt: skip
        assert gradcalc.check(*call, **options).verdict.outcome == "wrong"


def test_leaves_without_names_get_free_ones() -> None:
    other = numbers(7, 8, requires_grad=True)
    found = gradcalc.check(
        lambda leaf1: (leaf1 * OUTSIDE * other).sum(), numbers(1, 2),
        leaves=["leaf1", OUTSIDE, other],
    )  # fmt: skip
    assert [*found.gradient] == ["leaf1", "leaf0", "leaf2"]
    assert found.verdict.outcome == "verified"


def test_as_many_cotangents_as_outputs() -> None:
    with pytest.raises(GradcalcError, match="the cotangent has 1 parts, the output of f 2"):
        gradcalc.check(lambda x: (x * 2, x * 3), numbers(1, 2), cotangent=(np.ones(2),))


def test_a_class_holds_nothing_and_a_field_may_be_empty() -> None:
    @dataclasses.dataclass(slots=True)
    class Partly:
        a: Any
        b: Any = dataclasses.field(init=False)

    for given in (Data, Partly):
        found = gradcalc.check(lambda x, kind: (x * x, kind), numbers(1, 2), given)
        assert [*found.gradient] == ["x"]
        assert found.findings == ()
    assert [*gradcalc.check(lambda p: p.a * 2, Partly(numbers(1))).gradient] == ["p.a"]


def test_names_are_of_places() -> None:
    a, b = numbers(1), numbers(2)
    given = {"k": [Data(a, Pair(b, 1))], 2: deque([None])}
    assert dict(leaves_of(given, "p")) == {
        "p['k'][0].a": a, "p['k'][0].b[0]": b, "p['k'][0].b[1]": 1, "p[2][0]": None,
    }  # fmt: skip


@pytest.mark.parametrize("chosen", ["p", "p.b", ["p.b[0]"]])
def test_leaves_are_named_by_their_places(chosen: Any) -> None:
    given = Data(2.0, [numbers(3, 5)])
    found = gradcalc.check(lambda p: (p.a * p.b[0]).sum(), given, leaves=chosen)
    np.testing.assert_array_equal(found.gradient["p.b[0]"], [2, 2])


def test_leaves_are_named_by_a_part_of_a_module() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)).double()
    found = gradcalc.check(net, numbers(1, 2), leaves="1")
    assert [*found.gradient] == ["1.weight", "1.bias"]


OUTSIDE = numbers(3, 5, requires_grad=True)
PLAIN = numbers(3, 5)

REFUSED: dict[str, tuple[Any, str]] = {
    "without a gradient": ([PLAIN], "leaf0 does not require a gradient"),
    "without a gradient, by name": ({"w": PLAIN}, "w does not require a gradient"),
    "computed": ({"w": OUTSIDE * 1}, "w is computed from other tensors"),
    "a part": ([OUTSIDE[:1]], "leaf0 is computed from other tensors"),
    "whole numbers": ({"w": torch.tensor([1, 2])}, "w is of int64"),
    "nested": (
        {"w": torch.nested.nested_tensor([[1.0], [2.0, 3.0]], layout=torch.jagged)},
        "w is a nested tensor",
    ),
}


@pytest.mark.parametrize(("leaves", "said"), REFUSED.values(), ids=REFUSED)
def test_leaves_that_have_no_gradient_are_refused(leaves: Any, said: str) -> None:
    with pytest.raises(GradcalcError, match=said):
        gradcalc.check(lambda x: (x * OUTSIDE * PLAIN).sum(), numbers(1, 2), leaves=leaves)


def test_a_frozen_parameter_is_no_leaf() -> None:
    layer = torch.nn.Linear(2, 1, dtype=torch.float64)
    layer.weight.requires_grad_(False)
    with pytest.raises(GradcalcError, match="weight does not require a gradient"):
        gradcalc.check(layer, numbers(1, 2), leaves=["weight"])


def test_leaves_beside_the_arguments() -> None:
    for leaves, name in (([OUTSIDE], "leaf0"), ({"w": OUTSIDE}, "w")):
        found = gradcalc.check(lambda x: (x * OUTSIDE).sum(), numbers(1, 2), leaves=leaves)
        assert found.verdict.outcome == "verified"
        np.testing.assert_array_equal(found.gradient[name], [1, 2])


def test_what_comes_in_another_way_too_stays_what_it_is_and_that_is_said() -> None:
    x = numbers(1, 2, requires_grad=True)

    class Keeping:
        def __init__(self) -> None:
            self.kept = x

        def __call__(self, given: Any) -> Any:
            return (given * self.kept).sum()

    for asked in (
        lambda: gradcalc.check(lambda a, o: (a * o.kept).sum(), x, Keeping()),
        lambda: gradcalc.check(lambda a: (a * x).sum(), x),
        lambda: gradcalc.check(Keeping(), x),
    ):
        found = asked()
        assert found.verdict.outcome == "verified"
        np.testing.assert_array_equal([*found.gradient.values()], [[1, 2]])
        assert "comes here in another way than as the argument" in found.findings[0].message
    for plain in (lambda a: (a * a.data).sum(), lambda a: (a[:1] * OUTSIDE * a.detach()).sum()):
        assert not any(f.kind == "aliased" for f in gradcalc.check(plain, x).findings)


def test_what_was_made_of_an_argument_before_is_told() -> None:
    x = numbers(1, 2, requires_grad=True)
    before = (x * 2).exp()

    @dataclasses.dataclass
    class Cached:
        a: Any

        def __post_init__(self) -> None:
            self.twice = self.a * 2

        @cached_property
        def square(self) -> Any:
            """Of what it has now."""
            return self.a * self.a

    for asked in (
        lambda: gradcalc.check(lambda a: (a * before).sum(), x),
        lambda: gradcalc.check(lambda p: (p.a * p.twice).sum(), Cached(x)),
    ):
        found = asked()
        assert found.verdict.outcome == "verified"
        assert "comes here in another way than as the argument" in found.findings[0].message
    given = Cached(numbers(1, 2))
    assert given.square[0] == 1
    found = gradcalc.check(lambda p: p.square.sum(), given)
    assert found.verdict.outcome == "verified"
    np.testing.assert_array_equal(found.gradient["p.a"], [2, 4])


def test_an_argument_that_is_a_parameter_is_refused() -> None:
    layer = torch.nn.Linear(2, 2, dtype=torch.float64)
    with pytest.raises(GradcalcError, match="an argument is the parameter weight itself"):
        gradcalc.check(layer, layer.weight)
    assert gradcalc.check(layer, layer.weight.detach().clone()).verdict.outcome == "verified"
