"""`--html FILE`: what is answered as a page for a browser."""

from collections.abc import Sequence
from typing import Any

from gradcalc.cli.options import Options
from gradcalc.errors import FileError
from gradcalc.located import located
from gradcalc.render import FEW_DIGITS, Style, pager

WIDTH = 100


def write_page(kind: str, answers: Sequence[Any], options: Options) -> None:
    """Write the page that was asked for, if one was. Raises `FileError` where that fails."""
    if options.html is None:
        return
    style = Style(
        WIDTH, color=False, show_all=options.show_all, digits=options.digits or FEW_DIGITS
    )
    try:
        located(options.html).write_text(pager(kind)(answers, style), encoding="utf-8")
    except OSError as error:
        raise FileError(
            f"--html {options.html} cannot be written: {error.strerror or error}"
        ) from None
