"""A star stands where Python's compiler takes one, and nowhere else."""

import pytest

from gradcalc.errors import ProgramSyntaxError
from gradcalc.lang.fence import compile_program
from tests.lang_backends import SIDES, numbers_of

REFUSED = ["*x", "u = *x", "*x = x", "*a, *b = x", "[*a, *b] = x", "for *a in x:\n    pass\nx",
           "[a for *a in x]", "def f(x):\n    return *x"]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_a_star_out_of_place_is_refused(text: str) -> None:
    with pytest.raises(ProgramSyntaxError, match="a star cannot stand here"):
        compile_program(text)


@pytest.mark.parametrize("run", SIDES.values(), ids=SIDES)
def test_a_star_in_brackets_gives_the_parts_of_a_key(run: object) -> None:
    found = run(compile_program("i = (1,)\nx[*i]"), {"x": [2.0, 3.0]})  # type: ignore[operator]
    assert float(numbers_of(found.value)) == 3.0
