"""Dictionaries of Python's collections, with something for what they lack or with an order, and
sets that stay as they are."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from gradcalc.errors import UnsupportedError


class WithDefault(dict[Any, Any]):
    """A dictionary that makes what it lacks, and keeps it from then on.

    `factory` is what makes it, as the program has it, None for nothing.
    """

    def __init__(
        self, values: Mapping[Any, Any], make: Callable[[], Any], factory: Any = None
    ) -> None:
        super().__init__(values)
        self.make, self.factory = make, factory

    def copy(self) -> "WithDefault":
        return type(self)(self, self.make, self.factory)

    def lacking(self, key: Any) -> Any:
        """What stands at a key where nothing did."""
        self[key] = self.make()
        return self[key]


class Counts(WithDefault):
    """How often items are there; of others it says 0, and keeps nothing."""

    def lacking(self, key: Any) -> Any:
        """What stands at a key where nothing did."""
        return self.make()


class Ordered(dict[Any, Any]):
    """A dictionary that equals another of its kind in the same order only."""

    def copy(self) -> "Ordered":
        return Ordered(self)


class Frozen(set[Any]):
    """A set that nothing is added to, which can be a key."""

    described: ClassVar[str] = "a frozenset"

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))


def joined(left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    """Python's `|`: of the left's kind, or of the right's where that is made from the left's."""
    if isinstance(left, Counts) or isinstance(right, Counts):
        raise UnsupportedError(
            "a Counter and another dictionary are not joined here", hint="write {**c, **d}"
        )
    derived = type(left) is dict and type(right) is not dict
    found = (right if derived else left).copy()
    found.clear()
    found |= left
    found |= right
    return found


def keys_alike(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    """Whether two dictionaries have the same keys: in order, if both keep to one."""
    if isinstance(left, Ordered) and isinstance(right, Ordered):
        return list(left) == list(right)
    return left.keys() == right.keys()
