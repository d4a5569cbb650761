"""What `gradcalc formula` answers, as data."""

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
    enclosure, `style` of which numbers those were, `point` is the first of them; `notes` say how
    the program was read.
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
    point: Problem
    read_as: str | None = None
    notes: tuple[str, ...] = ()
