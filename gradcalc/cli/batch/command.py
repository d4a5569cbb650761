"""`gradcalc batch`: the command, without what does it."""

import os

import typer

from gradcalc.cli.arguments import add_command, known_options
from gradcalc.cli.instead import similar_option
from gradcalc.cli.options import Options, rows
from gradcalc.cli.readers import is_stdin, whole
from gradcalc.errors import UsageError


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    add_command(app, name, _batch, required=False)


def _batch(options: Options, beside: object) -> int:
    """Answer a stream of requests, or the rows of a table, and give the exit code."""
    del beside
    from gradcalc.cli.batch.run import run_requests, run_table

    workers = _count(options.workers)
    if options.csv is None:
        _check_requests(options)
        return run_requests(options, workers)
    _check_table(options, options.csv)
    return run_table(options, workers)


def _count(text: str) -> int:
    """How many processes; all usable cores for `auto` or 0."""
    number = 0 if text == "auto" else whole(0)(text, "--workers")
    usable = getattr(os, "sched_getaffinity", None)
    return number or (len(usable(0)) if usable else os.cpu_count() or 1)


def _check_requests(options: Options) -> None:
    """Refuse what belongs to one program, as every request brings its own."""
    for name, _ in options.values:
        similar = similar_option(f"--{name}", known_options("batch"))
        hint = similar or "a request has its values under inputs"
        raise UsageError(f"--{name} is no option of batch without --csv", hint=hint)
    for field, (row, default) in rows("batch").items():
        if row.of_program and getattr(options, field) != default:
            raise UsageError(
                f"{row.flag} goes with --csv", hint=f"in a request it is the key {row.key}"
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
    if options.programs[0] == "-" or any(map(is_stdin, [*values, options.cotangent])):
        raise UsageError(
            "the program and the values of a stream cannot come from standard input",
            hint="put them into a file",
        )
