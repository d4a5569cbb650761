"""The verdict on programs at awkward points is the one that mathematics gives."""

import pytest

from tests.trust_cases import TRAPS, Trap, report


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.name for trap in TRAPS])
def test_a_trap_gets_a_right_outcome(trap: Trap) -> None:
    answer = report(trap.program, trap.dtype, **trap.inputs)
    assert answer.verdict.outcome in trap.outcomes, answer.verdict.message


def test_the_names_of_the_traps_are_distinct() -> None:
    names = [trap.name for trap in TRAPS]
    assert len(set(names)) == len(names) > 200
