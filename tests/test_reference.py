"""Every page of `gradcalc functions` is true: its example runs, and torch bears it out."""

import math
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from gradcalc.calculate import ask_here
from gradcalc.derive.runs import Runs
from gradcalc.errors import GradcalcError, InvalidValueError, UnknownNameError
from gradcalc.primitives import BY_NAME, FAMILIES, PRIMITIVES, Elementwise, Primitive
from gradcalc.reference.catalogue import catalogue, matching, named
from gradcalc.reference.derivatives import Derivative
from gradcalc.reference.examples import Example, examples
from gradcalc.reference.page import Page, page
from gradcalc.render import Style
from gradcalc.render.functions import listing, overview, render_page
from gradcalc.witnesses import autograd
from tests.command import Run
from tests.trust_cases import problem

NUMBERS = [row for row in PRIMITIVES if isinstance(row, Elementwise)]
TENSORS = [row for row in PRIMITIVES if not isinstance(row, Elementwise)]
GRID = (-3.0, -2.5, -2.0, -1.3, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 20.0)
STEP = 1e-7
OFF = {"hardsigmoid": 1e-7, "digamma": 1e-7}
"""Rows where torch itself is off."""
WIDTHS = (40, 80, 120)


def by_name(rows: list[Any]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


@cache
def shown(row: Primitive) -> Page:
    return page(row, ask_here)


def drawn(row: Primitive, width: int = 80) -> str:
    entry = named(row.name, catalogue())
    assert entry is not None
    return render_page(entry, shown(row), Style(width, color=False))


@by_name(NUMBERS)
def test_the_page_of_a_function_of_numbers_is_true(
    row: Elementwise, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _assert_example_prints_what_is_shown(row, run)
    _assert_derivative_is_torch_s_gradient(row)
    _assert_derivative_holds_everywhere(row)
    _assert_has_values_where_it_says(row)
    _assert_is_rough_where_it_says_and_nowhere_else(row)
    _assert_libraries_call_it_so(row)


@pytest.mark.sweep
@by_name(TENSORS)
def test_the_page_of_a_function_of_tensors_is_true(
    row: Primitive, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _assert_example_prints_what_is_shown(row, run)
    _assert_derivative_is_torch_s_gradient(row)
    _assert_tensors_are_rough_where_it_says(row)
    _assert_libraries_call_it_so(row)


# -- the example -------------------------------------------------------------------------------


def _assert_example_prints_what_is_shown(row: Primitive, run: Run) -> None:
    found = shown(row)
    answer = run(*shlex.split(found.example.command)[1:], "--format", "table")
    assert answer.code == 0
    assert drawn(row).endswith(f"{answer.out}")
    assert row.name in found.example.program or row.name == "index"


# -- the derivative ----------------------------------------------------------------------------


SYMMETRIC = {"cholesky", "eigvalsh", "eigh"}
"""Rows of symmetric matrices."""


def _assert_derivative_is_torch_s_gradient(row: Primitive) -> None:
    if row.name == "one_hot":
        # whole numbers do not move
        return
    random = np.random.default_rng(3)
    found = shown(row)
    assert found.derivatives
    for derivative in found.derivatives:
        sample = _of_shapes(row, found.example, derivative)
        if derivative.where is not None:
            sample = sample.at({derivative.where.removesuffix(" = 0"): _zeros(sample, derivative)})
        for _ in range(2):
            # near the sample, so inside the domain, or between the same corners
            moved = {n: v * random.uniform(0.96, 1.0, v.shape) for n, v in sample.inputs.items()}
            if row.name in SYMMETRIC:
                moved = {n: (v + np.swapaxes(v, -1, -2)) / 2 for n, v in moved.items()}
            _assert_is_gradient(sample.at(moved), derivative)


def _of_shapes(row: Primitive, shown: Example, derivative: Derivative) -> Example:
    fitting = [s for s in (shown, *examples(row)) if _shapes(s) == dict(derivative.shapes)]
    found = next(s for s in fitting if s is shown or not s.options)
    output = autograd.testify(found.problem).value
    weights = np.arange(1.0, output.size + 1).reshape(output.shape) if output.ndim else None
    return Example(found.program, found.inputs, found.options, weights)


def _zeros(sample: Example, derivative: Derivative) -> Any:
    (name,) = derivative.shapes
    return np.zeros(np.shape(sample.inputs[name]))


def _shapes(sample: Example) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(value) for name, value in sample.inputs.items()}


def _assert_is_gradient(sample: Example, derivative: Derivative) -> None:
    asked = sample.weighted
    truth = autograd.testify(asked).gradients
    for name, formula in derivative.formulas.items():
        text = problem(formula.text)
        given = {n: v for n, v in asked.inputs.items() if n in text.program.inputs}
        value = autograd.testify(problem(formula.text, **given)).value
        assert np.allclose(value, truth[name], rtol=1e-11, atol=1e-13), formula.text


# -- where functions of numbers are defined and smooth -----------------------------------------


def _said(text: str) -> str:
    """A condition of a page as an expression of Python's."""
    parts = re.split(r"( and | or )", text)
    return "".join(map(_part, parts))


def _part(text: str) -> str:
    for words, test in ((" is an integer", "is_whole({})"), (" is no integer", "not is_whole({})")):
        if text.endswith(words):
            return test.format(text.removesuffix(words))
    return re.sub(r"(?<![<>!=])=(?!=)", "==", text)


def _holds(text: str, point: dict[str, float]) -> bool:
    known = {"is_whole": lambda v: float(v).is_integer(), "cos": math.cos, "abs": abs}
    try:
        return bool(eval(_said(text), known, dict(point)))
    except ZeroDivisionError:
        return False


def _is_inside(domain: str, point: dict[str, float]) -> bool:
    kept, *without = re.split(r",? except where | or where ", domain)
    inside = kept.removeprefix("at least ").removeprefix("for ")
    bounds = [] if inside == "all real numbers" else inside.split(", ")
    if not all(_holds(bound, point) for bound in bounds):
        return False
    return not any(_holds(where, point) for where in without)


class Numbers:
    """A row at many points at once, by torch."""

    def __init__(self, row: Elementwise) -> None:
        first = next(examples(row))
        self._program, self.names = first.program, tuple(first.inputs)
        axes = GRID if len(self.names) < 3 else GRID[4:11]
        grid = np.meshgrid(*[np.array(axes)] * len(self.names), indexing="ij")
        self.points = np.stack([part.ravel() for part in grid], axis=-1)

    def __call__(self, points: Any) -> tuple[Any, Any]:
        inputs = {name: points[:, k] for k, name in enumerate(self.names)}
        try:
            found = autograd.testify(problem(self._program, check=False, **inputs))
        except InvalidValueError:
            if len(points) == 1:
                # what is refused there has no value
                return np.full(1, np.nan), np.full((1, len(self.names)), np.nan)
            parts = [self(part) for part in np.array_split(points, 2)]
            values, slopes = (np.concatenate(part) for part in zip(*parts, strict=True))
            return values, slopes
        slopes = np.stack([found.gradients[name] for name in self.names], axis=-1)
        return np.broadcast_to(found.value, len(points)), slopes

    def named(self) -> Iterator[dict[str, float]]:
        for point in self.points.tolist():
            yield dict(zip(self.names, point, strict=True))


def _assert_has_values_where_it_says(row: Elementwise) -> None:
    domain = shown(row).domain
    assert domain is not None
    numbers = Numbers(row)
    finite = np.isfinite(numbers(numbers.points)[0]).tolist()
    for point, defined in zip(numbers.named(), finite, strict=True):
        inside = _is_inside(domain, point)
        assert inside == defined or (defined and domain.startswith("at least")), point


def _assert_is_rough_where_it_says_and_nowhere_else(row: Elementwise) -> None:
    numbers, places = Numbers(row), shown(row).places
    rough = [_events(numbers, number) for number in range(len(numbers.names))]
    if len(numbers.names) > 1:
        rough.append(_events(numbers, None))
    met = dict.fromkeys(places, 0)
    truths = row.boolean and not places
    for k, point in enumerate(numbers.named()):
        events = {event for found in rough for event in found[k]}
        there = [place for place in places if _holds(place.where, point)]
        for place in there:
            met[place] += place.kind in events
            assert place.kind in events or not place.sure, (point, place)
        # what is compared with 0 is a truth value to these, and no number
        if not truths and row.name != "where":
            assert events <= {place.kind for place in there}, (point, events)
    assert all(count or "cos" in place.where for place, count in met.items())


def _events(numbers: Numbers, direction: int | None) -> list[set[str]]:
    """What torch's values do at each point, along an operand or along all."""
    count = len(numbers.names)
    way = np.arange(1.0, count + 1) if direction is None else np.eye(count)[direction]
    here, _ = numbers(numbers.points)
    (left, low), (right, high) = (numbers(numbers.points + s * STEP * way) for s in (-1, 1))
    (further, _), (other, _) = (numbers(numbers.points + s * 100 * STEP * way) for s in (-1, 1))
    with np.errstate(invalid="ignore"):
        ends_of = [s @ way if direction is None else s[:, direction] for s in (low, high)]
    found: list[set[str]] = []
    for k in range(len(here)):
        sides = np.array([left[k], right[k]])
        ends = np.array([slope[k] for slope in ends_of])
        events: set[str] = set()
        if np.isfinite(sides).all() and np.isfinite(ends).all():
            grown = np.abs(sides) > np.abs([further[k], other[k]]) * 1.01 + 2
            bend = right[k] - left[k] - STEP * ends.sum()
            middle = left[k] + right[k] - 2 * here[k] - STEP * (ends[1] - ends[0])
            # of a steep function the bend itself shows
            steep = 50 * STEP**2 * np.abs(ends).max()
            room = 1e-11 * (1 + np.abs(sides).max()) + steep
            if grown.any():
                events.add("pole")
            elif abs(bend) > room or (np.isfinite(here[k]) and abs(middle) > room):
                events.add("jump")
            elif np.isfinite(here[k]) and abs(ends[1] - ends[0]) > 1e-4 * (1 + np.abs(ends).max()):
                events.add("kink")
        found.append(events)
    return found


def _assert_derivative_holds_everywhere(row: Elementwise) -> None:
    numbers, found = Numbers(row), shown(row)
    (derivative,) = found.derivatives
    with np.errstate(all="ignore"):
        truth = dict(zip(numbers.names, numbers(numbers.points)[1].T, strict=True))
    smooth = [
        found.domain is not None
        and _is_inside(found.domain, point)
        and not any(_holds(place.where, point) for place in found.places)
        for point in numbers.named()
    ]
    for name, formula in derivative.formulas.items():
        text = problem(formula.text)
        points, slopes = numbers.points[smooth], truth[name][smooth]
        columns = zip(numbers.names, points.T, strict=True)
        given = {n: v for n, v in columns if n in text.program.inputs}
        value = autograd.testify(problem(formula.text, check=False, **given)).value
        value = np.broadcast_to(value, slopes.shape)
        room = OFF.get(row.name, 1e-10)
        alike = np.isclose(value, slopes, rtol=room, atol=room)
        # a formula may be undefined at a point at which a limit is taken, as 0*0**-1 is
        off = np.isfinite(slopes) & ~alike & np.isfinite(value)
        assert not points[off].size, (formula.text, points[off])


# -- where functions of tensors are smooth -----------------------------------------------------


def _assert_tensors_are_rough_where_it_says(row: Primitive) -> None:
    found = shown(row)
    random = np.random.default_rng(5)
    for place in found.places:
        sample = found.example.at(_at(place.where, found.example))
        asked = sample.weighted
        way = {n: random.uniform(0.5, 1.0, v.shape) for n, v in sample.inputs.items()}
        if row.name in SYMMETRIC:
            way = {n: (v + np.swapaxes(v, -1, -2)) / 2 for n, v in way.items()}
        steps = []
        for h in (-1e-6, 0.0, 1e-6):
            moved = {n: v + h * way.get(n, 0.0) for n, v in asked.inputs.items()}
            steps.append(_value(asked.program.source, moved))
        left, here, right = steps
        slopes = (here - left) / 1e-6, (right - here) / 1e-6
        if place.kind == "edge":
            assert not np.isfinite(slopes).all() or max(map(abs, slopes)) > 5
        elif place.kind == "jump":
            assert max(abs(here - left), abs(right - here)) > 1e-3
        else:
            assert (place.kind, abs(slopes[1] - slopes[0]) > 1e-3) == ("kink", True)


def _value(program: str, inputs: dict[str, Any]) -> float:
    try:
        return float(autograd.testify(problem(program, **inputs)).value)
    # outside of its domain torch may refuse
    except GradcalcError:
        return math.nan


def _at(where: str, sample: Example) -> dict[str, Any]:
    inputs = {n: np.asarray(v) * 1.0625**k for k, (n, v) in enumerate(sample.inputs.items(), 1)}
    name, _, other = where.partition(" = ")
    if other == "0":
        return {**inputs, name: 0 * inputs[name]}
    if other:
        return {**inputs, name: inputs[other]}
    name = where.removeprefix("all elements of ").removesuffix(" are equal")
    name = name if name in inputs else next(iter(inputs))
    return {**inputs, name: np.full(inputs[name].shape, inputs[name].flat[0])}


# -- spellings ---------------------------------------------------------------------------------


def _assert_libraries_call_it_so(row: Primitive) -> None:
    found = shown(row)
    accepted = 0
    for call in (call for calls in found.spellings.values() for call in calls):
        name = call.partition("(")[0]
        for sample in examples(row):
            text = sample.program.replace(f"{row.name}(", f"{name}(")
            if name.startswith("x."):
                receiver, others = re.match(r"\w+\((\w+)(?:, )?(.*)", sample.program).groups()
                text = f"{receiver}{name[1:]}({others}"
            if "return_indices=True" in call:
                text = text.replace(").values", ", return_indices=True).values")
            accepted += _agrees(text, sample)
    assert accepted or not found.spellings


def _agrees(text: str, sample: Example) -> bool:
    """Whether a call is taken; if so, it gives the same."""
    try:
        asked = problem(text, **sample.inputs)
        found = Runs(asked).recording.output
    except UnknownNameError:
        raise
    except GradcalcError:
        return False
    wanted = Runs(problem(sample.program, **sample.inputs)).recording.output
    assert np.array_equal(found, wanted, equal_nan=True), text
    return True


# -- the list ----------------------------------------------------------------------------------


def test_every_primitive_has_a_family() -> None:
    assert sum(map(len, FAMILIES.values())) == len(PRIMITIVES) == len(set(PRIMITIVES))
    assert {entry.family for entry in catalogue()} > set(FAMILIES)


@pytest.mark.parametrize("width", WIDTHS)
def test_lists_fit_and_keep_words_whole(width: int) -> None:
    entries, style = catalogue(), Style(width, color=False)
    for text in (overview(entries, style), listing(entries, style)):
        assert max(map(len, text.splitlines())) <= width
        words = {word.strip(",;") for word in text.split()}
        assert {entry.name for entry in entries} <= words
    assert len(overview(entries, style).splitlines()) < len(entries)


@by_name([BY_NAME[name] for name in ("relu", "clamp", "layer_norm", "matmul", "huber_loss")])
def test_pages_fit(row: Primitive) -> None:
    for width in WIDTHS:
        assert max(map(len, drawn(row, width).splitlines())) <= width


@pytest.mark.parametrize(
    ("part", "found", "not_found"),
    [
        ("soft", {"softmax", "log_softmax", "softplus"}, {"relu"}),
        ("losses", {"mse_loss", "cross_entropy"}, {"relu"}),
        ("trigonometric", {"sin", "atan2"}, {"sinh"}),
        ("determinant", {"det", "logdet"}, {"inv"}),
        ("trig", {"sin", "cos"}, {"exp"}),
        ("log", {"log", "log1p"}, {"exp"}),
    ],
)
def test_functions_are_found_by_part_family_or_meaning(
    part: str, found: set[str], not_found: set[str]
) -> None:
    names = {entry.name for entry in matching(part, catalogue())}
    assert found <= names
    assert not not_found & names


def test_what_only_libraries_have_is_shown_as_they_call_it(run: Run) -> None:
    assert (
        "numpy        numpy.interp(x, xp, fp, left=None, right=None, period=None)\n"
        in run("functions", "np.interp").out
    )
    assert "torch.vander(x, N=None, increasing=False)" in run("functions", "vander").out
    wrong = run("functions", "np.trapz")
    assert wrong.code == 2
    assert "write np.trapezoid(y, x)" in wrong.err


def test_a_page_says_what_is_known(run: Run) -> None:
    relu = drawn(BY_NAME["relu"])
    for line in ("kink         where x = 0", "  ∇x = where(x > 0, 1, 0)",
                 "defined      for all real numbers", "jax          jax.nn.relu(x)"):  # fmt: skip
        assert line in relu.splitlines()
    assert "defined      for x > 0\n" in run("functions", "log").out
    assert "jump         where x is an integer\n" in run("functions", "floor").out
    assert "def softmax(x, dim=-1):" in run("functions", "softmax").out
    assert "numpy        numpy.zeros(shape, order='C')\n" in run("functions", "zeros").out
