"""`gradcalc` itself: its commands, and what to say when the first word is none of them."""

import difflib
import shlex
from collections.abc import Collection, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from gradcalc.cli.arguments import known_options, similar_option
from gradcalc.cli.help import print_reference
from gradcalc.errors import UsageError


class Group(TyperGroup):
    """Commands that are listed when none is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help if there is nothing to parse."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)


class Gradcalc(Group):
    """The group of all commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Explain a first word that is not a command before Typer refuses it."""
        if args and not ctx.resilient_parsing:
            args = ["--help"] if args == ["-h"] else args
            check_command(args, self.commands, known_options(self.get_params(ctx)).names)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of Typer, then the exit codes and examples."""
        super().format_help(ctx, formatter)
        print_reference()


def check_command(args: Sequence[str], commands: Collection[str], options: Collection[str]) -> None:
    """Refuse a first word that is neither a command nor an option of gradcalc itself."""
    first = args[0]
    if first in commands or first.partition("=")[0] in options:
        return
    later = next((i for i, word in enumerate(args) if word in commands), None)
    if first.startswith("-") and later is not None:
        order = [args[later], *args[:later], *args[later + 1 :]]
        raise UsageError(f"{first} comes after the command", hint=f"gradcalc {shlex.join(order)}")
    if len(args) == 1 and first.startswith("--"):
        similar = similar_option(first, options)
        raise UsageError(
            f"there is no option {first}", hint=similar or "gradcalc --help lists what there is"
        )
    # A program may be called almost like a command: gradcalc rad --rad 3
    close = difflib.get_close_matches(first, commands, n=1, cutoff=0.7)
    hint = f"did you mean {close[0]}?" if close and f"--{first}" not in args else None
    if hint is None and len(args) == 1 and first.isidentifier():
        hint = "gradcalc --help lists the commands"
    raise UsageError(
        f"there is no command {first!r}", hint=hint or f"gradcalc grad {shlex.join(args)}"
    )
