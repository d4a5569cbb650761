"""All that is shown of one primitive."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradcalc.calculate import calculate
from gradcalc.primitives import Composite, Elementwise, Primitive
from gradcalc.reference.derivatives import Derivative, findings
from gradcalc.reference.examples import Example, examples
from gradcalc.reference.places import Place, surroundings
from gradcalc.reference.spellings import Spellings, spellings
from gradcalc.report import Report

if TYPE_CHECKING:
    from gradcalc.calculate import Ask


@dataclass(frozen=True, slots=True)
class Page:
    """What is known about a primitive; what is not known is None or empty.

    The `example` is how it is called, in whose names the rest is told, and `report` what gradcalc
    says of it. `definition` is a program in gradcalc's own language.
    """

    example: Example
    definition: str | None
    derivatives: tuple[Derivative, ...]
    domain: str | None
    places: tuple[Place, ...]
    spellings: Spellings
    report: Report


def page(row: Primitive, ask: "Ask") -> Page:
    """Find out all that there is to say about a primitive."""
    found = findings(row)
    report = calculate(found.example.problem, ask=ask)
    domain, places = None, found.places
    if isinstance(row, Elementwise):
        around = surroundings(row)
        domain, places = around.domain, around.places
    return Page(
        example=found.example,
        definition=row.definition.strip("\n") if isinstance(row, Composite) else None,
        derivatives=found.derivatives,
        domain=domain,
        places=places,
        spellings=spellings(row, _alike(row, found.example)),
        report=report,
    )


def _alike(row: Primitive, shown: Example) -> list[Example]:
    """The samples that are like the example: all without options, or itself."""
    return [sample for sample in examples(row) if not sample.options] or [shown]
