"""The console script: `gradcalc` and `python -m gradcalc`."""

import gc
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from gradcalc.errors import INTERRUPTED, PIPE_CLOSED

if TYPE_CHECKING:
    from gradcalc.beside import Beside


def main() -> NoReturn:
    """Run the command line and leave at once.

    torch takes half a second to tear down at a normal exit, for nothing that matters here.
    """
    # nothing that is imported for one answer is garbage before it is given
    gc.disable()
    # Warnings are for whoever writes a program, not for whoever runs it; -W brings them back.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    beside = _torch_beside(sys.argv[1:])

    def leave(code: int) -> NoReturn:
        if beside is not None:
            beside.end()
        os._exit(code)

    # as an exception Ctrl-C may get lost among the imports
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: leave(INTERRUPTED))
    code = _run(beside)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    # A stream that was closed from outside is None or refuses; there is nobody left to tell.
    except (OSError, ValueError, AttributeError):
        pass
    leave(code)


def _torch_beside(argv: Sequence[str]) -> "Beside | None":
    """The process that imports torch, if the command line asks for a gradient."""
    calculates = len(argv) > 1 and argv[0] in ("grad", "why") and "--help" not in argv
    if not calculates or not hasattr(os, "fork") or "torch" in sys.modules:
        return None
    from gradcalc.beside import Beside

    return Beside()


def _run(beside: "Beside | None") -> int:
    try:
        from gradcalc.cli.app import main as run

        return run(sys.argv[1:], beside)
    # Ctrl-C may come while the first modules are being imported.
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    main()
