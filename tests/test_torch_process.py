"""The process that runs torch beside the others: its faults, and what is left when it is over."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import HANGS, PATIENCE, PATIENT, Gate, child_of, ended, is_alive, wait_for
from tests.test_cli_process import (
    COMMAND,
    DOT,
    ENDLESS,
    call,
    environment,
    first_on_path,
    has_mapped,
    start,
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="wants Linux's /proc")

INSTALLED = """
import os, signal, sys
sys.path.remove(os.path.dirname(os.path.dirname(__file__)))
del sys.modules["torch"]
import torch
"""
"""A module that is torch as it is installed, whatever else it does."""


@contextmanager
def importing(folder: Path, *argv: str, **options: Any) -> Iterator[tuple[Any, int]]:
    """A command and the process beside it, which has imported torch and waits before it says so."""
    with Gate(folder / "gate") as gate:
        path = with_torch(folder, f"{INSTALLED}\nopen({str(gate.path)!r}).read()")
        with ended(started(*argv, path=path, **options)) as process:
            gate.reached()
            child = child_of(process.pid)
            assert has_mapped(child, "libtorch_cpu")
            yield process, child


def started(
    *argv: str,
    path: str,
    patience: str = PATIENT[PATIENCE],
    interrupt: Any = signal.default_int_handler,
    **options: Any,
) -> Any:
    return subprocess.Popen(
        [*COMMAND, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(PYTHONPATH=path, **{PATIENCE: patience}),
        **{"preexec_fn": lambda: signal.signal(signal.SIGINT, interrupt), **options},
    )  # fmt: skip


def with_torch(folder: Path, torch: str) -> str:
    """The path of modules with another torch than the installed one."""
    (folder / "torch").mkdir()
    (folder / "torch" / "__init__.py").write_text(torch)
    return first_on_path(folder)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_torch_that_dies_leaves_the_gradient_unresolved(
    ended_by: signal.Signals, tmp_path: Path
) -> None:
    with importing(tmp_path, *DOT, "--json") as (process, child):
        os.kill(child, ended_by)
        out, err = process.communicate(timeout=HANGS)
    report = json.loads(out)
    reason = f"autograd gave no gradient: its process was ended by {ended_by.name}"
    assert report["verdict"] == {"outcome": "unresolved", "message": reason, "exit_code": 3}
    assert (process.returncode, err, report["value"]) == (3, "", 28.0)
    assert report["witnesses"] == ["symbolic", "enclosure"]
    assert report["gradients"]["x"]["autograd"] is None
    assert report["gradients"]["x"]["symbolic"] == [0.0, 4.0, 8.0, 12.0]
    assert report["gradients"]["x"]["closed_form"] == "4*x"


@pytest.mark.parametrize("command", ["explain", "graph"])
def test_steps_of_a_torch_that_dies_are_beyond_a_limit(command: str, tmp_path: Path) -> None:
    with importing(tmp_path, command, *DOT[1:]) as (process, child):
        os.kill(child, signal.SIGABRT)
        out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, out) == (4, "")
    assert err == "error: there are no steps to be told: its process was ended by SIGABRT\n"


@pytest.mark.parametrize("how", [signal.SIG_DFL, signal.SIG_IGN], ids=["told", "not-told"])
def test_a_signal_without_a_name_and_a_child_that_nobody_waits_for(
    how: signal.Handlers, tmp_path: Path
) -> None:
    deaf = {"preexec_fn": lambda: signal.signal(signal.SIGCHLD, how)}
    with importing(tmp_path, *DOT, "--json", **deaf) as (process, child):
        os.kill(child, signal.SIGRTMIN + 1)
        out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (3, "")
    assert "its process " in json.loads(out)["verdict"]["message"]


@pytest.mark.sweep
@pytest.mark.parametrize("words", [("grad",), ("why",)], ids=["grad", "why"])
@pytest.mark.parametrize("format", ["table", "json", "tsv"])
def test_every_format_says_so(words: tuple[str, ...], format: str, tmp_path: Path) -> None:
    if words == ("why",) and format == "tsv":
        return
    done = broken(tmp_path, "import os; os._exit(7)", *words, *DOT[1:], "--format", format)
    assert (done.returncode, done.stderr) == (3, "")
    assert "its process left with exit code 7" in " ".join(done.stdout.split())


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("format", "shown"),
    [("csv", ",12,"), ("markdown", "| 12 |"), ("latex", "4 x"), ("literal", "0,4,8,12")],
)
def test_the_check_stands_in_where_autograd_is_missing(
    format: str, shown: str, tmp_path: Path
) -> None:
    done = broken(tmp_path, "import os; os._exit(7)", *DOT, "--format", format)
    assert (done.returncode, done.stderr) == (3, "")
    assert shown in done.stdout


def broken(folder: Path, torch: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """The command with another torch than the installed one."""
    return call(*argv, PYTHONPATH=with_torch(folder, torch))


def test_a_torch_that_cannot_be_imported_is_a_fault(tmp_path: Path) -> None:
    done = broken(tmp_path, "raise ImportError('no torch for you')", *DOT)
    assert (done.returncode, done.stdout) == (70, "")
    assert "ImportError: no torch for you" in done.stderr


def test_a_torch_that_hangs_is_given_up(tmp_path: Path) -> None:
    stops = "torch.autograd.grad = lambda *_, **__: os.kill(os.getpid(), signal.SIGSTOP)"
    path = with_torch(tmp_path, f"{INSTALLED}\n{stops}")
    with ended(started(*DOT, "--timeout", "0.5", "--json", path=path, patience="0.05")) as process:
        child = child_of(process.pid)
        out, err = process.communicate(timeout=HANGS)
        assert not is_alive(child)
    assert (process.returncode, err) == (3, "")
    message = json.loads(out)["verdict"]["message"]
    # twice the limit, and some room for the way back
    assert message.endswith("its process did not answer within 1.15 s")


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_command(ended_by: signal.Signals, tmp_path: Path) -> None:
    with importing(tmp_path, *ENDLESS) as (process, child):
        process.send_signal(ended_by)
        out, err = process.communicate(timeout=HANGS)
        wait_for(lambda: not is_alive(child))
    expected = 130 if ended_by is signal.SIGINT else -ended_by
    assert (process.returncode, out, err) == (expected, "", "")


def test_nothing_outlives_the_command_while_it_calculates() -> None:
    with ended(start(*ENDLESS)) as process:
        child = child_of(process.pid)
        wait_for(lambda: has_mapped(process.pid, "flint") and has_mapped(child, "libtorch_cpu"))
        process.kill()
        wait_for(lambda: not is_alive(child))


def test_ctrl_c_reaches_both_at_once(tmp_path: Path) -> None:
    with importing(tmp_path, *ENDLESS, start_new_session=True) as (process, child):
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)
        wait_for(lambda: not is_alive(child))
    assert (process.returncode, out, err) == (130, "", "")


def test_a_mistake_is_found_before_torch_is_imported(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'imported')!r}, 'w').close()"
    done = broken(tmp_path, trap, "grad", "x*y", "--x", "1,,2")
    assert done.returncode == 2
    assert not (tmp_path / "imported").exists()


def test_errors_come_back_as_they_were_raised() -> None:
    done = call("grad", "A@x", "--A", "1,2;3,4", "--x", "1,2,3", "--json")
    error = json.loads(done.stdout)
    assert (done.returncode, error["error"]["kind"]) == (2, "shape")
    assert error["error"]["span"] == {"line": 1, "column": 1, "end_line": 1, "end_column": 4}
    assert "1 | A@x\n  | ^^^" in done.stderr


def test_several_programs_are_asked_one_after_the_other() -> None:
    done = call("grad", "x*x", "x**3", "--x", "2", "--accumulate", "--format", "literal")
    assert (done.returncode, done.stdout, done.stderr) == (0, "4\n16\n", "")


def test_a_large_problem_does_not_wait_for_torch() -> None:
    done = call("grad", "2*dot(x,x)", "--x", "arange(300000)", "--format", "literal")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1199992,1199996\n")


@pytest.mark.parametrize("command", ["grad", "hessian", "why", "explain"])
@pytest.mark.parametrize("operator", ["+", "/", "-"])
def test_a_sum_of_many_terms_is_a_program(command: str, operator: str) -> None:
    done = call(command, operator.join(["x"] * 1500), "--x", "1")
    assert (done.returncode, done.stderr) == (0, "")


def test_several_programs_have_their_formulas() -> None:
    done = call("formula", "x*x", "x**3", "--x", "scalar", "--format", "literal")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["2*x", "3*x**2"], "")


def test_torch_is_imported_from_a_directory_that_is_there(tmp_path: Path) -> None:
    code = "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
    code += "from gradcalc import torch_process as t\n"
    code += "with t._standing():\n    print(os.getcwd())\n"
    code += "try:\n    os.getcwd()\nexcept OSError:\n    print('gone')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "/\ngone\n"


def test_the_warm_process_needs_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; sys.modules['prompt_toolkit'] = None\n"
    code += "from gradcalc.cli import warm; warm._prepare()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("device", ["meta", "hpu", "privateuseone", "nothing"])
@pytest.mark.parametrize("command", ["grad", "hessian"])
def test_a_device_without_numbers_is_refused(command: str, device: str) -> None:
    done = call(command, "x*x", "--x", "1", "--device", device)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --device ")
