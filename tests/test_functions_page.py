"""`docs/functions.md` says what there is: `python -m tests.examples` writes it."""

import pytest

from gradcalc.primitives import FAMILIES, PRIMITIVES
from gradcalc.reference import document
from tests.examples import FUNCTIONS

PAGE = FUNCTIONS.read_text(encoding="utf-8")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_as_the_rows_have_it(family: str) -> None:
    assert document.section(family) in PAGE


def test_nothing_else_is_on_the_page() -> None:
    headings = [line[3:] for line in PAGE.splitlines() if line.startswith("## ")]
    families = [family.capitalize() for family in FAMILIES]
    assert headings == [*families, "The language's own", "Put together from these"]
    assert PAGE.startswith(document.HEAD)
    assert PAGE.count("| `") >= len(PRIMITIVES)
