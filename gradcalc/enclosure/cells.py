"""The cells into which kinks cut the surroundings of a point, and a run in each of them.

Beside the point every kink that passes through it has an argument that is not zero any more, with a
gradient of its own: to first order it is a wall, a plane through the point. The walls that a run
meets bound the cell that it lies in. Whoever steps over each of them, and on from there, comes
through all cells (Grünbaum, "Arrangements and spreads", 1972: those that share a facet are
connected), those behind walls that only exist on one side of another wall among them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import flint
import numpy as np

from gradcalc.balls.arithmetic import ZERO
from gradcalc.balls.numbers import OutOfReach, TooLarge
from gradcalc.enclosure.borders import BITS, Border, borders, unit
from gradcalc.enclosure.curves import Curves
from gradcalc.enclosure.depth import Depth
from gradcalc.enclosure.trial import Trial
from gradcalc.errors import GradcalcError

MOST = 128
"""Cells that are walked through."""

WALLS = 64
"""Walls of one cell."""

THIN = 1e-10
"""How far from 0 the mixture of others nearest to it must be for there to be a way in front of all:
rounding makes that much of one that is 0."""

ROOM = 1e-12
"""How far from all others, within a wall, there must be a direction for the wall to be passed."""

NARROW = 1e-10
"""The sine of the angle between walls below which nobody looks between them."""

PARALLEL = 1 - 1e-9
"""The cosine from which two walls may be nearly one."""

ROUNDED = 1e-15
"""How far apart rounding brings unit vectors that are the same."""

DEPENDENT = 1e-13
"""The size of a singular value that rounding makes of none."""

STEP = 1e-5
"""How far behind a wall a cell is entered, in relation to the room that there is."""

LEVEL = 1e-6
"""How far an argument may be from what its gradient makes of the way from the point, in relation
to it, if it is to be a plane's: the way is rounded, and a curved one is off by much of itself."""

ITERATIONS = 30
"""Steps to the middle of a facet, for each wall around."""

ROUND = 12
"""Digits by which walls are told apart."""

MAIN = 0.1
"""The size of a component of a wall that tells its two sides apart."""

FINER = 4
"""How many times as many digits tell borders apart that touch: to the 16th order or so."""


class Run(Protocol):
    """A run beside the point, by direction and radius, in some times as many digits."""

    def __call__(self, direction: Any, radius: Any, times: int = 1, /) -> Trial: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """A run in a cell: in which direction it lies, and the walls around, as unit vectors.

    The direction is in front of all walls, and so is `other`, which is far from it or from them; it
    is of balls where no float is exact enough. `farther` is a run in it further from the point
    where no straight way leads from there to the other.
    """

    direction: Any
    other: Any
    trial: Trial
    walls: Any
    farther: Trial | None = None

    def holds(self, direction: Any) -> bool:
        """Whether a direction leads into this cell."""
        return bool(np.all(self.walls @ direction > 0))


@dataclass(frozen=True, slots=True)
class Walk:
    """The cells that were found.

    `complete` says that these are all of them, `curved` that some wall is no plane, so that there
    may be more between it and another one. `borders` are those that the first cell's run met,
    `doubled` the walls that some run met as two borders.
    """

    cells: Sequence[Cell]
    complete: bool
    curved: bool = False
    borders: Sequence[Border] = ()
    doubled: Sequence[Any] = ()

    @property
    def walls(self) -> Any:
        """All walls, each once, as unit vectors."""
        size = len(self.cells[0].direction)
        return each_once(np.concatenate([cell.walls.reshape(-1, size) for cell in self.cells]))


def each_once(walls: Any) -> Any:
    """Walls without those that are the same, of one and the same sign each."""
    # that of what is largest first
    largest = np.argmax(np.abs(walls) > MAIN, axis=1)
    signs = np.sign(walls[np.arange(len(walls)), largest])
    return np.unique((walls * signs[:, None]).round(ROUND), axis=0)


def walk(run: Run, moves: Sequence[Any], start: Any, depth: Depth, most: int) -> Walk:
    """Go through the cells around a point, by at most so many runs.

    `moves` are the changes of the inputs along each component of a direction; `start` is the first
    one. What is one wall from near, but may be two that touch, is looked at from further away too.
    """
    found: list[Cell] = []
    first: Sequence[Border] = ()
    shared: set[Any] = set()
    doubled: list[Any] = []
    radius, further, nearly = depth.near, depth.wide, depth.nearly
    most = min(most, MOST)
    todo, complete, curved = [np.asarray(start, dtype=np.float64)], True, False
    curves = Curves(lambda way: borders(run(way, radius), moves, nearly), radius)
    while todo:
        direction = todo.pop()
        if any(cell.holds(direction) for cell in found):
            continue
        if len(found) == most:
            return Walk(found, False, curved, first, doubled)
        try:
            trial = run(direction, radius)
        except (OutOfReach, GradcalcError):
            complete = False
            continue
        met = borders(trial, moves, nearly)
        if not found:
            first = met
        own = _walls(met, direction, radius)
        walls = own.normals
        doubled += own.doubled
        curved, complete = curved or not own.flat, complete and own.clear
        if not curved and not own.shared <= shared:
            shared |= own.shared
            try:
                there = borders(run(direction, further, FINER), moves, nearly)
                curved = not _walls(there, direction, further).flat
            except TooLarge:
                pass
            except (OutOfReach, GradcalcError):
                curved = True
        if len(walls) > WALLS or _cells(*walls.shape) > most:
            found.append(Cell(direction, _beside(walls, direction), trial, walls))
            return Walk(found, False, curved, first, doubled)
        found.append(Cell(direction, _inmost(walls, direction), trial, walls))
        across, told = _across(walls)
        complete = complete and told
        todo += [*across, *curves.behind(met, direction)]
    return Walk(found, complete, curved, first, doubled)


@dataclass(frozen=True, slots=True)
class Walls:
    """The walls around a run, as unit vectors that point inside.

    Whether all are planes, and whether none is so near another that what is between may be missed;
    `shared` are the borders that are one wall with others, `doubled` the walls of these.
    """

    normals: Any
    flat: bool
    clear: bool
    shared: frozenset[Any]
    doubled: Sequence[Any]


def _walls(met: Sequence[Border], direction: Any, radius: Any) -> Walls:
    """The walls around a run in a direction, at a radius."""
    found: list[Any] = []
    alike: dict[bytes, list[tuple[Any, Any]]] = {}
    flat = True
    with flint.ctx.workprec(BITS):
        for border in met:
            margin, normal = border.margin, border.normal
            led = sum((n * float(d) for n, d in zip(normal, direction, strict=True)), ZERO)
            if margin.is_zero():
                # on a border itself nothing is told of what lies on either side
                flat = False
                continue
            if not abs(margin - led * radius) <= abs(margin) * LEVEL:
                flat = False
                continue
            vector, length = unit(normal)
            found.append(vector if margin > 0 else -vector)
            own = alike.setdefault((found[-1].round(ROUND) + 0.0).tobytes(), [])
            own.append((border.key, abs(border.reach(length))))
    # two borders that touch are one plane at first sight
    flat = flat and all(one[0][1].overlaps(reach) for one in alike.values() for _, reach in one)
    shared = frozenset(key for one in alike.values() if len(one) > 1 for key, _ in one)
    walls = np.array(found).reshape(len(found), len(direction))
    _, each = np.unique(walls.round(ROUND), axis=0, return_index=True)
    doubled = [np.frombuffer(wall) for wall, one in alike.items() if len(one) > 1]
    return Walls(walls[each], flat, not _are_narrow(walls), shared, doubled)


def _are_narrow(walls: Any) -> bool:
    """Whether two walls are nearly one, but not quite."""
    along = np.triu(np.abs(walls @ walls.T), 1)
    for one, other in np.argwhere(along > PARALLEL):
        own = min(np.abs(walls[one] - side * walls[other]).max() for side in (1.0, -1.0))
        if ROUNDED < own < NARROW:
            return True
    return False


def _cells(walls: int, size: int) -> int:
    """Into how many cells so many planes through a point cut space, in general position."""
    return 2 * sum(math.comb(walls - 1, k) for k in range(size)) if walls else 1


def _across(walls: Any) -> tuple[list[Any], bool]:
    """A direction just behind each wall that bounds the cell of these, far from all others.

    Other walls may begin at any of them, so that a longer step could pass through a cell. Whether
    these are all is told too.
    """
    independent = len(walls) and np.linalg.matrix_rank(walls, DEPENDENT) == len(walls)
    ways = np.linalg.pinv(walls) if independent else None
    found, certain = [], True
    for k, wall in enumerate(walls):
        others = np.delete(walls, k, axis=0)
        if ways is not None:
            inside = ways @ (np.arange(len(walls)) != k)
            inside = inside / (np.abs(inside).max() or 1.0)
        else:
            inside, told = _facet(wall, others)
            certain = certain and told
        if inside is not None:
            found.append(inside - wall * np.min(others @ inside, initial=1.0) * STEP)
    return found, certain


def _beside(walls: Any, direction: Any) -> Any:
    """Another direction in front of all walls, which takes no search."""
    room = np.min(np.abs(walls @ direction), initial=1.0) / 2
    turned = direction[::-1] if direction.size > 1 else direction
    return direction + turned * room / np.linalg.norm(turned)


def _inmost(walls: Any, direction: Any) -> Any:
    """A direction in front of all walls, as far from them as can be; without any the opposite."""
    if not len(walls):
        return -direction
    found = in_front(walls)
    return direction if found is None else found


def in_front(walls: Any) -> Any | None:
    """A direction in front of all walls, None where there is none."""
    if np.linalg.matrix_rank(walls, DEPENDENT) == len(walls):
        inside = np.linalg.pinv(walls) @ np.ones(len(walls))
        return inside / np.abs(inside).max()
    return _facet(np.zeros(walls.shape[1]), walls)[0]


def _facet(wall: Any, others: Any) -> tuple[Any | None, bool]:
    """The direction in a wall that is farthest from others, None where it is behind one of them.

    Only what of them lies in the wall matters, however little that is. Whether it is told for
    certain comes with it.
    """
    others = others - np.outer(others @ wall, wall)
    sizes = np.linalg.norm(others, axis=1)
    if np.any(sizes <= DEPENDENT):
        return None, True
    others = others / sizes[:, None]
    # it brings much with it, and most points are smooth
    from scipy.optimize import nnls

    # their mixture that is nearest to 0 (Gordan, 1873: it is 0 where no direction is in front)
    ways = np.vstack([others.T, np.ones(len(others))])
    try:
        shares, _ = nnls(ways, np.eye(len(ways))[-1], maxiter=ITERATIONS * len(others))
    except RuntimeError:
        return None, False
    inside = shares @ others / shares.sum()
    length = np.linalg.norm(inside)
    if length <= THIN:
        return None, True
    inside = inside / length
    return (inside, True) if np.min(others @ inside) > ROOM else (None, False)
