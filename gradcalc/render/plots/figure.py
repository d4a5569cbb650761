"""A program along a line as a picture: its value, its slopes, the digits, and what is special."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from gradcalc.plotting.data import ERROR, Axis, Curve, Point, Special
from gradcalc.render import printable
from gradcalc.render.plots.axes import Panel, limits, pieces, tick_texts, ticks
from gradcalc.render.plots.scene import Box, Circle, Line, Scene, Shape, Text
from gradcalc.verdict.outcome import Outcome, number_text

WIDTH, LEFT, RIGHT = 960.0, 94.0, 28.0
TOP, VALUE, GAP, SLOPE, STRIP = 122.0, 250.0, 34.0, 210.0, 16.0
LINE, NOTES, LETTERS = 20.0, 14, 118
"""The height of a line of notes, how many there are, and how many letters one has."""

Number = Callable[[Point], float]

POLES = (Outcome.SINGULAR, "pole", Outcome.EDGE)

BAD = (Outcome.WRONG, Outcome.UNRESOLVED, ERROR)
"""What a reader has to look at first."""

SHARES = (0.9, 0.7, 0.4, 0.05)
"""From which share of the digits on a point has the colour of its place in the strip."""


def places(curve: Curve) -> list[Special]:
    """What is marked, in the order of its numbers."""
    return list(curve.specials)


def figure(curve: Curve) -> Scene:
    """The picture of a curve."""
    notes = list(_notes(curve))
    strip = TOP + VALUE + GAP + SLOPE + 18
    height = strip + STRIP + 52 + LINE * len(notes) + (18 if notes else 0)
    scene = Scene(WIDTH, height, title(curve.program), summary(curve))
    first, last = curve.axis.start, curve.axis.stop
    steep = any(s.kind in POLES for s in curve.specials)
    wide = WIDTH - LEFT - RIGHT
    values = [p.value for p in curve.points]
    upper = Panel(LEFT, TOP, wide, VALUE, *limits(values, clip=steep), first, last)
    lower = Panel(
        LEFT, TOP + VALUE + GAP, wide, SLOPE, *limits(trusted_slopes(curve), clip=steep),
        first, last,
    )  # fmt: skip
    add = scene.shapes.extend
    add(_head(curve))
    add(_stretches(curve, upper, lower))
    for panel in (upper, lower):
        add(_grid(panel))
    add(_value(curve, upper))
    add(_slopes(curve, lower))
    add(_strip(curve, Panel(LEFT, strip, wide, STRIP, 0, 1, first, last)))
    add(_below(curve.axis, upper, strip + STRIP))
    add(_marks(curve, upper, lower))
    for k, (look, number, text) in enumerate(notes):
        y = strip + STRIP + 70 + LINE * k
        if number:
            scene.shapes.append(Circle(look, (LEFT + 8, y - 4.5), 8.5))
            scene.shapes.append(Text("number", (LEFT + 8, y - 0.7), number, "middle"))
        scene.shapes.append(Text("note", (LEFT + 24, y), text))
    return scene


def title(program: str) -> str:
    """The program on one line, and not too long for one: of several lines the first."""
    first, *others = [line.strip() for line in program.splitlines() if line.strip()] or [""]
    text = printable(" ".join(first.split()))
    return text if len(text) <= 88 and not others else f"{text[:87].rstrip()}…"


def summary(curve: Curve) -> str:
    """What there is to see, in words."""
    axis, found = curve.axis, [s.kind for s in curve.specials]
    counts = [counted(found.count(kind), kind) for kind in dict.fromkeys(found)]
    told = ", ".join(counts) if counts else "nothing special"
    return (
        f"{title(curve.program)} and its gradient by {axis.name}, from {number_text(axis.start)}"
        f" to {number_text(axis.stop)} at {len(curve.points):,} points: {told}"
    )


PLURALS: Mapping[str, str] = MappingProxyType(
    {"kink": "kinks", "jump": "jumps", "pole": "poles", "edge": "edges", ERROR: "errors"}
)
"""What kinds are called that are nouns; the others are adjectives, which places have."""


def counted(count: int, kind: str) -> str:
    """So many of a kind, in words."""
    if kind in PLURALS:
        return f"{count} {kind if count == 1 else PLURALS[kind]}"
    return f"{count} {kind} {'place' if count == 1 else 'places'}"


def place_text(special: Special, name: str) -> str:
    """Where something is."""
    at = number_text(special.at, 8)
    if special.end is not None:
        return f"{name} = {at} to {number_text(special.end, 8)}"
    return f"{name} {'≈' if special.between is not None else '='} {at}"


def told(special: Special) -> str:
    """What the verdict says of a place, of a stretch where it was asked."""
    if special.asked is None:
        return special.message
    return f"as at {number_text(special.asked)}, {special.message}"


def name_of(axis: Axis) -> str:
    """What moves, in a sentence."""
    return axis.name if axis.direction is None else "t"


def trusted_slopes(curve: Curve) -> list[float]:
    """The slopes that are to be seen: beside wrong ones the true ones would be a line."""
    true = [p.true for p in curve.points]
    right = [p.slope for p in curve.points if p.outcome != Outcome.WRONG]
    found = [*true, *right]
    some = any(math.isfinite(slope) for slope in found)
    return found if some else [p.slope for p in curve.points]


def _notes(curve: Curve) -> Iterator[tuple[str, str, str]]:
    """The lines below: a look, a number and a text."""
    marked = places(curve)
    for k, special in enumerate(marked[:NOTES]):
        text = f"{place_text(special, name_of(curve.axis))}  {special.kind}: {told(special)}"
        look = "bad" if special.kind in BAD else "mark"
        yield look, str(k + 1), _cut(printable(text))
    if len(marked) > NOTES:
        yield "mark", "", f"and {len(marked) - NOTES} more: --format csv has them all"


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"


def _head(curve: Curve) -> Iterator[Shape]:
    yield Text("title", (LEFT, 30), title(curve.program))
    x = LEFT
    for look, text in (("value", curve.quantity), ("autograd", "gradient by autograd"),
                       ("true", "true gradient")):  # fmt: skip
        yield Line(look, [(x, 53), (x + 30, 53)])
        yield Text("label", (x + 38, 57.5), text)
        x += 62 + 7.2 * len(text)
    x = WIDTH - RIGHT - 230
    yield Text("label", (x - 8, 57.5), "digits right", "end")
    for k, text in enumerate(("all", "", "half", "", "none")):
        yield Box(f"digits{k}", (x + 46 * k, 47), 46, 13)
        yield Text("tick", (x + 46 * k + 23, 74), text, "middle")


def _grid(panel: Panel) -> Iterator[Shape]:
    xs = ticks(panel.first, panel.last, 10)
    ys = ticks(panel.low, panel.high, 6)
    for x in xs:
        yield Line("grid", [(panel.x(x), panel.top), (panel.x(x), panel.bottom)])
    for y, text in zip(ys, tick_texts(ys), strict=True):
        look = "zero" if text == "0" else "grid"
        yield Line(look, [(panel.left, panel.y(y)), (panel.right, panel.y(y))])
        yield Text("tick", (panel.left - 8, panel.y(y) + 4), text, "end")
    corners = [(panel.left, panel.top), (panel.right, panel.top),
               (panel.right, panel.bottom), (panel.left, panel.bottom)]  # fmt: skip
    yield Line("frame", [*corners, corners[0]])


def _below(axis: Axis, panel: Panel, y: float) -> Iterator[Shape]:
    xs = ticks(panel.first, panel.last, 10)
    for x, text in zip(xs, tick_texts(xs), strict=True):
        yield Text("tick", (panel.x(x), y + 18), text, "middle")
    label = printable(axis.label)
    yield Text("label", ((panel.left + panel.right) / 2, y + 38), label, "middle")


def _stretches(curve: Curve, *panels: Panel) -> Iterator[Shape]:
    for special in curve.specials:
        if special.end is None:
            continue
        look = "badstretch" if special.kind in BAD else "stretch"
        for panel in panels:
            left, right = panel.x(special.at), panel.x(special.end)
            yield Box(look, (left, panel.top), right - left, panel.height, special.message)


def _value(curve: Curve, panel: Panel) -> Iterator[Shape]:
    yield from _drawn("value", curve, panel, lambda p: p.value)


def _slopes(curve: Curve, panel: Panel) -> Iterator[Shape]:
    yield from _drawn("true", curve, panel, lambda p: p.true)
    yield from _drawn("autograd", curve, panel, lambda p: p.slope)
    yield Text(
        "label", (panel.left, panel.top - 9), f"gradient by {printable(curve.axis.name)}"
        + ("" if curve.axis.direction is None else " along the direction"),
    )  # fmt: skip


def _drawn(look: str, curve: Curve, panel: Panel, number: Number) -> Iterator[Shape]:
    for piece in curve_pieces(curve, number):
        spots = [(panel.x(x), panel.y(y)) for x, y in piece]
        if len(spots) == 1:
            spots = [(spots[0][0] - 1, spots[0][1]), (spots[0][0] + 1, spots[0][1])]
        yield from (Line(look, part) for part in _inside(spots, panel))


def curve_pieces(curve: Curve, number: Number) -> list[list[tuple[float, float]]]:
    """A number of the points as lines, cut where the curve is."""
    cuts = [s.at for s in curve.specials if not s.is_stretch]
    known = {p.at: p for s in curve.specials for p in s.sides}
    known |= {p.at: p for p in curve.points}
    points: Sequence[Point] = [known[at] for at in sorted(known)]
    return pieces([p.at for p in points], [number(p) for p in points], cuts)


def _inside(
    spots: Sequence[tuple[float, float]], panel: Panel
) -> Iterator[list[tuple[float, float]]]:
    """A line as far as it is on a panel."""
    part: list[tuple[float, float]] = []
    for k, (x, y) in enumerate(spots):
        inside = panel.top <= y <= panel.bottom
        if k and inside != (panel.top <= spots[k - 1][1] <= panel.bottom):
            edge = _crossing(spots[k - 1], (x, y), panel)
            part.append(edge)
            if not inside:
                yield part
                part = []
        if inside:
            part.append((x, y))
    if len(part) > 1:
        yield part


def _crossing(a: tuple[float, float], b: tuple[float, float], panel: Panel) -> tuple[float, float]:
    out = a if not panel.top <= a[1] <= panel.bottom else b
    y = panel.top if out[1] < panel.top else panel.bottom
    share = (y - a[1]) / (b[1] - a[1])
    return a[0] + share * (b[0] - a[0]), y


def _strip(curve: Curve, panel: Panel) -> Iterator[Shape]:
    """A cell for each point: how many digits of its slope are right."""
    points = curve.points
    for k, point in enumerate(points):
        before = points[max(k - 1, 0)].at
        after = points[min(k + 1, len(points) - 1)].at
        left, right = panel.x((before + point.at) / 2), panel.x((point.at + after) / 2)
        look, text = "none", "no digits to count"
        if point.digits is not None:
            look = digits_look(point.digits / curve.possible)
            text = f"{point.digits:.1f} of {curve.possible:.1f} digits"
        at = f"{name_of(curve.axis)} = {number_text(point.at)}"
        yield Box(look, (left, panel.top), right - left + 0.3, panel.height, f"{at}: {text}")
    yield Text("tick", (panel.left - 8, panel.top + 12.5), "digits", "end")


def digits_look(share: float) -> str:
    """The class of a share of the digits."""
    return f"digits{sum(share < limit for limit in SHARES)}"


def _marks(curve: Curve, upper: Panel, lower: Panel) -> Iterator[Shape]:
    row = -1.0e9
    level = 0
    for k, special in enumerate(places(curve)):
        bad = special.kind in BAD
        middle = special.at if special.end is None else (special.at + special.end) / 2
        x = upper.x(middle)
        look = "bad" if bad else "mark"
        if special.end is None:
            for panel in (upper, lower):
                yield Line("badline" if bad else "place", [(x, panel.top), (x, panel.bottom)])
            for panel, number in ((upper, special.value), (lower, special.slope)):
                if math.isfinite(number) and panel.low <= number <= panel.high:
                    yield Circle(look, (x, panel.y(number)), 3.6, special.message)
        if k < NOTES:
            level = (level + 1) % 2 if x - row < 19 else 0
            row = x
            y = upper.top - 12 - 19 * level
            yield Circle(look, (x, y), 8.5, f"{special.kind}: {special.message}")
            yield Text("number", (x, y + 3.8), str(k + 1), "middle")
