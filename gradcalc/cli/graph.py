"""`gradcalc graph`: the graph of a calculation."""

import sys
from functools import partial
from typing import TYPE_CHECKING

import typer

from gradcalc.cli.arguments import add_command
from gradcalc.cli.explain import walker
from gradcalc.cli.grad import answered, worst_code
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError
from gradcalc.render import FEW_DIGITS, grapher

if TYPE_CHECKING:
    from gradcalc.torch_process import Beside


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, graph, required=True)


def graph(options: Options, beside: "Beside | None") -> int:
    """Calculate, draw, and give the exit code of the verdict."""
    if not options.check:
        raise UsageError("the graph is that of the check", hint="leave --no-check out")
    found = answered(options, partial(walker, command="graph"), beside)
    if not options.quiet:
        from gradcalc.cli.output import style_for, write
        from gradcalc.graphs.picture import picture_of

        form = options.graph or "tree"
        digits = options.digits or (None if form == "json" else FEW_DIGITS)
        style = style_for(sys.stdout, show_all=options.show_all, digits=digits)
        pictures = [picture_of(steps, whole=options.show_all) for steps in found]
        write(grapher(form)(pictures, style), sys.stdout)
    return worst_code([steps.report for steps in found])
