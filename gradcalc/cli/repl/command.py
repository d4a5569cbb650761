"""`gradcalc repl`: the command, without what does it."""

import typer

from gradcalc.cli.arguments import PlainCommand


def add(app: typer.Typer, name: str) -> None:
    """Add the command."""
    app.command(name, cls=PlainCommand)(_repl)


def _repl() -> None:
    from gradcalc.cli.repl.loop import run

    raise typer.Exit(run())
