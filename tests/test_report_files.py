"""`gradcalc report`: blocks of Markdown run and filled in, the same a second time."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcalc.cli.options import rows
from gradcalc.cli.report.blocks import BEGIN, END, blocks
from gradcalc.cli.report.run import filled
from gradcalc.codes import COMMANDS
from gradcalc.errors import FileError
from tests.command import Run
from tests.examples import ROOT

SIX = f"""```gradcalc
grad "x**2" --x 3 --format literal
```

{BEGIN}
```text
6
```
{END}
"""


def block(*lines: str) -> str:
    return "\n".join(["```gradcalc", *lines, "```", ""])


PAGES = {
    # the text, and what stands in its results
    "with both words": (block('gradcalc grad "x**2" --x 3 --format literal'), "6"),
    "with neither": (block('"x**2" --x 3 --format literal'), "6"),
    "as a shell shows it": (block('$ gradcalc "x**2" --x 3 --format literal'), "6"),
    "over lines": (block('grad "x**2" \\', "  --x 3 --format literal"), "6"),
    "a program of lines": (block('grad "def f(x):', '  return x**2" --x 3 --format literal'), "6"),
    "several": (block("# both", 'grad "x**2" --x 3 --quiet', "", 'grad "y" --y 3'), '$ grad "y"'),
    "a table": (block('grad "x**2" --x 3'), "∇x f = 2*x"),
    "Markdown": (block('grad "x@x" --x 3,4 --format markdown'), "| 0 | 3 | 6 | 6 | ✓ |"),
    "JSON": (block('grad "x**2" --x 3 --json'), '```json\n{\n  "schema"'),
    "LaTeX": (block('grad "x**2" --x 3 --format latex'), "```latex\n"),
    "code": (block('export "x**2" --x 3 --to c'), "```c\n/*"),
    "an error": (block('grad "2*dott(x)" --x 3'), "tip: did you mean dot?"),
    "a quotation mark": (block('grad "x**2 --x 3'), "error: a quotation mark is not closed"),
    "a file beside": (block("grad f.py --a 0.3 --format literal"), "4096"),
    "random numbers": (block('grad "x" --x "randn(2)" --format literal'), "1,1"),
    "functions": (block("functions softplus"), "torch.nn.functional.softplus"),
    "tildes": ("~~~~gradcalc\nx --x 3 --format literal\n~~~~\n", "1"),
    "in an item": ("- a\n\n  ```gradcalc\n  x --x 3 --format literal\n  ```\n- b\n", "  1\n"),
    "in a quotation": ("> ```gradcalc\n> x --x 3 --format literal\n> ```\nmore\n", "\n> 1\n"),
    "in one of another": (">> ```gradcalc\n>> x --x 3 --format literal\n>> ```\n> a\n", ">> 1\n"),
    "in an item of one": ("> - a\n>   ```gradcalc\n>   x --x 3 --format literal\n>   ```\n",
                          ">   1\n"),
    "no end of a line": (block("x --x 3 --format literal").rstrip("\n"), "\n1\n"),
    "own code": (block("check f.py:f --a 1"), "which a report does only if it is told to"),
    "another report": (block("report n.md"), "a report runs no report"),
    "a daemon": (block("daemon start"), "a report runs no daemon"),
    "a stream": (block("batch x.jsonl"), "a report runs no batch"),
    "options of its own": (block("--install-completion"), "a report runs no --install-completion"),
    "standard input": (block("grad - --x 1"), "reads nothing from standard input"),
    "a value from there": (block("grad x --x @-"), "reads nothing from standard input"),
    "a file elsewhere": (block("grad x --x @/etc/hosts.txt"), "not in the folder of the report"),
    "a program elsewhere": (block("grad ../f.py --x 1"), "not in the folder of the report"),
    "values elsewhere": (block("grad x --inputs /etc/x.json"), "not in the folder of the report"),
    "claims elsewhere": (block("grad x --x 1 --expect ../f.py:g"), "not in the folder of the"),
    "a file that is written": (block("grad x --x 1 --html f.html"), "writes no other file"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_blocks_are_filled_in_once(run: Run, name: str) -> None:
    text, printed = PAGES[name]
    page = Path("page.md")
    page.write_text(text)
    first = run("report", "page.md")
    found = page.read_text()
    assert first.err == ""
    assert printed in found
    assert set(text.split("\n")) <= set(found.split("\n"))
    assert found.count(BEGIN) == found.count(END) == 1
    again = run("report", "page.md")
    assert (page.read_text(), again.code) == (found, first.code)
    assert "nothing new" in again.out
    assert run("report", "page.md", "--check").code == 0
    assert sorted(p.name for p in Path().iterdir()) == ["f.py", "page.md"]


KEPT = {
    "no blocks": "# Title\n\n```python\nx = 1\n```\n",
    "shown, not meant": f"````markdown\n{block('x --x 1')}````\n",
    "in a comment": f"<!--\n{block('x --x 1')}-->\n",
    "code by its place": "    ```gradcalc\n    x --x 1\n    ```\n",
    "code that a quotation ends": "> ```python\n> x = 1\n\ntext\n",
    "an empty block": block("# later"),
    "another word": "```gradcalculator\nx --x 1\n```\n",
    "filled in": SIX,
    "filled in at once": SIX.replace("\n\n", "\n"),
    "ends of lines": SIX.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", KEPT)
def test_other_texts_stay_as_they_are(name: str) -> None:
    assert filled(KEPT[name]).text == KEPT[name]


def test_what_has_changed_is_written_alone() -> None:
    text = f"one\r\n\n{SIX}two\n\n{SIX}".replace("--x 3", "--x 4", 1)
    found = filled(text)
    assert found.text == text.replace("\n6\n", "\n8\n", 1)
    assert (found.count, found.new, found.code) == (2, (3,), 0)


def test_last_digits_of_another_machine_stay() -> None:
    told = filled(block('grad "sin(x)" --x 0.7')).text
    other = told.replace("15.9 of 15.9", "15.6 of 15.9")
    assert filled(other).text == other != told
    number = filled(block('grad "sin(x)" --x 0.7 --format literal')).text
    digits = re.search(r"\d\.\d{15,}", number)[0]
    last = number.replace(digits, f"{digits[:-1]}{(int(digits[-1]) + 1) % 10}")
    assert filled(last).text == last
    wrong = number.replace(digits, f"0.1{digits[3:]}")
    assert filled(wrong).text == number


def test_results_that_do_not_end() -> None:
    with pytest.raises(FileError, match="that begin in line 4 do not end"):
        filled(f"{block('x --x 1')}{BEGIN}\n")


@pytest.mark.parametrize("signs", ["", "> "])
def test_a_block_that_does_not_end(signs: str) -> None:
    with pytest.raises(FileError, match="block that begins in line 2 does not end"):
        filled(f"text\n{signs}```gradcalc\n{signs}x --x 1\nmore\n{'```' if signs else ''}")


def test_check_says_which(run: Run) -> None:
    text = f"{SIX}\n{SIX}".replace("--x 3", "--x 4")
    Path("page.md").write_text(text)
    answer = run("report", "page.md", "--check")
    assert (answer.code, answer.out) == (1, "")
    assert "not up to date: the results of the block in line 1 and line 11" in answer.err
    assert Path("page.md").read_text() == text


@pytest.mark.parametrize(
    ("line", "code"),
    [('"x**2" --x 3', 0), ('"abs(x)" --x 0', 3), ('"x**2" --x 3 --expect x', 1), ("x", 2)],
)
def test_the_exit_code_is_the_worst(run: Run, line: str, code: int) -> None:
    Path("page.md").write_text(SIX + block(line) + SIX)
    answer = run("report", "page.md")
    assert answer.code == code
    assert ("line 10: exit code" in answer.out) == bool(code)


def test_what_failed_is_told_by_its_line_in_what_is_written(run: Run) -> None:
    Path("page.md").write_text(block("x --x 1") + block("x"))
    first = run("report", "page.md").out.splitlines()[1]
    number = int(re.fullmatch(r"page.md, line (\d+): exit code 2", first)[1])
    assert Path("page.md").read_text().split("\n")[number - 1 : number + 1] == ["```gradcalc", "x"]
    assert first in run("report", "page.md").out


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes")
def test_a_file_that_is_read_only_stays(run: Run) -> None:
    Path("page.md").write_text(block("x --x 1"))
    Path("page.md").chmod(0o444)
    answer = run("report", "page.md")
    assert (answer.code, answer.out) == (2, "")
    assert "is read-only" in answer.err
    assert Path("page.md").read_text() == block("x --x 1")


def test_the_page_shows_what_comes(run: Run) -> None:
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    shown = re.search(r"^````markdown\n(.*?)^````$", page, re.MULTILINE | re.DOTALL)[1]
    assert filled(shown.partition(f"\n{BEGIN}")[0]).text == shown


def test_standard_input_is_printed(run: Run) -> None:
    answer = run("report", "-", stdin=SIX.partition("\n\n")[0] + "\n")
    assert (answer.code, answer.out, answer.err) == (0, SIX, "")


def test_several_files(run: Run) -> None:
    for name in ("a.md", "b.md"):
        Path(name).write_text(SIX.replace("--x 3", "--x 4"))
    answer = run("report", "a.md", "b.md")
    assert answer.out == "a.md: 1 result, 1 new\nb.md: 1 result, 1 new\n"


@pytest.mark.parametrize(
    ("argv", "told"),
    [(["none.md"], "there is no file none.md"), (["."], "cannot be read"),
     (["bad.md"], "not a text in UTF-8"), (["-", "f.py"], "standard input is a report alone"),
     ([], "")],
)  # fmt: skip
def test_what_cannot_be_read(run: Run, argv: list[str], told: str) -> None:
    Path("bad.md").write_bytes(b"\xff\xfe")
    answer = run("report", *argv)
    assert answer.code == 2
    assert told in answer.err
    assert "fault" not in answer.err


def test_a_link_that_leads_out_is_not_followed(run: Run, tmp_path: Path) -> None:
    Path("inside").mkdir()
    Path("secret.txt").write_text("3\n")
    Path("inside/link.txt").symlink_to(tmp_path / "secret.txt")
    Path("inside/page.md").write_text(block("grad x**2 --x @link.txt"))
    assert run("report", "inside/page.md").code == 2
    assert "not in the folder of the report" in Path("inside/page.md").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes")
def test_a_file_keeps_its_mode_and_a_link_its_file(run: Run) -> None:
    Path("page.md").write_text(block("x --x 3 --quiet"))
    Path("page.md").chmod(0o640)
    Path("link.md").symlink_to("page.md")
    run("report", "link.md")
    assert Path("link.md").is_symlink()
    assert Path("page.md").stat().st_mode & 0o777 == 0o640
    assert BEGIN in Path("page.md").read_text()


def test_own_code_is_run_where_it_is_told_to(run: Run) -> None:
    Path("ops.py").write_text("import torch\ndef f(x):\n    return (x*x).sum()\n")
    Path("page.md").write_text(block("check ops.py:f --x 1,2"))
    assert run("report", "page.md", "--run-code").code == 0
    assert "verified" in Path("page.md").read_text()


def test_every_option_that_names_a_file_is_known() -> None:
    """What a new one does is to be said here: those that write are refused in reports."""
    asked = {name for name, command in COMMANDS.items() if command.takes_program}
    found = {row for name in asked for row, _ in rows(name).values() if "FILE" in row.metavar}
    assert {row.flag: row.writes for row in found} == {"--inputs": False, "--html": True}


MARKS = ("```gradcalc", "```", "~~~", "````", BEGIN, END, "<!--", "-->", "- a", "  x", "    y", "",
         "text", "x --x 1 --format literal", "\r", "> q", "```text")  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=4), max_size=14))
def test_any_text_is_read(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        found = list(blocks(text.split("\n")))
    except FileError:
        return
    ends = [0]
    for one in found:
        assert ends[-1] <= one.line - 1 <= one.start <= one.end <= len(text.split("\n"))
        ends.append(one.end)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(MARKS), max_size=10))
def test_what_is_filled_in_stays(lines: list[str]) -> None:
    try:
        once = filled("\n".join(lines)).text
    except FileError:
        return
    assert filled(once).text == once
