"""How much the runs of one problem may take, counted, so that it is the same each time."""

from dataclasses import dataclass

from gradcalc.enclosure.balls import TooLarge, beyond

MOST = 60_000
"""Numbers in all runs together, which takes about half a second."""

LARGEST = 14_000
"""Numbers in one run: at the least there are three, at the point and, in more bits, beside it."""

UNCOUNTED = 4_000
"""Numbers in one run up to which they are not counted: there is time to look around."""

SLOWER = 1024
"""Bits more that make a number twice the work."""


@dataclass(slots=True)
class Work:
    """What the runs have taken so far; all are as large as the first one."""

    size: int = 0
    spent: float = 0.0

    def begun(self, size: int, bits: int) -> None:
        """A run has so many numbers."""
        if not self.size:
            self.size = size
            self.spent = self._of_one(bits)

    def go_on(self, bits: int) -> None:
        """One more run. Raises `TooLarge` where it would be too much."""
        self.spent += self._of_one(bits)
        if self.size > UNCOUNTED and self.spent > MOST:
            raise TooLarge(beyond(LARGEST))

    def _of_one(self, bits: int) -> float:
        return self.size * (1 + bits / SLOWER)
