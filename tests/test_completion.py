"""Shell completion: commands, options and the names of the program, as bash, zsh and fish ask."""

import os
import pty
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from gradcalc.cli.help import in_short
from gradcalc.cli.options import rows
from gradcalc.cli.pages import page
from gradcalc.codes import COMMANDS
from tests.command import Run
from tests.processes import PATIENT
from tests.test_start import HEAVY
from tests.test_start import run as in_python
from tests.warm import ROOT

Bash = Callable[..., list[str]]

FILE = "import os\n\ndef soft(x, k=3):\n    y = x*k\n    return y\n\ndef sums(a): return soft(a)\n"


@pytest.fixture(name="bash")
def bash_fixture(run: Run, monkeypatch: pytest.MonkeyPatch) -> Bash:
    """What bash is offered for the last of the words, which are as it splits them."""
    monkeypatch.setenv("COLUMNS", "80")
    Path("two.py").write_text(FILE)
    Path("x.npy").touch()

    def offered(*words: str) -> list[str]:
        monkeypatch.setenv("_GRADCALC_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(("gradcalc", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        answer = run()
        assert (answer.code, answer.err) == (0, "")
        return answer.out.split()

    return offered


GRAD = {option.name for option in page("grad").options}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], {*COMMANDS, "help", "--version", "--help", "--install-completion",
                "--show-completion"}),
        (["g"], {"grad", "graph"}),
        (["--v"], {"--version"}),
        (["help", "bat"], {"batch", "batch_norm"}),
        (["help", "softm"], {"softmax", "softmin"}),
        (["help", "daemon", "st"], {"start", "stop", "status"}),
        (["daemon", "sta"], {"start", "status"}),
        (["daemon", "start", "-"], {"--help"}),
        (["tour", "--"], {"--list", "--help"}),
        (["functions", "softm"], {"softmax", "softmin"}),
        (["functions", "-"], {"--help"}),
        (["grad", '"2*dot(x,w)"', "--"], GRAD | {"--x", "--w"}),
        (['"2*dot(x,w)"', "--"], GRAD | {"--x", "--w"}),
        (['"2 x w"', "--x", "1", "--w"], {"--w", "--wrt"}),
        (["x", "--x"], {"--x"}),
        (["grad", '"2*dot(x,w)"', ""], {"--x", "--w"}),
        (["grad", '"2*dot(x,w)"', "--x", "1", ""], {"--w"}),
        (["grad", '"2*dot(x,w)"', "x", "=", "1", ""], {"--w"}),
        (["grad", '"2*dot(x,w)"', "--x", "1", "--w", "2", ""], set()),
        (["grad", "--json", '"x*a"', "--al", ], {"--all"}),
        (["grad", '"x"', "--json", "--js"], set()),
        (["grad", '"x"', "--wrt", "x", "--wr"], {"--wrt"}),
        (["grad", '"x*w"', "--wrt", ""], {"x", "w"}),
        (["grad", '"x*w"', "--wrt", "x,"], {"x,w"}),
        (["grad", '"x*w"', "--wrt", "="], {"x", "w"}),
        (["grad", '"x*w"', "--wrt", "=", "w"], {"w"}),
        (["grad", '"x*w"', "--wrt", "=", "w,"], {"w,x"}),
        (["grad", "--wrt", ""], set()),
        (["grad", '"u = x*x; v = 2*u; v*w"', "--detach", ""], {"u", "v", "x", "w"}),
        (["grad", '"u = x*x; v = 2*u; v*w"', "--of", ""], {"u", "v"}),
        (["grad", '"for i in range(2): y = x*i\ny"', "--of", ""], {"i", "y"}),
        (["grad", '"u*x"', "--let", '"u=x*x"', "--of", ""], {"u"}),
        (["grad", '"u*x"', "--let", '"u=x*z"', "--wrt", ""], {"x", "z"}),
        (["grad", "two.py", ":"], {"soft", "sums"}),
        (["grad", "two.py", ":", "su"], {"sums"}),
        (["two.py", ":", "so"], {"soft"}),
        (["grad", "two.py", ":", "soft", "--"], GRAD | {"--x", "--k"}),
        (["grad", "two.py", ":", "soft", "--of", ""], {"y"}),
        (["grad", "two.py", ":", "sums", "--a"], {"--a", "--at", "--all", "--accumulate"}),
        (["grad", '"x"', "--x", "@"], {"@two.py", "@x.npy", "@f.py"}),
        (["grad", '"x"', "--x", "@", "x"], {"@x.npy"}),
        (["grad", '"x"', "--x", "=@", "x"], {"@x.npy"}),
        (["grad", '"x"', "--x", ""], set()),
        (["grad", '"x"', "--format", "l"], {"latex", "literal"}),
        (["grad", '"x"', "--format", "=", "l"], {"latex", "literal"}),
        (["grad", '"x"', "--", "-"], set()),
        (["batch", "--csv", "points.csv", '"x*y"', "--wrt", ""], {"x", "y"}),
        (["batch", "--wor"], {"--workers"}),
        (["grad", '"x*("', "--wrt", ""], set()),
        (["grad", '"x*("', "--wr"], {"--wrt"}),
        (["grad", '"import os; os.x"', "--of", ""], set()),
        (["grad", '"', "--of", ""], set()),
        (["grad", "none.py", "--wrt", ""], set()),
        (["grad", "none.py", ":"], set()),
        (["grad", "-", "--wrt", ""], set()),
        (["grad", '"x"', "--x", "@none/", "x"], set()),
        (["grad", "--no-such", '"x"', "--wrt", ""], set()),
    ],
)  # fmt: skip
def test_bash_is_offered(bash: Bash, words: Sequence[str], offered: set[str]) -> None:
    found = bash(*words)
    assert set(found) == offered
    assert len(found) == len(offered)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gradcalc grad 'x*w' --wrt ", ["w", "x"]),
        ("gradcalc grad 'x*w' --wrt=", ["--wrt=w", "--wrt=x"]),
        ("gradcalc grad 'x*w' --wrt=x,", ["--wrt=x,w"]),
        ("gradcalc grad two.py:so", ["two.py:soft"]),
        ("gradcalc grad 'x' --x @x", ["@x.npy"]),
        ("gradcalc grad 'x' --x=@x", ["--x=@x.npy"]),
        ("gradcalc 'alpha*beta' --al", ["--all", "--alpha"]),
        ("gradcalc grad 'x*(' --wrt ", []),
    ],
)
def test_zsh_and_fish_are_offered(
    run: Run, bash: Bash, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    del bash
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_GRADCALC_COMPLETE", "complete_fish")
    lines = run().out.splitlines()
    assert sorted(line.partition("\t")[0] for line in lines if line) == offered
    monkeypatch.setenv("_GRADCALC_COMPLETE", "complete_zsh")
    out = run().out
    assert all(f'"{value}"' in out for value in (v.replace(":", r"\\:") for v in offered))
    assert offered or out == "_files\n"


def test_options_come_with_what_they_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "gradcalc batch --")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_GRADCALC_COMPLETE", "complete_fish")
    out = run().out
    for row, _ in rows("batch").values():
        assert f"{row.flag}\t{in_short(row.help)}\n" in out
    assert len(out.splitlines()) == len(page("batch").options)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import os, sys\n"
        "from gradcalc.cli.app import main\n"
        "os.environ['_GRADCALC_COMPLETE'] = 'complete_bash'\n"
        "for words in ('grad \"u=2x^2+w; u\" --', 'grad \"u=x*x;u\" --of ', 'functions so'):\n"
        "    os.environ['COMP_WORDS'] = f'gradcalc {words}'\n"
        "    os.environ['COMP_CWORD'] = str(len(words.split(' ')))\n"
        "    main([])\n"
        f"print('heavy:', *[n for n in {(*HEAVY, 'flint', 'scipy', 'rich')} if n in sys.modules])\n"
    )
    assert in_python(code) == "heavy:"


@pytest.fixture(name="terminal")
def terminal_fixture(tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """A bash of its own, with nothing but what gradcalc installs: types, and waits for a text."""
    shell = shutil.which("bash")
    if shell is None or sys.platform != "linux":
        pytest.skip("there is no bash")
    command = tmp_path / "bin" / "gradcalc"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradcalc "$@"\n')
    command.chmod(0o755)
    (tmp_path / "two.py").write_text(FILE)
    environment = {
        **os.environ, **PATIENT, "HOME": str(tmp_path), "PS1": "ready> ", "TERM": "dumb",
        "PATH": f"{command.parent}:{os.environ['PATH']}", "INPUTRC": "/dev/null",
        "PYTHONPATH": ROOT,
    }  # fmt: skip
    child, screen = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execve(shell, [shell, "--noprofile", "-i"], environment)

    def typed(keys: str, wanted: str) -> str:
        os.write(screen, keys.encode())
        seen = ""
        while wanted not in seen:
            seen += os.read(screen, 4096).decode()
        return seen

    yield typed
    with suppress(OSError):
        os.write(screen, b"\x15exit\n")
    os.close(screen)
    os.waitpid(child, 0)


def test_a_real_bash_completes(terminal: Callable[[str, str], str]) -> None:
    terminal("gradcalc --install-completion\n", "Completion will take effect")
    terminal("exec bash --noprofile -i\n", "exec bash")
    # \x15 empties the line
    terminal('gradcalc "2*dot(width,x)" --wi\t', "--width ")
    terminal("\x15gradcalc grad two.py:so\t", "two.py:soft ")
    terminal("\x15gradcalc grad 'long = x*x; 2*long' --of=l\t", "--of=long ")
