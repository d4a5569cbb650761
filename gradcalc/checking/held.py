"""What holds tensors, lists, mappings, dataclasses and the like: looked into, and made anew."""

import copy
import dataclasses
import enum
from collections import UserList, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from gradcalc.errors import InvalidValueError
from gradcalc.values.nesting import DEEPEST, too_deep

_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, type, enum.Enum, np.generic, np.ndarray,
    torch.dtype, torch.device, torch.Tensor,
)  # fmt: skip
"""What holds no tensor."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attribute:
    """The key of what a dataclass has under a name."""

    name: str


def parts_of(value: Any) -> Sequence[tuple[Any, Any]] | None:
    """What a container holds, with the keys; None of what is none."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list | tuple | deque | UserList):
        return list(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return [(Attribute(name), getattr(value, name)) for name in names if hasattr(value, name)]
    return None


def leaves_of(
    value: Any, name: str, seen: set[int] | None = None, depth: int = DEEPEST
) -> Iterator[tuple[str, Any]]:
    """All that is in a value and holds nothing, by the names of its places; each container once.

    Raises `LimitError` for what is nested too deeply.
    """
    seen = set() if seen is None else seen
    parts = parts_of(value)
    if parts is None:
        yield name, value
        return
    if id(value) in seen:
        return
    if depth < 0:
        raise too_deep(name.partition("[")[0])
    for key, part in parts:
        where = f".{key.name}" if isinstance(key, Attribute) else f"[{key!r}]"
        yield from leaves_of(part, name + where, seen, depth - 1)
    seen.add(id(value))


def is_opaque(value: Any) -> bool:
    """Whether something may hold tensors that nobody sees."""
    return not isinstance(value, _PLAIN)


def exchanged(
    args: Sequence[Any], kwargs: Mapping[str, Any], instead: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments with other tensors in them: what is one list in two places is one then, too.

    Raises `InvalidValueError` for a container that cannot be made anew.
    """
    made: dict[int, Any] = {}
    return [_exchanged(value, instead, made) for value in args], {
        key: _exchanged(value, instead, made) for key, value in kwargs.items()
    }


def _exchanged(
    value: Any, instead: Callable[[torch.Tensor], torch.Tensor], made: dict[int, Any]
) -> Any:
    if isinstance(value, torch.Tensor):
        return instead(value)
    parts = parts_of(value)
    if parts is None:
        return value
    if id(value) not in made:
        try:
            made[id(value)] = _anew(value, [(k, _exchanged(v, instead, made)) for k, v in parts])
        except (AttributeError, TypeError, ValueError):
            raise InvalidValueError(
                f"tensors in what is of type {type(value).__name__} cannot be exchanged for others",
                hint="give them in a list or a dict",
            ) from None
    return made[id(value)]


def _anew(value: Any, parts: Sequence[tuple[Any, Any]]) -> Any:
    """A container of the same kind with other parts."""
    if isinstance(value, tuple):
        values = [part for _, part in parts]
        return value._make(values) if hasattr(value, "_make") else type(value)(values)
    if isinstance(value, MappingProxyType):
        return MappingProxyType(dict(parts))
    found = copy.copy(value)
    for key, part in parts:
        if isinstance(key, Attribute):
            # one that is frozen has no other way
            object.__setattr__(found, key.name, part)
        else:
            found[key] = part
    return found
