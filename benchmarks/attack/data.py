"""What an attack finds."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of attack: how often it was tried, and what broke, by an example each.

    `note` is what was measured beside, the worst time or the largest memory.
    """

    what: str
    tried: int
    broken: tuple[str, ...] = ()
    note: str = ""

    def examples(self, most: int) -> list[str]:
        """Some of what broke, as unlike each other as can be."""
        seen: Counter[str] = Counter()
        ranked: list[tuple[int, str]] = []
        for text in self.broken:
            kind = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "", text)[:60]
            ranked.append((seen[kind], text))
            seen[kind] += 1
        return [text for _, text in sorted(ranked, key=lambda one: one[0])][:most]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried: `count(full)` of what the figures in docs/reliability.md are from.

    Of a part whose rows have names, `only` those, or all.
    """

    share: float
    seed: int
    only: tuple[str, ...] = ()

    def count(self, full: int) -> int:
        """So many of a full attack's."""
        return max(1, round(full * self.share))

    def wants(self, name: str) -> bool:
        """Whether a row is to be tried."""
        return not self.only or name in self.only


Part = Callable[[Size], Iterator[Row]]
"""A part of the attack: its rows, as they are done."""
