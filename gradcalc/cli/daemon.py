"""`gradcalc daemon`: the warm process that answers later calls."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from gradcalc.cli.arguments import Group, PlainCommand
from gradcalc.errors import FileError, UsageError

if TYPE_CHECKING:
    from gradcalc.daemon.control import Found

NOT_RUNNING = 3
"""The exit code of `status` where nothing runs, as for services."""


def add(app: typer.Typer, name: str) -> None:
    """Add the commands that manage the warm process."""
    group = typer.Typer(cls=Group)
    for command in (start, stop, status):
        group.command(command.__name__, cls=PlainCommand)(command)
    app.add_typer(group, name=name)


def start() -> None:
    """Start it, and wait until it answers. It ends after ten minutes without a call."""
    from gradcalc.daemon import control

    with _place():
        name = _name()
        before = _own(name)
        found = before or control.start(name)
    if found is None:
        raise UsageError(
            "the warm process did not start", hint="gradcalc grad x --x 1 shows whether all is well"
        )
    _say(f"{'already running' if before else 'started'}, pid {found.state.pid}")
    if os.environ.get("GRADCALC_DAEMON") not in ("1", "auto"):
        _say("GRADCALC_DAEMON=1 in the environment lets calls use it")


def stop() -> None:
    """End it, with whatever it is calculating, and all others of yours."""
    from gradcalc.daemon import control

    with _place():
        found = control.stop()
    for server in found:
        _say(f"stopped, pid {server.state.pid}")
    if not found:
        _say("not running")


def status() -> None:
    """Say whether it runs (exit code 0) or not (3)."""
    with _place():
        found = _own(_name())
    if found is None:
        _say("not running")
        raise typer.Exit(NOT_RUNNING)
    told = found.state
    _say(
        f"pid       {told.pid}\nsocket    {found.socket}\n"
        f"uptime    {time.time() - told.started:.0f} s\nanswered  {told.answered}\n"
        f"version   {told.version}"
    )


def _name() -> str:
    """The name of the server that answers calls made like this one."""
    from gradcalc.daemon import identity

    if sys.platform != "linux":
        raise UsageError("the warm process needs Linux", hint="everything works without it")
    if not identity.is_plain():
        raise UsageError(
            "calls by this interpreter are answered without a warm process",
            hint="its flags or variables, such as -X, -W or PYTHONDEVMODE, change what Python does",
        )
    return identity.name()


def _own(name: str) -> "Found | None":
    from gradcalc.daemon import control

    return next((s for s in control.servers() if s.name == name and s.state.ready), None)


@contextmanager
def _place() -> Iterator[None]:
    """Errors about the directory of the socket, as sentences."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"the warm process has no safe place: {error}",
            hint="its directory must be yours and closed to others (chmod 700)",
        ) from None


def _say(text: str) -> None:
    from gradcalc.cli.output import write

    write(f"{text}\n", sys.stdout)
