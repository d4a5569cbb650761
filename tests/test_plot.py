"""Plots: what is marked is what the verdict says there, and pictures are harmless files."""

import csv
import io
import json
import math
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import gradcalc
from gradcalc.cli.options import Options
from gradcalc.cli.plot import calculated
from gradcalc.errors import UsageError
from gradcalc.plotting.between import plainest
from gradcalc.plotting.data import Arrow, Curve, Field, Point, Special
from gradcalc.plotting.ranges import parse_range, places
from gradcalc.render import PLOTS, Style, drawer
from gradcalc.render.plots.axes import limits, pieces, tick_texts, ticks
from gradcalc.render.plots.contour import lines, part
from gradcalc.render.plots.figure import counted, curve_pieces, figure, title
from gradcalc.render.plots.scene import LOOKS, Text
from gradcalc.render.plots.words import alarm
from tests.command import Run

STYLE = Style(80, color=False)


def found(program: str, **more: object) -> Curve | Field:
    """What a plot of a program finds; names with values as typed, options by their field."""
    fields = set(Options.__dataclass_fields__)
    options = {name: value for name, value in more.items() if name in fields}
    values = tuple((n, v) for n, v in more.items() if n not in fields)
    return calculated(Options((program,), values=values, quiet=True, **options), None)


def curve(program: str, **more: object) -> Curve:
    answer = found(program, **more)
    assert isinstance(answer, Curve)
    return answer


MARKS = {
    "a kink at a sample": ("abs(x)", "-1:1:11", {0.0: "kink"}),
    "a kink between samples": ("abs(x - 0.3)", "-1:1:8", {0.3: "kink"}),
    "two in one step": ("abs(x - 0.3) + relu(x - 0.35)", "-1:1:6", {0.3: "kink", 0.35: "kink"}),
    "a small one on a steep slope": ("exp(5*x) + 0.01*abs(x - 0.7)", "0:1:12", {0.7: "kink"}),
    "jumps": ("floor(x)", "0.5:2.5:8", {1.0: "jump", 2.0: "jump"}),
    "a jump of an if": ("x if x < 0.4 else x + 1", "0:1:7", {0.4: "jump"}),
    "a hole": ("sin(x)/x", "-1:1:10", {0.0: "edge"}),
    "a pole": ("1/(x - 0.25)", "-1:1:12", {0.25: "singular"}),
    "a border": ("log(x - 0.25)", "-1:1:9", {0.25: "edge"}),
    "an infinite slope": ("sqrt(x)", "0:1:5", {0.0: "edge"}),
    "no corner after all": ("relu(x)**2", "-1:1:8", {}),
    "a kink at a middle": ("abs(x - 0.3)", "0.2:0.4:2", {0.3: "kink"}),
    "nothing": ("sin(x)*exp(x)", "-3:3:20", {}),
    "nothing, if steep": ("tanh(40*x)", "-1:1:12", {}),
    "nothing, if it underflows": ("log(1 + exp(x))", "-1000:700:30", {}),
    "nothing, if slopes cross 0": ("x - log(x + 1)", "-0.9:1:9", {}),
}


@pytest.mark.parametrize("name", MARKS)
def test_marks_are_verdicts(name: str) -> None:
    program, x, wanted = MARKS[name]
    given = curve(program, x=x)
    marks = {s.at: s for s in given.specials if not s.is_stretch}
    for at, special in marks.items():
        verdict = gradcalc.grad(program, x=at).verdict
        assert (special.kind, special.message) == (verdict.outcome, verdict.message)
    assert {at: special.kind for at, special in marks.items()} == wanted


BETWEEN = {
    "a kink where no float is": ("abs(x*x - 2)", "1:2:9", math.sqrt(2), "kink"),
    "a jump where no float is": ("floor(x*pi)", "0.4:0.9:9", 2 / math.pi, "jump"),
    "a pole where no float is": ("tan(x)", "1:2:9", math.pi / 2, "pole"),
}


PLACES = {
    "poles, each once": ("tan(x)", "-3:3:31", "float64", [-math.pi / 2, math.pi / 2]),
    "a pole off the middle": ("tan(x)", "-0.153:2.48:4", "float64", [math.pi / 2]),
    "poles of a square": ("1/(x*x - 3)**2", "-2:2:10", "float64", [-math.sqrt(3), math.sqrt(3)]),
    "steep, but entire": ("tanh(1000*(x - 0.5))", "0:1:4", "float64", []),
    "steep between two floats": ("tanh(1e16*(x - pi/5))", "0:1:10", "float64", []),
    "a spike that is none": ("1/(x*x + 1e-8)", "-0.9:1:9", "float64", []),
    "a corner at 0, seen from both sides": ("abs(sin(x))", "-1.757:0.577:9", "float64", [0.0]),
    "a corner in few digits": ("abs(x - 1/3)", "-1:1:21", "float32", [1 / 3]),
    "a corner at the middle": ("abs(x - 0.3)", "0.2:0.4:2", "float32", [0.3]),
    "jumps in few digits": ("floor(x*3.1)", "-1:1:20", "float32", [k / 3.1 for k in range(-3, 4)]),
    "a pole in few digits": ("tan(x)", "1:2:9", "float32", [math.pi / 2]),
    "nothing in few digits": ("sin(x)*exp(x)", "-3:2.9:30", "float32", []),
    "nothing where numbers underflow": ("exp(-x*x*10000)", "-2.4:2:60", "float32", []),
}
"""Where something is between points: there is one mark at each place, and none elsewhere."""


@pytest.mark.parametrize("name", PLACES)
def test_each_place_has_one_mark(name: str) -> None:
    program, x, dtype, wanted = PLACES[name]
    marks = sorted(s.at for s in curve(program, x=x, dtype=dtype).specials if not s.is_stretch)
    near = 1e-12 if dtype == "float64" else 1e-5
    assert marks == pytest.approx(wanted, abs=near)


@pytest.mark.parametrize("name", BETWEEN)
def test_between_two_floats_both_are_ordinary(name: str) -> None:
    program, x, place, kind = BETWEEN[name]
    (special,) = curve(program, x=x).specials
    assert special.at == pytest.approx(place, rel=1e-14)
    assert special.kind == kind
    assert special.between == np.nextafter(special.at, np.inf)
    # the place itself, in more digits than a float has
    assert special.at <= place <= special.between
    for at in (special.at, special.between):
        assert gradcalc.grad(program, x=at).verdict.outcome == "verified"


def test_points_are_those_of_grad() -> None:
    for point in curve("x**2*abs(x)", x="-1:1:5").points:
        report = gradcalc.grad("x**2*abs(x)", x=point.at)
        assert point.value == float(report.value)
        assert point.slope == float(report.gradient["x"])
        assert point.outcome == report.verdict.outcome


def test_a_stretch_reaches_to_its_border() -> None:
    (stretch, border) = curve("log(x)", x="-2:2:12").specials
    assert (stretch.at, stretch.end, stretch.kind, border.at) == (-2.0, 0.0, "edge", 0.0)
    asked = gradcalc.grad("log(x)", x=stretch.asked).verdict
    assert stretch.message == asked.message


def test_the_true_gradient_is_there_where_autograd_has_none() -> None:
    given = curve("log(1 + exp(x))", x="700:800:5")
    assert given.exit_code == 1
    last = given.points[-1]
    assert math.isnan(last.slope)
    assert (last.true, last.digits, last.outcome) == (1.0, 0.0, "wrong")


def test_along_a_direction_the_slope_is_the_gradient_times_it() -> None:
    given = curve("norm(x)", x="1,2,3", direction="2,0,-1", range="-1:1:3")
    for point in given.points:
        at = np.array([1.0, 2, 3]) + point.at * np.array([2.0, 0, -1])
        assert point.value == pytest.approx(np.linalg.norm(at))
        assert point.slope == pytest.approx(at @ [2.0, 0, -1] / np.linalg.norm(at))


def test_a_plane_has_values_and_gradients_of_its_own() -> None:
    plane = found("x*y + abs(y)", x="0:2:3", y="-1:1:3")
    assert isinstance(plane, Field)
    assert plane.values[2] == (1.0, 2.0, 3.0)
    arrows = {(a.x, a.y): a for a in plane.arrows}
    assert arrows[2.0, 1.0].slopes == (1.0, 3.0)
    for (x, y), arrow in arrows.items():
        verdict = gradcalc.grad("x*y + abs(y)", x=x, y=y).verdict
        assert (arrow.outcome, arrow.message) == (verdict.outcome, verdict.message)
    assert {a.y for a in plane.odd()} == {0.0}


CODES = {
    "verified": ("x**2", "-1:1:4", 0, ""),
    "special only": ("abs(x)", "-1:1:5", 0, ""),
    "wrong": ("sqrt(x**2)", "-1:1:5", 1, "wrong: 1 point at x = 0: the function has a kink here"),
    "no value anywhere": ("log(x)", "-3:-1:4", 0, ""),
}


@pytest.mark.parametrize("name", CODES)
def test_exit_codes(name: str, run: Run) -> None:
    program, x, code, told = CODES[name]
    answer = run("plot", program, f"--x={x}")
    assert answer.code == code
    assert told in answer.err if told else not answer.err
    header, *rows = csv.reader(io.StringIO(answer.out))
    assert header == ["x", "value", "autograd", "true", "digits", "outcome", "message"]
    assert rows
    assert run("plot", program, f"--x={x}", "--quiet").out == ""


ERRORS = {
    "no range": (("x**2", "--x", "1"), "there is no range to plot over"),
    "three ranges": (("x*y*z", "--x", "0:1", "--y", "0:1", "--z", "0:1"), "3 names have a range"),
    "too many": (("x", "--x", "0:1:10001"), "that is 10,001 points"),
    "too many on a plane": (("x*y", "--x", "0:1:200", "--y", "0:1:200"), "that is 40,000 points"),
    "empty": (("x", "--x", "1:1"), "the range is empty"),
    "one point": (("x", "--x", "0:1:1"), "has 2 points or more"),
    "half a point": (("x", "--x", "0:1:2.5"), "the number of points is not a whole number"),
    "four parts": (("x", "--x", "0:1:2:3"), "a range is START:STOP"),
    "half a range": (("x", "--x", "0:"), "a range is START:STOP"),
    "endless": (("x", "--x", "0:inf"), "tip: as far as there is something to see: --x -100:100"),
    "no range, but its ends": (("x**2", "--x", "10,-2.5"), "tip: --x -2.5:10"),
    "no range, by another name": (("u**2", "--u", "3"), "tip: --u -10:10"),
    "a page beside it": (("x", "--x", "0:1", "--html", "a.html"), "tip: --format html"),
    "json and more": (("x", "--x", "0:1", "--json", "--format", "csv"), "exclude each other"),
    "a list": (("x", "--x", "0:1,2"), "is not the end of a range"),
    "two programs": (("x", "x**2", "--x", "0:1"), "a plot is of one program"),
    "unchecked": (("x", "--x", "0:1", "--no-check"), "what the check finds"),
    "by another name": (("x*a", "--x", "0:1", "--a", "2", "--wrt", "a"), "by what moves"),
    "range alone": (("sum(x)", "--x", "1,2", "--range", "0:1"), "along a --direction"),
    "two ways": (("x", "--x", "0:1", "--direction", "1"), "--direction is the way"),
    "which input": (("a@b", "--a", "1,2", "--b", "1,2", "--direction", "1,0"), "which one moves"),
    "another shape": (("sum(x)", "--x", "1,2", "--direction", "1,0,0"), "has shape (3,)"),
    "nowhere": (("sum(x)", "--x", "1,2", "--direction", "0,0"), "leads nowhere"),
    "an unknown name": (("x*a", "--x", "0:1"), "a"),
    "never runs": (("x[2]", "--x", "0:1:3"), "x"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_mistakes_get_a_sentence(name: str, run: Run) -> None:
    words, told = ERRORS[name]
    answer = run("plot", *words)
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.startswith("error: ")


@pytest.mark.parametrize(("form", "package"), [("png", "matplotlib"), ("braille", "plotille")])
def test_what_is_missing_is_said(form: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=f"needs {package}, which is not installed") as error:
        drawer(form)
    assert "pip install" in str(error.value.hint)


HOSTILE = "x&y < 3 </title></svg><script>alert('1')</script> \"q\" \x1b[31m ]]> é"


def _some(program: str) -> Curve:
    axis = parse_range("x", "-1:1:5", 5)
    points = [Point(x, abs(x), math.copysign(1, x), 1.0, 15.9, "verified") for x in (-1, -0.5, 0.5)]
    points[1:1] = [Point(-0.75, math.nan, math.inf, math.nan, None, "wrong", HOSTILE)]
    specials = [
        Special(0.0, "kink", HOSTILE),
        Special(-1.0, "wrong", HOSTILE, end=-0.5, asked=-0.75),
    ]
    return Curve(program, axis, points, specials, 15.95)


def _plane(program: str) -> Field:
    axes = parse_range("x", "0:1:3", 3), parse_range("y", "0:2:3", 3)
    arrows = [Arrow(0.5, 1.0, (1.0, math.nan), (1.0, 2.0), "wrong", HOSTILE),
              Arrow(1.0, 1.0, (3.0, 1.0), (3.0, 1.0), "verified", "", 15.0, 4.0)]  # fmt: skip
    values = [(0.0, 1.0, 4.0), (1.0, math.nan, 5.0), (math.inf, 5.0, 9.0)]
    return Field(program, axes, (0.0, 0.5, 1.0), (0.0, 1.0, 2.0), values, arrows, 15.95)


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts += data


@pytest.mark.parametrize("make", [_some, _plane])
@pytest.mark.parametrize("form", ["svg", "html"])
def test_texts_are_no_markup(form: str, make: "type[Curve] | type[Field]") -> None:
    drawn = str(drawer(form)(make(HOSTILE), STYLE))
    page = Tags(drawn)
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [n for _, attrs in page.tags for n in attrs if n.startswith("on") or n == "href"]
    assert "\x1b" not in drawn
    assert "</title></svg><script>" in page.texts.replace("\u2026", "")
    svg = drawn[drawn.index("<svg") : drawn.rindex("</svg>") + 6]
    root = ElementTree.fromstring(svg)
    looks = {e.get("class") for e in root.iter()} - {None, "paper"}
    assert looks <= set(LOOKS)
    assert root.get("role") == "img"
    assert root[1].text
    for look in looks:
        assert f".{look}{{" in drawn.split("prefers-color-scheme:dark")[-1]


@pytest.mark.parametrize("form", PLOTS)
@pytest.mark.parametrize("make", [_some, _plane])
def test_every_format_draws(form: str, make: "type[Curve] | type[Field]") -> None:
    if form in ("png", "braille"):
        pytest.importorskip({"png": "matplotlib", "braille": "plotille"}[form])
    for style in (STYLE, Style(20, color=True, unicode=False)):
        drawn = drawer(form)(make("x**2"), style)
        assert drawn
        if isinstance(drawn, bytes):
            assert drawn.startswith(b"\x89PNG")


def test_no_line_goes_over_a_cut() -> None:
    given = curve("1/x + floor(2*x)", x="-1:1:9")
    cuts = [s.at for s in given.specials if not s.is_stretch]
    assert len(cuts) >= 4
    for piece in curve_pieces(given, lambda p: p.value):
        assert not [cut for cut in cuts if piece[0][0] < cut < piece[-1][0]]


PIECES = {
    "one": ([0, 1, 2], [], [[0, 1, 2]]),
    "a cut": ([0, 1, 2, 3], [1.5], [[0, 1], [2, 3]]),
    "a cut at a point": ([0, 1, 2], [1], [[0], [2]]),
    "no value": ([0, math.nan, 2], [], [[0], [2]]),
    "infinite": ([0, 1, math.inf, 3, 4], [], [[0, 1], [3, 4]]),
}


@pytest.mark.parametrize("name", PIECES)
def test_lines_in_pieces(name: str) -> None:
    ys, cuts, wanted = PIECES[name]
    assert [[y for _, y in piece] for piece in pieces(range(len(ys)), ys, cuts)] == wanted


TICKS = {
    "ten": (-10.0, 10.0, ["\u221210", "\u22125", "0", "5", "10"]),
    "thousands": (-1000.0, 1000.0, ["\u22121000", "\u2212500", "0", "500", "1000"]),
    "near one another": (0.49999996, 0.5, None),
    "tiny": (-3e-300, 3e-300, None),
    "huge": (-1.7e308, 1.7e308, None),
}


@pytest.mark.parametrize("name", TICKS)
def test_ticks(name: str) -> None:
    low, high, wanted = TICKS[name]
    values = ticks(low, high, 4)
    texts = tick_texts(values)
    assert wanted is None or texts == wanted
    assert 2 <= len(values) <= 12
    assert len(set(texts)) == len(texts)
    assert all(low - 1e-9 * (high - low) <= value for value in values[1:])


def test_limits_leave_out_a_pole_but_nothing_else() -> None:
    values = [1 / (k / 100 + 0.0001) for k in range(100)]
    assert limits(values, clip=False)[1] > 1e4
    assert limits(values, clip=True)[1] < 200
    assert limits([math.nan, math.inf], clip=True) == (-1.0, 1.0)
    low, high = limits([3.0, 3.0], clip=True)
    assert low < 3 < high


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0.29, 0.31, 0.3), (-1.0, 2.0, 0.0), (1.4142135623730950, 1.4142135623730951, None),
     (199.0, 201.0, 200.0), (-0.26, -0.24, -0.2500)],
)  # fmt: skip
def test_the_plainest_number(low: float, high: float, wanted: float | None) -> None:
    assert low <= plainest(low, high) <= high
    assert wanted is None or plainest(low, high) == wanted


def test_points_are_the_decimals_that_people_mean() -> None:
    assert places(parse_range("x", "0:1:11", 2), float)[3] == 0.3
    assert places(parse_range("x", "-10:10", 201), float)[100] == 0.0


def test_levels_cross_triangles_in_lines() -> None:
    triangle = (0.0, 0.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0)
    assert lines(triangle, 0.5) == [(0.5, 0.0), (0.0, 0.5)]
    assert lines(triangle, 2.0) == []
    assert len(part(triangle, 0.5, 1)) == 4
    assert len(part(triangle, 0.5, -1)) == 3


RANGES = {
    "from the larger number": ("2:-2:3", [-2.0, 0.0, 2.0]),
    "two dots": ("-2..2:3", [-2.0, 0.0, 2.0]),
    "linspace": ("linspace(-2, 2, 3)", [-2.0, 0.0, 2.0]),
    "torch's": ("torch.linspace(-2,2,3)", [-2.0, 0.0, 2.0]),
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges_as_people_type_them(name: str) -> None:
    x, wanted = RANGES[name]
    assert [point.at for point in curve("x**2", x=x).points] == wanted


def test_a_row_of_numbers_is_a_value_where_something_else_moves() -> None:
    given = curve("sum(x)*a", x="linspace(0,1,3)", a="0:1:2")
    assert [point.slope for point in given.points] == [1.5, 1.5]


WEIGHED = {
    "a number": ("x*x", {"x": "0:1:3"}, 2.0, 2.0),
    "numbers": ("[x*x, 3*x*x]", {"x": "0:1:3"}, [1.0, 2.0], 7.0),
}


@pytest.mark.parametrize("name", WEIGHED)
def test_values_are_weighed_as_slopes_are(name: str) -> None:
    program, values, cotangent, factor = WEIGHED[name]
    given = curve(program, **values, cotangent=np.array(cotangent))
    assert given.specials == ()
    assert given.quantity == "output weighed by the cotangent"
    for point in given.points:
        assert (point.value, point.slope) == (factor * point.at**2, 2 * factor * point.at)


UNTRUE = {
    "a jump": ("floor(x)", "1", "jump"),
    "an edge": ("sqrt(x)", "0", "edge"),
    "a kink": ("abs(x)", "0", "kink"),
}


@pytest.mark.parametrize("name", UNTRUE)
def test_there_is_no_true_slope_where_there_is_none(name: str) -> None:
    program, at, kind = UNTRUE[name]
    (point,) = (p for p in curve(program, x=f"{at}:3:3").points if p.at == float(at))
    assert point.outcome == kind
    assert math.isnan(point.true)


def test_a_true_slope_that_no_float_holds_is_told_in_words() -> None:
    last = curve("exp(x)", x="700:720:3").points[-1]
    assert (last.outcome, math.isnan(last.true)) == ("wrong", True)
    assert "the true one is 4.9207e+312" in last.message


def test_what_does_not_move_has_no_part_in_the_slope() -> None:
    given = curve("x[0]**2 + sqrt(x[1])", x="1,0", direction="1,0", range="-1:1:3")
    assert [point.slope for point in given.points] == [0.0, 2.0, 4.0]


ALARMS = {
    "between points": ("exp(1000*x)", "-1:1:5", 0.7028749576144019),
    "at points": ("log(1 + exp(x))", "700:800:5", 709.782712893384),
}


@pytest.mark.parametrize("name", ALARMS)
def test_the_first_alarm_is_the_first_on_the_axis(name: str) -> None:
    program, x, first = ALARMS[name]
    given = curve(program, x=x)
    places = [p.at for p in given.points if p.outcome == "wrong"]
    places += [s.at for s in given.specials if s.kind == "wrong" and not s.is_stretch]
    assert min(places) == pytest.approx(first, rel=1e-12)
    assert f"the first at x = {min(places):.6g}:" in alarm(given)


TITLES = {
    "one line": ("x  +  1", "x + 1"),
    "several": ("def f(x):\n    return x*x\n", "def f(x):\u2026"),
    "long": ("x + " * 40 + "1", ("x + " * 40)[:87].rstrip() + "\u2026"),
}


@pytest.mark.parametrize("name", TITLES)
def test_titles(name: str) -> None:
    program, wanted = TITLES[name]
    assert title(program) == wanted


COUNTS = {"1 kink": (1, "kink"), "2 jumps": (2, "jump"), "7 poles": (7, "pole"),
          "1 wrong place": (1, "wrong"), "3 unresolved places": (3, "unresolved")}  # fmt: skip


@pytest.mark.parametrize("text", COUNTS)
def test_counts_of_what_is_special(text: str) -> None:
    assert counted(*COUNTS[text]) == text


def test_json_has_all_that_was_found(run: Run) -> None:
    answer = run("plot", "abs(x - 0.3) + log(1 + exp(2000*x))", "--x=-1:1:21", "--json")
    found = json.loads(answer.out)
    given = curve("abs(x - 0.3) + log(1 + exp(2000*x))", x="-1:1:21")
    assert (found["schema"], found["exit_code"]) == ("gradcalc.plot/1", answer.code)
    assert found["axes"] == [{"name": "x", "start": -1.0, "stop": 1.0, "count": 21}]
    assert [p["at"] for p in found["points"]] == [p.at for p in given.points]
    assert [p["outcome"] for p in found["points"]] == [p.outcome for p in given.points]
    assert [(s["at"], s["outcome"]) for s in found["specials"]] == [
        (s.at, s.kind) for s in given.specials
    ]
    assert found["points"][-1]["autograd"] == "NaN"
    kink = next(s for s in found["specials"] if s["outcome"] == "kink")
    assert (kink["at"], kink["true"]) == (0.3, None)


def test_json_of_a_plane(run: Run) -> None:
    found = json.loads(run("plot", "x*y", "--x=0:2:3", "--y=-1:1:3", "--format", "json").out)
    assert found["values"][2] == [0.0, 1.0, 2.0]
    assert {tuple(g["at"]): g["true"] for g in found["gradients"]}[2.0, 1.0] == [1.0, 2.0]


def test_notes_say_where_and_what() -> None:
    texts = [shape.text for shape in figure(curve("abs(x)", x="-1:1:5")).shapes
             if isinstance(shape, Text)]  # fmt: skip
    assert any(t.startswith("x = 0  kink: the function has a kink here") for t in texts)
