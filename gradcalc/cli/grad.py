"""The arguments of `gradcalc grad` and `gradcalc why`, which are the same."""

from typing import Annotated

import typer

from gradcalc.cli import options as read
from gradcalc.cli import report, why
from gradcalc.cli.arguments import check_name, known_options
from gradcalc.cli.options import Options

Texts = list[str] | None
Text = str | None


def _formats() -> list[str]:
    return list(read.FORMATS)


def _dtypes() -> list[str]:
    return list(read.DTYPES)


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
    at: Annotated[
        Texts,
        typer.Option(
            metavar="NAME=VALUE",
            help="The value of a name; the same as --NAME VALUE, which does for every name that"
            " is not an option. A VALUE is 2.5, 0,1,2, 1,2;3,4, arange(4), randn(3), @file or @-.",
        ),
    ] = None,
    let: Annotated[
        Texts, typer.Option(metavar="NAME=EXPR", help="A named expression, seen by the program.")
    ] = None,
    detach: Annotated[
        Texts, typer.Option(metavar="NAME", help="Each use of NAME passes no gradient back.")
    ] = None,
    wrt: Annotated[
        Texts, typer.Option(metavar="NAME", help="The inputs to differentiate by; all of them.")
    ] = None,
    of: Annotated[
        Text, typer.Option(metavar="NAME", help="Differentiate NAME instead of the output.")
    ] = None,
    expect: Annotated[
        Texts,
        typer.Option(metavar="EXPR", help='A claimed gradient: "4*x", or "w=4*x" to say of what.'),
    ] = None,
    cotangent: Annotated[
        Text, typer.Option(metavar="VALUE", help="Weights of the outputs; all 1.")
    ] = None,
    accumulate: Annotated[
        bool, typer.Option("--accumulate", metavar="", help="Sum the gradients over the programs.")
    ] = False,
    dtype: Annotated[
        str,
        typer.Option(metavar="DTYPE", help="float64, float32 or float16.", autocompletion=_dtypes),
    ] = "float64",
    device: Annotated[str, typer.Option(metavar="DEVICE", help="Where torch computes.")] = "cpu",
    seed: Annotated[
        Text, typer.Option(metavar="INT", help="The seed of rand and randn in values.")
    ] = None,
    format: Annotated[
        Text,
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
    no_check: Annotated[
        bool,
        typer.Option(
            "--no-check", metavar="", help="Only torch's gradient, unchecked (exit code 3)."
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
) -> None:
    """The value and gradient of a PROGRAM, its formula, and whether they can be trusted.

    Every free name of the program is an option: --x 0,1,2,3 --A "1,2;3,4".
    """
    options = Options(
        programs=tuple(programs),
        values=tuple(read.named(text, "--at", "write --at NAME=VALUE") for text in at or ()),
        lets=tuple(read.named(text, "--let", "write --let NAME=EXPR") for text in let or ()),
        detach=read.name_list(detach, "--detach"),
        wrt=read.name_list(wrt, "--wrt"),
        of=None if of is None else check_name(of, "--of"),
        expect=tuple(expect or ()),
        cotangent=cotangent,
        accumulate=accumulate,
        dtype=read.dtype_name(dtype),
        device=device,
        seed=read.whole_number(seed, "--seed", 0),
        format=read.format_name(format, json),
        show_all=show_all,
        quiet=quiet,
        check=not no_check,
        strict=strict,
        max_steps=read.whole_number(max_steps, "--max-steps", 1),
        timeout=read.seconds(timeout, "--timeout"),
    )
    run = why.run if ctx.command.name == "why" else report.run
    raise typer.Exit(run(options, known_options(ctx.command.params).names, ctx.obj))
