"""What goes through the stream: jobs in, answers out, and whoever turns one into the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gradcalc.errors import GradcalcError

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
class Answer:
    """What is written for a job, whole lines; the word that it counts as, and its exit code."""

    text: str
    word: str
    exit_code: int


class Work(Protocol):
    """What is done with each job, in whatever process; picklable data."""

    @property
    def seconds(self) -> float | None:
        """How long a job may take that does not say otherwise, None for no bound."""

    @property
    def start(self) -> str:
        """What every answer begins with."""

    def answer(self, job: Job, allow: Allow) -> Answer:
        """The answer to a job; whatever is wrong with it is an answer too."""

    def failed(self, job: Job, error: GradcalcError) -> Answer:
        """The answer for a job that could not be done."""

    def recognised(self, text: str) -> Answer | None:
        """The answer that a line of an earlier run's output was, None if it was not ours."""

    def fits(self, job: Job, text: str) -> bool:
        """Whether that line can be the answer to this job."""
