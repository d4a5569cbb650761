"""Texts of a user stay texts in whatever is printed, and what is no file is not read."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from benchmarks.attack.fence_outputs import HARM
from gradcalc.export import exporting
from gradcalc.export.task import Task
from tests.command import Run

QUOTES = "x*len('''\"\"\"\nzqrun()\n\"\"\"''')"
DOLLARS = "x*len('$(zqrun())')"
COMMENT = "x*len('*/ zqrun(); /*')"
CONTROLS = "x*len('\x1b[31m \u202e \x85 zqrun()')"


@pytest.mark.parametrize("target", ["numpy", "torch", "jax", "python", "julia", "c"])
@pytest.mark.parametrize("program", [QUOTES, DOLLARS, COMMENT, CONTROLS],
                         ids=["quotes", "dollars", "comment", "controls"])  # fmt: skip
def test_exported_code_holds_a_program_as_text(program: str, target: str, run: Run) -> None:
    found = run("export", program, "--x", "1.5", "--to", target)
    assert found.code == 0
    assert HARM[target](found.out) is None
    assert not any(c in found.out for c in "\x1b\u202e\x85")


def test_keys_call_nothing_in_exported_code(run: Run) -> None:
    Path("i.json").write_text(json.dumps({"p": {"$(zqrun())": 1.5, "b": 2.0}}))
    found = run("export", "p['$(zqrun())']*p['b']", "--inputs", "i.json", "--to", "julia")
    assert found.code == 0
    assert HARM["julia"](found.out) is None


def test_the_check_of_exported_code_runs_no_text_of_the_program(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    before = exporting.run

    def seen(text: str, task: Task) -> object:
        texts.append(text)
        return before(text, task)

    monkeypatch.setattr(exporting, "run", seen)
    found = run("export", "x*2 if x > 0 or 'zqmark' else x", "--x", "1.5", "--to", "numpy")
    assert found.code == 0
    assert "zqmark" in found.out
    assert texts
    assert not any("zqmark" in text for text in texts)


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_cells_start_no_formula(form: str, run: Run) -> None:
    found = run("grad", "x", "-x", "+x", "--x", "1.5", "--format", form)
    assert found.code == 0
    assert HARM[form](found.out) is None
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(found.out)))
        assert [row["program"] for row in rows] == ["x", "'-x", "'+x"]
        assert rows[1]["autograd"] == "-1"


@pytest.mark.parametrize(
    ("program", "x", "value"),
    [("-x", "1", "-1"), ("-x", "1,2", "-1,-2"), ("-x", "1,2;3,4", "-1,-2;-3,-4"),
     ("-x", "1e-7", "-1e-07"), ("log(x)", "0", "-inf")],
)  # fmt: skip
def test_negative_numbers_stay_numbers(run: Run, program: str, x: str, value: str) -> None:
    assert f"# value\t{value}\n" in run("grad", program, "--x", x, "--format", "tsv").out


def test_a_formula_in_markdown_holds_a_program_as_code(run: Run) -> None:
    program = "x*len('`<b>\u202e`')"
    found = run("formula", program, "--format", "markdown")
    assert found.code == 0
    assert HARM["markdown"](found.out) is None
    assert "\u202e" not in found.out
    assert found.out.startswith("``f = x*len")


def test_what_is_printed_steers_no_terminal(run: Run) -> None:
    program = r"print('a\tb\n\x1b[31mc\x07\x9b\u202e\r') or x"
    found = run("grad", program, "--x", "1.5", "--prints")
    assert found.err == "a\tb\n\\x1b[31mc\\x07\\x9b\\u202e\\r\n"


NAMELESS = [
    ("grad", "~~zq.py", "--x", "1"),
    ("grad", "x", "--x", "@~~zq.csv"),
    ("grad", "x", "--inputs", "~~zq.json"),
    ("check", "~~zq.py:f", "--x", "1"),
    ("batch", "~~zq.jsonl"),
    ("report", "~~zq.md"),
]


@pytest.mark.parametrize("argv", NAMELESS, ids=[" ".join(argv) for argv in NAMELESS])
def test_a_home_that_nobody_has_is_a_name(argv: tuple[str, ...], run: Run) -> None:
    found = run(*argv)
    assert found.code == 2
    assert found.err.startswith("error: ")
    assert "no file" in found.err


READ = {
    "program": ("f.py", ("grad", "f.py", "--x", "1")),
    "notebook": ("f.ipynb", ("grad", "f.ipynb:f", "--x", "1")),
    "inputs": ("i.npz", ("grad", "x*x", "--inputs", "i.npz")),
    "report": ("r.md", ("report", "r.md", "--check")),
}


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(("name", "argv"), READ.values(), ids=READ)
def test_what_has_no_end_is_not_read(name: str, argv: tuple[str, ...], kind: str, run: Run) -> None:
    Path("f.py").unlink()
    if kind == "pipe":
        os.mkfifo(name)
    else:
        Path(name).symlink_to("/dev/zero")
    found = run(*argv)
    assert found.code == 2
    assert f"is a {kind}, not a file" in found.err


@pytest.mark.parametrize("argv", [("r.jsonl",), ("--csv", "r.jsonl", "x*x")], ids=["lines", "rows"])
def test_requests_come_from_no_device_but_the_empty_one(argv: tuple[str, ...], run: Run) -> None:
    Path("r.jsonl").symlink_to("/dev/zero")
    found = run("batch", "--quiet", *argv)
    assert found.code == 2
    assert "is a device, not a file" in found.err
    assert run("batch", "--quiet", "/dev/null").code == 0


@pytest.mark.parametrize("kind", ["pipe", "device", "link"])
def test_a_module_beside_is_a_file_of_the_folder(kind: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "g.py").write_text("import h\ndef f(x):\n    return h.k(x)\n")
    (tmp_path / "outside.py").write_text("def k(x):\n    return x*x\n")
    if kind == "pipe":
        os.mkfifo(folder / "h.py")
    else:
        target = "/dev/zero" if kind == "device" else "../outside.py"
        (folder / "h.py").symlink_to(target)
    found = run("grad", "inner/g.py", "--x", "1")
    assert found.code == 2
    assert "h cannot be imported" in found.err


def test_parts_of_parts_have_an_end(run: Run) -> None:
    value: object = 1.5
    for _ in range(900):
        value = {"a": value}
    Path("i.json").write_text(json.dumps({"x": value}))
    found = run("grad", "x*x", "--inputs", "i.json")
    assert (found.code, found.err.splitlines()[0]) == (
        4,
        "error: x: lists or objects are nested more than 50 deep",
    )


CELLS = {
    "-1.5": "-1.5", "-1/3": "-1/3", "=1+1": "'=1+1", "@a": "'@a", "-a": "'-a", "note": "note",
    "\x1b[31m": "\\x1b[31m", "a\nb": "a\nb", "+4*pi": "+4*pi",
}  # fmt: skip


def test_rows_keep_their_cells_but_for_formulas_and_what_steers(run: Run) -> None:
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([("x", "=note"), *((2, c) for c in CELLS)])
    Path("p.csv").write_text(table.getvalue())
    found = run("batch", "--csv", "p.csv", "x*x", "--quiet")
    rows = list(csv.reader(io.StringIO(found.out)))
    assert [row[1] for row in rows] == ["'=note", *CELLS.values()]
    assert [row[2] for row in rows[1:]] == ["4"] * len(CELLS)
    Path("out.csv").write_text(found.out)
    again = run("batch", "--csv", "p.csv", "x*x", "--quiet", "--resume", "out.csv")
    assert again.code == found.code == 0
    assert Path("out.csv").read_text() == found.out


LONG = "x" * 30_000
"""A name of a user's."""


@pytest.mark.parametrize(
    "argv",
    [
        ("grad", "x.T", "--x", "1,2", "--expect", ";".join(["0.1"] * 20_000)),
        ("grad", LONG),
        ("grad", f"f({LONG})", "--x", "1"),
        ("grad", f"{LONG}(x)", "--x", "1"),
        ("grad", f"x.{LONG}", "--x", "1"),
        ("grad", f"x['{LONG}']", "--x", "1"),
        ("grad", f"int('{LONG}')*x", "--x", "1"),
        ("grad", f"raise ValueError('{LONG}')", "--x", "1"),
        ("grad", "x", "--x", LONG),
        ("grad", "x", f"--{LONG}", "1"),
        ("grad", "x", "--x", "1", "--dtype", LONG),
        ("grad", "x", "--x", f"@{LONG}"),
        ("grad", f"{LONG}.py", "--x", "1"),
        ("grad", "x", "--x", "1", "--of", LONG),
        ("grad", "x", "--x", "1", "--let", LONG),
        ("grad", "x", "--x", "1", "--detach", LONG),
        ("grad", "x", "--x", "1", "--tol", LONG),
        ("grad", "x", "--inputs", LONG),
        (LONG,),
        ("check", LONG),
        ("check", f"{LONG}:f"),
        ("functions", LONG),
        ("batch", LONG),
        ("report", LONG),
        ("export", "x", "--x", "1", "--to", LONG),
        ("plot", "x", "--x", LONG),
    ],
    ids=lambda argv: " ".join(word[:12] for word in argv),
)
def test_no_message_is_as_long_as_what_was_typed(argv: tuple[str, ...], run: Run) -> None:
    found = run(*argv)
    assert found.code in (1, 2, 3, 4)
    assert found.err.startswith("error:")
    assert all(len(line) <= 1100 for line in found.err.splitlines()[:1])
    assert all(len(line) <= 1100 for line in found.err.splitlines() if line.startswith("tip:"))


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("grad", "2(sum(x**float))", "--x", "1,2"), 2),
        (("grad", "2(where(m>0,x,0)**sum)", "--x", "0", "--m", "2"), 2),
        (("grad", "2(x**None)", "--x", "1"), 2),
        (("hessian", "x/(y*x)", "--x", "0", "--y", "1e30,1"), 3),
        (("graph", "x\n+1", "--x", "1"), 0),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_a_drawn_input_ended_as_a_fault_is_answered(
    argv: tuple[str, ...], code: int, run: Run
) -> None:
    assert run(*argv).code == code
