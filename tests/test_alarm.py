"""The bound on the time of a block: it rings in time, again where it got lost, and never after."""

import contextlib
import gc
import signal
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gradcalc.readback.alarm import AGAIN, SOON, TimesUp, at_most

LONG = 1e6
"""Seconds after which no test is still running."""


def spin() -> None:
    while True:
        pass


def ring() -> None:
    """What the kernel does when the time is up."""
    signal.raise_signal(signal.SIGALRM)


def test_a_block_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimesUp), at_most(0.05):
        spin()


def test_what_is_caught_on_the_way_is_raised_again() -> None:
    def lost_once() -> None:
        with contextlib.suppress(TimesUp):
            spin()
        spin()

    with pytest.raises(TimesUp), at_most(0.05):
        lost_once()


# Where Python throws away what is raised


def in_a_destructor() -> None:
    class Ringing:
        def __del__(self) -> None:
            ring()

    Ringing()


def in_the_callback_of_a_weak_reference() -> None:
    class Watched:
        pass

    watched = Watched()
    reference = weakref.ref(watched, lambda _: ring())
    del watched
    assert reference() is None


def in_a_generator_that_is_given_up() -> None:
    def numbers() -> Iterator[int]:
        try:
            yield 1
        finally:
            ring()

    next(numbers())


def in_the_destructor_of_garbage() -> None:
    class Circle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            ring()

    Circle()
    gc.collect()


def before_a_collection() -> None:
    _around_a_collection("start")


def after_a_collection() -> None:
    _around_a_collection("stop")


def _around_a_collection(wanted: str) -> None:
    def called(phase: str, _: Any) -> None:
        if phase == wanted:
            ring()

    gc.callbacks.append(called)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(called)


LOSING = [
    in_a_destructor,
    in_the_callback_of_a_weak_reference,
    in_a_generator_that_is_given_up,
    in_the_destructor_of_garbage,
    before_a_collection,
    after_a_collection,
]


@pytest.mark.parametrize("losing", LOSING, ids=lambda losing: losing.__name__)
def test_what_gets_lost_is_raised_again_and_nobody_is_told(
    losing: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    rung: list[float] = []
    setting = signal.setitimer

    def set_timer(which: int, seconds: float, again: float = 0.0) -> None:
        rung.append(seconds)
        setting(which, seconds, again)

    monkeypatch.setattr(signal, "setitimer", set_timer)

    def lost_once() -> None:
        losing()
        spin()

    with pytest.raises(TimesUp), at_most(LONG):
        lost_once()
    assert rung[:2] == [LONG, SOON]
    assert rung[-1] == 0
    assert told == []
    assert sys.unraisablehook == told.append


def test_what_else_gets_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ZeroDivisionError

    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    with at_most(LONG):
        Broken()
    assert told == [ZeroDivisionError]


def test_a_ring_on_the_way_in_or_out_leaves_nothing_behind() -> None:
    """At each line of the code around the block, that which sets the alarm included."""
    before = signal.getsignal(signal.SIGALRM), sys.unraisablehook
    place, lines = 0, 1
    while place < lines:
        place += 1
        lines = 0

        def at_each(frame: Any, event: str, _: Any, here: int = place) -> Any:
            nonlocal lines
            if event == "line" and frame.f_code.co_filename != __file__:
                lines += 1
                handler: Any = signal.getsignal(signal.SIGALRM)
                if lines == here and handler is not before[0]:
                    handler(signal.SIGALRM, frame)
            return at_each

        bounded, tracing = at_most(LONG), sys.gettrace()
        sys.settrace(at_each)
        try:
            with bounded:
                pass
        finally:
            sys.settrace(tracing)
        assert (signal.getsignal(signal.SIGALRM), sys.unraisablehook) == before
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert place > 20


def test_nothing_rings_after_the_block() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimesUp), at_most(0.01):
        spin()
    time.sleep(2 * AGAIN)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_inner_block_leaves_the_alarm_to_the_outer_one() -> None:
    with pytest.raises(TimesUp), at_most(0.05), at_most(100):
        spin()


@pytest.mark.parametrize("seconds", [1e10, 1e19, 1e300])
def test_more_seconds_than_a_timer_takes_are_no_fault(seconds: float) -> None:
    with at_most(seconds):
        pass
