"""The arguments of `gradcalc batch`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gradcalc.cli import options as read
from gradcalc.cli.arguments import check_name, known_options, similar_option
from gradcalc.cli.options import Options
from gradcalc.errors import UsageError

Texts = list[str] | None
Text = str | None


def _dtypes() -> list[str]:
    return list(read.DTYPES)


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
        Text,
        typer.Option(
            metavar="FILE",
            help="The points of PROGRAM from the rows of a table: columns x, or x[0] and x[1];"
            " - for standard input.",
        ),
    ] = None,
    resume: Annotated[
        Text,
        typer.Option(
            metavar="OUT", help="Write to OUT, behind what an earlier run has written there."
        ),
    ] = None,
    workers: Annotated[
        str,
        typer.Option(metavar="N", help="Processes that calculate; auto for one on each core."),
    ] = "1",
    at: Annotated[
        Texts,
        typer.Option(metavar="NAME=VALUE", help="With --csv: an input that all rows share."),
    ] = None,
    let: Annotated[Texts, typer.Option(metavar="NAME=EXPR", help="With --csv, as in grad.")] = None,
    detach: Annotated[Texts, typer.Option(metavar="NAME", help="With --csv, as in grad.")] = None,
    wrt: Annotated[Texts, typer.Option(metavar="NAME", help="With --csv, as in grad.")] = None,
    of: Annotated[Text, typer.Option(metavar="NAME", help="With --csv, as in grad.")] = None,
    expect: Annotated[Texts, typer.Option(metavar="EXPR", help="With --csv, as in grad.")] = None,
    cotangent: Annotated[
        Text, typer.Option(metavar="VALUE", help="With --csv, as in grad.")
    ] = None,
    dtype: Annotated[
        str,
        typer.Option(metavar="DTYPE", help="float64, float32 or float16.", autocompletion=_dtypes),
    ] = "float64",
    device: Annotated[str, typer.Option(metavar="DEVICE", help="Where torch computes.")] = "cpu",
    seed: Annotated[
        Text, typer.Option(metavar="INT", help="The seed of rand and randn in values.")
    ] = None,
    no_check: Annotated[
        bool,
        typer.Option(
            "--no-check", metavar="", help="Only torch's gradient, unchecked (exit code 3)."
        ),
    ] = False,
    no_enclosure: Annotated[
        bool,
        typer.Option(
            "--no-enclosure",
            metavar="",
            help="Check by the formula alone, several times faster.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", metavar="", help="Excuse nothing by bad conditioning of the inputs."
        ),
    ] = False,
    max_steps: Annotated[
        Text, typer.Option(metavar="INT", help="The most steps that a program may take.")
    ] = None,
    timeout: Annotated[
        Text, typer.Option(metavar="SECONDS", help="The longest that a program may run.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", metavar="", help="No progress and no summary.")
    ] = False,
) -> None:
    """A stream of gradients: one JSON request a line in, one JSON report a line out, in order.

    A request is {"id": 1, "program": "2*dot(x,x)", "inputs": {"x": [0, 1]}} with keys named like
    the options of grad; those given here are the defaults. The exit code is the worst: a fault
    (70), wrong (1), an error (2), a limit (4), nothing to verify (3), else 0.
    """
    from gradcalc.cli.batch.run import Plan, run_requests, run_table

    given = inputs or []
    options = Options(
        programs=tuple(given),
        values=tuple(read.named(text, "--at", "write --at NAME=VALUE") for text in at or ()),
        lets=tuple(read.named(text, "--let", "write --let NAME=EXPR") for text in let or ()),
        detach=read.name_list(detach, "--detach"),
        wrt=read.name_list(wrt, "--wrt"),
        of=None if of is None else check_name(of, "--of"),
        expect=tuple(expect or ()),
        cotangent=cotangent,
        dtype=read.dtype_name(dtype),
        device=device,
        seed=read.whole_number(seed, "--seed", 0),
        check=not no_check,
        enclose=not no_enclosure,
        strict=strict,
        max_steps=read.whole_number(max_steps, "--max-steps", 1),
        timeout=read.seconds(timeout, "--timeout"),
    )
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
