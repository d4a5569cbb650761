"""The console script: `gradcalc` and `python -m gradcalc`."""

# What is imported here, a call that a warm process answers waits for.
import _signal
import os
import sys

from gradcalc.codes import INTERRUPTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> "NoReturn":
    """Run the command line and leave at once.

    torch takes half a second to tear down at a normal exit, for nothing that matters here.
    """
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _leave)
    code = _warm() if os.environ.get("GRADCALC_DAEMON") in ("1", "auto") else None
    os._exit(_run() if code is None else code)


def _leave(*_: object) -> "NoReturn":
    """End at once on Ctrl-C: as an exception it may get lost among the imports."""
    os._exit(INTERRUPTED)


def _warm() -> int | None:
    from gradcalc.daemon.client import answer

    return answer(sys.argv[1:])


def _run() -> int:
    import warnings

    # Warnings are for whoever writes a program, not for whoever runs it; -W brings them back.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        from gradcalc.cli.app import main as run
        from gradcalc.cli.output import flushed

        return flushed(run(sys.argv[1:]))
    # Ctrl-C may come while the first modules are being imported.
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    main()
