"""`gradcalc why`: the verdict at length."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcalc.cli.answers import answered, worst_code
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError
from gradcalc.render import EXPLAINED, explainer

if TYPE_CHECKING:
    from gradcalc.beside import Beside
    from gradcalc.calculate import Ask
    from gradcalc.cli.inputs import Request
    from gradcalc.report import Explanation


def run(options: Options, own: frozenset[str], beside: "Beside | None") -> int:
    """Calculate, explain, print, and give the exit code of the program's own verdict."""
    if options.format is not None and options.format not in EXPLAINED:
        raise UsageError(
            f"why prints text or JSON, not {options.format}",
            hint=f"gradcalc grad prints {options.format}",
        )
    if options.accumulate:
        raise UsageError("why explains one gradient", hint="gradcalc grad --accumulate sums them")
    explanations = answered(options, own, _explainer, beside)
    if not options.quiet:
        _print(explanations, options)
    return worst_code([explanation.report for explanation in explanations])


def _explainer(options: Options) -> Callable[["Request", "Ask"], "Explanation"]:
    """What answers; all that it takes to answer and to print is imported with it."""
    from gradcalc.explain import explain

    if not options.quiet:
        explainer(options.format or "table")

    def explanation(request: "Request", ask: "Ask") -> "Explanation":
        found = explain(request.problem, ask=ask)
        findings = (*request.notes, *found.report.findings)
        return replace(found, report=replace(found.report, findings=findings))

    return explanation


def _print(explanations: Sequence["Explanation"], options: Options) -> None:
    from gradcalc.cli.output import style_for, write

    style = style_for(sys.stdout, show_all=options.show_all)
    write(explainer(options.format or "table")(explanations, style), sys.stdout)
