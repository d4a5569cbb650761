"""Problem → code: a graph is recorded, differentiated, written, run, and held to gradcalc.

What is written takes no numbers but those of its check: all that hangs on a point is the way that
the program took there.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcalc.blocks import is_same, value_of
from gradcalc.calculate import Ask, ask_here, settled
from gradcalc.derive.runs import Recording, Runs
from gradcalc.derive.trace import truth
from gradcalc.errors import GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.export.c_listing import c_source
from gradcalc.export.documents import bare
from gradcalc.export.julia_listing import julia_source
from gradcalc.export.plan import VALUE, Plan, planned, shortened
from gradcalc.export.python_listing import python_source
from gradcalc.export.sizes import Size, elsewhere, further, generalised, resized, sizes_of
from gradcalc.export.sources import JAX_FILE, NUMPY_FILE, TORCH_FILE, source
from gradcalc.export.steering import full_rank, steering, told
from gradcalc.export.task import EXACT, KINDS, Task
from gradcalc.expr.floats import Floats
from gradcalc.family import derivative
from gradcalc.lang.size_limits import hangs_on_sizes
from gradcalc.problem import Array, Problem
from gradcalc.render import FEW_DIGITS, Style, renderer
from gradcalc.render.tex.names import code, escape
from gradcalc.report import Outcome, Report

MOST_NUMBERS = 20_000
"""Numbers that the check of a file holds."""

ELSEWHERE = 1e-9
"""How far off code may be at other sizes, where two ways of floats are held to each other."""

ROUNDING = 2.0**-53
ROUNDINGS = 8
"""What floats are rounded by, and how much more of it another way of summing may make."""

ROUGHEST = 1e-4
"""How far off floats may be where the derivative reacts to rounding, beside the largest number."""

DOCUMENT = """\
\\documentclass{{article}}
\\usepackage{{amsmath}}
\\begin{{document}}
{body}\\end{{document}}
"""

WRITERS: Mapping[str, Callable[[Task], str]] = {
    "numpy": lambda task: source(task, NUMPY_FILE),
    "torch": lambda task: source(task, TORCH_FILE),
    "jax": lambda task: source(task, JAX_FILE),
    "c": c_source,
    "julia": julia_source,
    "python": python_source,
}
"""What writes the code of each target."""


FAILURES = (GradcalcError, ArithmeticError, TypeError, ValueError)
"""What is raised where a program has no derivative at some sizes; sympy has a TypeError where a
constant of them is no number, as 1/(n - 1) of one element."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Code, and the report with the numbers that it is held to."""

    text: str
    report: Report


def export(
    problem: Problem,
    target: str,
    what: str = "grad",
    *,
    tangents: Mapping[str, Array] | None = None,
    compressed: bool = False,
    ask: Ask = ask_here,
) -> Exported:
    """The code of a derivative of a program for a target; `compressed` without unit matrices.

    Raises `GradcalcError` for what is wrong with the program or its inputs, and for what the target
    has no form of.
    """
    if problem.dtype != "float64":
        raise UnsupportedError(
            f"exported code computes in float64, not in {problem.dtype}", hint="leave --dtype out"
        )
    problem = settled(problem)
    if what == "vjp" and problem.cotangent is None:
        problem = replace(problem, cotangent=_cotangent(problem))
    if what == "hvp":
        # in no direction that is likely to be a special one
        tangents = {n: (tangents or {}).get(n, np.zeros(problem.inputs[n].shape)) if tangents
                    else direction(problem.inputs[n].shape) for n in problem.wrt}  # fmt: skip
    report = derivative(problem, what, tangents=tangents, ask=ask)
    if target == "latex":
        recording = Runs(problem).recording
        notes = list(told(recording, steering(recording)))
        return Exported(latex(report, notes), report)
    task = tasked(problem, what, report, tangents or {}, compressed=compressed)
    return Exported(_written(task, target, report), report)


def _written(task: Task, target: str, report: Report) -> str:
    """The code for a target. Raises `UnsupportedError`, which names another one that has a form."""
    try:
        return WRITERS[target](task)
    except UnsupportedError as error:
        if error.hint is None:
            others = (name for name in WRITERS if name != target and _has_form(task, name))
            whole = all(gradient.formula is not None for gradient in report.gradients)
            other = next(others, "latex" if whole else None)
            error.hint = "no target has one" if other is None else f"--to {other} has one"
        raise


def _has_form(task: Task, target: str) -> bool:
    try:
        WRITERS[target](task)
    except GradcalcError:
        return False
    return True


def latex(report: Report, notes: Sequence[str] = ()) -> str:
    """The formulas as a document, and where they hold. Raises `UnsupportedError` for none."""
    for gradient in report.gradients:
        if gradient.formula is None:
            raise UnsupportedError(
                f"the derivative by {gradient.name} has no formula here, so it has no LaTeX",
                hint="another target may have code: --to numpy",
            )
    body = renderer("latex")([report], Style(width=80, color=False, digits=FEW_DIGITS))
    if notes:
        items = "".join(f"\\item[where] {_tex(note)}\n" for note in notes)
        body += f"\\begin{{description}}\n{items}\\end{{description}}\n"
    return DOCUMENT.format(body=body)


def _tex(note: str) -> str:
    """A sentence, with what stands in backticks as code."""
    parts = note.split("`")
    return "".join(code(part) if k % 2 else escape(part) for k, part in enumerate(parts))


def direction(shape: tuple[int, ...]) -> Array:
    """A tangent that nobody has given."""
    size = math.prod(shape)
    return np.asarray(np.round(np.cos(np.arange(1.0, size + 1)), 2).reshape(shape))


def _cotangent(problem: Problem) -> Array:
    """Ones in the shape of the output."""
    shape = Runs(problem).recording.trace.output.shape
    return np.ones(shape)


def tasked(
    problem: Problem,
    what: str,
    report: Report,
    tangents: Mapping[str, Array],
    *,
    compressed: bool = False,
) -> Task:
    """The graph with what its code is checked with; the shorter one if that is as good."""
    recording = Runs(problem).recording
    plan = planned(recording, what, compressed=compressed)
    if compressed and not plan.units:
        raise UnsupportedError(
            f"no unit matrix is a factor of the {KINDS[what].capitalize()}",
            hint="leave --compressed out",
        )
    inputs = {name: np.asarray(v, dtype=np.float64) for name, v in problem.inputs.items()}
    for name, of in plan.extra.items():
        weights = problem.cotangent if of == "cotangent" else tangents[of]
        given: Any = np.ones(()) if weights is None else weights
        inputs[name] = np.array(np.broadcast_to(given, plan.inputs[name]), dtype=np.float64)
    expected = _expected(report, plan)
    held = sum(np.size(v) for v in (*inputs.values(), *expected.values()))
    if held > MOST_NUMBERS:
        raise UnsupportedError(
            f"the check of the code would hold {held:,} numbers; the limit is {MOST_NUMBERS:,}",
            hint="export it with smaller inputs: most code holds for all sizes",
        )
    task = Task(
        plan,
        problem.program.source,
        inputs,
        expected,
        # that of a product is of the tangent or cotangent that was given
        {g.name: g.formula.text for g in report.gradients if g.formula} if not plan.extra else {},
        tuple(_notes(report, recording, plan)),
        summed=bool(expected[VALUE].shape) and what in ("grad", "hessian", "hvp"),
    )
    found = _held(task)
    plain = replace(task, plan=plan, tolerance=found.tolerance, notes=found.notes)
    general = _general(problem, found)
    # what is short for a few elements may be their list
    if general is None and found.shortened and _error(plain) <= found.tolerance:
        general = _general(problem, plain)
    return general or found


def _general(problem: Problem, task: Task) -> Task | None:
    """The task for all sizes, if its graph is the same at others and right there, too."""
    if hangs_on_sizes(problem.program.body):
        return None
    conditions = task.plan.conditions
    taken = {*problem.inputs, *problem.program.assigned, *task.plan.inputs, task.name}
    shapes = {name: task.plan.inputs[name] for name in problem.inputs}
    sizes = sizes_of(shapes, taken)
    if not sizes or any(c.seen.question not in (truth, full_rank) for c in conditions):
        return None
    other = _elsewhere(problem, task, sizes)
    found = None if other is None else generalised(task.plan, other[0], sizes)
    if other is None or found is None:
        return None
    plan, texts, dims = found
    same = all(_holds(problem, task, label, *other) for label in task.formulas)
    general = replace(task, plan=plan, sizes=texts, dims=dims, fixed=task, everywhere=same)
    if not _error(general) <= task.tolerance or not _is_right(general, *other):
        return None
    # a program may hang on how many there are: on an even number, or on few
    for others in further(sizes):
        more = _elsewhere(problem, task, others)
        if more is not None and not _is_right(general, *more, unknown=True):
            return None
    return general


def _holds(
    problem: Problem, task: Task, label: str, other: Plan, inputs: Mapping[str, Array]
) -> bool:
    """Whether a formula gives the numbers of a graph at other sizes."""
    if other.units:
        return False
    text, given = task.formulas[label], dict(inputs)
    with np.errstate(all="ignore"):
        wanted = other.numbers(inputs)[label]
    front, arrow, body = text.partition("↦")
    if arrow:
        before, _, tangent = front.rpartition(";")
        along = direction(np.shape(inputs[label.split(",")[-1]]))
        given[tangent.strip()] = along
        text = f"{before};{body}" if before else body
        wanted = np.tensordot(wanted, along, along.ndim)
    found = value_of(problem, text.strip(), given)
    return found is not None and is_same(np.asarray(found), np.asarray(wanted))


def _elsewhere(
    problem: Problem, task: Task, sizes: Sequence[Size]
) -> tuple[Plan, dict[str, Array]] | None:
    """The graph at other sizes, and inputs there; None where the program does not run there."""
    given = {name: elsewhere(task.inputs[name], sizes) for name in problem.inputs}
    try:
        there = Runs(replace(problem, inputs=given, cotangent=None)).recording
        other = planned(there, task.plan.kind, compressed=bool(task.plan.units))
        if other.units != task.plan.units:
            return None
        other = other if not task.shortened else shortened(other) or other
    except FAILURES:
        return None
    if any(len(shape) != len(other.inputs[name]) for name, shape in task.plan.inputs.items()):
        return None
    more = {name: resized(task.inputs[name], other.inputs[name]) for name in task.plan.extra}
    return other, {**given, **more}


def _is_right(
    general: Task, other: Plan, inputs: Mapping[str, Array], *, unknown: bool = False
) -> bool:
    """Whether code gives what a graph gives at its sizes; `unknown` where that is not finite."""
    try:
        with np.errstate(all="ignore"):
            expected = other.numbers(inputs)
    except FAILURES:
        return unknown
    if not all(np.isfinite(value).all() for value in expected.values()):
        return unknown
    # of few elements a derivative may be 0 but for rounding
    least = 1.0 if unknown else 0.0
    return _error(replace(general, inputs=inputs, expected=expected), least) <= ELSEWHERE


def _expected(report: Report, plan: Plan) -> dict[str, Array]:
    """gradcalc's own numbers: those of the formula, or of the enclosure, else torch's."""
    found = {VALUE: np.asarray(report.value, dtype=np.float64)}
    for gradient in report.gradients:
        exact = gradient.symbolic if gradient.symbolic is not None else gradient.enclosure
        found[gradient.name] = np.asarray(gradient.best if exact is None else exact, dtype=float)
    for name, numbers in found.items():
        if not np.isfinite(numbers).all():
            what = "value" if name == VALUE else "derivative"
            raise InvalidValueError(
                f"the {what} is not finite at these inputs, so code cannot be checked there",
                hint="gradcalc why says more; choose other inputs",
            )
    for label, units in plan.units.items():
        core = units.core(found[label])
        if not is_same(units.whole(core, found[label].shape), found[label]):
            raise UnsupportedError(
                "the code would not give gradcalc's numbers here", hint="leave --compressed out"
            )
        found[label] = core
    return {VALUE: found[VALUE], **{label: found[label] for label in plan.results}}


def _notes(report: Report, recording: Recording, plan: Plan) -> Iterator[str]:
    """Where the code holds, in sentences."""
    for branch in recording.trace.path:
        yield f"It holds where the program goes the same way: {branch.way}."
    yield from told(recording, [condition.seen for condition in plan.conditions])
    for label, units in plan.units.items():
        given = f'found["{label}"]' if len(plan.results) > 1 else "found"
        eyes = ", ".join("eye" for _ in units.pairs)
        of = f" by {label}" if len(plan.results) > 1 else ""
        yield f'The whole{of} is einsum("{units.formula}", {given}, {eyes}), of unit matrices eye.'
    if report.verdict.outcome not in (Outcome.VERIFIED, Outcome.VANISHED):
        yield (
            f"At the inputs of the check gradcalc says {report.verdict.outcome.value}:"
            f" {report.verdict.message}."
        )


def _held(task: Task) -> Task:
    """The task with the graph whose code gives gradcalc's numbers, and how closely.

    Raises `UnsupportedError` where none does.
    """
    best: tuple[float, Task] | None = None
    short = shortened(task.plan)
    for plan in (short, task.plan):
        if plan is None:
            continue
        tried = replace(task, plan=plan, shortened=plan is short)
        error = _error(tried)
        # another target rounds otherwise
        left = ROUNDINGS * _reaction(tried)
        if max(error, left) <= EXACT:
            return tried
        error = max(error, left) if error == error else error
        if best is None or error < best[0]:
            best = error, tried
    assert best is not None
    error, found = best
    if math.isnan(error):
        raise UnsupportedError(
            "the code would fail here: it works out what the program does not, or handles",
            hint="gradcalc why says where; choose other inputs",
        )
    if not error <= ROUGHEST:
        raise UnsupportedError(
            "the code would not give gradcalc's numbers here: floats lose too many digits",
            hint="gradcalc why says where; choose other inputs",
        )
    digits = int(-math.log10(error))
    note = f"Rounding leaves about {digits} digits at the inputs of the check."
    return replace(found, tolerance=10.0**-digits, notes=(*found.notes, note))


def _reaction(task: Task) -> float:
    """How far the numbers go off, beside the largest, where each operation is rounded a little."""
    exact = task.plan.numbers(task.inputs, Floats("longdouble"))
    shaken = task.plan.numbers(task.inputs, Floats("longdouble", noise=ROUNDING))
    worst = 0.0
    for name, expected in task.expected.items():
        off = float(np.max(np.abs(shaken[name] - exact[name]), initial=0.0))
        worst = max(worst, off / (float(np.max(np.abs(expected), initial=0.0)) or 1.0))
    return worst if worst == worst else 0.0


def _error(task: Task, least: float = 0.0) -> float:
    """How far the code's numbers are from those expected, beside the largest; NaN if it fails.

    No less than `least` is taken for the largest.
    """
    try:
        found = run(source(bare(task), NUMPY_FILE), task)
    except UnsupportedError:
        # another target may have what numpy lacks, which is seen for the sizes of the graph alone
        if task.general:
            return math.nan
        found = task.plan.numbers(task.inputs)
    except Exception:
        # what cannot be run is not shown
        return math.nan
    worst = 0.0
    for name, expected in task.expected.items():
        given = np.asarray(found[name], dtype=np.float64)
        if given.shape != expected.shape:
            return math.nan
        scale = float(np.max(np.abs(expected), initial=least))
        off = float(np.max(np.abs(given - expected), initial=0.0))
        if off > 0:
            # where all of it is 0 there is nothing else to hold it to
            worst = max(worst, off / (scale or 1.0))
        if not off >= 0:
            return math.nan
    return worst


def run(text: str, task: Task) -> dict[str, Any]:
    """The numbers of a file of Python at the inputs of its check, by label."""
    scope: dict[str, Any] = {"__name__": "exported"}
    with np.errstate(all="ignore"):
        # it is our own text, made of the graph alone
        exec(compile(text, "<exported>", "exec"), scope)
        value, found = scope[task.name](*(task.inputs[name] for name in task.plan.inputs))
    results = found if len(task.labels) > 1 else {task.labels[0]: found}
    return {VALUE: value, **results}
