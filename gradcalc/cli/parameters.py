"""The options that several commands share, and how they are read."""

from typing import Annotated, Any

import typer

from gradcalc.cli import options as read
from gradcalc.cli.arguments import check_name
from gradcalc.cli.options import Options

Texts = list[str] | None
Text = str | None


def _dtypes() -> list[str]:
    return list(read.DTYPES)


At = Annotated[
    Texts,
    typer.Option(
        metavar="NAME=VALUE",
        help="The value of a name; the same as --NAME VALUE, which does for every name that"
        " is not an option. A VALUE is 2.5, 0,1,2, 1,2;3,4, arange(4), randn(3), @file or @-.",
    ),
]
Let = Annotated[
    Texts, typer.Option(metavar="NAME=EXPR", help="A named expression, seen by the program.")
]
Detach = Annotated[
    Texts, typer.Option(metavar="NAME", help="Each use of NAME passes no gradient back.")
]
Wrt = Annotated[
    Texts, typer.Option(metavar="NAME", help="The inputs to differentiate by; all of them.")
]
Of = Annotated[Text, typer.Option(metavar="NAME", help="Differentiate NAME instead of the output.")]
Expect = Annotated[
    Texts,
    typer.Option(metavar="EXPR", help='A claimed gradient: "4*x", or "w=4*x" to say of what.'),
]
Cotangent = Annotated[Text, typer.Option(metavar="VALUE", help="Weights of the outputs; all 1.")]
Dtype = Annotated[
    str,
    typer.Option(metavar="DTYPE", help="float64, float32 or float16.", autocompletion=_dtypes),
]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="Where torch computes.")]
Seed = Annotated[Text, typer.Option(metavar="INT", help="The seed of rand and randn in values.")]
NoCheck = Annotated[
    bool,
    typer.Option("--no-check", metavar="", help="Only torch's gradient, unchecked (exit code 3)."),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", metavar="", help="Excuse nothing by bad conditioning of the inputs."),
]
MaxSteps = Annotated[
    Text, typer.Option(metavar="INT", help="The most steps that a program may take.")
]
Timeout = Annotated[
    Text, typer.Option(metavar="SECONDS", help="The longest that a program may run.")
]


def read_shared(programs: list[str], given: dict[str, Any]) -> Options:
    """The options of these programs, from what a command's parameters are given.

    Raises `UsageError` for a text that an option cannot mean.
    """
    of = given["of"]
    return Options(
        programs=tuple(programs),
        values=_named(given["at"], "--at", "VALUE"),
        lets=_named(given["let"], "--let", "EXPR"),
        detach=read.name_list(given["detach"], "--detach"),
        wrt=read.name_list(given["wrt"], "--wrt"),
        of=None if of is None else check_name(of, "--of"),
        expect=tuple(given["expect"] or ()),
        cotangent=given["cotangent"],
        dtype=read.dtype_name(given["dtype"]),
        device=given["device"],
        seed=read.whole_number(given["seed"], "--seed", 0),
        check=not given["no_check"],
        strict=given["strict"],
        max_steps=read.whole_number(given["max_steps"], "--max-steps", 1),
        timeout=read.seconds(given["timeout"], "--timeout"),
    )


def _named(texts: Texts, option: str, what: str) -> tuple[read.Named, ...]:
    return tuple(read.named(text, option, f"write {option} NAME={what}") for text in texts or ())
