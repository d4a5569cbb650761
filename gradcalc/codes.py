"""What is known before anything is imported: exit codes that are no verdict's and no error's own,
and the commands; and how long is waited for processes."""

import os

LIMIT = 4
"""A limit on size, steps, time or memory was reached."""

FAULT = 70
"""A fault of gradcalc's own."""

INTERRUPTED = 130
"""After Ctrl-C."""

PIPE_CLOSED = 141
"""Whoever read the output has gone away."""


class Command:
    """A command. `start` is a module of `gradcalc.cli` and the function there that adds the command
    to the application; `torch` says that torch is started for it at once, in a process of its own,
    and `warm` that a warm process answers it, by the same application."""

    def __init__(self, start: str, help: str, *, torch: bool = False, warm: bool = False) -> None:
        self.start, self.help, self.torch, self.warm = start, help, torch, warm


COMMANDS = {
    "grad": Command(
        "grad:add",
        "The value and gradient of a PROGRAM, its formula, and whether they can be trusted.\n\n"
        'Every free name of the program is an option: --x 0,1,2,3 --A "1,2;3,4".',
        torch=True,
        warm=True,
    ),
    "why": Command(
        "grad:add",
        "The verdict of `gradcalc grad` at length: each witness's answer, causes, and the cure.",
        torch=True,
        warm=True,
    ),
    "batch": Command(
        "batch.command:add",
        "A stream of gradients: one JSON request a line in, one JSON report a line out, in order."
        '\n\nA request is {"id": 1, "program": "2*dot(x,x)", "inputs": {"x": [0, 1]}}, with keys'
        " named like the options of grad; options given here hold for all requests, and those about"
        " one program go with --csv. The exit code is the worst of all: a fault (70), wrong (1), an"
        " error (2), a limit (4), nothing to verify (3), else 0.",
    ),
    "functions": Command("functions:add", "The functions that a program can call.", torch=True),
    "daemon": Command(
        "daemon:add", "A warm process that answers grad and why at once: start, stop, status."
    ),
}
"""Every command by its name, in the order of the help."""

OWN = ("--version", "--help", "--install-completion", "--show-completion")
"""The options of gradcalc itself, before any command."""


def completed(argv: list[str]) -> list[str]:
    """A command line in full: a program that stands first is for `grad`, `help NAME` asks NAME."""
    if not argv:
        return argv
    first, *rest = argv
    if first == "help":
        return [*rest[:1], "--help"] if not rest or rest[0] in COMMANDS else ["functions", *rest]
    if first == "-V":
        return ["--version", *rest]
    if first in COMMANDS or any(word in COMMANDS for word in rest) or first in ("", "-h", "-q"):
        return argv
    option = first.partition("=")[0]
    if option.startswith("--"):
        return argv if option in OWN or not rest else ["grad", *argv]
    # a word alone is a command that is misspelt, or not there
    word = first[:1] != "-" and first.replace("-", "_").isidentifier()
    named = any(w.partition("=")[0] in (f"--{first}", f"-{first}", first) for w in rest)
    return argv if word and not named else ["grad", *argv]


LONGEST = 1e6
"""Seconds that any of the system's calls can wait: they count milliseconds in 31 bits."""


def patience(seconds: float) -> float:
    """How long to wait where that many seconds are usual: `GRADCALC_PATIENCE` times as long, if
    that is a positive number, but no longer than the system's calls can."""
    try:
        times = float(os.environ.get("GRADCALC_PATIENCE", 1.0))
    except ValueError:
        times = 1.0
    return min(seconds * times, LONGEST) if times > 0 else seconds
