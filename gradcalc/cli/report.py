"""`gradcalc grad`: what it does."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcalc.cli.answers import answered, worst_code
from gradcalc.cli.options import Options

if TYPE_CHECKING:
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Array, Report


def run(options: Options, own: frozenset[str]) -> int:
    """Calculate, print, and give the exit code."""
    reports = answered(options, own, _report)
    if options.accumulate:
        reports = _accumulated(reports)
    if not options.quiet:
        _print(reports, options)
    return worst_code(reports)


def _report(request: "Request") -> "Report":
    from gradcalc.calculate import calculate

    report = calculate(request.problem)
    return replace(report, findings=(*request.notes, *report.findings))


def _accumulated(reports: Sequence["Report"]) -> list["Report"]:
    """The reports, each gradient with the sum of those up to it."""
    import numpy as np

    sums: dict[str, Array] = {}
    result: list[Report] = []
    for report in reports:
        for gradient in report.gradients:
            total = np.asarray(sums.get(gradient.name, 0.0) + gradient.autograd)
            sums[gradient.name] = total
        gradients = [replace(g, accumulated=sums[g.name]) for g in report.gradients]
        result.append(replace(report, gradients=tuple(gradients)))
    return result


def _print(reports: Sequence["Report"], options: Options) -> None:
    from gradcalc.cli.output import default_format, style_for, write
    from gradcalc.render import FORMATS

    style = style_for(sys.stdout, show_all=options.show_all)
    write(FORMATS[options.format or default_format()](reports, style), sys.stdout)
