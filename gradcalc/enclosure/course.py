"""What a run on balls was, as data, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from gradcalc.enclosure.again import Template
from gradcalc.enclosure.backend import Detached, ElementBackend
from gradcalc.enclosure.balls import Ball
from gradcalc.enclosure.graph import Graph, Node
from gradcalc.lang.program import Branch
from gradcalc.problem import Execution

Reals = Any
"""A numpy array of mpmath reals."""

COURSES = 4
"""Courses that are remembered."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a run went through: its leaves by input, and the nodes that matter, latest first.

    `target` are the elements of the output, `outputs` the same with their weights. `execution` is
    the run itself; None where one that is known was done again.
    """

    leaves: Mapping[str, Any]
    graph: Graph
    path: tuple[Branch, ...]
    target: Any
    nodes: list[Node]
    outputs: list[tuple[Node, Ball]]
    detached: Detached
    backend: ElementBackend | None = None
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: the weighted sum of the output, its gradients, and what was met on the way.

    All numbers are the midpoints of balls as mpmath reals, NaN for what is not finite, 0 for what
    no float tells from it; `radii` are those of the gradients, `tight` says that they do not
    matter. `bits` is the precision, `adjoints` the derivatives by all nodes, as balls. `guessed`
    says that a comparison was decided by midpoints.
    """

    bits: int
    total: Any
    output: Reals
    gradients: Mapping[str, Reals]
    radii: Mapping[str, NDArray[np.float64]]
    tight: bool
    guessed: bool
    course: Course
    adjoints: Mapping[int, Ball]

    @property
    def path(self) -> tuple[Branch, ...]:
        """The branches that the run took."""
        return self.course.path

    @property
    def size(self) -> int:
        """How many numbers the run took."""
        return self.course.graph.size

    @property
    def finite(self) -> bool:
        """Whether the total and all gradients are finite numbers."""
        values = (value for gradient in self.gradients.values() for value in gradient.flat)
        return all(map(mpmath.isfinite, (self.total, *values)))

    @property
    def detached(self) -> Detached:
        """The values that were detached."""
        return self.course.detached


class Memory:
    """What runs of one program at several points share: the courses that they took last."""

    def __init__(self) -> None:
        self.context = mpmath.MPContext()
        self.courses: list[tuple[Template, tuple[Branch, ...]]] = []

    def keep(self, course: Course) -> None:
        """Remember a course that can be taken again."""
        if Template.fits(course.graph):
            known = Template(course.graph, course.leaves, course.target)
            self.courses[:] = [(known, course.path), *self.courses[: COURSES - 1]]
