"""Dictionaries that have something for keys which nothing stands at."""

from collections.abc import Callable, Mapping
from typing import Any


class WithDefault(dict[Any, Any]):
    """A dictionary that makes what it lacks, and keeps it from then on."""

    def __init__(self, values: Mapping[Any, Any], make: Callable[[], Any]) -> None:
        super().__init__(values)
        self.make = make

    def copy(self) -> "WithDefault":
        return type(self)(self, self.make)

    def lacking(self, key: Any) -> Any:
        """What stands at a key where nothing did."""
        self[key] = self.make()
        return self[key]


class Counts(WithDefault):
    """How often items are there; of others it says 0, and keeps nothing."""

    def lacking(self, key: Any) -> Any:
        """What stands at a key where nothing did."""
        return self.make()
