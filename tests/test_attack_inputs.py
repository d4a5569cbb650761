"""A small attack by hostile inputs: nothing breaks, and what breaks is seen."""

import pytest

from benchmarks.attack.data import Size
from benchmarks.attack.inputs import COMMANDS, KINDS, attack
from benchmarks.attack.inputs_running import Case, judged
from benchmarks.attack.inputs_smaller import smaller

SHARE = 4 / max(full for _, full in KINDS.values())
"""So few that each kind is drawn some times."""


SLOW = ("longer than it may take", "no answer")
"""What is said of a case on a machine that is too slow for it."""


def test_nothing_breaks_in_a_small_attack() -> None:
    rows = list(attack(Size(SHARE, seed=0)))
    assert [row.what for row in rows] == [*KINDS, "all of these as commands"]
    assert rows[-1].tried <= len(KINDS) * max(1, COMMANDS // len(KINDS))
    assert all(row.tried for row in rows)
    broken = [text for row in rows for text in row.broken]
    assert [text for text in broken if not text.startswith(SLOW)] == []


ASKED = Case(("grad", "x"))
SURE = Case(("jacobian", "x"), codes=(0, 2, 3, 4))
STREAM = Case(("batch", "requests.jsonl"), answers=1)

JUDGED = {
    "verdict": (ASKED, 0, "x\n", "", ""),
    "error": (ASKED, 2, "", "error: there is no x\ntip: none\n", ""),
    "limit": (ASKED, 4, "", "error: too much\n", ""),
    "traceback": (ASKED, 1, "", "Traceback (most recent call last):\nKeyError: 1\n", "traceback"),
    "fault": (ASKED, 70, "", "error: gradcalc has a fault: KeyError\n", "exit code 70"),
    "fault told": (ASKED, 0, "# finding\tx: no formula: gradcalc has a fault, KeyError\n", "",
                   "a fault in an answer"),
    "wrong where nothing is": (SURE, 1, "x\n", "", "exit code 1"),
    "a NaN that is wrong": (SURE, 1, "autograd says NaN\n", "", ""),
    "killed": (ASKED, -9, "", "", "exit code -9"),
    "no error": (ASKED, 2, "", "", "0 errors with exit code 2"),
    "two errors": (ASKED, 2, "", "error: one\nerror: two\n", "2 errors"),
    "error beside a verdict": (ASKED, 0, "x\n", "error: one\n", "an error with exit code 0"),
    "empty error": (ASKED, 2, "", "error: \n", "an empty error"),
    "escape": (ASKED, 2, "", "error: a \x1b[31m\n", "not printable"),
    "Python's words": (ASKED, 2, "", "error: <function f> is no name\n", "Python's words"),
    "answers": (STREAM, 2, '{"exit_code":2,"error":{"message":"no"}}\n', "", ""),
    "answers that are too few": (STREAM, 0, "", "", "0 answers to 1 requests"),
    "answers that are no JSON": (STREAM, 0, "x\n", "", "no JSON"),
    "fault among answers": (STREAM, 2, '{"exit_code":70,"error":{"message":"no"}}\n', "",
                            "exit code 70"),
}  # fmt: skip
"""A case, how it ended, and a part of what is wrong with that, which may be nothing."""


@pytest.mark.parametrize(("case", "code", "out", "err", "wrong"), JUDGED.values(), ids=JUDGED)
def test_what_breaks_is_seen(case: Case, code: int, out: str, err: str, wrong: str) -> None:
    found = judged(case, code, out, err)
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_a_case_is_made_smaller_while_it_breaks() -> None:
    case = Case(("grad", "a + b + KEPT + c", "--x", "1"), files=(("f.py", b"abc"),), stdin=b"no")
    found = smaller(case, lambda other: any("KEPT" in word for word in other.argv))
    assert "KEPT" in "".join(found.argv)
    assert sum(map(len, found.argv)) < 6
    assert not found.stdin
