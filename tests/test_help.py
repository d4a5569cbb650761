"""The help: it fits, it is whole, its examples work, and it says what the program does."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

import gradcalc
from gradcalc.cli import app
from gradcalc.cli.arguments import known_options
from gradcalc.cli.help import Paper, column_of, start
from gradcalc.cli.options import rows
from gradcalc.cli.pages import Page, page, paths
from gradcalc.cli.reference import ENVIRONMENT, EXIT_CODES, VALUES
from gradcalc.codes import COMMANDS, OWN
from gradcalc.render import Style
from gradcalc.values.read import _READERS
from gradcalc.verdict.outcome import Outcome
from tests.command import Run
from tests.warm import warm_place

PATHS = ((), *paths())
PAGES = [pytest.param(path, id=" ".join(("gradcalc", *path))) for path in PATHS]
SCREEN = 25
"""The lines that a terminal shows at least."""


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("path", PAGES)
def test_it_fits(
    run: Run, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for asked in ("--help", "-h"):
        answer = run(*path, asked)
        lines = answer.out.splitlines()
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.isascii()
        assert [line for line in lines if len(line) > width or line != line.rstrip()] == []
        assert width < 80 or asked == "--help" or len(lines) <= SCREEN
    texts = [entry.text for section in page(*path).sections for entry in section.entries]
    shown = " ".join(run(*path, "--help").out.split())
    assert [text for text in texts if " ".join(text.split()) not in shown] == []


@pytest.mark.parametrize("width", [40, 48, 56, 64, 72, 80])
@pytest.mark.parametrize("path", PAGES)
def test_no_column_is_narrow(path: tuple[str, ...], width: int) -> None:
    """Text takes as many lines as characters ask for, not as many as it has words."""
    entries = [entry for section in page(*path).sections for entry in section.entries]
    paper = Paper(Style(width, color=False), column_of(entries))
    for entry in entries:
        lines = [line for line in paper.entries([entry]) if line.strip() != entry.name]
        assert len(lines) <= 2 + len(entry.text) / 25, entry


@pytest.mark.parametrize("path", PAGES)
def test_it_is_whole(run: Run, path: tuple[str, ...]) -> None:
    found = page(*path)
    whole, short = run(*path, "--help").out, run(*path, "-h").out
    assert run("help", *path).out == whole
    assert len(short.splitlines()) <= len(whole.splitlines())
    assert all(f"  {option.name}" in whole for option in found.options)
    for command, _ in found.examples:
        assert command in whole
    assert [command in short for command, _ in found.examples[:3]].count(False) == 0
    if path and path[0] in ("grad", "why", "batch"):
        assert {option.name for option in found.options} == set(known_options(path[0]))
        usual = {row.flag for row, _ in rows(path[0]).values() if row.usual}
        assert all(f"  {flag}" in short for flag in usual)
        assert f"{found.name} --help shows all {len(found.options)} options." in short


def test_typer_has_the_same_commands_and_options() -> None:
    def check(command: object, path: tuple[str, ...]) -> None:
        flags = {name for p in command.params for name in p.opts if name.startswith("-")}
        found = flags if path[:1] in (("functions",), ("daemon",), ()) else set()
        assert found <= {option.name for option in page(*path).options}
        for name, part in getattr(command, "commands", {}).items():
            check(part, (*path, name))

    main = app._command()
    assert set(main.commands) == set(COMMANDS)
    assert {name for p in main.params for name in p.opts} <= set(OWN)
    check(main, ())


@pytest.mark.parametrize("width", [40, 56, 80])
@pytest.mark.parametrize("path", PAGES)
def test_a_command_in_several_lines_can_be_pasted(path: tuple[str, ...], width: int) -> None:
    for command, _ in page(*path).examples:
        pasted = "\n".join(Paper(Style(width, color=False)).command(command))
        assert shlex.split(pasted.replace("\\\n", "")) == shlex.split(command)


@pytest.mark.parametrize("path", [p for p in PATHS if p[:1] != ("daemon",)])
def test_the_examples_work(run: Run, path: tuple[str, ...]) -> None:
    prepare()
    for command, _ in page(*path).examples:
        answer = run(*shlex.split(command)[1:])
        told = " in " if "batch" in command else ""
        assert answer.code in ((0, 1, 3) if "why" in command else (0,)), command
        assert told in answer.err if told else answer.err == "", command
        # what reads lines answers none where there are none
        assert answer.out or "--resume" in command or path == ("repl",)


@pytest.mark.skipif(sys.platform != "linux", reason="the warm process needs Linux")
def test_the_examples_of_the_warm_process_work() -> None:
    commands = dict.fromkeys(
        c for path in PATHS if "daemon" in path for c, _ in page(*path).examples
    )
    with warm_place() as warm:
        for command in commands:
            answer = warm.run(*shlex.split(command)[1:])
            assert (answer.returncode, answer.stderr) == (0, b""), command


OPS = """
import torch


def loss(x):
    return (x.sin() * x).sum()


class MyExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y
"""

NOTES = """
```gradcalc
grad "x**2" --x 3
```
"""

NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.layer = nn.Linear(n, m)

    def forward(self, x):
        return self.layer(x).tanh()
"""


def prepare() -> None:
    """The files that examples name."""
    np.save("x.npy", np.arange(4.0))
    Path("requests.jsonl").write_text('{"program": "x*x", "inputs": {"x": 3}}\n')
    Path("points.csv").write_text("x,y\n1,2\n3,4\n")
    Path("notes.md").write_text(NOTES)
    Path("ops.py").write_text(OPS)
    Path("net.py").write_text(NET)


def test_what_to_type_first_fits() -> None:
    for width in (40, 80, 120):
        lines = start(Style(width, color=False)).splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) <= (10 if width > 40 else 18)


def test_every_outcome_and_exit_code_is_listed(run: Run) -> None:
    outcomes = {outcome: code for code, outcome, _ in EXIT_CODES if outcome}
    assert outcomes == {outcome.value: outcome.exit_code for outcome in Outcome}
    for argv in (["--help"], ["grad", "--help"], ["why", "--help"], ["help"]):
        answer = run(*argv)
        assert all(outcome in answer.out for outcome in outcomes)


def test_values_are_written_as_it_says(run: Run) -> None:
    Path("FILE.txt").write_text("1 2\n")
    for form, text in VALUES:
        typed = form.replace("FILE", "FILE.txt")
        assert run("x.sum()", "--x", typed, "--seed", "0", stdin="1,2").code == 0, form
        for other in re.findall(r"\w+\([\d,]+\)|\b1/3|\b1e-9|-inf|\bpi\b", text):
            assert run("x.sum()", "--x", other, "--format", "literal").code in (0, 3), other
    extensions = dict(VALUES)["@FILE"].split()
    assert set(extensions) == set(_READERS)


def test_the_environment_is_what_is_read() -> None:
    folder = Path(gradcalc.__file__).parent
    read = {
        name
        for path in folder.rglob("*.py")
        for name in re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', path.read_text("utf-8"))
    }
    # the others are Python's own and those by which shells ask
    read = {name for name in read if not name.startswith(("PYTHON", "_"))}
    assert read <= {name for name, _ in ENVIRONMENT}
    assert {"COLUMNS", "GRADCALC_DAEMON", "NO_COLOR"} <= {name for name, _ in ENVIRONMENT}


def test_colours_are_for_terminals(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run("grad", "--help").out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    for asked in ("--help", "-h"):
        painted = run("grad", asked).out
        assert "\x1b[36m\x1b[1m--wrt" in painted
        bare = re.sub(r"\x1b\[\d+m", "", painted)
        monkeypatch.setenv("NO_COLOR", "1")
        assert run("grad", asked).out == bare
        monkeypatch.delenv("NO_COLOR")


def test_a_value_may_follow_h(run: Run) -> None:
    assert run("h*x", "-h", "3", "--x", "2", "--wrt", "x", "--format", "literal").out == "3\n"
    for argv in (["grad", "x", "-h"], ["grad", "-h", "x"], ["functions", "-h"], ["x**2", "-h"]):
        assert run(*argv).out.startswith("Usage: gradcalc ")


def test_pages_are_data() -> None:
    for path in PATHS:
        found = page(*path)
        assert isinstance(found, Page)
        assert found.usage
        assert found.about
        assert found.examples
        commands = [command for command, _ in found.examples]
        assert len(set(commands)) == len(commands)
