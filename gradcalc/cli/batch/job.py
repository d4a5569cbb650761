"""What goes through the stream: jobs in, answers out, whoever turns one into the other, and what
came of all together: counts, the exit code, and one line that says so."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from gradcalc.cli.options import Options
from gradcalc.cli.programs import limits_of
from gradcalc.errors import GradcalcError, as_error

Allow = Callable[[float | None], None]
"""Says how many seconds the job at hand may take, None for no bound."""

ERROR = "error"
"""What an answer counts as that has no outcome."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request as it was read.

    `line` is the number of its first line, `end` the bytes of the input up to its end. `text` is
    None where there was more of it than is kept.
    """

    line: int
    end: int
    text: bytes | None


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """What is written for a job, whole lines; the word that it counts as, and its exit code."""

    text: str
    word: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with each job, in whatever process, by `options`; picklable data."""

    options: Options

    start: ClassVar[str] = ""
    """What every answer begins with."""

    @property
    def seconds(self) -> float | None:
        """How long a job may take that does not say otherwise, None for no bound."""
        return limits_of(self.options).seconds

    def answer(self, job: Job, allow: Allow) -> JobAnswer:
        """The answer to a job; whatever is wrong with it is an answer too."""
        try:
            return self.done(job, allow)
        # A stream outlives whatever happens to one of its requests.
        except Exception as error:
            return self.failed(job, as_error(error))

    def done(self, job: Job, allow: Allow) -> JobAnswer:
        """The answer to a job. Raises whatever is wrong with it."""
        raise NotImplementedError

    def failed(self, job: Job, error: GradcalcError) -> JobAnswer:
        """The answer for a job that could not be done."""
        raise NotImplementedError

    def recognised(self, text: str) -> JobAnswer | None:
        """The answer that a line of an earlier run's output was, None if it was not ours."""
        raise NotImplementedError

    def fits(self, job: Job, text: str) -> bool:
        """Whether that line can be the answer to this job."""
        raise NotImplementedError


BADNESS = (0, 3, 4, 2, 1, 70)
"""Exit codes of answers, the worst last."""


class Tally:
    """Counts answers as they are written."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.exit_code = 0
        self.earlier = 0

    def add(self, answer: JobAnswer, *, earlier: bool = False) -> None:
        """Count an answer, one of an earlier run as well."""
        self.words[answer.word] += 1
        self.exit_code = max(self.exit_code, answer.exit_code, key=BADNESS.index)
        self.earlier += earlier

    @property
    def total(self) -> int:
        """How many answers there are."""
        return self.words.total()

    def summary(self, seconds: float) -> str:
        """One line: how many requests came to what, and how long it took."""
        if not self.total:
            return "no requests\n"
        before = f" ({self.earlier:,} of them before)" if self.earlier else ""
        found = sorted(self.words.items(), key=lambda pair: (pair[0] == ERROR, -pair[1]))
        counts = ", ".join(f"{count:,} {_plural(word, count)}" for word, count in found)
        requests = f"{self.total:,} {_plural('request', self.total)}"
        return f"{requests}{before}: {counts} in {seconds:.1f} s\n"


def _plural(word: str, count: int) -> str:
    return f"{word}s" if word in ("request", ERROR) and count != 1 else word
