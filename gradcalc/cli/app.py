"""The command line: its commands, and the one place where errors become text and exit codes."""

import difflib
import itertools
import os
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcalc.cli.arguments import Group
from gradcalc.cli.help import HELPS
from gradcalc.cli.instead import similar_option
from gradcalc.codes import COMMANDS, INTERRUPTED, OWN, PIPE_CLOSED, completed
from gradcalc.errors import FileError, GradcalcError, UsageError, as_error

if TYPE_CHECKING:
    from gradcalc.torch_process import Beside


_WORDS = "gradcalc.words"
"""Where the words of a command line that is being completed are kept."""


class Gradcalc(Group):
    """The group of all commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Explain a first word that is not a command before Typer refuses it."""
        if ctx.resilient_parsing:
            ctx.meta[_WORDS] = list(args)
            return super().parse_args(ctx, [])
        if args:
            _check_command(args, OWN)
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What a shell offers: Typer stops at this command, as it was given no words."""
        from gradcalc.cli.completion import items

        # Typer folds what stands beside a completion, and fish takes its lines for completions
        os.environ["COLUMNS"] = "1000"
        return items(ctx.meta.get(_WORDS, ()), incomplete)


def _check_command(args: Sequence[str], options: Collection[str]) -> None:
    """Refuse a first word that is neither a command nor an option of gradcalc itself."""
    first = args[0]
    if first in COMMANDS or first in HELPS or first.partition("=")[0] in options:
        return
    later = next((i for i, word in enumerate(args) if word in COMMANDS), None)
    if first.startswith("-") and later is not None:
        order = [args[later], *args[:later], *args[later + 1 :]]
        raise UsageError(f"{first} comes after the command", hint=f"gradcalc {shlex.join(order)}")
    if len(args) == 1 and first.startswith("--"):
        similar = similar_option(first, options)
        raise UsageError(
            f"there is no option {first}", hint=similar or "gradcalc --help lists what there is"
        )
    close = difflib.get_close_matches(first, COMMANDS, n=1, cutoff=0.7)
    hint = f"did you mean {close[0]}?" if close else "gradcalc --help lists the commands"
    raise UsageError(f"there is no command {first!r}", hint=hint)


def application(*names: str) -> typer.Typer:
    """These commands and their options, or all."""
    app = typer.Typer(cls=Gradcalc, pretty_exceptions_enable=False)
    app.callback()(_gradcalc)
    for name in names or COMMANDS:
        module, _, function = COMMANDS[name].start.partition(":")
        getattr(import_module(f"gradcalc.cli.{module}"), function)(app, name)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from gradcalc import __version__
        from gradcalc.cli.output import write

        write(f"gradcalc {__version__}\n", sys.stdout)
        raise typer.Exit


def _gradcalc(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """The options before any command; each acts by its own callback."""


def main(
    argv: Sequence[str],
    beside: "Beside | None" = None,
    worded: Callable[[GradcalcError], None] | None = None,
) -> int:
    """Run a command line and give its exit code. Nothing is raised, whatever is typed.

    With `beside` torch is imported there; without, in this process. `worded` puts an error into the
    words of whoever asks otherwise than by a command line.
    """
    from gradcalc.cli.output import ClosedPipe

    argv = completed(list(argv))
    try:
        try:
            return _run(argv, beside)
        except (KeyboardInterrupt, typer.Abort):
            return INTERRUPTED
        except ClosedPipe:
            return PIPE_CLOSED
        except Exception as error:
            told = _usage_error(error) or as_error(error)
            if worded is not None:
                worded(told)
            return tell(told, argv)
    # The same can happen once more while the error is being told.
    except KeyboardInterrupt:
        return INTERRUPTED
    except ClosedPipe:
        return PIPE_CLOSED
    # nobody can be told
    except GradcalcError as error:
        return error.exit_code


@cache
def _command(*names: str) -> Any:
    """What Typer makes of the application, which takes as long as a small gradient."""
    return typer.main.get_command(application(*names))


def _run(argv: Sequence[str], beside: "Beside | None") -> int:
    for word in argv:
        if not word.isprintable() and any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError("the command line is not a text in UTF-8")
        # no shell hands one on, but a report and a prompt do
        if "\0" in word:
            raise UsageError("a NUL character is no part of a command line")
    from gradcalc.cli.output import foreign

    try:
        # one command is made faster than all of them
        command = _command(*(word for word in argv[:1] if word in COMMANDS))
        with foreign(sys.stdout) if _is_typers(argv) else nullcontext():
            code = command.main(
                args=list(argv), prog_name="gradcalc", standalone_mode=False, obj=beside
            )
    # Typer leaves this way after shell completion, rich when a pipe was closed.
    except SystemExit as leaving:
        code = leaving.code
    return code if isinstance(code, int) else 0


def _is_typers(argv: Sequence[str]) -> bool:
    """Whether Typer answers by itself, to whom a stream that is closed needs no answer."""
    first = argv[0].partition("=")[0] if argv else ""
    return "_GRADCALC_COMPLETE" in os.environ or first in (
        "--show-completion", "--install-completion"
    )  # fmt: skip


def _usage_error(error: Exception) -> UsageError | None:
    """Typer's own errors, whose classes are private, in gradcalc's form."""
    format_message = getattr(error, "format_message", None)
    if format_message is None:
        return None
    message = str(format_message()).strip().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint="gradcalc --help")


def tell(error: GradcalcError, argv: Sequence[str] = ()) -> int:
    """Print an error for a person, and for a program that asked for JSON; gives its exit code."""
    from gradcalc.cli.output import say, style_for, write
    from gradcalc.render.canvas import render_error

    if _wants_json(argv):
        from gradcalc.render.json import error_json, shown

        # that nothing can be written there may be what is told
        with suppress(FileError):
            write(shown(error_json(error), style_for(sys.stdout)), sys.stdout)
    with suppress(FileError):
        say(render_error(error, style_for(sys.stderr)))
    return error.exit_code


def _wants_json(argv: Sequence[str]) -> bool:
    """Whether the output is JSON, told without parsing, since that may be what failed."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    if "--quiet" in words:
        return False
    spelled = ("--format", "json") in itertools.pairwise(words)
    return spelled or "--json" in words or "--format=json" in words
