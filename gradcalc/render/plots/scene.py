"""A picture as data: lines, areas and texts, each of a class that says how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through spots, or an area with these corners if it is `filled`."""

    look: str
    spots: Sequence[Spot]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc."""

    look: str
    center: Spot
    radius: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner, width and height."""

    look: str
    corner: Spot
    width: float
    height: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text at a spot of its baseline: its start, its middle or its end."""

    look: str
    spot: Spot
    text: str
    anchor: str = "start"


Shape = Line | Circle | Box | Text


@dataclass(slots=True)
class Scene:
    """Shapes on a sheet, drawn in order; `title` and `summary` are for those who do not see it."""

    width: float
    height: float
    title: str
    summary: str
    shapes: list[Shape] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Look:
    """How a class looks: colours on light and on dark paper, the width of lines, their dashes, and
    how much of what is below is covered; the size of texts."""

    light: str
    dark: str
    width: float = 0.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    size: float = 0.0
    bold: bool = False


PAPER = Look("#ffffff", "#0d1117")

LOOKS = {
    "title": Look("#16191d", "#f1f3f5", size=17, bold=True),
    "label": Look("#3d444d", "#c3cad2", size=13),
    "tick": Look("#5c6570", "#9aa4af", size=12),
    "note": Look("#23282e", "#dde2e7", size=13),
    "number": Look("#ffffff", "#0d1117", size=11, bold=True),
    "grid": Look("#e4e8ec", "#2a3038", 1),
    "frame": Look("#b4bcc5", "#4a535e", 1),
    "zero": Look("#9aa3ad", "#606b77", 1),
    "value": Look("#1661be", "#6cb2ff", 2.2),
    "true": Look("#1a9a5c", "#3ecf8e", 6, opacity=0.45),
    "autograd": Look("#b4460f", "#ff9d5c", 1.8, (6, 3.5)),
    "place": Look("#6d4aa8", "#b79cf0", 1, (2, 3)),
    "mark": Look("#6d4aa8", "#b79cf0"),
    "bad": Look("#c4202f", "#ff7a85"),
    "badline": Look("#c4202f", "#ff7a85", 1, (2, 3)),
    "stretch": Look("#8a929c", "#8a929c", opacity=0.16),
    "badstretch": Look("#c4202f", "#ff7a85", opacity=0.14),
    "digits0": Look("#c9ead8", "#1d4d39"),
    "digits1": Look("#f5e6a9", "#6b5c1e"),
    "digits2": Look("#f4b877", "#96591c"),
    "digits3": Look("#e0604f", "#d4503f"),
    "digits4": Look("#a3122a", "#ff5f6f"),
    "none": Look("#eceff2", "#262c33"),
    "arrow": Look("#23282e", "#e8ecf0", 1.3),
    "head": Look("#23282e", "#e8ecf0"),
    "badarrow": Look("#c4202f", "#ff7a85", 1.6),
    **{
        f"level{k}": Look(light, dark)
        for k, (light, dark) in enumerate(
            zip(
                (
                    "#eaf2fb", "#d8e7f7", "#c4daf2", "#adccec", "#95bde5", "#7dadde", "#649cd5",
                    "#4c8aca", "#3678bc",
                ),
                (
                    "#16202c", "#192a3d", "#1c344e", "#1f3f60", "#234a72", "#275685", "#2c6399",
                    "#3371ad", "#3c80c1",
                ),
                strict=True,
            )
        )
    },
    "contour": Look("#ffffff", "#0d1116", 1, opacity=0.75),
}  # fmt: skip
"""Every class by its name."""
