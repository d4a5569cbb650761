"""A picture as SVG: one file without scripts, light or dark as its reader likes it."""

from xml.sax.saxutils import escape, quoteattr

from gradcalc.plotting.data import Curve, Field
from gradcalc.render import Style, printable
from gradcalc.render.plots.pictures import picture
from gradcalc.render.plots.scene import LOOKS, PAPER, Box, Circle, Line, Look, Scene, Shape, Text

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


def render(found: Curve | Field, style: Style) -> str:
    """The picture as a file of its own."""
    del style
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + drawn(picture(found))


def drawn(scene: Scene) -> str:
    """The scene as an element."""
    size = f"0 0 {scene.width:g} {scene.height:g}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" width="{scene.width:g}"'
        f' height="{scene.height:g}" style="max-width:100%;height:auto"'
        ' role="img" aria-labelledby="plot-title plot-summary">',
        f'<title id="plot-title">{_text(scene.title)}</title>',
        f'<desc id="plot-summary">{_text(scene.summary)}</desc>',
        f"<style>{_rules()}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        *(_shape(shape) for shape in scene.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _rules() -> str:
    light = "".join(_rule(name, look, look.light) for name, look in LOOKS.items())
    dark = "".join(_colors(name, look, look.dark) for name, look in LOOKS.items())
    base = f"svg{{font-family:{FONT};color-scheme:light dark}}"
    return (
        f"\n{base}\nrect,[class^=level]{{shape-rendering:crispEdges}}\n.paper{{fill:{PAPER.light}}}\n{light}"
        f"@media (prefers-color-scheme:dark){{\n.paper{{fill:{PAPER.dark}}}\n{dark}}}\n"
    )


def _rule(name: str, look: Look, color: str) -> str:
    more = []
    if look.width:
        more.append(f"fill:none;stroke-width:{look.width:g};stroke-linejoin:round")
    if look.dash:
        more.append(f"stroke-dasharray:{' '.join(f'{d:g}' for d in look.dash)}")
    if look.opacity < 1:
        more.append(f"opacity:{look.opacity:g}")
    if look.size:
        more.append(f"font-size:{look.size:g}px{';font-weight:600' if look.bold else ''}")
    return _colors(name, look, color, ";".join(more))


def _colors(name: str, look: Look, color: str, more: str = "") -> str:
    return f".{name}{{{'stroke' if look.width else 'fill'}:{color}{f';{more}' if more else ''}}}\n"


def _shape(shape: Shape) -> str:
    match shape:
        case Line(look, spots, filled):
            where = " ".join(f"{_number(x)},{_number(y)}" for x, y in spots)
            kind = "polygon" if filled else "polyline"
            return f'<{kind} class="{look}" points="{where}"/>'
        case Circle(look, (x, y), radius, title):
            where = f'cx="{_number(x)}" cy="{_number(y)}" r="{radius:g}"'
            return _titled("circle", look, where, title)
        case Box(look, (x, y), width, height, title):
            size = f'width="{_number(width)}" height="{_number(height)}"'
            return _titled("rect", look, f'x="{_number(x)}" y="{_number(y)}" {size}', title)
        case Text(look, (x, y), text, anchor):
            held = "" if anchor == "start" else f" text-anchor={quoteattr(anchor)}"
            return (
                f'<text class="{look}" x="{_number(x)}" y="{_number(y)}"{held}'
                f' xml:space="preserve">{_text(text)}</text>'
            )


def _titled(kind: str, look: str, where: str, title: str) -> str:
    told = f"<title>{_text(title)}</title>" if title else ""
    return f'<{kind} class="{look}" {where}>{told}</{kind}>'


def _text(text: str) -> str:
    """A text as XML has it, which lacks most characters that steer a terminal."""
    return escape(printable(text))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
