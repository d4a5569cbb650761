"""`docs/functions.md` says what there is: `python -m tests.examples` writes it."""

import pytest

from gradcalc.derive.runs import Runs
from gradcalc.primitives import FAMILIES, PRIMITIVES, Primitive
from gradcalc.reference import document
from gradcalc.reference.catalogue import catalogue, named
from gradcalc.reference.examples import examples
from gradcalc.reference.spellings import by_name
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


FURTHER = {
    "quad": "scipy.integrate.quad(func, a, b, args=())",
    "fixed_quad": "scipy.integrate.fixed_quad(func, a, b, args=(), n=5)",
    "fori_loop": "jax.lax.fori_loop(lower, upper, body_fun, init_val)",
    "nn.Linear": "torch.nn.Linear(in_features, out_features, bias=True",
    "rosen": "scipy.optimize.rosen(x)",
    "scipy.integrate.romb": "scipy.integrate.romb(y, dx=1.0, axis=-1)",
    "partial": "functools.partial",
}


@pytest.mark.parametrize("name", FURTHER)
def test_what_is_no_row_of_a_table_is_found_too(name: str) -> None:
    found = named(name, catalogue())
    assert found is not None
    calls = [call for library in by_name(found.name).values() for call in library]
    assert any(call.startswith(FURTHER[name]) for call in calls), calls
