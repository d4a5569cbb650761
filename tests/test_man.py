"""The man page: whole, sound, and read by man as it was meant."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradcalc
from gradcalc.cli.man import escaped, man_page
from gradcalc.cli.pages import page, paths
from gradcalc.cli.reference import ENVIRONMENT, EXIT_CODES, FILES, VALUES
from tests.processes import HANGS

PAGE = man_page("1.2.3")
CHECKERS = (
    ("groff", "-man", "-ww", "-Tutf8"),
    ("mandoc", "-T", "lint", "-W", "warning"),
    ("man", "--warnings", "-l"),
)
READABLE = {"MANWIDTH": "1000", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}


def read_back(text: str) -> str:
    """What roff makes of the page, without fonts."""
    signs = {"\\e": "\\", "\\-": "-", "\\(aq": "'", "\\(dq": '"', "\\(ga": "`", "\\(ha": "^",
             "\\(ti": "~", "\\&": "", "\\fB": "", "\\fI": "", "\\fR": ""}  # fmt: skip
    return re.sub(r"\\(\(..|f.|.)", lambda found: signs[found[0]], text)


def test_every_line_is_text_or_a_macro() -> None:
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi", ".br", ".nh", ".ad"}
    assert PAGE.isascii()
    for line in PAGE.splitlines():
        assert line
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in known, line
    for opening, closing in ((".RS", ".RE"), (".nf", ".fi")):
        lines = [line[:3] for line in PAGE.splitlines()]
        assert lines.count(opening) == lines.count(closing) > 0
    assert '"gradcalc 1.2.3"' in PAGE.splitlines()[0]


def test_it_says_what_the_help_says() -> None:
    text = read_back(PAGE)
    for path in ((), *paths()):
        found = page(*path)
        for entry in (entry for section in found.sections for entry in section.entries):
            assert f"{entry.name} {entry.value}".rstrip() in text
            assert entry.text in text
        assert all(usage in text for usage in found.usage)
        assert all(f"\n{command}\n" in text for command, _ in found.examples)
    for name, meaning in (*VALUES, *ENVIRONMENT, *FILES):
        assert f"\n{name}\n{meaning}\n" in text
    assert all(meaning in text for _, _, meaning in EXIT_CODES)


def test_signs_are_escaped() -> None:
    assert escaped(".x'y\\z") == "\\&.x\\(aqy\\ez"
    assert escaped("--x^2 `~`") == "\\-\\-x\\(ha2 \\(ga\\(ti\\(ga"


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker[0])
def test_readers_of_man_pages_have_nothing_to_say(checker: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which(checker[0]) is None:
        pytest.skip(f"there is no {checker[0]}")
    path = tmp_path / "gradcalc.1"
    path.write_text(PAGE)
    result = subprocess.run(
        [*checker, str(path)], env={**os.environ, **READABLE}, capture_output=True, text=True,
        timeout=HANGS, check=False,
    )  # fmt: skip
    if "minimized" in result.stdout:
        pytest.skip("man pages are left out of this system")
    assert (result.returncode, result.stderr) == (0, "")
    if checker[0] == "man":
        shown = " ".join(re.sub(".\b", "", result.stdout).split())
        for command, _ in page("grad").examples:
            assert command in shown


def test_it_takes_nothing_that_is_not_pythons_own() -> None:
    """It is made where the package is built, without what the program needs."""
    root = Path(gradcalc.__file__).parent.parent
    code = f"import sys; sys.path.append({str(root)!r}); import gradcalc.cli.man as m; "
    made = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code + "print(m.man_page('1.2.3'), end='')"],
        capture_output=True, text=True, timeout=HANGS, check=True,
    )  # fmt: skip
    assert made.stdout == PAGE
