"""The loop: jobs in, answers out in the same order, as many at once as there is room for."""

import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from gradcalc.cli.batch.job import Job
from gradcalc.cli.batch.progress import Progress
from gradcalc.cli.batch.reading import LONGEST, Source
from gradcalc.cli.batch.tally import Tally
from gradcalc.cli.batch.workers import Slot, Workers

_WINDOW = 32
"""Jobs that may be read but not yet answered, for each process."""

_GLANCE = 0.2
"""Seconds between looks at the progress."""


class Sink(Protocol):
    """Where answers go."""

    def write(self, text: str) -> None:
        """Write whole lines, at once. Raises `ClosedPipe` or `FileError`."""


def stream(
    source: Source, workers: Workers, sink: Sink, tally: Tally, progress: Progress | None = None
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
                        sink.write(slot.answer.text)
                    tally.add(slot.answer)
                    end = slot.job.end
                if progress is not None:
                    progress.show(tally.total - tally.earlier, end)
        finally:
            workers.end()
            if progress is not None:
                progress.close()


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
