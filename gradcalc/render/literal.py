"""Just the gradient, in the syntax that `--x` reads, so that an answer can be fed back in.

One line a gradient; where a program has several inputs each line begins with `NAME=`. With
`--accumulate` it is the accumulated gradient.
"""

from collections.abc import Iterator, Sequence

from gradcalc.render.style import Style
from gradcalc.report import Report
from gradcalc.values import format_literal


def render(reports: Sequence[Report], style: Style) -> str:
    """The gradients of each report, line by line."""
    return "".join(f"{line}\n" for report in reports for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for gradient in report.gradients:
        array = gradient.best if gradient.accumulated is None else gradient.accumulated
        text = format_literal(array, report.dtype)
        yield text if len(report.gradients) == 1 else f"{gradient.name}={text}"
