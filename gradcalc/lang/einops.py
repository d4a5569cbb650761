"""What einops has: dimensions by their names, in a text of two sides and an arrow."""

import re
from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

from gradcalc.errors import InvalidValueError, ShapeError, brief
from gradcalc.lang import ops
from gradcalc.lang.machine import Builtin, Machine

Group = list[str]
"""The names of the dimensions that one dimension is made of, the slowest first."""

DOTS = "..."

REDUCTIONS: Mapping[str, str] = MappingProxyType(
    {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "prod": "prod"}
)
"""einops's names of reductions, and those that they have here."""


def _sides(pattern: Any) -> tuple[list[Group], list[Group]]:
    if not isinstance(pattern, str) or pattern.count("->") != 1:
        raise InvalidValueError("einops takes a text such as 'b c h w -> b (c h w)'")
    left, right = pattern.split("->")
    return _groups(left, pattern), _groups(right, pattern)


def _groups(side: str, pattern: str) -> list[Group]:
    tokens = re.findall(r"\.\.\.|\w+|[()]|\S", side.replace("…", DOTS))
    found: list[Group] = []
    inside: Group | None = None
    for token in tokens:
        if token == "(" and inside is None:
            inside = []
        elif token == ")" and inside is not None:
            found.append(inside)
            inside = None
        elif token == DOTS or token == "1" or token.isidentifier():
            if inside is None:
                found.append([] if token == "1" else [token])
            elif token != "1":
                inside.append(token)
        else:
            raise InvalidValueError(f"{brief(token)} means nothing in {brief(pattern)}")
    names = [name for group in found for name in group]
    if inside is not None or len(set(names)) < len(names):
        raise InvalidValueError(f"{brief(pattern)} does not say where each dimension goes")
    return found


def _spread(groups: list[Group], rest: Sequence[str], alone: bool) -> list[Group]:
    """The groups with names in the place of the dots, each a group `alone` where these are one."""
    found: list[Group] = []
    for group in groups:
        if group == [DOTS] and alone:
            found += [[name] for name in rest]
        else:
            found.append([n for name in group for n in (rest if name == DOTS else [name])])
    return found


def _is_alone(side: str) -> bool:
    return re.search(r"\([^)]*\.\.\.", side.replace("…", DOTS)) is None


class _Dimensions:
    """The dimensions of a tensor, as a pattern names them."""

    def __init__(
        self, machine: Machine, tensor: Any, pattern: Any, sizes: Mapping[str, Any]
    ) -> None:
        left, right = _sides(pattern)
        shape = ops.shape(machine, tensor)
        fixed = len(left) - ([DOTS] in left)
        extra = len(shape) - fixed
        if extra < 0 or (extra and [DOTS] not in left):
            raise ShapeError(f"{brief(pattern)} is of other than the {len(shape)} dimensions given")
        rest = [f"{DOTS}{k}" for k in range(extra)]
        self.left = _spread(left, rest, alone=True)
        self.right = _spread(right, rest, alone=_is_alone(pattern.partition("->")[2]))
        self.sizes = {name: ops.integer(machine, size) for name, size in sizes.items()}
        for group, size in zip(self.left, shape, strict=True):
            self._measure(group, size, pattern)

    def _measure(self, group: Group, size: int, pattern: str) -> None:
        unknown = [name for name in group if name not in self.sizes]
        known = prod(self.sizes[name] for name in group if name in self.sizes)
        if len(unknown) > 1:
            raise ShapeError(f"{brief(pattern)} leaves open how large {unknown[0]} is")
        if unknown:
            if known == 0 or size % known:
                raise ShapeError(f"a dimension of {size} cannot be parted by {known}")
            self.sizes[unknown[0]] = size // known
        elif known != size:
            raise ShapeError(f"a dimension of {size} is none of {known}, as {brief(pattern)} says")

    def parted(self, machine: Machine, tensor: Any) -> tuple[Any, list[str]]:
        """The tensor with a dimension for each name, and these names."""
        names = [name for group in self.left for name in group]
        return ops.reshape(machine, tensor, tuple(self.sizes[n] for n in names)), names

    def joined(self, machine: Machine, tensor: Any, names: list[str]) -> Any:
        """The tensor, its dimensions in the order of the right side, and joined as there."""
        order = [names.index(name) for group in self.right for name in group]
        if order != sorted(order):
            tensor = ops.call(machine, "permute", tensor, tuple(order))
        shape = tuple(prod(self.sizes[name] for name in group) for group in self.right)
        return ops.reshape(machine, tensor, shape)


def _same(first: Sequence[str], second: Sequence[str], pattern: str) -> None:
    if lost := set(first) - set(second):
        raise InvalidValueError(f"{min(lost)} stands on one side of {brief(pattern)} only")


def _rearrange(machine: Machine, tensor: Any, pattern: Any, **sizes: Any) -> Any:
    tensor = ops.tensor(machine, tensor)
    found = _Dimensions(machine, tensor, pattern, sizes)
    parted, names = found.parted(machine, tensor)
    wanted = [name for group in found.right for name in group]
    _same(names, wanted, pattern)
    _same(wanted, names, pattern)
    return found.joined(machine, parted, names)


def _repeat(machine: Machine, tensor: Any, pattern: Any, **sizes: Any) -> Any:
    tensor = ops.tensor(machine, tensor)
    found = _Dimensions(machine, tensor, pattern, sizes)
    parted, names = found.parted(machine, tensor)
    wanted = [name for group in found.right for name in group]
    _same(names, wanted, pattern)
    new = [name for name in wanted if name not in names]
    _same(new, list(found.sizes), pattern)
    shape = tuple(found.sizes[name] for name in names)
    lead = tuple(found.sizes[name] for name in new)
    wide = ops.reshape(machine, parted, (*(1 for _ in new), *shape))
    return found.joined(
        machine, ops.call(machine, "broadcast_to", wide, (*lead, *shape)), [*new, *names]
    )


def _reduce(machine: Machine, tensor: Any, pattern: Any, reduction: Any, **sizes: Any) -> Any:
    tensor = ops.tensor(machine, tensor)
    if reduction not in REDUCTIONS:
        raise InvalidValueError(f"einops reduces by {', '.join(REDUCTIONS)} here")
    found = _Dimensions(machine, tensor, pattern, sizes)
    parted, names = found.parted(machine, tensor)
    wanted = [name for group in found.right for name in group]
    _same(wanted, names, pattern)
    gone = [names.index(name) for name in names if name not in wanted]
    for place in reversed(gone) if reduction == "prod" else ():
        parted = ops.call(machine, "prod", parted, place)
    if gone and reduction != "prod":
        parted = ops.call(machine, REDUCTIONS[reduction], parted, tuple(gone))
    return found.joined(machine, parted, [name for name in names if name in wanted])


def _einsum(machine: Machine, *given: Any) -> Any:
    *tensors, pattern = given
    if not isinstance(pattern, str) or pattern.count("->") != 1 or "(" in pattern:
        raise InvalidValueError("einops takes a text such as 'b i, i o -> b o' behind the tensors")
    words = sorted(set(re.findall(r"[^\W\d]\w*", pattern)))
    letters = {word: chr(ord("a") + k) for k, word in enumerate(words)}
    if len(words) > 26:
        raise InvalidValueError("einsum of more than 26 names")
    short = re.sub(r"[^\W\d]\w*", lambda found: letters[found.group()], pattern)
    operands = [ops.tensor(machine, tensor) for tensor in tensors]
    return ops.call(machine, "einsum", short.replace(" ", ""), operands)


OBJECTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "einops": {
            name: Builtin(name, call, usage)
            for name, call, usage in (
                ("rearrange", _rearrange, "rearrange(x, 'b c h w -> b (c h w)')"),
                ("repeat", _repeat, "repeat(x, 'h w -> h w c', c=3)"),
                ("reduce", _reduce, "reduce(x, 'b c h w -> b c', 'mean')"),
                ("einsum", _einsum, "einsum(a, b, 'b i, i o -> b o')"),
            )
        }
    }
)
"""einops's functions, by their module."""
