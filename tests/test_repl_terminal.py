"""`gradcalc repl`, and work that takes long, as a person has it: in a terminal, with keys."""

import sys
from pathlib import Path

import pytest

from gradcalc.codes import INTERRUPTED
from tests.processes import PATIENCE, Gate
from tests.terminal import terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")

WITHOUT = "sys.modules['prompt_toolkit'] = None"
PROMPTS = {"prompt_toolkit": "", "plain": WITHOUT}
"""What is run first, by the prompt that there is then."""

LOOP = ("def f(x):\r", "while x > 0:\r", "x = x + 1\r", "\r")
PLAIN_LOOP = ("def f(x):\r", "    while x > 0:\r", "        x = x + 1\r", "\r")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_session(tmp_path: Path, prompt: str) -> None:
    with terminal("repl", folder=tmp_path, before=PROMPTS[prompt]) as screen:
        shown = screen.see("\n>")
        assert ("prompt_toolkit is not installed" in shown) == (prompt == "plain")
        screen.type("x = 0,1,2,3\r", "2*dot(x,x)\r")
        shown = screen.see("verified")
        assert "∇x f = 4*x" in shown
        assert "value  28" in shown
        screen.type("expect 3*x\r")
        assert "the claim 3*x" in screen.see("fails")
        screen.type("2*dott(x,x)\r")
        assert "  |   ^^^^" in screen.see("did you mean dot?\n>")
        screen.type("\x04")
        assert screen.end() == 0


@pytest.mark.parametrize("prompt", PROMPTS)
def test_ctrl_c_cancels_one_answer(tmp_path: Path, prompt: str) -> None:
    with terminal("repl", folder=tmp_path, before=PROMPTS[prompt]) as screen:
        screen.see("\n>")
        screen.type(*(PLAIN_LOOP if prompt == "plain" else LOOP))
        screen.type("x = 1\r", "x*x --format literal\r")
        screen.see("\n2\n>")
        with Gate(tmp_path / "gate.txt") as gate:
            screen.type("f(x) --x @gate.txt --max-steps 1000000000\r")
            gate.open("1")
        screen.type("\x03")
        screen.see("cancelled")
        # a line that is taken back
        screen.see("cancelled\n>")
        screen.type("nonsense(", "\x03")
        screen.insist("x*x*x --format literal\r", "\n3\n>")
        screen.type("quit\r")
        assert screen.end() == 0


def test_tab_completes(tmp_path: Path) -> None:
    with terminal("repl", folder=tmp_path) as screen:
        screen.see("\n>")
        screen.type("velocity = 1,2\r", "sum(velocity) --format literal\r")
        screen.see("\n1,1\n>")
        screen.type("sum(vel\t")
        screen.see("sum(velocity", 2)
        screen.type("**3) --form\t")
        screen.see("**3) --format")
        screen.type(" literal\r")
        screen.see("\n3,12\n>")
        screen.type("logsumex\t")
        screen.see("logsumexp")


def test_lines_are_remembered(tmp_path: Path) -> None:
    with terminal("repl", folder=tmp_path) as screen:
        screen.see("\n>")
        screen.type("x = 5\r")
        screen.see("> x = 5\n>")
        screen.type("\x04")
        assert screen.end() == 0
    with terminal("repl", folder=tmp_path) as screen:
        screen.see("\n>")
        screen.type("\x1b[A")
        screen.see("> x = 5")
        screen.type("1\r", "inputs\r")
        screen.see("\nx = 51\n>")
        screen.type("quit\r")
        assert screen.end() == 0
    assert "x = 51" in (tmp_path / "history").read_text()


def test_what_is_pasted_is_answered_line_by_line(tmp_path: Path) -> None:
    pasted = "def f(a):\r    b = a*2\r\r    return b*b\rx = 1,2\rf(x) --format literal"
    with terminal("repl", folder=tmp_path) as screen:
        screen.see("\n>")
        screen.type(f"\x1b[200~{pasted}\x1b[201~", "\r")
        screen.see("\n8,16\n>")


def test_the_bare_command_goes_on_to_a_prompt(tmp_path: Path) -> None:
    with terminal(folder=tmp_path) as screen:
        shown = screen.see("\n>")
        assert "gradcalc takes the gradient of a function" in shown
        screen.type("x**2 --x 3 --format literal\r")
        screen.see("\n6\n>")
        screen.type("\x04")
        assert screen.end() == 0


def test_a_dumb_terminal_has_a_plain_prompt(tmp_path: Path) -> None:
    with terminal("repl", folder=tmp_path, env={"TERM": "dumb"}) as screen:
        assert "not installed" not in screen.see("\n>")
        screen.type("x**2 --x 3 --format literal\r")
        screen.see("\n6\n>")


ENDLESS = """
while x > 0:
    x = x + 1
x
"""
LONG = {
    "calculating and checking": ("grad", ENDLESS, "--x", "1", "--max-steps", "1000000000"),
    "running the program at 9,001 points": ("plot", "sin(x)", "--x", "0:1:9001"),
}


@pytest.mark.parametrize("phase", LONG)
def test_long_work_says_what_it_does_and_ctrl_c_leaves_the_cursor(
    tmp_path: Path, phase: str
) -> None:
    with terminal(*LONG[phase], folder=tmp_path, env={PATIENCE: "1"}) as screen:
        screen.see(phase)
        screen.type("\x03")
        assert screen.end() == INTERRUPTED
        assert screen.has_cursor
