"""Where the random numbers of a user's function come from, noted and put back."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

State = list[tuple[Any, Callable[[], Any], Callable[[Any], None]]]
"""States, each with what tells it as it is now and what puts it back."""


def state_of(function: Any) -> State:
    """What the next random numbers depend on: those of the modules, and of the generators that a
    function finds by their names."""
    found: State = []
    for read, write in (*_OF_MODULES, *map(_of_generator, _generators(function))):
        found.append((read(), read, write))
    return found


def has_drawn(state: State) -> bool:
    """Whether random numbers were drawn since."""
    return any(repr(read()) != repr(before) for before, read, _ in state)


def restore(state: State) -> None:
    """Have the same numbers drawn again."""
    for before, _, write in state:
        write(before)


def _np_state() -> Any:
    return np.random.get_state(legacy=False)


_OF_MODULES: tuple[tuple[Callable[[], Any], Callable[[Any], None]], ...] = (
    (random.getstate, random.setstate),
    (_np_state, np.random.set_state),
)


def _of_generator(made: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    if isinstance(made, random.Random):
        return made.getstate, made.setstate
    if isinstance(made, np.random.RandomState):
        return (lambda: made.get_state(legacy=False)), made.set_state
    return (lambda: made.bit_generator.state), _writer(made.bit_generator)


def _writer(bits: Any) -> Callable[[Any], None]:
    def write(state: Any) -> None:
        bits.state = state

    return write


def _generators(function: Any) -> Iterator[Any]:
    """The generators among the globals of a function, and what it has closed over."""
    kinds = (np.random.Generator, np.random.RandomState, random.Random)
    held = list(getattr(function, "__globals__", {}).values())
    for cell in getattr(function, "__closure__", None) or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:
            # it is not bound yet
            continue
    # what is no ordinary object may say anything of its class
    yield from (value for value in held if issubclass(type(value), kinds))
