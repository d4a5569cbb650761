"""`gradcalc export`: a program and its derivative as code."""

import sys
from typing import TYPE_CHECKING

import typer

from gradcalc.cli.arguments import add_command, known_options
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError

if TYPE_CHECKING:
    from gradcalc.torch_process import Beside


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, export, required=True)


def export(options: Options, beside: "Beside | None") -> int:
    """Write the code to standard output; what it is worth is said on standard error."""
    from dataclasses import replace

    from gradcalc.cli.programs import check_apart, sources

    check_apart(options)
    if len(options.programs) > 1:
        raise UsageError("export takes one program", hint="call it for each of them")
    if options.tangents and options.what != "hvp":
        raise UsageError(f"--what {options.what} takes no tangent", hint="--what hvp does")
    if options.cotangent is not None and options.what not in ("grad", "vjp"):
        raise UsageError(f"--what {options.what} takes no cotangent", hint="--what vjp does")
    if options.compressed and options.what not in ("jacobian", "hessian"):
        raise UsageError(f"--what {options.what} has no unit matrices", hint="--what hessian may")
    texts = sources(options)
    from gradcalc.cli.grad import asking
    from gradcalc.cli.inputs import requests

    asked = replace(options, command=options.what)
    (request,) = requests(asked, texts, frozenset(known_options("export")))
    ask = asking(beside)
    from gradcalc.cli.output import say, write
    from gradcalc.export.exporting import export as exported
    from gradcalc.render import harmless

    found = exported(
        request.problem,
        options.target,
        options.what,
        tangents=request.tangents,
        compressed=options.compressed,
        ask=ask,
    )
    report = request.noted(found.report)
    say(harmless(report.printed))
    write(found.text, sys.stdout)
    if report.verdict.exit_code:
        say(f"{report.verdict.outcome.value}: {report.verdict.message}\n")
    return 0
