# ruff: noqa: E501, SIM905
"""Texts that want to be more than text where they are printed, and what is harm there."""

import ast
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from xml.etree import ElementTree

from benchmarks.attack.fence_places import POINT, Call

TEXTS: tuple[str, ...] = (
    "</script><script>zqrun()</script>", "\"><img src=x onerror=zqrun()>", "' onload='zqrun()' x='",
    "</title></style><svg onload=zqrun()>", "<!-- zqrun", "]]><zqrun/>", "&#60;zqrun&gt;",
    "<a href=javascript:zqrun()>zq</a>", "*/ zqrun(); /*", "*\\\n/ zqrun();", "??/\nzqrun()",
    '"""\nzqrun()\n"""', '""" + zqrun() + """', "\\\"\"\"\nzqrun() #", "'''\nzqrun()\n'''", "\\",
    "\\\\", '"', "'", "\"; zqrun(); \"", "\u2028zqrun()", "\u2029zqrun()", "\x85zqrun()",
    "\rzqrun()", "\x0czqrun()", "\x0bzqrun()", "\x1czqrun()", "\nzqrun()", "$(zqrun())", "${zqrun()}",
    "`zqrun`", "$zqrun", "#{zqrun}", "%s%n zqrun", "{zqrun}", "\\(zqrun)",
    "\\input{zqrun}", "\\immediate\\write18{zqrun}", "}\\def\\x{zqrun}", "^^5cinput{zqrun}",
    "$$\\url{zqrun}$$", "\\end{document}zqrun", "% zqrun", "~#&_^zqrun",
    "\"]\n  click n0 \"javascript:zqrun()\"", "\"]; click n0 call zqrun()", "%%{init: {'zqrun': 1}}%%",
    "\";URL=\"javascript:zqrun()\";x=\"", "\"]; zqrun [label=\"", "\\\"]; zqrun", "\\N\\G\\L",
    "[zq](javascript:zqrun())", "![zq](http://zqrun)", "| zqrun |", "```\nzqrun\n```", "~~~\nzqrun",
    "=cmd|'/c zqrun'!A1", "\t=zqrun()", "\x1b[31mzq", "\x1b]0;zq\x07", "\x1b]8;;http://zq\x1b\\zq",
    "\x1b]52;c;enE=\x07", "\x1bP+q544e\x1b\\", "\x9b31mzq", "\x90zq\x9c", "\x07", "\u202ezq\u202c",
    "\u2066zq\u2069", "\u200f", "zq\b\b\bok", "zq\rok: verified", "zq\x1b[1A\x1b[2Kok", "\x7f",
    "\x0e", "\x1b[?1049h", "\ufeff", "\u200b", "\U000e0041",
)  # fmt: skip
"""What is put into strings, comments, keys, names of files, errors and ids."""

Form = Callable[[str], str | None]


def _string(text: str) -> str | None:
    quote = next((q for q in ("'''", '"""') if q not in text and not text.endswith(q[0])), None)
    if quote is None or text.endswith("\\") or "\r" in text:
        return None
    return f"x*len(r{quote}{text}{quote})"


def _comment(text: str) -> str | None:
    return None if re.search(r"[\n\r\x0c]", text) else f"x*x  # {text}"


FORMS: Mapping[str, Form] = {
    "string": _string,
    "comment": _comment,
    "escaped": lambda text: f"x*len({text!r})",
    "condition": lambda text: f"x*2 if x > 0 or {text!r} else x",
}
"""Programs with a text in them; None where it cannot be there."""


PRINTED: Mapping[str, tuple[str, ...]] = {
    "grad": ("table", "tsv", "json", "csv", "markdown", "latex", "literal"),
    "explain": ("table", "markdown", "latex", "html", "json"),
    "graph": ("tree", "svg", "html", "dot", "mermaid", "json"),
    "plot": ("csv", "svg", "html", "braille"),
    "why": ("table", "json"),
    "formula": ("table", "tsv", "json", "markdown", "latex", "numpy", "c", "julia", "python"),
    "export": ("numpy", "torch", "jax", "c", "julia", "python", "latex"),
}
"""The commands that print a program, with their formats."""


def printed() -> Iterator[tuple[str, str, Callable[[str], Call]]]:
    """Each command and format: its name, the format, and the call for a program."""
    for command, formats in PRINTED.items():
        point = {"plot": ("--x", "1:2:3"), "formula": ()}.get(command, POINT)
        for one in formats:
            option = "--to" if command == "export" else "--format"
            yield (
                f"{command} {option} {one}",
                one,
                lambda t, c=command, p=point, o=option, f=one: Call((c, t, *p, o, f)),  # type: ignore[misc]
            )
    yield (
        "grad --html",
        "html",
        lambda t: Call(("grad", t, *POINT, "--quiet", "--html", "page.html")),
    )
    yield "several as csv", "csv", lambda t: Call(("grad", t, "-x", *POINT, "--format", "csv"))
    yield (
        "several as markdown",
        "markdown",
        lambda t: Call(("grad", t, "-x", *POINT, "--format", "markdown")),
    )


def _name(text: str) -> str:
    return re.sub(r"[/\0\n]", "", text) or "zq"


TOLD: Mapping[str, Callable[[str], Call]] = {
    "--prints": lambda t: Call(("grad", f"print({t!r}) or x", *POINT, "--prints")),
    "raise": lambda t: Call(("grad", f"raise ValueError({t!r})\nx", *POINT)),
    "assert": lambda t: Call(("grad", f"assert x < 0, {t!r}\nx", *POINT)),
    "KeyError": lambda t: Call(("grad", f"x*{{1: 2}}[{t!r}]", *POINT)),
    "attribute": lambda t: Call(("grad", f"x*getattr(x, {t!r})", *POINT)),
    "in the program": lambda t: Call(("grad", f"x*{t}", *POINT)),
    "name of a value": lambda t: Call(("grad", "x*x", *POINT, f"--{t}", "1")),
    "value": lambda t: Call(("grad", "x*x", "--x", t)),
    "option": lambda t: Call(("grad", "x*x", *POINT, "--dtype", t)),
    "command": lambda t: Call((t,)),
    "several words": lambda t: Call((t, t, t)),
    "help on": lambda t: Call(("functions", t)),
    "name of a file": lambda t: Call(("grad", f"{_name(t)}.py", *POINT)),
    "name of a file that is there": lambda t: Call(
        ("grad", f"{_name(t)}.py", *POINT), files={f"{_name(t)}.py": "def f(x):\n    return y*x\n"}
    ),
    "name of a file of numbers": lambda t: Call(
        ("grad", "x*x", "--x", f"@{_name(t)}.csv"), files={f"{_name(t)}.csv": "zq\nno\n"}
    ),
    "cells": lambda t: Call(
        ("grad", "x*x", "--x", "@x.csv"), files={"x.csv": 'x\n"{}"\n'.format(t.replace('"', '""'))}
    ),
    "keys": lambda t: Call(
        ("grad", "x*x", "--x", "@x.json"), files={"x.json": json.dumps({t: 1, "a": 2})}
    ),
    "keys of parts": lambda t: Call(
        ("grad", "x['a']*2", "--inputs", "i.json"),
        files={"i.json": json.dumps({"x": {t: 1.5, "a": 2.5}})},
    ),
    "keys of --inputs": lambda t: Call(
        ("grad", "x*x", "--inputs", "i.json"), files={"i.json": json.dumps({"x": 1, t: 2})}
    ),
    "batch: id": lambda t: Call(
        ("batch", "-"), json.dumps({"id": t, "program": "x*x", "inputs": {"x": 1.5}}) + "\n"
    ),
    "batch: program": lambda t: Call(
        ("batch", "-"), json.dumps({"program": f"x*{t}", "inputs": {"x": 1.5}}) + "\n"
    ),
    "batch: key": lambda t: Call(("batch", "-"), json.dumps({t: 1}) + "\n"),
    "batch: file": lambda t: Call(("batch", f"{_name(t)}.jsonl")),
    "repl": lambda t: Call(("repl",), f"x = 1.5\nx*len({t!r})\n{t}\nx = {t}\nexpect {t}\n"),
    "report: file": lambda t: Call(("report", f"{_name(t)}.md")),
    "check: raise": lambda t: Call(
        ("check", "f.py:f", *POINT), files={"f.py": f"def f(x):\n    raise ValueError({t!r})\n"}
    ),
    "check: name": lambda t: Call(("check", f"f.py:{t}", *POINT), files={"f.py": "y = 1\n"}),
    "check: file": lambda t: Call(
        ("check", f"{_name(t)}.py:f", *POINT),
        files={f"{_name(t)}.py": "def f(x):\n    return x*x.detach()\n"},
    ),
}  # fmt: skip
"""Where a text is told of in an error or beside an answer."""

ELEMENTS = frozenset(
    """
    !doctype html head meta title style body main section footer h1 h2 p code pre div table caption
    thead tbody tr th td dl dt dd strong svg g rect text path circle line polyline polygon defs
    marker tspan ellipse desc pattern clippath use
""".split()
)


class _Page(HTMLParser):
    """What a page has beside text."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        odd = [n for n, _ in attrs if n.startswith("on") or n in ("src", "srcdoc", "action")
               or "href" in n]  # fmt: skip
        if tag not in ELEMENTS or odd:
            self.wrong.append(f"<{tag}> {odd}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"a comment: {data:.30}")


def _html(text: str) -> str | None:
    page = _Page()
    page.feed(text)
    page.close()
    return page.wrong[0] if page.wrong else None


def _svg(text: str) -> str | None:
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return f"no XML: {error}"
    return _html(text)


def _python(text: str) -> str | None:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return f"no Python: {error}"
    called = any(isinstance(n, ast.Name) and n.id.startswith("zq") for n in ast.walk(tree))
    return "it calls what was a text" if called else None


def _rest(pattern: str) -> Callable[[str], str | None]:
    """Whether a mark is outside of the comments and strings that a pattern has."""

    def check(text: str) -> str | None:
        rest = re.sub(pattern, " ", text, flags=re.DOTALL)
        return "a text stands outside of its quotes" if re.search(r"(?<!\w)zq", rest) else None

    return check


def _julia(text: str) -> str | None:
    strings = r'"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\])*"'
    if any(re.search(r"(?<!\\)(?:\\\\)*\$", s) for s in re.findall(strings, text, re.DOTALL)):
        return "a string calls something"
    return _rest(strings + r"|#[^\n]*")(text)


def _latex(text: str) -> str | None:
    steering = r"\\(input|include|write|immediate|openout|read|catcode|csname|def|let|url|href)\b"
    found = re.search(steering, text) or re.search(r"\^\^", text)
    twice = text.count("\\end{document}") > 1
    return f"a command of TeX: {found[0]}" if found else "it ends twice" if twice else None


def _dot(text: str) -> str | None:
    rest = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    odd = re.search(r"zq|URL|href|javascript", rest)
    return f"a text stands outside of its quotes: {odd[0]}" if odd else None


def _mermaid(text: str) -> str | None:
    line = re.compile(
        r'flowchart TD|  n\d+(\(\[|\[)"[^"<>]*(<br/>[^"<>]*)*"(\]\)|\])'
        r'|  n\d+ (-->|-\.->)(\|"[^"<>]*"\|)? n\d+|  (classDef|class) .*|'
    )
    odd = next((one for one in text.splitlines() if not line.fullmatch(one)), None)
    return None if odd is None else f"a line that is none: {odd:.60}"


def _markdown(text: str) -> str | None:
    plain = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text)
    odd = re.search(r"(?<!\\)(?:\\\\)*[<\[]|^(```|~~~)", plain, re.MULTILINE)
    return f"markup: {plain[odd.start() : odd.start() + 40]!r}" if odd else None


def _cells(delimiter: str) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting):
            own = row[:1] == ["# closed form"] or (row[:1] == ["x"] and delimiter == "\t")
            for cell in row:
                if cell.startswith(("=", "+", "-", "@")) and not own and not _is_number(cell):
                    return f"a cell starts a formula: {cell:.40}"
        return None

    return check


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _json(text: str) -> str | None:
    for line in text.splitlines():
        json.loads(line)
    return None


HARM: Mapping[str, Callable[[str], str | None]] = {
    "html": _html, "svg": _svg, "numpy": _python, "torch": _python, "jax": _python,
    "python": _python, "latex": _latex, "dot": _dot, "mermaid": _mermaid, "markdown": _markdown,
    "csv": _cells(","), "tsv": _cells("\t"), "json": _json, "julia": _julia,
    "c": _rest(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"'),
}  # fmt: skip
"""What is wrong with an output in a format, None where nothing is."""
