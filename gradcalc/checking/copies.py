"""Copies of this process that a user's function makes by a fork."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncopied() -> Iterator[None]:
    """A call of a function; in a copy of this process it never comes back.

    Nobody waits for a second answer, and each call to come would double the copies again.
    """
    pid = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != pid:
            os._exit(0)
