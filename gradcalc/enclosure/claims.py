"""What claims give, at the point and at others around it where the program does the same.

A formula may give the right numbers at one point by chance. So it is worked out at others too: in a
box around the point on which every comparison of the run comes out as at the point, every step and
corner is on the same side, and value and gradients are finite, by balls as wide as the box. Of what
is given beside, that is moved which a claim is about or mentions. Where it fails, what may stand
for something is left as it is: labels, shares of one, unit vectors.
"""

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from gradcalc.balls.arithmetic import Balls, each
from gradcalc.balls.numbers import Decisions
from gradcalc.derive.perturbations import is_finite, moved
from gradcalc.enclosure.claimed import FAILURES, NO_PIECES, Pieces, there
from gradcalc.enclosure.elsewhere import elsewhere
from gradcalc.enclosure.experiment import LARGEST, Experiment
from gradcalc.expr.nodes import ancestry
from gradcalc.lang import trees
from gradcalc.testimony import Array, Beside, Claimed

BOXES = ((0.1, 1e-12), (1e-2, 1e-12), (1e-4, 1e-13), (1e-6, 1e-13))
"""Half the size of a box around the point, in relation to the inputs, and how far a claim may be
from the gradient in it, in relation to the largest element: what is near is less apart. It is never
less than `ROUNDINGS` of the dtype, to which inputs may be what they are meant to be."""

ROUGH = ((1e-3, 1e-12), (1e-6, 1e-13))
"""The same where the point itself is a corner: it must fail in each for it to fail."""

POINTS = 2
"""Points in a box, opposite each other, so that what turns at the point itself turns between them;
on the sides of a corner twice as many."""

CHEAP = LARGEST // 10
"""Numbers in one run up to which other points are tried."""

ALIKE = 64
"""How near, in roundings of the dtype, a sum is to one that is meant to be just that."""

Groups = tuple[tuple[Beside, ...], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The inputs that are moved, and which of them are matrices that stay `symmetric`."""

    names: tuple[str, ...]
    symmetric: tuple[str, ...] = ()


def around(
    experiment: Experiment, name: str, *, rough: bool, pieces: Pieces | None = None
) -> Claimed:
    """The claim about an input, and the gradient by it, at points around the user's.

    `rough` says that the point is a corner. A claim that fails there comes with `pieces`, whose
    values are there too, and is looked at elsewhere as well. Nothing where no such points are to be
    had.
    """
    try:
        with np.errstate(all="ignore"):
            if experiment.size > CHEAP:
                return Claimed()
            return _around(experiment, name, rough, pieces)
    except FAILURES:
        return Claimed()


def _around(experiment: Experiment, name: str, rough: bool, pieces: Pieces | None) -> Claimed:
    """What the claim gives where all that it names has moved, or as much of it as it holds for."""
    if pieces is not None:
        # what a claim that fails has to do with the gradient has to hold whatever the inputs are
        others = tuple(n for n in experiment.problem.inputs if n != name)
        everywhere = _groups(experiment, name, Choice((name, *others)), rough, pieces)
        if everywhere:
            return Claimed(everywhere, elsewhere=elsewhere(experiment, name, pieces))
        # an exponent or a count may have to stay whole
        return Claimed(_groups(experiment, name, Choice((name,)), rough, pieces))
    failed: Groups = ()
    found: Groups = ()
    choice = Choice((name,))
    for choice in _choices(experiment, name, rough):
        found = _groups(experiment, name, choice, rough)
        if _holds(found):
            break
        failed = failed or found
    if not _holds(found):
        return Claimed(failed)
    silent = tuple(n for n in _silent(experiment, name) if n not in choice.names)
    if not failed and silent:
        # what is not named may have been filled in
        wider = replace(choice, names=(*choice.names, *silent))
        more = _groups(experiment, name, wider, rough)
        failed = () if _holds(more) else more
    return Claimed(found, failed, choice.symmetric)


def _holds(groups: Groups) -> bool:
    return any(not any(beside.apart.any() for beside in group) for group in groups)


def _groups(
    experiment: Experiment, name: str, choice: Choice, rough: bool, pieces: Pieces = NO_PIECES
) -> Groups:
    """Points around where these inputs have moved; none where there are none."""
    if rough:
        found = tuple(tuple(_points(experiment, name, choice, *box, 2, pieces)) for box in ROUGH)
        return found if all(found) else ()
    for size, room in BOXES:
        if _is_one_piece(experiment, choice.names, size):
            inside = tuple(_points(experiment, name, choice, size, room, 1, pieces))
            if inside:
                return (inside,)
    return ()


def _points(
    experiment: Experiment,
    name: str,
    choice: Choice,
    size: float,
    room: float,
    times: int,
    pieces: Pieces,
) -> Iterator[Beside]:
    inputs = experiment.problem.inputs
    ways = [branch.taken for branch in experiment.runs.recording.trace.path]
    for seed in range(POINTS * times):
        side = -size if seed % 2 else size
        changed = _moved({n: inputs[n] for n in choice.names}, side, seed // 2, choice)
        found = there(experiment, name, changed, room, pieces)
        # beside a corner the program may go another way
        if found and (times > 1 or [branch.taken for branch in found.trial.path] == ways):
            yield found.beside


def _is_one_piece(experiment: Experiment, names: tuple[str, ...], size: float) -> bool:
    """Whether the program does the same in a whole box, and has a finite gradient there."""

    def wide(values: Any) -> Any:
        return each(lambda x, r: flint.arb(x, r), values, size * np.where(values, abs(values), 1.0))

    made: list[Balls] = []

    def arithmetic() -> Balls:
        made.append(Balls(Decisions()))
        return made[-1]

    inputs = experiment.problem.inputs
    try:
        given = {n: wide(v) if n in names else Balls().asarray(v) for n, v in inputs.items()}
        run = experiment.runs.at(arithmetic, given, limits=experiment.budget)
        found = [run.output, *run.swept(made[-1], given).values()]
    except FAILURES:
        return False
    return all(is_finite(values).all() for values in found)


# -- what is moved -----------------------------------------------------------------------------


def _choices(experiment: Experiment, name: str, rough: bool) -> Iterator[Choice]:
    """Inputs that are moved to try a claim about one of them, all that it names first.

    Then symmetric matrices are kept so, then what looks chosen is left as it is.
    """
    inputs, near = experiment.problem.inputs, ALIKE * experiment.epsilon
    others = [n for n in _mentioned(experiment, name) if n != name]
    if others and not _groups(experiment, name, Choice((name, *others)), rough):
        # an exponent or a count may have to stay whole
        others = [n for n in others if _groups(experiment, name, Choice((name, n)), rough)]
    plain = [n for n in others if not _looks_chosen(inputs[n], near)]
    for names in dict.fromkeys([(name, *others), (name, *plain)]):
        symmetric = tuple(n for n in names if _is_symmetric(inputs[n], near))
        yield from dict.fromkeys([Choice(names), Choice(names, symmetric)])


def _silent(experiment: Experiment, name: str) -> Iterator[str]:
    """The inputs that a claim does not name."""
    named = _mentioned(experiment, name)
    return (n for n in experiment.problem.inputs if n != name and n not in named)


def _mentioned(experiment: Experiment, name: str) -> list[str]:
    """The inputs in a claim, and those from which names in it are made."""
    problem, trace = experiment.problem, experiment.runs.recording.trace
    parts = (node for part in problem.claims[name].body for node in ast.walk(part))
    named = {node.id for node in parts if isinstance(node, ast.Name)}
    above = {
        n.order for n in ancestry([trace.nodes[trace.bound[n]] for n in named & {*trace.bound}])
    }
    return [n for n in problem.inputs if trees.root(n) in named or trace.inputs[n].order in above]


def _looks_chosen(values: Array, near: float) -> bool:
    """Whether numbers may be what they are for a reason: labels, a mask, shares, a unit vector."""
    if values.size < 2:
        return False
    alike = np.ptp(values) == 0
    if not alike and (np.any(values == 0) or np.isin(values, (-1.0, 1.0)).all()):
        return True
    axes = [None, *(axis for axis in range(values.ndim) if values.shape[axis] > 1)]
    sums = [np.sum(part, axis) for part in (values, values**2) for axis in axes]
    whole = (values == np.round(values)).all()
    # whole numbers have whole sums, and zeros alone are nothing special
    meant = (1.0,) if alike else (0.0, 1.0)
    return any(
        np.any(abs(total - k) <= near)
        for total in sums
        for k in (meant if alike or whole else (np.round(total),))
    )


def _is_symmetric(values: Array, near: float) -> bool:
    if values.ndim != 2 or values.shape[0] != values.shape[1] or values.shape[0] < 2:
        return False
    return bool(np.all(abs(values - values.T) <= near * abs(values)))


def _moved(inputs: Mapping[str, Array], size: float, seed: int, choice: Choice) -> dict[str, Array]:
    """A point in the box, with no more digits than it takes."""
    digits = 3 - math.floor(math.log10(abs(size)))
    found = moved(inputs, 0.99 * size, seed)
    for name, values in inputs.items():
        rounded = np.array([float(f"{v:.{digits}g}") for v in found[name].flat])
        found[name] = rounded.reshape(values.shape)
        if name in choice.symmetric:
            found[name] = np.tril(found[name]) + np.tril(found[name], -1).T
    return found
