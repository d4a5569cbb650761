"""What holds tensors, lists, mappings, dataclasses and the like: looked into, and made anew."""

import copy
import dataclasses
import enum
from collections import UserDict, UserList, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from gradcalc.errors import InvalidValueError
from gradcalc.values.nesting import DEEPEST, too_deep

_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, type, range, slice, type(...), enum.Enum,
    np.generic, np.ndarray, torch.dtype, torch.device, torch.layout, torch.memory_format,
    torch.Generator, torch.Tensor,
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
    value: Any, name: str, seen: dict[int, Any] | None = None, depth: int = DEEPEST
) -> Iterator[tuple[str, Any]]:
    """All that is in a value and holds nothing, by the names of its places; each container once.

    Raises `LimitError` for what is nested too deeply.
    """
    seen = {} if seen is None else seen
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
    # kept, so that no other has its id
    seen[id(value)] = value


def is_opaque(value: Any) -> bool:
    """Whether something may hold tensors that nobody sees."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype == object)
    return not isinstance(value, _PLAIN)


def exchanged(
    args: Sequence[Any], kwargs: Mapping[str, Any], instead: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments with other tensors in them: what is one list in two places is one then, too.

    Lists and dictionaries are new ones in any case; other containers without a tensor that is
    exchanged stay what they are. Raises `InvalidValueError` for one that cannot be made anew.
    """
    made: dict[int, tuple[Any, Any]] = {}
    return [_exchanged(value, instead, made) for value in args], {
        key: _exchanged(value, instead, made) for key, value in kwargs.items()
    }


def _exchanged(
    value: Any,
    instead: Callable[[torch.Tensor], torch.Tensor],
    made: dict[int, tuple[Any, Any]],
) -> Any:
    if isinstance(value, torch.Tensor):
        return instead(value)
    parts = parts_of(value)
    if parts is None:
        return value
    if id(value) not in made:
        new = [(key, _exchanged(part, instead, made)) for key, part in parts]
        same = all(part is old for (_, part), (_, old) in zip(new, parts, strict=True))
        stays = same and type(value) not in (list, dict)
        # the value is kept with it, so that no other has its id
        made[id(value)] = value, value if stays else _anew(value, parts, new)
    return made[id(value)][1]


_Parts = Sequence[tuple[Any, Any]]


def _anew(value: Any, parts: _Parts, new: _Parts) -> Any:
    """A container of the same kind with other parts, which are really in it."""
    found = None
    # code of others may raise anything
    with suppress(Exception):
        found = _copied(value, new)
    if found is None or not _holds(found, new) or not _holds(value, parts):
        raise InvalidValueError(
            f"tensors in what is of type {type(value).__name__} cannot be exchanged for others",
            hint="give them in a list or a dict",
        )
    return found


def _holds(value: Any, parts: _Parts) -> bool:
    found = parts_of(value) or ()
    return len(found) == len(parts) and all(
        one is other for (_, one), (_, other) in zip(found, parts, strict=True)
    )


def _copied(value: Any, parts: _Parts) -> Any:
    """A copy with other parts, None where a copy may hold them together with what it is of."""
    if isinstance(value, tuple):
        values = [part for _, part in parts]
        found = value._make(values) if hasattr(value, "_make") else type(value)(values)
        if hasattr(value, "__dict__"):
            vars(found).update(vars(value))
        return found
    if isinstance(value, MappingProxyType):
        return MappingProxyType(dict(parts))
    apart = isinstance(value, dict | list | deque | UserDict | UserList)
    found = copy.copy(value)
    if found is value or not (apart or dataclasses.is_dataclass(value)):
        return None
    for key, part in parts:
        if isinstance(key, Attribute):
            # one that is frozen has no other way
            object.__setattr__(found, key.name, part)
        else:
            found[key] = part
    for name in [*getattr(found, "__dict__", ())]:
        if isinstance(getattr(type(value), name, None), cached_property):
            # it is of the parts that were there before
            del vars(found)[name]
    return found
