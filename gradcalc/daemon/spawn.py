"""Starting a server in the background, with nothing of the caller's left open in it."""

import fcntl
import os
import sys

from gradcalc.daemon import identity, place

_START = """
import sys
if sys.argv[2] not in sys.path:
    sys.path.insert(0, sys.argv[2])
from gradcalc.cli.warm import main
main(sys.argv[1])
"""


def spawn(name: str) -> None:
    """Start the server of a name unless one runs or starts; whether that works shows later."""
    try:
        if not is_held(place.lock(place.create(), name)):
            _detach(name)
    # A full process table or disk is no reason to fail: the call is answered all the same.
    except OSError:
        pass


def is_held(lock: str) -> bool:
    """Whether a server has locked this file, or is about to."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _detach(name: str) -> None:
    """Run the server as nobody's child, in a session without a terminal that it does not lead."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if not os.fork():
            _execute(name)
    finally:
        os._exit(0)


def _execute(name: str) -> None:
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
        os.set_inheritable(descriptor, True)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    flags = [*identity.interpreter_flags(), "-P"]
    command = [sys.executable, *flags, "-c", _START, name, os.path.dirname(identity.PACKAGE)]
    os.execve(sys.executable, command, identity.environment())
