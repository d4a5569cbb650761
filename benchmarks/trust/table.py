"""The table of counts."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.timing import shown
from benchmarks.trust.cases import Result
from benchmarks.trust.judges import Word

JUDGES = ("gradcalc", "gradcheck", "check_grad", "check_grads")
HEADS = ("gradcalc", "torch gradcheck", "scipy check_grad", "jax check_grads")
NONE = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """What is counted in which cases: those with the word, of a group and a kind."""

    title: str
    group: str
    kind: str
    word: Word

    def takes(self, result: Result) -> bool:
        """Whether a case belongs to the line."""
        return (result.group, result.kind) == (self.group, self.kind) and not result.idle


LINES = (
    Line("healthy, float64: right ones rejected", "healthy", "float64", Word.REJECT),
    Line("healthy, float64: cannot", "healthy", "float64", Word.CANNOT),
    Line("healthy, float32: right ones rejected", "healthy", "float32", Word.REJECT),
    Line("healthy, float32: cannot", "healthy", "float32", Word.CANNOT),
    Line("planted in torch, float64: wrong ones passed", "planted in torch", "float64", Word.PASS),
    Line("planted in torch, float64: cannot", "planted in torch", "float64", Word.CANNOT),
    Line("planted in torch, float32: wrong ones passed", "planted in torch", "float32", Word.PASS),
    Line("planted in torch, float32: cannot", "planted in torch", "float32", Word.CANNOT),
    Line("planted in the check: passed", "planted in the check", "", Word.PASS),
    Line("traps, wrong: wrong ones passed", "traps", "wrong", Word.PASS),
    Line("traps, wrong: cannot", "traps", "wrong", Word.CANNOT),
    Line("traps, right: right ones rejected", "traps", "right", Word.REJECT),
    Line("traps, right: cannot", "traps", "right", Word.CANNOT),
    Line("traps, right or open: not passed", "traps", "open", Word.REJECT),
    Line("traps, neither: passed without a word", "traps", "neither", Word.PASS),
    Line("traps, neither: cannot", "traps", "neither", Word.CANNOT),
    Line("corners of planes: passed without a word", "corners", "planes, neither", Word.PASS),
    Line("corners of planes, wrong: wrong ones passed", "corners", "planes, wrong", Word.PASS),
    Line("corners of planes, smooth: rejected", "corners", "planes, right", Word.REJECT),
    Line("vertices of norms: passed without a word", "corners", "vertices, neither", Word.PASS),
    Line("ties that matter: passed without a word", "corners", "ties, neither", Word.PASS),
    Line("ties that do not: rejected", "corners", "ties, right", Word.REJECT),
)


def table(results: Sequence[Result]) -> str:
    """All counts, and their sums."""
    rows = [("", "cases", *HEADS), *(_counted(line, results) for line in LINES)]
    rows.append(_summed("wrong ones passed", results, _wrong_passed))
    rows.append(_summed("right ones rejected", results, _right_rejected))
    rows.append(_seconds(results))
    left = max(len(row[0]) for row in rows)
    widths = [max(len(row[k]) for row in rows) for k in range(1, len(HEADS) + 2)]
    return "\n".join(
        "  ".join([row[0].ljust(left), *(c.rjust(w) for c, w in zip(row[1:], widths, strict=True))])
        for row in rows
    )


def _counted(line: Line, results: Sequence[Result]) -> tuple[str, ...]:
    taken = [result for result in results if line.takes(result)]
    counts = (_count(taken, judge, lambda _, word: word is line.word) for judge in JUDGES)
    return (line.title, f"{len(taken):,}", *counts)


def _summed(title: str, results: Sequence[Result], wanted: Callable[..., bool]) -> tuple[str, ...]:
    """A sum over the groups that all judges have."""
    taken = [r for r in results if r.words and not r.idle and r.group != "planted in the check"]
    concerned = [r for r in taken if any(wanted(r, word) for word in Word)]
    counts = (_count(concerned, judge, wanted) for judge in JUDGES)
    return (f"all: {title}", f"{len(concerned):,}", *counts)


def _count(taken: Sequence[Result], judge: str, wanted: Callable[..., bool]) -> str:
    if not any(judge in result.words for result in taken):
        return NONE
    return f"{sum(wanted(result, result.words.get(judge)) for result in taken):,}"


def _wrong_passed(result: Result, word: Word | None) -> bool:
    wrong = result.group == "planted in torch" or (
        result.group in ("traps", "corners") and result.kind.endswith("wrong")
    )
    return wrong and word is Word.PASS


def _right_rejected(result: Result, word: Word | None) -> bool:
    right = result.group == "healthy" or (
        result.group in ("traps", "corners") and result.kind.endswith("right")
    )
    return right and word is Word.REJECT


def _seconds(results: Sequence[Result]) -> tuple[str, ...]:
    healthy = [result for result in results if result.group == "healthy"]
    medians = (
        shown(statistics.median(result.seconds[judge] for result in healthy)) if healthy else NONE
        for judge in JUDGES
    )
    return ("healthy: median time of a case", f"{len(healthy):,}", *medians)
