"""The bound on the time of a block: it rings in time, again where it got lost, and never after."""

import contextlib
import signal
import time

import pytest

from gradcalc.derive.alarm import AGAIN, TimesUp, at_most


def spin() -> None:
    while True:
        pass


def test_a_block_that_takes_too_long_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(TimesUp), at_most(0.05):
        spin()
    assert time.monotonic() - start < 5


def test_what_is_raised_while_an_object_is_cleaned_up_is_raised_again() -> None:
    def lost_once() -> None:
        # as Python does around __del__ and the callbacks of its collector
        with contextlib.suppress(TimesUp):
            spin()
        spin()

    with pytest.raises(TimesUp), at_most(0.05):
        lost_once()


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
