"""What a row says of a layer: how torch makes one, what it holds, and what it does."""

import ast
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcalc.lang.nets.drawing import Drawing

Array = NDArray[np.float64]
Given = SimpleNamespace
"""The arguments of a constructor, by name."""

Start = Callable[[Drawing, tuple[int, ...]], Array]
"""The first numbers of a parameter of those sizes."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter that a layer holds, or a buffer of it, which is data.

    `sizes` and `start` see the arguments of the constructor; `when` says whether it is there, and
    is None otherwise.
    """

    name: str
    sizes: Callable[[Given], Sequence[int]]
    start: Callable[[Given], Start]
    when: Callable[[Given], bool] = lambda given: True
    buffer: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A class of torch.nn.

    `call` are the parameters of its constructor as torch has them, each of which the layer has as
    an attribute; `forward` what it does, in the language: the names of what it takes, `:`, and an
    expression. `methods` are further ones that torch's own code calls, written alike, which a class
    made from the layer may have its own of. `prepare` changes the arguments as torch's constructor
    does, and says what is wrong with them. `weights` are in the order in which torch draws them.
    """

    name: str
    call: str
    forward: str
    weights: tuple[Weight, ...] = ()
    prepare: Callable[[Given], str | None] = lambda given: None
    methods: Mapping[str, str] = field(default_factory=dict)

    @property
    def signature(self) -> inspect.Signature:
        """How the constructor is called."""
        return signature(self.call)


@dataclass(frozen=True, slots=True)
class Composed:
    """A module of torch.nn that is made of others: `text` ends in its class, in the language.

    `taken` are the parameters of its forward that may be inputs.
    """

    name: str
    text: str
    taken: str


@dataclass(frozen=True, slots=True)
class Lazy:
    """A class of torch.nn that its first call makes another one, a size of the input being the
    first argument of that.

    `call` are the parameters of its constructor, `place` is the dimension of that size, and
    `ranks` how many dimensions an input may have, where that matters.
    """

    name: str
    becomes: Layer
    call: str
    place: int
    ranks: tuple[int, ...] = ()

    @property
    def signature(self) -> inspect.Signature:
        """How the constructor is called."""
        return signature(self.call)


Kind = Layer | Composed | Lazy
"""What the catalogue has for a class of torch.nn."""


def signature(text: str) -> inspect.Signature:
    """Parameters in Python's syntax, their defaults plain data."""
    arguments = ast.parse(f"lambda {text}: 0", mode="eval").body
    assert isinstance(arguments, ast.Lambda)
    found: list[inspect.Parameter] = []
    given = arguments.args
    first = len(given.args) - len(given.defaults)
    defaults: list[ast.expr | None] = [*[None] * first, *given.defaults, *given.kw_defaults]
    kinds: list[Any] = [inspect.Parameter.POSITIONAL_OR_KEYWORD] * len(given.args)
    kinds += [inspect.Parameter.KEYWORD_ONLY] * len(given.kwonlyargs)
    for name, kind, default in zip((*given.args, *given.kwonlyargs), kinds, defaults, strict=True):
        value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
        found.append(inspect.Parameter(name.arg, kind, default=value))
    return inspect.Signature(found)


MADE = "device=None, dtype=None"
"""What constructors take that make parameters."""

OLD = "size_average=None, reduce=None"
"""What constructors of losses took before there was `reduction`."""


def even(bound: float) -> Start:
    """Numbers from -bound to bound, each as likely."""
    return lambda drawing, sizes: drawing.uniform(sizes, -bound, bound)


def all_of(value: float) -> Start:
    """One number everywhere."""
    return lambda drawing, sizes: np.full(sizes, value)


def fan_of(sizes: Sequence[int]) -> int:
    """How many numbers each output of a weight of these sizes is a sum of."""
    return math.prod(sizes[1:])


def kaiming(sizes: Callable[[Given], Sequence[int]]) -> Callable[[Given], Start]:
    """What weights of these sizes, and biases beside them, are filled with."""

    def start(given: Given) -> Start:
        fan = fan_of(tuple(sizes(given)))
        return even(1 / math.sqrt(fan) if fan > 0 else 0.0)

    return start


def fixed(value: float) -> Callable[[Given], Start]:
    """One number everywhere, whatever the arguments."""
    return lambda given: all_of(value)


def repeated(value: Any, count: int) -> Any:
    """A number once for each dimension; a list as the tuple that it is."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * count
