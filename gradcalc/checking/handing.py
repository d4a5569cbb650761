"""What goes through the backwards of own Functions: handed in, and handed out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from gradcalc.checking.entering import Entered, entered
from gradcalc.checking.ran import Hand, Inner
from gradcalc.checking.tensors import tensors_in, to_array
from gradcalc.checking.trace import Note
from gradcalc.testimony import Array


@dataclass(slots=True)
class Watched:
    """The calls of own Functions.

    `hands` are by their numbers, as far as autograd came back there; `kept` what they were called
    with; those that are `differentiated` are gone back through by `torch.func` while the function
    runs. `within` are the backwards that run now, the innermost last, each with what went through
    those that it called; `hooked` says that there is one to wait for. A `relay` gives what own
    backwards are handed in its place; `changing` are hooks that do.
    """

    hands: dict[int, Hand] = field(default_factory=dict)
    kept: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = field(default_factory=dict)
    differentiated: set[int] = field(default_factory=set)
    within: list[list[Inner]] = field(default_factory=list)
    hooked: bool = False
    changing: list[Note] = field(default_factory=list)
    relay: Callable[[torch.Tensor], torch.Tensor] | None = None

    def keep(self, number: int) -> Callable[[Hand], None]:
        """What keeps what went through a call."""

        def told(hand: Hand) -> None:
            self.hands[number] = hand

        return told


@contextmanager
def instead(applying: Entered) -> Iterator[list[bool]]:
    """Have something done in the place of each call of an own Function, by an `apply` that was
    taken from its class before too.

    Under `vmap` and the like it is called of what is wrapped, and then by torch of what is inside
    of that, by a class that torch makes: that is the call, and the class is the one that was meant.
    The list says of the calls that are made now whether `torch.func.grad` goes back through them.
    """
    meant: list[Any] = []
    differentiated: list[bool] = []

    def watching(cls: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if torch._C._are_functorch_transforms_active():
            meant.append(cls)
            differentiated.append(_is_differentiated())
            try:
                return call(*args, **kwargs)
            finally:
                meant.pop()
                differentiated.pop()
        return applying(meant[0] if meant else cls, call, args, kwargs)

    with entered(watching):
        yield differentiated


def _is_differentiated() -> bool:
    """Whether a transform that goes back is at work."""
    levels = torch._C._functorch.get_interpreter_stack() or ()
    return any(level.key() == torch._C._functorch.TransformType.Grad for level in levels)


@contextmanager
def hooked() -> Iterator[Watched]:
    """Have what goes through the backwards seen, and nothing else."""
    found = Watched()
    count, inside = 0, False

    def applying(cls: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        nonlocal count, inside
        if inside:
            return call(*args, **kwargs)
        inside, number = True, count
        count += 1
        try:
            made = call(*args, **kwargs)
        finally:
            inside = False
        hook(found, found.keep(number), list(tensors_in(made)))
        return made

    with instead(applying):
        yield found


def hook(found: Watched, keep: Callable[[Hand], None], outs: list[torch.Tensor]) -> None:
    """Have it kept what goes back through a call."""
    node = next((out.grad_fn for out in outs if out.grad_fn is not None), None)
    if node is None:
        return
    before: list[tuple[Array | None, ...]] = []
    found.hooked = True

    def entered(given: Any) -> Any:
        if found.relay is not None:
            given = tuple(None if g is None else found.relay(g) for g in given)
        before[:] = [arrays(given)]
        found.within.append([])
        return None if found.relay is None else given

    def seen(handed: Any, given: Any) -> None:
        # the gradients as they were before anybody could write over them
        first, now = before[-1] if before else arrays(given), arrays(given)
        written = any(
            one is not None and other is not None and not _is_same(one, other)
            for one, other in zip(first, now, strict=False)
        )
        inside = found.within.pop() if found.within else []
        keep(Hand(first, arrays(handed), written, torch.is_grad_enabled(), tuple(inside)))

    node.register_prehook(entered)
    node.register_hook(seen)


def _is_same(one: Array, other: Array) -> bool:
    return one.tobytes() == other.tobytes()


def arrays(tensors: Any) -> tuple[Array | None, ...]:
    """The numbers of gradients."""
    return tuple(None if t is None else to_array(t).astype(float) for t in tensors)
