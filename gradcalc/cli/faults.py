"""Any exception as an error that can be told: what nobody foresaw is a fault of gradcalc's own."""

import os
import sys

from gradcalc.codes import FAULT
from gradcalc.errors import GradcalcError, LimitError


class Fault(GradcalcError):
    """A mistake of gradcalc's own, said as an error."""

    kind = "fault"
    exit_code = FAULT


def _wants_memory(error: Exception) -> bool:
    """Whether a library could not be loaded because there is no room for it."""
    text = str(error).lower()
    return isinstance(error, ImportError | OSError) and any(
        part in text for part in ("failed to map segment", "cannot allocate memory")
    )


def as_error(error: Exception) -> GradcalcError:
    """The exception itself if it is an error of the user's, else an error that tells of it."""
    if isinstance(error, GradcalcError):
        return error
    if isinstance(error, MemoryError) or _wants_memory(error):
        return LimitError("the calculation does not fit into memory")
    if os.environ.get("GRADCALC_DEBUG"):
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    reason = next(iter(str(error).splitlines()), "")
    return Fault(
        f"gradcalc has a fault: {type(error).__name__}{': ' if reason else ''}{reason}",
        hint="please report it with the command; GRADCALC_DEBUG=1 shows where it happened",
    )
