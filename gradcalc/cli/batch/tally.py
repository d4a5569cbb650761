"""What came of all requests together: counts, the exit code, and one line that says so."""

from collections import Counter

from gradcalc.cli.batch.job import ERROR, Answer

BADNESS = (0, 3, 4, 2, 1, 70)
"""Exit codes of answers, the worst last."""


class Tally:
    """Counts answers as they are written."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.exit_code = 0
        self.earlier = 0

    def add(self, answer: Answer, *, earlier: bool = False) -> None:
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
