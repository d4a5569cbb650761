"""The loop: jobs in, answers out in the same order, as many at once as there is room for, and how
far it has come."""

import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcalc.cli.batch.job import Job, Tally
from gradcalc.cli.batch.reading import LONGEST, Source
from gradcalc.cli.batch.workers import Slot, Workers

_WINDOW = 32
"""Jobs that may be read but not yet answered, for each process."""

_GLANCE = 0.2
"""Seconds between looks at the progress."""


_PATIENCE = 1.0
"""Seconds after which it is worth showing."""

_PAUSE = 0.1
"""Seconds between two drawings."""

Sink = Callable[[str], None]
"""Writes whole lines, at once. Raises `ClosedPipe` or `FileError`."""


def stream(
    source: Source, workers: Workers, sink: Sink, tally: Tally, progress: "Progress | None" = None
) -> None:
    """Answer every job of the source. The processes have ended when this returns or raises.

    Raises `FileError` if the input cannot be read, and what the sink raises. Ctrl-C raises
    `KeyboardInterrupt` between two lines, never inside one.
    """
    window = _Window(workers.count * _WINDOW)
    end = 0
    with _interruptible() as writing:
        try:
            while not (source.ended and not source.waiting and not window.slots):
                while source.waiting and window.has_room:
                    workers.give(window.add(source.waiting.popleft()))
                wanted = not source.ended and not source.waiting and window.has_room
                # a Ctrl-C that comes just before the waiting begins is noticed after it
                if workers.wait([source.descriptor] * wanted, _GLANCE):
                    source.fill()
                for slot in window.done():
                    assert slot.answer is not None
                    with writing():
                        sink(slot.answer.text)
                    tally.add(slot.answer)
                    end = slot.job.end
                if progress is not None:
                    progress.show(tally.total - tally.earlier, end)
        finally:
            workers.end()
            if progress is not None:
                progress.close()


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


class _Window:
    """The jobs between the input and the output, bounded in number and in size."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.slots: deque[Slot] = deque()
        self.size = 0

    @property
    def has_room(self) -> bool:
        return len(self.slots) < self.most and self.size < LONGEST

    def add(self, job: Job) -> Slot:
        slot = Slot(job)
        self.slots.append(slot)
        self.size += len(job.text or b"")
        return slot

    def done(self) -> Iterator[Slot]:
        """Those at the front that have been answered, which leave."""
        while self.slots and self.slots[0].answer is not None:
            slot = self.slots.popleft()
            self.size -= len(slot.job.text or b"")
            yield slot


@contextmanager
def _interruptible() -> Iterator[Any]:
    """Within it Ctrl-C is a `KeyboardInterrupt`, which waits while the block that it gives runs.

    Asked for twice it comes at once: whoever reads the output may never take the line.
    """
    state = {"writing": False, "asked": False}

    def interrupt(*_: Any) -> None:
        if not state["writing"] or state["asked"]:
            raise KeyboardInterrupt
        state["asked"] = True

    @contextmanager
    def writing() -> Iterator[None]:
        state["writing"] = True
        yield
        state["writing"] = False
        if state["asked"]:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    # What runs in the background has Ctrl-C ignored, and goes on.
    ours = threading.current_thread() is threading.main_thread() and before != signal.SIG_IGN
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield writing
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
