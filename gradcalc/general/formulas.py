"""A program without values → its derivatives as formulas, held to torch at random points."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, product

import numpy as np

from gradcalc import blocks
from gradcalc.calculate import Ask, ask_here, calculate
from gradcalc.derive.derivations import Derivations
from gradcalc.derive.meaning import settled
from gradcalc.derive.runs import Recording, budget, record
from gradcalc.errors import EndlessError, GradcalcError, InvalidValueError, UsageError
from gradcalc.expr.floats import Floats
from gradcalc.expr.written import Written
from gradcalc.family import WORST
from gradcalc.forms import known_of, shown
from gradcalc.general.answer import Derivative, General
from gradcalc.general.points import MIXED, STYLES, point
from gradcalc.general.shapes import Reading
from gradcalc.general.sizes import Numbers, general, general_number
from gradcalc.lang.program import Budget
from gradcalc.lang.size_limits import hangs_on_sizes
from gradcalc.problem import Array, Problem
from gradcalc.report import Outcome, Report, Verdict
from gradcalc.structure import among_symmetric, structured
from gradcalc.targets import Gradient
from gradcalc.traits import Traits
from gradcalc.verdict.outcome import names_text

SIZES = ((5, 7, 13, 11, 17), (7, 13, 5, 17, 11), (13, 5, 7, 19, 23))
"""What the letters stand for, each in its turn, where formulas are derived: numbers of which little
is left out or shortened, 1/(n - 1) of 11 being 0.1."""

FURTHER = ((2, 4, 6, 8, 10), (4, 6, 2, 10, 8), (6, 3, 4, 2, 5))
"""The same where they are tried: other numbers even of elements, and few."""

FALLING = ((17, 13, 11, 7, 5), (19, 11, 7, 5, 13), (23, 19, 13, 11, 7)), (
    (8, 6, 4, 2, 10), (10, 8, 6, 4, 2), (6, 4, 3, 2, 5),
)  # fmt: skip
RISING = tuple(tuple((*sorted(row[:4]), row[4]) for row in rows) for rows in FALLING)
"""Both where matrices are tall, or wide: others are singular then."""

ORDERS = ((SIZES, FURTHER), FALLING, RISING)

TIMES = 3
"""How many random points there are for each of the first ones."""

FEW = 20
"""How often another way is drawn anew in the hope of the first point's."""

TRIES = 100
"""Times that numbers are drawn for one of them, where the program is not defined for many."""

WORK = 60_000
"""Steps of a program in all its runs that are tried for one point."""

KINDS = ("gradient", "jacobian", "hessian")

Made = Callable[[Mapping[str, Array]], Problem]
"""The problem with some inputs."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The formulas at one point, by the inputs that they are by, and the reports behind them.

    `symmetric` are the symmetric parts of those by symmetric matrices.
    """

    formulas: Mapping[tuple[str, ...], Written | None]
    reports: Sequence[Report]
    symmetric: Mapping[tuple[str, ...], Written | None]

    @property
    def verdict(self) -> Verdict:
        return max((r.verdict for r in self.reports), key=lambda v: WORST.index(v.outcome))


def formulas(
    made: Made,
    reading: Reading,
    *,
    kind: str | None = None,
    wrt: Sequence[str] = (),
    order: int = 1,
    seed: int = 0,
    ask: Ask = ask_here,
    notes: Sequence[str] = (),
) -> General:
    """The formulas of a derivative for all sizes of the inputs, whose `reading` is known.

    Without a `kind` it is the gradient of what gives a number, the Jacobian of what gives more.
    Raises `GradcalcError` for what is wrong with the program.
    """
    _check_inputs(wrt, reading)
    by = tuple(wrt) or tuple(reading.sizes)
    derivations = Derivations()

    def answer(problem: Problem, command: str) -> Report:
        return calculate(problem, command, ask, derivations=derivations)

    def derived(problem: Problem) -> _Found:
        own = kind or ("gradient" if not _output(problem) else "jacobian")
        if order > 1 and own != "gradient":
            raise UsageError(
                f"--order {order} is of the gradient of one number, and this is a {own}",
                hint="--what hessian has the second derivatives; [i] takes one number of several",
            )
        return _derived(problem, own, order, reading.traits, answer)

    style, points, found = _best(_tries(made, reading, by, seed), derived)
    shapes = [_output(problem) for _, problem in points]
    sizes = [numbers for numbers, _ in points]
    first = points[0][1].program
    keyed = list(zip(sizes, found, strict=True))
    limited = hangs_on_sizes(first.body)
    derivatives = [_together(key, keyed, points, limited) for key in found[0].formulas]
    if kind == "hessian":
        derivatives = [_certified(one, reading, points[0][1]) for one in derivatives]
    return General(
        program=first.typed or first.source,
        kind=kind or ("gradient" if not shapes[0] else "jacobian"),
        order=order,
        reading=reading,
        sizes=_letters(shapes, sizes),
        derivatives=tuple(derivatives),
        verdict=_verdict(found),
        points=len(found),
        samples=tuple(points[: len(SIZES)]),
        style=style,
        read_as=first.typed and first.source,
        notes=(*_of_sum(kind, shapes[0]), *notes, *_ways(points[0][1]), *_unwritten(derivatives)),
    )


def _check_inputs(wrt: Sequence[str], reading: Reading) -> None:
    """Refuse a derivative by a size."""
    for name in wrt:
        if name in reading.counts:
            raise UsageError(
                f"--wrt {name}: {name} is a size, a whole number",
                hint=f"say so if it is a number like others: --{name} scalar",
            )
    if not reading.sizes:
        raise UsageError("the program has no inputs, so there is nothing to differentiate by")


def _of_sum(kind: str | None, shape: tuple[int, ...]) -> Iterator[str]:
    """That what gives several numbers is summed first."""
    if shape and kind in ("gradient", "hessian"):
        yield f"the output is no single number: this is the {kind} of its sum"


def _ways(problem: Problem) -> Iterator[str]:
    """Which way the program went, where it has several."""
    for branch in _recorded(problem).trace.path:
        yield f"this is where {branch.way}"


_Points = list[tuple[Numbers, Problem]]
_Way = tuple[frozenset[str], int]
"""What a program decides, and the number of dimensions of its output."""
Rows = tuple[tuple[tuple[int, ...], ...], ...]


def _tries(
    made: Made, reading: Reading, by: tuple[str, ...], seed: int
) -> Iterator[tuple[str, _Points]]:
    """Points of each style in each order of sizes; of one without an end, which takes seconds each
    time, no more.

    Raises `EndlessError` if that is all of them.
    """
    endless: dict[str, EndlessError] = {}
    # numbers alone are the same whatever letters stand for
    orders = ORDERS if reading.letters else ORDERS[:1]
    for order, style in product(orders, STYLES):
        if style not in endless:
            try:
                yield style, _points(made, reading, by, style, order, seed)
            except EndlessError as error:
                endless[style] = error
    if len(endless) == len(STYLES):
        raise endless[STYLES[0]]


def _points(
    made: Made, reading: Reading, by: tuple[str, ...], style: str, order: Rows, seed: int
) -> _Points:
    """The random points, with the sizes at each; none where the program does not take them.

    All go the way of the first, as far as chance allows, so that they have one formula.

    Raises `EndlessError` for a program without an end at one.
    """
    random = np.random.default_rng(seed)
    found: _Points = []
    first, further = order
    way: _Way | None = None
    for row in (*first * TIMES, *further):
        every = (size + 30 * k for k in count() for size in row)
        numbers = dict(zip(reading.letters, every, strict=False))
        shapes = reading.shapes(numbers)

        def draw(
            shapes: Mapping[str, tuple[int, ...]] = shapes, numbers: Numbers = numbers
        ) -> Problem:
            inputs = point(shapes, reading.traits, style, random) | reading.counted(numbers)
            return settled(replace(made(inputs), wrt=by))

        try:
            drawn = _point(draw, way, TRIES if style == MIXED else 1)
        except EndlessError:
            raise
        except GradcalcError:
            return []
        if drawn is None:
            return []
        problem, way = drawn
        found.append((numbers, problem))
    return found


def _point(
    draw: Callable[[], Problem], way: _Way | None, tries: int
) -> tuple[Problem, _Way] | None:
    """A problem with a finite value that goes a way, or one with as many dimensions.

    None where so many tries, or `WORK` steps, give none. Raises `GradcalcError` where the program
    cannot be run.
    """
    spare: Problem | None = None
    left = WORK
    for tried in count(1):
        problem = draw()
        limits = budget(problem)
        run = _recorded(problem, limits)
        left -= limits.total - limits.steps
        now = frozenset(branch.way for branch in run.trace.path), np.ndim(run.output)
        finite = np.isfinite(run.output).all()
        if finite and way in (None, now):
            return problem, now
        if finite and way and now[1] == way[1]:
            spare = spare or problem
        if left < 0 or tried >= (FEW if finite or spare else tries):
            break
    return None if spare is None or way is None else (spare, way)


def _best(
    tries: Iterable[tuple[str, _Points]], derived: Callable[[Problem], _Found]
) -> tuple[str, _Points, list[_Found]]:
    """The points at which all is well, or those at which the least is amiss, with their style."""
    left: list[tuple[int, str, _Points, list[_Found]]] = []
    refused: InvalidValueError | None = None
    for style, points in tries:
        if not points or (left and style == MIXED):
            continue
        try:
            found = list(_while_well(points, derived))
        except InvalidValueError as error:
            # torch refuses some numbers of which others make a value
            refused = refused or error
            continue
        badness = _badness(found)
        if not badness:
            return style, points, found
        left.append((badness, style, points, found))
    if not left:
        raise refused or InvalidValueError(
            "the program gives no finite number at any point that was tried",
            hint="say more of the inputs: --x positive, --S psd",
        )
    _, style, points, found = min(left, key=lambda one: one[0])
    return style, points, [*found, *(derived(problem) for _, problem in points[len(found) :])]


def _while_well(points: _Points, derived: Callable[[Problem], _Found]) -> Iterator[_Found]:
    """What is derived at the points up to the first at which something is amiss."""
    for _, problem in points:
        found = derived(problem)
        yield found
        if _badness([found]):
            return


def _badness(found: Iterable[_Found]) -> int:
    return max(WORST.index(one.verdict.outcome) for one in found)


def _recorded(problem: Problem, limits: Budget | None = None) -> Recording:
    with np.errstate(all="ignore"):
        return record(problem, Floats(), problem.inputs, limits or budget(problem))


def _output(problem: Problem) -> tuple[int, ...]:
    return np.shape(_recorded(problem).output)


# -- one point -----------------------------------------------------------------------------------


def _derived(
    problem: Problem, kind: str, order: int, traits: Traits, answer: blocks.Answer
) -> _Found:
    reports: list[Report] = []
    refused: list[GradcalcError] = []

    def noted(problem: Problem, command: str) -> Report:
        try:
            report = answer(problem, command)
        except GradcalcError as error:
            refused.append(error)
            raise
        reports.append(report)
        return report

    made = _OF[kind](problem, order, noted)
    if refused and not reports:
        # a block that cannot be had costs its own formula, and these were all of them
        raise refused[0]
    shown = {by: f and structured(f, by[-1], problem, traits) for by, f in made.items()}
    parts = {
        by: among_symmetric(f, by[-1], problem, traits)
        for by, f in shown.items()
        if f and (kind == "gradient" or f.tangent)
    }
    return _Found(shown, reports, parts)


def _gradient(
    problem: Problem, order: int, answer: blocks.Answer
) -> dict[tuple[str, ...], Written | None]:
    if order > 1:
        if any(problem.inputs[name].shape for name in problem.wrt):
            raise UsageError(
                "a derivative of a higher order is by one number", hint="--what hessian"
            )
        found: dict[tuple[str, ...], Written | None] = {}
        for name in problem.wrt:
            one = replace(problem, wrt=(name,), before=(Gradient((name,)),) * (order - 1))
            found[(name,)] = answer(one, "grad").gradients[0].formula
        return found
    report = answer(problem, "grad")
    return {(gradient.name,): gradient.formula for gradient in report.gradients}


def _jacobian(
    problem: Problem, order: int, answer: blocks.Answer
) -> dict[tuple[str, ...], Written | None]:
    shape = _output(problem)
    if not shape:
        return _gradient(problem, 1, answer)
    return {
        (name,): blocks.of_jacobian(problem, name, shape, _known(problem, name, shape), answer)
        for name in problem.wrt
    }


def _known(problem: Problem, name: str, shape: tuple[int, ...]) -> Array:
    """The numbers of a Jacobian that is a matrix; of another one, which no formula is held to, no
    more than the shape."""
    whole = (*shape, *problem.inputs[name].shape)
    return _rows(problem, name, shape) if len(whole) < 3 else np.broadcast_to(np.nan, whole)


def _hessian(
    problem: Problem, order: int, answer: blocks.Answer
) -> dict[tuple[str, ...], Written | None]:
    found: dict[tuple[str, ...], Written | None] = {}
    for rows, columns in product(problem.wrt, problem.wrt):
        first = replace(problem, wrt=(columns,), before=(Gradient((rows,)),))
        shape = problem.inputs[rows].shape
        known = _known(first, columns, shape)
        block = blocks.of_hessian(problem, rows, columns, known, answer)
        if block is None and np.isnan(known).all():
            # the gradient's own formula may have one, which is held to numbers
            known = _rows(first, columns, shape)
            block = blocks.of_hessian(problem, rows, columns, known, answer)
        found[rows, columns] = block
    return found


_OF: Mapping[str, Callable[..., dict[tuple[str, ...], Written | None]]] = {
    "gradient": _gradient, "jacobian": _jacobian, "hessian": _hessian,
}  # fmt: skip


def _rows(problem: Problem, name: str, shape: tuple[int, ...]) -> Array:
    """The derivative by an input in floats: the gradients of the elements of the output."""
    found = []
    for place in range(int(np.prod(shape, dtype=int))):
        seed = np.zeros(shape)
        seed[np.unravel_index(place, shape)] = 1.0
        one = replace(problem, wrt=(name,), cotangent=seed)
        with np.errstate(all="ignore"):
            row = record(one, Floats(), one.inputs, budget(one))
            found.append(np.asarray(row.gradients(Floats(), one.inputs)[name], float))
    return np.reshape(found, (*shape, *problem.inputs[name].shape))


# -- all points ----------------------------------------------------------------------------------


def _together(
    key: tuple[str, ...], found: Sequence[tuple[Numbers, _Found]], points: _Points, limited: bool
) -> Derivative:
    """One formula of those at the points; of a `limited` program for no more than their sizes."""
    whole, only = _one([one.formulas.get(key) for _, one in found], points, limited)
    part, _ = _one([one.symmetric.get(key) for _, one in found], points, limited)
    if part is None or whole is None or part.text == whole.text:
        part = None
    return Derivative(key, whole, only, part)


def _one(
    found: Sequence[Written | None], points: _Points, limited: bool
) -> tuple[Written | None, str]:
    """A formula for all sizes; else that for the first ones, which are told."""
    texts = [formula for formula in found if formula is not None]
    if len(texts) < len(found):
        return None, ""
    derived = len(SIZES) * TIMES
    made = general(texts[:derived], [numbers for numbers, _ in points[:derived]])
    every = list(zip(texts, points, strict=True))
    same = made is not None and all(
        _is_same(made, formula, numbers, problem)
        for formula, (numbers, problem) in (*every[: len(SIZES)], *every[derived:])
    )
    if same and not (limited and points[0][0]):
        return made, ""
    numbers = points[0][0]
    own = [f for f, (n, _) in zip(texts, points, strict=True) if n == numbers]
    if len({formula.text for formula in own}) > 1:
        return None, ""
    return texts[0], ", ".join(f"{letter} = {size}" for letter, size in numbers.items())


def _is_same(made: Written, formula: Written, numbers: Numbers, problem: Problem) -> bool:
    """Whether a formula in letters gives what the one for some sizes gives."""
    if made.text == formula.text:
        return True
    inputs = dict(problem.inputs)
    if made.tangent:
        shapes = {inputs[name].shape for name in problem.wrt}
        return any(
            _is_same(
                made.image,
                formula.image,
                numbers,
                replace(problem, inputs={**inputs, made.tangent: np.cos(np.ones(shape))}),
            )
            for shape in shapes
        )
    letters = "".join(f"{letter} = {size}; " for letter, size in numbers.items())
    now, was = (
        blocks.value_of(problem, text, inputs) for text in (letters + made.text, formula.text)
    )
    return now is not None and was is not None and blocks.is_same(now, was)


def _certified(one: Derivative, reading: Reading, problem: Problem) -> Derivative:
    """A block of a Hessian with what its form shows."""
    if one.formula is None or len(set(one.by)) > 1:
        return one
    ranks = {name: len(sizes) for name, sizes in reading.sizes.items()}
    known = known_of(ranks, reading.traits, reading.letters)
    words, follows = shown(problem, one.formula, one.by[0], known)
    return replace(one, shows=words, convexity=follows)


def _verdict(found: Sequence[_Found]) -> Verdict:
    """That of the worst point, and how many there were."""
    verdicts = [one.verdict for one in found]
    worst = max(verdicts, key=lambda v: WORST.index(v.outcome))
    good = sum(v.outcome is Outcome.VERIFIED for v in verdicts)
    if good == len(verdicts):
        return replace(worst, message=f"at {good} random points")
    at = f"at {len(verdicts) - good} of {len(verdicts)} random points"
    return replace(worst, message=f"{at}: {worst.message}")


def _unwritten(derivatives: Sequence[Derivative]) -> Iterator[str]:
    """What the verdict is about where there is no formula."""
    by = [",".join(one.by) for one in derivatives if one.formula is None]
    if by:
        yield f"by {names_text(by)} there is no formula: the numbers alone are held to the check"


def _letters(shapes: Sequence[tuple[int, ...]], sizes: Sequence[Numbers]) -> tuple[str, ...]:
    """The shape of the output in letters."""
    columns = zip(*shapes, strict=True)
    return tuple(general_number(column, sizes) or "?" for column in columns)
