"""The console script: `gradcalc` and `python -m gradcalc`."""

# What is imported here, a call that a warm process answers waits for.
import _signal
import gc
import os
import sys

from gradcalc.codes import COMMANDS, INTERRUPTED, LIMIT, completed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from gradcalc.torch_process import Beside


def main() -> "NoReturn":
    """Run the command line and leave at once.

    torch takes half a second to tear down at a normal exit, for nothing that matters here.
    """
    beside: Beside | None = None

    def leave(code: int) -> "NoReturn":
        if beside is not None:
            beside.end()
        os._exit(code)

    # as an exception Ctrl-C may get lost among the imports
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, lambda *_: leave(INTERRUPTED))
    _speak_utf8()
    _keep_places()
    argv = completed(sys.argv[1:])
    code = _warm(argv) if os.environ.get("GRADCALC_DAEMON") in ("1", "auto") else None
    if code is None:
        # nothing that is imported for one answer is garbage before it is given
        gc.disable()
        _hush()
        beside = _torch_beside(argv)
        code = _run(argv, beside)
    leave(code)


def _speak_utf8() -> None:
    """Start anew in UTF-8 where Python takes a locale of ASCII at its word: neither words
    nor names of files in other letters can be told there. As a rule Python does so by itself."""
    # whoever sets it on the command line of Python has the last word
    if sys.getfilesystemencoding() != "ascii" or not sys.executable or "utf8" in sys._xoptions:
        return
    try:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    # what is in ASCII is answered all the same
    except OSError:
        return


def _keep_places() -> None:
    """Let no file that is opened later be taken for a standard stream that is closed.

    That one stays None to Python.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # the lowest that is free
            os.open(os.devnull, os.O_RDWR)


def _warm(argv: list[str]) -> int | None:
    from gradcalc.daemon.client import answer

    return answer(argv)


def _hush() -> None:
    """Warnings are for whoever writes a program, not for whoever runs it; -W brings them back."""
    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")


def _torch_beside(argv: list[str]) -> "Beside | None":
    """The process that imports torch, if the command line asks for a gradient."""
    calculates = len(argv) > 1 and argv[0] in COMMANDS and COMMANDS[argv[0]].torch
    if (
        not calculates
        or "--help" in argv
        or argv[-1] == "-h"
        or not hasattr(os, "fork")
        or "torch" in sys.modules
    ):
        return None
    from gradcalc.torch_process import Beside

    try:
        return Beside()
    # without descriptors or memory for another process this one does it all
    except OSError:
        return None


def _run(argv: list[str], beside: "Beside | None") -> int:
    try:
        from gradcalc.cli.app import main as run
        from gradcalc.cli.output import flushed

        return flushed(run(argv, beside))
    # there is not even room for the modules that tell of errors
    # Python itself says SystemError where its errors do not fit
    except (MemoryError, OSError, SystemError) as error:
        told = str(error) if isinstance(error, OSError) else ""
        reason = told or "it does not fit into memory"
        os.write(2, f"error: gradcalc cannot start: {reason}\n".encode())
        return LIMIT
    # Ctrl-C may come while the first modules are being imported.
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    main()
