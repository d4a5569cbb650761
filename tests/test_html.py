"""Pages for a browser: well-formed, closed, harmless, with everything that the table says."""

import html.parser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcalc.render.html import page, text
from tests.command import Run

VOID = {"meta", "br", "hr", "link"}


class Reader(html.parser.HTMLParser):
    """The tags of a page, each closed where it was opened, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(source: str) -> Reader:
    reader = Reader()
    reader.feed(source)
    reader.close()
    assert reader.open == []
    assert not {"script", "iframe", "object", "img", "link", "a", "form"} & {*reader.tags}
    names = {name for name, _ in reader.attributes}
    assert not {name for name in names if name.startswith("on")} | (
        names & {"src", "href", "style"}
    )
    return reader


PAGES = {
    "a report": ("grad x**2 --x 3 --html p.html", ["2*x", "verified", "gradient by x"]),
    "a wrong one": ("grad sqrt(x**2) --x 0 --html p.html", ["wrong", "kink"]),
    "several": ("grad x**2 x**3 --x 3 --html p.html", ["2*x", "3*x**2"]),
    "at length": ("why x**2 --x 3 --html p.html", ["witnesses", "192 bits"]),
    "steps": (
        "explain x*exp(x) --x 1,2 --html p.html",
        ["product rule", "added up", "t1 = exp(x)"],
    ),
    "check": ("check ops.py:f --x 1,2 --html p.html", ["2*x", "verified"]),
    "markup": ("grad where(x<3,x,2*x)*y --x 1 --y 2 --html p.html", ["where(x<3,x,2*x)*y"]),
    "quiet": ("grad x**2 --x 3 --html p.html --quiet", ["2*x"]),
    "matrices": ("grad sum((X@w)**2) --X 1,2;3,4 --w 1,-1 --html p.html", ["0,0", "X.T@X@w"]),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, run: Run) -> None:
    command, said = PAGES[name]
    Path("ops.py").write_text("def f(x):\n    return (x * x).sum()\n")
    answer = run(*command.split())
    assert answer.code in (0, 1), answer
    assert bool(answer.out) is ("--quiet" not in command)
    reader = read(Path("p.html").read_text(encoding="utf-8"))
    shown = " ".join(reader.texts)
    assert [word for word in said if word not in shown] == []
    assert "lang" in dict(reader.attributes)
    assert reader.tags.count("caption") == reader.tags.count("table")


def test_steps_on_standard_output(run: Run) -> None:
    answer = run("explain", "x**2", "--x", "3", "--format", "html")
    assert "power rule" in " ".join(read(answer.out).texts)


@pytest.mark.parametrize("command", ["grad", "why", "explain"])
def test_a_page_is_a_file(run: Run, command: str) -> None:
    answer = run(command, "x**2", "--x", "3", "--html", "-")
    assert (answer.code, answer.out) == (2, "")
    assert "--html -: a page is written to a file" in answer.err
    assert not Path("-").exists()


def test_a_page_that_cannot_be_written(run: Run) -> None:
    answer = run("grad", "x**2", "--x", "3", "--html", "nowhere/p.html")
    assert (answer.code, "cannot be written" in answer.err) == (2, True)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_text(typed: str) -> None:
    reader = read(page([(typed, [f"<p>{text(typed)}</p>"])]))
    assert {*reader.tags} == {*read(page([("x", ["<p>x</p>"])])).tags}
