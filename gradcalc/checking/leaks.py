"""Numbers that are taken out of tensors while a function is recorded: where they go, nobody sees.

`item` gives a number that remembers where it is from, so that one which is only compared is told
from one that is calculated with. All other ways out (`float`, `numpy`, `tolist`, an address) end
there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch


class Watcher(Protocol):
    """Who is told of numbers that leave, and keeps those that may come back."""

    numbers: set[float]

    @property
    def inside(self) -> int | None:
        """The number of the own Function whose forward runs."""

    def is_flowing(self, tensor: torch.Tensor) -> bool:
        """Whether a gradient could flow back through a tensor."""

    def left(self, kind: str) -> None:
        """A number of such a tensor has left."""

    def note(self, kind: str, text: str) -> None:
        """Something else is worth a note."""


OPERATIONS = (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow", "neg", "pos",
    "abs", "mod", "rmod",
)  # fmt: skip
"""What makes another number of one."""


def _following(numbers: set[float]) -> type[float]:
    """A kind of numbers that, with all that is made of them by arithmetic, are kept in mind.

    torch makes plain numbers of them, which are told by being the same.
    """

    class Out(float):
        """A number that was taken out of a tensor, or was made of one."""

        def __init__(self, value: float) -> None:
            numbers.add(float(value))

    def followed(name: str) -> Callable[..., Any]:
        plain = getattr(float, name)

        def operation(self: float, *others: Any) -> Any:
            made = plain(self, *others)
            return Out(made) if type(made) is float else made

        return operation

    for operation in OPERATIONS:
        setattr(Out, f"__{operation}__", followed(f"__{operation}__"))
    return Out


ENDS = ("__float__", "tolist", "numpy", "__array__", "__dlpack__", "data_ptr")
"""Ways out behind which nobody follows a number."""


HOOK = "register_hook"
"""What lets a gradient be changed on its way back."""


@contextmanager
def watched_leaks(watcher: Watcher) -> Iterator[None]:
    """Have numbers that leave tensors told, as long as this lasts."""
    plain = {name: getattr(torch.Tensor, name) for name in ("item", HOOK, *ENDS)}
    out = _following(watcher.numbers)
    own = {name for name in plain if name in vars(torch.Tensor)}

    def item(self: torch.Tensor) -> Any:
        found = plain["item"](self)
        return out(found) if type(found) is float and watcher.is_flowing(self) else found

    def ending(name: str) -> Callable[..., Any]:
        def way(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            flows = watcher.is_flowing(self)
            if flows and watcher.inside is not None:
                watcher.left(name)
            found = plain[name](self, *args, **kwargs)
            if flows and type(found) is float:
                watcher.numbers.add(found)
            return found

        return way

    def hooked(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        watcher.note("hook", "")
        return plain[HOOK](self, *args, **kwargs)

    patches = {"item": item, HOOK: hooked, **{name: ending(name) for name in ENDS}}
    try:
        for name, patch in patches.items():
            setattr(torch.Tensor, name, patch)
        yield
    finally:
        for name in patches:
            if name in own:
                setattr(torch.Tensor, name, plain[name])
            else:
                delattr(torch.Tensor, name)
