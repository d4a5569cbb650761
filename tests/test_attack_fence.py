"""A small part of the attack on the fence, which finds nothing, and that it would find harm."""

import pytest

from benchmarks.attack import fence, fence_outputs
from benchmarks.attack.data import Size
from benchmarks.attack.fence_places import Call
from benchmarks.attack.fence_run import Answer, Inside, harm


def test_nothing_breaks() -> None:
    rows = list(fence.attack(Size(0.002, 7)))
    assert [row.broken for row in rows] == [()] * 4
    assert all(row.tried for row in rows)


def test_what_foreign_code_does_is_heard() -> None:
    # only `check` runs code, so it can show what the ear hears
    with Inside() as inside:
        body = f"import zqmark\ndef f(x):\n    open({inside.canary!r}, 'w')\n    return x*x\n"
        call = Call(("check", "f.py:f", "--x", "1.5"), files={"f.py": body})
        found = harm(inside.answer(call), call)
    assert found is not None


HARMFUL = {
    "exit code": (Answer(70, "", "", (), 0, 0.0), "exit code 70"),
    "raised": (Answer(None, "", "", (), 0, 0.0), "exit code None"),
    "traceback": (Answer(1, "", "Traceback (most recent call last)", (), 0, 0.0), "traceback"),
    "object": (Answer(0, "<module 'os'>", "", (), 0, 0.0), "object of Python"),
    "terminal": (Answer(0, "\x1b[31m", "", (), 0, 0.0), "steers"),
    "two errors": (Answer(2, "", "error: a\nerror: b\n", (), 0, 0.0), "more than one"),
}


@pytest.mark.parametrize(("answer", "words"), HARMFUL.values(), ids=HARMFUL)
def test_harm_is_told(answer: Answer, words: str) -> None:
    assert words in (harm(answer, Call(("grad", "x"))) or "")


OUTPUTS = {
    "html": ("<p onclick=zq()>a</p>", "<p>&lt;script&gt;</p>"),
    "svg": ("<svg><script>a</script></svg>", "<svg><text>&lt;a&gt;</text></svg>"),
    "python": ('"""a""" + zqrun()', '"""zqrun()"""'),
    "c": ("/* a */ zqrun();", "/* zqrun() */ int x;"),
    "julia": ('"$(zqrun())"', '"\\$(zqrun())"'),
    "latex": ("\\input{zqrun}", "\\textbackslash{}input"),
    "dot": ('a [label="x", URL="y"];', 'a [label="URL"];'),
    "mermaid": ('click n0 "a"', 'flowchart TD\n  n0["click"]'),
    "markdown": ("<a href=b>", "`<a>` and \\<b"),
    "csv": ("a,=b\n", "a,'=b,-1.5\n"),
    "tsv": ("a\t@b\n", "a\t'@b\t-1.5\n"),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_harm_in_an_output_is_told(kind: str) -> None:
    wrong, right = OUTPUTS[kind]
    assert fence_outputs.HARM[kind](wrong) is not None
    assert fence_outputs.HARM[kind](right) is None
