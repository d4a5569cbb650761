"""JSON for a person: indented and in colours on a terminal, one line anywhere else."""

import json
import math
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.cli.app import main
from gradcalc.render import Style
from gradcalc.render.indented import indented
from gradcalc.render.json import dumps, shown
from tests.command import Run
from tests.examples import Screen

COLOR = re.compile(r"\x1b\[[\d;]*m")
PLAIN = Style(width=80, color=False, terminal=True)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)  # fmt: skip


@given(st.dictionaries(st.text(), VALUES), st.integers(20, 120), st.booleans(), st.booleans())
def test_it_reads_back(value: Any, width: int, color: bool, unicode: bool) -> None:
    text = shown(value, Style(width, color, unicode=unicode, terminal=True))
    assert json.loads(COLOR.sub("", text)) == json.loads(dumps(value, PLAIN))
    assert unicode or text.isascii()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_is_as_wide_as_the_terminal_and_no_longer_than_it_must(width: int) -> None:
    value = {"vector": [i / 7 for i in range(1000)], "matrix": [[1.5, 2.5]] * 30, "empty": []}
    lines = indented(value, Style(width, color=False, terminal=True)).splitlines()
    assert max(map(len, lines)) <= width
    numbers = sum(len(json.dumps(x)) + 2 for x in value["vector"])
    assert len(lines) <= 2.2 * numbers / width + 30 + 8
    assert lines[-2:] == ['  "empty": []', "}"]
    assert lines.count("    [1.5, 2.5],") == 29


def test_colours_are_left_out_where_they_would_take_long() -> None:
    assert COLOR.search(shown({"x": [1.5] * 100}, Style(80, color=True, terminal=True)))
    assert not COLOR.search(shown({"x": [math.pi] * 20_000}, Style(80, color=True, terminal=True)))


COMMANDS = (
    'grad "2*dot(x,x)" --x 0,1,2,3 --json',
    'grad "2*dot(x,x)" --x 0,1,2,3 --format json',
    'why "sqrt(x**2)" --x 0 --json',
    'grad "2*dot(x" --x 1 --json',
    "grad x x**2 --x 1 --json",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_it_so_on_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    argv = shlex.split(command)
    piped = run(*argv).out
    assert all(json.loads(line)["schema"] for line in piped.splitlines())

    def screen(**environment: str) -> str:
        with monkeypatch.context() as patch, redirect_stdout(Screen()) as out:
            for name, value in {"TERM": "xterm", "COLUMNS": "80", **environment}.items():
                patch.setenv(name, value)
            main(argv)
        return out.getvalue()

    painted = screen()
    assert COLOR.search(painted)
    plain = COLOR.sub("", painted)
    assert screen(NO_COLOR="1") == screen(TERM="dumb") == plain
    found, decoder = [], json.JSONDecoder()
    while plain:
        value, end = decoder.raw_decode(plain)
        found.append(value)
        plain = plain[end:].lstrip()
    assert found == [json.loads(line) for line in piped.splitlines()]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(*argv).out == piped


def test_a_batch_is_one_line_a_record_anywhere(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    del run
    monkeypatch.setenv("TERM", "xterm")
    Path("r.jsonl").write_text('{"program": "x*x", "inputs": {"x": 3}}\n{"program": "x*"}\n')
    with redirect_stdout(Screen()) as out:
        main(["batch", "r.jsonl", "--quiet"])
    lines = out.getvalue().splitlines()
    assert [json.loads(line)["schema"] for line in lines] == [
        "gradcalc.report/1", "gradcalc.error/1"
    ]  # fmt: skip
