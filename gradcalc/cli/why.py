"""`gradcalc why`: the verdict at length."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcalc.cli.answers import answered, worst_code
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError

if TYPE_CHECKING:
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Explanation

FORMATS = ("table", "json")
"""What an explanation can be printed as."""


def run(options: Options, own: frozenset[str]) -> int:
    """Calculate, explain, print, and give the exit code of the program's own verdict."""
    if options.format not in (None, *FORMATS):
        raise UsageError(
            f"why prints text or JSON, not {options.format}",
            hint=f"gradcalc grad prints {options.format}",
        )
    if options.accumulate:
        raise UsageError("why explains one gradient", hint="gradcalc grad --accumulate sums them")
    explanations = answered(options, own, _explain)
    if not options.quiet:
        _print(explanations, options)
    return worst_code([explanation.report for explanation in explanations])


def _explain(request: "Request") -> "Explanation":
    from gradcalc.explain import explain

    explanation = explain(request.problem)
    findings = (*request.notes, *explanation.report.findings)
    return replace(explanation, report=replace(explanation.report, findings=findings))


def _print(explanations: Sequence["Explanation"], options: Options) -> None:
    from gradcalc.cli.output import style_for, write

    style = style_for(sys.stdout, show_all=options.show_all)
    if options.format == "json":
        from gradcalc.render.json import render_explanations as render
    else:
        from gradcalc.render.why import render
    write(render(explanations, style), sys.stdout)
