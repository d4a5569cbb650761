"""The process that runs torch beside the others: its faults, and what is left when it is over."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli_process import COMMAND, DOT, call, environment, start

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="wants Linux's /proc")

SLOW = ("grad", "k = 0\nwhile k < 10**9: k = k + 1\nx*k", "--x", "1", "--max-steps", str(10**12))


def waited_for(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 30
    while not (value := found()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return value


def child_of(pid: int) -> int:
    """The one child of a process, as soon as it has one."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return int(waited_for(lambda: file.read_text().split())[0])


def has_torch(pid: int) -> bool:
    return "libtorch_cpu" in Path(f"/proc/{pid}/maps").read_text()


def is_gone(pid: int) -> bool:
    """Whether a process is over, though perhaps nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_torch_that_dies_leaves_the_gradient_unresolved(ended_by: signal.Signals) -> None:
    with start(*DOT, "--json") as process:
        child = child_of(process.pid)
        waited_for(lambda: has_torch(child))
        os.kill(child, ended_by)
        out, err = process.communicate(timeout=60)
    report = json.loads(out)
    reason = f"autograd gave no gradient: its process was ended by {ended_by.name}"
    assert report["verdict"] == {"outcome": "unresolved", "message": reason, "exit_code": 3}
    assert (process.returncode, err, report["value"]) == (3, "", 28.0)
    assert report["witnesses"] == ["symbolic", "enclosure"]
    assert report["gradients"]["x"]["autograd"] is None
    assert report["gradients"]["x"]["symbolic"] == [0.0, 4.0, 8.0, 12.0]
    assert report["gradients"]["x"]["closed_form"] == "4*x"


def test_a_signal_without_a_name_and_a_child_that_nobody_waits_for() -> None:
    for ignored in (signal.SIG_DFL, signal.SIG_IGN):
        with subprocess.Popen(
            [*COMMAND, *DOT, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(), preexec_fn=lambda how=ignored: signal.signal(signal.SIGCHLD, how),
        ) as process:  # fmt: skip
            child = child_of(process.pid)
            waited_for(lambda pid=child: has_torch(pid))
            os.kill(child, signal.SIGRTMIN + 1)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (3, "")
        assert "its process " in json.loads(out)["verdict"]["message"]


@pytest.mark.parametrize("words", [("grad",), ("why",)], ids=["grad", "why"])
@pytest.mark.parametrize("format", ["table", "json", "tsv"])
def test_every_format_says_so(words: tuple[str, ...], format: str, tmp_path: Path) -> None:
    if words == ("why",) and format == "tsv":
        return
    done = broken(tmp_path, "import os; os._exit(7)", *words, *DOT[1:], "--format", format)
    assert (done.returncode, done.stderr) == (3, "")
    assert "its process left with exit code 7" in " ".join(done.stdout.split())


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
    (folder / "torch").mkdir()
    (folder / "torch" / "__init__.py").write_text(torch)
    return call(*argv, PYTHONPATH=f"{folder}{os.pathsep}{environment()['PYTHONPATH']}")


def test_a_torch_that_cannot_be_imported_is_a_fault(tmp_path: Path) -> None:
    done = broken(tmp_path, "raise ImportError('no torch for you')", *DOT)
    assert (done.returncode, done.stdout) == (70, "")
    assert "ImportError: no torch for you" in done.stderr


def test_a_torch_that_hangs_is_given_up() -> None:
    with start(*SLOW, "--timeout", "0.5", "--json") as process:
        child = child_of(process.pid)
        waited_for(lambda: has_torch(child))
        waited_for(lambda: len(os.listdir(f"/proc/{child}/task")) > 1)
        time.sleep(0.5)
        os.kill(child, signal.SIGSTOP)
        out, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (3, "")
    assert json.loads(out)["verdict"]["message"].endswith("its process does not answer")
    assert is_gone(child)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_command(ended_by: signal.Signals) -> None:
    with start(*SLOW) as process:
        child = child_of(process.pid)
        waited_for(lambda: has_torch(child))
        process.send_signal(ended_by)
        out, err = process.communicate(timeout=20)
        waited_for(lambda: is_gone(child))
    expected = 130 if ended_by is signal.SIGINT else -ended_by
    assert (process.returncode, out, err) == (expected, "", "")


def test_ctrl_c_reaches_both_at_once() -> None:
    with subprocess.Popen(
        [*COMMAND, *SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(), start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        child = child_of(process.pid)
        waited_for(lambda: has_torch(child))
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        waited_for(lambda: is_gone(child))
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
