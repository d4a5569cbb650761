"""`gradcalc report`: the command, without what does it."""

import typer

from gradcalc.cli.arguments import add_command
from gradcalc.cli.options import Options


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, _report, required=True)


def _report(options: Options, beside: object) -> int:
    del beside
    from gradcalc.cli.report.run import run

    return run(options.programs, check=options.up_to_date, run_code=options.run_code)
