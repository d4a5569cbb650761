"""The arguments of `gradcalc batch`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gradcalc.cli import options as read
from gradcalc.cli import parameters as shared
from gradcalc.cli.arguments import known_options, similar_option
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError


def batch(
    ctx: typer.Context,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]",
            help="The requests, one JSON object a line; - or nothing for standard input."
            " With --csv, the PROGRAM.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        shared.Text,
        typer.Option(
            metavar="FILE",
            help="The points of PROGRAM from the rows of a table: columns x, or x[0] and x[1];"
            " - for standard input.",
        ),
    ] = None,
    resume: Annotated[
        shared.Text,
        typer.Option(
            metavar="OUT", help="Write to OUT, behind what an earlier run has written there."
        ),
    ] = None,
    workers: Annotated[
        str,
        typer.Option(metavar="N", help="Processes that calculate; auto for one on each core."),
    ] = "1",
    at: shared.At = None,
    let: shared.Let = None,
    detach: shared.Detach = None,
    wrt: shared.Wrt = None,
    of: shared.Of = None,
    expect: shared.Expect = None,
    cotangent: shared.Cotangent = None,
    dtype: shared.Dtype = "float64",
    device: shared.Device = "cpu",
    seed: shared.Seed = None,
    no_check: shared.NoCheck = False,
    no_enclosure: Annotated[
        bool,
        typer.Option(
            "--no-enclosure",
            metavar="",
            help="Check by the formula alone, several times faster.",
        ),
    ] = False,
    strict: shared.Strict = False,
    max_steps: shared.MaxSteps = None,
    timeout: shared.Timeout = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", metavar="", help="No progress and no summary.")
    ] = False,
) -> None:
    """A stream of gradients: one JSON request a line in, one JSON report a line out, in order."""
    from gradcalc.cli.batch.run import Plan, run_requests, run_table

    given = inputs or []
    options = replace(shared.read_shared(given, ctx.params), enclose=not no_enclosure)
    file = csv if csv is not None else next(iter(given), "-")
    plan = Plan(
        input=None if file == "-" else Path(file).expanduser(),
        resume=None if resume is None else Path(resume).expanduser(),
        workers=_count(workers),
        quiet=quiet,
    )
    if csv is None:
        _check_requests(options, known_options(ctx.command.params).names)
        raise typer.Exit(run_requests(options, plan))
    _check_table(options, csv)
    raise typer.Exit(run_table(options, plan))


def _count(text: str) -> int:
    """How many processes; all usable cores for `auto` or 0."""
    number = 0 if text == "auto" else read.whole_number(text, "--workers", 0)
    usable = getattr(os, "sched_getaffinity", None)
    return number or (len(usable(0)) if usable else os.cpu_count() or 1)


def _check_requests(options: Options, known: frozenset[str]) -> None:
    """Refuse what belongs to one program, as every request brings its own."""
    for name, _ in options.values:
        hint = similar_option(f"--{name}", known) or "a request has its values under inputs"
        raise UsageError(f"--{name} is no option of batch without --csv", hint=hint)
    for key in ("lets", "detach", "wrt", "of", "expect", "cotangent"):
        if getattr(options, key):
            option = key.removesuffix("s")
            raise UsageError(
                f"--{option} goes with --csv", hint=f"in a request it is the key {option}"
            )
    if len(options.programs) > 1:
        raise UsageError(
            "there is one file of requests",
            hint=f"cat {' '.join(options.programs)} | gradcalc batch",
        )


def _check_table(options: Options, csv: str) -> None:
    """Refuse anything but one program, and two things from standard input."""
    if len(options.programs) != 1:
        example = f'gradcalc batch --csv {csv} "2*x*y"'
        raise UsageError("--csv takes one program", hint=example)
    values = [value for _, value in options.values]
    if options.programs[0] == "-" or any(map(read.is_stdin, [*values, options.cotangent])):
        raise UsageError(
            "the program and the values of a stream cannot come from standard input",
            hint="put them into a file",
        )
