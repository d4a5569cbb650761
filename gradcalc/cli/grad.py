"""The arguments of `gradcalc grad` and `gradcalc why`, which are the same."""

from dataclasses import replace
from typing import Annotated

import typer

from gradcalc.cli import options as read
from gradcalc.cli import parameters as shared
from gradcalc.cli import report, why
from gradcalc.cli.arguments import known_options
from gradcalc.render import FORMATS


def _formats() -> list[str]:
    return list(FORMATS)


def grad(
    ctx: typer.Context,
    programs: Annotated[
        list[str],
        typer.Argument(
            metavar="PROGRAM",
            help="An expression, a program, file.py, file.py:name, or - for standard input.",
            show_default=False,
        ),
    ],
    at: shared.At = None,
    let: shared.Let = None,
    detach: shared.Detach = None,
    wrt: shared.Wrt = None,
    of: shared.Of = None,
    expect: shared.Expect = None,
    cotangent: shared.Cotangent = None,
    accumulate: Annotated[
        bool, typer.Option("--accumulate", metavar="", help="Sum the gradients over the programs.")
    ] = False,
    dtype: shared.Dtype = "float64",
    device: shared.Device = "cpu",
    seed: shared.Seed = None,
    format: Annotated[
        shared.Text,
        typer.Option(
            metavar="FORMAT",
            help="table (on a terminal), tsv (in a pipe), json, csv, markdown, latex, or literal:"
            " just the gradient, as --NAME reads it.",
            autocompletion=_formats,
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", metavar="", help="Short for --format json.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", metavar="", help="Show every row, and formulas whole.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", metavar="", help="Print nothing: the exit code tells.")
    ] = False,
    no_check: shared.NoCheck = False,
    strict: shared.Strict = False,
    max_steps: shared.MaxSteps = None,
    timeout: shared.Timeout = None,
) -> None:
    """The value and gradient of a PROGRAM, its formula, and whether they can be trusted.

    Every free name of the program is an option: --x 0,1,2,3 --A "1,2;3,4".
    """
    options = replace(
        shared.read_shared(programs, ctx.params),
        accumulate=accumulate,
        format=read.format_name(format, json),
        show_all=show_all,
        quiet=quiet,
    )
    run = why.run if ctx.command.name == "why" else report.run
    raise typer.Exit(run(options, known_options(ctx.command.params).names, ctx.obj))
