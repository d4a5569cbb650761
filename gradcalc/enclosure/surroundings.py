"""What lies around a point: the run there, what is special about it, and runs beside it.

Where it is special to some parts of the function only, these are looked at by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.numbers import NAN, OutOfReach, TooLarge
from gradcalc.derive.perturbations import directions_for, shifts
from gradcalc.enclosure.bends import bends, kinks_are_idle
from gradcalc.enclosure.cells import Cell, Run, Walk, walk
from gradcalc.enclosure.culprits import ranked
from gradcalc.enclosure.depth import USUAL, Depth, depth_of
from gradcalc.enclosure.experiment import TIE, Experiment, Level, hangs_on_ties, run_beside
from gradcalc.enclosure.hull import extent
from gradcalc.enclosure.kinks import Met, events_of
from gradcalc.enclosure.lower import below, lower_of, mended, missing, total_of
from gradcalc.enclosure.neighbourhood import explore, in_cells
from gradcalc.enclosure.parts import OtherCourse, Part
from gradcalc.enclosure.reach import (
    wild_constant,
    with_columns,
    with_slopes_first,
    with_undefined_first,
)
from gradcalc.enclosure.reactions import SAMPLES, Samples, beside
from gradcalc.enclosure.regions import Regions, regions, undivided
from gradcalc.enclosure.sampler import UNTIGHT, Sampler, size_of
from gradcalc.enclosure.seeking import Search, axis_slopes, sought
from gradcalc.enclosure.touching import between
from gradcalc.enclosure.trial import FAR, Trial, forward_cost
from gradcalc.enclosure.turning import asked_of_undefined, turned
from gradcalc.enclosure.within import ASIDE, within_any
from gradcalc.errors import GradcalcError
from gradcalc.expr import ops
from gradcalc.testimony import Event, Nature, Neighbourhood

EXPLORED = 300_000
"""Numbers in all runs around a special point together, which takes about a second."""

SOUGHT = 100
"""Runs in which it is looked for gradients that a choice is a mixture of, at the least."""

FIRST = 20_000_000
"""Numbers that move with one input or another in the run that tells walls, about half a second."""

WAYS = 4
"""Directions in which it is looked for what makes a point special."""

FEWEST = 16
"""Cells that are gone through, at the least, where a run is not too much for a walk at all."""

SIDLE = 1e-9
"""How far beside an axis is looked along it."""

CLOSE = "1e-10"
"""How far apart two runs beside a special point are, in relation to how far they are from it."""

CLEAR = 1e-20
"""The margin from which on a kink is not between a point and one beside it."""

CHEAP = 100_000
"""Numbers in the runs that measure the conditioning, if it takes more than one."""

MISSED = "more pieces meet here than are gone through, one of which may have another gradient"


@dataclass(frozen=True, slots=True)
class View:
    """The run at the point and what lies around it.

    `around` are the parts to which the point is special, `limits` the gradients that those draw to
    which have one, by column. `total` is the value, NaN if it is not known, None if it is the
    run's. `aside` are two runs beside such a point, next to each other, none where the function has
    no gradient there; `turned` are comparisons that come out at this point alone as they do.
    `sampler` makes more runs beside it.
    """

    centre: Trial
    events: tuple[Event, ...]
    samples: Samples
    around: tuple[Neighbourhood, ...] = ()
    within: Neighbourhood | None = None
    aside: Sequence[Trial] = ()
    turned: tuple[Event, ...] = ()
    sampler: "Sampler | None" = None
    total: Any = None

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

    def sharp(self, joined: Any) -> Any:
        """The same from a run of more bits, whose own elements stand where they are the limits.

        A limit has only the bits of the run at the point, by which it differs from what is nearer
        beside the point than that.
        """
        if not self.around:
            return joined
        found = self.gradient(joined)
        room = 2.0 ** -(self.centre.bits // 2)
        same = [bool(abs(a - b) <= abs(b) * room) for a, b in zip(joined, found, strict=True)]
        found[same] = joined[same]
        return found


def look(experiment: Experiment) -> View:
    """Find out what the point is like.

    Raises `OutOfReach` where that cannot be told of any part of the function.
    """
    centre = experiment.centre
    below(experiment, look)
    met = events_of(centre, experiment.epsilon)
    events = tuple(one.event for one in met)
    count = max(1, min(SAMPLES, CHEAP // max(experiment.size, 1)))
    if centre.finite and not events and not centre.guessed:
        return _with_missing(experiment, View(centre, (), beside(experiment, centre, count, USUAL)))
    size = size_of(experiment)
    if not size:
        return View(centre, events, [])
    if centre.finite and all(event.margin for event in events) and not centre.guessed:
        # near something, but not on it
        samples = beside(experiment, centre, SAMPLES, USUAL)
        view = View(centre, events, samples, within=within_any(experiment, centre))
        return _with_missing(experiment, view)
    depth = depth_of(centre)
    try:
        view = _explored(experiment, centre, met, depth)
    except TooLarge:
        # so many digits of all numbers are much work
        if depth is USUAL:
            raise
        view = _explored(experiment, centre, met, USUAL)
    return _with_missing(experiment, view)


def _with_missing(experiment: Experiment, view: View) -> View:
    """The view with those elements that have no value for want of a lower derivative."""
    joined = experiment.problem.joined(view.centre.gradients)
    found = missing(experiment, view.around, joined)
    if found is None:
        return view
    events = (*view.events, *(one for one in found.events if one not in view.events))
    return replace(view, around=(*view.around, found), events=events)


def alone(experiment: Experiment, view: View) -> list[Trial]:
    """Runs beside an ordinary point where nothing has moved but what is differentiated by."""
    problem, bits = experiment.problem, view.centre.bits + USUAL.more
    if any(event.margin < CLEAR for event in view.events):
        return []
    if set(problem.wrt) == set(problem.inputs):
        return [trial for trial, _ in view.samples[:1]]
    with flint.ctx.workprec(bits):
        way = np.ones(size_of(experiment))
        moved = shifts(problem.inputs, problem.wrt, way, USUAL.aside, 1.0)
    return [run_beside(experiment, bits, moved, view.centre.detached)]


# -- special points ----------------------------------------------------------------------------


def _explored(experiment: Experiment, centre: Trial, met: Sequence[Met], depth: Depth) -> View:
    problem, size, bits = experiment.problem, size_of(experiment), centre.bits + depth.more
    still = shifts(problem.inputs, problem.wrt, np.zeros(size), flint.arb(1), 0.0)
    base = experiment.run(bits, still, centre.detached, forced=True)
    if base.guessed and not centre.guessed:
        raise OutOfReach(TIE)
    with flint.ctx.workprec(bits):
        try:
            found = regions(problem, centre, base, met)
            sampler, around = _each(experiment, centre, base, found, depth)
        except OtherCourse:
            sampler, around = _each(experiment, centre, base, undivided(met, size), depth)
        fine = all(part.nature in (Nature.SMOOTH, Nature.KINK) for part in around)
        if fine and centre.guessed and hangs_on_ties(experiment, centre.bits):
            # around the point all is well, but not with it
            raise OutOfReach(TIE)
        untold = all(part.nature is Nature.UNKNOWN for part in around)
        if untold and sum(len(part.columns) for part in around) == size:
            raise OutOfReach(around[0].why)
        aside = _aside(sampler, size)
        single = any(one.event.condition and not one.event.margin for one in met)
        single = single or asked_of_undefined(centre) is not None
        alone = turned(centre, _sides(sampler, size)) if single else ()
    events = around[0].events if len(around) == 1 else ()
    events = (*events, *(one.event for one in met if one.event not in events))
    view = View(centre, events, [], around, None, aside, alone, sampler, total_of(sampler, centre))
    told = view.told(size)
    if not told.any():
        return view
    samples = _samples(experiment, centre, told, depth)
    near = told.all() or any(one.event.margin for one in met)
    within = within_any(experiment, centre, 0.0 if told.all() else ASIDE) if near else None
    return replace(view, samples=samples, within=within)


def _each(
    experiment: Experiment, centre: Trial, base: Trial, found: Regions, depth: Depth
) -> tuple[Sampler, tuple[Neighbourhood, ...]]:
    """What lies around the point for each part, and what makes runs there."""
    sampler = Sampler(experiment, depth, base, [part for part, _ in found])
    return sampler, tuple(_around(sampler, centre, part, met) for part, met in found)


def _around(sampler: Sampler, centre: Trial, part: Part, met: tuple[Met, ...]) -> Neighbourhood:
    """What lies around the point for one part, or why that is not known.

    Raises what is raised where there is only one.
    """
    try:
        found = _looked_at(sampler, part.of(centre, sampler.base), part, met)
    except OtherCourse:
        raise
    except (OutOfReach, GradcalcError) as reason:
        if len(part.columns) == size_of(sampler.experiment):
            raise
        nothing = np.empty((0, len(part.columns)))
        # what levels off is smooth, however near it comes to a border
        events = () if isinstance(reason, Level) else tuple(one.event for one in met)
        found = Neighbourhood(Nature.UNKNOWN, nothing, nothing, why=str(reason), events=events)
    return replace(found, columns=part.columns)


def _looked_at(sampler: Sampler, here: Trial, part: Part, met: tuple[Met, ...]) -> Neighbourhood:
    experiment, size = sampler.experiment, len(part.columns)
    affordable = EXPLORED // max(experiment.size, 1)
    if not here.finite and experiment.wild is not None:
        raise OutOfReach(str(experiment.wild_among(part.columns)))
    base = part.of(sampler.base, sampler.base)
    here, base = (mended(sampler, part, trial) for trial in (here, base))
    if here.finite and not here.tight_beside(sampler.base.whole, base.whole):
        raise OutOfReach(UNTIGHT)
    still = None if here.finite else wild_constant(here)
    if still is not None:
        raise OutOfReach(f"the value is not finite, nor is it beside the point: {still}")

    def sample(direction: Any, radius: Any, times: int = 1) -> Trial:
        return sampler(part, direction, radius, times)

    around = explore(here, base, sample, size, affordable, sampler.depth)
    if around.nature is not Nature.SMOOTH and not met and lower_of(experiment) is None:
        # nothing that is there says that it is not defined, or not smooth
        raise OutOfReach(FAR)
    if around.nature in (Nature.SMOOTH, Nature.KINK):
        found = _walked(sampler, part, sample, affordable)
        coinciding = any(here.trace.nodes[one.number].op in ops.SPECTRAL for one in met)
        if coinciding:
            # like the tip of a cone, in whatever direction: gradients lie between those found
            found = replace(found, curved=True)
        around = in_cells(around, base, found, sample, sampler.depth)
        if around.missed and around.nature is Nature.SMOOTH:
            around = _with_idle_kinks(sampler, part, around)
        elif around.missed and found.cells:
            around = _bent(sampler, part, found, around)
        if coinciding and around.nature is Nature.KINK:
            # torch's choice is at the end of what is only drawn near to, one vector after another
            around = replace(around, missed=True)
    if around.nature is Nature.KINK and around.sides is None and 2 * size <= affordable:
        around = replace(around, sides=axis_slopes(base, sample, around, sampler.depth))
    events = _ranked(sampler, part, around, tuple(one.event for one in met))
    events = with_undefined_first(here, around, events, met)
    events = with_slopes_first(here.trace, part, around, events, met)
    return replace(around, events=with_columns(here.trace, around, events, met))


def _ranked(
    sampler: Sampler, part: Part, around: Neighbourhood, events: tuple[Event, ...]
) -> tuple[Event, ...]:
    """What is special about the point to a part, that first which makes it what it is."""

    def sample(direction: Any, radius: Any) -> Trial:
        # what others are at the point is not this one's doing
        return sampler.alone(part, direction, radius)

    radii = sampler.depth.wide, sampler.depth.near
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


def _sides(sampler: Sampler, size: int) -> list[Trial]:
    """Runs beside the point, this way and that; none if one of them cannot be made."""
    near = sampler.depth.near
    try:
        return [sampler.moved(w, near) for d in directions_for(size, WAYS) for w in (d, -d)]
    except (OutOfReach, GradcalcError):
        return []


def _walked(sampler: Sampler, part: Part, sample: Run, affordable: int) -> Walk:
    """The cells around the point; of one input these are its two sides."""
    size, radius = len(part.columns), sampler.depth.near
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
    found = walk(sample, moves, start, sampler.depth, most)
    return between(sample, moves, found, sampler.depth)


def _with_idle_kinks(sampler: Sampler, part: Part, around: Neighbourhood) -> Neighbourhood:
    """A point that looks smooth, of which pieces were missed, if none can tell another gradient.

    Raises `OutOfReach` where one could.
    """
    (direction,) = directions_for(len(part.columns), 1)[:1]
    far, near = (sampler(part, direction, by) for by in sampler.depth.radii[:2])
    if not kinks_are_idle(near, far):
        raise OutOfReach(MISSED)
    return replace(around, missed=False)


def _bent(sampler: Sampler, part: Part, found: Walk, around: Neighbourhood) -> Neighbourhood:
    """A kink of which pieces were missed, with what is known of all of them together."""
    near = found.cells[0]
    far = sampler(part, near.direction, sampler.depth.wide)
    told = None
    if not found.curved:
        told = bends(near.trial, far, found.borders, sampler.scale(part), around)
    if told is None or told.jumps is None or not told.exact:
        return replace(around, bends=told)
    ends = np.array(extent(told.start, told.jumps))
    return replace(around, bends=told, sides=ends, complete=True)


def _aside(sampler: Sampler, size: int) -> list[Trial]:
    """Two runs next to each other on one side of the point, none where there is no gradient."""
    (direction,) = directions_for(size, 1)
    radius = sampler.depth.beside
    radii = (radius, (radius * (1 + flint.arb(CLOSE))).mid())
    for side in (direction, -direction):
        try:
            found = [sampler.moved(side, by) for by in radii]
        except (OutOfReach, GradcalcError):
            continue
        if all(trial.finite for trial in found):
            return found
    return []


def _samples(experiment: Experiment, centre: Trial, told: Any, depth: Depth) -> Samples:
    """Runs that tell how the elements react which have a gradient, none where they do not."""
    if told.all():
        return beside(experiment, centre, SAMPLES, depth, depth.aside)
    try:
        return beside(experiment, centre, SAMPLES, depth, depth.aside, told)
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
        search = Search(
            lambda way, by: sampler(own, way, by), sampler.scale(own), sampler.depth.near, most
        )
        return sought(part, search, given, room)
