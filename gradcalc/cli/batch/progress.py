"""How far a stream has come, for a person at a terminal."""

import sys
import time
from typing import Any

_PATIENCE = 1.0
"""Seconds after which it is worth showing."""

_PAUSE = 0.1
"""Seconds between two drawings."""


class Progress:
    """A line on standard error: answers, their rate, and the time left if the size is known."""

    def __init__(self, size: int | None) -> None:
        self.size = size
        self.start = self.drawn = time.monotonic()
        self.bar: Any = None
        self.task: Any = None

    def show(self, count: int, end: int) -> None:
        """Say that `count` requests are answered, up to byte `end` of the input."""
        now = time.monotonic()
        if now - self.start < _PATIENCE or now - self.drawn < _PAUSE:
            return
        self.drawn = now
        if self.bar is None:
            self._begin()
        done = None if self.size is None else min(end, self.size)
        rate = count / (now - self.start)
        self.bar.update(self.task, completed=done, count=count, rate=rate, refresh=True)

    def close(self) -> None:
        """Take the line away."""
        if self.bar is not None:
            self.bar.stop()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        text = TextColumn("{task.fields[count]:,} requests, {task.fields[rate]:,.1f} a second")
        known = () if self.size is None else (BarColumn(), TimeRemainingColumn())
        # Drawn only when asked: a thread that draws by itself must not meet a fork.
        self.bar = Progress(
            text,
            *known,
            console=Console(file=sys.stderr),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.task = self.bar.add_task("", total=self.size, count=0, rate=0.0)
        self.bar.start()
