"""Code of others: what it does costs its own answer only, and the attack sees where it does not."""

import json
import signal
from pathlib import Path

import pytest

from benchmarks.attack import foreign, foreign_tests
from benchmarks.attack.cold_processes import Done
from benchmarks.attack.data import Row
from benchmarks.attack.foreign_code import (
    ENDS,
    FORKS,
    KINDS,
    PATCHES,
    RAISES,
    STATES,
    SUM,
    Code,
    body,
)
from gradcalc.checking.loading import as_errors
from gradcalc.errors import InvalidValueError
from tests.processes import PATIENCE, PATIENT
from tests.test_cli_process import call

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="wants Linux's /proc")

# one of each kind that once broke
TRIED = {
    "forks": FORKS["forks"],
    "raises BaseException": RAISES["BaseException"],
    "segfault": ENDS["segfault"],
    "sleeps": ENDS["sleeps"],
    "sys.path": STATES["sys.path"],
    "a limit on files": STATES["a limit on files"],
    "lies": PATCHES["torch.autograd.grad that lies"],
}


@pytest.mark.parametrize("name", TRIED)
def test_it_costs_its_own_answer(name: str, tmp_path: Path) -> None:
    assert foreign.fault(TRIED[name], tmp_path) is None


@pytest.mark.parametrize("name", ["raises BaseException", "closed stream"])
def test_a_suite_goes_on_without_xdist(name: str, tmp_path: Path) -> None:
    assert foreign_tests.fault(foreign_tests.BAD[name], tmp_path) is None


@pytest.mark.parametrize("kind", KINDS)
def test_all_code_can_be_read_and_is_listed_once(kind: str) -> None:
    texts = [(code.text, code.options) for code in KINDS[kind].values()]
    assert len(set(texts)) == len(texts)


def done(code: int | None = 0, message: str = "verified", left: int = 0, err: bytes = b"") -> Done:
    found = {"verdict": {"message": message}}
    return Done(code, json.dumps(found).encode(), err, left)


FAULTS = {
    "hangs": (body(""), done(None)),
    "another exit code": (body(""), done(70)),
    "another sentence": (body("", said="SIGSEGV"), done(0)),
    "no answer": (body(""), Done(0, b"", b"", 0)),
    "left something": (body(""), done(left=1)),
    "a traceback of gradcalc's": (body(""), done(err=b"Traceback\n  gradcalc/checking/files.py")),
}


@pytest.mark.parametrize("what", FAULTS)
def test_the_attack_sees(what: str) -> None:
    code, ended = FAULTS[what]
    found = foreign._fault(code, ended)
    assert found is not None
    assert found.startswith(what)
    assert foreign._fault(Code(SUM), done()) is None


def test_a_row_counts_what_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "fault", lambda code, folder: code.said or None)
    codes = {"good": Code(SUM), "bad": Code(SUM, said="it broke")}
    assert foreign.row("what", codes) == Row("what", 2, ("bad: it broke",))


# -- what it found -----------------------------------------------------------------------------


class Mine(BaseException):
    def __str__(self) -> str:
        raise KeyError("no text")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Mine(), "f raises Mine"),
        (BaseException("text"), "f raises BaseException: text"),
        (MemoryError(), "f raises MemoryError"),
        (GeneratorExit(), "f raises GeneratorExit"),
        (SystemExit(3), "f raises SystemExit: 3"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_raised_is_told(error: BaseException, said: str) -> None:
    with pytest.raises(InvalidValueError) as found, as_errors("f"):
        raise error
    assert found.value.message == said


def test_ctrl_c_is_told_where_it_ends_the_process_otherwise() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(KeyboardInterrupt), as_errors("f"):
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with pytest.raises(InvalidValueError, match="raises KeyboardInterrupt"), as_errors("f"):
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


COPIES = """
import os, torch

def f(x):
    os.fork()
    open("calls", "a").write("x")
    return (x * x).sum()

def loss(w):
    os.fork()
    open("calls", "a").write("x")
    return (w * w).sum()

def dloss(w):
    return 2 * w
"""


@pytest.mark.parametrize("what", [("f", "--x"), ("loss", "--grad", "dloss", "--w")])
def test_copies_end_with_the_call_that_made_them(what: tuple[str, ...], tmp_path: Path) -> None:
    # each call leaves two marks, its own and its copy's, however many calls came before
    marks = {}
    for text in (COPIES, COPIES.replace("os.fork()", "pass")):
        (tmp_path / "copies.py").write_text(text)
        (tmp_path / "calls").write_text("")
        name, *options = what
        done = call("check", f"{tmp_path / 'copies.py'}:{name}", *options, "1,2", cwd=tmp_path)
        assert done.returncode == 0, done
        marks["os.fork()" in text] = len((tmp_path / "calls").read_text())
    assert marks[True] == 2 * marks[False]


CONNECTION = {
    "closed": (
        "import gc, os\n\ndef f(x):\n    for n in range(3, 40):\n        try: link ="
        " os.readlink(f'/proc/self/fd/{n}')\n        except OSError: continue\n"
        "        if 'pipe' in link and os.stat(n).st_mode and not reads(n): os.close(n)\n"
        "    while True: pass\n\ndef reads(n):\n    import fcntl\n"
        "    return fcntl.fcntl(n, fcntl.F_GETFL) & 3 == 0\n",
        "has closed what it answers through",
    ),
    "spoilt": (
        "import builtins\n\ndef f(x):\n    builtins.len = lambda o: 0\n    return (x * x).sum()\n",
        "was not run to its end",
    ),
}


@pytest.mark.parametrize("how", CONNECTION)
def test_a_connection_that_is_spoilt(how: str, tmp_path: Path) -> None:
    text, said = CONNECTION[how]
    (tmp_path / "code.py").write_text(text)
    patience = "0.05" if how == "closed" else PATIENT[PATIENCE]
    done = call("check", f"{tmp_path / 'code.py'}:f", "--x", "1,2", **{PATIENCE: patience})
    assert (done.returncode, done.stdout) == (4, ""), done
    assert said in done.stderr


def test_builtins_that_are_gone_give_no_traceback(tmp_path: Path) -> None:
    text = "import builtins\n\ndef f(x):\n    builtins.isinstance = None\n    return x.sum()\n"
    (tmp_path / "code.py").write_text(text)
    done = call("check", f"{tmp_path / 'code.py'}:f", "--x", "1,2")
    assert "Traceback" not in done.stderr
    assert done.returncode in (2, 3, 4)
