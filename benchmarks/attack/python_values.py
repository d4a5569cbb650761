"""Odd values and functions that one could pass from Python, each made anew when it is taken."""

import array
import asyncio
import collections
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import operator
import pathlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

Maker = Callable[[], Any]


class Refuses:
    """Is an array, and cannot be made one."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")


class Shapeless:
    """Has a shape that raises, as attributes of libraries do that are not installed."""

    @property
    def shape(self) -> Any:
        raise KeyError("shape")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ValueError("no array")


class Liar:
    """A sequence without an end, or with less than nothing."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> float:
        return 1.0


class Nameless:
    """Has no text."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Number(float):
    """A float of a class of its own."""


class Table(dict[str, Any]):
    """A dict of a class of its own."""


class Plain(enum.Enum):
    """Names that are no numbers."""

    A = 1


class Whole(enum.IntEnum):
    """Names that are numbers."""

    A = 1


Pair = collections.namedtuple("Pair", "a b")


def _held_by_itself() -> Any:
    loop: list[Any] = [1.0]
    loop.append(loop)
    return loop


def _of_itself() -> Any:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    return loop


def _nested(depth: int) -> Any:
    return functools.reduce(lambda inner, _: [inner], range(depth), 1.0)


def _shared(depth: int) -> Any:
    return functools.reduce(lambda inner, _: [inner, inner], range(depth), 1.0)


f64 = torch.float64

NUMBERS: tuple[Maker, ...] = (
    lambda: None, lambda: True, lambda: 1, lambda: 0, lambda: -1, lambda: -0.0, lambda: 1e308,
    lambda: 5e-324, lambda: float("inf"), lambda: float("nan"), lambda: 10**400, lambda: 2 + 3j,
    lambda: Number(2), lambda: Plain.A, lambda: Whole.A, lambda: decimal.Decimal("1.5"),
    lambda: decimal.Decimal("NaN"), lambda: fractions.Fraction(1, 3), lambda: datetime.datetime.min,
    lambda: [2**70, 1], lambda: [True, 2], lambda: [None], lambda: [1, "a"],
)  # fmt: skip

TEXTS: tuple[Maker, ...] = (
    lambda: "1,2", lambda: "", lambda: "@x", lambda: "@nothing.npy", lambda: b"1",
    lambda: bytearray(b"12"), lambda: "\ud800", lambda: "\0", lambda: "x" * 10**6, lambda: "cpu",
    lambda: "float32", lambda: "x", lambda: ["x", "y"], lambda: {"x": "2*x"}, lambda: {"u": "x*x"},
    lambda: ["1", "2"], lambda: pathlib.Path("x.npy"), lambda: memoryview(b"12"),
    lambda: "\x1b[31m", lambda: "٣", lambda: "1e999", lambda: "-", lambda: "=1+1", lambda: "x" * 99,
)  # fmt: skip

CONTAINERS: tuple[Maker, ...] = (
    lambda: [1, 2, 3], lambda: [[1, 2], [3]], list, lambda: [[]], lambda: (), lambda: (1, 2),
    lambda: {1, 2}, lambda: frozenset([1]), lambda: {"a": 1.0}, lambda: {"a": {"b": [1, 2]}},
    lambda: {1: 2}, lambda: {"a b": 1}, lambda: {"": 1}, lambda: Table(a=1), lambda: Pair(1, 2),
    lambda: collections.OrderedDict(a=1), lambda: collections.defaultdict(list, {"a": [1]}),
    lambda: collections.deque([1, 2]), lambda: range(3), lambda: range(10**18),
    lambda: iter([1, 2]), itertools.count, lambda: array.array("d", [1, 2]),
    lambda: types.SimpleNamespace(a=1), lambda: Liar(-1), lambda: Liar(3), lambda: Liar(10**12),
    lambda: {"x": [1, 1, 1]}, _held_by_itself, _of_itself, lambda: _nested(500),
    lambda: _shared(20), lambda: _shared(60), lambda: [np.ones(2), torch.ones(2)],
)  # fmt: skip

ARRAYS: tuple[Maker, ...] = (
    lambda: np.float32(1), lambda: np.array([1, 2, 3.0]), lambda: np.array([1, 2], dtype=object),
    lambda: np.array(["a"]), lambda: np.array([1 + 2j]), lambda: np.zeros((0, 3)),
    lambda: np.zeros((2,) * 20), lambda: np.zeros(3, dtype="M8[s]"),
    lambda: np.ma.array([1, 2], mask=[0, 1]), lambda: np.array([1, 2], dtype=">f8"),
    lambda: np.float16(2), lambda: np.longdouble(2),
    lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), lambda: np.array(5),
    lambda: np.array([True, False]), lambda: np.array([2**63], dtype=np.uint64),
    lambda: np.broadcast_to(1.0, (10**6,)), lambda: np.broadcast_to(1.0, (10**9,)),
    Refuses, Shapeless, Nameless,
)  # fmt: skip

TENSORS: tuple[Maker, ...] = (
    lambda: torch.tensor([1.0, 2.0]), lambda: torch.tensor([1.0, 2.0], requires_grad=True),
    lambda: torch.tensor([1.0, 2.0], requires_grad=True) * 2,
    lambda: torch.zeros(2, device="meta"), lambda: torch.sparse_coo_tensor([[0]], [1.0], (2,)),
    lambda: torch.tensor([1 + 2j]), lambda: torch.tensor([1, 2], dtype=torch.int8),
    lambda: torch.tensor([1.0], dtype=torch.bfloat16), lambda: torch.nn.Parameter(torch.ones(2)),
    lambda: torch.nn.Linear(2, 1), lambda: torch.tensor([1 + 1j]).conj(),
    lambda: torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]),
    lambda: torch._efficientzerotensor((2,)), lambda: torch.empty(3, 0),
    lambda: torch.tensor([[1.0, 2.0], [2.0, 5.0]], dtype=f64), lambda: torch.ones((), dtype=f64),
    lambda: torch.ones(2, 3, dtype=f64).T, lambda: torch.ones(1, dtype=f64).expand(4),
    lambda: torch.sparse_csr_tensor([0, 1], [0], [1.0]), lambda: torch.tensor(float("nan")),
)  # fmt: skip

OBJECTS: tuple[Maker, ...] = (
    lambda: lambda x: x, lambda: int, lambda: sys, object, lambda: ..., lambda: slice(1, 2),
    lambda: NotImplemented, lambda: torch.float16, lambda: torch.device("cpu"),
)  # fmt: skip

VALUES = (*NUMBERS, *TEXTS, *CONTAINERS, *ARRAYS, *TENSORS, *OBJECTS)


# -- functions for check -------------------------------------------------------------------------


class Line(torch.nn.Module):
    """A layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1, dtype=f64)

    def forward(self, x: Any) -> Any:
        """As torch's."""
        return self.layer(x)


class Square(torch.autograd.Function):
    """A square with its own backward."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """x²."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        """2x."""
        return 2 * ctx.saved_tensors[0] * slopes[0]


class Called:
    """An object that is called."""

    def __call__(self, x: Any) -> Any:
        return x * 2


def raising(x: Any) -> Any:
    """Raises."""
    raise ValueError("mine")


def named_only(x: Any, *, k: float = 2.0) -> Any:
    """Takes a keyword."""
    return x * k


def generating(x: Any) -> Iterator[Any]:
    """A generator."""
    yield x


async def awaited(x: Any) -> Any:
    """A coroutine, which is never awaited."""
    await asyncio.sleep(0)
    return x


FUNCTIONS: tuple[Any, ...] = (
    lambda x: x * x, lambda x: x.sum(), lambda: None, lambda *a: a, lambda x, y: x @ y, torch.sin,
    torch.add, torch.nn.functional.relu, Line, Square, Square.apply, Called(), raising, named_only,
    generating, awaited, functools.partial(named_only, k=3.0), operator.mul, len, print, int, "x*x",
    None, 3, np.sin, lambda x: {"a": x}, lambda x: (x, x), lambda x: None, lambda x: "a",
    lambda x: x.detach(), lambda x: x.numpy(), lambda x: float(x), lambda x: x.tolist(),
    lambda x: np.sum(x**2), torch.vmap(torch.sin), torch.func.grad(lambda x: (x**3).sum()),
    lambda x: x.to(torch.float32), lambda x: x.to("meta"), lambda x: x.requires_grad_(),
    lambda x: x.backward(), lambda x: x.mul_(2), lambda x: torch.empty(0), lambda x: x.to_sparse(),
    lambda x: x.int(), lambda x: torch.compile, lambda x: x * 1j, torch.view_as_complex,
    property(lambda s: 1), staticmethod(lambda x: x), type("A", (), {}), object(), torch.nn.ReLU(),
    torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout()), torch.nn.BatchNorm1d(3),
    torch.nn.LSTM(3, 2), torch.nn.Embedding(4, 2), torch.nn.Transformer,
    lambda x: x.register_hook(print), lambda x: torch.tensor(1.0, requires_grad=True) * 2,
    lambda x: x.squeeze().clone().fill_(1), lambda x: x[..., :1].t_(), lambda x: [x, [x, (x,)]],
)  # fmt: skip

ARGUMENTS: tuple[Maker, ...] = (
    lambda: torch.tensor([0.3, -1.2, 2.0], dtype=f64),
    lambda: torch.tensor([[0.1, 0.2, 0.3], [1.0, 2.0, 0.5]], dtype=f64, requires_grad=True),
    lambda: torch.tensor(2.0, dtype=f64), lambda: np.array([1.0, 2.0, 3.0]),
)  # fmt: skip
"""What such functions are given as a rule."""
