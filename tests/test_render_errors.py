"""Errors drawn for a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradcalc.errors import GradcalcError, ProgramSyntaxError, Span
from gradcalc.render import Style
from gradcalc.render.canvas import render_error

PLAIN = Style(width=60, color=False)


def draw(source, span, style=PLAIN, hint=None):
    error = ProgramSyntaxError("it is wrong", span=Span(*span), source=source, hint=hint)
    return render_error(error, style)


@pytest.mark.parametrize(
    ("source", "span", "drawing"),
    [
        ("2*dt(x)", (1, 3, 1, 5), ["1 | 2*dt(x)", "  |   ^^"]),
        ("a\nb + c\nd", (2, 5, 2, 6), ["2 | b + c", "  |     ^"]),
        ("a\r\nb + c\rd", (3, 1, 3, 2), ["3 | d", "  | ^"]),
        ("x[0] + [bold]y", (1, 1, 1, 5), ["1 | x[0] + [bold]y", "  | ^^^^"]),
        ("漢字 + e\u0301 + y", (1, 11, 1, 12), ["1 | 漢字 + e\u0301 + y", "  |            ^"]),
        ("漢字 + y", (1, 1, 1, 3), ["1 | 漢字 + y", "  | ^^^^"]),
        ("\tx + y", (1, 6, 1, 7), ["1 |     x + y", "  |         ^"]),
        ("\x1b[1mx", (1, 5, 1, 6), [r"1 | \x1b[1mx", "  |        ^"]),
        ("a\u202e\xa0b", (1, 3, 1, 4), [r"1 | a\u202e\xa0b", "  |        ^^^^"]),
        ("dot(x,\n    y)", (1, 1, 2, 7), ["1 | dot(x,", "  | ^^^^^^"]),
        ("dot(x,  \n    y)", (1, 5, 2, 7), ["1 | dot(x,", "  |     ^^"]),
        ("sin(x", (1, 6, 1, 6), ["1 | sin(x", "  |      ^"]),
        ("sin(x", (1, 60, 1, 99), ["1 | sin(x", "  |      ^"]),
        ("", (1, 1, 1, 1), ["1 |", "  | ^"]),
        ("x", (7, 1, 7, 2), []),
        ("a\n" * 99 + "bc", (100, 2, 100, 3), ["100 | bc", "    |  ^"]),
    ],
)
def test_the_caret_is_under_the_span(source, span, drawing):
    assert draw(source, span).splitlines() == ["error: it is wrong", *drawing]


@pytest.mark.parametrize(
    ("span", "source_line", "caret_line"),
    [
        ((1, 3, 1, 5), "1 | aabbaa" + "a" * 28 + "…", "  |   ^^"),
        ((1, 3, 1, 300), "1 | …bb" + "a" * 32 + "…", "  |  " + "^" * 34),
        ((1, 402, 1, 403), "1 | …" + "a" * 34, "  | " + " " * 34 + "^"),
    ],
)
def test_a_long_line_is_cropped_around_the_span(span, source_line, caret_line):
    source = "aabb" + "a" * 398
    lines = draw(source, span, Style(40, color=False)).splitlines()
    assert lines[2] == caret_line
    assert lines[1] == source_line


def test_the_whole_error():
    text = draw("2*dt(x)", (1, 3, 1, 5), hint="did you mean [dot]?")
    assert text == "error: it is wrong\n1 | 2*dt(x)\n  |   ^^\ntip: did you mean [dot]?\n"
    assert (
        render_error(GradcalcError("no [b]place[/b]\x1b"), PLAIN) == "error: no [b]place[/b]\\x1b\n"
    )


def test_colors_come_from_the_style():
    assert draw("x", (1, 1, 1, 2), Style(60, color=True)).startswith("\x1b[1;31merror: \x1b[0m")


def test_a_long_sentence_is_not_wrapped():
    assert render_error(GradcalcError("word " * 50), PLAIN).count("\n") == 1


characters = st.characters(exclude_categories=())


@given(
    source=st.text(characters, max_size=200),
    line=st.integers(0, 4),
    column=st.integers(0, 220),
    length=st.integers(-3, 80),
    lines=st.integers(0, 1),
    unicode=st.booleans(),
)
def test_any_text_is_drawn_within_the_width(source, line, column, length, lines, unicode):
    style = Style(40, color=False, unicode=unicode)
    text = draw(source, (line, column, line + lines, column + length), style)
    text.encode()
    assert unicode or text.isascii()
    drawn = text.splitlines()
    assert drawn[0] == "error: it is wrong"
    assert len(drawn) in (1, 3)
    assert all(cell_len(shown) <= 40 for shown in drawn)
    assert all(shown.isprintable() for shown in drawn)
    assert len(drawn) == 1 or "^" in drawn[2]


def test_a_very_long_line_is_quick():
    assert "^" in draw("a" * 5_000_000, (1, 2_500_000, 1, 2_600_000))
