"""The console script: `gradcalc` and `python -m gradcalc`."""

import os
import signal
import sys
import warnings
from typing import NoReturn

from gradcalc.errors import INTERRUPTED, PIPE_CLOSED


def main() -> NoReturn:
    """Run the command line and leave at once.

    torch takes half a second to tear down at a normal exit, for nothing that matters here.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    code = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    # A stream that was closed from outside is None or refuses; there is nobody left to tell.
    except (OSError, ValueError, AttributeError):
        pass
    os._exit(code)


def _leave(*_: object) -> NoReturn:
    """End at once on Ctrl-C: as an exception it may get lost among the imports."""
    os._exit(INTERRUPTED)


def _run() -> int:
    # Warnings are for whoever writes a program, not for whoever runs it; -W brings them back.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        from gradcalc.cli.app import main as run

        return run(sys.argv[1:])
    # Ctrl-C may come while the first modules are being imported.
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    main()
