"""The same picture in dots, by matplotlib, which is in the extra `plot`."""

import io
from collections.abc import Mapping
from typing import Any

from gradcalc.plotting.data import Curve, Field
from gradcalc.render import Style
from gradcalc.render.plots.pictures import picture
from gradcalc.render.plots.scene import LOOKS, PAPER, Box, Circle, Line, Shape, Text

DOTS = 2
"""Dots for a unit of the sheet, so that it is sharp on today's screens."""

ANCHORS: Mapping[str, Any] = {"start": "left", "middle": "center", "end": "right"}


def render(found: Curve | Field, style: Style) -> bytes:
    """The picture on light paper."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    del style
    scene = picture(found)
    figure = Figure(figsize=(scene.width / 100, scene.height / 100), dpi=100 * DOTS)
    figure.patch.set_facecolor(PAPER.light)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    for order, shape in enumerate(scene.shapes):
        artist = _artist(shape)
        artist.set_zorder(order)
        axes.add_artist(artist)
    stream = io.BytesIO()
    canvas.print_png(stream, metadata={"Title": scene.title, "Description": scene.summary})
    return stream.getvalue()


def _artist(shape: Shape) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle as Disc
    from matplotlib.patches import Polygon, Rectangle
    from matplotlib.text import Text as Words

    look = LOOKS[shape.look]
    color, points = look.light, 0.72
    match shape:
        case Line(_, spots, filled):
            if filled:
                return Polygon(list(spots), color=color, linewidth=0.3, alpha=look.opacity)
            xs, ys = zip(*spots, strict=True)
            dash: Any = (0, tuple(d / look.width for d in look.dash)) if look.dash else "solid"
            return Line2D(
                xs, ys, color=color, linewidth=look.width * points, linestyle=dash,
                alpha=look.opacity, solid_capstyle="butt",
            )  # fmt: skip
        case Circle(_, center, radius):
            return Disc(center, radius, color=color, linewidth=0, alpha=look.opacity)
        case Box(_, corner, width, height):
            return Rectangle(corner, width, height, color=color, linewidth=0, alpha=look.opacity)
        case Text(_, (x, y), text, anchor):
            return Words(
                x, y, text, color=color, fontsize=look.size * points * 0.94, parse_math=False,
                horizontalalignment=ANCHORS[anchor], verticalalignment="baseline",
                fontweight="bold" if look.bold else "normal",
            )  # fmt: skip
