"""The cold path: an attack at its smallest, that it sees what breaks, and what it found."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.attack import cold, cold_moments, cold_places, cold_same
from benchmarks.attack.cold_commands import ALL, CHEAP, COMMANDS, FILES, QUICK, STDIN, prepare
from benchmarks.attack.cold_processes import Done, run
from benchmarks.attack.data import Row, Size
from gradcalc.codes import COMMANDS as KNOWN
from tests.processes import Gate, child_of, ended, is_alive, wait_for
from tests.test_cli_process import HANGS, environment
from tests.test_torch_process import importing

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="wants Linux's /proc")

TINY = Size(0.001, 1)


def test_a_row_can_be_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {name: lambda size, name=name: iter([Row(name, 1)]) for name in ("letters", "torch")}
    monkeypatch.setattr(cold, "ROWS", made)
    assert [row.what for row in cold.attack(TINY)] == ["letters", "torch"]
    assert [row.what for row in cold.attack(replace(TINY, only=("torch",)))] == ["torch"]
    with pytest.raises(SystemExit, match="there is no row x: letters, torch"):
        list(cold.attack(replace(TINY, only=("x",))))


def test_each_command_and_each_way_is_dealt() -> None:
    pairs = cold_places._dealt(Size(1, 1), "x", range(17), 2)
    assert {name for name, _ in pairs} == {*ALL}
    assert len(pairs) == len({*pairs}) == 17 * (2 + len(CHEAP))


def test_surroundings_that_nobody_expects() -> None:
    (row,) = cold_places.surroundings(TINY)
    assert row.broken == ()


def test_letters_that_an_encoding_lacks() -> None:
    (row,) = cold_places.other_letters(TINY)
    assert row.broken == ()


def test_a_signal_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_moments, "ALL", {"version": ("--version",)})
    monkeypatch.setattr(cold_moments, "seconds", lambda name, folder: 0.3)
    rows = list(cold_moments.interrupted(TINY))
    assert [row.broken for row in rows] == [(), ()]
    assert sum(row.tried for row in rows) == 2


def test_what_is_attacked_is_what_there_is(tmp_path: Path) -> None:
    attacked = {argv[0] for argv in (*COMMANDS.values(), *QUICK.values()) if argv}
    assert {n for n, command in KNOWN.items() if command.usual} <= attacked
    assert {*STDIN} <= {*COMMANDS}
    assert {path.name for path in prepare(tmp_path).iterdir()} == {*FILES}


def test_what_is_left_behind_is_seen(tmp_path: Path) -> None:
    text = "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True)"
    done = run([sys.executable, "-c", text], tmp_path)
    assert (done.code, done.left) == (0, 1)


SEEN = {
    "a traceback": (Done(1, b"", b"Traceback\n gradcalc/x.py", 0), True),
    "a fault": (Done(70, b"", b"error: gradcalc has a fault", 0), True),
    "an orphan": (Done(0, b"", b"", 1), True),
    "a hang": (Done(None, b"", b"", 0), True),
    "an answer": (Done(3, b"x", b"", 0), False),
}


@pytest.mark.parametrize("what", SEEN)
def test_the_attack_sees(what: str) -> None:
    done, is_fault = SEEN[what]
    assert (cold_places._fault(done) is not None) == is_fault


TOLD = b"Traceback\n  File 'x/gradcalc/__main__.py'\nKeyboardInterrupt\n"
EARLY = b"Traceback\n  File '<frozen runpy>'\nKeyboardInterrupt\n"

ENDED = {
    "130": (Done(130, b"", b"", 0), None),
    "by the signal": (Done(-signal.SIGINT, b"", b"", 0), None),
    "before it came": (Done(0, b"x", b"", 0), None),
    "before Python": (Done(-signal.SIGINT, b"", EARLY, 0), cold_moments.EARLY),
    "a traceback": (Done(-signal.SIGINT, b"", TOLD, 0), "broken"),
    "words": (Done(130, b"", b"interrupted", 0), "broken"),
    "another code": (Done(4, b"", b"", 0), "broken"),
    "an orphan": (Done(130, b"", b"", 1), "broken"),
}


@pytest.mark.parametrize("how", ENDED)
def test_the_attack_sees_how_a_signal_ends_it(how: str) -> None:
    done, expected = ENDED[how]
    found = cold_moments._fault(done, signal.SIGINT)
    assert (done.told if expected == "broken" else expected) == found


def test_other_bytes_are_seen() -> None:
    first: cold_same.Answer = (0, b"1", b"")
    assert not [*cold_same.difference("x", first, (0, b"1", b""))]
    assert [*cold_same.difference("x", first, (0, b"2", b""))]
    assert [*cold_same.difference("x", first, (0, b"1", b"warning"))]
    assert [*cold_same.difference("x", first, (4, b"1", b""))]


TIMED = {
    "gradcalc grad x --timeout 1": True,
    "gradcalc --version": True,
    "gradcalc grad x": False,
    "gradcalc grad false": False,
}


@pytest.mark.parametrize("command", TIMED)
def test_what_depends_on_more_than_its_input_is_known(command: str) -> None:
    assert cold_same.is_timed(command) == TIMED[command]


def test_the_commands_of_a_page_have_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cold_same, "load", lambda count: nullcontext())
    monkeypatch.setattr(cold_same, "_warm_process", lambda: nullcontext({}))
    page = tmp_path / "page.md"
    page.write_text("```console\n$ gradcalc --help\n$ echo >> f; cat f\n$ ls\n```\n")
    monkeypatch.setattr(cold_same, "PAGES", (page,))
    (row,) = cold_same.rows(TINY)
    # each twice, but for what is not held to anything
    assert (row.tried, row.broken) == (5, ())


# -- what it found -----------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_nothing_outlives_a_command_that_is_killed(stopped: bool, tmp_path: Path) -> None:
    with importing(tmp_path, "grad", "x*x", "--x", "1") as (process, child):
        if stopped:
            os.kill(child, signal.SIGSTOP)
        process.kill()
        process.wait()
        wait_for(lambda: not is_alive(child))


def test_nothing_outlives_it_in_the_middle_of_a_long_operation(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        text = f"def f(x):\n    open({str(gate.path)!r}).read()\n    return 10 ** 10 ** 9\n"
        (tmp_path / "code.py").write_text(text)
        argv = [sys.executable, "-m", "gradcalc", "check", f"{tmp_path / 'code.py'}:f", "--x", "1"]
        with ended(subprocess.Popen(argv, env=environment())) as process:
            gate.open()
            child = child_of(process.pid)
            process.kill()
            process.wait(HANGS)
            wait_for(lambda: not is_alive(child))


ASCII = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
"""What keeps Python from UTF-8."""

IN_LETTERS: Mapping[str, tuple[Mapping[str, str], Sequence[str], str]] = {
    "a program": (ASCII, ("grad", "größe**2", "--größe", "3"), ""),
    "files that import each other": (ASCII, ("grad", "目录/ввод.py", "--größe", "3"), ""),
    "lines": (ASCII, ("repl",), "größe = 3\ngröße**2\n"),
    "lines where the streams are ASCII": (
        {"PYTHONIOENCODING": "ascii"}, ("repl",), "größe = 3\ngröße**2\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_LETTERS)
def test_other_letters_are_read_in_a_locale_of_ascii(what: str, tmp_path: Path) -> None:
    variables, argv, stdin = IN_LETTERS[what]
    folder = tmp_path / "目录"
    folder.mkdir()
    (folder / "ввод.py").write_text("from цель import f\n\n\ndef g(größe):\n    return f(größe)\n",
                                    "utf-8")  # fmt: skip
    (folder / "цель.py").write_text("def f(größe):\n    return größe**2\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gradcalc", *argv], input=stdin.encode(), capture_output=True,
        cwd=tmp_path, env=environment(**variables), timeout=HANGS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert "2*größe" in done.stdout.decode("utf-8").replace("\\xf6\\xdf", "öß")


def test_whoever_refuses_utf8_is_answered_in_ascii() -> None:
    argv = [sys.executable, "-X", "utf8=0", "-m", "gradcalc", "grad", "größe", "--größe", "1"]
    done = subprocess.run(
        argv, capture_output=True, text=True, env=environment(**ASCII), timeout=HANGS, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the command line is not a text in UTF-8\n"


def test_what_asks_torch_does_not_import_it() -> None:
    # twice as slow, and twice as large
    modules = "check", "numpy_call", "ran", "shown", "aten", "job"
    names = ", ".join(f"gradcalc.checking.{name}" for name in modules)
    text = f"import sys, {names}\nprint('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, env=environment(),
        timeout=HANGS,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("False\n", "")
