"""Random numbers as numpy draws them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import UnsupportedError
from gradcalc.lang import casts, chance, ops, plain
from gradcalc.lang.chance import Source
from gradcalc.lang.dialects.readings import called, drawing
from gradcalc.lang.dialects.readings.drawn import (
    data_of,
    held,
    noted,
    order_of,
    seed_of,
    shuffled,
    sizes_of,
)
from gradcalc.lang.machine import Machine
from gradcalc.lang.memory import Tensor


def _numpys(machine: Machine, source: Any) -> Source:
    return machine.dice.numpy if source is None else source


@drawing
def numpys(machine: Machine, name: str, self: Any = None, **given: Any) -> Any:
    """A distribution of numpy's, of numbers that are given."""
    size = given.get("size")
    shape = None if size is None else sizes_of(machine, size)
    if "size" in given:
        given["size"] = shape
    dtype = casts.kind_of(machine, given.pop("dtype", None))
    moved = MOVED.get(name)
    if moved is not None and any(machine.is_tensor(value) for value in given.values()):
        return moved(machine, _numpys(machine, self), shape, given)
    if dtype is not None:
        given["dtype"] = np.dtype(dtype.name)
    given = {n: data_of(machine, value, f"{n} of {called(machine)}") for n, value in given.items()}
    engine = noted(machine, _numpys(machine, self))
    with np.errstate(all="ignore"):
        return held(machine, getattr(engine, name)(**given))


@drawing
def numpys_sized(machine: Machine, name: str, shape: Any, self: Any = None) -> Any:
    """numpy's rand and randn."""
    engine = noted(machine, _numpys(machine, self))
    return held(machine, getattr(engine, name)(*sizes_of(machine, shape)))


def _standard(machine: Machine, source: Source, name: str, shape: Any, given: Sequence[Any]) -> Any:
    """Numbers of a distribution as it stands, as many as fit what it is to be moved by."""
    if shape is None:
        shapes = [machine.shape(v) for v in given if machine.is_tensor(v)]
        shape = np.broadcast_shapes(*shapes)
    return machine.drawn(np.asarray(getattr(noted(machine, source), name)(size=shape)))


def _normal(machine: Machine, source: Source, shape: Any, given: Mapping[str, Any]) -> Any:
    loc, scale = given["loc"], given["scale"]
    drawn = _standard(machine, source, "standard_normal", shape, (loc, scale))
    return ops.binary(machine, "add", loc, ops.binary(machine, "mul", scale, drawn))


def _uniform(machine: Machine, source: Source, shape: Any, given: Mapping[str, Any]) -> Any:
    low, high = given["low"], given["high"]
    name = "random" if source.kind == chance.NUMPYS else "random_sample"
    drawn = _standard(machine, source, name, shape, (low, high))
    wide = ops.binary(machine, "sub", high, low)
    return ops.binary(machine, "add", low, ops.binary(machine, "mul", wide, drawn))


def _exponential(machine: Machine, source: Source, shape: Any, given: Mapping[str, Any]) -> Any:
    scale = given["scale"]
    drawn = _standard(machine, source, "standard_exponential", shape, (scale,))
    return ops.binary(machine, "mul", scale, drawn)


MOVED: Mapping[str, Callable[[Machine, Source, Any, Mapping[str, Any]], Any]] = {
    "normal": _normal,
    "uniform": _uniform,
    "exponential": _exponential,
}
"""Distributions that numpy makes of a standard one, moved and stretched: so they have slopes."""


@drawing
def numpys_choice(machine: Machine, a: Any, self: Any = None, **given: Any) -> Any:
    """numpy's choice, of the numbers below one or of the items of an array."""
    if given["size"] is not None:
        given["size"] = sizes_of(machine, given["size"])
    given["p"] = data_of(machine, given["p"], "p of choice")
    axis = given.pop("axis", 0)
    single = plain.is_number(a) or (machine.is_tensor(a) and not machine.shape(a))
    engine = noted(machine, _numpys(machine, self))
    if single:
        return held(machine, engine.choice(ops.integer(machine, a), **given))
    if axis != 0:
        raise UnsupportedError("choice is along the first dimension here", hint="axis=0")
    items = a if isinstance(a, Tensor) else ops.tensor(machine, a)
    places = engine.choice(items.shape[0], **given)
    key = int(places) if np.ndim(places) == 0 else np.asarray(places)
    return ops.index(machine, items, (key,))


@drawing
def numpys_order(machine: Machine, x: Any, self: Any = None) -> Any:
    """numpy's permutation of the numbers below one, or of an array along its first dimension."""
    if plain.is_number(x) or (machine.is_tensor(x) and not machine.shape(x)):
        (count,) = sizes_of(machine, x)
        return held(machine, noted(machine, _numpys(machine, self)).permutation(count))
    x = ops.tensor(machine, x)
    engine = noted(machine, _numpys(machine, self))
    order = order_of(engine, "permutation", x.shape[0], len(x.shape))
    return ops.index(machine, x, (order,))


@drawing
def numpys_shuffled(machine: Machine, x: Any, self: Any = None) -> None:
    """numpy's shuffle, and Python's: the items of what is given change places."""
    source = _numpys(machine, self)
    shuffled(machine, x, source)


@drawing
def numpys_seed(machine: Machine, seed: Any, self: Any = None) -> None:
    """numpy's seed."""
    _numpys(machine, self).begin(seed_of(machine, seed))


@drawing
def numpys_generator(machine: Machine, kind: str, seed: Any) -> Any:
    """numpy's default_rng and RandomState."""
    if isinstance(seed, Source):
        return seed
    seed = None if seed is None else seed_of(machine, seed)
    return machine.dice.made(f"numpy.random.{kind}", seed)
