"""A bound on the time of what cannot be asked to look at the clock, as sympy."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 0.25
"""Seconds until it rings once more: whoever catches everything may have caught what was raised."""

SOON = 1e-3
"""Seconds until it rings once more where it is known that what was raised got lost."""

LONGEST = 1e9
"""Seconds that a timer can be set to."""

OWN = (__file__, contextlib.__file__)
"""Files whose code goes into the block and out of it, and must not be interrupted on its way."""


class TimesUp(BaseException):
    """The time is over. No `Exception`, so that nobody on the way takes it for an error."""


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Raise `TimesUp` in the block after so many seconds, if there is such a limit.

    What is raised while Python cleans up an object, or collects garbage, gets lost; it is raised
    again once that is done. Only the main thread can be interrupted, and only if nobody else has
    set the alarm; elsewhere the block takes as long as it takes.
    """
    main = threading.current_thread() is threading.main_thread()
    able = main and hasattr(signal, "setitimer")
    if seconds is None or not able or any(signal.getitimer(signal.ITIMER_REAL)):
        yield
        return
    inside = False

    def ring(_: int, frame: Any) -> None:
        if inside and frame.f_code.co_filename not in OWN:
            raise TimesUp

    def lost(unraisable: Any) -> None:
        if unraisable.exc_type is not TimesUp:
            told(unraisable)
        elif inside:
            signal.setitimer(signal.ITIMER_REAL, SOON, AGAIN)

    before, told = signal.signal(signal.SIGALRM, ring), sys.unraisablehook
    sys.unraisablehook = lost
    try:
        signal.setitimer(signal.ITIMER_REAL, min(seconds, LONGEST), AGAIN)
        inside = True
        yield
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = told
        signal.signal(signal.SIGALRM, before)
