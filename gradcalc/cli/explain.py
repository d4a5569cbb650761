"""`gradcalc explain`: a gradient step by step."""

import sys
from typing import TYPE_CHECKING

import typer

from gradcalc.cli.arguments import add_command
from gradcalc.cli.browser import write_page
from gradcalc.cli.grad import answered, worst_code
from gradcalc.cli.options import Options, rows
from gradcalc.errors import UsageError
from gradcalc.render import FEW_DIGITS, stepper

OF_STEPS = frozenset({"steps", "drawn", "html", "show_all", "digits"})
"""Options that are of the steps, with values or without."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradcalc.calculate import Ask
    from gradcalc.cli.inputs import Request
    from gradcalc.steps.data import Steps
    from gradcalc.torch_process import Beside


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, explain, required=True)


def explain(options: Options, beside: "Beside | None") -> int:
    """Calculate, tell the steps, and give the exit code of the verdict."""
    if not options.check:
        raise UsageError("the steps are those of the check", hint="leave --no-check out")
    if options.steps == "symbolic" and not options.values and options.bundle is None:
        found = _derivations(options, beside)
    else:
        found = answered(options, walker, beside)
    write_page("steps", found, options)
    if not options.quiet:
        from gradcalc.cli.output import style_for, write

        form = options.drawn or "table"
        digits = options.digits or (None if form == "json" else FEW_DIGITS)
        style = style_for(sys.stdout, show_all=options.show_all, digits=digits)
        write(stepper(form)(found, style), sys.stdout)
    return worst_code([steps.report for steps in found])


def _derivations(options: Options, beside: "Beside | None") -> "list[Steps]":
    """The derivations of programs without values."""
    from dataclasses import replace

    from gradcalc.cli.formula import general, sources
    from gradcalc.cli.grad import asking
    from gradcalc.steps.anywhere import derivation

    _refuse_of_values(options)
    asked = replace(options, kind="gradient")
    ask = asking(beside)
    return [derivation(general(asked, source, ask), ask) for source in sources(asked)]


def _refuse_of_values(options: Options) -> None:
    """Refuse what is asked of a gradient with values."""
    taken = rows("formula").keys() | OF_STEPS
    for name, (row, default) in rows("explain").items():
        if name not in taken and getattr(options, name) != default:
            raise UsageError(
                f"{row.flag} is for a gradient at a point, and the inputs have no values",
                hint="give them values, as in --x 0,1,2",
            )


def walker(options: Options, command: str = "explain") -> "Callable[[Request, Ask], Steps]":
    """What answers a command; all that it takes to answer and to print is imported with it."""
    from dataclasses import replace

    from gradcalc.steps.walk import steps_of

    if not options.quiet:
        stepper(options.drawn or "table")

    whole = options.show_all or options.drawn not in (None, "table")

    def steps(request: "Request", ask: "Ask") -> "Steps":
        symbolic = options.steps == "symbolic"
        found = steps_of(request.problem, ask, command, symbolic=symbolic, whole=whole)
        return replace(found, report=request.noted(found.report))

    return steps
