"""A sample as the text of a program, with its tensors as inputs."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.coverage.databases import Sample

LARGEST = 4096
"""The most numbers of a tensor of integers or truth values that a text spells out."""

MOST = 3
"""The most arguments of which every order is tried."""

OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        "__radd__": "+", "__rsub__": "-", "__rmul__": "*", "__rdiv__": "/", "__rmod__": "%",
        "__rpow__": "**", "__rmatmul__": "@",
    }
)  # fmt: skip
"""Python's operators, the sample's first argument behind them."""


class Unwritten(Exception):
    """A sample that no text says, with the reason."""


class LeftOut(Exception):
    """A sample that is not of real numbers, or has no gradient, with the reason."""


@dataclass(slots=True)
class Text:
    """A program being written, its inputs under the names that it gives them.

    `wrt` are the inputs that have a gradient, `weights` those of a module, which are inputs too.
    """

    source: str = ""
    inputs: dict[str, torch.Tensor] = field(default_factory=dict)
    wrt: list[str] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def value(self, value: Any) -> str:
        """A value as it is written; a tensor of floats is a further input."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, bool | str | None | type(Ellipsis)):
            return "..." if value is Ellipsis else repr(value)
        if isinstance(value, float) and not math.isfinite(value):
            return f"float('{value}')"
        if isinstance(value, int | float):
            return repr(value)
        if isinstance(value, np.ndarray | np.generic):
            return self.value(value.tolist())
        if isinstance(value, complex):
            raise LeftOut("complex numbers")
        if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
            if isinstance(value, torch.dtype) and value.is_complex:
                raise LeftOut("complex numbers")
            return str(value)
        if isinstance(value, torch.device):
            return f"'{value}'"
        if isinstance(value, slice):
            parts = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self.value, parts))})"
        if isinstance(value, list):
            return f"[{', '.join(map(self.value, value))}]"
        if isinstance(value, tuple):
            return f"({', '.join(map(self.value, value))}{',' * (len(value) == 1)})"
        raise Unwritten(f"takes a {type(value).__name__}")

    def _tensor(self, tensor: torch.Tensor) -> str:
        if tensor.layout is not torch.strided:
            raise LeftOut("sparse tensors")
        if tensor.is_complex():
            raise LeftOut("complex numbers")
        if not tensor.is_floating_point():
            return _literal(tensor)
        known = next((name for name, one in self.inputs.items() if one is tensor), None)
        if known is not None:
            return known
        name = f"x{len(self.inputs)}"
        self.inputs[name] = tensor
        if tensor.requires_grad:
            self.wrt.append(name)
        return name

    def key(self, key: Any) -> str:
        """What stands in the brackets of an index."""
        if isinstance(key, tuple) and key:
            return ", ".join(map(self.key, key)) + "," * (len(key) == 1)
        if isinstance(key, slice):
            ends = [("" if end is None else self.value(end)) for end in (key.start, key.stop)]
            step = "" if key.step is None else f":{self.value(key.step)}"
            return ":".join(ends) + step
        return self.value(key)

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """What stands in the brackets of a call."""
        named = (f"{name}={self.value(value)}" for name, value in kwargs.items())
        return ", ".join([*map(self.value, args), *named])


def _literal(tensor: torch.Tensor) -> str:
    """A tensor of integers or truth values, spelled out."""
    kind = "" if tensor.dtype in (torch.int64, torch.bool) else f", dtype={tensor.dtype}"
    if not tensor.numel():
        return f"torch.zeros({tuple(tensor.shape)}, dtype={tensor.dtype})"
    if tensor.numel() > LARGEST:
        raise Unwritten("more integers than a text spells out")
    return f"torch.tensor({tensor.tolist()}{kind})"


def written(sample: Sample) -> Iterator[Text]:
    """The texts that the call of a sample may be: torch's own tests of a function may take its
    arguments in another order than the function does."""
    name, args, kwargs = sample.name, sample.args, sample.kwargs
    if sample.built is not None:
        yield _text(lambda text: _module(text, sample))
    elif name == "__getitem__":
        yield _text(lambda text: f"{text.value(args[0])}[{text.key(args[1])}]")
    elif name in OPERATORS:
        yield _text(lambda text: f"{text.value(args[1])} {OPERATORS[name]} {text.value(args[0])}")
    elif _found(name) is not None:
        for order in permutations(args) if len(args) <= MOST else [args]:
            yield _text(lambda text, a=order: f"torch.{name}({text.arguments(a, kwargs)})")
    if hasattr(torch.Tensor, name) and isinstance(args[0], torch.Tensor):
        rest = args[1:]
        if not callable(getattr(torch.Tensor, name)):
            yield _text(lambda text: f"{text.value(args[0])}.{name}")
        yield _text(lambda text: f"{text.value(args[0])}.{name}({text.arguments(rest, kwargs)})")
        if name.endswith("_"):
            # what is an input stays as it is
            writes = f".clone().{name}"
            yield _text(
                lambda text: f"{text.value(args[0])}{writes}({text.arguments(rest, kwargs)})"
            )


def _text(write: Callable[[Text], str]) -> Text:
    text = Text()
    text.source = write(text)
    return text


def _found(name: str) -> Callable[..., Any] | None:
    """torch's function of a dotted name."""
    if any(part.startswith("_") for part in name.split(".")):
        return None
    found: Any = torch
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def _module(text: Text, sample: Sample) -> str:
    """A module that is made and called, its weights those that a user would start from."""
    assert sample.built is not None
    args, kwargs = sample.built
    made = f"torch.nn.{sample.name}({text.arguments(args, kwargs)})"
    given = text.arguments(sample.args, sample.kwargs)
    return f"m = {made}\nm({given})"


def summed(text: Text, shapes: list[tuple[int, ...] | None]) -> str:
    """The text with one number for its several results, each part weighed; None is left out."""
    terms = []
    dtype = next(iter(text.inputs.values())).dtype
    for place, shape in enumerate(shapes):
        if shape is not None:
            name = f"w{place}"
            text.inputs[name] = torch.as_tensor(weights(shape, place), dtype=dtype)
            terms.append(f"({name}*out[{place}]).sum()")
    head, _, last = text.source.rpartition("\n")
    return "\n".join([*([head] if head else []), f"out = {last}", " + ".join(terms)])


def weights(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float64]:
    """What the elements of a result are weighed by: no two alike, none 0, a few bits each."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(8, 32, shape) * rng.choice((-1, 1), shape)
    return np.asarray(drawn / 16, dtype=np.float64)
