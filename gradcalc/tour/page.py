"""The tour as Markdown."""

from collections.abc import Callable, Iterator

from gradcalc.tour.lessons import FURTHER, LESSONS, Lesson

ABOUT = """\
# A tour

Some fifteen minutes with what autograd does, and with what it does not. `gradcalc tour` walks
through these lessons in the terminal: Enter runs the command that is shown, `e` lets you edit it
first, `b` goes back, `s` skips, `q` leaves. `gradcalc tour 4` begins with the fourth, and
`gradcalc tour --list` lists them.
"""


def page(output: Callable[[str], str], first: int = 1) -> Iterator[str]:
    """The page in parts, from a lesson on; `output` gives what a command prints."""
    if first == 1:
        yield ABOUT
    for number, lesson in enumerate(LESSONS[first - 1 :], first):
        yield from _lesson(number, lesson, output, apart=number > first or first == 1)
    yield f"\n## Further\n\n{FURTHER}\n"


def _lesson(
    number: int, lesson: Lesson, output: Callable[[str], str], *, apart: bool
) -> Iterator[str]:
    blank = "\n" if apart else ""
    yield f"{blank}## {number}. {lesson.title}\n\n{lesson.text}\n"
    for step in lesson.steps:
        typed = step.command.replace("\n", "\n> ")
        yield f"\n```console\n$ {typed}\n{output(step.command)}```\n\n{step.seen}\n"
