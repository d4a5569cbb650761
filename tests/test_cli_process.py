"""The real command in a process of its own: streams, pipes, terminals and signals."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from tests.processes import HANGS, Gate, child_of, ended, wait_for

COMMAND = [sys.executable, "-m", "gradcalc"]
ROOT = str(Path(gradcalc.__file__).parent.parent)
DOT = ("grad", "2*dot(x,x)", "--x", "0,1,2,3")
ENDLESS = ("grad", "while x < 2: x = x*1\nx", "--x", "1", "--max-steps", str(10**12))


def environment(**extra: str) -> Mapping[str, str]:
    """That of a command."""
    unwanted = ("FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS", "COLUMNS", "PYTHONUNBUFFERED")
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    path = os.pathsep.join(part for part in (ROOT, os.environ.get("PYTHONPATH")) if part)
    return {**kept, "PYTHONPATH": path, "TERM": "xterm", **extra}


def call(
    *argv: str, stdin: str = "", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *argv],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=environment(**env),
        cwd=cwd,
        timeout=HANGS,
    )


def test_a_value_from_a_pipe_and_an_answer_for_a_script() -> None:
    done = call("grad", "2*dot(x,x)", "--x", "@-", "--format", "literal", stdin="0,1,2,3\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0,4,8,12\n", "")


COMPILED = """
import torch

@torch.compile
def decorated(x):
    return (x.sin() * x).sum()

called = torch.compile(lambda x: (x * x).sum())
"""


@pytest.mark.parametrize("name", ["decorated", "called"])
def test_a_file_that_compiles_is_checked(name: str, tmp_path: Path) -> None:
    # torch's own parts that are put off for our programs are there for those of others
    file = tmp_path / "compiled.py"
    file.write_text(COMPILED)
    done = call("check", f"{file}:{name}", "--x", "1,2")
    assert (done.returncode, "verified" in done.stdout) == (0, True), done


def test_the_exit_code_arrives() -> None:
    assert call(*DOT, "--expect", "3*x", "--quiet").returncode == 1


def test_what_an_encoding_lacks_is_spelled_out() -> None:
    done = call("grad", "x*é", "--x", "1", "--é", "2", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\xe9" in done.stdout


@pytest.mark.parametrize(
    ("env", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
    ids=["pipe", "force", "no"],
)
def test_colour_is_for_terminals_and_for_who_wants_it(
    env: Mapping[str, str], colored: bool
) -> None:
    assert ("\x1b[" in call("grad", "x*(", **env).stderr) == colored


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["colour", "no-colour"])
def test_a_terminal_gets_a_table_as_wide_as_it_is(env: Mapping[str, str]) -> None:
    ours, theirs = pty.openpty()
    with ended(subprocess.Popen(
        [*COMMAND, *DOT], stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment(COLUMNS="40", **env),
    )) as process:  # fmt: skip
        os.close(theirs)
        text = read_all(ours)
        assert process.wait(timeout=HANGS) == 0
    assert "∇x" in text
    assert ("\x1b[" in text) == (not env)
    if env:
        assert max(len(line) for line in text.splitlines()) <= 40


def read_all(descriptor: int) -> str:
    parts = []
    try:
        while part := os.read(descriptor, 4096):
            parts.append(part)
    # Linux says so when the other side of a terminal is gone.
    except OSError:
        pass
    os.close(descriptor)
    return b"".join(parts).decode()


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_reader_that_goes_away_is_no_error(unbuffered: str) -> None:
    long = ("grad", "x.sum()", "--x", "arange(100000)", "--no-check")
    with ended(start(*long, PYTHONUNBUFFERED=unbuffered)) as process:
        assert process.stdout.readline().startswith("input\t")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=HANGS) == 141


CLOSED = "error: the output cannot be written: standard output is closed\n"
FULL = "error: the output cannot be written: No space left on device\n"

NOWHERE = {
    "grad x --x 1 >&-": (2, CLOSED),
    "grad x --x 1 --json >&-": (2, CLOSED),
    "grad x --x 1 --format npy >&-": (2, CLOSED),
    "grad x --x 1 --quiet >&-": (0, ""),
    "grad x --x 1 --expect 3 --quiet >&-": (1, ""),
    "--version >&-": (2, CLOSED),
    "--version >/dev/full": (2, FULL),
    "--show-completion bash >&-": (2, CLOSED),
    "--version >/dev/full 2>/dev/full": (2, ""),
    "--version 2>&-": (0, ""),
    "--help >&- 2>&-": (2, ""),
    "grad 'x*' --x 1 2>&-": (2, ""),
    "check {file}:f --x 1 --quiet <&- 2>&-": (0, ""),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="wants a device that is full")
@pytest.mark.parametrize("command", NOWHERE)
def test_nowhere_to_write_is_an_error_and_no_fault(command: str, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("def f(x):\n    print(x)\n    return x * x\n")
    done = subprocess.run(
        f'"{sys.executable}" -m gradcalc {command.format(file=tmp_path / "code.py")}',
        shell=True, capture_output=True, text=True, env=environment(), timeout=HANGS,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == NOWHERE[command]


@pytest.mark.parametrize("module", ["typer", "numpy", "sympy", "torch"])
def test_ctrl_c_while_importing_ends_it_quickly_and_quietly(module: str, tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    with Gate(tmp_path / "gate") as gate:
        waiting = f"open({str(gate.path)!r}).read()"
        (tmp_path / "modules" / f"{module}.py").write_text(waiting)
        with ended(start(*DOT, PYTHONPATH=first_on_path(tmp_path / "modules"))) as process:
            gate.reached()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out, err) == (130, "", "")


def test_ctrl_c_while_calculating_ends_it_quickly_and_quietly() -> None:
    with ended(start(*ENDLESS)) as process:
        child = child_of(process.pid)
        # the last that either imports before it goes round in circles
        wait_for(lambda: has_mapped(process.pid, "flint") and has_mapped(child, "libtorch_cpu"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out, err) == (130, "", "")


def has_mapped(pid: int, library: str) -> bool:
    return library in Path(f"/proc/{pid}/maps").read_text()


def first_on_path(folder: Path) -> str:
    """The path of modules with one that comes before all others."""
    return f"{folder}{os.pathsep}{environment()['PYTHONPATH']}"


def start(*argv: str, **env: str) -> Any:
    return subprocess.Popen(
        [*COMMAND, *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**env),
        # whoever runs the tests in the background has Ctrl-C ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="wants a device that is full")
@pytest.mark.parametrize(("stream", "told"), [(">&-", CLOSED), (">/dev/full", FULL)])
def test_words_that_cannot_be_offered_are_an_error_and_no_fault(stream: str, told: str) -> None:
    asked = {"_GRADCALC_COMPLETE": "complete_bash", "COMP_WORDS": "gradcalc gr", "COMP_CWORD": "1"}
    done = subprocess.run(
        f'"{sys.executable}" -m gradcalc {stream}', shell=True, capture_output=True, text=True,
        env=environment(**asked), timeout=HANGS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, told)


def test_a_completion_that_cannot_be_installed_is_no_fault() -> None:
    # Typer asks what shell it runs in otherwise
    variables = {"HOME": "/dev/null", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [*COMMAND, "--install-completion", "bash"], capture_output=True, text=True,
        env=environment(**variables), timeout=HANGS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: /dev/null cannot be written: File exists\n"
