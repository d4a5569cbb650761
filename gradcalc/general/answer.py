"""What `gradcalc formula` answers, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradcalc.expr.written import Written
from gradcalc.general.shapes import Reading
from gradcalc.problem import Problem
from gradcalc.report import Verdict


@dataclass(frozen=True, slots=True)
class Derivative:
    """One formula: of what, by which input, a second one for a block of a Hessian.

    `only` are the sizes that it is for, where it is not for all. By a symmetric matrix it is that
    of all its elements, and `symmetric` what of it counts among symmetric ones, where that is
    something else. `shows` is what the form of a Hessian shows of it, and `convexity` what follows.
    """

    by: tuple[str, ...]
    formula: Written | None
    only: str = ""
    symmetric: Written | None = None
    shows: tuple[str, ...] = ()
    convexity: str | None = None


@dataclass(frozen=True, slots=True)
class General:
    """The formulas of a program without values.

    `kind` is `gradient`, `jacobian`, `hessian` or `derivative` of an `order`; `sizes` are those of
    the output. `points` says at how many random points the formulas were held to torch and to the
    enclosure, `style` of which numbers those were, `samples` are some of them of different sizes,
    with what the letters stand for, `point` the first of them; `notes` say how the program was
    read.
    """

    program: str
    kind: str
    order: int
    reading: Reading
    sizes: tuple[str, ...]
    derivatives: tuple[Derivative, ...]
    verdict: Verdict
    points: int
    style: str
    samples: tuple[tuple[Mapping[str, int], Problem], ...]
    read_as: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def point(self) -> Problem:
        """The first of the random points."""
        return self.samples[0][1]
