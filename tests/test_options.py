"""The rows of options and the entries of commands: adding one is enough for it to be everywhere."""

import json
from dataclasses import make_dataclass
from typing import Any

import pytest

from gradcalc import codes
from gradcalc.cli import app, grad, options
from gradcalc.cli.batch.job import Job
from gradcalc.cli.batch.requests import decoded, options_of
from gradcalc.codes import COMMANDS, Command
from gradcalc.daemon import client
from tests.command import Run

DOT = ("x*x", "--x", "3")


@pytest.fixture(name="asked")
def asked_fixture(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the commands are asked, with an option more than there is; nothing is calculated."""
    row = options._row(
        7, "--patience", "CUPS", "How much tea there is.", options.read.whole(0),
        key="patience", json=options._after(options.read.json_number, options.read.whole(0)),
    )  # fmt: skip
    fields = [("patience", int, row)]
    more = make_dataclass("More", fields, bases=(options.Options,), frozen=True, slots=True)
    monkeypatch.setattr(options, "Options", more)
    asked: list[Any] = []

    def answered(given: Any, *_: Any) -> list[Any]:
        asked.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(grad, "answered", answered)
    app._command.cache_clear()
    yield asked
    app._command.cache_clear()


@pytest.mark.parametrize("command", ["grad", "why", "batch"])
def test_an_option_is_in_the_help(run: Run, asked: list[Any], command: str) -> None:
    out = run(command, "--help").out
    assert "--patience" in out
    assert "CUPS" in out
    assert "How much tea there is." in out


@pytest.mark.parametrize("command", ["grad", "why"])
def test_an_option_is_on_the_command_line(run: Run, asked: list[Any], command: str) -> None:
    for argv in (DOT, (*DOT, "--patience", "3"), ("--patience=4", *DOT)):
        assert run(command, *argv).code == 130
    assert [given.patience for given in asked] == [7, 3, 4]
    assert {given.programs for given in asked} == {("x*x",)}
    assert "--patience -1: a whole number of at least 0" in run(command, *DOT, "--patience=-1").err
    assert "--patience needs a value: --patience CUPS" in run(command, *DOT, "--patience").err


def test_an_option_is_in_a_request(asked: list[Any]) -> None:
    defaults = options.typed("batch", (), dict.fromkeys(options.rows("batch")))
    request = {"program": "x*x", "inputs": {"x": 3}}
    for more, patience in (({}, 7), ({"patience": 2}, 2), ({"patience": None}, 7)):
        line = json.dumps({**request, **more}).encode()
        assert options_of(decoded(Job(1, 0, line)), defaults).patience == patience
    with pytest.raises(app.UsageError, match="patience is a list; a number is needed"):
        options_of({**request, "patience": []}, defaults)


def test_an_option_is_what_a_misspelt_one_was_meant_to_be(run: Run, asked: list[Any]) -> None:
    for wrong in ((*DOT, "--pati-ence", "3"), ("--patiense", *DOT)):
        assert "did you mean --patience?" in run("grad", *wrong).err
    assert not asked
    with pytest.raises(app.UsageError, match="there is no key 'patiense'") as error:
        options_of({"program": "x", "patiense": 3}, options.Options(()))
    assert error.value.hint == "did you mean patience?"


def test_rows_do_not_share_what_is_typed(asked: list[Any]) -> None:
    for command in ("grad", "why", "batch"):
        flags = [row.flag for row, _ in options.rows(command).values()]
        assert len(set(flags)) == len(flags)
        assert "--patience" in flags
    keys = [row.key for row, _ in options.rows().values() if row.key]
    assert len(set(keys)) == len(keys)


def test_a_command_is_one_entry(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    more = Command("functions:add", "Tells of tea.", warm=True)
    monkeypatch.setitem(codes.COMMANDS, "tea", more)
    app._command.cache_clear()
    assert "Tells of tea." in run("--help").out
    assert run("tea", "sin").out.startswith("sin(")
    assert "did you mean tea?" in run("teaa").err
    assert client.is_fit(["tea"])
    app._command.cache_clear()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_starts_where_its_entry_says(run: Run, name: str) -> None:
    answer = run(name, "--help")
    assert answer.code == 0
    assert " ".join(COMMANDS[name].help.split()[:3]) in " ".join(answer.out.split())
