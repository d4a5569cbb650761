"""What a server does for its callers, given to it from outside: it knows nothing of gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Run = Callable[[Sequence[str]], int]
"""Answers a command line and gives the exit code."""


@dataclass(frozen=True, slots=True)
class Service:
    """`prepare` imports everything, once. `rehearse` touches what an answer needs, in each child
    ahead of its call; it raises an exception where that does not work. `run` answers a call.
    """

    version: str
    prepare: Callable[[], None]
    rehearse: Callable[[], None]
    run: Run
