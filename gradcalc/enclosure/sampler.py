"""Runs beside a special point, for each part of the function as if there was nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import OutOfReach
from gradcalc.derive.perturbations import directions_for, shifts, smallest
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.experiment import NAN, Experiment, Level, run_beside
from gradcalc.enclosure.kinks import is_undefined
from gradcalc.enclosure.parts import Part
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError

UNTIGHT = "no precision is enough to tell the gradient"


def size_of(experiment: Experiment) -> int:
    """How many elements are differentiated by."""
    problem = experiment.problem
    return sum(problem.inputs[name].size for name in problem.wrt)


@dataclass(slots=True)
class Sampler:
    """Runs beside a special point.

    The parts are moved together, those of one size in the same direction, so that one run tells of
    all of them.
    """

    experiment: Experiment
    depth: Depth
    base: Trial
    special: Sequence[Part]
    known: dict[Any, Trial] = field(default_factory=dict)

    @property
    def at_zero(self) -> float:
        """How far what is 0 moves."""
        return smallest(self.experiment.problem.inputs, self.experiment.problem.wrt)

    def moves(self, part: Part) -> list[Mapping[str, Any]]:
        """How far all inputs move where one element of a part does."""
        problem = self.experiment.problem
        return [
            shifts(problem.inputs, problem.wrt, way, flint.arb(1), self.at_zero, 1.0)
            for way in np.eye(size_of(self.experiment))[part.columns]
        ]

    def scale(self, part: Part) -> Any:
        """How far the elements of a part move."""
        problem = self.experiment.problem
        ones = np.ones(size_of(self.experiment))
        moved = shifts(problem.inputs, problem.wrt, ones, flint.arb(1), self.at_zero, 1.0)
        return to_floats(problem.joined(moved))[part.columns]

    def __call__(self, part: Part, direction: Any, radius: Any, times: int = 1) -> Trial:
        """The run in a direction of a part, at some distance, as if there was nothing else.

        In so many times as many digits.
        """
        exact = tuple(d.man_exp() if isinstance(d, flint.arb) else float(d) for d in direction)
        key = len(part.columns), exact, radius.man_exp(), times
        if key not in self.known:
            self.known[key] = self._run(part, direction, radius, times)
        return self._told(part, self.known[key])

    def _told(self, part: Part, trial: Trial) -> Trial:
        """A run as if there was nothing but a part. Raises `OutOfReach` where none is told."""
        own = part.of(trial, self.base)
        experiment = self.experiment
        if own.finite or experiment.wild is not None:
            return own
        if not is_undefined(trial, experiment.epsilon, part.terms):
            if experiment.has_nan:
                raise Level(NAN)
            raise Level if experiment.level else OutOfReach(UNTIGHT)
        return own

    def alone(self, part: Part, direction: Any, radius: Any) -> Trial:
        """The run where nothing but this part moves.

        Raises `OutOfReach` where others have no value at the point.
        """
        if len(self.special) < 2:
            return self(part, direction, radius)
        trial = self.moved(self._along([part], direction), radius)
        if not trial.finite:
            raise OutOfReach("the others have no value there")
        return self._told(part, trial)

    def _run(self, part: Part, direction: Any, radius: Any, times: int) -> Trial:
        try:
            return self.moved(self._along(self.special, direction), radius, times)
        except (OutOfReach, GradcalcError):
            if len(self.special) < 2:
                raise
        return self.moved(self._along([part], direction), radius, times)

    def _along(self, moving: Sequence[Part], direction: Any) -> Any:
        """The way of all elements."""
        way = np.zeros(size_of(self.experiment), np.asarray(direction).dtype)
        for part in moving:
            same = len(part.columns) == len(direction)
            way[part.columns] = direction if same else directions_for(len(part.columns), 1)[0]
        return way

    def moved(self, way: Any, radius: Any, times: int = 1) -> Trial:
        """The run in a direction of all elements, in so many times as many digits."""
        experiment, problem = self.experiment, self.experiment.problem
        # floors of large numbers have steps nearer than a small part of them
        moved = shifts(problem.inputs, problem.wrt, way, radius, self.at_zero, 1.0)
        return run_beside(experiment, self.base.bits * times, moved, self.base.detached)
