"""`docs/functions.md` says what there is: `python -m tests.examples` writes it."""

import pytest

from gradcalc.derive.runs import Runs
from gradcalc.primitives import FAMILIES, PRIMITIVES, Primitive
from gradcalc.reference import document
from gradcalc.reference.examples import examples
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


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_each_row_has_an_example_that_runs(row: Primitive) -> None:
    for example in examples(row):
        assert Runs(example.problem).recording.trace.output.shape is not None
