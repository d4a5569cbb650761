"""rich, made pure: what it draws depends on the style and on nothing in the environment."""

import io

from rich.console import Console, RenderableType

from gradcalc.render.style import Style

NARROWEST = 20


def draw(*parts: RenderableType, style: Style, wrap: bool = True) -> str:
    """The parts one under the other, without blanks at the ends of lines."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=max(style.width, NARROWEST),
        height=100,
        force_terminal=style.color,
        force_jupyter=False,
        force_interactive=False,
        color_system="standard" if style.color else None,
        no_color=not style.color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=not wrap)
    return "".join(f"{line.rstrip(' ')}\n" for line in file.getvalue().split("\n")[:-1])
