"""`gradcalc grad`: what it does."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcalc.cli.answers import answered, worst_code
from gradcalc.cli.options import Options

if TYPE_CHECKING:
    from gradcalc.beside import Beside
    from gradcalc.calculate import Ask
    from gradcalc.cli.inputs import Request
    from gradcalc.render import Renderer
    from gradcalc.report import Array, Report


def run(options: Options, own: frozenset[str], beside: "Beside | None") -> int:
    """Calculate, print, and give the exit code."""
    reports = answered(options, own, _reporter, beside)
    if options.accumulate:
        reports = _accumulated(reports)
    if not options.quiet:
        _print(reports, options)
    return worst_code(reports)


def _reporter(options: Options) -> Callable[["Request", "Ask"], "Report"]:
    """What answers; all that it takes to answer and to print is imported with it."""
    from gradcalc.calculate import calculate

    if not options.quiet:
        _renderer(options)

    def report(request: "Request", ask: "Ask") -> "Report":
        found = calculate(request.problem, ask=ask)
        return replace(found, findings=(*request.notes, *found.findings))

    return report


def _renderer(options: Options) -> "Renderer":
    from gradcalc.cli.output import default_format
    from gradcalc.render import renderer

    return renderer(options.format or default_format())


def _accumulated(reports: Sequence["Report"]) -> list["Report"]:
    """The reports, each gradient with the sum of those up to it."""
    import numpy as np

    sums: dict[str, Array] = {}
    result: list[Report] = []
    for report in reports:
        for gradient in report.gradients:
            total = np.asarray(sums.get(gradient.name, 0.0) + gradient.best)
            sums[gradient.name] = total
        gradients = [replace(g, accumulated=sums[g.name]) for g in report.gradients]
        result.append(replace(report, gradients=tuple(gradients)))
    return result


def _print(reports: Sequence["Report"], options: Options) -> None:
    from gradcalc.cli.output import style_for, write

    style = style_for(sys.stdout, show_all=options.show_all)
    write(_renderer(options)(reports, style), sys.stdout)
