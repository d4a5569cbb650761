"""What a calculation may still use."""

import time
from dataclasses import dataclass, field

from gradcalc.errors import LimitError


@dataclass(slots=True)
class Budget:
    """Steps and time, shared by everything that runs for one calculation.

    `made` counts the elements of all tensors so far: a backend may keep them all.
    """

    steps: int
    deadline: float | None = None
    total: int = field(init=False)
    made: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.total = self.steps

    def tick(self, steps: int = 1) -> None:
        """Count steps. Raises `LimitError` when steps or time are used up."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitError(
                f"the program did not end within {self.total:,} steps",
                hint="is there a loop without an end? --max-steps allows more",
            )
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitError("the time limit was reached", hint="--timeout allows more seconds")
