"""A bound on the time of what cannot be asked to look at the clock, as sympy."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 0.25
"""Seconds until it rings once more: what is raised while Python cleans up an object gets lost."""


class TimesUp(BaseException):
    """The time is over. No `Exception`, so that nobody on the way takes it for an error."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TimesUp` in the block after so many seconds.

    Only the main thread can be interrupted, and only if nobody else has set the alarm; elsewhere
    the block takes as long as it takes.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer") or any(signal.getitimer(signal.ITIMER_REAL)):
        yield
        return
    over = False

    def ring(*_: Any) -> None:
        if not over:
            raise TimesUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        try:
            yield
        finally:
            over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
