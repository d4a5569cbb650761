"""What lies around a point: the run there, what is special about it, and runs beside it.

Where it is special to some parts of the function only, these are looked at by themselves.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import to_floats
from gradcalc.balls.numbers import NAN, OutOfReach
from gradcalc.derive.perturbations import directions_for, is_finite, shifts, smallest
from gradcalc.enclosure.bends import bends, is_level
from gradcalc.enclosure.cells import Cell, Walk, walk
from gradcalc.enclosure.culprits import ranked, turned
from gradcalc.enclosure.experiment import (
    BESIDE,
    MORE,
    SAMPLES,
    TIE,
    Experiment,
    Level,
    Samples,
    beside,
    hangs_on_ties,
    run_beside,
)
from gradcalc.enclosure.hull import extent
from gradcalc.enclosure.kinks import Met, events_of, is_undefined
from gradcalc.enclosure.neighbourhood import RADII, around_rounding, explore, in_cells
from gradcalc.enclosure.parts import OtherCourse, Part, Parts, parts
from gradcalc.enclosure.seeking import Search, axis_slopes, sought
from gradcalc.enclosure.touching import between
from gradcalc.enclosure.trial import FAR, Trial, forward_cost
from gradcalc.errors import GradcalcError
from gradcalc.problem import Problem
from gradcalc.testimony import Event, Nature, Neighbourhood

EXPLORED = 300_000
"""Numbers in all runs around a special point together, which takes about a second."""

ROUNDINGS = 4
"""How far, in roundings of the inputs, a point may be from one that floats take for it."""

SOUGHT = 100
"""Runs in which it is looked for gradients that a choice is a mixture of, at the least."""

FIRST = 20_000_000
"""Numbers that move with one input or another in the run that tells walls, about half a second."""

WAYS = 4
"""Directions in which it is looked for what makes a point special."""

FEWEST = 16
"""Cells that are gone through, at the least, where a run is not too much for a walk at all."""

PARTS = 1_000
"""Parts that are looked at by themselves."""

OFF = 1e-30
"""How far what is 0 is moved, in relation to the others, to leave a special point."""

ON = 1e-25
"""The margin below which a point is on a kink, not beside it."""

ASIDE = 1.0
"""How far what is 0 is moved, in roundings, where another part of the function is special there."""

SIDLE = 1e-9
"""How far beside an axis is looked along it."""

CLOSE = "1e-10"
"""How far apart two runs beside a special point are, in relation to how far they are from it."""

CLEAR = 1e-20
"""The margin from which on a kink is not between a point and one beside it."""

CHEAP = 100_000
"""Numbers in the runs that measure the conditioning, if it takes more than one."""

MISSED = "more pieces meet here than are gone through, one of which may have another gradient"

UNTIGHT = "no precision is enough to tell the gradient"


@dataclass(frozen=True, slots=True)
class View:
    """The run at the point and what lies around it.

    `around` are the parts to which the point is special, `limits` the gradients that those draw to
    which have one, by column. `aside` are two runs beside such a point, next to each other, none
    where the function has no gradient there; `turned` are comparisons that come out at this point
    alone as they do. `sampler` makes more runs beside it.
    """

    centre: Trial
    events: tuple[Event, ...]
    samples: Samples
    around: tuple[Neighbourhood, ...] = ()
    within: Neighbourhood | None = None
    aside: Sequence[Trial] = ()
    turned: tuple[Event, ...] = ()
    sampler: "_Sampler | None" = None

    def told(self, size: int) -> Any:
        """Which of so many elements of the gradient there are."""
        found = np.ones(size, np.bool_)
        for part in self.around:
            found[part.columns] = part.nature is Nature.SMOOTH
        return found

    def gradient(self, joined: Any) -> Any:
        """The gradient in a row, from that of the run: NaN where there is none."""
        found = joined.copy()
        for part in self.around:
            found[part.columns] = NAN if part.limit is None else part.limit
        return found


def look(experiment: Experiment) -> View:
    """Find out what the point is like.

    Raises `OutOfReach` where that cannot be told of any part of the function.
    """
    centre = experiment.centre
    met = events_of(centre, experiment.epsilon)
    events = tuple(one.event for one in met)
    count = max(1, min(SAMPLES, CHEAP // max(experiment.size, 1)))
    if centre.finite and not events and not centre.guessed:
        return View(centre, (), beside(experiment, centre, count))
    size = _size(experiment)
    if not size:
        return View(centre, events, [])
    if centre.finite and all(event.margin for event in events) and not centre.guessed:
        # near something, but not on it
        samples = beside(experiment, centre, SAMPLES)
        return View(centre, events, samples, within=_within_any(experiment, centre))
    return _explored(experiment, centre, met)


def alone(experiment: Experiment, view: View) -> list[Trial]:
    """Runs beside an ordinary point where nothing has moved but what is differentiated by."""
    problem, bits = experiment.problem, view.centre.bits + MORE
    if any(event.margin < CLEAR for event in view.events):
        return []
    if set(problem.wrt) == set(problem.inputs):
        return [trial for trial, _ in view.samples[:1]]
    with flint.ctx.workprec(bits):
        way = np.ones(_size(experiment))
        moved = shifts(problem.inputs, problem.wrt, way, flint.arb(OFF), 1.0)
    return [run_beside(experiment, bits, moved, view.centre.detached)]


def _size(experiment: Experiment) -> int:
    problem = experiment.problem
    return sum(problem.inputs[name].size for name in problem.wrt)


# -- special points ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Sampler:
    """Runs beside a special point.

    The parts are moved together, those of one size in the same direction, so that one run tells of
    all of them.
    """

    experiment: Experiment
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
            for way in np.eye(_size(self.experiment))[part.columns]
        ]

    def scale(self, part: Part) -> Any:
        """How far the elements of a part move."""
        problem = self.experiment.problem
        ones = np.ones(_size(self.experiment))
        moved = shifts(problem.inputs, problem.wrt, ones, flint.arb(1), self.at_zero, 1.0)
        return to_floats(problem.joined(moved))[part.columns]

    def __call__(self, part: Part, direction: Any, radius: Any) -> Trial:
        """The run in a direction of a part, at some distance, as if there was nothing else."""
        exact = tuple(d.man_exp() if isinstance(d, flint.arb) else float(d) for d in direction)
        key = len(part.columns), exact, float(radius)
        if key not in self.known:
            self.known[key] = self._run(part, direction, radius)
        return self._told(part, self.known[key])

    def _told(self, part: Part, trial: Trial) -> Trial:
        """A run as if there was nothing but a part. Raises `OutOfReach` where none is told."""
        own = part.of(trial, self.base)
        experiment = self.experiment
        if own.finite or experiment.wild is not None:
            return own
        if not is_undefined(trial, experiment.epsilon, part.terms):
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

    def _run(self, part: Part, direction: Any, radius: Any) -> Trial:
        try:
            return self.moved(self._along(self.special, direction), radius)
        except (OutOfReach, GradcalcError):
            if len(self.special) < 2:
                raise
        return self.moved(self._along([part], direction), radius)

    def _along(self, moving: Sequence[Part], direction: Any) -> Any:
        """The way of all elements."""
        way = np.zeros(_size(self.experiment), np.asarray(direction).dtype)
        for part in moving:
            same = len(part.columns) == len(direction)
            way[part.columns] = direction if same else directions_for(len(part.columns), 1)[0]
        return way

    def moved(self, way: Any, radius: Any) -> Trial:
        """The run in a direction of all elements."""
        experiment, problem = self.experiment, self.experiment.problem
        # floors of large numbers have steps nearer than a small part of them
        moved = shifts(problem.inputs, problem.wrt, way, radius, self.at_zero, 1.0)
        return run_beside(experiment, self.base.bits, moved, self.base.detached)


def _explored(experiment: Experiment, centre: Trial, met: Sequence[Met]) -> View:
    problem, size, bits = experiment.problem, _size(experiment), centre.bits + MORE
    still = shifts(problem.inputs, problem.wrt, np.zeros(size), flint.arb(1), 0.0)
    base = experiment.run(bits, still, centre.detached, forced=True)
    if base.guessed and not centre.guessed:
        raise OutOfReach(TIE)
    with flint.ctx.workprec(bits):
        regions = _regions(centre, base, met, size)
        if experiment.wild is not None:
            regions = [
                (_kept_out(part, centre, events, problem), events) for part, events in regions
            ]
        try:
            sampler, around = _each(experiment, centre, base, regions)
        except OtherCourse:
            sampler, around = _each(experiment, centre, base, _all(met, size))
        fine = all(part.nature in (Nature.SMOOTH, Nature.KINK) for part in around)
        if fine and centre.guessed and hangs_on_ties(experiment, centre.bits):
            # around the point all is well, but not with it
            raise OutOfReach(TIE)
        untold = all(part.nature is Nature.UNKNOWN for part in around)
        if untold and sum(len(part.columns) for part in around) == size:
            raise OutOfReach(around[0].why)
        aside = _aside(sampler, size)
        single = any(one.event.condition and not one.event.margin for one in met)
        alone = turned(centre, _sides(sampler, size)) if single else ()
    events = around[0].events if len(around) == 1 else ()
    events = (*events, *(one.event for one in met if one.event not in events))
    view = View(centre, events, [], around, None, aside, alone, sampler)
    told = view.told(size)
    if not told.any():
        return view
    samples = _samples(experiment, centre, told)
    near = told.all() or any(one.event.margin for one in met)
    within = _within_any(experiment, centre, 0.0 if told.all() else ASIDE) if near else None
    return replace(view, samples=samples, within=within)


Regions = Sequence[tuple[Part, tuple[Event, ...]]]
"""Parts, with what is special about the point to each."""


def _each(
    experiment: Experiment, centre: Trial, base: Trial, regions: Regions
) -> tuple[_Sampler, tuple[Neighbourhood, ...]]:
    """What lies around the point for each part, and what makes runs there."""
    sampler = _Sampler(experiment, base, [part for part, _ in regions])
    return sampler, tuple(_around(sampler, centre, part, events) for part, events in regions)


def _all(met: Sequence[Met], size: int) -> Regions:
    return [(Part(np.arange(size), None), tuple(one.event for one in met))]


def _regions(centre: Trial, base: Trial, met: Sequence[Met], size: int) -> Regions:
    """The parts to which the point is special."""
    whole = _all(met, size)
    plain = centre.derived.shares_with(base.derived) and not centre.guessed
    found = parts(base) if plain else None
    if found is None:
        return whole
    owned = _owned(found, met)
    if owned is None:
        return whole
    regions = []
    for number, part in enumerate(found.parts):
        events = owned.get(number, ())
        own = part.of(centre, base)
        if not own.finite or not own.tight or not all(event.margin for event in events):
            regions.append((part, tuple(events)))
    return regions if 0 < len(regions) <= PARTS else whole


def _kept_out(part: Part, centre: Trial, events: Sequence[Event], problem: Problem) -> Part:
    """Of a part with an input that is not finite what has no gradient; all where it is special.

    What is itself no number has none, whatever the chain rule makes of it.
    """
    numbers = problem.joined(problem.inputs)[part.columns]
    gradient = is_finite(problem.joined(centre.gradients)[part.columns])
    wild = part.columns[~gradient | np.isnan(numbers)]
    plain = centre.told and all(event.margin for event in events)
    return replace(part, columns=wild) if len(wild) and plain else part


def _owned(found: Parts, met: Sequence[Met]) -> dict[int, list[Event]] | None:
    """What is special by part; None where it belongs to none."""
    owned: dict[int, list[Event]] = {}
    for one in met:
        number = found.owner(one.number, one.index)
        if number is not None:
            owned.setdefault(number, []).append(one.event)
        elif not one.event.margin:
            return None
    return owned


def _around(
    sampler: _Sampler, centre: Trial, part: Part, events: tuple[Event, ...]
) -> Neighbourhood:
    """What lies around the point for one part, or why that is not known.

    Raises what is raised where there is only one.
    """
    try:
        found = _looked_at(sampler, part.of(centre, sampler.base), part, events)
    except OtherCourse:
        raise
    except (OutOfReach, GradcalcError) as reason:
        if len(part.columns) == _size(sampler.experiment):
            raise
        nothing = np.empty((0, len(part.columns)))
        # what levels off is smooth, however near it comes to a border
        events = () if isinstance(reason, Level) else events
        found = Neighbourhood(Nature.UNKNOWN, nothing, nothing, why=str(reason), events=events)
    return replace(found, columns=part.columns)


def _looked_at(
    sampler: _Sampler, here: Trial, part: Part, events: tuple[Event, ...]
) -> Neighbourhood:
    experiment, size = sampler.experiment, len(part.columns)
    affordable = EXPLORED // max(experiment.size, 1)
    if not here.finite and experiment.wild is not None:
        raise OutOfReach(str(experiment.wild_among(part.columns)))
    if here.finite and not here.tight:
        raise OutOfReach(UNTIGHT)
    base = part.of(sampler.base, sampler.base)

    def sample(direction: Any, radius: Any) -> Trial:
        return sampler(part, direction, radius)

    around = explore(here, base, sample, size, affordable)
    if around.nature is not Nature.SMOOTH and not events:
        # nothing that is there says that it is not defined, or not smooth
        raise OutOfReach(FAR)
    if around.nature in (Nature.SMOOTH, Nature.KINK):
        found = _walked(sampler, part, sample, affordable)
        around = in_cells(around, base, found, sample)
        if around.missed and around.nature is Nature.SMOOTH:
            around = _levelled(sampler, part, around)
        elif around.missed and found.cells:
            around = _bent(sampler, part, found, around)
    if around.nature is Nature.KINK and around.sides is None and 2 * size <= affordable:
        around = replace(around, sides=axis_slopes(base, sample, around))
    return replace(around, events=_ranked(sampler, part, around, events))


def _ranked(
    sampler: _Sampler, part: Part, around: Neighbourhood, events: tuple[Event, ...]
) -> tuple[Event, ...]:
    """What is special about the point to a part, that first which makes it what it is."""

    def sample(direction: Any, radius: Any) -> Trial:
        # what others are at the point is not this one's doing
        return sampler.alone(part, direction, radius)

    radii = (flint.arb(RADII[0]).mid(), flint.arb(RADII[1]).mid())
    ways = directions_for(len(part.columns), WAYS)
    if around.nature is Nature.KINK and len(part.columns) > 1:
        ways = np.vstack([*_telling(around, ways[0]), ways])
    return ranked(around.nature, events, sample, ways, radii)


def _telling(around: Neighbourhood, aside: Any) -> list[Any]:
    """Ways that tell most of a kink, each a little aside.

    The axis along which the slopes differ most, of which it is told, then those where gradients lie
    apart from the others, as in a thin piece.
    """
    off = np.abs(around.gradients - np.median(around.gradients, axis=0)).max(axis=1)
    found = list(around.directions[np.argsort(-off, kind="stable")[:WAYS]])
    jumps = (
        np.zeros(1) if around.sides is None else np.nan_to_num(abs(np.diff(around.sides, axis=0)))
    )
    if jumps.any():
        found.insert(0, np.eye(len(aside))[np.argmax(jumps)] + SIDLE * aside)
    return found


def _sides(sampler: _Sampler, size: int) -> list[Trial]:
    """Runs beside the point, this way and that; none if one of them cannot be made."""
    near = flint.arb(RADII[1]).mid()
    try:
        return [sampler.moved(w, near) for d in directions_for(size, WAYS) for w in (d, -d)]
    except (OutOfReach, GradcalcError):
        return []


def _walked(
    sampler: _Sampler, part: Part, sample: Callable[[Any, Any], Trial], affordable: int
) -> Walk:
    """The cells around the point; of one input these are its two sides."""
    radius, size = flint.arb(RADII[1]).mid(), len(part.columns)
    if size == 1:
        sides = (np.ones(1), -np.ones(1))
        return Walk([Cell(d, d / 2, sample(d, radius), np.array([d])) for d in sides], True)
    # what a single input does not move costs next to nothing
    first = size * forward_cost(sampler.base.derived) <= FIRST
    most = max(affordable // (size + 2), FEWEST if first else 0)
    if not most:
        return Walk([], False)
    moves = sampler.moves(part)
    (start,) = directions_for(size, 1)[:1]
    found = walk(lambda d: sample(d, radius), moves, start, radius, most)
    return between(lambda d: sample(d, radius), moves, found, radius)


def _levelled(sampler: _Sampler, part: Part, around: Neighbourhood) -> Neighbourhood:
    """A point that looks smooth, of which pieces were missed, if none can tell another gradient.

    Raises `OutOfReach` where one could.
    """
    (direction,) = directions_for(len(part.columns), 1)[:1]
    radii = (flint.arb(radius).mid() for radius in RADII[:2])
    far, near = (sampler(part, direction, radius) for radius in radii)
    if not is_level(near, far):
        raise OutOfReach(MISSED)
    return replace(around, missed=False)


def _bent(sampler: _Sampler, part: Part, found: Walk, around: Neighbourhood) -> Neighbourhood:
    """A kink of which pieces were missed, with what is known of all of them together."""
    near = found.cells[0]
    far = sampler(part, near.direction, flint.arb(RADII[0]).mid())
    told = None
    if not found.curved:
        told = bends(near.trial, far, found.borders, sampler.scale(part), around)
    if told is None or told.jumps is None or not told.exact:
        return replace(around, bends=told)
    ends = np.array(extent(told.start, told.jumps))
    return replace(around, bends=told, sides=ends, complete=True)


def _aside(sampler: _Sampler, size: int) -> list[Trial]:
    """Two runs next to each other on one side of the point, none where there is no gradient."""
    (direction,) = directions_for(size, 1)
    radius = flint.arb(BESIDE).mid()
    radii = (radius, (radius * (1 + flint.arb(CLOSE))).mid())
    for side in (direction, -direction):
        try:
            found = [sampler.moved(side, by) for by in radii]
        except (OutOfReach, GradcalcError):
            continue
        if all(trial.finite for trial in found):
            return found
    return []


def _samples(experiment: Experiment, centre: Trial, told: Any) -> Samples:
    """Runs that tell how the elements react which have a gradient, none where they do not."""
    if told.all():
        return beside(experiment, centre, SAMPLES, OFF)
    try:
        return beside(experiment, centre, SAMPLES, OFF, told)
    except (OutOfReach, GradcalcError):
        return []


def further(view: View, part: Neighbourhood, given: Any, room: float) -> Neighbourhood:
    """A kink with as many more gradients as tell whether one is a mixture of them."""
    sampler = view.sampler
    if sampler is None or len(part.columns) < 2:
        return part
    (own,) = [one for one in sampler.special if np.array_equal(one.columns, part.columns)]
    with flint.ctx.workprec(sampler.base.bits):
        most = max(SOUGHT, EXPLORED // max(sampler.experiment.size, 1))
        search = Search(lambda way, by: sampler(own, way, by), sampler.scale(own), most)
        return sought(part, search, given, room)


# -- within rounding ---------------------------------------------------------------------------


def _within_any(experiment: Experiment, centre: Trial, aside: float = 0.0) -> Neighbourhood | None:
    """The gradients at points that rounding can take for this one.

    What is 0 moves so far, to leave what is special there.
    """
    problem = experiment.problem
    # rounding moves every input; but an exponent or a count may have to stay whole
    found = _within(experiment, centre, tuple(problem.inputs), aside)
    return found or _within(experiment, centre, problem.wrt, aside)


def _within(
    experiment: Experiment, centre: Trial, names: tuple[str, ...], aside: float
) -> Neighbourhood | None:
    inputs, bits = experiment.problem.inputs, centre.bits + MORE

    def off_kinks(direction: Any, radius: Any) -> Trial | None:
        trial = run_beside(
            experiment, bits, shifts(inputs, names, direction, radius, aside), centre.detached
        )
        met = events_of(trial, experiment.epsilon)
        on_one = any(one.event.margin < ON for one in met)
        return None if on_one or not trial.finite else trial

    radius = flint.arb(ROUNDINGS * experiment.epsilon)
    with flint.ctx.workprec(bits):
        found = around_rounding(off_kinks, sum(inputs[name].size for name in names), radius)
    if found is None:
        return None
    columns = np.cumsum([0, *(inputs[name].size for name in names)])
    own = [range(columns[i], columns[i + 1]) for i in map(names.index, experiment.problem.wrt)]
    return replace(found, directions=found.directions[:, list(itertools.chain(*own))])
