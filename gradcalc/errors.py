"""What can go wrong, as data.

    GradcalcError
      ProgramSyntaxError   the text is not a program                        exit 2
      UnknownNameError     a name is unknown, missing, unused or twice      exit 2
      ShapeError           sizes do not fit an operation                    exit 2
      InvalidValueError    a value cannot be read or makes no sense         exit 2
      FileError            a file is missing or of an unknown kind          exit 2
      LimitError           a limit on size, steps or time was reached       exit 4
      UnsupportedError     Python that is not part of the language          exit 2
      UsageError           the command line does not fit together           exit 2
      Fault                a mistake of gradcalc's own                      exit 70

Every error is one sentence, where possible with the place in the text (`Span`) and a hint.
"""

import difflib
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from gradcalc.codes import FAULT, LIMIT


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text. Lines and columns count characters from 1; the end is exclusive.

    `file` says which of several files, or cells of a notebook, its lines are counted in.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    file: str | None = None

    @property
    def told(self) -> str:
        """Its beginning in words."""
        file = "" if self.file is None else f"{self.file}, "
        return f"{file}line {self.line}, column {self.column}"


JOIN = "·"
"""What stands between a module and a name of it where several files are read as one text."""


def with_dots(text: str) -> str:
    """A text with the names of several files as whoever has imported those calls them."""
    return re.sub(rf"(?<=\w){JOIN}(?=\w)", ".", text)


LINALG = "LinAlgError"
"""What the libraries raise where a matrix has no inverse or no factor."""

AXIS = "AxisError"
"""What numpy raises where there is no such dimension, torch's IndexError."""


def brief(text: str, width: int = 60) -> str:
    """A text for a sentence, its middle left out where it is long."""
    if len(text) <= width:
        return text
    return f"{text[: width // 2 - 2]}...{text[len(text) - width // 2 + 1 :]}"


LONGEST = 1000
"""Characters of a message and of its tip, whatever text of a user stands in them."""


class GradcalcError(Exception):
    """Base of every error that is told, nearly all of which a user can cause.

    `python` is the exception of Python's that a program may catch it as, `said` its text, None
    where only gradcalc's own is known, `about` what it holds, and `value` the object itself once
    the program has it. `printed` is what the program had printed before.
    """

    kind: ClassVar[str] = "usage"
    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        span: Span | None = None,
        source: str | None = None,
        python: str | None = None,
        said: str | None = None,
        about: tuple[Any, ...] | None = None,
    ) -> None:
        message = brief(message, LONGEST)
        super().__init__(message)
        self.message = message
        self.python = python
        self.said = said
        self.about = about
        self.value: Any = None
        self.hint = None if hint is None else brief(hint, LONGEST)
        self.span = span
        self.source = source
        self.printed = ""

    def located(self, span: Span | None, source: str | None) -> "GradcalcError":
        """This error, given a place in the text unless it already has one."""
        if self.span is None:
            self.span, self.source = span, source
        if self.span is not None and self.span.file is not None:
            self.message = with_dots(self.message)
            self.args = (self.message,)
            self.hint = None if self.hint is None else with_dots(self.hint)
        return self


class ProgramSyntaxError(GradcalcError):
    kind = "syntax"


class UnknownNameError(GradcalcError):
    kind = "name"


class UntoldError(UnknownNameError):
    """Something is `named` of which the text does not tell that it is a function."""

    def __init__(self, named: str) -> None:
        super().__init__(
            f"that {named} is a function is not told by the text",
            hint=f"write a function that calls it with what it takes: def g(x): return {named}(x)",
        )
        self.named = named

    def of(self, names: Iterable[str]) -> "UntoldError":
        """This error, with a tip of the inputs that were given."""
        given = ", ".join(dict.fromkeys(names))
        if given:
            self.hint = (
                f"write a function that calls it: def g({given}): return {self.named}({given})"
            )
        return self


class ShapeError(GradcalcError):
    kind = "shape"


class InvalidValueError(GradcalcError):
    kind = "value"


class FileError(GradcalcError):
    kind = "file"


class LimitError(GradcalcError):
    kind = "limit"
    exit_code = LIMIT


class EndlessError(LimitError):
    """A program that did not end within its steps."""


class UnsupportedError(GradcalcError):
    kind = "unsupported"


class UsageError(GradcalcError):
    kind = "usage"


class Fault(GradcalcError):
    kind = "fault"
    exit_code = FAULT


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the closest known name, for names of three letters or more."""
    if len(name) < 3:
        return None
    close = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.77)
    return f"did you mean {close[0]}?" if close else None


def as_error(error: Exception) -> GradcalcError:
    """The exception itself if it is an error of the user's, else an error that tells of it."""
    if isinstance(error, GradcalcError):
        return error
    if isinstance(error, MemoryError) or _wants_memory(error):
        return LimitError("the calculation does not fit into memory")
    if isinstance(error, RecursionError):
        _show(error)
        return LimitError("the calculation is nested too deeply")
    _show(error)
    reason = next(iter(str(error).splitlines()), "")
    return Fault(
        f"gradcalc has a fault: {type(error).__name__}{': ' if reason else ''}{reason}",
        hint="please report it with the command; GRADCALC_DEBUG=1 shows where it happened",
    )


def _show(error: Exception) -> None:
    if os.environ.get("GRADCALC_DEBUG"):
        import traceback

        traceback.print_exception(error, file=sys.stderr)


def _wants_memory(error: Exception) -> bool:
    """Whether a library could not be loaded because there is no room for it."""
    text = str(error).lower()
    return isinstance(error, ImportError | OSError) and any(
        part in text for part in ("failed to map segment", "cannot allocate memory")
    )
