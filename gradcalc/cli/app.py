"""The command line: its commands, and the one place where errors become text and exit codes."""

import itertools
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcalc.cli.arguments import BatchCommand, GradCommand
from gradcalc.cli.batch.command import batch
from gradcalc.cli.daemon import daemon
from gradcalc.cli.faults import as_error
from gradcalc.cli.functions import functions
from gradcalc.cli.grad import grad
from gradcalc.cli.group import Gradcalc
from gradcalc.codes import CALCULATING, INTERRUPTED, PIPE_CLOSED
from gradcalc.errors import GradcalcError, UsageError

if TYPE_CHECKING:
    from gradcalc.beside import Beside

BATCH = (
    "A stream of gradients: one JSON request a line in, one JSON report a line out, in order.\n\n"
    'A request is {"id": 1, "program": "2*dot(x,x)", "inputs": {"x": [0, 1]}}, with keys named like'
    " the options of grad; options given here hold for all requests, and those about one program go"
    " with --csv. The exit code is the worst of all: a fault (70), wrong (1), an error (2), a limit"
    " (4), nothing to verify (3), else 0."
)
HELP = {
    "why": "The verdict of `gradcalc grad` at length: each witness's answer, causes, and the cure."
}


def application() -> typer.Typer:
    """The commands and their options."""
    app = typer.Typer(
        cls=Gradcalc,
        pretty_exceptions_enable=False,
        help="A gradient calculator: torch's gradient beside an independent check.",
    )
    app.callback()(_gradcalc)
    for name in CALCULATING:
        app.command(name, cls=GradCommand, help=HELP.get(name))(grad)
    app.command("batch", cls=BatchCommand, help=BATCH)(batch)
    app.command("functions")(functions)
    app.add_typer(daemon(), name="daemon")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from gradcalc import __version__

        typer.echo(f"gradcalc {__version__}")
        raise typer.Exit


def _gradcalc(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version.",
            metavar="",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """The options before any command; each acts by its own callback."""


def main(argv: Sequence[str], beside: "Beside | None" = None) -> int:
    """Run a command line and give its exit code. Nothing is raised, whatever is typed.

    With `beside` torch is imported there; without, in this process.
    """
    from gradcalc.cli.output import ClosedPipe

    try:
        try:
            return _run(argv, beside)
        except (KeyboardInterrupt, typer.Abort):
            return INTERRUPTED
        except ClosedPipe:
            return PIPE_CLOSED
        except Exception as error:
            return _tell(_usage_error(error) or as_error(error), argv)
    # The same can happen once more while the error is being told.
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ClosedPipe, GradcalcError):
        return PIPE_CLOSED


@cache
def _command() -> Any:
    """What Typer makes of the application, which takes as long as a small gradient."""
    return typer.main.get_command(application())


def _run(argv: Sequence[str], beside: "Beside | None") -> int:
    for word in argv:
        if not word.isprintable() and any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError("the command line is not a text in UTF-8")
    try:
        code = _command().main(
            args=list(argv), prog_name="gradcalc", standalone_mode=False, obj=beside
        )
    # Typer leaves this way after shell completion, rich when a pipe was closed.
    except SystemExit as leaving:
        code = leaving.code
    return code if isinstance(code, int) else 0


def _usage_error(error: Exception) -> UsageError | None:
    """Typer's own errors, whose classes are private, in gradcalc's form."""
    format_message = getattr(error, "format_message", None)
    if format_message is None:
        return None
    message = str(format_message()).strip().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint="gradcalc --help")


def _tell(error: GradcalcError, argv: Sequence[str]) -> int:
    """Print an error for a person, and for a program that asked for JSON."""
    from gradcalc.cli.output import style_for, write
    from gradcalc.render.canvas import render_error

    if _wants_json(argv):
        from gradcalc.render.json import dumps, error_json

        write(dumps(error_json(error), style_for(sys.stdout)) + "\n", sys.stdout)
    write(render_error(error, style_for(sys.stderr)), sys.stderr)
    return error.exit_code


def _wants_json(argv: Sequence[str]) -> bool:
    """Whether the output is JSON, told without parsing, since that may be what failed."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    if "--quiet" in words:
        return False
    spelled = ("--format", "json") in itertools.pairwise(words)
    return spelled or "--json" in words or "--format=json" in words
