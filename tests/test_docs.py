"""Every command shown in the documentation prints what is shown there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import PAGES, ROOT, Session, blocks, page_directory, portable
from tests.warm import warm_place


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Where commands of the shell are answered by a warm process, to save the time of starting."""
    if sys.platform != "linux":
        yield Session()
        return
    with warm_place() as warm:
        started = warm.run("daemon", "start")
        assert (started.returncode, started.stderr) == (0, b"")
        yield Session(GRADCALC_DAEMON="1", XDG_RUNTIME_DIR=str(warm.folder.parent))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_print_what_the_page_shows(page: Path, session: Session) -> None:
    with page_directory():
        for block in blocks(page.read_text(encoding="utf-8")):
            for example in block:
                given = session.run(example.command)
                assert portable(given) == portable(example.shown), example.command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_contributing_is_short() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 40


def test_the_trust_table_of_the_readme_is_that_of_the_benchmark() -> None:
    counted = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for row, name in (
        ("all: wrong ones passed", "wrong gradients passed"),
        ("all: right ones rejected", "right gradients rejected"),
    ):
        (line,) = (line for line in counted.splitlines() if line.startswith(row))
        cells = line.removeprefix(row).split()
        assert f"| {name} | {' | '.join(cells)} |" in readme
