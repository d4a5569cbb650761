"""`gradcalc tour`: every lesson in a terminal, the page of it, and what else may be typed."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradcalc.cli import touring
from gradcalc.cli.touring import KEYS, Tour
from gradcalc.codes import COMMANDS, INTERRUPTED
from gradcalc.tour.lessons import FURTHER, LESSONS
from gradcalc.tour.page import page
from tests.command import Run
from tests.examples import BLOCK, TOUR, blocks, portable
from tests.terminal import terminal

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a terminal of Linux's")


class Script:
    """Lines that were typed beforehand; their end is Ctrl-D, and ^C is Ctrl-C."""

    def __init__(self, *lines: str) -> None:
        self.left = list(lines)
        self.offered: list[str] = []
        self.given: list[str] = []

    def line(self, prompt: str) -> str:
        del prompt
        if not self.left:
            raise EOFError
        text = self.left.pop(0)
        if text == "^C":
            raise KeyboardInterrupt
        return text

    def edited(self, prompt: str, text: str) -> str | None:
        self.given.append(text)
        return self.line(prompt)

    def offer(self, text: str) -> None:
        self.offered.append(text)


@pytest.fixture(name="take")
def take_fixture(capsys: pytest.CaptureFixture[str], run: Run) -> Callable[..., str]:
    """Takes the tour from a lesson on, with these lines; gives what is printed, in one line."""
    del run

    def take(first: int, *lines: str) -> str:
        Tour(Script(*lines), lambda: None).run(first)
        return " ".join("".join(capsys.readouterr()).split())

    return take


def title(number: int) -> str:
    return f"{number} of {len(LESSONS)} {LESSONS[number - 1].title}"


def flat(text: str) -> str:
    return " ".join(text.split())


STEPS = [step for lesson in LESSONS for step in lesson.steps]


def test_the_lessons_are_what_they_are_meant_to_be() -> None:
    for lesson in LESSONS:
        assert 3 <= len(lesson.text.splitlines()) <= 6
        assert lesson.steps
    words = [step.command.split() for step in STEPS]
    assert {first for first, *_ in words} == {"gradcalc"}
    assert {second for _, second, *_ in words} <= COMMANDS.keys()
    assert len({step.command for step in STEPS}) == len(STEPS)


def test_enter_leads_through_all_of_it(capsys: pytest.CaptureFixture[str], run: Run) -> None:
    del run
    script = Script(*[""] * (len(STEPS) + len(LESSONS) - 1))
    Tour(script, lambda: None).run(1)
    printed = capsys.readouterr()
    assert (script.left, printed.err) == ([], "")
    told = flat(printed.out)
    expected = [KEYS, *(lesson.text for lesson in LESSONS), *(step.seen for step in STEPS), FURTHER]
    assert [text for text in expected if flat(text) not in told] == []
    assert script.offered == [step.command for step in STEPS if "\n" not in step.command]


ONE = 'gradcalc grad "x*x" --x 3 --format literal'

TYPED: dict[str, tuple[int, list[str], list[str], list[str]]] = {
    "Ctrl-D leaves at once": (1, [], [title(1)], [title(2), FURTHER]),
    "q leaves": (3, ["q", ""], [title(3)], [STEPS[0].seen]),
    "s skips": (1, ["s", "s"], [title(2)], [STEPS[0].seen, title(3)]),
    "s at the end is the end": (len(LESSONS), ["s"] * len(LESSONS[-1].steps), [FURTHER], []),
    "b goes back to another lesson": (2, ["b"], [title(2), title(1)], [title(3)]),
    "b goes nowhere at first": (1, ["b", "b"], [title(1)], [title(2)]),
    "a number goes to a lesson": (1, ["4"], [title(4)], [title(2)]),
    "a number of none": (1, ["99", "0"], ["there is no lesson 99", "there is no lesson 0"], []),
    "keys": (1, ["?"], [KEYS], []),
    "a command of one's own": (1, [ONE], [" 6 "], [STEPS[0].seen]),
    "and without the first words": (1, ['"x*x" --x 3 --format literal'], [" 6 "], []),
    "and as it is pasted": (1, [f"$ {ONE}"], [" 6 "], []),
    "in several lines": (1, ['grad "y = x*x', 'y*y" --x 1 --format literal'], [" 4 "], []),
    "a word that is misspelt": (1, ["graf x --x 1"], ["error: there is no"], [STEPS[0].seen]),
    "a command that is misspelt": (1, ["whyy"], ["did you mean why?"], []),
    "a function that is": (1, ['grad "dott(x,x)" --x 1'], ["did you mean dot?"], []),
    "a backslash at the end": (1, ["grad x\\"], ["A backslash has nothing behind it."], []),
    "Ctrl-C takes a line back": (1, ["^C", ONE], [" 6 "], []),
    "Ctrl-C in an open quote": (1, ['grad "x', "^C", ONE], [" 6 "], ["error"]),
    "Ctrl-D in an open quote": (1, ['grad "x'], [title(1)], ["error", FURTHER]),
    "what is edited": (1, ["e", ONE], [" 6 "], [STEPS[0].seen]),
    "what is edited to nothing": (1, ["e", "", "s"], [], ["error"]),
    "what is edited but not changed": (11, ["e", LESSONS[10].steps[0].command],
                                       [LESSONS[10].steps[0].seen], []),
    "the tour in the tour": (1, ["gradcalc tour 4"], ["This is the tour"], [title(4)]),
    "a text of any kind": (1, ["☃ 'é' \x00", "- -- ---", "|", "&&"], ["error"], ["Traceback"]),
}  # fmt: skip
"""Lines that are typed from a lesson on, what is told then, and what is not."""


@pytest.mark.parametrize("name", TYPED)
def test_what_else_may_be_typed(take: Callable[..., str], name: str) -> None:
    first, lines, told, untold = TYPED[name]
    printed = take(first, *lines)
    assert [text for text in told if flat(text) not in printed] == []
    assert [text for text in untold if flat(text) in printed] == []
    # and it has gone on
    assert LESSONS[first - 1].title in printed


def test_an_answer_is_cancelled(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touring, "main", lambda argv: INTERRUPTED)
    script = Script("", "")
    Tour(script, lambda: None).run(1)
    printed = capsys.readouterr()
    assert printed.err == "cancelled\n" * 2
    assert printed.out.count(STEPS[0].command) == 3
    assert flat(STEPS[0].seen) not in flat(printed.out)


def test_several_lines_are_edited_one_by_one(run: Run) -> None:
    del run
    number, step = next(
        (k, lesson.steps[0])
        for k, lesson in enumerate(LESSONS, 1)
        if "\n" in lesson.steps[0].command
    )
    script = Script("e", *step.command.split("\n"))
    Tour(script, lambda: None).run(number)
    assert script.given == step.command.split("\n")


# -- without a terminal ------------------------------------------------------------------------


def without_output(text: str) -> str:
    """A page without what its commands print."""

    def bare(block: re.Match[str]) -> str:
        lines = block[1].splitlines(keepends=True)
        return f"```console\n{''.join(ln for ln in lines if ln.startswith(('$ ', '> ')))}```"

    return BLOCK.sub(bare, text)


def test_the_page_is_that_of_the_lessons() -> None:
    assert without_output(TOUR.read_text(encoding="utf-8")) == "".join(page(lambda command: ""))


def test_in_a_pipe_it_is_the_page(run: Run) -> None:
    answer = run("tour", "4")
    shown = TOUR.read_text(encoding="utf-8")
    assert (answer.code, answer.err) == (0, "")
    assert portable(answer.out) == portable(shown[shown.index("## 4.") :])
    assert [len(block) for block in blocks(answer.out)] == [1] * len(blocks(answer.out))


def test_the_lessons_are_listed(run: Run) -> None:
    answer = run("tour", "--list")
    assert (answer.code, answer.err) == (0, "")
    listed = [line.split(maxsplit=1) for line in answer.out.splitlines()]
    assert listed == [[str(k), lesson.title] for k, lesson in enumerate(LESSONS, 1)]
    assert run("tour", "3", "--list").out.splitlines() == answer.out.splitlines()[2:]


@pytest.mark.parametrize("typed", ["0", "99", "-1", "x", "", "1.5", "²", "9" * 5000])
def test_a_lesson_that_is_not_there_is_a_sentence(run: Run, typed: str) -> None:
    answer = run("tour", "--", typed)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: there is no lesson")
    assert f"1 to {len(LESSONS)}" in answer.err


# -- in a terminal -------------------------------------------------------------------------------


@LINUX
def test_a_person_takes_the_tour(tmp_path: Path) -> None:
    with terminal("tour", "5", folder=tmp_path) as screen:
        screen.see(LESSONS[4].title)
        screen.prompt()
        screen.type("\r")
        screen.see("together they are 15")
        screen.prompt()
        screen.type("e\r")
        # the command stands there to be edited: its end goes, and another one comes
        screen.see("\n> gradcalc")
        screen.type("\x17\x17--format literal\r")
        screen.see("\n27\n")
        screen.prompt()
        screen.type("b\r", "abc", "\x03")
        screen.insist("x*x --x 4 --format literal\r", "\n8\n")
        screen.type("9\r")
        screen.see(LESSONS[8].title)
        screen.prompt()
        screen.type("\x04")
        assert screen.end() == 0
        assert "Traceback" not in screen.text


@LINUX
def test_the_arrow_up_brings_the_command(tmp_path: Path) -> None:
    with terminal("tour", str(len(LESSONS)), folder=tmp_path) as screen:
        screen.prompt()
        screen.type("\x1b[A --format literal\r")
        screen.see("6,0;0,12")
        screen.type("q\r")
        assert screen.end() == 0
