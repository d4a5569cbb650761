"""Every command shown in the documentation prints what is shown there."""

import re
from pathlib import Path

import pytest

from tests.examples import PAGES, ROOT, Session, blocks, page_directory, portable


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_print_what_the_page_shows(page: Path) -> None:
    session = Session()
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
